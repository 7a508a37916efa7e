//! Clients at once: shoppers who buy and cancel, shoppers who pay, an operator who kills a drop.

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
    edge::{Edge, Payment},
    expectations::{CommandState, Expectations, PRICE},
    random::Random,
    raw_http::{Connection, NoResponse},
};

/// Between two attempts to connect, or two reads of an order.
const RETRY_DELAY: Duration = Duration::from_millis(2);

/// The origin sells hundreds of units a second.
const BUY_DEADLINE: Duration = Duration::from_secs(20);

/// Clients of one origin. They go on while it ends and starts again, until `stop_sending`.
pub(crate) struct Load {
    clients: JoinSet<Expectations>,
    target: Arc<LoadTarget>,
}

pub(crate) struct LoadTarget {
    pub(crate) edge: Edge,
    /// A drop with more units than the load buys, and one that sells out.
    pub(crate) wide: u32,
    pub(crate) narrow: u32,
    pub(crate) payos: Option<Arc<PayOs>>,
    pub(crate) over: AtomicBool,
    /// Orders acknowledged so far.
    pub(crate) acknowledged_count: AtomicUsize,
}

#[derive(Clone, Copy)]
pub(crate) struct LoadSize {
    pub(crate) buyers: usize,
    pub(crate) payers: usize,
    /// An operator kills the narrow drop this long after the start of the load.
    pub(crate) kill_narrow_after: Option<Duration>,
}

/// Enough clients that a batch has several orders, and both orders and payments.
pub(crate) const LOAD_SIZE: LoadSize = LoadSize { buyers: 24, payers: 6, kill_narrow_after: None };

impl Load {
    pub(crate) fn start(target: LoadTarget, load_size: LoadSize, random: &mut Random) -> Load {
        let target = Arc::new(target);
        let mut clients = JoinSet::new();
        for _ in 0..load_size.buyers {
            clients.spawn(buyer(target.clone(), Random::from_seed(random.next())));
        }
        for _ in 0..load_size.payers {
            clients.spawn(payer(target.clone(), Random::from_seed(random.next())));
        }
        if let Some(after) = load_size.kill_narrow_after {
            clients.spawn(operator(target.clone(), after));
        }
        Load { clients, target }
    }

    /// Waits until this many more orders are acknowledged.
    pub(crate) async fn wait_for_orders(&self, orders: usize) {
        let acknowledged = || self.target.acknowledged_count.load(Ordering::Relaxed);
        let before = acknowledged();
        until(&format!("{orders} orders"), BUY_DEADLINE, async || (acknowledged() >= before + orders).then_some(()))
            .await;
    }

    /// No client connects or retries from here on.
    pub(crate) fn stop_sending(&self) {
        self.target.over.store(true, Ordering::Relaxed);
    }

    /// Returns what the clients' responses promise, once their connections have ended.
    pub(crate) async fn finish(mut self) -> Expectations {
        self.stop_sending();
        let mut expectations = Expectations::default();
        while let Some(joined) = self.clients.join_next().await {
            expectations.merge(joined.expect("a client that does not panic"));
        }
        expectations
    }
}

impl LoadTarget {
    async fn connect(&self) -> Option<Connection> {
        while !self.is_over() {
            if let Ok(connection) = Connection::open(&self.edge.address).await {
                return Some(connection);
            }
            sleep(RETRY_DELAY).await;
        }
        None
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Buys one unit. Returns the new order, unless the purchase was refused.
    async fn buy(
        &self,
        drop: u32,
        connection: &mut Connection,
        expectations: &mut Expectations,
        random: &mut Random,
    ) -> Result<Option<u64>, NoResponse> {
        let purchase = self.edge.purchase(drop, random);
        match connection.request(&purchase.request).await {
            Ok(response) => {
                let order = expectations.record(purchase, response);
                self.acknowledged_count.fetch_add(usize::from(order.is_some()), Ordering::Relaxed);
                Ok(order)
            }
            Err(NoResponse) => {
                expectations.unanswered.push(purchase);
                Err(NoResponse)
            }
        }
    }
}

async fn buyer(target: Arc<LoadTarget>, mut random: Random) -> Expectations {
    let mut expectations = Expectations::default();
    while let Some(mut connection) = target.connect().await {
        while buy_and_maybe_cancel(&target, &mut connection, &mut expectations, &mut random).await.is_ok() {}
    }
    expectations
}

async fn buy_and_maybe_cancel(
    target: &LoadTarget,
    connection: &mut Connection,
    expectations: &mut Expectations,
    random: &mut Random,
) -> Result<(), NoResponse> {
    let drop = if random.one_in(4) { target.narrow } else { target.wide };
    let Some(order) = target.buy(drop, connection, expectations, random).await? else { return Ok(()) };
    if random.one_in(8) {
        let acknowledged = expectations.acknowledged.last_mut().expect("the order just bought");
        acknowledged.cancellation = CommandState::Sent;
        let response = connection.request(&target.edge.cancel_order(order, acknowledged.purchase.sid)).await?;
        assert_eq!((response.status, &response.json()["state"]), (200, &"cancelled".into()), "{}", response.text());
        acknowledged.cancellation = CommandState::Acknowledged;
    }
    Ok(())
}

async fn payer(target: Arc<LoadTarget>, mut random: Random) -> Expectations {
    let mut expectations = Expectations::default();
    while let Some(mut connection) = target.connect().await {
        while buy_and_pay(&target, &mut connection, &mut expectations, &mut random).await.is_ok() {}
    }
    expectations
}

/// Pays the amount, too little or too much, once or twice, so that payments are applied and refunds are due.
async fn buy_and_pay(
    target: &LoadTarget,
    connection: &mut Connection,
    expectations: &mut Expectations,
    random: &mut Random,
) -> Result<(), NoResponse> {
    let Some(order) = target.buy(target.wide, connection, expectations, random).await? else { return Ok(()) };
    let link = loop {
        let response = connection.request(&target.edge.view_order(order)).await?;
        assert_eq!(response.status, 200, "{}", response.text());
        if let Some(link) = link_of(&response.json()) {
            break link;
        }
        sleep(RETRY_DELAY).await;
    };
    let payos = target.payos.as_ref().expect("payers need PayOS");
    for _ in 0..=random.below(2) {
        let amount = [PRICE, PRICE / 2, PRICE + 1_000][random.below(3) as usize];
        let paid = payos.pays_as(order, &json!({ "webhook": false, "amount": amount })).await;
        let reference = paid["reference"].as_str().expect("a reference").to_owned();
        let payment = Payment { order, link: link.clone(), reference, amount };
        expectations.payments.push((payment.clone(), false));
        for _ in 0..=random.below(2) {
            let response = connection.request(&target.edge.webhook(&payment)).await?;
            assert_eq!(response.status, 204, "{}", response.text());
            expectations.payments.last_mut().expect("the payment just made").1 = true;
        }
    }
    Ok(())
}

/// The id of a link is the last part of the address of its page.
fn link_of(view: &Value) -> Option<String> {
    let page = view["payment"]["checkout_url"].as_str()?;
    page.rsplit('/').next().map(str::to_owned)
}

async fn operator(target: Arc<LoadTarget>, after: Duration) -> Expectations {
    let mut expectations = Expectations::default();
    sleep(after).await;
    while let Some(mut connection) = target.connect().await {
        expectations.killed_drops.insert(target.narrow, CommandState::Sent);
        let Ok(response) = connection.request(&target.edge.kill_drop(target.narrow)).await else { continue };
        assert_eq!(response.status, 200, "{}", response.text());
        expectations.killed_drops.insert(target.narrow, CommandState::Acknowledged);
        break;
    }
    expectations
}
