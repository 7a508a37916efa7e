//! From a letter to its subject, text and HTML. A template says the words once; two layouts set them, one of them in
//! HTML with every value escaped.

use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::letter::{Facts, Letter};

/// A subject that clients show whole on no screen is cut there.
const SUBJECT_CHARS_MAX: usize = 120;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What a template sees.
#[derive(Serialize)]
struct Context<'a> {
    layout: &'static str,
    language: &'static str,
    #[serde(flatten)]
    facts: &'a Facts,
}

macro_rules! letters {
    ($($kind:literal)*) => {
        &[$(
            (concat!($kind, ".vi"), include_str!(concat!("../../templates/", $kind, ".vi.j2"))),
            (concat!($kind, ".en"), include_str!(concat!("../../templates/", $kind, ".en.j2"))),
        )*]
    };
}

const LAYOUTS: [(&str, &str); 2] = [
    ("layout.txt", include_str!("../../templates/layout.txt.j2")),
    ("layout.html", include_str!("../../templates/layout.html.j2")),
];
const LETTERS: &[(&str, &str)] = letters! { "paid" "paid-late" "expired" "refund-due" "refund-sent" "order-link" };

/// Parsed once. Tests render every letter, so an error here is a defect of the build.
static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).build()?);
    for (name, source) in LAYOUTS {
        templates.add_template(name, source)?;
    }
    for (name, source) in LETTERS {
        // The name's ending decides what is escaped.
        templates.add_template_owned(format!("{name}.txt"), *source)?;
        templates.add_template_owned(format!("{name}.html"), *source)?;
    }
    Ok(templates)
});

pub(crate) fn render(letter: &Letter) -> Result<Rendered> {
    let (subject, text) = set(letter, "layout.txt", "txt")?;
    let (_, html) = set(letter, "layout.html", "html")?;
    Ok(Rendered { subject: one_line(&subject), text, html })
}

/// The subject and the body.
fn set(letter: &Letter, layout: &'static str, form: &str) -> Result<(String, String)> {
    let templates = TEMPLATES.as_ref().map_err(|error| anyhow!("a template cannot be parsed: {error:#}"))?;
    let (kind, language) = (letter.kind.as_str(), letter.language.as_str());
    let facts = Value::from(Serde(Context { layout, language, facts: &letter.facts }));
    let written = || {
        let template = templates.get_template(&format!("{kind}.{language}.{form}"))?;
        let mut captured = template.render_captured(facts)?;
        let subject = captured.with_state_mut(|state| state.render_block("subject"))?;
        Ok::<_, minijinja::Error>((subject, captured.into_output()))
    };
    written().with_context(|| format!("the letter {kind} cannot be written"))
}

/// A header is one line, whatever a product is called.
fn one_line(subject: &str) -> String {
    let words: Vec<&str> = subject.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(SUBJECT_CHARS_MAX)
        .collect()
}
