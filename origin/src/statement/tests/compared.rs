use std::collections::BTreeSet;

use super::*;

const DECEMBER: Period =
    Period { since: Timestamp(FIRST_OF_DECEMBER), until: Timestamp(FIRST_OF_DECEMBER + 31 * DAY_MS - 1) };

fn compared(lines: &[Line], known: &[KnownTransfer]) -> Comparison {
    compare(lines, known, DECEMBER, None)
}

fn kinds(found: &Comparison) -> Vec<&'static str> {
    found.differences.iter().map(Difference::kind).collect()
}

#[test]
fn every_kind_of_difference_is_found_and_equal_transfers_are_not() {
    let lines = [line(2, "A", 60), line(3, "B", 50), line(4, "C", 40), line(5, "A", 60), line(6, "", 5)];
    let found = compared(&lines, &[known("A", 60), known("C", 41), known("D", 30)]);
    assert_eq!(
        found.differences,
        [
            Difference::NotInLedger { line: line(3, "B", 50), same_reference: None },
            Difference::AmountDiffers { line: line(4, "C", 40), ledger: known("C", 41) },
            Difference::TwiceInFile { line: line(5, "A", 60), first: line(2, "A", 60) },
            Difference::WithoutReference(line(6, "", 5)),
            Difference::NotInFile(known("D", 30)),
        ]
    );
    assert_eq!((found.matched, found.compared), (1, 3));
    assert_eq!(compared(&lines[..1], &[known("A", 60)]).differences, []);
}

#[test]
fn a_reference_in_the_banks_spelling_is_matched_and_both_are_named() {
    let lines = [line(2, "FT26335000000001\\BNK", 450_000), line(3, "01/12/2026 5243.61234", 300_000)];
    let known = [known("FT26335000000001", 450_000), known("5243.61234", 300_000)];
    let found = compared(&lines, &known);
    assert_eq!(found.differences, []);
    assert_eq!(found.spelled_otherwise, [(lines[0].clone(), known[0].clone()), (lines[1].clone(), known[1].clone())]);
}

#[test]
fn a_reference_used_again_weeks_later_is_another_transfer() {
    let both = [on(1, line(2, "8841.17", 300)), on(21, line(3, "8841.17", 300))];
    let known = [known_on(1, "8841.17", 300), known_on(21, "8841.17", 300)];
    let found = compared(&both, &known);
    assert_eq!((found.matched, &found.differences[..]), (2, &[][..]));
    assert_eq!(found.known_more_than_once, [known.to_vec()]);

    let found = compared(&both, &known[..1]);
    let new = Difference::NotInLedger { line: both[1].clone(), same_reference: Some(known[0].clone()) };
    assert_eq!(found.differences, [new]);
    let found = compared(&both[1..], &known[..1]);
    assert_eq!(kinds(&found), ["not in the ledger", "not in the file"]);
    // Two days are one transfer, booked late.
    assert_eq!(compared(&[on(3, line(2, "8841.17", 300))], &known[..1]).differences, []);
}

#[test]
fn one_transfer_counted_twice_does_not_stay_silent() {
    let found = compared(&[line(2, "R1", 60)], &[known("R1", 60), known("r1\\BNK", 60)]);
    assert_eq!(kinds(&found), ["not in the file"]);
    assert_eq!(found.known_more_than_once.len(), 1);
}

#[test]
fn lines_of_other_days_are_not_new() {
    let november = known_on(-10, "A", 60);
    let found = compared(&[line(2, "A", 60)], std::slice::from_ref(&november));
    assert_eq!((found.matched, found.compared, &found.differences[..]), (1, 0, &[][..]));
    let old = Line { day: Date::from_calendar_date(2026, Month::October, 3).ok(), ..line(2, "B", 5) };
    let found = compared(std::slice::from_ref(&old), &[november]);
    assert_eq!((&found.outside_period[..], &found.differences[..]), (&[old][..], &[][..]));
}

#[test]
fn transfers_without_reference_are_matched_by_amount_and_day_alone() {
    let known = known_on(1, "", 120);
    assert_eq!(compared(&[on(1, line(2, "", 120))], std::slice::from_ref(&known)).differences, []);
    for unlike in [on(2, line(2, "", 120)), on(1, line(2, "", 121)), line(2, "", 120)] {
        let found = compared(&[unlike], std::slice::from_ref(&known));
        assert_eq!(kinds(&found), ["without a reference", "not in the file"]);
    }
}

#[test]
fn payments_on_an_account_that_no_file_is_about_are_counted_apart() {
    let on_account =
        |reference: &str, account: &str| KnownTransfer { account: Some(account.into()), ..known(reference, 300) };
    let known = [on_account("A", "111"), on_account("B", "111"), on_account("C", "222"), on_account("D", "222")];
    let found = compared(&[line(2, "A", 300)], &known);
    assert_eq!(found.differences, [Difference::NotInFile(known[1].clone())]);
    assert_eq!(found.other_accounts.into_iter().collect::<Vec<_>>(), [("222".to_owned(), (2, 600))]);

    let both = BTreeSet::from(["111".to_owned(), "222".to_owned()]);
    let found = compare(&[line(2, "A", 300)], &known, DECEMBER, Some(&both));
    assert_eq!((found.differences.len(), found.other_accounts.len()), (3, 0));
    // A file in which nothing is found covers nothing, and hides nothing.
    assert_eq!(compared(&[], &known).differences.len(), 4);
}

#[test]
fn a_line_that_two_files_have_is_one_transfer() {
    let second = Line { file: 1, number: 7, ..line(2, "A", 60) };
    let found = compared(&[line(2, "A", 60), second.clone()], &[known("A", 60)]);
    assert_eq!((found.differences, found.in_two_files), (Vec::new(), vec![(second, line(2, "A", 60))]));
}
