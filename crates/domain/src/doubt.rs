/// Why a person must look at a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The provider did not say within a day what became of it.
    NoAnswer,
    /// The provider shows several payouts of this attempt, or one of another amount or account.
    Contradicted,
    /// The money left and came back.
    Reversed,
    /// The account that took the money has another name.
    OtherName,
}
