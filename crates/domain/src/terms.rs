use crate::ids::DropId;
use crate::money::Vnd;
use crate::timestamp::Timestamp;

/// Units of a drop. A larger drop is not scarce, and counters and memory are sized ahead.
pub const SIZE_MAX: u32 = 10_000_000;
/// Ten billion đồng for one unit; with [`LIMIT_PER_CUSTOMER_MAX`] an order stays far below 2^53.
pub const PRICE_MAX: i64 = 10_000_000_000;
pub const LIMIT_PER_CUSTOMER_MAX: u32 = 1_000;
pub const HOLD_SECONDS_DEFAULT: u32 = 300;
/// A quarter of an hour: a longer hold keeps a unit from shoppers ready to pay.
pub const HOLD_SECONDS_MAX: u32 = 900;
/// Between `pay_by` and the end of the hold, so that a transfer sent in the last second still arrives in time.
pub const HOLD_GRACE_MS: i64 = 60_000;
/// How long a unit stays held while the provider does not answer. Longer would keep stock from shoppers in an outage.
pub const SETTLING_MS: i64 = 15 * 60_000;
pub const LATE_PAYMENT_SECONDS_DEFAULT: u32 = 24 * 3600;
/// A week: bank transfers between banks on holidays arrive within it.
const LATE_PAYMENT_SECONDS_MAX: u32 = 7 * 24 * 3600;

/// How units find their buyers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    FirstCome,
}

/// What the merchant fixed when the drop was made; none of it changes afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub drop: DropId,
    pub format: Format,
    /// Units.
    pub size: u32,
    /// For one unit.
    pub price: Vnd,
    pub opens_at: Timestamp,
    pub closes_at: Option<Timestamp>,
    pub limit_per_customer: u32,
    pub hold_seconds: u32,
    pub late_payment_seconds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsError {
    Size,
    Price,
    ClosesBeforeOpening,
    LimitPerCustomer,
    HoldSeconds,
    LatePaymentSeconds,
}

impl Terms {
    pub fn check(self) -> Result<Self, TermsError> {
        if self.size == 0 || self.size > SIZE_MAX {
            return Err(TermsError::Size);
        }
        if self.price.is_zero() || self.price.get() > PRICE_MAX {
            return Err(TermsError::Price);
        }
        if self.closes_at.is_some_and(|closes_at| closes_at <= self.opens_at) {
            return Err(TermsError::ClosesBeforeOpening);
        }
        if self.limit_per_customer == 0 || self.limit_per_customer > LIMIT_PER_CUSTOMER_MAX {
            return Err(TermsError::LimitPerCustomer);
        }
        if self.hold_seconds == 0 || self.hold_seconds > HOLD_SECONDS_MAX {
            return Err(TermsError::HoldSeconds);
        }
        if self.late_payment_seconds > LATE_PAYMENT_SECONDS_MAX {
            return Err(TermsError::LatePaymentSeconds);
        }
        Ok(self)
    }
}
