//! Calls a running origin with a token the command mints for itself.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use domain::Jti;
use edge_protocol::{AdminClaims, Problem, Role, is_operator_name, mint_admin};
use reqwest::{Client, Method};
use serde_json::Value;

use super::terminal::make_printable;
use crate::clock::Clock;
use crate::config::{AdminConfig, operator_name};

/// The origin answers in milliseconds, or asks PayOS first, whose calls end within ten seconds each.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// A command's own token lives only for the command.
const TOKEN_SECONDS: u32 = 60;

pub(super) struct AdminClient {
    role: Role,
    config: AdminConfig,
    client: Client,
}

impl AdminClient {
    /// `role` is what the command needs, and no more.
    pub(super) fn from_env(role: Role) -> Result<Self> {
        ensure!(
            is_operator_name(&operator_name()),
            "this user's name cannot stand in the ledger: it cannot be printed"
        );
        let client = Client::builder().timeout(CALL_TIMEOUT).build().context("cannot make an HTTP client")?;
        Ok(Self { role, config: AdminConfig::from_env()?, client })
    }

    /// The answer, with its texts as a terminal may show them.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let bytes = self.send(method, path, body).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        let mut answer = serde_json::from_slice(&bytes).context("the origin's answer is not JSON")?;
        make_printable(&mut answer);
        Ok(answer)
    }

    pub(super) async fn text(&self, path: &str) -> Result<String> {
        String::from_utf8(self.send(Method::GET, path, None).await?).context("the origin's answer is not text")
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Vec<u8>> {
        let url = format!("{}{path}", self.config.url);
        let claims = AdminClaims { name: operator_name(), role: self.role, jti: random_jti()? };
        let token = mint_admin(&self.config.admin_keys, &claims, Clock::system().now(), TOKEN_SECONDS);
        let mut request = self.client.request(method, &url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response =
            request.send().await.with_context(|| format!("cannot reach the origin at {}", self.config.url))?;
        let status = response.status();
        let bytes = response.bytes().await.context("the origin's answer broke off")?;
        if status.is_success() {
            return Ok(bytes.into());
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => {
                let field = problem.field.map_or_else(String::new, |field| format!("{field}: "));
                bail!("{}: {field}{}", problem.code.as_str(), problem.detail)
            }
            Err(_) => bail!("the origin answered {status}"),
        }
    }
}

pub(super) fn random_jti() -> Result<Jti> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(Jti(bytes))
}
