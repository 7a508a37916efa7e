//! What came of a try to carry something out at a destination outside.

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
