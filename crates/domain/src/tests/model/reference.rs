//! The model: one record for each order, its transfers, and what is owed back. It follows the rules as people read them,
//! so that it can disagree with the code.

use std::cmp::{max, min};

use crate::{Canceller, Refusal};

pub(super) const PRICE: i64 = 100;
pub(super) const HOLD: i64 = 300_000;
pub(super) const CLOSES: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// The outcome that the model expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReferenceOutcome {
    Placed(usize),
    Replayed(usize),
    Own(usize),
    Done,
    Same,
    No(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReferenceStatus {
    Open,
    Paused,
    Shut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    Bought {
        late: bool,
    },
    Lapsed(Why),
    Called(Canceller),
    /// Cancelled after it was paid, and its units with it.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Unpaid,
    Replaced(usize),
    NotOurLink,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkIs {
    None,
    Asked,
    Made,
    Shut { seen: bool },
    Foreign,
}

/// Where a report of money says that it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    OurLink,
    OtherLink,
    Statement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) via: Via,
    pub(super) reference: u8,
    pub(super) amount: i64,
    /// A webhook only says so; a signed read and a bank statement show it.
    pub(super) shown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReferenceOrderState {
    Counts,
    Apart,
    GivenAway,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pile {
    Owed,
    Listed,
    Out,
    Seen,
    Asked,
    Doubted,
    PaidOut,
    SeenPaidOut,
    Back,
}

#[derive(Clone, Debug)]
pub(super) struct ReferenceOrder {
    pub(super) who: u8,
    pub(super) browser: u8,
    pub(super) units: u32,
    pub(super) phase: Phase,
    pub(super) placed: i64,
    pub(super) deadline: i64,
    pub(super) ended: i64,
    pub(super) uncertain: bool,
    pub(super) link: LinkIs,
    pub(super) pot: i64,
    pub(super) reports: Vec<(Report, ReferenceOrderState)>,
    pub(super) piles: Vec<(i64, Pile)>,
}

#[derive(Clone, Debug)]
pub(super) struct ReferenceModel {
    pub(super) size: u32,
    pub(super) limit: u32,
    pub(super) late: i64,
    pub(super) now: i64,
    pub(super) door: ReferenceStatus,
    pub(super) lines: Vec<ReferenceOrder>,
    pub(super) said: ReferenceOutcome,
}

impl ReferenceOrder {
    pub(super) fn price(&self) -> i64 {
        PRICE * i64::from(self.units)
    }

    pub(super) fn owe(&mut self, amount: i64) {
        if amount > 0 {
            self.piles.push((amount, Pile::Owed));
        }
    }

    pub(super) fn end(&mut self, phase: Phase, now: i64) {
        if self.phase == Phase::Waiting {
            self.ended = now;
        }
        let pot = std::mem::take(&mut self.pot);
        self.owe(pot);
        self.phase = phase;
        self.uncertain = false;
    }
}

impl ReferenceModel {
    fn units(&self, which: impl Fn(&ReferenceOrder) -> bool) -> u32 {
        self.lines.iter().filter(|line| which(line)).map(|line| line.units).sum()
    }

    pub(super) fn held(&self) -> u32 {
        self.units(|line| line.phase == Phase::Waiting)
    }

    pub(super) fn sold(&self) -> u32 {
        self.units(|line| matches!(line.phase, Phase::Bought { .. }))
    }

    pub(super) fn gone(&self) -> u32 {
        self.units(|line| line.phase == Phase::Gone)
    }

    pub(super) fn free(&self) -> u32 {
        self.size - self.held() - self.sold() - self.gone()
    }

    pub(super) fn counted_for(&self, who: u8) -> u32 {
        self.units(|line| line.who == who && matches!(line.phase, Phase::Waiting | Phase::Bought { .. }))
    }

    pub(super) fn waiting(&self, who: u8) -> Option<usize> {
        self.lines.iter().position(|line| line.who == who && line.phase == Phase::Waiting)
    }

    pub(super) fn buy(&mut self, who: u8, browser: u8, units: u32) -> ReferenceOutcome {
        let waiting = self.waiting(who);
        if let Some(own) = waiting.filter(|own| self.lines[*own].browser == browser) {
            let same = self.lines[own].units == units;
            return if same { ReferenceOutcome::Own(own) } else { ReferenceOutcome::No(Refusal::OrderPending) };
        }
        let reasons = [
            (units == 0 || units > self.limit, Refusal::InvalidQuantity),
            (self.door == ReferenceStatus::Paused, Refusal::Paused),
            (self.door == ReferenceStatus::Shut, Refusal::Closed),
            (self.now < 0, Refusal::NotOpenYet),
            (self.now >= CLOSES, Refusal::Closed),
            (self.free() == 0 && self.held() == 0, Refusal::SoldOut),
            (self.free() == 0, Refusal::HeldOut),
            (self.free() < units, Refusal::InsufficientStock),
            (waiting.is_some() || self.counted_for(who) + units > self.limit, Refusal::LimitReached),
        ];
        if let Some((_, refusal)) = reasons.into_iter().find(|(applies, _)| *applies) {
            return ReferenceOutcome::No(refusal);
        }
        self.lines.push(ReferenceOrder {
            who,
            browser,
            units,
            phase: Phase::Waiting,
            placed: self.now,
            deadline: self.now + HOLD,
            ended: 0,
            uncertain: false,
            link: LinkIs::None,
            pot: 0,
            reports: vec![],
            piles: vec![],
        });
        ReferenceOutcome::Placed(self.lines.len() - 1)
    }

    pub(super) fn again(&self, nth: usize, same: bool) -> ReferenceOutcome {
        if same { ReferenceOutcome::Replayed(nth) } else { ReferenceOutcome::No(Refusal::TokenReused) }
    }

    pub(super) fn ask_link(&mut self, nth: usize) -> ReferenceOutcome {
        let now = self.now;
        let line = &mut self.lines[nth];
        match (line.phase, line.link) {
            (Phase::Waiting, LinkIs::Asked) => ReferenceOutcome::Same,
            (Phase::Waiting, LinkIs::None) => {
                let deadline = min(max(line.deadline, now + 3 * MINUTE), line.placed + 2 * HOLD);
                if deadline <= now {
                    return ReferenceOutcome::No(Refusal::LinkNotOwed);
                }
                line.deadline = deadline;
                line.link = LinkIs::Asked;
                ReferenceOutcome::Done
            }
            _ => ReferenceOutcome::No(Refusal::LinkNotOwed),
        }
    }

    pub(super) fn link_made(&mut self, nth: usize) -> ReferenceOutcome {
        let line = &mut self.lines[nth];
        match line.link {
            LinkIs::Asked => {
                line.link = LinkIs::Made;
                ReferenceOutcome::Done
            }
            LinkIs::Made => ReferenceOutcome::Same,
            _ => ReferenceOutcome::No(Refusal::LinkNotOwed),
        }
    }

    pub(super) fn link_conflict(&mut self, nth: usize) -> ReferenceOutcome {
        let now = self.now;
        let line = &mut self.lines[nth];
        if line.link != LinkIs::Asked {
            return ReferenceOutcome::No(Refusal::LinkNotOwed);
        }
        line.link = LinkIs::Foreign;
        if line.phase == Phase::Waiting {
            line.end(Phase::Lapsed(Why::NotOurLink), now);
        }
        ReferenceOutcome::Done
    }

    pub(super) fn link_closed(&mut self, nth: usize, unknown_money: bool) -> ReferenceOutcome {
        let line = &mut self.lines[nth];
        let seen = match line.link {
            LinkIs::Asked => false,
            LinkIs::Made => true,
            _ => return ReferenceOutcome::Same,
        };
        if unknown_money {
            return ReferenceOutcome::No(Refusal::PaymentsMissing);
        }
        line.link = LinkIs::Shut { seen };
        ReferenceOutcome::Done
    }

    pub(super) fn end_hold(&mut self, nth: usize) -> ReferenceOutcome {
        let now = self.now;
        let line = &mut self.lines[nth];
        if line.phase != Phase::Waiting {
            return ReferenceOutcome::Same;
        }
        let over_by = now - line.deadline - MINUTE;
        if over_by < 0 {
            return ReferenceOutcome::No(Refusal::HoldRunning);
        }
        let money_may_come = matches!(line.link, LinkIs::Asked | LinkIs::Made);
        if money_may_come && over_by < 15 * MINUTE {
            let said = if line.uncertain { ReferenceOutcome::Same } else { ReferenceOutcome::Done };
            line.uncertain = true;
            return said;
        }
        line.end(Phase::Lapsed(Why::Unpaid), now);
        ReferenceOutcome::Done
    }

    pub(super) fn cancel(&mut self, nth: usize, browser: u8) -> ReferenceOutcome {
        let now = self.now;
        let line = &mut self.lines[nth];
        if line.browser != browser {
            return ReferenceOutcome::No(Refusal::NotYourOrder);
        }
        match line.phase {
            Phase::Called(Canceller::Shopper) => ReferenceOutcome::Same,
            Phase::Waiting => {
                line.end(Phase::Called(Canceller::Shopper), now);
                ReferenceOutcome::Done
            }
            _ => ReferenceOutcome::No(Refusal::OrderNotPending),
        }
    }

    pub(super) fn call_off(&mut self, nth: usize, restock: bool) -> ReferenceOutcome {
        let now = self.now;
        let line = &mut self.lines[nth];
        match line.phase {
            Phase::Called(Canceller::Operator) | Phase::Gone => return ReferenceOutcome::Same,
            Phase::Lapsed(_) | Phase::Called(Canceller::Shopper) => return ReferenceOutcome::No(Refusal::OrderEnded),
            Phase::Bought { .. } if !restock => line.end(Phase::Gone, now),
            Phase::Bought { .. } | Phase::Waiting => line.end(Phase::Called(Canceller::Operator), now),
        }
        ReferenceOutcome::Done
    }

    pub(super) fn switch(&mut self, to: ReferenceStatus) -> ReferenceOutcome {
        match (self.door, to) {
            (ReferenceStatus::Shut, ReferenceStatus::Shut) => ReferenceOutcome::Same,
            (ReferenceStatus::Shut, _) => ReferenceOutcome::No(Refusal::Closed),
            (was, _) if was == to => ReferenceOutcome::Same,
            _ => {
                self.door = to;
                ReferenceOutcome::Done
            }
        }
    }
}
