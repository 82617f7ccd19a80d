//! Police officers who refer: the officer in the case where the mail is theirs, and the number beside their name.
//!
//! Invariant: a collar number is taken only where it stands between an officer's rank and name, or right behind them.

use super::draft::{Notes, Place};
use super::labels::{Field, spoken, tokens};
use super::offence;
use super::pairs::{Fact, Facts};
use super::person::Tools;
use super::signature;
use crate::domain::identifiers::CheckLetter;
use crate::domain::{MessageHeaders, ReferenceKind, Referral, names};

/// Labels that ask for the officer in the case.
const IN_CASE: [&str; 5] = [
    "oic",
    "officer in case",
    "officer in the case",
    "officer in charge",
    "officer in charge of the case",
];

/// The answers that name the officer in the case.
pub(super) fn in_case(read: &Facts, tools: Tools<'_>) -> Vec<String> {
    let asks = |fact: &&Fact| fact.field == Field::Ignored && IN_CASE.contains(&spoken(&fact.label).as_str());
    let answers = read
        .facts
        .iter()
        .filter(asks)
        .map(|fact| fact.answer.clean(tools.book));
    answers
        .filter(|cleaned| !cleaned.is_blank())
        .map(|cleaned| cleaned.text())
        .collect()
}

/// Names the referrer as the form names its officer in the case, where the mail was sent under that very name.
pub(super) fn sent_by_officer(
    officers: &[String],
    headers: &MessageHeaders,
    place: &Place,
    referral: &mut Referral,
    notes: &mut Notes,
) {
    let writer = signature::display_words(headers);
    let [officer] = officers else { return };
    let Some(read) = names::read(officer).filter(|_| referral.referrer.name.is_none() && writer.len() > 1)
    else {
        return;
    };
    let name = tokens(&read.name);
    if !writer.iter().all(|word| name.contains(word)) {
        return;
    }
    referral.referrer.name = Some(read.name);
    notes.read("/referrer/name", place, officer);
    if let Some(rank) = read.rank.filter(|_| referral.referrer.role.is_none()) {
        referral.referrer.role = Some(rank);
        notes.read("/referrer/role", place, officer);
    }
}

/// "PC 4417 Ann Lee": the number of the officer who refers, where the form asks for none.
pub(super) fn collar_number(referral: &mut Referral, notes: &mut Notes) {
    let is_told = referral
        .references
        .iter()
        .any(|reference| reference.kind == ReferenceKind::CollarNumber);
    let Some(name) = referral.referrer.name.as_deref().map(tokens).filter(|_| !is_told) else {
        return;
    };
    let found = notes
        .evidence
        .iter()
        .filter(|evidence| evidence.path == "/referrer/name")
        .find_map(|evidence| Some((evidence.clone(), numbered(&evidence.quote, &name)?)));
    if let Some((evidence, number)) = found {
        let place = Place {
            part: evidence.part,
            filename: evidence.filename,
            page: evidence.page,
            ..Place::default()
        };
        offence::push(
            referral,
            notes,
            ReferenceKind::CollarNumber,
            number,
            &evidence.quote,
            &place,
            CheckLetter::NotApplicable,
        );
    }
}

/// The number beside rank and name.
fn numbered(quote: &str, name: &[String]) -> Option<String> {
    quote.split([',', '|', ';', '\n', '/', '(']).find_map(|piece| {
        let read = names::read(piece)?;
        let is_theirs = tokens(&read.name).iter().any(|word| name.contains(word));
        read.collar.filter(|_| read.rank.is_some() && is_theirs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_beside_rank_and_name_is_theirs() {
        let name = tokens("Ann Lee");
        assert_eq!(numbered("PC 4417 Ann Lee", &name).as_deref(), Some("4417"));
        assert_eq!(numbered("DC Ann Lee 881, CID", &name).as_deref(), Some("881"));
        assert_eq!(numbered("Ann Lee 4417", &name), None);
        assert_eq!(numbered("PC 4417 Bo Day", &name), None);
        assert_eq!(numbered("PC Ann Lee, room 12", &name), None);
    }
}
