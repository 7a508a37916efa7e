//! How PayOS responds to the next calls: well, or as badly as a test sets.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// Long enough for a caller to notice, short enough for a test.
const SLOW_DELAY_MS_DEFAULT: u64 = 2_000;
const RETRY_AFTER_SECONDS_DEFAULT: u32 = 1;

/// PayOS gives each kind of channel keys and signatures of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Links,
    Payouts,
}

/// A call, by the word that a test names it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) channel: Channel,
    word: &'static str,
}

impl Operation {
    pub(crate) const CREATE: Operation = Operation::of(Channel::Links, "create");
    pub(crate) const GET: Operation = Operation::of(Channel::Links, "get");
    pub(crate) const CANCEL: Operation = Operation::of(Channel::Links, "cancel");

    pub(crate) const CREATE_PAYOUT: Operation = Operation::of(Channel::Payouts, "create");
    pub(crate) const GET_PAYOUT: Operation = Operation::of(Channel::Payouts, "get");
    pub(crate) const LIST_PAYOUTS: Operation = Operation::of(Channel::Payouts, "list");
    pub(crate) const ESTIMATE_PAYOUT: Operation = Operation::of(Channel::Payouts, "estimate");
    pub(crate) const BALANCE: Operation = Operation::of(Channel::Payouts, "balance");

    const fn of(channel: Channel, word: &'static str) -> Operation {
        Operation { channel, word }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    #[default]
    Ok,
    /// HTTP 500, or another status above; nothing is done.
    #[serde(rename = "fail_5xx")]
    Fail5xx,
    /// HTTP 429 with `retry-after`; nothing is done.
    RateLimited,
    RateLimitedWithoutRetryAfter,
    /// Nothing is done. After the delay the connection breaks.
    Down,
    /// The delay passes, then the call is done and answered. It is done even when the caller has hung up
    /// by then: a link can appear after its creation seemed to fail.
    Slow,
    /// The call is done at once. After the delay the connection breaks instead of a reply.
    #[serde(alias = "silent_after_create", alias = "silent_after_cancel")]
    Silent,
    /// The call is done and answered with HTTP 500, or another status above.
    #[serde(rename = "done_then_5xx")]
    DoneThen5xx,
    /// The call is done and answered with a signature that is wrong.
    BadSignature,
    /// The call is done and answered without a signature.
    Unsigned,
}

/// What holds for one operation.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Behaviour {
    pub(crate) mode: Mode,
    delay_ms: Option<u64>,
    status: Option<u16>,
    retry_after_seconds: Option<u32>,
    /// Without a number it lasts until it is changed.
    calls_left: Option<u32>,
}

impl Behaviour {
    pub(crate) fn delay(&self) -> Duration {
        let default_ms = match self.mode {
            Mode::Slow => SLOW_DELAY_MS_DEFAULT,
            _ => 0,
        };
        Duration::from_millis(self.delay_ms.unwrap_or(default_ms))
    }

    pub(crate) fn failure_status(&self) -> StatusCode {
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn retry_after_seconds(&self) -> u32 {
        self.retry_after_seconds.unwrap_or(RETRY_AFTER_SECONDS_DEFAULT)
    }
}

/// Of the calls of one channel.
#[derive(Debug, Serialize)]
pub(crate) struct Behaviours {
    #[serde(flatten)]
    by_word: BTreeMap<&'static str, Behaviour>,
    /// Calls so far with the right keys, whatever came of them.
    calls: BTreeMap<&'static str, u64>,
}

/// Operations that are not named keep their behaviour.
#[derive(Debug, Deserialize)]
pub(crate) struct BehaviourChange {
    delay_ms: Option<u64>,
    /// Of `fail_5xx` and `done_then_5xx`.
    status: Option<u16>,
    /// Of `rate_limited`.
    retry_after_seconds: Option<u32>,
    next: Option<u32>,
    #[serde(flatten)]
    modes: BTreeMap<String, Mode>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadChange {
    /// The status to fail with is not one of a failing server.
    NoFailure,
    NoSuchOperation,
}

impl Behaviours {
    pub(crate) fn of_links() -> Behaviours {
        Behaviours::of(&[Operation::CREATE, Operation::GET, Operation::CANCEL])
    }

    pub(crate) fn of_payouts() -> Behaviours {
        Behaviours::of(&[
            Operation::CREATE_PAYOUT,
            Operation::GET_PAYOUT,
            Operation::LIST_PAYOUTS,
            Operation::ESTIMATE_PAYOUT,
            Operation::BALANCE,
        ])
    }

    fn of(operations: &[Operation]) -> Behaviours {
        let words = operations.iter().map(|operation| operation.word);
        let by_word = words.clone().map(|word| (word, Behaviour::default())).collect();
        Behaviours { by_word, calls: words.map(|word| (word, 0)).collect() }
    }

    pub(crate) fn change(&mut self, change: &BehaviourChange) -> Result<(), BadChange> {
        let BehaviourChange { delay_ms, status, retry_after_seconds, next: calls_left, ref modes } = *change;
        if status.is_some_and(|status| !(500..600).contains(&status)) {
            return Err(BadChange::NoFailure);
        }
        if modes.keys().any(|word| !self.by_word.contains_key(word.as_str())) {
            return Err(BadChange::NoSuchOperation);
        }
        for (word, behaviour) in &mut self.by_word {
            if let Some(mode) = modes.get(*word) {
                *behaviour = Behaviour { mode: *mode, delay_ms, status, retry_after_seconds, calls_left };
            }
        }
        Ok(())
    }

    /// The behaviour of the call that has just arrived.
    pub(crate) fn take(&mut self, operation: Operation) -> Behaviour {
        *self.calls.entry(operation.word).or_default() += 1;
        let behaviour = self.by_word.entry(operation.word).or_default();
        match &mut behaviour.calls_left {
            Some(0) => *behaviour = Behaviour::default(),
            Some(calls_left) => *calls_left -= 1,
            None => {}
        }
        *behaviour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> BehaviourChange {
        serde_json::from_str(text).expect("a change")
    }

    #[test]
    fn a_behaviour_lasts_for_the_calls_it_was_given() {
        let mut behaviours = Behaviours::of_links();
        behaviours.change(&change(r#"{"create":"fail_5xx","next":2}"#)).expect("fine");
        let modes = [(); 3].map(|()| behaviours.take(Operation::CREATE).mode);
        assert_eq!(modes, [Mode::Fail5xx, Mode::Fail5xx, Mode::Ok]);
    }

    #[test]
    fn a_behaviour_touches_only_the_operations_it_names() {
        let mut behaviours = Behaviours::of_links();
        behaviours.change(&change(r#"{"get":"slow","delay_ms":5}"#)).expect("fine");
        behaviours.change(&change(r#"{"cancel":"silent"}"#)).expect("fine");
        assert_eq!(behaviours.take(Operation::CREATE).mode, Mode::Ok);
        let get = behaviours.take(Operation::GET);
        assert_eq!((get.mode, get.delay()), (Mode::Slow, Duration::from_millis(5)));
        assert_eq!(behaviours.take(Operation::CANCEL).mode, Mode::Silent);
    }

    #[test]
    fn only_the_statuses_of_a_failing_server_are_failures() {
        let mut behaviours = Behaviours::of_links();
        for (status, outcome) in
            [(499, Err(BadChange::NoFailure)), (500, Ok(())), (599, Ok(())), (600, Err(BadChange::NoFailure))]
        {
            let change = change(&format!(r#"{{"get":"fail_5xx","status":{status}}}"#));
            assert_eq!(behaviours.change(&change), outcome, "{status}");
        }
        assert_eq!(behaviours.take(Operation::GET).failure_status().as_u16(), 599);
    }
}
