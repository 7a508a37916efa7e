use crate::text;

/// The longest address that SMTP can carry (RFC 5321, a path of 256 with its angle brackets).
pub const EMAIL_CHARS_MAX: usize = 254;
/// The longest part before the `@` (RFC 5321).
const LOCAL_BYTES_MAX: usize = 64;
/// The longest label of a host (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;
/// What an address holds only between quotes, which no shopper has.
const SPECIAL: &str = "()<>[]:;,\\\"@";

/// Whether mail could be sent there: a local part without quotes and a host with a top-level domain. The pages have the
/// same rule, and `cases/emails.txt` holds for both.
pub fn is_email(text: &str) -> bool {
    let is_printable = text::line(text, EMAIL_CHARS_MAX).as_deref() == Ok(text);
    let Some((local, host)) = text.split_once('@').filter(|_| is_printable) else {
        return false;
    };
    local.len() <= LOCAL_BYTES_MAX && local.split('.').all(is_atom) && is_host(host)
}

fn is_atom(part: &str) -> bool {
    !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || SPECIAL.contains(letter))
}

fn is_host(host: &str) -> bool {
    let Some((_, top)) = host.rsplit_once('.') else {
        return false;
    };
    let is_top_level = top.chars().count() >= 2 && !top.contains(|letter: char| letter.is_ascii_digit());
    // A punycode label, the spelling of other scripts in ASCII, has digits.
    (is_top_level || top.starts_with("xn--")) && host.split('.').all(is_label)
}

/// Letters of any script, digits and hyphens, as internationalised hosts have them.
fn is_label(label: &str) -> bool {
    let is_allowed = |letter: char| match letter.is_ascii() {
        true => letter.is_ascii_alphanumeric() || letter == '-',
        false => !letter.is_whitespace(),
    };
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A case a line, behind `+` for an address and `-` for none.
    const CASES: &str = include_str!("../cases/emails.txt");

    #[test]
    fn addresses_that_could_get_mail_pass_and_typing_mistakes_do_not() {
        assert!(CASES.lines().count() > 30);
        for case in CASES.lines() {
            let (expected, address) = case.split_once(' ').expect("a sign and an address");
            assert_eq!(is_email(address), expected == "+", "{address}");
        }
    }

    #[test]
    fn an_address_has_the_lengths_that_mail_can_carry() {
        let host = |labels: usize| format!("{}vn", "abcdefghi.".repeat(labels));
        let address = |local: usize, labels: usize| format!("{}@{}", "a".repeat(local), host(labels));
        assert!(is_email(&address(64, 18)));
        assert!(!is_email(&address(65, 1)));
        assert_eq!(address(61, 19).len(), EMAIL_CHARS_MAX);
        assert!(is_email(&address(61, 19)));
        assert!(!is_email(&address(62, 19)));
        assert!(is_email(&format!("an@{}.vn", "a".repeat(63))));
        assert!(!is_email(&format!("an@{}.vn", "a".repeat(64))));
    }

    #[test]
    fn an_address_holds_nothing_that_cannot_be_printed() {
        for bad in [
            "",
            "an\u{200b}@gmail.com",
            "an\0@gmail.com",
            "an@gmail.com\n",
            " an@gmail.com",
            "an\u{202e}@gmail.com",
            "a\u{a0}n@gmail.com",
            "an@gm\u{2003}ail.com",
        ] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }
}
