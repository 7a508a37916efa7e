//! How this crate reads optional fields.

use serde::{Deserialize, Deserializer};

/// PayOS leaves a field out or sends null for the same thing. Together with `#[serde(default)]` both read
/// as the default.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
