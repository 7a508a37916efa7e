use super::*;

#[test]
fn verify_finds_every_kind_of_tampering() {
    for (sql, expected) in [
        (
            "UPDATE ledger SET payload = CAST(replace(CAST(payload AS TEXT), 'FT1', 'FT3') AS BLOB) WHERE kind = 'payment_received'",
            "was changed",
        ),
        // The quantity of the order, in bytes.
        (
            "UPDATE ledger SET payload = unhex(substr(hex(payload), 1, 112) || '00000002' || substr(hex(payload), 121)) WHERE kind = 'order_placed'",
            "was changed",
        ),
        ("UPDATE ledger SET at = at + 1 WHERE seq = 2", "was changed"),
        ("UPDATE ledger SET operator = 'binh' WHERE kind = 'drop_created'", "was changed"),
        ("DELETE FROM ledger WHERE seq = 2", "is missing"),
        ("UPDATE orders SET state = 1", "stored otherwise"),
        ("UPDATE orders SET placed = 1", "placed"),
        ("UPDATE orders SET email = 'x@example.com'", "committed to"),
        ("DELETE FROM orders", "is in the ledger and not stored"),
        (
            "INSERT INTO orders SELECT order_code + 1, placed, 3, NULL, 0, 0, 0, 0, 0, salt, name, phone, email, NULL, NULL, NULL FROM orders",
            "orders holds 2 rows",
        ),
        ("UPDATE drop_counters SET available = available + 1", "stores"),
        ("UPDATE drop_counters SET status = 1", "Paused"),
        ("UPDATE drop_counters SET status = 2, killed_at = 1", "Killed"),
        ("UPDATE drops SET price = 1", "stored otherwise"),
        ("UPDATE products SET name = 'Boot'", "stored otherwise"),
        ("UPDATE payments SET paid_at = 0", "stored otherwise"),
        ("DELETE FROM unmatched_payments", "unmatched_payments"),
        ("INSERT INTO revoked_tokens VALUES (x'00')", "revoked_tokens"),
    ] {
        let mut rig = Rig::start();
        let order = rig.order(1);
        rig.command(order, payment("FT1", 60));
        rig.command(OrderCode(5), payment("FT2", 60));
        rig.verified();
        rig.sql(sql);
        let error = format!("{:#}", verify(rig.folder.path(), None).unwrap_err());
        assert!(error.contains(expected), "{sql}: {error}");
    }
}

#[test]
fn an_order_that_is_as_stored_before_its_last_event_is_counted_once() {
    let mut rig = Rig::start();
    let first = rig.order(1);
    rig.command_from(first, payment("FT1", PRICE + 30), Some(account("1")));
    // With it there are two, and the first, whose refund is due, leaves the order.
    rig.order(2);
    assert_eq!(rig.export(), Some(1));
    rig.command(first, Command::Refund { number: 1, step: RefundStep::Fail { reason: "closed".into() } });
    assert_eq!(rig.verified().orders, 2);
}

#[test]
fn a_head_kept_elsewhere_shows_a_cut_tail() {
    let mut rig = Rig::start();
    let before = rig.verified().head;
    rig.order(1);
    let after = rig.verified().head;
    verify(rig.folder.path(), Some((before.seq, before.hash))).unwrap();
    verify(rig.folder.path(), Some((after.seq, after.hash))).unwrap();
    let rewritten = verify(rig.folder.path(), Some((after.seq, before.hash))).unwrap_err();
    assert!(format!("{rewritten:#}").contains("rewritten"));
    let cut = verify(rig.folder.path(), Some((after.seq + 1, after.hash))).unwrap_err();
    assert!(format!("{cut:#}").contains("cut off"));
}

#[test]
fn a_database_of_another_origin_is_refused() {
    let rig = Rig::start();
    let (answers, _relay) = mpsc::channel(1);
    let other = Run::open(rig.folder.path(), 2, rig.clock.clone(), answers);
    assert!(format!("{:#}", other.err().unwrap()).contains("DROPGATE_ORIGIN_NO"));
}

#[test]
fn an_order_that_names_the_facts_of_another_is_found_by_verify_and_by_a_start() {
    let mut rig = Rig::start();
    rig.order(1);
    rig.order(2);
    rig.sql("UPDATE orders SET placed = (SELECT max(placed) FROM orders)");
    let verified = verify(rig.folder.path(), None).unwrap_err();
    let started = Run::open(rig.folder.path(), 1, rig.clock.clone(), mpsc::channel(REPLIES_MAX).0);
    for error in [verified, started.err().expect("a start on it")] {
        assert!(format!("{error:#}").contains("names the facts of order"), "{error:#}");
    }
}

#[test]
fn a_database_of_an_older_release_is_named_so_by_whoever_only_reads_it() {
    let rig = Rig::start();
    rig.sql("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)");
    let verified = verify(rig.folder.path(), None).unwrap_err();
    let opened = ReadStore::open(rig.folder.path()).err().expect("a reader of it");
    for error in [verified, opened] {
        assert!(format!("{error:#}").starts_with("the database is of an older release"), "{error:#}");
    }
}

#[test]
fn a_destination_of_an_earlier_release_is_bound_to_the_ledger_once_at_the_next_start() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(order, payment("FT1", PRICE + 30));
    rig.sql(&format!("INSERT INTO refund_destinations VALUES ({order}, '970422', '7', 'AN', 0, NULL)"));
    let unbound = format!("{:#}", verify(rig.folder.path(), None).unwrap_err());
    assert!(unbound.contains("refund_destinations"), "{unbound}");
    let mut rig = rig.restart();
    rig.verified();
    assert_eq!(rig.export(), Some(1));
    assert_eq!(rig.list(1), [(RefundId::Order(order, 1), "7".to_owned())]);
    rig.verified();
    // From now on one without a salt was changed, and a start does not bind it.
    rig.sql("UPDATE refund_destinations SET account_number = '8', salt = NULL");
    let started = Run::open(rig.folder.path(), 1, rig.clock.clone(), mpsc::channel(REPLIES_MAX).0);
    let error = format!("{:#}", started.err().expect("a start on it"));
    assert!(error.contains("has no salt"), "{error}");
}
