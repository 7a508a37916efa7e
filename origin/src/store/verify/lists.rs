//! Lists of transfers: the ledger tells the lines of one list after the other, and each is compared when the next begins.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use domain::Vnd;
use engine::RefundId;
use ledger::AccountCommit;

use crate::store::refunds;
use crate::store::sqlite::Db;

/// `None` on a list of an earlier release.
type Line = (Vnd, Option<AccountCommit>);

#[derive(Default)]
pub(super) struct Lists {
    last: u64,
    lines: BTreeMap<RefundId, Line>,
    pub(super) of_orders: i64,
    pub(super) of_unmatched: i64,
}

impl Lists {
    /// Puts a refund on a list. Lists are numbered one after the other, without a gap.
    pub(super) fn add(&mut self, db: &Db, batch: u64, refund: RefundId, line: Line) -> Result<()> {
        if batch.checked_sub(1) == Some(self.last) {
            self.compare(db)?;
            self.last = batch;
        }
        ensure!(batch > 0 && batch == self.last, "list {batch} of transfers comes after list {}", self.last);
        ensure!(self.lines.insert(refund, line).is_none(), "a refund is on list {batch} twice");
        match refund {
            RefundId::Order(..) => self.of_orders += 1,
            RefundId::Unmatched(_) => self.of_unmatched += 1,
        }
        Ok(())
    }

    /// Compares the last list.
    pub(super) fn compare(&mut self, db: &Db) -> Result<()> {
        let list = self.last;
        let stored = refunds::transfers(db, list)
            .with_context(|| format!("refund_transfers, unmatched_transfers: list {list} cannot be read"))?;
        for transfer in stored {
            let table = table(transfer.refund);
            let line = (transfer.amount, transfer.destination.commit());
            let told = self.lines.remove(&transfer.refund);
            ensure!(told.is_some(), "{table}: list {list} has {}, the ledger does not", name(transfer.refund));
            let equal = told == Some(line);
            ensure!(equal, "{table}: list {list} has {} otherwise than the ledger says", name(transfer.refund));
        }
        if let Some((refund, _)) = self.lines.pop_first() {
            let table = table(refund);
            bail!("{table}: list {list} lacks {}, which the ledger has", name(refund));
        }
        Ok(())
    }
}

fn table(refund: RefundId) -> &'static str {
    match refund {
        RefundId::Order(..) => "refund_transfers",
        RefundId::Unmatched(_) => "unmatched_transfers",
    }
}

pub(super) fn name(refund: RefundId) -> String {
    match refund {
        RefundId::Order(order, number) => format!("refund {number} of order {order}"),
        RefundId::Unmatched(seq) => format!("the unmatched payment of row {seq}"),
    }
}
