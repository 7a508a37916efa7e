//! Names of accounts as banks print and compare them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Capital letters without marks, digits and single blanks: what every bank takes, and compares. `TM&DV` is `TM DV`.
/// Nothing when a letter has no such form or none is left: a name that was changed further would be another one.
pub fn printed_account_name(name: &str) -> Option<String> {
    let plain = name.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_uppercase);
    let mut printed = String::new();
    for letter in plain {
        match letter {
            'Đ' => printed.push('D'),
            'A'..='Z' | '0'..='9' => printed.push(letter),
            _ if letter.is_alphanumeric() => return None,
            // Joiners and marks of direction come along when text is copied, and separate nothing.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            _ if printed.ends_with(' ') => {}
            _ => printed.push(' '),
        }
    }
    let printed = printed.trim();
    printed.contains(|letter: char| letter.is_ascii_uppercase()).then(|| printed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printed_in_the_letters_of_every_bank() {
        for (name, printed) in [
            ("NGUYEN VAN A", "NGUYEN VAN A"),
            ("Nguyễn Thị Ánh", "NGUYEN THI ANH"),
            ("Nguye\u{302}\u{303}n Thi\u{323} A\u{301}nh", "NGUYEN THI ANH"),
            ("Đặng Đình Đức", "DANG DINH DUC"),
            ("CONG TY TNHH TM&DV AN", "CONG TY TNHH TM DV AN"),
            ("CTY AN (VIET NAM)", "CTY AN VIET NAM"),
            ("CTY A, B", "CTY A B"),
            ("  CTY  AN.,  JSC ", "CTY AN JSC"),
            ("O'Brien-Tran J.", "O BRIEN TRAN J"),
            ("ＡＮ １２", "AN 12"),
            ("=HYPERLINK(\"x\")", "HYPERLINK X"),
            ("+AN", "AN"),
            ("A\u{200b}N\u{202e}", "AN"),
        ] {
            assert_eq!(printed_account_name(name).as_deref(), Some(printed), "{name}");
        }
        for name in ["", " ", "&", "123", "山田", "Łukasz", "Ин"] {
            assert_eq!(printed_account_name(name), None, "{name}");
        }
    }
}
