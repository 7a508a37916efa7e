//! `read` tokens that were verified and have not ended yet. An edge isolate sends the same one for a minute, with every
//! status it fetches.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use edge_protocol::{KeyRing, TokenError, verify_read};

/// More isolates than ask one origin within a minute; beyond it all are forgotten and verified again.
const TOKENS_MAX: usize = 1_024;

/// Found by the end of their signatures, which no two have in common, because hashing a whole token takes as long as
/// everything else here. What is found is compared whole.
#[derive(Default)]
pub(crate) struct ReadTokens(Mutex<HashMap<[u8; 8], Verified>>);

struct Verified {
    token: String,
    at: Timestamp,
    expires_at: Timestamp,
}

impl ReadTokens {
    pub(crate) fn verify(&self, keys: &KeyRing, token: &str, now: Timestamp) -> Result<(), TokenError> {
        let end = *token.as_bytes().last_chunk().ok_or(TokenError::Malformed)?;
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock set back, or the leeway after the end, is for the verification to judge.
        let is_live = |verified: &Verified| (verified.at..verified.expires_at).contains(&now);
        if tokens.get(&end).is_some_and(|verified| verified.token == token && is_live(verified)) {
            return Ok(());
        }
        let expires_at = verify_read(keys, token, now)?;
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(end, Verified { token: token.to_owned(), at: now, expires_at });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use edge_protocol::{Ring, mint_read, mint_webhook};

    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

    #[test]
    fn a_remembered_token_is_good_for_as_long_as_a_verified_one() {
        let keys = KeyRing::parse(Ring::Edge, &format!("e1.{KEY}")).unwrap();
        let (tokens, token) = (ReadTokens::default(), mint_read(&keys, NOW));
        let times = [0, 1, 59_999, 60_000, 64_999, 65_000, 200_000, -1, 30_000];
        for ms in times {
            let now = NOW.plus_ms(ms);
            assert_eq!(tokens.verify(&keys, &token, now), verify_read(&keys, &token, now).map(drop), "{ms}");
        }
    }

    #[test]
    fn only_what_was_verified_is_remembered() {
        let keys = KeyRing::parse(Ring::Edge, &format!("e1.{KEY}")).unwrap();
        let tokens = ReadTokens::default();
        let good = mint_read(&keys, NOW);
        tokens.verify(&keys, &good, NOW).unwrap();
        let same_end = format!("x{}", &good[1..]);
        for bad in [&good[..good.len() - 1], "", &mint_webhook(&keys, NOW), &same_end, &good[good.len() - 8..]] {
            for _ in 0..2 {
                tokens.verify(&keys, bad, NOW).unwrap_err();
            }
        }
        for second in 0..3 * TOKENS_MAX as i64 {
            let now = NOW.plus_ms(second * 1_000);
            tokens.verify(&keys, &mint_read(&keys, now), now).unwrap();
        }
        assert!(tokens.0.lock().unwrap().len() <= TOKENS_MAX);
    }
}
