//! Which column of a statement holds what, by the names that banks give them.

use std::fmt;

use anyhow::{Result, bail};
use unicode_normalization::UnicodeNormalization;

use super::table::Row;

/// A header further down is none: banks print a page of their own words before it at most.
const HEADER_ROWS_MAX: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Reference,
    Date,
    /// Incoming and outgoing money in one column, with a sign or with a word beside it.
    Amount,
    Credit,
    Debit,
    /// Says for each line of [`Column::Amount`] whether it came in or went out.
    Direction,
    /// Nothing that is compared.
    Other,
}

impl Column {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "reference" => Self::Reference,
            "date" => Self::Date,
            "amount" => Self::Amount,
            "credit" => Self::Credit,
            "debit" => Self::Debit,
            "direction" => Self::Direction,
            _ => return None,
        })
    }
}

/// Vietcombank, Techcombank, MB, ACB, BIDV, VietinBank, TPBank, VPBank and PayOS, in both languages, without marks. Of
/// two columns that could be the same the name that stands first here wins.
const NAMES: [(Column, &str); 7] = [
    (
        Column::Reference,
        "reference|ma tham chieu|so tham chieu|bank reference|reference number|reference no|reference id|\
         transaction reference|ref|ref no|ref number|ref id|so ref|ma ref|so tham chieu giao dich|\
         ma tham chieu giao dich|ft|so ft|ma ft|so but toan|ma but toan|ma giao dich|so giao dich|ma gd|so gd|\
         transaction id|transaction no|transaction number|transaction code|trans id|trans no|trace|trace no|so trace|\
         so ct|so chung tu|ma chung tu|doc no|document no|document number|voucher no",
    ),
    (
        Column::Date,
        "transaction date|ngay giao dich|ngay gd|date|ngay|transaction time|thoi gian giao dich|thoi gian|\
         ngay gio giao dich|ngay gio|date time|transaction date time|tnx date|txn date|trans date|posting date|\
         booking date|ngay hach toan|ngay ghi so|ngay ct|ngay chung tu|value date|effective date|ngay hieu luc|\
         ngay gia tri|requesting date|ngay thuc hien|ngay kh thuc hien",
    ),
    (
        Column::Amount,
        "amount|so tien|transaction amount|so tien giao dich|so tien gd|gia tri giao dich|gia tri|phat sinh|\
         so phat sinh|so tien phat sinh|so tien thanh toan|payment amount",
    ),
    (
        Column::Credit,
        "ghi co|so tien ghi co|credit|credit amount|amount credit|phat sinh co|ps co|so phat sinh co|so tien co|tien co|\
         co|co tktt|so ps co|cr|credits|tien vao|so tien vao|gui vao|tien gui vao|so tien gui|so tien gui vao|nop vao|\
         deposit|deposits|deposit amount|money in|paid in|amount in|bao co|so tien bao co|so tien thu|thu",
    ),
    (
        Column::Debit,
        "ghi no|so tien ghi no|debit|debit amount|amount debit|phat sinh no|ps no|so phat sinh no|so tien no|tien no|\
         nợ|no tktt|so ps no|dr|debits|tien ra|so tien ra|rut ra|tien rut ra|so tien rut|so tien rut ra|rut tien|\
         withdrawal|withdrawals|withdraw|withdrawal amount|money out|paid out|amount out|bao no|so tien bao no|\
         so tien chi|chi",
    ),
    (
        Column::Direction,
        "no co|ghi no ghi co|dr cr|cr dr|db cr|d c|c d|dc|cd|debit credit|credit debit|ghi no co|loai no co",
    ),
    (
        Column::Other,
        "stt|no|so tt|balance|running balance|so du|so du cuoi|so du luy ke|description|details|remark|remarks|mo ta|\
         mo ta giao dich|dien giai|noi dung|noi dung giao dich|noi dung chi tiet|transactions in detail|remitter|\
         remitter bank|doi tac|nh doi tac|note|ghi chu|account|so tai khoan|tai khoan|phi|fee|thue|tax",
    ),
];

/// Columns that the operator named, in place of what their names say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen(Vec<(Column, String)>);

impl Chosen {
    /// `reference=Số bút toán,amount=Ghi có,date=Ngày`. A name may have commas.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut chosen: Vec<(Column, String)> = Vec::new();
        for part in text.split(',') {
            let named = part.split_once('=').and_then(|(key, name)| Some((Column::parse(key.trim())?, name)));
            match (named, chosen.last_mut()) {
                (Some((column, name)), _) => chosen.push((column, name.to_owned())),
                (None, Some((_, name))) => *name = format!("{name},{part}"),
                (None, None) => bail!("name columns like reference=…,amount=…,date=…; also credit, debit, direction"),
            }
        }
        Ok(Self(chosen))
    }

    pub(crate) fn with(mut self, column: Column, name: &str) -> Self {
        self.0.retain(|(chosen, _)| *chosen != column);
        self.0.push((column, name.to_owned()));
        self
    }
}

/// Where to find what, as positions in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) reference: usize,
    pub(crate) date: Option<usize>,
    pub(crate) money: Money,
    /// How many cells a line has.
    pub(crate) width: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    Signed { amount: usize },
    Directed { amount: usize, direction: usize },
    Split { credit: usize, debit: Option<usize> },
}

/// The header of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its first line in the file.
    pub(crate) line: u64,
    /// How many rows it and what stands before it take.
    pub(crate) rows: usize,
    pub(crate) layout: Layout,
    pub(crate) names: Vec<String>,
}

impl Header {
    /// Which columns are read, for people.
    pub(crate) fn described(&self) -> String {
        let Layout { reference, date, money, .. } = &self.layout;
        let mut columns = vec![("reference", *reference)];
        columns.extend(date.map(|date| ("date", date)));
        match *money {
            Money::Signed { amount } => columns.push(("amount", amount)),
            Money::Directed { amount, direction } => columns.extend([("amount", amount), ("direction", direction)]),
            Money::Split { credit, debit } => {
                columns.push(("credit", credit));
                columns.extend(debit.map(|debit| ("debit", debit)));
            }
        }
        let name = |index: usize| self.names.get(index).map_or("", String::as_str);
        columns.iter().map(|(column, index)| format!("{column} {:?}", name(*index))).collect::<Vec<_>>().join(", ")
    }
}

/// Why a row is no header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoHeader {
    /// Beyond the first rows, or a cell is missing: nothing names the columns.
    Unnamed,
    /// No column has the name that the operator gave.
    Missing(String),
    /// Two columns have the same name, and either could be meant.
    Twice(String),
}

impl fmt::Display for NoHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => f.write_str("no line names a column for the reference and one for the amount"),
            Self::Missing(name) => write!(f, "there is no column {name:?}"),
            Self::Twice(name) => write!(f, "two columns are called {name:?}"),
        }
    }
}

/// The first row, or two rows together, whose cells name what is needed.
pub(crate) fn find(rows: &[Row], chosen: &Chosen) -> Result<Header, NoHeader> {
    let mut failed = NoHeader::Unnamed;
    for (index, row) in rows.iter().take(HEADER_ROWS_MAX).enumerate() {
        let Some(cells) = &row.cells else { continue };
        let below = rows.get(index + 1).and_then(|row| row.cells.as_ref());
        let below = below.filter(|below| continues_header(below));
        let names = |below: Option<&Vec<String>>| names_of(cells, below);
        let alone = layout(&names(None), chosen);
        let (found, rows_of_it, names) = match below {
            // The lower one's names are nearer to the columns.
            Some(below) if alone.is_ok() || layout(&names_of(below, None), chosen).is_err() => {
                let both = names(Some(below));
                (layout(&both, chosen).or(alone), 2, both)
            }
            _ => (alone, 1, names(None)),
        };
        match found {
            Ok(layout) => {
                let names = names.iter().map(Name::shown).collect();
                return Ok(Header { line: row.line, rows: index + rows_of_it, layout, names });
            }
            Err(NoHeader::Unnamed) => {}
            Err(why) if matches!(failed, NoHeader::Twice(_)) => drop(why),
            Err(why) => failed = why,
        }
    }
    Err(failed)
}

/// What a column is called in a header of one row or two.
struct Name {
    upper: String,
    lower: String,
}

impl Name {
    fn shown(&self) -> String {
        let words = self.upper.split_whitespace().chain(self.lower.split_whitespace());
        words.collect::<Vec<_>>().join(" ")
    }

    fn is(&self, wanted: &str) -> bool {
        let wanted = folded(wanted);
        let variants = [self.shown(), self.upper.clone(), self.lower.clone()];
        variants.iter().any(|name| folded(name) == wanted || parts(name).any(|part| folded(part) == wanted))
    }

    /// And the place of the name in the list above: the lower row's, which is nearer, before the upper row's.
    fn column(&self) -> Option<(Column, usize)> {
        let known = |text: &str| column_named(text).filter(|(column, _)| *column != Column::Other);
        known(&self.lower).or_else(|| known(&self.shown())).or_else(|| known(&self.upper))
    }
}

fn names_of(upper: &[String], lower: Option<&Vec<String>>) -> Vec<Name> {
    let width = upper.len().max(lower.map_or(0, Vec::len));
    let cell = |cells: &[String], index: usize| cells.get(index).cloned().unwrap_or_default();
    (0..width)
        .map(|index| Name { upper: cell(upper, index), lower: lower.map_or_else(String::new, |row| cell(row, index)) })
        .collect()
}

/// Whether a row below a header belongs to it: it has names and no number.
fn continues_header(cells: &[String]) -> bool {
    let has_digit = cells.iter().any(|cell| cell.contains(|letter: char| letter.is_ascii_digit()));
    let named = cells.iter().filter_map(|cell| column_named(cell)).filter(|(column, _)| *column != Column::Other);
    !has_digit && named.count() > 0
}

fn layout(names: &[Name], chosen: &Chosen) -> Result<Layout, NoHeader> {
    let place = |column: Column| -> Result<Option<usize>, NoHeader> {
        if let Some((_, wanted)) = chosen.0.iter().find(|(chosen, _)| *chosen == column) {
            let mut places = names.iter().enumerate().filter(|(_, name)| name.is(wanted));
            let first = places.next().ok_or_else(|| NoHeader::Missing(wanted.clone()))?;
            return if places.next().is_some() { Err(NoHeader::Twice(wanted.clone())) } else { Ok(Some(first.0)) };
        }
        let mut ranked: Vec<(usize, usize)> = names
            .iter()
            .enumerate()
            .filter_map(|(index, name)| {
                name.column().filter(|(named, _)| *named == column).map(|(_, rank)| (rank, index))
            })
            .collect();
        ranked.sort_unstable();
        match ranked[..] {
            [(first, index), (second, _), ..] if first == second && column != Column::Date => {
                Err(NoHeader::Twice(names[index].shown()))
            }
            [(_, index), ..] => Ok(Some(index)),
            [] => Ok(None),
        }
    };
    let reference = place(Column::Reference)?.ok_or(NoHeader::Unnamed)?;
    let is_chosen = |column: Column| chosen.0.iter().any(|(chosen, _)| *chosen == column);
    let credit = if is_chosen(Column::Amount) { None } else { place(Column::Credit)? };
    let money = match credit {
        Some(credit) => Money::Split { credit, debit: place(Column::Debit)? },
        None => {
            let amount = place(Column::Amount)?.ok_or(NoHeader::Unnamed)?;
            // A column that was chosen says by itself what came in.
            let direction = if is_chosen(Column::Amount) && !is_chosen(Column::Direction) {
                None
            } else {
                place(Column::Direction)?
            };
            direction.map_or(Money::Signed { amount }, |direction| Money::Directed { amount, direction })
        }
    };
    Ok(Layout { reference, date: place(Column::Date)?, money, width: names.len() })
}

fn column_named(text: &str) -> Option<(Column, usize)> {
    if let Some(found) = listed(text) {
        return Some(found);
    }
    let found: Vec<(Column, usize)> = parts(text).filter_map(listed).collect();
    let of = |column: Column| found.iter().filter(|(named, _)| *named == column).min_by_key(|(_, rank)| *rank).copied();
    let kinds = [Column::Reference, Column::Date, Column::Amount, Column::Credit, Column::Debit].map(of);
    match kinds {
        // Some banks put the day and the reference into one cell.
        [Some(reference), _, None, None, None] => Some(reference),
        [None, Some(date), None, None, None] => Some(date),
        [None, None, _, Some(credit), None] => Some(credit),
        [None, None, _, None, Some(debit)] => Some(debit),
        [None, None, Some(amount), None, None] => Some(amount),
        _ => of(Column::Other),
    }
}

/// The column that has exactly this name, and the name's place in the list.
fn listed(text: &str) -> Option<(Column, usize)> {
    let name = folded(text);
    let name = name.strip_suffix(" vnd").or_else(|| name.strip_suffix(" dong")).unwrap_or(&name);
    // "Nợ" is a debit, "No." a number.
    let name = if name == "no" && text.to_lowercase().contains('ợ') { "nợ" } else { name };
    NAMES.iter().find_map(|(column, names)| Some((*column, names.split('|').position(|known| known == name)?)))
}

/// Names in two languages stand on two lines, or apart by a stroke or brackets.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r', '/', '(', ')', '[', ']', '|', ':', '\\']).map(str::trim).filter(|part| !part.is_empty())
}

/// Small letters without marks, words apart by one blank.
pub(crate) fn folded(text: &str) -> String {
    let plain = text.nfd().filter(|letter| !unicode_normalization::char::is_combining_mark(*letter));
    let plain: String =
        plain.flat_map(char::to_lowercase).map(|letter| if letter == 'đ' { 'd' } else { letter }).collect();
    plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
