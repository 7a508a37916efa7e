use anyhow::{Result, bail};

/// Only a memo may become part of a URL.
pub(super) fn checked(id: &str) -> Result<&str> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        bail!("a refund is named like RF0KW5R8Q2M1");
    }
    Ok(id)
}
