//! The calls of a payout channel: PayOS's merchant API v1.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use payos::payouts::{PAGE_PAYOUTS_MAX, Transfer};
use payos::{SAFE_INTEGER_MAX, payouts};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::App;
use crate::behaviour::{Channel, Operation};
use crate::calls::{Refusal, invalid, read_object, respond};
use crate::clock;
use crate::payouts::{NewPayout, Payout, PayoutRefusal};

/// As PayOS's documentation says.
const LIMIT_DEFAULT: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SingleBody {
    reference_id: String,
    amount: i64,
    description: String,
    to_bin: String,
    to_account_number: String,
    category: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BatchBody {
    reference_id: String,
    category: Option<Vec<String>>,
    payouts: Vec<BatchTransfer>,
    #[serde(rename = "validateDestination")]
    _validate_destination: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BatchTransfer {
    reference_id: String,
    amount: i64,
    description: String,
    to_bin: String,
    to_account_number: String,
}

pub(crate) async fn create(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    create_as(app, headers, body, read_single).await
}

pub(crate) async fn create_batch(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    create_as(app, headers, body, read_batch).await
}

async fn create_as(
    app: Arc<App>,
    headers: HeaderMap,
    body: Bytes,
    read: fn(&[u8]) -> Result<NewPayout, Refusal>,
) -> Response {
    let key = text_header(&headers, "x-idempotency-key");
    let signature = text_header(&headers, "x-signature");
    respond(app, &headers, Operation::CREATE_PAYOUT, move |app| {
        let request = read(&body)?;
        require_signature(app, &body, &signature)?;
        if key.is_empty() {
            return Err(invalid("x-idempotency-key", "must be text"));
        }
        let mut payouts = app.payouts();
        let outcome = match payouts.replay(&key, &body) {
            Some(replayed) => replayed,
            None => payouts.create(request, (&key, &body), clock::now_ms(), app.shape()),
        };
        outcome.map_err(|refusal| match refusal {
            PayoutRefusal::BalanceNotEnough => ("BALANCE_NOT_ENOUGH", "Số dư không đủ".into()),
            PayoutRefusal::KeyUsed => ("DUPLICATE_IDEMPOTENCY_KEY", "Idempotency key đã được sử dụng".into()),
            PayoutRefusal::KeyOfAnotherBody => ("INVALID_IDEMPOTENCY_KEY", "Idempotency key của lệnh khác".into()),
        })
    })
    .await
}

pub(crate) async fn get(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    respond(app, &headers, Operation::GET_PAYOUT, move |app| {
        let mut payouts = app.payouts();
        let payout = payouts.read(clock::now_ms()).find(|payout| payout.id == id);
        // PayOS does not publish the code of this refusal.
        payout.map(|payout| payout.data(app.shape())).ok_or(("404", "Lệnh chi không tồn tại".into()))
    })
    .await
}

pub(crate) async fn list(State(app): State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    respond(app, &headers, Operation::LIST_PAYOUTS, move |app| {
        let filter = Filter::read(&query.unwrap_or_default())?;
        let mut payouts = app.payouts();
        let fitting: Vec<&Payout> = payouts.read(clock::now_ms()).filter(|payout| filter.takes(payout)).collect();
        let page = fitting.iter().skip(filter.offset).take(filter.limit);
        let page: Vec<Value> = page.map(|payout| payout.data(app.shape())).collect();
        let has_more = filter.offset + page.len() < fitting.len();
        let (limit, offset, total, count) = (filter.limit, filter.offset, fitting.len(), page.len());
        let pagination =
            json!({ "limit": limit, "offset": offset, "total": total, "count": count, "hasMore": has_more });
        Ok(json!({ "payouts": page, "pagination": pagination }))
    })
    .await
}

pub(crate) async fn estimate(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let signature = text_header(&headers, "x-signature");
    respond(app, &headers, Operation::ESTIMATE_PAYOUT, move |app| {
        let request = read_batch(&body).or_else(|_| read_single(&body))?;
        require_signature(app, &body, &signature)?;
        let amount: i64 = request.transfers.iter().map(|transfer| transfer.amount).sum();
        Ok(json!({ "estimateCredit": amount }))
    })
    .await
}

pub(crate) async fn balance(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    respond(app, &headers, Operation::BALANCE, move |app| {
        let balance = app.payouts().channel.balance.to_string();
        Ok(json!({
            "accountNumber": "0009704220000", "accountName": "CONG TY STAND IN", "currency": "VND", "balance": balance,
        }))
    })
    .await
}

/// Which payouts a list holds.
struct Filter {
    fields: Vec<(String, String)>,
    limit: usize,
    offset: usize,
}

impl Filter {
    fn read(query: &str) -> Result<Filter, Refusal> {
        let url = reqwest::Url::parse(&format!("http://list.invalid/?{query}"));
        let url = url.map_err(|_| invalid("query", "cannot be read"))?;
        let mut filter = Filter { fields: Vec::new(), limit: LIMIT_DEFAULT, offset: 0 };
        for (key, value) in url.query_pairs() {
            let number = || value.parse().map_err(|_| invalid(&key, "must be a number"));
            match &*key {
                "limit" => filter.limit = number()?,
                "offset" => filter.offset = number()?,
                "fromDate" | "toDate" if at_ms(&value).is_none() => return Err(invalid(&key, "must be a date")),
                "referenceId" | "approvalState" | "category" | "fromDate" | "toDate" => {
                    filter.fields.push((key.into_owned(), value.into_owned()));
                }
                _ => return Err(invalid(&key, "is not known")),
            }
        }
        if !(1..=PAGE_PAYOUTS_MAX as usize).contains(&filter.limit) {
            return Err(invalid("limit", "must be 1 to 100"));
        }
        Ok(filter)
    }

    fn takes(&self, payout: &Payout) -> bool {
        self.fields.iter().all(|(key, value)| match key.as_str() {
            "referenceId" => payout.reference_id == *value,
            "approvalState" => payout.approval_state() == value,
            "category" => {
                let mut words = value.split(',');
                words.any(|word| payout.category.iter().flatten().any(|category| category == word))
            }
            "fromDate" => at_ms(value).is_some_and(|from| from <= payout.created_at_ms),
            _ => at_ms(value).is_some_and(|to| payout.created_at_ms <= to),
        })
    }
}

fn at_ms(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

fn text_header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn require_signature(app: &App, body: &[u8], signature: &str) -> Result<(), Refusal> {
    let verified = payouts::verify(&app.keys(Channel::Payouts).checksum_key, &read_object(body)?, signature);
    verified.map_err(|_| ("201", "Mã kiểm tra(signature) không hợp lệ".into()))
}

fn read_single(body: &[u8]) -> Result<NewPayout, Refusal> {
    let body: SingleBody = serde_json::from_slice(body).map_err(|error| invalid("body", &error.to_string()))?;
    let SingleBody { reference_id, amount, description, to_bin, to_account_number, category } = body;
    let transfer = Transfer { reference_id: reference_id.clone(), amount, description, to_bin, to_account_number };
    checked(NewPayout { reference_id, category, transfers: vec![transfer] })
}

fn read_batch(body: &[u8]) -> Result<NewPayout, Refusal> {
    let body: BatchBody = serde_json::from_slice(body).map_err(|error| invalid("body", &error.to_string()))?;
    let transfers = body.payouts.into_iter().map(|transfer| {
        let BatchTransfer { reference_id, amount, description, to_bin, to_account_number } = transfer;
        Transfer { reference_id, amount, description, to_bin, to_account_number }
    });
    checked(NewPayout { reference_id: body.reference_id, category: body.category, transfers: transfers.collect() })
}

fn checked(request: NewPayout) -> Result<NewPayout, Refusal> {
    if request.transfers.is_empty() {
        return Err(invalid("payouts", "must not be empty"));
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut total = 0_i64;
    for transfer in &request.transfers {
        total = total.saturating_add(transfer.amount);
        if transfer.amount < 1 || total > SAFE_INTEGER_MAX {
            return Err(invalid("amount", "must be a positive number below 2^53"));
        }
        if transfer.to_bin.len() != 6 || !digits(&transfer.to_bin) {
            return Err(invalid("toBin", "must be a BIN"));
        }
        for (key, text) in [
            ("referenceId", &transfer.reference_id),
            ("description", &transfer.description),
            ("toAccountNumber", &transfer.to_account_number),
        ] {
            if text.is_empty() {
                return Err(invalid(key, "must be text"));
            }
        }
    }
    Ok(request)
}
