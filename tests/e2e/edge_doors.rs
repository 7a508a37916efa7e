use std::time::Duration;

use harness::{DropTerms, Shop};
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Far below the time that the announced body would take.
const ANSWER_DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_body_announced_as_huge_is_refused_before_it_comes() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let webhook = format!("/webhooks/payos/{}", shop.secrets.get("DROPGATE_WEBHOOK_SECRET"));
    for path in [format!("/api/drops/{}/token", drop.slug), webhook] {
        let answer = announces(&shop, &path, "1000000000000").await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
        assert!(answer.contains("\"body_too_large\""), "{path}: {answer}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_method_that_a_route_does_not_take_gets_405() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let status = format!("/api/drops/{}", drop.slug);
    let page = format!("/drops/{}", drop.slug);
    for path in ["/api/config", "/api/drops", status.as_str(), page.as_str()] {
        for method in ["OPTIONS", "POST", "PROPFIND", "REPORT", "PURGE"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let response = shop.sends(shop.client.request(method.clone(), format!("{}{path}", shop.edge_url()))).await;
            response.assert_refused(405, "method_not_allowed");
            assert_eq!(response.header("allow"), "GET, HEAD", "{method} {path}");
        }
        let head = shop.sends(shop.client.head(format!("{}{path}", shop.edge_url()))).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "HEAD {path}");
    }
    shop.finish().await;
}

/// The head of a POST, and no byte of its body. Returns what is answered.
async fn announces(shop: &Shop, path: &str, content_length: &str) -> String {
    let url = shop.edge_url();
    let host = url.strip_prefix("http://").expect("the address of the edge");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         content-length: {content_length}\r\nconnection: close\r\n\r\n"
    );
    let mut connection = TcpStream::connect(host).await.expect("a connection to the edge");
    connection.write_all(head.as_bytes()).await.expect("the edge reads");
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !answer.ends_with(b"}") {
        match timeout(ANSWER_DEADLINE, connection.read(&mut part)).await.expect("an answer without the body") {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.extend_from_slice(&part[..count]),
        }
    }
    String::from_utf8(answer).expect("an answer of text")
}
