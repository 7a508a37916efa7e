//! The card that chats and social networks show for a drop's address. They run no script, so it stands in the page.

use std::fmt::Write;

use domain::Vnd;
use edge_protocol::{DropSnapshot, vietnam_money, vietnam_time};

/// Where the card goes in `storefront/static/drop.html`. Without a card it is the page's title.
const PLACE: &str = "<title>Dropgate</title>";

/// `site` is the scheme and host of the page's address.
pub(crate) fn with_card(page: &str, drop: &DropSnapshot, path: &str, site: &str) -> String {
    page.replacen(PLACE, &card(drop, path, site), 1)
}

fn card(drop: &DropSnapshot, path: &str, site: &str) -> String {
    let name = escaped(&drop.product.name);
    let description = format!("{} · {}", price(drop.price), vietnam_time::format(drop.opens_at));
    let address = escaped(&format!("{site}{path}"));
    let mut card = format!(
        r#"<title>{name}</title>
<meta name="description" content="{description}">
<link rel="canonical" href="{address}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="Dropgate">
<meta property="og:locale" content="vi_VN">
<meta property="og:title" content="{name}">
<meta property="og:description" content="{description}">
<meta property="og:url" content="{address}">
"#
    );
    let image = drop.product.image_url.as_deref().and_then(|url| image_address(url, site)).map(|url| escaped(&url));
    // Writing to a String cannot fail.
    let _ = match image {
        Some(image) => write!(
            card,
            r#"<meta property="og:image" content="{image}">
<meta property="og:image:alt" content="{name}">
<meta name="twitter:card" content="summary_large_image">"#
        ),
        None => write!(card, r#"<meta name="twitter:card" content="summary">"#),
    };
    card
}

/// An absolute address, always https: Zalo and Facebook show no other picture.
fn image_address(url: &str, site: &str) -> Option<String> {
    let (_, host) = site.split_once("://")?;
    match url.strip_prefix('/') {
        Some(path) if !path.starts_with(['/', '\\']) => Some(format!("https://{host}{url}")),
        Some(_) => None,
        None => url.starts_with("https://").then(|| url.to_owned()),
    }
}

/// As Vietnamese shops write it: `1.250.000 ₫`.
fn price(price: Vnd) -> String {
    vietnam_money::grouped(price) + " ₫"
}

/// For the text of an element and for an attribute in double quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use edge_protocol::{ProductSnapshot, rfc3339};

    use super::*;
    use crate::status::tests::drop;

    const PAGE: &str = include_str!("../../storefront/static/drop.html");
    const SITE: &str = "https://shop.example";

    fn paper_shirt(name: &str, image_url: Option<&str>) -> DropSnapshot {
        let image_url = image_url.map(str::to_owned);
        DropSnapshot {
            slug: "ao-giay".to_owned(),
            product: ProductSnapshot { name: name.to_owned(), description: String::new(), image_url },
            price: Vnd::new(450_000).unwrap(),
            opens_at: rfc3339::parse("2026-12-01T20:00:00+07:00").unwrap(),
            ..drop()
        }
    }

    fn page(name: &str, image_url: Option<&str>) -> String {
        with_card(PAGE, &paper_shirt(name, image_url), "/drops/ao-giay", SITE)
    }

    #[test]
    fn the_page_of_a_drop_shows_what_it_sells_without_a_script() {
        let page = page("Áo giấy", Some("/assets/ao-giay.jpg"));
        for line in [
            "<title>Áo giấy</title>",
            r#"<meta property="og:title" content="Áo giấy">"#,
            r#"<meta property="og:image" content="https://shop.example/assets/ao-giay.jpg">"#,
            r#"<meta property="og:url" content="https://shop.example/drops/ao-giay">"#,
            r#"<meta property="og:description" content="450.000 ₫ · 20:00 01/12/2026">"#,
            r#"<meta name="twitter:card" content="summary_large_image">"#,
            r#"<link rel="canonical" href="https://shop.example/drops/ao-giay">"#,
        ] {
            assert_eq!(page.matches(line).count(), 1, "{line}");
        }
        assert_eq!(page.matches("<title>").count(), 1);
        assert!(page.len() > PAGE.len() && page.ends_with("</html>\n"));
    }

    #[test]
    fn no_name_can_leave_its_place() {
        let page = page(r#"<"></title><script>'&"#, Some(r#"https://cdn.example/a.jpg"><script>"#));
        assert!(page.contains("<title>&lt;&quot;&gt;&lt;/title&gt;&lt;script&gt;&#39;&amp;</title>"));
        assert!(page.contains(r#"content="https://cdn.example/a.jpg&quot;&gt;&lt;script&gt;""#));
        assert_eq!(page.matches("<script").count(), PAGE.matches("<script").count());
        assert_eq!(page.matches("</title>").count(), 1);
    }

    #[test]
    fn a_picture_is_an_absolute_https_address_or_left_out() {
        for (url, address) in [
            ("/assets/a.jpg", Some("https://shop.example:8443/assets/a.jpg")),
            ("https://cdn.example/a.jpg", Some("https://cdn.example/a.jpg")),
            ("http://cdn.example/a.jpg", None),
            ("//cdn.example/a.jpg", None),
            ("/\\cdn.example/a.jpg", None),
            ("data:image/png;base64,AAAA", None),
            ("", None),
        ] {
            assert_eq!(image_address(url, "http://shop.example:8443").as_deref(), address, "{url}");
        }
        for missing in [None, Some("")] {
            let page = page("Áo giấy", missing);
            assert!(!page.contains("og:image") && page.contains(r#"content="summary""#));
        }
    }

    #[test]
    fn prices_are_written_as_in_vietnam() {
        for (amount, text) in
            [(0, "0 ₫"), (999, "999 ₫"), (1_000, "1.000 ₫"), (25_000, "25.000 ₫"), (1_250_000, "1.250.000 ₫")]
        {
            assert_eq!(price(Vnd::new(amount).unwrap()), text);
        }
    }
}
