//! Reads the files of an origin that has stopped, or a copy of them: the last connection to close a database moves its
//! log into it.
#![expect(clippy::disallowed_methods, reason = "the tests look behind the store's back")]

use std::{path::Path, time::Duration};

use domain::Event;
use ledger::{Entry, Fact, RowKind};
use libsql::{Connection, Row};

pub struct StoredOrder {
    pub code: u64,
    pub jti: [u8; 16],
    pub drop: u32,
    pub quantity: u32,
    pub amount: u64,
}

pub struct StoredPayment {
    pub order: u64,
    pub link: String,
    pub reference: String,
    pub amount: u64,
}

/// The facts of an order are in the ledger row that placed it.
pub async fn orders(data: &Path) -> Vec<StoredOrder> {
    let sql = "select order_code, drop_id, version, operator, payload from orders join ledger on seq = placed";
    all(data, sql, |row| {
        let (drop, version, operator): (i64, i64, String) =
            (row.get(1).expect("a drop"), row.get(2).expect("a version"), row.get(3).expect("an operator"));
        let payload: Vec<u8> = row.get(4).expect("a payload");
        let entry = Entry::read(drop, RowKind::OrderPlaced, version, operator, &payload).expect("a placed order");
        let (Some(drop), Fact::Sale(Event::OrderPlaced { order, jti, quantity, amount, .. })) =
            (entry.drop, entry.fact)
        else {
            panic!("the row that placed an order is of no drop");
        };
        assert_eq!(order.0, row.get::<u64>(0).expect("a code"), "the row of an order names the facts of another");
        StoredOrder { code: order.0, jti: jti.0, drop: drop.0, quantity, amount: amount.get().cast_unsigned() }
    })
    .await
}

pub async fn payments(data: &Path) -> Vec<StoredPayment> {
    all(data, "select order_code, link, reference, amount from payments", |row| StoredPayment {
        order: row.get(0).expect("a code"),
        link: row.get(1).expect("a link"),
        reference: row.get(2).expect("a reference"),
        amount: row.get(3).expect("an amount"),
    })
    .await
}

pub async fn count(data: &Path, sql: &str) -> i64 {
    all(data, sql, |row| row.get(0).expect("a number")).await.remove(0)
}

/// Changes what is stored, as a broken disk or a forger would.
pub async fn damage(data: &Path, sql: &str) {
    let changed = open(data).await.execute(sql, ()).await.expect("a valid statement");
    assert!(changed > 0, "{sql} changed nothing");
}

/// Sets the sale's clock back against the clocks of the machine.
pub async fn set_sale_back(data: &Path, ms: i64) {
    let stored: Vec<u8> =
        all(data, "select value from meta where key = 'clock'", |row| row.get(0).expect("a clock")).await.remove(0);
    let mut ahead_us = [0; 8];
    ahead_us.copy_from_slice(&stored[16..24]);
    let set = i64::from_be_bytes(ahead_us) - ms * 1_000;
    let set: Vec<u8> = [&stored[..16], &set.to_be_bytes(), &stored[24..]].concat();
    let digits: String = set.iter().map(|byte| format!("{byte:02x}")).collect();
    damage(data, &format!("update meta set value = x'{digits}' where key = 'clock'")).await;
}

/// Another program in the middle of a transaction, until this is dropped.
pub struct Intruder(#[expect(dead_code, reason = "its life is what it is for")] Connection);

/// It has begun to write.
pub async fn writes_to(data: &Path) -> Intruder {
    let connection = open(data).await;
    // The origin may be writing this very moment.
    connection.busy_timeout(Duration::from_secs(10)).expect("a timeout");
    connection.execute("begin immediate", ()).await.expect("the write lock");
    Intruder(connection)
}

/// It reads what there is now, and goes on seeing that.
pub async fn reads_from(data: &Path) -> Intruder {
    let connection = open(data).await;
    connection.execute_batch("begin; select count(*) from orders").await.expect("a read");
    Intruder(connection)
}

async fn all<T>(data: &Path, sql: &str, read: impl Fn(&Row) -> T) -> Vec<T> {
    let mut rows = open(data).await.query(sql, ()).await.expect("a valid query");
    let mut found = Vec::new();
    while let Some(row) = rows.next().await.expect("a readable row") {
        found.push(read(&row));
    }
    found
}

async fn open(data: &Path) -> Connection {
    let database = libsql::Builder::new_local(data.join("sale.db")).build().await.expect("sale.db");
    database.connect().expect("a connection")
}
