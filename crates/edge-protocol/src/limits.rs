//! Limits that the edge checks and the origin checks again, because the origin trusts no sender. Each is inclusive.

/// Bytes of a request body. A purchase with the longest name, e-mail and address is under 4 KiB of JSON; the rest is
/// room for escapes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a webhook's body. PayOS sends about 1 KiB; the rest is room for a longer description.
pub const WEBHOOK_BYTES_MAX: usize = 64 * 1024;

/// Bytes of all request headers together.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Characters of a token. The longest Dropgate token has about 500; a longer text is refused before it is decoded.
pub const TOKEN_CHARS_MAX: usize = 1024;

/// Characters of a buyer's name. The longest names on Vietnamese papers are far shorter.
pub const NAME_CHARS_MAX: usize = 120;

/// Characters of house, street, ward and district on one line.
pub const ADDRESS_LINE_CHARS_MAX: usize = 200;

/// Bytes of a phone number as typed, separators included. E.164 has at most 15 digits.
pub const PHONE_CHARS_MAX: usize = 32;

/// Characters of a slug: part of a URL that people read aloud.
pub const SLUG_CHARS_MAX: usize = 64;

/// Characters of an operator's name in an admin token.
pub const OPERATOR_NAME_CHARS_MAX: usize = 64;
