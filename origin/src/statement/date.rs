//! Days as banks write them, in Vietnam's order.

use domain::Timestamp;
use time::{Date, Month};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

const JULIAN_DAY_OF_1970: i64 = 2_440_588;

/// The day of a time, in Vietnam.
pub(crate) fn day_of(at: Timestamp) -> Option<Date> {
    Date::from_julian_day(i32::try_from(at.day_in_vietnam() + JULIAN_DAY_OF_1970).ok()?).ok()
}

/// `01/12/2026`, `1-12-2026`, `01.12.2026`, `2026-12-01`, `01-Dec-2026`, with or without a time; `None` when the cell
/// is no day, or could be two: two digits do not say which century, nor whether they are a year.
pub(crate) fn day(text: &str) -> Option<Date> {
    let words = || text.split_whitespace().flat_map(at_its_t);
    let mut days = words().filter_map(day_of_word);
    let found = days.next()?;
    let is_known = |word: &str| day_of_word(word).is_some() || is_time(word);
    (days.next().is_none() && words().all(is_known)).then_some(found)
}

/// `2026-12-01T20:10:05` is a day and a time.
fn at_its_t(word: &str) -> impl Iterator<Item = &str> {
    let (day, time) = match word.split_once('T') {
        Some((day, time)) if day_of_word(day).is_some() => (day, Some(time)),
        _ => (word, None),
    };
    std::iter::once(day).chain(time)
}

/// The day among other words of a cell: some banks put it beside the reference.
pub(crate) fn day_within(text: &str) -> Option<Date> {
    text.split_whitespace().find_map(day_of_word)
}

fn day_of_word(word: &str) -> Option<Date> {
    let parts: Vec<&str> = word.split(['/', '-', '.']).collect();
    let [first, second, third] = parts[..] else {
        return None;
    };
    let (year, day) = match (first.len(), third.len()) {
        (4, 1 | 2) => (first, third),
        (1 | 2, 4) => (third, first),
        _ => return None,
    };
    let month = match MONTHS.iter().position(|name| name.eq_ignore_ascii_case(second)) {
        Some(index) => u8::try_from(index + 1).ok()?,
        None => number(second)?,
    };
    let year: i32 = number::<u16>(year)?.into();
    Date::from_calendar_date(year, Month::try_from(month).ok()?, number(day)?).ok()
}

fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `20:10`, `20:10:05.123`, with `Z`, an offset, `AM` or `PM`.
fn is_time(word: &str) -> bool {
    let is_half = word.eq_ignore_ascii_case("am") || word.eq_ignore_ascii_case("pm");
    let digits = word.trim_end_matches(['Z', 'z']);
    is_half
        || digits.contains(':')
            && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_banks_write_them() {
        let first = Date::from_calendar_date(2026, Month::December, 1).unwrap();
        for text in [
            "01/12/2026",
            "1/12/2026",
            "01-12-2026",
            "01.12.2026",
            "2026-12-01",
            "2026/12/01",
            "01-Dec-2026",
            "01-DEC-2026",
            "01/12/2026 20:10:05",
            "20:10 01/12/2026",
            "01/12/2026\n20:10:05",
            "01/12/2026 08:10:05 PM",
            "2026-12-01T20:10:05Z",
            "2026-12-01T20:10:05.123+07:00",
            " 01/12/2026 ",
        ] {
            assert_eq!(day(text), Some(first), "{text}");
        }
        assert_eq!(day_within("01/12/2026\n5243.61234"), Some(first));
        assert_eq!(day_within("5243.61234"), None);
    }

    #[test]
    fn what_is_no_day_or_could_be_two_is_none() {
        for text in [
            "",
            "25/12/26",
            "01/12/26",
            "31/02/2026",
            "12/25/2026",
            "46357",
            "2026",
            "12/2026",
            "soon",
            "01/12/2026 FT1",
            "01/12/2026 - 02/12/2026",
            "01/12/2026 02/12/2026",
            "+1/12/2026",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn the_day_of_a_time_is_the_one_in_vietnam() {
        let at = |text: &str| Timestamp(text.parse::<i64>().unwrap() * 1000);
        // 2026-12-01T17:00:00Z, midnight in Vietnam, and a second before.
        assert_eq!(day_of(at("1796144400")), Date::from_calendar_date(2026, Month::December, 2).ok());
        assert_eq!(day_of(at("1796144399")), Date::from_calendar_date(2026, Month::December, 1).ok());
    }
}
