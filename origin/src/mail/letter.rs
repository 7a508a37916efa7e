//! What a letter tells, before it has words.

use domain::{OrderCode, Timestamp, Vnd};
use edge_protocol::{vietnam_money, vietnam_time};
use engine::Language;
use serde::Serialize;

/// Why a buyer is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Paid,
    /// Paid after the hold had ended, by the late rule.
    PaidLate,
    /// Money came for an order that has ended without a sale.
    Expired,
    RefundDue,
    RefundSent,
    /// The shopper asked for the order's address.
    OrderLink,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Paid, Self::PaidLate, Self::Expired, Self::RefundDue, Self::RefundSent, Self::OrderLink];

    /// Part of template names, message ids and the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::PaidLate => "paid-late",
            Self::Expired => "expired",
            Self::RefundDue => "refund-due",
            Self::RefundSent => "refund-sent",
            Self::OrderLink => "order-link",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One mail to one buyer. Personal data.
pub(crate) struct Letter {
    pub kind: Kind,
    pub language: Language,
    pub to: String,
    pub order: OrderCode,
    /// Tells apart the letters of one kind about one order. It does not change between tries.
    pub occasion: i64,
    pub facts: Facts,
}

/// What templates may use.
#[derive(Clone, Serialize)]
pub(crate) struct Facts {
    /// The sender's name.
    pub shop: String,
    pub name: String,
    pub product: String,
    pub quantity: u32,
    pub amount: String,
    /// The short code: also the memo of the transfer.
    pub memo: String,
    pub ordered_at: String,
    /// Of the order's page, with its key in the fragment.
    pub url: String,
    /// Whether a signed read has shown the money.
    pub settled: bool,
    pub refund: Option<RefundFacts>,
}

#[derive(Clone, Serialize)]
pub(crate) struct RefundFacts {
    pub amount: String,
    /// `overpaid`, `already_paid`, `hold_ended`, `cancelled` or `too_late`.
    pub reason: &'static str,
    /// Of the transfer back.
    pub memo: String,
    /// Whether the shop knows the account with its name.
    pub account_known: bool,
    /// The bank sent an earlier transfer back.
    pub returned: bool,
    pub bank_reference: String,
}

/// As Vietnamese shops write it: `1.250.000 ₫`, on one line.
pub(crate) fn amount(amount: Vnd) -> String {
    vietnam_money::grouped(amount) + "\u{a0}₫"
}

/// A letter with invented facts, to look at.
pub(crate) fn sample(kind: Kind, language: Language) -> Letter {
    let order = OrderCode(157_600_000_000_001);
    let money = |vnd| amount(Vnd::new(vnd).unwrap_or(Vnd::ZERO));
    let refund = |amount, reason| RefundFacts {
        amount: money(amount),
        reason,
        memo: format!("RF{}1", order.short_code()),
        account_known: false,
        returned: false,
        bank_reference: "FT26335000000001".to_owned(),
    };
    let facts = Facts {
        shop: "Dropgate".to_owned(),
        name: "Nguyễn Thị Ánh".to_owned(),
        product: "Đèn lồng Hội An".to_owned(),
        quantity: 1,
        amount: money(450_000),
        memo: order.short_code(),
        ordered_at: vietnam_time::format(Timestamp(1_796_130_000_000)),
        url: format!("https://drops.example/orders/{order}#key=1AAAAAAAAAAAAAAAAAAAAAA"),
        settled: true,
        refund: match kind {
            Kind::Expired => Some(refund(450_000, "too_late")),
            Kind::RefundDue => Some(refund(50_000, "overpaid")),
            Kind::RefundSent => Some(refund(450_000, "cancelled")),
            Kind::Paid | Kind::PaidLate | Kind::OrderLink => None,
        },
    };
    Letter { kind, language, to: "anh@example.com".to_owned(), order, occasion: 0, facts }
}
