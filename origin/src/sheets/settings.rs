//! Which sheet, and who writes it.

use super::account::ServiceAccount;
use super::safe_address::is_safe_address;

pub(crate) const GOOGLE_URL: &str = "https://sheets.googleapis.com";
pub(crate) const TAB_DEFAULT: &str = "Orders";

/// Longer than any id that Google has made.
const ID_CHARS_MAX: usize = 128;
/// Google's limit for the name of a tab.
const TAB_CHARS_MAX: usize = 100;

pub struct SheetsSettings {
    pub(crate) account: ServiceAccount,
    /// Of the spreadsheet, as its address has it.
    pub(crate) spreadsheet: String,
    pub(crate) tab: String,
    /// Whether names, phones, e-mail and postal addresses of buyers are in the sheet.
    pub(crate) personal: bool,
    /// Google's, or another server that speaks its protocol.
    pub(crate) url: String,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingError {
    #[error("it is not the id of a spreadsheet, which its address has between /d/ and /edit")]
    Id,
    #[error("it is not the name of a tab, which has 1 to 100 characters")]
    Tab,
    #[error("it is not an address that begins with https://")]
    Address,
}

pub(crate) fn spreadsheet_id(text: &str) -> Result<String, SettingError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_id = (1..=ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(fits);
    if is_id { Ok(text.to_owned()) } else { Err(SettingError::Id) }
}

pub(crate) fn tab_name(text: &str) -> Result<String, SettingError> {
    let is_name = (1..=TAB_CHARS_MAX).contains(&text.chars().count()) && !text.contains(char::is_control);
    if is_name { Ok(text.to_owned()) } else { Err(SettingError::Tab) }
}

pub(crate) fn address(url: String) -> Result<String, SettingError> {
    if is_safe_address(&url) { Ok(url) } else { Err(SettingError::Address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_part_of_an_address_and_not_the_address() {
        assert!(spreadsheet_id("1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms").is_ok());
        for wrong in ["", "a/b", "../x", "https://docs.google.com/spreadsheets/d/1Bxi/edit"] {
            assert_eq!(spreadsheet_id(wrong), Err(SettingError::Id), "{wrong}");
        }
    }

    #[test]
    fn a_tab_has_a_name_of_any_language() {
        assert!(tab_name("Đơn hàng của 'tiệm'!").is_ok());
        for wrong in ["", "a\nb", &"á".repeat(101)] {
            assert_eq!(tab_name(wrong), Err(SettingError::Tab), "{wrong}");
        }
    }
}
