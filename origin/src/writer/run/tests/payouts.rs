use engine::{PayoutLimits, PayoutRefused, PayoutRequest, PayoutStep, RefundTransfer};

use super::*;

const LIMITS: PayoutLimits = PayoutLimits { refund_max: vnd(200), day_max: vnd(300), two_operators_above: vnd(100) };
const DAY_MS: i64 = 24 * 3_600_000;

const fn vnd(amount: i64) -> Vnd {
    match Vnd::new(amount) {
        Some(amount) => amount,
        None => panic!("an amount"),
    }
}

impl Rig {
    /// An order of boots that ended with this much owed back to an account.
    fn owes(&mut self, who: u8, amount: i64) -> RefundId {
        let order = self.order_in_boots(who);
        self.command(order, Command::Cancel { sid: Sid([who; 16]) });
        self.command_from(order, payment(&format!("FT{who}"), amount), Some(account("11")));
        RefundId::Order(order, 1)
    }

    fn pays_out(&mut self, refund: RefundId, attempt: u32) -> Result<(), PayoutRefused> {
        self.pays_out_to(refund, attempt, account("11"))
    }

    pub(super) fn pays_out_to(&mut self, refund: RefundId, attempt: u32, to: Destination) -> Result<(), PayoutRefused> {
        let request = self.payout(refund, attempt, to);
        match self.ask(Request::BeginPayout(Box::new(request))) {
            Reply::Payout(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn payout(&self, refund: RefundId, attempt: u32, destination: Destination) -> PayoutRequest {
        let store = ReadStore::open(self.folder.path()).unwrap();
        let amount = match refund {
            RefundId::Order(order, number) => {
                let record = store.load_order(order).unwrap().unwrap().record;
                record.refunds.iter().find(|refund| refund.number == number).unwrap().amount
            }
            RefundId::Unmatched(seq) => {
                let found = store.unmatched_payments().unwrap().into_iter().find(|found| found.seq == seq);
                found.unwrap().payment.amount
            }
        };
        let transfer = RefundTransfer { refund, amount, destination };
        let body = format!("attempt {attempt}").into_bytes();
        PayoutRequest { transfer, attempt, body, limits: LIMITS, operator: String::new() }
    }

    pub(super) fn payout_goes_on(&mut self, refund: RefundId, attempt: u32, step: RefundStep) -> Result<(), Refusal> {
        match self.ask(Request::PayoutStep(PayoutStep { refund, attempt, step })) {
            Reply::PayoutStep(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn approves(&mut self, refund: RefundId, operator: &str) -> Result<usize, Refusal> {
        match self.ask(Request::ApproveRefund { refund, operator: operator.into() }) {
            Reply::Approved(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn pauses_payouts(&mut self, pause: bool) -> bool {
        match self.ask(Request::PausePayouts { pause, operator: "an".into() }) {
            Reply::Paused(changed) => changed,
            other => panic!("{other:?}"),
        }
    }

    fn state(&self, refund: RefundId) -> Option<RefundState> {
        ReadStore::open(self.folder.path()).unwrap().refund_state(refund).unwrap()
    }
}

fn rig() -> Rig {
    let mut rig = Rig::start();
    rig.create_drop("boot", 20);
    rig
}

fn failed() -> RefundStep {
    RefundStep::Fail { reason: "closed".into() }
}

#[test]
fn the_whole_way_of_a_payout_is_stored_and_verifies() {
    let mut rig = rig();
    let refund = rig.owes(1, 60);
    rig.pays_out(refund, 1).unwrap();
    rig.payout_goes_on(refund, 1, failed()).unwrap();
    rig.pays_out(refund, 2).unwrap();
    rig = rig.restart();
    assert_eq!(rig.state(refund), Some(RefundState::Paying { attempt: 2 }));
    let stored = ReadStore::open(rig.folder.path()).unwrap().payout(refund, 2).unwrap().unwrap();
    assert_eq!((stored.payout.body, stored.begun_at), (b"attempt 2".to_vec(), rig.clock.now()));
    rig.payout_goes_on(refund, 2, RefundStep::Sent { bank_reference: "FT7".into() }).unwrap();
    let by = SentBy::Payout { attempt: 2 };
    assert_eq!(rig.state(refund), Some(RefundState::Sent { by }));
    rig.verified();
    rig.payout_goes_on(refund, 2, RefundStep::Confirm).unwrap();
    assert_eq!(rig.state(refund), Some(RefundState::Confirmed { by }));
    rig.verified();
}

#[test]
fn a_refund_is_paid_out_once_or_is_on_one_list() {
    let mut rig = rig();
    let (first, second) = (rig.owes(1, 60), rig.owes(2, 60));
    let twice = [1, 1].map(|attempt| Request::BeginPayout(Box::new(rig.payout(first, attempt, account("11")))));
    let [begun, again] = rig.batch(twice);
    assert!(matches!((begun, again), (Reply::Payout(Ok(())), Reply::Payout(Err(PayoutRefused::NotDue)))));
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(second, "11".to_owned())], "a list takes what is due alone");
    assert_eq!(rig.pays_out(second, 1), Err(PayoutRefused::NotDue));
    rig.verified();
}

#[test]
fn a_step_belongs_to_its_attempt() {
    let mut rig = rig();
    let refund = rig.owes(1, 60);
    assert_eq!(rig.pays_out(refund, 2), Err(PayoutRefused::OtherAttempt));
    rig.pays_out(refund, 1).unwrap();
    rig.payout_goes_on(refund, 1, failed()).unwrap();
    assert_eq!(rig.pays_out(refund, 1), Err(PayoutRefused::OtherAttempt), "its reference was used");
    rig.pays_out(refund, 2).unwrap();
    assert_eq!(rig.payout_goes_on(refund, 1, failed()), Err(Refusal::RefundNotThere));
    assert_eq!(rig.state(refund), Some(RefundState::Paying { attempt: 2 }));
}

#[test]
fn an_operator_cannot_decide_about_a_payout_that_is_under_way() {
    let mut rig = rig();
    let refund = rig.owes(1, 60);
    let RefundId::Order(order, number) = refund else { panic!("an order's refund") };
    rig.pays_out(refund, 1).unwrap();
    for step in [failed(), RefundStep::Sent { bank_reference: "FT7".into() }] {
        let refused = Outcome::Refused(Refusal::PayoutUnderWay);
        assert_eq!(rig.command(order, Command::Refund { number, step }), refused);
    }
    rig.payout_goes_on(refund, 1, RefundStep::Doubt(domain::Doubt::NoAnswer)).unwrap();
    assert_eq!(rig.command(order, Command::Refund { number, step: failed() }), Outcome::Done);
}

#[test]
fn money_that_named_no_order_is_paid_out_too() {
    let mut rig = rig();
    rig.command_from(OrderCode(5), payment("FT20", 60), Some(account("11")));
    let seq = ReadStore::open(rig.folder.path()).unwrap().unmatched_payments().unwrap()[0].seq;
    let about = |step| Request::Unmatched(UnmatchedRequest { seq, step, destination: None, operator: "an".into() });
    rig.ask(about(UnmatchedStep::OweBack));
    let refund = RefundId::Unmatched(seq);
    rig.pays_out(refund, 1).unwrap();
    let by_hand = rig.ask(about(UnmatchedStep::Refund(failed())));
    assert!(matches!(by_hand, Reply::Moved(Err(MoveRefused::ByTheRules(Refusal::PayoutUnderWay)))), "{by_hand:?}");
    rig.payout_goes_on(refund, 1, RefundStep::Doubt(domain::Doubt::Reversed)).unwrap();
    rig.verified();
    rig.ask(about(UnmatchedStep::Refund(RefundStep::Sent { bank_reference: "FT7".into() })));
    assert_eq!(rig.state(refund), Some(RefundState::Sent { by: SentBy::Payout { attempt: 1 } }));
    rig.verified();
}

#[test]
fn money_goes_only_to_the_account_that_is_given_now() {
    let mut rig = rig();
    let refund = rig.owes(1, 60);
    let RefundId::Order(order, _) = refund else { panic!("an order's refund") };
    assert_eq!(rig.pays_out_to(refund, 1, account("12")), Err(PayoutRefused::DestinationChanged));
    rig.ask(Request::SetDestination { order, destination: account("12"), operator: String::new() });
    for to in ["11", "12"] {
        let refused = rig.pays_out_to(refund, 1, account(to));
        assert_eq!(refused, Err(PayoutRefused::DestinationChanged), "a changed account waits a day");
    }
    rig.clock.advance(DAY_MS);
    rig.pays_out_to(refund, 1, account("12")).unwrap();
    rig.verified();
}

#[test]
fn the_limits_of_a_refund_and_of_a_day_hold() {
    let mut rig = rig();
    let large = rig.owes(1, 201);
    assert_eq!(rig.pays_out(large, 1), Err(PayoutRefused::AboveRefundMax));
    for who in 2..=4 {
        let refund = rig.owes(who, 100);
        rig.pays_out(refund, 1).unwrap();
        rig.payout_goes_on(refund, 1, failed()).unwrap();
    }
    let next = rig.owes(5, 1);
    assert_eq!(rig.pays_out(next, 1), Err(PayoutRefused::AboveDayMax), "failed ones count too");
    // The day in Vietnam ends at 17:00 UTC.
    let begun = rig.clock.now().0;
    rig.clock.advance((begun + 7 * 3_600_000).div_euclid(DAY_MS) * DAY_MS + 17 * 3_600_000 - 1 - begun);
    assert_eq!(rig.pays_out(next, 1), Err(PayoutRefused::AboveDayMax));
    rig.clock.advance(1);
    rig.pays_out(next, 1).unwrap();
}

#[test]
fn a_large_refund_needs_two_operators_who_approve_the_same_account() {
    let mut rig = rig();
    let refund = rig.owes(1, 101);
    let RefundId::Order(order, _) = refund else { panic!("an order's refund") };
    let needs = |approved_by| Err(PayoutRefused::NeedsApproval { approved_by });
    assert_eq!(rig.pays_out(refund, 1), needs(0));
    assert_eq!(rig.approves(refund, "an"), Ok(1));
    assert_eq!(rig.approves(refund, "an"), Ok(1), "one person is one");
    assert_eq!(rig.pays_out(refund, 1), needs(1));
    rig.ask(Request::SetDestination { order, destination: account("12"), operator: String::new() });
    rig.clock.advance(DAY_MS);
    assert_eq!(rig.approves(refund, "binh"), Ok(1), "another account needs both again");
    assert_eq!(rig.pays_out_to(refund, 1, account("12")), needs(1));
    assert_eq!(rig.approves(refund, "an"), Ok(2));
    rig.verified();
    rig.pays_out_to(refund, 1, account("12")).unwrap();
    assert_eq!(rig.approves(refund, "chi"), Err(Refusal::RefundNotThere));
}

#[test]
fn nothing_begins_while_payouts_are_paused_also_after_a_restart() {
    let mut rig = rig();
    let refund = rig.owes(1, 60);
    assert!(rig.pauses_payouts(true));
    assert!(!rig.pauses_payouts(true));
    rig = rig.restart();
    assert_eq!(rig.pays_out(refund, 1), Err(PayoutRefused::Paused));
    rig.verified();
    let resume = Request::PausePayouts { pause: false, operator: "an".into() };
    let begin = Request::BeginPayout(Box::new(rig.payout(refund, 1, account("11"))));
    let [_, begun] = rig.batch([resume, begin]);
    assert!(matches!(begun, Reply::Payout(Ok(()))), "{begun:?}");
    rig.verified();
}
