//! Orders that an operator ends.

use harness::{DropTerms, Order, Shop};
use serde_json::json;

const PRICE: u64 = 250_000;

#[tokio::test]
async fn a_killed_drop_cancels_its_orders_sells_nothing_and_owes_back_what_still_comes() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 5, price: PRICE, ..DropTerms::default() }).await;
    let [buyer, partial, unpaid, late] = ["130", "131", "132", "133"].map(|n| shop.shopper(&format!("0912000{n}")));
    let mut orders = Vec::new();
    for shopper in [&buyer, &partial, &unpaid] {
        let order = shopper.buys(&drop, 1).await;
        shopper.sees(&order, "payment_state", "ready").await;
        orders.push(order);
    }
    let [bought, part, open]: [Order; 3] = orders.try_into().expect("three orders");
    shop.payos.pays(bought.code).await;
    buyer.sees(&bought, "state", "paid").await;
    shop.payos.pays_as(part.code, &json!({ "amount": 100_000 })).await;
    partial.sees_money(&part, "amount_applied", 100_000).await;
    let token = late.token(&drop).await;

    shop.operates(&["drop", "kill", &drop.id.to_string()]);
    late.purchases(&drop, &token, 1).await.assert_refused(409, "closed");
    for (shopper, order) in [(&partial, &part), (&unpaid, &open)] {
        shopper.sees(order, "state", "cancelled").await;
        shop.payos.closes_link(order.code).await;
    }
    assert_eq!(partial.order(&part).await["refund_due"], 100_000);
    assert_eq!(buyer.order(&bought).await["state"], "paid", "what was sold stays sold");
    for (state, units) in [("available", 4), ("held", 0), ("sold", 1), ("withdrawn", 0)] {
        shop.shows_metric(&format!("dropgate_stock{{drop=\"{}\",state=\"{state}\"}}", drop.id), units).await;
    }

    // A shopper can still transfer money.
    shop.payos.pays_as(part.code, &json!({ "amount": PRICE - 100_000 })).await;
    partial.sees_money(&part, "refund_due", PRICE).await;
    shop.payos.pays_as(open.code, &json!({ "amount": PRICE })).await;
    let ended = unpaid.sees_money(&open, "refund_due", PRICE).await;
    assert_eq!((&ended["state"], &ended["amount_applied"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(shop.metric("dropgate_refunds_due_vnd").await, 500_000);

    // A killed drop never opens again.
    let (_, said) = shop.assert_refuses(&["drop", "resume", &drop.id.to_string()]);
    assert!(said.contains("closed: "), "{said}");
    shop.finish().await;
}

#[tokio::test]
async fn a_paid_order_that_an_operator_cancels_is_owed_back_and_its_units_sold_again_unless_withdrawn() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 2, price: PRICE, ..DropTerms::default() }).await;
    let [first, second, third] = ["140", "141", "142"].map(|n| shop.shopper(&format!("0912000{n}")));
    let mut orders = Vec::new();
    for shopper in [&first, &second] {
        let order = shopper.buys(&drop, 1).await;
        shopper.sees(&order, "payment_state", "ready").await;
        shop.payos.pays(order.code).await;
        shopper.sees(&order, "state", "paid").await;
        orders.push(order);
    }
    let [restocked, withdrawn]: [Order; 2] = orders.try_into().expect("two orders");
    shop.shows_stock(&drop, "sold", 2).await;

    shop.operates(&["order", "cancel", &restocked.code.to_string()]);
    shop.operates(&["order", "cancel", "--no-restock", &withdrawn.code.to_string()]);
    for (shopper, order) in [(&first, &restocked), (&second, &withdrawn)] {
        let view = shopper.order(order).await;
        let money = (&view["state"], &view["amount_applied"], &view["refund_due"]);
        assert_eq!(money, (&json!("cancelled"), &json!(0), &json!(PRICE)));
    }
    shop.shows_stock(&drop, "withdrawn", 1).await;
    let stock = json!({ "available": 1, "held": 0, "sold": 0, "withdrawn": 1 });
    assert_eq!(shop.stock(&drop).await, stock);

    // Further money is owed back, with the units for sale or withdrawn.
    for (shopper, order) in [(&first, &restocked), (&second, &withdrawn)] {
        shop.payos.pays_as(order.code, &json!({ "amount": PRICE })).await;
        let view = shopper.sees_money(order, "refund_due", 2 * PRICE).await;
        assert_eq!((&view["state"], &view["amount_applied"]), (&json!("cancelled"), &json!(0)));
    }
    assert_eq!(shop.stock(&drop).await, stock);

    let order = third.buys(&drop, 1).await;
    third.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    third.sees(&order, "state", "paid").await;
    shop.finish().await;
}
