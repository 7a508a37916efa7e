//! Finding orders.

use super::*;

#[test]
fn orders_are_found_by_whatever_is_known_of_them() {
    let mut rig = Rig::start();
    rig.create_drop("cap", 10);
    let an = rig.buys_as(11, 1, "Nguyễn Văn Ấn", Region::N01).unwrap();
    rig.clock.advance(60_000);
    let dao = rig.buys_as(12, 2, "Đào Thị Hoa", Region::S01).unwrap();
    rig.clock.advance(60_000);
    let le = rig.buys_as(13, 2, "Lê Đức An", Region::S01).unwrap();
    rig.command(dao, payment("FT1", PRICE));
    let store = fed(&rig);
    for (name, found) in [
        ("an", vec![le, an]),
        ("ĐÀO", vec![dao]),
        ("dao ho", vec![dao]),
        ("hoa đào", vec![dao]),
        ("nguye van", vec![an]),
        ("guyen", vec![]),
        ("duc nguyen", vec![]),
    ] {
        assert_eq!(find(&store, &by_name(name)), found, "{name}");
    }
    let none = OrderQuery::default();
    let text = |text: &str| Some(text.to_owned());
    for (query, found) in [
        (OrderQuery { order: Some(dao), ..none.clone() }, vec![dao]),
        (OrderQuery { order: Some(OrderCode(7)), ..none.clone() }, vec![]),
        (OrderQuery { phone: text("+84912345612"), ..none.clone() }, vec![dao]),
        (OrderQuery { email: text("b13@example.com"), ..none.clone() }, vec![le]),
        (OrderQuery { drop: Some(DropId(2)), ..none.clone() }, vec![le, dao]),
        (OrderQuery { product: Some(2), ..none.clone() }, vec![le, dao]),
        (OrderQuery { state: Some("paid"), ..none.clone() }, vec![dao]),
        (OrderQuery { state: Some("pending"), region: Some(Region::S01), ..none.clone() }, vec![le]),
        (OrderQuery { region: Some(Region::N01), ..none.clone() }, vec![an]),
        (OrderQuery { amount_min: Some(PRICE), amount_max: Some(PRICE), ..none.clone() }, vec![le, dao, an]),
        (OrderQuery { amount_min: Some(PRICE + 1), ..none.clone() }, vec![]),
        (OrderQuery { from: Some(START.plus_ms(60_000)), ..none.clone() }, vec![le, dao]),
        (OrderQuery { to: Some(START.plus_ms(60_000)), ..none.clone() }, vec![an]),
        (OrderQuery { from: Some(START.plus_ms(300_000)), ..none.clone() }, vec![]),
        (OrderQuery { drop: Some(DropId(2)), ..by_name("an") }, vec![le]),
        (OrderQuery { phone: text("+84912345611"), ..by_name("va") }, vec![an]),
        (OrderQuery { phone: text("+84912345611"), ..by_name("guyen") }, vec![]),
        (none, vec![le, dao, an]),
    ] {
        assert_eq!(find(&store, &query), found);
    }
}

#[test]
fn pages_follow_each_other_without_a_gap_and_totals_are_bounded() {
    let mut rig = Rig::start();
    rig.create_drop("cap", 100);
    let mut orders: Vec<OrderCode> = (1..=25).map(|who| rig.buys_as(who, 2, "An", Region::N01).unwrap()).collect();
    orders.reverse();
    let store = fed(&rig);
    for query in [OrderQuery { drop: Some(DropId(2)), ..OrderQuery::default() }, by_name("an")] {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = store.find(&query, before, 10).unwrap().unwrap();
            let total = before.is_none().then_some(Total { count: 25, or_more: false });
            assert_eq!(page.total, total);
            found.extend(page.orders);
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(found, orders);
    }
    drop(store);
    // A look at the newest ten thousand: the only one that fits is older than those.
    let file = views_file(rig.folder.path());
    let many = LOOKED_MAX + 50;
    tamper(
        &file,
        &format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})
             INSERT INTO orders SELECT {} + i, 2, 2, 'expired', 'N01', 1, {PRICE}, {}, 0, 0, NULL, NULL, NULL FROM n",
            orders[0].0, START.0
        ),
    )
    .unwrap();
    let store = opened(&rig).0;
    let query = OrderQuery { drop: Some(DropId(2)), state: Some("pending"), ..OrderQuery::default() };
    let Found { orders: found, next, total } = store.find(&query, None, 10).unwrap().unwrap();
    assert_eq!((found, total), (vec![], Some(Total { count: 0, or_more: true })));
    let rest = store.find(&query, next, 100).unwrap().unwrap();
    assert_eq!((rest.orders, rest.next), (orders, None));
    let all = store.find(&OrderQuery::default(), None, 10).unwrap().unwrap();
    assert_eq!(all.total, Some(Total { count: LOOKED_MAX, or_more: true }));
}

#[test]
fn a_beginning_of_too_many_words_is_refused_and_none_looks_for_more_than_it_says() {
    let mut rig = Rig::start();
    rig.create_drop("cap", 100);
    rig.buys_as(1, 2, "An", Region::N01).unwrap();
    drop(fed(&rig));
    let file = views_file(rig.folder.path());
    tamper(
        &file,
        "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 299)
         INSERT INTO words SELECT 'x' || i, 1 FROM n",
    )
    .unwrap();
    let store = opened(&rig).0;
    assert_eq!(find(&store, &by_name("x")), []);
    tamper(&file, "INSERT INTO words VALUES ('x300', 1)").unwrap();
    let refused = store.find(&by_name("an x"), None, 10).unwrap();
    assert_eq!(refused, Err(SearchRefused::TooShort("x".to_owned())));
    // Whatever is typed becomes words, and never a part of the statement.
    for typed in ["an\" OR \"x1", "%' OR '1", "an* zz", "an') zz --;", "NEAR(an x1)", "an NOT zz"] {
        assert_eq!(find(&store, &by_name(typed)), [], "{typed}");
    }
}

#[test]
fn no_search_scans_or_sorts_orders() {
    let mut rig = Rig::start();
    let order = rig.buys_as(1, 1, "Nguyễn An", Region::N01).unwrap();
    let store = fed(&rig);
    let none = OrderQuery::default();
    let text = || Some("x".to_owned());
    let (from, to) = (Some(START), Some(START.plus_ms(1)));
    for (query, index) in [
        (none.clone(), "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (OrderQuery { order: Some(order), ..none.clone() }, "INTEGER PRIMARY KEY (rowid=?)"),
        (OrderQuery { phone: text(), state: Some("paid"), ..none.clone() }, "orders_by_phone (phone=?"),
        (OrderQuery { email: text(), ..by_name("an") }, "orders_by_email (email=?"),
        (by_name("ng an"), "names VIRTUAL TABLE INDEX"),
        (OrderQuery { drop: Some(DropId(1)), state: Some("paid"), ..by_name("an") }, "names VIRTUAL TABLE INDEX"),
        (OrderQuery { drop: Some(DropId(1)), state: Some("paid"), ..none.clone() }, "orders_by_drop (drop_id=?"),
        (OrderQuery { product: Some(1), ..none.clone() }, "orders_by_product (product_id=?"),
        (OrderQuery { state: Some("paid"), ..none.clone() }, "orders_by_state (state=?"),
        (OrderQuery { region: Some(Region::N01), from, to, ..none.clone() }, "orders_by_region (region=?"),
        (OrderQuery { amount_min: Some(1), amount_max: Some(1), ..none.clone() }, "orders_by_amount (amount=?"),
        (OrderQuery { amount_min: Some(1), from, ..none }, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    ] {
        let plan = store.plan(&query).unwrap();
        assert_eq!(plan.iter().filter(|line| line.contains(index)).count(), 2, "{index}: {plan:?}");
        for line in plan {
            let of_index = line.contains("VIRTUAL TABLE INDEX") || line.starts_with("SCAN (subquery");
            assert!(!line.contains("TEMP B-TREE") && (of_index || !line.contains("SCAN")), "{line}");
        }
    }
}
