//! What expressions ask about. promtool checks their grammar; this reads names and labels out of them.

/// Words of PromQL that stand where a name may stand.
const KEYWORDS: [&str; 6] = ["and", "or", "unless", "offset", "bool", "inf"];

/// Words that a list of labels follows.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// One condition on a label, and the values that it asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selector {
    pub name: String,
    pub label: String,
    pub values: Vec<String>,
}

/// The names of all metrics in an expression.
pub(super) fn metric_names(expression: &str) -> Vec<String> {
    let words = words(expression);
    let mut names = Vec::new();
    let mut words = words.iter().peekable();
    while let Some((word, behind)) = words.next() {
        if GROUPINGS.contains(word) {
            let labels = behind.split_once(')').map_or("", |(labels, _)| labels);
            while words.next_if(|(_, after)| after.len() + labels.len() >= behind.len()).is_some() {}
        } else if !KEYWORDS.contains(word) && !is_function(behind) {
            names.push((*word).to_owned());
        }
    }
    names
}

/// Arguments follow, or the labels by which a function adds up.
fn is_function(behind: &str) -> bool {
    ["(", "by", "without"].iter().any(|next| behind.trim_start().starts_with(next))
}

/// Every condition that names values. One that excludes values asks for none of them.
pub(super) fn selectors(expression: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    for (name, behind) in words(expression) {
        let Some(conditions) = behind.strip_prefix('{').and_then(|rest| rest.split_once('}')) else { continue };
        for condition in conditions.0.split(',') {
            let Some((label, value)) = condition.split_once('=').filter(|(label, _)| !label.ends_with('!')) else {
                continue;
            };
            let values = value.trim_start_matches('~').trim_matches('"').split('|').map(str::to_owned).collect();
            found.push(Selector { name: name.to_owned(), label: label.trim().to_owned(), values });
        }
    }
    found
}

/// Names outside braces, brackets and texts, each with what follows it.
fn words(expression: &str) -> Vec<(&str, &str)> {
    let mut words = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '{' => rest.find('}').map(|end| end + 1),
            '[' => rest.find(']').map(|end| end + 1),
            '"' => rest[1..].find('"').map(|end| end + 2),
            _ if first.is_alphanumeric() || first == '_' || first == '.' => {
                rest.find(|letter: char| !letter.is_alphanumeric() && !['_', ':', '.'].contains(&letter))
            }
            _ => Some(first.len_utf8()),
        };
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if first.is_alphabetic() || first == '_' {
            words.push((word, behind));
        }
        rest = behind;
    }
    words
}

#[test]
fn names_and_conditions_are_read_out_of_expressions() {
    let expression = "1 - avg by (le, drop) (rate(a_total{x=\"1\",y=~\"2|3\",z!=\"4\"}[5m])) > 1e3 and on() absent(b) \
                      or histogram_quantile(0.9, c) offset 1h";
    assert_eq!(metric_names(expression), ["a_total", "b", "c"]);
    let selector = |label: &str, values: &[&str]| Selector {
        name: "a_total".to_owned(),
        label: label.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    assert_eq!(selectors(expression), [selector("x", &["1"]), selector("y", &["2", "3"])]);
}
