//! Drops as shoppers see them. State is worked out from the times at the moment of answering, so that a drop opens
//! exactly on time however old the snapshot is.

use std::fmt::Write;

use domain::{DropId, Format, Phase, Stock, Timestamp, Vnd};
use edge_protocol::{DropSnapshot, Problem, ProblemCode, ProductSnapshot, json, rfc3339};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::freshness::Served;
use crate::response::EdgeResponse;
use crate::route::DropRef;

/// No `s-maxage` and no `must-revalidate`: either would switch `stale-if-error` off in the cache in front.
const CACHE_CONTROL: &str = "public, max-age=1, stale-if-error=60";

/// A drop on its page.
#[derive(Serialize)]
struct PublicDrop<'a> {
    #[serde(with = "json::DropId")]
    id: DropId,
    slug: &'a str,
    product: &'a ProductSnapshot,
    #[serde(with = "json::Format")]
    format: Format,
    currency: &'static str,
    #[serde(with = "json::vnd")]
    price: Vnd,
    size: u32,
    limit_per_customer: u32,
    hold_seconds: u32,
    opens_at: String,
    closes_at: Option<String>,
    #[serde(with = "json::Phase")]
    state: Phase,
    paused: bool,
    #[serde(with = "json::Stock")]
    stock: Stock,
}

#[derive(Serialize)]
struct Status<T> {
    server_time: String,
    as_of: String,
    stale: bool,
    mail: bool,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize)]
struct All<'a> {
    drops: Vec<PublicDrop<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    drop: PublicDrop<'a>,
}

pub(crate) fn all_drops(served: &Served, if_none_match: Option<&str>, now: Timestamp) -> EdgeResponse {
    let drops = served.snapshot.drops.iter().map(|drop| PublicDrop::new(drop, now)).collect();
    status(served, &All { drops }, if_none_match, now)
}

pub(crate) fn one_drop(
    served: &Served,
    drop: DropRef<'_>,
    if_none_match: Option<&str>,
    now: Timestamp,
) -> EdgeResponse {
    match find(served, drop) {
        Ok(drop) => status(served, &One { drop: PublicDrop::new(drop, now) }, if_none_match, now),
        Err(problem) => problem.into(),
    }
}

pub(crate) fn find<'a>(served: &'a Served, wanted: DropRef<'_>) -> Result<&'a DropSnapshot, Problem> {
    let is_wanted = |drop: &&DropSnapshot| match wanted {
        DropRef::Id(id) => drop.id == id,
        DropRef::Slug(slug) => drop.slug == slug,
    };
    let found = served.snapshot.drops.iter().find(is_wanted);
    found.ok_or_else(|| Problem::new(ProblemCode::DropNotFound, "No listed drop has this id or slug."))
}

impl<'a> PublicDrop<'a> {
    fn new(drop: &'a DropSnapshot, now: Timestamp) -> Self {
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
            opens_at: rfc3339::format(drop.opens_at),
            closes_at: drop.closes_at.map(rfc3339::format),
            state: drop.phase(now),
            paused: drop.paused,
            stock: drop.stock,
        }
    }
}

fn status<T: Serialize>(served: &Served, content: &T, if_none_match: Option<&str>, now: Timestamp) -> EdgeResponse {
    let etag = etag(served.stale, content);
    let response = if if_none_match.is_some_and(|tags| matches(tags, &etag)) {
        EdgeResponse::empty(304)
    } else {
        let (server_time, as_of) = (rfc3339::format(now), rfc3339::format(served.snapshot.as_of));
        EdgeResponse::json(
            200,
            &Status { server_time, as_of, stale: served.stale, mail: served.snapshot.mail, content },
        )
    };
    response.with("cache-control", CACHE_CONTROL).with("etag", etag)
}

/// Leaves the two times out: they change with every response, and a page that has the rest has all it shows.
fn etag<T: Serialize>(stale: bool, content: &T) -> String {
    let body = EdgeResponse::json(200, &(stale, content)).body;
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

    pub(crate) const OPENS: Timestamp = Timestamp(1_790_000_000_000);

    pub(crate) fn drop() -> DropSnapshot {
        DropSnapshot {
            id: DropId(42),
            slug: "ao-dai".to_owned(),
            product: ProductSnapshot { name: "Áo dài".to_owned(), description: String::new(), image_url: None },
            format: Format::FirstCome,
            size: 100,
            price: Vnd::new(1_500_000).unwrap(),
            limit_per_customer: 2,
            hold_seconds: 300,
            opens_at: OPENS,
            closes_at: Some(OPENS.plus_ms(60_000)),
            paused: false,
            killed: false,
            stock: Stock { available: 97, held: 2, sold: 1, withdrawn: 0 },
        }
    }

    fn served(stale: bool) -> Served {
        let other = DropSnapshot { id: DropId(43), slug: "non-la".to_owned(), closes_at: None, ..drop() };
        Served {
            snapshot: Rc::new(Snapshot { as_of: OPENS.plus_ms(-100), mail: false, drops: vec![drop(), other] }),
            stale,
        }
    }

    fn body(response: &EdgeResponse) -> Value {
        serde_json::from_slice(&response.body).unwrap()
    }

    #[test]
    fn a_page_says_coming_open_or_closed_as_the_domain_does() {
        let state = |drop: DropSnapshot, now| {
            let snapshot = Rc::new(Snapshot { as_of: OPENS, mail: false, drops: vec![drop] });
            let served = Served { snapshot, stale: false };
            body(&one_drop(&served, DropRef::Id(DropId(42)), None, now))["drop"]["state"].clone()
        };
        assert_eq!(state(drop(), OPENS.plus_ms(-1)), "coming");
        assert_eq!(state(drop(), OPENS), "open");
        assert_eq!(state(drop(), OPENS.plus_ms(60_000)), "closed");
        assert_eq!(state(DropSnapshot { killed: true, ..drop() }, OPENS), "closed");
    }

    #[test]
    fn the_status_keeps_its_public_form() {
        let response = one_drop(&served(false), DropRef::Slug("ao-dai"), None, OPENS);
        let expected = json!({
            "server_time": "2026-09-21T14:13:20Z",
            "as_of": "2026-09-21T14:13:19.900Z",
            "stale": false,
            "mail": false,
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
        assert_eq!(body(&response), expected);
        assert_eq!(response.header("cache-control"), Some("public, max-age=1, stale-if-error=60"));
        let all = body(&all_drops(&served(true), None, OPENS));
        assert_eq!((all["drops"].as_array().unwrap().len(), &all["stale"]), (2, &json!(true)));
        assert_eq!(all["drops"][1]["closes_at"], Value::Null);
    }

    #[test]
    fn a_drop_is_found_by_id_and_by_slug() {
        assert_eq!(body(&one_drop(&served(false), DropRef::Id(DropId(43)), None, OPENS))["drop"]["slug"], "non-la");
        for miss in [DropRef::Id(DropId(44)), DropRef::Slug("ao"), DropRef::Slug(""), DropRef::Slug("042")] {
            let response = one_drop(&served(false), miss, None, OPENS);
            assert_eq!((response.status, &body(&response)["code"]), (404, &json!("drop_not_found")));
        }
    }

    #[test]
    fn a_page_that_has_the_numbers_gets_no_body() {
        let tag = all_drops(&served(false), None, OPENS).header("etag").unwrap().to_owned();
        for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let response = all_drops(&served(false), Some(&tags), OPENS.plus_ms(500));
            assert_eq!((response.status, response.body.len()), (304, 0), "{tags}");
            assert_eq!(response.header("etag"), Some(tag.as_str()));
            assert!(response.header("cache-control").is_some());
        }
        for (served, now, why) in
            [(served(false), OPENS.plus_ms(-1), "the state differs"), (served(true), OPENS, "the mark differs")]
        {
            assert_eq!(all_drops(&served, Some(&tag), now).status, 200, "{why}");
        }
        assert_eq!(all_drops(&served(false), Some(tag.trim_matches('"')), OPENS).status, 200);
    }
}
