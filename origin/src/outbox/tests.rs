//! The runners over a real ledger, with destinations that answer as a test says.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use domain::Command;
use ledger::{LedgerRow, RowKind};
use tokio::spawn;
use tokio_util::sync::CancellationToken;

use super::channel::{Channel, Patience, Settings};
use super::each::run;
use crate::delivery::Delivery;
use crate::tests::Sale;

/// A destination that is owed every row of some kinds, and answers each try as the test says.
struct Destination<F> {
    name: &'static str,
    rows: &'static [RowKind],
    answer: F,
}

impl<F: Fn(i64) -> Answer + Send + Sync + 'static> Channel for Destination<F> {
    type Effect = i64;

    fn settings(&self) -> Settings {
        Settings {
            name: self.name,
            rows: self.rows,
            delay_ms: 0,
            shoppers_wait: true,
            at_once: 2,
            retry_ms_max: 1_000,
            patience: Patience::MANY_TRIES,
        }
    }

    fn owed(&self, row: &LedgerRow) -> Option<i64> {
        Some(row.seq)
    }

    async fn deliver(&self, seq: i64) -> Result<Delivery> {
        match (self.answer)(seq) {
            Answer::Now(delivery) => Ok(delivery),
            Answer::Never => std::future::pending().await,
        }
    }
}

/// A destination that is owed nothing for a while.
struct Sometimes<F> {
    destination: Destination<F>,
    /// Negative while it is owed nothing.
    owes_after: Arc<AtomicI64>,
}

impl<F: Fn(i64) -> Answer + Send + Sync + 'static> Channel for Sometimes<F> {
    type Effect = i64;

    fn settings(&self) -> Settings {
        self.destination.settings()
    }

    fn owes_after(&self) -> Option<i64> {
        Some(self.owes_after.load(Ordering::SeqCst)).filter(|seq| *seq >= 0)
    }

    fn owed(&self, row: &LedgerRow) -> Option<i64> {
        self.destination.owed(row)
    }

    async fn deliver(&self, seq: i64) -> Result<Delivery> {
        self.destination.deliver(seq).await
    }
}

enum Answer {
    Now(Delivery),
    Never,
}

#[tokio::test]
async fn an_effect_whose_try_panics_is_tried_again() {
    let sale = Sale::of(1).await;
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let answer = move |_| {
        assert!(counted.fetch_add(1, Ordering::SeqCst) > 0, "the first try panics");
        Answer::Now(Delivery::Done)
    };
    let stop = CancellationToken::new();
    let channel = Destination { name: "panics", rows: &[RowKind::DropCreated], answer };
    let running = spawn(run(channel, sale.ports.clone(), stop.clone()));
    sale.owes_nothing("panics").await;
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    stop.cancel();
    running.await.unwrap();
    sale.finish().await;
}

#[tokio::test]
async fn a_destination_that_never_answers_stops_its_own_channel_and_is_owed_everything_after_a_start() {
    let mut sale = Sale::of(3).await;
    let stop = CancellationToken::new();
    let silent = Destination { name: "silent", rows: &[RowKind::OrderPlaced], answer: |_| Answer::Never };
    let other = Destination { name: "other", rows: &[RowKind::OrderPlaced], answer: |_| Answer::Now(Delivery::Done) };
    let running =
        [spawn(run(silent, sale.ports.clone(), stop.clone())), spawn(run(other, sale.ports.clone(), stop.clone()))];
    for shopper in 1..=3 {
        sale.buys_with_link(shopper).await;
    }
    sale.owes_nothing("other").await;
    stop.cancel();
    for channel in running {
        channel.await.unwrap();
    }

    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let answer = move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Answer::Now(Delivery::Done)
    };
    let stop = CancellationToken::new();
    let speaks = Destination { name: "silent", rows: &[RowKind::OrderPlaced], answer };
    let running = spawn(run(speaks, sale.ports.clone(), stop.clone()));
    sale.owes_nothing("silent").await;
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    stop.cancel();
    running.await.unwrap();
    sale.finish().await;
}

#[tokio::test]
async fn a_channel_to_which_no_row_can_owe_anything_reads_none_and_later_only_those_after_its_start() {
    let mut sale = Sale::of(3).await;
    let (owes_after, done) = (Arc::new(AtomicI64::new(-1)), Arc::new(Mutex::new(Vec::new())));
    let recorded = done.clone();
    let answer = move |seq| {
        recorded.lock().unwrap().push(seq);
        Answer::Now(Delivery::Done)
    };
    let rows = &[RowKind::OrderPlaced];
    let destination = Destination { name: "other", rows, answer };
    let stop = CancellationToken::new();
    let sometimes = Sometimes { destination, owes_after: owes_after.clone() };
    let always = Destination { name: "silent", rows, answer: |_| Answer::Now(Delivery::Done) };
    let running =
        [spawn(run(sometimes, sale.ports.clone(), stop.clone())), spawn(run(always, sale.ports.clone(), stop.clone()))];
    sale.buys(1).await;
    sale.buys(2).await;
    sale.owes_nothing("silent").await;
    let read = sale.ports.reader.read(move |store| store.ledger_of_kinds(0, i64::MAX, rows)).await.unwrap();
    let [_, second] = read.iter().map(|row| row.seq).collect::<Vec<_>>()[..] else { panic!("{read:?}") };
    owes_after.store(second, Ordering::SeqCst);
    sale.buys(3).await;
    sale.owes_nothing("other").await;
    let read = sale.ports.reader.read(move |store| store.ledger_of_kinds(second, i64::MAX, rows)).await.unwrap();
    assert_eq!(*done.lock().unwrap(), [read[0].seq]);
    stop.cancel();
    for channel in running {
        channel.await.unwrap();
    }
    sale.finish().await;
}

#[tokio::test]
async fn effects_of_one_order_are_carried_out_in_the_order_of_their_rows_while_another_order_goes_on() {
    let mut sale = Sale::of(2).await;
    let first = sale.buys(1).await;
    sale.ports.writer.order(first, Command::CancelByOperator { restock: true }).await.unwrap();
    sale.buys(2).await;
    let rows = &[RowKind::OrderPlaced, RowKind::OrderCancelled];
    let read = sale.ports.reader.read(move |store| store.ledger_of_kinds(0, i64::MAX, rows)).await.unwrap();
    let [placed, cancelled, other] = read.iter().map(|row| row.seq).collect::<Vec<_>>()[..] else { panic!("{read:?}") };

    let (done, refused) = (Arc::new(Mutex::new(Vec::new())), AtomicUsize::new(0));
    let recorded = done.clone();
    let answer = move |seq| {
        if seq == placed && refused.fetch_add(1, Ordering::SeqCst) < 2 {
            return Answer::Now(Delivery::LATER);
        }
        recorded.lock().unwrap().push(seq);
        Answer::Now(Delivery::Done)
    };
    let stop = CancellationToken::new();
    let running = spawn(run(Destination { name: "in_order", rows, answer }, sale.ports.clone(), stop.clone()));
    sale.owes_nothing("in_order").await;
    assert_eq!(*done.lock().unwrap(), [other, placed, cancelled]);
    stop.cancel();
    running.await.unwrap();
    sale.finish().await;
}
