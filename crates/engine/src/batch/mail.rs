//! What is recorded about mail to buyers.

use anyhow::Result;
use domain::OrderCode;
use ledger::{Entry, Fact};

use super::Batch;
use crate::Records;

impl<R: Records> Batch<'_, R> {
    /// Whether the mail is owed: there is such an order, and it had few of them today.
    pub(super) fn ask_order_link(&mut self, order: OrderCode) -> Result<bool> {
        let now = self.now();
        let Some((record, _)) = self.find(order)? else { return Ok(false) };
        let drop = record.drop;
        if !self.sale.link_mails.take(&order, now) {
            return Ok(false);
        }
        let fact = Fact::OrderLinkAsked { order };
        self.changes.entries.push(Entry { drop: Some(drop), operator: String::new(), fact });
        Ok(true)
    }

    /// Whether there is such an order.
    pub(super) fn record_mail(&mut self, order: OrderCode, fact: Fact, operator: String) -> Result<bool> {
        let Some((record, _)) = self.find(order)? else { return Ok(false) };
        let drop = Some(record.drop);
        self.changes.entries.push(Entry { drop, operator, fact });
        Ok(true)
    }
}
