//! Moments as people in Vietnam read them.

use domain::Timestamp;

use crate::rfc3339;

/// Vietnam has no summer time.
const OFFSET_MS: i64 = 7 * 3_600_000;

/// To the minute, such as `20:00 01/12/2026`. For any year from 0 to 9999.
pub fn format(at: Timestamp) -> String {
    let local = rfc3339::format(at.plus_ms(OFFSET_MS));
    let part = |from: usize, to: usize| local.get(from..to).unwrap_or_default();
    format!("{} {}/{}/{}", part(11, 16), part(8, 10), part(5, 7), part(0, 4))
}

/// To the second, for programs and for sorting, such as `2026-12-01T20:00:00+07:00`. For any year from 0 to 9999.
pub fn rfc3339(at: Timestamp) -> String {
    let second = Timestamp(at.0 - at.0.rem_euclid(1000));
    rfc3339::format(second.plus_ms(OFFSET_MS)).replace('Z', "+07:00")
}

/// The year, and the month from 1 to 12.
pub fn month(at: Timestamp) -> (i64, i64) {
    let (year, month, _) = rfc3339::civil(at.plus_ms(OFFSET_MS).0.div_euclid(rfc3339::DAY_MS));
    (year, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_vietnams_time_and_order() {
        for (utc, shown) in [
            ("2026-12-01T13:00:00Z", "20:00 01/12/2026"),
            ("2026-12-31T16:59:59.999Z", "23:59 31/12/2026"),
            ("2026-12-31T17:00:00Z", "00:00 01/01/2027"),
            ("2028-02-28T17:30:00Z", "00:30 29/02/2028"),
        ] {
            assert_eq!(format(rfc3339::parse(utc).unwrap()), shown, "{utc}");
            let (year, month) = month(rfc3339::parse(utc).unwrap());
            assert_eq!(format!("{month:02}/{year}"), shown[9..], "{utc}");
        }
    }

    #[test]
    fn a_moment_for_programs_is_the_same_moment() {
        for (utc, shown) in [
            ("2026-12-31T17:00:00Z", "2027-01-01T00:00:00+07:00"),
            ("2026-12-01T13:00:00.999Z", "2026-12-01T20:00:00+07:00"),
        ] {
            assert_eq!(super::rfc3339(rfc3339::parse(utc).unwrap()), shown, "{utc}");
        }
    }
}
