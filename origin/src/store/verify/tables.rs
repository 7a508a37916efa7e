//! The tables that the ledger does not tell row by row, and that there are no others.

use anyhow::{Context, Result, bail, ensure};
use domain::{OrderCode, Timestamp};
use ledger::Head;
use libsql::Row;

use crate::store::StoredClock;
use crate::store::migrate;
use crate::store::outbox;
use crate::store::sqlite::{Db, bytes};

/// Every table that a check here or beside covers. A migration that adds a table adds its check and its name.
const CHECKED: [&str; 25] = [
    "drop_counters",
    "drops",
    "ledger",
    "links",
    "mail_stops",
    "meta",
    "orders",
    "outbox_cursors",
    "outbox_given_up",
    "outbox_retries",
    "payments",
    "payout_approvals",
    "payouts",
    "payouts_paused",
    "products",
    "refund_destinations",
    "refund_transfers",
    "refunds",
    "revoked_tokens",
    "schema_migrations",
    "unmatched_destinations",
    "unmatched_payments",
    "unmatched_transfers",
    "unreadable_webhooks",
    "webhook_endpoints",
];
/// Litestream makes them in the database that it copies. They hold nothing of the sale.
const OF_LITESTREAM: [&str; 2] = ["_litestream_lock", "_litestream_seq"];
/// Order codes of one origin.
const CODES_PER_ORIGIN: u64 = 100_000_000_000_000;

/// The file is whole, and its tables, indexes and nothing else are what this release makes. So no value is of another
/// type than its column, and no trigger changes a row unseen.
pub(super) fn check_schema(db: &Db) -> Result<()> {
    let damage: String = db.value("PRAGMA quick_check(1)")?;
    ensure!(damage == "ok", "the file is damaged: {damage}");
    let fresh = Db::in_memory()?;
    migrate::migrate(&fresh, Timestamp(0), migrate::SALE)?;
    let (found, expected) = (schema(db)?, schema(&fresh)?);
    for [kind, name, sql] in &found {
        let known = expected.iter().find(|known| known[0] == *kind && known[1] == *name);
        let known = known.with_context(|| format!("{kind} {name} is none that this release makes"))?;
        ensure!(known[2] == *sql, "{kind} {name} is made otherwise than this release makes it");
        ensure!(kind != "table" || CHECKED.contains(&name.as_str()), "no check covers table {name}");
    }
    let missing = expected.iter().find(|known| !found.contains(known));
    match missing {
        Some([kind, name, _]) => bail!("{kind} {name} is missing"),
        None => Ok(()),
    }
}

/// Kind, name and text of everything in the database.
fn schema(db: &Db) -> Result<Vec<[String; 3]>> {
    let select = db.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY name")?;
    let mut found = select.rows((), |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
    found.retain(|[_, name, _]: &[String; 3]| !OF_LITESTREAM.contains(&name.as_str()));
    Ok(found)
}

/// A table holds as many rows as the ledger gives. Together with the check of every row that the ledger gives, no row
/// is invented and none is there twice.
pub(super) fn require_count(db: &Db, table: &str, told: i64) -> Result<()> {
    let stored: i64 = db.value(&format!("SELECT count(*) FROM {table}"))?;
    ensure!(stored == told, "{table} holds {stored} rows, the ledger gives {told}");
    Ok(())
}

/// Where the outbox stands is not in the ledger, but it names rows of it.
pub(super) fn check_outbox(db: &Db, head: &Head) -> Result<()> {
    let cursors = db.prepare("SELECT channel, seq FROM outbox_cursors")?;
    for (name, seq) in cursors.rows((), |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))? {
        ensure!(outbox::channel(&name).is_some(), "outbox_cursors: a channel is not known");
        ensure!((0..=head.seq).contains(&seq), "outbox_cursors: {name} has read up to row {seq}, which there is not");
    }
    for (table, at) in [("outbox_retries", "due_at"), ("outbox_given_up", "given_up_at")] {
        check_owed(db, table, at)?;
    }
    Ok(())
}

/// Every row of the table names a row of the ledger that owes its channel something. The channel may not have read it
/// yet when it stopped: what comes before was still under way.
fn check_owed(db: &Db, table: &str, at: &str) -> Result<()> {
    let owed = db.prepare(&format!(
        "SELECT o.channel, o.seq, o.attempt, o.{at}, l.kind FROM {table} o LEFT JOIN ledger l ON l.seq = o.seq"
    ))?;
    owed.each((), |row| {
        let (name, seq): (String, i64) = (row.get(0)?, row.get(1)?);
        let (attempt, at): (i64, i64) = (row.get(2)?, row.get(3)?);
        let kind: Option<String> = row.get(4)?;
        let channel = outbox::channel(&name).with_context(|| format!("{table}: a channel is not known"))?;
        let owes = kind.is_some_and(|kind| channel.rows.iter().any(|owing| owing.as_str() == kind));
        ensure!(owes, "{table}: row {seq} owes {name} nothing");
        let possible = (0..=i64::from(u32::MAX)).contains(&attempt) && at >= 0;
        ensure!(possible, "{table}: try {attempt} of row {seq} for {name} at {at} is none");
        Ok(())
    })
}

/// The origin is the one whose codes the ledger has, and the secrets have their sizes.
pub(super) fn check_meta(db: &Db) -> Result<()> {
    let last = db.prepare("SELECT source FROM ledger ORDER BY seq DESC LIMIT 1")?;
    let source: Option<u64> = last.first((), |row| Ok(row.get::<i64>(0)?.cast_unsigned()))?;
    let rows = db.prepare("SELECT key, value FROM meta")?;
    let mut found = 0;
    rows.each((), |row| {
        let key: String = row.get(0)?;
        found += 1;
        check_meta_row(row, &key, source).with_context(|| format!("meta: {key:?} is not as it must be"))
    })?;
    ensure!(found == 4, "meta holds {found} keys instead of 4");
    Ok(())
}

/// `source` is the first order code of the start that wrote the last row.
fn check_meta_row(row: &Row, key: &str, source: Option<u64>) -> Result<()> {
    match key {
        "description_salt" => bytes::<16>(row, 1).map(drop),
        "origin_no" => {
            let [origin] = bytes(row, 1)?;
            ensure!(OrderCode::from_parts(origin, 0).is_some(), "origin {origin} is none");
            let told = source.map(|source| source / CODES_PER_ORIGIN);
            ensure!(told.is_none_or(|told| told == u64::from(origin)), "the ledger is of another origin");
            Ok(())
        }
        "started_at" => bytes::<8>(row, 1).map(drop),
        "clock" => bytes::<{ StoredClock::BYTES }>(row, 1).map(drop),
        _ => bail!("the key is not known"),
    }
}
