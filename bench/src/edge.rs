//! Requests as the edge sends them to the origin, each with a token that the edge would sign.

use std::time::Duration;

use anyhow::Result;
use domain::{DropId, Jti, Region, Sid, Timestamp};
use edge_protocol::{CustomerSecret, KeyRing, Phone, PurchaseClaims, mint_purchase, mint_read, mint_webhook};
use serde_json::json;

use crate::clock::now_ms;
use crate::load::request::{Kind, Requests};
use crate::payos_stand_in::{CHECKSUM_KEY, PRICE, link_id, reference};

/// Half the life of a read token, which the edge reuses.
const READ_TOKEN_REUSE: Duration = Duration::from_secs(30);

/// Makes purchases, each by another customer with a random phone and a token of its own.
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

    pub(crate) fn purchases(&mut self, count: usize) -> Result<Requests> {
        let mut requests = Requests::default();
        for _ in 0..count {
            let (token, body) = self.purchase()?;
            requests.push(Kind::Purchase, |bytes| post(bytes, "/purchase", &token, &body));
        }
        Ok(requests)
    }

    pub(crate) fn write_purchase(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        let (token, body) = self.purchase()?;
        post(bytes, "/purchase", &token, &body);
        Ok(())
    }

    fn purchase(&mut self) -> Result<(String, String)> {
        let mut random = [0; 40];
        getrandom::fill(&mut random)?;
        let number = self.count;
        self.count += 1;
        // The number makes each phone unique. A customer is the HMAC of a phone, so customers are random.
        let digits = u64::from_le_bytes(random[32..].try_into()?) % 1_000;
        let phone = Phone::parse(&format!("+491{number:07}{digits:03}"))?;
        let claims = PurchaseClaims {
            drop: DropId(self.drop),
            sub: self.customer_secret.sub(DropId(self.drop), &phone),
            sid: Sid(random[..16].try_into()?),
            jti: Jti(random[16..32].try_into()?),
            qty_max: 1,
            region: Region::S01,
        };
        let email = format!("an{number}@example.com");
        let buyer = json!({ "name": name(number as usize), "phone": phone.as_str(), "email": email });
        let body = json!({ "quantity": 1, "buyer": buyer }).to_string();
        Ok((mint_purchase(self.edge_keys, &claims, Timestamp(now_ms())), body))
    }
}

/// Four in ten are Nguyễn, as in Vietnam.
fn name(number: usize) -> String {
    const FAMILY: [&str; 10] = ["Nguyễn", "Trần", "Nguyễn", "Lê", "Nguyễn", "Phạm", "Nguyễn", "Hoàng", "Đặng", "Bùi"];
    const MIDDLE: [&str; 8] = ["Văn", "Thị", "Đức", "Ngọc", "Minh", "Thanh", "Khánh", "Quốc"];
    const GIVEN: [&str; 16] = [
        "An", "Bình", "Châu", "Dũng", "Hà", "Hiếu", "Hoa", "Huy", "Lan", "Linh", "Nam", "Phúc", "Thảo", "Trang", "Tú",
        "Vy",
    ];
    let (family, rest) = (number % FAMILY.len(), number / FAMILY.len());
    format!("{} {} {}", FAMILY[family], MIDDLE[rest % MIDDLE.len()], GIVEN[rest / MIDDLE.len() % GIVEN.len()])
}

/// The edge's request for the snapshot, with a token that it reuses as the edge does.
pub(crate) struct SnapshotReader<'a> {
    edge_keys: &'a KeyRing,
    minted_ms: i64,
    bytes: Vec<u8>,
}

impl<'a> SnapshotReader<'a> {
    pub(crate) fn new(edge_keys: &'a KeyRing) -> Self {
        Self { edge_keys, minted_ms: 0, bytes: Vec::new() }
    }

    pub(crate) fn write(&mut self, bytes: &mut Vec<u8>) {
        let now = now_ms();
        if now - self.minted_ms > READ_TOKEN_REUSE.as_millis() as i64 {
            self.minted_ms = now;
            let token = mint_read(self.edge_keys, Timestamp(now));
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

/// Webhooks of transfers that pay these orders in full, signed as PayOS signs.
pub(crate) fn webhooks(edge_keys: &KeyRing, orders: &[u64]) -> Result<Requests> {
    let token = mint_webhook(edge_keys, Timestamp(now_ms()));
    let mut requests = Requests::default();
    for order in orders {
        let data = json!({
            "orderCode": order, "amount": PRICE, "description": "BENCH", "accountNumber": "113366668888",
            "reference": reference(*order), "transactionDateTime": "2026-11-20 10:15:30",
            "currency": "VND", "paymentLinkId": link_id(*order), "code": "00", "desc": "success",
        });
        let signature = payos::sign_data(CHECKSUM_KEY, &data)?;
        let body = json!({ "code": "00", "desc": "success", "success": true, "data": data, "signature": signature });
        requests.push(Kind::Webhook, |bytes| post(bytes, "/webhooks/payos", &token, &body.to_string()));
    }
    Ok(requests)
}

/// The order code of a receipt.
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
