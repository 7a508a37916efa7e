//! `cargo xtask dev`: the whole shop on this machine, with the worker under wrangler and a stand-in for PayOS.

use std::{
    fs::{self, DirBuilder},
    io::ErrorKind,
    net::TcpListener,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    build, demo,
    keys::Keys,
    parts::Parts,
    root,
    step::{self, cargo},
    tools,
};

const EDGE_PORT: u16 = 8787;
const ORIGIN_PORT: u16 = 8080;
const ORIGIN_PRIVATE_PORT: u16 = 9090;
const PAYOS_PORT: u16 = 8788;
const MAIL_PORT: u16 = 8789;
const SMTP_PORT: u16 = 8790;
const SHEETS_PORT: u16 = 8791;

/// wrangler bundles the worker before it listens; on a busy machine that takes tens of seconds.
const READY_DEADLINE: Duration = Duration::from_secs(90);

pub(crate) fn dev() -> Result<()> {
    let started = Instant::now();
    // Before minutes of building, a taken port must be reported.
    check_ports_are_free()?;
    tools::set_up()?;
    build_everything()?;
    // Again, because another program may have taken a port meanwhile.
    check_ports_are_free()?;

    let folder = root().join(".dev");
    let dropgate = build::program("dropgate")?;
    let data = empty_folder(&folder)?;
    let keys = Keys::load_or_make(&folder.join("env"), &dropgate)?;

    println!("\n== Starting the stand-ins of PayOS and Google Sheets, the mail server, the origin and the edge");
    let mut parts = Parts::new()?;
    start_payos(&mut parts, &keys)?;
    start_mail_server(&mut parts)?;
    let sheets_key = folder.join("sheets-key.json");
    start_sheets(&mut parts, &sheets_key)?;
    // It makes the key that the origin reads at its start.
    parts.wait_until_ready("Google Sheets stand-in", &local(SHEETS_PORT, "/"), READY_DEADLINE)?;
    start_origin(&mut parts, &dropgate, &data, &keys, &sheets_key)?;
    start_edge(&mut parts, &keys.write_for_edge(&folder.join("env"))?)?;
    parts.wait_until_ready("PayOS stand-in", &local(PAYOS_PORT, "/"), READY_DEADLINE)?;
    parts.wait_until_ready("mail server", &local(MAIL_PORT, "/"), READY_DEADLINE)?;
    parts.wait_until_ready("origin", &local(ORIGIN_PRIVATE_PORT, "/readyz"), READY_DEADLINE)?;
    parts.wait_until_ready("edge", &local(EDGE_PORT, "/api/drops"), READY_DEADLINE)?;

    let cli = demo::Cli { dropgate: &dropgate, origin: local(ORIGIN_PORT, ""), keys: &keys };
    demo::create(&parts, &cli, &local(EDGE_PORT, ""), &local(PAYOS_PORT, ""))?;
    println!("{}", overview(started.elapsed()));
    parts.run_until_interrupted()
}

fn check_ports_are_free() -> Result<()> {
    let ports = [
        ("edge", EDGE_PORT),
        ("origin", ORIGIN_PORT),
        ("origin's private listener", ORIGIN_PRIVATE_PORT),
        ("PayOS stand-in", PAYOS_PORT),
        ("page of the mail server", MAIL_PORT),
        ("mail server", SMTP_PORT),
        ("Google Sheets stand-in", SHEETS_PORT),
    ];
    for (part, port) in ports {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                bail!("port {port}, for the {part}, is taken by another program: stop that one first")
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot listen on port {port}, for the {part}"));
            }
        }
    }
    Ok(())
}

fn build_everything() -> Result<()> {
    step::run(
        "Building the origin and the PayOS stand-in (first time about 3 minutes)",
        cargo().args(["build", "--package", "origin", "--package", "tests", "--bins"]),
    )?;
    build::storefront()?;
    build::edge(build::Profile::Dev)
}

/// The demo drops open relative to the start of the shop, so each start begins with an empty ledger.
fn empty_folder(folder: &Path) -> Result<PathBuf> {
    let data = folder.join("data");
    if data.exists() {
        println!("\nDiscarding the orders of the last start: {}", data.display());
        fs::remove_dir_all(&data).with_context(|| format!("cannot empty {}", data.display()))?;
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&data)
        .with_context(|| format!("cannot create {}", data.display()))?;
    Ok(data)
}

/// The account this machine has with the stand-in: not a secret, and worth nothing elsewhere.
mod payos_account {
    pub(super) const CLIENT_ID: &str = "local-client";
    pub(super) const API_KEY: &str = "local-api-key";
    pub(super) const CHECKSUM_KEY: &str = "local-checksum-key";
}

fn start_payos(parts: &mut Parts, keys: &Keys) -> Result<()> {
    let webhook = local(EDGE_PORT, &format!("/webhooks/payos/{}", keys.webhook_secret()));
    parts.start(
        "stand-in",
        step::command(build::program("payos-stand-in")?)
            .args(["--listen", &format!("127.0.0.1:{PAYOS_PORT}")])
            .args(["--client-id", payos_account::CLIENT_ID])
            .args(["--api-key", payos_account::API_KEY])
            .args(["--checksum-key", payos_account::CHECKSUM_KEY])
            .args(["--webhook-url", &webhook])
            .arg("--payouts-succeed"),
    )
}

fn start_origin(parts: &mut Parts, dropgate: &Path, data: &Path, keys: &Keys, sheets_key: &Path) -> Result<()> {
    parts.start(
        "origin",
        step::command(dropgate)
            .arg("serve")
            .envs(keys.all())
            .env("DROPGATE_DATA", data)
            .env("DROPGATE_LISTEN", format!("127.0.0.1:{ORIGIN_PORT}"))
            .env("DROPGATE_PRIVATE_LISTEN", format!("127.0.0.1:{ORIGIN_PRIVATE_PORT}"))
            .env("DROPGATE_PUBLIC_URL", local(EDGE_PORT, ""))
            .env("DROPGATE_WEBHOOKS_TO_THIS_MACHINE", "1")
            .env("PAYOS_BASE_URL", local(PAYOS_PORT, ""))
            .env("PAYOS_CLIENT_ID", payos_account::CLIENT_ID)
            .env("PAYOS_API_KEY", payos_account::API_KEY)
            .env("PAYOS_CHECKSUM_KEY", payos_account::CHECKSUM_KEY)
            .env("PAYOS_PAYOUT_CLIENT_ID", format!("payout-{}", payos_account::CLIENT_ID))
            .env("PAYOS_PAYOUT_API_KEY", format!("payout-{}", payos_account::API_KEY))
            .env("PAYOS_PAYOUT_CHECKSUM_KEY", format!("payout-{}", payos_account::CHECKSUM_KEY))
            .env("DROPGATE_PAYOUT_REFUND_MAX", "5000000")
            .env("DROPGATE_PAYOUT_DAY_MAX", "50000000")
            .env("DROPGATE_PAYOUT_TWO_OPERATORS_ABOVE", "2000000")
            .env("DROPGATE_SMTP_URL", format!("smtp+insecure://127.0.0.1:{SMTP_PORT}"))
            .env("DROPGATE_MAIL_FROM", "Dropgate <shop@example.com>")
            .env("DROPGATE_SHEETS_ID", "stand-in-spreadsheet")
            .env("DROPGATE_SHEETS_KEY_FILE", sheets_key)
            .env("DROPGATE_SHEETS_URL", local(SHEETS_PORT, "")),
    )
}

fn start_sheets(parts: &mut Parts, key: &Path) -> Result<()> {
    parts.start(
        "sheets",
        step::command("node")
            .arg(root().join("tests/sheets-stand-in/server.mjs"))
            .args(["--port", &SHEETS_PORT.to_string(), "--key-file"])
            .arg(key),
    )
}

fn start_mail_server(parts: &mut Parts) -> Result<()> {
    parts.start(
        "mail",
        step::command("node").arg(root().join("tests/mail-stand-in/server.mjs")).args([
            "--smtp",
            &SMTP_PORT.to_string(),
            "--http",
            &MAIL_PORT.to_string(),
        ]),
    )
}

fn start_edge(parts: &mut Parts, secrets: &Path) -> Result<()> {
    let wrangler: &mut Command = &mut step::command(tools::npm_program("wrangler"));
    parts.start(
        "edge",
        wrangler
            .args(["dev", "--ip", "127.0.0.1", "--port", &EDGE_PORT.to_string(), "--inspector-port", "0"])
            .args(["--show-interactive-dev-session", "false", "--log-level", "warn"])
            .args(["--var", &format!("ORIGIN:{}", local(ORIGIN_PORT, ""))])
            .arg("--env-file")
            .arg(secrets)
            .env("EDGE_PREBUILT", "1")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("CI", "1"),
    )
}

fn local(port: u16, path: &str) -> String {
    format!("http://127.0.0.1:{port}{path}")
}

fn overview(took: Duration) -> String {
    let shop = local(EDGE_PORT, "");
    format!(
        "
== The shop is open ({took:.1} s)

   shop             {shop}/
   open             {shop}/drops/{open}
   opens soon       {shop}/drops/{soon}
   sold out         {shop}/drops/{sold_out}
   pay here         {payos}   (stand-in for PayOS: every payment link, with a button that pays it)
   refunds          {payouts}   (what was paid back, and to which account)
   mails            {mails}   (what the shop has written to its buyers)
   sheet            {sheets}   (stand-in for Google Sheets: what became of every order)
   metrics          {metrics}

   command line     (set -a; . .dev/env; {dropgate} drop list)

   Ctrl-C stops everything.",
        took = took.as_secs_f32(),
        open = demo::OPEN,
        soon = demo::SOON,
        sold_out = demo::SOLD_OUT,
        payos = local(PAYOS_PORT, "/"),
        payouts = local(PAYOS_PORT, "/payouts"),
        mails = local(MAIL_PORT, "/"),
        sheets = local(SHEETS_PORT, "/"),
        metrics = local(ORIGIN_PRIVATE_PORT, "/metrics"),
        dropgate = build::program("dropgate").unwrap_or_default().display(),
    )
}
