//! Whose a label is: by the label itself, the column, the named block, the section, or a pronoun.
//!
//! Invariant: a column or row comes first, then a role in the label, the named block, the part about consent, the
//! section, and last a pronoun.

use super::{Context, Reader, Subject};
use crate::forms::labels::{Field, LabelMatch, Person, Who};

impl Reader<'_> {
    /// Whose a label is, here.
    pub(super) fn subject(&mut self, label: &LabelMatch, column: Option<Subject>) -> Subject {
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
}

/// Numbers that belong to a person, though the referral lists them.
fn is_own_number(field: Field) -> bool {
    matches!(field, Field::CollarNumber | Field::Team)
}

pub(super) fn is_helper(who: Who) -> bool {
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
pub(super) fn is_of_work(field: Field) -> bool {
    matches!(
        field,
        Field::JobTitle | Field::Organisation | Field::Team | Field::CollarNumber | Field::NameAndAgency
    )
}
