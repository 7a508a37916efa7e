//! Clients that are slow, silent or many, or that do not speak HTTP/1.1. Each loses its own connection, and the sale
//! goes on.

use std::time::Duration;

use harness::{DropTerms, LoneOrigin, until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    edge::{Edge, Payment},
    expectations::PRICE,
    random::Random,
    raw_http::{Connection, NoResponse, get, post},
};

/// As many as a slow-sender attack opens at first.
const SLOW: usize = 200;
/// The pause of a slow client between two bytes.
const PACE: Duration = Duration::from_secs(1);
/// The origin allows ten seconds each for a head and a body; a loaded machine notices later.
const CUT_OFF_DEADLINE: Duration = Duration::from_secs(30);
/// The origin allows ten seconds for a response to leave; the kernel probes a full connection ever more rarely.
const UNREAD_DEADLINE: Duration = Duration::from_secs(60);

/// Purchases of one shopper meanwhile; an idle machine does thousands.
const BOUGHT_MIN: usize = 20;

/// The origin's own bound.
const PURCHASES_AT_ONCE: usize = 4_096;

const IDLE: usize = 10_000;
/// Connections that open together; the origin has parked them before the next ones open.
const IDLE_AT_ONCE: usize = 1_000;
const QUIET: Duration = Duration::from_secs(2);
/// hyper's buffers alone take 16 KiB.
const IDLE_BYTES_MAX: usize = 8 * 1024;
/// Memory that the sale itself may take meanwhile.
const SALE_BYTES_MAX: usize = 16 * 1024 * 1024;

#[tokio::test]
async fn slow_heads_and_bodies_are_cut_off_while_others_buy() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut random = Random::from_seed(11);
    let mut heads = JoinSet::new();
    for _ in 0..SLOW {
        let connection = Connection::open(&edge.address).await.expect("a connection");
        heads.spawn(send_slowly(connection, String::new(), "GET /snapshot HTTP/1.1\r\nx-slow: ".to_owned()));
    }
    let request = edge.purchase(drop, &mut random).request;
    let (begun, rest) = request.split_at(request.len() - 80);
    let connection = Connection::open(&edge.address).await.expect("a connection");
    let body = tokio::spawn(send_slowly(connection, begun.to_owned(), rest.to_owned()));

    let mut bought = 0;
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    let started = Instant::now();
    while heads.try_join_next().is_none() {
        assert!(started.elapsed() < CUT_OFF_DEADLINE, "the origin still reads slow heads");
        buy(&edge, drop, &mut buyer, &mut random).await;
        bought += 1;
    }
    assert!(bought > BOUGHT_MIN, "only {bought} were bought before the first slow client was gone");
    let cut_off = timeout(CUT_OFF_DEADLINE, heads.join_all()).await.expect("the origin still reads slow heads");
    assert!(cut_off.iter().all(|response| response.as_ref().is_none_or(|status| *status == 408)), "{cut_off:?}");
    let body = timeout(CUT_OFF_DEADLINE, body).await.expect("the origin still reads a slow body").expect("no panic");
    assert_eq!(body, Some(400), "a body that never came");
    assert_stops(&mut origin).await;
}

#[tokio::test]
async fn a_client_that_reads_no_responses_loses_its_connection_while_others_buy() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut random = Random::from_seed(15);
    let mut unread = Connection::open(&edge.address).await.expect("a connection");
    let requests = get("/snapshot", "no-token").repeat(100);
    // Until the kernel has no room for more responses and requests.
    while let Ok(sent) = timeout(PACE, unread.send(&requests)).await {
        sent.expect("a connection that takes bytes");
    }
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    let started = Instant::now();
    while let Err(_) | Ok(Ok(())) = timeout(PACE, unread.send(&requests)).await {
        assert!(started.elapsed() < UNREAD_DEADLINE, "the client is still connected");
        buy(&edge, drop, &mut buyer, &mut random).await;
    }
    assert_stops(&mut origin).await;
}

#[tokio::test]
async fn what_is_not_a_valid_request_is_refused_and_its_connection_closed() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let large = format!("GET /snapshot HTTP/1.1\r\nhost: origin\r\nx-large: {}\r\n\r\n", "x".repeat(20 * 1024));
    let many: String = (0..1_000).map(|number| format!("x-{number}: 1\r\n")).collect();
    let many = format!("GET /snapshot HTTP/1.1\r\nhost: origin\r\n{many}\r\n");
    let endless = format!("GET /{} HTTP/1.1\r\nhost: origin\r\n\r\n", "x".repeat(64 * 1024));
    for (what, sent, statuses) in [
        ("a head of 20 KiB", large.as_str(), [431, 431]),
        ("a thousand headers", &many, [431, 431]),
        ("an endless address", &endless, [431, 414]),
        ("HTTP/0.9", "GET /snapshot\r\n", [400, 400]),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]),
        ("TLS", "\x16\x03\x01\x02\0\x01\0\x01\x7c\x03\x03", [400, 400]),
        ("two lengths", "POST /purchase HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", [400, 400]),
    ] {
        let mut connection = Connection::open(&edge.address).await.expect("a connection");
        // An error means that the origin closed the connection before it had read everything.
        if let Ok(response) = connection.request(sent).await {
            assert!(statuses.contains(&response.status), "{what}: {}", response.text());
        }
        assert_closed(&mut connection, what).await;
    }
    let mut connection = Connection::open(&edge.address).await.expect("a connection");
    let response = connection.request(&get("/snapshot", "no-token")).await.expect("a response");
    assert_eq!(response.status, 401, "{}", response.text());
    let response = connection.request("\0\0 garbage behind a request\r\n\r\n").await.expect("a response");
    assert_eq!(response.status, 400, "{}", response.text());
    assert_closed(&mut connection, "garbage").await;

    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    buy(&edge, drop, &mut buyer, &mut Random::from_seed(12)).await;
    assert_stops(&mut origin).await;
}

#[tokio::test]
async fn ten_thousand_idle_connections_cost_a_few_kilobytes_each_and_still_work() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut random = Random::from_seed(13);
    // The rest of the limit is for tests that run at the same time.
    let count = IDLE.min(raise_open_file_limit() / 4 * 3);
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    buy(&edge, drop, &mut buyer, &mut random).await;
    let before = origin.resident_bytes();
    let request = post("/purchase", "no-token", &"x".repeat(600));
    let mut idle = Vec::with_capacity(count);
    while idle.len() < count {
        for _ in 0..IDLE_AT_ONCE.min(count - idle.len()) {
            let mut connection = Connection::open(&edge.address).await.expect("a connection");
            let response = connection.request(&request).await.expect("a response");
            assert_eq!(response.status, 401, "{}", response.text());
            idle.push(connection);
        }
        buy(&edge, drop, &mut buyer, &mut random).await;
        sleep(QUIET).await;
    }
    let grown = origin.resident_bytes().saturating_sub(before);
    let most = count * IDLE_BYTES_MAX + SALE_BYTES_MAX;
    assert!(grown < most, "{count} idle connections took {grown} bytes, {} each", grown / count);
    println!("{count} idle connections took {grown} bytes, {} each", grown / count);
    for connection in &mut idle {
        let response = connection.request(&request).await.expect("a response on a connection that was idle");
        assert_eq!(response.status, 401, "{}", response.text());
    }
    assert_stops(&mut origin).await;
    for connection in &mut idle {
        assert_closed(connection, "a connection of an origin that stopped").await;
    }
}

#[tokio::test]
async fn purchases_beyond_the_bound_are_refused_and_nothing_else_is() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut random = Random::from_seed(14);
    raise_open_file_limit();
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    let order = buy(&edge, drop, &mut buyer, &mut random).await;
    let mut in_progress = JoinSet::new();
    for _ in 0..PURCHASES_AT_ONCE {
        in_progress.spawn(keep_in_progress(edge.address.clone(), edge.purchase(drop, &mut random).request));
    }
    let beyond = edge.purchase(drop, &mut random);
    let refused = until("the bound is reached", CUT_OFF_DEADLINE, async || {
        let response = buyer.request(&beyond.request).await.expect("a response");
        (response.status != 201).then_some(response)
    })
    .await;
    assert_eq!((refused.status, &refused.json()["code"]), (503, &"busy".into()), "{}", refused.text());
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.text());
    let transfer = Payment { order, link: "a-link".to_owned(), reference: "FT1".to_owned(), amount: PRICE };
    // Without a token no address tells what it is, however busy the origin is.
    let stranger = post("/purchase", "no-token", "{}");
    for (request, status) in [(stranger, 401), (edge.webhook(&transfer), 204), (edge.view_order(order), 200)] {
        let response = buyer.request(&request).await.expect("a response");
        assert_eq!(response.status, status, "{}", response.text());
    }
    in_progress.shutdown().await;
    let purchase = edge.purchase(drop, &mut random);
    until("a purchase that ends makes room", CUT_OFF_DEADLINE, async || {
        let response = buyer.request(&purchase.request).await.expect("a response");
        (response.status == 201).then_some(())
    })
    .await;
    assert_stops(&mut origin).await;
}

#[tokio::test]
async fn without_a_file_left_to_open_connected_shoppers_buy_and_the_next_connection_waits_for_one() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut random = Random::from_seed(16);
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    buy(&edge, drop, &mut buyer, &mut random).await;
    origin.may_open_files(false);
    // The kernel connects it, and the origin cannot accept it.
    let mut next = Connection::open(&edge.address).await.expect("a connection");
    next.send(&edge.purchase(drop, &mut random).request).await.expect("a connection that takes bytes");
    until("the origin logs it", CUT_OFF_DEADLINE, async || origin.log().contains("cannot accept").then_some(())).await;
    for _ in 0..BOUGHT_MIN {
        buy(&edge, drop, &mut buyer, &mut random).await;
    }
    assert!(timeout(Duration::ZERO, next.receive()).await.is_err(), "the origin accepted it all the same");
    origin.may_open_files(true);
    let response = timeout(CUT_OFF_DEADLINE, next.receive()).await.expect("a response in time").expect("a response");
    assert_eq!(response.status, 201, "{}", response.text());
    assert_stops(&mut origin).await;
}

/// Keeps a purchase with an unfinished body in progress, and repeats it when the origin has timed out.
async fn keep_in_progress(address: String, request: String) {
    loop {
        let mut connection = Connection::open(&address).await.expect("a connection");
        connection.send(&request[..request.len() - 10]).await.expect("a connection that takes bytes");
        // The body did not come in time, or the bound was reached.
        if let Ok(response) = connection.receive().await {
            assert!([400, 503].contains(&response.status), "{}", response.text());
        }
    }
}

/// Sends `at_once`, then the bytes of `slowly` one at a time without end. Returns the status of a response, if one came.
async fn send_slowly(mut connection: Connection, at_once: String, slowly: String) -> Option<u16> {
    connection.send(&at_once).await.expect("a connection that takes bytes");
    let bytes = slowly.chars().chain(std::iter::repeat('x'));
    for byte in bytes {
        if connection.send(&byte.to_string()).await.is_err() {
            return None;
        }
        match timeout(PACE, connection.receive()).await {
            Ok(Ok(response)) => return Some(response.status),
            Ok(Err(NoResponse)) => return None,
            Err(_) => {}
        }
    }
    None
}

async fn buy(edge: &Edge, drop: u32, connection: &mut Connection, random: &mut Random) -> u64 {
    let response = connection.request(&edge.purchase(drop, random).request).await.expect("a response");
    assert_eq!(response.status, 201, "{}", response.text());
    response.json()["order_code"].as_u64().expect("the order's code")
}

/// Raises the limit to what the machine allows, and returns it.
fn raise_open_file_limit() -> usize {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .expect("as many open files as the machine allows");
    maximum.map_or(usize::MAX, |most| usize::try_from(most).expect("a limit"))
}

async fn assert_closed(connection: &mut Connection, what: &str) {
    let received = timeout(CUT_OFF_DEADLINE, connection.receive()).await;
    assert!(matches!(received, Ok(Err(NoResponse))), "{what}: the connection is still open");
}

async fn origin_with_drop() -> (LoneOrigin, u32) {
    let mut origin = LoneOrigin::new(None);
    origin.start().await;
    let drop = origin.open_drop("wide", DropTerms { size: 100_000, price: PRICE, ..DropTerms::default() });
    (origin, drop)
}

async fn assert_stops(origin: &mut LoneOrigin) {
    let exit = origin.stop().await;
    assert!(exit.status.success(), "{}", exit.stderr);
    origin.assert_verifies(&origin.data());
}
