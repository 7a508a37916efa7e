use engine::{EnterPayment, Entered};
use ledger::Fact;

use super::*;

const DAY_MS: i64 = 24 * 3_600_000;

impl Rig {
    /// As the route of the operators enters a payment: what is known of its reference is read before.
    fn enters(&mut self, order: OrderCode, reference: &str, amount: i64, day: i64) -> Entered {
        self.enters_for(order, reference, amount, day, None)
    }

    fn enters_for(
        &mut self,
        order: OrderCode,
        reference: &str,
        amount: i64,
        day: i64,
        reason: Option<&str>,
    ) -> Entered {
        let request = self.entry(order, reference, amount, day, reason);
        entered(self.ask(request))
    }

    fn entry(&self, order: OrderCode, reference: &str, amount: i64, day: i64, reason: Option<&str>) -> Request {
        let store = ReadStore::open(self.folder.path()).unwrap();
        let (known_up_to, known) = store.payments_of_reference(reference).unwrap();
        let payment = Payment {
            identity: PaymentIdentity::on_statement(reference),
            amount: Vnd::new(amount).unwrap(),
            paid_at: START.plus_ms(day * DAY_MS),
            proof: Proof::Operator,
            account: None,
        };
        let (operator, another_transfer) = ("binh".into(), reason.map(str::to_owned));
        Request::EnterPayment(EnterPayment { order, payment, another_transfer, known, known_up_to, operator })
    }

    fn counted(&self) -> Vec<(u64, String, i64)> {
        let known = ReadStore::open(self.folder.path()).unwrap().known_transfers().unwrap();
        known.into_iter().map(|known| (known.order.0, known.reference, known.amount)).collect()
    }
}

fn entered(reply: Reply) -> Entered {
    match reply {
        Reply::Entered(entered) => entered,
        other => panic!("{other:?}"),
    }
}

/// The row of the earlier payment that an entry was refused for.
fn refused_for(entered: Entered) -> i64 {
    match entered {
        Entered::ReferenceKnown(earlier) => earlier.seq,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_transfer_that_a_webhook_brought_is_not_entered_again_in_any_spelling() {
    let mut rig = Rig::start();
    let [first, second] = [rig.order(1), rig.order(2)];
    rig.command(first, payment("FT26335000000001", PRICE));
    let seq = rig.row_of(RowKind::PaymentReceived);
    for reference in ["FT26335000000001", "ft26335000000001\\BNK", "FT 26335000000001"] {
        for order in [second, NO_ORDER] {
            assert_eq!(refused_for(rig.enters(order, reference, PRICE, 0)), seq, "{reference}");
        }
        assert!(matches!(rig.enters(first, reference, PRICE, 0), Entered::KnownAlready(Some(_))), "{reference}");
    }
    assert_eq!(refused_for(rig.enters(first, "FT26335000000001", PRICE + 1, 0)), seq, "another amount");
    assert_eq!(rig.stored(second).record.state, OrderState::Pending);
    assert_eq!(rig.counted(), [(first.0, "FT26335000000001".to_owned(), PRICE)]);
    rig.verified();
}

#[test]
fn a_reference_of_another_day_is_recorded_when_the_operator_insists() {
    let mut rig = Rig::start();
    assert_eq!(rig.enters(NO_ORDER, "8841.17", 300_000, 0), Entered::Recorded);
    let first = rig.row_of(RowKind::PaymentUnmatched);
    assert!(matches!(rig.enters(NO_ORDER, "8841.17", 300_000, 0), Entered::KnownAlready(Some(_))));
    assert_eq!(refused_for(rig.enters(NO_ORDER, "8841.17", 300_000, 20)), first);
    assert_eq!(refused_for(rig.enters(NO_ORDER, "8841.17", 299_999, 0)), first);

    let insists = |rig: &mut Rig| rig.enters_for(NO_ORDER, "8841.17", 300_000, 20, Some("of another month"));
    assert_eq!(insists(&mut rig), Entered::Recorded);
    let second = rig.row_of(RowKind::PaymentUnmatched);
    let row = rig.row_of(RowKind::AnotherTransfer);
    let fact = ReadStore::open(rig.folder.path()).unwrap().ledger_after(row - 1, 1).unwrap().remove(0).entry.fact;
    assert_eq!(fact, Fact::AnotherTransfer { payment: second, reason: "of another month".into() });
    assert!(matches!(insists(&mut rig), Entered::KnownAlready(Some(_))), "an insisting operator repeats it too");
    assert_eq!(rig.counted().len(), 2);
    rig.restart().verified();
}

#[test]
fn what_came_after_the_known_payments_were_read_counts_too() {
    let mut rig = Rig::start();
    let [first, second] = [rig.order(1), rig.order(2)];
    // Both operators looked before either entry was there, and a webhook came between.
    let late = rig.entry(second, "FT1", PRICE, 0, None);
    rig.command(first, payment("FT1", PRICE));
    assert_eq!(refused_for(entered(rig.ask(late))), rig.row_of(RowKind::PaymentReceived));

    let entries = [rig.entry(second, "FT2", 5, 0, None), rig.entry(NO_ORDER, "ft2\\BNK", 5, 0, None)];
    let [one, other] = rig.batch(entries).map(entered);
    assert_eq!(one, Entered::Recorded);
    assert!(matches!(other, Entered::KnownAlready(Some(_))), "{other:?}");
    rig.verified();
}

#[test]
fn an_entry_for_an_order_that_is_not_there_is_no_money() {
    let mut rig = Rig::start();
    let refused = Entered::Refused(Refusal::OrderNotFound);
    assert_eq!(rig.enters(OrderCode(5), "FT1", PRICE, 0), refused);
    assert_eq!(rig.counted(), []);
}

#[test]
fn a_webhook_that_brings_what_an_operator_insisted_on_is_disputed() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.enters(NO_ORDER, "8841.17", PRICE - 1, -20);
    assert_eq!(rig.enters_for(NO_ORDER, "8841.17", PRICE, 0, Some("another month")), Entered::Recorded);
    rig.command(order, payment("8841.17", PRICE));
    assert_eq!(rig.stored(order).record.state, OrderState::Pending, "the money is counted once");
    assert!(rig.row_of(RowKind::PaymentDisputed) > rig.row_of(RowKind::AnotherTransfer));
    rig.verified();
}
