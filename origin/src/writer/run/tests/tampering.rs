//! `verify` on databases in which one value was changed, deleted, invented or doubled.

use domain::BankTransferDetails;
use engine::{Address, EndpointRequest, EndpointSecret, GivenUp, Language, Progress, Retry, UnreadableWebhook};
use sha2::{Digest as _, Sha256};

use super::*;

/// Orders, refunds, destinations and unmatched money in every state, and what is stored beside them.
pub(super) fn filled() -> Rig {
    let mut rig = Rig::start();
    rig.create_drop("boot", 20);
    rig.create_drop("sock", 5);
    rig.kill(3);
    let orders: Vec<OrderCode> = (1..=7).map(|who| rig.order_in_boots(who)).collect();
    for order in [orders[0], orders[1]] {
        rig.command(order, Command::AskLink);
        let details = BankTransferDetails {
            qr_code: "00".into(),
            bank_bin: "970422".into(),
            account_number: "1".into(),
            account_name: "SHOP".into(),
            memo: "CS".into(),
        };
        let bank_transfer = (order == orders[0]).then_some(details);
        let facts = LinkFacts { id: "link".into(), checkout_url: "https://p/link".into(), bank_transfer };
        rig.command(order, Command::LinkMade(facts));
    }
    // Paid, paid with too much, and again what was reported otherwise.
    rig.command_from(orders[1], payment("FT1", PRICE), Some(account("11")));
    rig.command_from(orders[2], payment("FT2", PRICE + 30), Some(account("12")));
    rig.command(orders[2], payment("FT2", 7));
    // A signed read has settled it.
    let Command::Payment(seen) = payment("FT2", PRICE + 30) else { unreachable!("a payment") };
    rig.command(orders[2], Command::Payment(Payment { proof: Proof::SignedRead, ..seen }));
    // Ended with money: on a list, back from it, on the next, sent.
    for (index, who) in [(3, 4), (4, 5), (5, 6)] {
        rig.command(orders[index], Command::Cancel { sid: Sid([who; 16]) });
        rig.command(orders[index], payment(&format!("FT1{who}"), 60));
    }
    rig.ask(Request::SetDestination { order: orders[3], destination: account("13"), operator: String::new() });
    rig.command(orders[6], payment("FT17", PRICE - 1));
    for (code, reference) in [(5, "FT20"), (6, "FT21"), (7, "FT22")] {
        rig.command_from(OrderCode(code), payment(reference, 60), (code == 6).then(|| account("14")));
    }
    let unmatched = ReadStore::open(rig.folder.path()).unwrap().unmatched_payments().unwrap();
    for found in &unmatched[1..] {
        let step = UnmatchedStep::OweBack;
        rig.ask(Request::Unmatched(UnmatchedRequest {
            seq: found.seq,
            step,
            destination: None,
            operator: "binh".into(),
        }));
    }
    assert_eq!(rig.export(), Some(1));
    let fail = RefundStep::Fail { reason: "closed".into() };
    rig.command(orders[3], Command::Refund { number: 1, step: fail });
    assert_eq!(rig.export(), Some(2));
    let sent = RefundStep::Sent { bank_reference: "FT30".into() };
    rig.command(orders[3], Command::Refund { number: 1, step: sent });
    rig.ask(Request::SetDestination { order: orders[4], destination: account("15"), operator: String::new() });
    rig.ask(Request::SetDestination { order: orders[4], destination: account("16"), operator: String::new() });
    rig.clock.advance(24 * 3_600_000);
    let paid_out = RefundId::Order(orders[4], 1);
    rig.command(orders[4], Command::Refund { number: 1, step: RefundStep::Fail { reason: "closed".into() } });
    rig.approves(paid_out, "an").unwrap();
    rig.pays_out_to(paid_out, 1, account("16")).unwrap();
    rig.payout_goes_on(paid_out, 1, RefundStep::Doubt(domain::Doubt::NoAnswer)).unwrap();
    rig.pauses_payouts(true);
    rig.ask(Request::StopMail { order: orders[0], reply: 550 });
    rig.ask(Request::RevokeToken { jti: Jti([9; 16]), operator: "an".into() });
    let digest = Sha256::digest("{}").into();
    rig.ask(Request::KeepWebhook(UnreadableWebhook { digest, body: "{}".into() }));
    rig.fill_outbox();
    rig.verified();
    rig.run.store.checkpoint().unwrap();
    rig
}

impl Rig {
    /// A try that failed, one that was given up, and an endpoint with two secrets.
    fn fill_outbox(&mut self) {
        let (cursor, due_at) = (self.run.store.head().seq, self.clock.now());
        let placed = ReadStore::open(self.folder.path()).unwrap();
        let placed = placed.ledger_of_kinds(0, cursor, &[RowKind::OrderPlaced]).unwrap()[0].seq;
        let failed = vec![Retry { seq: placed, attempt: 1, due_at }];
        let given_up = vec![GivenUp { seq: placed, attempt: 20, at: due_at }];
        let channel = "payment_links";
        self.ask(Request::Progress(Progress { channel, cursor, failed, done: Vec::new(), given_up }));
        let secret = |byte| EndpointSecret(vec![byte; 32]);
        let (url, events) = ("https://shop.example/hook".into(), vec!["order.paid".into(), "refund.*".into()]);
        for request in [
            EndpointRequest::Add { url, events, personal: true, secret: secret(1) },
            EndpointRequest::Rotate { endpoint: 1, secret: secret(2) },
        ] {
            self.ask(Request::Endpoint { request, operator: "an".into() });
        }
    }

    pub(super) fn order_in_boots(&mut self, who: u8) -> OrderCode {
        let mut purchase = self.purchase(who);
        purchase.drop = DropId(2);
        if who == 2 {
            purchase.buyer.language = Language::English;
            purchase.buyer.address = Some(Address { province_code: "01".into(), line: "1 Trang Tien".into() });
            purchase.purchase.buyer_commit = purchase.buyer.commit(purchase.salt);
        }
        self.buy(purchase).unwrap().receipt.order
    }
}

/// A copy of a database that a test changes and puts back.
pub(super) struct Copy {
    folder: TempDir,
    whole: Vec<u8>,
}

impl Copy {
    pub(super) fn of(rig: &Rig) -> Self {
        let whole = std::fs::read(sale_file(rig.folder.path())).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), whole }
    }

    /// What `verify` says after the change; `None` where the tables themselves refuse it.
    pub(super) fn verified_after(&self, sql: &str) -> Option<Result<(), String>> {
        let file = sale_file(self.folder.path());
        for suffix in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(self.folder.path().join(format!("sale.db{suffix}"))));
        }
        std::fs::write(&file, &self.whole).unwrap();
        crate::store::tamper(&file, sql).ok()?;
        Some(verify(self.folder.path(), None).map(drop).map_err(|error| format!("{error:#}")))
    }
}

/// Fails where no row was changed.
const CHANGED_SOMETHING: &str = "SELECT CASE changes() WHEN 0 THEN abs(-9223372036854775808) END";

/// What nothing of the sale rests on, or what only says how far work has come that is safe to repeat.
fn is_not_in_the_ledger(table: &str, column: &str) -> bool {
    table.starts_with("outbox_") || matches!((table, column), ("schema_migrations", "applied_at") | ("meta", "value"))
}

#[test]
fn a_changed_value_anywhere_is_found_in_its_table() {
    let rig = filled();
    let copy = Copy::of(&rig);
    let (mut tried, mut complaints) = (0, Vec::new());
    for (table, columns) in crate::store::tables(&sale_file(rig.folder.path())).unwrap() {
        let same = same_row(&table, &columns);
        for column in columns {
            for row in [0, 4] {
                for other in [
                    format!("{column} + 1"),
                    format!("{column} - 1"),
                    format!("{column} + 4294967296"),
                    format!("{column} || 'x'"),
                    format!("CAST({column} || x'00' AS BLOB)"),
                    "NULL".into(),
                    "''".into(),
                    "x'01'".into(),
                    "0".into(),
                    "7".into(),
                ] {
                    // One row, which any of its columns may name.
                    let sql = format!(
                        "CREATE TEMP TABLE one AS SELECT * FROM {table} LIMIT 1 OFFSET {row};
                         UPDATE {table} SET {column} = {other}
                         WHERE EXISTS (SELECT 1 FROM temp.one WHERE {table}.{column} IS NOT ({other}) AND {same});
                         {CHANGED_SOMETHING}"
                    );
                    let (changed, complaint) = found(&copy, &table, &column, &sql);
                    tried += changed;
                    complaints.extend(complaint);
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(tried > 500, "{tried} changes were tried");
}

#[test]
fn a_row_that_is_deleted_or_invented_is_found_in_its_table() {
    let rig = filled();
    let copy = Copy::of(&rig);
    let mut complaints = Vec::new();
    for (table, columns) in crate::store::tables(&sale_file(rig.folder.path())).unwrap() {
        let same = same_row(&table, &columns);
        let sql = format!(
            "CREATE TEMP TABLE one AS SELECT * FROM {table} LIMIT 1 OFFSET 0;
             DELETE FROM {table} WHERE EXISTS (SELECT 1 FROM temp.one WHERE {same});
             {CHANGED_SOMETHING}"
        );
        complaints.extend(found(&copy, &table, "", &sql).1);
        let mut doubled = 0;
        for (column, other) in columns.iter().flat_map(|column| {
            [format!("{column} + 1000"), format!("{column} || 'x'"), format!("CAST({column} || x'00' AS BLOB)")]
                .map(|other| (column, other))
        }) {
            // Two drops have no slug in common, and two webhooks no digest.
            let also = match table.as_str() {
                "drops" => ", slug = slug || 'y'",
                "unreadable_webhooks" => ", digest = zeroblob(32)",
                _ => "",
            };
            let sql = format!(
                "CREATE TEMP TABLE one AS SELECT * FROM {table} LIMIT 1 OFFSET 0;
                 UPDATE temp.one SET {column} = {other}{also};
                 INSERT INTO {table} SELECT * FROM temp.one;
                 {CHANGED_SOMETHING}"
            );
            let (changed, complaint) = found(&copy, &table, if table == "meta" { "key" } else { column }, &sql);
            doubled += changed;
            complaints.extend(complaint);
        }
        assert!(doubled > 0, "no row of {table} was doubled");
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// A condition by which a row is the one in `temp.one`.
fn same_row(table: &str, columns: &[String]) -> String {
    let each = columns.iter().map(|column| format!("{table}.{column} IS one.{column}"));
    each.collect::<Vec<_>>().join(" AND ")
}

/// Whether the change was possible; a complaint where it was not found as it should be.
fn found(copy: &Copy, table: &str, column: &str, sql: &str) -> (usize, Option<String>) {
    let complaint = match copy.verified_after(sql) {
        None => return (0, None),
        Some(Ok(())) if is_not_in_the_ledger(table, column) => None,
        Some(Ok(())) => Some(format!("not found: {sql}")),
        Some(Err(error)) => {
            let named = if table == "schema_migrations" { "migration" } else { table };
            (!error.contains(named)).then(|| format!("{sql}: {error}"))
        }
    };
    (1, complaint)
}

#[test]
fn an_effect_that_no_row_owes_is_found() {
    let copy = Copy::of(&filled());
    for table in ["outbox_retries", "outbox_given_up"] {
        for change in ["seq = 1", "seq = 1000", "channel = 'pigeons'", "attempt = -1"] {
            let said = copy.verified_after(&format!("UPDATE {table} SET {change}")).unwrap().unwrap_err();
            assert!(said.contains(table), "{table} {change}: {said}");
        }
    }
}

#[test]
fn a_table_an_index_or_a_trigger_of_another_program_is_found() {
    let copy = Copy::of(&filled());
    for sql in [
        "CREATE TABLE notes (x)",
        "CREATE INDEX by_name ON orders (name)",
        "CREATE TRIGGER redirect AFTER INSERT ON refund_transfers BEGIN DELETE FROM links; END",
        "CREATE VIEW all_orders AS SELECT * FROM orders",
        "DROP INDEX refunds_due",
        "DROP TABLE outbox_retries",
    ] {
        let said = copy.verified_after(sql).unwrap().unwrap_err();
        assert!(said.contains("none that this release makes") || said.contains("is missing"), "{sql}: {said}");
    }
    let litestreams = "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);
         CREATE TABLE _litestream_lock (id INTEGER)";
    copy.verified_after(litestreams).unwrap().unwrap();
}
