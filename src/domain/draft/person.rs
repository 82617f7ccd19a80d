//! The corrections of one person's fields, out of the history of a draft.

use super::path::{DraftPath, Place};
use super::{DraftChange, DraftEntry};
use jiff::Timestamp;

/// A field of a person that staff put right before the case was made.
#[derive(Clone, PartialEq, Eq)]
pub struct PartyCorrection {
    /// When.
    pub at: Timestamp,
    /// The field, such as `date_of_birth` or `consent/contact`.
    pub field: &'static str,
    /// What stood there before.
    pub before: Option<String>,
    /// What stood there then; `None` where it was emptied.
    pub after: Option<String>,
}

/// What was put right of the person who stands at this place in the end: `person` is the referral of the message and the
/// place in it, both from 0. People before them may have been taken out since.
pub fn corrections_of(history: &[DraftEntry], person: (usize, usize)) -> Vec<PartyCorrection> {
    let mut found = Vec::new();
    // From the end: whoever was taken out stood before the others when earlier changes were made.
    let (referral, mut place) = person;
    for entry in history.iter().rev() {
        let DraftChange::Set { path, after } = &entry.change else {
            continue;
        };
        let at = DraftPath::parse(path).filter(|at| at.referral == referral);
        match at.map(|at| at.place) {
            Some(Place::Party(taken_out)) if after.is_none() && taken_out <= place => place += 1,
            Some(Place::PartyField(at, field)) if at == place => found.push(PartyCorrection {
                at: entry.at,
                field: field.key,
                before: entry.before.clone(),
                after: after.clone(),
            }),
            Some(
                Place::Field(_)
                | Place::PartyField(..)
                | Place::Party(_)
                | Place::NewParty
                | Place::Reference(_)
                | Place::NewReference,
            )
            | None => {}
        }
    }
    found.reverse();
    found
}
