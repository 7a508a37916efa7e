//! Starts the real release binary on a fresh database, and its rival.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use edge_protocol::{CustomerSecret, KeyRing, Ring};
use tempfile::TempDir;

const CHECKSUM_KEY: &str = "bench-checksum-key";

/// The snapshot of the drop below, for the rival to send.
pub(crate) const SNAPSHOT_LIKE: &str = r#"{"as_of_ms":1800000000000,"drops":[{"id":1,"slug":"bench","product":{"name":"Bench","description":"","image_url":null},"format":"first_come","size":10000000,"price":100000,"limit_per_customer":1,"hold_seconds":900,"opens_at_ms":1800000000000,"closes_at_ms":null,"paused":false,"killed":false,"stock":{"available":10000000,"held":0,"sold":0,"withdrawn":0}}]}"#;

pub(crate) struct Rival {
    _child: Killed,
    pub(crate) address: String,
}

/// The origin with one drop that never sells out.
pub(crate) struct Origin {
    child: Killed,
    folder: TempDir,
    environment: Vec<(String, String)>,
    pub(crate) address: String,
    pub(crate) edge_keys: KeyRing,
    pub(crate) customer_secret: CustomerSecret,
}

/// Ends with its owner, however that ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have exited by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Rival {
    pub(crate) fn start() -> Result<Self> {
        let own = std::env::current_exe()?;
        let mut command = Command::new(own);
        command.args(["rival", "--listen", "127.0.0.1:0", "--checksum-key", CHECKSUM_KEY]);
        let (child, line) = start(command)?;
        let address = line.strip_prefix("listening http://").context("the rival said something else")?.to_owned();
        Ok(Self { _child: child, address })
    }
}

impl Origin {
    pub(crate) fn start(rival: &Rival) -> Result<Self> {
        let folder = tempfile::tempdir()?;
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
            ("PAYOS_BASE_URL", format!("http://{}", rival.address)),
            ("RUST_LOG", "error".to_owned()),
        ] {
            environment.push((name.to_owned(), value));
        }
        let mut command = Command::new(binary()?);
        command.arg("serve").envs(environment.iter().cloned());
        let (child, line) = start(command)?;
        let address = line
            .strip_prefix("listening public=http://")
            .and_then(|rest| rest.split(' ').next())
            .context("the origin said something else")?
            .to_owned();
        environment.push(("DROPGATE_URL".to_owned(), format!("http://{address}")));
        let edge_keys = KeyRing::parse(Ring::Edge, value(&environment, "DROPGATE_EDGE_KEYS")?)?;
        let customer_secret = CustomerSecret::parse(value(&environment, "DROPGATE_CUSTOMER_SECRET")?)?;
        let origin = Self { child, folder, environment, address, edge_keys, customer_secret };
        let drop = ["--slug", "bench", "--name", "Bench", "--size", "10000000", "--price", "100000"];
        origin.command(&[&["drop", "create", "--hold-seconds", "900"], &drop[..]].concat())?;
        Ok(origin)
    }

    /// Stops it gracefully and replays its ledger. Returns how many orders are stored.
    pub(crate) fn verified_orders(self) -> Result<u64> {
        let pid = self.child.0.id().to_string();
        ensure!(Command::new("kill").args(["-TERM", &pid]).status()?.success(), "cannot stop the origin");
        let Self { mut child, folder, environment, .. } = self;
        ensure!(child.0.wait()?.success(), "the origin did not stop cleanly");
        let said = run(&environment, &["verify"])?;
        drop(folder);
        said.split(" rows, ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .and_then(|orders| orders.parse().ok())
            .with_context(|| format!("verify said: {said}"))
    }

    fn command(&self, arguments: &[&str]) -> Result<String> {
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

fn value<'a>(environment: &'a [(String, String)], name: &str) -> Result<&'a str> {
    let found = environment.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).with_context(|| format!("`dropgate keys` gave no {name}"))
}

fn start(mut command: Command) -> Result<(Killed, String)> {
    let mut child = Killed(command.stdout(Stdio::piped()).spawn().context("cannot start a server")?);
    let stdout = child.0.stdout.take().context("a server has no stdout")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    ensure!(line.starts_with("listening"), "a server did not start");
    Ok((child, line.trim_end().to_owned()))
}

/// The release binary that stands beside this one.
fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let binary = own.parent().unwrap_or(Path::new(".")).join("dropgate");
    ensure!(binary.exists(), "{} is missing: cargo build --release -p origin -p bench", binary.display());
    Ok(binary)
}
