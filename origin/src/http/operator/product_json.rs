//! A product as operators write it and see it.

use edge_protocol::limits::NAME_CHARS_MAX;
use engine::NewProduct;
use ledger::Product;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::http::fields::{optional_text, paragraphs, text};
use crate::http::problem::{ApiError, ApiResult};

const DESCRIPTION_CHARS_MAX: usize = 2_000;
const URL_CHARS_MAX: usize = 500;

#[derive(Deserialize)]
pub(crate) struct ProductBody {
    name: Option<String>,
    description: Option<String>,
    image_url: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ProductView {
    id: i64,
    name: String,
    description: String,
    image_url: String,
}

impl ProductBody {
    /// `path` leads to the product within the body.
    pub(crate) fn into_new(self, path: &str) -> ApiResult<NewProduct> {
        let at = |field: &str| format!("{path}{field}");
        Ok(NewProduct {
            name: text(&at("name"), self.name, NAME_CHARS_MAX)?,
            description: paragraphs(&at("description"), self.description, DESCRIPTION_CHARS_MAX)?,
            image_url: image_url(&at("image_url"), self.image_url)?,
        })
    }
}

impl From<Product> for ProductView {
    fn from(product: Product) -> Self {
        let Product { id, name, description, image_url } = product;
        Self { id, name, description, image_url }
    }
}

/// Shown in an `img` on the drop page and given to chats that preview a link, so it must mean the same to every program:
/// browsers take `//host` and `/\host` for another site, and leave `..` out of a path.
fn image_url(field: &str, value: Option<String>) -> ApiResult<String> {
    let url = optional_text(field, value, URL_CHARS_MAX)?;
    if url.is_empty() || is_storefront_path(&url) || is_public_address(&url) {
        return Ok(url);
    }
    let detail = "give a path of the storefront, such as /assets/shirt.jpg, or an https address without a password";
    Err(ApiError::field(field, detail))
}

fn is_storefront_path(url: &str) -> bool {
    let Ok(storefront) = Url::parse("https://storefront.invalid/") else { return false };
    url.starts_with('/')
        && storefront.join(url).is_ok_and(|joined| joined.as_str() == format!("https://storefront.invalid{url}"))
}

fn is_public_address(url: &str) -> bool {
    let after_scheme = url.strip_prefix("https://").unwrap_or_default();
    let has_host = after_scheme.starts_with(|first: char| first.is_alphanumeric() || first == '[');
    has_host
        && Url::parse(url)
            .is_ok_and(|url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_a_path_of_the_storefront_or_an_https_address_of_a_host() {
        let taken = |url: &str| image_url("image_url", Some(url.to_owned())).is_ok();
        for good in [
            "",
            "/assets/ao.jpg",
            "/assets/ao-2.webp?v=3",
            "https://cdn.example.com/ao.jpg",
            "https://[2001:db8::1]/a.png",
        ] {
            assert!(taken(good), "{good}");
        }
        for bad in [
            "ao.jpg",
            "//evil.example/ao.jpg",
            "/\\evil.example/ao.jpg",
            "/../ao.jpg",
            "/assets/./ao.jpg",
            "/assets/%2e%2e/ao.jpg",
            "/assets/ao jpg",
            "http://example.com/ao.jpg",
            "https://",
            "https:///ao.jpg",
            "https:example.com",
            "https://:443/ao.jpg",
            "https://an:secret@example.com/ao.jpg",
            "https://an@example.com/ao.jpg",
            "https://example.com/ao.jpg#part",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
        ] {
            assert!(!taken(bad), "{bad}");
        }
    }
}
