use std::{path::Path, process::Command, time::Duration};

use payos::{Config, CreateLink};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{Response, built::program, client::new_client, ports::ReservedPort, process::Process, wait::until};

/// The account the shop has with the stand-in.
pub const CLIENT_ID: &str = "test-client";
pub const API_KEY: &str = "test-api-key";
pub const CHECKSUM_KEY: &str = "test-checksum-key";
const ACCOUNT: [&str; 6] = ["--client-id", CLIENT_ID, "--api-key", API_KEY, "--checksum-key", CHECKSUM_KEY];

/// The stand-in repeats what was not accepted for about two minutes.
const WEBHOOK_DEADLINE: Duration = Duration::from_secs(60);

/// The PayOS stand-in: what the bank, the servers and the network do.
pub struct PayOs {
    port: ReservedPort,
    process: Process,
    client: Client,
}

impl PayOs {
    /// Without a shop: PayOS sends no webhooks, so an origin must read its links.
    pub async fn alone(logs: &Path) -> PayOs {
        let mut payos = PayOs::start(new_client(), None, logs);
        payos.assert_listens().await;
        payos
    }

    pub(crate) fn start(client: Client, webhook_url: Option<&str>, logs: &Path) -> PayOs {
        let port = ReservedPort::new();
        let mut command = Command::new(program("payos-stand-in"));
        command.args(["--listen", &port.address()]).args(ACCOUNT);
        command.args(webhook_url.iter().flat_map(|url| ["--webhook-url", url]));
        let process = Process::start("payos", command, logs);
        PayOs { port, process, client }
    }

    pub(crate) async fn assert_listens(&mut self) {
        self.process.assert_listens().await;
    }

    /// A payer transfers the amount of the order, and PayOS sends one webhook.
    pub async fn pays(&self, order_code: u64) {
        self.pays_as(order_code, &json!({})).await;
    }

    /// A payment with the options of the stand-in: `amount`, `reference`, `times`, `webhook`, `delay_ms`,
    /// `when`.
    pub async fn pays_as(&self, order_code: u64, options: &Value) -> Value {
        self.controls(&format!("links/{order_code}/pay"), options).await
    }

    /// From now on PayOS sends no webhooks, so the origin must read its links.
    pub async fn sends_no_webhooks(&self) {
        self.controls("webhooks", &json!({ "enabled": false })).await;
    }

    /// Waits until every webhook has got a 2xx. Returns how many there were.
    pub async fn delivers_all_webhooks(&self) -> usize {
        until("every webhook is accepted", WEBHOOK_DEADLINE, async || {
            let webhooks = self.looks("webhooks").await["webhooks"].as_array().expect("webhooks").clone();
            webhooks.iter().all(|webhook| webhook["state"] == "accepted").then_some(webhooks.len())
        })
        .await
    }

    /// Sends a webhook with this body as it is, or with this `data` signed; returns the shop's status.
    pub async fn sends_raw_webhook(&self, webhook: &Value) -> u64 {
        let sent = self.controls("webhooks/raw", webhook).await;
        sent["status"].as_u64().expect("the shop answers the webhook")
    }

    /// The bodies of all webhooks so far, oldest first.
    pub async fn webhook_bodies(&self) -> Vec<String> {
        let webhooks = self.looks("webhooks").await;
        let webhooks = webhooks["webhooks"].as_array().expect("webhooks");
        webhooks.iter().map(|webhook| webhook["body"].as_str().expect("a body").to_owned()).collect()
    }

    /// What PayOS knows of the link of an order.
    pub async fn link(&self, order_code: u64) -> Option<Value> {
        let links = self.looks("links").await;
        let links = links["links"].as_array().expect("links");
        links.iter().find(|link| link["orderCode"] == order_code).cloned()
    }

    /// How many links there are, of whatever order.
    pub async fn links_made(&self) -> usize {
        self.looks("links").await["links"].as_array().expect("links").len()
    }

    /// Asks for a link with the shop's keys, as another program on the same channel would.
    pub async fn makes_link_for_another_program(&self, order_code: u64, amount: i64) {
        let config = Config { base_url: self.url(), ..Config::new(CLIENT_ID, API_KEY, CHECKSUM_KEY) };
        let client = payos::Client::new(config).expect("a client of PayOS");
        let code = i64::try_from(order_code).expect("an order code");
        let request = CreateLink::new(code, amount, "OTHER", "https://other.example", "https://other.example");
        client.create_link(&request).await.expect("a link");
    }

    /// The settings of an origin that pays refunds out through this PayOS.
    pub fn payout_settings(&self) -> [(String, String); 6] {
        [
            ("PAYOS_PAYOUT_CLIENT_ID", format!("payout-{CLIENT_ID}")),
            ("PAYOS_PAYOUT_API_KEY", format!("payout-{API_KEY}")),
            ("PAYOS_PAYOUT_CHECKSUM_KEY", format!("payout-{CHECKSUM_KEY}")),
            ("DROPGATE_PAYOUT_REFUND_MAX", "1000000".to_owned()),
            ("DROPGATE_PAYOUT_DAY_MAX", "5000000".to_owned()),
            ("DROPGATE_PAYOUT_TWO_OPERATORS_ABOVE", "300000".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }

    /// Every payout PayOS knows, newest first.
    pub async fn payouts(&self) -> Vec<Value> {
        self.looks("payouts").await["payouts"].as_array().expect("payouts").clone()
    }

    /// What becomes of a payout, by its reference: `state`, `account_name` and what else the stand-in takes.
    pub async fn moves_payout(&self, reference: &str, change: &Value) {
        self.controls(&format!("payouts/{reference}/move"), change).await;
    }

    /// Sets the payout channel: `balance`, `succeed_when_read`, `replay`, `ip_refused`.
    pub async fn sets_payout_channel(&self, change: &Value) {
        self.controls("payout-channel", change).await;
    }

    /// As [`PayOs::behaves`], for payouts: `create`, `list` and `balance`.
    pub async fn behaves_on_payouts(&self, change: &Value) {
        self.controls("payout-behaviour", change).await;
    }

    /// How often payouts were asked for, repeats included.
    pub async fn payout_requests(&self) -> u64 {
        self.looks("payout-behaviour").await["calls"]["create"].as_u64().expect("a number of calls")
    }

    /// Sets how PayOS responds from now on: `create`, `get` and `cancel`, for the `next` calls.
    pub async fn behaves(&self, change: &Value) {
        self.controls("behaviour", change).await;
    }

    /// Sets what replies say of a link from now on instead of the truth: `status`, `amount_paid`.
    pub async fn shows(&self, order_code: u64, shown: &Value) {
        self.controls(&format!("links/{order_code}/show"), shown).await;
    }

    /// Waits until PayOS has had this many calls for a link in all.
    pub async fn is_asked_for_links(&self, times: u64) {
        until(&format!("{times} calls for a link"), WEBHOOK_DEADLINE, async || {
            (self.looks("behaviour").await["calls"]["create"].as_u64()? >= times).then_some(())
        })
        .await;
    }

    /// Waits until the link of an order is cancelled.
    pub async fn closes_link(&self, order_code: u64) {
        until(&format!("the link of {order_code} is cancelled"), WEBHOOK_DEADLINE, async || {
            (self.link(order_code).await?["status"] == "CANCELLED").then_some(())
        })
        .await;
    }

    pub fn url(&self) -> String {
        self.port.url()
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    async fn controls(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/_control/{path}", self.url()));
        Response::to(request.json(body)).await.assert_status(200)
    }

    async fn looks(&self, path: &str) -> Value {
        Response::to(self.client.get(format!("{}/_control/{path}", self.url()))).await.assert_status(200)
    }
}
