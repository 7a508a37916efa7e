//! The calls of a payout channel. None is repeated here: whether that is safe depends on what the caller has saved.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::payout::{AccountBalance, ApprovalState, EstimatedCredit, Payout, PayoutPage};
use super::prepared::{PreparedPayout, Transfer, require_plain};
use super::reply;
use super::signature::push_escaped;
use crate::client::{http_client, is_path_id};
use crate::config::{Config, ConfigError};
use crate::error::{Error, UnknownCause};
use crate::reply::Signed;

/// The largest page that PayOS documents.
pub const PAGE_PAYOUTS_MAX: u32 = 100;

/// Talks to one payout channel, by IPv4 only. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    config: Config,
}

/// Whether a payout may have been posted before. Only the first refusal shows that nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Post {
    First,
    Repeat,
}

/// Which payouts a list holds. An empty filter holds all, ten at a time.
#[derive(Clone, Debug, Default)]
pub struct PayoutFilter<'a> {
    pub reference_id: Option<&'a str>,
    pub approval_state: Option<ApprovalState>,
    pub category: &'a [&'a str],
    /// Unix milliseconds.
    pub from_ms: Option<i64>,
    /// Unix milliseconds.
    pub to_ms: Option<i64>,
    /// At most [`PAGE_PAYOUTS_MAX`]; PayOS takes 10 when none is given.
    pub limit: Option<u32>,
    pub offset: u64,
}

impl Client {
    pub fn new(config: Config) -> Result<Client, ConfigError> {
        // PayOS lists IPv4 addresses only, and a host with both kinds would often be refused.
        let builder = http_client(&config)?.local_address(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Client { http: builder.build()?, config })
    }

    /// Makes a payout of one transfer.
    ///
    /// After [`Error::Unknown`] the payout may exist: look with [`Client::find`]. When it is not found, wait, look
    /// again, and post the same payout as [`Post::Repeat`].
    pub async fn create(&self, payout: &PreparedPayout, post: Post) -> Result<Payout, Error> {
        let sent: Transfer =
            serde_json::from_slice(&payout.body).map_err(|_| Error::NotSent("the body is not that of one transfer"))?;
        // With a slash at the end, because the official SDKs post to it so.
        let made = self.post("/v1/payouts/", payout, post).await?;
        require_same(&sent.reference_id, std::slice::from_ref(&sent), made)
    }

    /// Makes a payout of many transfers; otherwise like [`Client::create`].
    pub async fn create_batch(&self, payout: &PreparedPayout, post: Post) -> Result<Payout, Error> {
        let sent: SentBatch =
            serde_json::from_slice(&payout.body).map_err(|_| Error::NotSent("the body is not that of a batch"))?;
        let made = self.post("/v1/payouts/batch", payout, post).await?;
        require_same(&sent.reference_id, &sent.payouts, made)
    }

    /// Reads a payout by PayOS's id of it.
    pub async fn get(&self, payout_id: &str) -> Result<Payout, Error> {
        if !is_path_id(payout_id) {
            return Err(Error::NotSent("not a payout id"));
        }
        let payout: Payout = self.read(&format!("/v1/payouts/{payout_id}")).await?;
        if payout.id == payout_id { Ok(payout) } else { Err(another_payout()) }
    }

    /// One page of the payouts that fit.
    ///
    /// PayOS does not say whether a reference must fit as a whole; [`Client::find`] compares it.
    pub async fn list(&self, filter: &PayoutFilter<'_>) -> Result<PayoutPage, Error> {
        self.read(&format!("/v1/payouts{}", query(filter)?)).await
    }

    /// All payouts with exactly this reference: none, one, or too many.
    ///
    /// [`Error::Unknown`] when the list is longer than a page or contradicts itself, because then a payout may be
    /// missing from it.
    pub async fn find(&self, reference_id: &str) -> Result<Vec<Payout>, Error> {
        let limit = Some(PAGE_PAYOUTS_MAX);
        let filter = PayoutFilter { reference_id: Some(reference_id), limit, ..PayoutFilter::default() };
        let PayoutPage { mut payouts, pagination } = self.list(&filter).await?;
        if pagination.has_more || pagination.total != payouts.len() as u64 {
            return Err(UnknownCause::UnreadableReply("the list is not whole".into()).into());
        }
        payouts.retain(|payout| payout.reference_id == reference_id);
        Ok(payouts)
    }

    /// What a payout would take from the balance, in VND. PayOS does not sign this reply: grant nothing on it.
    pub async fn estimate_credit(&self, payout: &PreparedPayout) -> Result<i64, Error> {
        let request = self.request(Method::POST, "/v1/payouts/estimate-credit");
        let request = request.header("x-signature", &payout.signature).body(payout.body.clone());
        let estimate: EstimatedCredit = self.answer(request, Signed::No).await?;
        Ok(estimate.estimate_credit)
    }

    /// The prefunded account. After any error the balance is unknown, not 0.
    pub async fn balance(&self) -> Result<AccountBalance, Error> {
        self.read("/v1/payouts-account/balance").await
    }

    async fn post(&self, path: &str, payout: &PreparedPayout, post: Post) -> Result<Payout, Error> {
        let request = self
            .request(Method::POST, path)
            .header("x-idempotency-key", &payout.idempotency_key)
            .header("x-signature", &payout.signature)
            .body(payout.body.clone());
        self.answer(request, Signed::Yes).await.map_err(|error| match (post, error) {
            (Post::First, error) => error,
            (Post::Repeat, Error::Refused { code, desc }) => UnknownCause::NotDecisive { code, desc }.into(),
            (Post::Repeat, Error::Unauthorized { desc }) => {
                UnknownCause::NotDecisive { code: "401 or 403".into(), desc }.into()
            }
            (Post::Repeat, error) => error,
        })
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.answer(self.request(Method::GET, path), Signed::Yes).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base_url = self.config.base_url.trim_end_matches('/');
        self.http.request(method, format!("{base_url}{path}")).header(CONTENT_TYPE, "application/json")
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder, signed: Signed) -> Result<T, Error> {
        let data = reply::read(request.send().await?, signed, &self.config.checksum_key).await?;
        serde_json::from_value(data).map_err(|error| UnknownCause::UnreadableReply(error.to_string()).into())
    }
}

/// What a reply is compared with; the rest of a batch does not matter to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentBatch {
    reference_id: String,
    payouts: Vec<Transfer>,
}

/// A genuine reply about another payout is still signed, so the signature alone does not tell.
fn require_same(reference_id: &str, sent: &[Transfer], made: Payout) -> Result<Payout, Error> {
    let known = made.transactions.iter().all(|made| {
        sent.iter().any(|sent| {
            (sent.amount, &sent.to_bin, &sent.to_account_number) == (made.amount, &made.to_bin, &made.to_account_number)
        })
    });
    let same = made.reference_id == reference_id && made.transactions.len() <= sent.len() && known;
    if same { Ok(made) } else { Err(another_payout()) }
}

fn another_payout() -> Error {
    UnknownCause::UnreadableReply("it is about another payout".into()).into()
}

fn query(filter: &PayoutFilter<'_>) -> Result<String, Error> {
    let PayoutFilter { reference_id, approval_state, category, from_ms, to_ms, limit, offset } = filter;
    let mut text = String::new();
    let mut push = |key: &str, value: &str| {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        push_escaped(&mut text, value);
    };
    if let Some(reference_id) = reference_id {
        require_plain(reference_id)?;
        push("referenceId", reference_id);
    }
    if let Some(state) = approval_state {
        push("approvalState", state.word());
    }
    if !category.is_empty() {
        category.iter().try_for_each(|word| require_plain(word))?;
        push("category", &category.join(","));
    }
    for (key, at_ms) in [("fromDate", from_ms), ("toDate", to_ms)] {
        if let Some(at_ms) = at_ms {
            push(key, &iso(*at_ms)?);
        }
    }
    if let Some(limit) = limit {
        if !(1..=PAGE_PAYOUTS_MAX).contains(limit) {
            return Err(Error::NotSent("a page has 1 to 100 payouts"));
        }
        push("limit", &limit.to_string());
    }
    if *offset > 0 {
        push("offset", &offset.to_string());
    }
    Ok(text)
}

fn iso(at_ms: i64) -> Result<String, Error> {
    let not_a_time = |_| Error::NotSent("a time that has no date");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000).map_err(not_a_time)?;
    moment.format(&Rfc3339).map_err(|_| Error::NotSent("a time that has no date"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_becomes_a_query() {
        assert_eq!(query(&PayoutFilter::default()).expect("a query"), "");
        let filter = PayoutFilter {
            reference_id: Some("RF 1-1"),
            approval_state: Some(ApprovalState::PartialCompleted),
            category: &["refund", "shop"],
            from_ms: Some(1_795_144_200_000),
            to_ms: Some(1_795_144_200_250),
            limit: Some(100),
            offset: 200,
        };
        let text = "?referenceId=RF%201-1&approvalState=PARTIAL_COMPLETED&category=refund%2Cshop\
                    &fromDate=2026-11-20T03%3A10%3A00Z&toDate=2026-11-20T03%3A10%3A00.25Z&limit=100&offset=200";
        assert_eq!(query(&filter).expect("a query"), text);
        for bad in [
            PayoutFilter { reference_id: Some("a&b"), ..PayoutFilter::default() },
            PayoutFilter { limit: Some(0), ..PayoutFilter::default() },
            PayoutFilter { limit: Some(101), ..PayoutFilter::default() },
            PayoutFilter { from_ms: Some(i64::MAX), ..PayoutFilter::default() },
        ] {
            assert!(query(&bad).is_err(), "{bad:?}");
        }
    }
}
