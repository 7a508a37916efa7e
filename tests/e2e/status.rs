use harness::{DropTerms, Response, Shop, until};
use std::time::Duration;

#[tokio::test]
async fn the_status_of_a_drop_is_the_same_by_id_and_slug_and_comes_with_an_etag() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;

    let by_slug = shop.visits(&format!("/api/drops/{}", drop.slug)).await;
    let by_id = shop.visits(&format!("/api/drops/{}", drop.id)).await;
    assert_eq!(by_id.assert_status(200)["drop"], by_slug.assert_status(200)["drop"]);
    assert_eq!(by_slug.header("cache-control"), "public, max-age=1, stale-if-error=60");
    assert!(by_slug.header("dropgate-time").parse::<u64>().is_ok());

    let etag = by_slug.header("etag");
    assert_eq!(asks_again(&shop, &drop.slug, etag).await.status, 304);
    shop.shopper("0912000090").buys(&drop, 1).await;
    shop.shows_stock(&drop, "held", 1).await;
    assert_eq!(asks_again(&shop, &drop.slug, etag).await.status, 200, "the stock has changed");
    shop.finish().await;
}

#[tokio::test]
async fn the_status_is_shown_and_marked_stale_while_the_origin_is_down() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let path = format!("/api/drops/{}", drop.slug);
    assert_eq!(shop.visits(&path).await.assert_status(200)["stale"], false);

    shop.kill_origin().await;
    let deadline = Duration::from_secs(20);
    until("the status is marked stale", deadline, async || {
        (shop.visits(&path).await.assert_status(200)["stale"] == true).then_some(())
    })
    .await;

    shop.restart_origin().await;
    until("the status is fresh again", deadline, async || {
        (shop.visits(&path).await.assert_status(200)["stale"] == false).then_some(())
    })
    .await;
    shop.finish().await;
}

#[tokio::test]
async fn only_the_status_may_be_cached() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000091");
    let order = shopper.buys(&drop, 1).await;

    let answers = [
        ("token", shopper.asks_for_token(&drop).await),
        ("order", shopper.asks_for_order(order.code, &order.key).await),
        ("unknown path", shop.visits("/api/nothing").await),
        ("drop page", shop.visits(&format!("/drops/{}", drop.slug)).await),
        ("order page", shop.visits(&format!("/orders/{}", order.code)).await),
    ];
    for (what, response) in answers {
        assert_eq!(response.header("cache-control"), "no-store", "{what}");
        assert!(response.header("dropgate-time").parse::<u64>().is_ok(), "{what}");
    }
    shop.finish().await;
}

async fn asks_again(shop: &Shop, slug: &str, etag: &str) -> Response {
    let request = shop.client.get(format!("{}/api/drops/{slug}", shop.edge_url()));
    shop.sends(request.header("if-none-match", etag)).await
}
