use std::{fs, path::Path, process::Command, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{built, ports::ReservedPort, process::Process, wait::until};

const USER: &str = "shop";
const PASSWORD: &str = "mail-server-password";

/// A mail leaves five seconds after its cause, and a try that failed follows in seconds.
const MAIL_DEADLINE: Duration = Duration::from_secs(60);

/// The shop's mail server: SMTP with STARTTLS and a login, under a certificate that only this shop trusts.
pub struct MailServer {
    smtp: ReservedPort,
    http: ReservedPort,
    process: Process,
    client: Client,
    password_file: String,
    ca_file: String,
}

/// A mail as it was taken.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    /// Whole lines, by lower-case name.
    pub headers: std::collections::BTreeMap<String, String>,
}

impl MailServer {
    pub async fn start(client: Client, folder: &Path) -> MailServer {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let file = |name: &str, content: &str| {
            let path = folder.join(name);
            fs::write(&path, content).expect("a file of the mail server");
            path.to_str().expect("a path of text").to_owned()
        };
        let ca_file = file("mail-cert.pem", &cert.pem());
        let key_file = file("mail-key.pem", &signing_key.serialize_pem());
        let password_file = file("mail-password", &format!("{PASSWORD}\n"));
        let (smtp, http) = (ReservedPort::new(), ReservedPort::new());
        let mut command = Command::new("node");
        command
            .arg(built::root().join("tests/mail-stand-in/server.mjs"))
            .args(["--smtp", &smtp.port().to_string(), "--http", &http.port().to_string()])
            .args(["--key", &key_file, "--cert", &ca_file, "--user", USER, "--password", PASSWORD]);
        let mut process = Process::start("mail", command, folder);
        process.assert_listens().await;
        MailServer { smtp, http, process, client, password_file, ca_file }
    }

    /// The settings of a shop that sends its mail here.
    pub fn settings(&self) -> Vec<(String, String)> {
        [
            ("DROPGATE_SMTP_URL", format!("smtp://{}", self.smtp.address())),
            ("DROPGATE_SMTP_USER", USER.to_owned()),
            ("DROPGATE_SMTP_PASSWORD_FILE", self.password_file.clone()),
            ("DROPGATE_SMTP_CA_FILE", self.ca_file.clone()),
            ("DROPGATE_MAIL_FROM", "Tiệm Đèn <shop@example.com>".to_owned()),
            ("DROPGATE_MAIL_REPLY_TO", "hoi@example.com".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// From now on, for the `next` mails: `accept`, `refuse_address`, `refuse_sender`, `busy`, `hang` or `cut`.
    pub async fn behaves(&self, mode: &str, next: u32) {
        let behaviour = json!({ "mode": mode, "next": next });
        let request = self.client.post(format!("{}/_control/behaviour", self.http.url())).json(&behaviour);
        request.send().await.expect("the mail server").error_for_status().expect("a known behaviour");
    }

    /// Every mail so far, oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        serde_json::from_value(self.looks("mails").await["mails"].take()).expect("mails")
    }

    /// Waits for mails to this address, until there are so many.
    pub async fn has_mails(&self, to: &str, count: usize) -> Vec<Mail> {
        until(&format!("{count} mails to {to}"), MAIL_DEADLINE, async || {
            let mut mails = self.mails().await;
            mails.retain(|mail| mail.to == [to]);
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    /// Waits until the shop has tried to hand over so many mails, taken or not.
    pub async fn was_tried(&self, times: u64) {
        until(&format!("{times} mails were tried"), MAIL_DEADLINE, async || {
            (self.looks("counts").await["tries"].as_u64()? >= times).then_some(())
        })
        .await;
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    async fn looks(&self, what: &str) -> Value {
        let answer =
            self.client.get(format!("{}/_control/{what}", self.http.url())).send().await.expect("the mail server");
        answer.json().await.expect("its answer as JSON")
    }
}
