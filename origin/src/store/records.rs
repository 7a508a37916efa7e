//! What a batch reads.

use anyhow::Result;
use domain::{OrderCode, Payment, Timestamp, Vnd};
use engine::{Destination, KnownPayment, Payer, Records, RefundId, RefundTransfer, StoredOrder, UnmatchedPayment};
use ledger::{AccountCommit, Fact, RowKind};

use super::WriteStore;

impl Records for WriteStore {
    fn order(&self, order: OrderCode) -> Result<Option<StoredOrder>> {
        self.reads.load(order)
    }

    fn is_unmatched(&self, order: OrderCode, payment: &Payment) -> Result<bool> {
        self.unmatched.is_known(order, payment)
    }

    fn webhooks_kept(&self, digest: [u8; 32]) -> Result<(usize, bool)> {
        self.webhooks.kept(digest)
    }

    fn payments_after(&self, seq: i64) -> Result<Vec<KnownPayment>> {
        const PAYMENTS: [RowKind; 3] = [RowKind::PaymentReceived, RowKind::PaymentDisputed, RowKind::PaymentUnmatched];
        let rows = super::ledger::read_kinds(&self.db, seq, i64::MAX, &PAYMENTS)?;
        Ok(rows.iter().filter_map(|row| KnownPayment::of_fact(row.seq, row.at, &row.entry.fact)).collect())
    }

    fn unmatched(&self, seq: i64) -> Result<Option<UnmatchedPayment>> {
        self.unmatched.by_seq(seq)
    }

    fn fact(&self, seq: i64) -> Result<Option<Fact>> {
        let row = super::ledger::read(&self.db, seq - 1, 1)?.into_iter().find(|row| row.seq == seq);
        Ok(row.map(|row| row.entry.fact))
    }

    fn destination(&self, payer: Payer) -> Result<Option<(Destination, Timestamp)>> {
        self.destinations.of(payer)
    }

    fn refunds_ready(&self, now: Timestamp, max: u32) -> Result<Vec<RefundTransfer>> {
        self.refunds.ready(now, max)
    }

    fn last_payout_attempt(&self, refund: RefundId) -> Result<u32> {
        self.payouts.last_attempt(refund)
    }

    fn paid_out_since(&self, at: Timestamp) -> Result<Vnd> {
        self.payouts.begun_since(at)
    }

    fn payout_approvals(&self, refund: RefundId, account: AccountCommit) -> Result<Vec<String>> {
        self.payouts.approvals(refund, account)
    }

    fn payouts_paused(&self) -> Result<bool> {
        self.payouts.is_paused()
    }
}
