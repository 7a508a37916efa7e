use super::*;

impl Rig {
    /// An order that ended with money owed back.
    fn owing(&mut self, who: u8) -> OrderCode {
        let order = self.order(who);
        self.command(order, Command::Cancel { sid: Sid([who; 16]) });
        self.command(order, payment("FT1", 60));
        order
    }

    fn set_destination(&mut self, order: OrderCode, to: Destination) -> Result<Timestamp, Refusal> {
        match self.ask(Request::SetDestination { order, destination: to, operator: String::new() }) {
            Reply::Destination(reply) => reply,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_whole_way_of_a_refund_is_stored_and_verifies() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command_from(order, payment("FT1", PRICE + 30), Some(account("1")));
    let list = None;
    let steps = [
        (list.clone(), RefundState::Batched { batch: 1 }),
        (Some(RefundStep::Fail { reason: "closed".into() }), RefundState::Due),
        (list, RefundState::Batched { batch: 2 }),
        (Some(RefundStep::Sent { bank_reference: "FT7".into() }), RefundState::Sent { by: SentBy::List { batch: 2 } }),
        (Some(RefundStep::Confirm), RefundState::Confirmed { by: SentBy::List { batch: 2 } }),
    ];
    for (step, state) in steps {
        match step {
            Some(step) => assert_eq!(rig.command(order, Command::Refund { number: 1, step }), Outcome::Done),
            None => assert_eq!(rig.export(), Some(state.batch())),
        }
        assert_eq!(rig.stored(order).record.refunds[0].state, state);
        rig.verified();
    }
}

#[test]
fn released_money_is_stored_as_such_and_verifies() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(order, Command::Cancel { sid: Sid([1; 16]) });
    rig.command(order, payment("FT1", 60));
    let identity = PaymentIdentity::new("link", "FT1");
    assert_eq!(rig.command(order, Command::ReleasePayment { identity }), Outcome::Done);
    let record = rig.stored(order).record;
    assert_eq!(record.payments[0].state, PaymentState::Released);
    assert_eq!(record.refunds[0].state, RefundState::Void);
    rig.verified();
}

#[test]
fn a_refund_goes_on_a_list_once_it_is_known_where_and_on_one_list_only() {
    let mut rig = Rig::start();
    let order = rig.owing(1);
    assert_eq!(rig.export(), None, "its destination is not known");
    let at_once = rig.clock.now();
    assert_eq!(rig.set_destination(order, account("1")), Ok(at_once));
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(RefundId::Order(order, 1), "1".to_owned())]);
    assert_eq!(rig.export(), None, "it is on a list");
    let mut rig = rig.restart();
    let step = RefundStep::Fail { reason: "closed".into() };
    rig.command(order, Command::Refund { number: 1, step });
    assert_eq!(rig.export(), Some(2), "it is due again, and lists are numbered on after a restart");
    assert_eq!(rig.list(1), [(RefundId::Order(order, 1), "1".to_owned())], "a list never changes");
    rig.verified();
}

#[test]
fn two_exports_in_one_batch_make_one_list() {
    let mut rig = Rig::start();
    let order = rig.owing(1);
    rig.set_destination(order, account("1")).unwrap();
    let replies = rig.batch(["an", "binh"].map(|operator| Request::ExportRefunds { operator: operator.into() }));
    assert!(matches!(replies, [Reply::Exported(Some(1)), Reply::Exported(None)]), "{replies:?}");
    assert_eq!(rig.list(1).len(), 1);
    rig.verified();
}

#[test]
fn a_changed_destination_waits_a_day_and_the_same_one_again_does_not() {
    let mut rig = Rig::start();
    let order = rig.owing(1);
    let first = rig.set_destination(order, account("1")).unwrap();
    assert_eq!(rig.set_destination(order, account("1")), Ok(first));
    let changed = rig.set_destination(order, account("2")).unwrap();
    assert_eq!(changed, rig.clock.now().plus_seconds(24 * 3600));
    assert_eq!(rig.export(), None);
    rig.clock.advance(24 * 3_600_000 - 1);
    assert_eq!(rig.export(), None);
    rig.clock.advance(1);
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(RefundId::Order(order, 1), "2".to_owned())]);
}

#[test]
fn nobody_says_where_money_goes_that_is_not_owed() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    assert_eq!(rig.set_destination(order, account("1")), Err(Refusal::NothingOwed));
    assert_eq!(rig.set_destination(OrderCode(5), account("1")), Err(Refusal::OrderNotFound));
}

#[test]
fn the_account_a_bank_named_is_used_until_somebody_says_another() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command_from(order, payment("FT1", PRICE + 5), Some(account("7")));
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(RefundId::Order(order, 1), "7".to_owned())]);
}

#[test]
fn money_that_waits_is_counted_by_kind() {
    let mut rig = Rig::start();
    let order = rig.owing(1);
    rig.command(order, payment("FT1", 61));
    rig.command(OrderCode(5), payment("FT2", 7));
    let waiting = ReadStore::open(rig.folder.path()).unwrap().money_waiting().unwrap();
    assert_eq!((waiting.refunds_due, waiting.refunds_due_amount), (1, 60));
    assert_eq!((waiting.refunds_due_oldest, waiting.unsettled_oldest), (Some(START), Some(START)));
    assert_eq!((waiting.unsettled, waiting.disputed), (1, 1));
    assert_eq!((waiting.unmatched, waiting.unmatched_amount), (1, 7));
}
