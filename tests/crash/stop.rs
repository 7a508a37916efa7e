//! SIGTERM: what was accepted is answered, the log is empty, and it is over within seconds whatever others do.

use std::{
    fs,
    time::{Duration, Instant},
};

use harness::{DropTerms, LoneOrigin, until};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    book::{Book, PRICE},
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
    assert_eq!(book.refused, 0, "an accepted purchase was sent away");
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
    let half_a_head = "POST /purchase HTTP/1.1\r\nhost: ori";
    let mut unfinished = Connection::open(&edge.address).await.expect("a connection");
    unfinished.sends(half_a_head).await.expect("a connection that takes bytes");
    let (mut half_sent, body) = has_its_head_read(&edge, &edge.wish(wide, &mut chance).request).await;
    half_sent.sends(&body[..10]).await.expect("a connection that takes bytes");
    // Waits for PayOS, as the outbox does by now for every order.
    let _asked = payos.is_asked().await;
    let (mut reconciling, body) = has_its_head_read(&edge, &edge.reconciles()).await;
    reconciling.sends(&body).await.expect("a connection that takes bytes");

    stops_in_order(&mut origin).await;
    for connection in idle.iter_mut().chain([&mut fresh, &mut unfinished, &mut half_sent, &mut reconciling]) {
        assert!(connection.hears().await.is_err(), "an answer to nothing");
    }
    origin.verifies(&origin.data());
}

#[tokio::test]
async fn a_purchase_whose_last_bytes_come_after_sigterm_is_answered() {
    let payos = PayOsThatHangs::listens().await;
    let (mut origin, wide) = origin_with_drop(&payos).await;
    let edge = Edge::of(&origin);
    let wish = edge.wish(wide, &mut Chance::of(3));
    let (mut connection, body) = has_its_head_read(&edge, &wish.request).await;

    origin.terminate();
    until("nobody is let in any more", STOP_MAX, async || Connection::open(&edge.address).await.is_err().then_some(()))
        .await;
    let mut book = Book::default();
    book.enters(wish, connection.asks(&body).await.expect("an answer"));
    assert_eq!((book.bought.len(), book.told_to_close), (1, 1));
    let ended = origin.ends().await;
    assert!(ended.status.success(), "{}", ended.said);
    assert_eq!(book.is_stored_in(&origin.data()).await, 1);
}

/// Sends the head of a request until it is known to be read; returns the body that is owed.
async fn has_its_head_read(edge: &Edge, request: &str) -> (Connection, String) {
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    let mut connection = Connection::open(&edge.address).await.expect("a connection");
    // Whoever says "go on" has read the head.
    let reply = connection.asks(&format!("{head}\r\nexpect: 100-continue\r\n\r\n")).await.expect("an answer");
    assert_eq!(reply.status, 100, "{}", reply.text());
    (connection, body.to_owned())
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
