//! What may happen next, and what the model records when it does.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::reference::{PRICE, ReferenceModel, ReferenceOutcome, ReferenceStatus, Report, Via};
use crate::{Doubt, PayoutCommit, RefundStep};

#[derive(Clone, Debug)]
pub(super) enum Act {
    Buy {
        who: u8,
        browser: u8,
        units: u32,
    },
    /// The token of the `nth` order again.
    Again {
        nth: usize,
        same: bool,
    },
    AskLink(usize),
    LinkMade(usize),
    LinkConflict(usize),
    LinkClosed {
        nth: usize,
        unknown_money: bool,
    },
    Pay(usize, Report),
    Dispute(usize, Report),
    EndHold(usize),
    Cancel {
        nth: usize,
        browser: u8,
    },
    CallOff {
        nth: usize,
        restock: bool,
    },
    Refund {
        nth: usize,
        number: usize,
        step: RefundStep,
    },
    Release {
        nth: usize,
        via: Via,
        reference: u8,
    },
    Switch(ReferenceStatus),
    Wait(i64),
    /// Everything in memory is read back from what was stored.
    Restart,
}

impl Act {
    fn order(&self) -> Option<usize> {
        match self {
            Self::Buy { .. } | Self::Switch(_) | Self::Wait(_) | Self::Restart => None,
            Self::AskLink(nth)
            | Self::LinkMade(nth)
            | Self::LinkConflict(nth)
            | Self::EndHold(nth)
            | Self::Pay(nth, _)
            | Self::Dispute(nth, _)
            | Self::Again { nth, .. }
            | Self::LinkClosed { nth, .. }
            | Self::Cancel { nth, .. }
            | Self::CallOff { nth, .. }
            | Self::Refund { nth, .. }
            | Self::Release { nth, .. } => Some(*nth),
        }
    }
}

pub(super) struct ReferenceMachine;

impl ReferenceStateMachine for ReferenceMachine {
    type State = ReferenceModel;
    type Transition = Act;

    fn init_state() -> BoxedStrategy<ReferenceModel> {
        let late = prop_oneof![Just(0), Just(600_000), Just(86_400_000)];
        let now = prop_oneof![1 => Just(-1), 4 => Just(0)];
        // Scarce as a drop is: most of what is hard happens around the last unit.
        let size = prop_oneof![2 => Just(1), 2 => Just(2), 1 => 3..5_u32];
        (size, 1..4_u32, late, now)
            .prop_map(|(size, limit, late, now)| {
                let (door, lines, said) = (ReferenceStatus::Open, vec![], ReferenceOutcome::Same);
                ReferenceModel { size, limit, late, now, door, lines, said }
            })
            .boxed()
    }

    fn transitions(model: &ReferenceModel) -> BoxedStrategy<Act> {
        let alone = prop_oneof![
            12 => (0..3_u8, 0..2_u8, 0..4_u32).prop_map(|(who, browser, units)| Act::Buy { who, browser, units }),
            6 => wait(),
            1 => Just(Act::Restart),
            2 => Just(Act::Switch(ReferenceStatus::Open)),
            1 => Just(Act::Switch(ReferenceStatus::Paused)),
            1 => (0..12_u8).prop_map(|die| Act::Switch(if die == 0 { ReferenceStatus::Shut } else { ReferenceStatus::Open })),
        ];
        if model.lines.is_empty() {
            return alone.boxed();
        }
        prop_oneof![2 => alone, 5 => about_an_order(model.lines.len())].boxed()
    }

    fn preconditions(model: &ReferenceModel, act: &Act) -> bool {
        act.order().is_none_or(|nth| nth < model.lines.len())
    }

    fn apply(mut model: ReferenceModel, act: &Act) -> ReferenceModel {
        model.said = match act {
            Act::Buy { who, browser, units } => model.buy(*who, *browser, *units),
            Act::Again { nth, same } => model.again(*nth, *same),
            Act::AskLink(nth) => model.ask_link(*nth),
            Act::LinkMade(nth) => model.link_made(*nth),
            Act::LinkConflict(nth) => model.link_conflict(*nth),
            Act::LinkClosed { nth, unknown_money } => model.link_closed(*nth, *unknown_money),
            Act::Pay(nth, report) => model.pay(*nth, *report),
            Act::Dispute(nth, report) => model.dispute(*nth, *report),
            Act::EndHold(nth) => model.end_hold(*nth),
            Act::Cancel { nth, browser } => model.cancel(*nth, *browser),
            Act::CallOff { nth, restock } => model.call_off(*nth, *restock),
            Act::Refund { nth, number, step } => model.refund(*nth, *number, step),
            Act::Release { nth, via, reference } => model.release(*nth, *via, *reference),
            Act::Switch(to) => model.switch(*to),
            Act::Wait(ms) => {
                model.now += ms;
                ReferenceOutcome::Same
            }
            Act::Restart => ReferenceOutcome::Same,
        };
        model
    }
}

/// Mostly to the edges of the rules: a deadline, its grace, the end of settling, and one step beside each.
fn wait() -> BoxedStrategy<Act> {
    let edge = prop_oneof![Just(60_000), Just(120_000), Just(180_000), Just(300_000), Just(600_000), Just(900_000)];
    prop_oneof![
        6 => (edge, -1..2_i64).prop_map(|(ms, beside)| Act::Wait(ms + beside)),
        1 => prop_oneof![Just(3_600_000), Just(86_400_000)].prop_map(Act::Wait),
        2 => (1..2_000_i64).prop_map(Act::Wait),
    ]
    .boxed()
}

fn about_an_order(orders: usize) -> BoxedStrategy<Act> {
    let nth = 0..orders;
    prop_oneof![
        2 => (nth.clone(), any::<bool>()).prop_map(|(nth, same)| Act::Again { nth, same }),
        4 => nth.clone().prop_map(Act::AskLink),
        4 => nth.clone().prop_map(Act::LinkMade),
        1 => nth.clone().prop_map(Act::LinkConflict),
        3 => (nth.clone(), prop::bool::weighted(0.2))
            .prop_map(|(nth, unknown_money)| Act::LinkClosed { nth, unknown_money }),
        14 => (nth.clone(), report()).prop_map(|(nth, report)| Act::Pay(nth, report)),
        1 => (nth.clone(), report()).prop_map(|(nth, report)| Act::Dispute(nth, report)),
        8 => nth.clone().prop_map(Act::EndHold),
        2 => (nth.clone(), 0..2_u8).prop_map(|(nth, browser)| Act::Cancel { nth, browser }),
        2 => (nth.clone(), any::<bool>()).prop_map(|(nth, restock)| Act::CallOff { nth, restock }),
        6 => (nth.clone(), 1..4_usize, step()).prop_map(|(nth, number, step)| Act::Refund { nth, number, step }),
        2 => (nth, via(), 0..6_u8).prop_map(|(nth, via, reference)| Act::Release { nth, via, reference }),
    ]
    .boxed()
}

fn via() -> BoxedStrategy<Via> {
    prop_oneof![6 => Just(Via::OurLink), 1 => Just(Via::OtherLink), 1 => Just(Via::Statement)].boxed()
}

fn report() -> BoxedStrategy<Report> {
    let amount = prop_oneof![4 => Just(PRICE), 2 => Just(2 * PRICE), 2 => Just(PRICE / 2), 1 => 1..4 * PRICE];
    (via(), 0..6_u8, amount, any::<bool>())
        .prop_map(|(via, reference, amount, shown)| {
            let shown = shown || via == Via::Statement;
            Report { via, reference, amount, shown }
        })
        .boxed()
}

fn step() -> BoxedStrategy<RefundStep> {
    prop_oneof![
        3 => (1..9_u64).prop_map(|batch| RefundStep::Batch { batch }),
        3 => (1..9_u32).prop_map(|attempt| RefundStep::Pay { attempt, payout: PayoutCommit([0; 32]) }),
        1 => prop_oneof![Just(Doubt::NoAnswer), Just(Doubt::Reversed)].prop_map(RefundStep::Doubt),
        2 => Just(RefundStep::Sent { bank_reference: "FT".into() }),
        1 => Just(RefundStep::Confirm),
        2 => Just(RefundStep::Fail { reason: "closed".into() }),
    ]
    .boxed()
}
