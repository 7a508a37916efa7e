//! The three bounded queues in front of the writer.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use engine::Lane;
use tokio::sync::{Notify, Semaphore};

/// Operators type commands by hand: more at once is a runaway script.
const CONTROL_MAX: usize = 256;
/// Several batches of payments and expiries; beyond it the provider is asked to deliver again later.
const MONEY_MAX: usize = 4_096;
/// A fraction of a second of purchases at the measured rate: beyond it a shopper gets 503 at once.
const SHOPPER_MAX: usize = 8_192;
/// What one transaction takes in: large enough to share a sync, small enough to answer within milliseconds.
const BATCH_MAX: usize = 512;
/// Shoppers keep at least this much of a batch when they wait, whatever money and operators bring.
const BATCH_SHOPPER_MIN: usize = BATCH_MAX / 2;
/// A webhook waits this long for room before the provider has to send it again.
const MONEY_WAIT: Duration = Duration::from_secs(2);

/// Why a request was not taken. Nothing happened, and it may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubmitError {
    /// The lane is full.
    Busy,
    /// The process is stopping.
    Stopping,
}

/// So many waiting requests wake a sleeping writer at once; fewer wait for the end of the runtime's round.
const WAKE_AT: usize = 64;

pub(crate) struct Lanes<T> {
    queues: Mutex<Queues<T>>,
    work: Condvar,
    /// A request waits, and the writer sleeps.
    wake_needed: Notify,
    /// Room in the money lane, so that waiting for it needs no polling.
    money_room: Semaphore,
}

struct Queues<T> {
    control: VecDeque<T>,
    money: VecDeque<T>,
    shopper: VecDeque<T>,
    stopping: bool,
    /// The writer waits for work, and no thread has woken it yet.
    asleep: bool,
}

impl<T> Lanes<T> {
    pub(crate) fn new() -> Self {
        let queues = Queues {
            control: VecDeque::with_capacity(CONTROL_MAX),
            money: VecDeque::with_capacity(MONEY_MAX),
            shopper: VecDeque::with_capacity(SHOPPER_MAX),
            stopping: false,
            asleep: false,
        };
        let (work, wake_needed) = (Condvar::new(), Notify::new());
        Self { queues: Mutex::new(queues), work, wake_needed, money_room: Semaphore::new(MONEY_MAX) }
    }

    /// Takes `item` in at once, or not at all.
    pub(crate) fn push(&self, lane: Lane, item: T) -> Result<(), SubmitError> {
        if lane == Lane::Money {
            self.money_room.try_acquire().map_err(|_| SubmitError::Busy)?.forget();
        }
        self.enqueue(lane, item)
    }

    /// Takes `item` into the money lane, waiting a moment for room.
    pub(crate) async fn push_money(&self, item: T) -> Result<(), SubmitError> {
        match tokio::time::timeout(MONEY_WAIT, self.money_room.acquire()).await {
            Ok(Ok(permit)) => permit.forget(),
            Ok(Err(_)) | Err(_) => return Err(SubmitError::Busy),
        }
        self.enqueue(Lane::Money, item)
    }

    fn enqueue(&self, lane: Lane, item: T) -> Result<(), SubmitError> {
        let mut queues = self.lock();
        if queues.stopping {
            return Err(SubmitError::Stopping);
        }
        let (queue, max) = match lane {
            Lane::Control => (&mut queues.control, CONTROL_MAX),
            Lane::Money => (&mut queues.money, MONEY_MAX),
            Lane::Shopper => (&mut queues.shopper, SHOPPER_MAX),
        };
        if queue.len() >= max {
            return Err(SubmitError::Busy);
        }
        queue.push_back(item);
        let (asleep, waiting) = (queues.asleep, queues.len());
        drop(queues);
        if asleep && waiting >= WAKE_AT {
            self.wake();
        } else if asleep {
            self.wake_needed.notify_one();
        }
        Ok(())
    }

    /// Wakes the writer for all requests of one round of the runtime together: waking it for the first of many costs a
    /// system call each and makes batches of one. Never returns.
    pub(crate) async fn wake_when_needed(&self) {
        loop {
            self.wake_needed.notified().await;
            self.wake();
        }
    }

    fn wake(&self) {
        let mut queues = self.lock();
        if std::mem::take(&mut queues.asleep) {
            drop(queues);
            self.work.notify_one();
        }
    }

    /// Waits for work and moves a batch of it into `batch`: control, then money, then shoppers. Returns false when
    /// the lanes are stopped and empty.
    pub(crate) fn drain(&self, batch: &mut Vec<T>) -> bool {
        let mut queues = self.lock();
        while queues.is_empty() {
            if queues.stopping {
                return false;
            }
            queues.asleep = true;
            queues = self.work.wait(queues).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        queues.asleep = false;
        let kept_for_shoppers = queues.shopper.len().min(BATCH_SHOPPER_MIN);
        take(&mut queues.control, BATCH_MAX - kept_for_shoppers, batch);
        let money = take(&mut queues.money, BATCH_MAX - kept_for_shoppers - batch.len(), batch);
        take(&mut queues.shopper, BATCH_MAX - batch.len(), batch);
        drop(queues);
        self.money_room.add_permits(money);
        true
    }

    /// Takes nothing in any more; what is in is still drained.
    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.work.notify_all();
    }

    pub(crate) fn depths(&self) -> [(Lane, usize); 3] {
        let queues = self.lock();
        [
            (Lane::Control, queues.control.len()),
            (Lane::Money, queues.money.len()),
            (Lane::Shopper, queues.shopper.len()),
        ]
    }

    /// A panic elsewhere leaves the queues whole: every change to them is a single push or pop.
    fn lock(&self) -> MutexGuard<'_, Queues<T>> {
        self.queues.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<T> Queues<T> {
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.control.len() + self.money.len() + self.shopper.len()
    }
}

fn take<T>(from: &mut VecDeque<T>, max: usize, into: &mut Vec<T>) -> usize {
    let count = from.len().min(max);
    into.extend(from.drain(..count));
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained<T>(lanes: &Lanes<T>) -> Vec<T> {
        let mut batch = Vec::new();
        assert!(lanes.drain(&mut batch));
        batch
    }

    #[test]
    fn a_batch_takes_control_then_money_then_shoppers() {
        let lanes = Lanes::new();
        lanes.push(Lane::Shopper, 1).unwrap();
        lanes.push(Lane::Money, 2).unwrap();
        lanes.push(Lane::Control, 3).unwrap();
        assert_eq!(drained(&lanes), [3, 2, 1]);
    }

    #[test]
    fn waiting_shoppers_keep_half_of_a_batch() {
        let lanes = Lanes::new();
        for _ in 0..MONEY_MAX {
            lanes.push(Lane::Money, Lane::Money).unwrap();
        }
        for _ in 0..BATCH_MAX {
            lanes.push(Lane::Shopper, Lane::Shopper).unwrap();
        }
        let batch = drained(&lanes);
        assert_eq!(batch.len(), BATCH_MAX);
        assert_eq!(batch.iter().filter(|lane| **lane == Lane::Shopper).count(), BATCH_SHOPPER_MIN);
    }

    #[test]
    fn a_full_lane_refuses_and_takes_again_after_a_batch() {
        let lanes = Lanes::new();
        for item in 0..SHOPPER_MAX {
            lanes.push(Lane::Shopper, item).unwrap();
        }
        assert_eq!(lanes.push(Lane::Shopper, 0), Err(SubmitError::Busy));
        assert_eq!(drained(&lanes).len(), BATCH_MAX);
        lanes.push(Lane::Shopper, 0).unwrap();
    }

    #[test]
    fn a_full_money_lane_has_room_again_after_a_batch() {
        let lanes = Lanes::new();
        for item in 0..MONEY_MAX {
            lanes.push(Lane::Money, item).unwrap();
        }
        assert_eq!(lanes.push(Lane::Money, 0), Err(SubmitError::Busy));
        drained(&lanes);
        lanes.push(Lane::Money, 0).unwrap();
    }

    #[test]
    fn stopped_lanes_take_nothing_in_and_drain_to_the_end() {
        let lanes = Lanes::new();
        lanes.push(Lane::Shopper, 1).unwrap();
        lanes.stop();
        assert_eq!(lanes.push(Lane::Shopper, 2), Err(SubmitError::Stopping));
        assert_eq!(drained(&lanes), [1]);
        assert!(!lanes.drain(&mut Vec::new()));
    }

    #[test]
    fn a_sleeping_writer_is_woken_by_one_command_and_by_many() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for commands in [1, WAKE_AT, 3 * WAKE_AT] {
            let lanes = std::sync::Arc::new(Lanes::new());
            let (writer, taken) = (lanes.clone(), std::sync::mpsc::channel());
            let thread = std::thread::spawn(move || {
                let mut batch = Vec::new();
                while writer.drain(&mut batch) {
                    batch.drain(..).for_each(|item: usize| taken.0.send(item).unwrap());
                }
            });
            runtime.block_on(async {
                let sleeper = lanes.clone();
                let waking = tokio::spawn(async move { sleeper.wake_when_needed().await });
                for item in 0..commands {
                    while !lanes.lock().is_empty() && !lanes.lock().asleep {
                        tokio::task::yield_now().await;
                    }
                    lanes.push(Lane::Shopper, item).unwrap();
                }
                // Blocks for ever if the writer is not woken: everything is taken before anything stops.
                tokio::task::spawn_blocking(move || {
                    let all: Vec<usize> = (0..commands).map(|_| taken.1.recv().unwrap()).collect();
                    assert_eq!(all, (0..commands).collect::<Vec<_>>());
                })
                .await
                .unwrap();
                waking.abort();
            });
            lanes.stop();
            thread.join().unwrap();
        }
    }
}
