//! Every setting, typed. The only reader of the environment.
#![expect(clippy::disallowed_methods, reason = "this is where the environment is read")]

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "failpoints")]
use crate::failpoint::Point;
use domain::{OrderCode, Vnd};
use edge_protocol::{CustomerSecret, KeyRing, OrderKeys, Ring};
use engine::PayoutLimits;

use crate::mail::MailSettings;
use crate::payos::PayoutSettings;
use crate::sheets::{self, ServiceAccount, SheetsSettings};

/// What `dropgate serve` needs.
pub struct ServeConfig {
    /// Holds the database; exclusive to one process.
    pub data: PathBuf,
    /// Answers only requests with a signed token.
    pub listen: SocketAddr,
    /// Metrics and health, for the machine itself.
    pub private_listen: SocketAddr,
    /// Part of every order code; a database belongs to one number for ever.
    pub origin_no: u8,
    /// Where shoppers find the edge; PayOS sends them back there.
    pub public_url: String,
    pub edge_keys: KeyRing,
    pub admin_keys: KeyRing,
    pub order_keys: OrderKeys,
    pub customer_secret: CustomerSecret,
    pub payos: payos::Config,
    /// `None` where refunds go by lists for the bank alone.
    pub payouts: Option<PayoutSettings>,
    /// `None` when the shop sends no mail.
    pub mail: Option<MailSettings>,
    /// Whether webhook endpoints may be on this machine: for tests, and never where customers are.
    pub webhooks_to_this_machine: bool,
    /// `None` when no Google sheet shows the orders.
    pub sheets: Option<SheetsSettings>,
}

/// What the commands that talk to a running origin need.
pub struct AdminConfig {
    pub url: String,
    pub admin_keys: KeyRing,
}

/// Every setting that is missing or wrong, so that one look at the message is enough.
#[derive(Debug)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings are not complete:")?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
const PRIVATE_LISTEN_DEFAULT: &str = "127.0.0.1:9090";
const ORIGIN_NO_DEFAULT: &str = "1";
const ADMIN_URL_DEFAULT: &str = "http://127.0.0.1:8080";

impl ServeConfig {
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = Env::default();
        let data = env.data();
        let listen = env.parsed("DROPGATE_LISTEN", Some(LISTEN_DEFAULT), "an address like 127.0.0.1:8080");
        let private_listen =
            env.parsed("DROPGATE_PRIVATE_LISTEN", Some(PRIVATE_LISTEN_DEFAULT), "an address like 127.0.0.1:9090");
        let origin_no = env.origin_no();
        let public_url = env.url("DROPGATE_PUBLIC_URL", None);
        let edge_keys = env.keys("DROPGATE_EDGE_KEYS", |text| KeyRing::parse(Ring::Edge, text));
        let admin_keys = env.keys("DROPGATE_ADMIN_KEYS", |text| KeyRing::parse(Ring::Admin, text));
        let order_keys = env.keys("DROPGATE_ORDER_KEYS", OrderKeys::parse);
        let customer_secret = env.keys("DROPGATE_CUSTOMER_SECRET", CustomerSecret::parse);
        let payos = env.payos();
        let payouts = env.payouts();
        let mail = env.mail();
        let webhooks_to_this_machine = env.switch("DROPGATE_WEBHOOKS_TO_THIS_MACHINE");
        let sheets = env.sheets();
        env.finish(|| {
            Some(Self {
                data: data?,
                listen: listen?,
                private_listen: private_listen?,
                origin_no: origin_no?,
                public_url: public_url?,
                edge_keys: edge_keys?,
                admin_keys: admin_keys?,
                order_keys: order_keys?,
                customer_secret: customer_secret?,
                payos: payos?,
                payouts,
                mail,
                webhooks_to_this_machine: webhooks_to_this_machine?,
                sheets,
            })
        })
    }
}

impl AdminConfig {
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = Env::default();
        let url = env.url("DROPGATE_URL", Some(ADMIN_URL_DEFAULT));
        let admin_keys = env.keys("DROPGATE_ADMIN_KEYS", |text| KeyRing::parse(Ring::Admin, text));
        env.finish(|| Some(Self { url: url?, admin_keys: admin_keys? }))
    }
}

/// The mail server alone, for commands that send a letter or show one.
pub fn mail_settings() -> Result<Option<MailSettings>, ConfigError> {
    let mut env = Env::default();
    let mail = env.mail();
    env.finish(|| Some(mail))
}

/// The folder alone, for commands that only read what is stored.
pub fn data_folder() -> Result<PathBuf, ConfigError> {
    let mut env = Env::default();
    let data = env.data();
    env.finish(|| data)
}

/// Who runs a command, as the operating system names them.
pub fn operator_name() -> String {
    std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "operator".to_owned())
}

/// Where a test wants the process to end, as `point:nth`.
#[cfg(feature = "failpoints")]
pub(crate) fn failpoint() -> Result<Option<(Point, u32)>, ConfigError> {
    const NAME: &str = "DROPGATE_FAILPOINT";
    let Ok(text) = std::env::var(NAME) else { return Ok(None) };
    let parsed = text.split_once(':').and_then(|(point, nth)| Some((point.parse().ok()?, nth.parse().ok()?)));
    parsed.map(Some).ok_or_else(|| ConfigError(vec![format!("{NAME} is not a point and a number like written:1")]))
}

/// Collects what is wrong while settings are read.
#[derive(Default)]
struct Env {
    problems: Vec<String>,
}

impl Env {
    fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        match build() {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(ConfigError(self.problems)),
        }
    }

    fn text(&mut self, name: &str, default: Option<&str>) -> Option<String> {
        match std::env::var(name) {
            Ok(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Ok(_) | Err(std::env::VarError::NotPresent) => {
                if default.is_none() {
                    self.problems.push(format!("{name} is missing"));
                }
                default.map(str::to_owned)
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                self.problems.push(format!("{name} is not text"));
                None
            }
        }
    }

    fn parsed<T: FromStr>(&mut self, name: &str, default: Option<&str>, expected: &str) -> Option<T> {
        let parsed = self.text(name, default)?.parse();
        if parsed.is_err() {
            self.problems.push(format!("{name} is not {expected}"));
        }
        parsed.ok()
    }

    /// The value itself never goes into a message: it is a secret.
    fn keys<T, E: fmt::Display>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match parse(&self.text(name, None)?) {
            Ok(keys) => Some(keys),
            Err(error) => {
                self.problems.push(format!("{name}: {error} (`dropgate keys` makes a fresh set)"));
                None
            }
        }
    }

    fn data(&mut self) -> Option<PathBuf> {
        let folder = PathBuf::from(self.text("DROPGATE_DATA", None)?);
        if !folder.is_dir() {
            self.problems.push(format!("DROPGATE_DATA: {} is not a folder", folder.display()));
            return None;
        }
        Some(folder)
    }

    fn origin_no(&mut self) -> Option<u8> {
        let number: u8 = self.parsed("DROPGATE_ORIGIN_NO", Some(ORIGIN_NO_DEFAULT), "a number from 1 to 89")?;
        if OrderCode::from_parts(number, 0).is_none() {
            self.problems.push("DROPGATE_ORIGIN_NO is not a number from 1 to 89".to_owned());
            return None;
        }
        Some(number)
    }

    fn url(&mut self, name: &str, default: Option<&str>) -> Option<String> {
        let text = self.text(name, default)?;
        if !(text.starts_with("https://") || text.starts_with("http://")) {
            self.problems.push(format!("{name} is not an address that begins with https:// or http://"));
            return None;
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    /// `None` when none of its settings is there, or after a problem.
    fn mail(&mut self) -> Option<MailSettings> {
        let url = self.optional("DROPGATE_SMTP_URL");
        let from = self.optional("DROPGATE_MAIL_FROM");
        let (reply_to, user) = (self.optional("DROPGATE_MAIL_REPLY_TO"), self.optional("DROPGATE_SMTP_USER"));
        let password = self.file("DROPGATE_SMTP_PASSWORD_FILE");
        let ca = self.file("DROPGATE_SMTP_CA_FILE");
        let [url, from] = match (url, from) {
            (None, None) => {
                let alone = [reply_to.is_some(), user.is_some(), password.is_some(), ca.is_some()];
                if alone.contains(&true) {
                    self.problems.push("DROPGATE_SMTP_URL is missing, and other settings of mail are there".to_owned());
                }
                return None;
            }
            (url, from) => [url.unwrap_or_default(), from.unwrap_or_default()],
        };
        let mut mail = match MailSettings::new(&url, &from) {
            Ok(mail) => mail,
            Err((wrong_url, wrong_from)) => {
                let wrong = [("DROPGATE_SMTP_URL", wrong_url), ("DROPGATE_MAIL_FROM", wrong_from)];
                let wrong = wrong.into_iter().filter_map(|(name, error)| Some(format!("{name}: {}", error?)));
                self.problems.extend(wrong);
                return None;
            }
        };
        if let Some(Err(error)) = reply_to.map(|to| mail.reply_to(&to)) {
            self.problems.push(format!("DROPGATE_MAIL_REPLY_TO: {error}"));
        }
        match (user, password.and_then(|password| String::from_utf8(password).ok())) {
            (Some(user), Some(password)) => mail.login(user, password.trim_end_matches(['\r', '\n']).to_owned()),
            (None, None) => {}
            _ => {
                let both = "DROPGATE_SMTP_USER and DROPGATE_SMTP_PASSWORD_FILE go together";
                self.problems.push(both.to_owned());
            }
        }
        ca.into_iter().for_each(|ca| mail.trust(ca));
        Some(mail)
    }

    /// `None` when none of its settings is there, or after a problem.
    fn sheets(&mut self) -> Option<SheetsSettings> {
        const REQUIRED: [&str; 2] = ["DROPGATE_SHEETS_ID", "DROPGATE_SHEETS_KEY_FILE"];
        const OTHERS: [&str; 3] = ["DROPGATE_SHEETS_TAB", "DROPGATE_SHEETS_PERSONAL", "DROPGATE_SHEETS_URL"];
        if REQUIRED.iter().chain(&OTHERS).all(|name| self.optional(name).is_none()) {
            return None;
        }
        for name in REQUIRED {
            // Names it where it is missing.
            self.text(name, None);
        }
        let spreadsheet = self.optional(REQUIRED[0]).map(|id| sheets::spreadsheet_id(&id));
        let spreadsheet = self.checked(REQUIRED[0], spreadsheet);
        let account = self.file(REQUIRED[1]).map(|key| ServiceAccount::parse(&key));
        let account = self.checked(REQUIRED[1], account);
        let tab = self.text(OTHERS[0], Some(sheets::TAB_DEFAULT)).map(|name| sheets::tab_name(&name));
        let tab = self.checked(OTHERS[0], tab);
        let personal = self.switch(OTHERS[1]);
        let url = self.text(OTHERS[2], Some(sheets::GOOGLE_URL)).map(sheets::address);
        let url = self.checked(OTHERS[2], url);
        Some(SheetsSettings { account: account?, spreadsheet: spreadsheet?, tab: tab?, personal: personal?, url: url? })
    }

    fn checked<T, E: fmt::Display>(&mut self, name: &str, parsed: Option<Result<T, E>>) -> Option<T> {
        match parsed? {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name}: {error}"));
                None
            }
        }
    }

    fn optional(&mut self, name: &str) -> Option<String> {
        self.text(name, Some("")).filter(|text| !text.is_empty())
    }

    /// The content of the file that a setting names.
    fn file(&mut self, name: &str) -> Option<Vec<u8>> {
        let path = self.optional(name)?;
        match std::fs::read(&path) {
            Ok(content) => Some(content),
            Err(error) => {
                self.problems.push(format!("{name}: {path} cannot be read: {error}"));
                None
            }
        }
    }

    /// Off unless it is 1.
    fn switch(&mut self, name: &str) -> Option<bool> {
        match self.text(name, Some("0"))?.as_str() {
            "0" => Some(false),
            "1" => Some(true),
            _ => {
                self.problems.push(format!("{name} is neither 0 nor 1"));
                None
            }
        }
    }

    /// `None` when none of its settings is there, or after a problem. A limit that was forgotten must not be no limit.
    fn payouts(&mut self) -> Option<PayoutSettings> {
        const NAMES: [&str; 6] = [
            "PAYOS_PAYOUT_CLIENT_ID",
            "PAYOS_PAYOUT_API_KEY",
            "PAYOS_PAYOUT_CHECKSUM_KEY",
            "DROPGATE_PAYOUT_REFUND_MAX",
            "DROPGATE_PAYOUT_DAY_MAX",
            "DROPGATE_PAYOUT_TWO_OPERATORS_ABOVE",
        ];
        let found = NAMES.map(|name| self.optional(name));
        if found.iter().all(Option::is_none) {
            return None;
        }
        for (name, _) in NAMES.iter().zip(&found).filter(|(_, found)| found.is_none()) {
            self.problems.push(format!("{name} is missing, and other settings of payouts are there"));
        }
        let [client_id, api_key, checksum_key, ..] = found;
        let [refund_max, day_max, two_operators_above] = [NAMES[3], NAMES[4], NAMES[5]].map(|name| self.vnd(name));
        let base_url = self.url("PAYOS_BASE_URL", Some(payos::BASE_URL));
        let mut channel = payos::Config::new(client_id?, api_key?, checksum_key?);
        channel.base_url = base_url?;
        let limits =
            PayoutLimits { refund_max: refund_max?, day_max: day_max?, two_operators_above: two_operators_above? };
        Some(PayoutSettings { channel, limits })
    }

    fn vnd(&mut self, name: &str) -> Option<Vnd> {
        let text = self.optional(name)?;
        let amount = text.parse().ok().and_then(Vnd::new);
        if amount.is_none() {
            self.problems.push(format!("{name} is not a whole amount of VND, such as 500000"));
        }
        amount
    }

    fn payos(&mut self) -> Option<payos::Config> {
        let client_id = self.text("PAYOS_CLIENT_ID", None);
        let api_key = self.text("PAYOS_API_KEY", None);
        let checksum_key = self.text("PAYOS_CHECKSUM_KEY", None);
        let base_url = self.url("PAYOS_BASE_URL", Some(payos::BASE_URL));
        let mut config = payos::Config::new(client_id?, api_key?, checksum_key?);
        config.base_url = base_url?;
        Some(config)
    }
}
