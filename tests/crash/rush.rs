//! Everybody at once: shoppers who buy and cancel, payers, an operator who ends a drop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use harness::{PayOs, until};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    book::{Book, PRICE, Wanted},
    chance::Chance,
    edge::{Edge, Transfer},
    wire::{Connection, NoAnswer},
};

/// Between two tries to connect, or two looks at an order's page.
const TRY_AGAIN: Duration = Duration::from_millis(2);

/// Hundreds are bought in a second.
const BUY_DEADLINE: Duration = Duration::from_secs(20);

/// A rush on one origin. It goes on across starts and ends of it until it is called off.
pub(crate) struct Rush {
    people: JoinSet<Book>,
    scene: Arc<Scene>,
}

pub(crate) struct Scene {
    pub(crate) edge: Edge,
    /// A drop with units for everybody, and one that sells out.
    pub(crate) wide: u32,
    pub(crate) narrow: u32,
    pub(crate) payos: Option<Arc<PayOs>>,
    pub(crate) over: AtomicBool,
    /// Orders acknowledged so far.
    pub(crate) acknowledged: AtomicUsize,
}

#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) buyers: usize,
    pub(crate) payers: usize,
    /// An operator ends the narrow drop this long after the beginning.
    pub(crate) ends_narrow_after: Option<Duration>,
}

/// So many that batches have several orders, and that money and orders come together.
pub(crate) const CROWD: Crowd = Crowd { buyers: 24, payers: 6, ends_narrow_after: None };

impl Rush {
    pub(crate) fn begins(scene: Scene, crowd: Crowd, chance: &mut Chance) -> Rush {
        let scene = Arc::new(scene);
        let mut people = JoinSet::new();
        for _ in 0..crowd.buyers {
            people.spawn(buyer(scene.clone(), Chance::of(chance.next())));
        }
        for _ in 0..crowd.payers {
            people.spawn(payer(scene.clone(), Chance::of(chance.next())));
        }
        if let Some(after) = crowd.ends_narrow_after {
            people.spawn(operator(scene.clone(), after));
        }
        Rush { people, scene }
    }

    /// Waits until this many more orders are acknowledged.
    pub(crate) async fn buys(&self, orders: usize) {
        let acknowledged = || self.scene.acknowledged.load(Ordering::Relaxed);
        let before = acknowledged();
        until(&format!("{orders} orders"), BUY_DEADLINE, async || (acknowledged() >= before + orders).then_some(()))
            .await;
    }

    /// Nobody tries again from here on.
    pub(crate) fn is_called_off(&self) {
        self.scene.over.store(true, Ordering::Relaxed);
    }

    /// What everybody was told, once their connections have ended.
    pub(crate) async fn ends(mut self) -> Book {
        self.is_called_off();
        let mut book = Book::default();
        while let Some(joined) = self.people.join_next().await {
            book.adds(joined.expect("somebody who does not panic"));
        }
        book
    }
}

impl Scene {
    async fn connects(&self) -> Option<Connection> {
        while !self.is_over() {
            if let Ok(connection) = Connection::open(&self.edge.address).await {
                return Some(connection);
            }
            sleep(TRY_AGAIN).await;
        }
        None
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Buys one unit; returns the new order, if there is one.
    async fn buys(
        &self,
        drop: u32,
        connection: &mut Connection,
        book: &mut Book,
        chance: &mut Chance,
    ) -> Result<Option<u64>, NoAnswer> {
        let wish = self.edge.wish(drop, chance);
        match connection.asks(&wish.request).await {
            Ok(reply) => {
                let order = book.enters(wish, reply);
                self.acknowledged.fetch_add(usize::from(order.is_some()), Ordering::Relaxed);
                Ok(order)
            }
            Err(NoAnswer) => {
                book.unanswered.push(wish);
                Err(NoAnswer)
            }
        }
    }
}

async fn buyer(scene: Arc<Scene>, mut chance: Chance) -> Book {
    let mut book = Book::default();
    while let Some(mut connection) = scene.connects().await {
        while buys_and_cancels(&scene, &mut connection, &mut book, &mut chance).await.is_ok() {}
    }
    book
}

async fn buys_and_cancels(
    scene: &Scene,
    connection: &mut Connection,
    book: &mut Book,
    chance: &mut Chance,
) -> Result<(), NoAnswer> {
    let drop = if chance.one_in(4) { scene.narrow } else { scene.wide };
    let Some(order) = scene.buys(drop, connection, book, chance).await? else { return Ok(()) };
    if chance.one_in(8) {
        let bought = book.bought.last_mut().expect("the order just bought");
        bought.cancellation = Wanted::Asked;
        let reply = connection.asks(&scene.edge.cancels(order, bought.wish.sid)).await?;
        assert_eq!((reply.status, &reply.json()["state"]), (200, &"cancelled".into()), "{}", reply.text());
        bought.cancellation = Wanted::Acknowledged;
    }
    Ok(())
}

async fn payer(scene: Arc<Scene>, mut chance: Chance) -> Book {
    let mut book = Book::default();
    while let Some(mut connection) = scene.connects().await {
        while buys_and_pays(&scene, &mut connection, &mut book, &mut chance).await.is_ok() {}
    }
    book
}

/// Pays all, too little or too much, once or twice: money that is applied, and money that is owed back.
async fn buys_and_pays(
    scene: &Scene,
    connection: &mut Connection,
    book: &mut Book,
    chance: &mut Chance,
) -> Result<(), NoAnswer> {
    let Some(order) = scene.buys(scene.wide, connection, book, chance).await? else { return Ok(()) };
    let link = loop {
        let reply = connection.asks(&scene.edge.views(order)).await?;
        assert_eq!(reply.status, 200, "{}", reply.text());
        if let Some(link) = link_of(&reply.json()) {
            break link;
        }
        sleep(TRY_AGAIN).await;
    };
    let payos = scene.payos.as_ref().expect("payers need PayOS");
    for _ in 0..=chance.below(2) {
        let amount = [PRICE, PRICE / 2, PRICE + 1_000][chance.below(3) as usize];
        let paid = payos.pays_as(order, &json!({ "webhook": false, "amount": amount })).await;
        let reference = paid["reference"].as_str().expect("a reference").to_owned();
        let transfer = Transfer { order, link: link.clone(), reference, amount };
        book.transfers.push((transfer.clone(), false));
        for _ in 0..=chance.below(2) {
            let reply = connection.asks(&scene.edge.reports(&transfer)).await?;
            assert_eq!(reply.status, 204, "{}", reply.text());
            book.transfers.last_mut().expect("the transfer just made").1 = true;
        }
    }
    Ok(())
}

/// The id of a link is the end of the address of its page.
fn link_of(view: &Value) -> Option<String> {
    let page = view["payment"]["checkout_url"].as_str()?;
    page.rsplit('/').next().map(str::to_owned)
}

async fn operator(scene: Arc<Scene>, after: Duration) -> Book {
    let mut book = Book::default();
    sleep(after).await;
    while let Some(mut connection) = scene.connects().await {
        book.ended_drops.insert(scene.narrow, Wanted::Asked);
        let Ok(reply) = connection.asks(&scene.edge.kills_drop(scene.narrow)).await else { continue };
        assert_eq!(reply.status, 200, "{}", reply.text());
        book.ended_drops.insert(scene.narrow, Wanted::Acknowledged);
        break;
    }
    book
}
