use super::*;

#[test]
fn an_answered_purchase_is_on_disk_with_its_buyer() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let stored = rig.stored(order);
    assert_eq!(stored.record.state, OrderState::Pending);
    assert_eq!(stored.buyer.unwrap().1, buyer(1));
}

#[test]
fn one_token_twice_in_one_batch_makes_one_order() {
    let mut rig = Rig::start();
    let first = rig.purchase(1);
    let second = again(&first);
    let [first, second] = rig.batch([first, second].map(Request::Purchase)).map(|reply| bought(reply).unwrap());
    assert_eq!(first.receipt, second.receipt);
    assert_eq!(second.acceptance, Acceptance::Replayed);
    assert_eq!(rig.verified().orders, 1);
}

#[test]
fn a_token_used_before_a_restart_gives_its_order_after_it() {
    let mut rig = Rig::start();
    let purchase = rig.purchase(1);
    let (repeated, mut other) = (again(&purchase), again(&purchase));
    let receipt = rig.buy(purchase).unwrap().receipt;
    let mut rig = rig.restart();
    assert_eq!(rig.buy(repeated).unwrap().receipt, receipt);
    other.buyer.name = "Somebody else".into();
    assert_eq!(rig.buy(other).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::TokenReused));
}

#[test]
fn stock_holds_and_limits_survive_a_restart() {
    let mut rig = Rig::start();
    rig.create_drop("hat", 3);
    let of_hats = |purchase: PurchaseRequest| PurchaseRequest { drop: DropId(2), ..purchase };
    let [paid, held] = [1, 2].map(|who| {
        let purchase = of_hats(rig.purchase(who));
        rig.buy(purchase).unwrap().receipt.order
    });
    rig.command(paid, payment("FT1", PRICE));
    let mut rig = rig.restart();
    let stock = rig.run.sale.drops[&DropId(2)].state.stock();
    assert_eq!((stock.available, stock.held, stock.sold), (1, 1, 1));
    let purchase = of_hats(rig.purchase(1));
    assert_eq!(rig.buy(purchase).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::LimitReached));
    let purchase = of_hats(rig.purchase(2));
    let resumed = rig.buy(purchase).unwrap();
    assert_eq!((resumed.receipt.order, resumed.acceptance), (held, Acceptance::Resumed));
}

#[test]
fn a_crowd_that_is_read_in_many_pieces_is_all_there_after_a_restart() {
    const CROWD: u32 = 10_000;
    let mut rig = Rig::start();
    rig.create_drop("crowded", CROWD);
    let (mut purchases, mut repeated) = (Vec::new(), Vec::new());
    for number in 0..CROWD {
        let mut purchase = rig.purchase(0);
        purchase.drop = DropId(2);
        purchase.purchase.sub.0[..4].copy_from_slice(&number.to_le_bytes());
        repeated.push(again(&purchase));
        purchases.push(Request::Purchase(purchase));
    }
    let replies = rig.batch_of(purchases);
    let receipts: Vec<_> = replies.into_iter().map(|reply| bought(reply).unwrap().receipt).collect();
    for receipt in receipts.iter().step_by(100) {
        rig.command(receipt.order, payment("FT1", PRICE));
    }
    let known = |rig: &Rig| {
        let state = &rig.run.sale.drops[&DropId(2)].state;
        let mut customers: Vec<_> = state.customers().collect();
        customers.sort_by_key(|(sub, _)| sub.0);
        let pending: Vec<_> = receipts.iter().map(|receipt| state.pending(receipt.order)).collect();
        (state.stock(), customers, pending)
    };
    let before = known(&rig);
    let mut rig = rig.restart();
    assert_eq!(known(&rig), before);
    for (purchase, receipt) in repeated.into_iter().zip(&receipts).step_by(99) {
        assert_eq!(rig.buy(purchase).unwrap().receipt, *receipt);
    }
}

#[test]
fn an_older_copy_put_back_never_gives_a_code_twice() {
    let mut used = Vec::new();
    let mut rig = Rig::start().restore_to_before(|rig| used.extend([rig.order(1), rig.order(2)]));
    let new = rig.order(3);
    assert!(used.iter().all(|used| *used < new));
}

#[test]
fn a_payment_and_the_expiry_that_would_make_it_late_are_decided_payment_first() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.clock.advance(360_000);
    let [ended, paid] = rig.batch([about(order, Command::EndHold), about(order, payment("FT1", PRICE))]).map(outcome);
    assert_eq!((paid, ended), (Outcome::Done, Outcome::Unchanged));
    assert_eq!(rig.stored(order).record.state, OrderState::Paid { late: false });
}

#[test]
fn an_order_placed_and_cancelled_in_one_batch_is_stored_as_cancelled() {
    let mut rig = Rig::start();
    let purchase = rig.purchase(1);
    let order = rig.run.sale.next_order;
    let cancel = about(order, Command::Cancel { sid: Sid([1; 16]) });
    let [_, cancelled] = rig.batch([Request::Purchase(purchase), cancel]);
    assert_eq!(outcome(cancelled), Outcome::Done);
    assert_eq!(rig.stored(order).record.state, OrderState::Cancelled(Canceller::Shopper));
    rig.verified();
}

#[test]
fn a_superseded_hold_is_stored_as_such() {
    let mut rig = Rig::start();
    let first = rig.order(1);
    rig.clock.advance(360_000);
    assert_eq!(rig.command(first, Command::EndHold), Outcome::Done);
    let second = rig.order(1);
    rig.command(first, payment("FT1", PRICE));
    assert_eq!(rig.stored(first).record.state, OrderState::Paid { late: true });
    assert!(matches!(rig.stored(second).record.state, OrderState::Expired(_)));
    rig.verified();
}

#[test]
fn money_for_no_order_of_ours_is_kept_once() {
    let mut rig = Rig::start();
    let unknown_order = OrderCode(123_456);
    assert_eq!(rig.command(unknown_order, payment("FT1", 5)), Outcome::Done);
    assert_eq!(rig.command(unknown_order, payment("FT1", 5)), Outcome::Unchanged);
    let rows = rig.verified().rows;
    let mut rig = rig.restart();
    assert_eq!(rig.command(unknown_order, payment("FT1", 5)), Outcome::Unchanged);
    assert_eq!(rig.verified().rows, rows);
}

#[test]
fn a_link_and_its_facts_are_read_back_as_made() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let facts = LinkFacts {
        id: "link".into(),
        checkout_url: "https://pay.example/link".into(),
        bank_transfer: Some(domain::BankTransferDetails {
            qr_code: "0002".into(),
            bank_bin: "970422".into(),
            account_number: "1".into(),
            account_name: "SHOP".into(),
            memo: "CS 1".into(),
        }),
    };
    rig.command(order, Command::AskLink);
    rig.command(order, Command::LinkMade(facts.clone()));
    assert_eq!(rig.stored(order).record.link.facts(), Some(&facts));
    rig.verified();
}

#[test]
fn a_batch_that_changes_nothing_writes_nothing() {
    let mut rig = Rig::start();
    let rows = rig.verified().rows;
    let (version, mut purchase) = (rig.run.published.load().version, rig.purchase(1));
    purchase.purchase.quantity = 9;
    assert_eq!(rig.buy(purchase).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::InvalidQuantity));
    assert_eq!((rig.verified().rows, rig.run.published.load().version), (rows, version));
}

#[test]
fn what_is_published_is_what_was_committed() {
    let mut rig = Rig::start();
    rig.order(1);
    let published = rig.run.published.load();
    let stock = published.find(DropId(1)).unwrap().stock;
    assert_eq!((stock.available, stock.held, published.seq), (1, 1, rig.verified().head.seq));
}

#[test]
fn an_operators_cancellation_keeps_their_name_and_the_units_where_they_said() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(order, payment("FT1", PRICE));
    let command = Command::CancelByOperator { restock: false };
    let cancel = OrderRequest { order, command, operator: "binh".into(), payer: None };
    assert_eq!(outcome(rig.ask(Request::Order(cancel))), Outcome::Done);
    let rows = ReadStore::open(rig.folder.path()).unwrap().ledger_after(0, 100).unwrap();
    let cancelled = rows.iter().find(|row| row.entry.fact.kind() == RowKind::OrderCancelled).unwrap();
    assert_eq!(cancelled.entry.operator, "binh");
    let rig = rig.restart();
    let stock = rig.run.sale.drops[&DropId(1)].state.stock();
    assert_eq!((stock.available, stock.withdrawn), (1, 1));
    rig.verified();
}

#[test]
fn every_hold_of_a_killed_drop_is_due_at_once_and_after_a_restart() {
    let mut rig = Rig::start();
    let orders = [rig.order(1), rig.order(2)];
    let due = |rig: &mut Rig| match rig.ask(Request::DueHolds { after: OrderCode(0), max: 10 }) {
        Reply::DueHolds(due) => due,
        other => panic!("{other:?}"),
    };
    assert_eq!(due(&mut rig), []);
    rig.kill(1);
    assert_eq!(due(&mut rig), orders);
    let mut rig = rig.restart();
    assert_eq!(due(&mut rig), orders);
}

#[test]
fn orders_whose_links_were_asked_for_are_listed_from_a_time_on_and_after_an_order() {
    let mut rig = Rig::start();
    rig.create_drop("hat", 2);
    let first = rig.order(1);
    rig.command(first, Command::AskLink);
    rig.clock.advance(1_000);
    let unasked = rig.purchase(3);
    rig.buy(PurchaseRequest { drop: DropId(2), ..unasked }).unwrap();
    let second = rig.order(2);
    rig.command(second, Command::AskLink);
    let store = ReadStore::open(rig.folder.path()).unwrap();
    let listed = |since: Timestamp, after: u64, max| store.orders_with_links(since, OrderCode(after), max).unwrap();
    assert_eq!(listed(Timestamp(0), 0, 10), [first, second]);
    assert_eq!(listed(Timestamp(0), 0, 1), [first]);
    assert_eq!(listed(Timestamp(0), first.0, 10), [second]);
    assert_eq!(listed(START, first.0 - 1, 10), [first, second]);
    assert_eq!(listed(START.plus_ms(1), 0, 10), [second]);
    assert_eq!(listed(START.plus_ms(1_001), 0, 10), []);
}

#[test]
fn who_may_have_an_order_is_known_after_a_restart() {
    let mut rig = Rig::start();
    let (ended, held) = (rig.purchase(1).purchase, rig.purchase(2).purchase);
    let purchase = rig.purchase(1);
    let token = Purchase { jti: purchase.purchase.jti, ..rig.purchase(3).purchase };
    let order = rig.buy(purchase).unwrap().receipt.order;
    rig.command(order, Command::Cancel { sid: Sid([1; 16]) });
    rig.order(2);
    let rig = rig.restart();
    let filter = &rig.run.sale.order_filter;
    assert!(filter.may_have_order(&held));
    assert!(filter.may_have_order(&token), "a token leads to its order after the order has ended");
    assert!(!filter.may_have_order(&ended), "an ended order is given back to its token alone");
    assert!(!filter.may_have_order(&Purchase { sid: Sid([9; 16]), ..held }), "a stranger with the phone of a customer");
}

#[test]
fn the_size_of_the_log_is_told_until_it_is_emptied() {
    let mut rig = Rig::start();
    rig.order(1);
    let reader = ReadStore::open(rig.folder.path()).unwrap();
    assert!(reader.log_bytes().unwrap() > 0);
    rig.run.store.checkpoint().unwrap();
    assert_eq!(reader.log_bytes().unwrap(), 0);
}

/// Their order had ended before the start, so the start did not read it, and no filter knows them.
#[test]
fn a_customer_who_pays_late_after_a_restart_is_refused_alike_with_and_without_the_writer() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.clock.advance(360_000);
    assert_eq!(rig.command(order, Command::EndHold), Outcome::Done);
    let mut rig = rig.restart();
    rig.command(order, payment("FT1", PRICE));
    assert_eq!(rig.stored(order).record.state, OrderState::Paid { late: true });
    rig.order(2);
    let request = rig.purchase(1);
    let state = &rig.run.sale.drops[&DropId(1)].state;
    let (terms, status, stock) = (state.terms(), state.status(), state.stock());
    let filter = &rig.run.sale.order_filter;
    let refused = filter.refuses(terms, status, stock, rig.clock.now(), &request.purchase);
    assert_eq!(refused, Some(Refusal::HeldOut));
    assert_eq!(rig.buy(request).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::HeldOut));
}
