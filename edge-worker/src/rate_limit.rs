//! How often purchase tokens are given, and orders are looked up. wrangler.toml has the same numbers, because the platform reads them there;
//! Cloudflare counts per location, not exactly.
//!
//! No limit counts by phone: with such a limit a stranger could keep the owner of a number out. A shopper is a browser with the
//! cookie that the drop page sets. What these limits cannot do is tell a script that collects cookies from a crowd
//! behind one address: for that a shop switches Turnstile on.

use edge_protocol::{Problem, ProblemCode};

use crate::response::EdgeResponse;

#[derive(Debug)]
pub(crate) struct RateLimit {
    pub(crate) binding: &'static str,
    requests: u32,
    /// What is asked for, in a sentence.
    what: &'static str,
    /// 10 or 60: the platform knows no other.
    period_seconds: u32,
}

/// All requests of an address. A mobile carrier puts thousands of shoppers behind one IPv4 address, and each asks once
/// or twice around the opening. This only stops the flood of a single machine.
pub(crate) const BY_ADDRESS: RateLimit =
    RateLimit { binding: "TOKENS_BY_ADDRESS", requests: 6_000, what: TOKENS, period_seconds: 10 };

/// A browser with its cookie. A purchase takes one token, which lasts two minutes and repeats the purchase safely, so
/// this is enough for a family that shares a phone, and too little to try thousands of numbers.
pub(crate) const BY_BROWSER: RateLimit =
    RateLimit { binding: "TOKENS_BY_BROWSER", requests: 10, what: TOKENS, period_seconds: 60 };

/// Requests without a cookie, by address. Pages always have one, so these are scripts, and browsers that came another
/// way; the answer gives them the cookie to come again with.
pub(crate) const WITHOUT_COOKIE: RateLimit =
    RateLimit { binding: "TOKENS_WITHOUT_COOKIE", requests: 300, what: TOKENS, period_seconds: 10 };

/// Questions for the address of an order, by address. Shoppers who lost theirs are few and come over days; a script
/// that guesses needs thousands of tries an hour. The origin counts by the e-mail address as well.
pub(crate) const LOOK_UPS_BY_ADDRESS: RateLimit =
    RateLimit { binding: "LOOK_UPS_BY_ADDRESS", requests: 20, what: "orders are looked up", period_seconds: 60 };

const TOKENS: &str = "tokens are given";

/// A browser that has just been given its cookie need not wait: its next request is counted apart from all others.
const NEW_BROWSER_RETRY_SECONDS: &str = "1";

impl RateLimit {
    pub(crate) fn exceeded(&self) -> EdgeResponse {
        let seconds = self.period_seconds.to_string();
        let detail = format!(
            "At most {} {} in {seconds} seconds. Wait that long before you ask again.",
            self.requests, self.what
        );
        EdgeResponse::problem(&Problem::new(ProblemCode::RateLimited, detail)).with("retry-after", seconds)
    }
}

pub(crate) fn exceeded_without_cookie(set_cookie: String) -> EdgeResponse {
    let detail = "Ask again with the cookie of this response.";
    EdgeResponse::problem(&Problem::new(ProblemCode::RateLimited, detail))
        .with("retry-after", NEW_BROWSER_RETRY_SECONDS)
        .with("set-cookie", set_cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_reads_the_same_limits_in_every_environment() {
        let blocks: Vec<&str> = include_str!("../../wrangler.toml").split("\n[[").collect();
        for limit in [BY_ADDRESS, BY_BROWSER, WITHOUT_COOKIE, LOOK_UPS_BY_ADDRESS] {
            for environment in ["ratelimits]]", "env.production.ratelimits]]"] {
                let name = format!("name = \"{}\"", limit.binding);
                let numbers = format!("limit = {}, period = {} ", limit.requests, limit.period_seconds);
                let found = blocks.iter().filter(|block| block.starts_with(environment) && block.contains(&name));
                let found: Vec<_> = found.collect();
                assert_eq!(found.len(), 1, "{name} in {environment}");
                assert!(found[0].contains(&numbers), "{name} in {environment}");
            }
        }
    }

    #[test]
    fn a_refusal_says_when_to_ask_again() {
        let refusal = BY_BROWSER.exceeded();
        assert_eq!((refusal.status, refusal.header("retry-after")), (429, Some("60")));
        assert_eq!(refusal.header("set-cookie"), None);
        let with_cookie = exceeded_without_cookie("dropgate_sid=1".to_owned());
        assert_eq!((with_cookie.status, with_cookie.header("retry-after")), (429, Some("1")));
        assert_eq!(with_cookie.header("set-cookie"), Some("dropgate_sid=1"));
    }
}
