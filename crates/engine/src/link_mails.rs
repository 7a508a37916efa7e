use std::collections::BTreeMap;

use domain::{OrderCode, Timestamp};

/// Mails with an order's address that a shopper may ask for in a day: the address may be of a person who bought nothing.
const A_DAY_MAX: u8 = 3;
/// Orders counted in a day. More shoppers than this do not lose their links in one day; a script that guesses does not
/// get this far, because only a right e-mail address is counted.
const ORDERS_MAX: usize = 100_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// How many mails with its address each order was sent today. A restart forgets the counts: then an order may get three
/// more.
#[derive(Default)]
pub struct LinkMails {
    day: i64,
    counts: BTreeMap<OrderCode, u8>,
}

impl LinkMails {
    /// Counts one more, unless there were enough.
    pub(crate) fn count(&mut self, order: OrderCode, now: Timestamp) -> bool {
        let day = now.0.div_euclid(DAY_MS);
        if day != self.day {
            *self = Self { day, counts: BTreeMap::new() };
        }
        if self.counts.len() >= ORDERS_MAX && !self.counts.contains_key(&order) {
            return false;
        }
        let count = self.counts.entry(order).or_default();
        *count = count.saturating_add(1);
        *count <= A_DAY_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_gets_three_mails_with_its_address_a_day_and_another_order_its_own() {
        let mut mails = LinkMails::default();
        let morning = Timestamp(20_000 * DAY_MS);
        let asked = [1, 1, 1, 1, 2].map(|order| mails.count(OrderCode(order), morning));
        assert_eq!(asked, [true, true, true, false, true]);
        assert!(!mails.count(OrderCode(1), morning.plus_ms(DAY_MS - 1)));
        assert!(mails.count(OrderCode(1), morning.plus_ms(DAY_MS)));
    }
}
