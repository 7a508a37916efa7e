//! SIGTERM: what was accepted is answered, the log is empty, and it is over within seconds whatever others do.

use std::{
    fs,
    time::{Duration, Instant},
};

use harness::{DropTerms, LoneOrigin};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    book::PRICE,
    chance::Chance,
    edge::Edge,
    rush::{Crowd, Rush, Scene},
    wire::Connection,
};

/// systemd and the like kill sooner or later; nobody should learn to wait longer.
const STOP_MAX: Duration = Duration::from_secs(5);
const CROWD: Crowd = Crowd { buyers: 256, payers: 0, ends_narrow_after: None };

#[tokio::test]
async fn sigterm_in_a_rush_answers_what_was_accepted_and_leaves_an_empty_log() {
    let payos = PayOsThatHangs::listens().await;
    let (mut origin, wide) = origin_with_drop(&payos).await;
    let rush = Rush::begins(scene(&origin, wide), CROWD, &mut Chance::of(1));
    rush.buys(300).await;

    stops_in_order(&mut origin).await;
    let book = rush.ends().await;
    let stored = book.is_stored_in(&origin.data()).await;
    assert_eq!(stored, book.bought.len(), "an accepted purchase got no answer");
    assert!(book.told_to_close > 0, "no connection was told that it is closed");
    origin.verifies(&origin.data());
}

#[tokio::test]
async fn sigterm_ends_within_seconds_beside_idle_and_unfinished_requests_and_a_payos_that_hangs() {
    let payos = PayOsThatHangs::listens().await;
    let (mut origin, wide) = origin_with_drop(&payos).await;
    let edge = Edge::of(&origin);
    let mut chance = Chance::of(2);
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut connection = Connection::open(&edge.address).await.expect("a connection");
        let reply = connection.asks(&edge.wish(wide, &mut chance).request).await.expect("an answer");
        assert_eq!(reply.status, 201, "{}", reply.text());
        idle.push(connection);
    }
    let mut fresh = Connection::open(&edge.address).await.expect("a connection");
    // Half a head, and a head with half a body.
    let request = edge.wish(wide, &mut chance).request;
    let mut unfinished = Vec::new();
    for sent in [40, request.len() - 10] {
        let mut connection = Connection::open(&edge.address).await.expect("a connection");
        connection.sends(&request[..sent]).await.expect("a connection that takes bytes");
        unfinished.push(connection);
    }
    // Waits for PayOS, as the outbox does by now for every order.
    let _asked = payos.is_asked().await;
    let mut reconciling = Connection::open(&edge.address).await.expect("a connection");
    reconciling.sends(&edge.reconciles()).await.expect("a connection that takes bytes");

    stops_in_order(&mut origin).await;
    for connection in idle.iter_mut().chain([&mut fresh]).chain(&mut unfinished) {
        assert!(connection.hears().await.is_err(), "an answer to nothing");
    }
    origin.verifies(&origin.data());
}

async fn stops_in_order(origin: &mut LoneOrigin) {
    let started = Instant::now();
    let ended = origin.stop().await;
    let took = started.elapsed();
    assert!(ended.status.success(), "{}", ended.said);
    assert!(took < STOP_MAX, "the stop took {took:?}\n{}", ended.said);
    let log = fs::metadata(origin.data().join("sale.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "the log is not empty\n{}", ended.said);
}

async fn origin_with_drop(payos: &PayOsThatHangs) -> (LoneOrigin, u32) {
    let mut origin = LoneOrigin::new(Some(payos.url()));
    origin.starts().await;
    let wide = origin.opens_drop("wide", DropTerms { size: 100_000, price: PRICE, ..DropTerms::default() });
    (origin, wide)
}

fn scene(origin: &LoneOrigin, drop: u32) -> Scene {
    let edge = Edge::of(origin);
    Scene { edge, wide: drop, narrow: drop, payos: None, over: false.into(), acknowledged: 0.into() }
}

/// Takes connections, through the kernel alone, and never says a word.
struct PayOsThatHangs(TcpListener);

impl PayOsThatHangs {
    async fn listens() -> PayOsThatHangs {
        PayOsThatHangs(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("an address"))
    }

    /// Returns when somebody waits for an answer.
    async fn is_asked(&self) -> TcpStream {
        let (stream, _) = self.0.accept().await.expect("a connection");
        stream.readable().await.expect("a request");
        stream
    }
}
