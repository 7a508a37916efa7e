//! A CSV file as rows that know their line in the file.
//!
//! The `csv` crate reads an unclosed quotation mark as one cell to the end of the file, which would hide every line
//! after it; here such a line is broken alone.

/// A quoted cell with more line breaks than this is a quotation mark that was never closed.
const CELL_LINES_MAX: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its first line in the file, from 1.
    pub(crate) line: u64,
    /// `None` when a quotation mark on the line is not closed.
    pub(crate) cells: Option<Vec<String>>,
}

/// Cells are separated by one of these, the same one in the whole file.
pub(crate) const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The delimiter that a file names in its first line, as Excel writes and reads it: `sep=;`.
pub(crate) fn named_delimiter(text: &str) -> Option<char> {
    let first = text.lines().next()?.trim_matches('"');
    let mut rest = first.strip_prefix("sep=").or_else(|| first.strip_prefix("SEP="))?.chars();
    rest.next().filter(|_| rest.next().is_none())
}

/// Lines without anything on them are left out.
pub(crate) fn rows(text: &str, delimiter: char) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let (cells, length) = match record(rest, delimiter) {
            Some((cells, length)) => (Some(cells), length),
            None => (None, first_line(rest).len()),
        };
        let is_blank = |cells: &Vec<String>| cells.iter().all(|cell| cell.trim().is_empty());
        if !cells.as_ref().is_some_and(is_blank) {
            rows.push(Row { line, cells });
        }
        line += line_breaks(&rest[..length]);
        rest = &rest[length..];
    }
    rows
}

/// The cells of the first record and how long it is; `None` when a quotation mark is not closed.
fn record(text: &str, delimiter: char) -> Option<(Vec<String>, usize)> {
    let mut cells = vec![Cell::default()];
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let cell = cells.last_mut()?;
        match letter {
            '"' if cell.is_open && letters.next_if(|(_, next)| *next == '"').is_some() => cell.text.push('"'),
            '"' if cell.is_open => cell.is_open = false,
            _ if cell.is_open => {
                cell.lines += usize::from(letter == '\n');
                if cell.lines > CELL_LINES_MAX {
                    return None;
                }
                cell.text.push(letter);
            }
            '\n' => return Some((finished(cells), at + 1)),
            '\r' => {
                let length = if letters.next_if(|(_, next)| *next == '\n').is_some() { 2 } else { 1 };
                return Some((finished(cells), at + length));
            }
            _ if letter == delimiter => cells.push(Cell::default()),
            '"' if !cell.was_quoted && cell.text.trim().is_empty() => {
                *cell = Cell { is_open: true, was_quoted: true, ..Cell::default() };
            }
            // Text behind a quotation of several lines: the mark that closed it began the next cell.
            _ if cell.lines > 0 && !letter.is_whitespace() => return None,
            _ => cell.text.push(letter),
        }
    }
    let is_open = cells.last().is_some_and(|cell| cell.is_open);
    (!is_open).then(|| (finished(cells), text.len()))
}

#[derive(Default)]
struct Cell {
    text: String,
    was_quoted: bool,
    is_open: bool,
    lines: usize,
}

fn finished(cells: Vec<Cell>) -> Vec<String> {
    cells.into_iter().map(|cell| cell.text).collect()
}

/// With its line break.
fn first_line(text: &str) -> &str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => &text[..at + 2],
        Some(at) => &text[..=at],
        None => text,
    }
}

fn line_breaks(text: &str) -> u64 {
    let breaks = text.matches('\n').count() + text.matches('\r').count() - text.matches("\r\n").count();
    breaks as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u64, cells: &[&str]) -> Row {
        Row { line, cells: Some(cells.iter().map(|cell| (*cell).to_owned()).collect()) }
    }

    #[test]
    fn rows_know_their_line_in_the_file() {
        for breaks in ["\n", "\r\n", "\r"] {
            let file = "BANK\n\n \nday,\"number\nRef\",\"in\nCredit\"\n1,FT1,\"4\"\n,,\n2,FT2,5".replace('\n', breaks);
            let number = format!("number{breaks}Ref");
            let credit = format!("in{breaks}Credit");
            assert_eq!(
                rows(&file, ','),
                [
                    row(1, &["BANK"]),
                    row(4, &["day", &number, &credit]),
                    row(7, &["1", "FT1", "4"]),
                    row(9, &["2", "FT2", "5"]),
                ],
                "{breaks:?}"
            );
        }
    }

    #[test]
    fn quotation_marks_are_read_as_spreadsheets_write_them() {
        assert_eq!(
            rows("\"a\"\"b\";\"c;d\";e\"f;\"\"; \"g\" ;\"h\" i\n", ';'),
            [row(1, &["a\"b", "c;d", "e\"f", "", "g ", "h i"])]
        );
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_breaks_its_line_alone() {
        let broken = |line: u64| Row { line, cells: None };
        assert_eq!(
            rows("a,\"b\nc,d\ne,\"f\ng\",h\n", ','),
            [broken(1), row(2, &["c", "d"]), row(3, &["e", "f\ng", "h"])]
        );
        assert_eq!(rows("a,\"b\nc,d\n", ','), [broken(1), row(2, &["c", "d"])]);
        let many = format!("a,\"b\n{}c,\"d\"\n", "x,y\n".repeat(20));
        let read = rows(&many, ',');
        assert_eq!((&read[0], &read[1], read.len()), (&broken(1), &row(2, &["x", "y"]), 22));
    }

    #[test]
    fn a_file_may_name_its_delimiter() {
        assert_eq!(named_delimiter("sep=;\na;b\n"), Some(';'));
        assert_eq!(named_delimiter("\"sep=\t\"\na\tb\n"), Some('\t'));
        assert_eq!(named_delimiter("separate;things\n"), None);
        assert_eq!(named_delimiter(""), None);
    }
}
