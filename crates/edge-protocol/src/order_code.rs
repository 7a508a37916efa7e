//! The integer PayOS knows an order by, and the nine characters people see of it.

/// `origin_no × 10^14 + n`, below 2^53 so that a JSON number carries it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderCode {
    origin_no: u8,
    n: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order code is origin_no (1 to 89) × 10^14 + n")]
pub struct OrderCodeError;

/// `n` is below this; 36^9 is just above it, so nine characters hold every `n`.
const N_LIMIT: u64 = 100_000_000_000_000;

/// 89 × 10^14 + n stays below 2^53.
const ORIGIN_NO_MAX: u8 = 89;

/// Of a memo.
pub const MEMO_CHARS: usize = 9;
/// Of the largest number in base 36.
const U64_DIGITS: usize = 13;
const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl OrderCode {
    pub fn new(origin_no: u8, n: u64) -> Result<Self, OrderCodeError> {
        if (1..=ORIGIN_NO_MAX).contains(&origin_no) && n < N_LIMIT {
            Ok(Self { origin_no, n })
        } else {
            Err(OrderCodeError)
        }
    }

    pub fn parse(code: u64) -> Result<Self, OrderCodeError> {
        let origin_no = u8::try_from(code / N_LIMIT).map_err(|_| OrderCodeError)?;
        Self::new(origin_no, code % N_LIMIT)
    }

    /// From what a shopper reads out. The memo does not say the origin: each origin has its own bank account.
    pub fn from_memo(origin_no: u8, memo: &str) -> Result<Self, OrderCodeError> {
        if memo.len() != MEMO_CHARS || !memo.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return Err(OrderCodeError);
        }
        let n = u64::from_str_radix(memo, 36).map_err(|_| OrderCodeError)?;
        Self::new(origin_no, n)
    }

    pub fn origin_no(self) -> u8 {
        self.origin_no
    }

    pub fn n(self) -> u64 {
        self.n
    }

    pub fn as_u64(self) -> u64 {
        u64::from(self.origin_no) * N_LIMIT + self.n
    }

    /// The transfer memo and the code people see: base 36 of `n`, nine characters.
    pub fn memo(self) -> String {
        let mut memo = [b'0'; MEMO_CHARS];
        // `n` is below 36^9.
        write_base36(self.n, &mut memo);
        memo.into_iter().map(char::from).collect()
    }
}

/// A number as it goes into a transfer's memo, without leading zeroes.
pub fn base36(number: u64) -> String {
    let mut digits = [b'0'; U64_DIGITS];
    let first = write_base36(number, &mut digits).min(U64_DIGITS - 1);
    digits[first..].iter().copied().map(char::from).collect()
}

/// Writes the digits at the end of `into`, and says where they begin.
fn write_base36(number: u64, into: &mut [u8]) -> usize {
    let (mut rest, mut first) = (number, into.len());
    while rest > 0 && first > 0 {
        first -= 1;
        into[first] = DIGITS[(rest % 36) as usize];
        rest /= 36;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_its_integer_and_its_memo() {
        for (origin_no, n, memo) in [
            (1, 0, "000000000"),
            (1, 1, "000000001"),
            (1, 35, "00000000Z"),
            (1, 36, "000000010"),
            (7, 57_000_000_000_123, "K7DFSAXKR"),
            (89, N_LIMIT - 1, "ZG3D62R5R"),
        ] {
            let code = OrderCode::new(origin_no, n).unwrap();
            assert!(code.as_u64() < 1 << 53);
            assert_eq!(OrderCode::parse(code.as_u64()), Ok(code));
            assert_eq!(code.memo(), memo);
            assert_eq!(OrderCode::from_memo(origin_no, memo), Ok(code));
        }
    }

    #[test]
    fn what_is_no_order_code_is_refused() {
        for code in [0, N_LIMIT - 1, 90 * N_LIMIT, 300 * N_LIMIT, u64::MAX] {
            assert_eq!(OrderCode::parse(code), Err(OrderCodeError), "{code}");
        }
        assert_eq!(OrderCode::new(0, 1), Err(OrderCodeError));
        assert_eq!(OrderCode::new(1, N_LIMIT), Err(OrderCodeError));
        for memo in ["", "00000000", "0000000000", "00000000z", "+00000001", "00000 001", "ZZZZZZZZZ"] {
            assert_eq!(OrderCode::from_memo(1, memo), Err(OrderCodeError), "{memo}");
        }
    }
}
