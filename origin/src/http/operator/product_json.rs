//! A product as operators write it and see it.

use edge_protocol::limits::NAME_CHARS_MAX;
use engine::NewProduct;
use ledger::Product;
use serde::{Deserialize, Serialize};

use crate::http::fields::{optional_text, text};
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
            description: optional_text(&at("description"), self.description, DESCRIPTION_CHARS_MAX)?,
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

/// Shown in an `img` on the drop page, where a script's address must not come.
fn image_url(field: &str, value: Option<String>) -> ApiResult<String> {
    let url = optional_text(field, value, URL_CHARS_MAX)?;
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with('/') {
        return Err(ApiError::field(field, "give an https address or a path of the storefront"));
    }
    Ok(url)
}
