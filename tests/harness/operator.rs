use std::{process::Output, time::Duration};

use crate::{Shop, wait::until};

/// What an operator waits for is done by a timer or a retry of seconds.
const METRIC_DEADLINE: Duration = Duration::from_secs(30);

/// What an operator does and sees.
impl Shop {
    /// Runs a command that must succeed; returns what it prints.
    #[track_caller]
    pub fn operates(&self, arguments: &[&str]) -> String {
        let output = self.dropgate(arguments);
        assert!(output.status.success(), "dropgate {}: {}{}", arguments.join(" "), out(&output), err(&output));
        out(&output)
    }

    /// Runs a command that must fail, without a panic; returns what it prints and what it says of why.
    #[track_caller]
    pub fn assert_refuses(&self, arguments: &[&str]) -> (String, String) {
        let output = self.dropgate(arguments);
        let (printed, said) = (out(&output), err(&output));
        assert!(
            [Some(1), Some(2)].contains(&output.status.code()),
            "dropgate {}: {printed}{said}",
            arguments.join(" ")
        );
        assert!(!said.trim().is_empty() && !said.contains("panicked"), "dropgate {}: {said}", arguments.join(" "));
        (printed, said)
    }

    /// All metrics, as the origin prints them.
    pub async fn metrics(&self) -> String {
        let response = self.sends(self.client.get(format!("{}/metrics", self.private_url()))).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.text().to_owned()
    }

    /// A gauge as monitoring reads it; its labels are part of its name.
    pub async fn metric(&self, name: &str) -> i64 {
        let metrics = self.metrics().await;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no metric {name}")).parse().expect("a whole number")
    }

    /// Waits until the gauge has this value.
    pub async fn shows_metric(&self, name: &str, value: i64) {
        until(&format!("{name} {value}"), METRIC_DEADLINE, async || (self.metric(name).await == value).then_some(()))
            .await;
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("a command prints text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("a command prints text")
}
