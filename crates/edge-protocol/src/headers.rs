//! Header names that both sides write or read, in the lower case HTTP/2 demands.

/// Unix milliseconds of the answering side, on every response: pages correct their countdown by it.
pub const TIME: &str = "dropgate-time";
