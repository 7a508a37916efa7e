//! `dropgate doctor` says what is ready for a drop, and what must be mended before it.

use std::{fs, os::unix::fs::PermissionsExt as _};

use harness::Shop;
use serde_json::json;

#[tokio::test]
async fn the_doctor_finds_everything_well_in_a_shop_that_works() {
    let shop = Shop::start_with_payouts().await;
    let says = examined(&shop, &[]);
    for line in ["ok    data folder", "ok    shop", "ok    PayOS", "ok    payouts", "ok    mail", "off   sheet"] {
        assert!(says.lines().any(|said| said.starts_with(line)), "{line} is not in\n{says}");
    }
    assert!(says.contains("the account holds 1000000000 VND"), "{says}");
    assert_eq!(says.lines().count(), 10, "{says}");
    assert!(!shop.data().join("sync-check").exists(), "it leaves nothing behind");
    shop.finish().await;
}

#[tokio::test]
async fn the_doctor_names_everything_that_is_wrong_and_what_to_do() {
    let shop = Shop::start_with_payouts().await;
    shop.payos.sets_payout_channel(&json!({ "ip_refused": true })).await;
    let open = |mode| fs::set_permissions(shop.data(), fs::Permissions::from_mode(mode)).expect("another mode");
    open(0o755);
    let wrong =
        [("PAYOS_API_KEY", "wrong"), ("DROPGATE_SMTP_USER", "stranger"), ("DROPGATE_PUBLIC_URL", "http://127.0.0.1:9")];
    let says = examined(&shop, &wrong);
    open(0o700);
    for (line, advice) in [
        ("BAD   data folder", "chmod 700"),
        ("look  shop", "deploy the edge"),
        ("BAD   PayOS", "the keys of the payment channel"),
        ("BAD   payouts", "IPv4 address is not on its list"),
        ("BAD   mail", "check DROPGATE_SMTP_URL, user and password"),
    ] {
        let said = says.lines().find(|said| said.starts_with(line));
        assert!(said.is_some_and(|said| said.contains(advice)), "{line} … {advice} is not in\n{says}");
    }
    assert!(says.contains("must be mended before a drop"), "{says}");
    shop.finish().await;
}

/// What the command prints, and then says.
fn examined(shop: &Shop, settings: &[(&str, &str)]) -> String {
    let output = shop.dropgate_with(settings, &["doctor"]);
    let printed = String::from_utf8(output.stdout).expect("a command prints text");
    let said = String::from_utf8(output.stderr).expect("a command says text");
    // Whether the clock of a test machine is synchronised is not the test's to say.
    assert!(settings.is_empty() || output.status.code() == Some(1), "{printed}{said}");
    if settings.is_empty() { printed } else { printed + &said }
}
