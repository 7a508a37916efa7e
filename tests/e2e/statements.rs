//! Banks' exports against the ledger, by the command that operators run.

use std::fs;
use std::path::{Path, PathBuf};

use harness::LoneOrigin;

const DAY: [&str; 4] = ["--since", "2025-12-01T00:00:00+07:00", "--until", "2025-12-02T00:00:00+07:00"];

/// An origin whose ledger has these transfers of the first of December, and the folder for the files of a test.
struct Ledger {
    origin: LoneOrigin,
    folder: PathBuf,
}

impl Ledger {
    async fn with(transfers: &[(&str, u64)]) -> Ledger {
        let mut origin = LoneOrigin::new(None);
        origin.start().await;
        let folder = origin.beside("statements");
        fs::create_dir(&folder).expect("a folder");
        let ledger = Ledger { origin, folder };
        for (reference, amount) in transfers {
            ledger.records(reference, *amount, "2025-12-01T20:10:00+07:00");
        }
        ledger
    }

    fn records(&self, reference: &str, amount: u64, at: &str) {
        let amount = amount.to_string();
        let (printed, said) = self.dropgate(&[
            "payment",
            "record",
            "--bank-reference",
            reference,
            "--amount",
            &amount,
            "--at",
            at,
            "--unmatched",
        ]);
        assert!(printed.contains("recorded"), "{printed}{said}");
    }

    /// What is printed and what is said of an error, which is empty when there is none.
    fn dropgate(&self, arguments: &[&str]) -> (String, String) {
        let output = self.origin.dropgate(arguments);
        let (printed, said) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        let (printed, said) = (printed.expect("text"), said.expect("text"));
        assert_eq!(output.status.success(), said.is_empty(), "{printed}{said}");
        (printed, said)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.join(name);
        fs::write(&file, bytes).expect("a file");
        file
    }

    /// The lines printed; the last of them counts.
    fn reconciles(&self, file: &Path, options: &[&str]) -> (Vec<String>, String) {
        let file = file.to_str().expect("a path of text");
        let (printed, said) = self.dropgate(&[&["reconcile", "--csv", file][..], &DAY, options].concat());
        (printed.lines().map(str::to_owned).collect(), said)
    }

    /// Every line of the file is in the ledger, and the other way round.
    #[track_caller]
    fn assert_agrees(&self, file: &Path, options: &[&str]) -> Vec<String> {
        let (printed, said) = self.reconciles(file, options);
        assert!(said.is_empty(), "{said}\n{}", printed.join("\n"));
        assert!(printed.last().is_some_and(|last| last.ends_with(", 0 differences")), "{printed:#?}");
        printed
    }

    async fn finish(mut self) {
        assert!(self.origin.stop().await.status.success(), "{}", self.origin.log());
        self.origin.assert_verifies(&self.origin.data());
    }
}

#[tokio::test]
async fn a_statement_is_read_as_its_bank_writes_it() {
    let ledger = Ledger::with(&[("FT1", 450_000), ("FT4", 450_000), ("FT5", 450_000)]).await;
    let amounts =
        "reference,amount\nFT1,\"450,000.00\"\nFT2,0.00\nFT3,\"(150,000)\"\nFT4,450\u{a0}000\nFT5,VND 450.000\n";
    let file = ledger.file("amounts.csv", amounts);
    let printed = ledger.assert_agrees(&file, &[]);
    assert_eq!(printed[1..3], ["line 3, FT2: skipped: no money", "line 4, FT3: skipped: outgoing 150000 VND"]);
    assert_eq!(printed[3], "3 lines and 3 payments compared, 0 differences");

    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(amounts.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    ledger.assert_agrees(&ledger.file("utf-16.csv", utf16), &[]);
    ledger.assert_agrees(&ledger.file("marked.csv", [b"\xef\xbb\xbf", amounts.as_bytes()].concat()), &[]);
    let plain = "reference;amount\nFT1;450.000\nFT4;450.000\nFT5;450.000\n";
    ledger.assert_agrees(&ledger.file("semicolons.csv", plain), &[]);
    let mixed = "reference;amount;mô tả, ghi chú\nFT1;450.000;áo, đỏ\nFT4;450.000;\nFT5;450.000;\n";
    ledger.assert_agrees(&ledger.file("mixed.csv", mixed), &[]);
    ledger.finish().await;
}

#[tokio::test]
async fn a_header_of_two_lines_and_totals_are_no_transfers() {
    let ledger = Ledger::with(&[("FT1", 450_000)]).await;
    let file = ledger.file(
        "two lines.csv",
        "NGAN HANG ABC\nTu ngay,01/12/2025\n\nNgày,\"Số bút toán\nRef\",\"Ghi có\nCredit\"\n\
         01/12/2025,FT1,\"450,000\"\n,Tổng cộng,\"450,000\"\n",
    );
    for columns in [
        &["--reference-column", "Số bút toán Ref", "--amount-column", "Ghi có Credit"][..],
        &["--columns", "reference=Số bút toán Ref,amount=Ghi có Credit"],
        &[],
    ] {
        let printed = ledger.assert_agrees(&file, columns);
        assert!(printed[0].contains("header found on line 4"), "{printed:#?}");
        assert_eq!(printed[1], "line 8 is a total and was left out (it equals the sum of the lines above)");
    }
    let file = ledger.file("short.csv", "reference,amount\nFT1,450000\nTổng cộng,900000\n");
    let (printed, said) = ledger.reconciles(&file, &[]);
    assert_eq!(printed[1], "line 3 is a total of 900000 VND, and the lines above add up to 450000 VND");
    assert!(said.contains("some lines could not be read"), "{said}");
    ledger.finish().await;
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_named_and_hides_no_other() {
    let ledger = Ledger::with(&[("FT1", 450_000), ("FT8", 5)]).await;
    for (amount, why) in [
        ("\"450,000.50\"", "\"450,000.50\": đồng has no hundredths"),
        ("1234.567", "\"1234.567\": this could be two amounts"),
        (".500", "\".500\": this could be two amounts"),
        ("450,000", "it has 3 cells and the header 2"),
    ] {
        let file = ledger.file("refused.csv", format!("reference,amount\nFT6,{amount}\nFT7,70\nFT1,450000\nFT8,5\n"));
        let (printed, said) = ledger.reconciles(&file, &[]);
        assert!(printed[1].starts_with(&format!("line 2 cannot be read: {why}")), "{printed:#?}");
        assert_eq!(printed[2], "not in the ledger: line 3, FT7 of 70 VND");
        assert!(printed[3].ends_with(", 1 differences, 1 lines not read"), "{printed:#?}");
        assert!(said.contains("some lines could not be read"), "{said}");
    }
    let (_, said) = ledger.reconciles(&ledger.file("list.xlsx", "PK\x03\x04"), &[]);
    assert!(said.contains("it is an Excel workbook: open it and save it as CSV"), "{said}");
    ledger.finish().await;
}

#[tokio::test]
async fn a_reference_is_matched_in_the_banks_spelling_and_its_lack_is_reported() {
    let ledger = Ledger::with(&[("FT26335000000001", 450_000), ("5243.61234", 300_000)]).await;
    let file = ledger.file("tail.csv", "reference,amount\nFT26335000000001\\BNK,450000\n5243.61234,300000\n");
    let printed = ledger.assert_agrees(&file, &[]);
    assert_eq!(printed[1], "line 2, FT26335000000001\\BNK is FT26335000000001 in the ledger");

    let dated = "reference,amount\nft26335000000001,450000\n\"01/12/2025\n5243.61234\",300000\n";
    let printed = ledger.assert_agrees(&ledger.file("dated.csv", dated), &[]);
    assert_eq!(printed[2], "line 3, 01/12/2025 5243.61234 is 5243.61234 in the ledger");

    let none = "reference,amount\nFT26335000000001,450000\n,120000\n5243.61234,300000\n";
    let (printed, said) = ledger.reconciles(&ledger.file("none.csv", none), &[]);
    assert_eq!(printed[1], "line 3, 120000 VND came in without a reference");
    assert_eq!(printed[2], "3 lines and 2 payments compared, 1 differences");
    assert!(said.contains("the file and the ledger differ"), "{said}");
    ledger.finish().await;
}

#[tokio::test]
async fn what_one_side_has_and_the_other_has_not_is_named() {
    let ledger = Ledger::with(&[("FT1", 60), ("FT3", 40), ("FT4", 30)]).await;
    let first = ledger.file("first.csv", "reference,amount\nFT1,60\nFT2,50\nFT3,41\nFT1,60\n");
    let second = ledger.file("second.csv", "reference;amount\nFT1;60\n");
    let (first, second) = (first.to_str().expect("text"), second.to_str().expect("text"));
    let (printed, _) = ledger.dropgate(&[&["reconcile", "--csv", first, "--csv", second][..], &DAY].concat());
    let printed: Vec<&str> = printed.lines().skip(2).collect();
    assert_eq!(
        printed,
        [
            format!("{second} line 2, FT1: skipped: it is {first} line 2 too"),
            format!("not in the ledger: {first} line 3, FT2 of 50 VND"),
            format!(
                "amount differs: {first} line 4, FT3 of 41 VND, in the ledger 40 VND of 2025-12-01 without an order"
            ),
            format!("twice in the file: {first} line 5, FT1 of 60 VND; first on {first} line 2"),
            "not in the file: FT4, 30 VND of 2025-12-01 without an order".to_owned(),
            "5 lines and 3 payments compared, 4 differences".to_owned(),
        ]
    );
    ledger.finish().await;
}

#[tokio::test]
async fn a_reference_is_entered_again_only_by_insisting_and_both_are_named() {
    let ledger = Ledger::with(&[]).await;
    let enters = |at: &str, rest: &[&str]| {
        let entry =
            ["payment", "record", "--bank-reference", "8841.17", "--amount", "300000", "--unmatched", "--at", at];
        ledger.dropgate(&[&entry[..], rest].concat())
    };
    let (october, november) = ("2025-10-31T09:00:00+07:00", "2025-11-20T09:00:00+07:00");
    assert_eq!(enters(october, &[]).0, "recorded 8841.17\n");
    let (again, _) = enters(october, &[]);
    assert!(again.starts_with("known already 8841.17: 300000 VND of 2025-10-31, payment "), "{again}");
    let (_, said) = enters(november, &[]);
    let refused = "reference_known: 8841.17 is known: 300000 VND of 2025-10-31, payment ";
    assert!(said.contains(refused) && said.contains("--another-transfer --reason"), "{said}");
    let (_, said) = enters(november, &["--another-transfer"]);
    assert!(said.contains("--reason"), "{said}");
    let (_, said) = enters("2099-01-01T00:00:00+07:00", &[]);
    assert!(said.contains("invalid_field: at: this is in the future"), "{said}");
    assert_eq!(enters(november, &["--another-transfer", "--reason", "another month"]).0, "recorded 8841.17\n");

    let (list, _) = ledger.dropgate(&["payment", "list"]);
    assert_eq!(list.matches("2025-10-31T02:00:00Z").count(), 1, "{list}");
    assert_eq!(list.matches("2025-11-20T02:00:00Z").count(), 1, "{list}");
    assert_eq!(list.matches(" 300000 ").count(), 2, "{list}");
    let both = "date,reference,amount\n31/10/2025,8841.17,300000\n20/11/2025,8841.17,300000\n";
    let file = ledger.file("two months.csv", both);
    let compare = ["--since", "2025-10-01T00:00:00+07:00", "--until", "2025-12-01T00:00:00+07:00"];
    let (printed, said) =
        ledger.dropgate(&[&["reconcile", "--csv", file.to_str().expect("text")][..], &compare].concat());
    assert!(printed.ends_with("2 lines and 2 payments compared, 0 differences\n"), "{printed}{said}");
    let known = "known more than once: 8841.17: 300000 VND of 2025-10-31 without an order; 300000 VND of 2025-11-20";
    assert!(printed.contains(known), "{printed}");
    ledger.finish().await;
}

#[tokio::test]
async fn payments_on_a_standby_account_are_no_differences_in_the_statement_of_the_other() {
    let ledger = Ledger::with(&[]).await;
    let mut lines = "reference,amount\n".to_owned();
    for (number, account) in (0..10).map(|number| (number, ["113366668888", "0071000999999"][number / 5])) {
        let reference = format!("FTA3000{number}");
        let entry = ["payment", "record", "--bank-reference", &reference, "--amount", "300000", "--unmatched"];
        let rest = ["--at", "2025-12-01T20:10:00+07:00", "--account", account];
        assert_eq!(ledger.dropgate(&[&entry[..], &rest].concat()).0, format!("recorded {reference}\n"));
        if number < 5 {
            lines += &format!("{reference},300000\n");
        }
    }
    let file = ledger.file("one.csv", &lines);
    let counted = "5 payments of 1500000 VND arrived on account 0071000999999, ";
    let printed = ledger.assert_agrees(&file, &[]);
    assert_eq!(printed[1], format!("{counted}which this file does not cover"));
    let printed = ledger.assert_agrees(&file, &["--account", "113366668888"]);
    assert_eq!(printed[1], format!("{counted}and are left out"));
    // Both accounts are asked about, and one of them has nothing in the file.
    let (printed, said) = ledger.reconciles(&file, &["--account", "113366668888", "--account", "0071000999999"]);
    assert_eq!(printed.iter().filter(|line| line.starts_with("not in the file: ")).count(), 5, "{printed:#?}");
    assert!(said.contains("the file and the ledger differ"), "{said}");
    ledger.finish().await;
}
