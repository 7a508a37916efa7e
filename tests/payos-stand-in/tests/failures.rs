use payos::{Error, LinkStatus, UnknownCause};
use serde_json::{Value, json};

use super::fixture::{DEADLINE, StandIn, order};

#[tokio::test]
async fn calls_fail_in_every_way_that_was_ordered() {
    let payos = StandIn::start().await;
    let order_failure = async |behaviour: Value| {
        assert_eq!(payos.control("behaviour", behaviour).await.0, 200);
    };
    order_failure(json!({ "create": "fail_5xx", "next": 1 })).await;
    let outcome = payos.client.create_link(&order(7)).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::Status(500)))), "{outcome:?}");
    assert!(payos.client.get_link(7).await.is_err_and(|error| error.is_not_found()));

    order_failure(json!({ "create": "rate_limited", "next": 1 })).await;
    let outcome = payos.client.create_link(&order(7)).await;
    assert!(matches!(outcome, Err(Error::RateLimited { retry_after: Some(_) })), "{outcome:?}");

    order_failure(json!({ "create": "silent_after_create", "next": 1 })).await;
    let outcome = payos.client.create_link(&order(7)).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::Transport(_)))), "{outcome:?}");
    assert_eq!(payos.status(7).await, LinkStatus::Pending);

    order_failure(json!({ "get": "bad_signature", "cancel": "silent", "next": 1 })).await;
    let outcome = payos.client.get_link(7).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::BadSignature))), "{outcome:?}");
    assert!(matches!(payos.client.cancel_link(7, None).await, Err(Error::Unknown(_))));
    assert_eq!(payos.status(7).await, LinkStatus::Cancelled);

    let calls = &payos.ask("behaviour").await["calls"];
    assert_eq!(*calls, json!({ "create": 3, "get": 4, "cancel": 1 }));
    let unknown = payos.control("behaviour", json!({ "crate": "ok" })).await;
    assert_eq!(unknown.0, 400);
}

#[tokio::test]
async fn a_slow_creation_happens_after_the_caller_has_given_up() {
    let payos = StandIn::start().await;
    let slow = json!({ "create": "slow", "delay_ms": 2_300, "next": 1 });
    payos.control("behaviour", slow).await;
    let outcome = payos.client.create_link(&order(7)).await;
    assert!(matches!(outcome, Err(Error::Unknown(_))), "{outcome:?}");
    assert!(payos.client.get_link(7).await.is_err_and(|error| error.is_not_found()));
    let appears = async {
        while payos.client.get_link(7).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, appears).await.expect("the link appears");
}

#[tokio::test]
async fn too_many_calls_are_refused_with_and_without_a_time_to_come_back() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    payos.control("behaviour", json!({ "get": "rate_limited", "retry_after_seconds": 7 })).await;
    let outcome = payos.client.get_link(7).await;
    assert!(
        matches!(outcome, Err(Error::RateLimited { retry_after: Some(wait) }) if wait.as_secs() == 7),
        "{outcome:?}"
    );
    payos.control("behaviour", json!({ "get": "rate_limited_without_retry_after" })).await;
    let outcome = payos.client.get_link(7).await;
    assert!(matches!(outcome, Err(Error::RateLimited { retry_after: None })), "{outcome:?}");
}

#[tokio::test]
async fn a_failing_server_fails_with_the_status_that_was_ordered() {
    let payos = StandIn::start().await;
    payos.control("behaviour", json!({ "get": "fail_5xx", "status": 503 })).await;
    let outcome = payos.client.get_link(7).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::Status(503)))), "{outcome:?}");
    assert_eq!(payos.control("behaviour", json!({ "get": "fail_5xx", "status": 200 })).await.0, 400);
}

#[tokio::test]
async fn what_is_down_does_nothing_and_breaks_the_connection() {
    let payos = StandIn::start().await;
    payos.control("behaviour", json!({ "create": "down", "cancel": "down" })).await;
    let outcome = payos.client.create_link(&order(7)).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::Transport(_)))), "{outcome:?}");
    assert!(payos.client.get_link(7).await.is_err_and(|error| error.is_not_found()));
    payos.control("behaviour", json!({ "create": "ok" })).await;
    payos.create(7).await;
    assert!(matches!(payos.client.cancel_link(7, None).await, Err(Error::Unknown(UnknownCause::Transport(_)))));
    assert_eq!(payos.status(7).await, LinkStatus::Pending);
}
