//! Where the sheet and its tokens may be.

/// Names of buyers and access tokens go there: encrypted, or no further than this machine.
pub(super) fn is_safe_address(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    url.scheme() == "https" || url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_or_of_this_machine() {
        for (url, safe) in [
            ("https://sheets.googleapis.com", true),
            ("http://127.0.0.1:8791", true),
            ("http://localhost:8791/token", true),
            ("http://sheets.googleapis.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost@example.com", false),
            ("sheets.googleapis.com", false),
        ] {
            assert_eq!(is_safe_address(url), safe, "{url}");
        }
    }
}
