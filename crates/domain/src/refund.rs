use crate::command::RefundStep;
use crate::doubt::Doubt;
use crate::event::RefundReason;
use crate::money::Vnd;
use crate::outcome::Refusal;

/// Money owed back to the payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Within its order, from 1.
    pub number: u32,
    pub amount: Vnd,
    pub reason: RefundReason,
    pub state: RefundState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    Due,
    /// On a list of transfers for the bank.
    Batched {
        batch: u64,
    },
    /// The provider is asked to pay it out. The money may leave no other way until that has ended.
    Paying {
        attempt: u32,
    },
    /// A payout of which a person must find out whether the money left.
    Doubted {
        attempt: u32,
        doubt: Doubt,
    },
    Sent {
        by: SentBy,
    },
    Confirmed {
        by: SentBy,
    },
    Void,
}

/// How the money of a refund left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentBy {
    List { batch: u64 },
    Payout { attempt: u32 },
}

impl RefundState {
    /// Where a step leaves the refund; `None` when the step was taken before.
    pub fn after(self, step: &RefundStep) -> Result<Option<Self>, Refusal> {
        match (self, step) {
            (Self::Due, RefundStep::Batch { batch }) => Ok(Some(Self::Batched { batch: *batch })),
            (Self::Batched { batch }, RefundStep::Sent { .. }) => Ok(Some(Self::Sent { by: SentBy::List { batch } })),
            (Self::Due, RefundStep::Pay { attempt, .. }) => Ok(Some(Self::Paying { attempt: *attempt })),
            (Self::Paying { attempt }, RefundStep::Doubt(doubt)) => Ok(Some(Self::Doubted { attempt, doubt: *doubt })),
            (
                Self::Sent { by: SentBy::Payout { attempt } } | Self::Confirmed { by: SentBy::Payout { attempt } },
                RefundStep::Doubt(doubt @ Doubt::Reversed),
            ) => Ok(Some(Self::Doubted { attempt, doubt: *doubt })),
            (Self::Paying { attempt } | Self::Doubted { attempt, .. }, RefundStep::Sent { .. }) => {
                Ok(Some(Self::Sent { by: SentBy::Payout { attempt } }))
            }
            (Self::Sent { by }, RefundStep::Confirm) => Ok(Some(Self::Confirmed { by })),
            (
                Self::Batched { .. } | Self::Paying { .. } | Self::Doubted { .. } | Self::Sent { .. },
                RefundStep::Fail { .. },
            ) => Ok(Some(Self::Due)),
            (Self::Sent { .. }, RefundStep::Sent { .. })
            | (Self::Confirmed { .. }, RefundStep::Confirm)
            | (Self::Doubted { .. }, RefundStep::Doubt(_)) => Ok(None),
            _ => Err(Refusal::RefundNotThere),
        }
    }

    /// The list of transfers it is on, 0 for none.
    pub fn batch(self) -> u64 {
        match self {
            Self::Batched { batch }
            | Self::Sent { by: SentBy::List { batch } }
            | Self::Confirmed { by: SentBy::List { batch } } => batch,
            _ => 0,
        }
    }

    /// The attempt to pay it out that it is in, or that sent it; 0 for none.
    pub fn attempt(self) -> u32 {
        match self {
            Self::Paying { attempt }
            | Self::Doubted { attempt, .. }
            | Self::Sent { by: SentBy::Payout { attempt } }
            | Self::Confirmed { by: SentBy::Payout { attempt } } => attempt,
            _ => 0,
        }
    }

    /// How its money leaves while it is under way; `None` while it is not.
    pub(crate) fn way_out(self) -> Option<SentBy> {
        match self {
            Self::Batched { batch } => Some(SentBy::List { batch }),
            Self::Paying { attempt } | Self::Doubted { attempt, .. } => Some(SentBy::Payout { attempt }),
            Self::Sent { by } | Self::Confirmed { by } => Some(by),
            Self::Due | Self::Void => None,
        }
    }
}
