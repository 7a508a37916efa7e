//! Vietnam's provinces and cities since July 2025, and what became of those before.

use std::sync::LazyLock;

use serde::Deserialize;

/// The pages offer provinces from the same table.
static PROVINCES: LazyLock<Vec<Province>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/provinces.json")).expect("a test reads the table of provinces")
});

#[derive(Deserialize)]
struct Province {
    code: Box<str>,
    former: Vec<Former>,
}

#[derive(Deserialize)]
struct Former {
    code: Box<str>,
}

/// The ISO 3166-2 code, like `VN-SG`, of the province that `code` names today. Takes the codes of the 63 provinces
/// before July 2025 and of Hà Tây too, in any case, with or without `VN-`; a code that never was one gives `None`.
pub fn current_province(code: &str) -> Option<&'static str> {
    let is_meant = |known: &str| known.eq_ignore_ascii_case(code) || known[VIETNAM.len()..].eq_ignore_ascii_case(code);
    let found = PROVINCES
        .iter()
        .find(|province| is_meant(&province.code) || province.former.iter().any(|former| is_meant(&former.code)));
    found.map(|province| &*province.code)
}

const VIETNAM: &str = "VN-";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::Region;

    use super::*;
    use crate::region_of;

    #[test]
    fn the_63_provinces_and_ha_tay_became_34() {
        assert_eq!(PROVINCES.len(), 34);
        let formers: Vec<_> = PROVINCES.iter().flat_map(|province| &province.former).collect();
        assert_eq!(formers.len(), 63 - 34 + 1);
        let codes: HashSet<_> =
            PROVINCES.iter().map(|province| &province.code).chain(formers.iter().map(|former| &former.code)).collect();
        assert_eq!(codes.len(), 64);
        assert!(codes.iter().all(|code| code.starts_with(VIETNAM) && code.len() == 5));
    }

    #[test]
    fn no_merger_crossed_a_region() {
        for province in PROVINCES.iter() {
            let region = region_of(Some("VN"), Some(&province.code));
            assert_ne!(region, Region::Intl, "{}", province.code);
            // Hà Tây went to Hà Nội in 2008 and has no code of its own in the table of regions.
            for former in province.former.iter().filter(|former| &*former.code != "VN-15") {
                assert_eq!(region_of(Some("VN"), Some(&former.code)), region, "{}", former.code);
            }
        }
    }

    #[test]
    fn a_code_of_before_names_the_province_of_today() {
        for (code, today) in [
            ("VN-57", Some("VN-SG")),
            ("vn-sg", Some("VN-SG")),
            ("SG", Some("VN-SG")),
            ("43", Some("VN-SG")),
            ("VN-15", Some("VN-HN")),
            ("VN-26", Some("VN-26")),
            ("ZZZZZZ", None),
            ("VN-", None),
            ("VN-99", None),
            ("VN-VN-SG", None),
            ("", None),
            ("đ", None),
        ] {
            assert_eq!(current_province(code), today, "{code}");
        }
    }
}
