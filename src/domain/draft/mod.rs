//! Corrections of a draft before staff decide about it: what they found to be otherwise, or right as it stands.
//!
//! A field is named by its JSON pointer (RFC 6901) into the parsed message, as in checks and evidence; `-` is the place after the
//! last person or number (RFC 6902). Invariants: what stood there before is kept with every change; whatever is written has the
//! type of its field.

mod fields;
mod path;
mod person;
mod value;
mod values;

pub use fields::{DraftField, PARTY_FIELDS, REFERENCE_WORDS, REFERRAL_FIELDS, ROLE_WORDS, ValueKind};
pub use path::{DraftPath, Place};
pub use person::{PartyCorrection, corrections_of};
pub use values::DraftValues;

use super::case_file::Refusal;
use super::referral::{Check, ParsedMessage, Party, Reference, Referral, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Most people, or numbers, of one referral.
const MAX_LISTED: usize = 100;
/// Most changes of one draft that are kept.
pub const MAX_CHANGES: usize = 2_000;

/// One change of a draft.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum DraftChange {
    /// A field gets another value; doubts about it are settled.
    Set {
        /// Its JSON pointer.
        path: String,
        /// What stands there now; `None` empties it, and takes a person or number out.
        after: Option<String>,
    },
    /// The doubts at exactly this place are settled: it is right as it stands.
    Settled {
        /// JSON pointer of the doubts.
        path: String,
    },
}

/// A change that was made.
#[derive(Clone, Serialize, Deserialize)]
pub struct DraftEntry {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// What.
    pub change: DraftChange,
    /// What stood there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The role of the person whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The doubts that it settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Check>,
}

/// What a change did besides.
pub struct Corrected {
    /// What stood there before.
    pub before: Option<String>,
    /// The role of the person whom it is about.
    pub role: Option<Role>,
    /// The doubts that it settled.
    pub settled: Vec<Check>,
}

impl ParsedMessage {
    /// Makes a change.
    ///
    /// # Errors
    /// [`Refusal`], which says what to do instead; nothing was changed then.
    pub fn correct(&mut self, change: &DraftChange) -> Result<Corrected, Refusal> {
        match change {
            DraftChange::Settled { path } => {
                let settled = self.settle(|at| at == path);
                match settled.is_empty() {
                    true => Err(Refusal::ChangedMeanwhile),
                    false => Ok(Corrected {
                        before: None,
                        role: self.role_at(path),
                        settled,
                    }),
                }
            }
            DraftChange::Set { path, after } => {
                let at = DraftPath::parse(path).ok_or(Refusal::NoSuchField)?;
                let before = DraftValues::of(self).at(&at);
                let role = self.role_at(path);
                let after = after.as_deref().map(str::trim).filter(|after| !after.is_empty());
                // Before others move up to this place.
                let below = format!("{path}/");
                let checks = self.checks.clone();
                let settled = self.settle(|at| at == path || at.starts_with(&below));
                if let Err(refusal) = self.set(&at, after) {
                    self.checks = checks;
                    return Err(refusal);
                }
                Ok(Corrected {
                    before,
                    role: role.or_else(|| self.role_at(path)),
                    settled,
                })
            }
        }
    }

    fn role_at(&self, path: &str) -> Option<Role> {
        let (referral, index) = path::party_of(path)?;
        Some(self.referral_at(referral)?.parties.get(index)?.role)
    }

    fn referral_at(&self, index: usize) -> Option<&Referral> {
        match index.checked_sub(1) {
            None => self.referral.as_ref(),
            Some(more) => self.more_referrals.get(more),
        }
    }

    fn referral_mut(&mut self, index: usize) -> Option<&mut Referral> {
        match index.checked_sub(1) {
            None => self.referral.as_mut(),
            Some(more) => self.more_referrals.get_mut(more),
        }
    }

    fn set(&mut self, at: &DraftPath, after: Option<&str>) -> Result<(), Refusal> {
        // Whoever adds the first person or number begins a referral.
        if let (0, Place::NewParty | Place::NewReference, Some(_)) = (at.referral, at.place, after) {
            self.referral.get_or_insert_default();
        }
        let referral = self.referral_mut(at.referral).ok_or(Refusal::NoSuchField)?;
        match (at.place, after) {
            (Place::Field(_) | Place::PartyField(..), after) => value::write(referral, at, after),
            (Place::NewParty, Some(role)) => {
                let role = value::word(role).ok_or(Refusal::NotAChoice)?;
                push(&mut referral.parties, Party::new(role))
            }
            (Place::NewReference, Some(text)) => push(&mut referral.references, value::reference(text)?),
            (Place::Reference(index), Some(text)) => {
                let reference: Reference = value::reference(text)?;
                let at = referral.references.get_mut(index).ok_or(Refusal::NoSuchField)?;
                *at = reference;
                Ok(())
            }
            (Place::Reference(index), None) => self.take_out(at, index),
            (Place::Party(index), None) => self.take_out(at, index),
            (Place::Party(_) | Place::NewParty | Place::NewReference, _) => Err(Refusal::NoSuchField),
        }
    }

    /// Takes a person or number out; doubts and evidence of those after it move up with them.
    fn take_out(&mut self, at: &DraftPath, index: usize) -> Result<(), Refusal> {
        let referral = self.referral_mut(at.referral).ok_or(Refusal::NoSuchField)?;
        if let Place::Party(_) = at.place {
            if index >= referral.parties.len() {
                return Err(Refusal::NoSuchParty);
            }
            referral.parties.remove(index);
            for party in &mut referral.parties {
                party.supports = match party.supports {
                    Some(supported) if supported == index => None,
                    Some(supported) if supported > index => Some(supported - 1),
                    kept => kept,
                };
            }
        } else {
            if index >= referral.references.len() {
                return Err(Refusal::NoSuchField);
            }
            referral.references.remove(index);
        }
        let list = at.list();
        self.evidence
            .retain_mut(|evidence| path::moved_up(&mut evidence.path, &list, index));
        self.checks
            .retain_mut(|check| path::moved_up(&mut check.path, &list, index));
        Ok(())
    }

    fn settle(&mut self, is_here: impl Fn(&str) -> bool) -> Vec<Check> {
        let all = std::mem::take(&mut self.checks);
        let (settled, left) = all.into_iter().partition(|check| is_here(&check.path));
        self.checks = left;
        settled
    }
}

fn push<T>(list: &mut Vec<T>, value: T) -> Result<(), Refusal> {
    if list.len() >= MAX_LISTED {
        return Err(Refusal::TooMany);
    }
    list.push(value);
    Ok(())
}

#[cfg(test)]
mod tests;
