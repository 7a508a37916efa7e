//! Vietnamese banks by the codes that PayOS and its banks name them with.
//!
//! The list is a snapshot of 2026-11-25: names and BINs as published by VietQR (`https://api.vietqr.io/v2/banks`, without
//! a key) and packaged in `vietnam-qr-pay` 1.5.1, clearing codes as three public tables of CITAD agree on them. To renew
//! it, read that address, add what is new and change names; a BIN that was once in use stays, because refunds may name it.
//! `transferSupported` there says whether a bank's app can scan a code. Accounts of the other banks take transfers all the
//! same; banks that take none, such as BIDC, have no BIN there and are left out here.

/// A bank that takes transfers by account number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// Six digits: how NAPAS, VietQR and PayOS's payouts name it.
    pub bin: &'static str,
    /// Three digits: its part of the clearing codes of CITAD, `PPBBBCCC` with province and branch around it.
    pub clearing_code: Option<&'static str>,
    pub short_name: &'static str,
}

impl Bank {
    /// The bank that a person means: by its BIN, its clearing code or its name in this list.
    pub fn named(text: &str) -> Option<&'static Bank> {
        let by_name = || BANKS.iter().find(|bank| bank.short_name.eq_ignore_ascii_case(text.trim()));
        Self::of_counter_account(text).or_else(by_name)
    }

    /// The bank that a webhook's `counterAccountBankId` names: a BIN, or a clearing code of eight digits. Nothing for
    /// any other text, and for a bank that is not in the list: then the code does not say where the money came from.
    pub fn of_counter_account(id: &str) -> Option<&'static Bank> {
        let id = id.trim();
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match id.len() {
            6 => BANKS.iter().find(|bank| bank.bin == id),
            8 => BANKS.iter().find(|bank| bank.clearing_code == Some(&id[2..5])),
            _ => None,
        }
    }
}

/// In the order of their BINs.
pub const BANKS: &[Bank] = &[
    bank("422589", Some("661"), "CIMB Bank"),
    bank("458761", Some("617"), "HSBC Vietnam"),
    bank("546034", None, "CAKE by VPBank"),
    bank("546035", None, "Ubank by VPBank"),
    bank("668888", None, "Kasikornbank"),
    bank("796500", None, "DBS Bank"),
    bank("801011", None, "Nonghyup Bank"),
    bank("963369", None, "Liobank"),
    bank("963388", None, "Timo"),
    bank("970400", Some("308"), "SaigonBank"),
    bank("970403", Some("303"), "Sacombank"),
    bank("970405", Some("204"), "Agribank"),
    bank("970406", Some("304"), "Vikki Bank"),
    bank("970407", Some("310"), "Techcombank"),
    bank("970408", Some("320"), "GPBank"),
    bank("970409", Some("313"), "BacA Bank"),
    bank("970410", Some("604"), "Standard Chartered Vietnam"),
    bank("970412", Some("360"), "PVcomBank"),
    bank("970414", Some("319"), "MBV"),
    bank("970415", Some("201"), "VietinBank"),
    bank("970416", Some("307"), "ACB"),
    bank("970418", Some("202"), "BIDV"),
    bank("970419", Some("352"), "NCB Bank"),
    bank("970421", Some("505"), "VietNgaBank"),
    bank("970422", Some("311"), "MB Bank"),
    bank("970423", Some("358"), "TPBank"),
    bank("970424", Some("616"), "Shinhan Bank"),
    bank("970425", Some("323"), "AB Bank"),
    bank("970426", Some("302"), "MSB"),
    bank("970427", Some("355"), "VietABank"),
    bank("970428", Some("306"), "Nam A Bank"),
    bank("970429", Some("334"), "SCB"),
    bank("970430", Some("341"), "PG Bank"),
    bank("970431", Some("305"), "Eximbank"),
    bank("970432", Some("309"), "VPBank"),
    bank("970433", Some("356"), "VietBank"),
    bank("970434", Some("502"), "Indovina Bank"),
    bank("970436", Some("203"), "Vietcombank"),
    bank("970437", Some("321"), "HDBank"),
    bank("970438", Some("359"), "BaoViet Bank"),
    bank("970439", Some("501"), "Public Bank Vietnam"),
    bank("970440", Some("317"), "SeABank"),
    bank("970441", Some("314"), "VIB"),
    bank("970442", Some("603"), "HongLeong Bank"),
    bank("970443", Some("348"), "SHB"),
    bank("970444", Some("339"), "CB Bank"),
    bank("970446", Some("901"), "Co-op Bank"),
    bank("970448", Some("333"), "OCB Bank"),
    bank("970449", Some("357"), "LPBank"),
    bank("970452", Some("353"), "KienlongBank"),
    bank("970454", Some("327"), "BVBank"),
    bank("970455", None, "IBK HN"),
    bank("970456", None, "IBK HCM"),
    bank("970457", Some("663"), "Woori Bank"),
    bank("970458", Some("665"), "United Overseas Bank Vietnam"),
    bank("970462", None, "Kookmin Bank HN"),
    bank("970463", None, "Kookmin Bank HCM"),
    bank("971005", None, "Viettel Money"),
    bank("971011", None, "VNPT Money"),
    bank("971025", None, "MoMo"),
    bank("999888", Some("207"), "VBSP"),
];

const fn bank(bin: &'static str, clearing_code: Option<&'static str>, short_name: &'static str) -> Bank {
    Bank { bin, clearing_code, short_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_account_names_its_bank_by_bin_or_clearing_code() {
        for (id, bin) in [
            ("970418", "970418"),
            ("970422", "970422"),
            (" 970436 ", "970436"),
            ("01202001", "970418"),
            ("79202002", "970418"),
            ("01203001", "970436"),
            ("48311003", "970422"),
            ("01901001", "970446"),
            ("01617001", "458761"),
        ] {
            assert_eq!(Bank::of_counter_account(id).map(|bank| bank.bin), Some(bin), "{id}");
        }
        for id in ["", "970499", "1202001", "01999001", "012020011", "202", "BIDV", "97O418", "+70418", "９７０４１８"]
        {
            assert_eq!(Bank::of_counter_account(id), None, "{id}");
        }
    }

    #[test]
    fn a_person_names_a_bank_by_a_code_or_its_name() {
        for text in ["970422", "01311003", "MB Bank", " mb bank "] {
            assert_eq!(Bank::named(text).map(|bank| bank.bin), Some("970422"), "{text}");
        }
        for text in ["", "MB", "Bank", "970499"] {
            assert_eq!(Bank::named(text), None, "{text}");
        }
    }

    #[test]
    fn no_two_banks_share_a_code() {
        for (index, bank) in BANKS.iter().enumerate() {
            assert!(bank.bin.len() == 6 && bank.bin.bytes().all(|byte| byte.is_ascii_digit()), "{bank:?}");
            for other in &BANKS[index + 1..] {
                assert!(bank.bin < other.bin, "{bank:?} {other:?}");
                let shared = bank.clearing_code.is_some() && bank.clearing_code == other.clearing_code;
                assert!(!shared, "{bank:?} {other:?}");
            }
        }
    }
}
