use harness::{DropTerms, Response, Shop};
use reqwest::{Client, Method, redirect::Policy};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn a_mistyped_address_leads_to_the_drop() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let canonical = format!("/drops/{}", drop.slug);
    let upper = drop.slug.to_uppercase();
    let tails = ["/", "//", ")", "]", ".", ",", "”", "%", "%E2%80%8B", "%20", "%20mua%20ngay", "&fbclid=x", "%2F"];
    let mut paths: Vec<String> = tails.iter().map(|tail| format!("{canonical}{tail}")).collect();
    paths.extend([format!("/drops/{upper}"), format!("/Drops/{upper}/"), format!("/drops/{}", drop.id)]);
    for path in paths {
        for query in ["", "?fbclid=IwAR&a=%20b", "?next=https://evil.example/"] {
            for method in [Method::GET, Method::HEAD] {
                let response = opens(&shop, method, &format!("{path}{query}")).await;
                assert_eq!(response.status, 302, "{path}{query}: {}", response.text());
                assert_eq!(response.header("location"), format!("{canonical}{query}"), "{path}{query}");
                assert_eq!(response.header("cache-control"), "no-store");
            }
        }
    }
    let page = opens(&shop, Method::GET, &format!("{canonical}?fbclid=IwAR")).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(opens(&shop, Method::GET, "/drops/?a=b").await.header("location"), "/?a=b");
    let order = opens(&shop, Method::GET, "/orders/100000000000001/?status=PAID").await;
    assert_eq!((order.status, order.header("location")), (302, "/orders/100000000000001?status=PAID"));
    shop.finish().await;
}

#[tokio::test]
async fn an_unknown_address_is_a_page_that_leads_to_all_drops() {
    let shop = Shop::start().await;
    shop.opens_drop(DropTerms::default()).await;
    let drops = ["/drops/no-such-drop", "/drops/%", "/drops/drop-1/more", "/drops/https://evil.example", "/drops/99"];
    for path in drops {
        for accept in [BROWSER, "*/*"] {
            let response = opens_as(&shop, Method::GET, path, accept).await;
            assert_is_missing_page(path, &response, "Không tìm thấy đợt bán này");
        }
    }
    for path in ["/nothing", "/nothing%", "/api/nothing", "/orders/abc", "//evil.example/drops/a", "/admin", "/a/b/c"] {
        let response = opens(&shop, Method::GET, path).await;
        assert_is_missing_page(path, &response, "Không tìm thấy trang này");
    }
    let head = opens(&shop, Method::HEAD, "/drops/no-such-drop").await;
    assert_eq!((head.status, head.body.len()), (404, 0));
    let wrong_method = opens(&shop, Method::GET, "/api/drops/1/token").await;
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, "POST"));
    assert!(wrong_method.text().contains("</html>"));
    opens(&shop, Method::POST, "/nothing").await.assert_refused(404, "not_found");
    opens_as(&shop, Method::GET, "/nothing", "*/*").await.assert_refused(404, "not_found");
    shop.finish().await;
}

#[tokio::test]
async fn the_page_of_a_drop_carries_its_card_for_chats_and_networks() {
    let shop = Shop::start().await;
    let created = shop.dropgate(&[
        "drop",
        "create",
        "--slug",
        "ao-giay",
        "--name",
        "Áo \"<giấy>\" & more",
        "--image",
        "/assets/placeholder.svg",
        "--price",
        "450000",
        "--size",
        "5",
        "--opens-at",
        "2030-12-01T20:00:00+07:00",
    ]);
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    // The edge lists the drop within a second or two.
    harness::until("the page of the drop", std::time::Duration::from_secs(20), async || {
        (opens(&shop, Method::GET, "/drops/ao-giay").await.status == 200).then_some(())
    })
    .await;
    for agent in ["facebookexternalhit/1.1", "Zalo", "Mozilla/5.0"] {
        let request = shop.client.get(format!("{}/drops/ao-giay?fbclid=x", shop.edge_url()));
        let response = shop.sends(request.header("user-agent", agent)).await;
        let page = response.text();
        let host = shop.edge_url().replacen("http://", "", 1);
        for line in [
            "<title>Áo &quot;&lt;giấy&gt;&quot; &amp; more</title>",
            "<meta property=\"og:title\" content=\"Áo &quot;&lt;giấy&gt;&quot; &amp; more\">",
            "<meta property=\"og:description\" content=\"450.000 ₫ · 20:00 01/12/2030\">",
            &format!("<meta property=\"og:url\" content=\"http://{host}/drops/ao-giay\">"),
            &format!("<meta property=\"og:image\" content=\"https://{host}/assets/placeholder.svg\">"),
        ] {
            assert!(page.contains(line), "{agent}: no {line} in {}", &page[..2_000]);
        }
        assert!(page.contains("data-testid=\"buy-form\""), "the page itself is whole");
        assert!(response.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(response.header("cache-control"), "no-store");
    }
    shop.finish().await;
}

#[tokio::test]
async fn without_the_origin_a_drop_has_its_page_and_no_card() {
    let mut shop = Shop::start().await;
    shop.kill_origin().await;
    let page = opens(&shop, Method::GET, "/drops/drop-1").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("<title>Dropgate</title>") && page.text().contains("data-testid=\"buy-form\""));
    assert_eq!(opens(&shop, Method::GET, "/drops/DROP-1)").await.header("location"), "/drops/drop-1");
    shop.restart_origin().await;
    shop.finish().await;
}

fn assert_is_missing_page(path: &str, response: &Response, heading: &str) {
    assert_eq!(response.status, 404, "{path}: {}", response.text());
    assert_eq!(response.header("content-type"), "text/html; charset=utf-8", "{path}");
    assert_eq!(response.header("cache-control"), "no-store", "{path}");
    assert!(response.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
    assert!(response.text().contains(&format!("<h1>{heading}</h1>")), "{path}: {}", response.text());
    assert!(response.text().contains("href=\"/\""), "{path}");
}

async fn opens(shop: &Shop, method: Method, path: &str) -> Response {
    opens_as(shop, method, path, BROWSER).await
}

async fn opens_as(shop: &Shop, method: Method, path: &str, accept: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).no_proxy().build().expect("an HTTP client");
    let request = client.request(method, format!("{}{path}", shop.edge_url()));
    shop.sends(request.header("accept", accept)).await
}
