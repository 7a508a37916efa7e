//! The shop's mail server and sender, as the settings name them.

use lettre::message::Mailbox;

/// The mail server takes mail over TLS from the first byte.
const TLS_PORT: u16 = 465;
/// The mail server turns TLS on by STARTTLS.
const STARTTLS_PORT: u16 = 587;

pub struct MailSettings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) login: Option<(String, String)>,
    /// PEM: of a certificate authority that the system does not know.
    pub(super) ca: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Tls,
    /// Required: a server that does not offer it gets no mail.
    StartTls,
    /// Only to this machine.
    None,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("it is not an address like smtps://mail.example.com or smtp://mail.example.com:587")]
    NotAnAddress,
    #[error("smtp+insecure:// is for a mail server on this machine, such as smtp+insecure://127.0.0.1:1025")]
    InsecureElsewhere,
    #[error("it is not a sender like Shop <shop@example.com>")]
    NotASender,
}

impl MailSettings {
    /// `url` is `smtps://HOST[:465]` for TLS, `smtp://HOST[:587]` for STARTTLS, or `smtp+insecure://127.0.0.1:PORT`.
    pub fn new(url: &str, from: &str) -> Result<Self, (Option<SettingsError>, Option<SettingsError>)> {
        match (server(url), mailbox(from)) {
            (Ok((security, host, port)), Ok(from)) => {
                Ok(Self { host, port, security, from, reply_to: None, login: None, ca: None })
            }
            (server, from) => Err((server.err(), from.err())),
        }
    }

    pub fn reply_to(&mut self, to: &str) -> Result<(), SettingsError> {
        self.reply_to = Some(mailbox(to)?);
        Ok(())
    }

    pub fn login(&mut self, user: String, password: String) {
        self.login = Some((user, password));
    }

    pub fn trust(&mut self, ca: Vec<u8>) {
        self.ca = Some(ca);
    }

    /// How the shop calls itself in its mails.
    pub(crate) fn shop_name(&self) -> &str {
        self.from.name.as_deref().unwrap_or("Dropgate")
    }
}

fn server(url: &str) -> Result<(Security, String, u16), SettingsError> {
    let (scheme, rest) = url.split_once("://").ok_or(SettingsError::NotAnAddress)?;
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().map_err(|_| SettingsError::NotAnAddress)?)),
        None => (rest, None),
    };
    let named = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
    if host.is_empty() || !host.chars().all(named) {
        return Err(SettingsError::NotAnAddress);
    }
    let (security, port) = match scheme {
        "smtps" => (Security::Tls, port.unwrap_or(TLS_PORT)),
        "smtp" => (Security::StartTls, port.unwrap_or(STARTTLS_PORT)),
        "smtp+insecure" if matches!(host, "127.0.0.1" | "localhost") => {
            (Security::None, port.ok_or(SettingsError::NotAnAddress)?)
        }
        "smtp+insecure" => return Err(SettingsError::InsecureElsewhere),
        _ => return Err(SettingsError::NotAnAddress),
    };
    Ok((security, host.to_owned(), port))
}

fn mailbox(text: &str) -> Result<Mailbox, SettingsError> {
    let mailbox: Mailbox = text.parse().map_err(|_| SettingsError::NotASender)?;
    if domain::is_email(mailbox.email.as_ref()) { Ok(mailbox) } else { Err(SettingsError::NotASender) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_reached_over_tls_or_on_this_machine() {
        for (url, expected) in [
            ("smtps://mail.example.com", Ok((Security::Tls, "mail.example.com".to_owned(), 465))),
            ("smtps://mail.example.com:2465/", Ok((Security::Tls, "mail.example.com".to_owned(), 2465))),
            ("smtp://mail.example.com", Ok((Security::StartTls, "mail.example.com".to_owned(), 587))),
            ("smtp+insecure://127.0.0.1:1025", Ok((Security::None, "127.0.0.1".to_owned(), 1025))),
            ("smtp+insecure://mail.example.com:25", Err(SettingsError::InsecureElsewhere)),
            ("smtp+insecure://127.0.0.1.example.com:25", Err(SettingsError::InsecureElsewhere)),
            ("mail.example.com:587", Err(SettingsError::NotAnAddress)),
            ("smtp://user:secret@mail.example.com", Err(SettingsError::NotAnAddress)),
            ("smtp://:587", Err(SettingsError::NotAnAddress)),
            ("https://mail.example.com", Err(SettingsError::NotAnAddress)),
        ] {
            assert_eq!(server(url), expected, "{url}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for good in ["shop@example.com", "Tiệm Đèn <shop@example.com>", "\"Shop, An\" <shop@example.com>"] {
            assert!(mailbox(good).is_ok(), "{good}");
        }
        for bad in ["", "shop", "Shop <shop>", "shop@example.com\r\nBcc: a@example.com", "a@example.com, b@example.com"]
        {
            assert_eq!(mailbox(bad), Err(SettingsError::NotASender), "{bad}");
        }
    }
}
