//! Many sales on all cores, and the story of the first that breaks a promise.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::world::World;

/// How many of its last steps a broken sale prints.
const STORY_MAX: usize = 60;

/// What a campaign has come to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) purchases: u64,
    pub(crate) steps: u64,
    /// Refunds that the provider paid out.
    pub(crate) paid_out: u64,
    pub(crate) drops: u64,
}

/// A sale that broke a promise. The same seed breaks it again.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) seed: u64,
    pub(crate) step: u64,
    pub(crate) why: String,
    pub(crate) story: Vec<String>,
}

/// Runs one sale per seed, from `seed` on, until `purchases` were made; reports after each.
pub(crate) fn run(seed: u64, purchases: u64, threads: usize, report: impl Fn(Tally) + Sync) -> Result<Tally, Broken> {
    let next = AtomicU64::new(seed);
    let stop = AtomicBool::new(false);
    let tally = Mutex::new(Tally::default());
    let broken: Mutex<Option<Broken>> = Mutex::new(None);
    let lived = || {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let mut world = World::new(seed, false);
            let ran = catch_unwind(AssertUnwindSafe(|| world.run()));
            if ran.is_err() {
                stop.store(true, Ordering::Relaxed);
                let mut first = broken.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if first.as_ref().is_none_or(|first| seed < first.seed) {
                    *first = Some(again(seed));
                }
                return;
            }
            let mut tally = tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            tally.purchases += world.purchases;
            tally.steps += world.steps;
            tally.paid_out += world.oracle.paid_out;
            tally.drops += 1;
            if tally.purchases >= purchases {
                stop.store(true, Ordering::Relaxed);
            }
            report(*tally);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(lived);
        }
    });
    match broken.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
        Some(broken) => Err(broken),
        None => Ok(tally.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())),
    }
}

/// The same sale once more, with its story.
fn again(seed: u64) -> Broken {
    let mut world = World::new(seed, true);
    let why = match catch_unwind(AssertUnwindSafe(|| world.run())) {
        Ok(()) => "the same seed went well a second time: the simulation is not deterministic".to_owned(),
        Err(panic) => text(panic.as_ref()),
    };
    let mut story = world.story.take().unwrap_or_default();
    story.drain(..story.len().saturating_sub(STORY_MAX));
    Broken { seed, step: world.steps, why, story }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
