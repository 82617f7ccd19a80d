//! Columns that explain the questions: `question | guidance | answer`.
//!
//! Invariant: a column is left out only where its title, or the hints in it and in no other column, say that it explains.

use super::cells::Flat;
use crate::forms::labels::{spoken, tokens};
use crate::forms::pairs::Reader;

/// Fewest rows that tell a column of hints without a title.
const MIN_HINTED_ROWS: usize = 2;
/// Longest title of a column, in words.
const MAX_TITLE_WORDS: usize = 5;

/// What the title of a column says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Answers,
    Guidance,
    Other,
}

/// Leaves out the column that explains the questions, and the row of titles that says so.
pub(super) fn without_guidance(reader: &Reader<'_>, mut rows: Vec<Vec<Flat>>) -> Vec<Vec<Flat>> {
    let is_table_of_questions = asks_in_first_column(reader, &rows);
    let titled = rows
        .first()
        .and_then(|header| titled_guidance(header, is_table_of_questions));
    if titled.is_some() {
        rows.remove(0);
    }
    let untitled = || is_table_of_questions.then(|| hinted_column(&rows)).flatten();
    if let Some(guidance) = titled.or_else(untitled) {
        rows.iter_mut()
            .filter(|row| row.len() > 2)
            .for_each(|row| row.retain(|cell| cell.column != guidance));
    }
    rows
}

/// The column of guidance in a row of titles that also names a column of answers.
fn titled_guidance(header: &[Flat], is_table_of_questions: bool) -> Option<usize> {
    if header.len() < 3 {
        return None;
    }
    let of_kind = |wanted: Column| {
        let mut found = header
            .iter()
            .filter(|cell| column_of(&cell.text, is_table_of_questions) == wanted);
        let first = found.next()?;
        found.next().is_none().then_some(first.column)
    };
    of_kind(Column::Answers)?;
    of_kind(Column::Guidance)
}

/// What a title says. One of several words counts only above a column of known questions.
fn column_of(title: &str, is_table_of_questions: bool) -> Column {
    const ANSWERS: [&str; 6] = ["answer", "answers", "response", "responses", "reply", "details"];
    const GUIDANCE: [&str; 11] = [
        "guidance",
        "notes",
        "note",
        "help",
        "example",
        "examples",
        "hint",
        "hints",
        "tips",
        "advice",
        "explanation",
    ];
    let words = tokens(title);
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if spoken(title) == "what to write" {
        return Column::Guidance;
    }
    let is_title = words.len() == 1 || is_table_of_questions && words.len() <= MAX_TITLE_WORDS;
    match (any(&ANSWERS), any(&GUIDANCE)) {
        (true, false) if is_title || words.first().is_some_and(|word| word == "your") => Column::Answers,
        (false, true) if is_title || spoken(title) == "help text" => Column::Guidance,
        (_, _) => Column::Other,
    }
}

/// Most cells of the first column are questions.
fn asks_in_first_column(reader: &Reader<'_>, rows: &[Vec<Flat>]) -> bool {
    let firsts = rows
        .iter()
        .filter(|row| row.len() > 2)
        .filter_map(|row| row.first())
        .filter(|cell| cell.column == 0 && !cell.is_blank());
    let (mut all, mut asking) = (0_usize, 0_usize);
    for cell in firsts {
        all += 1;
        asking += usize::from(
            cell.text.trim_end().ends_with('?')
                || reader
                    .book
                    .label(&cell.text)
                    .is_some_and(|label| !label.role_only),
        );
    }
    asking >= MIN_HINTED_ROWS && asking * 2 > all
}

/// In rows of three cells, the one of the last two columns that holds hints, where the other holds none.
fn hinted_column(rows: &[Vec<Flat>]) -> Option<usize> {
    let hints = |column: usize| {
        rows.iter()
            .filter(|row| row.len() == 3)
            .filter_map(|row| row.get(column))
            .filter(|cell| is_hint(&cell.text))
            .count()
    };
    match (hints(1), hints(2)) {
        (hinted, 0) if hinted >= MIN_HINTED_ROWS => Some(1),
        (0, hinted) if hinted >= MIN_HINTED_ROWS => Some(2),
        (_, _) => None,
    }
}

/// Words to whoever fills the form in, not theirs: "e.g. 4 years", "Please give", "If known".
pub(super) fn is_hint(text: &str) -> bool {
    const STARTS: [&str; 10] = [
        "e g ",
        "eg ",
        "for example ",
        "please ",
        "if known",
        "if you know",
        "as shown on ",
        "enter ",
        "tick ",
        "dd mm yyyy",
    ];
    let said = format!("{} ", tokens(text).join(" "));
    STARTS.iter().any(|start| said.starts_with(start)) || said.contains(" e g ") || text.contains("(e.g.")
}
