//! PayOS's reports of money, as the sale understands them.

use domain::{OrderCode, Payment, PaymentIdentity, Proof, Timestamp, Vnd};
use hmac::{Hmac, KeyInit, Mac};
use payos::{Link, Transaction, WebhookPayment};
use sha2::Sha256;

/// Keys the digest of a transfer's description, which may hold a person's name. Fixed for the life of a database: the
/// digest is part of what makes two reports the same money.
#[derive(Clone, Copy)]
pub(crate) struct DescriptionSalt(pub [u8; 16]);

impl DescriptionSalt {
    /// `None` when it reports no amount that money can have; the caller logs and drops it.
    pub(crate) fn webhook_payment(self, webhook: &WebhookPayment) -> Option<(OrderCode, Payment)> {
        let order = OrderCode(u64::try_from(webhook.order_code).ok()?);
        let payment = self.payment(Report {
            link: &webhook.payment_link_id,
            reference: &webhook.reference,
            amount: webhook.amount,
            paid_at_ms: webhook.transaction_time_ms(),
            description: &webhook.description,
            account: &webhook.account_number,
            proof: Proof::Webhook,
        })?;
        Some((order, payment))
    }

    /// Every transfer on a link that a signed reply showed.
    pub(crate) fn link_payments(self, link: &Link) -> Vec<Payment> {
        let payment = |transaction: &Transaction| {
            self.payment(Report {
                link: &link.id,
                reference: &transaction.reference,
                amount: transaction.amount,
                paid_at_ms: transaction.transaction_time_ms(),
                description: &transaction.description,
                account: &transaction.account_number,
                proof: Proof::SignedRead,
            })
        };
        link.transactions.iter().filter_map(payment).collect()
    }

    fn payment(self, report: Report<'_>) -> Option<Payment> {
        let amount = Vnd::new(report.amount).filter(|amount| !amount.is_zero())?;
        let paid_at = Timestamp(report.paid_at_ms.unwrap_or(0));
        let identity = if report.reference.is_empty() {
            let digest = self.digest(report.description);
            PaymentIdentity::without_reference(report.link, paid_at, amount, digest)
        } else {
            PaymentIdentity::new(report.link, report.reference)
        };
        Some(Payment { identity, amount, paid_at, proof: report.proof, account: account(report.account) })
    }

    fn digest(self, description: &str) -> u64 {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key");
        mac.update(description.as_bytes());
        let mut head = [0; 8];
        head.copy_from_slice(&mac.finalize().into_bytes()[..8]);
        u64::from_be_bytes(head)
    }
}

/// No account number is longer.
const ACCOUNT_CHARS_MAX: usize = 34;

/// The account that received the money, without blanks; nothing when PayOS names none.
fn account(told: &str) -> Option<String> {
    let number: String = told.split_whitespace().collect();
    let is_number =
        (1..=ACCOUNT_CHARS_MAX).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_number.then_some(number)
}

struct Report<'a> {
    link: &'a str,
    reference: &'a str,
    amount: i64,
    paid_at_ms: Option<i64>,
    description: &'a str,
    account: &'a str,
    proof: Proof,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_keeps_the_account_that_received_it() {
        for (told, kept) in [
            ("113366668888", Some("113366668888")),
            (" 0071 000 999999 ", Some("0071000999999")),
            ("VQRQ0001", Some("VQRQ0001")),
            ("", None),
            ("0071-00", None),
            ("\u{1b}[31m", None),
        ] {
            assert_eq!(account(told).as_deref(), kept, "{told:?}");
        }
    }
}
