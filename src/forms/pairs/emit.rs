//! A label with its answer becomes a fact.
//!
//! Invariant: of an office part only the agency's reference is taken, and nothing that a machine wrote.

use super::furniture::is_machines;
use super::subject::{is_helper, is_main};
use super::{Context, Fact, Reader, Subject};
use crate::domain::dates::{self, DateUse, ReadDate};
use crate::forms::combined;
use crate::forms::labels::{Field, LabelBook, LabelMatch, Person, Who, tokens};
use crate::forms::values::Answer;
use jiff::civil::Date;

/// Labels below a question about consent that still belong to it: signature, name in print, date.
pub(super) const NEAR_CONSENT: usize = 4;
/// Fewest and most words of a question that stands where an answer should.
const MIN_QUESTION_WORDS: usize = 3;
const MAX_QUESTION_WORDS: usize = 6;
/// Longest answer that says what kind of thing happened, in words; more tells what happened.
const MAX_KIND_WORDS: usize = 24;
/// Longest date with nothing beside it, in bytes: "Wednesday 30 September 2026".
const MAX_DATE_BYTES: usize = 27;
/// Longest answer that says what somebody is, in words.
const MAX_ROLE_WORDS: usize = 5;

impl Reader<'_> {
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

    /// Questions stacked in one label with their answers stacked alike: "Full name / Known as" and "Ann Lee / Annie".
    /// `false` where they do not pair off.
    fn emit_stacked(
        &mut self,
        label: LabelMatch,
        text: &str,
        subject: Subject,
        answer: &Answer,
        page: Option<u32>,
    ) -> bool {
        let Some(pairs) = combined::zipped(text, &answer.quote(), self.book) else {
            return false;
        };
        // "Victim address / tel / email": whose the first is, the others are.
        let mut whose = subject;
        for (own, question, piece) in pairs {
            let subject = match (own.person, own.field.is_personal()) {
                (Some(_), _) | (None, false) => self.subject(&own, None),
                (None, true) => subject_of_person(whose, || self.subject(&own, None)),
            };
            whose = subject_of_person(subject, || whose);
            let own = LabelMatch {
                guessed: own.guessed || label.guessed,
                ..own
            };
            self.emit(own, &question, subject, Answer::of_text(&piece), page);
        }
        true
    }

    /// Keeps in mind whom labels name, and tells whether this one has its person from the label before alone.
    fn follows_named(&mut self, label: &LabelMatch, subject: Subject) -> bool {
        let is_explicit = label
            .person
            .is_some_and(|person| !matches!(person.who, Who::You | Who::Them));
        if is_explicit && self.context == Context::Nothing {
            // "Does the prisoner accept responsibility?" names them, though it asks about the case.
            let theirs = label.person.filter(|person| is_main(person.who)).map(|person| {
                let known = self.out.facts.iter().rev().find(|fact| is_of(fact, person));
                known.map_or(
                    Subject::Person {
                        person,
                        occurrence: 0,
                        own: false,
                    },
                    |fact| fact.subject,
                )
            });
            self.named = if subject == Subject::Case {
                theirs
            } else {
                Some(subject)
            };
            self.named_before_incident = false;
            return false;
        }
        let of_incident = matches!(
            label.field,
            Field::OffenceKind | Field::OffenceDate | Field::Summary | Field::CrimeNumber
        );
        self.named_before_incident |= of_incident;
        let leaves_open = label.person.is_none_or(|person| person.who == Who::Them);
        let follows = self.named == Some(subject) && leaves_open;
        if !follows && subject != Subject::Case {
            self.named = None;
        }
        follows
    }

    /// "Has he or she agreed?" outside every part, where one person alone was named.
    fn is_meant_alone(&self, label: &LabelMatch, subject: Subject) -> bool {
        let says_they = label.person.is_some_and(|person| person.who == Who::Them);
        label.field.is_consent()
            && says_they
            && self.context == Context::Nothing
            && matches!(subject, Subject::Person { person, .. } if is_main(person.who))
    }

    /// A bare date right above what happened or where is when it happened.
    fn date_before(&mut self, field: Field) {
        let is_incident = matches!(
            field,
            Field::OffenceLocation | Field::OffenceKind | Field::CrimeNumber
        );
        let at = self.out.facts.len();
        let is_first = at == self.part_began + 1;
        if let Some(last) = self
            .out
            .facts
            .last_mut()
            .filter(|last| last.field == Field::BareDate)
            && is_incident
            && is_first
        {
            last.field = Field::OffenceDate;
            last.subject = Subject::Case;
        }
    }

    /// Somebody whose part no heading tells, with a prison or probation number, is the person convicted.
    fn known_to_prison(&mut self) {
        let Context::Person {
            person,
            occurrence,
            own,
        } = self.context
        else {
            return;
        };
        if person.who != Who::Somebody {
            return;
        }
        let convicted = Person {
            who: Who::Offender,
            ..person
        };
        for fact in &mut self.out.facts {
            if let Subject::Person {
                person,
                occurrence: of,
                ..
            } = &mut fact.subject
                && *of == occurrence
                && person.who == Who::Somebody
            {
                *person = convicted;
            }
        }
        self.context = Context::Person {
            person: convicted,
            occurrence,
            own,
        };
    }

    /// Nothing but a known question about consent: "Consent taken by".
    fn is_question(&self, text: &str) -> bool {
        let words = text.split_whitespace().count();
        (MIN_QUESTION_WORDS..=MAX_QUESTION_WORDS).contains(&words)
            && self.book.label(text).is_some_and(|label| {
                label.exact && matches!(label.field, Field::ConsentBy | Field::ConsentDate)
            })
    }

    /// Who fills the form in has been asked.
    fn knows_writer(&self) -> bool {
        self.out.facts.iter().any(|fact| {
            fact.field == Field::Name
                && matches!(fact.subject, Subject::Person { person, .. }
                    if matches!(person.who, Who::You | Who::Referrer))
        })
    }

    /// Consent was asked about just before.
    pub(super) fn is_below_consent(&self) -> bool {
        let of_this_part = self.out.facts.get(self.part_began..).unwrap_or_default();
        let before = of_this_part.iter().rev().take(NEAR_CONSENT);
        before.into_iter().any(|fact| fact.field.is_consent())
    }

    /// "Reference" in the part that is headed "Crime".
    fn is_crimes_reference(&self, text: &str) -> bool {
        let is_bare = tokens(text)
            .iter()
            .all(|word| matches!(word.as_str(), "reference" | "ref" | "number" | "no"));
        let is_crimes = || {
            let heading = tokens(&self.heading);
            heading.iter().any(|word| word == "crime")
        };
        is_bare && self.context == Context::Offence && is_crimes()
    }

    /// Ends an open answer that has been given; an empty one goes on waiting for the next row.
    pub(in crate::forms) fn close_answered(&mut self) {
        if self
            .pending
            .as_ref()
            .is_some_and(|pending| !pending.lines.is_empty())
        {
            self.close();
        }
    }

    /// Ends an open answer.
    pub(in crate::forms) fn close(&mut self) {
        if let Some(pending) = self.pending.take() {
            if pending.label.field == Field::Unmapped
                && self.emit_options(&pending.lines, &pending.text, pending.page)
            {
                return;
            }
            self.emit(
                pending.label,
                &pending.text,
                pending.subject,
                Answer::of(pending.lines),
                pending.page,
            );
        }
    }

    pub(super) fn emit(
        &mut self,
        label: LabelMatch,
        text: &str,
        subject: Subject,
        answer: Answer,
        page: Option<u32>,
    ) {
        if self.context == Context::Skip && label.field != Field::AgencyReference {
            return;
        }
        if is_machines(&answer) {
            return;
        }
        // An empty answer with the next question behind it.
        let answer = if label.field.is_consent() && self.is_question(&answer.quote()) {
            Answer::default()
        } else {
            answer
        };
        if text.contains('/') && self.emit_stacked(label, text, subject, &answer, page) {
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
        let by_position = self.follows_named(&label, subject) || self.is_meant_alone(&label, subject);
        let of_this_part = self.out.facts.get(self.part_began..).unwrap_or_default();
        let after_consent = of_this_part.last().is_some_and(|f| {
            matches!(
                f.field,
                Field::ConsentContact | Field::ConsentHow | Field::ConsentBy | Field::ConsentShareOther
            )
        });
        let is_signed = self.out.facts.last().is_some_and(|f| f.field == Field::Signature);
        if matches!(label.field, Field::PrisonNumber | Field::Crn) && !answer.clean(self.book).is_blank() {
            self.known_to_prison();
        }
        let tells_role = || {
            let text = answer.quote();
            let of_helper = label.person.is_some_and(|person| is_helper(person.who));
            label.role_only
                && !of_helper
                && text.split_whitespace().count() <= MAX_ROLE_WORDS
                && self.book.role_in_answer(&text).is_some()
        };
        let field = match label.field {
            // "Service: ☒ Restorative justice ☐ Mediation"
            Field::Organisation if names_service(&answer, self.book) => Field::Service,
            // "What is the problem?" with the whole story
            Field::OffenceKind if answer.quote().split_whitespace().count() > MAX_KIND_WORDS => {
                Field::Summary
            }
            Field::AgencyReference if self.is_crimes_reference(text) => Field::CrimeNumber,
            // "Asked on: 25/05/2026"
            Field::ConsentBy if is_date(&answer.quote(), self.today) => Field::ConsentDate,
            // "Person 1 is the: person harmed"
            Field::Name if tells_role() => Field::TheirRole,
            Field::BareDate | Field::OffenceDate if after_consent && is_bare_when(text) => Field::ConsentDate,
            Field::BareDate if !is_signed && (self.context == Context::Offence || beside_offence) => {
                Field::OffenceDate
            }
            // where the person is, not where it happened
            Field::OffenceLocation if self.block.is_some() => Field::Ignored,
            field => field,
        };
        self.date_before(field);
        self.turned_to_them |=
            field == Field::TheirRole && self.context == Context::Nothing && self.knows_writer();
        let subject = match self.out.facts.last() {
            Some(last) if field == Field::ConsentDate && label.field != field => last.subject,
            Some(_) | None => subject,
        };
        let in_consent = self.context == Context::Consent || self.is_below_consent();
        let (answer, beside) = self.keep_beside((field, text), answer, subject, page);
        let is_part = field == Field::Name && !beside.is_empty();
        self.out.facts.push(Fact {
            subject,
            field,
            answer,
            label: text.trim().to_owned(),
            page,
            in_consent,
            guessed: label.guessed || is_part || field == Field::Summary && label.field != field,
            by_position,
            beside: None,
        });
        self.out.facts.extend(beside);
    }

    /// A label with its answer, wherever they stood.
    pub(in crate::forms) fn pair(
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
}

/// Something of that person was asked.
fn is_of(fact: &Fact, person: Person) -> bool {
    matches!(fact.subject, Subject::Person { person: other, .. } if other.who == person.who && other.number == person.number)
}

/// "Date", "On what date?", "When was this?": of what, the question before says.
pub(super) fn is_bare_when(text: &str) -> bool {
    tokens(text).iter().all(|word| {
        matches!(
            word.as_str(),
            "date"
                | "on"
                | "what"
                | "when"
                | "was"
                | "this"
                | "that"
                | "did"
                | "it"
                | "they"
                | "agree"
                | "the"
                | "which"
                | "if"
                | "yes"
                | "confirmed"
                | "signed"
        )
    })
}

/// A ticked option that is a way of working, not an agency.
fn names_service(answer: &Answer, book: &LabelBook) -> bool {
    let cleaned = answer.clean(book);
    let said = cleaned.text().to_lowercase();
    cleaned.options.is_some() && (said.contains("restorative") || said.contains("mediation"))
}

/// Digits and marks that are a whole date, with nothing beside it.
fn is_date(text: &str, today: Date) -> bool {
    text.len() <= MAX_DATE_BYTES
        && matches!(
            dates::parse(text, DateUse::Event, today),
            Some(ReadDate::Day { .. })
        )
}

/// A label that no known one fits.
pub(super) fn unmapped_label() -> LabelMatch {
    LabelMatch {
        field: Field::Unmapped,
        person: None,
        everybody: false,
        first_person: false,
        exact: false,
        words: 0,
        role_only: false,
        guessed: false,
    }
}

/// The person of the whole label, where it has one.
fn subject_of_person(subject: Subject, otherwise: impl FnOnce() -> Subject) -> Subject {
    match subject {
        Subject::Person { .. } | Subject::Everybody(_) => subject,
        Subject::Case => otherwise(),
    }
}
