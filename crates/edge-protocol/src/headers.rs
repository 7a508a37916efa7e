//! Names of headers, in lower case as HTTP/2 demands.

/// On every response: the server's time in milliseconds since 1970. Pages correct their countdown by it.
pub const TIME: &str = "dropgate-time";
