use super::rig::{OPENS_AT, PRICE, Sale, terms, vnd};
use crate::*;

#[test]
fn terms_are_checked_at_their_bounds() {
    let good = terms(1, 1);
    good.clone().check().unwrap();
    let check = |change: fn(&mut Terms), expected| {
        let mut terms = terms(1, 1);
        change(&mut terms);
        assert_eq!(terms.check().err(), expected);
    };
    check(|terms| terms.size = 0, Some(TermsError::Size));
    check(|terms| terms.size = SIZE_MAX, None);
    check(|terms| terms.size = SIZE_MAX + 1, Some(TermsError::Size));
    check(|terms| terms.price = Vnd::ZERO, Some(TermsError::Price));
    check(|terms| terms.price = vnd(PRICE_MAX), None);
    check(|terms| terms.price = vnd(PRICE_MAX + 1), Some(TermsError::Price));
    check(|terms| terms.closes_at = Some(terms.opens_at), Some(TermsError::ClosesBeforeOpening));
    check(|terms| terms.closes_at = None, None);
    check(|terms| terms.limit_per_customer = 0, Some(TermsError::LimitPerCustomer));
    check(|terms| terms.limit_per_customer = LIMIT_PER_CUSTOMER_MAX, None);
    check(|terms| terms.limit_per_customer = LIMIT_PER_CUSTOMER_MAX + 1, Some(TermsError::LimitPerCustomer));
    check(|terms| terms.hold_seconds = 0, Some(TermsError::HoldSeconds));
    check(|terms| terms.hold_seconds = HOLD_SECONDS_MAX, None);
    check(|terms| terms.hold_seconds = HOLD_SECONDS_MAX + 1, Some(TermsError::HoldSeconds));
    check(|terms| terms.late_payment_seconds = 7 * 24 * 3600, None);
    check(|terms| terms.late_payment_seconds = 7 * 24 * 3600 + 1, Some(TermsError::LatePaymentSeconds));
}

#[test]
fn money_is_never_negative_and_stays_exact_in_json() {
    assert_eq!(Vnd::new(-1), None);
    assert_eq!(Vnd::new(VND_MAX).map(Vnd::get), Some(9_007_199_254_740_991));
    assert_eq!(Vnd::new(VND_MAX + 1), None);
}

#[test]
#[should_panic(expected = "money below zero")]
fn money_below_zero_stops_everything() {
    let _ = vnd(1) - vnd(2);
}

#[test]
#[should_panic(expected = "stock below zero")]
fn selling_what_is_not_there_stops_everything() {
    let mut state = DropState::created(terms(1, 1));
    let event = Event::OrderPaid { order: OrderCode(1), sub: Sub([1; 16]), quantity: 2, late: true };
    evolve(&mut state, &mut None, &event, OPENS_AT);
}

#[test]
#[should_panic(expected = "does not add up")]
fn a_drop_whose_units_do_not_add_up_is_not_sold_from() {
    let stock = Stock { available: 2, held: 0, sold: 0, withdrawn: 0 };
    DropState::restored(terms(1, 1), DropStatus::Live, stock, OPENS_AT).assert_conserved();
}

#[test]
fn a_transfer_without_reference_is_known_by_its_time_amount_and_description() {
    let identity = |at, amount, digest| PaymentIdentity::without_reference("l", Timestamp(at), vnd(amount), digest);
    assert_eq!(identity(1, 2, 3).reference, "at:1:2:0000000000000003");
    for other in [identity(2, 2, 3), identity(1, 3, 3), identity(1, 2, 4)] {
        assert_ne!(identity(1, 2, 3), other);
    }
}

#[test]
fn a_drop_read_back_decides_as_before() {
    let mut sale = Sale::open(3, 1);
    let (paid, held) = (sale.order(1), sale.order(2));
    sale.pay(paid, PRICE);
    let mut state = DropState::restored(terms(3, 1), DropStatus::Live, sale.state.stock(), sale.now);
    state.restore_bought(Sub([1; 16]), 1);
    let record = &sale.orders[&held];
    state.restore_pending(record.sub, Pending::new(held, record.sid, record.quantity, record.pay_by));
    let answer =
        |who: u8, state: &DropState| decide(state, None, sale.now, &Command::Purchase(sale.purchase(who, 1))).outcome;
    for who in [1, 2, 3] {
        assert_eq!(answer(who, &state), answer(who, &sale.state));
    }
    assert_eq!(answer(2, &state), Outcome::Own(held));
}

#[test]
fn a_drop_is_over_when_no_hold_and_no_late_payment_can_come() {
    let closed = OPENS_AT.plus_seconds(3600);
    let last = closed.plus_ms(2 * 300_000 + HOLD_GRACE_MS + SETTLING_MS).plus_seconds(24 * 3600);
    let sale = Sale::open(1, 1);
    assert!(!sale.state.is_over(last));
    assert!(sale.state.is_over(last.plus_ms(1)));

    let mut held = Sale::open(1, 1);
    held.order(1);
    assert!(!held.state.is_over(last.plus_ms(1)));

    let endless = DropState::created(Terms { closes_at: None, ..terms(1, 1) });
    assert!(!endless.is_over(Timestamp(i64::MAX)));

    // Its page still says that it is closed.
    let mut killed = Sale::on(Terms { closes_at: None, ..terms(1, 1) });
    killed.submit(None, &Command::Kill);
    let last_of_killed = last.plus_ms(OPENS_AT.0 - closed.0);
    assert!(!killed.state.is_over(last_of_killed));
    assert!(killed.state.is_over(last_of_killed.plus_ms(1)));

    let mut killed_later = Sale::open(1, 1);
    killed_later.wait(2 * 3_600_000);
    killed_later.submit(None, &Command::Kill);
    assert!(killed_later.state.is_over(last.plus_ms(1)), "it had closed before");
}

/// A customer at the limit who pays an old order gets it instead of the new hold, not beside it.
#[test]
fn late_money_never_takes_a_customer_over_the_limit() {
    let mut sale = Sale::open(5, 1);
    let first = sale.order(1);
    sale.expire(first);
    let second = sale.order(1);
    sale.pay(first, PRICE);
    assert_eq!(sale.state_of(second), OrderState::Expired(ExpiryReason::Superseded { by: first }));
    assert_eq!(sale.state.stock().sold, 1);

    let mut sale = Sale::open(5, 1);
    let first = sale.order(1);
    sale.expire(first);
    let second = sale.order(1);
    sale.pay(second, PRICE);
    sale.pay(first, PRICE);
    assert_eq!((sale.state_of(first), sale.money(first)), (OrderState::Expired(ExpiryReason::Unpaid), (0, PRICE)));
}

#[test]
fn a_killed_drop_is_done_when_its_last_hold_has_ended() {
    let mut sale = Sale::open(2, 1);
    let (held, paid) = (sale.order(1), sale.order(2));
    sale.pay(paid, PRICE);
    sale.submit(None, &Command::Kill);
    assert!(!sale.state.is_done(sale.now), "a hold is left");
    sale.state.forget_when_done(sale.now);
    assert_eq!((sale.state.customers().count(), sale.state.pending_count()), (2, 1));
    sale.ask(held, Command::CancelByOperator { restock: true });
    assert!(sale.state.is_done(sale.now) && !sale.state.is_over(sale.now), "it is still shown, as closed");
    let (terms, stock) = (sale.state.terms().clone(), sale.state.stock());
    let restored = DropState::restored(terms, sale.state.status(), stock, sale.now);
    assert_eq!(restored.stock(), stock);

    sale.state.forget_when_done(sale.now);
    assert_eq!(sale.state.customers().count(), 0);
    // What may still happen in the drop needs no customer.
    sale.ask(paid, Command::CancelByOperator { restock: false });
    sale.pay(held, PRICE);
    assert_eq!(sale.state.stock(), Stock { available: 1, held: 0, sold: 0, withdrawn: 1 });
    assert_eq!((sale.money(held), sale.money(paid)), ((0, PRICE), (0, PRICE)));
}
