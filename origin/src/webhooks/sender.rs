//! Sends one delivery. What the endpoint answers costs a bounded time and a bounded memory.

use std::time::Duration;

use anyhow::{Context, Result};
use domain::Timestamp;
use engine::{Endpoint, EndpointSecret};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde::Serialize;

use super::address::{CheckingResolver, checked_url};
use super::answers::{Answers, LastAnswer};
use super::body::Body;
use super::secret::signatures;

/// For all of a try, from the look-up of the name to the end of the answer.
const TRY_TIMEOUT: Duration = Duration::from_secs(15);
/// Of an answer this much is read.
const ANSWER_BYTES_MAX: usize = 1_024;

pub(crate) struct Sender {
    client: Client,
    this_machine: bool,
    answers: Answers,
}

/// A delivery, the same in every try but for its time.
pub(crate) struct Sent {
    pub id: String,
    pub body: Vec<u8>,
    /// By the wall clock: the endpoint compares it with its own.
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Any 2xx.
    Accepted,
    /// 410: nothing more is to be sent.
    Gone,
    /// Another answer, or none.
    NotNow { retry_after: Option<Duration> },
}

impl Sender {
    /// `this_machine` allows endpoints on the machine itself, for tests.
    pub(crate) fn new(this_machine: bool) -> Result<Self> {
        let client = Client::builder()
            .dns_resolver(CheckingResolver { this_machine })
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TRY_TIMEOUT)
            .user_agent("dropgate")
            .build()
            .context("cannot make an HTTP client for webhooks")?;
        Ok(Self { client, this_machine, answers: Answers::default() })
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(crate) fn allows_this_machine(&self) -> bool {
        self.this_machine
    }

    pub(crate) async fn send(&self, number: u8, endpoint: &Endpoint<EndpointSecret>, sent: Sent) -> Answer {
        let at = sent.at;
        let (answer, status, text) = match self.answer(endpoint, sent).await {
            Ok(mut response) => {
                let status = response.status();
                (answer_of(&response), Some(status.as_u16()), beginning(&mut response).await)
            }
            Err(error) => (Answer::NotNow { retry_after: None }, None, format!("{error:#}")),
        };
        self.answers.keep(number, LastAnswer { at, status, text });
        answer
    }

    async fn answer(&self, endpoint: &Endpoint<EndpointSecret>, sent: Sent) -> Result<Response> {
        // The setting may be another one than when the endpoint was added.
        let url = checked_url(&endpoint.url, self.this_machine)?;
        let Sent { id, body, at } = sent;
        let seconds = at.0.div_euclid(1_000);
        let secrets = std::iter::once(&endpoint.secret).chain(&endpoint.old_secret);
        let signatures = signatures(secrets, &id, seconds, &body);
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signatures)
            .body(body);
        // An address may hold what only the merchant should see.
        request.send().await.map_err(reqwest::Error::without_url).context("no answer")
    }
}

/// A delivery of no event.
pub(crate) fn test_delivery(origin_no: u8, endpoint: u8, at: Timestamp) -> Result<Sent> {
    #[derive(Serialize)]
    struct NoData {}
    let id = format!("{origin_no}-{endpoint}-test-{}", at.0);
    Ok(Sent { id, body: Body::json("endpoint.test", at, NoData {})?, at })
}

fn answer_of(response: &Response) -> Answer {
    let status = response.status();
    if status.is_success() {
        return Answer::Accepted;
    }
    if status == StatusCode::GONE {
        return Answer::Gone;
    }
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Answer::NotNow { retry_after: seconds.map(Duration::from_secs) }
}

/// As much as comes of what may be kept; a body that breaks off ends there.
async fn beginning(response: &mut Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES_MAX
        && let Ok(Some(chunk)) = response.chunk().await
    {
        let room = ANSWER_BYTES_MAX - bytes.len();
        bytes.extend_from_slice(&chunk[..room.min(chunk.len())]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
