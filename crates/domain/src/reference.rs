//! Banks' references of transfers, and when two spellings are one.
//!
//! A webhook, a statement and a person spell a reference in different ways: with a tail that names the bank's branch, in
//! small letters, with blanks, with the day of the booking in the same cell. Nothing else is taken off: two references
//! that could be two transfers stay two.

use crate::timestamp::Timestamp;

/// Banks book a transfer days after it was made when holidays are between, nine days around Tết; and they use a
/// reference again weeks later.
pub const TRANSFER_DAYS_APART_MAX: i64 = 10;

/// A tail is cut only where this much of a reference is left: shorter ones are all that tells transfers apart.
const HEAD_CHARS_MIN: usize = 6;
/// Tails name a bank or a branch in a few characters.
const TAIL_CHARS_MAX: usize = 8;
/// After marks that references have inside as well, a tail is letters only, and this short.
const TAIL_LETTERS_MAX: usize = 4;

/// Whether two spellings name the same transfer of a bank. An empty one names none.
pub fn same_reference(one: &str, other: &str) -> bool {
    let key = reference_key(one);
    !key.is_empty() && key == reference_key(other)
}

/// Whether two days that are told of one reference can be one transfer's. A time of 0 is not known, and can be any.
pub fn could_be_one_transfer(one: Timestamp, other: Timestamp) -> bool {
    let apart = (one.day_in_vietnam() - other.day_in_vietnam()).abs();
    one.0 == 0 || other.0 == 0 || apart <= TRANSFER_DAYS_APART_MAX
}

/// What all spellings of one reference have in common; empty when the text names no transfer.
pub fn reference_key(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let plain: String = words.filter(|word| !is_day_or_time(word)).flat_map(str::chars).filter(is_visible).collect();
    let plain = plain.trim_matches(['\'', '"', '=']).to_uppercase();
    without_tail(&plain).trim_end_matches(['-', '/', '\\', '|', ';', ',', '.']).to_owned()
}

/// Marks of direction, joiners and byte order marks come along when text is copied from a page.
fn is_visible(letter: &char) -> bool {
    !matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn without_tail(reference: &str) -> &str {
    let Some(at) = reference.rfind(['\\', '/', '|', '-', '_']) else {
        return reference;
    };
    let (head, tail) = (&reference[..at], &reference[at + 1..]);
    // Nothing but a tail follows a backslash.
    let is_certain = reference[at..].starts_with('\\');
    let is_tail = if is_certain {
        tail.len() <= TAIL_CHARS_MAX && tail.bytes().all(|byte| byte.is_ascii_alphanumeric())
    } else {
        (1..=TAIL_LETTERS_MAX).contains(&tail.len()) && tail.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let is_reference =
        (is_certain || head.chars().count() >= HEAD_CHARS_MIN) && head.bytes().any(|byte| byte.is_ascii_digit());
    if is_tail && is_reference { head } else { reference }
}

/// `01/12/2026`, `2026-12-01`, `20:10:05` and the like.
fn is_day_or_time(word: &str) -> bool {
    let lengths = |mark: char| -> Option<Vec<usize>> {
        word.split(mark)
            .map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part.len()))
            .collect::<Option<_>>()
    };
    let is_day = ['/', '-']
        .into_iter()
        .filter_map(lengths)
        .any(|lengths| matches!(lengths[..], [1 | 2, 1 | 2, 4] | [4, 1 | 2, 1 | 2]));
    is_day || lengths(':').is_some_and(|lengths| matches!(lengths[..], [1 | 2, 2] | [1 | 2, 2, 2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_transfer_are_the_same() {
        for (one, other) in [
            ("FT26335000000001", "FT26335000000001\\BNK"),
            ("FT26335000000001", "ft26335000000001"),
            ("FT26335000000001", " FT26335000000001 \\ bnk "),
            ("FT26335000000001", "FT26335000000001\\D50"),
            ("FT26335000000001", "FT26335000000001\\"),
            ("FT26335000000001", "FT 2633 5000 0000 01"),
            ("FT26335000000001", "FT26335\u{a0}000000001"),
            ("FT26335000000001", "\u{feff}FT26335000000001\u{200b}"),
            ("FT1", "ft1\\BNK"),
            ("FT26335000000001", "FT26335000000001/BNK"),
            ("FT26335000000001", "FT26335000000001-BNK"),
            ("FT26335000000001", "FT26335000000001|VN"),
            ("FT26335000000001", "=\"FT26335000000001\""),
            ("FT26335000000001", "'FT26335000000001"),
            ("5243.61234", "01/12/2026\n5243.61234"),
            ("5243.61234", "5243.61234\r\n01/12/2026"),
            ("5243.61234", "01/12/2026 20:11:05 5243.61234"),
            ("5243.61234", "2026-12-01\n5243.61234"),
            ("5243.61234", "5243.61234 - 01/12/2026"),
        ] {
            assert!(same_reference(one, other), "{one:?} {other:?}");
            assert!(same_reference(other, one), "{other:?} {one:?}");
        }
    }

    #[test]
    fn what_could_be_two_transfers_is_two() {
        for (one, other) in [
            ("FT26335000000001", "FT26335000000002"),
            ("FT26335000000001", "FT2633500000001"),
            ("FT26335000000001", "26335000000001"),
            ("5243.61234", "5243.6123"),
            ("5243.61234", "524361234"),
            ("0012345", "12345"),
            ("FT26335000000001-1", "FT26335000000001-2"),
            ("FT26335000000001/01", "FT26335000000001/02"),
            ("MB-ABC", "MB-DEF"),
            ("ABC\\BNK", "ABC\\MBB"),
            ("12/2026/33", "12/2026/34"),
            ("FT1", "FT1A"),
            ("FT1-A", "FT1-B"),
            ("O1", "01"),
            ("", ""),
            ("01/12/2026", "01/12/2026"),
            (" ", ""),
        ] {
            assert!(!same_reference(one, other), "{one:?} {other:?}");
        }
    }
}
