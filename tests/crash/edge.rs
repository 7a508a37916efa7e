//! Requests as the edge sends them, with the tokens that it would sign.

use domain::{DropId, Jti, OrderCode, Region, Sid, Timestamp};
use edge_protocol::{
    AdminClaims, CustomerSecret, KeyRing, OrderClaims, Phone, PurchaseClaims, Ring, Role, mint_admin, mint_order,
    mint_purchase, mint_webhook,
};
use harness::{CHECKSUM_KEY, LoneOrigin};
use serde_json::{Value, json};

use crate::{
    clock::now_ms,
    random::Random,
    raw_http::{get, post},
};

pub(crate) struct Edge {
    pub(crate) address: String,
    edge_keys: KeyRing,
    admin_keys: KeyRing,
    customer_secret: CustomerSecret,
}

/// A purchase of one unit by one shopper. Sent again it is the same purchase, because the token is part of it.
#[derive(Clone, Debug)]
pub(crate) struct Purchase {
    pub(crate) drop: u32,
    pub(crate) jti: [u8; 16],
    pub(crate) sid: [u8; 16],
    pub(crate) request: String,
}

/// A payment as PayOS knows it.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) order: u64,
    pub(crate) link: String,
    pub(crate) reference: String,
    pub(crate) amount: u64,
}

impl Edge {
    pub(crate) fn of(origin: &LoneOrigin) -> Edge {
        edge_protocol::install_crypto();
        let secret = |name| origin.secrets.get(name);
        Edge {
            address: origin.address(),
            edge_keys: KeyRing::parse(Ring::Edge, secret("DROPGATE_EDGE_KEYS")).expect("edge keys"),
            admin_keys: KeyRing::parse(Ring::Admin, secret("DROPGATE_ADMIN_KEYS")).expect("admin keys"),
            customer_secret: CustomerSecret::parse(secret("DROPGATE_CUSTOMER_SECRET")).expect("a customer secret"),
        }
    }

    /// A purchase by a new customer.
    pub(crate) fn purchase(&self, drop: u32, random: &mut Random) -> Purchase {
        let phone = Phone::parse(&format!("+4915{:09}", random.below(1_000_000_000))).expect("a phone number");
        let (sid, jti) = (random.bytes(), random.bytes());
        let claims = PurchaseClaims {
            drop: DropId(drop),
            sub: self.customer_secret.sub(DropId(drop), &phone),
            sid: Sid(sid),
            jti: Jti(jti),
            qty_max: 2,
            region: Region::S01,
        };
        let token = mint_purchase(&self.edge_keys, &claims, now());
        let buyer = json!({ "name": "Nguyễn Văn Ấn", "phone": phone.as_str(), "email": "an@example.com" });
        let body = json!({ "quantity": 1, "buyer": buyer }).to_string();
        Purchase { drop, jti, sid, request: post("/purchase", &token, &body) }
    }

    pub(crate) fn view_order(&self, order: u64) -> String {
        get(&format!("/orders/{order}"), &mint_order(&self.edge_keys, &claims(order, None), now()))
    }

    pub(crate) fn cancel_order(&self, order: u64, sid: [u8; 16]) -> String {
        let token = mint_order(&self.edge_keys, &claims(order, Some(sid)), now());
        post(&format!("/orders/{order}/cancel"), &token, "{}")
    }

    /// PayOS's webhook for a payment, as the edge forwards it.
    pub(crate) fn webhook(&self, payment: &Payment) -> String {
        let data: Value = json!({
            "orderCode": payment.order,
            "amount": payment.amount,
            "description": "",
            "accountNumber": "113366668888",
            "reference": payment.reference,
            "transactionDateTime": "2026-01-01 20:00:00",
            "currency": "VND",
            "paymentLinkId": payment.link,
            "code": "00",
            "desc": "success",
        });
        let signature = payos::sign_data(CHECKSUM_KEY, &data).expect("data that can be signed");
        let body = json!({ "code": "00", "desc": "success", "success": true, "data": data, "signature": signature });
        post("/webhooks/payos", &mint_webhook(&self.edge_keys, now()), &body.to_string())
    }

    /// An operator kills a drop.
    pub(crate) fn kill_drop(&self, drop: u32) -> String {
        post(&format!("/admin/drops/{drop}/kill"), &self.admin_token(), "{}")
    }

    pub(crate) fn reconcile(&self) -> String {
        post("/admin/reconcile", &self.admin_token(), &json!({ "since": "2026-01-01T00:00:00Z" }).to_string())
    }

    fn admin_token(&self) -> String {
        let jti = Jti([7; 16]);
        let claims = AdminClaims { name: "an".to_owned(), role: Role::Money, jti };
        mint_admin(&self.admin_keys, &claims, now(), 60)
    }
}

fn claims(order_code: u64, sid: Option<[u8; 16]>) -> OrderClaims {
    OrderClaims { order_code: OrderCode(order_code), sid: sid.map(Sid) }
}

fn now() -> Timestamp {
    Timestamp(now_ms())
}
