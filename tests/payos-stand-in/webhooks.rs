//! Signed posts to the merchant, repeated until they are accepted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context;
use payos::sign_data;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock;
use crate::payments::PayRequest;

/// PayOS does not publish its own schedule. 1 + 2 + … + 64 s is long enough for a merchant to restart.
const ATTEMPTS_MAX: usize = 8;
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// A merchant that takes longer counts as down.
const POST_TIMEOUT: Duration = Duration::from_secs(10);
/// The oldest are dropped, so that a long run does not fill the memory.
const DELIVERIES_MAX: usize = 20_000;

pub(crate) struct Webhooks {
    http: reqwest::Client,
    checksum_key: String,
    url: Mutex<Option<String>>,
    enabled: AtomicBool,
    deliveries: Mutex<Deliveries>,
}

#[derive(Default)]
struct Deliveries {
    count: u64,
    by_number: BTreeMap<u64, Delivery>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delivery {
    number: u64,
    to: String,
    body: String,
    state: State,
    attempts: Vec<Attempt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    Accepted,
    GivenUp,
}

#[derive(Clone, Debug, Serialize)]
struct Attempt {
    at_ms: i64,
    /// Nothing without a response.
    status: Option<u16>,
}

/// The merchant sent no response.
#[derive(Debug)]
pub(crate) struct NoResponse;

impl Webhooks {
    pub(crate) fn new(url: Option<String>, checksum_key: String) -> anyhow::Result<Webhooks> {
        let http = reqwest::Client::builder()
            .timeout(POST_TIMEOUT)
            .no_proxy()
            .build()
            .context("the HTTP client cannot be set up")?;
        let (url, enabled, deliveries) = (Mutex::new(url), AtomicBool::new(true), Mutex::default());
        Ok(Webhooks { http, checksum_key, url, enabled, deliveries })
    }

    pub(crate) fn url(&self) -> Option<String> {
        self.url.lock().expect("no holder panics").clone()
    }

    pub(crate) fn set_url(&self, url: &str) {
        *self.url.lock().expect("no holder panics") = Some(url.to_owned());
    }

    pub(crate) fn enabled(&self) -> bool {
        self.enabled.load(Ordering::SeqCst)
    }

    /// Switched off, PayOS sends no webhook about money, and repeats none.
    pub(crate) fn enable(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::SeqCst);
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.log().by_number.values().cloned().collect()
    }

    /// The whole body around `data`, signed.
    pub(crate) fn sign(&self, data: &Value) -> Result<String, payos::NotSignable> {
        sign_with(&self.checksum_key, data)
    }

    /// As a forger signs, with everything but the checksum key.
    pub(crate) fn forge(&self, data: &Value) -> Result<String, payos::NotSignable> {
        sign_with(&format!("not {}", self.checksum_key), data)
    }

    /// Starts a delivery that goes on until it is accepted or given up. Switched off, or without an address,
    /// there is none.
    pub(crate) fn deliver(self: &Arc<Self>, data: &Value, pay_request: &PayRequest) -> bool {
        let Some(to) = self.url().filter(|_| self.enabled()) else { return false };
        let body = if pay_request.forged { self.forge(data) } else { self.sign(data) };
        let body = body.expect("links hold safe integers only");
        let delay = pay_request.webhook_delay();
        let number = self.record(&to, &body);
        let webhooks = Arc::clone(self);
        tokio::spawn(async move {
            let mut wait = delay;
            for attempt in 0..ATTEMPTS_MAX {
                tokio::time::sleep(wait).await;
                if !webhooks.enabled() {
                    break;
                }
                let answered = webhooks.post(number, &to, &body).await;
                if answered.is_ok_and(is_accepted) {
                    return;
                }
                wait = RETRY_DELAY * (1 << attempt);
            }
            webhooks.give_up(number);
        });
        true
    }

    /// One signed post, not repeated. Returns the status of the response.
    pub(crate) async fn send_once(&self, to: &str, data: &Value) -> Result<u16, NoResponse> {
        let body = self.sign(data).expect("the sample is signable");
        self.send_raw(to, &body).await
    }

    /// One post of any text, not repeated. Returns the status of the response.
    pub(crate) async fn send_raw(&self, to: &str, body: &str) -> Result<u16, NoResponse> {
        let number = self.record(to, body);
        let answered = self.post(number, to, body).await;
        if !matches!(answered, Ok(status) if is_accepted(status)) {
            self.give_up(number);
        }
        answered
    }

    async fn post(&self, number: u64, to: &str, body: &str) -> Result<u16, NoResponse> {
        let request = self.http.post(to).header(CONTENT_TYPE, "application/json");
        let response = request.body(body.to_owned()).send().await;
        let status = response.map(|response| response.status().as_u16()).ok();
        if let Some(delivery) = self.log().by_number.get_mut(&number) {
            let at_ms = clock::now_ms();
            delivery.attempts.push(Attempt { at_ms, status });
            if status.is_some_and(is_accepted) {
                delivery.state = State::Accepted;
            }
        }
        status.ok_or(NoResponse)
    }

    fn record(&self, to: &str, body: &str) -> u64 {
        let mut log = self.log();
        log.count += 1;
        let number = log.count;
        let delivery =
            Delivery { number, to: to.to_owned(), body: body.to_owned(), state: State::Waiting, attempts: Vec::new() };
        log.by_number.insert(number, delivery);
        if log.by_number.len() > DELIVERIES_MAX {
            log.by_number.pop_first();
        }
        number
    }

    fn give_up(&self, number: u64) {
        if let Some(delivery) = self.log().by_number.get_mut(&number) {
            delivery.state = State::GivenUp;
        }
    }

    fn log(&self) -> MutexGuard<'_, Deliveries> {
        self.deliveries.lock().expect("no holder panics")
    }
}

fn is_accepted(status: u16) -> bool {
    (200..300).contains(&status)
}

fn sign_with(checksum_key: &str, data: &Value) -> Result<String, payos::NotSignable> {
    let signature = sign_data(checksum_key, data)?;
    let body = json!({
        "code": "00", "desc": "success", "success": true, "data": data, "signature": signature,
    });
    Ok(body.to_string())
}
