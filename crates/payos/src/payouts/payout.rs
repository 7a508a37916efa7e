//! What PayOS says of payouts.

use serde::{Deserialize, Deserializer, de};

use crate::json::null_as_default;
use crate::moment;

/// A payout as PayOS knows it now: one transfer, or the many of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payout {
    /// PayOS's own id.
    pub id: String,
    /// The merchant's id of the payout, as it was sent.
    pub reference_id: String,
    /// Whether the payout is approved. It does not say whether money moved; see [`Payout::progress`].
    pub approval_state: ApprovalState,
    #[serde(default, deserialize_with = "null_as_default")]
    pub transactions: Vec<Transaction>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub category: Vec<String>,
    /// As PayOS wrote it; see [`Payout::created_at_ms`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub created_at: String,
}

/// One transfer out. Text is kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    pub id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub reference_id: String,
    /// VND.
    pub amount: i64,
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    pub to_bin: String,
    pub to_account_number: String,
    /// Whose account the bank says it is. Known only once the bank has been asked, often when the money is gone.
    pub to_account_name: Option<String>,
    /// The bank's id of the transfer.
    pub reference: Option<String>,
    /// As PayOS wrote it; see [`Transaction::transaction_time_ms`].
    #[serde(rename = "transactionDatetime")]
    pub transaction_date_time: Option<String>,
    pub error_message: Option<String>,
    pub error_code: Option<String>,
    pub state: TransactionState,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransactionState {
    Received,
    Processing,
    OnHold,
    Succeeded,
    Failed,
    Cancelled,
    Reversed,
    /// A word this crate does not know: the transfer is in flight.
    #[serde(untagged)]
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApprovalState {
    Drafting,
    Submitted,
    Approved,
    Rejected,
    Cancelled,
    Scheduled,
    Processing,
    Failed,
    PartialCompleted,
    Completed,
    /// A word this crate does not know.
    #[serde(untagged)]
    Other(String),
}

/// What became of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Not decided yet. Also every word that this crate does not know.
    InFlight,
    Paid,
    /// Nothing left the account, and nothing will: another payout may be made.
    NotPaid,
    /// The money left and came back. It is owed again, but a person should look before it is sent again.
    Reversed,
}

impl Payout {
    /// Of the payout as a whole: paid or not paid when each transfer is, reversed when one is.
    pub fn progress(&self) -> Progress {
        let all = |wanted| self.transactions.iter().all(|transfer| self.progress_of(transfer) == wanted);
        if self.transactions.is_empty() {
            return if self.was_turned_down() { Progress::NotPaid } else { Progress::InFlight };
        }
        if self.transactions.iter().any(|transfer| transfer.state == TransactionState::Reversed) {
            return Progress::Reversed;
        }
        [Progress::Paid, Progress::NotPaid].into_iter().find(|wanted| all(*wanted)).unwrap_or(Progress::InFlight)
    }

    /// Of one of this payout's transfers. A transfer that only waited is not made when the payout was turned down.
    pub fn progress_of(&self, transfer: &Transaction) -> Progress {
        match transfer.state {
            TransactionState::Succeeded => Progress::Paid,
            TransactionState::Failed | TransactionState::Cancelled => Progress::NotPaid,
            TransactionState::Reversed => Progress::Reversed,
            TransactionState::Received if self.was_turned_down() && !self.has_moved() => Progress::NotPaid,
            _ => Progress::InFlight,
        }
    }

    /// Unix milliseconds; nothing when PayOS gave no readable time.
    pub fn created_at_ms(&self) -> Option<i64> {
        moment::unix_ms(&self.created_at)
    }

    fn was_turned_down(&self) -> bool {
        matches!(self.approval_state, ApprovalState::Rejected | ApprovalState::Cancelled | ApprovalState::Failed)
    }

    fn has_moved(&self) -> bool {
        let still = [TransactionState::Received, TransactionState::Failed, TransactionState::Cancelled];
        self.transactions.iter().any(|transfer| !still.contains(&transfer.state))
    }
}

impl Transaction {
    /// Unix milliseconds; nothing when PayOS gave no readable time.
    pub fn transaction_time_ms(&self) -> Option<i64> {
        moment::unix_ms(self.transaction_date_time.as_deref()?)
    }
}

impl ApprovalState {
    /// As PayOS writes it.
    pub fn word(&self) -> &str {
        match self {
            ApprovalState::Drafting => "DRAFTING",
            ApprovalState::Submitted => "SUBMITTED",
            ApprovalState::Approved => "APPROVED",
            ApprovalState::Rejected => "REJECTED",
            ApprovalState::Cancelled => "CANCELLED",
            ApprovalState::Scheduled => "SCHEDULED",
            ApprovalState::Processing => "PROCESSING",
            ApprovalState::Failed => "FAILED",
            ApprovalState::PartialCompleted => "PARTIAL_COMPLETED",
            ApprovalState::Completed => "COMPLETED",
            ApprovalState::Other(word) => word,
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PayoutPage {
    pub payouts: Vec<Payout>,
    pub pagination: Pagination,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    pub limit: u32,
    pub offset: u64,
    /// How many payouts fit the filter.
    pub total: u64,
    /// How many of them are on this page.
    pub count: u64,
    pub has_more: bool,
}

/// The prefunded account that payouts are made from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountBalance {
    pub account_number: String,
    pub account_name: String,
    pub currency: String,
    /// VND. PayOS writes it as text; text that is no whole number makes the balance unknown, not 0.
    #[serde(deserialize_with = "integer_text")]
    pub balance: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EstimatedCredit {
    pub(super) estimate_credit: i64,
}

fn integer_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom("the balance is not a whole number"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn payout(approval_state: &str, states: &[&str]) -> Payout {
        let transfer =
            |state: &&str| json!({ "id": "t", "amount": 1, "toBin": "970422", "toAccountNumber": "1", "state": state });
        let transactions: Vec<Value> = states.iter().map(transfer).collect();
        let payout =
            json!({ "id": "p", "referenceId": "RF1-1", "approvalState": approval_state, "transactions": transactions });
        serde_json::from_value(payout).expect("a payout")
    }

    #[test]
    fn money_is_decided_by_the_state_of_its_transfers() {
        for (approval_state, states, progress) in [
            ("COMPLETED", &["SUCCEEDED"][..], Progress::Paid),
            ("COMPLETED", &["SUCCEEDED", "SUCCEEDED"], Progress::Paid),
            ("PARTIAL_COMPLETED", &["SUCCEEDED", "FAILED"], Progress::InFlight),
            ("FAILED", &["SUCCEEDED"], Progress::Paid),
            ("FAILED", &["FAILED", "CANCELLED"], Progress::NotPaid),
            ("COMPLETED", &["SUCCEEDED", "REVERSED"], Progress::Reversed),
            ("COMPLETED", &["PROCESSING"], Progress::InFlight),
            ("FAILED", &["ON_HOLD"], Progress::InFlight),
            ("COMPLETED", &["TELEPORTED"], Progress::InFlight),
            ("PROCESSING", &["RECEIVED"], Progress::InFlight),
            ("REJECTED", &["RECEIVED"], Progress::NotPaid),
            ("REJECTED", &["RECEIVED", "PROCESSING"], Progress::InFlight),
            ("FAILED", &["RECEIVED", "SUCCEEDED"], Progress::InFlight),
            ("CANCELLED", &[], Progress::NotPaid),
            ("COMPLETED", &[], Progress::InFlight),
            ("SPLIT", &[], Progress::InFlight),
        ] {
            assert_eq!(payout(approval_state, states).progress(), progress, "{approval_state} {states:?}");
        }
    }

    #[test]
    fn a_transfer_that_waits_in_a_payout_that_was_turned_down_is_not_made_unless_another_one_moved() {
        for (states, progress) in [
            (&["RECEIVED", "CANCELLED"], Progress::NotPaid),
            (&["RECEIVED", "SUCCEEDED"], Progress::InFlight),
            (&["RECEIVED", "ON_HOLD"], Progress::InFlight),
        ] {
            let payout = payout("FAILED", states);
            assert_eq!(payout.progress_of(&payout.transactions[0]), progress, "{states:?}");
        }
    }

    #[test]
    fn approval_states_are_read_as_they_are_written() {
        for word in [
            "DRAFTING",
            "SUBMITTED",
            "APPROVED",
            "REJECTED",
            "CANCELLED",
            "SCHEDULED",
            "PROCESSING",
            "FAILED",
            "PARTIAL_COMPLETED",
            "COMPLETED",
        ] {
            let state = payout(word, &[]).approval_state;
            assert!(!matches!(state, ApprovalState::Other(_)), "{word}");
            assert_eq!(state.word(), word);
        }
        assert_eq!(payout("SPLIT", &[]).approval_state, ApprovalState::Other("SPLIT".into()));
    }

    #[test]
    fn a_balance_is_text_that_holds_a_whole_number() {
        let read = |balance: Value| {
            let data = json!({ "accountNumber": "1", "accountName": "A", "currency": "VND", "balance": balance });
            serde_json::from_value::<AccountBalance>(data).ok().map(|account| account.balance)
        };
        assert_eq!(read(json!("5000000")), Some(5_000_000));
        for unreadable in [json!(""), json!("5,000,000"), json!("5000000.00"), json!(5_000_000), Value::Null] {
            assert_eq!(read(unreadable.clone()), None, "{unreadable}");
        }
    }
}
