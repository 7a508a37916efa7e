//! What a careful clerk would write down: one line per order, its transfers, and what is owed back. Written from the
//! rules as they are told to people, so that it can disagree with the code.

use std::cmp::{max, min};

use crate::{Canceller, Refusal};

pub(super) const PRICE: i64 = 100;
pub(super) const HOLD: i64 = 300_000;
pub(super) const CLOSES: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// What the clerk expects to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Placed(usize),
    Replayed(usize),
    Own(usize),
    Done,
    Same,
    No(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
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
pub(super) enum Standing {
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
    Back,
}

#[derive(Clone, Debug)]
pub(super) struct Line {
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
    pub(super) reports: Vec<(Report, Standing)>,
    pub(super) piles: Vec<(i64, Pile)>,
}

#[derive(Clone, Debug)]
pub(super) struct Books {
    pub(super) size: u32,
    pub(super) limit: u32,
    pub(super) late: i64,
    pub(super) now: i64,
    pub(super) door: Door,
    pub(super) lines: Vec<Line>,
    pub(super) said: Said,
}

impl Line {
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

impl Books {
    fn units(&self, which: impl Fn(&Line) -> bool) -> u32 {
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

    pub(super) fn buy(&mut self, who: u8, browser: u8, units: u32) -> Said {
        let waiting = self.waiting(who);
        if let Some(own) = waiting.filter(|own| self.lines[*own].browser == browser) {
            let same = self.lines[own].units == units;
            return if same { Said::Own(own) } else { Said::No(Refusal::OrderPending) };
        }
        let reasons = [
            (units == 0 || units > self.limit, Refusal::InvalidQuantity),
            (self.door == Door::Paused, Refusal::Paused),
            (self.door == Door::Shut, Refusal::Closed),
            (self.now < 0, Refusal::NotOpenYet),
            (self.now >= CLOSES, Refusal::Closed),
            (self.free() == 0 && self.held() == 0, Refusal::SoldOut),
            (self.free() == 0, Refusal::HeldOut),
            (self.free() < units, Refusal::InsufficientStock),
            (waiting.is_some() || self.counted_for(who) + units > self.limit, Refusal::LimitReached),
        ];
        if let Some((_, refusal)) = reasons.into_iter().find(|(applies, _)| *applies) {
            return Said::No(refusal);
        }
        self.lines.push(Line {
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
        Said::Placed(self.lines.len() - 1)
    }

    pub(super) fn again(&self, nth: usize, same: bool) -> Said {
        if same { Said::Replayed(nth) } else { Said::No(Refusal::TokenReused) }
    }

    pub(super) fn ask_link(&mut self, nth: usize) -> Said {
        let now = self.now;
        let line = &mut self.lines[nth];
        match (line.phase, line.link) {
            (Phase::Waiting, LinkIs::Asked) => Said::Same,
            (Phase::Waiting, LinkIs::None) => {
                let deadline = min(max(line.deadline, now + 3 * MINUTE), line.placed + 2 * HOLD);
                if deadline <= now {
                    return Said::No(Refusal::LinkNotOwed);
                }
                line.deadline = deadline;
                line.link = LinkIs::Asked;
                Said::Done
            }
            _ => Said::No(Refusal::LinkNotOwed),
        }
    }

    pub(super) fn link_made(&mut self, nth: usize) -> Said {
        let line = &mut self.lines[nth];
        match line.link {
            LinkIs::Asked => {
                line.link = LinkIs::Made;
                Said::Done
            }
            LinkIs::Made => Said::Same,
            _ => Said::No(Refusal::LinkNotOwed),
        }
    }

    pub(super) fn link_conflict(&mut self, nth: usize) -> Said {
        let now = self.now;
        let line = &mut self.lines[nth];
        if line.link != LinkIs::Asked {
            return Said::No(Refusal::LinkNotOwed);
        }
        line.link = LinkIs::Foreign;
        if line.phase == Phase::Waiting {
            line.end(Phase::Lapsed(Why::NotOurLink), now);
        }
        Said::Done
    }

    pub(super) fn link_closed(&mut self, nth: usize, unknown_money: bool) -> Said {
        let line = &mut self.lines[nth];
        let seen = match line.link {
            LinkIs::Asked => false,
            LinkIs::Made => true,
            _ => return Said::Same,
        };
        if unknown_money {
            return Said::No(Refusal::PaymentsMissing);
        }
        line.link = LinkIs::Shut { seen };
        Said::Done
    }

    pub(super) fn end_hold(&mut self, nth: usize) -> Said {
        let now = self.now;
        let line = &mut self.lines[nth];
        if line.phase != Phase::Waiting {
            return Said::Same;
        }
        let over_by = now - line.deadline - MINUTE;
        if over_by < 0 {
            return Said::No(Refusal::HoldRunning);
        }
        let money_may_come = matches!(line.link, LinkIs::Asked | LinkIs::Made);
        if money_may_come && over_by < 15 * MINUTE {
            let said = if line.uncertain { Said::Same } else { Said::Done };
            line.uncertain = true;
            return said;
        }
        line.end(Phase::Lapsed(Why::Unpaid), now);
        Said::Done
    }

    pub(super) fn cancel(&mut self, nth: usize, browser: u8) -> Said {
        let now = self.now;
        let line = &mut self.lines[nth];
        if line.browser != browser {
            return Said::No(Refusal::NotYourOrder);
        }
        match line.phase {
            Phase::Called(Canceller::Shopper) => Said::Same,
            Phase::Waiting => {
                line.end(Phase::Called(Canceller::Shopper), now);
                Said::Done
            }
            _ => Said::No(Refusal::OrderNotPending),
        }
    }

    pub(super) fn call_off(&mut self, nth: usize, restock: bool) -> Said {
        let now = self.now;
        let line = &mut self.lines[nth];
        match line.phase {
            Phase::Called(Canceller::Operator) | Phase::Gone => return Said::Same,
            Phase::Lapsed(_) | Phase::Called(Canceller::Shopper) => return Said::No(Refusal::OrderEnded),
            Phase::Bought { .. } if !restock => line.end(Phase::Gone, now),
            Phase::Bought { .. } | Phase::Waiting => line.end(Phase::Called(Canceller::Operator), now),
        }
        Said::Done
    }

    pub(super) fn switch(&mut self, to: Door) -> Said {
        match (self.door, to) {
            (Door::Shut, Door::Shut) => Said::Same,
            (Door::Shut, _) => Said::No(Refusal::Closed),
            (was, _) if was == to => Said::Same,
            _ => {
                self.door = to;
                Said::Done
            }
        }
    }
}
