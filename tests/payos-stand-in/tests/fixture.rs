//! A stand-in, a client of it and the merchant it tells.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use payos::{Client, Config, CreateLink, CreatedLink, LinkStatus, payouts};
use reqwest::redirect;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use crate::app::{App, Keys, Settings};
use crate::server::router;

pub(super) const KEY: &str = "test-checksum-key";
pub(super) const PAYOUT_KEY: &str = "test-payout-checksum-key";
/// No test should take this long; it turns a hang into a failure.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

pub(super) struct StandIn {
    pub(super) base_url: String,
    pub(super) client: Client,
    pub(super) http: reqwest::Client,
    pub(super) merchant: Merchant,
}

/// Gives each webhook to the test, which says how it is answered.
pub(super) struct Merchant {
    pub(super) url: String,
    webhooks: mpsc::Receiver<Bytes>,
    answers: mpsc::Sender<StatusCode>,
}

impl StandIn {
    pub(super) async fn start() -> StandIn {
        StandIn::start_with(false).await
    }

    pub(super) async fn start_with(memo_prefix: bool) -> StandIn {
        let merchant = Merchant::start().await;
        let (listener, base_url) = listen().await;
        let app = App::new(Settings {
            base_url: base_url.clone(),
            keys: keys("client", "api-key", KEY),
            payout_keys: keys("payout-client", "payout-api-key", PAYOUT_KEY),
            webhook_url: Some(merchant.url.clone()),
            memo_prefix,
        })
        .expect("an app");
        tokio::spawn(async move { axum::serve(listener, router(app)).await });
        let http = reqwest::Client::builder().redirect(redirect::Policy::none());
        StandIn { client: client(&base_url, "api-key", KEY), base_url, http: http.build().expect("a client"), merchant }
    }

    pub(super) fn payouts(&self) -> payouts::Client {
        let mut config = Config::new("payout-client", "payout-api-key", PAYOUT_KEY);
        config.base_url.clone_from(&self.base_url);
        config.call_timeout = Duration::from_secs(2);
        payouts::Client::new(config).expect("a client")
    }

    pub(super) async fn create(&self, order_code: i64) -> CreatedLink {
        let created = self.client.create_link(&order(order_code)).await;
        created.expect("created")
    }

    pub(super) async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/_control/{path}", self.base_url);
        let answer = self.http.post(url).json(&body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("JSON"))
    }

    pub(super) async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/_control/{path}", self.base_url);
        let answer = self.http.get(url).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// The reply to a get call as it is written.
    pub(super) async fn raw_link(&self, order_code: i64) -> Value {
        let url = format!("{}/v2/payment-requests/{order_code}", self.base_url);
        let request = self.http.get(url).header("x-client-id", "client").header("x-api-key", "api-key");
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    pub(super) async fn click(&self, path: &str) -> String {
        let url = format!("{}{path}", self.base_url);
        let answer = self.http.post(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().expect("text").to_owned()
    }

    pub(super) async fn status(&self, order_code: i64) -> LinkStatus {
        self.client.get_link(order_code).await.expect("known").status
    }
}

impl Merchant {
    async fn start() -> Merchant {
        let (listener, base_url) = listen().await;
        let (received, webhooks) = mpsc::channel(64);
        let (answers, to_give) = mpsc::channel::<StatusCode>(64);
        let shared = Arc::new((received, Mutex::new(to_give)));
        let receive = |State(shared): State<Arc<(mpsc::Sender<Bytes>, Mutex<_>)>>, body: Bytes| async move {
            shared.0.send(body).await.expect("the test listens");
            let mut to_give: tokio::sync::MutexGuard<'_, mpsc::Receiver<StatusCode>> = shared.1.lock().await;
            to_give.recv().await.expect("the test answers")
        };
        let router = axum::Router::new().route("/hook", post(receive)).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let url = format!("{base_url}/hook");
        Merchant { url, webhooks, answers }
    }

    pub(super) async fn answer_with(&self, status: u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        self.answers.send(status).await.expect("the merchant runs");
    }

    pub(super) async fn next(&mut self) -> Bytes {
        let webhook = tokio::time::timeout(DEADLINE, self.webhooks.recv()).await;
        webhook.expect("a webhook in time").expect("the merchant runs")
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

pub(super) fn client(base_url: &str, api_key: &str, checksum_key: &str) -> Client {
    let mut config = Config::new("client", api_key, checksum_key);
    config.base_url = base_url.into();
    config.call_timeout = Duration::from_secs(2);
    Client::new(config).expect("a client")
}

fn keys(client_id: &str, api_key: &str, checksum_key: &str) -> Keys {
    Keys { client_id: client_id.into(), api_key: api_key.into(), checksum_key: checksum_key.into() }
}

pub(super) fn order(order_code: i64) -> CreateLink {
    let (return_url, cancel_url) = ("http://shop.example/o?a=1#top", "http://shop.example/no");
    CreateLink::new(order_code, 49_000, "DH<7>", return_url, cancel_url)
}
