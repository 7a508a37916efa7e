use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use reqwest::Client;
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::{
    DropTerms, MailServer, OpenedDrop, PayOs, Response, Secrets, Shopper, built, client::new_client,
    create_data_folder, payos, ports::ReservedPort, process::Process, wait::until,
};

/// The edge asks for the list of drops at most once a second, and waits two.
const LISTED_DEADLINE: Duration = Duration::from_secs(20);

const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// The whole system, on a fresh folder. Every test ends with [`Shop::finish`].
pub struct Shop {
    pub payos: PayOs,
    mail: Option<MailServer>,
    /// Those of the origin that only some shops have.
    settings: Vec<(String, String)>,
    pub secrets: Secrets,
    pub client: Client,
    ports: Ports,
    origin: Process,
    edge: Process,
    // After the processes: fields are dropped in order, and their files must outlive them.
    folder: TempDir,
    drops_opened: AtomicU32,
    shoppers: AtomicU32,
    is_finished: bool,
}

/// What only some shops have.
#[derive(Default)]
struct Extras {
    mail: bool,
    payouts: bool,
    /// Of the origin.
    settings: Vec<(String, String)>,
}

struct Ports {
    edge: ReservedPort,
    origin: ReservedPort,
    origin_private: ReservedPort,
}

impl Shop {
    pub async fn start() -> Shop {
        Shop::start_with(Extras::default()).await
    }

    /// A shop with further settings of the origin.
    pub async fn start_with_settings(settings: Vec<(String, String)>) -> Shop {
        Shop::start_with(Extras { settings, ..Extras::default() }).await
    }

    /// A shop that writes to its buyers.
    pub async fn start_with_mail() -> Shop {
        Shop::start_with(Extras { mail: true, ..Extras::default() }).await
    }

    /// A shop that pays refunds out through PayOS, and writes to its buyers.
    pub async fn start_with_payouts() -> Shop {
        Shop::start_with(Extras { mail: true, payouts: true, ..Extras::default() }).await
    }

    async fn start_with(extras: Extras) -> Shop {
        built::worker();
        built::storefront();
        let folder = tempfile::Builder::new().prefix("dropgate-shop-").tempdir().expect("a temporary folder");
        create_data_folder(&data_in(folder.path()));
        let secrets = Secrets::make();
        let client = new_client();
        let ports =
            Ports { edge: ReservedPort::new(), origin: ReservedPort::new(), origin_private: ReservedPort::new() };
        let webhook_url = format!("{}/webhooks/payos/{}", ports.edge.url(), secrets.get("DROPGATE_WEBHOOK_SECRET"));
        let mut payos = PayOs::start(client.clone(), Some(&webhook_url), folder.path());
        let mut edge = start_edge(&ports, &secrets, folder.path());
        let mail = if extras.mail { Some(MailServer::start(client.clone(), folder.path()).await) } else { None };
        let mut settings = extras.settings;
        settings.extend(mail.iter().flat_map(MailServer::settings));
        settings.extend(extras.payouts.then(|| payos.payout_settings()).into_iter().flatten());
        let mut origin = start_origin(&ports, &secrets, &payos.url(), &settings, folder.path());
        payos.assert_listens().await;
        origin.assert_listens().await;
        edge.assert_listens().await;
        Shop {
            payos,
            mail,
            settings,
            secrets,
            client,
            ports,
            origin,
            edge,
            folder,
            drops_opened: AtomicU32::new(0),
            shoppers: AtomicU32::new(0),
            is_finished: false,
        }
    }

    /// The mail server of a shop that writes to its buyers.
    pub fn mail(&self) -> &MailServer {
        self.mail.as_ref().expect("a shop that sends mail")
    }

    /// Opens a drop by the operator's command line; returns when shoppers can see it.
    pub async fn opens_drop(&self, terms: DropTerms) -> OpenedDrop {
        let slug = format!("drop-{}", self.drops_opened.fetch_add(1, Ordering::Relaxed) + 1);
        let options = [
            ("--slug", slug.clone()),
            ("--name", "Đèn lồng Hội An".to_owned()),
            ("--size", terms.size.to_string()),
            ("--price", terms.price.to_string()),
            ("--limit", terms.limit.to_string()),
            ("--hold-seconds", terms.hold_seconds.to_string()),
            ("--opens-in", terms.opens_in_seconds.to_string()),
        ];
        let options = options.iter().flat_map(|(name, value)| [*name, value.as_str()]);
        let output = self.dropgate(&["drop", "create"].into_iter().chain(options).collect::<Vec<_>>());
        assert!(output.status.success(), "dropgate drop create: {}", String::from_utf8_lossy(&output.stderr));
        let created: Value = serde_json::from_slice(&output.stdout).expect("the new drop as JSON");
        let id = created["id"].as_u64().and_then(|id| u32::try_from(id).ok()).expect("the id of the new drop");
        let path = format!("/api/drops/{slug}");
        until("the edge lists the new drop", LISTED_DEADLINE, async || {
            (self.visits(&path).await.status == 200).then_some(())
        })
        .await;
        OpenedDrop { id, slug }
    }

    pub fn shopper(&self, phone: &str) -> Shopper {
        let number = self.shoppers.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::from(FIRST_ADDRESS.to_bits() + number);
        Shopper::new(phone, address.to_string(), self.edge_url(), self.client.clone())
    }

    /// A GET at the edge without token or cookie.
    pub async fn visits(&self, path: &str) -> Response {
        Response::to(self.client.get(format!("{}{path}", self.edge_url()))).await
    }

    /// The stock as anyone sees it.
    pub async fn stock(&self, drop: &OpenedDrop) -> Value {
        self.visits(&format!("/api/drops/{}", drop.slug)).await.assert_status(200)["drop"]["stock"].clone()
    }

    /// Waits until anyone sees this stock.
    pub async fn shows_stock(&self, drop: &OpenedDrop, field: &str, number: u32) {
        until(&format!("{number} {field} on the drop page"), LISTED_DEADLINE, async || {
            (self.stock(drop).await[field] == number).then_some(())
        })
        .await;
    }

    /// Sends any request, made with `client`, to the edge or past it to the origin.
    pub async fn sends(&self, request: reqwest::RequestBuilder) -> Response {
        Response::to(request).await
    }

    /// Runs the operator's command line against this shop.
    pub fn dropgate(&self, arguments: &[&str]) -> Output {
        self.dropgate_in(&self.data(), arguments)
    }

    /// Runs a command with the settings of the origin, and these in place of some of them.
    pub fn dropgate_with(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
        let mut command = origin_command(&self.ports, &self.secrets, &self.payos.url(), &self.data());
        command.envs(self.settings.iter().map(|(name, value)| (name, value))).envs(settings.iter().copied());
        command.args(arguments).output().expect("dropgate runs")
    }

    /// Runs a command that must succeed in the name of this operator; returns what it prints.
    #[track_caller]
    pub fn operates_as(&self, operator: &str, arguments: &[&str]) -> String {
        let mut command = origin_command(&self.ports, &self.secrets, &self.payos.url(), &self.data());
        let command = command.args(arguments).env("DROPGATE_URL", self.origin_url()).env("USER", operator);
        let output = command.output().expect("dropgate runs");
        assert!(output.status.success(), "dropgate {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("a command prints text")
    }

    /// The same, on another folder of data.
    pub fn dropgate_in(&self, data: &Path, arguments: &[&str]) -> Output {
        origin_command(&self.ports, &self.secrets, &self.payos.url(), data)
            .args(arguments)
            .env("DROPGATE_URL", self.origin_url())
            .output()
            .expect("dropgate runs")
    }

    /// SIGKILL: what was not on disk is gone.
    pub async fn kill_origin(&mut self) {
        self.origin.kill().await;
    }

    pub async fn stop_origin(&mut self) {
        if self.origin.is_running() {
            let status = self.origin.stop().await;
            assert!(status.success(), "the origin stops with {status}\n{}", self.origin.log());
        }
    }

    /// From the next start of the origin on.
    pub fn sets(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// On the same folder and the same port.
    pub async fn restart_origin(&mut self) {
        assert!(!self.origin.is_running(), "the origin still runs");
        self.origin = start_origin(&self.ports, &self.secrets, &self.payos.url(), &self.settings, self.folder.path());
        self.origin.assert_listens().await;
    }

    /// `dropgate verify`, which needs the folder for itself: the origin must be stopped.
    pub fn verify_ledger(&self) -> Output {
        self.dropgate(&["verify"])
    }

    /// Ends every test: stops the origin as an operator would, and checks what it leaves behind.
    pub async fn finish(mut self) {
        self.stop_origin().await;
        let verified = self.verify_ledger();
        assert!(
            verified.status.success(),
            "dropgate verify: {}{}",
            String::from_utf8_lossy(&verified.stdout),
            String::from_utf8_lossy(&verified.stderr)
        );
        for process in [&self.origin, &self.edge] {
            assert!(!process.has_panicked(), "{}", process.log());
        }
        self.is_finished = true;
    }

    pub fn edge_url(&self) -> String {
        self.ports.edge.url()
    }

    pub fn origin_url(&self) -> String {
        self.ports.origin.url()
    }

    /// Where the origin tells its operator how it is.
    pub fn private_url(&self) -> String {
        self.ports.origin_private.url()
    }

    /// What the origin has logged since its start.
    pub fn origin_log(&self) -> String {
        self.origin.stderr()
    }

    /// The folder the origin keeps its files in.
    pub fn data(&self) -> PathBuf {
        data_in(self.folder.path())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in [self.origin.log(), self.edge.log(), self.payos.log()] {
                eprintln!("{log}");
            }
            self.mail.iter().for_each(|mail| eprintln!("{}", mail.log()));
        } else {
            assert!(self.is_finished, "the test did not call Shop::finish, which verifies the ledger");
        }
    }
}

fn start_edge(ports: &Ports, secrets: &Secrets, folder: &Path) -> Process {
    let mut vars: Map<String, Value> =
        secrets.for_edge().map(|(name, value)| (name.to_owned(), value.into())).collect();
    vars.insert("ORIGIN".to_owned(), ports.origin.url().into());
    let mut command = Command::new("node");
    command
        .arg(built::root().join("tests/harness/edge.mjs"))
        .arg(ports.edge.port().to_string())
        .env("EDGE_VARS", Value::from(vars).to_string())
        .env("WRANGLER_SEND_METRICS", "false")
        .current_dir(folder);
    Process::start("edge", command, folder)
}

fn start_origin(
    ports: &Ports,
    secrets: &Secrets,
    payos_url: &str,
    settings: &[(String, String)],
    folder: &Path,
) -> Process {
    let mut command = origin_command(ports, secrets, payos_url, &data_in(folder));
    command.arg("serve").envs(settings.iter().map(|(name, value)| (name, value)));
    Process::start("origin", command, folder)
}

fn origin_command(ports: &Ports, secrets: &Secrets, payos_url: &str, data: &Path) -> Command {
    let mut command = Command::new(built::program("dropgate"));
    command
        .envs(secrets.all())
        .env("DROPGATE_DATA", data)
        .env("DROPGATE_LISTEN", ports.origin.address())
        .env("DROPGATE_PRIVATE_LISTEN", ports.origin_private.address())
        .env("DROPGATE_PUBLIC_URL", ports.edge.url())
        .env("DROPGATE_WEBHOOKS_TO_THIS_MACHINE", "1")
        .env("PAYOS_BASE_URL", payos_url)
        .env("PAYOS_CLIENT_ID", payos::CLIENT_ID)
        .env("PAYOS_API_KEY", payos::API_KEY)
        .env("PAYOS_CHECKSUM_KEY", payos::CHECKSUM_KEY);
    command
}

fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}
