use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use domain::same_reference;
use reqwest::Method;
use serde_json::json;

use super::memo::checked;
use crate::cli::admin_client::AdminClient;
use crate::cli::file::bytes_of;
use crate::refund_list::{self, ReadLine, SentLine};
use crate::statement::{FILE_BYTES_MAX, shown};

/// A transfer as its list has it.
struct Exported {
    account_number: String,
    amount: i64,
}

/// Prints a result for every line, and goes on after a line that the origin refuses.
pub(super) async fn import(client: &AdminClient, file: &Path) -> Result<()> {
    let bytes = bytes_of(file, FILE_BYTES_MAX)?;
    let lines = refund_list::read(&bytes).with_context(|| format!("cannot read {}", file.display()))?;
    let exported = exported(client).await?;
    let sent: Vec<&SentLine> = lines.iter().filter_map(sent).collect();
    let (mut refused, mut unreadable) = (0, Vec::new());
    for line in &lines {
        let line = match line {
            ReadLine::Sent(line) => line,
            ReadLine::Unreadable { number, why } => {
                println!("line {number}: {why}");
                unreadable.push(format!("line {number} cannot be read: {why}"));
                refused += 1;
                continue;
            }
        };
        let memo = shown(&line.memo);
        match record(client, line, &sent, exported.get(&line.memo)).await {
            Ok(outcome) => println!("{outcome} {memo}"),
            Err(error) => {
                refused += 1;
                println!("line {}: {memo}: {error:#}", line.number);
            }
        }
    }
    if refused > 0 {
        unreadable.push(format!("{refused} lines were refused; the others are recorded"));
        bail!("{}", unreadable.join("; "));
    }
    Ok(())
}

fn sent(line: &ReadLine) -> Option<&SentLine> {
    match line {
        ReadLine::Sent(line) => Some(line),
        ReadLine::Unreadable { .. } => None,
    }
}

async fn record(
    client: &AdminClient,
    line: &SentLine,
    sent: &[&SentLine],
    exported: Option<&Exported>,
) -> Result<&'static str> {
    let memo = checked(&line.memo)?;
    let others = || sent.iter().filter(|other| other.memo == line.memo && other.number != line.number);
    let named = |other: &&&SentLine| !other.bank_reference.is_empty() && !line.bank_reference.is_empty();
    let same = |other: &SentLine| same_reference(&other.bank_reference, &line.bank_reference);
    if let Some(other) = others().filter(named).find(|other| !same(other)) {
        let (reference, other_reference) = (shown(&line.bank_reference), shown(&other.bank_reference));
        bail!("it was sent as {reference} here and as {other_reference} on line {}", other.number);
    }
    if others().any(|other| other.number < line.number && same(other)) {
        return Ok("known already");
    }
    if let Some(exported) = exported {
        line.require_as(exported)?;
    }
    let body = json!({ "bank_reference": line.bank_reference });
    let answer = client.call(Method::POST, &format!("/admin/refunds/{memo}/sent"), Some(body)).await?;
    Ok(if answer["outcome"] == "known_already" { "known already" } else { "sent" })
}

impl SentLine {
    /// Another account or amount is another transfer than the one that was exported.
    fn require_as(&self, exported: &Exported) -> Result<()> {
        if let Some(number) = &self.account_number {
            let list = &exported.account_number;
            ensure!(number == list, "the account number is {:?} here and {list:?} on its list", shown(number));
        }
        if let Some(amount) = self.amount {
            ensure!(amount == exported.amount, "the amount is {amount} here and {} on its list", exported.amount);
        }
        Ok(())
    }
}

/// The transfers of every list that a refund under way is on, by memo.
async fn exported(client: &AdminClient) -> Result<BTreeMap<String, Exported>> {
    let refunds = client.call(Method::GET, "/admin/refunds", None).await?;
    let refunds = refunds.as_array().context("the origin's answer is not a list")?;
    let mut under_way: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for refund in refunds {
        if let (Some(batch), Some(id)) = (refund["batch"].as_u64(), refund["id"].as_str()) {
            under_way.entry(batch).or_default().push(id);
        }
    }
    let mut exported = BTreeMap::new();
    for (batch, ids) in under_way {
        let list = client.text(&format!("/admin/refunds/batches/{batch}")).await?;
        for (memo, transfer) in transfers_of(&list)? {
            if ids.contains(&memo.as_str()) {
                exported.insert(memo, transfer);
            }
        }
    }
    Ok(exported)
}

/// The origin's own CSV, with its apostrophes before digits that are no amount.
fn transfers_of(list: &str) -> Result<Vec<(String, Exported)>> {
    let mut csv = csv::Reader::from_reader(list.as_bytes());
    csv.records()
        .map(|record| {
            let record = record.context("the origin's list is no CSV")?;
            let cell = |index: usize| record.get(index).context("the origin's list lacks a column");
            let account_number = cell(3)?.trim_start_matches('\'').to_owned();
            let amount = cell(1)?.parse().context("the origin's list has no amount")?;
            Ok((cell(0)?.to_owned(), Exported { account_number, amount }))
        })
        .collect()
}
