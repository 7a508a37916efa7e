//! Webhook endpoints, and when an order is settled.

use engine::{Endpoint, EndpointRefused, EndpointRequest, EndpointSecret, EndpointState, WEBHOOK_ENDPOINTS_MAX};

use super::*;

fn add(secret: u8) -> EndpointRequest {
    let (url, events) = ("https://shop.example/hook".into(), vec!["order.paid".into(), "refund.*".into()]);
    EndpointRequest::Add { url, events, personal: false, secret: EndpointSecret(vec![secret; 32]) }
}

fn rotate(endpoint: u8, secret: u8) -> EndpointRequest {
    EndpointRequest::Rotate { endpoint, secret: EndpointSecret(vec![secret; 32]) }
}

impl Rig {
    fn webhook(&mut self, request: EndpointRequest) -> Result<u8, EndpointRefused> {
        match self.ask(Request::Endpoint { request, operator: "an".into() }) {
            Reply::Endpoint(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn endpoint(&self, number: u8) -> Endpoint<EndpointSecret> {
        self.run.published.load().endpoints[&number].clone()
    }

    fn settled_row(&self, order: OrderCode) -> Option<i64> {
        ReadStore::open(self.folder.path()).unwrap().settled_row(order).unwrap()
    }
}

#[test]
fn an_endpoint_keeps_its_number_and_a_removed_one_leaves_it_free() {
    let mut rig = Rig::start();
    for number in 1..=WEBHOOK_ENDPOINTS_MAX {
        assert_eq!(rig.webhook(add(number)), Ok(number));
    }
    assert_eq!(rig.webhook(add(9)), Err(EndpointRefused::TooMany));
    assert_eq!(rig.webhook(EndpointRequest::Remove { endpoint: 3 }), Ok(3));
    assert_eq!(rig.webhook(EndpointRequest::Disable { endpoint: 3 }), Err(EndpointRefused::NoSuchEndpoint));
    assert_eq!(rig.webhook(add(10)), Ok(3));
    rig.verified();
    let before = rig.run.published.load().endpoints.clone();
    let rig = rig.restart();
    assert_eq!(rig.run.published.load().endpoints, before);
    assert_eq!(before[&3].secret, EndpointSecret(vec![10; 32]));
}

#[test]
fn two_secrets_sign_until_the_older_one_is_retired() {
    let mut rig = Rig::start();
    rig.webhook(add(1)).unwrap();
    assert_eq!(rig.webhook(EndpointRequest::RetireSecret { endpoint: 1 }), Err(EndpointRefused::OneSecret));
    rig.webhook(rotate(1, 2)).unwrap();
    assert_eq!(rig.webhook(rotate(1, 3)), Err(EndpointRefused::TwoSecrets));
    let endpoint = rig.endpoint(1);
    assert_eq!((endpoint.secret.0[0], endpoint.old_secret.map(|secret| secret.0[0])), (2, Some(1)));
    rig.webhook(EndpointRequest::RetireSecret { endpoint: 1 }).unwrap();
    let endpoint = rig.endpoint(1);
    assert_eq!((endpoint.secret.0[0], endpoint.old_secret), (2, None));
    rig.verified();
}

#[test]
fn an_endpoint_is_owed_rows_from_when_it_was_enabled_and_410_disables_only_the_one_that_said_it() {
    let mut rig = Rig::start();
    rig.webhook(add(1)).unwrap();
    let added = rig.run.store.head().seq;
    assert_eq!(rig.endpoint(1).since, added);
    rig.webhook(EndpointRequest::Gone { endpoint: 1, since: added - 1 }).unwrap();
    assert_eq!((rig.endpoint(1).state, rig.run.store.head().seq), (EndpointState::Enabled, added));
    rig.webhook(EndpointRequest::Gone { endpoint: 1, since: added }).unwrap();
    // An operator who disables it too changes nothing.
    rig.webhook(EndpointRequest::Disable { endpoint: 1 }).unwrap();
    assert_eq!((rig.endpoint(1).state, rig.run.store.head().seq), (EndpointState::Gone, added + 1));
    rig.webhook(EndpointRequest::Enable { endpoint: 1 }).unwrap();
    rig.webhook(EndpointRequest::Enable { endpoint: 1 }).unwrap();
    let enabled = added + 2;
    assert_eq!((rig.endpoint(1).since, rig.run.store.head().seq), (enabled, enabled));
    rig.verified();
}

#[test]
fn no_secret_of_an_endpoint_is_in_the_ledger() {
    let mut rig = Rig::start();
    rig.webhook(add(65)).unwrap();
    rig.webhook(rotate(1, 66)).unwrap();
    let store = ReadStore::open(rig.folder.path()).unwrap();
    let kinds = &[RowKind::EndpointAdded, RowKind::EndpointSecretRotated];
    let rows = store.ledger_of_kinds(0, i64::MAX, kinds).unwrap();
    assert_eq!(rows.len(), 2);
    for (row, letter) in rows.iter().zip(["A", "B"]) {
        let text = String::from_utf8(row.entry.columns().unwrap().payload).unwrap();
        assert!(
            !text.contains(&letter.repeat(4)) && !text.contains(&format!("{:02x}", letter.as_bytes()[0]).repeat(4))
        );
    }
}

fn reported(reference: &str, amount: i64, proof: Proof) -> Command {
    let Command::Payment(payment) = payment(reference, amount) else { unreachable!("a payment") };
    Command::Payment(Payment { proof, ..payment })
}

#[test]
fn an_order_is_settled_by_the_row_that_settles_the_last_of_its_payments() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.command(order, reported("FT1", PRICE - 40, Proof::Webhook));
    rig.command(order, reported("FT1", PRICE - 40, Proof::SignedRead));
    assert_eq!(rig.settled_row(order), None, "not paid");
    rig.command(order, reported("FT2", 40, Proof::Webhook));
    assert_eq!(rig.settled_row(order), None, "not settled");
    rig.command(order, reported("FT2", 40, Proof::SignedRead));
    let settled = rig.run.store.head().seq;
    assert_eq!(rig.settled_row(order), Some(settled));
    // Money that came too much is owed back, and settles nothing.
    rig.command(order, reported("FT3", 5, Proof::Webhook));
    assert_eq!(rig.settled_row(order), Some(settled));
    rig.command(order, reported("FT3", 5, Proof::SignedRead));
    assert_eq!(rig.settled_row(order), Some(settled));
    rig.verified();
}

#[test]
fn an_order_whose_money_a_signed_read_found_is_settled_by_the_payment_itself() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let before = rig.run.store.head().seq;
    rig.command(order, reported("FT1", PRICE, Proof::SignedRead));
    assert_eq!(rig.settled_row(order), Some(before + 1));
}

#[test]
fn payments_that_were_settled_before_there_was_a_place_for_the_row_get_it_from_the_ledger() {
    let rig = super::tampering::filled();
    let migration = include_str!("../../../../../migrations/sale/0010_webhooks.sql");
    let (_, from_ledger) = migration.split_once("ADD COLUMN settled_by INTEGER;").unwrap();
    rig.sql("UPDATE payments SET settled_by = NULL");
    let error = format!("{:#}", verify(rig.folder.path(), None).unwrap_err());
    assert!(error.contains("payment"), "{error}");
    rig.sql(from_ledger);
    rig.verified();
}
