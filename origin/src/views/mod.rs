//! What is searched and counted. One thread holds `views.db`: it feeds it from the ledger, gives way to the sale, and
//! answers what is asked of it between two pages. Nothing here can stop the origin: a view that cannot be used is thrown
//! away and filled again, and one that cannot be written waits.

mod run;
mod state;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use anyhow::Result;
use tokio::sync::oneshot;

pub(crate) use self::run::start;
use self::state::Shared;
pub(crate) use self::state::ViewState;
use crate::reader::ReadError;
use crate::store::views::{ViewStore, is_damaged};

/// Questions that wait; each is answered within milliseconds.
const WAITING_MAX: usize = 64;

/// Asks the view. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Views {
    jobs: SyncSender<Job>,
    shared: Arc<Shared>,
}

enum Job {
    Read(Read),
    Rebuild(oneshot::Sender<()>),
}

/// Answers whether it found the view damaged.
type Read = Box<dyn FnOnce(Option<&ViewStore>) -> bool + Send>;

impl Views {
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ViewStore) -> Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Read(Box::new(move |store| {
            let result = store.ok_or_else(|| anyhow::anyhow!("the view cannot be opened")).and_then(read);
            let damaged = result.as_ref().is_err_and(is_damaged);
            // The caller may have gone by the time it is read.
            drop(reply.send(result));
            damaged
        }));
        self.send(job)?;
        match answer.await {
            Ok(result) => result.map_err(ReadError::Failed),
            Err(_) => Err(stopped()),
        }
    }

    /// Throws the view away; it is filled again while it answers.
    pub(crate) async fn rebuild(&self) -> Result<(), ReadError> {
        let (reply, begun) = oneshot::channel();
        self.send(Job::Rebuild(reply))?;
        begun.await.map_err(|_| stopped())
    }

    pub(crate) fn state(&self) -> ViewState {
        self.shared.state()
    }

    fn send(&self, job: Job) -> Result<(), ReadError> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => ReadError::Busy,
            TrySendError::Disconnected(_) => stopped(),
        })
    }
}

fn stopped() -> ReadError {
    ReadError::Failed(anyhow::anyhow!("the thread of the view has stopped"))
}
