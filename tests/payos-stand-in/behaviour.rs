//! How PayOS responds to the next calls: well, or as badly as a test sets.

use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// Long enough for a caller to notice, short enough for a test.
const SLOW_DELAY_MS_DEFAULT: u64 = 2_000;
const RETRY_AFTER_SECONDS_DEFAULT: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Get,
    Cancel,
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
    /// The call is done and answered with a signature that is wrong.
    BadSignature,
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

#[derive(Debug, Default, Serialize)]
pub(crate) struct Behaviours {
    create: Behaviour,
    get: Behaviour,
    cancel: Behaviour,
    /// Calls so far with the right keys, whatever came of them.
    calls: Calls,
}

#[derive(Debug, Default, Serialize)]
struct Calls {
    create: u64,
    get: u64,
    cancel: u64,
}

/// Operations that are not named keep their behaviour.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BehaviourChange {
    create: Option<Mode>,
    get: Option<Mode>,
    cancel: Option<Mode>,
    delay_ms: Option<u64>,
    /// Of `fail_5xx`.
    status: Option<u16>,
    /// Of `rate_limited`.
    retry_after_seconds: Option<u32>,
    next: Option<u32>,
}

/// The status to fail with is not one of a failing server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoFailure;

impl Behaviours {
    pub(crate) fn change(&mut self, change: &BehaviourChange) -> Result<(), NoFailure> {
        let BehaviourChange { delay_ms, status, retry_after_seconds, next: calls_left, .. } = *change;
        if status.is_some_and(|status| !(500..600).contains(&status)) {
            return Err(NoFailure);
        }
        for (behaviour, mode) in
            [(&mut self.create, change.create), (&mut self.get, change.get), (&mut self.cancel, change.cancel)]
        {
            if let Some(mode) = mode {
                *behaviour = Behaviour { mode, delay_ms, status, retry_after_seconds, calls_left };
            }
        }
        Ok(())
    }

    /// The behaviour of the call that has just arrived.
    pub(crate) fn take(&mut self, operation: Operation) -> Behaviour {
        let (behaviour, calls) = match operation {
            Operation::Create => (&mut self.create, &mut self.calls.create),
            Operation::Get => (&mut self.get, &mut self.calls.get),
            Operation::Cancel => (&mut self.cancel, &mut self.calls.cancel),
        };
        *calls += 1;
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
        let mut behaviours = Behaviours::default();
        behaviours.change(&change(r#"{"create":"fail_5xx","next":2}"#)).expect("fine");
        let modes = [(); 3].map(|()| behaviours.take(Operation::Create).mode);
        assert_eq!(modes, [Mode::Fail5xx, Mode::Fail5xx, Mode::Ok]);
    }

    #[test]
    fn a_behaviour_touches_only_the_operations_it_names() {
        let mut behaviours = Behaviours::default();
        behaviours.change(&change(r#"{"get":"slow","delay_ms":5}"#)).expect("fine");
        behaviours.change(&change(r#"{"cancel":"silent"}"#)).expect("fine");
        assert_eq!(behaviours.take(Operation::Create).mode, Mode::Ok);
        let get = behaviours.take(Operation::Get);
        assert_eq!((get.mode, get.delay()), (Mode::Slow, Duration::from_millis(5)));
        assert_eq!(behaviours.take(Operation::Cancel).mode, Mode::Silent);
    }

    #[test]
    fn only_the_statuses_of_a_failing_server_are_failures() {
        let mut behaviours = Behaviours::default();
        for (status, outcome) in [(499, Err(NoFailure)), (500, Ok(())), (599, Ok(())), (600, Err(NoFailure))] {
            let change = change(&format!(r#"{{"get":"fail_5xx","status":{status}}}"#));
            assert_eq!(behaviours.change(&change), outcome, "{status}");
        }
        assert_eq!(behaviours.take(Operation::Get).failure_status().as_u16(), 599);
    }
}
