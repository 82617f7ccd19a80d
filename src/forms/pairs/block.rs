//! A line `Victim: Ann Lee` outside every section, and how far what follows is said of that person.
//!
//! Invariant: a second name right below a first ends the block: nobody could tell whose the next line is.

use super::subject::{is_helper, is_of_work};
use super::{Context, Reader, Subject};
use crate::forms::labels::{Field, LabelMatch, Who};

/// The person that a line `Role: Name` named, for the lines right below it.
pub(super) struct NamedBlock {
    pub(super) subject: Subject,
    /// Something about them was said below their name.
    pub(super) told: bool,
}

impl Reader<'_> {
    /// Talk of the incident, of work or of somebody else ends what is said of the named person.
    pub(super) fn leave_block(&mut self, label: &LabelMatch) {
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
        let of_work = is_of_work(label.field) && here.who != Who::Referrer;
        if !a_name_line && (of_incident || of_another || of_work) {
            self.block = None;
        }
    }

    /// A line `Victim: Ann Lee` outside any person's section.
    pub(super) fn names_somebody(&self, label: &LabelMatch) -> bool {
        let somebody = label
            .person
            .is_some_and(|p| !matches!(p.who, Who::You | Who::Them | Who::Other));
        label.role_only && somebody && !label.everybody && self.context == Context::Nothing
    }

    /// Whose the named line is; the lines below it are theirs too, unless several are named in a row.
    pub(super) fn start_block(&mut self, label: &LabelMatch) -> Subject {
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
}
