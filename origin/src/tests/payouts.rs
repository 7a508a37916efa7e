//! Refunds that PayOS pays out, beside a payout channel that answers late, badly, twice or not at all.

use domain::{Doubt, Refund, RefundState, SentBy};
use engine::{Destination, PayoutLimits};
use serde_json::{Value, json};

use super::*;
use crate::delivery::Delivery;
use crate::payos::{PayoutSettings, Verdict};

/// Tries are minutes apart once a few have failed.
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const NAME: &str = "NGUYỄN VĂN AN";
const PAID_OUT: SentBy = SentBy::Payout { attempt: 1 };

/// As a process that has just started.
pub(super) fn payouts_of(ports: &Ports, payos_url: &str) -> Payouts {
    let keys = [CLIENT_ID, API_KEY, CHECKSUM_KEY].map(|key| format!("payout-{key}"));
    let [client_id, api_key, checksum_key] = keys;
    let mut channel = payos::Config::new(client_id, api_key, checksum_key);
    channel.base_url = payos_url.to_owned();
    channel.call_timeout = Duration::from_secs(2);
    let [refund_max, day_max, two_operators_above] =
        [5 * PRICE, 20 * PRICE, 2 * PRICE].map(|amount| Vnd::new(amount).unwrap());
    let limits = PayoutLimits { refund_max, day_max, two_operators_above };
    Payouts::new(ports.clone(), PayoutSettings { channel, limits }).unwrap()
}

impl Sale {
    /// A paid order that an operator cancelled; its refund has this account.
    async fn owes_back(&mut self, who: u8) -> OrderCode {
        let order = self.buys_with_link(who).await;
        self.receives(order, &format!("FT{who}"), PRICE, Proof::Webhook).await;
        self.ports.writer.order(order, Command::CancelByOperator { restock: true }).await.unwrap();
        self.goes_to(order, "0123456789").await;
        order
    }

    async fn goes_to(&self, order: OrderCode, account_number: &str) {
        let (bank, account_name) = ("970422".to_owned(), NAME.to_owned());
        let account_number = account_number.to_owned();
        let to = Destination { bank, account_number, account_name, salt: Some(Salt([7; 16])) };
        self.ports.writer.set_destination(order, to, String::new()).await.unwrap().unwrap();
    }

    /// The timer looks once: what it says of each due refund.
    async fn begins(&self) -> Vec<Verdict> {
        // What was begun at the very moment of a start might be another process's.
        self.clock.advance(1);
        let plan = self.payouts.begin_due(None, "", false).await.unwrap();
        plan.refunds.into_iter().map(|(_, _, verdict)| verdict).collect()
    }

    async fn refund(&self, order: OrderCode) -> Refund {
        self.record(order).await.refunds[0]
    }

    /// Waits until the outbox has taken the order's refund to this state, while the sale's clock goes on.
    async fn refund_comes_to(&self, order: OrderCode, state: RefundState) {
        until(&format!("the refund is {state:?}"), OUTBOX_DEADLINE, async || {
            self.clock.advance(SECOND_MS);
            (self.refund(order).await.state == state).then_some(())
        })
        .await;
    }

    /// As if the process ended, with the writer going on.
    async fn outbox_stops(&mut self) {
        self.stop.cancel();
        for channel in self.channels.drain(..) {
            channel.await.unwrap();
        }
    }

    /// The one payout that PayOS has made.
    async fn only_payout(&self) -> Value {
        let payouts = self.payos.payouts().await;
        assert_eq!(payouts.len(), 1, "{payouts:?}");
        payouts[0].clone()
    }

    fn reference(&self, order: OrderCode, attempt: u32) -> String {
        format!("RF{}1-{attempt}", order.short_code())
    }
}

#[tokio::test]
async fn a_due_refund_is_paid_out_and_confirmed_a_day_later() {
    let mut sale = Sale::of(1).await;
    let order = sale.owes_back(1).await;
    assert_eq!(sale.begins().await, [Verdict::Begun]);
    until("PayOS is asked", OUTBOX_DEADLINE, async || (sale.payos.payouts().await.len() == 1).then_some(())).await;
    let reference = sale.reference(order, 1);
    let made = sale.only_payout().await;
    assert_eq!((&made["referenceId"], &made["idempotencyKey"]), (&json!(reference), &json!(reference)));
    let transfer = &made["transactions"][0];
    assert_eq!((&transfer["amount"], &transfer["toBin"]), (&json!(PRICE), &json!("970422")));
    assert_eq!(transfer["toAccountNumber"], "0123456789");
    assert_eq!(sale.refund(order).await.state, RefundState::Paying { attempt: 1 });
    assert!(sale.begins().await.is_empty(), "it is not due any more");
    sale.payos.moves_payout(&reference, &json!({ "state": "SUCCEEDED", "account_name": "NGUYEN VAN AN" })).await;
    sale.refund_comes_to(order, RefundState::Sent { by: PAID_OUT }).await;
    sale.clock.advance(DAY_MS);
    sale.refund_comes_to(order, RefundState::Confirmed { by: PAID_OUT }).await;
    assert_eq!(sale.payos.payout_requests().await, 1);
    sale.finish().await;
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_is_looked_up_and_not_sent_again() {
    for lost in ["silent", "done_then_5xx", "bad_signature", "unsigned"] {
        let mut sale = Sale::of(1).await;
        let order = sale.owes_back(1).await;
        sale.payos.sets_payout_channel(&json!({ "succeed_when_read": true })).await;
        sale.payos.behaves_on_payouts(&json!({ "create": lost, "next": 1 })).await;
        sale.begins().await;
        sale.refund_comes_to(order, RefundState::Sent { by: PAID_OUT }).await;
        assert_eq!(sale.payos.payout_requests().await, 1, "{lost}");
        sale.only_payout().await;
        sale.finish().await;
    }
}

#[tokio::test]
async fn a_request_that_never_arrived_is_repeated_with_the_same_bytes_after_a_minute() {
    for lost in ["down", "fail_5xx", "rate_limited"] {
        let mut sale = Sale::of(1).await;
        let order = sale.owes_back(1).await;
        sale.payos.behaves_on_payouts(&json!({ "create": lost, "next": 1 })).await;
        sale.begins().await;
        until("PayOS is asked", OUTBOX_DEADLINE, async || (sale.payos.payout_requests().await == 1).then_some(()))
            .await;
        let asked_at = sale.clock.now();
        until("it is asked again", OUTBOX_DEADLINE, async || {
            sale.clock.advance(SECOND_MS);
            (sale.payos.payout_requests().await == 2).then_some(())
        })
        .await;
        assert!(sale.clock.now().0 - asked_at.0 >= MINUTE_MS, "{lost}: its list may lag behind");
        sale.payos.moves_payout(&sale.reference(order, 1), &json!({ "state": "SUCCEEDED" })).await;
        sale.refund_comes_to(order, RefundState::Sent { by: PAID_OUT }).await;
        sale.only_payout().await;
        sale.finish().await;
    }
}

#[tokio::test]
async fn a_new_process_looks_before_it_asks_for_what_another_one_began() {
    let mut sale = Sale::of(1).await;
    let order = sale.owes_back(1).await;
    sale.payos.behaves_on_payouts(&json!({ "list": "down" })).await;
    sale.begins().await;
    sale.outbox_stops().await;
    sale.payos.behaves_on_payouts(&json!({ "list": "ok" })).await;
    sale.payos.sets_payout_channel(&json!({ "succeed_when_read": true })).await;
    let restarted = payouts_of(&sale.ports, &sale.payos.url());
    let refund = engine::RefundId::Order(order, 1);
    sale.clock.advance(MINUTE_MS - 1);
    assert_eq!(restarted.follow(refund, 1).await.unwrap(), Delivery::LATER);
    assert_eq!(sale.payos.payout_requests().await, 0, "the process before may have asked as it ended");
    sale.clock.advance(1);
    assert_eq!(restarted.follow(refund, 1).await.unwrap(), Delivery::LATER);
    assert_eq!(sale.payos.payout_requests().await, 1);
    assert_eq!(restarted.follow(refund, 1).await.unwrap(), Delivery::Done);
    assert_eq!(sale.refund(order).await.state, RefundState::Sent { by: PAID_OUT });
    sale.only_payout().await;
    sale.finish().await;
}

#[tokio::test]
async fn a_refund_whose_payout_failed_is_due_again_and_needs_a_person_or_another_account() {
    let mut sale = Sale::of(1).await;
    let order = sale.owes_back(1).await;
    sale.begins().await;
    until("PayOS is asked", OUTBOX_DEADLINE, async || (sale.payos.payouts().await.len() == 1).then_some(())).await;
    let failed = json!({ "state": "FAILED", "error_code": "E1", "error_message": "account closed" });
    sale.payos.moves_payout(&sale.reference(order, 1), &failed).await;
    sale.refund_comes_to(order, RefundState::Due).await;
    assert_eq!(sale.begins().await, [Verdict::FailedBefore]);
    sale.goes_to(order, "9876543210").await;
    assert!(matches!(sale.begins().await[..], [Verdict::NotYet { .. }]), "a changed account waits a day");
    sale.clock.advance(DAY_MS);
    assert_eq!(sale.begins().await, [Verdict::Begun]);
    sale.payos.sets_payout_channel(&json!({ "succeed_when_read": true })).await;
    sale.refund_comes_to(order, RefundState::Sent { by: SentBy::Payout { attempt: 2 } }).await;
    let references: Vec<Value> = sale.payos.payouts().await.iter().map(|made| made["referenceId"].clone()).collect();
    assert_eq!(references, [json!(sale.reference(order, 2)), json!(sale.reference(order, 1))]);
    sale.finish().await;
}

#[tokio::test]
async fn what_only_a_person_can_settle_goes_to_a_person() {
    let doubted = |doubt| RefundState::Doubted { attempt: 1, doubt };
    for (change, state) in [
        (json!({ "state": "REVERSED" }), doubted(Doubt::Reversed)),
        (json!({ "state": "SUCCEEDED", "account_name": "TRAN THI B" }), doubted(Doubt::OtherName)),
    ] {
        let mut sale = Sale::of(1).await;
        let order = sale.owes_back(1).await;
        sale.begins().await;
        until("PayOS is asked", OUTBOX_DEADLINE, async || (sale.payos.payouts().await.len() == 1).then_some(())).await;
        sale.payos.moves_payout(&sale.reference(order, 1), &change).await;
        sale.refund_comes_to(order, state).await;
        assert!(sale.begins().await.is_empty(), "it is not due");
        sale.finish().await;
    }
}

#[tokio::test]
async fn a_payout_that_is_not_decided_within_a_day_goes_to_a_person_who_settles_it() {
    let mut sale = Sale::of(1).await;
    let order = sale.owes_back(1).await;
    sale.begins().await;
    until("PayOS is asked", OUTBOX_DEADLINE, async || (sale.payos.payouts().await.len() == 1).then_some(())).await;
    let by_hand = |step: domain::RefundStep| {
        let command = Command::Refund { number: 1, step };
        sale.ports.writer.order_as("an".to_owned(), order, command)
    };
    let fail = domain::RefundStep::Fail { reason: "it looks lost".into() };
    let refused = Outcome::Refused(domain::Refusal::PayoutUnderWay);
    assert_eq!(by_hand(fail.clone()).await.unwrap(), refused, "PayOS may still pay it");
    sale.clock.advance(DAY_MS);
    let doubted = RefundState::Doubted { attempt: 1, doubt: Doubt::NoAnswer };
    sale.refund_comes_to(order, doubted).await;
    assert_eq!(by_hand(fail).await.unwrap(), Outcome::Done);
    assert_eq!(sale.refund(order).await.state, RefundState::Due);
    sale.finish().await;
}

#[tokio::test]
async fn money_that_came_back_after_it_was_sent_is_found_a_day_later() {
    let mut sale = Sale::of(1).await;
    let order = sale.owes_back(1).await;
    sale.payos.sets_payout_channel(&json!({ "succeed_when_read": true })).await;
    sale.begins().await;
    sale.refund_comes_to(order, RefundState::Sent { by: PAID_OUT }).await;
    sale.payos.moves_payout(&sale.reference(order, 1), &json!({ "state": "REVERSED" })).await;
    sale.clock.advance(DAY_MS);
    sale.refund_comes_to(order, RefundState::Doubted { attempt: 1, doubt: Doubt::Reversed }).await;
    sale.finish().await;
}

#[tokio::test]
async fn nothing_begins_beyond_the_balance_or_while_it_is_not_known() {
    let mut sale = Sale::of(2).await;
    let (first, second) = (sale.owes_back(1).await, sale.owes_back(2).await);
    sale.payos.behaves_on_payouts(&json!({ "balance": "fail_5xx" })).await;
    assert!(sale.payouts.begin_due(None, "", false).await.is_err(), "an unknown balance is not enough");
    sale.payos.behaves_on_payouts(&json!({ "balance": "ok" })).await;
    sale.payos.sets_payout_channel(&json!({ "balance": 2 * PRICE - 1, "succeed_when_read": true })).await;
    assert_eq!(sale.begins().await, [Verdict::Begun, Verdict::NoFunds]);
    sale.refund_comes_to(first, RefundState::Sent { by: PAID_OUT }).await;
    sale.payos.sets_payout_channel(&json!({ "balance": PRICE })).await;
    assert_eq!(sale.begins().await, [Verdict::Begun]);
    sale.refund_comes_to(second, RefundState::Sent { by: PAID_OUT }).await;
    sale.finish().await;
}

#[tokio::test]
async fn an_address_that_payos_does_not_list_pays_as_soon_as_it_is_listed() {
    let mut sale = Sale::of(1).await;
    let order = sale.owes_back(1).await;
    sale.begins().await;
    until("PayOS is asked", OUTBOX_DEADLINE, async || (sale.payos.payouts().await.len() == 1).then_some(())).await;
    sale.payos.sets_payout_channel(&json!({ "ip_refused": true })).await;
    sale.clock.advance(MINUTE_MS);
    assert_eq!(sale.refund(order).await.state, RefundState::Paying { attempt: 1 });
    sale.payos.sets_payout_channel(&json!({ "ip_refused": false, "succeed_when_read": true })).await;
    sale.refund_comes_to(order, RefundState::Sent { by: PAID_OUT }).await;
    sale.finish().await;
}

#[tokio::test]
async fn a_pause_holds_back_what_payos_was_not_asked_for() {
    let mut sale = Sale::of(1).await;
    let order = sale.owes_back(1).await;
    sale.payos.behaves_on_payouts(&json!({ "list": "down" })).await;
    sale.begins().await;
    assert!(sale.ports.writer.pause_payouts(true, "an".to_owned()).await.unwrap());
    sale.payos.behaves_on_payouts(&json!({ "list": "ok" })).await;
    assert_eq!(sale.payouts.follow(engine::RefundId::Order(order, 1), 1).await.unwrap(), Delivery::LATER);
    assert_eq!(sale.payos.payout_requests().await, 0);
    assert!(sale.ports.writer.pause_payouts(false, "an".to_owned()).await.unwrap());
    sale.payos.sets_payout_channel(&json!({ "succeed_when_read": true })).await;
    sale.refund_comes_to(order, RefundState::Sent { by: PAID_OUT }).await;
    sale.finish().await;
}
