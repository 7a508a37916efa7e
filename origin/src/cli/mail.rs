use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use edge_protocol::Role;
use reqwest::Method;
use serde_json::Value;

use super::admin_client::AdminClient;
use crate::config;
use crate::mail::{Handed, Kind, Mailer, render, sample};
use engine::Language;

#[derive(Subcommand)]
pub(super) enum MailCommand {
    /// Print a mail as HTML, with invented facts, to look at in a browser.
    Preview {
        #[arg(value_parser = parse_kind)]
        kind: Kind,
        #[arg(long, default_value = "vi")]
        lang: Lang,
        /// Print the text part instead.
        #[arg(long)]
        text: bool,
    },
    /// Send one mail with invented facts through the mail server of the settings.
    Test {
        address: String,
        #[arg(long, default_value = "vi")]
        lang: Lang,
    },
    /// List orders whose address the mail server refused for good.
    Stops,
    /// Let mail go to the address of an order again, such as after the buyer's mailbox was mended.
    Allow { order_code: u64 },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Lang {
    Vi,
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Vi => Self::Vietnamese,
            Lang::En => Self::English,
        }
    }
}

pub(super) async fn run(command: MailCommand) -> Result<()> {
    match command {
        MailCommand::Preview { kind, lang, text } => {
            let written = render(&sample(kind, lang.into()))?;
            print!("{}", if text { format!("{}\n\n{}", written.subject, written.text) } else { written.html });
            Ok(())
        }
        MailCommand::Test { address, lang } => test(address, lang.into()).await,
        MailCommand::Stops => {
            stops(&AdminClient::from_env(Role::View)?.call(Method::GET, "/admin/mail/stops", None).await?)
        }
        MailCommand::Allow { order_code } => {
            let path = format!("/admin/mail/stops/{order_code}/allow");
            AdminClient::from_env(Role::Operate)?.call(Method::POST, &path, None).await?;
            println!("mail goes to the address of order {order_code} again");
            Ok(())
        }
    }
}

async fn test(address: String, language: Language) -> Result<()> {
    if !domain::is_email(&address) {
        bail!("this is not an e-mail address");
    }
    let settings =
        config::mail_settings()?.context("no mail is set up: DROPGATE_SMTP_URL and DROPGATE_MAIL_FROM are missing")?;
    let mailer = Mailer::new(settings)?;
    let mut letter = sample(Kind::Paid, language);
    letter.to = address;
    letter.facts.shop = mailer.shop_name().to_owned();
    match mailer.send(&letter).await? {
        Handed::Accepted => println!("the mail server took the mail"),
        Handed::AddressRefused { reply } => bail!("the mail server refused the address for good ({reply})"),
        Handed::NotNow(reason) => bail!("{reason}"),
    }
    Ok(())
}

fn stops(stops: &Value) -> Result<()> {
    let stops = stops.as_array().context("the origin's answer is not a list")?;
    println!("{:<17} {:<10} {:>5}  since (Vietnam)", "order", "code", "reply");
    for stop in stops {
        let text = |field: &str| stop[field].as_str().unwrap_or_default();
        println!(
            "{:<17} {:<10} {:>5}  {}",
            stop["order_code"].to_string(),
            text("short_code"),
            stop["reply"].to_string(),
            text("since")
        );
    }
    Ok(())
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    let known = Kind::ALL.map(Kind::as_str).join(", ");
    Kind::parse(text).ok_or_else(|| format!("a mail is one of {known}"))
}
