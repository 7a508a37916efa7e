//! The rules against a second, simpler model of them: after any history both have given the same answers and are in the
//! same state. A disagreement shrinks to the shortest history that shows it.

mod acts;
mod money;
mod reference;

use proptest::prelude::*;
use proptest_state_machine::{StateMachineTest, prop_state_machine};

use self::acts::{Act, ReferenceMachine};
use self::reference::{
    CLOSES, HOLD, LinkIs, PRICE, Phase, Pile, ReferenceModel, ReferenceOrder, ReferenceOrderState, ReferenceOutcome,
    ReferenceStatus, Report, Via, Why,
};
use super::rig::{OPENS_AT, vnd};
use crate::*;

/// The code of the first order; the next one's is one more.
const FIRST: u64 = 1000;

struct Sale {
    state: DropState,
    orders: Vec<OrderRecord>,
    now: Timestamp,
}

fn code(nth: usize) -> OrderCode {
    OrderCode(FIRST + nth as u64)
}

fn at(ms: i64) -> Timestamp {
    OPENS_AT.plus_ms(ms)
}

impl Sale {
    fn purchase(&self, who: u8, browser: u8, quantity: u32) -> Command {
        let mut jti = [0; 16];
        jti[..8].copy_from_slice(&self.orders.len().to_le_bytes());
        Command::Purchase(Purchase {
            order: code(self.orders.len()),
            sub: Sub([who; 16]),
            sid: Sid([browser; 16]),
            jti: Jti(jti),
            quantity,
            quantity_max: 1000,
            region: Region::S01,
            buyer_commit: BuyerCommit([who; 32]),
        })
    }

    fn again(&self, nth: usize, same: bool) -> Command {
        let made = &self.orders[nth];
        let quantity = made.quantity + u32::from(!same);
        Command::Purchase(Purchase {
            order: code(self.orders.len()),
            sub: made.sub,
            sid: made.sid,
            jti: made.jti,
            quantity,
            quantity_max: 1000,
            region: made.region,
            buyer_commit: made.buyer_commit,
        })
    }

    fn payment(&self, report: Report) -> Payment {
        let proof = match (report.via, report.shown) {
            (Via::Statement, _) => Proof::Operator,
            (_, true) => Proof::SignedRead,
            (_, false) => Proof::Webhook,
        };
        let identity = identity(report.via, report.reference);
        Payment { identity, amount: vnd(report.amount), paid_at: self.now, proof, account: None }
    }

    fn command(&self, act: &Act) -> Option<(Option<usize>, Command)> {
        let facts = || LinkFacts { id: "ours".into(), checkout_url: String::new(), bank_transfer: None };
        let about = |nth: usize, command| Some((Some(nth), command));
        match act {
            Act::Buy { who, browser, units } => Some((None, self.purchase(*who, *browser, *units))),
            Act::Again { nth, same } => about(*nth, self.again(*nth, *same)),
            Act::AskLink(nth) => about(*nth, Command::AskLink),
            Act::LinkMade(nth) => about(*nth, Command::LinkMade(facts())),
            Act::LinkConflict(nth) => about(*nth, Command::LinkConflict),
            Act::LinkClosed { nth, unknown_money } => {
                let known = self.orders[*nth].payments.iter().map(|payment| payment.identity.clone());
                let unknown = unknown_money.then(|| PaymentIdentity::new("ours", "never recorded"));
                about(*nth, Command::LinkClosed { payments: known.chain(unknown).collect() })
            }
            Act::Pay(nth, report) => about(*nth, Command::Payment(self.payment(*report))),
            Act::Dispute(nth, report) => about(*nth, Command::Dispute(self.payment(*report))),
            Act::EndHold(nth) => about(*nth, Command::EndHold),
            Act::Cancel { nth, browser } => about(*nth, Command::Cancel { sid: Sid([*browser; 16]) }),
            Act::CallOff { nth, restock } => about(*nth, Command::CancelByOperator { restock: *restock }),
            Act::Refund { nth, number, step } => {
                about(*nth, Command::Refund { number: *number as u32, step: step.clone() })
            }
            Act::Release { nth, via, reference } => {
                about(*nth, Command::ReleasePayment { identity: identity(*via, *reference) })
            }
            Act::Switch(ReferenceStatus::Open) => Some((None, Command::Resume)),
            Act::Switch(ReferenceStatus::Paused) => Some((None, Command::Pause)),
            Act::Switch(ReferenceStatus::Shut) => Some((None, Command::Kill)),
            Act::Wait(_) | Act::Restart => None,
        }
    }

    fn submit(&mut self, nth: Option<usize>, command: &Command) -> Outcome {
        let decision = decide(&self.state, nth.map(|nth| &self.orders[nth]), self.now, command);
        for event in &decision.events {
            let mut placed = None;
            evolve(&mut self.state, &mut placed, event, self.now);
            self.orders.extend(placed);
            for order in &mut self.orders {
                order.evolve(event, self.now);
            }
            self.both_agree(event);
        }
        decision.outcome
    }

    /// The drop in memory and the orders on disk tell the same after every single event.
    fn both_agree(&self, event: &Event) {
        let mut stock = Stock::full(self.state.terms().size);
        for order in &self.orders {
            let pending = self.state.pending(order.order);
            assert_eq!(pending.is_some(), order.state == OrderState::Pending, "{event:?}");
            match order.state {
                OrderState::Pending => stock.held += order.quantity,
                OrderState::Paid { .. } => stock.sold += order.quantity,
                OrderState::Withdrawn => stock.withdrawn += order.quantity,
                OrderState::Expired(_) | OrderState::Cancelled(_) => {}
            }
            if let Some(pending) = pending {
                let told = (pending.sid, pending.pay_by, pending.quantity, pending.money_applied);
                assert_eq!(told, (order.sid, order.pay_by, order.quantity, !order.applied.is_zero()), "{event:?}");
                assert_eq!(self.state.customer(order.sub).pending, Some(order.order), "{event:?}");
            }
        }
        stock.available -= stock.held + stock.sold + stock.withdrawn;
        assert_eq!(self.state.stock(), stock, "{event:?}");
        for (sub, customer) in self.state.customers() {
            let paid = |order: &&OrderRecord| order.sub == sub && matches!(order.state, OrderState::Paid { .. });
            let bought: u32 = self.orders.iter().filter(paid).map(|order| order.quantity).sum();
            assert_eq!(customer.bought, bought, "{event:?}");
        }
    }

    /// As the origin starts: counters and status as stored, then the orders that are not over.
    fn restart(&mut self) {
        let was = &self.state;
        let mut state = DropState::restored(was.terms().clone(), was.status(), was.stock(), self.now);
        for order in &self.orders {
            match order.state {
                OrderState::Pending => {
                    let mut pending = Pending::new(order.order, order.sid, order.quantity, order.pay_by);
                    pending.money_applied = !order.applied.is_zero();
                    state.restore_pending(order.sub, pending);
                }
                OrderState::Paid { .. } => state.restore_bought(order.sub, order.quantity),
                OrderState::Expired(_) | OrderState::Cancelled(_) | OrderState::Withdrawn => {}
            }
        }
        self.state = state;
    }
}

fn identity(via: Via, reference: u8) -> PaymentIdentity {
    let reference = format!("FT{reference}");
    match via {
        Via::OurLink => PaymentIdentity::new("ours", &reference),
        Via::OtherLink => PaymentIdentity::new("other", &reference),
        Via::Statement => PaymentIdentity::on_statement(&reference),
    }
}

impl StateMachineTest for Sale {
    type SystemUnderTest = Self;
    type Reference = ReferenceMachine;

    fn init_test(model: &ReferenceModel) -> Self {
        let terms = Terms {
            drop: DropId(1),
            format: Format::FirstCome,
            size: model.size,
            price: vnd(PRICE),
            opens_at: OPENS_AT,
            closes_at: Some(at(CLOSES)),
            limit_per_customer: model.limit,
            hold_seconds: (HOLD / 1000) as u32,
            late_payment_seconds: (model.late / 1000) as u32,
        };
        Self { state: DropState::created(terms.check().unwrap()), orders: vec![], now: at(model.now) }
    }

    fn apply(mut sale: Self, model: &ReferenceModel, act: Act) -> Self {
        match sale.command(&act) {
            Some((nth, command)) => {
                let outcome = sale.submit(nth, &command);
                assert_eq!(outcome, expected(&sale, model.said), "{act:?}");
            }
            None => {
                sale.now = at(model.now);
                if matches!(act, Act::Restart) {
                    sale.restart();
                }
            }
        }
        sale
    }

    fn check_invariants(sale: &Self, model: &ReferenceModel) {
        let stock = Stock { available: model.free(), held: model.held(), sold: model.sold(), withdrawn: model.gone() };
        assert_eq!(sale.state.stock(), stock);
        assert_eq!(sale.orders.len(), model.lines.len());
        for (order, line) in sale.orders.iter().zip(&model.lines) {
            check_order(order, line);
            let in_time = sale.state.due(sale.now, OrderCode(0)).any(|due| due == order.order);
            assert_eq!(in_time, line.phase == Phase::Waiting && line.deadline <= model.now, "{order:?}");
        }
    }
}

fn expected(sale: &Sale, said: ReferenceOutcome) -> Outcome {
    let receipt = |nth: usize| {
        let OrderRecord { order, quantity, amount, ordered_at, .. } = sale.orders[nth];
        Receipt { order, quantity, amount, ordered_at }
    };
    match said {
        ReferenceOutcome::Placed(nth) => Outcome::Placed(receipt(nth)),
        ReferenceOutcome::Replayed(nth) => Outcome::Replayed(receipt(nth)),
        ReferenceOutcome::Own(nth) => Outcome::Own(code(nth)),
        ReferenceOutcome::Done => Outcome::Done,
        ReferenceOutcome::Same => Outcome::Unchanged,
        ReferenceOutcome::No(refusal) => Outcome::Refused(refusal),
    }
}

fn check_order(order: &OrderRecord, line: &ReferenceOrder) {
    let state = match line.phase {
        Phase::Waiting => OrderState::Pending,
        Phase::Bought { late } => OrderState::Paid { late },
        Phase::Lapsed(Why::Unpaid) => OrderState::Expired(ExpiryReason::Unpaid),
        Phase::Lapsed(Why::Replaced(by)) => OrderState::Expired(ExpiryReason::Superseded { by: code(by) }),
        Phase::Lapsed(Why::NotOurLink) => OrderState::Expired(ExpiryReason::LinkConflict),
        Phase::Called(by) => OrderState::Cancelled(by),
        Phase::Gone => OrderState::Withdrawn,
    };
    assert_eq!(order.state, state, "{order:?}");
    let link = match order.link {
        Link::NotAsked => LinkIs::None,
        Link::Asked => LinkIs::Asked,
        Link::Made(_) => LinkIs::Made,
        Link::Closed(ref facts) => LinkIs::Shut { seen: facts.is_some() },
        Link::Conflict => LinkIs::Foreign,
    };
    assert_eq!(link, line.link, "{order:?}");
    assert_eq!((order.pay_by, order.settling), (at(line.deadline), line.uncertain), "{order:?}");
    assert_eq!(order.applied.get(), line.pot, "{order:?}");
    let piles: Vec<(i64, Pile)> =
        order.refunds.iter().map(|refund| (refund.amount.get(), pile(refund.state))).collect();
    assert_eq!(piles, line.piles, "{order:?}");
    assert_eq!(order.payments.len(), line.reports.len(), "{order:?}");
    for (payment, (report, standing)) in order.payments.iter().zip(&line.reports) {
        assert_eq!(payment.identity, identity(report.via, report.reference));
        let stands = match payment.state {
            PaymentState::Counted => ReferenceOrderState::Counts,
            PaymentState::Disputed => ReferenceOrderState::Apart,
            PaymentState::Released => ReferenceOrderState::GivenAway,
        };
        assert_eq!(
            (payment.amount.get(), stands, payment.settled),
            (report.amount, *standing, report.shown),
            "{order:?}"
        );
    }
}

fn pile(state: RefundState) -> Pile {
    match state {
        RefundState::Due => Pile::Owed,
        RefundState::Batched { .. } => Pile::Listed,
        RefundState::Paying { .. } => Pile::Asked,
        RefundState::Doubted { .. } => Pile::Doubted,
        RefundState::Sent { by: SentBy::List { .. } } => Pile::Out,
        RefundState::Sent { by: SentBy::Payout { .. } } => Pile::PaidOut,
        RefundState::Confirmed { by: SentBy::List { .. } } => Pile::Seen,
        RefundState::Confirmed { by: SentBy::Payout { .. } } => Pile::SeenPaidOut,
        RefundState::Void => Pile::Back,
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 40_000, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_agree_with_the_model_after_any_history(sequential 1..60 => Sale);
}
