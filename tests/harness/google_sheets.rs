use std::{path::PathBuf, process::Command, time::Duration};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{built, client::new_client, ports::ReservedPort, process::Process, wait::until};

/// A page goes out every six seconds, and a try that failed follows in seconds.
const ROWS_DEADLINE: Duration = Duration::from_secs(90);

const TAB: &str = "Orders";

/// Google Sheets with one spreadsheet, and the key of a service account that may write it.
pub struct GoogleSheets {
    port: ReservedPort,
    client: Client,
    _process: Process,
    // After the process, whose files it holds.
    folder: TempDir,
}

impl GoogleSheets {
    pub async fn start() -> GoogleSheets {
        let folder = tempfile::Builder::new().prefix("dropgate-sheets-").tempdir().expect("a temporary folder");
        let port = ReservedPort::new();
        let mut command = Command::new("node");
        command
            .arg(built::root().join("tests/sheets-stand-in/server.mjs"))
            .args(["--port", &port.port().to_string(), "--key-file"])
            .arg(folder.path().join("key.json"));
        let mut process = Process::start("sheets", command, folder.path());
        process.assert_listens().await;
        GoogleSheets { port, client: new_client(), _process: process, folder }
    }

    /// The settings of a shop that writes its orders here.
    pub fn settings(&self) -> Vec<(String, String)> {
        [
            ("DROPGATE_SHEETS_ID", "stand-in-spreadsheet".to_owned()),
            ("DROPGATE_SHEETS_KEY_FILE", self.key_file().to_str().expect("a path of text").to_owned()),
            ("DROPGATE_SHEETS_URL", self.port.url()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.json")
    }

    /// From now on for calls `of` a kind (`append`, `read`, `update` or `any`), for the `next` of them: `quota` (with
    /// `retry_after`), `broken`, `unauthorized`, `forbidden`, `hang`, and with the rows added `hang_after` and `cut`.
    pub async fn behaves(&self, behaviour: &Value) {
        self.control("behaviour", behaviour).await;
    }

    /// Access tokens end before their time.
    pub async fn forgets_tokens(&self) {
        self.control("expire", &json!({})).await;
    }

    /// What somebody else has written into the sheet.
    pub async fn has(&self, tab: &str, rows: &Value) {
        self.control("tab", &json!({ "name": tab, "rows": rows })).await;
    }

    /// The rows of a tab, the header first.
    pub async fn rows_of(&self, tab: &str) -> Vec<Vec<Value>> {
        serde_json::from_value(self.control("tab", &json!({ "name": tab })).await["rows"].take()).expect("rows")
    }

    pub async fn rows(&self) -> Vec<Vec<Value>> {
        self.rows_of(TAB).await
    }

    /// Waits until there are so many rows below the header, and returns them.
    pub async fn has_rows(&self, count: usize) -> Vec<Vec<Value>> {
        until(&format!("{count} rows in the sheet"), ROWS_DEADLINE, async || {
            let rows = self.rows().await;
            (rows.len() > count).then(|| rows[1..].to_vec())
        })
        .await
    }

    /// Waits until the shop has tried to add rows so often, taken or not.
    pub async fn was_tried(&self, times: u64) {
        until(&format!("{times} tries to add rows"), ROWS_DEADLINE, async || {
            (self.count("appends").await >= times).then_some(())
        })
        .await;
    }

    /// How many calls there were: `tokens`, `reads` or `appends`.
    pub async fn count(&self, of: &str) -> u64 {
        self.control("counts", &json!({})).await[of].as_u64().expect("a count")
    }

    async fn control(&self, what: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/_control/{what}", self.port.url())).json(body);
        let answer = request.send().await.expect("the sheet").error_for_status().expect("a known request");
        answer.json().await.expect("its answer as JSON")
    }
}
