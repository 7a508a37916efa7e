//! What a channel owes: which effect may start next, and how far the cursor may move. Nothing here waits or asks.
//!
//! Effects of one order start in the order of their rows: each waits until the one before it is done or given up.
//! Between orders there is no promise. An effect that failed is *put aside*: it is stored among the retries, and so are
//! those that wait behind it, so that the cursor can pass their rows.

use std::collections::{BTreeMap, BTreeSet};

use domain::{OrderCode, Timestamp};
use engine::Retry;

/// An effect as a row of the ledger makes it owed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owed<E> {
    pub(super) seq: i64,
    /// Its place is behind the earlier effects of this order.
    pub(super) order: Option<OrderCode>,
    pub(super) due_at: Timestamp,
    pub(super) effect: E,
}

pub(super) struct Backlog<E> {
    effects: BTreeMap<i64, Waiting<E>>,
    /// The same effects by order, without those that belong to none.
    by_order: BTreeSet<(OrderCode, i64)>,
    /// Not tried yet, and nothing of the same order before them.
    fresh: BTreeSet<i64>,
    /// Tried before, and nothing of the same order before them, by when the next try is due.
    retries: BTreeSet<(Timestamp, i64)>,
    under_way: BTreeSet<i64>,
    /// Retries of rows that are not read again yet: after a crash the cursor may stand before them.
    unread: BTreeMap<i64, Retry>,
    put_aside: usize,
}

struct Waiting<E> {
    owed: Owed<E>,
    attempt: u32,
    try_at: Timestamp,
    put_aside: bool,
}

impl<E: Copy> Backlog<E> {
    /// `unread` are the stored retries of rows that the cursor has not passed.
    pub(super) fn new(unread: impl IntoIterator<Item = Retry>) -> Self {
        Self {
            effects: BTreeMap::new(),
            by_order: BTreeSet::new(),
            fresh: BTreeSet::new(),
            retries: BTreeSet::new(),
            under_way: BTreeSet::new(),
            unread: unread.into_iter().map(|retry| (retry.seq, retry)).collect(),
            put_aside: 0,
        }
    }

    /// Takes an effect whose row was read. Returns what is to be stored: it waits behind one that was put aside.
    pub(super) fn add(&mut self, owed: Owed<E>) -> Option<Retry> {
        // An operator's retry came before the cursor, which a start had put back.
        if self.holds(owed.seq) {
            return None;
        }
        match self.unread.remove(&owed.seq) {
            Some(retry) => {
                self.restore(owed, retry);
                None
            }
            None => {
                let behind = self.before(&owed).and_then(|seq| self.effects.get(&seq));
                let put_aside = behind.is_some_and(|before| before.put_aside);
                let retry = Retry { seq: owed.seq, attempt: 0, due_at: owed.due_at };
                self.insert(Waiting { owed, attempt: 0, try_at: owed.due_at, put_aside });
                put_aside.then_some(retry)
            }
        }
    }

    /// Takes an effect that was put aside before the start.
    pub(super) fn restore(&mut self, owed: Owed<E>, retry: Retry) {
        self.insert(Waiting { owed, attempt: retry.attempt, try_at: retry.due_at, put_aside: true });
    }

    /// The next effect to carry out; first tries come first. It is under way from now on.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<(i64, E)> {
        let seq = match self.fresh.pop_first() {
            Some(seq) => seq,
            None => {
                self.retries.first().filter(|(try_at, _)| *try_at <= now)?;
                self.retries.pop_first()?.1
            }
        };
        self.under_way.insert(seq);
        Some((seq, self.effects.get(&seq)?.owed.effect))
    }

    /// Whether the effect is owed, and was read.
    pub(super) fn holds(&self, seq: i64) -> bool {
        self.effects.contains_key(&seq)
    }

    /// How often the effect was tried before.
    pub(super) fn attempt(&self, seq: i64) -> u32 {
        self.effects.get(&seq).map_or(0, |waiting| waiting.attempt)
    }

    /// Since when the effect has been due.
    pub(super) fn due_at(&self, seq: i64) -> Option<Timestamp> {
        self.effects.get(&seq).map(|waiting| waiting.owed.due_at)
    }

    /// The effect is owed no longer. Returns whether it is stored among the retries.
    pub(super) fn forget(&mut self, seq: i64) -> bool {
        self.under_way.remove(&seq);
        let Some(Waiting { owed, put_aside, .. }) = self.effects.remove(&seq) else {
            return false;
        };
        self.put_aside -= usize::from(put_aside);
        if let Some(order) = owed.order {
            self.by_order.remove(&(order, seq));
            let next = self.of_order(order, i64::MIN..=i64::MAX).next();
            if let Some(next) = next {
                self.make_ready(next);
            }
        }
        put_aside
    }

    /// The effect failed and is tried again at `try_at`. Returns what is to be stored: it, and all that wait behind it.
    pub(super) fn put_aside(&mut self, seq: i64, try_at: Timestamp) -> Vec<Retry> {
        self.under_way.remove(&seq);
        let Some(failed) = self.effects.get_mut(&seq) else {
            return Vec::new();
        };
        failed.attempt += 1;
        failed.try_at = try_at;
        let order = failed.owed.order;
        self.retries.insert((try_at, seq));
        let behind: Vec<i64> = order.map_or_else(Vec::new, |order| self.of_order(order, seq + 1..=i64::MAX).collect());
        let mut stored = Vec::new();
        for seq in std::iter::once(seq).chain(behind) {
            let Some(waiting) = self.effects.get_mut(&seq) else { continue };
            self.put_aside += usize::from(!waiting.put_aside);
            waiting.put_aside = true;
            stored.push(Retry { seq, attempt: waiting.attempt, due_at: waiting.try_at });
        }
        stored
    }

    /// Every row up to here is done or put aside, when all rows up to `read_to` have been read.
    pub(super) fn cursor(&self, read_to: i64) -> i64 {
        let first = self.effects.values().find(|waiting| !waiting.put_aside);
        first.map_or(read_to, |waiting| waiting.owed.seq - 1)
    }

    /// Since when the oldest effect has been due.
    pub(super) fn oldest_due(&self) -> Option<Timestamp> {
        self.effects.values().map(|waiting| waiting.owed.due_at).min()
    }

    /// Effects that may start now and were not tried yet.
    pub(super) fn fresh(&self) -> usize {
        self.fresh.len()
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Effects that wait for time to pass, or for another of their order.
    pub(super) fn waiting(&self) -> usize {
        self.effects.len() - self.fresh.len() - self.under_way.len()
    }

    /// Effects that are stored among the retries.
    pub(super) fn stored(&self) -> usize {
        self.put_aside
    }

    fn insert(&mut self, waiting: Waiting<E>) {
        let (seq, order) = (waiting.owed.seq, waiting.owed.order);
        let first = self.before(&waiting.owed).is_none();
        self.put_aside += usize::from(waiting.put_aside);
        self.effects.insert(seq, waiting);
        if let Some(order) = order {
            self.by_order.insert((order, seq));
        }
        if first {
            self.make_ready(seq);
        }
    }

    fn make_ready(&mut self, seq: i64) {
        match self.effects.get(&seq) {
            Some(waiting) if waiting.attempt > 0 => _ = self.retries.insert((waiting.try_at, seq)),
            Some(_) => _ = self.fresh.insert(seq),
            None => {}
        }
    }

    /// The effect of the same order that it waits for.
    fn before(&self, owed: &Owed<E>) -> Option<i64> {
        self.of_order(owed.order?, i64::MIN..=owed.seq - 1).next_back()
    }

    fn of_order(
        &self,
        order: OrderCode,
        rows: std::ops::RangeInclusive<i64>,
    ) -> impl DoubleEndedIterator<Item = i64> + '_ {
        self.by_order.range((order, *rows.start())..=(order, *rows.end())).map(|(_, seq)| *seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);
    const LATER: Timestamp = Timestamp(2_000);

    fn owed(seq: i64, order: u64) -> Owed<i64> {
        Owed { seq, order: Some(OrderCode(order)), due_at: NOW, effect: seq }
    }

    fn backlog_of(effects: &[(i64, u64)]) -> Backlog<i64> {
        let mut backlog = Backlog::new([]);
        for (seq, order) in effects {
            assert_eq!(backlog.add(owed(*seq, *order)), None);
        }
        backlog
    }

    fn started(backlog: &mut Backlog<i64>, now: Timestamp) -> Vec<i64> {
        std::iter::from_fn(|| backlog.start(now)).map(|(seq, _)| seq).collect()
    }

    #[test]
    fn effects_of_one_order_start_in_the_order_of_their_rows_and_others_do_not_wait_for_them() {
        let mut backlog = backlog_of(&[(1, 7), (2, 7), (3, 8), (4, 7)]);
        assert_eq!(started(&mut backlog, NOW), [1, 3]);
        assert_eq!(backlog.put_aside(1, LATER).len(), 3);
        assert!(started(&mut backlog, NOW).is_empty());
        assert_eq!(started(&mut backlog, LATER), [1]);
        assert!(backlog.forget(1));
        assert_eq!(started(&mut backlog, NOW), [2]);
        assert!(backlog.forget(2));
        assert_eq!(started(&mut backlog, NOW), [4]);
    }

    #[test]
    fn effects_of_no_order_wait_for_nothing() {
        let mut backlog = Backlog::new([]);
        for seq in 1..=3 {
            backlog.add(Owed { order: None, ..owed(seq, 0) });
        }
        assert_eq!(started(&mut backlog, NOW), [1, 2, 3]);
    }

    #[test]
    fn first_tries_start_before_retries_that_are_due() {
        let mut backlog = backlog_of(&[(1, 7), (2, 8)]);
        started(&mut backlog, NOW);
        backlog.put_aside(1, NOW);
        backlog.add(owed(3, 9));
        assert_eq!(started(&mut backlog, NOW), [3, 1]);
    }

    #[test]
    fn the_cursor_passes_what_failed_and_what_waits_behind_it_and_stops_before_all_else() {
        let mut backlog = backlog_of(&[(1, 7), (2, 7), (3, 8)]);
        assert_eq!(backlog.cursor(9), 0);
        started(&mut backlog, NOW);
        let stored = backlog.put_aside(1, LATER);
        let expected = [Retry { seq: 1, attempt: 1, due_at: LATER }, Retry { seq: 2, attempt: 0, due_at: NOW }];
        assert_eq!(stored, expected);
        assert_eq!((backlog.cursor(9), backlog.stored()), (2, 2));
        // Read when the first had failed already: it is stored at once.
        assert_eq!(backlog.add(owed(4, 7)), Some(Retry { seq: 4, attempt: 0, due_at: NOW }));
        assert!(!backlog.forget(3));
        assert_eq!((backlog.cursor(9), backlog.stored()), (9, 3));
    }

    #[test]
    fn what_was_put_aside_is_owed_once_and_keeps_its_order_after_a_start() {
        // The cursor stood at 5: rows from 6 on are read again, though 8 is among the retries.
        let retry = |seq, attempt| Retry { seq, attempt, due_at: LATER };
        let mut backlog = Backlog::new([retry(8, 3)]);
        backlog.restore(owed(2, 7), retry(2, 1));
        backlog.restore(owed(4, 7), retry(4, 0));
        assert_eq!(started(&mut backlog, LATER), [2]);
        assert_eq!([backlog.add(owed(6, 8)), backlog.add(owed(8, 8))], [None, None]);
        assert_eq!(started(&mut backlog, LATER), [6]);
        assert!(!backlog.forget(6));
        assert_eq!((started(&mut backlog, LATER), backlog.attempt(8)), (vec![8], 3));
        assert!(backlog.forget(8) && backlog.forget(2));
        assert_eq!(started(&mut backlog, NOW), [4]);
        assert!(backlog.forget(4));
        assert_eq!((backlog.cursor(8), backlog.stored(), backlog.oldest_due()), (8, 0, None));
    }
}
