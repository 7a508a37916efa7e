//! Amounts as people in Vietnam read them.

use domain::Vnd;

/// A dot after each three digits, such as `1.250.000`, without the sign of the currency.
pub fn grouped(amount: Vnd) -> String {
    let digits = amount.get().to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}
