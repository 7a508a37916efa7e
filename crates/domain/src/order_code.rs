use std::fmt;

/// The integer a payment provider knows an order by: `origin_no × 10^14 + n`, below 2^53 so that a JSON number carries
/// it exactly. `origin_no` is the number of the origin that sold it, `n` ascends with its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderCode(pub u64);

/// `n` is below this; 36^9 is just above it, so nine characters hold every `n`.
const N_LIMIT: u64 = 100_000_000_000_000;

/// 89 × 10^14 + n stays below 2^53.
const ORIGIN_NO_MAX: u8 = 89;

/// Length of a short code.
pub const SHORT_CODE_CHARS: usize = 9;
/// Of the largest number in base 36.
const U64_DIGITS: usize = 13;
const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl OrderCode {
    /// `None` when `origin_no` is not 1 to 89 or `n` is not below 10^14.
    pub fn from_parts(origin_no: u8, n: u64) -> Option<Self> {
        let valid = (1..=ORIGIN_NO_MAX).contains(&origin_no) && n < N_LIMIT;
        valid.then(|| Self(u64::from(origin_no) * N_LIMIT + n))
    }

    /// What a shopper reads out. A short code does not say the origin, whose bank account it came to does.
    pub fn from_short_code(origin_no: u8, short_code: &str) -> Option<Self> {
        let digits = short_code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        if !digits || short_code.len() != SHORT_CODE_CHARS {
            return None;
        }
        Self::from_parts(origin_no, u64::from_str_radix(short_code, 36).ok()?)
    }

    /// What people see of the code, and a transfer to the order has as its memo: base 36 of `n`, nine characters.
    pub fn short_code(self) -> String {
        let mut code = [b'0'; SHORT_CODE_CHARS];
        write_base36(self.0 % N_LIMIT, &mut code);
        code.into_iter().map(char::from).collect()
    }
}

impl fmt::Display for OrderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number in upper-case base 36, without leading zeroes.
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
    fn a_code_survives_its_short_code() {
        for (origin_no, n, short_code) in [
            (1, 0, "000000000"),
            (1, 1, "000000001"),
            (1, 35, "00000000Z"),
            (1, 36, "000000010"),
            (7, 57_000_000_000_123, "K7DFSAXKR"),
            (89, N_LIMIT - 1, "ZG3D62R5R"),
        ] {
            let code = OrderCode::from_parts(origin_no, n).unwrap();
            assert_eq!(code, OrderCode(u64::from(origin_no) * N_LIMIT + n));
            assert!(code.0 < 1 << 53);
            assert_eq!(code.short_code(), short_code);
            assert_eq!(OrderCode::from_short_code(origin_no, short_code), Some(code));
        }
    }

    #[test]
    fn what_is_no_order_code_is_refused() {
        for (origin_no, n) in [(0, 1), (90, 0), (u8::MAX, 0), (1, N_LIMIT), (1, u64::MAX)] {
            assert_eq!(OrderCode::from_parts(origin_no, n), None, "{origin_no} {n}");
        }
        for short_code in ["", "00000000", "0000000000", "00000000z", "+00000001", "00000 001", "ZZZZZZZZZ"] {
            assert_eq!(OrderCode::from_short_code(1, short_code), None, "{short_code}");
        }
    }

    #[test]
    fn a_number_in_base_36_has_no_leading_zeroes() {
        for (number, text) in [(0, "0"), (35, "Z"), (36, "10"), (u64::MAX, "3W5E11264SGSF")] {
            assert_eq!(base36(number), text);
        }
    }
}
