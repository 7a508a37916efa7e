//! The state of one refund, and the bank's reference of one that was sent.

use ::ledger::{Fact, RowKind};
use anyhow::Result;
use domain::{Event, RefundState, RefundStep, UnmatchedState, UnmatchedStep};
use engine::RefundId;

use super::ledger;
use super::orders::OrderReader;
use super::sqlite::Db;
use super::unmatched;

/// The bank's reference of a refund that was sent and did not fail. Only for such a refund is the ledger searched: that
/// takes a second for millions of rows.
pub(crate) fn reference(db: &Db, refund: RefundId) -> Result<Option<String>> {
    if !matches!(state(db, refund)?, Some(RefundState::Sent { .. } | RefundState::Confirmed { .. })) {
        return Ok(None);
    }
    let rows = ledger::read_kinds(db, 0, i64::MAX, &[RowKind::RefundSent, RowKind::UnmatchedRefundSent])?;
    Ok(rows.into_iter().rev().find_map(|row| match (row.entry.fact, refund) {
        (Fact::Sale(Event::RefundSent { order, number, bank_reference }), RefundId::Order(of, its)) => {
            ((order, number) == (of, its)).then_some(bank_reference)
        }
        (
            Fact::Unmatched { payment, step: UnmatchedStep::Refund(RefundStep::Sent { bank_reference }) },
            RefundId::Unmatched(seq),
        ) => (payment == seq).then_some(bank_reference),
        _ => None,
    }))
}

pub(crate) fn state(db: &Db, refund: RefundId) -> Result<Option<RefundState>> {
    Ok(match refund {
        RefundId::Order(order, number) => {
            let stored = OrderReader::prepare(db)?.load(order)?;
            stored
                .and_then(|stored| stored.record.refunds.into_iter().find(|refund| refund.number == number))
                .map(|refund| refund.state)
        }
        RefundId::Unmatched(seq) => match unmatched::one(db, seq)?.map(|found| found.state) {
            Some(UnmatchedState::Refund(state)) => Some(state),
            _ => None,
        },
    })
}
