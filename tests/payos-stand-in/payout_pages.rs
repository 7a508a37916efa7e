//! What a person sees of payouts: what left, to whom, and what became of it.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use payos::{BANKS, Bank};

use crate::app::App;
use crate::clock;
use crate::json::Problem;
use crate::pages::{dong, escape, page};
use crate::payouts::{Move, Payout, Transaction};

pub(crate) async fn list(State(app): State<Arc<App>>) -> Html<String> {
    let payouts = app.payouts();
    let mut rows = String::new();
    for payout in payouts.newest_first() {
        rows.push_str(&row(payout));
    }
    if rows.is_empty() {
        rows.push_str("<li class=note>Chưa có lệnh chi nào · No payouts yet</li>");
    }
    let body = format!(
        "<h1>Lệnh chi · Payouts</h1><p>Số dư · Balance <b id=balance>{balance}</b></p><ul>{rows}</ul>\
         <p class=note><a href=\"/\">Liên kết thanh toán · Payment links</a></p>\
         <p class=note>Đây là trang thử: không có tiền thật. · This is a stand-in: no real money.</p>",
        balance = dong(payouts.channel.balance),
    );
    page("Lệnh chi · Payouts", &body)
}

/// The bank carries the payout out. A second click does nothing.
pub(crate) async fn succeed(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Problem> {
    decide(&app, &id, "SUCCEEDED")
}

/// The bank does not carry the payout out, and the money is back in the balance.
pub(crate) async fn fail(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Problem> {
    decide(&app, &id, "FAILED")
}

fn decide(app: &App, id: &str, state: &str) -> Result<Response, Problem> {
    let mut payouts = app.payouts();
    let in_flight = payouts.find(id).ok_or_else(Problem::not_found)?.is_in_flight();
    if in_flight {
        let decision = Move { state: Some(state.into()), ..Move::default() };
        payouts.change(id, &decision, clock::now_ms());
    }
    Ok(Redirect::to("/payouts").into_response())
}

fn row(payout: &Payout) -> String {
    let mut text = format!(
        "<li><p><b>{reference}</b> · {state}</p>",
        reference = escape(&payout.reference_id),
        state = escape(payout.approval_state()),
    );
    for transaction in &payout.transactions {
        text.push_str(&transfer(transaction));
    }
    if payout.is_in_flight() {
        let id = escape(&payout.id);
        write!(
            text,
            "<form method=post action=\"/payouts/{id}/succeed\"><button class=pay>Chuyển · Succeed</button></form>\
             <form method=post action=\"/payouts/{id}/fail\"><button>Từ chối · Fail</button></form>"
        )
        .expect("writing to a String cannot fail");
    }
    text + "</li>"
}

fn transfer(transaction: &Transaction) -> String {
    let transfer = &transaction.transfer;
    let bank = BANKS.iter().find(|bank: &&Bank| bank.bin == transfer.to_bin).map_or("?", |bank| bank.short_name);
    format!(
        "<p class=amount>{amount}</p><dl><dt>Đến · To</dt><dd>{account} · {bank} ({bin})</dd>\
         <dt>Chủ tài khoản · Owner</dt><dd>{owner}</dd><dt>Nội dung · Memo</dt><dd>{memo}</dd>\
         <dt>Trạng thái · State</dt><dd>{state}</dd><dt>Mã ngân hàng · Reference</dt><dd>{reference}</dd></dl>",
        amount = dong(transfer.amount),
        account = escape(&transfer.to_account_number),
        bank = escape(bank),
        bin = escape(&transfer.to_bin),
        owner = escape(transaction.account_name.as_deref().unwrap_or("–")),
        memo = escape(&transfer.description),
        state = escape(&transaction.state),
        reference = escape(transaction.reference.as_deref().unwrap_or("–")),
    )
}
