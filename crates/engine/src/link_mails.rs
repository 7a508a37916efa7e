use domain::OrderCode;

use crate::Allowance;

/// Mails with an order's address that a shopper may ask for in a day: the address may be of a person who bought nothing.
const A_DAY_MAX: u8 = 3;
/// Orders counted in a day. More shoppers than this do not lose their links in one day; a script that guesses does not
/// get this far, because only a right e-mail address is counted.
const ORDERS_MAX: usize = 100_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// How many mails with its address each order may be sent. A restart forgets the counts: then an order may get three more.
pub(crate) fn link_mails() -> Allowance<OrderCode> {
    Allowance::new(DAY_MS, A_DAY_MAX, ORDERS_MAX)
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn an_order_gets_three_mails_with_its_address_a_day_and_another_order_its_own() {
        let mut mails = link_mails();
        let morning = Timestamp(20_000 * DAY_MS);
        let asked = [1, 1, 1, 1, 2].map(|order| mails.take(&OrderCode(order), morning));
        assert_eq!(asked, [true, true, true, false, true]);
        assert!(!mails.take(&OrderCode(1), morning.plus_ms(DAY_MS - 1)));
        assert!(mails.take(&OrderCode(1), morning.plus_ms(DAY_MS)));
    }
}
