use super::*;

impl Rig {
    pub(super) fn row_of(&self, kind: RowKind) -> i64 {
        let rows = ReadStore::open(self.folder.path()).unwrap().ledger_after(0, 1000).unwrap();
        rows.iter().rev().find(|row| row.entry.fact.kind() == kind).unwrap().seq
    }

    fn give(&mut self, seq: i64, to: OrderCode) -> Result<(), MoveRefused> {
        moved(self.ask(give(seq, to)))
    }

    fn dismiss(&mut self, seq: i64) -> Result<(), MoveRefused> {
        self.decides(seq, UnmatchedStep::Dismiss { reason: "a test".into() }, None)
    }

    fn decides(&mut self, seq: i64, step: UnmatchedStep, destination: Option<Destination>) -> Result<(), MoveRefused> {
        moved(self.ask(Request::Unmatched(UnmatchedRequest { seq, step, destination, operator: "binh".into() })))
    }
}

fn give(seq: i64, to: OrderCode) -> Request {
    Request::MovePayment(MovePayment { seq, to, operator: "binh".into() })
}

fn moved(reply: Reply) -> Result<(), MoveRefused> {
    match reply {
        Reply::Moved(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn on_statement(reference: &str, amount: i64) -> Command {
    Command::Payment(Payment {
        identity: PaymentIdentity::on_statement(reference),
        amount: Vnd::new(amount).unwrap(),
        paid_at: START,
        proof: Proof::Operator,
        account: None,
    })
}

const NOT_THERE: Result<(), MoveRefused> = Err(MoveRefused::NoSuchPayment);
const DECIDED: Result<(), MoveRefused> = Err(MoveRefused::ByTheRules(Refusal::NotReleasable));

#[test]
fn unmatched_money_given_to_an_order_pays_it_once() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(OrderCode(5), payment("FT1", PRICE));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    assert_eq!(rig.give(seq, OrderCode(6)), Err(MoveRefused::ByTheRules(Refusal::OrderNotFound)));
    assert_eq!(rig.give(seq, order), Ok(()));
    assert_eq!(rig.stored(order).record.state, OrderState::Paid { late: false });
    let mut rig = rig.restart();
    assert_eq!(rig.give(seq, order), DECIDED);
    assert_eq!(rig.dismiss(seq), DECIDED);
    assert_eq!(rig.dismiss(seq + 1000), NOT_THERE);
    assert_eq!(rig.stored(order).record.applied, Vnd::new(PRICE).unwrap());
    rig.verified();
}

#[test]
fn unmatched_money_is_decided_about_once_even_in_one_batch() {
    let mut rig = Rig::start();
    let orders = [rig.order(1), rig.order(2)];
    rig.command(OrderCode(5), payment("FT1", PRICE));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    assert_eq!(rig.batch(orders.map(|to| give(seq, to))).map(moved), [Ok(()), DECIDED]);
    assert_eq!(rig.stored(orders[1]).record.state, OrderState::Pending);
    rig.verified();
}

#[test]
fn dismissed_money_waits_for_nobody() {
    let mut rig = Rig::start();
    rig.command(OrderCode(5), payment("FT1", 7));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    assert_eq!(rig.dismiss(seq), Ok(()));
    assert_eq!(rig.dismiss(seq), DECIDED);
    assert_eq!(ReadStore::open(rig.folder.path()).unwrap().money_waiting().unwrap().unmatched, 0);
    rig.verified();
}

#[test]
fn money_whose_refund_is_due_moves_whole_or_stays() {
    let mut rig = Rig::start();
    let ended = rig.order(1);
    rig.command(ended, Command::Cancel { sid: Sid([1; 16]) });
    rig.command(ended, payment("FT1", PRICE));
    let seq = rig.row_of(RowKind::PaymentReceived);
    let waiting = rig.order(2);
    assert_eq!(rig.give(seq, OrderCode(6)), Err(MoveRefused::ByTheRules(Refusal::OrderNotFound)));
    assert_eq!(rig.give(seq, ended), Err(MoveRefused::ByTheRules(Refusal::NotReleasable)));
    assert_eq!(rig.stored(ended).record.refunds[0].state, RefundState::Due, "nothing has moved");
    assert_eq!(rig.give(seq, waiting), Ok(()));
    assert_eq!(rig.stored(ended).record.refunds[0].state, RefundState::Void);
    assert_eq!(rig.stored(waiting).record.state, OrderState::Paid { late: false });
    assert_eq!(rig.give(seq, waiting), Err(MoveRefused::ByTheRules(Refusal::NotReleasable)));
    rig.verified();
}

#[test]
fn money_stays_where_it_is_when_the_other_order_knows_the_same_transfer() {
    let mut rig = Rig::start();
    let ended = rig.order(1);
    rig.command(ended, Command::Cancel { sid: Sid([1; 16]) });
    rig.command(ended, payment("FT1", PRICE));
    let seq = rig.row_of(RowKind::PaymentReceived);
    let paid = rig.order(2);
    rig.command(paid, payment("FT1", PRICE));
    assert_eq!(rig.give(seq, paid), DECIDED);
    assert_eq!(rig.stored(ended).record.refunds[0].state, RefundState::Due);
    assert_eq!(rig.stored(paid).record.payments.len(), 1);
    rig.verified();
}

#[test]
fn a_webhook_for_money_entered_without_an_order_is_disputed_and_not_new() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    assert_eq!(rig.command(NO_ORDER, on_statement("FT9", PRICE)), Outcome::Done);
    assert_eq!(rig.command(order, payment("FT9", PRICE)), Outcome::Done);
    let record = rig.stored(order).record;
    assert_eq!((record.state, record.payments[0].state), (OrderState::Pending, PaymentState::Disputed));
    assert_eq!(rig.command(order, payment("FT10", PRICE)), Outcome::Done);
    assert_eq!(rig.stored(order).record.state, OrderState::Paid { late: false });
    rig.verified();
}

#[test]
fn money_entered_without_an_order_and_reported_in_one_batch_is_counted_once() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let entered =
        OrderRequest { order: NO_ORDER, command: on_statement("FT9", PRICE), operator: "an".into(), payer: None };
    let replies = rig.batch([about(order, payment("FT9", PRICE)), Request::Order(entered)]).map(outcome);
    assert_eq!(replies, [Outcome::Done, Outcome::Done]);
    let record = rig.stored(order).record;
    assert_eq!((record.state, record.payments[0].state), (OrderState::Pending, PaymentState::Disputed));
    rig.verified();
}

#[test]
fn an_account_that_was_changed_in_the_batch_of_an_export_waits_its_day() {
    let mut rig = Rig::start();
    rig.command_from(OrderCode(5), payment("FT1", 70), Some(account("111")));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    assert_eq!(rig.decides(seq, UnmatchedStep::OweBack, None), Ok(()));
    let (step, destination) = (UnmatchedStep::OweBack, Some(account("222")));
    let changed = Request::Unmatched(UnmatchedRequest { seq, step, destination, operator: "binh".into() });
    let [_, exported] = rig.batch([changed, Request::ExportRefunds { operator: "binh".into() }]);
    assert!(matches!(exported, Reply::Exported(None)), "{exported:?}");
    rig.clock.advance(24 * 3_600_000);
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(RefundId::Unmatched(seq), "222".to_owned())]);
    rig.verified();
}

#[test]
fn money_that_its_new_order_would_dispute_stays_where_it_is() {
    let mut rig = Rig::start();
    let ended = rig.order(1);
    rig.command(ended, Command::Cancel { sid: Sid([1; 16]) });
    rig.command(ended, payment("FT1", PRICE));
    let seq = rig.row_of(RowKind::PaymentReceived);
    let other = rig.order(2);
    rig.command(other, payment("FT1", PRICE - 1));
    assert_eq!(rig.give(seq, other), DECIDED);
    assert_eq!(rig.stored(ended).record.refunds[0].state, RefundState::Due);
    rig.verified();
}

#[test]
fn unmatched_money_goes_back_by_the_lists_of_every_refund() {
    let mut rig = Rig::start();
    rig.command_from(OrderCode(5), payment("FT1", 70), Some(account("111")));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    assert_eq!(rig.export(), None, "no operator has said that it goes back");
    assert_eq!(rig.decides(seq, UnmatchedStep::OweBack, None), Ok(()));
    let waiting = ReadStore::open(rig.folder.path()).unwrap().money_waiting().unwrap();
    assert_eq!((waiting.refunds_due, waiting.refunds_due_amount, waiting.unmatched), (1, 70, 0));
    let order = rig.order(1);
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(RefundId::Unmatched(seq), "111".to_owned())]);
    assert_eq!(rig.export(), None, "it is on one list at most");
    assert_eq!(rig.give(seq, order), DECIDED, "it is on its way");
    let mut rig = rig.restart();
    let sent = RefundStep::Sent { bank_reference: "FT7".into() };
    assert_eq!(rig.decides(seq, UnmatchedStep::Refund(sent), None), Ok(()));
    assert_eq!(rig.decides(seq, UnmatchedStep::Refund(RefundStep::Fail { reason: "closed".into() }), None), Ok(()));
    assert_eq!(rig.export(), Some(2), "a list number is never used again");
    assert_eq!(rig.list(1), rig.list(2));
    rig.verified();
}

#[test]
fn another_account_for_unmatched_money_waits_a_day() {
    let mut rig = Rig::start();
    rig.command_from(OrderCode(5), payment("FT1", 70), Some(account("111")));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    assert_eq!(rig.decides(seq, UnmatchedStep::OweBack, Some(account("222"))), Ok(()));
    assert_eq!(rig.export(), None);
    rig.clock.advance(24 * 3_600_000);
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(RefundId::Unmatched(seq), "222".to_owned())]);
    rig.verified();
}

#[test]
fn due_unmatched_money_can_still_be_given_to_an_order() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(OrderCode(5), payment("FT1", PRICE));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    rig.decides(seq, UnmatchedStep::OweBack, Some(account("111"))).unwrap();
    assert_eq!(rig.give(seq, order), Ok(()));
    assert_eq!(rig.stored(order).record.state, OrderState::Paid { late: false });
    assert_eq!(rig.export(), None);
    rig.verified();
}

#[test]
fn the_account_of_money_an_order_did_not_take_is_not_the_orders() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(order, Command::AskLink);
    rig.command(order, Command::LinkConflict);
    rig.command_from(order, payment("FT1", PRICE), Some(account("666")));
    let store = ReadStore::open(rig.folder.path()).unwrap();
    assert_eq!(store.refund_destination(Payer::Order(order)).unwrap(), None);
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    assert!(store.refund_destination(Payer::Unmatched(seq)).unwrap().is_some());
}

#[test]
fn money_of_an_order_that_a_restore_lost_is_kept_apart_and_pays_no_new_order() {
    let mut lost = NO_ORDER;
    let mut rig = Rig::start().restore_to_before(|rig| {
        lost = rig.order(1);
        rig.command(lost, payment("FT1", PRICE));
    });
    let new = [rig.order(1), rig.order(2)];
    // The same transfer is reported again, and another one comes.
    assert_eq!(rig.command(lost, payment("FT1", PRICE)), Outcome::Done);
    assert_eq!(rig.command(lost, payment("FT2", PRICE)), Outcome::Done);
    assert_eq!(rig.command(lost, payment("FT1", PRICE)), Outcome::Unchanged);
    for order in new {
        let record = rig.stored(order).record;
        assert_eq!((record.state, record.payments.len()), (OrderState::Pending, 0));
    }
    let waiting = ReadStore::open(rig.folder.path()).unwrap().money_waiting().unwrap();
    assert_eq!((waiting.unmatched, waiting.unmatched_amount), (2, 2 * PRICE));

    // Its customer bought again: an operator gives them what they paid.
    let rows = ReadStore::open(rig.folder.path()).unwrap().unmatched_payments().unwrap();
    assert_eq!(rig.give(rows[0].seq, new[0]), Ok(()));
    assert_eq!(rig.stored(new[0]).record.state, OrderState::Paid { late: false });
    rig.verified();
}

#[test]
fn money_buys_late_until_the_window_ends_and_not_a_moment_after() {
    let mut rig = Rig::start();
    let (in_time, too_late) = (rig.order(1), rig.order(2));
    rig.clock.advance(360_000);
    assert_eq!(rig.command(in_time, Command::EndHold), Outcome::Done);
    assert_eq!(rig.command(too_late, Command::EndHold), Outcome::Done);
    let mut rig = rig.restart();
    rig.clock.advance(LATE_SECONDS * 1_000);
    rig.command(in_time, payment("FT1", PRICE));
    assert_eq!(rig.stored(in_time).record.state, OrderState::Paid { late: true });

    rig.clock.advance(1);
    rig.command(too_late, payment("FT2", PRICE));
    let record = rig.stored(too_late).record;
    assert!(matches!(record.state, OrderState::Expired(_)), "{:?}", record.state);
    assert_eq!((record.applied.get(), record.refunds_due().get()), (0, PRICE));
    let stock = rig.run.sale.drops[&DropId(1)].state.stock();
    assert_eq!((stock.available, stock.sold), (1, 1));
    rig.verified();
}

#[test]
fn money_entered_as_nobodys_and_then_reported_is_given_to_the_order_it_was_for() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(NO_ORDER, on_statement("FT9", PRICE));
    let seq = rig.row_of(RowKind::PaymentUnmatched);
    rig.command(order, payment("FT9", PRICE));
    assert_eq!(rig.give(seq, order), Ok(()));
    assert_eq!(rig.stored(order).record.state, OrderState::Paid { late: false });
    assert_eq!(rig.command(order, payment("FT9", PRICE)), Outcome::Unchanged);
    assert_eq!(rig.stored(order).record.refunds_due(), Vnd::ZERO);
    rig.verified();
}

#[test]
fn a_payment_keeps_the_account_that_received_it_for_an_order_and_for_none() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let on = |reference: &str, received_by: &str| match payment(reference, 60) {
        Command::Payment(payment) => Command::Payment(Payment { account: Some(received_by.into()), ..payment }),
        other => other,
    };
    rig.command(order, on("FT1", "113366668888"));
    rig.command(OrderCode(5), on("FT2", "0071000999999"));
    let rig = rig.restart();
    assert_eq!(rig.stored(order).record.payments[0].account.as_deref(), Some("113366668888"));
    let unmatched = ReadStore::open(rig.folder.path()).unwrap().unmatched_payments().unwrap();
    assert_eq!(unmatched[0].payment.account.as_deref(), Some("0071000999999"));
    rig.verified();
}

#[test]
fn a_report_of_money_says_where_the_money_stands() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let brought = |rig: &mut Rig, order, reference, amount| match rig.ask(about(order, payment(reference, amount))) {
        Reply::Order { money, .. } => money,
        other => panic!("{other:?}"),
    };
    for (reference, amount, place) in [
        ("FT1", PRICE - 1, Some(MoneyPlace::Applied)),
        ("FT1", PRICE - 1, None),
        ("FT1", PRICE, Some(MoneyPlace::Disputed)),
        ("FT2", 5, Some(MoneyPlace::Applied)),
        ("FT3", 5, Some(MoneyPlace::RefundDue)),
    ] {
        assert_eq!(brought(&mut rig, order, reference, amount), place, "{reference} of {amount}");
    }
    assert_eq!(brought(&mut rig, OrderCode(9), "FT4", 5), Some(MoneyPlace::Unmatched));
    // By the late rule it pays although its hold has ended.
    let late = rig.order(2);
    rig.clock.advance(360_000);
    assert_eq!(rig.command(late, Command::EndHold), Outcome::Done);
    assert_eq!(brought(&mut rig, late, "FT5", PRICE), Some(MoneyPlace::Applied));
}
