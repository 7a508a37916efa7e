//! What a person sees: the list of links, and the checkout page of one.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::app::App;
use crate::json::Problem;
use crate::links::{Cancellation, Link, Status};
use crate::payments::PayRequest;
use crate::{clock, vietqr};

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; padding: 1rem; max-width: 30rem }
h1 { font-size: 1.25rem } .amount { font-size: 2rem; font-weight: 700; margin: 0 }
.note { opacity: .7; font-size: .875rem }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem } dd { margin: 0; overflow-wrap: anywhere }
code { font-size: .8rem; overflow-wrap: anywhere }
button { font: inherit; width: 100%; padding: .875rem; margin-top: .75rem; border-radius: .5rem; cursor: pointer;
  border: 1px solid #8888; background: none; color: inherit }
.pay { background: #0a6b3d; color: #fff; border-color: #0a6b3d; font-weight: 600 }
ul { list-style: none; padding: 0 } li a { display: grid; grid-template-columns: 1fr auto auto; gap: 1rem;
  padding: .75rem 0; border-bottom: 1px solid #8884; color: inherit; text-decoration: none }";

pub(crate) async fn list(State(app): State<Arc<App>>) -> Html<String> {
    let mut rows = String::new();
    for link in app.links().newest_first(clock::now_ms()) {
        let (id, memo) = (escape(&link.id), escape(&link.request.memo));
        let (amount, status) = (dong(link.request.amount), link.status_word());
        write!(rows, "<li><a href=\"/web/{id}\"><span>{memo}</span><b>{amount}</b><span>{status}</span></a></li>")
            .expect("writing to a String cannot fail");
    }
    if rows.is_empty() {
        rows.push_str("<li class=note>Chưa có liên kết nào · No links yet</li>");
    }
    page(
        "PayOS stand-in",
        &format!(
            "<h1>Liên kết thanh toán · Payment links</h1><ul>{rows}</ul>\
         <p class=note><a href=\"/payouts\">Lệnh chi · Payouts</a></p>"
        ),
    )
}

pub(crate) async fn checkout(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Html<String>, Problem> {
    let mut links = app.links();
    let link = links.find(&id, clock::now_ms()).ok_or_else(Problem::not_found)?;
    let request = &link.request;
    let outcome = if link.is_open() { buttons(link) } else { closed(link) };
    let body = format!(
        "<h1>Thanh toán · Checkout</h1><p class=amount>{amount}</p><p>{status}</p>\
         <dl><dt>Tài khoản</dt><dd>{account} · {name} · {bank}</dd><dt>Nội dung</dt><dd>{memo}</dd>\
         <dt>Mã QR</dt><dd><code>{qr}</code></dd></dl>{outcome}\
         <p class=note>Đây là trang thử: không có tiền thật. · This is a stand-in: no real money.</p>",
        amount = dong(request.amount),
        status = link.status_word(),
        account = vietqr::ACCOUNT_NUMBER,
        name = vietqr::ACCOUNT_NAME,
        bank = vietqr::BANK_BIN,
        memo = escape(&request.memo),
        qr = escape(&vietqr::text(request.amount, &request.memo)),
    );
    Ok(page("Thanh toán · Checkout", &body))
}

/// The transfer, the webhook, and back to the shop. A second click pays nothing.
pub(crate) async fn pay(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Problem> {
    {
        let mut links = app.links();
        let link = links.find(&id, clock::now_ms()).ok_or_else(Problem::not_found)?;
        if link.is_open() {
            app.receive(&mut links, &id, &PayRequest::default()).map_err(Problem::from)?;
        }
    }
    back_to_shop(&app, &id, |link| &link.request.return_url)
}

pub(crate) async fn cancel(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let at_ms = clock::now_ms();
    let reason = Some("cancelled by the payer".into());
    let cancellation = Cancellation { at_ms, reason };
    let cancelled = match app.links().find(&id, at_ms) {
        Some(link) => link.cancel(cancellation),
        None => return Err(Problem::not_found()),
    };
    cancelled.map_err(|_| Problem::conflict("the link is closed"))?;
    back_to_shop(&app, &id, |link| &link.request.cancel_url)
}

fn back_to_shop(app: &App, id: &str, address: impl Fn(&Link) -> &String) -> Result<Response, Problem> {
    let mut links = app.links();
    let link = links.find(id, clock::now_ms()).ok_or_else(Problem::not_found)?;
    let cancelled = link.status == Status::Cancelled;
    let query = format!(
        "code=00&id={}&cancel={cancelled}&status={}&orderCode={}",
        link.id,
        link.status_word(),
        link.request.order_code,
    );
    Ok(Redirect::to(&with_query(address(link), &query)).into_response())
}

/// In front of a fragment, behind a query that is there already.
fn with_query(address: &str, query: &str) -> String {
    let (address, fragment) = match address.split_once('#') {
        Some((address, fragment)) => (address, format!("#{fragment}")),
        None => (address, String::new()),
    };
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{query}{fragment}")
}

fn buttons(link: &Link) -> String {
    let id = escape(&link.id);
    format!(
        "<form method=post action=\"/web/{id}/pay\"><button class=pay id=pay>Thanh toán · Pay</button></form>\
         <form method=post action=\"/web/{id}/cancel\"><button id=cancel>Hủy · Cancel</button></form>"
    )
}

fn closed(link: &Link) -> String {
    let shop = escape(&link.request.return_url);
    format!("<p><a href=\"{shop}\">Về cửa hàng · Back to the shop</a></p>")
}

pub(crate) fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=vi><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style><body>{body}</body></html>"
    ))
}

/// As written in Vietnam: `49.000 ₫`.
pub(crate) fn dong(amount: i64) -> String {
    let digits = amount.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text + " ₫"
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_a_query_and_stay_before_a_fragment() {
        for (address, expected) in [
            ("http://a.example/o", "http://a.example/o?c=1"),
            ("http://a.example/o?b=2", "http://a.example/o?b=2&c=1"),
            ("http://a.example/o#key=k", "http://a.example/o?c=1#key=k"),
        ] {
            assert_eq!(with_query(address, "c=1"), expected);
        }
    }

    #[test]
    fn amounts_are_grouped_by_thousands() {
        let shown = [7, 100, 49_000, 1_234_567].map(dong);
        assert_eq!(shown, ["7 ₫", "100 ₫", "49.000 ₫", "1.234.567 ₫"]);
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<b a='\"&'>"), "&lt;b a=&#39;&quot;&amp;&#39;&gt;");
    }
}
