//! One line of running text: a heading, labels with answers, a label alone, or more of an open answer.
//!
//! Invariant: until a footer, a line that is no heading, label or rule belongs to the open answer or is kept as loose.

use super::emit::unmapped_label;
use super::furniture::is_footer;
use super::looks::{asks, bold_beginning, dashed_label, is_capitals, is_choice, is_name_line, names_a_form};
use super::parts::MAX_LABEL_BYTES;
use super::subject::{is_helper, is_main};
use super::{Context, Reader, Subject};
use crate::domain::{Inline, inline_text};
use crate::forms::labels::{Field, LabelMatch, Section, Strictness, Who, tokens};
use crate::forms::lines::{Line, all_bold, slice};
use crate::forms::prose::is_sign_off;
use crate::forms::tables::fits;
use crate::forms::values::{Answer, yes_no};

/// So many labels on lines of their own are the form's way.
const LONE_LABELS: usize = 4;
/// So many lines of `Label: answer` are the form's way.
const COLON_LABELS: usize = 4;
/// Longest unknown label of a line, in words.
const MAX_LABEL_WORDS: usize = 6;
/// Longest question in unknown words, in words.
const MAX_QUESTION_WORDS: usize = 16;
/// Longest question that ends a story where every question has a line of its own, in words.
const MAX_LONE_QUESTION_WORDS: usize = 8;
/// Answers above a sign-off that make what stands there a form.
const FORM_ANSWERS: usize = 4;
/// So many labels drawn as headings are the form's way: what is not drawn so is no label.
const HEADING_LABELS: usize = 4;
/// A first heading of so many words that names more than a part is the form's title.
const TITLE_WORDS: usize = 5;
/// Longest heading in unknown words; more is a sentence.
const MAX_UNKNOWN_HEADING_WORDS: usize = 10;
/// A story of so many words that ends without a full stop was cut off.
const CUT_STORY_WORDS: usize = 5;
/// A plain address line longer than this is text.
const MAX_ADDRESS_LINE: usize = 80;

pub(super) struct Pending {
    pub(super) label: LabelMatch,
    pub(super) text: String,
    pub(super) subject: Subject,
    pub(super) lines: Vec<Vec<Inline>>,
    pub(super) page: Option<u32>,
    /// A blank line came after the first answer line.
    broken: bool,
    /// Where the answer's second paragraph begins, in lines.
    pub(super) parted: Option<usize>,
    /// The label is the bold first line of its paragraph: the rest of the paragraph is its answer.
    heads_block: bool,
    /// It stands in an item of a list: what follows the list is no part of its answer.
    of_item: bool,
}

impl Reader<'_> {
    /// One line of running text.
    pub(in crate::forms) fn line(&mut self, line: &Line, underlined: bool) {
        if self.stopped {
            return;
        }
        let text = line.text();
        if line.starts_paragraph {
            self.block = None;
        }
        if !line.is_item && self.pending.as_ref().is_some_and(|pending| pending.of_item) {
            self.close_answered();
        }
        self.in_item = line.is_item;
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
        let is_next_question = self.is_next_question(line, &text);
        if !self.awaited.is_empty() && self.take_awaited(line, &text) {
            return;
        }
        if line.drawn_as_heading && self.is_form_title(&text) {
            return;
        }
        if self.signs_off(&text) {
            self.out.loose.push((text, line.page));
            return;
        }
        if let Some((label, answer)) = self.unknown_labelled(line, &text) {
            self.close();
            let answer = Answer::of(vec![answer]);
            match self.book.label(&label).filter(|label| !label.role_only) {
                Some(known) => self.pair(known, &label, answer, line.page, None),
                None => self.unmapped(&label, answer, line.page),
            }
            return;
        }
        let waiting = self.is_waiting();
        // "Out of court disposal: request" at the top is the form's title.
        let is_title = (line.is_heading || is_capitals(&text))
            && self.out.facts.is_empty()
            && text
                .split_once(':')
                .is_some_and(|(_, rest)| !rest.trim().is_empty());
        if self.heading(line, &text, underlined) || (!is_title && self.labelled_line(line, &text)) {
            return;
        }
        if !waiting
            && !self.in_story()
            && !text.ends_with('.')
            && let Some(section) = self.plain_section(line, &text)
        {
            match self.book.label(&text).filter(|_| self.asks_for_referrer(section)) {
                Some(label) => self.open(label, &text, line.page),
                None => self.enter(section, &text),
            }
            return;
        }
        if line.drawn_as_heading && self.is_unknown_heading(line, &text) {
            self.enter_unknown(&text);
            return;
        }
        if let Some(label) = self
            .book
            .label(&text)
            .filter(|label| is_next_question && !label.role_only)
        {
            self.open(label, &text, line.page);
            return;
        }
        if is_next_question
            || (self.options_follow && self.is_unknown_question(&text))
            || self.ends_story(line, &text)
        {
            let text = text.clone();
            self.open_for(unmapped_label(), &text, Subject::Case, line.page, Vec::new());
            return;
        }
        self.take_answer_line(line, &text);
    }

    /// What a line starts that is not drawn as a heading: a part in known words, or somebody's in others right above a
    /// table ("Who was harmed by the fire").
    fn plain_section(&self, line: &Line, text: &str) -> Option<Section> {
        let is_caption = self.table_follows
            && !self.out.facts.is_empty()
            && line.starts_paragraph
            && !text.ends_with(['?', ':', ','])
            && text.split_whitespace().count() <= MAX_UNKNOWN_HEADING_WORDS;
        let captioned = || {
            let section = self.book.section(text, Strictness::Some)?;
            matches!(section, Section::Person(person) if is_main(person.who)).then_some(section)
        };
        self.book
            .section(text, Strictness::Every)
            .or_else(|| is_caption.then(captioned).flatten())
    }

    /// "Person making the referral" over nothing but a name, in a mail: it asks who that is and starts no part.
    fn asks_for_referrer(&self, section: Section) -> bool {
        self.is_mail
            && self.name_alone_follows
            && matches!(section, Section::Person(person) if person.who == Who::Referrer)
    }

    /// A line below a row of labels that has no row of answers: it goes, with a check, to the first label whose kind
    /// of answer it can be. `false` where it is a heading or a label itself.
    fn take_awaited(&mut self, line: &Line, text: &str) -> bool {
        let starts_part = line.drawn_as_heading || self.book.section(text, Strictness::Every).is_some();
        if starts_part
            || self.book.label(text).is_some_and(|label| label.exact)
            || !self.parts(&line.pieces).is_empty()
        {
            self.awaited.clear();
            return false;
        }
        let says = yes_no(text, self.book).is_some();
        let found = self.awaited.iter().position(|asked| {
            let label = self.book.label(asked);
            let of_will = label.is_some_and(|label| {
                label.field.is_consent()
                    || matches!(label.field, Field::SafeToContact | Field::SafeToLeaveMessage)
            });
            label.is_some()
                && if says {
                    of_will
                } else {
                    !of_will && fits(text, label.map(|label| label.field))
                }
        });
        let asked = found.map(|at| self.awaited.remove(at));
        let label = asked.as_deref().and_then(|asked| self.book.label(asked));
        let (Some(asked), Some(label)) = (asked, label) else {
            return false;
        };
        self.close();
        let label = LabelMatch {
            guessed: true,
            ..label
        };
        self.pair(
            label,
            &asked,
            Answer::of(vec![line.pieces.clone()]),
            line.page,
            None,
        );
        true
    }

    /// Below the answers of a form in a mail's text, a sign-off ends the form: what follows is a signature, until
    /// another part of the form begins.
    fn signs_off(&mut self, text: &str) -> bool {
        let begins_part = self.signed_off && self.book.section(text, Strictness::Every).is_some();
        if begins_part {
            self.signed_off = false;
        } else if self.out.facts.len() >= FORM_ANSWERS && self.is_mail && is_sign_off(text) {
            self.close();
            self.signed_off = true;
        }
        self.signed_off
    }

    /// A line of an unknown label with its answer: the label bold and the answer not, or `Label: answer` where an
    /// answer is still waited for.
    fn unknown_labelled(&self, line: &Line, text: &str) -> Option<(String, Vec<Inline>)> {
        let bold = bold_beginning(&line.pieces);
        let split = bold.or_else(|| {
            let is_way = self.colon_labels >= COLON_LABELS && !self.in_story();
            let (label, _) = text.split_once(": ").filter(|_| self.is_waiting() || is_way)?;
            let words = label.split_whitespace().count();
            let is_label = words <= MAX_LABEL_WORDS && label.starts_with(char::is_uppercase);
            let at = inline_text(&line.pieces).find(": ")? + 1;
            is_label.then_some(at)
        });
        // "What would you like to happen next?: A meeting": no sentence has these two marks.
        let asked = inline_text(&line.pieces).find("?: ").map(|at| at + 1);
        let split = split
            .or(asked)
            .or_else(|| inline_text(&line.pieces).find("....").filter(|at| *at > 0))?;
        let whole = inline_text(&line.pieces);
        let label = whole.get(..split)?.trim();
        let answer = slice(&line.pieces, split, whole.len());
        let most = if asked == Some(split) {
            MAX_QUESTION_WORDS
        } else {
            MAX_LABEL_WORDS
        };
        let is_short = (1..=most).contains(&label.split_whitespace().count());
        // Bold words with a gap behind them are a label, whatever is known of it.
        let is_known = || {
            bold.is_none() && self.book.label(label).is_some()
                || self.book.label(text).is_some_and(|whole| whole.exact)
        };
        let has_answer = inline_text(&answer).chars().any(char::is_alphanumeric);
        (is_short && has_answer && !is_known() && self.parts(&line.pieces).is_empty())
            .then(|| (label.to_owned(), answer))
    }

    /// A heading that no known word explains: it ends the answer before it, unless that is drawn bold as well.
    fn is_unknown_heading(&self, line: &Line, text: &str) -> bool {
        let is_bold_answer = self.pending.as_ref().is_some_and(|pending| {
            pending.lines.is_empty() || pending.lines.iter().any(|line| all_bold(line))
        });
        let is_short = text.split_whitespace().count() <= MAX_UNKNOWN_HEADING_WORDS;
        line.starts_paragraph && is_short && (line.is_heading || !is_bold_answer)
    }

    /// A question in unknown wording: it ends the answer before it all the same.
    fn is_unknown_question(&self, text: &str) -> bool {
        text.len() <= MAX_LABEL_BYTES && text.ends_with(['?', ':']) && !text.contains(['☐', '☒'])
    }

    /// A paragraph with the number that follows the last question's: the form's next question.
    fn is_next_question(&mut self, line: &Line, text: &str) -> bool {
        let digits = text.chars().take_while(char::is_ascii_digit).count();
        let (number, rest) = text.split_at(digits);
        let is_numbered =
            line.starts_paragraph && rest.starts_with(['.', ')']) && text.len() <= MAX_LABEL_BYTES;
        let Some(number) = number.parse::<u32>().ok().filter(|_| is_numbered) else {
            return false;
        };
        let follows = number == self.numbered + 1;
        let is_known = self.book.label(text).is_some_and(|label| !label.role_only);
        if follows && (number > 1 || is_known || text.ends_with('?')) {
            self.numbered = number;
            return true;
        }
        false
    }

    /// A question of the form, though nobody knows it, below a story: questions have lines of their own here, and it
    /// speaks of nobody as a writer's question would.
    fn ends_story(&self, line: &Line, text: &str) -> bool {
        const SPOKEN: [&str; 14] = [
            "i", "me", "my", "we", "us", "our", "he", "him", "his", "she", "her", "they", "them", "why",
        ];
        self.in_story()
            && !self.is_waiting()
            && line.starts_paragraph
            && self.lone_labels >= LONE_LABELS
            && text.ends_with('?')
            && text.split_whitespace().count() <= MAX_LONE_QUESTION_WORDS
            && !tokens(text).iter().any(|word| SPOKEN.contains(&word.as_str()))
    }

    /// Keeps a title, and tells whether it is the form's own, though it names somebody.
    pub(in crate::forms) fn is_form_title(&mut self, text: &str) -> bool {
        self.out.titles.push(text.to_owned());
        let is_first = self.out.titles.len() == 1 && self.out.facts.is_empty();
        let section = self.book.section(text, Strictness::Some);
        let of_person = matches!(section, Some(Section::Person(_)));
        // "Professional referral": who fills it in, not whom it is about.
        let of_helper = matches!(section, Some(Section::Person(person)) if is_helper(person.who));
        let is_part = self.book.section(text, Strictness::Every).is_some();
        let is_long = text.split_whitespace().count() >= TITLE_WORDS;
        is_first
            && section.is_some()
            && (of_person && names_a_form(text, of_helper) || !is_part && (of_person || is_long))
    }

    /// A line drawn as a heading that starts a section. `false` where it is none.
    fn heading(&mut self, line: &Line, text: &str, underlined: bool) -> bool {
        let waiting = self.is_waiting();
        let capitals = is_capitals(text);
        let names_a_part = |label: &LabelMatch| {
            label.field == Field::Name
                && !text.to_lowercase().contains("name")
                && matches!(
                    self.book.section(text, Strictness::Every),
                    Some(Section::Person(_))
                )
        };
        let answers_below =
            |label: &LabelMatch| self.answer_follows && !capitals && label.exact && !label.role_only;
        let question = self
            .book
            .label(text)
            .is_some_and(|label| asks(&label, text) && !names_a_part(&label) || answers_below(&label));
        // "Offence" drawn bold inside the part about it asks which; a worker's post inside somebody's part asks who.
        let asks_here = self.book.label(text).filter(|label| {
            let which = self.context == Context::Offence && label.exact && label.field == Field::OffenceKind;
            let who = self.context.is_of_main()
                && label.role_only
                && label.person.is_some_and(|person| person.who == Who::Professional);
            line.drawn_as_heading && !line.is_heading && (which || who)
        });
        if let Some(label) = asks_here {
            self.open(label, text, line.page);
            return true;
        }
        let asks_of_person = self
            .book
            .label(text)
            .is_some_and(|label| label.field.is_personal());
        let is_ruled_off = underlined && capitals && !asks_of_person && !text.ends_with(['?', ':']);
        let question = question && !is_ruled_off;
        if !question && ((underlined && !waiting) || line.drawn_as_heading || capitals) {
            let strictness = if line.is_heading {
                Strictness::Some
            } else {
                Strictness::Every
            };
            if let Some(section) = self
                .book
                .section(text, strictness)
                .filter(|_| !text.ends_with(':') || line.is_heading)
            {
                let story = self
                    .book
                    .label(text)
                    .filter(|l| !l.role_only && l.field.is_story() && (l.exact || l.guessed || l.words >= 2));
                if let (Some(label), Section::Person(_)) = (story.filter(|l| l.words >= 2), section) {
                    // "What the person harmed would like": about them, but no part of theirs.
                    self.open(label, text, line.page);
                    return true;
                }
                let label = story.filter(|l| l.person.is_none());
                self.enter(section, text);
                if let Some(label) = label {
                    self.open(label, text, line.page);
                }
                return true;
            }
        }
        false
    }

    /// `--- Label ---`: always a label or heading, known or not, so it ends any answer.
    fn dashed(&mut self, text: &str, page: Option<u32>) {
        self.close();
        match self.book.label(text).filter(|label| !label.role_only) {
            Some(label) => self.open(label, text, page),
            None => match self.book.section(text, Strictness::Every) {
                Some(section) => self.enter(section, text),
                None => self.enter_unknown(text),
            },
        }
    }

    /// A label is open that has no answer yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.pending.as_ref().is_some_and(|p| p.lines.is_empty())
    }

    fn in_story(&self) -> bool {
        self.pending.as_ref().is_some_and(|p| p.label.field.is_story())
    }

    fn open(&mut self, label: LabelMatch, text: &str, page: Option<u32>) {
        self.close(); // whom it was about may be whom this is about
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
            parted: None,
            heads_block: false,
            of_item: self.in_item,
        });
    }

    /// A line that holds a label. `false` where it holds none.
    fn labelled_line(&mut self, line: &Line, text: &str) -> bool {
        let parts = self.parts(&line.pieces);
        // "Student who was harmed: name" is one label, not a person called "name".
        let is_one_label = matches!(parts.as_slice(), [part] if part.label.role_only
            && self.book.label(inline_text(&part.answer).trim())
                .is_some_and(|rest| (rest.exact || rest.field.is_consent()) && !rest.role_only)
            && self.book.label(text).is_some_and(|whole| !whole.role_only));
        if is_one_label && self.lone_label(line, text) {
            return true;
        }
        if parts.is_empty() {
            return self.lone_label(line, text) || self.statements(line) || self.options(line);
        }
        if self.in_story() && parts.len() == 1 && parts.iter().all(|p| self.is_repeat(&p.label)) {
            return false;
        }
        let opened = self
            .pending
            .as_ref()
            .filter(|p| p.lines.is_empty() && p.label.field.is_piece())
            .map(|p| p.subject);
        let all_pieces = parts
            .iter()
            .all(|part| part.label.field.is_piece() && part.label.person.is_none());
        let group = opened.or(self.pieces.filter(|_| all_pieces));
        self.pieces = group;
        let count = parts.len();
        self.colon_labels += usize::from(text.contains(": "));
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
            // "None known" on the label's own line is its answer; a hint in brackets is none.
            let said = inline_text(&part.answer);
            let said = said.trim().trim_start_matches(':').trim_start();
            // "Has she agreed? When, and to whom?": the question goes on, its answer stands below.
            let goes_on = at + 1 == count
                && said.ends_with('?')
                && said.split_whitespace().count() <= MAX_LONE_QUESTION_WORDS;
            if goes_on {
                self.close();
                self.open_for(part.label, text, subject, line.page, Vec::new());
                continue;
            }
            let is_said = blank && said.chars().any(char::is_alphanumeric) && !said.starts_with('(');
            // Room to write on that was left empty: the next line is no answer.
            let is_left_out =
                blank && part.leader && !part.label.field.is_story() && part.label.field != Field::Address;
            let open_end = at + 1 == count
                && !is_said
                && !is_left_out
                && (blank || part.label.field.is_story() || part.label.field == Field::Address);
            if group.is_some() && self.is_waiting() {
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

    /// A line that is nothing but a label: its answer follows.
    fn lone_label(&mut self, line: &Line, text: &str) -> bool {
        if text.len() > MAX_LABEL_BYTES || line.pieces.iter().any(|p| matches!(p, Inline::Tick { .. })) {
            return false;
        }
        let marked = line.drawn_as_heading || text.ends_with([':', '?']);
        let waiting = self.is_waiting();
        let Some(label) = self
            .book
            .label(text)
            .filter(|label| {
                let is_left_blank = waiting && label.words >= 2 && self.answers_in_paragraphs();
                marked || label.exact && line.starts_paragraph && (!waiting || is_left_blank)
            })
            // Above the first answer, bold words that only sound like a question are the form's title.
            .filter(|label| !label.guessed || text.ends_with([':', '?']) || !self.out.facts.is_empty())
        else {
            return false;
        };
        // "In their own words" goes on with the question before.
        let goes_on = self
            .pending
            .as_ref()
            .is_some_and(|p| p.lines.is_empty() && p.label.field.is_story());
        if goes_on && label.field == Field::Summary && label.person.is_none() {
            return true;
        }
        let bare_role = label.role_only;
        // Where labels have stood on lines of their own, a whole known one ends a story too.
        let stands_alone = label.exact && label.words >= 2 && self.lone_labels >= LONE_LABELS;
        if (bare_role && !text.ends_with([':', '?']))
            || (self.in_story() && (!(marked || stands_alone) || self.is_repeat(&label)))
        {
            return false;
        }
        if !marked && self.heading_labels >= HEADING_LABELS {
            return false; // here labels are headings: this is an answer that looks like one
        }
        self.lone_labels += 1;
        self.heading_labels += usize::from(line.drawn_as_heading);
        self.open(label, text, line.page);
        if let Some(pending) = &mut self.pending {
            pending.heads_block = line.starts_paragraph && line.drawn_as_heading;
        }
        true
    }

    /// Labels and their answers stand together here, in a paragraph each: a label over no answer was left blank.
    fn answers_in_paragraphs(&self) -> bool {
        self.lone_labels >= LONE_LABELS && self.answers_below * 2 > self.lone_labels
    }

    /// "Pupil who was hurt", and below it their name: the first line of somebody's part answers its heading.
    fn opens_part_with_name(&mut self, line: &Line, text: &str) -> bool {
        let Context::Person { person, .. } = self.context else {
            return false;
        };
        let asks = self
            .out
            .parts
            .last()
            .filter(|part| part.before == self.out.facts.len());
        let Some(heading) = asks.map(|part| part.text.clone()) else {
            return false;
        };
        // "Who are you?" asks for it; "About you" does not.
        let is_asked = heading.ends_with('?') || person.who != Who::You && !self.is_mail;
        let is_told = is_asked && !line.drawn_as_heading && is_name_line(text);
        if is_told {
            let label = LabelMatch {
                field: Field::Name,
                guessed: true,
                ..unmapped_label()
            };
            let answer = Answer::of(vec![line.pieces.clone()]);
            self.pair(label, &heading, answer, line.page, None);
        }
        is_told
    }

    /// The rest of a story that a table's cell could not hold: it broke off in the middle of a sentence.
    fn goes_on(&mut self, line: &Line, text: &str) -> bool {
        let Some(last) = self.out.facts.last_mut().filter(|last| last.field.is_story()) else {
            return false;
        };
        let said = last.answer.quote();
        let is_cut = said.split_whitespace().count() >= CUT_STORY_WORDS
            && !said.trim_end().ends_with(['.', '!', '?', ')', '"']);
        let is_rest = is_cut && !line.drawn_as_heading && text.starts_with(char::is_lowercase);
        if is_rest {
            last.answer.push(line.pieces.clone());
        }
        is_rest
    }

    fn take_answer_line(&mut self, line: &Line, text: &str) {
        let has_tick = line.pieces.iter().any(|p| matches!(p, Inline::Tick { .. }));
        if self.pending.is_none() && (self.opens_part_with_name(line, text) || self.goes_on(line, text)) {
            return;
        }
        let Some(pending) = &mut self.pending else {
            self.out.loose.push((text.to_owned(), line.page));
            return;
        };
        let field = pending.label.field;
        let takes = (pending.lines.is_empty() && !(has_tick && field.is_story()))
            || (has_tick && !field.is_story() && is_choice(&pending.lines))
            || (field.is_story() && !has_tick)
            || (!pending.broken && text.starts_with("- "))
            || (field == Field::Address
                && !pending.broken
                && text.len() <= MAX_ADDRESS_LINE
                && !text.ends_with('?'))
            || (field.is_free_text() && !pending.broken && !line.starts_paragraph);
        if takes {
            self.answers_below += usize::from(pending.lines.is_empty() && !line.starts_paragraph);
            if line.starts_paragraph && !pending.lines.is_empty() {
                pending.parted.get_or_insert(pending.lines.len());
            }
            pending.lines.push(line.pieces.clone());
        } else {
            self.close();
            self.out.loose.push((text.to_owned(), line.page));
        }
    }
}
