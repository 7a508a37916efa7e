//! Random histories: after every step units and money add up, whatever came before. The rig checks it.

use proptest::prelude::*;

use super::rig::Sale;
use crate::*;

#[derive(Clone, Debug)]
enum Step {
    Buy {
        who: u8,
        quantity: u32,
    },
    /// Of the `nth` order, modulo how many there are.
    Pay {
        nth: usize,
        amount: i64,
    },
    Repeat {
        nth: usize,
        reference: u8,
        amount: i64,
    },
    Cancel {
        nth: usize,
    },
    AskLink {
        nth: usize,
    },
    LinkMade {
        nth: usize,
    },
    LinkConflict {
        nth: usize,
    },
    LinkClosed {
        nth: usize,
    },
    EndHold {
        nth: usize,
    },
    CancelByOperator {
        nth: usize,
        restock: bool,
    },
    Refund {
        nth: usize,
        number: u32,
        step: RefundStep,
    },
    Move {
        nth: usize,
        payment: usize,
        to: usize,
    },
    /// Of the `nth` payment that no order took.
    Assign {
        nth: usize,
        to: usize,
    },
    Unmatched {
        nth: usize,
        step: UnmatchedStep,
    },
    Statement {
        nth: usize,
        reference: u8,
        amount: i64,
    },
    Pause,
    Resume,
    Kill,
    Wait {
        ms: i64,
    },
}

fn refund_step() -> impl Strategy<Value = RefundStep> {
    prop_oneof![
        3 => (1..9_u64).prop_map(|batch| RefundStep::Batch { batch }),
        2 => Just(RefundStep::Sent { bank_reference: "FT".into() }),
        1 => Just(RefundStep::Confirm),
        1 => Just(RefundStep::Fail { reason: "closed".into() }),
    ]
}

fn unmatched_step() -> impl Strategy<Value = UnmatchedStep> {
    prop_oneof![
        2 => Just(UnmatchedStep::OweBack),
        1 => Just(UnmatchedStep::Dismiss { reason: "a test".into() }),
        3 => refund_step().prop_map(UnmatchedStep::Refund),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let nth = 0..40_usize;
    let amount = prop_oneof![Just(40), Just(60), Just(100), Just(200), 1..350_i64];
    prop_oneof![
        6 => (0..6_u8, 1..4_u32).prop_map(|(who, quantity)| Step::Buy { who, quantity }),
        6 => (nth.clone(), amount.clone()).prop_map(|(nth, amount)| Step::Pay { nth, amount }),
        2 => (nth.clone(), 0..4_u8, amount.clone())
            .prop_map(|(nth, reference, amount)| Step::Repeat { nth, reference, amount }),
        1 => nth.clone().prop_map(|nth| Step::Cancel { nth }),
        3 => nth.clone().prop_map(|nth| Step::AskLink { nth }),
        3 => nth.clone().prop_map(|nth| Step::LinkMade { nth }),
        1 => nth.clone().prop_map(|nth| Step::LinkConflict { nth }),
        2 => nth.clone().prop_map(|nth| Step::LinkClosed { nth }),
        6 => nth.clone().prop_map(|nth| Step::EndHold { nth }),
        1 => (nth.clone(), any::<bool>()).prop_map(|(nth, restock)| Step::CancelByOperator { nth, restock }),
        4 => (nth.clone(), 1..4_u32, refund_step()).prop_map(|(nth, number, step)| Step::Refund { nth, number, step }),
        2 => (nth.clone(), 0..4_usize, nth.clone()).prop_map(|(nth, payment, to)| Step::Move { nth, payment, to }),
        2 => (nth.clone(), nth.clone()).prop_map(|(nth, to)| Step::Assign { nth, to }),
        4 => (nth.clone(), unmatched_step()).prop_map(|(nth, step)| Step::Unmatched { nth, step }),
        2 => (nth, 0..4_u8, amount)
            .prop_map(|(nth, reference, amount)| Step::Statement { nth, reference, amount }),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => (0..20_u8).prop_map(|die| if die == 0 { Step::Kill } else { Step::Resume }),
        4 => prop_oneof![Just(60_000), Just(300_000), Just(960_000), 0..90_000_000_i64]
            .prop_map(|ms| Step::Wait { ms }),
    ]
}

fn take(sale: &mut Sale, step: &Step) {
    let nth = |sale: &Sale, nth: usize| sale.orders.keys().nth(nth % sale.orders.len().max(1)).copied();
    let (order, command) = match step {
        Step::Buy { who, quantity } => {
            sale.buy(*who, *quantity);
            return;
        }
        Step::Wait { ms } => return sale.wait(*ms),
        Step::Pause => (None, Command::Pause),
        Step::Resume => (None, Command::Resume),
        Step::Kill => (None, Command::Kill),
        Step::CancelByOperator { nth: order, restock } => {
            (nth(sale, *order), Command::CancelByOperator { restock: *restock })
        }
        Step::Refund { nth: order, number, step } => {
            (nth(sale, *order), Command::Refund { number: *number, step: step.clone() })
        }
        Step::Move { nth: order, payment, to } => {
            if let (Some(order), Some(to)) = (nth(sale, *order), nth(sale, *to)) {
                move_payment(sale, order, *payment, to);
            }
            return;
        }
        Step::Assign { nth: payment, to } => {
            if let Some(to) = nth(sale, *to) {
                assign(sale, *payment, to);
            }
            return;
        }
        Step::Unmatched { nth, step } => {
            let count = sale.unmatched.len().max(1);
            if let Some((_, _, state)) = sale.unmatched.get_mut(nth % count)
                && let Ok(Some(after)) = state.after(step)
            {
                *state = after;
            }
            return;
        }
        Step::Statement { nth: order, reference, amount } => {
            let reference = format!("again-{reference}");
            let payment = Payment {
                identity: PaymentIdentity::on_statement(&reference),
                proof: Proof::Operator,
                ..sale.payment(&reference, *amount)
            };
            (nth(sale, *order), Command::Payment(payment))
        }
        Step::Pay { nth: order, amount } => {
            if let Some(order) = nth(sale, *order) {
                sale.pay(order, *amount);
            }
            return;
        }
        Step::Repeat { nth: order, reference, amount } => {
            (nth(sale, *order), Command::Payment(sale.payment(&format!("again-{reference}"), *amount)))
        }
        Step::Cancel { nth: order } => {
            let order = nth(sale, *order);
            let sid = order.map_or(Sid([0; 16]), |order| sale.orders[&order].sid);
            (order, Command::Cancel { sid })
        }
        Step::AskLink { nth: order } => (nth(sale, *order), Command::AskLink),
        Step::LinkMade { nth: order } => {
            let facts = LinkFacts { id: "link".into(), checkout_url: String::new(), transfer: None };
            (nth(sale, *order), Command::LinkMade(facts))
        }
        Step::LinkConflict { nth: order } => (nth(sale, *order), Command::LinkConflict),
        Step::LinkClosed { nth: order } => (nth(sale, *order), Command::LinkClosed { payments: vec![] }),
        Step::EndHold { nth: order } => (nth(sale, *order), Command::EndHold),
    };
    sale.submit(order, &command);
}

/// Money an operator gives an order must arrive there: a report that would be disputed is none.
fn arrives(sale: &Sale, order: OrderCode, arrive: &Command) -> bool {
    let decision = decide(&sale.state, sale.orders.get(&order), sale.now, arrive);
    matches!(decision.events.first(), Some(Event::PaymentReceived { .. }))
}

fn move_payment(sale: &mut Sale, from: OrderCode, payment: usize, to: OrderCode) {
    let counted = |payment: &&PaymentRecord| payment.state == PaymentState::Counted;
    let Some(payment) = sale.orders[&from].payments.iter().filter(counted).nth(payment).cloned() else {
        return;
    };
    let release = Command::ReleasePayment { identity: payment.identity.clone() };
    let PaymentRecord { identity, amount, paid_at, .. } = payment;
    let arrive = Command::Payment(Payment { identity, amount, paid_at, proof: Proof::Operator });
    if from != to && arrives(sale, to, &arrive) && sale.ask(from, release) == Outcome::Done {
        sale.ask(to, arrive);
    }
}

fn assign(sale: &mut Sale, nth: usize, to: OrderCode) {
    let nth = nth % sale.unmatched.len().max(1);
    let Some((_, payment, state)) = sale.unmatched.get(nth).cloned() else {
        return;
    };
    let arrive = Command::Payment(Payment { proof: Proof::Operator, ..payment });
    if let Ok(Some(after)) = state.after(&UnmatchedStep::Assign { order: to })
        && arrives(sale, to, &arrive)
    {
        sale.unmatched[nth].2 = after;
        sale.ask(to, arrive);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn units_and_money_add_up_after_every_step(steps in prop::collection::vec(step(), 1..80)) {
        let mut sale = Sale::open(8, 3);
        for step in &steps {
            let before = (sale.money_everywhere(), sale.orders.len());
            take(&mut sale, step);
            let after = sale.money_everywhere();
            match step {
                // A transfer of its own is new money, whatever it finds.
                Step::Pay { amount, .. } if before.1 > 0 => prop_assert_eq!(after, before.0 + amount),
                // A report of a transfer that may be known brings its money once, or nothing.
                Step::Repeat { amount, .. } | Step::Statement { amount, .. } => {
                    prop_assert!(after == before.0 || after == before.0 + amount)
                }
                _ => prop_assert_eq!(after, before.0),
            }
        }
        let received: i64 = sale.orders.values().map(|order| order.received().get()).sum();
        let unmatched: i64 = sale
            .unmatched
            .iter()
            .filter(|(_, _, state)| *state != UnmatchedState::Assigned)
            .map(|(_, payment, _)| payment.amount.get())
            .sum();
        prop_assert_eq!(received + unmatched, sale.money_everywhere());
    }
}
