//! Every layout of a form becomes one stream of facts: whose, which field, which answer, where.
//!
//! Layouts: label and value in two or four columns, people side by side, a header row with a person per
//! row, `Label: value` lines, a label above its answer, definition lists, interactive fields.
//!
//! `line` (a line of running text; `looks` is what shows on it) -> `parts` (its labels) -> `subject` and `block` (whose they are) -> `emit` (facts;
//! `unknown` where nobody knows the label); `told` takes an answer apart that tells several things, `described`
//! one that describes a person; `furniture` is what a page or program added.
//!
//! Invariant: a role comes from a heading, a column header or the label itself, never from likeness.

mod block;
mod client;
mod described;
mod emit;
mod furniture;
mod line;
mod looks;
mod options;
mod ordinal;
mod parts;
mod shape;
mod subject;
mod told;
mod unknown;

use self::block::NamedBlock;
use self::furniture::{is_imprint, is_page_furniture};
use self::line::Pending;
pub(super) use self::looks::asks;
pub(super) use self::ordinal::{follows, ordinal};
pub(super) use self::shape::shape_of;
pub(super) use self::subject::is_helper;
use super::labels::{Field, LabelBook, Person, Section, Who};
use super::lines::{Element, Quotes, elements};
use super::values::Answer;
use crate::domain::{Document, FieldValue, Inline, inline_text};
use jiff::civil::Date;

/// Whose fact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// A person; `occurrence` 0 where only the label names them, else the section, column or row.
    Person {
        person: Person,
        occurrence: u32,
        /// A column or row: certainly a person of their own.
        own: bool,
    },
    /// Everybody (of one role).
    Everybody(Option<Person>),
    /// The case.
    Case,
}

/// One answered (or blank) label.
#[derive(Clone)]
pub(super) struct Fact {
    pub(super) subject: Subject,
    pub(super) field: Field,
    pub(super) answer: Answer,
    pub(super) label: String,
    pub(super) page: Option<u32>,
    /// It stood in a part about consent.
    pub(super) in_consent: bool,
    /// Its label is in no known wording.
    pub(super) guessed: bool,
    /// Its label does not say whose it is: it stands right below somebody's.
    pub(super) by_position: bool,
    /// The whole answer to another question, beside which it stood: no label asked for it.
    pub(super) beside: Option<String>,
}

impl Fact {
    /// The label, where its wording is not a known one.
    pub(super) fn unknown_wording(&self) -> Option<String> {
        self.guessed.then(|| self.label.clone())
    }
}

/// What reading one document gave.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) facts: Vec<Fact>,
    /// Lines that are neither label nor answer, in order.
    pub(super) loose: Vec<(String, Option<u32>)>,
    /// Headings and title lines.
    pub(super) titles: Vec<String>,
    /// The headings that started a part of the form.
    pub(super) parts: Vec<Part>,
    /// The subject of the mail that the form itself is.
    pub(super) subject: String,
    /// One of several rows of somebody's list: nobody in it writes.
    pub(super) is_row_of_list: bool,
}

/// A part of the form.
pub(super) struct Part {
    /// The first fact behind its heading.
    pub(super) before: usize,
    pub(super) text: String,
    pub(super) section: Section,
}

/// Where a form stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// In the text of a mail.
    InMail,
    /// In a file.
    InFile,
}

/// A post or team right below a professional's name is theirs, and so are the ways to reach somebody that follow on it: the
/// person they work with has none ("Probation practitioner, Grade, Office, Phone, Person on probation").
fn posts_of_professionals(facts: &mut [Fact]) {
    let mut theirs = None;
    let mut has_post = false;
    for fact in facts {
        match (fact.field, fact.subject) {
            (Field::Name, Subject::Person { person, .. }) if person.who == Who::Professional => {
                (theirs, has_post) = (Some(fact.subject), false);
            }
            (Field::JobTitle | Field::Team, Subject::Person { person, .. }) if is_served(person.who) => {
                if let Some(subject) = theirs {
                    (fact.subject, has_post) = (subject, true);
                }
            }
            (Field::Phone | Field::Email | Field::PhoneAndEmail, Subject::Person { person, .. })
                if is_served(person.who) && has_post =>
            {
                if let Some(subject) = theirs {
                    fact.subject = subject;
                }
            }
            (_, _) => theirs = None,
        }
    }
}

/// Somebody whom the service works with.
fn is_served(who: Who) -> bool {
    matches!(who, Who::Victim | Who::Offender | Who::Party)
}

/// Reads a document.
pub(super) fn read(
    document: &Document,
    book: &LabelBook,
    today: Date,
    quotes: Quotes,
    mail: Stands,
) -> Facts {
    let mut reader = Reader {
        book,
        today,
        out: Facts::default(),
        context: Context::Nothing,
        sticky: None,
        lone_labels: 0,
        answers_below: 0,
        table_follows: false,
        name_alone_follows: false,
        asks_of_them: false,
        turned_to_them: false,
        awaited: Vec::new(),
        answers_in_cells: 0,
        numbered: 0,
        colon_labels: 0,
        pending: None,
        block: None,
        occurrences: 0,
        stopped: false,
        options_follow: false,
        under_unknown_heading: false,
        pieces: None,
        labels_over_answers: None,
        named: None,
        named_before_incident: false,
        answer_follows: false,
        part_began: 0,
        heading_labels: 0,
        signed_off: false,
        is_mail: mail == Stands::InMail,
        in_item: false,
        heading: String::new(),
    };
    let all = elements(document, quotes);
    let repeated = furniture::repeated(&all);
    for (at, element) in all.iter().enumerate() {
        let underlined = matches!(all.get(at + 1), Some(Element::Rule));
        if !matches!(element, Element::Line(_)) {
            reader.block = None;
        }
        match element {
            Element::Line(line) if is_page_furniture(line, &all, at, &repeated) => {}
            Element::Line(line)
                if mail == Stands::InFile && !reader.is_waiting() && is_imprint(line, &all, at) =>
            {
                reader.close();
                reader.out.loose.push((line.text(), line.page));
            }
            Element::Line(line) => {
                let next = all.get(at + 1);
                reader.options_follow = next.is_some_and(begins_with_options);
                reader.answer_follows = matches!(next, Some(Element::Line(next))
                    if !next.starts_paragraph && !next.drawn_as_heading && !next.text().is_empty());
                reader.table_follows = matches!(next, Some(Element::Table(_)));
                reader.name_alone_follows = reader.answer_follows
                    && matches!(next, Some(Element::Line(next)) if looks::is_name_line(&next.text()))
                    && !continues_paragraph(all.get(at + 2));
                reader.line(line, underlined);
            }
            Element::Pair(term, value) => reader.definition(term, value),
            Element::Table(table) => {
                reader.awaited.clear();
                reader.table_follows = false;
                reader.name_alone_follows = false;
                super::tables::read(&mut reader, table);
            }
            Element::Rule => {
                reader.close();
                reader.pieces = None;
            }
        }
    }
    reader.cut_closing();
    reader.close();
    posts_of_professionals(&mut reader.out.facts);
    client::one_client(&mut reader.out);
    let answered = |fact: &Fact| fact.field != Field::Unmapped && !fact.answer.quote().is_empty();
    if !reader.out.facts.iter().any(answered) {
        reader.fields(document);
    }
    reader.out
}

/// `dateOfBirth` and `date_of_birth` as words.
fn words_of_key(key: &str) -> String {
    if key.contains(' ') {
        return key.to_owned();
    }
    let mut words = String::with_capacity(key.len());
    let mut was_small = false;
    for c in key.chars() {
        if c == '_' || was_small && c.is_uppercase() {
            words.push(' ');
        }
        was_small = c.is_lowercase();
        words.extend((c != '_').then_some(c));
    }
    words
}

/// A line that stands in the paragraph of the line before it.
fn continues_paragraph(element: Option<&Element<'_>>) -> bool {
    matches!(element, Some(Element::Line(line)) if !line.starts_paragraph && !line.text().is_empty())
}

/// A line, or a row of a table, whose first visible thing is a box to tick.
fn begins_with_options(element: &Element<'_>) -> bool {
    match element {
        Element::Line(line) => starts_with_tick(&line.pieces),
        Element::Table(_) | Element::Pair(..) | Element::Rule => false,
    }
}

/// The first visible thing is a box to tick.
pub(super) fn starts_with_tick(pieces: &[Inline]) -> bool {
    let visible = pieces.iter().find(|piece| match piece {
        Inline::Text { text, .. } => !text.trim().is_empty(),
        Inline::Hidden { .. } | Inline::Break => false,
        Inline::Tick { .. } | Inline::Answer { .. } => true,
    });
    match visible {
        Some(Inline::Tick { .. }) => true,
        Some(Inline::Text { text, .. }) => text.trim_start().starts_with(['☐', '☒', '☑', '□']),
        Some(Inline::Answer { .. } | Inline::Break | Inline::Hidden { .. }) | None => false,
    }
}

/// The part of the form that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Nothing,
    Person {
        person: Person,
        occurrence: u32,
        own: bool,
    },
    Offence,
    Consent,
    Risk,
    /// Office use, guidance: nothing in it is the sender's data.
    Skip,
}

pub(super) struct Reader<'b> {
    pub(super) book: &'b LabelBook,
    today: Date,
    pub(super) out: Facts,
    pub(super) context: Context,
    sticky: Option<Subject>,
    /// Labels met so far that stood on a line of their own.
    lone_labels: usize,
    /// Answers met so far that stood below their label in the label's own paragraph.
    answers_below: usize,
    /// The next element is a table.
    table_follows: bool,
    /// The rest of this line's paragraph is a line that is somebody's name.
    name_alone_follows: bool,
    /// The last label with a pronoun asked about "them", outside every section.
    asks_of_them: bool,
    /// The form asked which side "they" are, below the writer's own details: what follows is asked of them.
    turned_to_them: bool,
    pending: Option<Pending>,
    block: Option<NamedBlock>,
    occurrences: u32,
    stopped: bool,
    /// The next line begins with a box to tick: a question stands on this one.
    options_follow: bool,
    /// The last heading is in words that nobody knows: whoever is named next may be somebody new.
    under_unknown_heading: bool,
    /// Whose name or address is being given piece by piece, line by line.
    pieces: Option<Subject>,
    /// The next line belongs to this one's paragraph and is not drawn as a heading.
    answer_follows: bool,
    /// The first fact of the part that is being read.
    part_began: usize,
    /// Labels met so far that were drawn as headings.
    heading_labels: usize,
    /// A sign-off stood below the answers.
    signed_off: bool,
    /// The form stands in the text of a mail.
    is_mail: bool,
    /// The line that is read is an item of a list.
    in_item: bool,
    /// The heading of the part that is read, known or not.
    pub(super) heading: String,
    /// Whom the last label named in so many words, outside every part; and whether the next follows from that alone.
    named: Option<Subject>,
    /// What was asked since tells of the incident: "their" need not mean whom the last label named.
    named_before_incident: bool,
    /// The number of the last numbered question.
    numbered: u32,
    /// Lines met so far that were `Label: answer`.
    colon_labels: usize,
    /// Cells met so far that held a question over its answer.
    pub(super) answers_in_cells: usize,
    /// Labels of a row whose answers did not make a row: the lines below it are some of them.
    pub(super) awaited: Vec<String>,
    /// The form's tables have a row of so many labels over a row of answers.
    pub(super) labels_over_answers: Option<usize>,
}

impl Reader<'_> {
    pub(super) fn next_occurrence(&mut self) -> u32 {
        self.occurrences += 1;
        self.occurrences
    }

    /// Starts a section.
    pub(super) fn enter(&mut self, section: Section, text: &str) {
        self.close();
        text.trim().clone_into(&mut self.heading);
        self.part_began = self.out.facts.len();
        self.out.parts.push(Part {
            before: self.out.facts.len(),
            text: text.trim().to_owned(),
            section,
        });
        self.sticky = None;
        self.block = None;
        self.pieces = None;
        self.named = None;
        self.under_unknown_heading = false;
        self.context = match section {
            Section::Person(person) => {
                let occurrence = self.next_occurrence();
                Context::Person {
                    person,
                    occurrence,
                    own: false,
                }
            }
            Section::Offence(_) => Context::Offence,
            Section::Consent(person) => {
                self.sticky = person.map(|person| Subject::Person {
                    person,
                    occurrence: 0,
                    own: false,
                });
                Context::Consent
            }
            Section::Risk => Context::Risk,
            Section::Office | Section::Instructions => Context::Skip,
        };
    }

    /// A heading in unknown words: what was asked before is over, and so is a part about no person. Where it counts on
    /// from the heading of whoever refers ("Part 1 - Staff", "Part 2 - Man in our care"), that part is over too.
    pub(in crate::forms) fn enter_unknown(&mut self, text: &str) {
        self.close();
        let counts_on = follows(&self.heading, text);
        text.trim().clone_into(&mut self.heading);
        let of_referrer = matches!(self.context, Context::Person { person, .. }
            if matches!(person.who, Who::Referrer | Who::Professional));
        if counts_on && of_referrer {
            self.context = Context::Person {
                person: Person {
                    who: Who::Somebody,
                    number: None,
                    of: None,
                },
                occurrence: self.next_occurrence(),
                own: true,
            };
            self.sticky = None;
            self.named = None;
        }
        self.part_began = self.out.facts.len();
        self.block = None;
        self.under_unknown_heading = true;
        if !matches!(self.context, Context::Person { .. } | Context::Skip) {
            self.sticky = None;
            self.context = Context::Nothing;
        }
    }

    /// The last answer of a mail's own text ends before the writer's closing words: a paragraph of its own that ends
    /// in their name.
    fn cut_closing(&mut self) {
        const NAME_WORDS: usize = 3;
        let Some(pending) = &mut self.pending else { return };
        let last = pending
            .lines
            .last()
            .map(|line| inline_text(line))
            .unwrap_or_default();
        let words: Vec<&str> = last.split_whitespace().collect();
        let is_name = (1..=NAME_WORDS).contains(&words.len())
            && !last.trim_end().ends_with(['.', '!', '?', ':'])
            && words.iter().all(|word| word.starts_with(char::is_uppercase));
        if let Some(at) = pending.parted.filter(|at| is_name && *at < pending.lines.len()) {
            let rest = pending.lines.split_off(at);
            let page = pending.page;
            self.out
                .loose
                .extend(rest.iter().map(|line| (inline_text(line), page)));
        }
    }

    /// A row names people side by side: whoever stands below is one of them.
    pub(in crate::forms) fn begin_people(&mut self) {
        self.under_unknown_heading = false;
    }

    fn definition(&mut self, term: &[Inline], value: &[Inline]) {
        let text = words_of_key(&inline_text(term));
        match self.book.label(text.trim()) {
            Some(label) => {
                self.close();
                self.pair(
                    label,
                    &text,
                    Answer::of(super::lines::split_breaks(value)),
                    None,
                    None,
                );
            }
            None => self.unmapped(&text, Answer::of(super::lines::split_breaks(value)), None),
        }
    }

    /// Interactive fields, where the page itself showed no answers.
    fn fields(&mut self, document: &Document) {
        self.context = Context::Nothing;
        for field in &document.fields {
            let readable = field.name.replace(['_', '.', '-'], " ");
            let named = field
                .label
                .as_deref()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .unwrap_or(&readable);
            let Some(label) = self.book.label(named).or_else(|| self.book.label(&readable)) else {
                continue;
            };
            let answer = match &field.value {
                FieldValue::Text(text) => Answer::of_text(text),
                FieldValue::Choice(chosen) => Answer::of_text(&chosen.join(", ")),
                FieldValue::Tick(checked) => Answer::of(vec![vec![
                    Inline::Tick { checked: *checked },
                    Inline::Text {
                        text: " Yes".into(),
                        bold: false,
                        struck: false,
                    },
                ]]),
                FieldValue::Blank => Answer::default(),
            };
            self.pair(label, named, answer, field.page, None);
        }
    }
}
