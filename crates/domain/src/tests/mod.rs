//! The rules, tested through `decide` and `evolve` alone.

mod history;
mod holds;
mod money;
mod purchase;
mod rig;
