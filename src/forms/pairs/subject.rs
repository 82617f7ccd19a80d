//! Whose a label is: by the label itself, the column, the named block, the section, or a pronoun.
//!
//! Invariant: a column or row comes first, then a role in the label, the named block, the part about consent, the
//! section, and last a pronoun.

use super::{Context, Reader, Subject};
use crate::forms::labels::{Field, LabelMatch, Person, Who, tokens};
use crate::forms::values::yes_no;

/// How far back, in facts, somebody's last answer is looked for.
pub(super) const MAX_LOOKBACK: usize = 200;

impl Reader<'_> {
    /// Whose a label is, here.
    pub(super) fn subject(&mut self, label: &LabelMatch, column: Option<Subject>) -> Subject {
        let field = label.field;
        if let Some(column) = column {
            // "Parent's phone" in the pupil's column is the parent's
            if let Some(helper) = self.helper_of_column(label, column) {
                return helper;
            }
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
        self.meet_somebody(label);
        self.meet_referrer(label);
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

    /// Whoever helps the person of a column, where the row's label names them, or asks how the one named in the row
    /// above is related.
    fn helper_of_column(&self, label: &LabelMatch, column: Subject) -> Option<Subject> {
        let Subject::Person {
            person, occurrence, ..
        } = column
        else {
            return None;
        };
        let helper_of = |helper: Person| Subject::Person {
            person: Person {
                of: Some(person.who),
                ..helper
            },
            occurrence,
            own: false,
        };
        let named = label.person.filter(|helper| is_helper(helper.who));
        let above = || {
            let last_row = self.out.facts.iter().rev().take(MAX_LOOKBACK).find(
                |fact| matches!(fact.subject, Subject::Person { occurrence: of, .. } if of == occurrence),
            )?;
            match last_row.subject {
                Subject::Person { person, .. }
                    if is_helper(person.who)
                        && last_row.field == Field::Name
                        && label.field == Field::Relationship =>
                {
                    Some(person)
                }
                Subject::Person { .. } | Subject::Everybody(_) | Subject::Case => None,
            }
        };
        (is_main(person.who) && (label.field.is_personal())).then(|| named.or_else(above).map(helper_of))?
    }

    /// Under a heading that nobody knows, a name asked for once more is somebody else's: their part is not told.
    fn meet_somebody(&mut self, label: &LabelMatch) {
        let names = matches!(
            label.field,
            Field::Name | Field::Given | Field::Family | Field::Title
        );
        if !self.under_unknown_heading || !names || label.person.is_some() {
            return;
        }
        let Context::Person {
            person, occurrence, ..
        } = self.context
        else {
            return;
        };
        let is_named = self.out.facts.iter().rev().any(|fact| {
            let of_this_part = matches!(fact.subject, Subject::Person { person: other, occurrence: of, .. }
                if other.who == person.who && of == occurrence);
            of_this_part && (fact.field == label.field || fact.field == Field::NameAndAgency)
        });
        if is_named {
            let occurrence = self.next_occurrence();
            self.context = Context::Person {
                person: Person {
                    who: Who::Somebody,
                    number: None,
                    of: None,
                },
                occurrence,
                own: true,
            };
            self.under_unknown_heading = false;
        }
    }

    /// "Worker completing: ..." below somebody's part, with no heading of its own: what follows is the worker's.
    fn meet_referrer(&mut self, label: &LabelMatch) {
        let Some(person) = label.person.filter(|person| person.who == Who::Referrer) else {
            return;
        };
        let in_part_of_another = match self.context {
            Context::Person { person, .. } => is_main(person.who) || is_helper(person.who),
            Context::Offence | Context::Consent | Context::Risk => self.part_began < self.out.facts.len(),
            Context::Nothing | Context::Skip => false,
        };
        if label.field == Field::Name && in_part_of_another {
            let occurrence = self.next_occurrence();
            self.context = Context::Person {
                person,
                occurrence,
                own: false,
            };
        }
    }

    /// How to reach the writer was asked already: asked once more, it is somebody else.
    fn writer_has(&self, field: Field) -> bool {
        let is_contact = matches!(
            field,
            Field::Phone | Field::Email | Field::Address | Field::Postcode
        );
        is_contact
            && self.out.facts.iter().any(|fact| {
                let of_writer = matches!(fact.subject, Subject::Person { person, .. }
                    if matches!(person.who, Who::You | Who::Referrer | Who::Professional));
                fact.field == field && of_writer
            })
    }

    /// "Client surname: ...   First name: ...   Title: ...": pieces of one name.
    fn goes_on_with_name(&self, field: Field, subject: Subject) -> bool {
        let is_piece = |field: Field| matches!(field, Field::Given | Field::Family | Field::Title);
        let last = self.out.facts.last();
        is_piece(field) && last.is_some_and(|last| last.subject == subject && is_piece(last.field))
    }

    /// Whether somebody's birth was asked: only a party's is.
    fn is_born(&self, subject: Subject) -> bool {
        let mut facts = self.out.facts.iter().rev().take(MAX_LOOKBACK);
        facts
            .any(|fact| fact.subject == subject && matches!(fact.field, Field::DateOfBirth | Field::DobOrAge))
    }

    /// Whom "their" means right below a label that named somebody: "The person who supports me", "Name of member
    /// of staff". Below "Your name" it is somebody else.
    fn just_named(&self, field: Field) -> Option<Subject> {
        let last = self.out.facts.last()?;
        let Subject::Person { person, .. } = last.subject else {
            return None;
        };
        // "Do you have a probation officer? Yes. Their name?"
        let is_asked_for = is_helper(person.who) && yes_no(&last.answer.quote(), self.book).is_some();
        let names_again =
            matches!(field, Field::Name | Field::Given | Field::Family | Field::Title) && !is_asked_for;
        let of_work = person.who == Who::Referrer
            || person.who == Who::You
                && matches!(last.field, Field::Name | Field::Phone)
                && !is_first_person(&last.label);
        (!names_again && (is_helper(person.who) || of_work)).then_some(last.subject)
    }

    /// The one person of the case who was named so far: whom "he or she" means.
    fn only_one_named(&self) -> Option<Subject> {
        // In a form with so many answers somebody else may be named anywhere.
        if self.out.facts.len() > MAX_LOOKBACK {
            return None;
        }
        let mut people = self.out.facts.iter().filter(|fact| {
            let is_name = matches!(fact.field, Field::Name | Field::Family | Field::Given);
            is_name
                && !fact.answer.quote().is_empty()
                && matches!(fact.subject, Subject::Person { person, .. } if is_main(person.who))
        });
        let first = people.next()?.subject;
        // Of whoever writes nobody asks a birth: such a "you" is one of the people too.
        let is_writer_born = self.out.facts.iter().any(|fact| {
            let is_birth = matches!(fact.field, Field::DateOfBirth | Field::DobOrAge | Field::Age);
            is_birth && matches!(fact.subject, Subject::Person { person, .. } if person.who == Who::You)
        });
        (!is_writer_born && people.all(|fact| fact.subject == first)).then_some(first)
    }

    fn subject_of_one(&self, label: &LabelMatch) -> Subject {
        let pronoun = label.person.filter(|p| matches!(p.who, Who::You | Who::Them));
        let named = label.person.filter(|p| !matches!(p.who, Who::You | Who::Them));
        let here = self.context.subject();
        let block = self.block.as_ref().map(|block| block.subject);
        if label.field == Field::Relationship
            && label.person.is_none()
            && let Some(last) = self.out.facts.last()
            && matches!(last.field, Field::Name | Field::Family)
            && let Subject::Person { person, .. } = last.subject
            && is_helper(person.who)
        {
            return last.subject;
        }
        if pronoun.is_some_and(|p| p.who == Who::Them)
            && let Some(named) = self.just_named(label.field)
        {
            return named;
        }
        // "Name of the person harmed: ... Their phone: ..."
        if let (None, Some(named), false) = (here, self.named, self.named_before_incident)
            && pronoun.is_some_and(|p| p.who == Who::Them)
            && matches!(named, Subject::Person { person, .. } if is_main(person.who))
        {
            return named;
        }
        // "Has the victim agreed? When did they agree?"
        if pronoun.is_some_and(|p| p.who == Who::Them)
            && label.field.is_consent()
            && let Some(last) = self.out.facts.last()
            && last.field.is_consent()
            && matches!(last.subject, Subject::Person { person, .. } if is_main(person.who))
        {
            return last.subject;
        }
        if pronoun.is_some_and(|p| p.who == Who::Them)
            && label.field.is_consent()
            && here.is_none()
            && let Some(only) = self.only_one_named()
        {
            return only;
        }
        // "Has the victim agreed? ... Date of consent": theirs too
        if (here, pronoun, named) == (None, None, None)
            && block.is_none()
            && is_detail_of_consent(label.field)
            && let Some(last) = self.out.facts.last()
            && last.field == Field::ConsentContact
            && matches!(last.subject, Subject::Person { person, .. } if is_main(person.who))
        {
            return last.subject;
        }
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
                // In a person's own part "the young person" is that person.
                // So is "the staff member" whose consent is asked: nobody asks for the referrer's.
                let is_this_one = is_main(context.who)
                    && (person.who == Who::Somebody
                        || person.who == Who::Referrer && label.field.is_consent());
                if is_this_one
                    || context.who == person.who
                        && (person.number.is_none() || person.number == context.number)
                {
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
            && (!is_of_work(label.field) || is_referrers(block))
        {
            return block;
        }
        if label.field.is_consent()
            && let Some(sticky) = self.sticky
            && pronoun.is_none_or(|p| p.who == Who::Them)
        {
            return sticky;
        }
        if let (None, None, Some(named)) = (here, pronoun, self.named)
            && (is_never_a_referrers(label.field)
                || self.writer_has(label.field)
                || is_of_home(label.field) && self.is_born(named)
                || self.goes_on_with_name(label.field, named))
        {
            return named;
        }
        let of_writer = matches!(here, Some(Subject::Person { person, .. }) if matches!(person.who, Who::You | Who::Referrer));
        match (here, pronoun) {
            // "Their name" in the writer's own part is somebody else's.
            (Some(_), Some(them)) if of_writer && them.who == Who::Them => Subject::Person {
                person: them,
                occurrence: 0,
                own: false,
            },
            (Some(here), _) => here,
            (None, Some(person)) => Subject::Person {
                person,
                occurrence: 0,
                own: false,
            },
            (None, None) => Subject::Person {
                person: Person {
                    who: if self.asks_of_them && is_of_a_party(label.field)
                        || self.turned_to_them && !is_of_work(label.field)
                    {
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
}

impl Context {
    /// Whose part it is.
    pub(super) fn subject(self) -> Option<Subject> {
        match self {
            Self::Person {
                person,
                occurrence,
                own,
            } => Some(Subject::Person {
                person,
                occurrence,
                own,
            }),
            Self::Nothing | Self::Offence | Self::Consent | Self::Risk | Self::Skip => None,
        }
    }

    /// The part of one of the people a case is about.
    pub(in crate::forms) fn is_of_main(self) -> bool {
        matches!(self, Self::Person { person, .. } if is_main(person.who))
    }

    /// The part of somebody who helps one of them.
    pub(in crate::forms) fn is_of_helper(self) -> bool {
        matches!(self, Self::Person { person, .. } if is_helper(person.who))
    }
}

/// It speaks to whoever fills the form in.
fn is_first_person(label: &str) -> bool {
    tokens(label)
        .iter()
        .any(|word| matches!(word.as_str(), "you" | "your" | "my" | "i" | "me"))
}

/// Numbers that belong to a person, though the referral lists them.
fn is_own_number(field: Field) -> bool {
    matches!(field, Field::CollarNumber | Field::Team)
}

/// One of the people a case is about.
pub(super) fn is_main(who: Who) -> bool {
    matches!(
        who,
        Who::Victim | Who::Offender | Who::Party | Who::Other | Who::Somebody
    )
}

pub(in crate::forms) fn is_helper(who: Who) -> bool {
    matches!(who, Who::Supporter | Who::AppropriateAdult | Who::Professional)
}

fn is_referrers(subject: Subject) -> bool {
    matches!(subject, Subject::Person { person, .. } if person.who == Who::Referrer)
}

/// What is asked about a consent beside whether it was given.
fn is_detail_of_consent(field: Field) -> bool {
    matches!(
        field,
        Field::ConsentDate | Field::ConsentHow | Field::ConsentHowAndWhen | Field::ConsentBy
    )
}

fn is_of_home(field: Field) -> bool {
    matches!(
        field,
        Field::Address | Field::Postcode | Field::Phone | Field::Email | Field::PhoneAndEmail
    )
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

/// What a form asks of the people of a case alone: below a label that names one of them it is theirs.
fn is_never_a_referrers(field: Field) -> bool {
    is_of_a_party(field)
        || field.is_consent()
        || matches!(
            field,
            Field::KnownAs
                | Field::Prefers
                | Field::DateOfBirth
                | Field::DobOrAge
                | Field::Age
                | Field::Gender
                | Field::Ethnicity
                | Field::Relationship
        )
}

/// What is said of people at work: below a party's name it may be the referrer's.
pub(super) fn is_of_work(field: Field) -> bool {
    matches!(
        field,
        Field::JobTitle | Field::Organisation | Field::Team | Field::CollarNumber | Field::NameAndAgency
    )
}
