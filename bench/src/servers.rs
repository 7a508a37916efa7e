//! The servers beside the load generator: the release binary of the origin, the bare baseline and the PayOS stand-in.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::{OrderCode, Timestamp};
use edge_protocol::{CustomerSecret, KeyRing, OrderClaims, Ring, mint_order};
use tempfile::TempDir;

use crate::clock::now_ms;
use crate::edge::{Shoppers, SnapshotReader};
use crate::machine;
use crate::payos_stand_in::{CHECKSUM_KEY, PRICE};
use crate::process::{Cores, Server};
use crate::results;

/// The longest there is, so that no hold ends within a measurement.
const HOLD_SECONDS: &str = "900";
/// A server is idle when it uses less of a core than this.
const IDLE_SHARE: f64 = 0.1;

pub(crate) struct Servers {
    payos: Server,
    /// The cores of the measured servers.
    cores: Cores,
}

pub(crate) struct Bare {
    _server: Server,
    pub(crate) address: String,
}

pub(crate) struct Origin {
    server: Server,
    folder: DataFolder,
    environment: Vec<(String, String)>,
    pub(crate) address: String,
    private: String,
    pub(crate) edge_keys: KeyRing,
    customer_secret: CustomerSecret,
    /// The time from the spawn to the line that says where the origin listens.
    pub(crate) started_in: Duration,
}

/// A setting of the origin, by its name.
pub(crate) type Setting = (&'static str, String);

/// The folder of a database: for one measurement, or kept for the next.
pub(crate) enum DataFolder {
    Fresh(TempDir),
    Kept(PathBuf),
}

impl DataFolder {
    /// Below the target folder: a temporary folder may be in memory, where a sync costs nothing.
    pub(crate) fn fresh() -> Result<Self> {
        let all = results::folder()?.join("data");
        std::fs::create_dir_all(&all)?;
        let private = Permissions::from_mode(0o700);
        Ok(Self::Fresh(tempfile::Builder::new().permissions(private).tempdir_in(all)?))
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Fresh(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

impl Servers {
    /// Starts the PayOS stand-in on all cores; each of its calls takes `payos_delay`. The measured servers run on `cores`.
    pub(crate) fn start(all: &Cores, cores: Cores, payos_delay: Duration) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["payos-stand-in", "--listen", "127.0.0.1:0"]);
        command.args(["--delay-ms", &payos_delay.as_millis().to_string()]);
        Ok(Self { payos: Server::start(command, all)?, cores })
    }

    /// Starts a bare server that responds to a GET as `origin` does now.
    pub(crate) fn start_bare(&self, origin: &Origin) -> Result<Bare> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", "--listen", "127.0.0.1:0", "--snapshot", &origin.snapshot()?]);
        let server = Server::start(command, &self.cores)?;
        Ok(Bare { address: address_of(&server)?, _server: server })
    }

    pub(crate) fn start_origin(&self, folder: DataFolder) -> Result<Origin> {
        self.start_origin_with(folder, &[])
    }

    /// Starts an origin with more settings than it needs.
    pub(crate) fn start_origin_with(&self, folder: DataFolder, settings: &[Setting]) -> Result<Origin> {
        let keys = Command::new(binary()?).arg("keys").output()?;
        ensure!(keys.status.success(), "`dropgate keys` failed");
        let mut environment: Vec<(String, String)> = String::from_utf8(keys.stdout)?
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for (name, value) in [
            ("DROPGATE_DATA", folder.path().display().to_string()),
            ("DROPGATE_LISTEN", "127.0.0.1:0".to_owned()),
            ("DROPGATE_PRIVATE_LISTEN", "127.0.0.1:0".to_owned()),
            ("DROPGATE_PUBLIC_URL", "https://drops.example".to_owned()),
            ("PAYOS_CLIENT_ID", "bench".to_owned()),
            ("PAYOS_API_KEY", "bench".to_owned()),
            ("PAYOS_CHECKSUM_KEY", CHECKSUM_KEY.to_owned()),
            ("PAYOS_BASE_URL", format!("http://{}", address_of(&self.payos)?)),
            ("RUST_LOG", "error".to_owned()),
        ] {
            environment.push((name.to_owned(), value));
        }
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.start_on(folder, environment)
    }

    fn start_on(&self, folder: DataFolder, mut environment: Vec<(String, String)>) -> Result<Origin> {
        environment.retain(|(name, _)| name != "DROPGATE_URL");
        let mut command = Command::new(binary()?);
        command.arg("serve").envs(environment.iter().cloned());
        let spawned = Instant::now();
        let server = Server::start(command, &self.cores)?;
        let started_in = spawned.elapsed();
        let address = address_of(&server)?;
        let private = server.line.trim_end().rsplit("http://").next().unwrap_or_default().to_owned();
        environment.push(("DROPGATE_URL".to_owned(), format!("http://{address}")));
        let edge_keys = KeyRing::parse(Ring::Edge, value(&environment, "DROPGATE_EDGE_KEYS")?)?;
        let customer_secret = CustomerSecret::parse(value(&environment, "DROPGATE_CUSTOMER_SECRET")?)?;
        Ok(Origin { server, folder, environment, address, private, edge_keys, customer_secret, started_in })
    }

    /// Starts an origin on a fresh database with one drop of `size` units.
    pub(crate) fn start_fresh_origin(&self, size: u32) -> Result<(Origin, u32)> {
        let origin = self.start_origin(DataFolder::fresh()?)?;
        let drop = origin.create_drop("bench", size)?;
        Ok((origin, drop))
    }

    /// Stops an origin and starts it again on the same database.
    pub(crate) fn restart(&self, origin: Origin) -> Result<Origin> {
        self.restart_with(origin, &[])
    }

    /// The same, with more settings than before.
    pub(crate) fn restart_with(&self, origin: Origin, settings: &[Setting]) -> Result<Origin> {
        let (folder, mut environment) = origin.stop()?;
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.start_on(folder, environment)
    }

    /// Makes the PayOS stand-in report these orders as paid.
    pub(crate) fn mark_paid(&self, orders: &[u64]) -> Result<()> {
        let body = serde_json::to_string(orders)?;
        let head = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        http(&address_of(&self.payos)?, "POST /paid", &head, &body).map(drop)
    }
}

impl Origin {
    pub(crate) fn pid(&self) -> u32 {
        self.server.pid()
    }

    pub(crate) fn create_drop(&self, slug: &str, size: u32) -> Result<u32> {
        let (size, price) = (size.to_string(), PRICE.to_string());
        let terms =
            ["--slug", slug, "--name", "Bench", "--size", &size, "--price", &price, "--hold-seconds", HOLD_SECONDS];
        let printed = self.command(&[&["drop", "create"], &terms[..]].concat())?;
        let drop: serde_json::Value = serde_json::from_str(&printed)?;
        drop["id"]
            .as_u64()
            .and_then(|id| u32::try_from(id).ok())
            .with_context(|| format!("drop create printed: {printed}"))
    }

    pub(crate) fn shoppers(&self, drop: u32) -> Shoppers<'_> {
        Shoppers::new(&self.edge_keys, &self.customer_secret, drop)
    }

    /// Names the bank account that a refund of the order goes to, as its buyer does.
    pub(crate) fn name_refund_account(&self, order: u64) -> Result<()> {
        let claims = OrderClaims { order_code: OrderCode(order), sid: None };
        let token = mint_order(&self.edge_keys, &claims, Timestamp(now_ms()));
        let body = r#"{"bank":"970422","account_number":"0123456789","account_name":"NGUYEN VAN AN"}"#;
        let length = body.len();
        let head =
            format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
        http(&self.address, &format!("POST /orders/{order}/refund-destination"), &head, body).map(drop)
    }

    fn snapshot(&self) -> Result<String> {
        let mut request = Vec::new();
        SnapshotReader::new(&self.edge_keys).write(&mut request);
        let request = String::from_utf8(request)?;
        let token = request.split_once("authorization: ").and_then(|(_, rest)| rest.split_once("\r\n"));
        let (token, _) = token.context("a request without a token")?;
        http(&self.address, "GET /snapshot", &format!("authorization: {token}\r\n"), "")
    }

    /// The value of a counter or gauge of the origin.
    pub(crate) fn metric(&self, name: &str) -> Result<u64> {
        let text = http(&self.private, "GET /metrics", "", "")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        // The origin does not list a counter that is still zero.
        Ok(line.map(|value| value.trim().parse::<f64>()).transpose()?.unwrap_or_default() as u64)
    }

    /// Waits until the origin's own work, such as creating payment links, takes next to no time.
    pub(crate) fn wait_until_idle(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        loop {
            let share = machine::share_of_a_core(self.pid(), Duration::from_secs(1))?;
            if share < IDLE_SHARE {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the origin still uses {share:.2} of a core");
        }
    }

    /// Stops the origin and runs `dropgate verify`, which replays the ledger and compares it with everything stored.
    /// Returns how many orders are stored.
    pub(crate) fn verified_orders(self) -> Result<u64> {
        let (_folder, environment) = self.stop()?;
        let printed = run(&environment, &["verify"])?;
        printed
            .split(" rows, ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .and_then(|orders| orders.parse().ok())
            .with_context(|| format!("verify printed: {printed}"))
    }

    fn stop(self) -> Result<(DataFolder, Vec<(String, String)>)> {
        ensure!(self.server.stop()?.success(), "the origin did not stop cleanly");
        Ok((self.folder, self.environment))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        run(&self.environment, arguments)
    }
}

fn run(environment: &[(String, String)], arguments: &[&str]) -> Result<String> {
    let output = Command::new(binary()?).args(arguments).envs(environment.iter().cloned()).output()?;
    if !output.status.success() {
        bail!("dropgate {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// One request on a connection of its own.
fn http(address: &str, line: &str, head: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{line} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n{head}\r\n{body}")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    ensure!(response.starts_with("HTTP/1.1 200"), "{line}: {response}");
    let (_, body) = response.split_once("\r\n\r\n").context("a response without a body")?;
    Ok(body.to_owned())
}

fn address_of(server: &Server) -> Result<String> {
    let address = server.line.split_once("http://").map(|(_, rest)| rest.split_whitespace().next());
    Ok(address.flatten().context("a server does not say where it listens")?.to_owned())
}

fn value<'a>(environment: &'a [(String, String)], name: &str) -> Result<&'a str> {
    let found = environment.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).with_context(|| format!("`dropgate keys` gave no {name}"))
}

/// The release binary of the origin, in the folder of this program.
fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let binary = own.parent().unwrap_or(Path::new(".")).join("dropgate");
    ensure!(binary.exists(), "{} is missing: cargo build --release -p origin -p bench", binary.display());
    Ok(binary)
}
