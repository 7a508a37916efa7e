//! How the view stands, for parts that do not ask its thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How far the view has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ViewState {
    /// The last row of the ledger that is in it.
    pub seq: i64,
    pub size_bytes: u64,
    /// It could not be opened or written, and is tried again.
    pub fails: bool,
}

#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<ViewState>,
    stopping: AtomicBool,
}

impl Shared {
    pub(super) fn state(&self) -> ViewState {
        *self.lock()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut ViewState)) {
        change(&mut self.lock());
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ViewState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
