use std::path::PathBuf;

use anyhow::Result;

use crate::config;
use crate::store;

pub(super) fn run(head: Option<(i64, [u8; 32])>, data: Option<PathBuf>) -> Result<()> {
    let folder = match data {
        Some(folder) => folder,
        None => config::data_folder()?,
    };
    let verified = store::verify(&folder, head)?;
    let hash: String = verified.head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("ledger ok: {} rows, {} orders, head {}:{hash}", verified.rows, verified.orders, verified.head.seq);
    Ok(())
}

pub(super) fn parse_head(text: &str) -> Result<(i64, [u8; 32]), String> {
    const EXPECTED: &str = "a head looks like 42: and 64 hexadecimal characters, as `verify` prints it";
    let (seq, hash) = text.split_once(':').ok_or(EXPECTED)?;
    let seq = seq.parse().map_err(|_| EXPECTED)?;
    let mut bytes = [0; 32];
    if hash.len() != 64 || !hash.is_ascii() {
        return Err(EXPECTED.to_owned());
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hash[index * 2..index * 2 + 2], 16).map_err(|_| EXPECTED)?;
    }
    Ok((seq, bytes))
}
