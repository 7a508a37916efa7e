//! Requests as bytes, and what each asks for.

/// What a request asks for, so that each kind is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Status,
    Purchase,
    /// The purchase of a shopper who lost the response, with the same token.
    Replay,
    Webhook,
    Search,
}

/// Requests one after the other in one buffer, made before the clock starts: the generator should spend its core on
/// sending.
#[derive(Default)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<(Kind, usize)>,
}

impl Requests {
    pub(crate) fn get(&self, index: usize) -> Option<(Kind, &[u8])> {
        let (kind, end) = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some((kind, &self.bytes[start..end]))
    }

    pub(crate) fn push(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push((kind, self.bytes.len()));
    }
}
