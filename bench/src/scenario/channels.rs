use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use crate::destinations::{Answers, Destinations};
use crate::load::closed::{self, Until};
use crate::load::measured::Measured;
use crate::load::request::Kind;
use crate::payos_stand_in::CHECKSUM_KEY;
use crate::payouts_stand_in::KEY_THAT_HANGS;
use crate::progress::Progress;
use crate::report::{Bound, Report};
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, buy, pay, require_stored, wait_for_links};
use crate::servers::{DataFolder, Origin, Servers, Setting};
use crate::statistics::Rounds;

const RATIO_MIN: f64 = 0.95;
const COLUMNS: &[&str] = &["purchases/s", "ratio", "p50 ms", "p99 ms", "mails", "deliveries", "sheet rows", "payouts"];
/// A mail is due five seconds after its row, and a refund is paid out within five seconds.
const OWED_AFTER: Duration = Duration::from_secs(8);
/// Orders that are cancelled after they were paid: each owes a refund.
const CANCELLED: usize = 40;

#[derive(Args)]
#[command(
    long_about = "Purchases with every channel of the outbox on and healthy, and with all of them on and hanging, \
against the same with none. Payment links are made in all three, by a PayOS that takes 300 ms for each call.\n\nOwed \
when the clock starts: orders were bought and paid for by signed webhooks, so each owes a mail, a read of its payment \
and a sheet row for each of its changes. 40 of them were cancelled and owe a mail about the refund and its payout. Every \
webhook endpoint is owed each event of each order. Beside the clock each purchase owes a payment link, a sheet row and a \
delivery to each endpoint.\n\nA healthy destination answers at once or after --answer-ms; payouts go through PayOS. A \
hanging one accepts connections and never answers; PayOS then says what the payout account holds and nothing more, so \
that payouts begin and hang. The table shows what the destinations took since the origin started; of hanging ones the \
connections, and the payouts that began."
)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Each round measures all three, each on a fresh database, in another order than the round before.
    #[arg(long, default_value_t = 6)]
    rounds: usize,
    /// Purchases prepared for each measurement; it ends early when they are used up.
    #[arg(long, default_value_t = 400_000)]
    purchases: usize,
    /// Orders paid before the clock starts. The origin reads some 26 payments a second back, and their mails wait for it.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(CANCELLED as i64..))]
    paid: u32,
    /// Webhook endpoints of the merchant.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    endpoints: u8,
    /// What a healthy mail server, endpoint and sheet take for an answer.
    #[arg(long, default_value_t = 0)]
    answer_ms: u64,
}

/// The channels of the outbox besides payment links.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Channels {
    Off,
    Healthy,
    Hanging,
}

struct Scenario {
    options: Options,
    servers: Servers,
    healthy: Destinations,
    hanging: Destinations,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let servers = options.common.start_servers()?;
    let healthy = Answers::After(Duration::from_millis(options.answer_ms));
    let (healthy, hanging) =
        (Destinations::start(healthy, options.endpoints)?, Destinations::start(Answers::Never, options.endpoints)?);
    let Options { seconds, rounds, paid, endpoints, answer_ms, .. } = options;
    let facts = json!({
        "seconds": seconds, "rounds": rounds, "paid": paid, "endpoints": endpoints, "answer_ms": answer_ms,
    });
    let mut report = options.common.report("channels", COLUMNS, facts);
    let scenario = Scenario { options, servers, healthy, hanging };
    let (mut with_healthy, mut with_hanging) = (Rounds::default(), Rounds::default());
    for round in 1..=rounds {
        let mut all = [Channels::Off, Channels::Healthy, Channels::Hanging];
        all.rotate_left(round % 3);
        let mut rows = Vec::new();
        for channels in all {
            rows.push((channels, scenario.measure(channels, &format!("round {round} of {rounds}"))?));
        }
        let rate = |wanted| rows.iter().find(|(channels, _)| *channels == wanted).map_or(0.0, |(_, row)| row[0]);
        let off = rate(Channels::Off);
        with_healthy.push(off, rate(Channels::Healthy));
        with_hanging.push(off, rate(Channels::Hanging));
        for (channels, mut row) in rows {
            row[1] = row[0] / off;
            report.row(format!("round {round} {}", channels.name()), &row);
        }
    }
    report
        .note("every destination took what it was owed; every acknowledged order is stored, and every ledger verifies");
    add_bar(&mut report, "healthy", &with_healthy);
    add_bar(&mut report, "hanging", &with_hanging);
    report.finish(scenario.options.common.json)
}

fn add_bar(report: &mut Report, name: &str, rounds: &Rounds) {
    let ratio = rounds.ratio();
    report.note(format!(
        "off and {name}, medians: {:.0}/s and {:.0}/s, ratio {:.3} (single rounds {:.3} to {:.3})",
        ratio.baseline, ratio.origin, ratio.of_medians, ratio.lowest, ratio.highest
    ));
    let what = format!("purchases with every channel {name}, ratio to none");
    report.bar(what, ratio.of_medians, Bound::AtLeast(RATIO_MIN));
}

impl Channels {
    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Healthy => "healthy",
            Self::Hanging => "hanging",
        }
    }
}

impl Scenario {
    /// The figures of a row, with no ratio yet.
    fn measure(&self, channels: Channels, round: &str) -> Result<Vec<f64>> {
        let options = &self.options;
        let destinations = match channels {
            Channels::Off => None,
            Channels::Healthy => Some(&self.healthy),
            Channels::Hanging => Some(&self.hanging),
        };
        let settings = destinations.map_or_else(Vec::new, |to| settings(to, channels));
        let origin = self.servers.start_origin_with(DataFolder::fresh()?, &settings)?;
        for endpoint in destinations.iter().flat_map(|to| &to.webhook_endpoints) {
            origin.command(&["webhook", "add", &endpoint.url(), "--events", "*"])?;
        }
        let drop = origin.create_drop("bench", PLENTY)?;
        let mut shoppers = origin.shoppers(drop);
        let orders = buy(&origin, &mut shoppers, options.paid as usize, options.common.connections)?;
        wait_for_links(&origin, orders.len())?;
        pay(&self.servers, &origin, &orders, options.common.connections)?;
        for order in orders.iter().take(CANCELLED) {
            origin.command(&["order", "cancel", &order.to_string()])?;
            origin.name_refund_account(*order)?;
        }
        let owed = Instant::now() + OWED_AFTER;
        let requests = shoppers.purchases(options.purchases)?;
        std::thread::sleep(owed.saturating_duration_since(Instant::now()));
        let until = Until::AllSent(Duration::from_secs(options.seconds));
        let progress = Progress::new(&format!("{round}: {}", channels.name()));
        let measured = closed::run(&origin.address, &requests, until, options.common.connections, &progress, |_| {})?;
        measured.require(Kind::Purchase, &[201])?;
        let taken = match destinations {
            Some(destinations) => taken(destinations, channels, &origin)?,
            None => [f64::NAN; 4],
        };
        let placed = measured.total.count() + orders.len() as u64;
        let row = figures(&measured, taken);
        require_stored(placed, origin.verified_orders()?)?;
        Ok(row)
    }
}

fn figures(measured: &Measured, taken: [f64; 4]) -> Vec<f64> {
    let quantile = |at| measured.total.quantile_ms(at);
    [&[measured.rate(), f64::NAN, quantile(0.5), quantile(0.99)][..], &taken].concat()
}

fn settings(destinations: &Destinations, channels: Channels) -> Vec<Setting> {
    let key = if channels == Channels::Hanging { KEY_THAT_HANGS } else { "bench" };
    let others = [
        ("DROPGATE_WEBHOOKS_TO_THIS_MACHINE", "1"),
        ("PAYOS_PAYOUT_CLIENT_ID", "bench"),
        ("PAYOS_PAYOUT_API_KEY", key),
        ("PAYOS_PAYOUT_CHECKSUM_KEY", CHECKSUM_KEY),
        ("DROPGATE_PAYOUT_REFUND_MAX", "1000000"),
        ("DROPGATE_PAYOUT_DAY_MAX", "1000000000"),
        ("DROPGATE_PAYOUT_TWO_OPERATORS_ABOVE", "1000000"),
    ];
    let others = others.map(|(name, value)| (name, value.to_owned()));
    [&destinations.mail_settings()[..], &destinations.sheets_settings(), &others].concat()
}

/// What each destination took. Fails when one took nothing, because then nothing was measured.
fn taken(destinations: &Destinations, channels: Channels, origin: &Origin) -> Result<[f64; 4]> {
    let payouts = match channels {
        Channels::Hanging => "dropgate_refunds_paying",
        Channels::Off | Channels::Healthy => r#"dropgate_payouts_total{result="sent"}"#,
    };
    let deliveries: Vec<u64> = destinations.webhook_endpoints.iter().map(|endpoint| endpoint.taken()).collect();
    ensure!(deliveries.iter().all(|count| *count > 0), "an endpoint took nothing: {deliveries:?}");
    let taken = [
        destinations.mail_server.taken(),
        deliveries.iter().sum(),
        destinations.google_sheets.taken(),
        origin.metric(payouts)?,
    ];
    ensure!(taken.iter().all(|count| *count > 0), "mails, deliveries, sheet rows or payouts were not sent: {taken:?}");
    Ok(taken.map(|count| count as f64))
}
