//! Requests as bytes, made before the clock starts: the generator should spend its core on sending.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use edge_protocol::{
    CustomerSecret, Jti, KeyRing, Phone, PurchaseClaims, Region, Sid, mint_purchase, mint_read, mint_webhook,
};
use serde_json::json;

use crate::load::Kind;
use crate::stage::CHECKSUM_KEY;

/// Tokens of the edge's own requests live a minute.
const MINT_AGAIN: Duration = Duration::from_secs(30);
/// What one unit costs in every drop here.
pub(crate) const PRICE: i64 = 100_000;

/// Requests one after the other in one buffer.
#[derive(Default)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<(Kind, usize)>,
}

impl Requests {
    pub(crate) fn get(&self, index: usize) -> Option<(Kind, &[u8])> {
        let (kind, end) = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some((kind, &self.bytes[start..end]))
    }

    pub(crate) fn push(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push((kind, self.bytes.len()));
    }
}

/// Makes purchases, each of another customer: a random phone, a token of its own.
pub(crate) struct Shoppers<'a> {
    edge_keys: &'a KeyRing,
    customer_secret: &'a CustomerSecret,
    drop: u32,
    count: u32,
}

impl<'a> Shoppers<'a> {
    pub(crate) fn new(edge_keys: &'a KeyRing, customer_secret: &'a CustomerSecret, drop: u32) -> Self {
        Self { edge_keys, customer_secret, drop, count: 0 }
    }

    pub(crate) fn requests(&mut self, count: usize) -> Result<Requests> {
        let mut requests = Requests::default();
        for _ in 0..count {
            let (token, body) = self.purchase()?;
            requests.push(Kind::Purchase, |bytes| post(bytes, "/purchase", &token, &body));
        }
        Ok(requests)
    }

    pub(crate) fn write(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        let (token, body) = self.purchase()?;
        post(bytes, "/purchase", &token, &body);
        Ok(())
    }

    fn purchase(&mut self) -> Result<(String, String)> {
        let mut random = [0; 40];
        getrandom::fill(&mut random)?;
        let number = self.count;
        self.count += 1;
        // The number keeps phones apart; customers are their HMACs, and as random as any.
        let digits = u64::from_le_bytes(random[32..].try_into()?) % 1_000;
        let phone = Phone::parse(&format!("+491{number:07}{digits:03}"))?;
        let claims = PurchaseClaims {
            drop: self.drop,
            sub: self.customer_secret.sub(self.drop, &phone),
            sid: Sid::from_bytes(random[..16].try_into()?),
            jti: Jti::from_bytes(random[16..32].try_into()?),
            qty_max: 1,
            region: Region::S01,
        };
        let buyer =
            json!({ "name": format!("Nguyễn Văn {number}"), "phone": phone.as_str(), "email": "an@example.com" });
        let body = json!({ "quantity": 1, "buyer": buyer }).to_string();
        Ok((mint_purchase(self.edge_keys, &claims, now_ms()), body))
    }
}

/// The edge's request for the snapshot, with a token it uses again as the edge does.
pub(crate) struct Reader<'a> {
    edge_keys: &'a KeyRing,
    minted_ms: i64,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(edge_keys: &'a KeyRing) -> Self {
        Self { edge_keys, minted_ms: 0, bytes: Vec::new() }
    }

    pub(crate) fn write(&mut self, bytes: &mut Vec<u8>) {
        let now = now_ms();
        if now - self.minted_ms > MINT_AGAIN.as_millis() as i64 {
            self.minted_ms = now;
            let token = mint_read(self.edge_keys, now);
            self.bytes =
                format!("GET /snapshot HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n").into();
        }
        bytes.extend_from_slice(&self.bytes);
    }

    pub(crate) fn requests(mut self) -> Requests {
        let mut requests = Requests::default();
        requests.push(Kind::Status, |bytes| self.write(bytes));
        requests
    }
}

/// The webhooks of transfers that pay these orders in full, signed as PayOS signs.
pub(crate) fn webhooks(edge_keys: &KeyRing, orders: &[u64]) -> Result<Requests> {
    let token = mint_webhook(edge_keys, now_ms());
    let mut requests = Requests::default();
    for order in orders {
        let data = json!({
            "orderCode": order, "amount": PRICE, "description": "BENCH", "accountNumber": "113366668888",
            "reference": crate::payos_player::reference(*order), "transactionDateTime": "2026-11-20 10:15:30",
            "currency": "VND", "paymentLinkId": crate::payos_player::link_id(*order), "code": "00", "desc": "success",
        });
        let signature = payos::sign_data(CHECKSUM_KEY, &data)?;
        let body = json!({ "code": "00", "desc": "success", "success": true, "data": data, "signature": signature });
        requests.push(Kind::Webhook, |bytes| post(bytes, "/webhooks/payos", &token, &body.to_string()));
    }
    Ok(requests)
}

/// The order a receipt is about.
pub(crate) fn order_code(receipt: &[u8]) -> Option<u64> {
    let receipt: serde_json::Value = serde_json::from_slice(receipt).ok()?;
    receipt["order_code"].as_u64()
}

fn post(bytes: &mut Vec<u8>, path: &str, token: &str, body: &str) {
    let length = body.len();
    bytes.extend_from_slice(
        format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    );
}

#[expect(clippy::disallowed_methods, reason = "tokens carry wall time")]
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
