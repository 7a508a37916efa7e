use std::{process::Command, time::Duration};

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{built, client::new_client, ports::ReservedPort, process::Process, wait::until};

/// The outbox looks several times a second, and a try that failed follows in seconds.
const DELIVERY_DEADLINE: Duration = Duration::from_secs(60);

/// The merchant's own system: every path of it is an endpoint.
pub struct WebhookReceiver {
    port: ReservedPort,
    client: Client,
    _process: Process,
    // After the process, whose files it holds.
    _folder: TempDir,
}

/// A delivery that was accepted.
#[derive(Clone, Debug, Deserialize)]
pub struct WebhookDelivery {
    pub id: String,
    /// For each known secret, whether the official library takes the signature.
    pub verified: Vec<bool>,
    pub body: Value,
}

#[derive(Deserialize)]
struct Seen {
    deliveries: Vec<WebhookDelivery>,
    tried: Vec<String>,
}

impl WebhookReceiver {
    pub async fn start() -> WebhookReceiver {
        let folder = tempfile::Builder::new().prefix("dropgate-receiver-").tempdir().expect("a temporary folder");
        let port = ReservedPort::new();
        let mut command = Command::new("node");
        command.arg(built::root().join("tests/webhook-receiver/server.mjs")).args(["--port", &port.port().to_string()]);
        let mut process = Process::start("webhook-receiver", command, folder.path());
        process.assert_listens().await;
        WebhookReceiver { port, client: new_client(), _process: process, _folder: folder }
    }

    /// The address of an endpoint, such as `/orders`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.port.url())
    }

    /// From now on: `{"mode": "accept"}`, `status` with `status` and `retry_after`, `redirect` with `location`, `refuse`,
    /// `hang`, `cut`, `slow` or `huge`.
    pub async fn behaves(&self, path: &str, mut behaviour: Value) {
        behaviour["of"] = path.into();
        self.control("behaviour", behaviour).await;
    }

    /// Deliveries are checked with each of these.
    pub async fn knows_secrets(&self, path: &str, secrets: &[&str]) {
        self.control("secrets", json!({ "of": path, "secrets": secrets })).await;
    }

    /// What was accepted so far, oldest first.
    pub async fn deliveries(&self, path: &str) -> Vec<WebhookDelivery> {
        self.control("deliveries", json!({ "of": path })).await.deliveries
    }

    /// The id of each try, accepted or not.
    pub async fn tried(&self, path: &str) -> Vec<String> {
        self.control("deliveries", json!({ "of": path })).await.tried
    }

    /// Waits until so many deliveries were accepted.
    pub async fn accepts(&self, path: &str, count: usize) -> Vec<WebhookDelivery> {
        until(&format!("{count} deliveries to {path}"), DELIVERY_DEADLINE, async || {
            let deliveries = self.deliveries(path).await;
            (deliveries.len() >= count).then_some(deliveries)
        })
        .await
    }

    /// Waits until so many deliveries were tried, accepted or not.
    pub async fn was_tried(&self, path: &str, times: usize) {
        until(&format!("{times} tries at {path}"), DELIVERY_DEADLINE, async || {
            (self.tried(path).await.len() >= times).then_some(())
        })
        .await;
    }

    async fn control(&self, what: &str, body: Value) -> Seen {
        let request = self.client.post(self.url(&format!("/_control/{what}"))).json(&body);
        let answer = request.send().await.expect("the receiver").error_for_status().expect("a known request");
        answer.json().await.expect("its answer as JSON")
    }
}
