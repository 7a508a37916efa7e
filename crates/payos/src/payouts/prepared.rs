//! Payouts before they are sent: checked once, written once, signed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::signature::sign;
use crate::error::Error;
use crate::signature::SAFE_INTEGER_MAX;

/// NAPAS takes no longer account number.
pub const ACCOUNT_NUMBER_CHARS_MAX: usize = 19;

/// PayOS publishes no limit; integrators report 100 to 200. The lower one is safe.
pub const BATCH_TRANSFERS_MAX: usize = 100;

/// Far above a UUID, and short enough for a header of any server.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;

/// One transfer to be made.
///
/// `reference_id` and `description` may hold `A-Z`, `a-z`, `0-9`, blank, `_`, `.` and `-` only: the official SDKs sign
/// other characters differently from each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// The merchant's id of the transfer, unique on the channel: a payout is looked up by it.
    pub reference_id: String,
    /// VND, positive.
    pub amount: i64,
    /// What the receiver reads on the statement.
    pub description: String,
    /// The six digits of the receiver's bank; see [`BANKS`](crate::BANKS).
    pub to_bin: String,
    /// At most [`ACCOUNT_NUMBER_CHARS_MAX`] letters and digits.
    pub to_account_number: String,
}

/// Many transfers in one payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// The merchant's id of the whole batch.
    pub reference_id: String,
    /// PayOS asks the banks first whether the accounts exist. It does not notice an account of another person.
    pub validate_destination: bool,
    /// Words of the merchant's own, in the characters of [`Transfer`].
    pub category: Vec<String>,
    /// 1 to [`BATCH_TRANSFERS_MAX`], each with a reference of its own.
    pub payouts: Vec<Transfer>,
}

/// A payout as it goes over the wire. Save `body` and `idempotency_key` before sending it: a repeat sends the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedPayout {
    /// JSON, sent byte for byte.
    pub body: Vec<u8>,
    pub idempotency_key: String,
    /// Of `body`; see [`PreparedPayout::stored`].
    pub signature: String,
}

#[derive(Serialize)]
struct SingleBody<'a> {
    #[serde(flatten)]
    transfer: &'a Transfer,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    category: &'a [&'a str],
}

impl PreparedPayout {
    /// A payout of one transfer, for [`Client::create`](super::Client::create).
    pub fn single(
        transfer: &Transfer,
        category: &[&str],
        idempotency_key: &str,
        checksum_key: &str,
    ) -> Result<PreparedPayout, Error> {
        require_transfer(transfer)?;
        category.iter().try_for_each(|word| require_plain(word))?;
        let body = serde_json::to_vec(&SingleBody { transfer, category }).expect("text and integers are JSON");
        PreparedPayout::stored(body, idempotency_key, checksum_key)
    }

    /// A payout of many transfers, for [`Client::create_batch`](super::Client::create_batch).
    pub fn batch(batch: &Batch, idempotency_key: &str, checksum_key: &str) -> Result<PreparedPayout, Error> {
        require_plain(&batch.reference_id)?;
        batch.category.iter().try_for_each(|word| require_plain(word))?;
        batch.payouts.iter().try_for_each(require_transfer)?;
        if !(1..=BATCH_TRANSFERS_MAX).contains(&batch.payouts.len()) {
            return Err(Error::NotSent("a batch without transfers, or with too many"));
        }
        let mut references: Vec<_> = batch.payouts.iter().map(|transfer| &transfer.reference_id).collect();
        references.sort_unstable();
        if references.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::NotSent("a reference that stands twice in its batch"));
        }
        let body = serde_json::to_vec(batch).expect("text and integers are JSON");
        PreparedPayout::stored(body, idempotency_key, checksum_key)
    }

    /// A body that was prepared and saved before. It is signed anew, because the checksum key may have changed.
    pub fn stored(body: Vec<u8>, idempotency_key: &str, checksum_key: &str) -> Result<PreparedPayout, Error> {
        let plain = idempotency_key.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain || !(1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&idempotency_key.len()) {
            return Err(Error::NotSent("an idempotency key that is empty, too long or not plain ASCII"));
        }
        let value: Value = serde_json::from_slice(&body).map_err(|_| Error::NotSent("a body that is not JSON"))?;
        let signature = sign(checksum_key, &value).map_err(|_| Error::NotSent("a body that cannot be signed"))?;
        Ok(PreparedPayout { body, idempotency_key: idempotency_key.to_owned(), signature })
    }
}

fn require_transfer(transfer: &Transfer) -> Result<(), Error> {
    require_plain(&transfer.reference_id)?;
    require_plain(&transfer.description)?;
    if !(1..=SAFE_INTEGER_MAX).contains(&transfer.amount) {
        return Err(Error::NotSent("the amount is not positive or above 2^53"));
    }
    if transfer.to_bin.len() != 6 || !transfer.to_bin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::NotSent("a bank is named by six digits"));
    }
    let account = &transfer.to_account_number;
    let plain = account.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain || !(1..=ACCOUNT_NUMBER_CHARS_MAX).contains(&account.len()) {
        return Err(Error::NotSent("an account number has 1 to 19 letters and digits"));
    }
    Ok(())
}

/// A blank at an end might be trimmed on the way, and then the payout is not found by its reference.
pub(super) fn require_plain(text: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b'-');
    if !text.is_empty() && text.trim() == text && text.bytes().all(plain) {
        return Ok(());
    }
    Err(Error::NotSent("text of a payout holds letters, digits, blanks, _, . and - only"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer() -> Transfer {
        Transfer {
            reference_id: "RF1-1".into(),
            amount: 49_000,
            description: "Hoan tien RF1".into(),
            to_bin: "970422".into(),
            to_account_number: "0123456789".into(),
        }
    }

    fn single(transfer: &Transfer) -> Result<PreparedPayout, Error> {
        PreparedPayout::single(transfer, &[], "RF1-1", "key")
    }

    #[test]
    fn text_that_the_sdks_sign_differently_is_not_prepared() {
        for bad in ["", " ", "a/b", "a'b", "(a)", "a*", "a~", "a!", "Hoàn tiền", " a", "a ", "a\n", "a&b"] {
            assert!(single(&Transfer { reference_id: bad.into(), ..transfer() }).is_err(), "{bad}");
            assert!(single(&Transfer { description: bad.into(), ..transfer() }).is_err(), "{bad}");
            assert!(PreparedPayout::single(&transfer(), &[bad], "RF1-1", "key").is_err(), "{bad}");
        }
        assert!(single(&Transfer { description: "Az09 _.-x".into(), ..transfer() }).is_ok());
    }

    #[test]
    fn amounts_banks_accounts_and_keys_that_cannot_be_are_not_prepared() {
        for amount in [0, -1, 1 << 53] {
            assert!(single(&Transfer { amount, ..transfer() }).is_err(), "{amount}");
        }
        for to_bin in ["", "97042", "9704222", "97O422"] {
            assert!(single(&Transfer { to_bin: to_bin.into(), ..transfer() }).is_err(), "{to_bin}");
        }
        for account in ["", "0123 456", "01234567890123456789", "số 1"] {
            assert!(single(&Transfer { to_account_number: account.into(), ..transfer() }).is_err(), "{account}");
        }
        for key in ["", "a b", "khóa", &"k".repeat(129)] {
            assert!(PreparedPayout::single(&transfer(), &[], key, "key").is_err(), "{key}");
        }
    }

    #[test]
    fn a_batch_has_transfers_with_references_of_their_own() {
        let batch =
            |payouts| Batch { reference_id: "B1".into(), validate_destination: true, category: Vec::new(), payouts };
        let prepare = |payouts| PreparedPayout::batch(&batch(payouts), "B1", "key");
        assert!(prepare(Vec::new()).is_err());
        assert!(prepare(vec![transfer(), transfer()]).is_err());
        let many = |count| (0..count).map(|n| Transfer { reference_id: format!("RF{n}-1"), ..transfer() }).collect();
        assert!(prepare(many(BATCH_TRANSFERS_MAX)).is_ok());
        assert!(prepare(many(BATCH_TRANSFERS_MAX + 1)).is_err());
    }

    #[test]
    fn a_stored_body_keeps_its_bytes() {
        let first = single(&transfer()).expect("prepared");
        let again = PreparedPayout::stored(first.body.clone(), "RF1-1", "key").expect("prepared");
        assert_eq!(again, first);
        let resigned = PreparedPayout::stored(first.body.clone(), "RF1-1", "new key").expect("prepared");
        assert_eq!(resigned.body, first.body);
        assert_ne!(resigned.signature, first.signature);
    }
}
