//! What came of a try to carry something out at a destination outside, and what is to be tried again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Done, or not owed any more.
    Done,
    /// To be tried again, not before this long if the destination said so.
    Later { after: Option<Duration> },
}

impl Delivery {
    pub(crate) const LATER: Self = Self::Later { after: None };

    pub(crate) fn done_if(done: bool) -> Self {
        if done { Self::Done } else { Self::LATER }
    }
}

/// Ledger rows for which an operator wants a channel to try again, until the channel takes them. They are stored before
/// they come here.
#[derive(Default)]
pub(crate) struct Retried(Mutex<BTreeMap<String, Vec<i64>>>);

impl Retried {
    pub(crate) fn add(&self, channel: &str, row: i64) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.entry(channel.to_owned()).or_default().push(row);
    }

    pub(crate) fn take(&self, channel: &str) -> Vec<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(channel).unwrap_or_default()
    }
}
