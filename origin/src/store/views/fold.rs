//! Names as they are searched: people type them with or without diacritics, and in any case.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text in lower case, without diacritics; đ becomes d. What is no letter and no digit divides words.
pub(crate) fn words(text: &str) -> Vec<String> {
    let plain = text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase);
    let plain: String = plain.map(|letter| if letter == 'đ' { 'd' } else { letter }).collect();
    // A letter in lower case may bring a mark along, as the Turkish İ does.
    let plain: String = plain.nfkd().filter(|letter| !is_combining_mark(*letter)).collect();
    plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_folds_to_the_same_words_however_it_is_typed() {
        for (typed, folded) in [
            ("Nguyễn Văn Ấn", "nguyen van an"),
            ("NGUYEN  VAN\u{a0}AN", "nguyen van an"),
            ("Nguye\u{302}\u{303}n Va\u{306}n A\u{302}\u{301}n", "nguyen van an"),
            ("Đặng Thị Đào", "dang thi dao"),
            ("O'Brien-Tran J.", "o brien tran j"),
            ("İpek Çelik", "ipek celik"),
            ("ﬁ Ａn", "fi an"),
            ("李小龍", "李小龍"),
            ("100% \"*\" OR -", "100 or"),
            ("👩\u{200d}🚀", ""),
        ] {
            assert_eq!(words(typed).join(" "), folded, "{typed:?}");
        }
    }
}
