use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{BuyerCommit, DropId, Jti, OrderCode, Purchase, RegionCode, Sid, Sub};
use edge_protocol::limits::{ADDRESS_LINE_CHARS_MAX, EMAIL_CHARS_MAX, NAME_CHARS_MAX, PHONE_CHARS_MAX};
use edge_protocol::{Phone, ProblemCode, PurchaseClaims};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::App;
use super::error::{ApiError, ApiResult};
use super::extract::{PurchaseToken, read_json};
use super::orders::{memo, rfc3339};
use crate::metrics::Metrics;
use crate::store::{Address, Buyer, Salt};
use crate::writer::{PurchaseAsk, PurchaseDone};

/// Vietnam's provinces and other countries' subdivisions have codes of at most this many characters (ISO 3166-2).
const PROVINCE_CODE_CHARS_MAX: usize = 6;

/// Every field is optional to the parser, so that a missing one can be named.
#[derive(Deserialize)]
struct PurchaseBody {
    quantity: Option<u32>,
    buyer: Option<BuyerBody>,
}

#[derive(Deserialize)]
struct BuyerBody {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<AddressBody>,
}

#[derive(Deserialize)]
struct AddressBody {
    province_code: Option<String>,
    line: Option<String>,
}

/// Facts that never change, so that the same token gets the same bytes.
#[derive(Serialize)]
struct PurchaseReceipt<'a> {
    order_code: u64,
    code: String,
    drop: DropRef<'a>,
    quantity: u32,
    amount: i64,
    currency: &'static str,
    ordered_at: String,
    order_key: String,
}

#[derive(Serialize)]
struct DropRef<'a> {
    id: u32,
    slug: &'a str,
}

/// The right to be worked on, kept until the answer. It is asked for before the token is verified and the body read,
/// because at many times what can be served refusing must cost next to nothing.
pub(super) struct Place(#[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit);

impl FromRequestParts<Arc<App>> for Place {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        app.purchase_permits.clone().try_acquire_owned().map(Self).map_err(|_| {
            Metrics::count(&app.metrics.purchases, ProblemCode::Busy.as_str());
            ApiError::busy()
        })
    }
}

/// Answers once the order is on disk; the payment link follows on its own.
pub(super) async fn place(
    _place: Place,
    token: PurchaseToken,
    State(app): State<Arc<App>>,
    request: Request,
) -> Response {
    let result = purchase(&app, &token.0, request).await;
    let counted = match &result {
        Ok((StatusCode::CREATED, _)) => "placed",
        Ok(_) => "resumed",
        Err(error) => error.code().as_str(),
    };
    Metrics::count(&app.metrics.purchases, counted);
    match result {
        Ok((status, receipt)) => (status, [(header::CACHE_CONTROL, "no-store")], receipt).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn purchase(app: &App, claims: &PurchaseClaims, request: Request) -> ApiResult<(StatusCode, Response)> {
    let body: PurchaseBody = read_json(request).await?;
    let quantity = body.quantity.ok_or_else(|| ApiError::field("quantity", "how many units to buy is missing"))?;
    let (buyer, phone) = buyer(body.buyer)?;
    if app.customer_secret.sub(claims.drop, &phone) != claims.sub {
        let detail = "the phone number is not the one the token was issued for";
        return Err(ApiError::new(ProblemCode::CustomerMismatch, detail).at("buyer.phone"));
    }
    let drop = DropId(claims.drop);
    let purchase = Purchase {
        // Given by the writer.
        order: OrderCode(0),
        sub: Sub(*claims.sub.as_bytes()),
        sid: Sid(*claims.sid.as_bytes()),
        jti: Jti(*claims.jti.as_bytes()),
        quantity,
        quantity_max: claims.qty_max,
        region: region(claims),
        buyer_commit: BuyerCommit([0; 32]),
    };
    if let Some(refusal) = app.writer.refused_already(drop, &purchase, app.clock.now()) {
        return Err(refusal.into());
    }
    let salt = fresh_salt();
    let purchase = Purchase { buyer_commit: buyer.commit(salt), ..purchase };
    let done = app.writer.purchase(PurchaseAsk { drop, purchase, buyer, salt }).await??;
    let status = if done.resumed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, receipt(app, &done)))
}

fn receipt(app: &App, done: &PurchaseDone) -> Response {
    let receipt = done.receipt;
    Json(PurchaseReceipt {
        order_code: receipt.order.0,
        code: memo(receipt.order),
        drop: DropRef { id: done.listing.terms.drop.0, slug: &done.listing.slug },
        quantity: receipt.quantity,
        amount: receipt.amount.get(),
        currency: "VND",
        ordered_at: rfc3339(receipt.ordered_at),
        order_key: app.order_keys.key(receipt.order.0),
    })
    .into_response()
}

/// From the thread's own generator, seeded by the system: asking the system itself is a call for each purchase.
fn fresh_salt() -> Salt {
    Salt(rand::random())
}

fn region(claims: &PurchaseClaims) -> RegionCode {
    let mut code = [0; 4];
    for (to, from) in code.iter_mut().zip(claims.region.as_str().bytes()) {
        *to = from;
    }
    RegionCode(code)
}

/// The buyer's details, trimmed and checked, so that what is stored can be used and compared.
fn buyer(body: Option<BuyerBody>) -> ApiResult<(Buyer, Phone)> {
    let body = body.ok_or_else(|| ApiError::field("buyer", "who buys is missing"))?;
    let name = text("buyer.name", body.name, NAME_CHARS_MAX)?;
    let phone = text("buyer.phone", body.phone, PHONE_CHARS_MAX)?;
    let phone = Phone::parse(&phone).map_err(|_| {
        let detail = "give a Vietnamese number of 10 digits, or one with its country code, like +84912345678";
        ApiError::new(ProblemCode::InvalidPhone, detail).at("buyer.phone")
    })?;
    let email = text("buyer.email", body.email, EMAIL_CHARS_MAX)?;
    if !is_email(&email) {
        return Err(ApiError::field("buyer.email", "this is not an e-mail address"));
    }
    let address = match body.address {
        None => None,
        Some(address) => Some(Address {
            province_code: text("buyer.address.province_code", address.province_code, PROVINCE_CODE_CHARS_MAX)?,
            line: text("buyer.address.line", address.line, ADDRESS_LINE_CHARS_MAX)?,
        }),
    };
    Ok((Buyer { name, phone: phone.as_str().to_owned(), email, address }, phone))
}

/// One line of text that somebody typed.
pub(super) fn text(field: &str, value: Option<String>, chars_max: usize) -> ApiResult<String> {
    let value = value.as_deref().map_or("", str::trim);
    if value.is_empty() {
        return Err(ApiError::field(field, "this is missing"));
    }
    if value.chars().count() > chars_max {
        return Err(ApiError::field(field, format!("this is longer than {chars_max} characters")));
    }
    if value.chars().any(char::is_control) {
        return Err(ApiError::field(field, "this holds characters that cannot be printed"));
    }
    Ok(value.to_owned())
}

/// Whether mail could be tried: what an address may contain is decided by whoever receives it.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    let spaceless = !text.chars().any(char::is_whitespace);
    let host_ok = host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains("..");
    spaceless && !local.is_empty() && !local.contains('@') && host_ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_get_mail_pass_and_typing_mistakes_do_not() {
        for good in ["an@example.com", "an.nguyen+drop@mail.example.vn", "ấn@example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "an", "an@", "@example.com", "an@example", "a n@example.com", "an@.com", "an@example..com", "a@b@c.vn"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn text_is_trimmed_bounded_and_printable() {
        assert_eq!(text("f", Some("  An  ".into()), 2).unwrap(), "An");
        for bad in [None, Some(" ".into()), Some("Anh".into()), Some("A\n".repeat(2))] {
            assert_eq!(text("f", bad, 2).unwrap_err().code(), ProblemCode::InvalidField);
        }
    }
}
