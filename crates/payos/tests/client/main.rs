//! The clients against a server that gives exactly the reply a test asks for.

mod links;
mod payouts;
mod server;
