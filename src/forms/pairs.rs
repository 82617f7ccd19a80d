//! Every layout of a form becomes one stream of facts: whose, which field, which answer, where.
//!
//! Layouts: label and value in two or four columns, people side by side, a header row with a person per
//! row, `Label: value` lines, a label above its answer, definition lists, interactive fields.
//! Invariant: a role comes from a heading, a column header or the label itself, never from likeness.

use super::combined;
use super::labels::{Field, LabelBook, LabelMatch, Person, Section, Strictness, Who, spoken};
use super::lines::{Element, Line, Quotes, cut_places, elements, gaps, slice};
use super::values::Answer;
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{Document, FieldValue, Inline, inline_text};
use jiff::civil::Date;

/// Most places of one line that are tried as the end of a label.
const MAX_CUTS: usize = 6;
/// Longest answer that says what somebody is, in words.
const MAX_ROLE_WORDS: usize = 5;
/// So many labels on lines of their own are the form's way.
const LONE_LABELS: usize = 4;
/// A line longer than this is text, not a label.
const MAX_LABEL_BYTES: usize = 220;
/// A plain address line longer than this is text.
const MAX_ADDRESS_LINE: usize = 80;

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
}

/// Reads a document.
pub(super) fn read(document: &Document, book: &LabelBook, today: Date, quotes: Quotes) -> Facts {
    let mut reader = Reader {
        book,
        today,
        out: Facts::default(),
        context: Context::Nothing,
        sticky: None,
        lone_labels: 0,
        asks_of_them: false,
        pending: None,
        block: None,
        occurrences: 0,
        stopped: false,
    };
    let all = elements(document, quotes);
    for (at, element) in all.iter().enumerate() {
        let underlined = matches!(all.get(at + 1), Some(Element::Rule));
        if !matches!(element, Element::Line(_)) {
            reader.block = None;
        }
        match element {
            Element::Line(line) if is_page_furniture(line, &all, at) => {}
            Element::Line(line) => reader.line(line, underlined),
            Element::Pair(term, value) => reader.definition(term, value),
            Element::Table(table) => super::tables::read(&mut reader, table),
            Element::Rule => reader.close(),
        }
    }
    reader.close();
    if !reader.out.facts.iter().any(|f| !f.answer.quote().is_empty()) {
        reader.fields(document);
    }
    reader.out
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

struct Pending {
    label: LabelMatch,
    text: String,
    subject: Subject,
    lines: Vec<Vec<Inline>>,
    page: Option<u32>,
    /// A blank line came after the first answer line.
    broken: bool,
    /// The label is the bold first line of its paragraph: the rest of the paragraph is its answer.
    heads_block: bool,
}

/// The person that a line `Role: Name` named, for the lines right below it.
struct NamedBlock {
    subject: Subject,
    /// Something about them was said below their name.
    told: bool,
}

pub(super) struct Reader<'b> {
    pub(super) book: &'b LabelBook,
    today: Date,
    pub(super) out: Facts,
    pub(super) context: Context,
    sticky: Option<Subject>,
    /// Labels met so far that stood on a line of their own.
    lone_labels: usize,
    /// The last label with a pronoun asked about "them", outside every section.
    asks_of_them: bool,
    pending: Option<Pending>,
    block: Option<NamedBlock>,
    occurrences: u32,
    stopped: bool,
}

impl Reader<'_> {
    pub(super) fn next_occurrence(&mut self) -> u32 {
        self.occurrences += 1;
        self.occurrences
    }

    /// Starts a section.
    pub(super) fn enter(&mut self, section: Section) {
        self.close();
        self.sticky = None;
        self.block = None;
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

    /// Several questions in one label: each takes its piece of the answer. `false` where it is one question.
    fn emit_combined(
        &mut self,
        label: LabelMatch,
        text: &str,
        subject: Subject,
        answer: &Answer,
        page: Option<u32>,
    ) -> bool {
        let fields = combined::questions(text, self.book);
        if fields.len() < 2 {
            return false;
        }
        let dealt = combined::deal(&answer.quote(), &fields, self.today);
        for (field, piece) in &dealt {
            let own = LabelMatch {
                field: *field,
                exact: true,
                ..label
            };
            self.emit(own, text, subject, Answer::of_text(piece), page);
        }
        !dealt.is_empty()
    }

    /// Ends an open answer.
    pub(super) fn close(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.emit(
                pending.label,
                &pending.text,
                pending.subject,
                Answer::of(pending.lines),
                pending.page,
            );
        }
    }

    fn emit(&mut self, label: LabelMatch, text: &str, subject: Subject, answer: Answer, page: Option<u32>) {
        if self.context == Context::Skip && label.field != Field::AgencyReference {
            return;
        }
        if is_machines(&answer) {
            return;
        }
        if !label.exact && self.emit_combined(label, text, subject, &answer, page) {
            return;
        }
        let beside_offence = self.out.facts.last().is_some_and(|f| {
            matches!(
                f.field,
                Field::OffenceKind | Field::CrimeNumber | Field::OffenceLocation
            )
        });
        let tells_role = || {
            let text = answer.quote();
            label.role_only
                && text.split_whitespace().count() <= MAX_ROLE_WORDS
                && self.book.role_in_answer(&text).is_some()
        };
        let field = match label.field {
            // "Person 1 is the: person harmed"
            Field::Name if tells_role() => Field::TheirRole,
            Field::BareDate if self.context == Context::Offence || beside_offence => Field::OffenceDate,
            // where the person is, not where it happened
            Field::OffenceLocation if self.block.is_some() => Field::Ignored,
            field => field,
        };
        self.out.facts.push(Fact {
            subject,
            field,
            answer,
            label: text.trim().to_owned(),
            page,
            in_consent: self.context == Context::Consent,
            guessed: label.guessed,
        });
    }

    /// A label with its answer, wherever they stood.
    pub(super) fn pair(
        &mut self,
        label: LabelMatch,
        text: &str,
        answer: Answer,
        page: Option<u32>,
        column: Option<Subject>,
    ) {
        let subject = self.subject(&label, column);
        self.emit(label, text, subject, answer, page);
    }

    /// Whose a label is, here.
    fn subject(&mut self, label: &LabelMatch, column: Option<Subject>) -> Subject {
        let field = label.field;
        if let Some(column) = column {
            return if field.is_personal() || is_own_number(field) {
                column
            } else {
                Subject::Case
            };
        }
        if !field.is_personal()
            && !is_own_number(field)
            && !matches!(
                field,
                Field::NameAndAgency | Field::From | Field::Signature | Field::BareDate | Field::ChildOf
            )
        {
            return Subject::Case;
        }
        let about_no_person = matches!(self.context, Context::Offence | Context::Risk);
        if about_no_person && label.person.is_none() && !label.field.is_consent() {
            return Subject::Case;
        }
        if label.everybody {
            let role = label.person.filter(|p| !matches!(p.who, Who::You | Who::Them));
            let subject = Subject::Everybody(role);
            if field.is_consent() {
                self.sticky = Some(subject);
            }
            return subject;
        }
        if let Some(pronoun) = label.person {
            self.asks_of_them = pronoun.who == Who::Them;
        }
        let subject = self.subject_of_one(label);
        if field.is_consent() && self.context == Context::Consent && label.person.is_some() {
            self.sticky = Some(subject);
        }
        subject
    }

    fn subject_of_one(&self, label: &LabelMatch) -> Subject {
        let pronoun = label.person.filter(|p| matches!(p.who, Who::You | Who::Them));
        let named = label.person.filter(|p| !matches!(p.who, Who::You | Who::Them));
        let here = match self.context {
            Context::Person {
                person,
                occurrence,
                own,
            } => Some(Subject::Person {
                person,
                occurrence,
                own,
            }),
            Context::Nothing | Context::Offence | Context::Consent | Context::Risk | Context::Skip => None,
        };
        let block = self.block.as_ref().map(|block| block.subject);
        if let Some(person) = named {
            if let Some(block @ Subject::Person { person: here, .. }) = block
                && here.who == person.who
                && (person.number.is_none() || person.number == here.number)
            {
                return block;
            }
            if let Context::Person {
                person: context,
                occurrence,
                own,
            } = self.context
            {
                if context.who == person.who && (person.number.is_none() || person.number == context.number) {
                    return Subject::Person {
                        person: context,
                        occurrence,
                        own,
                    };
                }
                let of = person.of.or(Some(context.who)).filter(|_| is_helper(person.who));
                return Subject::Person {
                    person: Person { of, ..person },
                    occurrence: if is_helper(person.who) { occurrence } else { 0 },
                    own: false,
                };
            }
            return Subject::Person {
                person,
                occurrence: 0,
                own: false,
            };
        }
        if let Some(block) = block
            && pronoun.is_none()
            && label.field.is_personal()
            && !is_of_work(label.field)
        {
            return block;
        }
        if label.field.is_consent()
            && let Some(sticky) = self.sticky
            && pronoun.is_none_or(|p| p.who == Who::Them)
        {
            return sticky;
        }
        match (here, pronoun) {
            (Some(here), _) => here,
            (None, Some(person)) => Subject::Person {
                person,
                occurrence: 0,
                own: false,
            },
            (None, None) => Subject::Person {
                person: Person {
                    who: if self.asks_of_them && is_of_a_party(label.field) {
                        Who::Them
                    } else {
                        Who::You
                    },
                    number: None,
                    of: None,
                },
                occurrence: 0,
                own: false,
            },
        }
    }

    /// One line of running text.
    pub(super) fn line(&mut self, line: &Line, underlined: bool) {
        if self.stopped {
            return;
        }
        let text = line.text();
        if line.starts_paragraph {
            self.block = None;
        }
        if text.is_empty()
            && line
                .pieces
                .iter()
                .all(|p| !matches!(p, Inline::Answer { .. } | Inline::Tick { .. }))
        {
            if let Some(pending) = &mut self.pending {
                pending.broken |= !pending.lines.is_empty();
            }
            return;
        }
        if is_footer(&text) {
            self.close();
            self.stopped = true;
            return;
        }
        if let Some(inner) = dashed_label(&text) {
            self.dashed(inner, line.page);
            return;
        }
        let heads_block = self.pending.as_ref().is_some_and(|p| p.heads_block);
        if heads_block && self.in_story() && !line.starts_paragraph && !line.drawn_as_heading {
            self.take_answer_line(line, &text);
            return;
        }
        if text
            .chars()
            .all(|c| matches!(c, '-' | '=' | '_' | '—' | '–' | '*'))
            && text.len() >= 3
        {
            self.close();
            return;
        }
        if line.drawn_as_heading {
            self.out.titles.push(text.clone());
            let is_first = self.out.titles.len() == 1 && self.out.facts.is_empty();
            let of_person = || {
                matches!(
                    self.book.section(&text, Strictness::Some),
                    Some(Section::Person(_))
                )
            };
            let is_title = names_a_form(&text) || self.book.section(&text, Strictness::Every).is_none();
            if is_first && is_title && of_person() {
                return;
            }
        }
        let waiting = self.pending.as_ref().is_some_and(|p| p.lines.is_empty());
        let capitals = is_capitals(&text);
        let question = text.ends_with(['?', ':'])
            && self
                .book
                .label(&text)
                .is_some_and(|l| !l.role_only && !l.field.is_story());
        if !question && ((underlined && !waiting) || line.drawn_as_heading || capitals) {
            let strictness = if line.is_heading {
                Strictness::Some
            } else {
                Strictness::Every
            };
            if let Some(section) = self
                .book
                .section(&text, strictness)
                .filter(|_| !text.ends_with(':') || line.is_heading)
            {
                let label = self
                    .book
                    .label(&text)
                    .filter(|l| l.exact && l.field.is_story() && l.person.is_none());
                self.enter(section);
                if let Some(label) = label {
                    self.open(label, &text, line.page);
                }
                return;
            }
        }
        if self.labelled_line(line, &text) {
            return;
        }
        if !waiting
            && let Some(section) = self.book.section(&text, Strictness::Every)
            && !self.in_story()
            && !text.ends_with('.')
        {
            self.enter(section);
            return;
        }
        self.take_answer_line(line, &text);
    }

    /// `--- Label ---`: always a label or heading, known or not, so it ends any answer.
    fn dashed(&mut self, text: &str, page: Option<u32>) {
        self.close();
        match self.book.label(text).filter(|label| !label.role_only) {
            Some(label) => self.open(label, text, page),
            None => {
                if let Some(section) = self.book.section(text, Strictness::Every) {
                    self.enter(section);
                }
            }
        }
    }

    fn in_story(&self) -> bool {
        self.pending.as_ref().is_some_and(|p| p.label.field.is_story())
    }

    fn open(&mut self, label: LabelMatch, text: &str, page: Option<u32>) {
        let subject = self.subject(&label, None);
        self.open_for(label, text, subject, page, Vec::new());
    }

    fn open_for(
        &mut self,
        label: LabelMatch,
        text: &str,
        subject: Subject,
        page: Option<u32>,
        lines: Vec<Vec<Inline>>,
    ) {
        self.close();
        self.pending = Some(Pending {
            label,
            text: text.to_owned(),
            subject,
            lines,
            page,
            broken: false,
            heads_block: false,
        });
    }

    /// A line that holds a label. `false` where it holds none.
    fn labelled_line(&mut self, line: &Line, text: &str) -> bool {
        let parts = self.parts(&line.pieces);
        if parts.is_empty() {
            return self.lone_label(line, text) || self.statements(line);
        }
        if self.in_story() && parts.len() == 1 && parts.iter().all(|p| self.is_repeat(&p.label)) {
            return false;
        }
        let group = self
            .pending
            .as_ref()
            .filter(|p| p.lines.is_empty() && p.label.field.is_piece())
            .map(|p| p.subject);
        let count = parts.len();
        for (at, part) in parts.into_iter().enumerate() {
            self.leave_block(&part.label);
            let blank = Answer::of(vec![part.answer.clone()]).clean(self.book).is_blank();
            let names_somebody = count == 1 && !blank && self.names_somebody(&part.label);
            let subject = match group.filter(|_| part.label.field.is_piece() && part.label.person.is_none()) {
                Some(subject) => subject,
                None if names_somebody => self.start_block(&part.label),
                None => self.subject(&part.label, None),
            };
            if let Some(block) = self.block.as_mut().filter(|block| block.subject == subject) {
                block.told |= !names_somebody;
            }
            let open_end = at + 1 == count
                && (blank || part.label.field.is_story() || part.label.field == Field::Address);
            if group.is_some() && self.pending.as_ref().is_some_and(|p| p.lines.is_empty()) {
                self.pending = None;
            }
            if open_end {
                let has_ticks = part.answer.iter().any(|p| matches!(p, Inline::Tick { .. }));
                let lines = if blank && !has_ticks {
                    Vec::new()
                } else {
                    vec![part.answer]
                };
                let heads_block = lines.is_empty() && line.starts_paragraph && line.drawn_as_heading;
                self.open_for(part.label, &part.text, subject, line.page, lines);
                if let Some(pending) = &mut self.pending {
                    pending.heads_block = heads_block;
                }
            } else {
                self.close();
                self.emit(
                    part.label,
                    &part.text,
                    subject,
                    Answer::of(vec![part.answer]),
                    line.page,
                );
            }
        }
        true
    }

    /// Talk of the incident, of work or of somebody else ends what is said of the named person.
    fn leave_block(&mut self, label: &LabelMatch) {
        let Some(Subject::Person { person: here, .. }) = self.block.as_ref().map(|block| block.subject)
        else {
            return;
        };
        let of_incident = matches!(
            label.field,
            Field::OffenceKind | Field::OffenceDate | Field::Summary | Field::CrimeNumber
        );
        let of_another = label
            .person
            .is_some_and(|p| p.who != here.who && !is_helper(p.who));
        let a_name_line = self.names_somebody(label); // starts a block of its own
        if !a_name_line && (of_incident || of_another || is_of_work(label.field)) {
            self.block = None;
        }
    }

    /// A line `Victim: Ann Lee` outside any person's section.
    fn names_somebody(&self, label: &LabelMatch) -> bool {
        let somebody = label
            .person
            .is_some_and(|p| !matches!(p.who, Who::You | Who::Them | Who::Other));
        label.role_only && somebody && !label.everybody && self.context == Context::Nothing
    }

    /// Whose the named line is; the lines below it are theirs too, unless several are named in a row.
    fn start_block(&mut self, label: &LabelMatch) -> Subject {
        let in_a_row = self.block.as_ref().is_some_and(|block| !block.told);
        self.block = None;
        let subject = self.subject(label, None);
        let subject = match subject {
            Subject::Person {
                person,
                occurrence: 0,
                own,
            } => Subject::Person {
                person,
                occurrence: self.next_occurrence(),
                own,
            },
            Subject::Person { .. } | Subject::Everybody(_) | Subject::Case => return subject,
        };
        if !in_a_row {
            self.block = Some(NamedBlock { subject, told: false });
        }
        subject
    }

    /// The same field of the same person was answered already: inside a story that is a look-alike.
    fn is_repeat(&self, label: &LabelMatch) -> bool {
        if !label.field.is_personal() && label.field != Field::From {
            return false;
        }
        let person = label.person.map(|p| p.who);
        self.out.facts.iter().any(|fact| {
            let same_person = match (fact.subject, person) {
                (Subject::Person { person, .. }, Some(who)) => person.who == who,
                (Subject::Person { .. }, None) => true,
                (Subject::Everybody(_) | Subject::Case, _) => false,
            };
            let same_field = fact.field == label.field
                || (fact.field == Field::From && matches!(label.field, Field::Name | Field::Email));
            (same_person || fact.field == Field::From) && same_field && !fact.answer.quote().is_empty()
        })
    }

    /// Splits `Label: value   Label: value` into its parts.
    fn parts(&self, pieces: &[Inline]) -> Vec<Part> {
        let text = inline_text(pieces);
        let Some(first) = self.first_label(pieces, &text, 0, text.len()) else {
            return Vec::new();
        };
        let mut parts = vec![first];
        for (_, gap_end) in gaps(&text).into_iter().take(MAX_CUTS) {
            let Some(last) = parts.last_mut() else { break };
            if gap_end <= last.value_start {
                continue;
            }
            let Some(next) = self
                .first_label(pieces, &text, gap_end, text.len())
                .filter(|p| p.colon || p.leader)
            else {
                continue;
            };
            last.answer = slice(pieces, last.value_start, gap_end);
            parts.push(next);
        }
        parts
    }

    /// The label at the start of a stretch of a line, cut where an answer could begin.
    fn first_label(&self, pieces: &[Inline], text: &str, from: usize, to: usize) -> Option<Part> {
        let stretch = slice(pieces, from, to);
        let mut role_only = None;
        for cut in cut_places(&stretch, MAX_CUTS) {
            let end = from + cut;
            let raw = text.get(from..end)?;
            // What stands behind room for an answer is one.
            if raw.len() > MAX_LABEL_BYTES || raw.contains("__") || raw.contains("...") || raw.contains('…')
            {
                break;
            }
            let colon = raw.trim_end().ends_with([':', '?', '：']);
            let Some(label) = self
                .book
                .label(raw.trim())
                .filter(|label| colon || leads(text, end) || label.exact || label.first_person)
            else {
                continue;
            };
            let part = Part {
                leader: leads(text, end),
                label,
                text: raw.trim().to_owned(),
                answer: slice(pieces, end, to),
                value_start: end,
                colon,
            };
            let bare_role = label.role_only;
            // "Pupil harmed (copy this box for each pupil)" is a heading with a hint.
            if bare_role && !colon && inline_text(&part.answer).trim_start().starts_with('(') {
                continue;
            }
            if bare_role && role_only.is_none() {
                role_only = Some(part);
                continue;
            }
            if !colon
                && inline_text(&part.answer).trim().is_empty()
                && !part.answer.iter().any(|p| matches!(p, Inline::Answer { .. }))
            {
                continue;
            }
            return Some(part);
        }
        role_only
    }

    /// A line that is nothing but a label: its answer follows.
    fn lone_label(&mut self, line: &Line, text: &str) -> bool {
        if text.len() > MAX_LABEL_BYTES || line.pieces.iter().any(|p| matches!(p, Inline::Tick { .. })) {
            return false;
        }
        let marked = line.drawn_as_heading || text.ends_with([':', '?']);
        let waiting = self.pending.as_ref().is_some_and(|p| p.lines.is_empty());
        let Some(label) = self
            .book
            .label(text)
            .filter(|label| marked || (label.exact && !waiting && line.starts_paragraph))
        else {
            return false;
        };
        let bare_role = label.role_only;
        // Where labels have stood on lines of their own, a whole known one ends a story too.
        let stands_alone = label.exact && label.words >= 2 && self.lone_labels >= LONE_LABELS;
        if (bare_role && !text.ends_with([':', '?']))
            || (self.in_story() && (!(marked || stands_alone) || self.is_repeat(&label)))
        {
            return false;
        }
        self.lone_labels += 1;
        self.open(label, text, line.page);
        if let Some(pending) = &mut self.pending {
            pending.heads_block = line.starts_paragraph && line.drawn_as_heading;
        }
        true
    }

    /// Boxes before whole statements: `☒ I agree to be contacted`.
    fn statements(&mut self, line: &Line) -> bool {
        let mut spans: Vec<(bool, Vec<Inline>)> = Vec::new();
        for piece in &line.pieces {
            match piece {
                Inline::Tick { checked } => spans.push((*checked, Vec::new())),
                Inline::Text { .. } | Inline::Answer { .. } | Inline::Break | Inline::Hidden { .. } => {
                    if let Some((_, text)) = spans.last_mut() {
                        text.push(piece.clone());
                    }
                }
            }
        }
        let mut any = false;
        for (checked, pieces) in spans {
            let text = inline_text(&pieces).trim().to_owned();
            let Some(label) = self
                .book
                .label(&text)
                .filter(|l| l.field.is_consent() && l.words >= 2)
            else {
                continue;
            };
            any = true;
            self.close();
            let tick = vec![
                Inline::Tick { checked },
                Inline::Text {
                    text: format!(" {text}"),
                    bold: false,
                    struck: false,
                },
            ];
            let subject = self.subject(&label, None);
            self.emit(label, &text, subject, Answer::of(vec![tick]), line.page);
        }
        any
    }

    fn take_answer_line(&mut self, line: &Line, text: &str) {
        let has_tick = line.pieces.iter().any(|p| matches!(p, Inline::Tick { .. }));
        let Some(pending) = &mut self.pending else {
            self.out.loose.push((text.to_owned(), line.page));
            return;
        };
        let field = pending.label.field;
        let takes = pending.lines.is_empty()
            || has_tick
            || field.is_story()
            || (!pending.broken && text.starts_with("- "))
            || (field == Field::Address && !pending.broken && text.len() <= MAX_ADDRESS_LINE)
            || (field.is_free_text() && !pending.broken && !line.starts_paragraph);
        if takes {
            pending.lines.push(line.pieces.clone());
        } else {
            self.close();
            self.out.loose.push((text.to_owned(), line.page));
        }
    }

    fn definition(&mut self, term: &[Inline], value: &[Inline]) {
        let text = inline_text(term);
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
            None => self.out.loose.push((inline_text(value), None)),
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

struct Part {
    label: LabelMatch,
    text: String,
    answer: Vec<Inline>,
    value_start: usize,
    colon: bool,
    /// Dots or a line to write on stand behind it.
    leader: bool,
}

/// Dots or underscores begin there: room for an answer.
fn leads(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default().trim_start();
    rest.starts_with("...") || rest.starts_with("__") || rest.starts_with('…') || rest.starts_with(". . .")
}

/// Numbers that belong to a person, though the referral lists them.
fn is_own_number(field: Field) -> bool {
    matches!(field, Field::CollarNumber | Field::Team)
}

fn is_helper(who: Who) -> bool {
    matches!(who, Who::Supporter | Who::AppropriateAdult | Who::Professional)
}

/// Asked of people who may be contacted, never of the professional who refers them.
fn is_of_a_party(field: Field) -> bool {
    matches!(
        field,
        Field::SafeToContact
            | Field::SafeToLeaveMessage
            | Field::BestTime
            | Field::Language
            | Field::Interpreter
            | Field::Needs
    )
}

/// What is said of people at work: below a party's name it may be the referrer's.
fn is_of_work(field: Field) -> bool {
    matches!(
        field,
        Field::JobTitle | Field::Organisation | Field::Team | Field::CollarNumber | Field::NameAndAgency
    )
}

/// The words of a line `--- Label ---`.
fn dashed_label(text: &str) -> Option<&str> {
    let inner = text
        .strip_prefix("--")?
        .strip_suffix("--")?
        .trim_matches('-')
        .trim();
    inner.chars().any(char::is_alphabetic).then_some(inner)
}

/// The first or last line of a printed page that ends in its number: `Printed 01/02/2026 Page 1 of 2`.
fn is_page_furniture(line: &Line, all: &[Element<'_>], at: usize) -> bool {
    let Some(page) = line.page else { return false };
    let same_page = |element: Option<&Element<'_>>| match element {
        Some(Element::Line(other)) => other.page == Some(page),
        Some(Element::Table(table)) => table.page == Some(page),
        Some(Element::Pair(..) | Element::Rule) => true,
        None => false,
    };
    let inside =
        same_page(all.get(at + 1)) && same_page(at.checked_sub(1).and_then(|before| all.get(before)));
    !inside && ends_in_page_number(&line.text())
}

fn ends_in_page_number(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let number = |word: &str| (1..=4).contains(&word.len()) && word.chars().all(|c| c.is_ascii_digit());
    match words.as_slice() {
        [.., "page", a, "of", b] => number(a) && number(b),
        ["page", a] => number(a),
        _ => false,
    }
}

fn is_capitals(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase) && text.len() <= 80
}

/// An address of a machine or page, which websites put under their forms as "IP" and "Referrer".
fn is_machines(answer: &Answer) -> bool {
    let text = answer.quote();
    if text.starts_with("https://") || text.starts_with("http://") {
        return !text.contains(' ');
    }
    [IdentifierKind::IpAddress, IdentifierKind::Url]
        .into_iter()
        .any(|kind| identifiers::whole(text.trim(), kind).is_some())
}

/// The title of a whole form, not of a part of it: "Victim awareness and restorative referral".
fn names_a_form(text: &str) -> bool {
    const FORMS: [&str; 6] = [
        "form",
        "referral",
        "request",
        "report",
        "application",
        "notification",
    ];
    let said = spoken(text);
    let mut words = said.split(' ');
    words.clone().count() > 2 && words.any(|word| FORMS.contains(&word))
}

/// Where a mail's or website's own footer starts.
fn is_footer(text: &str) -> bool {
    let lower = text.to_lowercase();
    text == "--"
        || [
            "this e-mail was sent from a contact form",
            "this email was sent from a contact form",
            "this mail is sent via contact form",
            "sent by an unverified visitor",
            "sent by a verified visitor",
            "you cannot reply to this email",
            "this message was sent by a flow",
            "ip address:",
            "remote ip:",
            "user agent:",
            "source url:",
            "page url:",
        ]
        .iter()
        .any(|start| lower.starts_with(start))
}
