use std::{sync::Mutex, time::Duration};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{OpenedDrop, Response, wait::until};

/// The page looks again every second; a payment takes a webhook and one batch of the writer.
const STATE_DEADLINE: Duration = Duration::from_secs(20);

/// Someone at a browser: a phone number, and the cookie the shop has set there.
pub struct Shopper {
    pub phone: String,
    /// As Cloudflare reports it. Each shopper has one of their own, as the limits by address expect.
    address: String,
    edge: String,
    client: Client,
    cookie: Mutex<Option<String>>,
}

/// What a shopper holds after a purchase.
#[derive(Clone, Debug)]
pub struct Order {
    pub code: u64,
    pub key: String,
    /// What the shop answered, as bytes.
    pub receipt: Vec<u8>,
}

impl Shopper {
    pub(crate) fn new(phone: &str, address: String, edge: String, client: Client) -> Shopper {
        Shopper { phone: phone.to_owned(), address, edge, client, cookie: Mutex::default() }
    }

    pub async fn asks_for_token(&self, drop: &OpenedDrop) -> Response {
        let path = format!("/api/drops/{}/token", drop.slug);
        let response = self.posts(&path, None, &json!({ "phone": self.phone })).await;
        if let Some(cookie) = response.headers.get("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie of ASCII text");
            let cookie = cookie.split(';').next().unwrap_or(cookie).to_owned();
            *self.cookie.lock().expect("the cookie") = Some(cookie);
        }
        response
    }

    pub async fn token(&self, drop: &OpenedDrop) -> String {
        let response = self.asks_for_token(drop).await.assert_status(200);
        response["token"].as_str().expect("a token").to_owned()
    }

    pub async fn purchases(&self, drop: &OpenedDrop, token: &str, quantity: u32) -> Response {
        self.purchases_as(drop, token, &self.form(quantity)).await
    }

    /// A purchase with any body.
    pub async fn purchases_as(&self, drop: &OpenedDrop, token: &str, body: &Value) -> Response {
        self.posts(&format!("/api/drops/{}/purchase", drop.slug), Some(token), body).await
    }

    /// The filled-in form of the drop page.
    pub fn form(&self, quantity: u32) -> Value {
        json!({
            "quantity": quantity,
            "buyer": { "name": "Trần Văn Minh", "phone": self.phone, "email": "minh@example.com" },
        })
    }

    /// Takes a token and buys; panics when the shop refuses.
    pub async fn buys(&self, drop: &OpenedDrop, quantity: u32) -> Order {
        let token = self.token(drop).await;
        Order::of(&self.purchases(drop, &token, quantity).await)
    }

    pub async fn asks_for_order(&self, order_code: u64, key: &str) -> Response {
        let request = self.client.get(format!("{}/api/orders/{order_code}", self.edge));
        Response::to(self.as_browser(request.bearer_auth(key))).await
    }

    pub async fn order(&self, order: &Order) -> Value {
        self.asks_for_order(order.code, &order.key).await.assert_status(200)
    }

    pub async fn cancels(&self, order: &Order) -> Response {
        let path = format!("/api/orders/{}/cancel", order.code);
        self.posts(&path, Some(&order.key), &json!({})).await
    }

    /// Waits, as the order page does, until the order has this value in this field.
    pub async fn sees(&self, order: &Order, field: &str, value: &str) -> Value {
        self.sees_within(STATE_DEADLINE, order, field, value).await
    }

    pub async fn sees_within(&self, deadline: Duration, order: &Order, field: &str, value: &str) -> Value {
        until(&format!("order {} has {field} {value}", order.code), deadline, async || {
            let view = self.order(order).await;
            (view[field] == value).then_some(view)
        })
        .await
    }

    /// Waits until the order has this much money in this field, such as `refund_due`.
    pub async fn sees_money(&self, order: &Order, field: &str, amount: u64) -> Value {
        until(&format!("order {} has {field} {amount}", order.code), STATE_DEADLINE, async || {
            let view = self.order(order).await;
            (view[field] == amount).then_some(view)
        })
        .await
    }

    /// Says where the money of an order goes back to, as the bearer of this key.
    pub async fn wants_refund_to(&self, order_code: u64, key: &str, account: &Value) -> Response {
        self.posts(&format!("/api/orders/{order_code}/refund-destination"), Some(key), account).await
    }

    pub async fn posts(&self, path: &str, bearer: Option<&str>, body: &Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.edge)).json(body);
        let request = bearer.into_iter().fold(request, RequestBuilder::bearer_auth);
        Response::to(self.as_browser(request)).await
    }

    /// A POST whose connection sends no more than `body`, although `announced` bytes were to come. Returns what comes
    /// back until the edge hangs up too.
    pub async fn breaks_off(&self, path: &str, bearer: &str, body: &str, announced: usize) -> String {
        let host = self.edge.strip_prefix("http://").expect("the address of the edge");
        let cookie = self.cookie.lock().expect("the cookie").clone().unwrap_or_default();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncf-connecting-ip: {}\r\ncookie: {cookie}\r\n\
             authorization: Bearer {bearer}\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\
             connection: close\r\n\r\n{body}",
            self.address
        );
        let mut connection = TcpStream::connect(host).await.expect("a connection to the edge");
        connection.write_all(request.as_bytes()).await.expect("the edge reads");
        connection.shutdown().await.expect("an open connection");
        let mut response = Vec::new();
        // The edge may as well reset the connection: then there is no more of an response.
        let _ = timeout(STATE_DEADLINE, connection.read_to_end(&mut response)).await.expect("the edge hangs up");
        String::from_utf8(response).expect("a response of text")
    }

    fn as_browser(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("cf-connecting-ip", &self.address);
        match &*self.cookie.lock().expect("the cookie") {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }
}

impl Order {
    /// The order a purchase made; panics when it was refused.
    pub fn of(response: &Response) -> Order {
        let receipt = response.assert_status(201);
        Order {
            code: receipt["order_code"].as_u64().expect("an order code"),
            key: receipt["order_key"].as_str().expect("an order key").to_owned(),
            receipt: response.body.clone(),
        }
    }
}
