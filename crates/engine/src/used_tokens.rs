use domain::{Jti, OrderCode, Timestamp};
use hashbrown::HashTable;

/// Longer than a token can live (120 s and its leeway) plus what the clocks of edge and origin may differ by.
pub const USED_TOKENS_MS: i64 = 180_000;

/// Which order each recent purchase token made. Two generations, so that forgetting is one swap and never a scan.
pub struct UsedTokens {
    current: Generation,
    previous: Generation,
    turns_at: Timestamp,
}

/// Nearly always one table. Another one begins where a code is too far above the first: codes begin at the time of a
/// start, and a start may find its clock days ahead.
#[derive(Default)]
struct Generation(Vec<Table>);

/// Tokens in eight bytes each: a million purchases may lie within one generation. A token is known by a quarter of
/// itself; the order it leads to holds the whole.
struct Table {
    /// What its orders are counted from: the code of the first.
    first: u64,
    marks: HashTable<Mark>,
}

#[derive(Clone, Copy)]
struct Mark {
    token: u32,
    /// Codes ascend by one an order and 32 a millisecond over a restart.
    order: u32,
}

impl Mark {
    fn token(jti: Jti) -> u32 {
        let [a, b, c, d, ..] = jti.0;
        u32::from_le_bytes([a, b, c, d])
    }

    /// Tokens are drawn or derived by a key, so a quarter of one is spread evenly; the table wants its high bits too.
    fn hash(token: u32) -> u64 {
        u64::from(token).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Generation {
    fn insert(&mut self, jti: Jti, order: OrderCode) {
        let token = Mark::token(jti);
        let above_first = self.0.last().and_then(|table| u32::try_from(order.0 - table.first).ok());
        if above_first.is_none() {
            self.0.push(Table { first: order.0, marks: HashTable::new() });
        }
        if let Some(table) = self.0.last_mut() {
            let mark = Mark { token, order: above_first.unwrap_or(0) };
            table.marks.insert_unique(Mark::hash(token), mark, |mark| Mark::hash(mark.token));
        }
    }

    fn candidates(&self, jti: Jti) -> impl Iterator<Item = OrderCode> {
        self.0.iter().flat_map(move |table| table.candidates(jti))
    }
}

impl Table {
    fn candidates(&self, jti: Jti) -> impl Iterator<Item = OrderCode> {
        let (token, first) = (Mark::token(jti), self.first);
        let same_hash = self.marks.iter_hash(Mark::hash(token));
        same_hash.filter(move |mark| mark.token == token).map(move |mark| OrderCode(first + u64::from(mark.order)))
    }
}

impl UsedTokens {
    pub fn starting(now: Timestamp) -> Self {
        let (current, previous) = (Generation::default(), Generation::default());
        Self { current, previous, turns_at: now.plus_ms(USED_TOKENS_MS) }
    }

    /// Orders that the token may have made: nearly always none for a fresh token and one for a used one.
    pub fn candidates(&self, jti: Jti) -> impl Iterator<Item = OrderCode> {
        self.current.candidates(jti).chain(self.previous.candidates(jti))
    }

    /// Tokens of orders placed since then count at a start that goes on at `now`.
    pub fn since(now: Timestamp) -> Timestamp {
        now.plus_ms(-USED_TOKENS_MS)
    }

    /// `order` has a higher code than every order before.
    pub fn insert(&mut self, jti: Jti, order: OrderCode) {
        self.current.insert(jti, order);
    }

    /// Forgets old tokens: each is remembered for at least [`USED_TOKENS_MS`] and at most twice that.
    pub fn turn(&mut self, now: Timestamp) {
        if now >= self.turns_at {
            self.previous = std::mem::take(&mut self.current);
            self.turns_at = now.plus_ms(USED_TOKENS_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tokens: &UsedTokens, jti: Jti) -> Vec<OrderCode> {
        tokens.candidates(jti).collect()
    }

    #[test]
    fn a_token_is_remembered_for_its_whole_life_and_then_forgotten() {
        let (jti, order) = (Jti([7; 16]), OrderCode(9));
        let mut tokens = UsedTokens::starting(Timestamp(0));
        tokens.turn(Timestamp(USED_TOKENS_MS - 1));
        tokens.insert(jti, order);
        tokens.turn(Timestamp(USED_TOKENS_MS));
        tokens.turn(Timestamp(2 * USED_TOKENS_MS - 1));
        assert_eq!(found(&tokens, jti), [order]);
        tokens.turn(Timestamp(2 * USED_TOKENS_MS));
        assert_eq!(found(&tokens, jti), []);
    }

    #[test]
    fn tokens_of_orders_whose_codes_are_far_apart_are_all_remembered() {
        let mut tokens = UsedTokens::starting(Timestamp(0));
        let orders = [OrderCode(1), OrderCode(1 << 32), OrderCode(1 << 33), OrderCode(1 + (1 << 33))];
        let jtis = [1, 2, 3, 4].map(|byte| Jti([byte; 16]));
        jtis.into_iter().zip(orders).for_each(|(jti, order)| tokens.insert(jti, order));
        assert_eq!(jtis.map(|jti| found(&tokens, jti)), orders.map(|order| vec![order]));
    }

    #[test]
    fn tokens_that_begin_alike_lead_to_both_their_orders() {
        let mut tokens = UsedTokens::starting(Timestamp(0));
        tokens.insert(Jti([7; 16]), OrderCode(1 << 40));
        tokens.insert(Jti([8; 16]), OrderCode((1 << 40) + 3_000_000));
        let mut alike = [7; 16];
        alike[15] = 1;
        tokens.insert(Jti(alike), OrderCode((1 << 40) + 4_000_000));
        let mut both = found(&tokens, Jti(alike));
        both.sort();
        assert_eq!(both, [OrderCode(1 << 40), OrderCode((1 << 40) + 4_000_000)]);
        assert_eq!(found(&tokens, Jti([8; 16])), [OrderCode((1 << 40) + 3_000_000)]);
        assert_eq!(found(&tokens, Jti([9; 16])), []);
    }
}
