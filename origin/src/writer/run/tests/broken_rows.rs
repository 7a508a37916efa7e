//! `verify` on ledgers whose rows were rewritten and chained again: it fails, or finds nothing, and never panics.

use ledger::{Columns, Head};
use serde_json::{Value, json};

use super::tampering::{Copy, filled};
use super::*;

const EXTREMES: [i64; 10] = [0, 1, -1, 1_001, 1 << 31, 1 << 32, 1 << 48, (1 << 53) - 1, i64::MAX, i64::MIN];

#[test]
fn a_row_of_impossible_values_in_a_whole_chain_makes_verify_fail_and_never_panic() {
    let rig = filled();
    let copy = Copy::of(&rig);
    let rows = ReadStore::open(rig.folder.path()).unwrap().ledger_after(0, u32::MAX).unwrap();
    let rows: Vec<(Timestamp, Columns)> = rows.iter().map(|row| (row.at, row.entry.columns().unwrap())).collect();
    copy.verified_after(&chained(&rows, 0, rows[0].clone()).unwrap()).unwrap().expect("the same rows, chained again");
    let (mut failed, mut turn) = (0, 0);
    for index in 0..rows.len() {
        for payload in rewritten(&rows[index].1.payload, &mut turn) {
            let row = (rows[index].0, Columns { payload, ..rows[index].1.clone() });
            failed += fails(&copy, &rows, index, row);
        }
        for extreme in EXTREMES.into_iter().skip(index % 3).step_by(3) {
            let (at, columns) = rows[index].clone();
            failed += fails(&copy, &rows, index, (Timestamp(extreme), columns.clone()));
            failed += fails(&copy, &rows, index, (at, Columns { drop_id: extreme, ..columns }));
        }
    }
    assert!(failed > 300, "{failed} rewritten ledgers do not verify");
}

/// 1 where `verify` fails. It may find nothing: the ledger alone says, for example, when a payment was made known.
fn fails(copy: &Copy, rows: &[(Timestamp, Columns)], index: usize, row: (Timestamp, Columns)) -> usize {
    let said = chained(rows, index, row).and_then(|sql| copy.verified_after(&sql));
    usize::from(said.is_some_and(|said| said.is_err()))
}

/// The whole ledger with one row in the place of another, chained; `None` where its time cannot stand there.
fn chained(rows: &[(Timestamp, Columns)], index: usize, row: (Timestamp, Columns)) -> Option<String> {
    let source = 100_000_000_000_000 + START.0 * 32;
    let mut head = Head::EMPTY;
    let mut values = Vec::new();
    for (place, kept) in rows.iter().enumerate() {
        let (at, columns) = if place == index { &row } else { kept };
        head = head.advance(&head.next_row(*at, source, columns)).ok()?;
        let Columns { drop_id, kind, version, operator, payload } = columns;
        values.push(format!(
            "({}, {}, {source}, {drop_id}, '{kind}', {version}, '{operator}', x'{}', x'{}')",
            head.seq,
            at.0,
            hex(payload),
            hex(&head.hash)
        ));
    }
    Some(format!("DELETE FROM ledger; INSERT INTO ledger VALUES {}", values.join(",")))
}

/// The payload with each of its values at some extreme in turn.
fn rewritten(payload: &[u8], turn: &mut usize) -> Vec<Vec<u8>> {
    let Ok(whole) = serde_json::from_slice::<Value>(payload) else {
        // The fixed bytes of an order that was placed.
        return (0..payload.len())
            .step_by(8)
            .flat_map(|at| {
                [0, 0xff].map(|byte| {
                    let mut bytes = payload.to_vec();
                    bytes[at..(at + 8).min(payload.len())].fill(byte);
                    bytes
                })
            })
            .collect();
    };
    let mut all = Vec::new();
    for place in places(&whole, String::new()) {
        for _ in 0..2 {
            *turn += 1;
            let mut changed = whole.clone();
            let value = changed.pointer_mut(&place).unwrap();
            *value = match value {
                Value::Number(_) => json!(EXTREMES[*turn % EXTREMES.len()]),
                Value::String(text) => json!([String::new(), format!("{text}x"), "FT1".into()][*turn % 3]),
                _ => json!([Value::Null, json!(0), json!(u64::MAX), json!({})][*turn % 4]),
            };
            all.push(serde_json::to_vec(&changed).unwrap());
        }
    }
    all
}

/// Pointers to every value inside.
fn places(value: &Value, here: String) -> Vec<String> {
    let inside = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let deeper = inside.into_iter().flat_map(|(name, value)| places(value, format!("{here}/{name}")));
    std::iter::once(here.clone()).chain(deeper.collect::<Vec<_>>()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
