//! Files of the tree and their text.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders of generated files, like every folder whose name begins with a dot.
const GENERATED: [&str; 4] = ["target", "node_modules", "build", "dist"];

/// Every file below `folder` with one of these endings, with its text. Fails when there is none.
pub(super) fn sources(folder: &Path, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !GENERATED.contains(&name.as_str()) {
                folders.push(path);
            } else if path.is_file() && endings.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
                let text = read(&path);
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{} has no file that ends in one of {endings:?}", folder.display());
    found
}

pub(super) fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Rust code without its comments, texts and inline test modules.
pub(super) fn code(text: &str) -> String {
    let (before, tests) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""));
    // Formatted code closes a module with a brace at the beginning of a line.
    let (_, after) = tests.split_once("\n}\n").unwrap_or_default();
    let text = format!("{before}{after}");
    let mut code = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['/', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        code.push_str(before);
        rest = if from.starts_with("//") {
            from.split_once('\n').map_or("", |(_, after)| after)
        } else if from.starts_with("/*") {
            from.split_once("*/").map_or("", |(_, after)| after)
        } else if let Some(text) = from.strip_prefix('"') {
            after_text(text)
        } else if let Some(after) = ["'\"'", "'\\\"'", "'/'"].iter().find_map(|quoted| from.strip_prefix(quoted)) {
            after
        } else {
            code.push_str(&from[..1]);
            &from[1..]
        };
        code.push(' ');
    }
    code + rest
}

/// What follows the closing quote. A raw text may end early here, which only adds words that are no paths.
fn after_text(text: &str) -> &str {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' if !escaped => return &text[at + 1..],
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    ""
}

#[test]
fn code_has_no_comments_texts_or_test_modules() {
    let text = "use a; // use b;\n/* c */ let d = \"e \\\" f\"; '\"' g 'h: i\n#[cfg(test)]\nmod tests {\n use j;\n}\nk";
    let words: Vec<String> = code(text).split_whitespace().map(str::to_owned).collect();
    assert_eq!(words, ["use", "a;", "let", "d", "=", ";", "g", "'", "h:", "i", "k"]);
}
