//! Moments as RFC 3339 text, the form of every time in JSON.

use domain::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written like 2026-11-21T20:00:00+07:00")]
pub struct TimeError;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// In UTC, with three digits of milliseconds where there are any. For any year from 0 to 9999; others are no RFC 3339.
// A date crate's formatter would be a good part of the Worker's size.
pub fn format(at: Timestamp) -> String {
    let (days, ms) = (at.0.div_euclid(DAY_MS), at.0.rem_euclid(DAY_MS));
    let (year, month, day) = civil(days);
    let (hour, minute, second, milli) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// At any offset from UTC. Digits after the milliseconds are dropped.
pub fn parse(text: &str) -> Result<Timestamp, TimeError> {
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError)?;
    Ok(Timestamp(at.unix_timestamp() * 1000 + i64::from(at.millisecond())))
}

/// Days since 1970 to the Gregorian date, counting in eras of 400 years that begin on 1 March, so that the leap day is
/// the last of a year.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_written_as_other_programs_write_them() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"),
            (1_790_000_000_120, "2026-09-21T14:13:20.120Z"),
            (1_798_761_599_000, "2026-12-31T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(format(Timestamp(unix_ms)), text);
            assert_eq!(parse(text), Ok(Timestamp(unix_ms)));
        }
    }

    #[test]
    fn a_moment_is_read_at_any_offset() {
        for (text, unix_ms) in [
            ("2026-11-21T20:00:00+07:00", 1_795_266_000_000),
            ("2026-11-21T13:00:00Z", 1_795_266_000_000),
            ("2026-11-21T13:00:00.5Z", 1_795_266_000_500),
            ("2026-11-21T13:00:00.123999Z", 1_795_266_000_123),
            ("1969-12-31T23:59:59.9999Z", -1),
        ] {
            assert_eq!(parse(text), Ok(Timestamp(unix_ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "now",
            "2026-11-21",
            "2026-11-21T20:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T20:00:00+07",
            "2026-11-21T20:00:00Z ",
            "26-11-21T20:00:00Z",
        ] {
            assert_eq!(parse(text), Err(TimeError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_moment_survives_its_text(unix_ms in -62_167_219_200_000..253_402_300_800_000_i64) {
            prop_assert_eq!(parse(&format(Timestamp(unix_ms))), Ok(Timestamp(unix_ms)));
        }
    }
}
