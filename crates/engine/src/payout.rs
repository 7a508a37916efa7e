//! Refunds that the payment provider pays out: what is on disk before it is asked, and what follows from what it shows.

use domain::{Doubt, PayoutCommit, RefundStep, Vnd};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Destination, RefundId, RefundTransfer};

/// A provider that has not decided within a day leaves it to a person.
pub const PAYOUT_DECIDED_MS_MAX: i64 = 24 * 3_600_000;
/// How long the provider remembers an idempotency key is not published. A request is repeated well within a day.
const REPEATED_MS_MAX: i64 = 20 * 3_600_000;
/// A payout that was just asked for may not be in the provider's list yet. Its calls end after seconds.
pub const SHOWN_AFTER_MS: i64 = 60_000;

/// What an operator allows to be paid out. The engine holds every payout to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutLimits {
    pub refund_max: Vnd,
    /// For all payouts begun on one day in Vietnam, whatever became of them.
    pub day_max: Vnd,
    /// A larger refund needs the approval of two operators.
    pub two_operators_above: Vnd,
}

/// Asks for one attempt to pay a refund out.
#[derive(Clone, Debug)]
pub struct PayoutRequest {
    /// As it was read; refused when it has changed since.
    pub transfer: RefundTransfer,
    pub attempt: u32,
    /// What will be sent to the provider, byte for byte. Personal data.
    pub body: Vec<u8>,
    pub limits: PayoutLimits,
    /// Empty when no operator asked for it.
    pub operator: String,
}

/// One attempt, as it is stored before the provider is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    pub transfer: RefundTransfer,
    pub attempt: u32,
    pub body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutRefused {
    /// It is not due, or another amount is.
    NotDue,
    /// It goes to another account now, or may not go to this one yet.
    DestinationChanged,
    /// Another attempt comes next.
    OtherAttempt,
    Paused,
    AboveRefundMax,
    AboveDayMax,
    /// It needs the approval of two operators and has that of so many.
    NeedsApproval {
        approved_by: usize,
    },
}

/// A step that follows from what the provider shows of an attempt.
#[derive(Clone, Debug)]
pub struct PayoutStep {
    pub refund: RefundId,
    /// The step is refused when the refund is in another attempt.
    pub attempt: u32,
    pub step: RefundStep,
}

impl Payout {
    /// What the provider knows the attempt by, and its idempotency key.
    pub fn reference(refund: RefundId, attempt: u32) -> String {
        format!("{}-{attempt}", refund.memo())
    }

    /// What stands for the request in the ledger; `None` for an account without a salt, which is not paid out.
    pub fn commit(destination: &Destination, body: &[u8]) -> Option<PayoutCommit> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&destination.salt?.0).expect("HMAC takes any key");
        mac.update(body);
        Some(PayoutCommit(mac.finalize().into_bytes().into()))
    }
}

/// Whether a request for an attempt can have reached the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Never,
    /// The last one may have left so long ago.
    Perhaps {
        ms_ago: i64,
    },
}

/// What the provider's list shows of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    /// Several payouts, or one of another amount or account.
    Contradiction,
    InFlight,
    Paid {
        bank_reference: String,
        /// Whether the account's name is the one that the shopper gave, as far as the provider says.
        name_fits: bool,
    },
    NotPaid {
        reason: String,
    },
    Reversed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextPayoutStep {
    /// Send the stored request, once.
    Ask,
    Wait,
    Record(RefundStep),
}

/// What to do about an attempt that was begun `age_ms` ago. `shown` is `None` when the provider gave no answer.
pub fn next_payout_step(shown: Option<Shown>, age_ms: i64, asked: Asked) -> NextPayoutStep {
    use NextPayoutStep::{Ask, Record, Wait};
    let overdue = age_ms >= PAYOUT_DECIDED_MS_MAX;
    match (shown, asked) {
        (Some(Shown::Contradiction), _) => Record(RefundStep::Doubt(Doubt::Contradicted)),
        (Some(Shown::Paid { name_fits: false, .. }), _) => Record(RefundStep::Doubt(Doubt::OtherName)),
        (Some(Shown::Paid { bank_reference, .. }), _) => Record(RefundStep::Sent { bank_reference }),
        (Some(Shown::NotPaid { reason }), _) => Record(RefundStep::Fail { reason }),
        (Some(Shown::Reversed), _) => Record(RefundStep::Doubt(Doubt::Reversed)),
        (Some(Shown::Nothing), Asked::Never) if overdue => {
            Record(RefundStep::Fail { reason: "the payout was not asked for within a day".to_owned() })
        }
        (Some(Shown::InFlight | Shown::Nothing) | None, _) if overdue => Record(RefundStep::Doubt(Doubt::NoAnswer)),
        (Some(Shown::Nothing), Asked::Never) => Ask,
        (Some(Shown::Nothing), Asked::Perhaps { ms_ago }) if ms_ago >= SHOWN_AFTER_MS && age_ms < REPEATED_MS_MAX => {
            Ask
        }
        (Some(Shown::InFlight | Shown::Nothing) | None, _) => Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::NextPayoutStep::{Ask, Record, Wait};
    use super::*;

    const HOUR: i64 = 3_600_000;
    const LONG_AGO: Asked = Asked::Perhaps { ms_ago: SHOWN_AFTER_MS };
    const JUST_NOW: Asked = Asked::Perhaps { ms_ago: SHOWN_AFTER_MS - 1 };

    fn doubt(doubt: Doubt) -> NextPayoutStep {
        Record(RefundStep::Doubt(doubt))
    }

    #[test]
    fn the_provider_is_asked_only_while_its_list_surely_lacks_the_attempt() {
        let next = next_payout_step;
        assert_eq!(next(Some(Shown::Nothing), 0, Asked::Never), Ask);
        assert_eq!(next(None, 0, Asked::Never), Wait, "without a look nothing is sent");
        assert_eq!(next(Some(Shown::Nothing), HOUR, JUST_NOW), Wait, "its list may lag behind");
        assert_eq!(next(Some(Shown::Nothing), HOUR, LONG_AGO), Ask);
        assert_eq!(next(Some(Shown::Nothing), 20 * HOUR, LONG_AGO), Wait, "the key may be forgotten");
        for asked in [Asked::Never, JUST_NOW, LONG_AGO] {
            assert_eq!(next(Some(Shown::InFlight), HOUR, asked), Wait);
        }
    }

    #[test]
    fn what_is_not_decided_within_a_day_goes_to_a_person_unless_it_surely_never_left() {
        let next = next_payout_step;
        for shown in [None, Some(Shown::InFlight), Some(Shown::Nothing)] {
            assert_eq!(next(shown, 24 * HOUR, LONG_AGO), doubt(Doubt::NoAnswer));
        }
        let never = next(Some(Shown::Nothing), 24 * HOUR, Asked::Never);
        assert!(matches!(never, Record(RefundStep::Fail { .. })), "{never:?}");
    }

    #[test]
    fn what_the_provider_decided_is_recorded_at_any_age() {
        for age_ms in [0, 48 * HOUR] {
            let next = |shown| next_payout_step(Some(shown), age_ms, LONG_AGO);
            let paid = |name_fits| Shown::Paid { bank_reference: "FT1".into(), name_fits };
            assert_eq!(next(paid(true)), Record(RefundStep::Sent { bank_reference: "FT1".into() }));
            assert_eq!(next(paid(false)), doubt(Doubt::OtherName));
            assert_eq!(next(Shown::Reversed), doubt(Doubt::Reversed));
            assert_eq!(next(Shown::Contradiction), doubt(Doubt::Contradicted));
            let failed = Shown::NotPaid { reason: "closed".into() };
            assert_eq!(next(failed), Record(RefundStep::Fail { reason: "closed".into() }));
        }
    }
}
