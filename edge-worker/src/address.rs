//! Addresses of pages as people pass them on: a chat adds a slash, a bracket or half an escape, a keyboard a capital.
//! An address with one plain meaning leads to the one address that the page has.

use domain::OrderCode;
use edge_protocol::DropSnapshot;
use edge_protocol::limits::SLUG_CHARS_MAX;

use crate::freshness::Served;
use crate::route::{DropRef, order_code};
use crate::status::find;

/// What the address of a page leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Visit<T> {
    Page(T),
    /// A path of this site. The query goes along.
    Moved(String),
    Missing,
}

const HOME: &str = "/";

/// `tail` is what stands behind `/drops/`. Without a snapshot every well-formed address is a page: its script finds out
/// whether there is such a drop.
pub(crate) fn drop_visit<'a>(tail: &str, served: Option<&'a Served>) -> Visit<Option<&'a DropSnapshot>> {
    if tail.is_empty() {
        return Visit::Moved(HOME.to_owned());
    }
    let meant = meant(tail);
    let Some(served) = served else {
        return match meant {
            _ if is_slug(tail) => Visit::Page(None),
            Some(slug) => Visit::Moved(drop_path(&slug)),
            None => Visit::Missing,
        };
    };
    let listed = |text: &str| find(served, DropRef::parse(text)).ok();
    match listed(tail).or_else(|| listed(&meant?)) {
        Some(drop) if drop.slug == tail => Visit::Page(Some(drop)),
        Some(drop) => Visit::Moved(drop_path(&drop.slug)),
        None => Visit::Missing,
    }
}

/// `tail` is what stands behind `/orders/`. The edge knows no orders: any code may be one.
pub(crate) fn order_visit(tail: &str) -> Visit<OrderCode> {
    if tail.is_empty() {
        return Visit::Moved(HOME.to_owned());
    }
    if let Ok(code) = order_code(tail) {
        return Visit::Page(code);
    }
    match meant(tail).and_then(|digits| order_code(&digits).ok()) {
        Some(code) => Visit::Moved(format!("/orders/{code}")),
        None => Visit::Missing,
    }
}

pub(crate) fn drop_path(slug: &str) -> String {
    format!("/drops/{slug}")
}

/// The slug or number in `tail`, when what surrounds it is no word of its own: `ao-giay)` means `ao-giay`, and
/// `ao.giay` may mean anything.
fn meant(tail: &str) -> Option<String> {
    let text: String = decoded(tail).chars().filter(|letter| !is_unseen(*letter)).map(plain).collect();
    let text = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let end = text.find(|letter| !is_slug_letter(letter)).unwrap_or(text.len());
    let (word, behind) = text.split_at_checked(end)?;
    let mut sticking = behind.chars().take_while(|letter| !ends_address(*letter));
    let word = word.trim_end_matches('-');
    (!sticking.any(char::is_alphanumeric) && is_slug(word)).then(|| word.to_owned())
}

/// Percent-decoded. Half an escape stays as it is.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, behind @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex_digit(*high).zip(hex_digit(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What pages put into words to break their lines, and the marks that text carries along for its direction.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// East Asian keyboards type a wide form of ASCII, and writing programs turn a hyphen into a dash.
fn plain(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter).to_ascii_lowercase(),
        _ => letter.to_ascii_lowercase(),
    }
}

/// Behind these comes the next word of a message, a query whose `?` was escaped, or half an escape.
fn ends_address(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '%' | '&' | '?' | '#' | char::REPLACEMENT_CHARACTER)
}

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.len() <= SLUG_CHARS_MAX && text.chars().all(is_slug_letter)
}

fn is_slug_letter(letter: char) -> bool {
    matches!(letter, 'a'..='z' | '0'..='9' | '-')
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use edge_protocol::Snapshot;

    use super::*;
    use crate::status::tests::{OPENS, drop};

    fn served() -> Served {
        let listed = DropSnapshot { slug: "ao-giay".to_owned(), ..drop() };
        Served { snapshot: Rc::new(Snapshot { as_of: OPENS, mail: false, drops: vec![listed] }), stale: false }
    }

    fn moved<T>(path: &str) -> Visit<T> {
        Visit::Moved(path.to_owned())
    }

    #[test]
    fn a_drop_has_one_address() {
        let served = served();
        let Visit::Page(Some(found)) = drop_visit("ao-giay", Some(&served)) else { panic!("no page") };
        assert_eq!(found.slug, "ao-giay");
        assert_eq!(drop_visit("42", Some(&served)), moved("/drops/ao-giay"), "its number leads to it");
        assert_eq!(drop_visit("", Some(&served)), moved("/"));
    }

    #[test]
    fn a_mistyped_address_leads_to_the_drop_that_it_means() {
        let served = served();
        for tail in [
            "ao-giay/",
            "ao-giay//",
            "/ao-giay",
            "ao-giay)",
            "ao-giay).",
            "ao-giay]",
            "ao-giay.",
            "ao-giay...",
            "ao-giay,",
            "ao-giay;",
            "ao-giay!",
            "ao-giay'",
            "ao-giay*",
            "_ao-giay_",
            "(ao-giay)",
            "ao-giay-",
            "ao-giay%",
            "ao-giay%2",
            "ao-giay%zz",
            "ao-giay%E2%80",
            "ao-giay%25",
            "ao-giay%2529",
            "ao-giay%20",
            "%20ao-giay",
            "ao-giay%0A",
            "ao-giay%00",
            "ao-giay%C2%A0",
            "ao-giay%E2%80%8B",
            "ao-giay%EF%BB%BF",
            "ao%E2%80%8B-giay",
            "ao%C2%AD-giay",
            "ao%E2%80%91giay",
            "%E2%80%9Cao-giay%E2%80%9D",
            "ao-giay%E2%80%9D",
            "ao-giay%E2%80%A6",
            "ao-giay%29%20mua%20ngay",
            "ao-giay%20mua%20ngay",
            "ao-giay&fbclid=IwAR",
            "ao-giay%3Ffbclid%3DIwAR",
            "ao-giay%2F",
            "AO-GIAY",
            "Ao-Giay/",
            "%41O-giay",
            "%EF%BC%A1%EF%BC%AF-giay",
            "42/",
        ] {
            assert_eq!(drop_visit(tail, Some(&served)), moved("/drops/ao-giay"), "{tail}");
        }
    }

    #[test]
    fn an_address_that_means_no_listed_drop_is_missing() {
        let served = served();
        let long = "a".repeat(SLUG_CHARS_MAX + 1);
        for tail in [
            "ao",
            "ao-giay-2",
            "ao.giay",
            "ao_giay",
            "ao-giay.html",
            "ao-giay/more",
            "ao-giay%2Fmore",
            "ao-giay@evil.example",
            "ao-gi%E1%BA%A5y",
            "%",
            "%20",
            ")",
            "-",
            "..",
            "%2e%2e%2f",
            "/evil.example",
            "https:",
            "042",
            "43",
            long.as_str(),
        ] {
            assert_eq!(drop_visit(tail, Some(&served)), Visit::Missing, "{tail}");
        }
    }

    #[test]
    fn without_a_snapshot_a_well_formed_address_is_a_page() {
        for (tail, visit) in [
            ("ao-giay", Visit::Page(None)),
            ("-ao-", Visit::Page(None)),
            ("42", Visit::Page(None)),
            ("AO-GIAY)", moved("/drops/ao-giay")),
            ("%", Visit::Missing),
            ("", moved("/")),
        ] {
            assert_eq!(drop_visit(tail, None), visit, "{tail}");
        }
    }

    #[test]
    fn a_redirect_leads_to_an_address_that_stays() {
        for tail in ["AO-GIAY)", "%41%20b", "--a--", "/evil.example", "%2F%2Fevil", "ao%0d%0aset-cookie:x"] {
            let Visit::Moved(path) = drop_visit(tail, None) else { continue };
            let slug = path.strip_prefix("/drops/").unwrap();
            assert_eq!(drop_visit(slug, None), Visit::Page(None), "{tail} to {path}");
        }
    }

    #[test]
    fn an_order_has_one_address() {
        let code = OrderCode(100_000_000_000_001);
        assert_eq!(order_visit("100000000000001"), Visit::Page(code));
        for tail in ["100000000000001/", "100000000000001)", "100000000000001%20", "%E2%80%8B100000000000001."] {
            assert_eq!(order_visit(tail), moved("/orders/100000000000001"), "{tail}");
        }
        for tail in ["abc", "007", "1/2", "1.5", "99999999999999999999", "%"] {
            assert_eq!(order_visit(tail), Visit::Missing, "{tail}");
        }
        assert_eq!(order_visit(""), moved("/"));
    }
}
