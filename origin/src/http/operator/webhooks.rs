//! The merchant's webhook endpoints: adding, testing, rotating their secrets, switching them off and on.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use edge_protocol::{ProblemCode, Role, rfc3339};
use engine::{Endpoint, EndpointRefused, EndpointRequest, EndpointSecret, EndpointState, WEBHOOK_ENDPOINTS_MAX};
use serde::{Deserialize, Serialize};

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::fields::required;
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};
use crate::webhooks::{LastAnswer, checked_url, is_pattern, new_secret, shown, test_delivery};

#[derive(Deserialize)]
struct AddBody {
    url: Option<String>,
    events: Option<Vec<String>>,
    personal: Option<bool>,
}

/// The secret is shown here once, and never again.
#[derive(Serialize)]
struct SecretView {
    endpoint: u8,
    secret: String,
}

#[derive(Serialize)]
pub(crate) struct EndpointView {
    endpoint: u8,
    url: String,
    events: Vec<String>,
    personal: bool,
    state: &'static str,
    secrets: u8,
    last_answer: Option<AnswerView>,
}

#[derive(Serialize)]
struct AnswerView {
    at: String,
    /// Absent when no answer came.
    status: Option<u16>,
    text: String,
}

pub(crate) async fn list(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Json<Vec<EndpointView>>> {
    operator.require(Role::View)?;
    let published = app.writer.published();
    let view = |(number, endpoint)| view(&app, number, endpoint);
    Ok(Json(published.endpoints.iter().map(view).collect()))
}

pub(crate) async fn add(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let AddBody { url, events, personal } = read_json(request).await?;
    let url = checked_url(&required("url", url)?, app.webhooks.allows_this_machine());
    let url = url.map_err(|error| ApiError::field("url", error.to_string()))?.to_string();
    let mut events = required("events", events)?;
    if let Some(wrong) = events.iter().find(|event| !is_pattern(event)) {
        return Err(ApiError::field("events", format!("there is no event {wrong:?}")));
    }
    if events.is_empty() {
        return Err(ApiError::field("events", "this is empty"));
    }
    events.sort_unstable();
    events.dedup();
    let secret = new_secret().map_err(|error| ApiError::internal(&error))?;
    let text = shown(&secret);
    let request = EndpointRequest::Add { url, events, personal: personal.unwrap_or(false), secret };
    let endpoint = change(&app, operator, request).await?;
    Ok((StatusCode::CREATED, Json(SecretView { endpoint, secret: text })).into_response())
}

/// A new secret signs beside the one before, until that one is retired.
pub(crate) async fn rotate(operator: Operator, State(app): State<Arc<App>>, Path(number): Path) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let secret = new_secret().map_err(|error| ApiError::internal(&error))?;
    let text = shown(&secret);
    let endpoint = change(&app, operator, EndpointRequest::Rotate { endpoint: parsed(&number)?, secret }).await?;
    Ok(Json(SecretView { endpoint, secret: text }).into_response())
}

pub(crate) async fn retire_secret(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(number): Path,
) -> ApiResult<StatusCode> {
    step(operator, &app, &number, |endpoint| EndpointRequest::RetireSecret { endpoint }).await
}

pub(crate) async fn disable(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(number): Path,
) -> ApiResult<StatusCode> {
    step(operator, &app, &number, |endpoint| EndpointRequest::Disable { endpoint }).await
}

pub(crate) async fn enable(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(number): Path,
) -> ApiResult<StatusCode> {
    step(operator, &app, &number, |endpoint| EndpointRequest::Enable { endpoint }).await
}

pub(crate) async fn remove(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(number): Path,
) -> ApiResult<StatusCode> {
    step(operator, &app, &number, |endpoint| EndpointRequest::Remove { endpoint }).await
}

/// Sends a delivery of no event, and shows the answer.
pub(crate) async fn test(operator: Operator, State(app): State<Arc<App>>, Path(number): Path) -> ApiResult<Response> {
    operator.require(Role::Operate)?;
    let number = parsed(&number)?;
    let endpoint = app.writer.published().endpoints.get(&number).cloned();
    let endpoint = endpoint.ok_or_else(|| refused(EndpointRefused::NoSuchEndpoint))?;
    let sent = test_delivery(app.origin_no, number, app.clock.wall()).map_err(|error| ApiError::internal(&error))?;
    app.webhooks.send(number, &endpoint, sent).await;
    Ok(Json(view(&app, &number, &endpoint)).into_response())
}

async fn step(
    operator: Operator,
    app: &App,
    number: &str,
    request: impl FnOnce(u8) -> EndpointRequest,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Operate)?;
    change(app, operator, request(parsed(number)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(app: &App, operator: String, request: EndpointRequest) -> ApiResult<u8> {
    app.writer.change_endpoint(request, operator).await?.map_err(refused)
}

fn parsed(number: &str) -> ApiResult<u8> {
    number.parse().map_err(|_| refused(EndpointRefused::NoSuchEndpoint))
}

fn refused(refused: EndpointRefused) -> ApiError {
    match refused {
        EndpointRefused::NoSuchEndpoint => ApiError::new(ProblemCode::WebhookNotFound, "there is no such endpoint"),
        EndpointRefused::TooMany => ApiError::new(
            ProblemCode::TooManyWebhooks,
            format!("there are {WEBHOOK_ENDPOINTS_MAX} endpoints, and may be no more"),
        ),
        EndpointRefused::TwoSecrets => {
            ApiError::new(ProblemCode::WebhookSecrets, "two secrets sign already: retire the older one first")
        }
        EndpointRefused::OneSecret => {
            ApiError::new(ProblemCode::WebhookSecrets, "there is one secret: rotate it before the old one is retired")
        }
    }
}

fn view(app: &App, number: &u8, endpoint: &Endpoint<EndpointSecret>) -> EndpointView {
    let Endpoint { url, events, personal, state, .. } = endpoint.clone();
    let answer = |LastAnswer { at, status, text }| AnswerView { at: rfc3339::format(at), status, text };
    EndpointView {
        endpoint: *number,
        url,
        events,
        personal,
        state: match state {
            EndpointState::Enabled => "enabled",
            EndpointState::DisabledByOperator => "disabled",
            EndpointState::Gone => "gone",
        },
        secrets: 1 + u8::from(endpoint.old_secret.is_some()),
        last_answer: app.webhooks.answers().of(*number).map(answer),
    }
}
