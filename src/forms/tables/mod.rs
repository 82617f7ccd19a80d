//! Tables: which cell is a label, which an answer, and whose.
//!
//! `cells` (a row as texts with columns) -> `section` (a row that starts a part), `people` (people side by side),
//! `guidance` (columns that only explain), `header` and `list` (labels above answers or above one person per row), `plain` (labels beside answers).
//!
//! Invariant: a row is read in one way only; what says whose a column or row is holds until something changes it.

mod cells;
mod guidance;
mod header;
mod list;
mod people;
mod plain;
mod section;

use self::cells::{Flat, as_line, cell_as_lines, flatten};
use self::guidance::without_guidance;
use self::header::{alternates, header_row, is_labels, tells_role};
use self::list::{person_row, told_of_last};
use self::people::{people_cells, people_row};
pub(super) use self::plain::fits;
use self::plain::plain_row;
use self::section::lone_cell_section;
use super::labels::{Field, LabelMatch, Person, Section, Strictness, Who};
use super::pairs::{Context, Reader, Subject, shape_of, starts_with_tick};
use super::values::{Answer, yes_no};
use crate::domain::{Inline, Table};

/// Longest answer that says what somebody is, in words.
const MAX_ROLE_WORDS: usize = 5;

/// Longest label in unknown wording beside known ones, in words.
const MAX_TITLE_WORDS: usize = 3;

/// Fewest and most words of a form's title in a sheet.
const MIN_FORM_TITLE_WORDS: usize = 3;
const MAX_FORM_TITLE_WORDS: usize = 14;

/// What the rows of a table are read by, until something changes it.
#[derive(Default)]
struct Mode {
    /// Columns of people: first column, past the last, whose.
    people: Vec<(usize, usize, Subject)>,
    /// Header labels: column, what it asks.
    header: Vec<(usize, LabelMatch, String)>,
    /// Printed answers above columns of boxes: `Yes | No | Not asked`.
    options: Vec<(usize, String)>,
    /// Header cells that are no known label.
    untitled: Vec<(usize, String)>,
    /// The person of the row above, under header labels.
    last: Option<(Person, u32)>,
    /// The next row has been read together with its labels.
    is_told: bool,
    order: RowOrder,
    /// This very table has shown that order.
    is_settled: bool,
}

/// What is known of a table's way by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum RowOrder {
    #[default]
    Unknown,
    /// A row of labels, a row of answers, a row of labels ...
    LabelsOverAnswers,
}

/// Reads a table.
pub(super) fn read(reader: &mut Reader<'_>, table: &Table) {
    let mut held = vec![0_usize; 0];
    let rows: Vec<Vec<Flat>> = table
        .rows
        .iter()
        .map(|row| flatten(&row.cells, &mut held))
        .collect();
    let rows = without_guidance(reader, rows);
    let mut mode = Mode::default();
    let is_as_wide = |width: usize| rows.iter().any(|row| row.len() == width);
    if reader.labels_over_answers.is_some_and(is_as_wide) {
        mode.order = RowOrder::LabelsOverAnswers;
    }
    if alternates(reader, &rows) {
        mode.order = RowOrder::LabelsOverAnswers;
        mode.is_settled = true;
    }
    for (at, row) in rows.iter().enumerate() {
        let next = rows.get(at + 1);
        let after = rows.get(at + 2);
        // Labels over one row of answers, and then labels again or nothing: a form, not a list of people.
        let ends_with_next = mode.is_settled || after.is_none_or(|after| is_labels(reader, after));
        self::row(reader, row, (next, ends_with_next), table.page, &mut mode);
    }
    reader.close();
}

fn row(
    reader: &mut Reader<'_>,
    row: &[Flat],
    (next, ends_with_next): (Option<&Vec<Flat>>, bool),
    page: Option<u32>,
    mode: &mut Mode,
) {
    if std::mem::take(&mut mode.is_told) {
        return;
    }
    let filled: Vec<&Flat> = row.iter().filter(|cell| !cell.is_blank()).collect();
    let Some(first) = filled.first() else { return };
    if let Some(options) = option_row(reader, row, &filled, next) {
        reader.close();
        mode.header.clear();
        mode.options = options;
        return;
    }
    if !mode.options.is_empty() && grid_row(reader, row, page, &mode.options) {
        return;
    }
    if let Some(people) = people_row(reader, row, &filled, next) {
        reader.close();
        reader.begin_people();
        mode.header.clear();
        mode.people = people;
        return;
    }
    if filled.len() > 1
        && filled
            .iter()
            .all(|cell| cell.lines.first().is_some_and(|line| starts_with_tick(line)))
    {
        let line = as_line(&options_of(&filled), false);
        reader.line(&line, false);
        reader.close();
        return;
    }
    let is_capitals = first.text.len() > 4 && !first.text.chars().any(char::is_lowercase);
    if filled.len() == 1
        && (row.len() == 1 || first.heading || is_capitals || names_below(reader, row, next))
        && lone_cell_section(reader, first, next)
    {
        *mode = Mode {
            order: mode.order,
            is_settled: mode.is_settled,
            ..Mode::default()
        };
        return;
    }
    if is_title(reader, row, &filled) {
        reader.out.titles.push(first.text.clone());
        return;
    }
    // Below people side by side a row of labels would be a row of their answers.
    let order = if mode.people.is_empty() {
        mode.order
    } else {
        RowOrder::Unknown
    };
    let is_theirs = !mode.people.is_empty() && filled.len() <= mode.people.len() + 1;
    let in_cells = reader.answers_in_cells >= plain::ANSWERS_IN_CELLS;
    if !is_theirs
        && !in_cells
        && let Some(header) = header_row(reader, &filled, next, order)
    {
        reader.close();
        let known = |cell: &&&Flat| header.iter().any(|(column, _, _)| *column == cell.column);
        let untitled = filled.iter().filter(|cell| !known(cell));
        mode.untitled = untitled.map(|cell| (cell.column, cell.text.clone())).collect();
        let of_referrer =
            matches!(reader.context, Context::Person { person, .. } if person.who == Who::Referrer);
        match next.filter(|_| ends_with_next && (of_referrer || mode.is_settled || !tells_role(reader, next)))
        {
            Some(answers) => header_over_answers(reader, header, answers, page, mode),
            None => header_over_people(reader, header, first, mode),
        }
        return;
    }
    if !mode.header.is_empty() && told_of_last(reader, row, page, mode) {
        return;
    }
    if !mode.header.is_empty() && filled.len() + 1 >= mode.header.len().min(2) && row.len() > 1 {
        mode.last = Some(person_row(reader, row, page, mode));
        return;
    }
    if !mode.people.is_empty() && row.len() > 1 {
        people_cells(reader, row, page, &mode.people);
        return;
    }
    let last_alone = filled.len() == 1 && row.first().is_some_and(|cell| cell.is_blank());
    if row.len() == 1 || last_alone {
        reader.close_answered();
        // A question alone in its row, with the answer alone in the next.
        if let Some(line) = first.lines.first().filter(|_| first.lines.len() == 1)
            && asks_next_row(reader, first, next)
        {
            reader.line(&as_line(line, true), false);
            return;
        }
        cell_as_lines(reader, first, page);
        return;
    }
    if mode.order == RowOrder::LabelsOverAnswers && next.is_none() && labels_alone(reader, &filled) {
        reader.close();
        reader.awaited = filled.iter().map(|cell| cell.text.clone()).collect();
        return;
    }
    if filled.len() > 1 {
        reader.close();
    }
    plain_row(reader, row, page);
}

/// "Household A" with nothing beside it, and "Name | ..." in the row below: a part of a form laid out in a sheet, not a
/// question left blank.
fn names_below(reader: &Reader<'_>, row: &[Flat], next: Option<&Vec<Flat>>) -> bool {
    let is_role = row
        .first()
        .and_then(|cell| reader.book.label(&cell.text))
        .is_some_and(|label| label.role_only);
    let asks_name = |cell: &Flat| {
        reader.book.label(&cell.text).is_some_and(|label| {
            let is_name = matches!(
                label.field,
                Field::Name | Field::Given | Field::Family | Field::Title
            );
            is_name && label.person.is_none() && !label.role_only
        })
    };
    is_role && next.is_some_and(|next| next.len() == row.len() && next.first().is_some_and(asks_name))
}

/// The first cell of a wider row, with nothing beside it, above every answer: the title of a form laid out in a sheet.
fn is_title(reader: &Reader<'_>, row: &[Flat], filled: &[&Flat]) -> bool {
    let is_alone = matches!((row, filled), ([first, _, ..], [one]) if first.column == one.column);
    is_alone
        && reader.out.facts.is_empty()
        && filled.iter().all(|cell| {
            let words = cell.text.split_whitespace().count();
            (MIN_FORM_TITLE_WORDS..=MAX_FORM_TITLE_WORDS).contains(&words)
                && !cell.text.trim_end().ends_with([':', '?'])
                && reader.book.label(&cell.text).is_none_or(|label| !label.exact)
        })
}

/// A question in wording that is known in part, with a cell below it that is none.
fn asks_next_row(reader: &Reader<'_>, cell: &Flat, next: Option<&Vec<Flat>>) -> bool {
    let asks = |text: &str| reader.book.label(text).is_some_and(|label| !label.role_only);
    asks(&cell.text)
        && next.is_some_and(
            |row| matches!(row.as_slice(), [answer] if !answer.is_blank() && !asks(&answer.text)),
        )
}

/// The last row of a table, all labels or like one: its answers did not make a row, but lines of their own.
fn labels_alone(reader: &Reader<'_>, filled: &[&Flat]) -> bool {
    let known = |cell: &Flat| {
        reader
            .book
            .label(&cell.text)
            .is_some_and(|label| label.exact && !label.role_only)
    };
    let is_like_one = |cell: &Flat| {
        cell.text.split_whitespace().count() <= MAX_TITLE_WORDS
            && !cell
                .text
                .contains(|c: char| c.is_ascii_digit() || matches!(c, '@' | '☐' | '☒'))
            && shape_of(&cell.text).is_none()
    };
    filled.len() >= 2
        && filled.iter().all(|cell| known(cell) || is_like_one(cell))
        && filled.iter().any(|cell| known(cell))
}

/// A row of printed answers above columns of boxes.
fn option_row(
    reader: &Reader<'_>,
    row: &[Flat],
    filled: &[&Flat],
    next: Option<&Vec<Flat>>,
) -> Option<Vec<(usize, String)>> {
    let first = row.first()?;
    let options: Vec<&&Flat> = filled.iter().filter(|cell| cell.column != first.column).collect();
    let is_corner = first.is_blank() || reader.book.label(&first.text).is_none();
    let are_answers = options.len() >= 2
        && options
            .iter()
            .all(|cell| !cell.text.contains(['☐', '☒']) && yes_no(&cell.text, reader.book).is_some());
    let has_boxes = next.is_some_and(|next| {
        let under = |cell: &&&&Flat| {
            let below = next.iter().find(|other| other.column == cell.column);
            below.and_then(box_of).is_some()
        };
        options.iter().filter(under).count() == options.len()
    });
    (is_corner && row.len() > 2 && are_answers && has_boxes).then(|| {
        options
            .iter()
            .map(|cell| (cell.column, cell.text.clone()))
            .collect()
    })
}

/// A question with a box under each printed answer. `false` where the row has no boxes.
fn grid_row(reader: &mut Reader<'_>, row: &[Flat], page: Option<u32>, options: &[(usize, String)]) -> bool {
    let Some((label_cell, boxes)) = row.split_first() else {
        return false;
    };
    let mut line = Vec::new();
    for (column, text) in options {
        let cell = boxes.iter().find(|cell| cell.column == *column);
        let Some(mark) = cell.and_then(box_of) else {
            return false;
        };
        line.push(Inline::Tick { checked: mark });
        line.push(Inline::Text {
            text: format!(" {text} "),
            bold: false,
            struck: false,
        });
    }
    reader.close();
    let answer = Answer::of(vec![line]);
    match reader
        .book
        .label(&label_cell.text)
        .filter(|label| !label.role_only)
    {
        Some(label) => reader.pair(label, &label_cell.text, answer, page, None),
        None => reader.unmapped(&label_cell.text, answer, page),
    }
    true
}

/// Whether the one box of a cell is ticked; a mark or nothing in a plain cell counts too.
fn box_of(cell: &Flat) -> Option<bool> {
    let ticks = cell.lines.iter().flatten().find_map(|piece| match piece {
        Inline::Tick { checked } => Some(*checked),
        Inline::Text { .. } | Inline::Answer { .. } | Inline::Break | Inline::Hidden { .. } => None,
    });
    ticks.or(match cell.text.as_str() {
        "" | "☐" | "□" => Some(false),
        "x" | "X" | "✓" | "✔" | "☒" | "☑" | "√" => Some(true),
        _ => None,
    })
}

/// Options in cells of their own as one line.
fn options_of(cells: &[&Flat]) -> Vec<Inline> {
    let mut line = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(Inline::Text {
                text: "  ".into(),
                bold: false,
                struck: false,
            });
        }
        line.extend(cell.lines.iter().flatten().cloned());
    }
    line
}

/// Reads a row of labels together with the row of answers below it.
fn header_over_answers(
    reader: &mut Reader<'_>,
    header: Vec<(usize, LabelMatch, String)>,
    answers: &[Flat],
    page: Option<u32>,
    mode: &mut Mode,
) {
    let width = header.len() + mode.untitled.len();
    mode.header.clear();
    mode.people.clear();
    for (column, label, text) in header {
        let answer = answers
            .iter()
            .find(|c| (c.column..c.column + c.span).contains(&column));
        if let Some(answer) = answer {
            reader.pair(label, &text, answer.answer(), page, None);
        }
    }
    for (column, text) in std::mem::take(&mut mode.untitled) {
        let answer = answers
            .iter()
            .find(|c| (c.column..c.column + c.span).contains(&column));
        if let Some(answer) = answer {
            reader.unmapped(&text, answer.answer(), page);
        }
    }
    reader.labels_over_answers = Some(width);
    mode.is_told = true;
    mode.is_settled = true;
    mode.order = RowOrder::LabelsOverAnswers;
}

/// Keeps a row of labels for the people in the rows below it.
fn header_over_people(
    reader: &mut Reader<'_>,
    header: Vec<(usize, LabelMatch, String)>,
    first: &Flat,
    mode: &mut Mode,
) {
    // "PERPETRATORS | Name if known | Age": the first title says who the people below are.
    let titled = reader.book.label(&first.text).is_none_or(|label| label.role_only);
    if titled && let Some(section @ Section::Person(_)) = reader.book.section(&first.text, Strictness::Every)
    {
        reader.enter(section, &first.text);
    }
    mode.people.clear();
    mode.last = None;
    mode.header = header;
}

fn is_side(who: Who) -> bool {
    matches!(
        who,
        Who::Victim | Who::Offender | Who::Party | Who::Other | Who::Witness
    )
}
