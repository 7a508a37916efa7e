//! What the origin speaks to: PayOS, the mail server, the sheet, and the shop's own edge.

use std::time::Duration;

use domain::Timestamp;
use payos::Error;
use reqwest::header::DATE;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::Finding;
use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::mail::{MailSettings, Mailer};
use crate::payos::PayoutSettings;
use crate::sheets::{CallError, Sheet, SheetsSettings, is_header};

/// The edge answers from a cache.
const EDGE_TIMEOUT: Duration = Duration::from_secs(10);
/// From here on the sale does not follow a wall clock. A `Date` has whole seconds.
const CLOCK_APART_MS: i64 = 5_000;
/// No order of Dropgate has this code. PayOS answers that it knows no such link, which takes valid keys.
const NO_LINK: i64 = 1;

pub(super) async fn findings(config: ServeConfig, clock: Clock) -> Vec<Finding> {
    let ServeConfig { public_url, payos, payouts, mail, sheets, .. } = config;
    let (shop, payos, payouts, mail, sheet) = tokio::join!(
        shop(&public_url, &clock),
        payment_channel(payos),
        payout_channel(payouts),
        mail_server(mail),
        sheet(sheets, clock.clone())
    );
    vec![shop, payos, payouts, mail, sheet]
}

async fn shop(public_url: &str, clock: &Clock) -> Finding {
    const WHAT: &str = "shop";
    let asked = async {
        let client = reqwest::Client::builder().timeout(EDGE_TIMEOUT).build()?;
        client.get(format!("{public_url}/api/drops")).send().await
    };
    let answer = match asked.await {
        Ok(answer) => answer,
        Err(error) => {
            let says = format!("{public_url} does not answer ({}): deploy the edge", error.without_url());
            return Finding::doubtful(WHAT, says);
        }
    };
    if !answer.status().is_success() {
        let says = format!("{public_url}/api/drops answers {}: is the origin running and reached?", answer.status());
        return Finding::doubtful(WHAT, says);
    }
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let Some(at) = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok()) else {
        return Finding::well(WHAT, format!("{public_url} answers"));
    };
    let ahead_ms = clock.wall().0 - Timestamp(at.unix_timestamp() * 1_000).0;
    if ahead_ms.abs() > CLOCK_APART_MS {
        let says = format!("its clock and this machine's are {} s apart: check the time service", ahead_ms / 1_000);
        return Finding::bad(WHAT, says);
    }
    Finding::well(WHAT, format!("{public_url} answers, and its clock agrees with this one"))
}

async fn payment_channel(config: payos::Config) -> Finding {
    const WHAT: &str = "PayOS";
    let client = match payos::Client::new(config) {
        Ok(client) => client,
        Err(error) => return Finding::bad(WHAT, format!("the settings cannot be used: {error}")),
    };
    match client.get_link(NO_LINK).await {
        Ok(_) => Finding::well(WHAT, "it answers, signed with this channel's checksum key"),
        Err(error) if error.is_not_found() => Finding::well(WHAT, "it answers and accepts the keys"),
        Err(error) => Finding::bad(WHAT, refused(&error, "the keys of the payment channel")),
    }
}

async fn payout_channel(settings: Option<PayoutSettings>) -> Finding {
    const WHAT: &str = "payouts";
    let Some(PayoutSettings { channel, limits }) = settings else {
        return Finding::off(WHAT, "refunds go by lists for the bank");
    };
    let client = match payos::payouts::Client::new(channel) {
        Ok(client) => client,
        Err(error) => return Finding::bad(WHAT, format!("the settings cannot be used: {error}")),
    };
    match client.balance().await {
        Ok(account) if account.balance < limits.refund_max.get() => {
            let says = format!("the account holds {} VND, less than one refund may be: fund it", account.balance);
            Finding::doubtful(WHAT, says)
        }
        Ok(account) => Finding::well(WHAT, format!("the account holds {} VND", account.balance)),
        Err(error) => {
            let what = "the keys of the payout channel, or this machine's IPv4 address is not on its list";
            Finding::bad(WHAT, refused(&error, what))
        }
    }
}

fn refused(error: &Error, keys: &str) -> String {
    match error {
        Error::Unauthorized { .. } => format!("PayOS does not accept {keys}"),
        Error::RateLimited { .. } => "PayOS limits the rate of calls: look again in a minute".to_owned(),
        Error::Unknown(cause) => format!("{error}: {cause}; check PAYOS_BASE_URL, the network and the checksum key"),
        Error::Refused { .. } | Error::NotSent(_) => error.to_string(),
    }
}

async fn mail_server(settings: Option<MailSettings>) -> Finding {
    const WHAT: &str = "mail";
    let Some(settings) = settings else { return Finding::off(WHAT, "the shop sends none") };
    let connected = async { Mailer::new(settings)?.connects().await };
    match connected.await {
        Ok(()) => Finding::well(WHAT, "the mail server takes the login; `dropgate mail test ADDRESS` sends one"),
        Err(error) => Finding::bad(WHAT, format!("{error:#}: check DROPGATE_SMTP_URL, user and password")),
    }
}

async fn sheet(settings: Option<SheetsSettings>, clock: Clock) -> Finding {
    const WHAT: &str = "sheet";
    let Some(settings) = settings else { return Finding::off(WHAT, "orders go into none") };
    let sheet = match Sheet::new(settings, clock) {
        Ok(sheet) => sheet,
        Err(error) => return Finding::bad(WHAT, format!("the settings cannot be used: {error:#}")),
    };
    match sheet.first_row().await {
        Ok(row) if row.is_empty() || is_header(&row, sheet.personal()) => Finding::well(WHAT, "it can be read"),
        Ok(_) => Finding::bad(WHAT, format!("the tab {} has another header: take an empty one", sheet.tab())),
        Err(CallError::NotNow { reason, .. } | CallError::Unknown { reason, .. }) => Finding::doubtful(WHAT, reason),
        Err(CallError::Refused { reason }) => {
            Finding::bad(WHAT, format!("{reason}: share it as editor with {}", sheet.account().email()))
        }
    }
}
