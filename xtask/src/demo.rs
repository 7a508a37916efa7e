//! Something to see in a fresh shop: one product in three drops, one of them really sold out.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{keys::Keys, parts::Parts, step};

pub(crate) const OPEN: &str = "lantern";
pub(crate) const SOON: &str = "lantern-in-a-minute";
pub(crate) const SOLD_OUT: &str = "lantern-sold-out";

const NAME: &str = "Đèn lồng Hội An";
const DESCRIPTION: &str = "Đèn lồng lụa làm tay, khung tre, cao 35 cm. Handmade silk lantern on a bamboo frame, 35 cm.";
const PRICE: &str = "250000";

/// The edge sees a new drop within two seconds, a payment link takes one call.
const STATE_DEADLINE: Duration = Duration::from_secs(20);

const POLL: Duration = Duration::from_millis(100);

/// The operator's command line, pointed at the origin of this machine.
pub(crate) struct Cli<'a> {
    pub(crate) dropgate: &'a Path,
    pub(crate) origin: String,
    pub(crate) keys: &'a Keys,
}

pub(crate) fn create(parts: &Parts, cli: &Cli<'_>, edge: &str, payos: &str) -> Result<()> {
    println!("\n== Creating the demo drops");
    create_drop(cli, SOLD_OUT, "1", "0")?;
    create_drop(cli, OPEN, "100", "0")?;
    create_drop(cli, SOON, "100", "60")?;
    buy_and_pay(parts, edge, payos, SOLD_OUT).context("cannot sell the demo drop out")
}

fn create_drop(cli: &Cli<'_>, slug: &str, size: &str, opens_in_seconds: &str) -> Result<()> {
    let mut command = Command::new(cli.dropgate);
    command
        .args(["drop", "create", "--slug", slug, "--name", NAME, "--description", DESCRIPTION])
        .args(["--size", size, "--price", PRICE, "--limit", "2", "--opens-in", opens_in_seconds])
        .envs(cli.keys.all())
        .env("DROPGATE_URL", &cli.origin);
    step::output(&mut command).map(drop)
}

/// The way of every shopper: a token, a purchase, the payment link, the money.
fn buy_and_pay(parts: &Parts, edge: &str, payos: &str, slug: &str) -> Result<()> {
    let phone = "0901234567";
    let drop_url = format!("{edge}/api/drops/{slug}");
    wait_for(parts, "the drop at the edge", || Ok((minreq::get(&drop_url).send()?.status_code == 200).then_some(())))?;

    let response = post(&format!("{drop_url}/token"), &[], &json!({ "phone": phone }))?;
    let cookie = response.headers("set-cookie").next().and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.context("the edge set no cookie")?;
    let token = bearer(&parsed(&response)?["token"])?;

    let purchase = json!({
        "quantity": 1,
        "buyer": { "name": "Nguyễn Thị Hoa", "phone": phone, "email": "hoa@example.com" },
    });
    let headers = [("Authorization", token.as_str()), ("Cookie", cookie)];
    let order = parsed(&post(&format!("{drop_url}/purchase"), &headers, &purchase)?)?;

    let order_code = order["order_code"].as_u64().context("no order_code")?;
    let order_url = format!("{edge}/api/orders/{order_code}");
    let order_key = bearer(&order["order_key"])?;
    wait_for_order(parts, &order_url, &order_key, "payment_state", "ready")?;
    post(&format!("{payos}/_control/links/{order_code}/pay"), &[], &json!({}))?;
    wait_for_order(parts, &order_url, &order_key, "state", "paid")?;
    wait_for(parts, "the drop page shows it sold out", || {
        let drop = parsed(&minreq::get(&drop_url).send()?)?;
        Ok((drop["drop"]["stock"]["available"] == 0).then_some(()))
    })
}

fn wait_for_order(parts: &Parts, url: &str, key: &str, field: &str, value: &str) -> Result<()> {
    wait_for(parts, &format!("{field} = {value}"), || {
        let order = parsed(&minreq::get(url).with_header("Authorization", key).send()?)?;
        Ok((order[field] == value).then_some(()))
    })
}

fn wait_for<T>(parts: &Parts, what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look().with_context(|| format!("while waiting for {what}"))? {
            return Ok(found);
        }
        if started.elapsed() > STATE_DEADLINE {
            bail!("{what} did not come about within {} s", STATE_DEADLINE.as_secs());
        }
        parts.watch_for(POLL)?;
    }
}

fn post(url: &str, headers: &[(&str, &str)], body: &Value) -> Result<minreq::Response> {
    let request = minreq::post(url).with_header("Content-Type", "application/json").with_timeout(10);
    let request = headers.iter().fold(request, |request, (name, value)| request.with_header(*name, *value));
    let response = request.with_body(body.to_string()).send().with_context(|| format!("POST {url}"))?;
    parsed(&response).with_context(|| format!("POST {url}"))?;
    Ok(response)
}

fn parsed(response: &minreq::Response) -> Result<Value> {
    let text = response.as_str()?;
    if !(200..300).contains(&response.status_code) {
        bail!("status {}: {text}", response.status_code);
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).with_context(|| format!("not JSON: {text}"))
}

fn bearer(secret: &Value) -> Result<String> {
    Ok(format!("Bearer {}", secret.as_str().context("a secret is missing in the answer")?))
}
