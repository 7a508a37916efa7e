//! Golden rows: what version 1 looks like on disk. A row here never changes; a new shape gets a new version.

mod endpoints;

use domain::*;

use super::*;

fn golden(kind: &str, payload: &str, fact: Fact) {
    let entry = Entry { drop: Some(DropId(7)), operator: "an".into(), fact };
    let columns = entry.columns().unwrap();
    assert_eq!(std::str::from_utf8(&columns.payload).unwrap(), payload);
    assert_eq!((columns.kind.as_str(), columns.version, columns.drop_id), (kind, 1, 7));
    assert_eq!(Entry::read(7, columns.kind, 1, "an".into(), payload.as_bytes()).unwrap(), entry);
}

fn sale(kind: &str, payload: &str, event: Event) {
    golden(kind, &format!("{{\"sale\":{payload}}}"), Fact::Sale(event));
}

fn vnd(amount: i64) -> Vnd {
    Vnd::new(amount).unwrap()
}

const ORDER: OrderCode = OrderCode(157_600_000_000_001);
const SUB: Sub = Sub([1; 16]);

fn payment(proof: Proof) -> Payment {
    Payment {
        identity: PaymentIdentity::new("l1", "FT1"),
        amount: vnd(60),
        paid_at: Timestamp(5),
        proof,
        account: None,
    }
}

#[test]
fn rows_of_drops_and_products() {
    let product = Product { id: 3, name: "Áo".into(), description: String::new(), image_url: "/a.jpg".into() };
    let stored = r#"{"id":3,"name":"Áo","description":"","image_url":"/a.jpg"}"#;
    golden("product_created", &format!("{{\"product_created\":{stored}}}"), Fact::ProductCreated(product.clone()));
    let terms = Terms {
        drop: DropId(7),
        format: Format::FirstCome,
        size: 5,
        price: vnd(100),
        opens_at: Timestamp(1),
        closes_at: Some(Timestamp(2)),
        limit_per_customer: 2,
        hold_seconds: 300,
        late_payment_seconds: 86_400,
    };
    let listing = Listing { terms, slug: "ao".into(), product, first_order_code: ORDER };
    golden(
        "drop_created",
        &format!(
            r#"{{"drop_created":{{"terms":{{"drop":7,"format":"first_come","size":5,"price":100,"opens_at":1,"closes_at":2,"limit_per_customer":2,"hold_seconds":300,"late_payment_seconds":86400}},"slug":"ao","product":{stored},"first_order_code":157600000000001}}}}"#
        ),
        Fact::DropCreated(listing),
    );
    sale("drop_paused", r#""drop_paused""#, Event::DropPaused);
    sale("drop_resumed", r#""drop_resumed""#, Event::DropResumed);
    sale("drop_killed", r#""drop_killed""#, Event::DropKilled);
}

fn placed() -> Event {
    Event::OrderPlaced {
        order: ORDER,
        sub: SUB,
        sid: Sid([2; 16]),
        jti: Jti([3; 16]),
        quantity: 2,
        amount: vnd(200),
        region: Region::N01,
        buyer_commit: BuyerCommit([4; 32]),
        pay_by: Timestamp(9),
    }
}

#[test]
fn rows_of_a_placed_order() {
    let entry = Entry { drop: Some(DropId(7)), operator: String::new(), fact: Fact::Sale(placed()) };
    let golden = [
        &[0x00, 0x00, 0x8f, 0x56, 0x1c, 0x04, 0x40, 0x01][..],
        &[1; 16],
        &[2; 16],
        &[3; 16],
        &[0, 0, 0, 2],
        &[0, 0, 0, 0, 0, 0, 0, 200],
        b"N01\0",
        &[4; 32],
        &[0, 0, 0, 0, 0, 0, 0, 9],
    ]
    .concat();
    let columns = entry.columns().unwrap();
    assert_eq!(columns.payload, golden);
    assert_eq!((columns.kind.as_str(), columns.version, columns.drop_id), ("order_placed", 2, 7));
    assert_eq!(Entry::read(7, RowKind::OrderPlaced, 2, String::new(), &golden).unwrap(), entry);
    for wrong in [&golden[..111], &[&golden[..], &[0]].concat()] {
        Entry::read(7, RowKind::OrderPlaced, 2, String::new(), wrong).unwrap_err();
    }
    // Version 1, which the first release wrote.
    let json = br#"{"sale":{"order_placed":{"order":157600000000001,"sub":"AQEBAQEBAQEBAQEBAQEBAQ","sid":"AgICAgICAgICAgICAgICAg","jti":"AwMDAwMDAwMDAwMDAwMDAw","quantity":2,"amount":200,"region":"N01","buyer_commit":"BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ","pay_by":9}}}"#;
    assert_eq!(Entry::read(7, RowKind::OrderPlaced, 1, String::new(), json).unwrap(), entry);
}

#[test]
fn rows_of_an_orders_link() {
    sale(
        "link_asked",
        r#"{"link_asked":{"order":157600000000001,"pay_by":9}}"#,
        Event::LinkAsked { order: ORDER, pay_by: Timestamp(9) },
    );
    let details = BankTransferDetails {
        qr_code: "00".into(),
        bank_bin: "970422".into(),
        account_number: "1".into(),
        account_name: "SHOP".into(),
        memo: "CS".into(),
    };
    let link = |bank_transfer| LinkFacts { id: "l1".into(), checkout_url: "https://p/l1".into(), bank_transfer };
    sale(
        "link_made",
        r#"{"link_made":{"order":157600000000001,"link":{"id":"l1","checkout_url":"https://p/l1","transfer":{"qr_code":"00","bank_bin":"970422","account_number":"1","account_name":"SHOP","memo":"CS"}}}}"#,
        Event::LinkMade { order: ORDER, link: link(Some(details)) },
    );
    sale(
        "link_made",
        r#"{"link_made":{"order":157600000000001,"link":{"id":"l1","checkout_url":"https://p/l1","transfer":null}}}"#,
        Event::LinkMade { order: ORDER, link: link(None) },
    );
    sale("link_conflict", r#"{"link_conflict":{"order":157600000000001}}"#, Event::LinkConflict { order: ORDER });
    sale("link_closed", r#"{"link_closed":{"order":157600000000001}}"#, Event::LinkClosed { order: ORDER });
}

#[test]
fn rows_of_money() {
    let webhook = r#"{"identity":{"link":"l1","reference":"FT1"},"amount":60,"paid_at":5,"proof":"webhook"}"#;
    sale(
        "payment_received",
        &format!(r#"{{"payment_received":{{"order":157600000000001,"payment":{webhook},"applied":50}}}}"#),
        Event::PaymentReceived { order: ORDER, payment: payment(Proof::Webhook), applied: vnd(50) },
    );
    sale(
        "payment_disputed",
        &format!(
            r#"{{"payment_disputed":{{"order":157600000000001,"payment":{}}}}}"#,
            webhook.replace("webhook", "signed_read")
        ),
        Event::PaymentDisputed { order: ORDER, payment: payment(Proof::SignedRead) },
    );
    sale(
        "payment_settled",
        r#"{"payment_settled":{"order":157600000000001,"identity":{"link":"l1","reference":"FT1"}}}"#,
        Event::PaymentSettled { order: ORDER, identity: PaymentIdentity::new("l1", "FT1") },
    );
    golden(
        "payment_unmatched",
        &format!(r#"{{"payment_unmatched":{{"order":157600000000001,"payment":{webhook}}}}}"#),
        Fact::PaymentUnmatched { order: ORDER, payment: payment(Proof::Webhook) },
    );
    golden(
        "unmatched_assigned",
        r#"{"unmatched_assigned":{"payment":42,"order":157600000000001}}"#,
        Fact::Unmatched { payment: 42, step: UnmatchedStep::Assign { order: ORDER } },
    );
    golden(
        "unmatched_dismissed",
        r#"{"unmatched_dismissed":{"payment":42,"reason":"a test"}}"#,
        Fact::Unmatched { payment: 42, step: UnmatchedStep::Dismiss { reason: "a test".into() } },
    );
    golden(
        "refund_destination_given",
        r#"{"refund_destination_given":{"order":157600000000001}}"#,
        Fact::RefundDestinationGiven { order: ORDER, account: None },
    );
    for (reason, text) in [
        (RefundReason::Overpaid, "overpaid"),
        (RefundReason::AlreadyPaid, "already_paid"),
        (RefundReason::HoldEnded, "hold_ended"),
        (RefundReason::Cancelled, "cancelled"),
        (RefundReason::TooLate, "too_late"),
    ] {
        sale(
            "refund_due",
            &format!(r#"{{"refund_due":{{"order":157600000000001,"number":1,"amount":10,"reason":"{text}"}}}}"#),
            Event::RefundDue { order: ORDER, number: 1, amount: vnd(10), reason },
        );
    }
    sale(
        "refund_voided",
        r#"{"refund_voided":{"order":157600000000001,"number":1}}"#,
        Event::RefundVoided { order: ORDER, number: 1 },
    );
}

#[test]
fn rows_of_a_refunds_way_back() {
    let order = ORDER;
    sale(
        "refund_batched",
        r#"{"refund_batched":{"order":157600000000001,"number":1,"batch":7}}"#,
        Event::RefundBatched { order, number: 1, batch: 7 },
    );
    sale(
        "refund_paying",
        r#"{"refund_paying":{"order":157600000000001,"number":1,"attempt":2,"payout":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}}"#,
        Event::RefundPaying { order, number: 1, attempt: 2, payout: PayoutCommit([7; 32]) },
    );
    for (doubt, text) in [
        (Doubt::NoAnswer, "no_answer"),
        (Doubt::Contradicted, "contradicted"),
        (Doubt::Reversed, "reversed"),
        (Doubt::OtherName, "other_name"),
    ] {
        sale(
            "refund_doubted",
            &format!(r#"{{"refund_doubted":{{"order":157600000000001,"number":1,"doubt":"{text}"}}}}"#),
            Event::RefundDoubted { order, number: 1, doubt },
        );
    }
    sale(
        "refund_sent",
        r#"{"refund_sent":{"order":157600000000001,"number":1,"bank_reference":"FT7"}}"#,
        Event::RefundSent { order, number: 1, bank_reference: "FT7".into() },
    );
    sale(
        "refund_confirmed",
        r#"{"refund_confirmed":{"order":157600000000001,"number":1}}"#,
        Event::RefundConfirmed { order, number: 1 },
    );
    sale(
        "refund_failed",
        r#"{"refund_failed":{"order":157600000000001,"number":1,"reason":"closed"}}"#,
        Event::RefundFailed { order, number: 1, reason: "closed".into() },
    );
    sale(
        "payment_released",
        r#"{"payment_released":{"order":157600000000001,"identity":{"link":"l1","reference":"FT1"},"refund":1}}"#,
        Event::PaymentReleased { order, identity: PaymentIdentity::new("l1", "FT1"), refund: 1 },
    );
    let statement = r#"{"identity":{"link":"l1","reference":"FT1"},"amount":60,"paid_at":5,"proof":"operator"}"#;
    sale(
        "payment_received",
        &format!(r#"{{"payment_received":{{"order":157600000000001,"payment":{statement},"applied":0}}}}"#),
        Event::PaymentReceived { order, payment: payment(Proof::Operator), applied: Vnd::ZERO },
    );
}

#[test]
fn rows_of_money_that_goes_back_without_an_order() {
    let payment = 42;
    golden(
        "unmatched_refund_due",
        r#"{"unmatched_refund_due":{"payment":42}}"#,
        Fact::Unmatched { payment, step: UnmatchedStep::OweBack },
    );
    for (kind, stored, step) in [
        ("unmatched_refund_batched", r#""batch":7"#, RefundStep::Batch { batch: 7 }),
        (
            "unmatched_refund_paying",
            r#""attempt":2,"payout":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc""#,
            RefundStep::Pay { attempt: 2, payout: PayoutCommit([7; 32]) },
        ),
        ("unmatched_refund_doubted", r#""doubt":"no_answer""#, RefundStep::Doubt(Doubt::NoAnswer)),
        ("unmatched_refund_sent", r#""bank_reference":"FT7""#, RefundStep::Sent { bank_reference: "FT7".into() }),
        ("unmatched_refund_failed", r#""reason":"closed""#, RefundStep::Fail { reason: "closed".into() }),
    ] {
        let fact = Fact::Unmatched { payment, step: UnmatchedStep::Refund(step) };
        golden(kind, &format!(r#"{{"{kind}":{{"payment":42,{stored}}}}}"#), fact);
    }
    golden(
        "unmatched_refund_confirmed",
        r#"{"unmatched_refund_confirmed":{"payment":42}}"#,
        Fact::Unmatched { payment, step: UnmatchedStep::Refund(RefundStep::Confirm) },
    );
    golden(
        "unmatched_destination_given",
        r#"{"unmatched_destination_given":{"payment":42}}"#,
        Fact::UnmatchedDestinationGiven { payment, account: None },
    );
}

#[test]
fn rows_of_an_orders_end() {
    sale(
        "order_paid",
        r#"{"order_paid":{"order":157600000000001,"sub":"AQEBAQEBAQEBAQEBAQEBAQ","quantity":2,"late":true}}"#,
        Event::OrderPaid { order: ORDER, sub: SUB, quantity: 2, late: true },
    );
    sale("hold_settling", r#"{"hold_settling":{"order":157600000000001}}"#, Event::HoldSettling { order: ORDER });
    for (reason, text) in [
        (ExpiryReason::Unpaid, r#""unpaid""#),
        (ExpiryReason::Superseded { by: OrderCode(5) }, r#"{"superseded":{"by":5}}"#),
        (ExpiryReason::LinkConflict, r#""link_conflict""#),
    ] {
        sale(
            "order_expired",
            &format!(
                r#"{{"order_expired":{{"order":157600000000001,"sub":"AQEBAQEBAQEBAQEBAQEBAQ","reason":{text}}}}}"#
            ),
            Event::OrderExpired { order: ORDER, sub: SUB, reason },
        );
    }
    for (by, text) in [(Canceller::Shopper, "shopper"), (Canceller::Operator, "operator")] {
        sale(
            "order_cancelled",
            &format!(
                r#"{{"order_cancelled":{{"order":157600000000001,"sub":"AQEBAQEBAQEBAQEBAQEBAQ","by":"{text}","quantity":2,"restock":false}}}}"#
            ),
            Event::OrderCancelled { order: ORDER, sub: SUB, by, quantity: 2, restock: false },
        );
    }
    golden(
        "another_transfer",
        r#"{"another_transfer":{"payment":42,"reason":"of November"}}"#,
        Fact::AnotherTransfer { payment: 42, reason: "of November".into() },
    );
    golden(
        "webhook_unreadable",
        r#"{"webhook_unreadable":{"digest":"BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"}}"#,
        Fact::WebhookUnreadable { digest: [5; 32] },
    );
    golden(
        "token_revoked",
        r#"{"token_revoked":{"jti":"AwMDAwMDAwMDAwMDAwMDAw"}}"#,
        Fact::TokenRevoked { jti: Jti([3; 16]) },
    );
    golden("clock_accepted", r#"{"clock_accepted":{"step_ms":-3600000}}"#, Fact::ClockAccepted { step_ms: -3_600_000 });
    let order = r#"{"order":157600000000001}"#;
    let asked = format!(r#"{{"order_link_asked":{order}}}"#);
    golden("order_link_asked", &asked, Fact::OrderLinkAsked { order: ORDER });
    golden("mail_allowed", &format!(r#"{{"mail_allowed":{order}}}"#), Fact::MailAllowed { order: ORDER });
    let stopped = r#"{"mail_stopped":{"order":157600000000001,"reply":550}}"#;
    golden("mail_stopped", stopped, Fact::MailStopped { order: ORDER, reply: 550 });
}

#[test]
fn a_row_of_a_newer_release_or_of_another_kind_is_refused() {
    let read = |kind, version| Entry::read(7, kind, version, String::new(), br#"{"sale":"drop_paused"}"#);
    read(RowKind::DropPaused, 1).unwrap();
    assert!(read(RowKind::DropPaused, 2).unwrap_err().to_string().contains("version 2"));
    assert!(read(RowKind::DropResumed, 1).unwrap_err().to_string().contains("holds a drop_paused"));
}

#[test]
fn a_payment_with_the_account_that_received_it_has_an_encoding_of_its_own() {
    let payment = Payment { account: Some("0071000999999".into()), ..payment(Proof::Webhook) };
    let stored = r#"{"identity":{"link":"l1","reference":"FT1"},"amount":60,"paid_at":5,"proof":"webhook"}"#;
    let order = ORDER;
    for (kind, applied, fact) in [
        (RowKind::PaymentUnmatched, "", Fact::PaymentUnmatched { order, payment: payment.clone() }),
        (RowKind::PaymentDisputed, "", Fact::Sale(Event::PaymentDisputed { order, payment: payment.clone() })),
        (
            RowKind::PaymentReceived,
            r#","applied":50"#,
            Fact::Sale(Event::PaymentReceived { order, payment: payment.clone(), applied: vnd(50) }),
        ),
    ] {
        let entry = Entry { drop: None, operator: String::new(), fact };
        let columns = entry.columns().unwrap();
        let payload = format!(r#"{{"order":157600000000001,"payment":{stored},"account":"0071000999999"{applied}}}"#);
        assert_eq!(std::str::from_utf8(&columns.payload).unwrap(), payload);
        assert_eq!((columns.kind, columns.version), (kind, 2));
        assert_eq!(Entry::read(0, kind, 2, String::new(), payload.as_bytes()).unwrap(), entry);
    }
    let without = format!(r#"{{"order":157600000000001,"payment":{stored},"account":"0071000999999"}}"#);
    assert!(Entry::read(0, RowKind::PaymentReceived, 2, String::new(), without.as_bytes()).is_err());
}

#[test]
fn a_destination_has_a_digest_and_its_time_in_an_encoding_of_its_own() {
    let account = Some(GivenAccount { commit: AccountCommit([4; 32]), usable_at: Timestamp(9) });
    let digest = r#""commit":"BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ","usable_at":9"#;
    for (kind, names, fact) in [
        (
            RowKind::RefundDestinationGiven,
            r#""order":157600000000001"#,
            Fact::RefundDestinationGiven { order: ORDER, account },
        ),
        (
            RowKind::UnmatchedDestinationGiven,
            r#""payment":42"#,
            Fact::UnmatchedDestinationGiven { payment: 42, account },
        ),
    ] {
        let entry = Entry { drop: None, operator: String::new(), fact };
        let columns = entry.columns().unwrap();
        let payload = format!("{{{names},{digest}}}");
        assert_eq!(std::str::from_utf8(&columns.payload).unwrap(), payload);
        assert_eq!((columns.kind, columns.version), (kind, 2));
        assert_eq!(Entry::read(0, kind, 2, String::new(), payload.as_bytes()).unwrap(), entry);
    }
}
