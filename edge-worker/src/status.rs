//! Drops as shoppers see them. State is worked out from the times at the moment of answering, so that a drop opens
//! exactly on time however old the snapshot is.

use std::fmt::Write;

use edge_protocol::{DropSnapshot, Format, Problem, ProblemCode, Product, Stock};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::freshness::Served;
use crate::rfc3339::rfc3339;
use crate::route::DropRef;

/// No `s-maxage` and no `must-revalidate`: either would switch `stale-if-error` off in the cache in front.
const CACHE_CONTROL: &str = "public, max-age=1, stale-if-error=60";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Coming,
    Open,
    Closed,
}

#[derive(Serialize)]
struct DropView<'a> {
    id: u32,
    slug: &'a str,
    product: &'a Product,
    format: Format,
    currency: &'static str,
    price: u64,
    size: u32,
    limit_per_customer: u32,
    hold_seconds: u32,
    opens_at: String,
    closes_at: Option<String>,
    state: State,
    paused: bool,
    stock: Stock,
}

#[derive(Serialize)]
struct Status<T> {
    server_time: String,
    as_of: String,
    stale: bool,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize)]
struct All<'a> {
    drops: Vec<DropView<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    drop: DropView<'a>,
}

pub(crate) fn all_drops(served: &Served, if_none_match: Option<&str>, now_ms: i64) -> Answer {
    let drops = served.snapshot.drops.iter().map(|drop| DropView::new(drop, now_ms)).collect();
    status(served, &All { drops }, if_none_match, now_ms)
}

pub(crate) fn one_drop(served: &Served, drop: DropRef<'_>, if_none_match: Option<&str>, now_ms: i64) -> Answer {
    match find(served, drop) {
        Ok(drop) => status(served, &One { drop: DropView::new(drop, now_ms) }, if_none_match, now_ms),
        Err(problem) => problem.into(),
    }
}

pub(crate) fn find<'a>(served: &'a Served, wanted: DropRef<'_>) -> Result<&'a DropSnapshot, Problem> {
    let is_wanted = |drop: &&DropSnapshot| match wanted {
        DropRef::Id(id) => drop.id == id,
        DropRef::Slug(slug) => drop.slug == slug,
    };
    let found = served.snapshot.drops.iter().find(is_wanted);
    found.ok_or_else(|| Problem::new(ProblemCode::DropNotFound, "No listed drop has this id or name."))
}

pub(crate) fn state(drop: &DropSnapshot, now_ms: i64) -> State {
    if drop.killed || drop.closes_at_ms.is_some_and(|closes_at_ms| now_ms >= closes_at_ms) {
        State::Closed
    } else if now_ms < drop.opens_at_ms {
        State::Coming
    } else {
        State::Open
    }
}

impl<'a> DropView<'a> {
    fn new(drop: &'a DropSnapshot, now_ms: i64) -> Self {
        Self {
            id: drop.id,
            slug: &drop.slug,
            product: &drop.product,
            format: drop.format,
            currency: "VND",
            price: drop.price,
            size: drop.size,
            limit_per_customer: drop.limit_per_customer,
            hold_seconds: drop.hold_seconds,
            opens_at: rfc3339(drop.opens_at_ms),
            closes_at: drop.closes_at_ms.map(rfc3339),
            state: state(drop, now_ms),
            paused: drop.paused,
            stock: drop.stock,
        }
    }
}

fn status<T: Serialize>(served: &Served, content: &T, if_none_match: Option<&str>, now_ms: i64) -> Answer {
    let etag = etag(served.stale, content);
    let answer = if if_none_match.is_some_and(|tags| matches(tags, &etag)) {
        Answer::empty(304)
    } else {
        let (server_time, as_of) = (rfc3339(now_ms), rfc3339(served.snapshot.as_of_ms));
        Answer::json(200, &Status { server_time, as_of, stale: served.stale, content })
    };
    answer.with("cache-control", CACHE_CONTROL).with("etag", etag)
}

/// Leaves the two times out: they change with every answer, and a page that has the rest has all it shows.
fn etag<T: Serialize>(stale: bool, content: &T) -> String {
    let body = Answer::json(200, &(stale, content)).body;
    let mut etag = String::from("\"");
    for byte in Sha256::digest(&body).iter().take(12) {
        // Writing to a String cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

/// Weak comparison, as RFC 9110 asks for If-None-Match: a cache on the way may have weakened the tag.
fn matches(if_none_match: &str, etag: &str) -> bool {
    if_none_match.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::rc::Rc;

    use edge_protocol::Snapshot;
    use serde_json::{Value, json};

    use super::*;

    pub(crate) const OPENS: i64 = 1_790_000_000_000;

    pub(crate) fn drop() -> DropSnapshot {
        DropSnapshot {
            id: 42,
            slug: "ao-dai".to_owned(),
            product: Product { name: "Áo dài".to_owned(), description: String::new(), image_url: None },
            format: Format::FirstCome,
            size: 100,
            price: 1_500_000,
            limit_per_customer: 2,
            hold_seconds: 300,
            opens_at_ms: OPENS,
            closes_at_ms: Some(OPENS + 60_000),
            paused: false,
            killed: false,
            stock: Stock { available: 97, held: 2, sold: 1, withdrawn: 0 },
        }
    }

    fn served(stale: bool) -> Served {
        let other = DropSnapshot { id: 43, slug: "non-la".to_owned(), closes_at_ms: None, ..drop() };
        Served { snapshot: Rc::new(Snapshot { as_of_ms: OPENS - 100, drops: vec![drop(), other] }), stale }
    }

    fn body(answer: &Answer) -> Value {
        serde_json::from_slice(&answer.body).unwrap()
    }

    #[test]
    fn a_drop_opens_and_closes_on_the_millisecond() {
        for (now_ms, expected) in [
            (OPENS - 1, State::Coming),
            (OPENS, State::Open),
            (OPENS + 59_999, State::Open),
            (OPENS + 60_000, State::Closed),
        ] {
            assert_eq!(state(&drop(), now_ms), expected);
        }
        let killed = DropSnapshot { killed: true, ..drop() };
        assert_eq!(state(&killed, OPENS - 1), State::Closed);
        let endless = DropSnapshot { closes_at_ms: None, ..drop() };
        assert_eq!(state(&endless, i64::MAX), State::Open);
    }

    #[test]
    fn the_status_keeps_its_public_form() {
        let answer = one_drop(&served(false), DropRef::Slug("ao-dai"), None, OPENS);
        let expected = json!({
            "server_time": "2026-09-21T14:13:20Z",
            "as_of": "2026-09-21T14:13:19.900Z",
            "stale": false,
            "drop": {
                "id": 42, "slug": "ao-dai",
                "product": {"name": "Áo dài", "description": "", "image_url": null},
                "format": "first_come", "currency": "VND", "price": 1_500_000, "size": 100,
                "limit_per_customer": 2, "hold_seconds": 300,
                "opens_at": "2026-09-21T14:13:20Z", "closes_at": "2026-09-21T14:14:20Z",
                "state": "open", "paused": false,
                "stock": {"available": 97, "held": 2, "sold": 1, "withdrawn": 0}
            }
        });
        assert_eq!(body(&answer), expected);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=1, stale-if-error=60"));
        let all = body(&all_drops(&served(true), None, OPENS));
        assert_eq!((all["drops"].as_array().unwrap().len(), &all["stale"]), (2, &json!(true)));
        assert_eq!(all["drops"][1]["closes_at"], Value::Null);
    }

    #[test]
    fn a_drop_is_found_by_id_and_by_slug() {
        assert_eq!(body(&one_drop(&served(false), DropRef::Id(43), None, OPENS))["drop"]["slug"], "non-la");
        for miss in [DropRef::Id(44), DropRef::Slug("ao"), DropRef::Slug(""), DropRef::Slug("042")] {
            let answer = one_drop(&served(false), miss, None, OPENS);
            assert_eq!((answer.status, &body(&answer)["code"]), (404, &json!("drop_not_found")));
        }
    }

    #[test]
    fn a_page_that_has_the_numbers_gets_no_body() {
        let tag = all_drops(&served(false), None, OPENS).header("etag").unwrap().to_owned();
        for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let answer = all_drops(&served(false), Some(&tags), OPENS + 500);
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{tags}");
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
            assert!(answer.header("cache-control").is_some());
        }
        for (served, now_ms, why) in
            [(served(false), OPENS - 1, "the state differs"), (served(true), OPENS, "the mark differs")]
        {
            assert_eq!(all_drops(&served, Some(&tag), now_ms).status, 200, "{why}");
        }
        assert_eq!(all_drops(&served(false), Some(tag.trim_matches('"')), OPENS).status, 200);
    }
}
