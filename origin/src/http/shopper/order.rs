//! An order as its shopper sees it, and its cancellation.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::{Command, Link, OrderCode, OrderState, Outcome, RefundState, Timestamp};
use edge_protocol::rfc3339;
use engine::{Buyer, Payer, StoredOrder};
use serde::Serialize;

use crate::http::app::App;
use crate::http::auth::OrderToken;
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};

/// What the bearer of an order key may know. A shopper may forward the key, so of the buyer it shows only hints.
#[derive(Serialize)]
struct OrderView {
    order_code: u64,
    short_code: String,
    drop: DropView,
    state: &'static str,
    settling: bool,
    quantity: u32,
    amount: i64,
    amount_applied: i64,
    /// Refunds that are on no list of transfers yet.
    refund_due: i64,
    /// Refunds on a list, or sent.
    refund_sending: i64,
    /// Refunds seen on the bank's statement.
    refund_sent: i64,
    /// When the destination of refunds may be used; absent while none is known.
    refund_destination_usable_at: Option<String>,
    currency: &'static str,
    ordered_at: String,
    pay_by: String,
    ended_at: Option<String>,
    payment_state: &'static str,
    payment: Option<PaymentView>,
    buyer: Option<BuyerView>,
}

#[derive(Serialize)]
struct DropView {
    id: u32,
    slug: String,
    name: String,
}

#[derive(Serialize)]
struct PaymentView {
    checkout_url: String,
    qr_code: Option<String>,
    bank_bin: Option<String>,
    account_number: Option<String>,
    account_name: Option<String>,
    memo: Option<String>,
}

#[derive(Serialize)]
struct BuyerView {
    name: String,
    phone: String,
    email: String,
}

pub(crate) async fn show(token: OrderToken, State(app): State<Arc<App>>, Path(code): Path) -> ApiResult<Response> {
    view(&app, token.named(&code)?).await
}

pub(crate) async fn cancel(token: OrderToken, State(app): State<Arc<App>>, Path(code): Path) -> ApiResult<Response> {
    let order = token.named(&code)?;
    let Some(sid) = token.0.sid else {
        return Err(domain::Refusal::NotYourOrder.into());
    };
    match app.writer.order(order, Command::Cancel { sid }).await? {
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Done | Outcome::Unchanged => view(&app, order).await,
        outcome @ (Outcome::Placed(_) | Outcome::Replayed(_) | Outcome::Own(_)) => {
            Err(ApiError::internal(&anyhow::anyhow!("a cancellation answered {outcome:?}")))
        }
    }
}

async fn view(app: &App, order: OrderCode) -> ApiResult<Response> {
    let read = app
        .reader
        .read(move |store| Ok((store.load_order(order)?, store.refund_destination(Payer::Order(order))?)))
        .await?;
    let (stored, destination) = (read.0.ok_or(domain::Refusal::OrderNotFound)?, read.1);
    // An account without its name is of no use until the shopper completes it.
    let destination = destination.filter(|(to, _)| !to.account_name.is_empty());
    let view = order_view(app, stored, destination.map(|(_, usable_at)| usable_at))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(view)).into_response())
}

fn order_view(app: &App, stored: StoredOrder, destination_usable_at: Option<Timestamp>) -> ApiResult<OrderView> {
    let StoredOrder { record, buyer } = stored;
    let published = app.writer.published();
    let drop = published.find(record.drop).ok_or_else(|| {
        ApiError::internal(&anyhow::anyhow!("order {} is of drop {}, which is not known", record.order, record.drop.0))
    })?;
    let listing = &drop.listing;
    let refunds = |there: fn(RefundState) -> bool| -> i64 {
        record.refunds.iter().filter(|refund| there(refund.state)).map(|refund| refund.amount.get()).sum()
    };
    let refund_due = refunds(|state| state == RefundState::Due);
    let refund_sending =
        refunds(|state| !matches!(state, RefundState::Due | RefundState::Void | RefundState::Confirmed { .. }));
    let refund_sent = refunds(|state| matches!(state, RefundState::Confirmed { .. }));
    Ok(OrderView {
        order_code: record.order.0,
        short_code: record.order.short_code(),
        drop: DropView { id: record.drop.0, slug: listing.slug.clone(), name: listing.product.name.clone() },
        state: record.state.as_str(),
        settling: record.settling,
        quantity: record.quantity,
        amount: record.amount.get(),
        amount_applied: record.applied.get(),
        refund_due,
        refund_sending,
        refund_sent,
        refund_destination_usable_at: destination_usable_at.map(rfc3339::format),
        currency: "VND",
        ordered_at: rfc3339::format(record.ordered_at),
        pay_by: rfc3339::format(record.pay_by),
        ended_at: record.ended_at.map(rfc3339::format),
        payment_state: payment_state(&record.link, record.state),
        payment: match (record.state, record.link) {
            (OrderState::Pending, Link::Made(facts)) => Some(payment(*facts)),
            _ => None,
        },
        buyer: buyer.map(|(_, buyer)| masked(&buyer)),
    })
}

fn payment_state(link: &Link, state: OrderState) -> &'static str {
    if state != OrderState::Pending {
        return "closed";
    }
    match link {
        Link::NotAsked | Link::Asked => "preparing",
        Link::Made(_) => "ready",
        Link::Closed(_) => "closed",
        Link::Conflict => "unavailable",
    }
}

fn payment(facts: domain::LinkFacts) -> PaymentView {
    let details = facts.bank_transfer;
    PaymentView {
        checkout_url: facts.checkout_url,
        qr_code: details.as_ref().map(|details| details.qr_code.clone()),
        bank_bin: details.as_ref().map(|details| details.bank_bin.clone()),
        account_number: details.as_ref().map(|details| details.account_number.clone()),
        account_name: details.as_ref().map(|details| details.account_name.clone()),
        memo: details.map(|details| details.memo),
    }
}

fn masked(buyer: &Buyer) -> BuyerView {
    let initials: Vec<String> = buyer
        .name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .map(|first| format!("{first}•••"))
        .collect();
    // Phones are E.164, so every character is one byte.
    let last_digits = buyer.phone.get(buyer.phone.len().saturating_sub(3)..).unwrap_or_default();
    let email = buyer.email.rsplit_once('@').map_or_else(String::new, |(local, host)| {
        format!("{}•••@{host}", local.chars().next().map_or_else(String::new, String::from))
    });
    BuyerView { name: initials.join(" "), phone: format!("•••••••{last_digits}"), email }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_order_page_gives_away_no_buyer() {
        let buyer = Buyer {
            name: "Nguyễn Văn Ấn".into(),
            phone: "+84912345678".into(),
            email: "an.nguyen@example.com".into(),
            address: None,
            language: engine::Language::Vietnamese,
        };
        let view = masked(&buyer);
        assert_eq!(view.name, "N••• V••• Ấ•••");
        assert_eq!(view.phone, "•••••••678");
        assert_eq!(view.email, "a•••@example.com");
    }
}
