//! Text that a person typed or pasted: names, addresses, references, reasons.

use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// Nothing of it can be seen.
    Missing,
    TooLong,
    /// It holds a control, a direction override or a code that is no character.
    Unprintable,
}

/// One line without what cannot be seen at its ends, and without marks that come along when text is copied. What it
/// accepts can be printed, compared and read in its order.
pub fn line(typed: &str, chars_max: usize) -> Result<Cow<'_, str>, TextError> {
    let typed = typed.trim();
    if typed.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return within(Cow::Borrowed(typed), chars_max);
    }
    if typed.contains(is_unprintable) {
        return Err(TextError::Unprintable);
    }
    let mut clean = Cow::Borrowed(typed);
    if typed.contains(is_copied_mark) {
        let kept: String = typed.chars().filter(|letter| !is_copied_mark(*letter)).collect();
        clean = Cow::Owned(kept.trim().to_owned());
    }
    if clean.chars().all(is_unseen) {
        return Err(TextError::Missing);
    }
    within(clean, chars_max)
}

fn within(line: Cow<'_, str>, chars_max: usize) -> Result<Cow<'_, str>, TextError> {
    if line.is_empty() {
        return Err(TextError::Missing);
    }
    if line.len() > chars_max && line.chars().count() > chars_max {
        return Err(TextError::TooLong);
    }
    Ok(line)
}

/// Controls; line and paragraph separators; what turns the direction of the text that follows, or hides text in tags; and
/// codes that Unicode keeps free of characters.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{206f}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// Marks without a width that say nothing in a line: direction marks, soft hyphens, joiners of words, byte order marks.
fn is_copied_mark(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}

/// Blanks, fillers, joiners and variation selectors, and accents, which need a letter to stand on.
fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '\u{300}'..='\u{36f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{1ab0}'..='\u{1aff}'
                | '\u{1dc0}'..='\u{1dff}'
                | '\u{200c}'
                | '\u{200d}'
                | '\u{20d0}'..='\u{20ff}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{fe20}'..='\u{fe2f}'
                | '\u{ffa0}'
                | '\u{e0100}'..='\u{e01ef}'
        )
}

#[cfg(test)]
mod tests {
    use super::TextError::{Missing, TooLong, Unprintable};
    use super::*;

    #[test]
    fn names_as_people_have_them_stay_as_they_are() {
        for name in [
            "Y",
            "Nguyễn Văn Ấn",
            "Hi\u{1ebf}u",
            "O'Brien-Tran J.",
            "TM&DV",
            "李小龍",
            "محمد",
            "नमस्\u{200d}ते",
            "👩\u{200d}🚀",
        ] {
            assert_eq!(line(name, 20).as_deref(), Ok(name), "{name}");
        }
    }

    #[test]
    fn what_comes_along_when_text_is_copied_is_taken_off() {
        for (typed, kept) in [
            ("  An ", "An"),
            ("\u{a0}An\u{3000}", "An"),
            ("\u{feff}An", "An"),
            ("\u{200e}An\u{200f}", "An"),
            ("\u{200e} An \u{200b}", "An"),
            ("Nguy\u{ad}\u{1ec5}n", "Nguyễn"),
        ] {
            assert_eq!(line(typed, 20).as_deref(), Ok(kept), "{typed:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        for typed in [
            "",
            " ",
            "\u{200b}",
            "\u{200d}\u{200d}",
            "\u{3164}",
            "\u{2800} \u{ffa0}",
            "\u{fe0f}",
            "\u{301}",
            "\u{feff}\u{200e}",
            "\u{ad}",
        ] {
            assert_eq!(line(typed, 20), Err(Missing), "{typed:?}");
        }
    }

    #[test]
    fn what_changes_or_breaks_the_line_is_refused() {
        for typed in [
            "An \u{202e}gnp.exe",
            "An\u{2066}",
            "A\u{202a}n",
            "A\nn",
            "A\0n",
            "A\u{1b}[2Jn",
            "A\u{85}n",
            "A\u{7f}n",
            "A\u{2028}n",
            "A\u{fffe}n",
            "A\u{ffff}n",
            "A\u{1fffe}n",
            "A\u{10ffff}n",
            "A\u{fdd0}n",
            "A\u{fff9}n",
            "A\u{e0041}n",
            "A\u{206a}n",
        ] {
            assert_eq!(line(typed, 20), Err(Unprintable), "{typed:?}");
        }
    }

    #[test]
    fn a_limit_counts_characters() {
        for (typed, result) in [
            ("ấấấ", Ok("ấấấ")),
            ("abc", Ok("abc")),
            ("  abc  ", Ok("abc")),
            ("ấấấấ", Err(TooLong)),
            ("abcd", Err(TooLong)),
            ("👩👩👩", Ok("👩👩👩")),
        ] {
            assert_eq!(line(typed, 3).as_deref(), result.as_ref().copied(), "{typed}");
        }
    }
}
