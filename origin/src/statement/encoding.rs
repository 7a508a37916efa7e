//! The text of a file, whatever wrote it: Excel saves UTF-16 or UTF-8 with a mark, older programs of banks Windows-1258.

use anyhow::{Result, bail};
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1258};
use unicode_normalization::UnicodeNormalization;

/// What other programs' files begin with.
const OTHER_FILES: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"<", "a web page or XML"),
    (b"{", "JSON"),
];

/// Letters are composed: Windows-1258 and some phones keep marks apart from what they stand on.
pub(crate) fn decode(bytes: &[u8]) -> Result<String> {
    let text = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, mark)) => encoding.decode_without_bom_handling(&bytes[mark..]).0,
        None => guess(bytes).decode_without_bom_handling(bytes).0,
    };
    let start = text.trim_start().as_bytes();
    if let Some((_, what)) = OTHER_FILES.iter().find(|(mark, _)| bytes.starts_with(mark) || start.starts_with(mark)) {
        bail!("it is {what}: open it and save it as CSV");
    }
    if text.contains('\0') {
        bail!("it is no text: save it as CSV");
    }
    Ok(text.nfc().collect())
}

fn guess(bytes: &[u8]) -> &'static encoding_rs::Encoding {
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    // Most letters of a statement are ASCII, and have a zero for their other half.
    match (zeros(0) * 4 > bytes.len(), zeros(1) * 4 > bytes.len()) {
        (true, false) => UTF_16BE,
        (false, true) => UTF_16LE,
        _ if is_mostly_utf8(bytes) => UTF_8,
        _ => WINDOWS_1258,
    }
}

/// One damaged line does not make a file of UTF-8 another encoding's: that would change every other line.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut letters, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        broken += chunk.invalid().len();
    }
    broken == 0 || letters > broken
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Ngày,Số bút toán,Ghi có\n01/12/2026,FT1,\"450,000 đ\"\n";

    #[test]
    fn every_encoding_that_banks_and_excel_use_is_read() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| TEXT.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        // Windows-1258 writes most marks of tones after their letter.
        let windows = b"Ng\xe0y,S\xf4\xec b\xfat to\xe1n,Ghi c\xf3\n01/12/2026,FT1,\"450,000 \xf0\"\n".to_vec();
        for (name, bytes) in [
            ("UTF-8", TEXT.as_bytes().to_vec()),
            ("UTF-8 with a mark", marked(b"\xef\xbb\xbf", TEXT.as_bytes())),
            ("UTF-16 LE with a mark", marked(b"\xff\xfe", &utf16(u16::to_le_bytes))),
            ("UTF-16 BE with a mark", marked(b"\xfe\xff", &utf16(u16::to_be_bytes))),
            ("UTF-16 LE", utf16(u16::to_le_bytes)),
            ("UTF-16 BE", utf16(u16::to_be_bytes)),
            ("UTF-8 with marks apart", TEXT.nfd().collect::<String>().into_bytes()),
            ("Windows-1258", windows),
        ] {
            assert_eq!(decode(&bytes).unwrap(), TEXT, "{name}");
        }
        assert_eq!(decode(b"").unwrap(), "");
    }

    #[test]
    fn a_damaged_line_changes_no_other() {
        let mut bytes = TEXT.as_bytes().to_vec();
        bytes.extend(b"01/12/2026,FT\xff2,5\n");
        assert_eq!(decode(&bytes).unwrap(), format!("{TEXT}01/12/2026,FT\u{fffd}2,5\n"));
    }

    #[test]
    fn files_of_other_programs_are_refused_by_name() {
        for (bytes, what) in [
            (&b"PK\x03\x04\x14\0"[..], "an Excel workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook"),
            (b"%PDF-1.7", "a PDF"),
            (b"\r\n<html><table>", "a web page"),
            (b"\xff\xfe<\0h\0", "a web page"),
            (b"FT1\0\0\0\0,\x01", "no text"),
        ] {
            let error = format!("{:#}", decode(bytes).unwrap_err());
            assert!(error.contains(what), "{error}");
        }
    }
}
