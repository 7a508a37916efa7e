use crate::command::RefundStep;
use crate::order_code::OrderCode;
use crate::outcome::Refusal;
use crate::refund::RefundState;

/// The state of money that named no order, or an order that could not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmatchedState {
    /// No operator has decided about it.
    Open,
    /// Given to an order, whose sums hold it.
    Assigned,
    /// Not money of the sale.
    Dismissed,
    /// Owed back to the payer; never `Void`.
    Refund(RefundState),
}

/// What an operator decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnmatchedStep {
    Assign { order: OrderCode },
    Dismiss { reason: String },
    OweBack,
    Refund(RefundStep),
}

impl UnmatchedState {
    /// Where the step leaves the money; `None` when the step was taken before. Money that is not on a list of transfers
    /// yet can still be given to an order.
    pub fn after(self, step: &UnmatchedStep) -> Result<Option<Self>, Refusal> {
        match (self, step) {
            (Self::Open | Self::Refund(RefundState::Due), UnmatchedStep::Assign { .. }) => Ok(Some(Self::Assigned)),
            (Self::Open, UnmatchedStep::Dismiss { .. }) => Ok(Some(Self::Dismissed)),
            (Self::Open, UnmatchedStep::OweBack) => Ok(Some(Self::Refund(RefundState::Due))),
            (Self::Refund(RefundState::Due), UnmatchedStep::OweBack) => Ok(None),
            (Self::Refund(state), UnmatchedStep::Refund(step)) => Ok(state.after(step)?.map(Self::Refund)),
            (_, UnmatchedStep::Refund(_)) => Err(Refusal::RefundNotThere),
            _ => Err(Refusal::NotReleasable),
        }
    }
}
