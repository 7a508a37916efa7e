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
    Release {
        nth: usize,
        payment: usize,
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
        2 => (nth.clone(), 0..4_usize).prop_map(|(nth, payment)| Step::Release { nth, payment }),
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
        Step::Release { nth: order, payment } => {
            let order = nth(sale, *order);
            let payments = order.map_or(&[][..], |order| &sale.orders[&order].payments);
            let Some(payment) = payments.get(*payment) else {
                return;
            };
            (order, Command::ReleasePayment { identity: payment.identity.clone() })
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn units_and_money_add_up_after_every_step(steps in prop::collection::vec(step(), 1..80)) {
        let mut sale = Sale::open(8, 3);
        for step in &steps {
            take(&mut sale, step);
        }
        let received: i64 = sale.orders.values().map(|order| order.received().get()).sum();
        let outcomes: i64 = sale
            .orders
            .values()
            .map(|order| {
                let live = order.refunds.iter().filter(|refund| refund.state != RefundState::Void);
                order.applied.get() + live.map(|refund| refund.amount.get()).sum::<i64>()
            })
            .sum();
        prop_assert_eq!(received, outcomes);
    }
}
