//! The ledger, without its table: what its rows record, how each is encoded, and the hash chain that binds them.
//!
//! Nothing here reads a file or a clock. `origin/src/store/ledger.rs` keeps the rows in SQL.
//!
//! An [`Entry`] is one thing that happened. [`Entry::columns`] encodes it, [`StoredRow::entry`] decodes it. Encodings are
//! versioned: the bytes of a released version never change, and a golden test holds an example of each.

mod chain;
mod entry;
mod row_kind;

pub use chain::{Head, LedgerRow, StoredRow};
pub use entry::{
    AccountCommit, Columns, EndpointStep, Entry, Fact, GivenAccount, Listing, ORDER_PLACED_VERSION, Product,
};
pub use row_kind::RowKind;
