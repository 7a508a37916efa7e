//! The bank account that a refund goes to, as a shopper, an operator or PayOS names it.

use engine::{Destination, Salt};
use payos::{Bank, WebhookPayment, printed_account_name};
use serde::Deserialize;

use super::fields::text;
use super::problem::{ApiError, ApiResult};

const BANK_CHARS_MAX: usize = 60;
/// The longest Vietnamese account numbers have 19 digits.
const ACCOUNT_NUMBER_CHARS_MAX: usize = 24;
/// The longest names are those of companies.
const ACCOUNT_NAME_CHARS_MAX: usize = 140;
/// The marks that names of people and companies have.
const NAME_MARKS: &str = " .,-'&()/+";

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

    pub(crate) fn is_name_alone(&self) -> bool {
        self.bank.is_none() && self.account_number.is_none()
    }

    /// The account whose bank and number `known` has, with the name that stands here.
    pub(crate) fn completing(self, known: Option<Destination>) -> ApiResult<Destination> {
        let known = known.ok_or_else(|| ApiError::field("bank", "this is missing: no account is known"))?;
        Ok(Destination { account_name: account_name(self.account_name)?, salt: new_salt(), ..known })
    }

    /// A name is kept as it is typed; a list of transfers prints it in the letters that every bank takes.
    pub(crate) fn parse(self) -> ApiResult<Destination> {
        let account_number = text("account_number", self.account_number, ACCOUNT_NUMBER_CHARS_MAX)?;
        if !account_number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ApiError::field("account_number", "letters and digits only"));
        }
        let (bank, account_name) = (bank(self.bank)?, account_name(self.account_name)?);
        Ok(Destination { bank, account_number, account_name, salt: new_salt() })
    }
}

/// A BIN, a clearing code, which becomes a BIN, or a bank's name.
fn bank(typed: Option<String>) -> ApiResult<String> {
    let bank = text("bank", typed, BANK_CHARS_MAX)?;
    if bank.bytes().all(|byte| byte.is_ascii_digit()) {
        let known = Bank::of_counter_account(&bank);
        return known.map(|bank| bank.bin.to_owned()).ok_or_else(|| ApiError::field("bank", "no bank has this code"));
    }
    plain("bank", bank, " .-'")
}

fn account_name(typed: Option<String>) -> ApiResult<String> {
    let name = plain("account_name", text("account_name", typed, ACCOUNT_NAME_CHARS_MAX)?, NAME_MARKS)?;
    match printed_account_name(&name) {
        Some(_) => Ok(name),
        None => Err(ApiError::field("account_name", "write it in Latin letters, as the bank does")),
    }
}

/// Letters, digits and the marks of names only: a list is opened in a spreadsheet, where a formula would run.
fn plain(field: &str, value: String, marks: &str) -> ApiResult<String> {
    let clean = value.chars().all(|letter| letter.is_alphanumeric() || marks.contains(letter));
    if clean && value.starts_with(char::is_alphanumeric) {
        Ok(value)
    } else {
        Err(ApiError::field(field, format!("letters, digits and {marks} only, a letter or a digit first")))
    }
}

/// The account that money came from, by what PayOS says of it: nothing unless the bank and the number are certain. A
/// name that PayOS does not say, or that no list could print, is empty until a person gives it.
pub(crate) fn payer(webhook: &WebhookPayment) -> Option<Destination> {
    let said = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let bank = Bank::of_counter_account(&said(&webhook.counter_account_bank_id))?;
    let account_number: String = said(&webhook.counter_account_number).split_whitespace().collect();
    let is_number = (1..=ACCOUNT_NUMBER_CHARS_MAX).contains(&account_number.len())
        && account_number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let name = said(&webhook.counter_account_name);
    let is_name = printed_account_name(&name).is_some()
        && name.chars().count() <= ACCOUNT_NAME_CHARS_MAX
        && !name.chars().any(char::is_control);
    is_number.then(|| Destination {
        bank: bank.bin.to_owned(),
        account_number,
        account_name: if is_name { name } else { String::new() },
        salt: new_salt(),
    })
}

pub(crate) fn new_salt() -> Option<Salt> {
    Some(Salt(rand::random()))
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
        body("970422", "0939999999", "CONG TY TNHH TM&DV AN").parse().unwrap();
        body("970422", "0939999999", "CTY A, B (VIET NAM)").parse().unwrap();
        for (bank, number, name) in [
            ("=1+1", "1", "AN"),
            ("MB", "=1", "AN"),
            ("MB", "1", "=HYPERLINK(1)"),
            ("MB", "1", "-1"),
            ("MB", "1", "@SUM"),
            ("MB", "1 2", "AN"),
            ("MB", "1", "AN\",\"x"),
            ("MB", "1", "山田"),
            ("MB", "1", "123"),
            ("970499", "1", "AN"),
            ("01999001", "1", "AN"),
        ] {
            assert_eq!(body(bank, number, name).parse().unwrap_err().code(), ProblemCode::InvalidField);
        }
    }

    #[test]
    fn a_bank_is_stored_by_its_bin() {
        let bank = |typed: &str| super::bank(Some(typed.into())).unwrap();
        assert_eq!([bank("970418"), bank("01202001"), bank("MB Bank")], ["970418", "970418", "MB Bank"]);
    }

    #[test]
    fn a_payers_account_is_taken_only_when_it_is_certain() {
        let payer = |bank: &str, number: &str, name: Option<&str>| {
            let data = serde_json::json!({
                "orderCode": 7, "amount": 5, "counterAccountBankId": bank, "counterAccountNumber": number,
                "counterAccountName": name,
            });
            let signature = payos::sign_data("key", &data).unwrap();
            let webhook = serde_json::json!({ "data": data, "signature": signature }).to_string();
            let found = super::payer(&payos::verify_webhook(webhook.as_bytes(), "key").unwrap());
            found.map(|found| [found.bank, found.account_number, found.account_name])
        };
        let an = Some("NGUYEN VAN A");
        assert_eq!(payer("01202001", "21110009999999", an).unwrap(), ["970418", "21110009999999", "NGUYEN VAN A"]);
        assert_eq!(payer("970422", " 0939 999 999 ", an).unwrap(), ["970422", "0939999999", "NGUYEN VAN A"]);
        for (told, kept) in [
            (None, ""),
            (Some(" "), ""),
            (Some("山田"), ""),
            (Some("A\u{1b}[31mN"), ""),
            (Some("CONG TY TNHH TM&DV AN"), "CONG TY TNHH TM&DV AN"),
            (Some("CTY \"A\"; B"), "CTY \"A\"; B"),
        ] {
            assert_eq!(payer("970422", "0939999999", told).unwrap(), ["970422", "0939999999", kept]);
        }
        for (bank, number) in
            [("01999001", "1"), ("970499", "1"), ("1202001", "1"), ("", "1"), ("970422", "=1"), ("970422", "")]
        {
            assert_eq!(payer(bank, number, an), None, "{bank} {number}");
        }
    }
}
