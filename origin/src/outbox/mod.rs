//! Effects owed to the outside. The ledger itself is the queue: a channel reads it from its cursor, carries each effect
//! out, and reports to the writer how far it has come. Every effect is safe to repeat, because after a crash some are.

mod channel;
mod effect;

pub(crate) use channel::run;
pub(crate) use effect::KINDS;
