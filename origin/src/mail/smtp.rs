//! Hands letters to the shop's mail server.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::letter::Letter;
use super::render::{Rendered, render};
use super::settings::{MailSettings, Security};

/// Connections to the mail server. Providers allow ten or more of one sender; each carries one mail at a time.
pub(crate) const CONNECTIONS_MAX: u32 = 8;
/// For one answer of the server. Some delay strangers on purpose, for seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// For a whole mail: a server that answers each step one byte a second ends here.
const MAIL_TIMEOUT: Duration = Duration::from_secs(60);
/// Shorter than mail servers wait for the next command, usually five minutes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    shop_name: String,
}

/// What the mail server said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Handed {
    Accepted,
    /// No mail will ever be delivered to this address.
    AddressRefused {
        reply: u16,
    },
    /// Not now, for this reason, which holds no personal data.
    NotNow(String),
}

/// Tells other mail programs that no person wrote this, so that none answers with an absence note (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mailer {
    pub(crate) fn new(settings: MailSettings) -> Result<Self> {
        let mut tls = TlsParameters::builder(settings.host.clone());
        if let Some(ca) = &settings.ca {
            tls = tls.add_root_certificate(Certificate::from_pem(ca).context("the certificate is not PEM")?);
        }
        let tls = tls.build().context("TLS cannot be set up")?;
        let shop_name = settings.shop_name().to_owned();
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(ANSWER_TIMEOUT))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX).idle_timeout(IDLE_TIMEOUT))
            .tls(match settings.security {
                Security::Tls => Tls::Wrapper(tls),
                Security::StartTls => Tls::Required(tls),
                Security::None => Tls::None,
            });
        if let Some((user, password)) = settings.login {
            transport = transport.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: transport.build(), from: settings.from, reply_to: settings.reply_to, shop_name })
    }

    pub(crate) fn shop_name(&self) -> &str {
        &self.shop_name
    }

    /// Connects and logs in, and sends nothing.
    pub(crate) async fn connects(&self) -> Result<()> {
        let Ok(tested) = tokio::time::timeout(MAIL_TIMEOUT, self.transport.test_connection()).await else {
            bail!("the mail server did not answer in time");
        };
        ensure!(tested.context("the mail server cannot be used")?, "the mail server closed the connection");
        Ok(())
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Result<Handed> {
        let message = self.message(letter)?;
        let Ok(sent) = tokio::time::timeout(MAIL_TIMEOUT, self.transport.send(message)).await else {
            return Ok(Handed::NotNow("the mail server did not answer in time".to_owned()));
        };
        Ok(match sent {
            Ok(_) => Handed::Accepted,
            Err(error) => not_accepted(&error),
        })
    }

    fn message(&self, letter: &Letter) -> Result<Message> {
        let Rendered { subject, text, html } = render(letter)?;
        // Of no name: what a shopper types as a name could make a header look like another sender's.
        let to = letter.to.parse().context("a stored e-mail address is none")?;
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(self.message_id(letter)))
            .header(AutoSubmitted)
            .subject(subject);
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        message.multipart(MultiPart::alternative_plain_html(text, html)).context("a mail cannot be put together")
    }

    /// The same in every try, so that a mail server or a mailbox can drop the second of two.
    fn message_id(&self, letter: &Letter) -> String {
        format!("<{}.{}.{}@{}>", letter.kind.as_str(), letter.order, letter.occasion, self.from.email.domain())
    }
}

fn not_accepted(error: &smtp::Error) -> Handed {
    let Some(code) = error.status() else {
        let reason = match error {
            error if error.is_timeout() => "the mail server did not answer in time",
            error if error.is_tls() => "the mail server's TLS certificate is not trusted, or it speaks no TLS",
            error if error.is_response() => "the mail server broke off, or its answer is not SMTP",
            _ => "the mail server cannot be reached",
        };
        return Handed::NotNow(reason.to_owned());
    };
    let reply = code.to_string().parse().unwrap_or_default();
    // The text behind the codes may repeat the address.
    let said = error.to_string();
    let enhanced = said.split([' ', ':', '-']).find(|word| is_enhanced_status(word));
    if error.is_permanent() && refuses_address(reply, enhanced) {
        return Handed::AddressRefused { reply };
    }
    Handed::NotNow(format!("the mail server answered {reply} {}", enhanced.unwrap_or_default()).trim_end().to_owned())
}

/// Class, subject and detail, such as `5.1.1` (RFC 3463).
fn is_enhanced_status(word: &str) -> bool {
    let mut parts = word.split('.');
    let class = parts.next().is_some_and(|class| matches!(class, "4" | "5"));
    let rest: Vec<&str> = parts.collect();
    class
        && rest.len() == 2
        && rest.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a permanent refusal is about the mailbox, and not about the sender, the login or this message: those are the
/// shop's to mend, and the address is good.
fn refuses_address(reply: u16, enhanced: Option<&str>) -> bool {
    match enhanced {
        // Bad or moved mailbox or domain (1.1, 1.2, 1.3, 1.6, 1.10), mailbox disabled (2.1).
        Some(status) => matches!(status, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.1"),
        // Mailbox unavailable, not local, name not allowed: servers without enhanced codes say no more.
        None => matches!(reply, 550 | 551 | 553),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_the_mailbox_stops_an_address() {
        for (reply, enhanced, stops) in [
            (550, Some("5.1.1"), true),
            (550, Some("5.2.1"), true),
            (553, None, true),
            (550, None, true),
            (550, Some("5.7.1"), false),
            (535, Some("5.7.8"), false),
            (552, Some("5.2.2"), false),
            (554, None, false),
            (530, None, false),
        ] {
            assert_eq!(refuses_address(reply, enhanced), stops, "{reply} {enhanced:?}");
        }
        for word in ["5.1.1", "4.7.0", "5.1.10"] {
            assert!(is_enhanced_status(word), "{word}");
        }
        for word in ["550", "5.1", "127.0.0.1", "5.a.1", "5.1.1.1", "2.0.0"] {
            assert!(!is_enhanced_status(word), "{word}");
        }
    }
}
