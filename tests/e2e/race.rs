use std::{collections::HashSet, sync::Arc};

use harness::{DropTerms, Order, Shop, Shopper, sale_db};
use tokio::{sync::Barrier, task::JoinSet};

const BUYERS: usize = 500;
const UNITS: u32 = 5;

#[tokio::test]
async fn five_hundred_buyers_race_for_five_units_and_exactly_five_orders_exist() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: UNITS, ..DropTerms::default() }).await;

    let starting_shot = Arc::new(Barrier::new(BUYERS));
    let mut race = JoinSet::new();
    for buyer in 0..BUYERS {
        let shopper = shop.shopper(&format!("09{buyer:08}"));
        let (drop, starting_shot) = (drop.clone(), Arc::clone(&starting_shot));
        race.spawn(async move {
            let token = shopper.token(&drop).await;
            starting_shot.wait().await;
            let response = shopper.purchases(&drop, &token, 1).await;
            (shopper, response)
        });
    }

    let mut winners: Vec<(Shopper, Order)> = Vec::new();
    while let Some(joined) = race.join_next().await {
        let (shopper, response) = joined.expect("a buyer who does not panic");
        if response.status == 201 {
            winners.push((shopper, Order::of(&response)));
        } else {
            response.assert_refused(409, "held_out");
        }
    }
    let codes: HashSet<u64> = winners.iter().map(|(_, order)| order.code).collect();
    assert_eq!(codes.len(), UNITS as usize, "winners: {codes:?}");

    for (shopper, order) in &winners {
        shopper.sees(order, "payment_state", "ready").await;
        shop.payos.pays(order.code).await;
        shopper.sees(order, "state", "paid").await;
    }
    shop.shows_stock(&drop, "sold", UNITS).await;
    shop.stop_origin().await;
    assert_eq!(sale_db::count(&shop.data(), "select count(*) from orders").await, i64::from(UNITS));
    shop.finish().await;
}
