mod hold;
mod link;
mod payment;
mod purchase;
mod refund;

pub use link::LINK_WINDOW_MS;
pub use payment::PAYMENTS_PER_ORDER_MAX;
pub use purchase::refused_without_stock;

use crate::command::Command;
use crate::drop_state::{DropState, DropStatus};
use crate::event::Event;
use crate::order::OrderRecord;
use crate::outcome::{Decision, Outcome, Refusal};
use crate::timestamp::Timestamp;

/// Answers a command from one drop and the order it names, if it names one.
///
/// For a purchase `order` is the order its token already made. `now` is the writer's clock: it never runs backwards,
/// and it alone decides what is open, late or over.
pub fn decide(state: &DropState, order: Option<&OrderRecord>, now: Timestamp, command: &Command) -> Decision {
    match command {
        Command::Purchase(purchase) => purchase::decide(state, order, now, purchase),
        Command::Pause => switch(state, DropStatus::Paused, Event::DropPaused),
        Command::Resume => switch(state, DropStatus::Live, Event::DropResumed),
        Command::Kill if state.status().is_killed() => Decision::nothing(Outcome::Unchanged),
        Command::Kill => Decision::done(vec![Event::DropKilled]),
        Command::Cancel { .. }
        | Command::AskLink
        | Command::LinkMade(_)
        | Command::LinkConflict
        | Command::LinkClosed { .. }
        | Command::Payment(_)
        | Command::Dispute(_)
        | Command::CancelByOperator { .. }
        | Command::Refund { .. }
        | Command::ReleasePayment { .. }
        | Command::EndHold => match order {
            Some(order) => decide_order(state, order, now, command),
            None => Decision::refused(Refusal::OrderNotFound),
        },
    }
}

fn decide_order(state: &DropState, order: &OrderRecord, now: Timestamp, command: &Command) -> Decision {
    match command {
        Command::Cancel { sid } => hold::cancel(order, *sid),
        Command::AskLink => link::ask(state, order, now),
        Command::LinkMade(facts) => link::made(order, facts),
        Command::LinkConflict => link::conflict(order),
        Command::LinkClosed { payments } => link::closed(order, payments),
        Command::Payment(payment) => payment::decide(state, order, now, payment),
        Command::Dispute(payment) => payment::dispute(order, payment),
        Command::EndHold => hold::end(order, now),
        Command::CancelByOperator { restock } => hold::cancel_by_operator(order, *restock),
        Command::Refund { number, step } => refund::step(order, *number, step),
        Command::ReleasePayment { identity } => refund::release(order, identity),
        Command::Purchase(_) | Command::Pause | Command::Resume | Command::Kill => {
            unreachable!("decided without an order")
        }
    }
}

fn switch(state: &DropState, to: DropStatus, event: Event) -> Decision {
    match state.status() {
        // A killed drop stays killed.
        DropStatus::Killed { .. } => Decision::refused(Refusal::Closed),
        status if status == to => Decision::nothing(Outcome::Unchanged),
        DropStatus::Live | DropStatus::Paused => Decision::done(vec![event]),
    }
}
