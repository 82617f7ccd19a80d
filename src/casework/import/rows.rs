//! Rows of a case list to cases. Pure.
//!
//! # Security
//! The list may come from anywhere. Its size and the length of its cells are bounded, and no problem tells what stands in it.

use super::super::cells;
use super::problem::{ImportProblem, RowProblem};
use crate::domain::{
    CaseReference, EmailAddress, Party, Personal, Reference, ReferenceKind, Referral, Role, Timestamp,
    identifiers,
};
use crate::store::NewCase;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The columns of a case list; their order is free, `role` and `name` must be there.
pub const IMPORT_COLUMNS: [&str; 12] = [
    "reference",
    "role",
    "name",
    "known_as",
    "date_of_birth",
    "phone",
    "email",
    "address",
    "postcode",
    "crime_number",
    "opened",
    "message_id",
];
const REFERENCE: usize = 0;
const ROLE: usize = 1;
const NAME: usize = 2;
const KNOWN_AS: usize = 3;
const BIRTH: usize = 4;
const PHONE: usize = 5;
const EMAIL: usize = 6;
const ADDRESS: usize = 7;
const POSTCODE: usize = 8;
const CRIME: usize = 9;
const OPENED: usize = 10;
const THREAD: usize = 11;

/// Most rows of one list.
const MAX_ROWS: u64 = 20_000;
/// Longest cell, in characters.
const MAX_CELL: usize = 2_000;
/// Fewest and most digits of a telephone number.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;

/// The cells of a row in the order of [`IMPORT_COLUMNS`].
type Cells = [String; IMPORT_COLUMNS.len()];

/// A case of the list.
pub(super) struct ListedCase {
    /// Its first row; the header is row 1.
    pub(super) row: u64,
    /// Every row of it is sound.
    pub(super) is_sound: bool,
    /// The case.
    pub(super) new: NewCase,
    /// The reference, where it is not ours.
    pub(super) agency_reference: Option<Personal<String>>,
}

impl ListedCase {
    pub(super) fn problem(&self, problem: RowProblem) -> ImportProblem {
        ImportProblem {
            row: Some(self.row),
            column: Some(IMPORT_COLUMNS[REFERENCE]),
            problem,
        }
    }
}

/// A row. One with problems goes on, so that it makes no others.
struct Row {
    number: u64,
    is_sound: bool,
    cells: Cells,
    role: Role,
    opened: Option<Date>,
}

/// Problems found so far.
#[derive(Default)]
struct Problems(Vec<ImportProblem>);

impl Problems {
    fn add(&mut self, row: u64, column: Option<usize>, problem: RowProblem) {
        self.0.push(ImportProblem {
            row: Some(row),
            column: column.and_then(|column| IMPORT_COLUMNS.get(column)).copied(),
            problem,
        });
    }
}

/// The cases of a list, and every problem.
pub(super) fn read(bytes: &[u8], prefix: &str, today: Date) -> (Vec<ListedCase>, Vec<ImportProblem>) {
    let whole = |problem| (Vec::new(), vec![ImportProblem::of_list(problem)]);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return whole(RowProblem::NotUtf8);
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let mut problems = Problems::default();
    let Some(Ok(header)) = records.next() else {
        return whole(RowProblem::Empty);
    };
    let Some(columns) = columns(&header, &mut problems) else {
        return (Vec::new(), problems.0);
    };
    let mut rows = Vec::new();
    for (number, record) in (2..).zip(records) {
        if number > MAX_ROWS + 1 {
            problems.add(number, None, RowProblem::TooManyRows);
            break;
        }
        let Ok(record) = record else {
            problems.add(number, None, RowProblem::NotCsv);
            break;
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() != columns.len() {
            problems.add(number, None, RowProblem::CellCount);
            continue;
        }
        rows.push(row_of(number, &columns, &record, today, &mut problems));
    }
    if rows.is_empty() && problems.0.is_empty() {
        return whole(RowProblem::Empty);
    }
    let cases = cases(rows, prefix, &mut problems);
    (cases, problems.0)
}

/// Our place of each column of the list; `None` where the header has a problem.
fn columns(header: &csv::StringRecord, problems: &mut Problems) -> Option<Vec<usize>> {
    let mut places: Vec<usize> = Vec::new();
    for (place, name) in header.iter().enumerate() {
        let name = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        match IMPORT_COLUMNS.iter().position(|column| **column == *name) {
            Some(known) if places.contains(&known) => {
                problems.add(1, None, RowProblem::ColumnTwice(place + 1));
            }
            Some(known) => places.push(known),
            None => problems.add(1, None, RowProblem::UnknownColumn(place + 1)),
        }
    }
    for needed in [ROLE, NAME] {
        if !places.contains(&needed) {
            problems.add(1, Some(needed), RowProblem::ColumnMissing);
        }
    }
    problems.0.is_empty().then_some(places)
}

fn row_of(
    number: u64,
    columns: &[usize],
    record: &csv::StringRecord,
    today: Date,
    problems: &mut Problems,
) -> Row {
    let before = problems.0.len();
    let mut cells = Cells::default();
    for (column, cell) in columns.iter().zip(record) {
        let cell = cells::as_written(cell.trim()).trim();
        if cell.chars().count() > MAX_CELL {
            problems.add(number, Some(*column), RowProblem::TooLong);
        }
        if cell
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            problems.add(number, Some(*column), RowProblem::Control);
        }
        if let Some(place) = cells.get_mut(*column) {
            *place = cell.to_owned();
        }
    }
    let role = role_of(&cells[ROLE]);
    if cells[ROLE].is_empty() {
        problems.add(number, Some(ROLE), RowProblem::Missing);
    } else if role.is_none() {
        problems.add(number, Some(ROLE), RowProblem::NotARole);
    }
    if !cells[NAME].chars().any(char::is_alphabetic) {
        problems.add(number, Some(NAME), RowProblem::Missing);
    }
    let birth = date_cell(number, BIRTH, &cells, today, problems);
    if let Some(birth) = birth {
        cells[BIRTH] = birth.to_string();
    }
    let opened = date_cell(number, OPENED, &cells, today, problems);
    check_lists(number, &cells, problems);
    Row {
        number,
        is_sound: problems.0.len() == before,
        cells,
        // Of a row without one nothing is kept; somebody may support this person.
        role: role.unwrap_or(Role::Party),
        opened,
    }
}

fn role_of(text: &str) -> Option<Role> {
    match text.to_ascii_lowercase().as_str() {
        "victim" => Some(Role::Victim),
        "offender" => Some(Role::Offender),
        "party" => Some(Role::Party),
        "supporter" => Some(Role::Supporter),
        _ => None,
    }
}

fn date_cell(
    number: u64,
    column: usize,
    cells: &Cells,
    today: Date,
    problems: &mut Problems,
) -> Option<Date> {
    let text = cells.get(column).filter(|text| !text.is_empty())?;
    match date_of(text) {
        Some(date) if date > today => problems.add(number, Some(column), RowProblem::InTheFuture),
        Some(date) => return Some(date),
        None => problems.add(number, Some(column), RowProblem::NotADate),
    }
    None
}

/// `2026-03-14`, or day first with slashes: `14/03/2026`.
fn date_of(text: &str) -> Option<Date> {
    if let Some((day, rest)) = text.split_once('/') {
        let (month, year) = rest.split_once('/')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || ![day, month, year].into_iter().all(digits) {
            return None;
        }
        return Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok();
    }
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn check_lists(number: u64, cells: &Cells, problems: &mut Problems) {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let is_phone = |text: &str| {
        let allowed = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '(' | ')' | '-' | '.');
        text.chars().all(allowed) && PHONE_DIGITS.contains(&digits(text))
    };
    if !several(&cells[PHONE]).all(is_phone) {
        problems.add(number, Some(PHONE), RowProblem::NotAPhone);
    }
    if !several(&cells[EMAIL]).all(|text| EmailAddress::parse(text).is_some()) {
        problems.add(number, Some(EMAIL), RowProblem::NotAnEmail);
    }
    if !cells[POSTCODE].is_empty() && identifiers::normal_postcode(&cells[POSTCODE]).is_none() {
        problems.add(number, Some(POSTCODE), RowProblem::NotAPostcode);
    }
    let is_id = |text: &str| {
        let id = text.trim_start_matches('<').trim_end_matches('>');
        id.split_once('@')
            .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
    };
    if !cells[THREAD].split_whitespace().all(is_id) {
        problems.add(number, Some(THREAD), RowProblem::NotAMessageId);
    }
}

/// Several values in one cell.
fn several(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', ',', '\n'])
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

/// Rows of the same reference are one case; a row without one is a case of its own.
fn cases(rows: Vec<Row>, prefix: &str, problems: &mut Problems) -> Vec<ListedCase> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    let mut by_reference: HashMap<String, usize> = HashMap::new();
    let mut lone: HashSet<Cells> = HashSet::new();
    for row in rows {
        let key: String = row.cells[REFERENCE]
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        if key.is_empty() {
            if !lone.insert(row.cells.clone()) {
                problems.add(row.number, None, RowProblem::SameAsEarlier);
            }
            groups.push(vec![row]);
            continue;
        }
        let place = *by_reference.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
        .iter()
        .filter_map(|rows| case_of(rows, prefix, problems))
        .collect()
}

fn case_of(rows: &[Row], prefix: &str, problems: &mut Problems) -> Option<ListedCase> {
    let first = rows.first()?;
    let mut referral = Referral::default();
    let (mut opened, mut thread, mut supported) = (None, Vec::new(), None);
    for row in rows {
        let mut party = party_of(row);
        match row.role {
            Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => {
                if supported.is_none() {
                    problems.add(row.number, Some(ROLE), RowProblem::SupportsNobody);
                }
                party.supports = supported;
            }
            Role::Victim | Role::Offender | Role::Party => supported = Some(referral.parties.len()),
        }
        referral.parties.push(party);
        match (opened, row.opened) {
            (Some(before), Some(date)) if before != date => {
                problems.add(row.number, Some(OPENED), RowProblem::OpenedDiffers);
            }
            (_, Some(date)) => opened = Some(date),
            (_, None) => {}
        }
        thread.extend(row.cells[THREAD].split_whitespace().map(str::to_owned));
        add_number(&mut referral, ReferenceKind::CrimeNumber, &row.cells[CRIME]);
    }
    let given = &first.cells[REFERENCE];
    let own = CaseReference::parse_own(prefix, given).map(|(reference, _, _)| reference);
    let foreign = (own.is_none() && !given.is_empty()).then_some(given);
    if let Some(number) = foreign {
        add_number(&mut referral, ReferenceKind::AgencyReference, number);
    }
    Some(ListedCase {
        row: first.number,
        is_sound: rows.iter().all(|row| row.is_sound),
        new: NewCase {
            raw: Personal::new(source_of(rows)),
            referral,
            thread,
            reference: own,
            opened: opened.and_then(midnight),
        },
        agency_reference: foreign.cloned().map(Personal::new),
    })
}

fn add_number(referral: &mut Referral, kind: ReferenceKind, value: &str) {
    let number = Reference {
        kind,
        value: value.to_owned(),
    };
    if !value.is_empty() && !referral.references.contains(&number) {
        referral.references.push(number);
    }
}

fn party_of(row: &Row) -> Party {
    let cell = |column: usize| row.cells.get(column).filter(|cell| !cell.is_empty()).cloned();
    let list = |column: usize| {
        let cell = row.cells.get(column).map_or("", String::as_str);
        several(cell).map(str::to_owned).collect()
    };
    Party {
        name: cell(NAME),
        known_as: cell(KNOWN_AS),
        date_of_birth: cell(BIRTH),
        phones: list(PHONE),
        emails: list(EMAIL),
        address: cell(ADDRESS),
        postcode: cell(POSTCODE),
        ..Party::new(row.role)
    }
}

/// The rows of a case as they are kept: every column in our order, so that the same rows are the same bytes.
fn source_of(rows: &[Row]) -> Vec<u8> {
    let cells = rows.iter().map(|row| {
        row.cells
            .iter()
            .map(|cell| Cow::Borrowed(cell.as_str()))
            .collect()
    });
    // Every row has every column.
    cells::raw_table(&IMPORT_COLUMNS, cells)
        .unwrap_or_default()
        .into_bytes()
}

fn midnight(day: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}
