//! Destinations that an earlier release stored: the first start of this one binds them to the ledger.

use anyhow::{Context, Result, ensure};
use domain::{OrderCode, Timestamp};
use engine::{Changes, GivenDestination, Payer, Salt};
use ledger::{Entry, Fact, GivenAccount};

use super::WriteStore;

/// Draws a salt for each destination that has none, and records its digest. All of them in one batch, and only while the
/// ledger has no digest: later a destination without salt is one that was changed.
pub(super) fn bind_old(store: &mut WriteStore, now: Timestamp) -> Result<()> {
    let payers = store.db.prepare(
        "SELECT order_code, NULL FROM refund_destinations WHERE salt IS NULL
         UNION ALL SELECT NULL, seq FROM unmatched_destinations WHERE salt IS NULL",
    )?;
    let payers = payers.rows((), |row| {
        Ok(match row.get::<Option<i64>>(0)? {
            Some(order) => Payer::Order(OrderCode(order.cast_unsigned())),
            None => Payer::Unmatched(row.get(1)?),
        })
    })?;
    if payers.is_empty() {
        return Ok(());
    }
    let bound: i64 = store.db.value(
        "SELECT count(*) FROM ledger
         WHERE kind IN ('refund_destination_given', 'unmatched_destination_given') AND version > 1",
    )?;
    ensure!(bound == 0, "a destination of refunds has no salt: run `dropgate verify`");
    let mut changes = Changes::default();
    for payer in payers {
        let (mut destination, usable_at) = store.destinations.of(payer)?.context("a destination vanished")?;
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).context("the system gives no random bytes")?;
        destination.salt = Some(Salt(salt));
        let account = destination.commit().map(|commit| GivenAccount { commit, usable_at });
        let (drop, fact) = match payer {
            Payer::Order(order) => {
                let drop = store.reads.load(order)?.map(|stored| stored.record.drop);
                (drop, Fact::RefundDestinationGiven { order, account })
            }
            Payer::Unmatched(payment) => (None, Fact::UnmatchedDestinationGiven { payment, account }),
        };
        changes.destinations.push(GivenDestination { payer, destination, usable_at });
        changes.entries.push(Entry { drop, operator: String::new(), fact });
    }
    let at = now.max(store.head().at);
    store.commit(at, &changes)
}
