//! Which order each recent purchase token made.

use std::collections::HashMap;

use domain::{Jti, Millis, OrderCode};

/// Longer than a token can live (120 s and its leeway) plus what a shopper's and our clock may differ by.
pub(crate) const WINDOW_MS: i64 = 180_000;

/// Two generations, so that forgetting is one swap and never a scan.
pub(crate) struct TokenWindow {
    current: HashMap<Jti, OrderCode>,
    previous: HashMap<Jti, OrderCode>,
    turns_at: Millis,
}

impl TokenWindow {
    pub(crate) fn restored(now: Millis, tokens: Vec<(Jti, OrderCode)>) -> Self {
        Self { current: tokens.into_iter().collect(), previous: HashMap::new(), turns_at: now.plus_ms(WINDOW_MS) }
    }

    pub(crate) fn get(&self, jti: Jti) -> Option<OrderCode> {
        self.current.get(&jti).or_else(|| self.previous.get(&jti)).copied()
    }

    pub(crate) fn insert(&mut self, jti: Jti, order: OrderCode) {
        self.current.insert(jti, order);
    }

    /// Forgets tokens older than a window; each is remembered for at least one and at most two.
    pub(crate) fn turn(&mut self, now: Millis) {
        if now >= self.turns_at {
            self.previous = std::mem::take(&mut self.current);
            self.turns_at = now.plus_ms(WINDOW_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_for_a_whole_window_and_then_forgotten() {
        let (jti, order) = (Jti([7; 16]), OrderCode(9));
        let mut window = TokenWindow::restored(Millis(0), Vec::new());
        window.turn(Millis(WINDOW_MS - 1));
        window.insert(jti, order);
        window.turn(Millis(WINDOW_MS));
        window.turn(Millis(2 * WINDOW_MS - 1));
        assert_eq!(window.get(jti), Some(order));
        window.turn(Millis(2 * WINDOW_MS));
        assert_eq!(window.get(jti), None);
    }
}
