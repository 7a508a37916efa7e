//! A purchase: from the request to the receipt.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{BuyerCommit, EMAIL_CHARS_MAX, OrderCode, Purchase, is_email};
use edge_protocol::json::Object;
use edge_protocol::limits::{ADDRESS_LINE_CHARS_MAX, NAME_CHARS_MAX};
use edge_protocol::{Phone, ProblemCode, PurchaseClaims, current_province, rfc3339};
use engine::{Acceptance, Address, Buyer, Language, PurchaseAccepted, PurchaseRequest, Salt};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use crate::http::app::App;
use crate::http::auth::PurchaseToken;
use crate::http::body::{parse_json, read_json_body};
use crate::http::fields::line;
use crate::http::problem::{ApiError, ApiResult};
use crate::metrics::Metrics;

/// Vietnam's provinces and other countries' subdivisions have codes of at most this many characters (ISO 3166-2).
const PROVINCE_CODE_CHARS_MAX: usize = 6;

/// Room for a receipt with the longest slug.
const RECEIPT_BYTES: usize = 384;

/// Every field is optional to the parser, so that a missing one can be named.
#[derive(Deserialize)]
struct PurchaseBody<'a> {
    quantity: Option<u32>,
    /// Of the page: what goes to the buyer is written in it.
    language: Option<Typed<'a>>,
    #[serde(borrow)]
    buyer: Option<Object<BuyerBody<'a>>>,
}

#[derive(Deserialize)]
struct BuyerBody<'a> {
    #[serde(borrow)]
    name: Option<Typed<'a>>,
    phone: Option<Typed<'a>>,
    email: Option<Typed<'a>>,
    #[serde(borrow)]
    address: Option<Object<AddressBody<'a>>>,
}

#[derive(Deserialize)]
struct AddressBody<'a> {
    #[serde(borrow)]
    province_code: Option<Typed<'a>>,
    line: Option<Typed<'a>>,
}

/// Text where it stands in the body, unless it was escaped. serde borrows no `Cow` inside an `Option`.
#[derive(Deserialize)]
struct Typed<'a>(#[serde(borrow)] Cow<'a, str>);

/// Facts that never change, so that the same token gets the same bytes.
#[derive(Serialize)]
struct PurchaseReceipt<'a> {
    order_code: u64,
    short_code: String,
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

/// Answers once the order is on disk; the payment link follows on its own.
pub(crate) async fn place(
    token: PurchaseToken,
    _permit: PurchasePermit,
    State(app): State<Arc<App>>,
    request: Request,
) -> Response {
    let result = purchase(&app, &token.0, request).await;
    let counted = match &result {
        Ok((Acceptance::Placed, _)) => "placed",
        Ok((Acceptance::Replayed, _)) => "replayed",
        Ok((Acceptance::Resumed, _)) => "resumed",
        Err(error) => error.code().as_str(),
    };
    Metrics::count(&app.metrics.purchases, counted);
    match result {
        Ok((acceptance, receipt)) => {
            // A replay is the same answer, byte for byte.
            let status = if acceptance == Acceptance::Resumed { StatusCode::OK } else { StatusCode::CREATED };
            let head = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
            (status, head, receipt).into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// Kept until the answer. A purchase takes it before its body is read: with many times more requests than the origin can
/// serve, a refusal must cost next to nothing. It comes after the token, without which no address tells what it is.
pub(crate) struct PurchasePermit {
    _until_answered: OwnedSemaphorePermit,
}

impl FromRequestParts<Arc<App>> for PurchasePermit {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        match app.purchase_permits.clone().try_acquire_owned() {
            Ok(permit) => Ok(Self { _until_answered: permit }),
            Err(_) => {
                Metrics::count(&app.metrics.purchases, ProblemCode::Busy.as_str());
                Err(ApiError::busy())
            }
        }
    }
}

async fn purchase(app: &App, claims: &PurchaseClaims, request: Request) -> ApiResult<(Acceptance, Vec<u8>)> {
    let body = read_json_body(request).await?;
    let body: PurchaseBody<'_> = parse_json(&body)?;
    let quantity = body.quantity.ok_or_else(|| ApiError::field("quantity", "the number of units is missing"))?;
    let language = language(body.language.as_ref())?;
    let (buyer, phone) = buyer(body.buyer, language)?;
    if app.customer_secret.sub(claims.drop, &phone) != claims.sub {
        let detail = "the phone number is not the one the token was issued for";
        return Err(ApiError::new(ProblemCode::CustomerMismatch, detail).at("buyer.phone"));
    }
    let drop = claims.drop;
    let purchase = Purchase {
        // Given by the writer.
        order: OrderCode(0),
        sub: claims.sub,
        sid: claims.sid,
        jti: claims.jti,
        quantity,
        quantity_max: claims.qty_max,
        region: claims.region,
        buyer_commit: BuyerCommit([0; 32]),
    };
    if let Some(refusal) = app.writer.refused_already(drop, &purchase, app.clock.now()) {
        return Err(refusal.into());
    }
    let salt = fresh_salt();
    let purchase = Purchase { buyer_commit: buyer.commit(salt), ..purchase };
    let accepted = app.writer.purchase(PurchaseRequest { drop, purchase, buyer, salt }).await??;
    Ok((accepted.acceptance, receipt(app, &accepted)?))
}

fn receipt(app: &App, accepted: &PurchaseAccepted) -> ApiResult<Vec<u8>> {
    let receipt = accepted.receipt;
    let mut json = Vec::with_capacity(RECEIPT_BYTES);
    let receipt = PurchaseReceipt {
        order_code: receipt.order.0,
        short_code: receipt.order.short_code(),
        drop: DropRef { id: accepted.listing.terms.drop.0, slug: &accepted.listing.slug },
        quantity: receipt.quantity,
        amount: receipt.amount.get(),
        currency: "VND",
        ordered_at: rfc3339::format(receipt.ordered_at),
        order_key: app.order_keys.key(receipt.order),
    };
    serde_json::to_writer(&mut json, &receipt).map_err(|error| ApiError::internal(&error.into()))?;
    Ok(json)
}

/// From the thread's own generator, seeded by the system: asking the system itself is a call for each purchase.
fn fresh_salt() -> Salt {
    Salt(rand::random())
}

/// The buyer's details, trimmed and checked, so that what is stored can be used and compared.
fn buyer(body: Option<Object<BuyerBody<'_>>>, language: Language) -> ApiResult<(Buyer, Phone)> {
    let Object(body) = body.ok_or_else(|| ApiError::field("buyer", "the buyer is missing"))?;
    let name = typed("buyer.name", body.name.as_ref(), NAME_CHARS_MAX)?;
    let phone = Phone::parse(body.phone.as_ref().map_or("", |typed| &*typed.0)).map_err(|_| {
        let detail = "give a Vietnamese number of 10 digits, or one with its country code, like +84912345678";
        ApiError::new(ProblemCode::InvalidPhone, detail).at("buyer.phone")
    })?;
    let email = email(body.email.as_ref())?;
    let address = match &body.address {
        None => None,
        Some(Object(AddressBody { province_code, line })) => Some(Address {
            province_code: province(province_code.as_ref())?.into(),
            line: typed("buyer.address.line", line.as_ref(), ADDRESS_LINE_CHARS_MAX)?.into(),
        }),
    };
    Ok((Buyer { name: name.into(), phone: phone.as_str().into(), email: email.into(), address, language }, phone))
}

/// Vietnamese when the body names none.
fn language(typed: Option<&Typed<'_>>) -> ApiResult<Language> {
    let Some(Typed(text)) = typed else { return Ok(Language::Vietnamese) };
    Language::parse(text).ok_or_else(|| ApiError::field("language", "give vi or en"))
}

/// The code of today, so that what is counted by province is not split.
fn province(typed_code: Option<&Typed<'_>>) -> ApiResult<&'static str> {
    const FIELD: &str = "buyer.address.province_code";
    let code = typed(FIELD, typed_code, PROVINCE_CODE_CHARS_MAX)?;
    current_province(&code).ok_or_else(|| ApiError::field(FIELD, "give the ISO 3166-2 code of a province, like VN-HN"))
}

fn typed<'a>(field: &str, value: Option<&'a Typed<'_>>, chars_max: usize) -> ApiResult<Cow<'a, str>> {
    line(field, value.map_or("", |value| &*value.0), chars_max)
}

/// Empty when none was typed: the shop may send no mail.
fn email<'a>(value: Option<&'a Typed<'_>>) -> ApiResult<Cow<'a, str>> {
    const FIELD: &str = "buyer.email";
    let Some(Typed(email)) = value.filter(|email| !email.0.trim().is_empty()) else {
        return Ok(Cow::Borrowed(""));
    };
    let email = line(FIELD, email, EMAIL_CHARS_MAX)?;
    if is_email(&email) { Ok(email) } else { Err(ApiError::field(FIELD, "this is not an e-mail address")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buyer_of(json: &str) -> ApiResult<Buyer> {
        buyer(Some(serde_json::from_str(json).unwrap()), Language::Vietnamese).map(|(buyer, _)| buyer)
    }

    #[test]
    fn an_email_is_optional_and_kept_to_its_rule() {
        let with = |email: &str| buyer_of(&format!(r#"{{"name": "An", "phone": "0912345678"{email}}}"#));
        for (email, kept) in [
            ("", ""),
            (r#", "email": null"#, ""),
            (r#", "email": """#, ""),
            (r#", "email": "  ""#, ""),
            (r#", "email": " an@gmail.com ""#, "an@gmail.com"),
        ] {
            assert_eq!(with(email).unwrap().email.as_str(), kept, "{email}");
        }
        for email in ["an..b@gmail.com", "an", "an@gmail", "an@@gmail.com", "an b@gmail.com", "an@gmail.com\\u0000"] {
            let refused = with(&format!(r#", "email": "{email}""#)).unwrap_err();
            assert_eq!(refused.problem().field.as_deref(), Some("buyer.email"), "{email}");
        }
    }

    #[test]
    fn a_name_is_stored_in_one_spelling_or_refused() {
        let with = |name: &str| buyer_of(&format!(r#"{{"name": "{name}", "phone": "0912345678"}}"#));
        for typed in ["Hiếu", "Hi\u{ea}\u{301}u", "Hie\u{302}\u{301}u", "Hi\\u00ea\\u0301u"] {
            assert_eq!(with(typed).unwrap().name.as_bytes(), [0x48, 0x69, 0xe1, 0xba, 0xbf, 0x75], "{typed:?}");
        }
        assert_eq!(with("Y").unwrap().name.as_str(), "Y");
        for typed in ["\u{200b}", "An \u{202e}gnp.exe", "An\u{ffff}", "\u{3164}", "An\\u0007"] {
            assert_eq!(with(typed).unwrap_err().problem().field.as_deref(), Some("buyer.name"), "{typed:?}");
        }
    }

    #[test]
    fn an_address_in_a_province_of_before_is_stored_in_that_of_today() {
        for (code, stored) in
            [("VN-57", Some("VN-SG")), ("vn-sg", Some("VN-SG")), ("VN-26", Some("VN-26")), ("ZZZZZZ", None)]
        {
            let body = format!(
                r#"{{"name": "An", "phone": "0912345678", "email": "an@example.com",
                    "address": {{"province_code": "{code}", "line": "1 Tràng Tiền"}}}}"#
            );
            let kept = buyer_of(&body).ok().and_then(|buyer| buyer.address);
            assert_eq!(kept.as_ref().map(|address| &*address.province_code), stored, "{code}");
        }
    }
}
