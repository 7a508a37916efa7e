//! Feeding the view, and what its rows come to.

use super::*;

#[test]
fn a_view_fed_in_pieces_between_crashes_equals_one_fed_at_once() {
    for seed in 1..=3 {
        let (mut rig, mut draw, mut orders) = (Rig::start(), Draw(seed), Vec::new());
        rig.create_drop("cap", 500);
        rig.create_drop("bag", 500);
        for _ in 0..40 {
            for _ in 0..1 + draw.below(9) {
                rig.something_happens(&mut draw, &mut orders);
            }
            let (mut store, reason) = opened(&rig);
            assert_eq!(reason, None);
            feed(&rig, &mut store, 1 + draw.below(7) as u32, draw.below(4) as usize);
        }
        let mut store = fed(&rig);
        assert!(feed(&rig, &mut store, 256, 1) && orders.len() > 20, "{}", orders.len());
        drop(store);
        let in_pieces = content(rig.folder.path());
        let mut whole = ViewStore::begin(rig.folder.path(), START).unwrap();
        feed(&rig, &mut whole, 10_000, usize::MAX);
        drop(whole);
        let at_once = content(rig.folder.path());
        assert_eq!(in_pieces.len(), at_once.len());
        for (piece, once) in in_pieces.iter().zip(&at_once) {
            assert_eq!(piece, once, "seed {seed}");
        }
    }
}

#[test]
fn a_page_that_cannot_be_written_whole_leaves_nothing_and_comes_again() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let (store, _) = opened(&rig);
    drop(store);
    let file = views_file(rig.folder.path());
    let fails = "CREATE TRIGGER fails BEFORE UPDATE ON fed BEGIN SELECT raise(ABORT, 'disk'); END";
    tamper(&file, fails).unwrap();
    let (mut store, reason) = opened(&rig);
    assert_eq!(reason, None);
    let page = Page::read(&sale(&rig), 0, 256).unwrap().unwrap();
    store.take(&page).unwrap_err();
    assert_eq!((store.place().seq, find(&store, &OrderQuery::default())), (0, Vec::new()));
    drop(store);
    tamper(&file, "DROP TRIGGER fails").unwrap();
    assert_eq!(find(&fed(&rig), &OrderQuery::default()), [order]);
}

#[test]
fn a_view_that_cannot_be_used_is_made_anew() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    drop(fed(&rig));
    let file = views_file(rig.folder.path());
    assert_eq!(opened(&rig).1, None, "a good one is kept");
    let spoilt: [(&str, &dyn Fn()); 5] = [
        ("another one", &|| tamper(&file, "UPDATE fed SET hash = zeroblob(32)").unwrap()),
        ("does not have", &|| tamper(&file, "UPDATE fed SET seq = 1000").unwrap()),
        ("another release", &|| tamper(&file, "UPDATE schema_migrations SET sha256 = ''").unwrap()),
        ("cannot prepare", &|| tamper(&file, "DROP TABLE words").unwrap()),
        ("damaged", &|| std::fs::write(&file, vec![7; 20_000]).unwrap()),
    ];
    for (why, spoil) in spoilt {
        spoil();
        let (mut store, reason) = opened(&rig);
        assert!(reason.as_ref().is_some_and(|reason| reason.contains(why)), "{why}: {reason:?}");
        feed(&rig, &mut store, 256, usize::MAX);
        assert_eq!(find(&store, &OrderQuery::default()), [order], "{why}");
    }
    std::fs::remove_file(&file).unwrap();
    let (store, reason) = opened(&rig);
    assert_eq!((store.place().seq, reason), (0, None));
}

#[test]
fn an_older_sale_put_back_makes_the_view_anew() {
    let rig = Rig::start();
    let mut lost = None;
    let mut rig = rig.restore_to_before(|rig| {
        lost = Some(rig.order(1));
        drop(fed(rig));
    });
    let order = rig.order(2);
    let (mut store, reason) = opened(&rig);
    assert!(reason.is_some());
    feed(&rig, &mut store, 256, usize::MAX);
    assert_eq!((find(&store, &OrderQuery::default()), lost.is_some()), (vec![order], true));
}

#[test]
fn an_erased_buyer_stays_nowhere_in_the_view() {
    let mut rig = Rig::start();
    rig.create_drop("cap", 100);
    let order = rig.buys_as(1, 2, "Zoroaster Quixote", Region::N01).unwrap();
    let other = rig.buys_as(2, 2, "Zoroaster Panza", Region::N01).unwrap();
    let mut store = fed(&rig);
    assert_eq!(find(&store, &by_name("zoroaster")), [other, order]);
    rig.sql(&format!(
        "UPDATE orders SET salt = NULL, name = NULL, phone = NULL, email = NULL WHERE order_code = {}",
        order.0
    ));
    rig.command(order, Command::CancelByOperator { restock: true });
    feed(&rig, &mut store, 256, usize::MAX);
    assert_eq!(find(&store, &by_name("zoroaster")), [other]);
    assert_eq!(find(&store, &by_name("quixote")), []);
    let query = OrderQuery { phone: Some("+84912345601".into()), ..OrderQuery::default() };
    assert_eq!(find(&store, &query), []);
    assert_eq!(find(&store, &OrderQuery { state: Some("cancelled"), ..OrderQuery::default() }), [order]);
    // Closing moves the log into the file.
    drop(store);
    let bytes = std::fs::read(views_file(rig.folder.path())).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    for text in ["quixote", "84912345601", "b1@example.com"] {
        assert!(!holds(text), "{text} is still in the file");
    }
    assert!(holds("panza") && holds("b2@example.com"));
}

#[test]
fn an_order_has_its_rows_and_an_operator_theirs() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(order, payment("FT1", PRICE));
    let lost = OrderCode(order.0 + 1_000);
    rig.ask(Request::Order(OrderRequest {
        order: lost,
        command: payment("FT2", 40),
        operator: String::new(),
        payer: None,
    }));
    let seq = rig.run.store.head().seq;
    let step = UnmatchedStep::Dismiss { reason: "a gift".into() };
    rig.ask(Request::Unmatched(UnmatchedRequest { seq, step, destination: None, operator: "binh".into() }));
    let store = fed(&rig);
    let sale = sale(&rig);
    let kinds = |seqs: Vec<i64>| -> Vec<&str> {
        let row = |seq: i64| sale.ledger_after(seq - 1, 1).unwrap().remove(0).entry.fact.kind().as_str();
        seqs.into_iter().map(row).collect()
    };
    assert_eq!(kinds(store.rows_of(order, 0, 100).unwrap()), ["order_placed", "payment_received", "order_paid"]);
    // What an operator decides about a payment is about the order that it names.
    assert_eq!(kinds(store.rows_of(lost, 0, 100).unwrap()), ["payment_unmatched", "unmatched_dismissed"]);
    assert_eq!(kinds(store.operator_rows(None, i64::MAX, 2).unwrap()), ["unmatched_dismissed", "drop_created"]);
    assert_eq!(kinds(store.operator_rows(Some("an"), i64::MAX, 1).unwrap()), ["drop_created"]);
    assert!(store.operator_rows(Some("x' OR 1 --"), i64::MAX, 9).unwrap().is_empty());
}
