//! The time of the sale, and accepting a wall clock that was set.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use edge_protocol::{ProblemCode, Role, rfc3339};
use engine::ClockRefused;
use serde::{Deserialize, Serialize};

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::fields::required;
use crate::http::problem::{ApiError, ApiResult};

#[derive(Serialize)]
struct ClockView {
    /// The time of the sale.
    time: String,
    wall: String,
    /// How far the wall clock is ahead, when the sale does not follow it.
    step_ms: Option<i64>,
    /// The kernel's word; absent where it does not say.
    synchronised: Option<bool>,
}

#[derive(Deserialize)]
struct AcceptBody {
    step_ms: Option<i64>,
}

pub(crate) async fn show(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::View)?;
    Ok(Json(view(&app)).into_response())
}

/// Lets the sale go on by the wall clock. The operator names the step, so that no other one is accepted in its place.
pub(crate) async fn accept(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let body: AcceptBody = read_json(request).await?;
    let detail = match app.writer.accept_clock(required("step_ms", body.step_ms)?, operator).await? {
        Ok(_) => return Ok(Json(view(&app)).into_response()),
        Err(ClockRefused::NoStep) => "the sale goes by the wall clock: there is no step to accept".to_owned(),
        Err(ClockRefused::AnotherStep { step_ms }) => format!("the wall clock is {step_ms} ms ahead of the sale"),
    };
    Err(ApiError::new(ProblemCode::ClockStepNotThere, detail))
}

fn view(app: &App) -> ClockView {
    let clock = &app.clock;
    ClockView {
        time: rfc3339::format(clock.now()),
        wall: rfc3339::format(clock.wall()),
        step_ms: clock.step_ms(),
        synchronised: clock.is_synchronised(),
    }
}
