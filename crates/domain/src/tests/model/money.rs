//! The model's rules of money.

use std::cmp::min;

use super::reference::{
    LinkIs, Phase, Pile, ReferenceModel, ReferenceOrderState, ReferenceOutcome, ReferenceStatus, Report, Via, Why,
};
use crate::{Doubt, RefundStep, Refusal};

impl ReferenceModel {
    pub(super) fn pay(&mut self, nth: usize, report: Report) -> ReferenceOutcome {
        let now = self.now;
        let line = &mut self.lines[nth];
        let named = |known: &Report| known.via == report.via && known.reference == report.reference;
        let same = line.reports.iter_mut().find(|(known, _)| named(known) && known.amount == report.amount);
        if let Some((known, standing)) = same {
            if *standing != ReferenceOrderState::Counts || known.shown || !report.shown {
                return ReferenceOutcome::Same;
            }
            known.shown = true;
            return ReferenceOutcome::Done;
        }
        let in_a_sum = |(known, standing): &(Report, ReferenceOrderState)| {
            known.reference == report.reference && *standing != ReferenceOrderState::Apart
        };
        let counted = line.reports.iter().any(in_a_sum);
        let twin = line.reports.iter().find(|(known, _)| {
            counted
                && (known.via == Via::Statement) != (report.via == Via::Statement)
                && known.reference == report.reference
                && known.amount == report.amount
        });
        if let Some((twin, _)) = twin {
            if twin.via != Via::Statement {
                return ReferenceOutcome::Same;
            }
            line.reports.push((Report { shown: false, ..report }, ReferenceOrderState::Apart));
            return ReferenceOutcome::Done;
        }
        let elsewhere = match line.link {
            LinkIs::Foreign => true,
            LinkIs::Made | LinkIs::Shut { seen: true } => report.via == Via::OtherLink,
            LinkIs::None | LinkIs::Asked | LinkIs::Shut { seen: false } => false,
        };
        if elsewhere && report.via != Via::Statement {
            return ReferenceOutcome::No(Refusal::ForeignLink);
        }
        if line.reports.iter().any(|(known, _)| named(known)) {
            line.reports.push((Report { shown: false, ..report }, ReferenceOrderState::Apart));
            return ReferenceOutcome::Done;
        }
        line.reports.push((report, ReferenceOrderState::Counts));
        match line.phase {
            Phase::Waiting => {
                let used = min(report.amount, line.price() - line.pot);
                line.pot += used;
                if line.pot == line.price() {
                    line.phase = Phase::Bought { late: false };
                    line.ended = now;
                    line.uncertain = false;
                }
                line.owe(report.amount - used);
            }
            Phase::Lapsed(_) => self.pay_late(nth, report.amount),
            Phase::Bought { .. } | Phase::Called(_) | Phase::Gone => line.owe(report.amount),
        }
        ReferenceOutcome::Done
    }

    /// A customer who pays too late still gets the units when no other customer loses by it.
    fn pay_late(&mut self, nth: usize, amount: i64) {
        let line = &self.lines[nth];
        let (who, units, price) = (line.who, line.units, line.price());
        let owed: i64 = line.piles.iter().filter(|(_, pile)| *pile == Pile::Owed).map(|(amount, _)| amount).sum();
        let from_shelf = self.free() >= units && self.counted_for(who) + units <= self.limit;
        let swapped =
            self.waiting(who).filter(|other| self.lines[*other].units == units && self.lines[*other].pot == 0);
        let in_time = self.now <= line.ended + self.late;
        let enough = amount + owed >= price;
        if !enough || !in_time || self.door == ReferenceStatus::Shut || !(from_shelf || swapped.is_some()) {
            self.lines[nth].owe(amount);
            return;
        }
        if let Some(other) = swapped.filter(|_| !from_shelf) {
            let now = self.now;
            self.lines[other].end(Phase::Lapsed(Why::Replaced(nth)), now);
        }
        let line = &mut self.lines[nth];
        for (_, pile) in line.piles.iter_mut().filter(|(_, pile)| *pile == Pile::Owed) {
            *pile = Pile::Back;
        }
        line.phase = Phase::Bought { late: true };
        line.pot = price;
        line.owe(amount + owed - price);
    }

    pub(super) fn dispute(&mut self, nth: usize, report: Report) -> ReferenceOutcome {
        let known = |(known, _): &(Report, ReferenceOrderState)| {
            (known.via, known.reference, known.amount) == (report.via, report.reference, report.amount)
        };
        if self.lines[nth].reports.iter().any(known) {
            return ReferenceOutcome::Same;
        }
        self.lines[nth].reports.push((Report { shown: false, ..report }, ReferenceOrderState::Apart));
        ReferenceOutcome::Done
    }

    pub(super) fn refund(&mut self, nth: usize, number: usize, step: &RefundStep) -> ReferenceOutcome {
        let Some((_, pile)) = self.lines[nth].piles.get_mut(number - 1) else {
            return ReferenceOutcome::No(Refusal::RefundNotThere);
        };
        *pile = match (*pile, step) {
            (Pile::Owed, RefundStep::Batch { .. }) => Pile::Listed,
            (Pile::Listed, RefundStep::Sent { .. }) => Pile::Out,
            (Pile::Out, RefundStep::Confirm) => Pile::Seen,
            (Pile::Owed, RefundStep::Pay { .. }) => Pile::Asked,
            (Pile::Asked, RefundStep::Doubt(_)) => Pile::Doubted,
            (Pile::PaidOut | Pile::SeenPaidOut, RefundStep::Doubt(Doubt::Reversed)) => Pile::Doubted,
            (Pile::Asked | Pile::Doubted, RefundStep::Sent { .. }) => Pile::PaidOut,
            (Pile::PaidOut, RefundStep::Confirm) => Pile::SeenPaidOut,
            (Pile::Listed | Pile::Out | Pile::Asked | Pile::Doubted | Pile::PaidOut, RefundStep::Fail { .. }) => {
                Pile::Owed
            }
            (Pile::Out | Pile::PaidOut, RefundStep::Sent { .. })
            | (Pile::Seen | Pile::SeenPaidOut, RefundStep::Confirm)
            | (Pile::Doubted, RefundStep::Doubt(_)) => return ReferenceOutcome::Same,
            _ => return ReferenceOutcome::No(Refusal::RefundNotThere),
        };
        ReferenceOutcome::Done
    }

    pub(super) fn release(&mut self, nth: usize, via: Via, reference: u8) -> ReferenceOutcome {
        let line = &mut self.lines[nth];
        let counts = |(known, standing): &&mut (Report, ReferenceOrderState)| {
            known.via == via && known.reference == reference && *standing == ReferenceOrderState::Counts
        };
        let Some((report, standing)) = line.reports.iter_mut().find(counts) else {
            return ReferenceOutcome::No(Refusal::NotReleasable);
        };
        let whole = line.piles.iter_mut().find(|(amount, pile)| *pile == Pile::Owed && *amount == report.amount);
        let Some((_, pile)) = whole else {
            return ReferenceOutcome::No(Refusal::NotReleasable);
        };
        *pile = Pile::Back;
        *standing = ReferenceOrderState::GivenAway;
        ReferenceOutcome::Done
    }
}
