//! Amounts as banks and spreadsheets print them. What could be two numbers is none.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountError {
    NotANumber,
    /// `1234.567` is 1,234,567 to one program and 1,234.567 to another.
    TwoReadings,
    Hundredths,
    /// `4.5E+05`: digits are lost.
    Shortened,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "this is not an amount in whole đồng",
            Self::TwoReadings => "this could be two amounts: write it without marks, or with one at every third digit",
            Self::Hundredths => "đồng has no hundredths",
            Self::Shortened => {
                "a spreadsheet has shortened this number: export the file again and do not save it from one"
            }
        })
    }
}

/// Whole đồng with their sign; `None` for a cell that holds no amount.
pub(crate) fn vnd(text: &str) -> Result<Option<i64>, AmountError> {
    let Some((digits, is_negative)) = without_sign(text)? else {
        return Ok(None);
    };
    let amount = whole(&digits)?;
    Ok(Some(if is_negative { -amount } else { amount }))
}

/// What is left without currency, blanks around it, brackets and signs, of which there may be one.
fn without_sign(text: &str) -> Result<Option<(String, bool)>, AmountError> {
    let upper = text.to_uppercase();
    let mut rest = upper.trim_matches(is_blank);
    let mut signs = Vec::new();
    loop {
        let before = rest;
        for currency in ["VND", "VNĐ", "ĐỒNG", "DONG", "Đ", "₫"] {
            rest = rest.strip_prefix(currency).or_else(|| rest.strip_suffix(currency)).unwrap_or(rest);
        }
        if let Some(inside) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            signs.push(true);
            rest = inside;
        }
        for (mark, is_negative) in [("-", true), ("−", true), ("–", true), ("+", false)] {
            if let Some(inside) = rest.strip_prefix(mark).or_else(|| rest.strip_suffix(mark)) {
                signs.push(is_negative);
                rest = inside;
            }
        }
        for (word, is_negative) in [("CR", false), ("DR", true), ("DB", true)] {
            if let Some(inside) = rest.strip_suffix(word) {
                signs.push(is_negative);
                rest = inside;
            }
        }
        rest = rest.trim_matches(is_blank);
        if rest == before {
            break;
        }
    }
    match (rest.is_empty(), &signs[..]) {
        // A lone dash is how statements print nothing.
        (true, [] | [true]) => Ok(None),
        (false, [] | [_]) => Ok(Some((rest.to_owned(), signs == [true]))),
        _ => Err(AmountError::NotANumber),
    }
}

fn whole(text: &str) -> Result<i64, AmountError> {
    if is_shortened(text) {
        return Err(AmountError::Shortened);
    }
    let mark = |letter: char| if is_blank(letter) { ' ' } else { letter };
    let text: String = text.chars().map(mark).map(|letter| if letter == '’' { '\'' } else { letter }).collect();
    let is_part = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ',' | ' ' | '\'');
    if !text.chars().all(is_part) || !text.contains(|letter: char| letter.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    let marks: Vec<char> = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    let groups: Vec<&str> = text.split(|letter: char| !letter.is_ascii_digit()).collect();
    let (last_group, last_mark) = (groups.last().copied().unwrap_or_default(), marks.last().copied());
    // One or two digits after the last point or comma are hundredths; three are thousands.
    let has_hundredths = matches!(last_mark, Some('.' | ','))
        && matches!(last_group.len(), 1 | 2)
        && marks.iter().filter(|mark| Some(**mark) == last_mark).count() == 1;
    let (thousands, thousand_marks) = if has_hundredths {
        (&groups[..groups.len() - 1], &marks[..marks.len() - 1])
    } else {
        (&groups[..], &marks[..])
    };
    if !is_grouped(thousands, thousand_marks) {
        return Err(AmountError::TwoReadings);
    }
    if has_hundredths && last_group.bytes().any(|byte| byte != b'0') {
        return Err(AmountError::Hundredths);
    }
    thousands.concat().parse().map_err(|_| AmountError::NotANumber)
}

/// One kind of mark, three digits after each and one to three before the first, which do not begin with 0.
fn is_grouped(groups: &[&str], marks: &[char]) -> bool {
    let [first, others @ ..] = groups else {
        return false;
    };
    if others.is_empty() {
        return !first.is_empty();
    }
    let one_kind = marks.iter().all(|mark| Some(mark) == marks.first());
    let first_fits = (1..=3).contains(&first.len()) && !first.starts_with('0');
    one_kind && first_fits && others.iter().all(|group| group.len() == 3)
}

/// `4.5E+05`, `5.59E11`: a number as a spreadsheet prints it when a column is narrow or the number long.
pub(crate) fn is_shortened(text: &str) -> bool {
    let upper = text.trim().to_uppercase();
    let Some((digits, power)) = upper.split_once('E') else {
        return false;
    };
    let has_mark = digits.contains(['.', ',']) || power.starts_with(['+', '-']);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    let (whole, rest) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    has_mark
        && whole.len() == 1
        && is_number(whole)
        && is_number(rest)
        && is_number(power.trim_start_matches(['+', '-']))
}

/// Blanks of every width, the unseen ones too: they separate thousands or come along when text is copied.
fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_banks_print_them() {
        for (text, amount) in [
            ("1250000", 1_250_000),
            ("1.250.000", 1_250_000),
            ("1,250,000", 1_250_000),
            ("1,250,000.00", 1_250_000),
            ("1.250.000,00", 1_250_000),
            ("1,250,000.0", 1_250_000),
            ("1 250 000", 1_250_000),
            ("1 250 000,00", 1_250_000),
            ("1'250'000", 1_250_000),
            ("450.000", 450_000),
            ("450,000", 450_000),
            ("450000.00", 450_000),
            ("450000,00", 450_000),
            ("450\u{a0}000", 450_000),
            ("450\u{202f}000", 450_000),
            ("450\u{2009}000", 450_000),
            ("\u{200e}450.000\u{feff}", 450_000),
            ("1,250,000 VND", 1_250_000),
            ("VND 450.000", 450_000),
            ("VND450.000", 450_000),
            ("450.000 đ", 450_000),
            ("450.000đ", 450_000),
            ("450.000 ₫", 450_000),
            ("450.000 vnđ", 450_000),
            ("450.000 đồng", 450_000),
            ("+250.000đ", 250_000),
            ("+ 250.000 VND", 250_000),
            ("-5000", -5_000),
            ("- 150.000", -150_000),
            ("\u{2212}150.000", -150_000),
            ("150.000-", -150_000),
            ("150,000.00-", -150_000),
            ("(150.000)", -150_000),
            ("(150,000) VND", -150_000),
            ("VND (150,000)", -150_000),
            ("-150.000 đ", -150_000),
            ("150,000 DR", -150_000),
            ("150,000 CR", 150_000),
            ("0", 0),
            ("0.00", 0),
            ("0,00", 0),
            ("-0.00", 0),
            ("1.00", 1),
            ("000450000", 450_000),
        ] {
            assert_eq!(vnd(text), Ok(Some(amount)), "{text}");
        }
        for text in ["", " ", "\u{a0}", "-", "–", "VND"] {
            assert_eq!(vnd(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_or_could_be_two_is_refused() {
        use AmountError::{Hundredths, NotANumber, Shortened, TwoReadings};
        for (text, error) in [
            ("450,000.50", Hundredths),
            ("450.000,5", Hundredths),
            ("1.5", Hundredths),
            ("1,50", Hundredths),
            ("1234.567", TwoReadings),
            ("1234,567", TwoReadings),
            (".500", TwoReadings),
            (",500", TwoReadings),
            ("0.450", TwoReadings),
            ("0.500.000", TwoReadings),
            ("12.34.567", TwoReadings),
            ("1..000", TwoReadings),
            ("1.234,567", TwoReadings),
            ("1,234.567", TwoReadings),
            ("450,000.000", TwoReadings),
            ("450000.000", TwoReadings),
            ("450 00", TwoReadings),
            ("1,23,456", TwoReadings),
            ("450.", TwoReadings),
            ("450.000.", TwoReadings),
            ("4.5E+05", Shortened),
            ("4,5E+05", Shortened),
            ("4E+05", Shortened),
            ("1e6", NotANumber),
            ("abc", NotANumber),
            ("FT1", NotANumber),
            ("--5", NotANumber),
            ("-(5)", NotANumber),
            ("(-5)", NotANumber),
            ("+-5", NotANumber),
            ("+", NotANumber),
            (".", NotANumber),
            ("USD 5", NotANumber),
            ("5 $", NotANumber),
            ("450k", NotANumber),
            ("9223372036854775808", NotANumber),
            ("4\u{fffd}0", NotANumber),
        ] {
            assert_eq!(vnd(text), Err(error), "{text}");
        }
    }
}
