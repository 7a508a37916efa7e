//! Applies the migrations of a database in order, and refuses a history that is not a prefix of what this binary
//! carries.

use anyhow::{Context, Result, bail};
use domain::Timestamp;
use sha2::{Digest, Sha256};

use super::sqlite::Db;

pub(super) struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migration {
    ($folder:literal, $version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../../../migrations/", $folder, "/", $name)),
        }
    };
}

pub(super) const SALE: &[Migration] = &[
    migration!("sale", 1, "0001_sale.sql"),
    migration!("sale", 2, "0002_refunds.sql"),
    migration!("sale", 3, "0003_unmatched_refunds.sql"),
    migration!("sale", 4, "0004_order_facts_once.sql"),
    migration!("sale", 5, "0005_killed_at.sql"),
    migration!("sale", 6, "0006_payment_accounts.sql"),
    migration!("sale", 7, "0007_destination_salts.sql"),
    migration!("sale", 8, "0008_mail.sql"),
    migration!("sale", 9, "0009_unreadable_webhooks.sql"),
    migration!("sale", 10, "0010_webhooks.sql"),
    migration!("sale", 11, "0011_payouts.sql"),
];

pub(super) const VIEWS: &[Migration] =
    &[migration!("views", 1, "0001_orders.sql"), migration!("views", 2, "0002_revenue.sql")];

struct Applied {
    version: i64,
    name: String,
    sha256: String,
}

pub(super) fn migrate(db: &Db, now: Timestamp, migrations: &[Migration]) -> Result<()> {
    db.batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
           version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL
         ) STRICT",
    )?;
    migrate_with(db, now, migrations)
}

/// Refuses tables of another release: a connection that only reads cannot bring them up to date.
pub(super) fn require_current(db: &Db, migrations: &[Migration]) -> Result<()> {
    let applied = applied(db)?;
    check(&applied, migrations)?;
    if let Some(missing) = migrations.get(applied.len()) {
        bail!(
            "the database is of an older release, without migration {}: start `dropgate serve` of this release once",
            missing.name
        );
    }
    Ok(())
}

fn applied(db: &Db) -> Result<Vec<Applied>> {
    let select = db.prepare("SELECT version, name, sha256 FROM schema_migrations ORDER BY version")?;
    select.rows((), |row| Ok(Applied { version: row.get(0)?, name: row.get(1)?, sha256: row.get(2)? }))
}

fn migrate_with(db: &Db, now: Timestamp, migrations: &[Migration]) -> Result<()> {
    let applied = applied(db)?;
    check(&applied, migrations)?;
    let insert = db.prepare("INSERT INTO schema_migrations VALUES (?, ?, ?, ?)")?;
    for migration in &migrations[applied.len()..] {
        db.transaction(|| {
            db.batch(migration.sql)?;
            insert.execute((migration.version, migration.name, sha256(migration.sql), now.0))?;
            Ok(())
        })
        .with_context(|| format!("migration {} failed, and changed nothing", migration.name))?;
    }
    Ok(())
}

fn check(applied: &[Applied], migrations: &[Migration]) -> Result<()> {
    for (index, migration) in migrations.iter().enumerate() {
        if migration.version != index as i64 + 1 {
            bail!("migration {} is out of order: number {} is missing", migration.name, index + 1);
        }
    }
    for (index, applied) in applied.iter().enumerate() {
        let Some(migration) = migrations.get(index) else {
            bail!("the database has migration {}, which this release does not know: use a newer one", applied.name);
        };
        if applied.version != migration.version {
            bail!("the database has a gap before migration {}", applied.name);
        }
        if applied.sha256 != sha256(migration.sql) {
            bail!("migration {} was edited after it was applied: restore it and add a new one", migration.name);
        }
        if applied.name != migration.name {
            bail!("migration {} is stored under the name {}", migration.name, applied.name);
        }
    }
    Ok(())
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use ledger::RowKind;

    use super::*;

    fn db() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_for_write(&folder.path().join("sale.db")).unwrap();
        migrate(&db, Timestamp(0), SALE).unwrap();
        (folder, db)
    }

    fn one(version: i64, sql: &'static str) -> Migration {
        Migration { version, name: "x.sql", sql }
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let (_folder, db) = db();
        migrate(&db, Timestamp(1), SALE).unwrap();
        let stamp: i64 = db.value("SELECT max(applied_at) FROM schema_migrations").unwrap();
        assert_eq!(stamp, 0);
    }

    #[test]
    fn a_connection_that_only_reads_refuses_tables_of_an_older_release() {
        let (_folder, db) = db();
        require_current(&db, SALE).unwrap();
        db.batch("DELETE FROM schema_migrations WHERE version >= 3").unwrap();
        let error = require_current(&db, SALE).unwrap_err().to_string();
        assert!(error.contains("older release") && error.contains("0003_"), "{error}");
    }

    #[test]
    fn an_edited_migration_is_refused() {
        let (_folder, db) = db();
        let error = migrate_with(&db, Timestamp(1), &[one(1, "SELECT 1"), one(2, SALE[1].sql)]).unwrap_err();
        assert!(error.to_string().contains("was edited"), "{error}");
    }

    #[test]
    fn a_gap_is_refused() {
        let (_folder, db) = db();
        let error = migrate_with(&db, Timestamp(1), &[one(1, SALE[0].sql), one(2, SALE[1].sql), one(4, "SELECT 1")])
            .unwrap_err();
        assert!(error.to_string().contains("number 3 is missing"), "{error}");
    }

    #[test]
    fn a_database_of_a_newer_release_is_refused() {
        let (_folder, db) = db();
        let next = SALE.len() + 1;
        db.batch(&format!("INSERT INTO schema_migrations VALUES ({next}, 'later.sql', '', 0)")).unwrap();
        let error = migrate(&db, Timestamp(1), SALE).unwrap_err();
        assert!(error.to_string().contains("does not know"), "{error}");
    }

    /// Orders and the ledger rows `placing` as the third migration left them.
    fn db_with_facts_in_orders(placing: &[i64]) -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_for_write(&folder.path().join("sale.db")).unwrap();
        db.batch("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name, sha256, applied_at)").unwrap();
        migrate_with(&db, Timestamp(0), &SALE[..3]).unwrap();
        for seq in 1..=9 {
            let kind = if placing.contains(&seq) { RowKind::OrderPlaced } else { RowKind::OrderPaid };
            db.batch(&format!("INSERT INTO ledger VALUES ({seq}, 0, 0, 1, '{kind}', 2, '', x'', zeroblob(32))"))
                .unwrap();
        }
        for (code, name) in [(700, "'An'"), (701, "NULL"), (740, "'Binh'")] {
            db.batch(&format!(
                "INSERT INTO orders VALUES ({code}, 1, 1, NULL, 0, 3, 2, 200, {code} - 600, 5, 6, 7, x'', x'', x'', '', x'',
                   x'00', {name}, '+84', 'an@example.com', NULL, NULL)"
            ))
            .unwrap();
        }
        (folder, db)
    }

    #[test]
    fn orders_find_the_rows_that_placed_them_and_keep_what_can_change() {
        let (_folder, db) = db_with_facts_in_orders(&[2, 5, 6]);
        migrate_with(&db, Timestamp(0), SALE).unwrap();
        let select = db.prepare("SELECT order_code, placed, applied, name FROM orders ORDER BY order_code").unwrap();
        let read = |row: &libsql::Row| {
            let name: Option<String> = row.get(3)?;
            Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, name))
        };
        let expected = [(700, 2, 100, Some("An")), (701, 5, 101, None), (740, 6, 140, Some("Binh"))];
        let expected = expected.map(|(code, seq, applied, name)| (code, seq, applied, name.map(str::to_owned)));
        assert_eq!(select.rows((), read).unwrap(), expected);
        let others: i64 =
            db.value("SELECT count(*) FROM orders WHERE (state, link_state, pay_by, ended_at) = (1, 3, 6, 7)").unwrap();
        assert_eq!(others, 3);
        assert_eq!(db.value::<i64>("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%with_facts'").unwrap(), 0);
    }

    #[test]
    fn an_order_that_no_row_placed_is_not_given_anothers() {
        let (_folder, db) = db_with_facts_in_orders(&[2, 5]);
        migrate_with(&db, Timestamp(0), SALE).unwrap_err();
        assert_eq!(db.value::<i64>("SELECT count(*) FROM orders WHERE amount = 200").unwrap(), 3);
    }

    #[test]
    fn drops_that_were_killed_learn_when() {
        let (_folder, db) = db_with_facts_in_orders(&[2, 5, 6]);
        migrate_with(&db, Timestamp(0), &SALE[..4]).unwrap();
        db.batch(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO drop_counters VALUES (1, 2, 0, 0, 0, 0), (2, 0, 0, 0, 0, 0), (3, 2, 0, 0, 0, 0);
             INSERT INTO ledger VALUES (10, 70, 0, 3, 'drop_killed', 1, '', x'', zeroblob(32)),
                                       (11, 80, 0, 1, 'drop_killed', 1, '', x'', zeroblob(32))",
        )
        .unwrap();
        migrate_with(&db, Timestamp(0), SALE).unwrap();
        let select = db.prepare("SELECT drop_id, killed_at FROM drop_counters ORDER BY drop_id").unwrap();
        let read = |row: &libsql::Row| Ok((row.get::<i64>(0)?, row.get::<Option<i64>>(1)?));
        assert_eq!(select.rows((), read).unwrap(), [(1, Some(80)), (2, None), (3, Some(70))]);
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_behind() {
        let (_folder, db) = db();
        let next = SALE.len() + 1;
        let broken = Migration {
            version: next as i64,
            name: "broken.sql",
            sql: "CREATE TABLE half (x);\nCREATE TABLE half (x)",
        };
        let whole = SALE.iter().map(|known| Migration { ..*known }).chain([broken]).collect::<Vec<_>>();
        let error = format!("{:#}", migrate_with(&db, Timestamp(1), &whole).unwrap_err());
        assert!(error.starts_with("migration broken.sql failed") && error.lines().count() == 1, "{error}");
        let tables: i64 = db.value("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").unwrap();
        assert_eq!(tables, 0);
    }
}
