use super::*;
use crate::statement::lines::Skipped;

fn skipped(number: u64, reference: &str, why: Skipped) -> Reading {
    Reading::Skipped { number, reference: reference.into(), why }
}

/// The number and the reason of the line that cannot be read.
fn unreadable(file: &str) -> (u64, String) {
    let found = readings(file).into_iter().find_map(|reading| match reading {
        Reading::Unreadable { number, why } => Some((number, why)),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{file}: {:?}", readings(file)))
}

#[test]
fn each_line_is_a_transfer_or_skipped_with_its_reason() {
    let file = "reference,amount\nFT1,\"450,000.00\"\nFT2,0.00\nFT3,\"(150,000)\"\nFT4,450\u{a0}000\nFT5,VND 450.000\n\
                FT6,\n,\"120,000\"\n=\"0012\",5\n";
    assert_eq!(
        readings(file),
        [
            Reading::Incoming(line(2, "FT1", 450_000)),
            skipped(3, "FT2", Skipped::NoMoney),
            skipped(4, "FT3", Skipped::Outgoing(150_000)),
            Reading::Incoming(line(5, "FT4", 450_000)),
            Reading::Incoming(line(6, "FT5", 450_000)),
            skipped(7, "FT6", Skipped::NoMoney),
            Reading::WithoutReference(line(8, "", 120_000)),
            Reading::Incoming(line(9, "0012", 5)),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_named_and_hides_no_other_line() {
    for (cells, why) in [
        ("FT6,\"450,000.50\",", "\"450,000.50\": đồng has no hundredths"),
        ("FT6,1234.567,", "\"1234.567\": this could be two amounts"),
        ("FT6,.500,", "\".500\": this could be two amounts"),
        ("FT6,450,000", "\"000\" is not a day"),
        ("FT6,450,000,01/12/2026", "it has 4 cells and the header 3"),
        ("FT6,4.5E+05,", "a spreadsheet has shortened this number"),
        ("5.24E+12,450000,", "a spreadsheet has shortened this number"),
        ("FT6,sixty,", "\"sixty\": this is not an amount"),
        ("FT6", "it has 1 cells and the header 3"),
        ("FT6,450000,31/02/2026", "\"31/02/2026\" is not a day"),
        ("FT6,450000,01/12/26", "\"01/12/26\" is not a day"),
        ("FT\u{fffd},450000,", "damaged letters"),
        ("FT6,\"450000,01/12/2026", "a quotation mark is not closed"),
        ("FT6,\"450000,01/12/2026\nFT7,5,\"01/12/2026", "a quotation mark is not closed"),
    ] {
        let file = format!("reference,amount,date\nFT1,5,\n{cells}\nFT9,5,\n");
        let (number, said) = unreadable(&file);
        assert!(said.contains(why), "{cells}: {said}");
        assert_eq!(number, 3, "{cells}");
        let references: Vec<String> = transfers(&file).into_iter().map(|line| line.reference).collect();
        assert!(references.starts_with(&["FT1".into()]) && references.ends_with(&["FT9".into()]), "{cells}");
    }
}

#[test]
fn money_in_and_out_has_a_column_each_or_one_with_a_sign_or_a_word() {
    let split = "reference,debit,credit\nFT1,,5\nFT2,7,\nFT3,-7,0\nFT4,0.00,6\nFT5,1,2\nFT6,,\n";
    assert_eq!(
        readings(split),
        [
            Reading::Incoming(line(2, "FT1", 5)),
            skipped(3, "FT2", Skipped::Outgoing(7)),
            skipped(4, "FT3", Skipped::Outgoing(7)),
            Reading::Incoming(line(5, "FT4", 6)),
            Reading::Unreadable { number: 6, why: "2 came in and 1 went out on one line".into() },
            skipped(7, "FT6", Skipped::NoMoney),
        ]
    );
    let words = "reference,amount,Nợ/Có\nFT1,5,Có\nFT2,7,Nợ\nFT3,7,-\nFT4,6,CR\nFT5,5,?\n";
    assert_eq!(
        readings(words),
        [
            Reading::Incoming(line(2, "FT1", 5)),
            skipped(3, "FT2", Skipped::Outgoing(7)),
            skipped(4, "FT3", Skipped::Outgoing(7)),
            Reading::Incoming(line(5, "FT4", 6)),
            Reading::Unreadable { number: 6, why: "\"?\" does not say whether 5 came in or went out".into() },
        ]
    );
}

#[test]
fn totals_are_left_out_and_checked() {
    let total = |number, amount, sum| Reading::Total { number, amount, sum };
    let last = |file: &str| readings(file).pop().unwrap();
    let head = "date,reference,amount,note\n01/12/2026,FT1,60,\n01/12/2026,FT2,-20,\n01/12/2026,FT3,40,\n";
    for (row, reading) in [
        (",Tổng cộng,100,", total(5, 100, Some(100))),
        (",,100,Tổng cộng:", total(5, 100, Some(100))),
        ("Total,,80,", total(5, 80, Some(80))),
        ("Tổng cộng/Total,,100,", total(5, 100, Some(100))),
        (",Cộng phát sinh,99,", total(5, 99, Some(100))),
        (",Tổng,,", skipped(5, "Tổng", Skipped::TotalOfNothing)),
        ("Số dư cuối kỳ,,1000,", skipped(5, "", Skipped::Balance)),
        ("01/12/2026,FT4,5,TONG CONG", Reading::Incoming(on(1, line(5, "FT4", 5)))),
        ("01/12/2026,,5,TONG CONG TY AN", Reading::WithoutReference(on(1, line(5, "", 5)))),
        (",TONG CONG TY,5,", Reading::Incoming(line(5, "TONG CONG TY", 5))),
        ("Người lập,,Kiểm soát,", skipped(5, "", Skipped::NoTransfer)),
        ("date,reference,amount,note", skipped(5, "reference", Skipped::HeaderAgain)),
    ] {
        assert_eq!(last(&format!("{head}{row}\n")), reading, "{row}");
    }
    assert_eq!(last(&format!("{head},Tổng,100,\n01/12/2026,FT4,5,\n,Tổng,5,\n")), total(7, 5, Some(5)));
    assert_eq!(last(&format!("{head}01/12/2026,FT4,x,\n,Tổng,105,\n")), total(6, 105, None));
    let end = "reference,amount\nFT1,5\nChứng từ này được in lúc 20:11 ngày 01/12/2026\n";
    assert_eq!(last(end), skipped(3, "Chứng từ này được in lúc 20:11 ngày 01/12/2026", Skipped::NoTransfer));
}

#[test]
fn a_cell_cannot_reach_a_terminal() {
    let read = transfers("reference,amount\nFT\x1b[31m1\u{202e}2,5\n");
    assert_eq!(read[0].reference, "FT [31m12");
}
