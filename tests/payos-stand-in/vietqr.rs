//! The text of a VietQR code: EMVCo fields of two-digit id, two-digit length and value, then a checksum.

/// The bank account that all links of the stand-in are paid to.
pub(crate) const BANK_BIN: &str = "970422";
pub(crate) const ACCOUNT_NUMBER: &str = "113366668888";
pub(crate) const ACCOUNT_NAME: &str = "CUA HANG MAU";

pub(crate) fn text(amount: i64, memo: &str) -> String {
    let bank = [field("00", BANK_BIN), field("01", ACCOUNT_NUMBER)].concat();
    let payee = [field("00", "A000000727"), field("01", &bank), field("02", "QRIBFTTA")].concat();
    let mut text = [
        field("00", "01"),
        field("01", "12"),
        field("38", &payee),
        field("53", "704"),
        field("54", &amount.to_string()),
        field("58", "VN"),
        field("62", &field("08", memo)),
    ]
    .concat();
    // The checksum covers its own id and length.
    text.push_str("6304");
    let checksum = crc16(text.as_bytes());
    text.push_str(&format!("{checksum:04X}"));
    text
}

fn field(id: &str, value: &str) -> String {
    format!("{id}{:02}{value}", value.chars().count())
}

/// CRC-16/CCITT-FALSE.
fn crc16(bytes: &[u8]) -> u16 {
    let mut register: u16 = 0xFFFF;
    for byte in bytes {
        register ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            let carry = register & 0x8000 != 0;
            register <<= 1;
            if carry {
                register ^= 0x1021;
            }
        }
    }
    register
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    #[test]
    fn a_code_has_the_layout_that_banks_read() {
        let code = text(49_000, "DH1000001");
        let expected = "00020101021238560010A0000007270126000697042201121133666688880208QRIBFTTA\
                        5303704540549000\
                        5802VN62130809DH10000016304";
        assert_eq!(code.len(), expected.len() + 4);
        assert!(code.starts_with(expected), "{code}");
        let covered = &code[..code.len() - 4];
        assert_eq!(code[code.len() - 4..], format!("{:04X}", crc16(covered.as_bytes())));
    }
}
