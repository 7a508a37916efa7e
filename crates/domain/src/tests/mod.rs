//! The rules, tested through `decide` and `evolve` alone.

mod holds;
mod model;
mod money;
mod operator;
mod purchase;
mod refunds;
mod rig;
mod sale_clock;
mod state;
