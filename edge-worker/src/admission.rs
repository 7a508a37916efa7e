//! The token route: it takes a phone number and gives a purchase token while the drop is open.

use domain::{Jti, Phase, Region, Sid, Sub, Timestamp};
use edge_protocol::{
    DropSnapshot, Phone, Problem, ProblemCode, PurchaseClaims, mint_purchase, purchase_expires_at, rfc3339,
};
use serde::Serialize;
use serde_json::Value;

use crate::config::Config;
use crate::response::EdgeResponse;

/// Pages ask for a token a moment before the opening, so that the purchase itself can be sent at the opening.
const EARLY_MS: u64 = 5_000;

/// Cloudflare's own limit on a Turnstile token.
const TURNSTILE_TOKEN_CHARS_MAX: usize = 2_048;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TokenRequest {
    pub(crate) phone: Phone,
    pub(crate) turnstile_token: Option<String>,
}

pub(crate) struct Shopper {
    pub(crate) sub: Sub,
    pub(crate) sid: Sid,
    pub(crate) region: Region,
}

#[derive(Serialize)]
struct TokenResponse {
    token: String,
    expires_at: String,
    quantity_max: u32,
}

pub(crate) fn parse(body: &[u8]) -> Result<TokenRequest, Problem> {
    let not_json = || Problem::new(ProblemCode::InvalidJson, "Send a JSON object with the field phone.");
    let body: Value = serde_json::from_slice(body).map_err(|_| not_json())?;
    let fields = body.as_object().ok_or_else(not_json)?;
    let phone = fields.get("phone").and_then(Value::as_str).and_then(|text| Phone::parse(text).ok());
    let phone = phone.ok_or_else(|| {
        let detail = "Enter a Vietnamese mobile number of 10 digits, or a number with + and its country code.";
        Problem::new(ProblemCode::InvalidPhone, detail).at("phone")
    })?;
    let turnstile_token = match fields.get("turnstile_token") {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) if token.len() <= TURNSTILE_TOKEN_CHARS_MAX => Some(token.clone()),
        Some(_) => {
            let detail = format!("Send a text of at most {TURNSTILE_TOKEN_CHARS_MAX} characters.");
            return Err(Problem::new(ProblemCode::InvalidField, detail).at("turnstile_token"));
        }
    };
    Ok(TokenRequest { phone, turnstile_token })
}

/// Whether a shopper may have a token now. Stock is not asked: a unit may return, and the origin decides.
pub(crate) fn admit(drop: &DropSnapshot, now: Timestamp) -> Result<(), Problem> {
    match drop.phase(now) {
        Phase::Closed => Err(Problem::new(ProblemCode::Closed, "The drop is over.")),
        _ if drop.paused => Err(Problem::new(ProblemCode::Paused, "The drop is paused. Try again when it continues.")),
        Phase::Coming if now.ms_apart(drop.opens_at) > EARLY_MS => {
            let opens_at = rfc3339::format(drop.opens_at);
            let detail = format!(
                "The drop opens at {opens_at}. Ask for a token in the last {} seconds before.",
                EARLY_MS / 1000
            );
            Err(Problem::new(ProblemCode::NotOpenYet, detail))
        }
        Phase::Coming | Phase::Open => Ok(()),
    }
}

pub(crate) fn mint(config: &Config, drop: &DropSnapshot, shopper: &Shopper, jti: Jti, now: Timestamp) -> EdgeResponse {
    let claims = PurchaseClaims {
        drop: drop.id,
        sub: shopper.sub,
        sid: shopper.sid,
        jti,
        qty_max: drop.limit_per_customer,
        region: shopper.region,
    };
    let token = mint_purchase(&config.edge_keys, &claims, now);
    let expires_at = rfc3339::format(purchase_expires_at(now));
    EdgeResponse::json(200, &TokenResponse { token, expires_at, quantity_max: drop.limit_per_customer })
}

pub(crate) fn challenge_failed() -> Problem {
    Problem::new(ProblemCode::ChallengeFailed, "Reload the page and complete the check again.")
}

#[cfg(test)]
mod tests {
    use domain::DropId;
    use edge_protocol::verify_purchase;

    use super::*;
    use crate::config::tests::config;
    use crate::status::tests::{OPENS, drop};

    #[test]
    fn a_body_with_a_phone_is_taken() {
        let phone = Phone::parse("+84912345678").unwrap();
        for (body, turnstile_token) in [
            (r#"{"phone":"0912 345 678"}"#, None),
            (r#"{"phone":"+84912345678","turnstile_token":null,"more":1}"#, None),
            (r#"{"phone":"0912345678","turnstile_token":"abc"}"#, Some("abc".to_owned())),
        ] {
            assert_eq!(parse(body.as_bytes()), Ok(TokenRequest { phone, turnstile_token }), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_wrong_says_where() {
        let long = format!(r#"{{"phone":"0912345678","turnstile_token":"{}"}}"#, "x".repeat(2_049));
        for (body, code, field) in [
            ("", ProblemCode::InvalidJson, None),
            ("{", ProblemCode::InvalidJson, None),
            ("[]", ProblemCode::InvalidJson, None),
            ("null", ProblemCode::InvalidJson, None),
            (r#""0912345678""#, ProblemCode::InvalidJson, None),
            (r#"{"phone":"0912345678"} x"#, ProblemCode::InvalidJson, None),
            ("{}", ProblemCode::InvalidPhone, Some("phone")),
            (r#"{"phone":912345678}"#, ProblemCode::InvalidPhone, Some("phone")),
            (r#"{"phone":"12"}"#, ProblemCode::InvalidPhone, Some("phone")),
            (r#"{"phone":["0912345678"]}"#, ProblemCode::InvalidPhone, Some("phone")),
            (r#"{"phone":"0912345678","turnstile_token":1}"#, ProblemCode::InvalidField, Some("turnstile_token")),
            (long.as_str(), ProblemCode::InvalidField, Some("turnstile_token")),
        ] {
            let problem = parse(body.as_bytes()).unwrap_err();
            assert_eq!((problem.code, problem.field.as_deref()), (code, field), "{body}");
        }
        assert_eq!(parse(b"{\"phone\":\"\xff\"}").unwrap_err().code, ProblemCode::InvalidJson);
    }

    #[test]
    fn tokens_are_minted_from_five_seconds_before_the_opening_to_the_close() {
        let code = |drop: &DropSnapshot, now| admit(drop, now).map_err(|problem| problem.code);
        let closes = OPENS.plus_ms(60_000);
        for (now, expected) in [
            (OPENS.plus_ms(-5_001), Err(ProblemCode::NotOpenYet)),
            (OPENS.plus_ms(-5_000), Ok(())),
            (OPENS, Ok(())),
            (closes.plus_ms(-1), Ok(())),
            (closes, Err(ProblemCode::Closed)),
        ] {
            assert_eq!(code(&drop(), now), expected, "{now:?}");
        }
        let paused = DropSnapshot { paused: true, ..drop() };
        assert_eq!(code(&paused, OPENS), Err(ProblemCode::Paused));
        assert_eq!(code(&paused, closes), Err(ProblemCode::Closed));
        let killed = DropSnapshot { killed: true, ..paused };
        assert_eq!(code(&killed, OPENS), Err(ProblemCode::Closed));
        let mut sold_out = drop();
        sold_out.stock.available = 0;
        assert_eq!(code(&sold_out, OPENS), Ok(()));
    }

    #[test]
    fn a_minted_token_says_what_its_response_says() {
        let config = config();
        let shopper = Shopper { sub: Sub([1; 16]), sid: Sid([2; 16]), region: Region::C01 };
        let response = mint(&config, &drop(), &shopper, Jti([3; 16]), OPENS);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["quantity_max"], 2);
        assert_eq!(body["expires_at"], "2026-09-21T14:15:20Z");
        let verified = verify_purchase(&config.edge_keys, body["token"].as_str().unwrap(), OPENS).unwrap();
        assert_eq!(rfc3339::format(verified.expires_at), "2026-09-21T14:15:20Z");
        let claims = verified.claims;
        assert_eq!((claims.drop, claims.sub, claims.sid), (DropId(42), shopper.sub, shopper.sid));
        assert_eq!((claims.jti, claims.qty_max, claims.region), (Jti([3; 16]), 2, Region::C01));
    }
}
