//! Shoppers: they come when the drop opens, buy, lose answers, try again, open a second tab, pay or do not, change their
//! minds. Some know only another shopper's phone number.

use domain::{Command, Jti, OrderCode, OrderState, Purchase, Refusal, Region, Sid, Sub};
use engine::{Buyer, Payer, PurchaseRefused, PurchaseRequest, Records, Reply, Request, Salt};

use crate::origin::{Answer, DROP, Ticket};
use crate::payos::account;
use crate::queue::ScheduledEvent;
use crate::world::World;

/// A token lives this long.
pub(crate) const TOKEN_MS: i64 = 120_000;
/// A shopper gives up after so many tries.
const TRIES_MAX: u32 = 6;

#[derive(Clone, Debug)]
pub(crate) struct Shopper {
    pub(crate) sub: Sub,
    pub(crate) sid: Sid,
    quantity: u32,
    token: Option<Token>,
    stage: Stage,
    tries: u32,
    /// An order they let run out, whose code they still have.
    old: Option<OrderCode>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) jti: Jti,
    pub(crate) minted_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Buying,
    /// Sent a purchase and waits.
    Asked,
    Holding(OrderCode),
    Leaving,
}

impl World {
    pub(crate) fn shoppers_come(&mut self) {
        let count = if self.rng.bool() { self.rng.usize(5..60) } else { self.rng.usize(5..500) };
        let rush_ms = [2_000, 30_000, 600_000][self.rng.usize(0..3)];
        let others_number = self.rng.f64() * 0.4;
        for number in 0..count {
            let mut shopper = Shopper {
                sub: Sub(spread(number as u64)),
                sid: Sid(spread(1_000_000 + number as u64)),
                quantity: if self.rng.bool() { 1 } else { self.rng.u32(0..6) },
                token: None,
                stage: Stage::Buying,
                tries: 0,
                old: None,
            };
            if number > 0 && self.chance(others_number) {
                let known = &self.shoppers[self.rng.usize(0..number)];
                shopper.sub = known.sub;
                // A second tab of the same browser, or a browser that only knows the phone number.
                if self.rng.bool() {
                    shopper.sid = known.sid;
                }
            }
            self.shoppers.push(shopper);
            let ms = self.rng.i64(0..12_000 + rush_ms);
            self.after(ms, ScheduledEvent::Shopper(number));
        }
    }

    pub(crate) fn shopper_moves(&mut self, number: usize) {
        match self.shoppers[number].stage {
            Stage::Buying => self.shopper_buys(number),
            Stage::Holding(order) => self.shopper_holds(number, order),
            Stage::Asked | Stage::Leaving => {}
        }
    }

    fn shopper_buys(&mut self, number: usize) {
        let now = self.now;
        let mut shopper = self.shoppers[number].clone();
        let alive = shopper.token.filter(|token| now < token.minted_at + TOKEN_MS);
        let token = alive.unwrap_or_else(|| {
            self.tokens_minted += 1;
            Token { jti: Jti(spread(2_000_000_000 + self.tokens_minted)), minted_at: now }
        });
        let mut quantity = shopper.quantity;
        // A careless client changes what it asks for and keeps the token.
        if alive.is_some() && self.chance(0.05) {
            quantity += 1;
        }
        shopper.token = Some(token);
        shopper.stage = Stage::Asked;
        shopper.tries += 1;
        // Every request draws a salt of its own; a careless client also changes its details.
        let salt = Salt(spread(self.rng.u64(..)));
        let email = if alive.is_some() && self.chance(0.03) { "an@example.net" } else { "an@example.com" };
        let (name, phone, email) = (format!("An {number}"), "+84912345678".into(), email.into());
        let buyer = Buyer { name, phone, email, address: None, language: engine::Language::Vietnamese };
        let purchase = Purchase {
            order: OrderCode(0),
            sub: shopper.sub,
            sid: shopper.sid,
            jti: token.jti,
            quantity,
            quantity_max: 1_000,
            region: Region::S01,
            buyer_commit: buyer.commit(salt),
        };
        self.shoppers[number] = shopper;
        self.purchases += 1;
        self.oracle.asks(number, &purchase, &buyer, token);
        let request = PurchaseRequest { drop: DROP, purchase, buyer, salt };
        if let Some(refusal) = self.refused_already(&request) {
            let refused = Reply::Purchase(Err(PurchaseRefused::ByTheRules(refusal)));
            return self.answer(Ticket::Shopper(number), Answer::Reply(refused));
        }
        self.ask(Request::Purchase(request), Ticket::Shopper(number));
    }

    pub(crate) fn shopper_hears(&mut self, number: usize, answer: Answer) {
        let reply = match answer {
            Answer::Reply(Reply::Purchase(Err(PurchaseRefused::ClockBehind { .. }))) | Answer::Lost => {
                return self.shopper_again(number, 1_000..10_000);
            }
            Answer::Reply(Reply::Purchase(reply)) => reply,
            Answer::Reply(other) => unreachable!("a purchase was answered with {other:?}"),
        };
        if self.chance(self.weather.answer_lost) {
            return self.shopper_again(number, 500..20_000);
        }
        if !matches!(self.shoppers[number].stage, Stage::Asked) {
            return;
        }
        self.oracle.hears(number, &reply);
        match reply {
            Ok(accepted) => self.shopper_holds_now(number, accepted.receipt.order),
            Err(PurchaseRefused::ByTheRules(refusal)) => {
                self.shoppers[number].token = None;
                match refusal {
                    Refusal::NotOpenYet => self.shopper_again(number, 500..6_000),
                    Refusal::HeldOut | Refusal::Paused => self.shopper_again(number, 2_000..300_000),
                    Refusal::LimitReached | Refusal::OrderPending | Refusal::TokenReused if self.rng.bool() => {
                        self.shopper_again(number, 1_000..900_000);
                    }
                    Refusal::InsufficientStock | Refusal::InvalidQuantity => {
                        self.shoppers[number].quantity = 1;
                        self.shopper_again(number, 500..5_000);
                    }
                    _ => self.shoppers[number].stage = Stage::Leaving,
                }
            }
            Err(refused) => unreachable!("the drop is there: {refused:?}"),
        }
    }

    fn shopper_again(&mut self, number: usize, after_ms: std::ops::Range<i64>) {
        let shopper = &mut self.shoppers[number];
        shopper.stage = if shopper.tries < TRIES_MAX { Stage::Buying } else { Stage::Leaving };
        if shopper.stage == Stage::Buying {
            let ms = self.rng.i64(after_ms);
            self.after(ms, ScheduledEvent::Shopper(number));
        }
    }

    fn shopper_holds_now(&mut self, number: usize, order: OrderCode) {
        self.shoppers[number].stage = Stage::Holding(order);
        if self.chance(0.06) {
            // Clicks again: the same token, or a new one.
            if self.rng.bool() {
                self.shoppers[number].token = None;
            }
            return self.shopper_again(number, 100..5_000);
        }
        let ms = self.rng.i64(300..5_000);
        self.after(ms, ScheduledEvent::Shopper(number));
    }

    /// The order page: it waits for the link, and then shoppers differ.
    fn shopper_holds(&mut self, number: usize, order: OrderCode) {
        if self.chance(0.05) {
            let sid = if self.chance(0.9) { self.shoppers[number].sid } else { Sid(spread(9_999_999)) };
            self.ask_order(order, Command::Cancel { sid }, Ticket::Unanswered);
            if self.rng.bool() {
                return self.shopper_comes_back(number);
            }
        }
        if self.chance(0.3) {
            let ms = self.rng.i64(0..7_200_000);
            self.after(ms, ScheduledEvent::NamesAccount(order));
        }
        let record = &self.origin.disk.orders[&order];
        if record.state != OrderState::Pending {
            return self.shopper_comes_back(number);
        }
        if record.link.facts().is_none() {
            let ms = self.rng.i64(1_000..8_000);
            return self.after(ms, ScheduledEvent::Shopper(number));
        }
        let (amount, left_ms) = (record.amount.get(), record.pay_by.0 - self.sale_now());
        let left_ms = left_ms.max(1_000);
        if let Some(old) = self.shoppers[number].old.take().filter(|old| *old != order && self.rng.bool()) {
            let part = if self.rng.bool() { amount / 3 } else { 0 };
            if part > 0 {
                self.after(500, ScheduledEvent::Transfer(order, part));
            }
            let ms = self.rng.i64(1_000..10_000);
            let old_amount = self.origin.disk.orders[&old].amount.get();
            self.after(ms, ScheduledEvent::Transfer(old, old_amount));
            return self.shopper_comes_back(number);
        }
        let in_time = self.shopper_pays(order, amount, left_ms);
        if !in_time && self.rng.bool() {
            // Buys again when the hold has ended, and may then pay with the old code.
            (self.shoppers[number].token, self.shoppers[number].old) = (None, Some(order));
            return self.shopper_again(number, left_ms + 61_000..left_ms + 400_000);
        }
        self.shopper_comes_back(number);
    }

    /// Mostly the known account, whose name may be missing; another one has to wait.
    pub(crate) fn shopper_names_account(&mut self, order: OrderCode) {
        let known = self.origin.disk.destination(Payer::Order(order)).expect("the simulated disk can always be read");
        let destination = match known.filter(|_| self.rng.u8(0..4) > 0) {
            Some((known, _)) => account(&known.account_number),
            None => account(["1", "2"][self.rng.usize(0..2)]),
        };
        self.ask(Request::SetDestination { order, destination, operator: String::new() }, Ticket::Unanswered);
    }

    /// Returns whether the money goes out before the deadline.
    fn shopper_pays(&mut self, order: OrderCode, amount: i64, left_ms: i64) -> bool {
        let at = match self.rng.u8(0..20) {
            0..11 => self.rng.i64(500..left_ms.min(120_000) + 1_000),
            11..14 => (left_ms + self.rng.i64(-3_000..62_000)).max(0),
            14..16 => left_ms + self.rng.i64(60_000..1_200_000),
            16 => left_ms + self.rng.i64(0..90_000_000),
            _ => return false,
        };
        let in_time = at <= left_ms;
        let transfers: &[i64] = match self.rng.u8(0..20) {
            0..13 => &[100],
            13 => &[50],
            14 => &[50, 50],
            15 => &[30, 90],
            16 => &[120],
            17 => &[100, 100],
            18 => &[250],
            _ => &[1, 99],
        };
        let mut at = at;
        for percent in transfers {
            self.after(at, ScheduledEvent::Transfer(order, amount * percent / 100));
            at += if self.rng.bool() { self.rng.i64(0..5_000) } else { self.rng.i64(0..1_800_000) };
        }
        in_time
    }

    fn shopper_comes_back(&mut self, number: usize) {
        self.shoppers[number].stage = Stage::Leaving;
        if self.chance(0.25) {
            self.shoppers[number].token = None;
            self.shopper_again(number, 5_000..1_200_000);
        }
    }
}

/// Sixteen bytes for a number, spread as the outputs of a keyed hash are.
fn spread(number: u64) -> [u8; 16] {
    let head = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&head.to_le_bytes());
    bytes[8..].copy_from_slice(&number.to_le_bytes());
    bytes
}
