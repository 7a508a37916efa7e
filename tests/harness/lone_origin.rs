use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{DropTerms, Secrets, built, create_data_folder, payos, ports::ReservedPort, process::Process};

/// No program listens on this port, so every call to PayOS fails at once.
const NO_PAYOS: &str = "http://127.0.0.1:9";

/// An origin without an edge, on a folder of its own. Tests of crashes and stops send it requests as the edge would. A
/// test starts it, kills it and starts it again on the same folder and the same ports.
pub struct LoneOrigin {
    pub secrets: Secrets,
    ports: Ports,
    payos_url: String,
    process: Option<Process>,
    // After the process, whose files it holds.
    folder: TempDir,
}

struct Ports {
    public: ReservedPort,
    private: ReservedPort,
}

/// Options of a start.
#[derive(Clone, Default)]
pub struct StartOptions {
    /// Whether to start the program with failpoints.
    pub failpoints: bool,
    pub environment: Vec<(String, String)>,
}

/// How the origin ended, and what it wrote to stderr since its start.
pub struct Exit {
    pub status: ExitStatus,
    pub stderr: String,
}

impl StartOptions {
    /// Starts the program with failpoints. It aborts when it reaches `point` for the `nth` time.
    pub fn crashing_at(point: &str, nth: u64) -> StartOptions {
        let failpoint = ("DROPGATE_FAILPOINT".to_owned(), format!("{point}:{nth}"));
        StartOptions { failpoints: true, environment: vec![failpoint] }
    }
}

impl Exit {
    /// The origin ended by itself with an exit code of 1, and its last line has these words.
    #[track_caller]
    pub fn assert_exits_saying(&self, words: &[&str]) {
        assert_eq!(self.status.code(), Some(1), "{}", self.stderr);
        let last = self.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("dropgate: "), "{}", self.stderr);
        for word in words {
            assert!(last.contains(word), "{word:?} is not in the last line:\n{}", self.stderr);
        }
    }
}

impl LoneOrigin {
    /// On a fresh folder, not started. Without an address PayOS is down.
    pub fn new(payos_url: Option<String>) -> LoneOrigin {
        let folder = tempfile::Builder::new().prefix("dropgate-origin-").tempdir().expect("a temporary folder");
        create_data_folder(&folder.path().join("data"));
        LoneOrigin {
            secrets: Secrets::make(),
            ports: Ports { public: ReservedPort::new(), private: ReservedPort::new() },
            payos_url: payos_url.unwrap_or_else(|| NO_PAYOS.to_owned()),
            process: None,
            folder,
        }
    }

    /// Starts the origin and returns at once.
    pub fn spawn(&mut self, start: &StartOptions) {
        assert!(!self.is_running(), "the origin still runs");
        let mut command = self.command(start.failpoints, &self.data());
        command.arg("serve").envs(start.environment.iter().map(|(name, value)| (name, value)));
        self.process = Some(Process::start("origin", command, self.folder.path()));
    }

    /// Starts the origin. Returns when it listens.
    pub async fn start(&mut self) {
        self.start_with(&StartOptions::default()).await;
    }

    pub async fn start_with(&mut self, start: &StartOptions) {
        self.spawn(start);
        self.process().assert_listens().await;
    }

    /// Starts the origin, which must end instead of listening.
    pub async fn assert_refuses_to_start(&mut self, start: &StartOptions) -> Exit {
        self.spawn(start);
        let listens = self.process().wait_until_listening().await;
        assert!(listens.is_err(), "the origin listens all the same");
        self.wait_for_exit().await
    }

    /// Starts a second origin on the same folder and other ports, which must end instead of listening.
    pub async fn assert_refuses_second(&mut self) -> Exit {
        let mut command = self.command(false, &self.data());
        command.arg("serve").env("DROPGATE_LISTEN", "127.0.0.1:0").env("DROPGATE_PRIVATE_LISTEN", "127.0.0.1:0");
        let mut second = Process::start("second-origin", command, self.folder.path());
        assert!(second.wait_until_listening().await.is_err(), "two origins serve one folder");
        Exit { status: second.wait_for_exit().await, stderr: second.stderr() }
    }

    /// SIGKILL.
    pub async fn kill(&mut self) {
        self.process().kill().await;
        assert!(!self.process().has_panicked(), "{}", self.log());
    }

    /// SIGTERM.
    pub fn terminate(&mut self) {
        self.process().terminate();
    }

    /// SIGTERM, and waits for the exit.
    pub async fn stop(&mut self) -> Exit {
        self.terminate();
        self.wait_for_exit().await
    }

    /// Waits until the origin has ended by itself.
    pub async fn wait_for_exit(&mut self) -> Exit {
        let process = self.process();
        let status = process.wait_for_exit().await;
        assert!(!process.has_panicked(), "{}", process.log());
        Exit { status, stderr: process.stderr() }
    }

    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    /// Resident memory of the origin.
    pub fn resident_bytes(&mut self) -> usize {
        self.process().resident_bytes()
    }

    /// Whether the origin may open more files, as on a machine with or without free ones.
    pub fn may_open_files(&mut self, may: bool) {
        self.process().may_open_files(may);
    }

    /// Opens a drop by the operator's command line. Returns its id.
    pub fn open_drop(&self, slug: &str, terms: DropTerms) -> u32 {
        let options = [
            ("--slug", slug.to_owned()),
            ("--name", "Đèn lồng Hội An".to_owned()),
            ("--size", terms.size.to_string()),
            ("--price", terms.price.to_string()),
            ("--limit", terms.limit.to_string()),
            ("--hold-seconds", terms.hold_seconds.to_string()),
        ];
        let options = options.iter().flat_map(|(name, value)| [*name, value.as_str()]);
        let output = self.dropgate(&["drop", "create"].into_iter().chain(options).collect::<Vec<_>>());
        assert!(output.status.success(), "dropgate drop create: {}", String::from_utf8_lossy(&output.stderr));
        let created: Value = serde_json::from_slice(&output.stdout).expect("the new drop as JSON");
        created["id"].as_u64().and_then(|id| u32::try_from(id).ok()).expect("the id of the new drop")
    }

    /// Runs the operator's command line.
    pub fn dropgate(&self, arguments: &[&str]) -> Output {
        self.dropgate_on(&self.data(), arguments)
    }

    /// The same on another data folder.
    pub fn dropgate_on(&self, data: &Path, arguments: &[&str]) -> Output {
        self.command(false, data).args(arguments).output().expect("dropgate runs")
    }

    /// Runs `dropgate verify` on a data folder, which must succeed. Returns what it prints.
    #[track_caller]
    pub fn assert_verifies(&self, data: &Path) -> String {
        let output = self.dropgate_on(data, &["verify"]);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "dropgate verify: {printed}{said}\n{}", self.log());
        printed
    }

    /// A copy of the data folder as it is, so that a test can open it without a change for the next start.
    pub fn copy_data(&self) -> TempDir {
        let copy = tempfile::Builder::new().prefix("dropgate-copy-").tempdir().expect("a temporary folder");
        for entry in fs::read_dir(self.data()).expect("the folder of data") {
            let file = entry.expect("a readable folder").path();
            // SQLite rebuilds the index of the log when it opens the copy.
            if file.file_name().is_some_and(|name| name != "sale.db-shm") {
                fs::copy(&file, copy.path().join(file.file_name().expect("a name"))).expect("a copy");
            }
        }
        copy
    }

    /// Replaces the data folder by `folder`, which is what a disk has after a power cut.
    pub fn restore_from(&mut self, folder: &Path) {
        assert!(!self.is_running(), "the origin still runs");
        fs::remove_dir_all(self.data()).expect("the folder of data");
        fs::rename(folder, self.data()).expect("another folder in its place");
    }

    pub fn address(&self) -> String {
        self.ports.public.address()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path beside the data folder, for files of the test.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn log(&self) -> String {
        self.process.as_ref().map_or_else(String::new, Process::log)
    }

    fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("an origin that was started")
    }

    fn command(&self, failpoints: bool, data: &Path) -> Command {
        let program = if failpoints { built::program_with_failpoints() } else { built::program("dropgate") };
        let mut command = Command::new(program);
        command
            .envs(self.secrets.all())
            .env("DROPGATE_DATA", data)
            .env("DROPGATE_LISTEN", self.ports.public.address())
            .env("DROPGATE_PRIVATE_LISTEN", self.ports.private.address())
            .env("DROPGATE_PUBLIC_URL", "https://drops.example")
            .env("DROPGATE_URL", self.ports.public.url())
            .env("PAYOS_BASE_URL", &self.payos_url)
            .env("PAYOS_CLIENT_ID", payos::CLIENT_ID)
            .env("PAYOS_API_KEY", payos::API_KEY)
            .env("PAYOS_CHECKSUM_KEY", payos::CHECKSUM_KEY);
        command
    }
}

impl Drop for LoneOrigin {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}
