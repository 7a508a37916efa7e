/// The bytes that 32 lower-case hex digits stand for; `None` for any other text.
///
/// Every digit is read before any is judged: digits are random, and a processor that guesses at each guesses wrong.
pub(crate) fn bytes(digits: &[u8; 32]) -> Option<[u8; 16]> {
    let nibbles = digits.map(nibble);
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(nibbles.as_chunks::<2>().0) {
        *byte = pair[0] << 4 | pair[1];
    }
    nibbles.iter().all(|nibble| *nibble != NO_DIGIT).then_some(bytes)
}

const NO_DIGIT: u8 = u8::MAX;

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => NO_DIGIT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_other_byte_at_any_position_is_no_digit() {
        let text = *b"0123456789abcdef0123456789abcdef";
        assert_eq!(bytes(&text), Some([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef].repeat(2).try_into().unwrap()));
        for position in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut changed = text;
                changed[position] = byte;
                let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert_eq!(bytes(&changed).is_some(), is_digit, "{byte} at {position}");
            }
        }
    }
}
