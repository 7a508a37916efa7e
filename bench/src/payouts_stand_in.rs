//! PayOS's payouts for the measured origin. Each is paid when it is made.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

/// A channel with this key gets no answer about payouts. What the account holds it is told, so that payouts begin.
pub(crate) const KEY_THAT_HANGS: &str = "hangs";
/// More than a measurement pays out.
const BALANCE: &str = "1000000000000";

type Signed = ([(&'static str, String); 1], Json<Value>);

#[derive(Clone, Copy)]
struct Account {
    delay: Duration,
    checksum_key: &'static str,
}

/// Each call takes `delay`, and each answer is signed by `checksum_key`.
pub(crate) fn routes(delay: Duration, checksum_key: &'static str) -> Router {
    Router::new()
        .route("/v1/payouts", get(find))
        .route("/v1/payouts/", post(create))
        .route("/v1/payouts-account/balance", get(balance))
        .with_state(Account { delay, checksum_key })
}

/// The origin looks for a payout before it makes it, and not again once it is paid.
async fn find(State(account): State<Account>, headers: HeaderMap) -> Signed {
    account.wait(&headers).await;
    let pagination = json!({ "limit": 100, "offset": 0, "total": 0, "count": 0, "hasMore": false });
    account.signed(json!({ "payouts": [], "pagination": pagination }))
}

async fn create(State(account): State<Account>, headers: HeaderMap, Json(request): Json<Value>) -> Signed {
    account.wait(&headers).await;
    let reference = &request["referenceId"];
    let transfer = json!({
        "id": reference, "referenceId": reference, "amount": request["amount"], "description": request["description"],
        "toBin": request["toBin"], "toAccountNumber": request["toAccountNumber"], "reference": reference,
        "state": "SUCCEEDED",
    });
    account.signed(json!({
        "id": reference, "referenceId": reference, "approvalState": "COMPLETED", "transactions": [transfer],
    }))
}

async fn balance(State(account): State<Account>) -> Signed {
    tokio::time::sleep(account.delay).await;
    account.signed(json!({ "accountNumber": "1", "accountName": "BENCH", "currency": "VND", "balance": BALANCE }))
}

impl Account {
    async fn wait(self, headers: &HeaderMap) {
        if headers.get("x-api-key").is_some_and(|key| key == KEY_THAT_HANGS) {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.delay).await;
    }

    fn signed(self, data: Value) -> Signed {
        let signature = payos::payouts::sign(self.checksum_key, &data).unwrap_or_default();
        ([("x-signature", signature)], Json(json!({ "code": "00", "desc": "success", "data": data })))
    }
}
