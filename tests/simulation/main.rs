//! Simulated sales over the real rules: shoppers, PayOS, a bank, operators, crashes and clocks, all drawn from a seed,
//! with an oracle that knows what must never happen.

mod campaign;
mod clocks;
#[cfg(test)]
mod history;
mod operator;
mod oracle;
mod origin;
mod outbox;
mod payos;
mod payouts;
mod queue;
mod shopper;
mod world;

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::campaign::{Broken, Tally};

const REPORT_EVERY: Duration = Duration::from_secs(5);

/// Simulates drops until this many purchases were accepted or refused.
#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 1_000_000)]
    sales: u64,
    /// Of the first drop; each further drop takes the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let Arguments { sales, seed } = Arguments::parse();
    // A broken promise is reported once, with its seed, and not where it was noticed.
    std::panic::set_hook(Box::new(|_| {}));
    let threads = if sales == 1 { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let started = Instant::now();
    let reported = Mutex::new(started);
    let result = campaign::run(seed, sales, threads, |tally| {
        let mut reported = reported.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if reported.elapsed() >= REPORT_EVERY {
            *reported = Instant::now();
            println!("{}", line(tally, started.elapsed()));
        }
    });
    match result {
        Ok(tally) => {
            println!("{}; every promise kept", line(tally, started.elapsed()));
            ExitCode::SUCCESS
        }
        Err(Broken { seed, step, why, story }) => {
            story.iter().for_each(|line| println!("{line}"));
            println!("seed {seed}, step {step}: {why}\nagain: simulate --seed {seed} --sales 1");
            ExitCode::FAILURE
        }
    }
}

fn line(tally: Tally, elapsed: Duration) -> String {
    let per_minute = tally.purchases as f64 / elapsed.as_secs_f64() * 60.0;
    format!(
        "{} purchases in {} drops, {} refunds paid out, {} steps, {:.0} s, {per_minute:.0} purchases a minute",
        tally.purchases,
        tally.drops,
        tally.paid_out,
        tally.steps,
        elapsed.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough for every kind of trouble to have met every other; seconds on one core.
    const SALES: u64 = 100_000;

    #[test]
    fn no_promise_is_broken_in_a_hundred_thousand_purchases() {
        let tally = campaign::run(1, SALES, 2, |_| {}).unwrap_or_else(|broken| {
            panic!("seed {}, step {}: {}\n{}", broken.seed, broken.step, broken.why, broken.story.join("\n"))
        });
        assert!(tally.purchases >= SALES);
        assert!(tally.paid_out > 100, "{tally:?}");
    }
}
