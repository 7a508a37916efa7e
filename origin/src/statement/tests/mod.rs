mod compared;
mod files;
mod headers;

use domain::{OrderCode, Timestamp};
use time::{Date, Month};

use super::*;

/// Midnight of 2026-12-01 in Vietnam.
const FIRST_OF_DECEMBER: i64 = 1_796_058_000_000;
const DAY_MS: i64 = 86_400_000;

fn december(day: u8) -> Option<Date> {
    Date::from_calendar_date(2026, Month::December, day).ok()
}

fn line(number: u64, reference: &str, amount: i64) -> Line {
    Line { file: 0, number, reference: reference.into(), amount, day: None }
}

fn on(day: u8, line: Line) -> Line {
    Line { day: december(day), ..line }
}

fn known(reference: &str, amount: i64) -> KnownTransfer {
    known_on(1, reference, amount)
}

/// Shortly after eight in the evening of a day of December.
fn known_on(day: i64, reference: &str, amount: i64) -> KnownTransfer {
    KnownTransfer {
        order: OrderCode(1),
        reference: reference.into(),
        amount,
        at: Timestamp(FIRST_OF_DECEMBER + (day - 1) * DAY_MS + 20 * 3_600_000),
        has_own_time: true,
        account: None,
    }
}

/// What a file of UTF-8 says, by the names of its own columns.
fn readings(file: &str) -> Vec<Reading> {
    read(0, file.as_bytes(), &Chosen::default()).unwrap().readings
}

/// Only the transfers of it.
fn transfers(file: &str) -> Vec<Line> {
    let line = |reading: Reading| match reading {
        Reading::Incoming(line) => Some(line),
        _ => None,
    };
    readings(file).into_iter().filter_map(line).collect()
}
