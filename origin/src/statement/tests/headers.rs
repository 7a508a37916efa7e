use super::*;

/// One transfer of 300,000 VND in the layout of each bank.
const FILES: [(&str, &str); 13] = [
    (
        "Vietcombank",
        "STT,\"Ngày\nTNX Date\nSố CT/ Doc No\",\"Số tiền ghi nợ\nDebit\",\"Số tiền ghi có\nCredit\",\"Số dư\nBalance\",\
             \"Nội dung chi tiết\nTransactions in detail\"\n\
             1,\"01/12/2026\n5243.61234\",,\"300,000\",\"1,300,000\",DAT HANG\n",
    ),
    (
        "Vietcombank in English",
        "No.,TNX Date,Doc No,Debit,Credit,Balance,Transactions in detail\n\
             1,01/12/2026,5243.61234,,\"300,000\",\"1,300,000\",DAT HANG\n",
    ),
    (
        "Techcombank",
        "Ngày KH thực hiện/ Requesting date,Ngày giao dịch/ Transaction date,Đối tác/ Remitter,\
             NH Đối tác/ Remitter Bank,Diễn giải/ Details,Số bút toán/ Transaction No.,Nợ TKTT/ Debit,Có TKTT/ Credit,\
             Số dư/ Balance\n\
             01/12/2026,01/12/2026,AN,VCB,DAT HANG,5243.61234,,\"300,000\",\"1,300,000\"\n",
    ),
    (
        "MB",
        "STT,Ngày giao dịch,Ngày hạch toán,PHÁT SINH NỢ (VND),PHÁT SINH CÓ (VND),SỐ DƯ,NỘI DUNG,MÃ GIAO DỊCH\n\
             1,01/12/2026 20:11,01/12/2026,0,300.000,1.300.000,DAT HANG,5243.61234\n",
    ),
    (
        "ACB",
        "Ngày hiệu lực;Ngày giao dịch;Số GD;Nội dung giao dịch;Tiền rút ra;Tiền gửi vào;Số dư\n\
             01/12/2026;01/12/2026;5243.61234;DAT HANG;;300.000;1.300.000\n",
    ),
    (
        "BIDV",
        "STT,Ngày hiệu lực/Effective date,Ngày giao dịch/Transaction date,Ghi nợ/Debit,Ghi có/Credit,\
             Số dư/Balance,Số tham chiếu/Reference No,Mô tả/Description\n\
             1,01/12/2026,01/12/2026,0,300000,1300000,5243.61234,DAT HANG\n",
    ),
    (
        "VietinBank",
        "STT\tNgày giao dịch\tMô tả giao dịch\tNợ / Debit\tCó / Credit\tSố dư tài khoản\tSố tham chiếu\n\
             1\t01-12-2026 20:11:02\tDAT HANG\t\t300,000.00\t1,300,000.00\t5243.61234\n",
    ),
    (
        "TPBank",
        "Ngày,Ngày giá trị,Mã giao dịch,Diễn giải,Số tiền ghi nợ,Số tiền ghi có,Số dư\n\
             01/12/2026,01/12/2026,5243.61234,DAT HANG,-,\"300,000\",\"1,300,000\"\n",
    ),
    (
        "VPBank",
        "Transaction Date,Value Date,Ref No.,Description,Withdrawal,Deposit,Balance\n\
             01/12/2026,01/12/2026,5243.61234,DAT HANG,,\"300,000\",\"1,300,000\"\n",
    ),
    ("PayOS", "Thời gian giao dịch,Mã tham chiếu,Số tiền,Nội dung\n01/12/2026 20:11:02,5243.61234,300.000,DAT HANG\n"),
    (
        "two rows",
        "Ngày giao dịch,Số tham chiếu,Số tiền giao dịch,,Số dư\n,,Ghi nợ,Ghi có,\n01/12/2026,5243.61234,,300.000,1\n",
    ),
    (
        "two rows in two languages",
        "Ngày,Số bút toán,Ghi nợ,Ghi có\nDate,Ref,Debit,Credit\n01/12/2026,5243.61234,,300.000\n",
    ),
    (
        "a word for each line",
        "Date,Reference,Amount,Dr/Cr\n01/12/2026,5243.61234,\"300,000\",C\n01/12/2026,5243.61235,\"300,000\",D\n",
    ),
];

#[test]
fn the_columns_of_eight_banks_are_known_by_their_names() {
    for (bank, file) in FILES {
        let read = transfers(file);
        let reference =
            super::super::shown(if bank == "Vietcombank" { "01/12/2026\n5243.61234" } else { "5243.61234" });
        assert_eq!(read.len(), 1, "{bank}: {:?}", readings(file));
        assert_eq!((&read[0].reference, read[0].amount, read[0].day), (&reference, 300_000, december(1)), "{bank}");
    }
}

#[test]
fn the_first_row_of_a_table_is_found_below_a_banks_own_words() {
    let file = "NGAN HANG ABC\nTu ngay,01/12/2026\n\nNgày,\"Số bút toán\nRef\",\"Ghi có\nCredit\"\n01/12/2026,FT1,\"450,000\"\n";
    let statement = read(0, file.as_bytes(), &Chosen::default()).unwrap();
    assert_eq!(statement.header_line, 4);
    assert_eq!(statement.columns, "reference \"Số bút toán Ref\", date \"Ngày\", credit \"Ghi có Credit\"");
    assert_eq!(statement.readings, [Reading::Incoming(on(1, line(7, "FT1", 450_000)))]);
}

#[test]
fn columns_may_be_named() {
    let file = "Số lệnh,\"Vào, ròng\",Ngày\nFT1,450.000,01/12/2026\n";
    for chosen in [
        Chosen::parse("reference=Số lệnh,amount=Vào, ròng").unwrap(),
        Chosen::parse("amount=vao rong,reference=SO LENH,date=Ngày").unwrap(),
        Chosen::default().with(Column::Reference, "Số  lệnh").with(Column::Amount, "Vào, ròng"),
    ] {
        let read = read(0, file.as_bytes(), &chosen).unwrap();
        assert_eq!(read.readings, [Reading::Incoming(on(1, line(2, "FT1", 450_000)))], "{chosen:?}");
    }
    for wrong in ["", "name=x", "x,reference=y"] {
        assert!(Chosen::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_file_without_its_columns_says_what_it_has() {
    let why = |file: &str, chosen: &Chosen| format!("{:#}", read(0, file.as_bytes(), chosen).unwrap_err());
    let by_name = Chosen::default();
    assert!(why("a,b\n1,2\n", &by_name).contains("the file has a, b: name them with --columns"));
    assert!(why("a;b\n1;2\n", &by_name).contains("the file has a, b:"));
    assert!(why("", &by_name).contains("the file is empty"));
    assert!(why("PK\x03\x04", &by_name).contains("Excel workbook"));
    let chosen = Chosen::default().with(Column::Reference, "Số lệnh");
    assert!(
        why("reference,amount\nFT1,5\n", &chosen).contains("there is no column \"Số lệnh\"; the file has reference")
    );
    assert!(why("reference,reference,amount\nFT1,FT2,5\n", &by_name).contains("two columns are called \"reference\""));
}

#[test]
fn the_delimiter_is_the_files_and_not_a_cells() {
    for file in [
        "reference;amount\nFT1;450.000\n",
        "reference;amount;mô tả, ghi chú\nFT1;450.000;áo, đỏ\n",
        "reference\tamount\tnote\nFT1\t450,000\ta;b,c\n",
        "reference|amount\nFT1|450,000\n",
        "sep=;\nreference;amount\nFT1;450,000\n",
        "reference,amount,note\nFT1,450000,a;b;c;d\n",
    ] {
        let read = transfers(file);
        assert_eq!(read.len(), 1, "{file}");
        assert_eq!((read[0].reference.as_str(), read[0].amount), ("FT1", 450_000), "{file}");
    }
}

#[test]
fn a_header_in_every_encoding_is_the_same_header() {
    let file = "Ngày,Số bút toán,Ghi có\n01/12/2026,FT1,450.000\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(file.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [file.as_bytes().to_vec(), [b"\xef\xbb\xbf", file.as_bytes()].concat(), utf16] {
        let read = read(0, &bytes, &Chosen::default()).unwrap();
        assert_eq!(read.readings, [Reading::Incoming(on(1, line(2, "FT1", 450_000)))]);
    }
}
