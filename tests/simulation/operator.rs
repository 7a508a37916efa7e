//! The people of the merchant: they pause and kill, cancel orders, send money back, and give stray money a home.

use domain::{Command, OrderCode, PaymentState, RefundStep};

use crate::origin::{Answer, Lane, Ticket, What, on_statement};
use crate::payos::vnd;
use crate::queue::Happening;
use crate::world::World;

const MINUTE: i64 = 60_000;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
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
}

/// A refund on a list of transfers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) order: OrderCode,
    pub(crate) number: u32,
}

#[derive(Default)]
pub(crate) struct Operator {
    listed: Vec<Listed>,
}

impl World {
    pub(crate) fn operator_plans(&mut self) {
        if self.chance(0.2) {
            let (from, ms) = (self.rng.i64(0..10 * MINUTE), self.rng.i64(1_000..5 * MINUTE));
            self.after(from, Happening::Operator(Deed::Pause));
            self.after(from + ms, Happening::Operator(Deed::Resume));
        }
        if self.chance(0.08) {
            let ms = self.rng.i64(0..40 * MINUTE);
            self.after(ms, Happening::Operator(Deed::Kill));
        }
        if self.chance(0.5) {
            for _ in 0..self.rng.usize(1..12) {
                let deed = [Deed::CancelAnOrder, Deed::MoveMoney, Deed::DecideUnmatched, Deed::RecordFromStatement]
                    [self.rng.usize(0..4)];
                let ms = if self.rng.bool() { self.rng.i64(0..60 * MINUTE) } else { self.rng.i64(0..1_500 * MINUTE) };
                self.after(ms, Happening::Operator(deed));
            }
        }
        for _ in 0..self.rng.usize(0..4) {
            let ms = self.rng.i64(5 * MINUTE..1_500 * MINUTE);
            self.after(ms, Happening::Operator(Deed::Export));
        }
    }

    pub(crate) fn operator_does(&mut self, deed: Deed) {
        let control = Lane::Control;
        match deed {
            Deed::Pause => self.ask(control, What::Drop(Command::Pause), Ticket::Nobody),
            Deed::Resume => self.ask(control, What::Drop(Command::Resume), Ticket::Nobody),
            Deed::Kill => self.ask(control, What::Drop(Command::Kill), Ticket::Nobody),
            Deed::Export => {
                self.ask(control, What::Export, Ticket::Nobody);
                // Somebody's own list, made by hand from an old page.
                if let Some(order) = self.any_order() {
                    let command = Command::Refund { number: 1, step: RefundStep::Batch { batch: 2 } };
                    self.ask_order(control, order, command, Ticket::Nobody);
                }
            }
            Deed::CancelAnOrder => {
                if let Some(order) = self.any_order() {
                    let restock = self.rng.bool();
                    self.ask_order(control, order, Command::CancelByOperator { restock }, Ticket::Nobody);
                }
            }
            Deed::Send { transfer } => {
                self.oracle.bank_sends(self.operator.listed[transfer]);
                self.refund_sent(transfer);
            }
            Deed::Confirm { transfer } => self.refund_step(transfer, RefundStep::Confirm, Ticket::Nobody),
            Deed::Fail { transfer } => {
                let listed = self.operator.listed[transfer];
                self.oracle.bank_takes_back(listed);
                self.refund_step(transfer, RefundStep::Fail { reason: "closed".into() }, Ticket::Nobody);
            }
            Deed::MoveMoney => self.move_money(),
            Deed::DecideUnmatched => self.decide_unmatched(),
            Deed::RecordFromStatement => self.record_from_statement(),
        }
    }

    /// A list was exported; it is on disk, whoever heard of it. Each transfer goes its own way.
    pub(crate) fn transfers_listed(&mut self, listed: Vec<Listed>) {
        for transfer in listed {
            let number = self.operator.listed.len();
            self.operator.listed.push(transfer);
            let ms = self.rng.i64(0..60 * MINUTE);
            match self.rng.u8(0..10) {
                0 => {}
                1 => self.after(ms, Happening::Operator(Deed::Fail { transfer: number })),
                2..10 => self.after(ms, Happening::Operator(Deed::Send { transfer: number })),
                10.. => unreachable!("drawn below ten"),
            }
        }
    }

    fn refund_sent(&mut self, transfer: usize) {
        let step = RefundStep::Sent { bank_reference: String::new() };
        self.refund_step(transfer, step, Ticket::Refund { transfer });
    }

    fn refund_step(&mut self, transfer: usize, step: RefundStep, from: Ticket) {
        let Listed { order, number, .. } = self.operator.listed[transfer];
        self.ask_order(Lane::Control, order, Command::Refund { number, step }, from);
    }

    /// Whether the bank's answer was recorded decides what the operator does next.
    pub(crate) fn refund_step_answered(&mut self, transfer: usize, answer: &Answer) {
        match answer {
            Answer::Lost | Answer::Unavailable => {
                self.after(30_000, Happening::Operator(Deed::Send { transfer }));
            }
            Answer::Outcome(_) => {
                let ms = self.rng.i64(0..60 * MINUTE);
                match self.rng.u8(0..4) {
                    0 => {}
                    1 => self.after(ms, Happening::Operator(Deed::Fail { transfer })),
                    2.. => self.after(ms, Happening::Operator(Deed::Confirm { transfer })),
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
            let identity = payment.identity.clone();
            self.ask(Lane::Control, What::Move { from, identity, to }, Ticket::Nobody);
        }
    }

    fn decide_unmatched(&mut self) {
        let count = self.origin.disk.unmatched.len();
        if count > 0 {
            let unmatched = self.rng.usize(0..count);
            let to = if self.rng.bool() { self.any_order() } else { None };
            self.ask(Lane::Control, What::Assign { unmatched, to }, Ticket::Nobody);
        }
    }

    /// The statement shows a transfer; the operator knows its order, or does not.
    fn record_from_statement(&mut self) {
        let count = self.payos.transfers.len();
        if count == 0 {
            return;
        }
        let transfer = self.payos.transfers[self.rng.usize(0..count)].clone();
        let order = if self.rng.bool() { transfer.order } else { OrderCode(0) };
        let payment = domain::Payment {
            identity: transfer.identity,
            amount: vnd(transfer.amount),
            paid_at: domain::Timestamp(transfer.at),
            proof: domain::Proof::Operator,
        };
        self.ask_order(Lane::Control, order, Command::Payment(on_statement(&payment)), Ticket::Nobody);
    }
}
