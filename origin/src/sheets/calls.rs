//! Calls of Google's servers: an access token for each, and what an answer means.

use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::Timestamp;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode, Url, redirect};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::account::ServiceAccount;
use crate::clock::Clock;

/// Google answers a page in a second or two, and recommends to wait longer for big ones.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The marker column of a sheet that is full (10 million cells) takes about 9 MB.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An access token is renewed this long before it ends.
const RENEWED_BEFORE_MS: i64 = 60_000;

/// What of Google's own words goes into the log.
const WORDS_CHARS_MAX: usize = 300;

/// Why a call has no answer to go on with.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Nothing was done.
    NotNow { reason: String, after: Option<Duration> },
    /// It may have been done.
    Unknown { reason: String, after: Option<Duration> },
    /// Nothing was done, and nothing will be until a person acts.
    Refused { reason: String },
}

pub(super) struct Calls {
    http: reqwest::Client,
    account: ServiceAccount,
    clock: Clock,
    token: Mutex<Option<AccessToken>>,
}

#[derive(Clone)]
struct AccessToken {
    token: String,
    renew_at: Timestamp,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
}

/// Google's APIs name the cause in an object, its token endpoint in two texts.
#[derive(Deserialize)]
struct ErrorAnswer {
    error: Value,
    error_description: Option<String>,
}

impl Calls {
    pub(super) fn new(account: ServiceAccount, clock: Clock) -> Result<Self> {
        let http = reqwest::Client::builder()
            // Google's APIs do not redirect; if one seemed to, the token would go to another host.
            .redirect(redirect::Policy::none())
            .user_agent("dropgate")
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .build()
            .context("an HTTP client cannot be set up")?;
        Ok(Self { http, account, clock, token: Mutex::default() })
    }

    pub(super) fn account(&self) -> &ServiceAccount {
        &self.account
    }

    /// The body of a success. A token that is refused is renewed once.
    pub(super) async fn call(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Vec<u8>, CallError> {
        let send = async |token: String| {
            let mut request = self.http.request(method.clone(), url.clone()).bearer_auth(token);
            if let Some(body) = body {
                request = request.json(body);
            }
            request.send().await.map_err(|error| no_answer(&error))
        };
        let mut response = send(self.token().await?).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            *self.token.lock().await = None;
            response = send(self.token().await?).await?;
        }
        success(response).await
    }

    async fn token(&self) -> Result<String, CallError> {
        let mut known = self.token.lock().await;
        let now = self.clock.wall();
        if let Some(token) = known.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.token.clone());
        }
        // A call without a token does nothing.
        let token = self.fetch_token(now).await.map_err(|error| match error {
            CallError::Unknown { reason, after } => CallError::NotNow { reason, after },
            error => error,
        })?;
        Ok(known.insert(token).token.clone())
    }

    async fn fetch_token(&self, now: Timestamp) -> Result<AccessToken, CallError> {
        let assertion =
            self.account.assertion(now).map_err(|error| CallError::Refused { reason: format!("{error:#}") })?;
        let form = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
        let request = self.http.post(&self.account.token_uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = request.body(form).send().await.map_err(|error| no_answer(&error))?;
        let TokenAnswer { access_token, expires_in } = read(&success(response).await?)?;
        let renew_at = now.plus_ms(expires_in.clamp(0, 86_400) * 1000 - RENEWED_BEFORE_MS);
        Ok(AccessToken { token: access_token, renew_at })
    }
}

/// The JSON of a success. Something between here and Google may answer in its place.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|_| unknown("the answer is not Google's"))
}

async fn success(response: Response) -> Result<Vec<u8>, CallError> {
    let (status, after) = (response.status(), retry_after(&response));
    let body = body(response).await;
    if status.is_success() {
        return body;
    }
    let reason = format!("{status}{}", body.map_or_else(|_| String::new(), |body| words(&body)));
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => CallError::NotNow { reason, after },
        StatusCode::REQUEST_TIMEOUT => CallError::Unknown { reason, after },
        status if status.is_server_error() => CallError::Unknown { reason, after },
        _ => CallError::Refused { reason },
    })
}

async fn body(mut response: Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&error))? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(unknown("the answer is longer than Google's can be"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What Google says about a refusal.
fn words(body: &[u8]) -> String {
    let Ok(ErrorAnswer { error, error_description }) = serde_json::from_slice(body) else {
        return String::new();
    };
    let message = error["message"].as_str().or(error.as_str()).unwrap_or_default();
    let words = [message, error_description.as_deref().unwrap_or_default()].join(" ");
    format!(": {}", words.trim().chars().take(WORDS_CHARS_MAX).collect::<String>())
}

/// Without the address, which names the sheet.
fn no_answer(error: &reqwest::Error) -> CallError {
    unknown(match error {
        error if error.is_timeout() => "Google did not answer in time",
        error if error.is_connect() => "Google cannot be reached",
        _ => "the connection broke before the answer was there",
    })
}

fn unknown(reason: &str) -> CallError {
    CallError::Unknown { reason: reason.to_owned(), after: None }
}
