use domain::{HOLD_GRACE_MS, SETTLING_MS};

use super::*;

/// Without a closing time nothing else would ever take it off the list.
#[test]
fn a_killed_drop_is_listed_as_closed_until_late_money_can_change_nothing_and_so_it_is_after_a_restart() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let killed_at = rig.clock.now();
    rig.kill(1);
    rig.clock.advance(1_000);
    let listed = |rig: &Rig, at: Timestamp| rig.run.published.load().listed(at).len();
    assert_eq!(listed(&rig, Timestamp(i64::MAX)), 1, "a hold is left");
    rig.command(order, Command::CancelByOperator { restock: true });
    // Twice its hold of five minutes, and what a settling may take.
    let last = killed_at.plus_ms(600_000 + HOLD_GRACE_MS + SETTLING_MS).plus_seconds(LATE_SECONDS as u32);
    for _ in 0..2 {
        assert_eq!((listed(&rig, last), listed(&rig, last.plus_ms(1))), (1, 0));
        rig = rig.restart();
    }
    rig.verified();
}

/// A shop has ever more of them, and a batch must not pay for each.
#[test]
fn a_drop_that_is_done_is_published_anew_only_when_something_happens_in_it() {
    let mut rig = Rig::start();
    rig.create_drop("hat", 2);
    rig.create_drop("cap", 2);
    let paid = rig.order(1);
    rig.command(paid, payment("FT1", PRICE));
    rig.kill(3);
    assert_eq!(rig.run.sale.drops[&DropId(1)].state.customers().count(), 1);
    rig.kill(1);
    assert_eq!(rig.run.sale.drops[&DropId(1)].state.customers().count(), 0, "no command asks for them any more");
    let before = rig.run.published.load_full();
    let purchase = rig.purchase(2);
    rig.buy(PurchaseRequest { drop: DropId(2), ..purchase }).unwrap();
    let after = rig.run.published.load_full();
    assert!(std::ptr::eq(before.find(DropId(1)).unwrap(), after.find(DropId(1)).unwrap()), "it was made again");
    assert_eq!((before.find(DropId(2)).unwrap().stock.held, after.find(DropId(2)).unwrap().stock.held), (0, 1));

    rig.command(paid, Command::CancelByOperator { restock: false });
    let published = rig.run.published.load_full();
    assert_eq!(published.find(DropId(1)).unwrap().stock.withdrawn, 1);
    let ids: Vec<_> = published.drops().iter().map(|drop| drop.listing.terms.drop.0).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert!(published.find(DropId(3)).is_some() && published.find(DropId(4)).is_none());
}
