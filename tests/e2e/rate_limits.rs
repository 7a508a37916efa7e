use std::time::{Duration, Instant};

use futures_util::future::join_all;
use harness::{DropTerms, OpenedDrop, Response, Shop};
use serde_json::json;

/// The numbers of wrangler.toml.
const BROWSER_REQUESTS: usize = 10;
const BROWSER_SECONDS: &str = "60";

/// A busy machine may need several windows of the limit before one of them is full.
const LIMIT_DEADLINE: Duration = Duration::from_secs(120);

const PHONE: &str = "0912000300";

#[tokio::test]
async fn strangers_who_ask_for_a_phone_do_not_stop_its_owner() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let owner = shop.shopper(PHONE);
    let owner_without_cookie = shop.shopper(PHONE);

    let strangers: Vec<_> = (0..100).map(|_| shop.shopper(PHONE)).collect();
    for response in join_all(strangers.iter().map(|stranger| stranger.asks_for_token(&drop))).await {
        response.assert_status(200);
    }
    owner.token(&drop).await;
    // One stranger's browser uses up all it may ask for; that is its own affair.
    for _ in 0..=BROWSER_REQUESTS * 2 {
        strangers[0].asks_for_token(&drop).await;
    }
    strangers[0].asks_for_token(&drop).await.assert_refused(429, "rate_limited");
    owner.token(&drop).await;
    owner_without_cookie.buys(&drop, 1).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_crowd_behind_one_address_does_not_stop_a_browser_that_opened_the_page() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let address = "203.0.113.9";
    let page = shop.client.get(format!("{}/drops/{}", shop.edge_url(), drop.slug));
    let cookie = cookie_of(&shop.sends(page).await);

    let refused = first_refusal_without_cookie(&shop, &drop, address).await;
    refused.assert_refused(429, "rate_limited");
    // The page's browser is counted apart, and so is one that comes back with the cookie of its refusal.
    asks(&shop, &drop, address, Some(&cookie)).await.assert_status(200);
    assert_eq!(refused.header("retry-after"), "1");
    asks(&shop, &drop, address, Some(&cookie_of(&refused))).await.assert_status(200);
    shop.finish().await;
}

#[tokio::test]
async fn one_browser_cannot_ask_for_thousands_of_phones() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let page = shop.client.get(format!("{}/drops/{}", shop.edge_url(), drop.slug));
    let cookie = cookie_of(&shop.sends(page).await);

    let asked = (0..BROWSER_REQUESTS * 6).map(|number| {
        let path = format!("{}/api/drops/{}/token", shop.edge_url(), drop.slug);
        let request = shop.client.post(path).json(&json!({ "phone": format!("09120004{number:02}") }));
        // Another address each time: neither that nor another phone makes another browser.
        shop.sends(request.header("cf-connecting-ip", format!("198.51.100.{number}")).header("cookie", &cookie))
    });
    let responses = join_all(asked).await;
    let given = responses.iter().filter(|response| response.status == 200).count();
    // The requests may lie on both sides of the moment at which the count begins anew.
    assert!((BROWSER_REQUESTS..=BROWSER_REQUESTS * 2).contains(&given), "{given} tokens");
    for refused in responses.iter().filter(|response| response.status != 200) {
        refused.assert_refused(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), BROWSER_SECONDS);
    }
    shop.finish().await;
}

/// Asks from one address until its requests without a cookie are too many.
async fn first_refusal_without_cookie(shop: &Shop, drop: &OpenedDrop, address: &str) -> Response {
    let deadline = Instant::now() + LIMIT_DEADLINE;
    while Instant::now() < deadline {
        let crowd = join_all((0..50).map(|_| asks(shop, drop, address, None))).await;
        if let Some(refused) = crowd.into_iter().find(|response| response.status != 200) {
            return refused;
        }
    }
    panic!("requests without a cookie are never refused");
}

async fn asks(shop: &Shop, drop: &OpenedDrop, address: &str, cookie: Option<&str>) -> Response {
    let path = format!("{}/api/drops/{}/token", shop.edge_url(), drop.slug);
    let request = shop.client.post(path).json(&json!({ "phone": PHONE })).header("cf-connecting-ip", address);
    shop.sends(cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie))).await
}

fn cookie_of(response: &Response) -> String {
    let cookie = response.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    assert!(cookie.starts_with("dropgate_sid="), "no cookie: {}", response.text());
    cookie
}
