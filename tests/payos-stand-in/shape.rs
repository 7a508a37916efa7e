//! How signed `data` is written down: each form has been seen at PayOS, or is one that it may take up.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock;

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Shape {
    nothing: Nothing,
    times: Times,
    unknown_fields: bool,
}

/// How a field without a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Nothing {
    #[default]
    Null,
    Missing,
    /// For the payer's accounts only, as in PayOS's own sample; other fields stay null.
    Empty,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Times {
    /// Replies with an offset, webhooks without.
    #[default]
    Mixed,
    /// `2026-11-20T10:10:00+07:00` everywhere.
    Offset,
    /// `2026-11-20T03:10:00Z` everywhere.
    Utc,
    /// `2026-11-20 10:10:00`, Vietnamese time, everywhere.
    Wall,
}

/// What is not named stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShapeChange {
    nothing: Option<Nothing>,
    times: Option<Times>,
    unknown_fields: Option<bool>,
}

impl Shape {
    pub(crate) fn change(&mut self, change: &ShapeChange) {
        self.nothing = change.nothing.unwrap_or(self.nothing);
        self.times = change.times.unwrap_or(self.times);
        self.unknown_fields = change.unknown_fields.unwrap_or(self.unknown_fields);
    }

    pub(crate) fn reply_time(self, at_ms: i64) -> String {
        match self.times {
            Times::Mixed | Times::Offset => clock::iso(at_ms),
            Times::Utc => clock::utc(at_ms),
            Times::Wall => clock::wall_time(at_ms),
        }
    }

    pub(crate) fn webhook_time(self, at_ms: i64) -> String {
        match self.times {
            Times::Mixed | Times::Wall => clock::wall_time(at_ms),
            Times::Offset => clock::iso(at_ms),
            Times::Utc => clock::utc(at_ms),
        }
    }

    /// Of `data`, and of each transaction in it.
    pub(crate) fn apply(self, mut data: Value) -> Value {
        if let Some(fields) = data.as_object_mut() {
            self.apply_to(fields);
        }
        data
    }

    fn apply_to(self, fields: &mut Map<String, Value>) {
        if self.unknown_fields {
            fields.insert("futureText".into(), json!("mới & \"lạ\" "));
            fields.insert("futureNumber".into(), json!(7));
            fields.insert("futureFlag".into(), json!(true));
            fields.insert("futureNothing".into(), Value::Null);
        }
        match self.nothing {
            Nothing::Null => {}
            Nothing::Missing => fields.retain(|_, value| !value.is_null()),
            Nothing::Empty => {
                let accounts = fields.iter_mut().filter(|(key, value)| value.is_null() && is_of_payer(key));
                accounts.for_each(|(_, value)| *value = json!(""));
            }
        }
        let lists = fields.values_mut().filter_map(Value::as_array_mut);
        for element in lists.flatten().filter_map(Value::as_object_mut) {
            self.apply_to(element);
        }
    }
}

fn is_of_payer(key: &str) -> bool {
    key.starts_with("counterAccount") || key.starts_with("virtualAccount")
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_MS: i64 = 1_795_144_200_000;

    fn shape(change: &str) -> Shape {
        let mut shape = Shape::default();
        shape.change(&serde_json::from_str(change).expect("a change"));
        shape
    }

    #[test]
    fn what_has_no_value_is_null_or_missing_or_empty() {
        let data = json!({ "a": null, "counterAccountName": null, "transactions": [{ "virtualAccountName": null }] });
        assert_eq!(shape("{}").apply(data.clone()), data);
        assert_eq!(shape(r#"{"nothing":"missing"}"#).apply(data.clone()), json!({ "transactions": [{}] }));
        let empty = json!({ "a": null, "counterAccountName": "", "transactions": [{ "virtualAccountName": "" }] });
        assert_eq!(shape(r#"{"nothing":"empty"}"#).apply(data), empty);
    }

    #[test]
    fn unknown_fields_appear_at_both_levels() {
        let data = shape(r#"{"unknown_fields":true}"#).apply(json!({ "transactions": [{}] }));
        assert_eq!((&data["futureNumber"], &data["futureFlag"]), (&json!(7), &json!(true)));
        assert_eq!(data["transactions"][0]["futureText"], "mới & \"lạ\" ");
    }

    #[test]
    fn times_have_an_offset_or_none() {
        let (offset, utc, wall) = ("2026-11-20T10:10:00+07:00", "2026-11-20T03:10:00Z", "2026-11-20 10:10:00");
        for (change, reply, webhook) in [
            ("{}", offset, wall),
            (r#"{"times":"offset"}"#, offset, offset),
            (r#"{"times":"utc"}"#, utc, utc),
            (r#"{"times":"wall"}"#, wall, wall),
        ] {
            let shape = shape(change);
            assert_eq!((shape.reply_time(AT_MS).as_str(), shape.webhook_time(AT_MS).as_str()), (reply, webhook));
        }
    }

    #[test]
    fn what_a_change_does_not_name_stays() {
        let mut shape = shape(r#"{"times":"utc","nothing":"missing","unknown_fields":true}"#);
        shape.change(&serde_json::from_str("{}").expect("a change"));
        assert_eq!((shape.times, shape.nothing, shape.unknown_fields), (Times::Utc, Nothing::Missing, true));
    }
}
