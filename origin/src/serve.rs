//! Wires the parts together, runs them, and takes them down in order.

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use arc_swap::ArcSwapOption;
use edge_protocol::OrderKeys;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::http::{
    App, LookUps, PURCHASES_AT_ONCE, ReadTokens, WEBHOOKS_AT_ONCE, private_router, public_router, serve_private,
    serve_public,
};
use crate::mail::{MailSettings, Mailer};
use crate::metrics::Metrics;
use crate::outbox::{self, MailToBuyers, Outgoing, SheetOfOrders};
use crate::payos::{DescriptionSalt, PaymentLinks, Payouts};
use crate::ports::Ports;
use crate::reader::Reader;
use crate::store::FolderLock;
use crate::telemetry::RepeatedLines;
use crate::timers::{HoldTimer, pay_refunds_out};
use crate::views;
use crate::webhooks::Sender;
use crate::writer;

/// Requests under way get this long at a stop; nothing here takes longer unless a client is slow on purpose.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// Bound sockets, so that the caller knows the ports before the origin answers.
pub struct Listeners {
    public: TcpListener,
    private: TcpListener,
}

impl Listeners {
    pub async fn bind(config: &ServeConfig) -> Result<Self> {
        let bind = async |address: SocketAddr| {
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
        };
        Ok(Self { public: bind(config.listen).await?, private: bind(config.private_listen).await? })
    }

    pub fn addresses(&self) -> Result<(SocketAddr, SocketAddr)> {
        Ok((self.public.local_addr()?, self.private.local_addr()?))
    }

    /// Prints the ports: the only line on stdout.
    fn announce(&self) -> Result<()> {
        let (public, private) = self.addresses()?;
        let mut stdout = std::io::stdout();
        writeln!(stdout, "listening public=http://{public} private=http://{private}")?;
        Ok(stdout.flush()?)
    }
}

/// Runs the origin until `shutdown` resolves or something it cannot go on without fails.
///
/// `lock` proves that no other process writes to the folder. `serve` drops it last, when nothing here can write.
pub async fn serve(
    config: ServeConfig,
    lock: FolderLock,
    clock: Clock,
    listeners: Listeners,
    repeated_lines: RepeatedLines,
    cores: usize,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    let metrics = Arc::new(Metrics::new(clock.wall(), repeated_lines));
    let mut running = writer::start(&config.data, config.origin_no, clock.clone())?;
    let reader = Reader::start(&config.data, cores)?;
    let views = views::start(&config.data, &running.writer, clock.clone())?;
    let stop = CancellationToken::new();
    let checksum_key = config.payos.checksum_key.clone();
    let ports = Ports {
        writer: running.writer.clone(),
        reader: reader.clone(),
        clock: clock.clone(),
        metrics: metrics.clone(),
        retried: Arc::default(),
    };
    let links = links(&ports, config.payos, running.description_salt, &config.public_url)?;
    let payouts = config.payouts.map(|settings| Payouts::new(ports.clone(), settings)).transpose()?.map(Arc::new);
    let mail = config.mail.map(|settings| mail(&ports, settings, &config.order_keys, config.public_url)).transpose()?;
    let sender = Sender::new(config.webhooks_to_this_machine);
    let webhooks = Arc::new(sender.context("webhooks cannot be sent")?);
    let sheet = config.sheets.map(|settings| SheetOfOrders::new(ports.clone(), settings)).transpose()?;
    let app = Arc::new(App {
        writer: running.writer.clone(),
        reader,
        views: views.views.clone(),
        clock,
        metrics,
        edge_keys: config.edge_keys,
        read_tokens: ReadTokens::default(),
        admin_keys: config.admin_keys,
        order_keys: config.order_keys,
        customer_secret: config.customer_secret,
        payos_checksum_key: checksum_key,
        description_salt: DescriptionSalt(running.description_salt),
        look_ups: LookUps::default(),
        webhook_permits: Semaphore::new(WEBHOOKS_AT_ONCE),
        purchase_permits: Arc::new(Semaphore::new(PURCHASES_AT_ONCE)),
        snapshot: ArcSwapOption::empty(),
        links: links.clone(),
        payouts: payouts.clone(),
        origin_no: config.origin_no,
        sends_mail: mail.is_some(),
        webhooks: webhooks.clone(),
        retried: ports.retried.clone(),
    });
    listeners.announce()?;
    let (links_to_end, origin_no) = (links.clone(), config.origin_no);
    let outgoing = Outgoing { links, payouts: payouts.clone(), mail, sheet, webhooks, origin_no };
    let channels = outbox::start(&ports, outgoing, &stop);
    let mut timers = Vec::from_iter(payouts.map(|payouts| tokio::spawn(pay_refunds_out(payouts, stop.clone()))));
    timers.push(tokio::spawn(HoldTimer::new(ports, links_to_end).run(stop.clone())));
    let public = serve_public(listeners.public, public_router(app.clone()), stop.clone());
    let private = serve_private(listeners.private, private_router(app), stop.clone());
    let servers = tokio::spawn(async move { tokio::join!(public, private) });

    tokio::select! {
        () = shutdown => info!("stopping"),
        result = running.ended() => return Err(fatal(result)),
    }
    stop.cancel();
    drained(servers, channels, timers).await?;
    // Before the writer, whose log no reader may keep from being emptied.
    views.stop();
    running.stop().await?;
    drop(lock);
    info!("stopped");
    Ok(())
}

fn links(ports: &Ports, payos: payos::Config, salt: [u8; 16], public_url: &str) -> Result<Arc<PaymentLinks>> {
    Ok(Arc::new(PaymentLinks {
        ports: ports.clone(),
        client: payos::Client::new(payos).context("the PayOS settings cannot be used")?,
        description_salt: DescriptionSalt(salt),
        public_url: public_url.to_owned(),
    }))
}

fn mail(ports: &Ports, settings: MailSettings, order_keys: &OrderKeys, public_url: String) -> Result<MailToBuyers> {
    let mailer = Mailer::new(settings).context("the mail settings cannot be used")?;
    Ok(MailToBuyers { ports: ports.clone(), mailer, order_keys: order_keys.clone(), public_url })
}

/// Waits until everything that asks the writer has ended.
async fn drained<T>(servers: JoinHandle<T>, channels: Vec<JoinHandle<()>>, timers: Vec<JoinHandle<()>>) -> Result<()> {
    if tokio::time::timeout(DRAIN_TIMEOUT, servers).await.is_err() {
        warn!("some requests did not end in time; their connections are closed");
    }
    for channel in channels {
        channel.await.context("a channel of the outbox panicked")?;
    }
    for timer in timers {
        timer.await.context("a timer panicked")?;
    }
    Ok(())
}

/// The writer ended on its own. The origin must not answer any request after that, so the caller exits the process.
fn fatal(result: Result<()>) -> anyhow::Error {
    match result {
        Ok(()) => anyhow::anyhow!("the writer stopped without being asked to"),
        Err(error) => error.context("the writer stopped before it answered; a restart rebuilds everything from disk"),
    }
}
