//! In which region an order is booked, by where its shopper is.

use domain::Region;

/// The region of an ISO 3166-1 country and an ISO 3166-2 subdivision, with or without its `VN-`.
///
/// The 34 provinces of 2025 kept the codes of the 63 before, and no merger crossed a region, so one table serves
/// both. A shopper in Vietnam whose province is unknown is booked as `INTL`.
pub fn region_of(country: Option<&str>, subdivision: Option<&str>) -> Region {
    let (Some(country), Some(subdivision)) = (country, subdivision) else {
        return Region::Intl;
    };
    if !country.eq_ignore_ascii_case("VN") {
        return Region::Intl;
    }
    let subdivision = subdivision.to_ascii_uppercase();
    let code = subdivision.strip_prefix("VN-").unwrap_or(&subdivision);
    [(Region::N01, NORTH), (Region::C01, CENTRAL), (Region::S01, SOUTH)]
        .into_iter()
        .find(|(_, codes)| codes.contains(&code))
        .map_or(Region::Intl, |(region, _)| region)
}

/// Hà Nội and Hải Phòng, the mountains and the Red River delta, down to Ninh Bình.
const NORTH: &[&str] = &[
    "01", "02", "03", "04", "05", "06", "07", "09", "13", "14", "18", "20", "53", "54", "56", "61", "63", "66", "67",
    "68", "69", "70", "71", "HN", "HP",
];

/// Thanh Hóa to Bình Thuận, and the Central Highlands.
const CENTRAL: &[&str] =
    &["21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36", "40", "72", "DN"];

/// The south-east with Hồ Chí Minh City, and the Mekong delta.
const SOUTH: &[&str] =
    &["37", "39", "41", "43", "44", "45", "46", "47", "49", "50", "51", "52", "55", "57", "58", "59", "73", "CT", "SG"];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_of_the_63_provinces_is_in_one_region() {
        assert_eq!((NORTH.len(), CENTRAL.len(), SOUTH.len()), (25, 19, 19));
        let all: HashSet<_> = [NORTH, CENTRAL, SOUTH].concat().into_iter().collect();
        assert_eq!(all.len(), 63);
    }

    #[test]
    fn places_are_booked_where_they_lie() {
        for (country, subdivision, region) in [
            (Some("VN"), Some("HN"), Region::N01),
            (Some("VN"), Some("VN-HN"), Region::N01),
            (Some("vn"), Some("vn-hp"), Region::N01),
            (Some("VN"), Some("18"), Region::N01), // Ninh Bình, the southern edge of the north
            (Some("VN"), Some("21"), Region::C01), // Thanh Hóa, its neighbour
            (Some("VN"), Some("26"), Region::C01), // Huế
            (Some("VN"), Some("DN"), Region::C01), // Đà Nẵng
            (Some("VN"), Some("35"), Region::C01), // Lâm Đồng, with Bình Thuận and Đắk Nông since 2025
            (Some("VN"), Some("40"), Region::C01), // Bình Thuận
            (Some("VN"), Some("72"), Region::C01), // Đắk Nông
            (Some("VN"), Some("39"), Region::S01), // Đồng Nai
            (Some("VN"), Some("SG"), Region::S01), // Hồ Chí Minh City
            (Some("VN"), Some("CT"), Region::S01), // Cần Thơ
            (Some("VN"), Some("99"), Region::Intl),
            (Some("VN"), None, Region::Intl),
            (Some("VN"), Some(""), Region::Intl),
            (Some("US"), Some("CT"), Region::Intl), // Connecticut, not Cần Thơ
            (Some("T1"), None, Region::Intl),
            (None, Some("SG"), Region::Intl),
            (None, None, Region::Intl),
        ] {
            assert_eq!(region_of(country, subdivision), region, "{country:?} {subdivision:?}");
        }
    }
}
