use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{DropTerms, Secrets, built, payos, ports::ReservedPort, process::Process};

/// Nobody listens there: every call to PayOS fails at once.
const NO_PAYOS: &str = "http://127.0.0.1:9";

/// An origin on a folder of its own, without an edge in front of it: tests of crashes and stops speak to it as the
/// edge would. It is started, killed and started again on the same folder and the same ports.
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

/// How to start it otherwise than usual.
#[derive(Clone, Default)]
pub struct Start {
    /// The program that has failpoints compiled in.
    pub failpoints: bool,
    pub environment: Vec<(String, String)>,
}

/// How it ended and what it said on stderr since its start.
pub struct Ended {
    pub status: ExitStatus,
    pub said: String,
}

impl Start {
    /// The program with failpoints, which ends itself when it comes to `point` for the `nth` time.
    pub fn dying_at(point: &str, nth: u64) -> Start {
        let failpoint = ("DROPGATE_FAILPOINT".to_owned(), format!("{point}:{nth}"));
        Start { failpoints: true, environment: vec![failpoint] }
    }
}

impl Ended {
    /// It ended by itself, with an exit code, and its last line says why in these words.
    #[track_caller]
    pub fn is_plain_refusal(&self, words: &[&str]) {
        assert_eq!(self.status.code(), Some(1), "{}", self.said);
        let last = self.said.lines().last().unwrap_or_default();
        assert!(last.starts_with("dropgate: "), "{}", self.said);
        for word in words {
            assert!(last.contains(word), "{word:?} is not in the last line:\n{}", self.said);
        }
    }
}

impl LoneOrigin {
    /// On a fresh folder, not started yet. Without an address PayOS is down.
    pub fn new(payos_url: Option<String>) -> LoneOrigin {
        let folder = tempfile::Builder::new().prefix("dropgate-origin-").tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("data")).expect("the folder of data");
        LoneOrigin {
            secrets: Secrets::make(),
            ports: Ports { public: ReservedPort::new(), private: ReservedPort::new() },
            payos_url: payos_url.unwrap_or_else(|| NO_PAYOS.to_owned()),
            process: None,
            folder,
        }
    }

    /// Starts it and does not wait until it answers.
    pub fn begins(&mut self, start: &Start) {
        assert!(!self.is_running(), "the origin still runs");
        let mut command = self.command(start.failpoints, &self.data());
        command.arg("serve").envs(start.environment.iter().map(|(name, value)| (name, value)));
        self.process = Some(Process::start("origin", command, self.folder.path()));
    }

    /// Starts it; returns when it listens.
    pub async fn starts(&mut self) {
        self.starts_as(&Start::default()).await;
    }

    pub async fn starts_as(&mut self, start: &Start) {
        self.begins(start);
        self.process().listens().await;
    }

    /// Starts it, and expects that it refuses.
    pub async fn refuses_to_start(&mut self, start: &Start) -> Ended {
        self.begins(start);
        let listens = self.process().listens_or_ends().await;
        assert!(listens.is_err(), "the origin started all the same");
        self.ends().await
    }

    /// A second one on the same folder, on other ports.
    pub async fn refuses_a_second(&mut self) -> Ended {
        let mut command = self.command(false, &self.data());
        command.arg("serve").env("DROPGATE_LISTEN", "127.0.0.1:0").env("DROPGATE_PRIVATE_LISTEN", "127.0.0.1:0");
        let mut second = Process::start("second-origin", command, self.folder.path());
        assert!(second.listens_or_ends().await.is_err(), "two origins serve one folder");
        Ended { status: second.ends().await, said: second.said() }
    }

    /// SIGKILL: nothing more is done, whatever was under way.
    pub async fn kill(&mut self) {
        self.process().kill().await;
        assert!(!self.process().has_panicked(), "{}", self.log());
    }

    /// SIGTERM.
    pub fn terminate(&mut self) {
        self.process().terminate();
    }

    /// SIGTERM, and whatever time it takes.
    pub async fn stop(&mut self) -> Ended {
        self.terminate();
        self.ends().await
    }

    /// Waits until it has ended by itself.
    pub async fn ends(&mut self) -> Ended {
        let process = self.process();
        let status = process.ends().await;
        assert!(!process.has_panicked(), "{}", process.log());
        Ended { status, said: process.said() }
    }

    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    /// The memory it takes.
    pub fn resident_bytes(&mut self) -> usize {
        self.process().resident_bytes()
    }

    /// As a machine whose open files are used up, or one that has some again.
    pub fn may_open_files(&mut self, may: bool) {
        self.process().may_open_files(may);
    }

    /// Opens a drop by the operator's command line; returns its number.
    pub fn opens_drop(&self, slug: &str, terms: DropTerms) -> u32 {
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
        created["id"].as_u64().and_then(|id| u32::try_from(id).ok()).expect("the number of the new drop")
    }

    /// Runs the operator's command line.
    pub fn dropgate(&self, arguments: &[&str]) -> Output {
        self.dropgate_on(&self.data(), arguments)
    }

    /// The same, on another folder of data.
    pub fn dropgate_on(&self, data: &Path, arguments: &[&str]) -> Output {
        self.command(false, data).args(arguments).output().expect("dropgate runs")
    }

    /// `dropgate verify` on any folder of data; what it prints must be all right.
    #[track_caller]
    pub fn verifies(&self, data: &Path) -> String {
        let output = self.dropgate_on(data, &["verify"]);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "dropgate verify: {printed}{said}\n{}", self.log());
        printed
    }

    /// A copy of its files as they are, to look into without touching what the next start finds.
    pub fn copies_data(&self) -> TempDir {
        let copy = tempfile::Builder::new().prefix("dropgate-copy-").tempdir().expect("a temporary folder");
        for entry in fs::read_dir(self.data()).expect("the folder of data") {
            let file = entry.expect("a readable folder").path();
            // The index of the log is rebuilt from the log by whoever opens it.
            if file.file_name().is_some_and(|name| name != "sale.db-shm") {
                fs::copy(&file, copy.path().join(file.file_name().expect("a name"))).expect("a copy");
            }
        }
        copy
    }

    /// Puts the files of `folder` in the place of its own, as a machine that lost power finds what its disk has.
    pub fn finds(&mut self, folder: &Path) {
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

    /// A folder beside its data, for files of the test.
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
