//! SIGTERM: every accepted request gets a response, the log is empty, and the origin ends within seconds whatever its
//! clients and PayOS do.

use std::{
    fs,
    time::{Duration, Instant},
};

use harness::{DropTerms, LoneOrigin, until};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    edge::Edge,
    expectations::{Expectations, PRICE},
    load::{Load, LoadSize, LoadTarget},
    random::Random,
    raw_http::Connection,
};

/// A service manager kills a process that takes long to stop.
const STOP_MAX: Duration = Duration::from_secs(5);
const LOAD_SIZE: LoadSize = LoadSize { buyers: 256, payers: 0, kill_narrow_after: None };

#[tokio::test]
async fn sigterm_under_load_responds_to_what_was_accepted_and_leaves_an_empty_log() {
    let payos = PayOsThatHangs::listen().await;
    let (mut origin, wide) = origin_with_drop(&payos).await;
    let load = Load::start(load_target(&origin, wide), LOAD_SIZE, &mut Random::from_seed(1));
    load.wait_for_orders(300).await;

    assert_stops_in_order(&mut origin).await;
    let expectations = load.finish().await;
    assert_eq!(expectations.refused, 0, "an accepted purchase was refused");
    let stored = expectations.assert_stored_in(&origin.data()).await;
    assert_eq!(stored, expectations.acknowledged.len(), "an accepted purchase got no response");
    assert!(expectations.closing_responses > 0, "no response announced that its connection closes");
    origin.assert_verifies(&origin.data());
}

#[tokio::test]
async fn sigterm_ends_within_seconds_beside_idle_and_unfinished_requests_and_a_payos_that_hangs() {
    let payos = PayOsThatHangs::listen().await;
    let (mut origin, wide) = origin_with_drop(&payos).await;
    let edge = Edge::of(&origin);
    let mut random = Random::from_seed(2);
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut connection = Connection::open(&edge.address).await.expect("a connection");
        let response = connection.request(&edge.purchase(wide, &mut random).request).await.expect("a response");
        assert_eq!(response.status, 201, "{}", response.text());
        idle.push(connection);
    }
    let mut fresh = Connection::open(&edge.address).await.expect("a connection");
    let half_a_head = "POST /purchase HTTP/1.1\r\nhost: ori";
    let mut unfinished = Connection::open(&edge.address).await.expect("a connection");
    unfinished.send(half_a_head).await.expect("a connection that takes bytes");
    let (mut half_sent, body) = send_head(&edge, &edge.purchase(wide, &mut random).request).await;
    half_sent.send(&body[..10]).await.expect("a connection that takes bytes");
    // A reconciliation waits for PayOS, as the outbox does for every order.
    let _asked = payos.wait_for_call().await;
    let (mut reconciling, body) = send_head(&edge, &edge.reconcile()).await;
    reconciling.send(&body).await.expect("a connection that takes bytes");

    assert_stops_in_order(&mut origin).await;
    for connection in idle.iter_mut().chain([&mut fresh, &mut unfinished, &mut half_sent, &mut reconciling]) {
        assert!(connection.receive().await.is_err(), "a response to no request");
    }
    origin.assert_verifies(&origin.data());
}

#[tokio::test]
async fn a_purchase_whose_last_bytes_come_after_sigterm_gets_its_response() {
    let payos = PayOsThatHangs::listen().await;
    let (mut origin, wide) = origin_with_drop(&payos).await;
    let edge = Edge::of(&origin);
    let purchase = edge.purchase(wide, &mut Random::from_seed(3));
    let (mut connection, body) = send_head(&edge, &purchase.request).await;

    origin.terminate();
    until("the origin accepts no more connections", STOP_MAX, async || {
        Connection::open(&edge.address).await.is_err().then_some(())
    })
    .await;
    let mut expectations = Expectations::default();
    expectations.record(purchase, connection.request(&body).await.expect("a response"));
    assert_eq!((expectations.acknowledged.len(), expectations.closing_responses), (1, 1));
    let exit = origin.wait_for_exit().await;
    assert!(exit.status.success(), "{}", exit.stderr);
    assert_eq!(expectations.assert_stored_in(&origin.data()).await, 1);
}

/// Sends the head of a request and waits until the origin has read it. Returns the body, which is not sent yet.
async fn send_head(edge: &Edge, request: &str) -> (Connection, String) {
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    let mut connection = Connection::open(&edge.address).await.expect("a connection");
    // The origin says "continue" once it has read the head.
    let response = connection.request(&format!("{head}\r\nexpect: 100-continue\r\n\r\n")).await.expect("a response");
    assert_eq!(response.status, 100, "{}", response.text());
    (connection, body.to_owned())
}

async fn assert_stops_in_order(origin: &mut LoneOrigin) {
    let started = Instant::now();
    let exit = origin.stop().await;
    let took = started.elapsed();
    assert!(exit.status.success(), "{}", exit.stderr);
    assert!(took < STOP_MAX, "the stop took {took:?}\n{}", exit.stderr);
    let log = fs::metadata(origin.data().join("sale.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "the log is not empty\n{}", exit.stderr);
}

async fn origin_with_drop(payos: &PayOsThatHangs) -> (LoneOrigin, u32) {
    let mut origin = LoneOrigin::new(Some(payos.url()));
    origin.start().await;
    let wide = origin.open_drop("wide", DropTerms { size: 100_000, price: PRICE, ..DropTerms::default() });
    (origin, wide)
}

fn load_target(origin: &LoneOrigin, drop: u32) -> LoadTarget {
    let edge = Edge::of(origin);
    LoadTarget { edge, wide: drop, narrow: drop, payos: None, over: false.into(), acknowledged_count: 0.into() }
}

/// The kernel accepts connections, and no response ever comes.
struct PayOsThatHangs(TcpListener);

impl PayOsThatHangs {
    async fn listen() -> PayOsThatHangs {
        PayOsThatHangs(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("an address"))
    }

    /// Returns when a call waits for its response.
    async fn wait_for_call(&self) -> TcpStream {
        let (stream, _) = self.0.accept().await.expect("a connection");
        stream.readable().await.expect("a request");
        stream
    }
}
