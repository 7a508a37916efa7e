//! Clients that are slow, silent, many, or speak something else: each loses its own connection, and the sale goes on.

use std::time::Duration;

use harness::{DropTerms, LoneOrigin, until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    book::PRICE,
    chance::Chance,
    edge::{Edge, Transfer},
    wire::{Connection, NoAnswer, get, post},
};

/// As many as a crowd of slow senders would try first.
const SLOW: usize = 200;
/// How slow they are.
const PACE: Duration = Duration::from_secs(1);
/// The origin gives a head and a body ten seconds each; a loaded machine takes longer to notice.
const CUT_OFF_DEADLINE: Duration = Duration::from_secs(30);
/// The origin gives an answer ten seconds; the kernel of a client looks ever more seldom whether there is room again.
const UNHEARD_DEADLINE: Duration = Duration::from_secs(60);

/// Of one buyer until they are; an idle machine does thousands.
const BOUGHT_MIN: usize = 20;

/// The origin's own bound.
const PURCHASES_AT_ONCE: usize = 4_096;

const IDLE: usize = 10_000;
/// They come over some seconds, and each has become quiet when the next ones come.
const IDLE_AT_ONCE: usize = 1_000;
const QUIET: Duration = Duration::from_secs(2);
/// hyper's buffers alone would take 16 KiB.
const IDLE_BYTES_MAX: usize = 8 * 1024;
/// What the sale itself may take meanwhile.
const SALE_BYTES_MAX: usize = 16 * 1024 * 1024;

#[tokio::test]
async fn slow_heads_and_bodies_are_cut_off_while_others_buy() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut chance = Chance::of(11);
    let mut heads = JoinSet::new();
    for _ in 0..SLOW {
        let connection = Connection::open(&edge.address).await.expect("a connection");
        heads.spawn(drips(connection, String::new(), "GET /snapshot HTTP/1.1\r\nx-slow: ".to_owned()));
    }
    let request = edge.wish(drop, &mut chance).request;
    let (begun, rest) = request.split_at(request.len() - 80);
    let connection = Connection::open(&edge.address).await.expect("a connection");
    let body = tokio::spawn(drips(connection, begun.to_owned(), rest.to_owned()));

    let mut bought = 0;
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    let started = Instant::now();
    while heads.try_join_next().is_none() {
        assert!(started.elapsed() < CUT_OFF_DEADLINE, "slow heads are still taken");
        buys(&edge, drop, &mut buyer, &mut chance).await;
        bought += 1;
    }
    assert!(bought > BOUGHT_MIN, "only {bought} were bought before the first slow client was gone");
    let cut_off = timeout(CUT_OFF_DEADLINE, heads.join_all()).await.expect("slow heads are still taken");
    assert!(cut_off.iter().all(|answer| answer.as_ref().is_none_or(|status| *status == 408)), "{cut_off:?}");
    let body = timeout(CUT_OFF_DEADLINE, body).await.expect("a slow body is still taken").expect("no panic");
    assert_eq!(body, Some(400), "a body that never came");
    stops(&mut origin).await;
}

#[tokio::test]
async fn a_client_that_takes_no_answers_loses_its_connection_while_others_buy() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut chance = Chance::of(15);
    let mut deaf = Connection::open(&edge.address).await.expect("a connection");
    let requests = get("/snapshot", "no-token").repeat(100);
    // Until neither its answers nor its requests find room any more.
    while let Ok(sent) = timeout(PACE, deaf.sends(&requests)).await {
        sent.expect("a connection that takes bytes");
    }
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    let started = Instant::now();
    while let Err(_) | Ok(Ok(())) = timeout(PACE, deaf.sends(&requests)).await {
        assert!(started.elapsed() < UNHEARD_DEADLINE, "it is still connected");
        buys(&edge, drop, &mut buyer, &mut chance).await;
    }
    stops(&mut origin).await;
}

#[tokio::test]
async fn what_is_not_a_request_of_ours_is_refused_and_its_connection_closed() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let large = format!("GET /snapshot HTTP/1.1\r\nhost: origin\r\nx-large: {}\r\n\r\n", "x".repeat(20 * 1024));
    let many: String = (0..1_000).map(|number| format!("x-{number}: 1\r\n")).collect();
    let many = format!("GET /snapshot HTTP/1.1\r\nhost: origin\r\n{many}\r\n");
    let endless = format!("GET /{} HTTP/1.1\r\nhost: origin\r\n\r\n", "x".repeat(64 * 1024));
    for (what, sent, answers) in [
        ("a head of 20 KiB", large.as_str(), [431, 431]),
        ("a thousand headers", &many, [431, 431]),
        ("an endless address", &endless, [431, 414]),
        ("HTTP/0.9", "GET /snapshot\r\n", [400, 400]),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]),
        ("TLS", "\x16\x03\x01\x02\0\x01\0\x01\x7c\x03\x03", [400, 400]),
        ("two lengths", "POST /purchase HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", [400, 400]),
    ] {
        let mut connection = Connection::open(&edge.address).await.expect("a connection");
        // An error says that the origin closed before it had taken everything.
        if let Ok(reply) = connection.asks(sent).await {
            assert!(answers.contains(&reply.status), "{what}: {}", reply.text());
        }
        is_closed(&mut connection, what).await;
    }
    let mut connection = Connection::open(&edge.address).await.expect("a connection");
    let reply = connection.asks(&get("/snapshot", "no-token")).await.expect("an answer");
    assert_eq!(reply.status, 401, "{}", reply.text());
    let reply = connection.asks("\0\0 garbage behind a request\r\n\r\n").await.expect("an answer");
    assert_eq!(reply.status, 400, "{}", reply.text());
    is_closed(&mut connection, "garbage").await;

    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    buys(&edge, drop, &mut buyer, &mut Chance::of(12)).await;
    stops(&mut origin).await;
}

#[tokio::test]
async fn ten_thousand_idle_connections_cost_a_few_kilobytes_each_and_answer_when_asked_again() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut chance = Chance::of(13);
    // The rest are files of the tests beside this one.
    let count = IDLE.min(raises_open_files() / 4 * 3);
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    buys(&edge, drop, &mut buyer, &mut chance).await;
    let before = origin.resident_bytes();
    let request = post("/purchase", "no-token", &"x".repeat(600));
    let mut idle = Vec::with_capacity(count);
    while idle.len() < count {
        for _ in 0..IDLE_AT_ONCE.min(count - idle.len()) {
            let mut connection = Connection::open(&edge.address).await.expect("a connection");
            let reply = connection.asks(&request).await.expect("an answer");
            assert_eq!(reply.status, 401, "{}", reply.text());
            idle.push(connection);
        }
        buys(&edge, drop, &mut buyer, &mut chance).await;
        sleep(QUIET).await;
    }
    let grown = origin.resident_bytes().saturating_sub(before);
    let most = count * IDLE_BYTES_MAX + SALE_BYTES_MAX;
    assert!(grown < most, "{count} idle connections took {grown} bytes, {} each", grown / count);
    println!("{count} idle connections took {grown} bytes, {} each", grown / count);
    for connection in &mut idle {
        let reply = connection.asks(&request).await.expect("an answer on a connection that was idle");
        assert_eq!(reply.status, 401, "{}", reply.text());
    }
    stops(&mut origin).await;
    for connection in &mut idle {
        is_closed(connection, "a connection of an origin that stopped").await;
    }
}

#[tokio::test]
async fn purchases_beyond_those_that_may_be_under_way_are_refused_before_their_token_is_read_and_nothing_else_is() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut chance = Chance::of(14);
    raises_open_files();
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    let order = buys(&edge, drop, &mut buyer, &mut chance).await;
    let mut under_way = JoinSet::new();
    for _ in 0..PURCHASES_AT_ONCE {
        under_way.spawn(begins_again(edge.address.clone(), edge.wish(drop, &mut chance).request));
    }
    let refused = until("the bound is reached", CUT_OFF_DEADLINE, async || {
        let reply = buyer.asks(&post("/purchase", "no-token", "{}")).await.expect("an answer");
        (reply.status != 401).then_some(reply)
    })
    .await;
    assert_eq!((refused.status, &refused.json()["code"]), (503, &"busy".into()), "{}", refused.text());
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.text());
    let transfer = Transfer { order, link: "a-link".to_owned(), reference: "FT1".to_owned(), amount: PRICE };
    for (request, status) in [(edge.reports(&transfer), 204), (edge.views(order), 200)] {
        let reply = buyer.asks(&request).await.expect("an answer");
        assert_eq!(reply.status, status, "{}", reply.text());
    }
    under_way.shutdown().await;
    let wish = edge.wish(drop, &mut chance);
    until("who left makes room", CUT_OFF_DEADLINE, async || {
        let reply = buyer.asks(&wish.request).await.expect("an answer");
        (reply.status == 201).then_some(())
    })
    .await;
    stops(&mut origin).await;
}

#[tokio::test]
async fn without_a_file_left_to_open_those_who_are_connected_buy_and_the_next_waits_until_there_is_one() {
    let (mut origin, drop) = origin_with_drop().await;
    let edge = Edge::of(&origin);
    let mut chance = Chance::of(16);
    let mut buyer = Connection::open(&edge.address).await.expect("a connection");
    buys(&edge, drop, &mut buyer, &mut chance).await;
    origin.may_open_files(false);
    // The kernel connects it, and the origin cannot take it.
    let mut next = Connection::open(&edge.address).await.expect("a connection");
    next.sends(&edge.wish(drop, &mut chance).request).await.expect("a connection that takes bytes");
    until("the origin says so", CUT_OFF_DEADLINE, async || origin.log().contains("cannot accept").then_some(())).await;
    for _ in 0..BOUGHT_MIN {
        buys(&edge, drop, &mut buyer, &mut chance).await;
    }
    assert!(timeout(Duration::ZERO, next.hears()).await.is_err(), "it was taken all the same");
    origin.may_open_files(true);
    let reply = timeout(CUT_OFF_DEADLINE, next.hears()).await.expect("an answer in time").expect("an answer");
    assert_eq!(reply.status, 201, "{}", reply.text());
    stops(&mut origin).await;
}

/// Keeps a purchase under way whose body never ends, and begins it again when the origin has waited long enough.
async fn begins_again(address: String, request: String) {
    loop {
        let mut connection = Connection::open(&address).await.expect("a connection");
        connection.sends(&request[..request.len() - 10]).await.expect("a connection that takes bytes");
        // Told that there was no body in time, or no room.
        if let Ok(reply) = connection.hears().await {
            assert!([400, 503].contains(&reply.status), "{}", reply.text());
        }
    }
}

/// Sends `at_once`, and then a byte of `slowly` each time, without end; the status of an answer, if there was one.
async fn drips(mut connection: Connection, at_once: String, slowly: String) -> Option<u16> {
    connection.sends(&at_once).await.expect("a connection that takes bytes");
    let bytes = slowly.chars().chain(std::iter::repeat('x'));
    for byte in bytes {
        if connection.sends(&byte.to_string()).await.is_err() {
            return None;
        }
        match timeout(PACE, connection.hears()).await {
            Ok(Ok(reply)) => return Some(reply.status),
            Ok(Err(NoAnswer)) => return None,
            Err(_) => {}
        }
    }
    None
}

async fn buys(edge: &Edge, drop: u32, connection: &mut Connection, chance: &mut Chance) -> u64 {
    let reply = connection.asks(&edge.wish(drop, chance).request).await.expect("an answer");
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["order_code"].as_u64().expect("the order's code")
}

/// To what the machine allows; returns how many that is.
fn raises_open_files() -> usize {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .expect("as many open files as the machine allows");
    maximum.map_or(usize::MAX, |most| usize::try_from(most).expect("a limit"))
}

async fn is_closed(connection: &mut Connection, what: &str) {
    let heard = timeout(CUT_OFF_DEADLINE, connection.hears()).await;
    assert!(matches!(heard, Ok(Err(NoAnswer))), "{what}: the connection is still open");
}

async fn origin_with_drop() -> (LoneOrigin, u32) {
    let mut origin = LoneOrigin::new(None);
    origin.starts().await;
    let drop = origin.opens_drop("wide", DropTerms { size: 100_000, price: PRICE, ..DropTerms::default() });
    (origin, drop)
}

async fn stops(origin: &mut LoneOrigin) {
    let ended = origin.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    origin.verifies(&origin.data());
}
