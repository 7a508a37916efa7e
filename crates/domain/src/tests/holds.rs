use super::rig::{HOLD_MS, OPENS_AT, PRICE, Sale};
use crate::*;

fn facts(id: &str) -> LinkFacts {
    LinkFacts { id: id.into(), checkout_url: "https://pay.example/web/link".into(), bank_transfer: None }
}

fn with_link(sale: &mut Sale) -> OrderCode {
    let order = sale.order(1);
    assert_eq!(sale.ask(order, Command::AskLink), Outcome::Done);
    assert_eq!(sale.ask(order, Command::LinkMade(facts("link"))), Outcome::Done);
    order
}

#[test]
fn a_hold_without_a_link_ends_a_minute_after_its_deadline_and_frees_its_units() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.wait(HOLD_MS + HOLD_GRACE_MS - 1);
    assert_eq!(sale.ask(order, Command::EndHold), Outcome::Refused(Refusal::HoldRunning));
    sale.wait(1);
    assert_eq!(sale.ask(order, Command::EndHold), Outcome::Done);
    assert_eq!(sale.state_of(order), OrderState::Expired(ExpiryReason::Unpaid));
    assert!(matches!(sale.buy(2, 1), Outcome::Placed(_)));
}

#[test]
fn asking_for_the_link_late_gives_the_shopper_three_minutes_but_never_two_holds() {
    let mut sale = Sale::open(2, 1);
    let order = sale.order(1);
    sale.wait(HOLD_MS - 1000);
    sale.ask(order, Command::AskLink);
    assert_eq!(sale.orders[&order].pay_by, sale.now.plus_ms(LINK_WINDOW_MS));

    let mut sale = Sale::open(2, 1);
    let order = sale.order(1);
    sale.wait(2 * HOLD_MS - 1000);
    sale.ask(order, Command::AskLink);
    assert_eq!(sale.orders[&order].pay_by, OPENS_AT.plus_ms(2 * HOLD_MS));
    sale.now = OPENS_AT.plus_ms(2 * HOLD_MS);
    let late = sale.order(2);
    sale.now = sale.now.plus_ms(2 * HOLD_MS);
    assert_eq!(sale.ask(late, Command::AskLink), Outcome::Refused(Refusal::LinkNotOwed));
}

#[test]
fn asking_for_the_link_at_once_keeps_the_promised_deadline() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.ask(order, Command::AskLink);
    assert_eq!(sale.orders[&order].pay_by, OPENS_AT.plus_ms(HOLD_MS));
}

#[test]
fn a_unit_settles_until_the_link_is_shown_closed() {
    let mut sale = Sale::open(1, 1);
    let order = with_link(&mut sale);
    sale.wait(HOLD_MS + HOLD_GRACE_MS);
    assert_eq!(sale.ask(order, Command::EndHold), Outcome::Done);
    assert!(sale.orders[&order].settling);
    assert_eq!(sale.buy(2, 1), Outcome::Refused(Refusal::HeldOut));
    assert_eq!(sale.ask(order, Command::EndHold), Outcome::Unchanged);
    assert_eq!(sale.ask(order, Command::LinkClosed { payments: vec![] }), Outcome::Done);
    assert_eq!(sale.ask(order, Command::EndHold), Outcome::Done);
    assert!(matches!(sale.buy(2, 1), Outcome::Placed(_)));
}

#[test]
fn a_silent_provider_keeps_a_unit_for_a_quarter_of_an_hour_and_no_longer() {
    let mut sale = Sale::open(1, 1);
    let order = with_link(&mut sale);
    sale.wait(HOLD_MS + HOLD_GRACE_MS);
    sale.ask(order, Command::EndHold);
    sale.wait(SETTLING_MS - 1);
    assert_eq!(sale.ask(order, Command::EndHold), Outcome::Unchanged);
    sale.wait(1);
    assert_eq!(sale.ask(order, Command::EndHold), Outcome::Done);
    assert_eq!(sale.state_of(order), OrderState::Expired(ExpiryReason::Unpaid));
}

#[test]
fn a_closed_link_is_believed_only_when_its_money_is_recorded() {
    let mut sale = Sale::open(1, 1);
    let order = with_link(&mut sale);
    let payment = sale.payment("FT1", 60);
    let closed = Command::LinkClosed { payments: vec![payment.identity.clone()] };
    assert_eq!(sale.ask(order, closed.clone()), Outcome::Refused(Refusal::PaymentsMissing));
    sale.ask(order, Command::Payment(payment));
    assert_eq!(sale.ask(order, closed), Outcome::Done);
}

#[test]
fn a_foreign_link_releases_the_hold_and_its_money_stays_unmatched() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.ask(order, Command::AskLink);
    assert_eq!(sale.ask(order, Command::LinkConflict), Outcome::Done);
    assert_eq!(sale.state_of(order), OrderState::Expired(ExpiryReason::LinkConflict));
    assert_eq!(sale.pay(order, PRICE), Outcome::Refused(Refusal::ForeignLink));
    assert!(matches!(sale.buy(2, 1), Outcome::Placed(_)));
}

#[test]
fn money_on_another_link_than_the_orders_is_not_the_orders() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.ask(order, Command::AskLink);
    sale.ask(order, Command::LinkMade(facts("ours")));
    assert_eq!(sale.pay(order, PRICE), Outcome::Refused(Refusal::ForeignLink));
    assert_eq!(sale.state_of(order), OrderState::Pending);
}

#[test]
fn a_link_made_for_an_order_that_ended_is_recorded_so_that_it_can_be_closed() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.ask(order, Command::AskLink);
    sale.ask(order, Command::Cancel { sid: Sid([1; 16]) });
    assert_eq!(sale.ask(order, Command::LinkMade(facts("link"))), Outcome::Done);
    assert!(sale.orders[&order].link.may_be_open());
    assert_eq!(sale.ask(order, Command::LinkClosed { payments: vec![] }), Outcome::Done);
}

#[test]
fn an_order_that_ended_is_owed_no_link() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.ask(order, Command::Cancel { sid: Sid([1; 16]) });
    assert_eq!(sale.ask(order, Command::AskLink), Outcome::Refused(Refusal::LinkNotOwed));
}

#[test]
fn only_the_browser_that_bought_cancels() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    assert_eq!(sale.ask(order, Command::Cancel { sid: Sid([9; 16]) }), Outcome::Refused(Refusal::NotYourOrder));
    assert_eq!(sale.ask(order, Command::Cancel { sid: Sid([1; 16]) }), Outcome::Done);
    assert_eq!(sale.state_of(order), OrderState::Cancelled(Canceller::Shopper));
    assert_eq!(sale.ask(order, Command::Cancel { sid: Sid([1; 16]) }), Outcome::Unchanged);
    assert_eq!(sale.state.stock().available, 1);
}

#[test]
fn a_paid_or_expired_order_cannot_be_cancelled_by_its_shopper() {
    let mut sale = Sale::open(2, 1);
    let (paid, expired) = (sale.order(1), sale.order(2));
    sale.pay(paid, PRICE);
    sale.expire(expired);
    for (order, who) in [(paid, 1), (expired, 2)] {
        assert_eq!(
            sale.ask(order, Command::Cancel { sid: Sid([who; 16]) }),
            Outcome::Refused(Refusal::OrderNotPending)
        );
    }
}

#[test]
fn due_holds_are_found_in_order_and_from_anywhere() {
    let mut sale = Sale::open(9, 1);
    let first = sale.order(1);
    sale.wait(1000);
    let second = sale.order(2);
    sale.ask(second, Command::AskLink);
    sale.wait(1000);
    let third = sale.order(3);
    let due = |sale: &Sale, after| sale.state.due(sale.now, after).collect::<Vec<_>>();
    assert_eq!(due(&sale, OrderCode(0)), []);
    sale.now = OPENS_AT.plus_ms(HOLD_MS);
    assert_eq!(due(&sale, OrderCode(0)), [first]);
    sale.wait(2000);
    assert_eq!(due(&sale, OrderCode(0)), [first, second, third]);
    assert_eq!(due(&sale, first), [second, third]);
    sale.pay(second, PRICE);
    assert_eq!(due(&sale, OrderCode(0)), [first, third]);
}

/// A hold that was extended must not hide the ones behind it, nor be found before its time.
#[test]
fn an_extended_hold_is_found_at_its_own_time() {
    let mut sale = Sale::open(9, 1);
    let extended = sale.order(1);
    sale.wait(HOLD_MS - 1000);
    let behind = sale.order(2);
    sale.ask(extended, Command::AskLink);
    let extended_by = sale.orders[&extended].pay_by;
    sale.now = OPENS_AT.plus_ms(2 * HOLD_MS - 1000);
    assert_eq!(sale.state.due(sale.now, OrderCode(0)).collect::<Vec<_>>(), [extended, behind]);
    assert!(extended_by < sale.now);
    assert_eq!(sale.state.due(extended_by.plus_ms(-1), OrderCode(0)).count(), 0);
}

#[test]
fn thousands_of_ended_holds_leave_the_others_reachable() {
    let mut sale = Sale::open(5000, 1);
    let orders: Vec<OrderCode> = (0..4000_u64)
        .map(|number| {
            let mut purchase = sale.purchase(0, 1);
            purchase.sub.0[..8].copy_from_slice(&number.to_le_bytes());
            let decision = decide(
                &sale.state,
                None,
                sale.now,
                &Command::Purchase(Purchase { order: OrderCode(5000 + number), ..purchase }),
            );
            let mut record = None;
            evolve(&mut sale.state, &mut record, &decision.events[0], sale.now);
            record.unwrap().order
        })
        .collect();
    let sub = |order: OrderCode| {
        let mut sub = Sub([0; 16]);
        sub.0[..8].copy_from_slice(&(order.0 - 5000).to_le_bytes());
        sub
    };
    for order in orders.iter().filter(|order| order.0 % 4 != 0) {
        let event = Event::OrderExpired { order: *order, sub: sub(*order), reason: ExpiryReason::Unpaid };
        evolve(&mut sale.state, &mut None, &event, sale.now);
    }
    assert_eq!(sale.state.pending_count(), 1000);
    for order in &orders {
        assert_eq!(sale.state.pending(*order).is_some(), order.0 % 4 == 0);
    }
    assert_eq!(sale.state.due(sale.now.plus_ms(HOLD_MS), OrderCode(0)).count(), 1000);
}

#[test]
fn the_same_link_made_again_is_the_same_and_another_is_refused() {
    let mut sale = Sale::open(1, 1);
    let order = with_link(&mut sale);
    assert_eq!(sale.ask(order, Command::LinkMade(facts("link"))), Outcome::Unchanged);
    assert_eq!(sale.ask(order, Command::LinkMade(facts("other"))), Outcome::Refused(Refusal::LinkNotOwed));
}

#[test]
fn the_times_of_a_hold_are_what_the_contract_says() {
    assert_eq!((HOLD_GRACE_MS, SETTLING_MS, LINK_WINDOW_MS), (60_000, 900_000, 180_000));
}
