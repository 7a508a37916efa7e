use crate::timestamp::Timestamp;

/// Where a drop stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Coming,
    Open,
    /// Past its closing time, or killed.
    Closed,
}

/// The phase of a drop at `now`, which opens and closes on its millisecond. A pause does not change it: a paused drop
/// is still coming or open, only sells nothing meanwhile.
pub fn phase(opens_at: Timestamp, closes_at: Option<Timestamp>, killed: bool, now: Timestamp) -> Phase {
    if killed || closes_at.is_some_and(|closes_at| now >= closes_at) {
        Phase::Closed
    } else if now < opens_at {
        Phase::Coming
    } else {
        Phase::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENS_AT: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_drop_opens_and_closes_on_its_millisecond() {
        let closes_at = OPENS_AT.plus_ms(60_000);
        for (now, expected) in [
            (OPENS_AT.plus_ms(-1), Phase::Coming),
            (OPENS_AT, Phase::Open),
            (closes_at.plus_ms(-1), Phase::Open),
            (closes_at, Phase::Closed),
        ] {
            assert_eq!(phase(OPENS_AT, Some(closes_at), false, now), expected, "{now:?}");
            assert_eq!(phase(OPENS_AT, Some(closes_at), true, now), Phase::Closed, "{now:?}");
        }
    }

    #[test]
    fn a_drop_without_a_closing_time_stays_open() {
        assert_eq!(phase(OPENS_AT, None, false, Timestamp(i64::MAX)), Phase::Open);
    }
}
