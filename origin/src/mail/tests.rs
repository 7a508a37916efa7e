//! Every letter in both languages, against the files in `golden/`.

use std::path::Path;

use engine::Language;

use super::letter::{Kind, sample};
use super::render::render;

fn letters() -> impl Iterator<Item = (Kind, Language)> {
    Kind::ALL.into_iter().flat_map(|kind| Language::ALL.map(|language| (kind, language)))
}

#[test]
fn every_letter_reads_as_it_was_looked_at() {
    for (kind, language) in letters() {
        let (kind_name, lang) = (kind.as_str(), language.as_str());
        let written = render(&sample(kind, language)).unwrap();
        for (ending, found, option) in
            [("txt", format!("{}\n\n{}", written.subject, written.text), " --text"), ("html", written.html, "")]
        {
            let file =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/mail/golden/{kind_name}.{lang}.{ending}"));
            let golden = std::fs::read_to_string(&file).unwrap_or_default();
            let renew = format!("dropgate mail preview {kind_name} --lang {lang}{option} > {}", file.display());
            assert!(found == golden, "{kind_name} has changed. Look at it, then: {renew}\n{found}");
        }
    }
}

#[test]
fn every_letter_has_the_orders_link_its_memo_and_its_amount() {
    for (kind, language) in letters() {
        let letter = sample(kind, language);
        let written = render(&letter).unwrap();
        for part in [&written.text, &written.html] {
            for fact in [&letter.facts.memo, &letter.facts.amount] {
                assert!(part.contains(fact), "{} has no {fact}", kind.as_str());
            }
        }
        assert!(written.text.contains(&letter.facts.url), "{}", written.text);
        assert!(
            written.html.contains(&format!("href=\"{}\"", letter.facts.url.replace('/', "&#x2f;"))),
            "{}",
            written.html
        );
        assert!(
            !written.subject.is_empty() && !written.text.lines().any(|line| line == written.subject),
            "{}",
            written.text
        );
    }
}

#[test]
fn what_buyers_and_sellers_typed_is_text_in_every_part() {
    for (kind, language) in letters() {
        let mut letter = sample(kind, language);
        letter.facts.name = "<script>alert(1)</script>".to_owned();
        letter.facts.product = "Áo\r\nBcc: all@example.com {{ url }} <b>".to_owned();
        let written = render(&letter).unwrap();
        assert!(!written.html.contains("<script>") && !written.html.contains("<b>"), "{}", written.html);
        assert!(!written.html.contains("Bcc: all@example.com https"), "a value was read as a template");
        assert!(!written.subject.contains(['\r', '\n']), "{:?}", written.subject);
    }
}

#[test]
fn a_letter_says_what_is_true_of_each_refund() {
    let of = |change: fn(&mut super::letter::RefundFacts)| {
        let mut letter = sample(Kind::RefundDue, Language::English);
        change(letter.facts.refund.as_mut().unwrap());
        render(&letter).unwrap().text
    };
    assert!(of(|refund| refund.reason = "cancelled").contains("was cancelled after it was paid"));
    assert!(of(|refund| refund.reason = "already_paid").contains("was paid already"));
    assert!(of(|_| {}).contains("say which account"));
    assert!(of(|refund| refund.account_known = true).contains("do not have to do anything"));
    let returned = of(|refund| (refund.account_known, refund.returned) = (true, true));
    assert!(returned.contains("sent back the refund") && returned.contains("check the account"), "{returned}");
}
