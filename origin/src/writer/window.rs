//! Which order each recent purchase token made.

use domain::{Jti, OrderCode, Timestamp};
use hashbrown::HashTable;

/// Longer than a token can live (120 s and its leeway) plus what a shopper's and our clock may differ by.
pub(crate) const WINDOW_MS: i64 = 180_000;

/// Two generations, so that forgetting is one swap and never a scan.
pub(crate) struct TokenWindow {
    current: Generation,
    previous: Generation,
    turns_at: Timestamp,
}

/// Tokens in eight bytes each: a million purchases may lie within one window. A token is known by a quarter of itself;
/// the order it leads to holds the whole.
#[derive(Default)]
struct Generation {
    /// What its orders are counted from: the code of the first.
    first: u64,
    marks: HashTable<Mark>,
}

#[derive(Clone, Copy)]
struct Mark {
    token: u32,
    /// Codes ascend by one an order and 32 a millisecond over a restart: a window is far below 2^32 of them.
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
        if self.marks.is_empty() {
            self.first = order.0;
        }
        let token = Mark::token(jti);
        let order = u32::try_from(order.0 - self.first).expect("a window holds fewer codes than 2^32");
        self.marks.insert_unique(Mark::hash(token), Mark { token, order }, |mark| Mark::hash(mark.token));
    }

    fn candidates(&self, jti: Jti) -> impl Iterator<Item = OrderCode> {
        let (token, first) = (Mark::token(jti), self.first);
        let same_hash = self.marks.iter_hash(Mark::hash(token));
        same_hash.filter(move |mark| mark.token == token).map(move |mark| OrderCode(first + u64::from(mark.order)))
    }
}

impl TokenWindow {
    pub(crate) fn starting(now: Timestamp) -> Self {
        let (current, previous) = (Generation::default(), Generation::default());
        Self { current, previous, turns_at: now.plus_ms(WINDOW_MS) }
    }

    /// Orders that the token may have made: nearly always none for a fresh token and one for a used one.
    pub(crate) fn candidates(&self, jti: Jti) -> impl Iterator<Item = OrderCode> {
        self.current.candidates(jti).chain(self.previous.candidates(jti))
    }

    /// `order` has a higher code than every order before.
    pub(crate) fn insert(&mut self, jti: Jti, order: OrderCode) {
        self.current.insert(jti, order);
    }

    /// Forgets tokens older than a window; each is remembered for at least one and at most two.
    pub(crate) fn turn(&mut self, now: Timestamp) {
        if now >= self.turns_at {
            self.previous = std::mem::take(&mut self.current);
            self.turns_at = now.plus_ms(WINDOW_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(window: &TokenWindow, jti: Jti) -> Vec<OrderCode> {
        window.candidates(jti).collect()
    }

    #[test]
    fn a_token_is_remembered_for_a_whole_window_and_then_forgotten() {
        let (jti, order) = (Jti([7; 16]), OrderCode(9));
        let mut window = TokenWindow::starting(Timestamp(0));
        window.turn(Timestamp(WINDOW_MS - 1));
        window.insert(jti, order);
        window.turn(Timestamp(WINDOW_MS));
        window.turn(Timestamp(2 * WINDOW_MS - 1));
        assert_eq!(found(&window, jti), [order]);
        window.turn(Timestamp(2 * WINDOW_MS));
        assert_eq!(found(&window, jti), []);
    }

    #[test]
    fn tokens_that_begin_alike_lead_to_both_their_orders() {
        let mut window = TokenWindow::starting(Timestamp(0));
        window.insert(Jti([7; 16]), OrderCode(1 << 40));
        window.insert(Jti([8; 16]), OrderCode((1 << 40) + 3_000_000));
        let mut alike = [7; 16];
        alike[15] = 1;
        window.insert(Jti(alike), OrderCode((1 << 40) + 4_000_000));
        let mut both = found(&window, Jti(alike));
        both.sort();
        assert_eq!(both, [OrderCode(1 << 40), OrderCode((1 << 40) + 4_000_000)]);
        assert_eq!(found(&window, Jti([8; 16])), [OrderCode((1 << 40) + 3_000_000)]);
        assert_eq!(found(&window, Jti([9; 16])), []);
    }
}
