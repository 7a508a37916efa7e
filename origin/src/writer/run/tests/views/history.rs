//! Sums of years, regions and drops.

use std::collections::{BTreeMap, BTreeSet};

use edge_protocol::rfc3339;

use super::*;
use crate::store::check_history;
use crate::store::views::{Line, RevenueQuery, Sums};

fn revenue(store: &ViewStore, query: RevenueQuery) -> Vec<(Line, Sums)> {
    store.revenue(query, 1_000).unwrap()
}

fn differences(rig: &Rig) -> Vec<String> {
    let mut all = Vec::new();
    let checked = check_history(rig.folder.path(), &mut |difference| all.push(difference.to_owned())).unwrap();
    assert_eq!(checked.differences, all.len() as u64);
    all
}

#[test]
fn sums_kept_page_by_page_equal_those_of_the_orders_in_the_sale() {
    for seed in 11..=12 {
        let (mut rig, mut draw, mut orders) = (Rig::start(), Draw(seed), Vec::new());
        rig.create_drop("cap", 500);
        rig.create_drop("bag", 500);
        for _ in 0..30 {
            for _ in 0..1 + draw.below(9) {
                rig.something_happens(&mut draw, &mut orders);
            }
            feed(&rig, &mut opened(&rig).0, 1 + draw.below(20) as u32, draw.below(6) as usize);
        }
        let store = fed(&rig);
        let mut expected: BTreeMap<_, Sums> = BTreeMap::new();
        // A shopper who buys again while an order is pending is given that one.
        for order in orders.into_iter().collect::<BTreeSet<_>>() {
            let record = rig.stored(order).record;
            let OrderState::Paid { .. } = record.state else { continue };
            let vietnam = rfc3339::format(record.ordered_at.plus_ms(7 * 3_600_000));
            let line = Line {
                year: vietnam[..4].parse().unwrap(),
                month: vietnam[5..7].parse().unwrap(),
                region: record.region.as_str().to_owned(),
                drop: record.drop.0.into(),
            };
            let received = record.received().get();
            let sums = expected.entry(line).or_default();
            // What a paid order keeps is its amount: all else that came for it goes back.
            let refunded = received - record.amount.get();
            *sums = sums.plus(Sums { orders: 1, units: record.quantity.into(), gross: received, refunded });
        }
        assert!(expected.len() > 3 && expected.values().any(|sums| sums.refunded > 0), "{expected:?}");
        assert_eq!(revenue(&store, RevenueQuery::default()), expected.into_iter().collect::<Vec<_>>());
        assert_eq!(differences(&rig), [""; 0]);
    }
}

#[test]
fn an_order_counts_in_the_vietnamese_year_in_which_it_was_placed_until_it_is_cancelled() {
    let mut rig = Rig::start();
    rig.create_drop("cap", 10);
    let new_year = rfc3339::parse("2028-01-01T00:00:00+07:00").unwrap();
    rig.clock.advance(new_year.0 - 1 - START.0);
    let old = rig.buys_as(1, 1, "An", Region::N01).unwrap();
    rig.clock.advance(1);
    let new = rig.buys_as(2, 2, "An", Region::Intl).unwrap();
    rig.command(old, payment("FT1", PRICE));
    rig.command(new, payment("FT2", PRICE + 30));
    let mut store = fed(&rig);
    let line = |year, month, region: &str, drop| Line { year, month, region: region.to_owned(), drop };
    let of_old = (line(2027, 12, "N01", 1), Sums { orders: 1, units: 1, gross: PRICE, refunded: 0 });
    let of_new = (line(2028, 1, "INTL", 2), Sums { orders: 1, units: 1, gross: PRICE + 30, refunded: 30 });
    let none = RevenueQuery::default();
    for (query, found) in [
        (none, vec![of_old.clone(), of_new.clone()]),
        (RevenueQuery { year: Some(2028), ..none }, vec![of_new.clone()]),
        (RevenueQuery { region: Some(Region::N01), ..none }, vec![of_old.clone()]),
        (RevenueQuery { drop: Some(DropId(2)), year: Some(2028), ..none }, vec![of_new]),
        (RevenueQuery { drop: Some(DropId(2)), year: Some(2027), ..none }, vec![]),
    ] {
        assert_eq!(revenue(&store, query), found);
    }
    rig.command(new, Command::CancelByOperator { restock: false });
    feed(&rig, &mut store, 256, usize::MAX);
    assert_eq!(revenue(&store, none), [of_old]);
}

#[test]
fn the_check_names_every_difference_to_the_dong() {
    let mut rig = Rig::start();
    rig.create_drop("cap", 10);
    let an = rig.buys_as(1, 1, "An", Region::N01).unwrap();
    let binh = rig.buys_as(2, 2, "Binh", Region::S01).unwrap();
    rig.command(an, payment("FT1", PRICE));
    rig.command(binh, payment("FT2", PRICE));
    let file = views_file(rig.folder.path());
    for (sql, told) in [
        (
            "UPDATE revenue SET gross = gross + 1 WHERE drop_id = 1".to_owned(),
            "N01 drop 1: gross is 101 in the view and 100",
        ),
        ("DELETE FROM revenue WHERE drop_id = 2".to_owned(), "S01 drop 2: orders are 0 in the view and 1 computed"),
        (
            "INSERT INTO revenue VALUES (2020, 2, 'C01', 9, 1, 1, 5, 0)".to_owned(),
            "2020-02 C01 drop 9: gross is 5 in the view",
        ),
        (
            format!("UPDATE orders SET refunded = 1 WHERE order_code = {an}"),
            "refunded is 1 in the view and 0 in the ledger",
        ),
        (
            format!("UPDATE orders SET state = 'expired' WHERE order_code = {an}"),
            "expired in the view and paid in sale.db",
        ),
        (format!("DELETE FROM orders WHERE order_code = {binh}"), "the view lacks it"),
        (format!("DELETE FROM order_rows WHERE order_code = {binh} AND seq % 2 = 0"), "the view lacks row"),
        ("INSERT INTO order_rows VALUES (7, 1)".to_owned(), "rows of orders, and the ledger"),
    ] {
        drop(fed(&rig));
        assert_eq!(differences(&rig), [""; 0]);
        tamper(&file, &sql).unwrap();
        let found = differences(&rig);
        assert!(found.iter().any(|line| line.contains(told)), "{sql}: {found:?}");
        ViewStore::begin(rig.folder.path(), START).unwrap();
    }
    drop(fed(&rig));
    // What came since is not held against the view.
    rig.command(an, Command::CancelByOperator { restock: true });
    assert_eq!(differences(&rig), [""; 0]);
    tamper(&file, "UPDATE fed SET hash = zeroblob(32)").unwrap();
    check_history(rig.folder.path(), &mut |_| {}).err().unwrap();
}
