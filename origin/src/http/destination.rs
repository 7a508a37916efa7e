//! The bank account that a refund goes to, as a shopper, an operator or PayOS names it.

use serde::Deserialize;

use super::fields::text;
use super::problem::{ApiError, ApiResult};
use crate::store::Destination;

const BANK_CHARS_MAX: usize = 60;
/// The longest Vietnamese account numbers have 19 digits.
const ACCOUNT_NUMBER_CHARS_MAX: usize = 24;
const ACCOUNT_NAME_CHARS_MAX: usize = 70;

#[derive(Deserialize)]
pub(crate) struct DestinationBody {
    pub(crate) bank: Option<String>,
    pub(crate) account_number: Option<String>,
    pub(crate) account_name: Option<String>,
}

impl DestinationBody {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { bank, account_number, account_name } = self;
        bank.is_none() && account_number.is_none() && account_name.is_none()
    }

    /// Letters, digits and the marks of names only: the list is opened in a spreadsheet, where a formula would run.
    pub(crate) fn parse(self) -> ApiResult<Destination> {
        let plain = |field: &str, value: String| {
            let clean = value.chars().all(|letter| letter.is_alphanumeric() || " .-'".contains(letter));
            if clean && value.starts_with(char::is_alphanumeric) {
                Ok(value)
            } else {
                Err(ApiError::field(field, "letters, digits, spaces and . - ' only"))
            }
        };
        let account_number = text("account_number", self.account_number, ACCOUNT_NUMBER_CHARS_MAX)?;
        if !account_number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ApiError::field("account_number", "letters and digits only"));
        }
        Ok(Destination {
            bank: plain("bank", text("bank", self.bank, BANK_CHARS_MAX)?)?,
            account_number,
            account_name: plain("account_name", text("account_name", self.account_name, ACCOUNT_NAME_CHARS_MAX)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use edge_protocol::ProblemCode;

    use super::*;

    #[test]
    fn a_destination_cannot_carry_a_formula_into_a_spreadsheet() {
        let body = |bank: &str, number: &str, name: &str| DestinationBody {
            bank: Some(bank.into()),
            account_number: Some(number.into()),
            account_name: Some(name.into()),
        };
        body("970422", "0123456789", "NGUYỄN VĂN ẤN").parse().unwrap();
        body("MB Bank", "0123456789", "O'Brien-Tran J.").parse().unwrap();
        for (bank, number, name) in [
            ("=1+1", "1", "AN"),
            ("MB", "=1", "AN"),
            ("MB", "1", "=HYPERLINK(1)"),
            ("MB", "1", "-1"),
            ("MB", "1", "@SUM"),
            ("MB", "1 2", "AN"),
            ("MB", "1", "AN\",\"x"),
        ] {
            assert_eq!(body(bank, number, name).parse().unwrap_err().code(), ProblemCode::InvalidField);
        }
    }
}
