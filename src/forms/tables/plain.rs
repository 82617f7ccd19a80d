//! Labels beside their answers: `label | answer`, `label | answer | label | answer`.
//!
//! Invariant: several cells are one answer only where they are the options of one question.

use super::cells::{Flat, cell_as_lines};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{Inline, inline_text};
use crate::forms::labels::{Field, LabelMatch, Strictness};
use crate::forms::pairs::{Reader, is_helper, shape_of};
use crate::forms::values::{Answer, yes_no};

/// So many questions with their answers in their own cell are the form's way.
pub(super) const ANSWERS_IN_CELLS: usize = 4;
/// Longest option of a row of options.
const MAX_OPTION_BYTES: usize = 40;

/// `label | answer`, `label | answer | label | answer`, with help columns left out.
pub(super) fn plain_row(reader: &mut Reader<'_>, row: &[Flat], page: Option<u32>) {
    let mut cells = row.iter().peekable();
    while let Some(cell) = cells.next() {
        if cell.is_blank()
            || cell
                .text
                .chars()
                .all(|c| c.is_ascii_digit() || c == '.' || c == ')')
        {
            continue;
        }
        if let Some(answers) = cells.peek()
            && stacked(reader, cell, answers, page)
        {
            cells.next();
            continue;
        }
        if let Some((label, text, answer)) = label_over_answer(reader, cell) {
            reader.answers_in_cells += 1;
            reader.close();
            reader.pair(label, &text, answer, page, None);
            continue;
        }
        let label = reader.book.label(&cell.text);
        // Where questions hold their answers in their own cell, one alone in its cell was left blank.
        if reader.answers_in_cells >= ANSWERS_IN_CELLS
            && label.is_some_and(|label| label.exact && !label.role_only)
        {
            reader.close();
            if let Some(label) = label {
                reader.pair(label, &cell.text, Answer::default(), page, None);
            }
            continue;
        }
        let Some(label) = label else {
            let stacked = cell.lines.len() > 1
                || cell.text.contains(':')
                || cell.text.contains('☐')
                || cell.text.contains('☒');
            if stacked {
                let before = reader.context;
                cell_as_lines(reader, cell, page);
                reader.close();
                // A worker named in one cell of somebody's part does not end that part.
                if reader.context.is_of_helper() && before.is_of_main() {
                    reader.context = before;
                }
            } else if let Some(value) = cells.next_if(|value| reader.book.label(&value.text).is_none()) {
                reader.out.loose.push((value.text.clone(), page));
                reader.unmapped(&cell.text, value.answer(), page);
            }
            continue;
        };
        // "Referrer | Name: ... / Role: ...": a part in one cell
        if let Some(section) = reader
            .book
            .section(&cell.text, Strictness::Every)
            .filter(|_| label.role_only || !label.field.is_personal())
            && let Some(part) = cells.next_if(|value| has_labelled_lines(reader, value))
        {
            reader.enter(section, &cell.text);
            cell_as_lines(reader, part, page);
            reader.close();
            continue;
        }
        reader.close();
        let mut values: Vec<&Flat> = Vec::new();
        while let Some(value) = cells.next_if(|value| !is_next_label(reader, value, label)) {
            values.push(value);
            // further cells are further options only where nothing else can be meant
            if !cells
                .peek()
                .is_some_and(|next| is_option_cell(reader, &values, next))
            {
                break;
            }
        }
        let answer = joined(&values);
        reader.pair(label, &cell.text, answer, page, None);
    }
}

/// Two or more lines of a cell are `Label: answer` or `Question? answer`.
fn has_labelled_lines(reader: &Reader<'_>, cell: &Flat) -> bool {
    let labelled = cell.lines.iter().filter(|line| {
        let text = inline_text(line);
        let label = text
            .split_once([':', '?'])
            .map(|(label, _)| label.trim().to_owned());
        label.is_some_and(|label| reader.book.label(&label).is_some_and(|label| !label.role_only))
    });
    labelled.count() >= 2
}

/// A cell whose first line asks and whose other lines answer: "CONTACT NUMBER" over "01632 960001".
fn label_over_answer(reader: &Reader<'_>, cell: &Flat) -> Option<(LabelMatch, String, Answer)> {
    let (first, rest) = cell.lines.split_first()?;
    let text = inline_text(first).trim().to_owned();
    let is_lone = !text.contains([':', '☐', '☒']) && !has_tick(first) && !rest.is_empty();
    // "Parent or guardian" over "Leanne Robson" names them
    let names_helper = |label: &LabelMatch| {
        label.person.is_some_and(|person| is_helper(person.who))
            && matches!(rest, [name] if shape_of(inline_text(name).trim()) == Some(Field::Name))
    };
    let label = reader
        .book
        .label(&text)
        .filter(|label| is_lone && (!label.role_only || names_helper(label)))?;
    let is_answer = |line: &Vec<Inline>| {
        let text = inline_text(line);
        !text.trim_end().ends_with(':')
            && reader
                .book
                .label(text.trim())
                .is_none_or(|label| !label.exact || label.role_only)
    };
    rest.iter()
        .all(is_answer)
        .then(|| (label, text, Answer::of(rest.to_vec())))
}

/// Most questions that stand stacked in one cell.
const MAX_STACKED: usize = 16;

/// Questions stacked in one cell, their answers stacked in the next: line by line. `false` where they do not
/// pair off.
fn stacked(reader: &mut Reader<'_>, questions: &Flat, answers: &Flat, page: Option<u32>) -> bool {
    let asked: Vec<&Vec<Inline>> = questions.lines.iter().filter(|line| !is_empty(line)).collect();
    if !(2..=MAX_STACKED).contains(&asked.len()) || asked.iter().any(|line| has_tick(line)) {
        return false;
    }
    let texts: Vec<String> = asked
        .iter()
        .map(|line| inline_text(line).trim().to_owned())
        .collect();
    let is_known = |text: &String| {
        let label = reader.book.label(text);
        label.is_some_and(|label| !label.role_only && (!label.guessed || text.ends_with(['?', ':'])))
    };
    let known = texts.iter().filter(|text| is_known(text)).count();
    // "NAME / Ann Lee" beside "JOB TITLE / Officer": each cell has its own answer.
    let first = answers
        .lines
        .first()
        .map(|line| inline_text(line).trim().to_owned());
    if first.is_some_and(|first| {
        reader
            .book
            .label(&first)
            .is_some_and(|label| label.exact && label.words > 0)
    }) {
        return false;
    }
    let said: Vec<&Vec<Inline>> = answers.lines.iter().collect();
    let filled: Vec<&Vec<Inline>> = said.iter().copied().filter(|line| !is_empty(line)).collect();
    if known < 2 || known + 1 < texts.len() || filled.is_empty() && said.len() > 1 {
        return false;
    }
    let Some(dealt) = line_by_line(reader, &texts, &said, &filled) else {
        return false;
    };
    reader.close();
    for (text, line) in texts.iter().zip(dealt) {
        let answer = line.map_or_else(Answer::default, |line| Answer::of(vec![line]));
        match reader.book.label(text).filter(|label| !label.role_only) {
            Some(label) => reader.pair(label, text, answer, page, None),
            None => reader.unmapped(text, answer, page),
        }
    }
    true
}

/// The answer line of each question: one each, blank lines counted, else passed over; with fewer lines than
/// questions, a line goes to the next question whose kind of answer it can be.
fn line_by_line(
    reader: &Reader<'_>,
    questions: &[String],
    all: &[&Vec<Inline>],
    filled: &[&Vec<Inline>],
) -> Option<Vec<Option<Vec<Inline>>>> {
    for lines in [all, filled] {
        if lines.len() == questions.len() {
            return Some(lines.iter().map(|line| Some((*line).clone())).collect());
        }
    }
    if filled.len() > questions.len() {
        return None;
    }
    let mut rest = filled.iter().peekable();
    let mut dealt = Vec::with_capacity(questions.len());
    for (at, question) in questions.iter().enumerate() {
        let field = reader.book.label(question).map(|label| label.field);
        let left = questions.len() - at;
        let is_needed = rest.len() >= left; // one line for each question that is left
        let taken = rest.next_if(|line| is_needed || fits(&inline_text(line), field));
        dealt.push(taken.map(|line| (*line).clone()));
    }
    rest.next().is_none().then_some(dealt)
}

/// Whether a line can be the answer to a question of this kind.
pub(in crate::forms) fn fits(text: &str, field: Option<Field>) -> bool {
    let kind = identifiers::find(text).first().map(|found| found.kind);
    let is_date = text.chars().filter(char::is_ascii_digit).count() >= 4 && kind.is_none();
    match field {
        Some(Field::Phone) => kind == Some(IdentifierKind::Phone),
        Some(Field::Email) => kind == Some(IdentifierKind::Email),
        Some(Field::Postcode) => kind == Some(IdentifierKind::Postcode),
        Some(Field::DateOfBirth | Field::OffenceDate | Field::ConsentDate | Field::OutcomeDate) => is_date,
        Some(Field::Name | Field::Given | Field::Family | Field::Title) => {
            !text.chars().any(|c| c.is_ascii_digit() || c == '@')
        }
        Some(_) | None => {
            !matches!(
                kind,
                Some(IdentifierKind::Phone | IdentifierKind::Email | IdentifierKind::Postcode)
            ) || field == Some(Field::Address)
        }
    }
}

fn is_empty(line: &[Inline]) -> bool {
    !has_tick(line) && inline_text(line).trim().is_empty()
}

fn has_tick(line: &[Inline]) -> bool {
    line.iter().any(|piece| matches!(piece, Inline::Tick { .. }))
}

/// Whether the cell after a label is itself a label, not its answer ("Title | Name"). A short word such as
/// "Parent" after "Relationship" is an answer.
fn is_next_label(reader: &Reader<'_>, cell: &Flat, before: LabelMatch) -> bool {
    if cell.is_blank() {
        return false;
    }
    reader.book.label(&cell.text).is_some_and(|label| {
        let bare_role = label.role_only;
        let asks = cell.heading || cell.text.trim_end().ends_with([':', '?']);
        asks && label.exact && !bare_role && label.field != before.field
    })
}

/// Whether a cell goes on with the options of the cells before: `Yes | No | Not asked`, each its own cell.
fn is_option_cell(reader: &Reader<'_>, before: &[&Flat], next: &Flat) -> bool {
    let mut all: Vec<&Flat> = before.to_vec();
    all.push(next);
    let short = all
        .iter()
        .all(|cell| cell.text.len() <= MAX_OPTION_BYTES && !cell.is_blank());
    // "☒ Yes ☐ No | Date | 10 November": the next question, not a further box.
    let is_ticked = before
        .iter()
        .flat_map(|cell| &cell.lines)
        .any(|line| has_tick(line));
    let asks = is_ticked
        && !next.lines.iter().any(|line| has_tick(line))
        && yes_no(&next.text, reader.book).is_none()
        && reader
            .book
            .label(&next.text)
            .is_some_and(|label| label.exact && !label.role_only);
    if asks {
        return false;
    }
    let answer = joined(&all);
    let ticks = answer
        .lines
        .iter()
        .flatten()
        .any(|p| matches!(p, Inline::Tick { .. }));
    let said: Vec<bool> = all
        .iter()
        .map(|cell| yes_no(&cell.text, reader.book).is_some())
        .collect();
    short && (ticks || answer.clean(reader.book).is_blank() || said.iter().all(|yes_or_no| *yes_or_no))
}

/// Several cells as one answer.
fn joined(cells: &[&Flat]) -> Answer {
    match cells {
        [] => Answer::default(),
        [one] => one.answer(),
        many => {
            let mut line = Vec::new();
            for (at, cell) in many.iter().enumerate() {
                if at > 0 {
                    line.push(Inline::Text {
                        text: " / ".into(),
                        bold: false,
                        struck: false,
                    });
                }
                line.extend(cell.lines.iter().flatten().cloned());
            }
            Answer::of(vec![line])
        }
    }
}
