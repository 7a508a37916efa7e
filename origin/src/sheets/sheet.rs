//! Reading and writing the sheet.

use std::collections::BTreeSet;
use std::ops::RangeFrom;

use anyhow::{Context, Result};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::ServiceAccount;
use super::calls::{CallError, Calls, read};
use super::columns::header;
use super::settings::SheetsSettings;
use crate::clock::Clock;

pub(crate) struct Sheet {
    calls: Calls,
    /// The address of the spreadsheet's values, to which a range is added.
    values: Url,
    tab: String,
    personal: bool,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
struct MarkerColumn {
    #[serde(default)]
    values: Vec<Vec<Marker>>,
}

/// What people wrote into the column is no marker.
#[derive(Deserialize)]
#[serde(from = "Value")]
struct Marker(Option<i64>);

impl From<Value> for Marker {
    fn from(cell: Value) -> Self {
        // A column that people formatted as text gives its numbers as text.
        Self(cell.as_i64().or_else(|| cell.as_str()?.trim().parse().ok()))
    }
}

#[derive(Deserialize)]
struct Appended {
    updates: Updates,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Updates {
    updated_rows: usize,
}

impl Sheet {
    pub(crate) fn new(settings: SheetsSettings, clock: Clock) -> Result<Self> {
        let SheetsSettings { account, spreadsheet, tab, personal, url } = settings;
        let mut values = Url::parse(&url).context("the address of Google Sheets is none")?;
        let path = ["v4", "spreadsheets", &spreadsheet, "values"];
        values
            .path_segments_mut()
            .ok()
            .context("the address of Google Sheets has no path")?
            .pop_if_empty()
            .extend(path);
        Ok(Self { calls: Calls::new(account, clock)?, values, tab, personal })
    }

    pub(crate) fn account(&self) -> &ServiceAccount {
        self.calls.account()
    }

    pub(crate) fn tab(&self) -> &str {
        &self.tab
    }

    pub(crate) fn personal(&self) -> bool {
        self.personal
    }

    /// The first row, empty when the sheet has none.
    pub(crate) async fn first_row(&self) -> Result<Vec<Value>, CallError> {
        let url = self.url("1:1", "fields=values");
        let row: Row = read(&self.calls.call(Method::GET, url, None).await?)?;
        Ok(row.values.into_iter().next().unwrap_or_default())
    }

    pub(crate) async fn write_header(&self) -> Result<(), CallError> {
        let url = self.url("A1", "valueInputOption=RAW&fields=updatedRows");
        let body = json!({ "values": [header(self.personal)] });
        self.calls.call(Method::PUT, url, Some(&body)).await.map(|_| ())
    }

    /// Which rows of the ledger the sheet has, wherever people sorted them to.
    pub(crate) async fn markers(&self, seqs: RangeFrom<i64>) -> Result<BTreeSet<i64>, CallError> {
        let options = "majorDimension=COLUMNS&valueRenderOption=UNFORMATTED_VALUE&fields=values";
        let body = self.calls.call(Method::GET, self.url("A:A", options), None).await?;
        let column: MarkerColumn = read(&body)?;
        let markers = column.values.into_iter().flatten().filter_map(|Marker(seq)| seq);
        Ok(markers.filter(|seq| seqs.contains(seq)).collect())
    }

    /// Adds rows behind the last one: all of them, or none. As they are: what a shopper typed is no formula.
    pub(crate) async fn append(&self, rows: Vec<Vec<Value>>) -> Result<(), CallError> {
        let options = "valueInputOption=RAW&insertDataOption=INSERT_ROWS&fields=updates.updatedRows";
        let count = rows.len();
        let body = json!({ "values": rows });
        let answer = self.calls.call(Method::POST, self.url("A1:append", options), Some(&body)).await?;
        let Appended { updates } = read(&answer)?;
        if updates.updated_rows == count {
            return Ok(());
        }
        let reason = format!("Google says that it has added {} rows of {count}", updates.updated_rows);
        Err(CallError::Unknown { reason, after: None })
    }

    fn url(&self, range: &str, options: &str) -> Url {
        let mut url = self.values.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(&format!("'{}'!{range}", self.tab.replace('\'', "''")));
        }
        url.set_query(Some(&format!("{options}&prettyPrint=false")));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_into_the_marker_column_is_no_marker() {
        let column: MarkerColumn =
            serde_json::from_str(r#"{"values":[["seq",7,"8"," 9 ","",null,10.5,"total",true,12]]}"#).unwrap();
        let markers: Vec<i64> = column.values.into_iter().flatten().filter_map(|Marker(seq)| seq).collect();
        assert_eq!(markers, [7, 8, 9, 12]);
    }
}
