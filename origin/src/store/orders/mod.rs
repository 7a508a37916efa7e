//! Orders with their links, payments and refunds, each by its order code.

mod codes;
mod facts;
mod read;
mod write;

pub(crate) use facts::{FACTS, first_placed_from, placed_as};
pub(crate) use read::OrderReader;
pub(crate) use write::OrderWriter;
