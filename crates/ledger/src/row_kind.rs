macro_rules! row_kinds {
    ($($variant:ident $text:literal)*) => {
        /// What a row records, as its `kind` column names it. Released names never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RowKind {
            $($variant,)*
        }

        impl RowKind {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// `None` for a kind that a newer release wrote.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

row_kinds! {
    ProductCreated            "product_created"
    DropCreated               "drop_created"
    DropPaused                "drop_paused"
    DropResumed               "drop_resumed"
    DropKilled                "drop_killed"
    OrderPlaced               "order_placed"
    LinkAsked                 "link_asked"
    LinkMade                  "link_made"
    LinkConflict              "link_conflict"
    LinkClosed                "link_closed"
    PaymentReceived           "payment_received"
    PaymentSettled            "payment_settled"
    PaymentDisputed           "payment_disputed"
    PaymentReleased           "payment_released"
    PaymentUnmatched          "payment_unmatched"
    OrderPaid                 "order_paid"
    HoldSettling              "hold_settling"
    OrderExpired              "order_expired"
    OrderCancelled            "order_cancelled"
    RefundDue                 "refund_due"
    RefundVoided              "refund_voided"
    RefundBatched             "refund_batched"
    RefundApproved            "refund_approved"
    RefundPaying              "refund_paying"
    RefundDoubted             "refund_doubted"
    RefundSent                "refund_sent"
    RefundConfirmed           "refund_confirmed"
    RefundFailed              "refund_failed"
    RefundDestinationGiven    "refund_destination_given"
    UnmatchedAssigned         "unmatched_assigned"
    UnmatchedDismissed        "unmatched_dismissed"
    UnmatchedRefundDue        "unmatched_refund_due"
    UnmatchedRefundBatched    "unmatched_refund_batched"
    UnmatchedRefundApproved   "unmatched_refund_approved"
    UnmatchedRefundPaying     "unmatched_refund_paying"
    UnmatchedRefundDoubted    "unmatched_refund_doubted"
    UnmatchedRefundSent       "unmatched_refund_sent"
    UnmatchedRefundConfirmed  "unmatched_refund_confirmed"
    UnmatchedRefundFailed     "unmatched_refund_failed"
    UnmatchedDestinationGiven "unmatched_destination_given"
    AnotherTransfer           "another_transfer"
    WebhookUnreadable         "webhook_unreadable"
    PayoutsPaused             "payouts_paused"
    PayoutsResumed            "payouts_resumed"
    TokenRevoked              "token_revoked"
    ClockAccepted             "clock_accepted"
    OrderLinkAsked            "order_link_asked"
    MailStopped               "mail_stopped"
    MailAllowed               "mail_allowed"
    EndpointAdded             "endpoint_added"
    EndpointSecretRotated     "endpoint_secret_rotated"
    EndpointSecretRetired     "endpoint_secret_retired"
    EndpointDisabled          "endpoint_disabled"
    EndpointEnabled           "endpoint_enabled"
    EndpointRemoved           "endpoint_removed"
    DeliveryRetried           "delivery_retried"
}

impl std::fmt::Display for RowKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_its_name_and_no_other_name_is_a_kind() {
        for kind in RowKind::ALL {
            assert_eq!(RowKind::parse(kind.as_str()), Some(*kind));
        }
        for text in ["", "Order_Placed", "order_placed ", "order_placde"] {
            assert_eq!(RowKind::parse(text), None, "{text}");
        }
    }
}
