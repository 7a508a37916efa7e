use super::rig::{HOLD_MS, OPENS_AT, PRICE, Sale, vnd};
use crate::*;

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused(refusal)
}

#[test]
fn a_purchase_holds_its_units_and_says_until_when() {
    let mut sale = Sale::open(5, 2);
    let Outcome::Placed(receipt) = sale.buy(1, 2) else { panic!() };
    assert_eq!((receipt.quantity, receipt.amount, receipt.ordered_at), (2, vnd(2 * PRICE), OPENS_AT));
    assert_eq!(sale.state.stock(), Stock { available: 3, held: 2, sold: 0, withdrawn: 0 });
    assert_eq!(sale.orders[&receipt.order].pay_by, OPENS_AT.plus_ms(HOLD_MS));
}

#[test]
fn a_token_used_again_gives_its_order_even_when_nothing_is_left_or_open() {
    let mut sale = Sale::open(1, 1);
    let purchase = Command::Purchase(sale.purchase(1, 1));
    let Outcome::Placed(receipt) = sale.submit(None, &purchase) else { panic!() };
    sale.ask(receipt.order, Command::Pause);
    sale.wait(2 * 3_600_000);
    assert_eq!(sale.submit(Some(receipt.order), &purchase), Outcome::Replayed(receipt));
}

#[test]
fn a_token_used_for_something_else_is_refused() {
    let mut sale = Sale::open(5, 2);
    let purchase = sale.purchase(1, 1);
    let Outcome::Placed(receipt) = sale.submit(None, &Command::Purchase(purchase.clone())) else { panic!() };
    for other in [
        Purchase { quantity: 2, ..purchase.clone() },
        Purchase { buyer_commit: BuyerCommit([9; 32]), ..purchase.clone() },
        Purchase { sub: Sub([9; 16]), ..purchase.clone() },
        Purchase { sid: Sid([9; 16]), ..purchase },
    ] {
        assert_eq!(sale.submit(Some(receipt.order), &Command::Purchase(other)), refused(Refusal::TokenReused));
    }
}

#[test]
fn a_shopper_who_comes_back_gets_the_order_they_hold() {
    let mut sale = Sale::open(5, 2);
    let order = sale.order(1);
    assert_eq!(sale.buy(1, 1), Outcome::Own(order));
    assert_eq!(sale.buy(1, 2), refused(Refusal::OrderPending));
    assert_eq!(sale.state.stock().held, 1);
}

#[test]
fn another_browser_with_the_phone_number_does_not_get_its_order() {
    let mut sale = Sale::open(5, 2);
    sale.order(1);
    let stranger = Purchase { sid: Sid([9; 16]), ..sale.purchase(1, 1) };
    assert_eq!(sale.submit(None, &Command::Purchase(stranger)), refused(Refusal::LimitReached));
}

/// Each row breaks one rule more than the next: the first rule broken, in the order of the contract, is the answer.
#[test]
fn refusals_come_in_the_order_of_the_contract() {
    let check = |prepare: &dyn Fn(&mut Sale), quantity, expected| {
        let mut sale = Sale::open(1, 2);
        prepare(&mut sale);
        assert_eq!(sale.buy(2, quantity), refused(expected), "{expected:?}");
    };
    let sold_out = |sale: &mut Sale| {
        let order = sale.order(1);
        sale.pay(order, PRICE);
    };
    let all_held = |sale: &mut Sale| {
        sale.order(1);
    };
    let at = |ms: i64| move |sale: &mut Sale| sale.now = OPENS_AT.plus_ms(ms);
    let pause = |sale: &mut Sale| {
        sale.submit(None, &Command::Pause);
    };
    check(&|sale| (sold_out(sale), pause(sale), at(-1)(sale)).2, 0, Refusal::InvalidQuantity);
    check(&|sale| (sold_out(sale), pause(sale), at(-1)(sale)).2, 3, Refusal::InvalidQuantity);
    check(&|sale| (sold_out(sale), pause(sale), at(-1)(sale)).2, 1, Refusal::Paused);
    check(&|sale| (sold_out(sale), at(-1)(sale)).1, 1, Refusal::NotOpenYet);
    check(&|sale| (sold_out(sale), at(3_600_000)(sale)).1, 1, Refusal::Closed);
    check(&sold_out, 1, Refusal::SoldOut);
    check(&all_held, 1, Refusal::HeldOut);
    check(&|_| {}, 2, Refusal::InsufficientStock);
}

/// Every quantity is tried from another browser, at every stock that a drop of this size can have.
#[test]
fn a_try_that_could_take_no_unit_tells_nothing_of_the_phone() {
    const SIZE: u32 = 4;
    for paid in [false, true] {
        for others in 0..SIZE {
            let mut sale = Sale::open(SIZE, SIZE + 1);
            let order = sale.order(1);
            if paid {
                sale.pay(order, PRICE);
            }
            for other in 0..others {
                sale.order(10 + other as u8);
            }
            for quantity in 0..SIZE + 2 {
                let by = |who: u8| Purchase { sid: Sid([99; 16]), ..sale.purchase(who, quantity) };
                let said = |who| decide(&sale.state, None, sale.now, &Command::Purchase(by(who))).outcome;
                if !matches!(said(2), Outcome::Placed(_)) {
                    assert_eq!(said(1), said(2), "{quantity} units, and {} are left", sale.state.stock().available);
                }
            }
        }
    }
}

#[test]
fn a_drop_opens_at_its_millisecond_and_closes_at_its_millisecond() {
    let mut sale = Sale::open(9, 1);
    sale.now = OPENS_AT.plus_ms(-1);
    assert_eq!(sale.buy(1, 1), refused(Refusal::NotOpenYet));
    sale.now = OPENS_AT;
    assert!(matches!(sale.buy(1, 1), Outcome::Placed(_)));
    sale.now = OPENS_AT.plus_ms(3_600_000 - 1);
    assert!(matches!(sale.buy(2, 1), Outcome::Placed(_)));
    sale.now = OPENS_AT.plus_ms(3_600_000);
    assert_eq!(sale.buy(3, 1), refused(Refusal::Closed));
}

#[test]
fn the_limit_counts_what_is_held_and_what_was_bought() {
    let mut sale = Sale::open(9, 2);
    let first = sale.order(1);
    sale.pay(first, PRICE);
    assert_eq!(sale.buy(1, 2), refused(Refusal::LimitReached));
    let second = sale.order(1);
    sale.pay(second, PRICE);
    assert_eq!(sale.buy(1, 1), refused(Refusal::LimitReached));
}

#[test]
fn a_token_for_fewer_units_than_the_limit_is_kept_to() {
    let mut sale = Sale::open(9, 5);
    let purchase = Purchase { quantity_max: 2, ..sale.purchase(1, 3) };
    assert_eq!(sale.submit(None, &Command::Purchase(purchase)), refused(Refusal::InvalidQuantity));
}

#[test]
fn resuming_sells_again_and_pausing_twice_is_once() {
    let mut sale = Sale::open(9, 1);
    assert_eq!(sale.submit(None, &Command::Pause), Outcome::Done);
    assert_eq!(sale.submit(None, &Command::Pause), Outcome::Unchanged);
    assert_eq!(sale.submit(None, &Command::Resume), Outcome::Done);
    assert!(matches!(sale.buy(1, 1), Outcome::Placed(_)));
}
