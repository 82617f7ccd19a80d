//! What somebody asked for and an older copy of their file would forget.

use super::{CaseFileState, ConsentPurpose, FileChange};
use crate::domain::ConsentAnswer;
use jiff::civil::Date;

/// What keeps us from using somebody's data or reaching them, whatever older copies of their file say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartyLimits {
    /// Their data were erased.
    pub erased: bool,
    /// They withdrew.
    pub withdrawn: bool,
    /// They do not want to be contacted.
    pub refuses_contact: bool,
    /// Their data are only stored.
    pub restricted: bool,
}

impl PartyLimits {
    const WORDS: [&str; 4] = ["erased", "withdrawn", "refuses-contact", "restricted"];

    /// Words parted by `+`; `none` for no limit.
    pub fn in_words(self) -> String {
        let set = [self.erased, self.withdrawn, self.refuses_contact, self.restricted];
        let words: Vec<&str> = Self::WORDS
            .into_iter()
            .zip(set)
            .filter(|(_, set)| *set)
            .map(|(word, _)| word)
            .collect();
        match words.is_empty() {
            true => "none".to_owned(),
            false => words.join("+"),
        }
    }

    /// The opposite of [`PartyLimits::in_words`]; `None` for other words.
    pub fn of_words(text: &str) -> Option<Self> {
        let mut set = [false; 4];
        for word in text.split('+').filter(|_| text != "none") {
            let place = Self::WORDS.iter().position(|known| *known == word)?;
            *set.get_mut(place)? = true;
        }
        let [erased, withdrawn, refuses_contact, restricted] = set;
        Some(Self {
            erased,
            withdrawn,
            refuses_contact,
            restricted,
        })
    }
}

impl CaseFileState {
    /// The limits of each person on this file, in their order.
    pub fn limits(&self) -> Vec<PartyLimits> {
        let people = self.progress.iter().zip(&self.referral.parties);
        let limits = people.map(|(progress, party)| PartyLimits {
            erased: progress.erased_on.is_some(),
            withdrawn: progress.withdrawn_on.is_some(),
            refuses_contact: party.consent.contact == Some(ConsentAnswer::Refused),
            restricted: progress.restricted,
        });
        limits.collect()
    }

    /// What has to be recorded so that somebody is limited at least so; nothing where they are.
    pub fn changes_for(&self, party: usize, wanted: PartyLimits, on: Date) -> Vec<FileChange> {
        let Some(now) = self.limits().get(party).copied() else {
            return Vec::new();
        };
        if now.erased {
            return Vec::new();
        }
        if wanted.erased {
            return vec![FileChange::Erased { party, on }];
        }
        let mut changes = Vec::new();
        if wanted.withdrawn && !now.withdrawn {
            changes.push(FileChange::Withdrawn { party, on });
        } else if wanted.refuses_contact && !now.refuses_contact {
            changes.push(FileChange::Consent {
                party,
                purpose: ConsentPurpose::Contact,
                answer: ConsentAnswer::Refused,
                how: None,
                on,
                by: None,
            });
        }
        if wanted.restricted && !now.restricted {
            changes.push(FileChange::Restricted {
                party,
                reason: "an older backup was restored".to_owned(),
            });
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_from_their_words() {
        for number in 0..16_u8 {
            let limits = PartyLimits {
                erased: number & 1 > 0,
                withdrawn: number & 2 > 0,
                refuses_contact: number & 4 > 0,
                restricted: number & 8 > 0,
            };
            assert_eq!(PartyLimits::of_words(&limits.in_words()), Some(limits));
        }
        for other in ["", "withdrew", "erased+", "erased withdrawn"] {
            assert_eq!(PartyLimits::of_words(other), None);
        }
    }
}
