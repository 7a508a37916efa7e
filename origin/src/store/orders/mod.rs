//! Orders with their links, payments and refunds, each by its order code.

mod codes;
mod facts;
mod read;
mod write;

pub(super) use codes::{doubt_code, doubt_of, sent_by};
pub(crate) use facts::{FACTS, first_placed_from, placed_as};
pub(crate) use read::OrderReader;
pub(crate) use write::OrderWriter;
