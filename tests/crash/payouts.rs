//! Refunds that PayOS pays out while the origin dies at named points before and after it asks.

use std::{os::unix::process::ExitStatusExt, time::Duration};

use harness::{LoneOrigin, PayOs, StartOptions, until};
use rustix::process::Signal;
use serde_json::json;

/// A new process waits a minute before it repeats what another one may have asked for, and its looks are ever rarer.
const PAID_DEADLINE: Duration = Duration::from_secs(300);
const AMOUNT: u64 = 250_000;

#[tokio::test]
async fn an_origin_that_dies_before_or_after_it_asks_pays_once() {
    tokio::join!(
        pays_once_after_a_crash_at("payout_intended"),
        pays_once_after_a_crash_at("payout_asking"),
        pays_once_after_a_crash_at("payout_asked"),
        pays_once_after_a_crash_at("payout_recorded"),
    );
}

async fn pays_once_after_a_crash_at(point: &'static str) {
    let logs = tempfile::tempdir().expect("a temporary folder");
    let payos = PayOs::alone(logs.path()).await;
    payos.sets_payout_channel(&json!({ "succeed_when_read": true })).await;
    let mut origin = LoneOrigin::new(Some(payos.url()));
    origin.start().await;
    owe_a_refund(&origin);
    assert!(origin.stop().await.status.success(), "{}", origin.log());

    let with = |mut start: StartOptions| {
        start.environment.extend(payos.payout_settings());
        start
    };
    origin.spawn(&with(StartOptions::crashing_at(point, 1)));
    let exit = origin.wait_for_exit().await;
    assert_eq!(exit.status.signal(), Some(Signal::ABORT.as_raw()), "at {point}: {}", exit.stderr);
    let before = payos.payouts().await.len();
    assert_eq!(before, usize::from(matches!(point, "payout_asked" | "payout_recorded")), "at {point}");

    origin.start_with(&with(StartOptions::default())).await;
    until(&format!("the refund is sent after a crash at {point}"), PAID_DEADLINE, async || {
        String::from_utf8_lossy(&origin.dropgate(&["refund", "list"]).stdout).contains(" sent ").then_some(())
    })
    .await;
    let payouts = payos.payouts().await;
    assert_eq!(payouts.len(), 1, "at {point}: {payouts:?}");
    assert_eq!(payouts[0]["transactions"][0]["amount"], AMOUNT, "at {point}");
    assert!(origin.stop().await.status.success(), "{}", origin.log());
    origin.assert_verifies(&origin.data());
}

/// Money that named no order, and that an operator sends back.
fn owe_a_refund(origin: &LoneOrigin) {
    let amount = AMOUNT.to_string();
    let run = |arguments: &[&str]| {
        let output = origin.dropgate(arguments);
        assert!(output.status.success(), "dropgate {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let at = "2026-11-20T20:00:00+07:00";
    run(&["payment", "record", "--bank-reference", "FT1", "--amount", &amount, "--at", at, "--unmatched"]);
    let account = ["--bank", "970422", "--account-number", "0123456789", "--account-name", "TRAN VAN MINH"];
    run(&[&["payment", "refund", "1"][..], &account].concat());
}

#[tokio::test]
async fn settings_of_payouts_that_are_not_whole_are_all_named_at_the_start() {
    let mut origin = LoneOrigin::new(None);
    let environment = [("PAYOS_PAYOUT_CLIENT_ID", "a"), ("DROPGATE_PAYOUT_DAY_MAX", "5 million")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let exit = origin.assert_refuses_to_start(&StartOptions { failpoints: false, environment }).await;
    for line in [
        "PAYOS_PAYOUT_API_KEY is missing, and other settings of payouts are there",
        "PAYOS_PAYOUT_CHECKSUM_KEY is missing, and other settings of payouts are there",
        "DROPGATE_PAYOUT_REFUND_MAX is missing, and other settings of payouts are there",
        "DROPGATE_PAYOUT_TWO_OPERATORS_ABOVE is missing, and other settings of payouts are there",
        "DROPGATE_PAYOUT_DAY_MAX is not a whole amount of VND, such as 500000",
    ] {
        assert!(exit.stderr.lines().any(|said| said.trim() == line), "{line:?} is not in\n{}", exit.stderr);
    }
}
