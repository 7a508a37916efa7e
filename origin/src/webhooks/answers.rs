//! The last answer of each endpoint, for operators. It is kept in memory: the next delivery brings another.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

#[derive(Clone, Debug)]
pub(crate) struct LastAnswer {
    pub at: Timestamp,
    /// `None` when no answer came.
    pub status: Option<u16>,
    /// The beginning of its body, or why none came.
    pub text: String,
}

#[derive(Default)]
pub(crate) struct Answers(Mutex<BTreeMap<u8, LastAnswer>>);

impl Answers {
    pub(super) fn keep(&self, endpoint: u8, answer: LastAnswer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint, answer);
    }

    pub(crate) fn of(&self, endpoint: u8) -> Option<LastAnswer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&endpoint).cloned()
    }
}
