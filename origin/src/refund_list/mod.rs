//! The list of transfers that goes to the bank as CSV, and what comes back of it. Pure.
//!
//! A list is opened in spreadsheets on its way. Excel, LibreOffice and gnumeric all make a number of bare digits, quoted
//! or not: zeros in front go, and what is past the fifteenth digit. So digits that are no amount begin with an apostrophe,
//! the mark for text: gnumeric takes it off, the other two keep it, and none loses a digit. A formula such as `="0123"`
//! would be kept too, but a bank's upload does not compute it, and nothing on a list may look like a formula. A blank or
//! a tab in front is dropped by some of them. Reading a list takes the apostrophe off.

mod read;

use anyhow::Result;
use payos::{Bank, printed_account_name};

pub(crate) use read::{ReadLine, SentLine, read};

/// Excel reads a file without it in the code page of the computer.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One transfer of a list.
pub(crate) struct ListLine<'a> {
    pub(crate) memo: String,
    pub(crate) amount: i64,
    pub(crate) bank: &'a str,
    pub(crate) account_number: &'a str,
    /// As it was given; printed in the letters of every bank.
    pub(crate) account_name: &'a str,
    pub(crate) order_code: Option<u64>,
}

/// The same bytes for the same lines.
pub(crate) fn csv(lines: &[ListLine<'_>]) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(BYTE_ORDER_MARK.to_vec());
    csv.write_record(["memo", "amount", "bank", "account_number", "account_name", "order_code"])?;
    for line in lines {
        let bank = Bank::of_counter_account(line.bank).map_or(line.bank, |bank| bank.bin);
        let name = printed_account_name(line.account_name).unwrap_or_else(|| line.account_name.to_owned());
        csv.write_record([
            line.memo.clone(),
            line.amount.to_string(),
            bank.to_owned(),
            as_text(line.account_number),
            if name.contains(|letter: char| letter.is_ascii_digit()) { as_text(&name) } else { name },
            line.order_code.map_or_else(String::new, |order| as_text(&order.to_string())),
        ])?;
    }
    Ok(csv.into_inner()?)
}

fn as_text(value: &str) -> String {
    format!("'{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(bank: &'a str, account_number: &'a str, account_name: &'a str) -> ListLine<'a> {
        ListLine { memo: "RF1".into(), amount: 5, bank, account_number, account_name, order_code: Some(157) }
    }

    #[test]
    fn a_list_keeps_every_digit_in_a_spreadsheet_and_names_in_letters_of_every_bank() {
        let list = csv(&[
            line("970432", "0559330072", "Nguyễn Thị Ánh"),
            line("01202001", "9704229201234567890", "CONG TY TNHH TM&DV AN"),
            ListLine { order_code: None, ..line("MB Bank", "0071", "CTY A, 1E5") },
        ]);
        let list = String::from_utf8(list.unwrap()).unwrap();
        assert_eq!(
            list,
            "\u{feff}memo,amount,bank,account_number,account_name,order_code\n\
             RF1,5,970432,'0559330072,NGUYEN THI ANH,'157\n\
             RF1,5,970418,'9704229201234567890,CONG TY TNHH TM DV AN,'157\n\
             RF1,5,MB Bank,'0071,'CTY A 1E5,\n"
        );
    }

    #[test]
    fn a_list_that_comes_back_from_a_spreadsheet_is_read_as_it_went() {
        let list = csv(&[line("970432", "0559330072", "AN"), line("970422", "9704229201234567890", "AN")]).unwrap();
        let list = String::from_utf8(list).unwrap();
        let excel = list.replace(',', ";").replace('\n', "\r\n").replace("account_number", "ACCOUNT NUMBER");
        let gnumeric = list.replace('\'', "");
        for saved in [list, excel, gnumeric] {
            let saved = saved.replace("memo", "Bank_Reference;memo").replace("RF1", "'0012;RF1");
            let saved = if saved.contains(",amount") { saved.replace(';', ",") } else { saved };
            let lines: Vec<SentLine> = read(saved.as_bytes())
                .unwrap()
                .into_iter()
                .map(|line| match line {
                    ReadLine::Sent(line) => line,
                    ReadLine::Unreadable { number, why } => panic!("line {number}: {why}"),
                })
                .collect();
            let read: Vec<_> =
                lines.iter().map(|line| (line.number, line.account_number.as_deref(), line.amount)).collect();
            assert_eq!(read, [(2, Some("0559330072"), Some(5)), (3, Some("9704229201234567890"), Some(5))], "{saved}");
            assert!(lines.iter().all(|line| line.memo == "RF1" && line.bank_reference == "0012"), "{saved}");
        }
    }
}
