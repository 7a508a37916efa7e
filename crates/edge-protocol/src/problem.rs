//! Every error a client can receive: its code, HTTP status and title. The form is problem+json (RFC 9457).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

/// The body of an error response. Clients branch on `code`; `title` and `detail` are English text for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:dropgate:problem:<code>`
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    pub title: Cow<'static, str>,
    /// The HTTP status of the response.
    pub status: u16,
    pub code: ProblemCode,
    /// What is wrong with this request, and what to do about it.
    pub detail: Cow<'static, str>,
    /// The input that is wrong, as in `buyer.phone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    pub fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: code.urn().into(),
            title: code.title().into(),
            status: code.status(),
            code,
            detail: detail.into(),
            field: None,
        }
    }

    /// Names the input that is wrong, as in `buyer.phone`.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }
}

macro_rules! problem_codes {
    ($($variant:ident $text:literal $status:literal $title:literal)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $(#[serde(rename = $text)] $variant,)*
        }

        impl ProblemCode {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            fn urn(self) -> &'static str {
                match self { $(Self::$variant => concat!("urn:dropgate:problem:", $text)),* }
            }

            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }
        }
    };
}

problem_codes! {
    InvalidJson          "invalid_json"           400 "The body is not the JSON this request needs"
    InvalidField         "invalid_field"          400 "A field is not valid"
    InvalidPhone         "invalid_phone"          400 "The phone number is not valid"
    BadToken             "bad_token"              401 "The token is missing or not valid"
    BadOrderKey          "bad_order_key"          401 "The order key is missing or not valid"
    BadSignature         "bad_signature"          401 "The signature is not valid"
    ChallengeFailed      "challenge_failed"       403 "The challenge failed"
    NotYourOrder         "not_your_order"         403 "The order was placed from another browser"
    Forbidden            "forbidden"              403 "The operator's role does not allow this"
    NotFound             "not_found"              404 "This address does not exist"
    DropNotFound         "drop_not_found"         404 "This drop does not exist"
    OrderNotFound        "order_not_found"        404 "This order does not exist"
    PaymentNotFound      "payment_not_found"      404 "This payment does not exist"
    WebhookNotFound      "webhook_not_found"      404 "This webhook endpoint does not exist"
    DeliveryNotFound     "delivery_not_found"     404 "This delivery does not wait"
    MethodNotAllowed     "method_not_allowed"     405 "The method is not allowed here"
    OrderPending         "order_pending"          409 "Another order is waiting for its payment"
    Paused               "paused"                 409 "The drop is paused"
    NotOpenYet           "not_open_yet"           409 "The drop is not open yet"
    Closed               "closed"                 409 "The drop is closed"
    LimitReached         "limit_reached"          409 "The limit per customer is reached"
    SoldOut              "sold_out"               409 "All units are sold"
    HeldOut              "held_out"               409 "All units are held; some may become available"
    InsufficientStock    "insufficient_stock"     409 "Fewer units are left than requested"
    OrderNotPending      "order_not_pending"      409 "The order is no longer pending"
    OrderEnded           "order_ended"            409 "The order ended without a sale"
    RefundNotThere       "refund_not_there"       409 "The state of the refund does not allow this step"
    PayoutUnderWay       "payout_under_way"       409 "The refund is being paid out"
    PayoutRefused        "payout_refused"         409 "The refund cannot be paid out now"
    NoPayouts            "no_payouts"             409 "The shop pays no refunds out"
    NotReleasable        "not_releasable"         409 "The money is applied or already being sent back"
    DestinationNotOwed   "destination_not_owed"   409 "No refund is due on this order"
    SlugTaken            "slug_taken"             409 "Another drop has this slug"
    ClockStepNotThere    "clock_step_not_there"   409 "The clock did not make this step"
    ReferenceKnown       "reference_known"        409 "The bank reference is known for another transfer"
    NoMail               "no_mail"                409 "The shop sends no mail"
    TooManyWebhooks      "too_many_webhooks"      409 "There is no free webhook endpoint"
    WebhookSecrets       "webhook_secrets"        409 "The endpoint has another number of secrets"
    DeliveryNotGivenUp   "delivery_not_given_up"  409 "The delivery was not given up"
    NoEndpoint           "no_endpoint"            409 "The channel has no endpoint for this delivery"
    BodyTooLarge         "body_too_large"         413 "The body is too large"
    UnsupportedMediaType "unsupported_media_type" 415 "The body must be application/json"
    TokenReused          "token_reused"           422 "The token was used for another purchase"
    CustomerMismatch     "customer_mismatch"      422 "The phone is not the one the token was made for"
    InvalidQuantity      "invalid_quantity"       422 "The quantity is not allowed"
    RateLimited          "rate_limited"           429 "Too many requests"
    Internal             "internal"               500 "The server failed"
    Busy                 "busy"                   503 "Too many purchases at this moment"
    OriginUnavailable    "origin_unavailable"     503 "The server of the sale cannot be reached at this moment"
    ClockBehind          "clock_behind"           503 "The clock of the server is behind"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_wire_form() {
        let problem = Problem::new(ProblemCode::InvalidField, "name is empty").at("buyer.name");
        let json = serde_json::json!({
            "type": "urn:dropgate:problem:invalid_field",
            "title": "A field is not valid",
            "status": 400,
            "code": "invalid_field",
            "detail": "name is empty",
            "field": "buyer.name"
        });
        assert_eq!(serde_json::to_value(&problem).unwrap(), json);
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
        let plain = serde_json::to_value(Problem::new(ProblemCode::Busy, "")).unwrap();
        assert_eq!(plain.get("field"), None);
    }

    #[test]
    fn json_and_text_name_a_code_alike() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!((400..600).contains(&code.status()));
        }
    }
}
