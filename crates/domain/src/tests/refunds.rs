use super::rig::{Sale, vnd};
use crate::*;

const NOT_THERE: Outcome = Outcome::Refused(Refusal::RefundNotThere);

fn batch(batch: u64) -> RefundStep {
    RefundStep::Batch { batch }
}

fn pay(attempt: u32) -> RefundStep {
    RefundStep::Pay { attempt, payout: PayoutCommit([attempt as u8; 32]) }
}

fn doubt(doubt: Doubt) -> RefundStep {
    RefundStep::Doubt(doubt)
}

fn sent() -> RefundStep {
    RefundStep::Sent { bank_reference: "FT77".into() }
}

fn fail() -> RefundStep {
    RefundStep::Fail { reason: "account closed".into() }
}

impl Sale {
    fn refund(&mut self, order: OrderCode, number: u32, step: RefundStep) -> Outcome {
        self.ask(order, Command::Refund { number, step })
    }

    fn refund_state(&self, order: OrderCode) -> RefundState {
        self.orders[&order].refunds[0].state
    }

    fn with_refund_due() -> (Self, OrderCode) {
        let mut sale = Self::open(1, 1);
        let order = sale.order(1);
        sale.expire(order);
        sale.pay(order, 60);
        (sale, order)
    }
}

/// Every step from every state: the ways of DESIGN and no other.
#[test]
fn a_refund_goes_only_the_ways_there_are() {
    use RefundState::{Batched, Confirmed, Doubted, Due, Paying, Sent};
    let doubted = |doubt| Doubted { attempt: 3, doubt };
    let [list, payout] = [SentBy::List { batch: 7 }, SentBy::Payout { attempt: 3 }];
    let ways: [(&[RefundStep], RefundState); 8] = [
        (&[], Due),
        (&[batch(7)], Batched { batch: 7 }),
        (&[batch(7), sent()], Sent { by: list }),
        (&[batch(7), sent(), RefundStep::Confirm], Confirmed { by: list }),
        (&[pay(3)], Paying { attempt: 3 }),
        (&[pay(3), doubt(Doubt::NoAnswer)], doubted(Doubt::NoAnswer)),
        (&[pay(3), sent()], Sent { by: payout }),
        (&[pay(3), sent(), RefundStep::Confirm], Confirmed { by: payout }),
    ];
    let expected = |state: RefundState, step: &RefundStep| match (state, step) {
        (Due, RefundStep::Batch { .. }) => (Outcome::Done, Batched { batch: 8 }),
        (Due, RefundStep::Pay { .. }) => (Outcome::Done, Paying { attempt: 4 }),
        (Batched { .. }, RefundStep::Sent { .. }) => (Outcome::Done, Sent { by: list }),
        (Paying { .. } | Doubted { .. }, RefundStep::Sent { .. }) => (Outcome::Done, Sent { by: payout }),
        (Paying { .. }, RefundStep::Doubt(why)) => (Outcome::Done, doubted(*why)),
        (Sent { by } | Confirmed { by }, RefundStep::Doubt(Doubt::Reversed)) if by == payout => {
            (Outcome::Done, doubted(Doubt::Reversed))
        }
        (Sent { by }, RefundStep::Confirm) => (Outcome::Done, Confirmed { by }),
        (Batched { .. } | Paying { .. } | Doubted { .. } | Sent { .. }, RefundStep::Fail { .. }) => {
            (Outcome::Done, Due)
        }
        (Sent { .. }, RefundStep::Sent { .. })
        | (Confirmed { .. }, RefundStep::Confirm)
        | (Doubted { .. }, RefundStep::Doubt(_)) => (Outcome::Unchanged, state),
        _ => (NOT_THERE, state),
    };
    let doubts = [Doubt::NoAnswer, Doubt::Contradicted, Doubt::Reversed, Doubt::OtherName].map(doubt);
    for (way, state) in ways {
        for step in [batch(8), pay(4), sent(), RefundStep::Confirm, fail()].into_iter().chain(doubts.clone()) {
            let (mut sale, order) = Sale::with_refund_due();
            for before in way {
                assert_eq!(sale.refund(order, 1, before.clone()), Outcome::Done);
            }
            assert_eq!(sale.refund_state(order), state);
            let (outcome, after) = expected(state, &step);
            assert_eq!(sale.refund(order, 1, step.clone()), outcome, "{step:?} from {state:?}");
            assert_eq!(sale.refund_state(order), after, "{step:?} from {state:?}");
        }
    }
}

#[test]
fn a_failed_refund_goes_out_with_a_later_batch() {
    let (mut sale, order) = Sale::with_refund_due();
    sale.refund(order, 1, batch(7));
    sale.refund(order, 1, fail());
    assert_eq!(sale.refund(order, 1, batch(8)), Outcome::Done);
    assert_eq!(sale.refund_state(order), RefundState::Batched { batch: 8 });
}

#[test]
fn a_refund_that_was_never_due_takes_no_step() {
    let (mut sale, order) = Sale::with_refund_due();
    assert_eq!(sale.refund(order, 2, batch(7)), NOT_THERE);
}

#[test]
fn sixty_expire_refund_sent_forty_is_owed_back_too() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.pay(order, 60);
    sale.expire(order);
    sale.refund(order, 1, batch(7));
    sale.refund(order, 1, sent());
    sale.pay(order, 40);
    assert_eq!(sale.state_of(order), OrderState::Expired(ExpiryReason::Unpaid));
    assert_eq!(sale.money(order), (0, 40));
    assert_eq!(sale.orders[&order].refunds[1].amount, vnd(40));
}

/// Money on its way back is not applied again, in whatever step it is.
#[test]
fn the_late_rule_uses_only_refunds_that_are_still_due() {
    let confirmed = |first: RefundStep| vec![first, sent(), RefundStep::Confirm];
    for way in [
        vec![batch(7)],
        vec![batch(7), sent()],
        confirmed(batch(7)),
        vec![pay(1)],
        vec![pay(1), doubt(Doubt::NoAnswer)],
        confirmed(pay(1)),
    ] {
        let (mut sale, order) = Sale::with_refund_due();
        for step in way {
            sale.refund(order, 1, step);
        }
        sale.pay(order, 40);
        assert_eq!(sale.money(order), (0, 40));
        sale.pay(order, 60);
        assert_eq!((sale.state_of(order), sale.money(order)), (OrderState::Paid { late: true }, (100, 0)));
    }
}

#[test]
fn money_whose_refund_is_due_can_leave_for_another_order() {
    let (mut sale, order) = Sale::with_refund_due();
    let identity = sale.orders[&order].payments[0].identity.clone();
    assert_eq!(sale.ask(order, Command::ReleasePayment { identity: identity.clone() }), Outcome::Done);
    assert_eq!((sale.money(order), sale.refund_state(order)), ((0, 0), RefundState::Void));
    assert_eq!(sale.orders[&order].payments[0].state, PaymentState::Released);
    assert_eq!(
        sale.ask(order, Command::ReleasePayment { identity }),
        Outcome::Refused(Refusal::NotReleasable),
        "it has left"
    );
}

#[test]
fn money_that_left_one_order_pays_another_whose_link_it_never_saw() {
    let mut sale = Sale::open(2, 1);
    let (from, to) = (sale.order(1), sale.order(2));
    sale.expire(from);
    sale.order(3);
    sale.pay(from, 100);
    sale.ask(to, Command::AskLink);
    let facts = LinkFacts { id: "another".into(), checkout_url: String::new(), bank_transfer: None };
    sale.ask(to, Command::LinkMade(facts));
    let payment =
        Payment { identity: PaymentIdentity::new("link", "FT1"), proof: Proof::Operator, ..sale.payment("FT1", 100) };
    sale.ask(from, Command::ReleasePayment { identity: payment.identity.clone() });
    assert_eq!(sale.ask(to, Command::Payment(payment)), Outcome::Done);
    assert_eq!((sale.money(from), sale.money(to)), ((0, 0), (100, 0)));
}

#[test]
fn money_that_is_applied_or_on_its_way_back_cannot_leave() {
    let mut sale = Sale::open(1, 1);
    let order = sale.order(1);
    sale.pay(order, 100);
    let identity = sale.orders[&order].payments[0].identity.clone();
    assert_eq!(sale.ask(order, Command::ReleasePayment { identity }), Outcome::Refused(Refusal::NotReleasable));
    let (mut sale, order) = Sale::with_refund_due();
    let identity = sale.orders[&order].payments[0].identity.clone();
    for on_its_way in [batch(7), pay(1)] {
        sale.refund(order, 1, on_its_way);
        let release = Command::ReleasePayment { identity: identity.clone() };
        assert_eq!(sale.ask(order, release), Outcome::Refused(Refusal::NotReleasable));
        sale.refund(order, 1, fail());
    }
}

#[test]
fn released_money_reported_again_is_still_known() {
    let (mut sale, order) = Sale::with_refund_due();
    let payment = sale.payment("FT1", 60);
    let identity = payment.identity.clone();
    sale.ask(order, Command::ReleasePayment { identity });
    assert_eq!(sale.ask(order, Command::Payment(payment)), Outcome::Unchanged);
    assert_eq!(sale.money(order), (0, 0));
}

#[test]
fn money_without_an_order_goes_the_way_of_every_refund() {
    let (sent, due) = (RefundStep::Sent { bank_reference: "FT7".into() }, UnmatchedState::Refund(RefundState::Due));
    let refund = |step: RefundStep| UnmatchedStep::Refund(step);
    assert_eq!(UnmatchedState::Open.after(&UnmatchedStep::OweBack), Ok(Some(due)));
    assert_eq!(due.after(&UnmatchedStep::OweBack), Ok(None));
    let batched = due.after(&refund(batch(7))).unwrap().unwrap();
    assert_eq!(batched.after(&refund(batch(8))), Err(Refusal::RefundNotThere), "on one list at most");
    let on_its_way = batched.after(&refund(sent.clone())).unwrap().unwrap();
    assert_eq!(on_its_way.after(&refund(sent)), Ok(None));
    assert_eq!(on_its_way.after(&refund(RefundStep::Fail { reason: "closed".into() })), Ok(Some(due)));
    let confirmed = on_its_way.after(&refund(RefundStep::Confirm)).unwrap().unwrap();
    assert_eq!(confirmed, UnmatchedState::Refund(RefundState::Confirmed { by: SentBy::List { batch: 7 } }));
}

#[test]
fn money_without_an_order_is_decided_about_once() {
    let (assign, dismiss) =
        (UnmatchedStep::Assign { order: OrderCode(5) }, UnmatchedStep::Dismiss { reason: "a test".into() });
    let due = UnmatchedState::Refund(RefundState::Due);
    for (state, assigned, dismissed, owed) in [
        (UnmatchedState::Open, true, true, true),
        (due, true, false, true),
        (UnmatchedState::Refund(RefundState::Batched { batch: 7 }), false, false, false),
        (UnmatchedState::Assigned, false, false, false),
        (UnmatchedState::Dismissed, false, false, false),
    ] {
        let may = [&assign, &dismiss, &UnmatchedStep::OweBack].map(|step| state.after(step).is_ok());
        assert_eq!(may, [assigned, dismissed, owed], "{state:?}");
    }
    let refund = UnmatchedStep::Refund(batch(7));
    assert_eq!(
        UnmatchedState::Open.after(&refund),
        Err(Refusal::RefundNotThere),
        "no operator has said that it goes back"
    );
}
