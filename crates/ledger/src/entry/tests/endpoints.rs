use super::*;

#[test]
fn rows_of_endpoints() {
    let added = EndpointStep::Added {
        url: "https://shop.example/hook".into(),
        events: vec!["order.paid".into(), "refund.*".into()],
        personal: true,
        secret_sha256: "ab12".into(),
    };
    let added_text = concat!(
        r#"{"added":{"url":"https://shop.example/hook","events":["order.paid","refund.*"],"#,
        r#""personal":true,"secret_sha256":"ab12"}}"#
    );
    let rotated = EndpointStep::SecretRotated { secret_sha256: "cd34".into() };
    for (kind, text, step) in [
        ("endpoint_added", added_text, added),
        ("endpoint_secret_rotated", r#"{"secret_rotated":{"secret_sha256":"cd34"}}"#, rotated),
        ("endpoint_secret_retired", r#""secret_retired""#, EndpointStep::SecretRetired),
        ("endpoint_disabled", r#"{"disabled":{"gone":true}}"#, EndpointStep::Disabled { gone: true }),
        ("endpoint_enabled", r#""enabled""#, EndpointStep::Enabled),
        ("endpoint_removed", r#""removed""#, EndpointStep::Removed),
    ] {
        let payload = format!(r#"{{"endpoint":{{"number":3,"step":{text}}}}}"#);
        golden(kind, &payload, Fact::Endpoint { number: 3, step });
    }
    golden(
        "delivery_retried",
        r#"{"delivery_retried":{"channel":"webhook_3","row":42}}"#,
        Fact::DeliveryRetried { channel: "webhook_3".into(), row: 42 },
    );
}
