//! Threads that read the database, because libsql's calls block their thread.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::sync::oneshot;

use crate::store::ReadStore;

/// Reads by key take microseconds: this many waiting is a second of them, and more would only wait longer.
const WAITING_MAX: usize = 4_096;
/// Readers beyond this gain nothing on a small machine.
const THREADS_MAX: usize = 4;

type Job = Box<dyn FnOnce(&ReadStore) + Send>;

/// Runs reads on the pool's threads. Cheap to clone; cannot write.
#[derive(Clone)]
pub(crate) struct Reader {
    jobs: SyncSender<Job>,
}

#[derive(Debug)]
pub enum ReadError {
    /// Too many reads wait.
    Busy,
    Failed(anyhow::Error),
}

impl From<ReadError> for anyhow::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Busy => anyhow::anyhow!("too many reads wait"),
            ReadError::Failed(error) => error,
        }
    }
}

impl Reader {
    pub(crate) fn start(folder: &Path, cores: usize) -> Result<Self> {
        let (jobs, waiting) = sync_channel::<Job>(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..cores.clamp(1, THREADS_MAX) {
            let store = ReadStore::open(folder)?;
            let waiting = waiting.clone();
            std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || run(&store, &waiting))
                .context("cannot start a reader's thread")?;
        }
        Ok(Self { jobs })
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadStore) -> Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply, answer) = oneshot::channel();
        // The caller may have gone by the time it is read.
        let job: Job = Box::new(move |store| drop(reply.send(store.at_one_moment(read))));
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => ReadError::Busy,
            TrySendError::Disconnected(_) => ReadError::Failed(anyhow::anyhow!("the readers have stopped")),
        })?;
        match answer.await {
            Ok(result) => result.map_err(ReadError::Failed),
            Err(_) => Err(ReadError::Failed(anyhow::anyhow!("a reader's thread panicked"))),
        }
    }
}

fn run(store: &ReadStore, waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(store),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Jti, Timestamp};
    use engine::Changes;
    use ledger::{Entry, Fact};

    use super::*;
    use crate::store::WriteStore;

    #[tokio::test]
    async fn a_read_of_several_queries_sees_one_moment() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = WriteStore::open(folder.path(), 1, 1, Timestamp(0)).unwrap();
        let mut commit = move || {
            let fact = Fact::TokenRevoked { jti: Jti([7; 16]) };
            let entries = vec![Entry { drop: None, operator: "an".to_owned(), fact }];
            writer.commit(Timestamp(1), &Changes { entries, ..Changes::default() })
        };
        let reader = Reader::start(folder.path(), 1).unwrap();
        let seen = reader.read(move |store| {
            let before = store.ledger_after(0, 10)?.len();
            commit()?;
            Ok((before, store.ledger_after(0, 10)?.len()))
        });
        assert_eq!(seen.await.unwrap(), (0, 0));
        assert_eq!(reader.read(|store| Ok(store.ledger_after(0, 10)?.len())).await.unwrap(), 1);
    }
}
