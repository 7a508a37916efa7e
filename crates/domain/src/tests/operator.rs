use super::rig::{PRICE, Sale};
use crate::*;

const BY_OPERATOR: OrderState = OrderState::Cancelled(Canceller::Operator);

fn paid(sale: &mut Sale, who: u8) -> OrderCode {
    let order = sale.order(who);
    sale.pay(order, PRICE);
    order
}

#[test]
fn cancelling_a_paid_order_with_restock_sells_its_unit_again_and_owes_its_money_back() {
    let mut sale = Sale::open(1, 1);
    let order = paid(&mut sale, 1);
    assert_eq!(sale.ask(order, Command::CancelByOperator { restock: true }), Outcome::Done);
    assert_eq!((sale.state_of(order), sale.money(order)), (BY_OPERATOR, (0, 100)));
    assert!(matches!(sale.buy(1, 1), Outcome::Placed(_)), "the limit counts what is paid for, and nothing is");
}

#[test]
fn operator_cancels_and_restocks_then_a_duplicate_hundred_arrives() {
    let mut sale = Sale::open(1, 1);
    let order = paid(&mut sale, 1);
    sale.ask(order, Command::CancelByOperator { restock: true });
    sale.pay(order, 100);
    assert_eq!((sale.state_of(order), sale.money(order)), (BY_OPERATOR, (0, 200)));
    assert_eq!(sale.state.stock().available, 1);
}

#[test]
fn operator_cancels_a_paid_order_without_restock() {
    let mut sale = Sale::open(1, 1);
    let order = paid(&mut sale, 1);
    sale.ask(order, Command::CancelByOperator { restock: false });
    assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Withdrawn, (0, 100)));
    sale.pay(order, 100);
    assert_eq!(sale.money(order), (0, 200));
    assert_eq!(sale.state.stock(), Stock { available: 0, held: 0, sold: 0, withdrawn: 1 });
    assert_eq!(sale.buy(2, 1), Outcome::Refused(Refusal::SoldOut));
}

#[test]
fn a_pending_order_that_an_operator_cancels_always_frees_its_unit() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.pay(order, 60);
    sale.ask(order, Command::CancelByOperator { restock: false });
    assert_eq!((sale.money(order), sale.state.stock().available), ((0, 60), 1));
}

#[test]
fn an_order_is_cancelled_once_and_an_ended_one_not_at_all() {
    let mut sale = Sale::open(2, 1);
    let (order, expired) = (sale.order(1), sale.order(2));
    sale.ask(order, Command::CancelByOperator { restock: true });
    assert_eq!(sale.ask(order, Command::CancelByOperator { restock: true }), Outcome::Unchanged);
    sale.expire(expired);
    assert_eq!(sale.ask(expired, Command::CancelByOperator { restock: true }), Outcome::Refused(Refusal::OrderEnded));
}

#[test]
fn a_killed_drop_sells_nothing_more_and_stays_killed() {
    let mut sale = Sale::open(2, 1);
    assert_eq!(sale.submit(None, &Command::Kill), Outcome::Done);
    assert_eq!(sale.submit(None, &Command::Kill), Outcome::Unchanged);
    assert_eq!(sale.buy(1, 1), Outcome::Refused(Refusal::Closed));
    for command in [Command::Pause, Command::Resume] {
        assert_eq!(sale.submit(None, &command), Outcome::Refused(Refusal::Closed));
    }
}

#[test]
fn money_after_the_kill_is_owed_back_even_in_the_late_window() {
    let mut sale = Sale::open(2, 1);
    let (expired, cancelled) = (sale.order(1), sale.order(2));
    sale.expire(expired);
    sale.submit(None, &Command::Kill);
    sale.ask(cancelled, Command::CancelByOperator { restock: true });
    for order in [expired, cancelled] {
        sale.pay(order, 100);
        assert_eq!(sale.money(order), (0, 100));
    }
    assert_eq!(sale.state.stock().sold, 0);
}

#[test]
fn money_from_a_statement_is_money_and_needs_no_link_of_the_order() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let payment =
        Payment { identity: PaymentIdentity::on_statement("FT9"), proof: Proof::Operator, ..sale.payment("FT9", 100) };
    assert_eq!(sale.ask(order, Command::Payment(payment.clone())), Outcome::Done);
    assert_eq!(sale.state_of(order), OrderState::Paid { late: false });
    assert!(sale.orders[&order].payments[0].settled);
    assert_eq!(sale.ask(order, Command::Payment(payment)), Outcome::Unchanged);
}

#[test]
fn a_later_webhook_equal_to_a_statements_money_is_disputed_and_not_new() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let webhook = sale.payment("FT9", 100);
    let statement =
        Payment { identity: PaymentIdentity::on_statement("FT9"), proof: Proof::Operator, ..webhook.clone() };
    sale.ask(order, Command::Payment(statement));
    assert_eq!(sale.ask(order, Command::Payment(webhook.clone())), Outcome::Done);
    assert_eq!(sale.money(order), (100, 0));
    assert_eq!(sale.orders[&order].payments[1].state, PaymentState::Disputed);
    let other = Payment { amount: super::rig::vnd(50), ..webhook };
    sale.ask(order, Command::Payment(Payment { identity: PaymentIdentity::new("link", "FT10"), ..other }));
    assert_eq!(sale.money(order), (100, 50));
}

#[test]
fn disputed_money_is_kept_once_and_in_no_sum() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let payment = sale.payment("FT9", 100);
    assert_eq!(sale.ask(order, Command::Dispute(payment.clone())), Outcome::Done);
    assert_eq!(sale.ask(order, Command::Dispute(payment.clone())), Outcome::Unchanged);
    assert_eq!(sale.ask(order, Command::Payment(payment)), Outcome::Unchanged);
    assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Pending, (0, 0)));
}

#[test]
fn a_statements_money_that_a_webhook_brought_before_changes_nothing() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    let webhook = sale.payment("FT9", 100);
    sale.ask(order, Command::Payment(webhook.clone()));
    let identity = PaymentIdentity::on_statement("FT9");
    let statement = Payment { identity, proof: Proof::Operator, ..webhook };
    assert_eq!(sale.ask(order, Command::Payment(statement)), Outcome::Unchanged);
    assert_eq!(sale.money(order), (100, 0));
}
