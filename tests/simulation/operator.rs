//! Operators: they pause and kill the drop, cancel orders, send money back, and decide about unmatched money.

use domain::{Command, OrderCode, PaymentState, RefundStep, UnmatchedStep};
use engine::{MovePayment, NO_ORDER, RefundId, Request, TransferOnList, UnmatchedRequest};

use crate::origin::{Answer, DROP, Ticket, on_statement};
use crate::payos::{account, vnd};
use crate::queue::ScheduledEvent;
use crate::world::World;

const MINUTE: i64 = 60_000;
pub(crate) const OPERATOR: &str = "an";

#[derive(Clone, Copy, Debug)]
pub(crate) enum OperatorAction {
    Pause,
    Resume,
    Kill,
    CancelAnOrder,
    /// Puts what is due on a list.
    Export,
    /// Makes one transfer of a list at the bank and says so.
    Send {
        transfer: usize,
    },
    Confirm {
        transfer: usize,
    },
    /// The transfer came back, or never went out.
    Fail {
        transfer: usize,
    },
    MoveMoney,
    DecideUnmatched,
    RecordFromStatement,
    LookAtClock,
    /// Lets the sale go by a wall clock that was this far ahead of it.
    AcceptClock {
        step_ms: i64,
    },
}

/// The number of a list that an operator made by hand.
const HAND_MADE_LIST: u64 = 1_000_000;

#[derive(Default)]
pub(crate) struct Operator {
    /// Refunds on lists of transfers.
    listed: Vec<RefundId>,
}

impl World {
    pub(crate) fn operator_plans(&mut self) {
        if self.chance(0.2) {
            let (from, ms) = (self.rng.i64(0..10 * MINUTE), self.rng.i64(1_000..5 * MINUTE));
            self.after(from, ScheduledEvent::Operator(OperatorAction::Pause));
            self.after(from + ms, ScheduledEvent::Operator(OperatorAction::Resume));
        }
        if self.chance(0.08) {
            let ms = self.rng.i64(0..40 * MINUTE);
            self.after(ms, ScheduledEvent::Operator(OperatorAction::Kill));
        }
        if self.chance(0.5) {
            for _ in 0..self.rng.usize(1..12) {
                let deed = [
                    OperatorAction::CancelAnOrder,
                    OperatorAction::MoveMoney,
                    OperatorAction::DecideUnmatched,
                    OperatorAction::RecordFromStatement,
                ][self.rng.usize(0..4)];
                let ms = if self.rng.bool() { self.rng.i64(0..60 * MINUTE) } else { self.rng.i64(0..1_500 * MINUTE) };
                self.after(ms, ScheduledEvent::Operator(deed));
            }
        }
        for _ in 0..self.rng.usize(0..4) {
            let ms = self.rng.i64(5 * MINUTE..1_500 * MINUTE);
            self.after(ms, ScheduledEvent::Operator(OperatorAction::Export));
        }
    }

    pub(crate) fn operator_does(&mut self, deed: OperatorAction) {
        match deed {
            OperatorAction::Pause => self.ask_drop(Command::Pause),
            OperatorAction::Resume => self.ask_drop(Command::Resume),
            OperatorAction::Kill => self.ask_drop(Command::Kill),
            OperatorAction::Export => {
                // What comes just before an export comes in its batch.
                if self.rng.bool() {
                    self.decide_unmatched();
                }
                self.ask(Request::ExportRefunds { operator: OPERATOR.into() }, Ticket::Unanswered);
                // A list made by hand from an old page.
                if let Some(order) = self.any_order() {
                    let command = Command::Refund { number: 1, step: RefundStep::Batch { batch: HAND_MADE_LIST } };
                    self.ask_order_as_operator(order, command, Ticket::Unanswered);
                }
            }
            OperatorAction::CancelAnOrder => {
                if let Some(order) = self.any_order() {
                    let restock = self.rng.bool();
                    self.ask_order_as_operator(order, Command::CancelByOperator { restock }, Ticket::Unanswered);
                }
            }
            OperatorAction::Send { transfer } => {
                self.oracle.bank_sends(self.operator.listed[transfer]);
                self.refund_sent(transfer);
            }
            OperatorAction::Confirm { transfer } => self.refund_step(transfer, RefundStep::Confirm, Ticket::Unanswered),
            OperatorAction::Fail { transfer } => {
                let listed = self.operator.listed[transfer];
                self.oracle.bank_takes_back(listed);
                self.refund_step(transfer, RefundStep::Fail { reason: "closed".into() }, Ticket::Unanswered);
            }
            OperatorAction::MoveMoney => self.move_money(),
            OperatorAction::DecideUnmatched => self.decide_unmatched(),
            OperatorAction::RecordFromStatement => self.record_from_statement(),
            OperatorAction::LookAtClock => {
                let (step_ms, ms) = (self.clock_step_shown(), self.rng.i64(0..30_000));
                self.after(ms, ScheduledEvent::Operator(OperatorAction::AcceptClock { step_ms }));
            }
            OperatorAction::AcceptClock { step_ms } => {
                self.ask(Request::AcceptClock { step_ms, operator: OPERATOR.into() }, Ticket::Unanswered);
            }
        }
    }

    /// A list was exported and is on disk. Each transfer goes its own way.
    pub(crate) fn transfers_listed(&mut self, listed: Vec<TransferOnList>) {
        for TransferOnList { transfer, .. } in listed {
            let number = self.operator.listed.len();
            self.operator.listed.push(transfer.refund);
            let ms = self.rng.i64(0..60 * MINUTE);
            match self.rng.u8(0..10) {
                0 => {}
                1 => self.after(ms, ScheduledEvent::Operator(OperatorAction::Fail { transfer: number })),
                2..10 => self.after(ms, ScheduledEvent::Operator(OperatorAction::Send { transfer: number })),
                10.. => unreachable!("drawn below ten"),
            }
        }
    }

    fn refund_sent(&mut self, transfer: usize) {
        let step = RefundStep::Sent { bank_reference: String::new() };
        self.refund_step(transfer, step, Ticket::Refund { transfer });
    }

    fn refund_step(&mut self, transfer: usize, step: RefundStep, from: Ticket) {
        match self.operator.listed[transfer] {
            RefundId::Order(order, number) => {
                self.ask_order_as_operator(order, Command::Refund { number, step }, from);
            }
            RefundId::Unmatched(seq) => self.ask_unmatched(seq, UnmatchedStep::Refund(step), from),
        }
    }

    /// Whether the bank's answer was recorded decides what the operator does next.
    pub(crate) fn refund_step_answered(&mut self, transfer: usize, answer: &Answer) {
        match answer {
            Answer::Lost => {
                self.after(30_000, ScheduledEvent::Operator(OperatorAction::Send { transfer }));
            }
            Answer::Reply(_) => {
                let ms = self.rng.i64(0..60 * MINUTE);
                match self.rng.u8(0..4) {
                    0 => {}
                    1 => self.after(ms, ScheduledEvent::Operator(OperatorAction::Fail { transfer })),
                    2.. => self.after(ms, ScheduledEvent::Operator(OperatorAction::Confirm { transfer })),
                }
            }
        }
    }

    fn any_order(&mut self) -> Option<OrderCode> {
        let count = self.origin.disk.orders.len();
        let nth = self.rng.usize(0..count.max(1));
        self.origin.disk.orders.keys().nth(nth).copied()
    }

    fn move_money(&mut self) {
        let (Some(from), Some(to)) = (self.any_order(), self.any_order()) else { return };
        let payments = &self.origin.disk.orders[&from].payments;
        let payment = payments.iter().find(|payment| payment.state == PaymentState::Counted);
        if let Some(payment) = payment {
            let seq = self.origin.disk.row_of_payment(from, &payment.identity);
            self.move_to(seq.expect("a payment that counts has its row"), to);
        }
    }

    fn decide_unmatched(&mut self) {
        let count = self.origin.disk.unmatched.len();
        let nth = self.rng.usize(0..count.max(1));
        let Some(found) = self.origin.disk.unmatched.values().nth(nth) else { return };
        let (seq, named) = (found.seq, found.order);
        let named = self.origin.disk.orders.contains_key(&named).then_some(named);
        match self.rng.u8(0..8) {
            0..3 => {
                if let Some(to) = self.any_order() {
                    self.move_to(seq, to);
                }
            }
            3..5 => {
                if let Some(to) = named {
                    self.move_to(seq, to);
                }
            }
            5 => self.ask_unmatched(seq, UnmatchedStep::Dismiss { reason: "not ours".into() }, Ticket::Unanswered),
            _ => self.ask_unmatched(seq, UnmatchedStep::OweBack, Ticket::Unanswered),
        }
    }

    fn move_to(&mut self, seq: i64, to: OrderCode) {
        let request = MovePayment { seq, to, operator: OPERATOR.into() };
        self.ask(Request::MovePayment(request), Ticket::Unanswered);
    }

    fn ask_unmatched(&mut self, seq: i64, step: UnmatchedStep, from: Ticket) {
        let says_where = step == UnmatchedStep::OweBack && self.rng.bool();
        let destination = says_where.then(|| account("3"));
        let request = UnmatchedRequest { seq, step, destination, operator: OPERATOR.into() };
        self.ask(Request::Unmatched(request), from);
    }

    fn ask_drop(&mut self, command: Command) {
        self.ask(Request::Drop { drop: DROP, command, operator: OPERATOR.into() }, Ticket::Unanswered);
    }

    /// The statement shows a transfer; the operator knows its order, or does not.
    fn record_from_statement(&mut self) {
        let count = self.payos.transfers.len();
        if count == 0 {
            return;
        }
        let transfer = self.payos.transfers[self.rng.usize(0..count)].clone();
        let order = if self.rng.bool() { transfer.order } else { NO_ORDER };
        let payment = domain::Payment {
            identity: transfer.identity,
            amount: vnd(transfer.amount),
            paid_at: domain::Timestamp(transfer.at),
            proof: domain::Proof::Operator,
            account: None,
        };
        self.ask_order_as_operator(order, Command::Payment(on_statement(&payment)), Ticket::Unanswered);
    }
}
