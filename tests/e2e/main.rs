//! Claims about the whole system, one behaviour per file. `tidy` is about the tree itself.

mod bad_input;
mod bad_webhooks;
mod browser;
mod crash;
mod edge_doors;
mod ended;
mod expiry;
mod hang_up;
mod late;
mod ledger;
mod links;
mod payments;
mod privacy;
mod race;
mod reconcile;
mod refunds;
mod replay;
mod sale;
mod sdk;
mod silent;
mod statements;
mod status;
mod tidy;
mod tokens;
mod unmatched;
mod webhooks;
