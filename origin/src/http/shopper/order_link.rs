//! A shopper who has lost the address of an order asks for a mail with it. The answer is the same whether the order and
//! the e-mail address belong together or not: it tells a stranger nothing.

use std::sync::Arc;

use anyhow::Result;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::{EMAIL_CHARS_MAX, OrderCode, is_email};
use edge_protocol::ProblemCode;
use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use crate::http::app::App;
use crate::http::auth::LookUpToken;
use crate::http::body::read_json;
use crate::http::fields::line;
use crate::http::problem::{ApiError, ApiResult};

/// Characters of a code as typed, with blanks between.
const CODE_CHARS_MAX: usize = 40;

#[derive(Deserialize)]
struct LookUpBody {
    order: Option<String>,
    email: Option<String>,
}

pub(crate) async fn ask(_: LookUpToken, State(app): State<Arc<App>>, request: Request) -> ApiResult<impl IntoResponse> {
    let body: LookUpBody = read_json(request).await?;
    let code = line("order", body.order.as_deref().unwrap_or_default(), CODE_CHARS_MAX)?;
    let order = order_code(app.origin_no, &code)
        .ok_or_else(|| ApiError::field("order", "give the code of the order: nine letters and digits"))?;
    let email = line("email", body.email.as_deref().unwrap_or_default(), EMAIL_CHARS_MAX)?.to_lowercase();
    if !is_email(&email) {
        return Err(ApiError::field("email", "this is not an e-mail address"));
    }
    if !app.sends_mail {
        return Err(ApiError::new(ProblemCode::NoMail, "ask the seller for the link"));
    }
    if !app.look_ups.count(&email, app.clock.now()) {
        return Err(ApiError::new(ProblemCode::RateLimited, "ask again in an hour"));
    }
    let permit = app.look_ups.permit().ok_or_else(ApiError::busy)?;
    // Answered before anything is looked up, so that the time of the answer tells nothing either.
    tokio::spawn(async move {
        if let Err(error) = owe_link(&app, order, &email).await {
            warn!(error = format!("{error:#}"), "an order could not be looked up");
        }
        drop(permit);
    });
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

async fn owe_link(app: &App, order: OrderCode, email: &str) -> Result<()> {
    let stored = app.reader.read(move |store| store.load_order(order)).await?;
    let buyer = stored.and_then(|stored| stored.buyer).map(|(_, buyer)| buyer);
    if buyer.is_some_and(|buyer| buyer.email.to_lowercase() == email) {
        let asked = app.writer.ask_order_link(order).await;
        asked.map_err(|error| anyhow::anyhow!("the writer did not take it: {error:?}"))?;
    }
    Ok(())
}

/// As it stands in a mail, in a bank's list or in the address of the page.
fn order_code(origin_no: u8, typed: &str) -> Option<OrderCode> {
    let code: String = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let code = code.to_ascii_uppercase();
    OrderCode::from_short_code(origin_no, &code).or_else(|| code.parse().ok().map(OrderCode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_as_people_type_it() {
        let order = OrderCode(157_600_000_000_001);
        let short = order.short_code();
        for typed in
            [short.clone(), short.to_lowercase(), format!(" {} {} ", &short[..4], &short[4..]), order.to_string()]
        {
            assert_eq!(order_code(1, &typed), Some(order), "{typed}");
        }
        for typed in ["", "ABC", "đơn hàng", "-1"] {
            assert_eq!(order_code(1, typed).filter(|code| *code == order), None, "{typed}");
        }
    }
}
