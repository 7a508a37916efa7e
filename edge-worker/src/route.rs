//! Every URL of the edge, on one page.

use domain::{DropId, OrderCode};
use edge_protocol::{Problem, ProblemCode};

use crate::response::EdgeResponse;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Config,
    Drops,
    Drop(DropRef<'a>),
    Token(DropRef<'a>),
    Purchase(DropRef<'a>),
    Order(OrderCode),
    /// Asks for a mail with the address of an order.
    OrderLink,
    CancelOrder(OrderCode),
    RefundDestination(OrderCode),
    PayosWebhook {
        secret: &'a str,
    },
    /// `tail` stands behind `/drops/`, as it was typed.
    DropPage {
        tail: &'a str,
    },
    OrderPage {
        tail: &'a str,
    },
}

/// `{id}` in a path. A slug is never all digits, so the two cannot be confused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropRef<'a> {
    Id(DropId),
    Slug(&'a str),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RouteError {
    NotFound,
    MethodNotAllowed { allow: &'static str },
}

const GET: &str = "GET, HEAD";
const POST: &str = "POST";

pub(crate) fn route<'a>(method: &str, path: &'a str) -> Result<Route<'a>, RouteError> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (allow, route) = match segments.as_slice() {
        [first, ..] if first.eq_ignore_ascii_case("drops") => (GET, Route::DropPage { tail: behind(path, first) }),
        [first, ..] if first.eq_ignore_ascii_case("orders") => (GET, Route::OrderPage { tail: behind(path, first) }),
        ["api", "config"] => (GET, Route::Config),
        ["api", "drops"] => (GET, Route::Drops),
        ["api", "drops", drop] => (GET, Route::Drop(DropRef::parse(drop))),
        ["api", "drops", drop, "token"] => (POST, Route::Token(DropRef::parse(drop))),
        ["api", "drops", drop, "purchase"] => (POST, Route::Purchase(DropRef::parse(drop))),
        ["api", "orders", code] => (GET, Route::Order(order_code(code)?)),
        ["api", "order-links"] => (POST, Route::OrderLink),
        ["api", "orders", code, "cancel"] => (POST, Route::CancelOrder(order_code(code)?)),
        ["api", "orders", code, "refund-destination"] => (POST, Route::RefundDestination(order_code(code)?)),
        ["webhooks", "payos", secret] => (POST, Route::PayosWebhook { secret }),
        _ => return Err(RouteError::NotFound),
    };
    if allow.split(", ").any(|allowed| allowed == method) {
        Ok(route)
    } else {
        Err(RouteError::MethodNotAllowed { allow })
    }
}

impl<'a> DropRef<'a> {
    pub(crate) fn parse(segment: &'a str) -> Self {
        let id = canonical_digits(segment).and_then(|digits| digits.parse().ok());
        id.map_or(Self::Slug(segment), |id| Self::Id(DropId(id)))
    }
}

impl From<RouteError> for EdgeResponse {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::NotFound => {
                Problem::new(ProblemCode::NotFound, "No page and no route has this address.").into()
            }
            RouteError::MethodNotAllowed { allow } => {
                let detail = format!("This address takes {allow}.");
                Self::problem(&Problem::new(ProblemCode::MethodNotAllowed, detail)).with("allow", allow)
            }
        }
    }
}

pub(crate) fn order_code(segment: &str) -> Result<OrderCode, RouteError> {
    canonical_digits(segment).and_then(|digits| digits.parse().ok()).map(OrderCode).ok_or(RouteError::NotFound)
}

/// What stands behind `/first/` in `path`.
fn behind<'a>(path: &'a str, first: &str) -> &'a str {
    path.get(first.len() + 2..).unwrap_or_default()
}

/// One number has one address: no sign, no leading zero.
fn canonical_digits(segment: &str) -> Option<&str> {
    let canonical = segment.bytes().all(|byte| byte.is_ascii_digit()) && !segment.starts_with('0');
    (canonical && !segment.is_empty()).then_some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: OrderCode = OrderCode(100_000_000_000_001);

    #[test]
    fn each_route_has_its_address() {
        for (method, path, expected) in [
            ("GET", "/api/config", Route::Config),
            ("GET", "/api/drops", Route::Drops),
            ("HEAD", "/api/drops", Route::Drops),
            ("GET", "/api/drops/42", Route::Drop(DropRef::Id(DropId(42)))),
            ("GET", "/api/drops/ao-dai", Route::Drop(DropRef::Slug("ao-dai"))),
            ("POST", "/api/drops/42/token", Route::Token(DropRef::Id(DropId(42)))),
            ("POST", "/api/drops/ao-dai/purchase", Route::Purchase(DropRef::Slug("ao-dai"))),
            ("GET", "/api/orders/100000000000001", Route::Order(CODE)),
            ("POST", "/api/orders/100000000000001/cancel", Route::CancelOrder(CODE)),
            ("POST", "/api/orders/100000000000001/refund-destination", Route::RefundDestination(CODE)),
            ("POST", "/api/order-links", Route::OrderLink),
            ("POST", "/webhooks/payos/s3cret", Route::PayosWebhook { secret: "s3cret" }),
            ("GET", "/drops/ao-dai", Route::DropPage { tail: "ao-dai" }),
            ("GET", "/Drops/ao-dai/)", Route::DropPage { tail: "ao-dai/)" }),
            ("GET", "/drops/", Route::DropPage { tail: "" }),
            ("GET", "/drops", Route::DropPage { tail: "" }),
            ("GET", "/orders/100000000000001", Route::OrderPage { tail: "100000000000001" }),
            ("HEAD", "/orders/abc", Route::OrderPage { tail: "abc" }),
        ] {
            assert_eq!(route(method, path), Ok(expected), "{method} {path}");
        }
    }

    #[test]
    fn a_number_is_a_drop_only_in_its_one_spelling() {
        for segment in ["042", "+42", "4294967296", "0", "-1", "", "42%20"] {
            assert_eq!(DropRef::parse(segment), DropRef::Slug(segment));
        }
    }

    #[test]
    fn other_addresses_are_not_found() {
        for path in [
            "",
            "/",
            "/api",
            "/api/",
            "/api/drops/",
            "/api/drops/42/",
            "/api/drops/42/entries",
            "/api/orders",
            "/api/orders/",
            "/api/orders/abc",
            "/api/orders/+7",
            "/api/orders/007",
            "/api/orders/7/cancel/",
            "/api/orders/99999999999999999999",
            "/webhooks/payos",
            "/webhooks/payos/a/b",
            "/webhooks/other/a",
            "/dropsy/a",
            "//drops/a",
            "/admin/drops",
            "//api/drops",
            "/API/drops",
        ] {
            let found = route("GET", path);
            let expected =
                if path == "/api/drops/" { Ok(Route::Drop(DropRef::Slug(""))) } else { Err(RouteError::NotFound) };
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn a_wrong_method_says_which_are_right() {
        for (method, path, allow) in [
            ("POST", "/api/config", "GET, HEAD"),
            ("DELETE", "/api/drops/42", "GET, HEAD"),
            ("GET", "/api/drops/42/token", "POST"),
            ("PUT", "/api/drops/42/purchase", "POST"),
            ("OPTIONS", "/api/drops/42/purchase", "POST"),
            ("GET", "/api/order-links", "POST"),
            ("GET", "/webhooks/payos/s3cret", "POST"),
            ("POST", "/drops/ao-dai", "GET, HEAD"),
            ("get", "/api/drops", "GET, HEAD"),
            ("PROPFIND", "/api/drops", "GET, HEAD"),
        ] {
            let error = route(method, path).unwrap_err();
            assert_eq!(error, RouteError::MethodNotAllowed { allow }, "{method} {path}");
            assert_eq!(EdgeResponse::from(error).header("allow"), Some(allow));
        }
    }
}
