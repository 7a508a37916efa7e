/// Where an order is booked: the north, the centre and the south of Vietnam, and everywhere else. The rules only carry
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    N01,
    C01,
    S01,
    Intl,
}

impl Region {
    pub const ALL: [Self; 4] = [Self::N01, Self::C01, Self::S01, Self::Intl];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::N01 => "N01",
            Self::C01 => "C01",
            Self::S01 => "S01",
            Self::Intl => "INTL",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_survives_its_text() {
        for region in Region::ALL {
            assert_eq!(Region::parse(region.as_str()), Some(region));
        }
        for text in ["", "n01", "N02", "INTL\0"] {
            assert_eq!(Region::parse(text), None, "{text}");
        }
    }
}
