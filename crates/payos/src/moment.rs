//! PayOS writes moments in two ways: webhooks give Vietnamese wall time, replies ISO 8601 with an offset.

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, PrimitiveDateTime};

const WALL_TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// Unix milliseconds, or nothing when the text is neither form.
pub(crate) fn unix_ms(text: &str) -> Option<i64> {
    let moment = PrimitiveDateTime::parse(text, WALL_TIME)
        .map(|wall| wall.assume_offset(offset!(+7)))
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_is_vietnamese_and_an_offset_is_obeyed() {
        let expected = Some(1_675_509_900_000);
        assert_eq!(unix_ms("2023-02-04 18:25:00"), expected);
        assert_eq!(unix_ms("2023-02-04T18:25:00+07:00"), expected);
        assert_eq!(unix_ms("2023-02-04T11:25:00Z"), expected);
        assert_eq!(unix_ms("2023-02-04T11:25:00.250Z"), Some(1_675_509_900_250));
    }

    #[test]
    fn anything_else_is_no_moment() {
        for text in ["", "2023-02-04", "2023-02-30 18:25:00", "2023-02-04T18:25:00", "1675509900"] {
            assert_eq!(unix_ms(text), None, "{text}");
        }
    }
}
