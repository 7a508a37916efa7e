//! What a request needs before the edge forwards it. The origin never sees a request that is refused here.

use std::net::IpAddr;

use domain::{DropId, OrderCode, Timestamp};
use edge_protocol::{OrderClaims, Problem, ProblemCode, verify_purchase};

use crate::config::Config;

/// The headers that say who sends a request.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) authorization: Option<String>,
    pub(crate) cookie: Option<String>,
}

impl Credentials {
    fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.authorization.as_deref()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}

/// The purchase token of this shopper, in this browser, for this drop.
pub(crate) fn purchase<'a>(
    config: &Config,
    credentials: &'a Credentials,
    drop: DropId,
    now: Timestamp,
) -> Result<&'a str, Problem> {
    let refused = |reason: &'static str| Problem::new(ProblemCode::BadToken, reason);
    let token = credentials.bearer().ok_or_else(|| refused("Send a purchase token."))?;
    let verified = verify_purchase(&config.edge_keys, token, now).map_err(|error| {
        let detail = format!("The purchase token is not accepted: {error}.");
        Problem::new(ProblemCode::BadToken, detail)
    })?;
    let sid = config.cookie_secret.find(credentials.cookie.as_deref());
    if sid != Some(verified.claims.sid) {
        return Err(refused("The purchase token was made for another browser."));
    }
    if verified.claims.drop != drop {
        return Err(refused("The purchase token was made for another drop."));
    }
    Ok(token)
}

/// The bearer of an order's key may see the order. A genuine cookie is passed on.
pub(crate) fn order(config: &Config, credentials: &Credentials, order_code: OrderCode) -> Result<OrderClaims, Problem> {
    let genuine = credentials.bearer().is_some_and(|key| config.order_keys.verify(order_code, key));
    if !genuine {
        return Err(Problem::new(ProblemCode::BadOrderKey, "The key does not belong to this order."));
    }
    Ok(OrderClaims { order_code, sid: config.cookie_secret.find(credentials.cookie.as_deref()) })
}

/// The bearer may have got the key from the buyer, so only the buyer's browser may cancel the order.
pub(crate) fn cancel(
    config: &Config,
    credentials: &Credentials,
    order_code: OrderCode,
) -> Result<OrderClaims, Problem> {
    let claims = order(config, credentials, order_code)?;
    if claims.sid.is_none() {
        let detail = "Cancel in the browser that placed the order.";
        return Err(Problem::new(ProblemCode::NotYourOrder, detail));
    }
    Ok(claims)
}

pub(crate) fn webhook(config: &Config, secret: &str) -> Result<(), Problem> {
    if config.webhook_secret.is(secret) {
        Ok(())
    } else {
        Err(Problem::new(ProblemCode::NotFound, "No page and no route has this address."))
    }
}

/// A form on another site can send text and form data without the browser asking first, but not JSON.
pub(crate) fn json_only(content_type: Option<&str>) -> Result<(), Problem> {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if media_type.trim().eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::new(ProblemCode::UnsupportedMediaType, "Send the body as application/json."))
    }
}

/// Refuses a body by its announced length. A body longer than announced is caught while reading.
pub(crate) fn announced_length(content_length: Option<&str>, bytes_max: usize) -> Result<(), Problem> {
    // Digits that no number holds are a length too, and a greater one than any.
    let announced = content_length.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty());
    if announced.is_some_and(|digits| digits.parse::<usize>().map_or(true, |bytes| bytes > bytes_max)) {
        return Err(too_large(bytes_max));
    }
    Ok(())
}

/// When a client hangs up, the stream ends like that of a whole body, so the bytes are counted.
pub(crate) fn arrived_whole(content_length: Option<&str>, bytes: usize) -> Result<(), Problem> {
    let announced = content_length.and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|announced| announced != bytes) { Err(cut_off()) } else { Ok(()) }
}

pub(crate) fn cut_off() -> Problem {
    Problem::new(ProblemCode::InvalidJson, "The body ended before its Content-Length.")
}

pub(crate) fn too_large(bytes_max: usize) -> Problem {
    Problem::new(ProblemCode::BodyTooLarge, format!("Send a body of at most {bytes_max} bytes."))
}

/// What the rate limit counts by: the address, or the first half of an IPv6 address, because a household has 2^64.
pub(crate) fn address_key(ip: Option<&str>) -> String {
    match ip.and_then(|ip| ip.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        // Cloudflare always names an address. Requests without one would share a limit.
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Jti, Region, Sid, Sub};
    use edge_protocol::{PurchaseClaims, mint_order, mint_purchase};

    use super::*;
    use crate::config::tests::config;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const CODE: OrderCode = OrderCode(100_000_000_000_001);
    const DROP: DropId = DropId(42);

    fn sid() -> Sid {
        Sid([2; 16])
    }

    fn token(config: &Config) -> String {
        let claims = PurchaseClaims {
            drop: DROP,
            sub: Sub([1; 16]),
            sid: sid(),
            jti: Jti([3; 16]),
            qty_max: 2,
            region: Region::S01,
        };
        mint_purchase(&config.edge_keys, &claims, NOW)
    }

    fn credentials(authorization: &str, cookie: &str) -> Credentials {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Credentials { authorization: some(authorization), cookie: some(cookie) }
    }

    fn cookie(config: &Config, sid: Sid) -> String {
        config.cookie_secret.set_cookie(sid, true).split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_purchase_needs_a_token_of_this_browser_and_this_drop() {
        let config = config();
        let (token, own) = (token(&config), cookie(&config, sid()));
        let others = cookie(&config, Sid([9; 16]));
        let bearer = format!("Bearer {token}");
        assert_eq!(purchase(&config, &credentials(&bearer, &own), DROP, NOW), Ok(token.as_str()));
        assert_eq!(purchase(&config, &credentials(&format!("bearer  {token} "), &own), DROP, NOW), Ok(token.as_str()));
        let order = mint_order(&config.edge_keys, &OrderClaims { order_code: CODE, sid: None }, NOW);
        for (why, authorization, cookie, drop, now) in [
            ("no token", "", own.as_str(), DROP, NOW),
            ("no scheme", token.as_str(), own.as_str(), DROP, NOW),
            ("another scheme", &format!("Basic {token}"), own.as_str(), DROP, NOW),
            ("a token of the edge's own", &format!("Bearer {order}"), own.as_str(), DROP, NOW),
            ("cut short", &bearer[..bearer.len() - 1], own.as_str(), DROP, NOW),
            ("expired", bearer.as_str(), own.as_str(), DROP, NOW.plus_ms(125_000)),
            ("no cookie", bearer.as_str(), "", DROP, NOW),
            ("another's cookie", bearer.as_str(), others.as_str(), DROP, NOW),
            ("an unsigned cookie", bearer.as_str(), &format!("dropgate_sid={}", sid()), DROP, NOW),
            ("another drop", bearer.as_str(), own.as_str(), DropId(43), NOW),
        ] {
            let problem = purchase(&config, &credentials(authorization, cookie), drop, now).unwrap_err();
            assert_eq!((problem.code, problem.status), (ProblemCode::BadToken, 401), "{why}");
        }
    }

    #[test]
    fn an_order_needs_its_key_and_a_cancel_the_cookie_too() {
        let config = config();
        let bearer = format!("Bearer {}", config.order_keys.key(CODE));
        let own = cookie(&config, sid());
        let claims = |sid| Ok(OrderClaims { order_code: CODE, sid });
        assert_eq!(order(&config, &credentials(&bearer, ""), CODE), claims(None));
        assert_eq!(order(&config, &credentials(&bearer, &own), CODE), claims(Some(sid())));
        assert_eq!(order(&config, &credentials(&bearer, "dropgate_sid=forged.forged"), CODE), claims(None));
        assert_eq!(cancel(&config, &credentials(&bearer, &own), CODE), claims(Some(sid())));
        let no_cookie = cancel(&config, &credentials(&bearer, ""), CODE).unwrap_err();
        assert_eq!((no_cookie.code, no_cookie.status), (ProblemCode::NotYourOrder, 403));
        for authorization in
            ["", "Bearer ", "Bearer 0", &format!("Bearer {}", config.order_keys.key(OrderCode(CODE.0 + 1)))]
        {
            for check in [order, cancel] {
                let problem = check(&config, &credentials(authorization, &own), CODE).unwrap_err();
                assert_eq!((problem.code, problem.status), (ProblemCode::BadOrderKey, 401), "{authorization}");
            }
        }
    }

    #[test]
    fn a_webhook_with_another_secret_finds_nothing() {
        let config = config();
        assert_eq!(webhook(&config, "sixteen-letters_"), Ok(()));
        for secret in ["", "sixteen-letters", "sixteen-letters_x", "Sixteen-letters_"] {
            assert_eq!(webhook(&config, secret).unwrap_err().status, 404);
        }
    }

    #[test]
    fn only_json_is_taken() {
        for good in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
            assert_eq!(json_only(Some(good)), Ok(()));
        }
        for bad in [None, Some(""), Some("text/plain"), Some("application/jsonp"), Some("text/plain; application/json")]
        {
            assert_eq!(json_only(bad).unwrap_err().status, 415, "{bad:?}");
        }
    }

    #[test]
    fn an_announced_body_is_measured_before_it_is_read() {
        for (length, fits) in [
            (None, true),
            (Some("0"), true),
            (Some("16384"), true),
            (Some("16385"), false),
            (Some("1000000000000"), false),
            (Some("18446744073709551615"), false),
            (Some("1000000000000000000000000000000"), false),
            (Some("nonsense"), true),
        ] {
            assert_eq!(announced_length(length, 16_384).is_ok(), fits, "{length:?}");
        }
    }

    #[test]
    fn a_body_that_broke_off_is_not_taken_for_a_whole_one() {
        for (length, bytes, whole) in [
            (None, 6, true),
            (Some("6"), 6, true),
            (Some("1000"), 6, false),
            (Some("1"), 0, false),
            (Some("5"), 6, false),
        ] {
            assert_eq!(arrived_whole(length, bytes).is_ok(), whole, "{length:?} {bytes}");
        }
    }

    #[test]
    fn addresses_are_counted_by_household() {
        for (ip, key) in [
            (Some("203.0.113.7"), "203.0.113.7"),
            (Some("::ffff:203.0.113.7"), "203.0.113.7"),
            (Some("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"),
            (Some("2001:db8:1:2:ffff::1"), "2001:db8:1:2::/64"),
            (Some("nonsense"), "unknown"),
            (None, "unknown"),
        ] {
            assert_eq!(address_key(ip), key);
        }
    }
}
