//! The stand-in is another company's computer: it has a clock of its own and keeps Vietnamese time.

use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, format_description::BorrowedFormatItem};

const WALL_TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

pub(crate) fn now_ms() -> i64 {
    let nanoseconds = OffsetDateTime::now_utc().unix_timestamp_nanos();
    i64::try_from(nanoseconds / 1_000_000).expect("milliseconds fit for ages")
}

/// As in replies: `2026-11-20T10:10:00+07:00`.
pub(crate) fn iso(at_ms: i64) -> String {
    vietnamese(at_ms).format(&Rfc3339).expect("a year of four digits")
}

/// As in PayOS's documentation: `2026-11-20T03:10:00Z`.
pub(crate) fn utc(at_ms: i64) -> String {
    vietnamese(at_ms).to_offset(offset!(UTC)).format(&Rfc3339).expect("a year of four digits")
}

/// As in webhooks: `2026-11-20 10:10:00`.
pub(crate) fn wall_time(at_ms: i64) -> String {
    vietnamese(at_ms).format(WALL_TIME).expect("a year of four digits")
}

/// Only such times can be written in the forms above.
pub(crate) fn is_of_four_digits(at_ms: i64) -> bool {
    // 1970 to 9998.
    (0..253_370_764_800_000).contains(&at_ms)
}

fn vietnamese(at_ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000)).expect("a time of this age").to_offset(offset!(+7))
}
