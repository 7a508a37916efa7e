//! The account that a payer's refunds go to, as the ledger tells it and as it is stored.

use anyhow::{Result, bail};
use domain::Timestamp;
use engine::{Destination, Payer};
use ledger::{AccountCommit, GivenAccount};

use crate::store::refunds::Destinations;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Account {
    #[default]
    Unknown,
    /// An earlier release recorded that one was given, and no digest of it.
    Unbound,
    Bound(GivenAccount),
}

impl Account {
    pub(super) fn stored(destinations: &Destinations, payer: Payer) -> Result<Self> {
        Ok(destinations.of(payer)?.map_or(Self::Unknown, |(account, usable_at)| Self::of(&account, usable_at)))
    }

    fn of(account: &Destination, usable_at: Timestamp) -> Self {
        account.commit().map_or(Self::Unbound, |commit| Self::Bound(GivenAccount { commit, usable_at }))
    }

    pub(super) fn give(&mut self, account: Option<GivenAccount>) -> Result<()> {
        *self = match (*self, account) {
            (_, Some(account)) => Self::Bound(account),
            (Self::Bound(_), None) => bail!("a destination with a digest gives way to one without"),
            (Self::Unknown | Self::Unbound, None) => Self::Unbound,
        };
        Ok(())
    }

    pub(super) fn is_known(self) -> bool {
        self != Self::Unknown
    }

    /// What stands for the account on a list that takes a refund at this moment.
    pub(super) fn on_list(self, at: Timestamp) -> Result<Option<AccountCommit>> {
        match self {
            Self::Bound(account) if account.usable_at > at => {
                bail!("the refund went on a list before its destination could be used")
            }
            Self::Bound(account) => Ok(Some(account.commit)),
            Self::Unknown | Self::Unbound => Ok(None),
        }
    }
}
