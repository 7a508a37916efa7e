//! The problem a caller gets when a request fails; no other file chooses a status. The codes and their statuses are the
//! edge protocol's, because the edge passes them on. The cause of a failure goes to the log and never to the caller.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use edge_protocol::{PROBLEM_CONTENT_TYPE, Problem, ProblemCode, rfc3339};
use engine::PurchaseRefused;
use tracing::error;

use crate::reader::ReadError;
use crate::writer::SubmitError;

/// Seconds after which a caller may try again when the origin was busy.
const RETRY_AFTER_SECONDS: &str = "1";

/// The origin counts by the hour; limits for seconds are the edge's.
const NEXT_HOUR_SECONDS: &str = "3600";

#[derive(Debug)]
pub(crate) struct ApiError(Box<Problem>);

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }

    pub(crate) fn field(field: &str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Problem::new(ProblemCode::InvalidField, detail).at(field)))
    }

    pub(crate) fn at(self, field: &str) -> Self {
        Self(Box::new(self.0.at(field)))
    }

    pub(crate) fn code(&self) -> ProblemCode {
        self.0.code
    }

    #[cfg(test)]
    pub(crate) fn problem(&self) -> &Problem {
        &self.0
    }

    /// Refused before anything was done for the caller.
    pub(crate) fn busy() -> Self {
        Self::new(ProblemCode::Busy, "the server is busy; nothing was done, try again")
    }

    /// A failure of the origin: the log gets the cause, the caller a code.
    pub(crate) fn internal(cause: &anyhow::Error) -> Self {
        error!(error = format!("{cause:#}"), "a request failed");
        Self::new(ProblemCode::Internal, "the server failed; check whether the change was made before you repeat it")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_CONTENT_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            // Else axum adds the methods that a route has, and tells routes apart to callers without a token.
            headers.insert(header::ALLOW, HeaderValue::from_static(""));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(NEXT_HOUR_SECONDS));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Busy => Self::busy(),
            SubmitError::Stopping => {
                Self::new(ProblemCode::Busy, "the server is restarting; nothing was done, try again")
            }
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Busy => Self::new(ProblemCode::Busy, "the server is busy; try again"),
            ReadError::Failed(cause) => Self::internal(&cause),
        }
    }
}

impl From<PurchaseRefused> for ApiError {
    fn from(refused: PurchaseRefused) -> Self {
        match refused {
            PurchaseRefused::ByTheRules(refusal) => refusal.into(),
            PurchaseRefused::NoSuchDrop => Self::new(ProblemCode::DropNotFound, "there is no such drop"),
            PurchaseRefused::ClockBehind { until } => Self::new(
                ProblemCode::ClockBehind,
                format!("the server's clock was set back; nothing is sold until {}", rfc3339::format(until)),
            ),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        use ProblemCode as Code;
        let (code, detail) = match refusal {
            Refusal::TokenReused => (Code::TokenReused, "this token already made another purchase"),
            Refusal::OrderPending => {
                (Code::OrderPending, "you hold an order of another quantity; pay or cancel it first")
            }
            Refusal::InvalidQuantity => (Code::InvalidQuantity, "the quantity is zero or above the limit"),
            Refusal::Paused => (Code::Paused, "sales are paused"),
            Refusal::NotOpenYet => (Code::NotOpenYet, "the drop has not opened yet"),
            Refusal::Closed => (Code::Closed, "the drop is closed"),
            Refusal::LimitReached => (Code::LimitReached, "this customer holds or bought as many as the limit allows"),
            Refusal::SoldOut => (Code::SoldOut, "every unit is sold"),
            Refusal::HeldOut => (Code::HeldOut, "every unit is held by an unpaid order; some may return"),
            Refusal::InsufficientStock => (Code::InsufficientStock, "fewer units are left than asked for"),
            Refusal::OrderNotFound => (Code::OrderNotFound, "there is no such order"),
            Refusal::NotYourOrder => (Code::NotYourOrder, "only the browser that bought can cancel the order"),
            Refusal::OrderNotPending => (Code::OrderNotPending, "the order is not pending any more"),
            Refusal::OrderEnded => (Code::OrderEnded, "the order expired or was cancelled by its shopper"),
            Refusal::NothingOwed => (Code::DestinationNotOwed, "nothing is owed back on this order"),
            Refusal::PayoutUnderWay => {
                (Code::PayoutUnderWay, "PayOS is paying this refund out; what becomes of it is not known yet")
            }
            Refusal::RefundNotThere => (Code::RefundNotThere, "the refund does not exist or is not at this step"),
            Refusal::NotReleasable => {
                (Code::NotReleasable, "only money whose refund is due, and of this payment alone, can be given away")
            }
            Refusal::LinkNotOwed
            | Refusal::PaymentsMissing
            | Refusal::HoldRunning
            | Refusal::ForeignLink
            | Refusal::TooManyPayments => {
                return Self::internal(&anyhow::anyhow!("{refusal:?} reached a caller"));
            }
        };
        Self::new(code, detail)
    }
}
