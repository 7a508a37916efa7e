//! Requests as bytes, made before the clock starts: the generator should spend its core on sending.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use edge_protocol::{Jti, Phone, PurchaseClaims, Region, Sid, mint_purchase, mint_read};
use serde_json::json;

use crate::system::Origin;

const DROP: u32 = 1;

/// Requests one after the other in one buffer.
#[derive(Default)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Requests {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    fn push(&mut self, head: &str, token: &str, body: &str) {
        let length = body.len();
        self.bytes.extend_from_slice(
            format!(
                "{head} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        self.ends.push(self.bytes.len());
    }
}

pub(crate) fn status(origin: &Origin) -> Requests {
    let mut requests = Requests::default();
    requests.push("GET /snapshot", &mint_read(&origin.edge_keys, now_ms()), "");
    requests
}

/// Each of another customer: a random phone, a token of its own.
pub(crate) fn purchases(origin: &Origin, count: usize) -> Result<Requests> {
    let mut requests = Requests::default();
    let now = now_ms();
    for number in 0..count {
        let mut random = [0; 40];
        getrandom::fill(&mut random)?;
        // The number keeps phones apart; customers are their HMACs, and as random as any.
        let digits = u64::from_le_bytes(random[32..].try_into()?) % 1_000;
        let phone = Phone::parse(&format!("+491{number:07}{digits:03}"))?;
        let claims = PurchaseClaims {
            drop: DROP,
            sub: origin.customer_secret.sub(DROP, &phone),
            sid: Sid::from_bytes(random[..16].try_into()?),
            jti: Jti::from_bytes(random[16..32].try_into()?),
            qty_max: 1,
            region: Region::S01,
        };
        let token = mint_purchase(&origin.edge_keys, &claims, now);
        let buyer =
            json!({ "name": format!("Nguyễn Văn {number}"), "phone": phone.as_str(), "email": "an@example.com" });
        let body = json!({ "quantity": 1, "buyer": buyer }).to_string();
        requests.push("POST /purchase", &token, &body);
    }
    Ok(requests)
}

#[expect(clippy::disallowed_methods, reason = "tokens carry wall time")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
