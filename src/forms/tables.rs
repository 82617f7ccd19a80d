//! Tables: which cell is a label, which an answer, and whose.

use super::labels::{Field, LabelMatch, Person, Section, Strictness, Who, spoken};
use super::lines::{Line, split_breaks};
use super::pairs::{Context, Reader, Subject};
use super::values::Answer;
use crate::domain::{Block, Cell, Inline, Table, inline_text};

/// Deepest nesting of tables in cells that is read.
const MAX_NESTING: usize = 4;

/// A cell, flattened.
struct Flat {
    lines: Vec<Vec<Inline>>,
    text: String,
    column: usize,
    span: usize,
    heading: bool,
}

impl Flat {
    fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    fn answer(&self) -> Answer {
        Answer::of(self.lines.clone())
    }
}

/// What the rows of a table are read by, until something changes it.
#[derive(Default)]
struct Mode {
    /// Columns of people: first column, past the last, whose.
    people: Vec<(usize, usize, Subject)>,
    /// Header labels: column, what it asks.
    header: Vec<(usize, LabelMatch, String)>,
    /// The next row has been read together with its labels.
    is_told: bool,
    order: RowOrder,
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
    let rows = without_guidance(rows);
    let mut mode = Mode::default();
    for (at, row) in rows.iter().enumerate() {
        let next = rows.get(at + 1);
        let after = rows.get(at + 2);
        // Labels over one row of answers, and then labels again or nothing: a form, not a list of people.
        let ends_with_next = after.is_none_or(|after| is_labels(reader, after));
        self::row(reader, row, (next, ends_with_next), table.page, &mut mode);
    }
    reader.close();
}

/// A row of nothing but labels, or of one cell.
fn is_labels(reader: &Reader<'_>, row: &[Flat]) -> bool {
    let mut filled = row.iter().filter(|cell| !cell.is_blank());
    row.len() == 1
        || filled.all(|cell| {
            reader
                .book
                .label(&cell.text)
                .is_some_and(|label| !label.role_only)
        })
}

/// One of the answers says what somebody is ("Victim"): then it is a list of people with one entry.
fn tells_role(reader: &Reader<'_>, row: Option<&Vec<Flat>>) -> bool {
    row.into_iter().flatten().any(|cell| {
        cell.text.split_whitespace().count() <= MAX_ROLE_WORDS
            && reader
                .book
                .role_in_answer(&cell.text)
                .is_some_and(|who| is_side(who) || who == Who::Supporter)
    })
}

/// Leaves out the column that explains the questions, where the header row says which that is.
fn without_guidance(mut rows: Vec<Vec<Flat>>) -> Vec<Vec<Flat>> {
    const ANSWERS: [&str; 6] = [
        "answer",
        "answers",
        "response",
        "your answer",
        "your response",
        "details",
    ];
    const GUIDANCE: [&str; 9] = [
        "guidance",
        "guidance notes",
        "notes",
        "help",
        "help text",
        "example",
        "examples",
        "hint",
        "what to write",
    ];
    let Some(header) = rows.first() else { return rows };
    let column = |names: &[&str]| {
        let cell = header
            .iter()
            .find(|cell| names.contains(&spoken(&cell.text).as_str()));
        cell.map(|cell| cell.column)
    };
    if let (Some(_), Some(guidance)) = (column(&ANSWERS), column(&GUIDANCE)) {
        rows.iter_mut()
            .for_each(|row| row.retain(|cell| cell.column != guidance));
    }
    rows
}

/// Cells with the column each starts in; `held` counts rows that a column is still covered from above.
fn flatten(cells: &[Cell], held: &mut Vec<usize>) -> Vec<Flat> {
    let mut out = Vec::with_capacity(cells.len());
    let mut column = 0;
    let mut starts: Vec<(usize, usize, usize)> = Vec::new();
    for cell in cells {
        while held.get(column).is_some_and(|rows| *rows > 0) {
            column += 1;
        }
        let span = usize::from(cell.columns.max(1));
        let mut lines = Vec::new();
        cell_lines(&cell.blocks, 0, &mut lines);
        let text = lines
            .iter()
            .map(|l| inline_text(l))
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned();
        let heading =
            cell.header || cell.blocks.iter().any(|b| matches!(b, Block::Heading { .. })) || all_bold(&lines);
        out.push(Flat {
            lines,
            text,
            column,
            span,
            heading,
        });
        starts.push((column, span, usize::from(cell.rows.max(1))));
        column += span;
    }
    for rows in held.iter_mut() {
        *rows = rows.saturating_sub(1);
    }
    for (start, span, rows) in starts {
        if rows > 1 {
            let end = (start + span).min(MAX_COLUMNS);
            if held.len() < end {
                held.resize(end, 0);
            }
            held.iter_mut().take(end).skip(start).for_each(|h| *h = rows - 1);
        }
    }
    out
}

/// Longest answer that says what somebody is, in words.
const MAX_ROLE_WORDS: usize = 5;
/// Columns beyond this are not tracked across rows.
const MAX_COLUMNS: usize = 64;

fn all_bold(lines: &[Vec<Inline>]) -> bool {
    let mut any = false;
    for piece in lines.iter().flatten() {
        match piece {
            Inline::Text { text, bold, .. } if !text.trim().is_empty() => {
                if !bold {
                    return false;
                }
                any = true;
            }
            Inline::Answer { .. } | Inline::Tick { .. } => return false,
            Inline::Text { .. } | Inline::Break | Inline::Hidden { .. } => {}
        }
    }
    any
}

fn cell_lines(blocks: &[Block], depth: usize, out: &mut Vec<Vec<Inline>>) {
    if depth > MAX_NESTING {
        return;
    }
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
                out.extend(split_breaks(text))
            }
            Block::Definition { term, value } => {
                out.extend(split_breaks(term));
                out.extend(split_breaks(value));
            }
            Block::Table(table) => {
                for row in &table.rows {
                    for cell in &row.cells {
                        cell_lines(&cell.blocks, depth + 1, out);
                    }
                }
            }
            Block::Quote(inner) => cell_lines(inner, depth + 1, out),
            Block::Rule => {}
        }
    }
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
    if let Some(people) = people_row(reader, row, &filled, next) {
        reader.close();
        mode.header.clear();
        mode.people = people;
        return;
    }
    let is_capitals = first.text.len() > 4 && !first.text.chars().any(char::is_lowercase);
    if filled.len() == 1
        && (row.len() == 1 || first.heading || is_capitals)
        && lone_cell_section(reader, first, next)
    {
        *mode = Mode::default();
        return;
    }
    if let Some(header) = header_row(reader, &filled, next, mode.order) {
        reader.close();
        if let Some(answers) = next.filter(|_| ends_with_next && !tells_role(reader, next)) {
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
            mode.is_told = true;
            mode.order = RowOrder::LabelsOverAnswers;
            return;
        }
        // "PERPETRATORS | Name if known | Age": the first title says who the people below are.
        let titled = reader.book.label(&first.text).is_none_or(|label| label.role_only);
        if titled
            && let Some(section @ Section::Person(_)) = reader.book.section(&first.text, Strictness::Every)
        {
            reader.enter(section);
        }
        mode.people.clear();
        mode.header = header;
        return;
    }
    if !mode.header.is_empty() && filled.len() + 1 >= mode.header.len().min(2) && row.len() > 1 {
        person_row(reader, row, page, mode);
        return;
    }
    if !mode.people.is_empty() && row.len() > 1 {
        people_cells(reader, row, page, &mode.people);
        return;
    }
    let last_alone = filled.len() == 1 && row.first().is_some_and(|cell| cell.is_blank());
    if row.len() == 1 || last_alone {
        cell_as_lines(reader, first, page);
        return;
    }
    plain_row(reader, row, page);
}

/// A row that names two or more people, one per column.
fn people_row(
    reader: &mut Reader<'_>,
    row: &[Flat],
    filled: &[&Flat],
    next: Option<&Vec<Flat>>,
) -> Option<Vec<(usize, usize, Subject)>> {
    let person_of = |reader: &Reader<'_>, cell: &Flat| -> Option<Person> {
        // "Person 1 is the" asks what somebody is.
        let asks = cell.text.trim_end().ends_with([':', '?']) || cell.text.trim_end().ends_with(" is the");
        if cell.text.len() > 80 || cell.lines.len() > 2 || asks {
            return None;
        }
        let Some(Section::Person(person)) = reader.book.section(&cell.text, Strictness::Some) else {
            return None;
        };
        let more = reader.book.label(&cell.text).is_some_and(|l| !l.role_only);
        (!more && is_side(person.who)).then_some(person)
    };
    let people: Vec<(&Flat, Person)> = filled
        .iter()
        .filter_map(|cell| person_of(reader, cell).map(|person| (*cell, person)))
        .collect();
    let others = filled.len() - people.len();
    let label_column = row
        .first()
        .is_some_and(|cell| cell.is_blank() || person_of(reader, cell).is_none());
    if people.len() < 2 || others > usize::from(label_column) {
        return None;
    }
    let own = !matches!(reader.context, Context::Consent);
    let mut columns = Vec::new();
    let places = people_columns(&people, label_column, next.map_or(0, Vec::len));
    for ((_, person), (start, end)) in people.into_iter().zip(places) {
        let occurrence = if own { reader.next_occurrence() } else { 0 };
        columns.push((
            start,
            end,
            Subject::Person {
                person,
                occurrence,
                own,
            },
        ));
    }
    Some(columns)
}

/// The columns below each person's title. Where the row leaves out the blank cell above the labels, they
/// stand one further right; where each person has labels of their own, up to the next person.
fn people_columns(people: &[(&Flat, Person)], label_column: bool, below: usize) -> Vec<(usize, usize)> {
    let own = |(cell, _): &(&Flat, Person)| (cell.column, cell.column + cell.span);
    let plain: Vec<(usize, usize)> = people.iter().map(own).collect();
    let count = people.len();
    let is_narrow = people.iter().all(|(cell, _)| cell.span == 1);
    if label_column || !is_narrow {
        return plain;
    }
    if below == count + 1 && plain.iter().enumerate().all(|(at, (start, _))| at == *start) {
        return plain.iter().map(|(start, end)| (start + 1, end + 1)).collect();
    }
    if below >= 2 * count {
        let next_start = |at: usize| plain.get(at + 1).map_or(usize::MAX, |(start, _)| *start);
        return plain
            .iter()
            .enumerate()
            .map(|(at, (start, _))| (*start, next_start(at)))
            .collect();
    }
    plain
}

fn is_side(who: Who) -> bool {
    matches!(
        who,
        Who::Victim | Who::Offender | Who::Party | Who::Other | Who::Witness
    )
}

fn lone_cell_section(reader: &mut Reader<'_>, cell: &Flat, next: Option<&Vec<Flat>>) -> bool {
    // label row, then a row with a spacer and the answer
    let answer_follows = next.is_some_and(|row| {
        row.len() > 1
            && row.first().is_some_and(Flat::is_blank)
            && row.iter().filter(|c| !c.is_blank()).count() == 1
    });
    if answer_follows {
        return false;
    }
    if holds_answer(reader, &cell.text) {
        return false;
    }
    if cell.lines.len() > 2 || cell.text.contains('☐') || cell.text.contains('☒') {
        return false;
    }
    let capitals = !cell.text.chars().any(char::is_lowercase);
    let strictness = if cell.heading || capitals {
        Strictness::Some
    } else {
        Strictness::Every
    };
    let first_line = cell
        .text
        .lines()
        .next()
        .unwrap_or_default()
        .split(". ")
        .next()
        .unwrap_or_default();
    let Some(section) = reader.book.section(first_line, strictness) else {
        return false;
    };
    let label = reader.book.label(first_line);
    let bare_role = label.is_some_and(|l| l.role_only);
    if label.is_some_and(|l| {
        l.exact && !bare_role && !l.field.is_story() && (l.words > 1 || !cell.heading) && !capitals
    }) {
        return false;
    }
    if first_line.ends_with(':') && !cell.heading {
        return false;
    }
    reader.out.titles.push(first_line.to_owned());
    if label.is_some_and(|l| l.exact && l.field.is_story() && l.person.is_none()) {
        let line = as_line(&cell.lines.first().cloned().unwrap_or_default(), true);
        reader.line(&line, false);
    } else {
        reader.enter(section);
    }
    true
}

/// `Crime number: 42/1/26`: a label and its answer, though its words are those of a heading.
fn holds_answer(reader: &Reader<'_>, text: &str) -> bool {
    let first_line = text.lines().next().unwrap_or_default();
    first_line.split_once(':').is_some_and(|(label, answer)| {
        answer.chars().any(char::is_alphanumeric) && reader.book.label(label).is_some_and(|l| l.exact)
    })
}

/// A row of labels with people below.
fn header_row(
    reader: &Reader<'_>,
    filled: &[&Flat],
    next: Option<&Vec<Flat>>,
    order: RowOrder,
) -> Option<Vec<(usize, LabelMatch, String)>> {
    let is_expected = order == RowOrder::LabelsOverAnswers;
    if filled.len() < 2 {
        return None;
    }
    let mut header = Vec::new();
    for cell in filled {
        let label = reader.book.label(&cell.text);
        match label {
            Some(label) if label.exact || label.guessed => {
                header.push((cell.column, label, cell.text.clone()))
            }
            Some(_) | None
                if (filled.len() >= 4 || is_expected && filled.len() >= 3)
                    && !cell.text.contains(':')
                    && cell.text.len() < 60 => {}
            Some(_) | None => return None,
        }
    }
    let next = next?;
    let next_labels = next
        .iter()
        .filter(|c| !c.is_blank())
        .filter(|c| reader.book.label(&c.text).is_some())
        .count();
    let first_next_is_label = next
        .first()
        .is_some_and(|c| !c.is_blank() && reader.book.label(&c.text).is_some_and(|l| !l.role_only));
    let names = header.iter().any(|(_, label, _)| {
        matches!(label.field, Field::Name | Field::Family | Field::Given)
            || label.field == Field::NameAndAgency
    });
    let enough = header.len() >= 3
        || (is_expected && header.len() >= 2)
        || (header.len() == 2 && filled.len() == 2 && names);
    let same_width = next.len() + 1 >= filled.len();
    (enough
        && header.len() * 3 >= filled.len() * 2
        && !first_next_is_label
        && next_labels * 2 < next.len().max(1)
        && same_width)
        .then_some(header)
}

/// One person per row, under header labels.
fn person_row(reader: &mut Reader<'_>, row: &[Flat], page: Option<u32>, mode: &Mode) {
    let nobody = Person {
        who: Who::Party,
        number: None,
        of: None,
    };
    let mut person = match reader.context {
        Context::Person { person, .. } if !matches!(person.who, Who::You | Who::Them | Who::Referrer) => {
            Person {
                number: None,
                ..person
            }
        }
        // Whoever fills the form in is not in a list of people with a title of its own.
        Context::Person { .. } => nobody,
        Context::Nothing | Context::Offence | Context::Consent | Context::Risk | Context::Skip => nobody,
    };
    let cell_at = |column: usize| {
        row.iter()
            .find(|c| (c.column..c.column + c.span).contains(&column))
    };
    for (column, label, _) in &mode.header {
        if matches!(label.field, Field::JobTitle | Field::SelfRole | Field::TheirRole)
            && let Some(cell) = cell_at(*column)
            && let Some(who) = reader
                .book
                .role_in_answer(&cell.text)
                .filter(|who| is_side(*who) || *who == Who::Supporter)
        {
            person.who = who;
        }
    }
    // A column whose title says nothing may hold what each person is ("Involvement": "Harmed").
    let untold = row.iter().filter(|cell| {
        let headed = mode
            .header
            .iter()
            .any(|(column, _, _)| (cell.column..cell.column + cell.span).contains(column));
        !headed && cell.text.split_whitespace().count() <= MAX_ROLE_WORDS
    });
    if person.who == Who::Party
        && let Some(who) = untold
            .filter_map(|cell| reader.book.role_in_answer(&cell.text))
            .find(|who| is_side(*who) || *who == Who::Supporter)
    {
        person.who = who;
    }
    let occurrence = reader.next_occurrence();
    let column_subject = Subject::Person {
        person,
        occurrence,
        own: true,
    };
    for (column, label, text) in &mode.header {
        let Some(cell) = cell_at(*column) else { continue };
        let subject = match label.person {
            Some(person) if is_side(person.who) || person.who == Who::Supporter => Subject::Person {
                person,
                occurrence,
                own: true,
            },
            Some(_) | None => column_subject,
        };
        let field = if label.role_only && label.person.is_some_and(|p| p.who == Who::Supporter) {
            Field::ChildOf
        } else {
            label.field
        };
        let subject = if field == Field::ChildOf {
            column_subject
        } else {
            subject
        };
        reader.pair(
            LabelMatch { field, ..*label },
            text,
            cell.answer(),
            page,
            Some(subject),
        );
    }
}

/// Rows under columns of people: `label | answer | answer`, `label | answer | label | answer`, or
/// `Label: answer` inside each column.
fn people_cells(
    reader: &mut Reader<'_>,
    row: &[Flat],
    page: Option<u32>,
    people: &[(usize, usize, Subject)],
) {
    let owner = |cell: &Flat| {
        people
            .iter()
            .find(|(start, end, _)| (*start..*end).contains(&cell.column))
            .map(|p| p.2)
    };
    let label_cell = row.first().filter(|cell| owner(cell).is_none());
    if let Some(label_cell) = label_cell {
        let Some(label) = reader.book.label(&label_cell.text) else {
            return;
        };
        for cell in row.iter().skip(1) {
            if let Some(subject) = owner(cell) {
                reader.pair(label, &label_cell.text, cell.answer(), page, Some(subject));
            }
        }
        return;
    }
    for (start, end, subject) in people {
        let cells: Vec<&Flat> = row
            .iter()
            .filter(|c| (*start..*end).contains(&c.column))
            .collect();
        match cells.as_slice() {
            [label_cell, value, ..] => {
                if let Some(label) = reader.book.label(&label_cell.text) {
                    reader.pair(label, &label_cell.text, value.answer(), page, Some(*subject));
                }
            }
            [cell] => {
                let before = reader.context;
                if let Subject::Person {
                    person,
                    occurrence,
                    own,
                } = subject
                {
                    reader.context = Context::Person {
                        person: *person,
                        occurrence: *occurrence,
                        own: *own,
                    };
                }
                cell_as_lines(reader, cell, page);
                reader.close();
                reader.context = before;
            }
            [] => {}
        }
    }
}

/// `label | answer`, `label | answer | label | answer`, with help columns left out.
fn plain_row(reader: &mut Reader<'_>, row: &[Flat], page: Option<u32>) {
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
        let label = reader.book.label(&cell.text);
        let Some(label) = label else {
            let stacked = cell.lines.len() > 1
                || cell.text.contains(':')
                || cell.text.contains('☐')
                || cell.text.contains('☒');
            if stacked {
                cell_as_lines(reader, cell, page);
                reader.close();
            } else if let Some(value) = cells.peek().filter(|v| reader.book.label(&v.text).is_none()) {
                reader.out.loose.push((value.text.clone(), page));
                cells.next();
            }
            continue;
        };
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
    let answer = joined(&all);
    let ticks = answer
        .lines
        .iter()
        .flatten()
        .any(|p| matches!(p, Inline::Tick { .. }));
    let said: Vec<bool> = all
        .iter()
        .map(|cell| super::values::yes_no(&cell.text, reader.book).is_some())
        .collect();
    short && (ticks || answer.clean(reader.book).is_blank() || said.iter().all(|yes_or_no| *yes_or_no))
}

/// Longest option of a row of options.
const MAX_OPTION_BYTES: usize = 40;

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

fn cell_as_lines(reader: &mut Reader<'_>, cell: &Flat, page: Option<u32>) {
    for pieces in &cell.lines {
        let mut line = as_line(pieces, cell.heading);
        line.page = page;
        reader.line(&line, false);
    }
}

fn as_line(pieces: &[Inline], bold: bool) -> Line {
    Line {
        pieces: pieces.to_vec(),
        drawn_as_heading: bold,
        is_heading: false,
        starts_paragraph: true,
        page: None,
    }
}
