//! Looks at, and damages, what an origin left on disk. The origin must be stopped.
#![expect(clippy::disallowed_methods, reason = "the tests look behind the store's back")]

use std::path::Path;

pub(crate) async fn count(data: &Path, sql: &str) -> i64 {
    let mut rows = open(data).await.query(sql, ()).await.expect("a valid query");
    let row = rows.next().await.expect("a readable row").expect("one row");
    row.get(0).expect("a number")
}

pub(crate) async fn damage(data: &Path, sql: &str) {
    let changed = open(data).await.execute(sql, ()).await.expect("a valid statement");
    assert!(changed > 0, "{sql} changed nothing");
}

async fn open(data: &Path) -> libsql::Connection {
    let database = libsql::Builder::new_local(data.join("sale.db")).build().await.expect("sale.db");
    database.connect().expect("a connection")
}
