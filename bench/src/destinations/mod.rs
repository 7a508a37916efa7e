//! Where the measured origin's outbox sends to, besides PayOS: a mail server, the merchant's webhook endpoints and Google
//! Sheets. They run on one thread of this process, until it ends.

mod google_sheets;
mod mail_server;
mod webhook_endpoint;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener as AsyncListener;
use tokio::runtime::{Builder, Runtime};

/// How a destination answers.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// Each mail, delivery or call after this time.
    After(Duration),
    /// It accepts connections, reads from them and says nothing.
    Never,
}

pub(crate) struct Destinations {
    pub(crate) mail_server: Destination,
    pub(crate) webhook_endpoints: Vec<Destination>,
    pub(crate) google_sheets: Destination,
    service_account: NamedTempFile,
}

pub(crate) struct Destination {
    address: SocketAddr,
    taken: Arc<AtomicU64>,
}

impl Destination {
    /// The mails, deliveries or rows that it took since this was asked last; of a destination that never answers, the
    /// connections.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.swap(0, Ordering::Relaxed)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Destinations {
    pub(crate) fn start(answers: Answers, webhook_endpoints: u8) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the destinations")?;
        let mail_server = start(&runtime, answers, mail_server::serve)?;
        let webhook_endpoints = (0..webhook_endpoints).map(|_| start(&runtime, answers, webhook_endpoint::serve));
        let webhook_endpoints = webhook_endpoints.collect::<Result<_>>()?;
        let google_sheets = start(&runtime, answers, google_sheets::serve)?;
        let service_account = google_sheets::service_account(&google_sheets.url())?;
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        Ok(Self { mail_server, webhook_endpoints, google_sheets, service_account })
    }

    /// The settings that make an origin send mail here.
    pub(crate) fn mail_settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DROPGATE_SMTP_URL", format!("smtp+insecure://{}", self.mail_server.address)),
            ("DROPGATE_MAIL_FROM", "Bench <bench@example.com>".to_owned()),
        ]
    }

    /// The settings that make an origin fill the sheet here.
    pub(crate) fn sheets_settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DROPGATE_SHEETS_ID", "bench".to_owned()),
            ("DROPGATE_SHEETS_KEY_FILE", self.service_account.path().display().to_string()),
            ("DROPGATE_SHEETS_URL", self.google_sheets.url()),
        ]
    }
}

fn start<F>(
    runtime: &Runtime,
    answers: Answers,
    serve: impl FnOnce(AsyncListener, Duration, Arc<AtomicU64>) -> F,
) -> Result<Destination>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let (address, taken) = (listener.local_addr()?, Arc::new(AtomicU64::new(0)));
    let _in_runtime = runtime.enter();
    let listener = AsyncListener::from_std(listener)?;
    match answers {
        Answers::After(delay) => drop(runtime.spawn(serve(listener, delay, taken.clone()))),
        Answers::Never => drop(runtime.spawn(hang(listener, taken.clone()))),
    }
    Ok(Destination { address, taken })
}

async fn hang(listener: AsyncListener, taken: Arc<AtomicU64>) -> Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        taken.fetch_add(1, Ordering::Relaxed);
        // Until the origin closes it.
        tokio::spawn(async move { while stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {} });
    }
}
