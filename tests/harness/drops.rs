/// The terms of a new drop.
#[derive(Clone, Copy)]
pub struct DropTerms {
    pub size: u32,
    pub price: u64,
    pub limit: u32,
    pub hold_seconds: u32,
    pub opens_in_seconds: u32,
}

impl Default for DropTerms {
    fn default() -> DropTerms {
        DropTerms { size: 10, price: 250_000, limit: 2, hold_seconds: 300, opens_in_seconds: 0 }
    }
}

#[derive(Clone, Debug)]
pub struct OpenedDrop {
    pub id: u32,
    pub slug: String,
}
