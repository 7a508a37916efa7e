//! The calls of a payment channel. None is repeated here: whether that is safe depends on what the caller has recorded.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::config::{Config, ConfigError};
use crate::error::{Error, UnknownCause};
use crate::link::{ConfirmedWebhook, CreateLink, CreatedLink, Link, LinkRef};
use crate::reply::{self, Signed};
use crate::signature::{PaymentRequestFields, SAFE_INTEGER_MAX, sign_payment_request};

/// PayOS's front door turns away unnamed programs.
const USER_AGENT: &str = concat!("payos-rust/", env!("CARGO_PKG_VERSION"));

/// Talks to one payment channel. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    config: Config,
}

impl Client {
    /// ```
    /// let client = payos::Client::new(payos::Config::new("client id", "api key", "checksum key"));
    /// assert!(client.is_err(), "keys have no spaces");
    /// ```
    pub fn new(config: Config) -> Result<Client, ConfigError> {
        let http = http_client(&config)?.build()?;
        Ok(Client { http, config })
    }

    /// Makes a payment link.
    ///
    /// After [`Error::Unknown`], and when [`Error::is_duplicate_order`], a link may exist: look with
    /// [`Client::get_link`] and compare its amount and age. Do not just take a new order code.
    ///
    /// ```no_run
    /// # async fn example(client: payos::Client) -> Result<(), payos::Error> {
    /// let mut order = payos::CreateLink::new(
    ///     1000001,
    ///     49000,
    ///     "DH1000001",
    ///     "https://shop.example/return",
    ///     "https://shop.example/cancel",
    /// );
    /// order.expired_at = Some(1_790_000_000);
    /// let link = client.create_link(&order).await?;
    /// println!("pay at {} or scan {}", link.checkout_url, link.qr_code);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_link(&self, request: &CreateLink) -> Result<CreatedLink, Error> {
        require_order_code(request.order_code)?;
        if !(1..=SAFE_INTEGER_MAX).contains(&request.amount) {
            return Err(Error::NotSent("the amount is not positive or above 2^53"));
        }
        let signature = sign_payment_request(
            &self.config.checksum_key,
            &PaymentRequestFields {
                amount: request.amount,
                cancel_url: &request.cancel_url,
                description: &request.description,
                order_code: request.order_code,
                return_url: &request.return_url,
            },
        );
        let signed_request = SignedRequest { request, signature };
        let link: CreatedLink =
            self.call(Method::POST, "/v2/payment-requests", Some(&signed_request), Signed::Yes).await?;
        if (link.order_code, link.amount) != (request.order_code, request.amount) {
            return Err(another_link());
        }
        Ok(link)
    }

    /// Asks for a link by order code or link id, with all transfers to it.
    ///
    /// ```no_run
    /// # async fn example(client: payos::Client) -> Result<(), payos::Error> {
    /// match client.get_link(1000001).await {
    ///     Ok(link) => println!("{:?}, {} of {} VND", link.status, link.amount_paid, link.amount),
    ///     Err(error) if error.is_not_found() => println!("no such link"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_link(&self, link: impl Into<LinkRef<'_>>) -> Result<Link, Error> {
        let wanted = link.into();
        let path = format!("/v2/payment-requests/{}", path_segment(wanted)?);
        let found = self.call(Method::GET, &path, None::<&()>, Signed::Yes);
        require_same(wanted, found.await?)
    }

    /// Closes an unpaid link. It does not give money back; PayOS has no call for that.
    ///
    /// PayOS declines when the link is already closed. Money may have arrived just before: read the link
    /// afterwards, whatever the answer was.
    ///
    /// ```no_run
    /// # async fn example(client: payos::Client) -> Result<(), payos::Error> {
    /// let link = client.cancel_link(1000001, Some("The hold has ended")).await?;
    /// println!("{:?}, paid {} VND", link.status, link.amount_paid);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel_link(&self, link: impl Into<LinkRef<'_>>, reason: Option<&str>) -> Result<Link, Error> {
        let wanted = link.into();
        let path = format!("/v2/payment-requests/{}/cancel", path_segment(wanted)?);
        let body = reason.map(|reason| json!({ "cancellationReason": reason }));
        let closed = self.call(Method::POST, &path, body.as_ref(), Signed::Yes);
        require_same(wanted, closed.await?)
    }

    /// Registers the one webhook address of the channel. PayOS first posts a signed sample to it and wants a
    /// 2xx; when it gets none it answers 5xx, which arrives here as [`Error::Unknown`].
    ///
    /// ```no_run
    /// # async fn example(client: payos::Client) -> Result<(), payos::Error> {
    /// client.confirm_webhook("https://shop.example/webhooks/payos").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn confirm_webhook(&self, webhook_url: &str) -> Result<ConfirmedWebhook, Error> {
        let body = json!({ "webhookUrl": webhook_url });
        self.call(Method::POST, "/confirm-webhook", Some(&body), Signed::No).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        signed: Signed,
    ) -> Result<T, Error> {
        let base_url = self.config.base_url.trim_end_matches('/');
        let mut request =
            self.http.request(method, format!("{base_url}{path}")).header(CONTENT_TYPE, "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        let data = reply::read(request.send().await?, signed, &self.config.checksum_key).await?;
        serde_json::from_value(data).map_err(|error| UnknownCause::UnreadableReply(error.to_string()).into())
    }
}

/// Sends the keys with every request and obeys the timeout.
pub(crate) fn http_client(config: &Config) -> Result<reqwest::ClientBuilder, ConfigError> {
    config.check()?;
    let mut headers = HeaderMap::new();
    for (name, key) in [("x-client-id", &config.client_id), ("x-api-key", &config.api_key)] {
        let mut value = HeaderValue::from_str(key).map_err(|_| ConfigError::BadKey(name))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    // PayOS does not redirect; if it seemed to, the keys would go to another host.
    let builder = reqwest::Client::builder().default_headers(headers).redirect(redirect::Policy::none());
    Ok(builder.user_agent(USER_AGENT).timeout(config.call_timeout))
}

#[derive(Serialize)]
struct SignedRequest<'a> {
    #[serde(flatten)]
    request: &'a CreateLink,
    signature: String,
}

fn require_order_code(order_code: i64) -> Result<(), Error> {
    if (1..=SAFE_INTEGER_MAX).contains(&order_code) {
        return Ok(());
    }
    Err(Error::NotSent("the order code is not positive or above 2^53"))
}

/// A link id goes into a path, where a slash or dots would name another resource.
fn path_segment(link: LinkRef<'_>) -> Result<String, Error> {
    match link {
        LinkRef::OrderCode(order_code) => {
            require_order_code(order_code)?;
            Ok(order_code.to_string())
        }
        LinkRef::LinkId(id) if is_path_id(id) => Ok(id.to_owned()),
        LinkRef::LinkId(_) => Err(Error::NotSent("not a payment link id")),
    }
}

/// PayOS's ids are 32 hex digits; letters, digits, `-` and `_` leave room for another kind.
pub(crate) fn is_path_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&id.len()) && id.bytes().all(fits)
}

/// A genuine reply about another link is still signed, so the signature alone does not tell.
fn require_same(wanted: LinkRef<'_>, link: Link) -> Result<Link, Error> {
    let same = match wanted {
        LinkRef::OrderCode(order_code) => link.order_code == order_code,
        LinkRef::LinkId(id) => link.id == id,
    };
    if same { Ok(link) } else { Err(another_link()) }
}

fn another_link() -> Error {
    UnknownCause::UnreadableReply("it is about another link".into()).into()
}
