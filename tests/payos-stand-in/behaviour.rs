//! How the next calls are answered: well, or as badly as a test wants.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Long enough for a caller to notice, short enough for a test.
const SLOW_DELAY_MS_DEFAULT: u64 = 2_000;

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
    /// HTTP 500; nothing is done.
    #[serde(rename = "fail_5xx")]
    Fail5xx,
    /// HTTP 429; nothing is done.
    RateLimited,
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
    next: Option<u32>,
}

impl Behaviours {
    pub(crate) fn change(&mut self, change: &BehaviourChange) {
        for (behaviour, mode) in
            [(&mut self.create, change.create), (&mut self.get, change.get), (&mut self.cancel, change.cancel)]
        {
            if let Some(mode) = mode {
                *behaviour = Behaviour { mode, delay_ms: change.delay_ms, calls_left: change.next };
            }
        }
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
        behaviours.change(&change(r#"{"create":"fail_5xx","next":2}"#));
        let modes = [(); 3].map(|()| behaviours.take(Operation::Create).mode);
        assert_eq!(modes, [Mode::Fail5xx, Mode::Fail5xx, Mode::Ok]);
    }

    #[test]
    fn a_behaviour_touches_only_the_operations_it_names() {
        let mut behaviours = Behaviours::default();
        behaviours.change(&change(r#"{"get":"slow","delay_ms":5}"#));
        behaviours.change(&change(r#"{"cancel":"silent"}"#));
        assert_eq!(behaviours.take(Operation::Create).mode, Mode::Ok);
        let get = behaviours.take(Operation::Get);
        assert_eq!((get.mode, get.delay()), (Mode::Slow, Duration::from_millis(5)));
        assert_eq!(behaviours.take(Operation::Cancel).mode, Mode::Silent);
    }
}
