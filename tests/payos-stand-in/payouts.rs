//! Payouts and the prefunded account they leave from. Nothing here reads the clock.

use std::collections::HashMap;

use payos::payouts::Transfer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shape::Shape;

/// Enough for every test, and small enough to see what left.
const BALANCE_DEFAULT: i64 = 1_000_000_000;

#[derive(Default)]
pub(crate) struct Payouts {
    pub(crate) channel: PayoutChannel,
    /// In order of creation.
    all: Vec<Payout>,
    /// The first reply to each idempotency key, and the body it was for.
    by_key: HashMap<String, (Vec<u8>, Value)>,
    made: u64,
    references: u64,
}

/// What holds for the channel as a whole.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PayoutChannel {
    pub(crate) balance: i64,
    /// A payout succeeds when it is read for the first time.
    pub(crate) succeed_when_read: bool,
    pub(crate) replay: Replay,
    /// As if the dashboard did not list the caller's address.
    pub(crate) ip_refused: bool,
}

impl Default for PayoutChannel {
    fn default() -> Self {
        let (succeed_when_read, ip_refused) = (false, false);
        PayoutChannel { balance: BALANCE_DEFAULT, succeed_when_read, replay: Replay::FirstReply, ip_refused }
    }
}

/// How a repeated idempotency key is answered; PayOS does not publish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Replay {
    FirstReply,
    Error,
}

/// What is not named stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutChannelChange {
    balance: Option<i64>,
    succeed_when_read: Option<bool>,
    replay: Option<Replay>,
    ip_refused: Option<bool>,
}

/// A request that has passed every check.
pub(crate) struct NewPayout {
    pub(crate) reference_id: String,
    pub(crate) category: Option<Vec<String>>,
    pub(crate) transfers: Vec<Transfer>,
}

#[derive(Clone, Debug)]
pub(crate) struct Payout {
    pub(crate) id: String,
    pub(crate) reference_id: String,
    pub(crate) category: Option<Vec<String>>,
    pub(crate) created_at_ms: i64,
    pub(crate) transactions: Vec<Transaction>,
    idempotency_key: String,
    /// In place of the one that follows from the transactions.
    approval_state: Option<String>,
    was_read: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    id: String,
    pub(crate) transfer: Transfer,
    pub(crate) state: String,
    pub(crate) account_name: Option<String>,
    pub(crate) reference: Option<String>,
    at_ms: Option<i64>,
    error_code: Option<String>,
    error_message: Option<String>,
}

/// What becomes of a payout. A missing field has its usual value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    pub(crate) state: Option<String>,
    pub(crate) approval_state: Option<String>,
    /// One transfer of a batch; all unless given.
    pub(crate) reference_id: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) account_name: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) error_message: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PayoutRefusal {
    BalanceNotEnough,
    /// The key was used, and the channel answers that with an error.
    KeyUsed,
    /// The key was used for another body.
    KeyOfAnotherBody,
}

impl Payouts {
    /// Nothing when the key is new.
    pub(crate) fn replay(&self, key: &str, body: &[u8]) -> Option<Result<Value, PayoutRefusal>> {
        let (first_body, reply) = self.by_key.get(key)?;
        Some(match self.channel.replay {
            _ if first_body != body => Err(PayoutRefusal::KeyOfAnotherBody),
            Replay::FirstReply => Ok(reply.clone()),
            Replay::Error => Err(PayoutRefusal::KeyUsed),
        })
    }

    /// References are not checked: PayOS does not say that it refuses one that comes again with another key.
    pub(crate) fn create(
        &mut self,
        request: NewPayout,
        (key, body): (&str, &[u8]),
        now_ms: i64,
        shape: Shape,
    ) -> Result<Value, PayoutRefusal> {
        let amount: i64 = request.transfers.iter().map(|transfer| transfer.amount).sum();
        if amount > self.channel.balance {
            return Err(PayoutRefusal::BalanceNotEnough);
        }
        self.channel.balance -= amount;
        let transactions = request.transfers.into_iter().enumerate().map(|(index, transfer)| Transaction {
            id: format!("batch_txn_{:x}_{index}", self.made),
            transfer,
            state: "RECEIVED".into(),
            account_name: None,
            reference: None,
            at_ms: None,
            error_code: None,
            error_message: None,
        });
        let payout = Payout {
            id: format!("batch_{now_ms:x}{:06x}", self.made),
            reference_id: request.reference_id,
            category: request.category,
            created_at_ms: now_ms,
            transactions: transactions.collect(),
            idempotency_key: key.to_owned(),
            approval_state: None,
            was_read: false,
        };
        self.made += 1;
        let reply = payout.data(shape);
        self.by_key.insert(key.to_owned(), (body.to_owned(), reply.clone()));
        self.all.push(payout);
        Ok(reply)
    }

    pub(crate) fn change_channel(&mut self, change: &PayoutChannelChange) {
        let channel = &mut self.channel;
        channel.balance = change.balance.unwrap_or(channel.balance);
        channel.succeed_when_read = change.succeed_when_read.unwrap_or(channel.succeed_when_read);
        channel.replay = change.replay.unwrap_or(channel.replay);
        channel.ip_refused = change.ip_refused.unwrap_or(channel.ip_refused);
    }

    /// By PayOS's id or by reference; of several with one reference the newest.
    pub(crate) fn find(&self, id_or_reference: &str) -> Option<&Payout> {
        let fits = |payout: &&Payout| payout.id == id_or_reference || payout.reference_id == id_or_reference;
        self.all.iter().rev().find(fits)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Payout> {
        self.all.iter().rev()
    }

    /// As the merchant reads them; a read is what some payouts wait for.
    pub(crate) fn read(&mut self, now_ms: i64) -> impl Iterator<Item = &Payout> {
        if self.channel.succeed_when_read {
            let waiting = |payout: &&Payout| !payout.was_read && payout.is_in_flight();
            let due: Vec<String> = self.all.iter().filter(waiting).map(|payout| payout.id.clone()).collect();
            for id in due {
                let success = Move { state: Some("SUCCEEDED".into()), ..Move::default() };
                self.change(&id, &success, now_ms);
            }
        }
        self.all.iter_mut().for_each(|payout| payout.was_read = true);
        self.newest_first()
    }

    /// Moves the transfers, and the money back when it did not stay away. Nothing when there is no such payout.
    pub(crate) fn change(&mut self, id_or_reference: &str, change: &Move, now_ms: i64) -> Option<&Payout> {
        let id = self.find(id_or_reference)?.id.clone();
        let Payouts { all, channel, references, .. } = self;
        let payout = all.iter_mut().find(|payout| payout.id == id)?;
        payout.approval_state = change.approval_state.clone().or(payout.approval_state.take());
        let wanted = |transaction: &&mut Transaction| {
            change.reference_id.as_ref().is_none_or(|wanted| *wanted == transaction.transfer.reference_id)
        };
        for transaction in payout.transactions.iter_mut().filter(wanted) {
            let was_away = transaction.is_away();
            transaction.change(change, now_ms, || {
                *references += 1;
                format!("FT{now_ms}{references:06}")
            });
            let amount = transaction.transfer.amount;
            match (was_away, transaction.is_away()) {
                (true, false) => channel.balance += amount,
                (false, true) => channel.balance -= amount,
                _ => {}
            }
        }
        Some(payout)
    }

    /// PayOS loses a payout and its key, as if the call had never come. The money does not come back by that.
    pub(crate) fn forget(&mut self, id_or_reference: &str) -> bool {
        let Some(payout) = self.find(id_or_reference) else { return false };
        let (id, key) = (payout.id.clone(), payout.idempotency_key.clone());
        self.all.retain(|payout| payout.id != id);
        self.by_key.remove(&key);
        true
    }
}

impl Payout {
    /// What replies say of it.
    pub(crate) fn data(&self, shape: Shape) -> Value {
        let transactions: Vec<Value> = self.transactions.iter().map(|made| made.data(shape)).collect();
        shape.apply(json!({
            "id": self.id,
            "referenceId": self.reference_id,
            "transactions": transactions,
            "category": self.category,
            "approvalState": self.approval_state(),
            "createdAt": shape.reply_time(self.created_at_ms),
        }))
    }

    /// What a test may see besides.
    pub(crate) fn control_data(&self) -> Value {
        let mut data = self.data(Shape::default());
        data["idempotencyKey"] = json!(self.idempotency_key);
        data
    }

    pub(crate) fn approval_state(&self) -> &str {
        let all = |words: &[&str]| self.transactions.iter().all(|made| words.contains(&made.state.as_str()));
        match &self.approval_state {
            Some(word) => word,
            None if all(&["SUCCEEDED", "REVERSED"]) => "COMPLETED",
            None if all(&["FAILED", "CANCELLED"]) => "FAILED",
            None if all(&["SUCCEEDED", "REVERSED", "FAILED", "CANCELLED"]) => "PARTIAL_COMPLETED",
            None => "PROCESSING",
        }
    }

    pub(crate) fn is_in_flight(&self) -> bool {
        self.approval_state() == "PROCESSING"
    }
}

impl Transaction {
    fn change(&mut self, change: &Move, now_ms: i64, next_reference: impl FnOnce() -> String) {
        self.account_name = change.account_name.clone().or(self.account_name.take());
        let Some(state) = &change.state else { return };
        self.state.clone_from(state);
        self.error_code.clone_from(&change.error_code);
        self.error_message.clone_from(&change.error_message);
        if state == "SUCCEEDED" {
            self.reference = change.reference.clone().or_else(|| Some(next_reference()));
            self.at_ms = Some(now_ms);
        }
    }

    fn is_away(&self) -> bool {
        !matches!(self.state.as_str(), "FAILED" | "CANCELLED" | "REVERSED")
    }

    fn data(&self, shape: Shape) -> Value {
        let transfer = &self.transfer;
        json!({
            "id": self.id,
            "referenceId": transfer.reference_id,
            "amount": transfer.amount,
            "description": transfer.description,
            "toBin": transfer.to_bin,
            "toAccountNumber": transfer.to_account_number,
            "toAccountName": self.account_name,
            "reference": self.reference,
            "transactionDatetime": self.at_ms.map(|at_ms| shape.reply_time(at_ms)),
            "errorMessage": self.error_message,
            "errorCode": self.error_code,
            "state": self.state,
        })
    }
}
