use super::rig::{PRICE, Sale, vnd};
use crate::*;

const PAID: OrderState = OrderState::Paid { late: false };
const PAID_LATE: OrderState = OrderState::Paid { late: true };

fn cancelled(sale: &mut Sale) -> OrderCode {
    let order = sale.order(1);
    sale.ask(order, Command::Cancel { sid: Sid([1; 16]) });
    order
}

fn paid(sale: &mut Sale) -> OrderCode {
    let order = sale.order(1);
    sale.pay(order, PRICE);
    order
}

/// The table of DESIGN: what `m` does in each state, against what is owed.
#[test]
fn every_cell_of_the_table() {
    let cell = |prepare: fn(&mut Sale) -> OrderCode, amount, state, money| {
        let mut sale = Sale::open(1, 1);
        let order = prepare(&mut sale);
        assert_eq!(sale.pay(order, amount), Outcome::Done);
        assert_eq!((sale.state_of(order), sale.money(order)), (state, money), "{amount} on {state:?}");
    };
    let pending: fn(&mut Sale) -> OrderCode = |sale| sale.order(1);
    cell(pending, 60, OrderState::Pending, (60, 0));
    cell(pending, 100, PAID, (100, 0));
    cell(pending, 130, PAID, (100, 30));
    for amount in [60, 100, 130] {
        cell(paid, amount, PAID, (100, amount));
        cell(cancelled, amount, OrderState::Cancelled(Canceller::Shopper), (0, amount));
    }
}

#[test]
fn the_same_transfer_reported_again_changes_nothing_in_any_state() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let payment = sale.payment("FT1", PRICE);
    assert_eq!(sale.ask(order, Command::Payment(payment.clone())), Outcome::Done);
    let before = sale.orders[&order].clone();
    for _ in 0..50 {
        assert_eq!(sale.ask(order, Command::Payment(payment.clone())), Outcome::Unchanged);
    }
    assert_eq!(sale.orders[&order], before);
}

#[test]
fn a_signed_read_settles_what_a_webhook_brought_once() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let payment = sale.payment("FT1", PRICE);
    let read = Payment { proof: Proof::SignedRead, ..payment.clone() };
    sale.ask(order, Command::Payment(payment));
    assert!(!sale.orders[&order].payments[0].settled);
    assert_eq!(sale.ask(order, Command::Payment(read.clone())), Outcome::Done);
    assert!(sale.orders[&order].payments[0].settled);
    assert_eq!(sale.ask(order, Command::Payment(read)), Outcome::Unchanged);
    assert_eq!(sale.money(order), (100, 0));
}

#[test]
fn the_same_reference_with_another_amount_is_disputed_and_in_no_sum() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let first = sale.payment("FT1", 60);
    let second = sale.payment("FT1", 100);
    sale.ask(order, Command::Payment(first));
    assert_eq!(sale.ask(order, Command::Payment(second.clone())), Outcome::Done);
    assert_eq!(sale.ask(order, Command::Payment(second)), Outcome::Unchanged);
    assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Pending, (60, 0)));
    assert_eq!(sale.orders[&order].payments[1].state, PaymentState::Disputed);
}

#[test]
fn a_signed_read_of_a_payment_does_not_settle_the_disputed_report_of_it() {
    let mut sale = Sale::open(5, 2);
    let order = sale.order(1);
    let payment = sale.payment("FT1", PRICE);
    sale.ask(order, Command::Payment(payment.clone()));
    sale.ask(order, Command::Payment(Payment { amount: vnd(PRICE - 1), ..payment.clone() }));
    sale.ask(order, Command::Payment(Payment { proof: Proof::SignedRead, ..payment }));
    let settled: Vec<bool> = sale.orders[&order].payments.iter().map(|payment| payment.settled).collect();
    assert_eq!(settled, [true, false]);
}

#[test]
fn two_partials_without_a_reference_are_two_when_anything_differs() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let partial = |at: i64, digest| Payment {
        identity: PaymentIdentity::without_reference("link", Timestamp(at), vnd(50), digest),
        ..sale.payment("", 50)
    };
    let (first, again, second) = (partial(1, 7), partial(1, 7), partial(2, 7));
    assert_eq!(sale.ask(order, Command::Payment(first)), Outcome::Done);
    assert_eq!(sale.ask(order, Command::Payment(again)), Outcome::Unchanged);
    assert_eq!(sale.ask(order, Command::Payment(second)), Outcome::Done);
    assert_eq!(sale.state_of(order), PAID);
}

#[test]
fn sixty_then_forty_pay_a_hundred() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.pay(order, 60);
    sale.pay(order, 40);
    assert_eq!((sale.state_of(order), sale.money(order)), (PAID, (100, 0)));
}

#[test]
fn sixty_expire_forty_is_paid_late_when_the_unit_is_still_there() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.pay(order, 60);
    sale.expire(order);
    assert_eq!(sale.money(order), (0, 60));
    sale.pay(order, 40);
    assert_eq!((sale.state_of(order), sale.money(order)), (PAID_LATE, (100, 0)));
    assert_eq!(sale.state.stock().sold, 1);
}

#[test]
fn sixty_expire_hundred_is_paid_late_and_sixty_are_owed_back() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.pay(order, 60);
    sale.expire(order);
    sale.pay(order, 100);
    assert_eq!((sale.state_of(order), sale.money(order)), (PAID_LATE, (100, 60)));
}

#[test]
fn expire_sixty_forty_is_paid_late() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.expire(order);
    sale.pay(order, 60);
    assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Expired(ExpiryReason::Unpaid), (0, 60)));
    sale.pay(order, 40);
    assert_eq!((sale.state_of(order), sale.money(order)), (PAID_LATE, (100, 0)));
}

#[test]
fn late_money_for_a_unit_that_was_sold_again_is_owed_back() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.expire(order);
    sale.order(2);
    sale.pay(order, 100);
    assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Expired(ExpiryReason::Unpaid), (0, 100)));
}

#[test]
fn money_after_the_late_window_is_owed_back() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.expire(order);
    let ended_at = sale.orders[&order].ended_at.unwrap();
    sale.now = ended_at.plus_seconds(24 * 3600).plus_ms(1);
    sale.pay(order, 100);
    assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Expired(ExpiryReason::Unpaid), (0, 100)));

    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.expire(order);
    sale.now = ended_at.plus_seconds(24 * 3600);
    sale.pay(order, 100);
    assert_eq!(sale.state_of(order), PAID_LATE);
}

#[test]
fn money_while_paused_still_pays() {
    let mut sale = Sale::open(2, 1);
    let (order, late) = (sale.order(1), sale.order(2));
    sale.submit(None, &Command::Pause);
    sale.pay(order, 100);
    assert_eq!(sale.state_of(order), PAID);
    sale.expire(late);
    sale.pay(late, 100);
    assert_eq!(sale.state_of(late), PAID_LATE);
}

#[test]
fn paying_the_first_qr_code_supersedes_the_second_hold() {
    let mut sale = Sale::open(1, 1);
    let first = sale.order(1);
    sale.expire(first);
    let second = sale.order(1);
    sale.pay(first, 100);
    assert_eq!(sale.state_of(first), PAID_LATE);
    assert_eq!(sale.state_of(second), OrderState::Expired(ExpiryReason::Superseded { by: first }));
    assert_eq!(sale.state.stock(), Stock { available: 0, held: 0, sold: 1, withdrawn: 0 });
}

#[test]
fn a_hold_with_money_on_it_is_not_superseded() {
    let mut sale = Sale::open(1, 1);
    let first = sale.order(1);
    sale.expire(first);
    let second = sale.order(1);
    sale.pay(second, 40);
    sale.pay(first, 100);
    assert_eq!(sale.state_of(first), OrderState::Expired(ExpiryReason::Unpaid));
    assert_eq!((sale.state_of(second), sale.money(second)), (OrderState::Pending, (40, 0)));
}

#[test]
fn a_hold_of_another_quantity_is_not_superseded() {
    let mut sale = Sale::open(2, 2);
    let first = sale.order(1);
    sale.expire(first);
    let Outcome::Placed(second) = sale.buy(1, 2) else { panic!() };
    sale.pay(first, 100);
    assert_eq!(sale.state_of(first), OrderState::Expired(ExpiryReason::Unpaid));
    assert_eq!(sale.state_of(second.order), OrderState::Pending);
}

#[test]
fn a_transfer_in_flight_when_the_shopper_cancels_is_owed_back() {
    let mut sale = Sale::open(1, 1);
    let order = cancelled(&mut sale);
    sale.pay(order, 100);
    assert_eq!(sale.money(order), (0, 100));
    assert_eq!(sale.state.stock().available, 1);
}

#[test]
fn cancelling_with_part_of_the_money_owes_it_back() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.pay(order, 60);
    sale.ask(order, Command::Cancel { sid: Sid([1; 16]) });
    assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Cancelled(Canceller::Shopper), (0, 60)));
}

#[test]
fn transfers_above_the_limit_of_an_order_are_kept_apart() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    for _ in 0..PAYMENTS_PER_ORDER_MAX {
        assert_eq!(sale.pay(order, 1), Outcome::Done);
    }
    assert_eq!(sale.pay(order, 1), Outcome::Refused(Refusal::TooManyPayments));
}

#[test]
fn an_order_that_does_not_exist_takes_no_money() {
    let mut sale = Sale::open(1, 1);
    assert_eq!(sale.pay(OrderCode(7), 100), Outcome::Refused(Refusal::OrderNotFound));
}
