use engine::{UnreadableWebhook, WebhookKept};
use sha2::{Digest as _, Sha256};

use super::*;

fn keep(body: &str) -> Request {
    let digest = Sha256::digest(body).into();
    Request::KeepWebhook(UnreadableWebhook { digest, body: body.into() })
}

fn kept(reply: Reply) -> WebhookKept {
    match reply {
        Reply::Webhook(kept) => kept,
        other => panic!("{other:?}"),
    }
}

fn bodies(rig: &Rig) -> Vec<Vec<u8>> {
    let store = ReadStore::open(rig.folder.path()).unwrap();
    store.unreadable_webhooks().unwrap().into_iter().map(|webhook| webhook.body).collect()
}

#[test]
fn an_unreadable_webhook_is_kept_once_byte_for_byte() {
    let mut rig = Rig::start();
    let replies = rig.batch([keep("{\"a\": 1}"), keep("{\"a\":1}"), keep("{\"a\": 1}")]).map(kept);
    assert_eq!(replies, [WebhookKept::New, WebhookKept::New, WebhookKept::Already]);
    let mut rig = rig.restart();
    assert_eq!(kept(rig.ask(keep("{\"a\":1}"))), WebhookKept::Already);
    assert_eq!(bodies(&rig), [b"{\"a\": 1}".to_vec(), b"{\"a\":1}".to_vec()]);
    rig.verified();
}

#[test]
fn a_flood_of_unreadable_webhooks_is_kept_to_its_bound() {
    let mut rig = Rig::start();
    let flood = |from: usize, to: usize| (from..to).map(|number| keep(&number.to_string())).collect();
    let replies: Vec<WebhookKept> = rig.batch_of(flood(0, 999)).into_iter().map(kept).collect();
    assert!(replies.iter().all(|reply| *reply == WebhookKept::New));
    let replies: Vec<WebhookKept> = rig.batch_of(flood(998, 1_002)).into_iter().map(kept).collect();
    assert_eq!(replies, [WebhookKept::Already, WebhookKept::New, WebhookKept::TooMany, WebhookKept::TooMany]);
    assert_eq!(bodies(&rig).len(), 1_000);
    rig.verified();
}

#[test]
fn verify_finds_an_unreadable_webhook_that_was_changed() {
    for (sql, expected) in [
        ("UPDATE unreadable_webhooks SET body = x'00'", "were changed"),
        ("UPDATE unreadable_webhooks SET seq = 1", "unreadable_webhooks holds others"),
        ("DELETE FROM unreadable_webhooks", "unreadable_webhooks holds others"),
        ("INSERT INTO unreadable_webhooks VALUES (900, zeroblob(32), x'00')", "were changed"),
    ] {
        let mut rig = Rig::start();
        rig.ask(keep("{}"));
        rig.verified();
        rig.sql(sql);
        let error = format!("{:#}", verify(rig.folder.path(), None).unwrap_err());
        assert!(error.contains(expected), "{sql}: {error}");
    }
}
