//! What an operator watches the shop by: the metrics, the alerts on them, their runbooks and the dashboards.

mod promql;
mod promtool;
mod scrape;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use harness::{DropTerms, GoogleSheets, LoneOrigin, Shop, root};
use serde_json::Value;

use self::{promql::Selector, promtool::promtool, scrape::Scrape};

/// Not the origin's: node exporter's metrics, and Prometheus's own.
const OTHERS: [&str; 3] = ["node_", "up", "ALERTS"];

/// Longer than this test takes.
const STARTED_SECONDS_AGO_MAX: i64 = 600;

#[tokio::test]
async fn what_alerts_and_dashboards_ask_about_is_in_a_live_scrape() {
    let sheets = GoogleSheets::start().await;
    let mut shop = Shop::start_with_payouts().await;
    shop.stop_origin().await;
    for (name, value) in sheets.settings() {
        shop.sets(&name, &value);
    }
    shop.restart_origin().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000801");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    sheets.has_rows(2).await;
    let now = UNIX_EPOCH.elapsed().expect("after 1970").as_secs().cast_signed();
    let ago = now - shop.metric("dropgate_start_time_seconds").await;
    assert!((0..STARTED_SECONDS_AGO_MAX).contains(&ago), "the origin started {ago} s ago");
    let scrape = Scrape::of(&shop.metrics().await);

    promtool(&["check", "metrics"], &scrape.as_text_format());
    for (place, expression) in expressions() {
        for name in promql::metric_names(&expression) {
            let known = scrape.has(&name) || OTHERS.iter().any(|other| name.starts_with(other));
            assert!(known, "{place}: no metric {name}: {expression}");
        }
        for Selector { name, label, values } in promql::selectors(&expression) {
            // A dashboard's variable stands for any value.
            let is_asked = |value: &&String| name.starts_with("dropgate_") && !value.starts_with('$');
            for value in values.iter().filter(is_asked) {
                assert!(scrape.has_label(&name, &label, value), "{place}: no {name} has {label}={value}: {expression}");
            }
        }
    }
    shop.finish().await;
}

#[test]
fn every_panel_is_promql() {
    let panels = dashboards().into_iter().flat_map(|(file, dashboard)| panels(&file, &dashboard));
    let rules: Vec<Value> = panels.map(|(_, expr)| serde_json::json!({ "record": "panel", "expr": expr })).collect();
    assert!(!rules.is_empty(), "the dashboards have no panels");
    // JSON is YAML. Two panels may ask the same: each gets a group of its own.
    let groups: Vec<Value> = rules
        .iter()
        .enumerate()
        .map(|(number, rule)| serde_json::json!({ "name": number.to_string(), "rules": [rule] }))
        .collect();
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), serde_json::json!({ "groups": groups }).to_string()).expect("a written file");
    promtool(&["check", "rules", "--lint=none", file.path().to_str().expect("a path")], "");
}

#[test]
fn every_alert_has_a_runbook_and_cases_in_which_it_fires_and_in_which_it_does_not() {
    let rules = read("deploy/prometheus/rules.yml");
    let alerts: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(!alerts.is_empty(), "there are no alerts");
    let operations = read("docs/operations.md");
    for alert in &alerts {
        assert!(
            operations.contains(&format!("| [{alert}](../deploy/runbooks/{alert}.md) |")),
            "{alert} is in no table"
        );
        let runbook = format!("runbook: deploy/runbooks/{alert}.md");
        assert!(rules.lines().any(|line| line.trim() == runbook), "{alert} names no runbook of its own");
    }
    let runbooks: BTreeSet<String> = runbooks().into_iter().map(|(name, _)| name).collect();
    assert_eq!(runbooks, alerts.iter().map(|alert| (*alert).to_owned()).collect());

    let tests = read("deploy/prometheus/rules_test.yml");
    let tests: Vec<&str> = tests.split("\n  - name: ").skip(1).collect();
    for alert in alerts {
        let case = tests.iter().find(|test| test.lines().next() == Some(alert));
        let case = case.unwrap_or_else(|| panic!("rules_test.yml has no test {alert}"));
        let asked = format!("- expr: ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}");
        let asked: Vec<&str> = case.split(&asked).skip(1).collect();
        let silent = |part: &&&str| part.contains("exp_samples: []");
        assert!(asked.iter().any(|part| silent(&part)), "rules_test.yml: {alert} is never silent");
        let fires = format!("ALERTS{{alertname=\"{alert}\",");
        assert!(asked.iter().any(|part| part.contains(&fires)), "rules_test.yml: {alert} never fires");
    }
}

#[test]
fn every_command_that_operators_are_told_to_type_exists() {
    let origin = LoneOrigin::new(None);
    let help = |path: &[&str]| {
        let output = origin.dropgate(&[path, &["--help"]].concat());
        assert!(output.status.success(), "dropgate {path:?} has no help");
        String::from_utf8(output.stdout).expect("help is text")
    };
    let mut found = 0;
    let operations = ("operations".to_owned(), read("docs/operations.md"));
    for (name, text) in runbooks().into_iter().chain([operations]) {
        for command in text.split('`').skip(1).step_by(2).flat_map(str::lines) {
            let Some(words) = command.strip_prefix("dropgate ") else { continue };
            found += 1;
            check_command(&help, words).unwrap_or_else(|wrong| panic!("{name}: `{command}`: {wrong}"));
        }
    }
    assert!(found > 0, "no text has a command");
}

fn check_command(help: &dyn Fn(&[&str]) -> String, words: &str) -> Result<(), String> {
    let mut path = Vec::new();
    let mut shown = help(&path);
    for word in words.split(' ') {
        if word.starts_with("--") {
            let is_there = shown.lines().any(|line| line.trim_start().split([' ', ',']).any(|other| other == word));
            return if is_there { Ok(()) } else { Err(format!("no option {word}")) };
        }
        let Some((_, commands)) = shown.split_once("\nCommands:\n") else { continue };
        if !commands.lines().any(|line| line.split_whitespace().next() == Some(word)) {
            return Err(format!("no command {word}"));
        }
        path.push(word);
        shown = help(&path);
    }
    if shown.contains("\nCommands:\n") { Err("it goes on".to_owned()) } else { Ok(()) }
}

/// Each PromQL expression of the rules and the dashboards, with where it stands.
fn expressions() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let rules = read("deploy/prometheus/rules.yml");
    let mut lines = rules.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((indent, expression)) = line.split_once("expr: ") else { continue };
        let mut expression = expression.trim_start_matches('|').to_owned();
        while let Some(next) = lines.next_if(|next| next.starts_with(&format!("{indent}  "))) {
            expression += next.trim();
            expression.push(' ');
        }
        found.push(("rules.yml".to_owned(), expression));
    }
    assert!(!found.is_empty(), "rules.yml has no expression");
    found.extend(dashboards().into_iter().flat_map(|(file, dashboard)| panels(&file, &dashboard)));
    found
}

/// The expressions of a dashboard, with the title of their panel.
fn panels(file: &str, dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut found = Vec::new();
    for panel in panels {
        let title = panel["title"].as_str().expect("a title");
        let targets = panel["targets"].as_array().into_iter().flatten();
        let expressions = targets.map(|target| target["expr"].as_str().expect("an expression").to_owned());
        found.extend(expressions.map(|expression| (format!("{file}, {title}"), expression)));
    }
    found
}

fn dashboards() -> Vec<(String, Value)> {
    let dashboards = files("deploy/grafana", "json").into_iter();
    dashboards.map(|(name, text)| (name, serde_json::from_str(&text).expect("a dashboard is JSON"))).collect()
}

fn runbooks() -> Vec<(String, String)> {
    files("deploy/runbooks", "md")
}

/// The files of a folder without their ending, and their text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    assert!(!paths.is_empty(), "{folder} has no {ending}");
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("a text"))).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
