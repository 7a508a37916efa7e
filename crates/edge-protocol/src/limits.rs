//! Limits that hold at the edge and again at the origin, which trusts nobody.

/// A purchase with the longest name, e-mail and address is under 4 KiB of JSON; the rest is room for escapes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// PayOS sends about 1 KiB. A larger sender is not PayOS, yet a description may grow.
pub const WEBHOOK_BYTES_MAX: usize = 64 * 1024;

/// All request headers together.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Our longest token is about 500 characters; anything longer is refused before it is decoded.
pub const TOKEN_CHARS_MAX: usize = 1024;

/// Longest personal names on Vietnamese papers are far below; counted in characters, not bytes.
pub const NAME_CHARS_MAX: usize = 120;

/// The longest address SMTP can carry (RFC 5321, path limit of 256 with its angle brackets).
pub const EMAIL_CHARS_MAX: usize = 254;

/// House, street, ward and district on one line.
pub const ADDRESS_LINE_CHARS_MAX: usize = 200;

/// A phone as typed, separators included: E.164 has at most 15 digits.
pub const PHONE_CHARS_MAX: usize = 32;

/// A slug is part of a URL that people read aloud.
pub const SLUG_CHARS_MAX: usize = 64;

/// An operator's name inside an admin token.
pub const OPERATOR_NAME_CHARS_MAX: usize = 64;
