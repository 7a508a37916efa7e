//! What people who do this job met in the field: `tests/field-cases.json`. Each case is held by tests that are named
//! here, and by those below where a case is a table of inputs that needs no shop.

use std::fs;

use domain::is_email;
use edge_protocol::{Phone, current_province};
use harness::{Shop, root};
use serde_json::Value;

enum Held {
    /// By these tests: their file and their name.
    By(&'static [(&'static str, &'static str)]),
    /// By none before this capability exists.
    Later(&'static str),
}

const HERE: &str = "tests/e2e/field_cases.rs";
const UNMATCHED: &str = "tests/e2e/unmatched.rs";
const STATEMENTS: &str = "tests/e2e/statements.rs";
const COMPARED: &str = "origin/src/statement/tests/compared.rs";
const REFUND_LIST: &str = "origin/src/refund_list/mod.rs";
const CLOCK: &str = "origin/src/writer/run/tests/clock.rs";
const MAIL: &str = "tests/e2e/mail.rs";
const BUY_FORM: &str = "storefront/test/pages/buy-form.test.js";
const PAYMENT_PAGE: &str = "storefront/test/pages/payment.test.js";

const CASES: &[(&str, Held)] = &[
    ("A1", Held::By(&[(UNMATCHED, "a_payers_bank_is_known_by_its_clearing_code_or_a_person_must_say_it")])),
    ("A2", Held::By(&[(UNMATCHED, "a_payers_name_that_is_missing_or_cannot_be_printed_whole_costs_no_account")])),
    (
        "A3",
        Held::By(&[
            (STATEMENTS, "payments_on_a_standby_account_are_no_differences_in_the_statement_of_the_other"),
            (COMPARED, "payments_on_an_account_that_no_file_is_about_are_counted_apart"),
        ]),
    ),
    (
        "B1",
        Held::By(&[
            (STATEMENTS, "a_statement_is_read_as_its_bank_writes_it"),
            (STATEMENTS, "a_line_that_cannot_be_read_is_named_and_hides_no_other"),
        ]),
    ),
    ("B2", Held::By(&[(STATEMENTS, "a_header_of_two_lines_and_totals_are_no_transfers")])),
    ("B3", Held::By(&[(STATEMENTS, "a_statement_is_read_as_its_bank_writes_it")])),
    ("B5", Held::By(&[(STATEMENTS, "a_reference_is_matched_in_the_banks_spelling_and_its_lack_is_reported")])),
    (
        "B6",
        Held::By(&[
            (STATEMENTS, "a_reference_is_entered_again_only_by_insisting_and_both_are_named"),
            (COMPARED, "a_reference_used_again_weeks_later_is_another_transfer"),
        ]),
    ),
    (
        "C1",
        Held::By(&[
            (HERE, "phones_with_characters_that_cannot_be_seen_are_one_number"),
            (BUY_FORM, "a phone copied with invisible marks is taken as it is"),
        ]),
    ),
    (
        "C2",
        Held::By(&[
            (HERE, "phones_are_taken_or_refused_in_every_way_to_write_them"),
            (BUY_FORM, "a phone without its zero, or of eleven digits, is refused with the number that was meant"),
        ]),
    ),
    (
        "C4",
        Held::By(&[
            (HERE, "codes_of_provinces_of_before_become_those_of_today"),
            ("origin/src/http/shopper/purchase.rs", "an_address_in_a_province_of_before_is_stored_in_that_of_today"),
            (
                BUY_FORM,
                "a province of before July 2025 is found by the keyboard, with accents or without, and sent by its code of today",
            ),
        ]),
    ),
    (
        "C5",
        Held::By(&[
            ("origin/src/http/shopper/purchase.rs", "a_name_is_stored_in_one_spelling_or_refused"),
            ("origin/src/http/destination.rs", "a_destination_cannot_carry_a_formula_into_a_spreadsheet"),
            (REFUND_LIST, "a_list_keeps_every_digit_in_a_spreadsheet_and_names_in_letters_of_every_bank"),
        ]),
    ),
    ("D1", Held::By(&[(PAYMENT_PAGE, "a value that cannot be copied is selected, with words beside it")])),
    (
        "D2",
        Held::By(&[
            (PAYMENT_PAGE, "where a picture can be neither shared nor downloaded, the page says to press and hold it"),
            (
                PAYMENT_PAGE,
                "the QR code is a picture that can be pressed and saved, and says what the payment asks for",
            ),
        ]),
    ),
    (
        "D3",
        Held::By(&[(
            PAYMENT_PAGE,
            "a shopper back from the bank in another browser reads that PayOS reports the payment",
        )]),
    ),
    ("E2", Held::By(&[("tests/e2e/addresses.rs", "a_mistyped_address_leads_to_the_drop")])),
    ("E4", Held::By(&[("tests/e2e/addresses.rs", "the_page_of_a_drop_carries_its_card_for_chats_and_networks")])),
    (
        "F2",
        Held::By(&[(
            "tests/crash/old_file.rs",
            "an_older_file_under_a_newer_log_is_never_served_and_either_file_is_once_they_are_parted",
        )]),
    ),
    (
        "F4",
        Held::By(&[
            ("tests/crash/wall_clock.rs", "a_wall_clock_that_was_set_moves_the_sale_only_by_an_operators_command"),
            (CLOCK, "a_clock_that_is_set_while_selling_ends_no_hold_and_opens_no_drop"),
            (CLOCK, "an_accepted_step_forwards_stands_in_the_ledger_and_outlives_a_restart"),
            (CLOCK, "a_start_with_the_clock_ahead_forgets_neither_customers_nor_tokens"),
        ]),
    ),
    (
        "G1",
        Held::By(&[
            (REFUND_LIST, "a_list_keeps_every_digit_in_a_spreadsheet_and_names_in_letters_of_every_bank"),
            ("tests/e2e/refunds.rs", "a_list_is_imported_as_a_spreadsheet_saves_it_and_refused_where_it_was_changed"),
        ]),
    ),
    ("G2", Held::By(&[(REFUND_LIST, "a_list_keeps_every_digit_in_a_spreadsheet_and_names_in_letters_of_every_bank")])),
    ("G4", Held::Later("editing a drop")),
    ("G5", Held::By(&[(HERE, "a_drop_with_a_wrong_date_or_price_is_not_made")])),
    (
        "G6",
        Held::By(&[
            (HERE, "mistyped_mail_addresses_are_refused_and_improbable_ones_taken"),
            ("origin/src/http/shopper/purchase.rs", "an_email_is_optional_and_kept_to_its_rule"),
            (BUY_FORM, "a shop without mail promises none and takes an order without an address for it"),
            (BUY_FORM, "a shop with mail asks for an address and says what for"),
            (MAIL, "a_buyer_gets_one_mail_in_the_language_of_the_purchase_with_a_link_that_opens_the_order"),
            (MAIL, "an_address_that_the_mail_server_refuses_gets_no_more_until_an_operator_allows_it"),
        ]),
    ),
];

#[test]
fn every_case_of_the_field_is_held_by_tests_that_exist() {
    let mut listed: Vec<&str> = CASES.iter().map(|(id, _)| *id).collect();
    let mut cases: Vec<String> = cases().iter().map(|case| case["id"].as_str().expect("an id").to_owned()).collect();
    listed.sort_unstable();
    cases.sort_unstable();
    assert_eq!(listed, cases, "each case of the file stands here once");
    for (id, held) in CASES {
        let (tests, capability) = match held {
            Held::By(tests) => (*tests, None),
            Held::Later(capability) => (&[][..], Some(capability)),
        };
        assert!(!tests.is_empty() || capability.is_some_and(|capability| !capability.is_empty()), "{id}");
        for (file, test) in tests {
            assert!(has_test(file, test), "{id}: {file} has no test {test:?}");
        }
    }
}

#[test]
fn phones_with_characters_that_cannot_be_seen_are_one_number() {
    for phone in texts(&case("C1")["given"]["phones"]) {
        assert_eq!(parsed(&phone).as_deref(), Some("+84912345678"), "{phone:?}");
    }
}

#[test]
fn phones_are_taken_or_refused_in_every_way_to_write_them() {
    let case = case("C2");
    for phone in texts(&case["given"]["phones"]) {
        let expected = case["expect"][&phone].as_str().expect("what becomes of it");
        assert_eq!(parsed(&phone).as_deref(), Some(expected).filter(|number| number.starts_with('+')), "{phone}");
    }
}

#[test]
fn codes_of_provinces_of_before_become_those_of_today() {
    let case = case("C4");
    for code in texts(&case["given"]["province_codes"]) {
        let expected = case["expect"]["api"][&code].as_str().expect("what becomes of it");
        assert_eq!(current_province(&code), expected.strip_prefix("201, stored "), "{code}");
    }
}

#[test]
fn mistyped_mail_addresses_are_refused_and_improbable_ones_taken() {
    let case = case("G6");
    for email in texts(&case["given"]["emails"]).iter().filter(|email| !email.is_empty()) {
        let expected = case["expect"][email].as_str().expect("what becomes of it");
        assert_eq!(is_email(email), !expected.starts_with("refused"), "{email}");
    }
}

#[tokio::test]
async fn a_drop_with_a_wrong_date_or_price_is_not_made() {
    let shop = Shop::start().await;
    let case = case("G5");
    for command in texts(&case["given"]["commands"]) {
        let arguments: Vec<&str> = command.split(' ').skip(1).collect();
        let (printed, said) = shop.assert_refuses(&arguments);
        assert_eq!(printed, "", "{command}");
        assert!(["opens", "closes", "45 ₫ for one unit"].iter().any(|why| said.contains(why)), "{command}: {said}");
    }
    let list = shop.operates(&["drop", "list"]);
    for slug in ["nam-ngoai", "da-dong", "gia-45"] {
        assert!(!list.contains(slug), "{list}");
    }
    shop.finish().await;
}

fn cases() -> Vec<Value> {
    let file = fs::read_to_string(root().join("tests/field-cases.json")).expect("the cases");
    serde_json::from_str(&file).expect("a list of cases")
}

fn case(id: &str) -> Value {
    cases().into_iter().find(|case| case["id"] == id).expect("a case of the file")
}

fn texts(list: &Value) -> Vec<String> {
    let texts: Vec<String> =
        list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect();
    assert!(!texts.is_empty());
    texts
}

fn parsed(phone: &str) -> Option<String> {
    Phone::parse(phone).ok().map(|phone| phone.as_str().to_owned())
}

/// Whether the file declares it as a test, and not only as a function.
fn has_test(file: &str, test: &str) -> bool {
    let source = fs::read_to_string(root().join(file)).unwrap_or_default();
    if file.ends_with(".js") {
        return source.contains(&format!("\ntest(\"{test}\", "));
    }
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if is_test && (line.starts_with(&format!("fn {test}(")) || line.starts_with(&format!("async fn {test}("))) {
            return true;
        }
        is_test = line == "#[test]" || line == "#[tokio::test]";
    }
    false
}
