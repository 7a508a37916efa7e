//! Who stands beside the generator: the real release binary of the origin, its bare rival, and PayOS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use edge_protocol::{CustomerSecret, KeyRing, Ring};
use tempfile::TempDir;

use crate::machine;
use crate::process::{Cores, Server};
use crate::requests::{PRICE, Reader, Shoppers};

/// For the development of a machine only: nothing here leaves the loopback.
pub(crate) const CHECKSUM_KEY: &str = "bench-checksum-key";
/// The longest there is, so that no hold ends within a measurement.
const HOLD_SECONDS: &str = "900";
/// A server is quiet when it uses less of a core than this.
const QUIET_SHARE: f64 = 0.1;

pub(crate) struct Stage {
    payos: Server,
    /// Of the servers that are measured.
    cores: Cores,
}

pub(crate) struct Bare {
    _server: Server,
    pub(crate) address: String,
}

pub(crate) struct Origin {
    server: Server,
    folder: Folder,
    environment: Vec<(String, String)>,
    pub(crate) address: String,
    private: String,
    pub(crate) edge_keys: KeyRing,
    customer_secret: CustomerSecret,
    /// From its start to the line that says where it listens.
    pub(crate) started_in: Duration,
}

/// Where a database lives: for one measurement, or kept for the next.
pub(crate) enum Folder {
    Fresh(TempDir),
    Kept(PathBuf),
}

impl Folder {
    /// On the disk of this project: a temporary folder may be in memory, where a sync costs nothing.
    pub(crate) fn fresh() -> Result<Self> {
        let all = results_folder()?.join("data");
        std::fs::create_dir_all(&all)?;
        Ok(Self::Fresh(tempfile::tempdir_in(all)?))
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Fresh(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

impl Stage {
    /// PayOS runs on any core, the servers that are measured on theirs.
    pub(crate) fn set(all: &Cores, cores: Cores) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["payos", "--listen", "127.0.0.1:0"]);
        Ok(Self { payos: Server::start(command, all)?, cores })
    }

    /// Answers what `origin` answers to a GET now.
    pub(crate) fn bare(&self, origin: &Origin) -> Result<Bare> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", "--listen", "127.0.0.1:0", "--snapshot", &origin.snapshot()?]);
        let server = Server::start(command, &self.cores)?;
        Ok(Bare { address: listens_at(&server)?, _server: server })
    }

    pub(crate) fn origin(&self, folder: Folder) -> Result<Origin> {
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
            ("PAYOS_BASE_URL", format!("http://{}", listens_at(&self.payos)?)),
            ("RUST_LOG", "error".to_owned()),
        ] {
            environment.push((name.to_owned(), value));
        }
        self.started(folder, environment)
    }

    fn started(&self, folder: Folder, mut environment: Vec<(String, String)>) -> Result<Origin> {
        environment.retain(|(name, _)| name != "DROPGATE_URL");
        let mut command = Command::new(binary()?);
        command.arg("serve").envs(environment.iter().cloned());
        let asked = Instant::now();
        let server = Server::start(command, &self.cores)?;
        let started_in = asked.elapsed();
        let address = listens_at(&server)?;
        let private = server.line.trim_end().rsplit("http://").next().unwrap_or_default().to_owned();
        environment.push(("DROPGATE_URL".to_owned(), format!("http://{address}")));
        let edge_keys = KeyRing::parse(Ring::Edge, value(&environment, "DROPGATE_EDGE_KEYS")?)?;
        let customer_secret = CustomerSecret::parse(value(&environment, "DROPGATE_CUSTOMER_SECRET")?)?;
        Ok(Origin { server, folder, environment, address, private, edge_keys, customer_secret, started_in })
    }

    /// An origin on a fresh database with one drop of `size` units.
    pub(crate) fn fresh_origin(&self, size: u32) -> Result<(Origin, u32)> {
        let origin = self.origin(Folder::fresh()?)?;
        let drop = origin.create_drop("bench", size)?;
        Ok((origin, drop))
    }

    /// Stops an origin and starts it again on what it has stored.
    pub(crate) fn restarted(&self, origin: Origin) -> Result<Origin> {
        let (folder, environment) = origin.stop()?;
        self.started(folder, environment)
    }

    /// Tells PayOS that these orders were paid for, so that it says so when it is asked.
    pub(crate) fn paid(&self, orders: &[u64]) -> Result<()> {
        let body = serde_json::to_string(orders)?;
        let head = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        http(&listens_at(&self.payos)?, "POST /paid", &head, &body).map(drop)
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
        let said = self.command(&[&["drop", "create"], &terms[..]].concat())?;
        let drop: serde_json::Value = serde_json::from_str(&said)?;
        drop["id"].as_u64().and_then(|id| u32::try_from(id).ok()).with_context(|| format!("drop create said: {said}"))
    }

    pub(crate) fn shoppers(&self, drop: u32) -> Shoppers<'_> {
        Shoppers::new(&self.edge_keys, &self.customer_secret, drop)
    }

    fn snapshot(&self) -> Result<String> {
        let mut request = Vec::new();
        Reader::new(&self.edge_keys).write(&mut request);
        let request = String::from_utf8(request)?;
        let token = request.split_once("authorization: ").and_then(|(_, rest)| rest.split_once("\r\n"));
        let (token, _) = token.context("a request without a token")?;
        http(&self.address, "GET /snapshot", &format!("authorization: {token}\r\n"), "")
    }

    /// One of its own counters or gauges.
    pub(crate) fn metric(&self, name: &str) -> Result<u64> {
        let text = http(&self.private, "GET /metrics", "", "")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        // A counter that never counted is not there.
        Ok(line.map(|value| value.trim().parse::<f64>()).transpose()?.unwrap_or_default() as u64)
    }

    /// Waits until what it does by itself, such as making payment links, takes next to no time.
    pub(crate) fn quiet(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        loop {
            let share = machine::share_of_a_core(self.pid(), Duration::from_secs(1))?;
            if share < QUIET_SHARE {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the origin still uses {share:.2} of a core");
        }
    }

    /// Stops it, replays its ledger and compares that with everything stored. Returns how many orders are stored.
    pub(crate) fn verified_orders(self) -> Result<u64> {
        let (_folder, environment) = self.stop()?;
        let said = run(&environment, &["verify"])?;
        said.split(" rows, ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .and_then(|orders| orders.parse().ok())
            .with_context(|| format!("verify said: {said}"))
    }

    fn stop(self) -> Result<(Folder, Vec<(String, String)>)> {
        ensure!(self.server.stop()?.success(), "the origin did not stop cleanly");
        Ok((self.folder, self.environment))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        run(&self.environment, arguments)
    }
}

/// Where results and, beside them, databases under measurement are kept.
pub(crate) fn results_folder() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).context("this binary is not in a target folder")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
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
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{line}: {answer}");
    let (_, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
    Ok(body.to_owned())
}

fn listens_at(server: &Server) -> Result<String> {
    let address = server.line.split_once("http://").map(|(_, rest)| rest.split_whitespace().next());
    Ok(address.flatten().context("a server does not say where it listens")?.to_owned())
}

fn value<'a>(environment: &'a [(String, String)], name: &str) -> Result<&'a str> {
    let found = environment.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).with_context(|| format!("`dropgate keys` gave no {name}"))
}

/// The release binary that stands beside this one.
fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let binary = own.parent().unwrap_or(Path::new(".")).join("dropgate");
    ensure!(binary.exists(), "{} is missing: cargo build --release -p origin -p bench", binary.display());
    Ok(binary)
}
