//! Each person's facts become a draft; answers that stand for several people are given to each.
//!
//! Invariant: an answer to one person's label that is given to several people is in doubt for each of them.

use super::cast::Cast;
use super::slots::Slot;
use super::{answered, is_helper};
use crate::domain::{ConsentAnswer, ConsentHow, Role};
use crate::forms::draft::Place;
use crate::forms::labels::{Field, Who};
use crate::forms::pairs::{Fact, Facts, Subject};
use crate::forms::person::{Demand, PartyDraft, Tools};

pub(super) struct Drafted {
    pub(super) draft: PartyDraft,
    pub(super) who: Who,
    pub(super) of: Option<Who>,
    /// Section, column or row: a parent in the same row or section belongs to that person.
    pub(super) occurrences: Vec<u32>,
}

fn role_of(who: Who) -> Option<Role> {
    match who {
        Who::Victim => Some(Role::Victim),
        Who::Offender => Some(Role::Offender),
        Who::Party | Who::Other | Who::Somebody => Some(Role::Party),
        Who::Supporter => Some(Role::Supporter),
        Who::AppropriateAdult => Some(Role::AppropriateAdult),
        Who::Witness => Some(Role::Witness),
        Who::Professional => Some(Role::Professional),
        Who::Referrer | Who::You | Who::Them => None,
    }
}

pub(super) fn drafts(
    slots: &[Slot],
    read: &Facts,
    place: &Place,
    tools: Tools<'_>,
    everybody: &[(usize, Option<Who>)],
    cast: &Cast,
) -> Vec<Drafted> {
    let mut out = Vec::new();
    for slot in slots {
        let Some(role) = role_of(slot.who) else { continue };
        if slot.who == Who::Somebody && !slot.identified {
            continue;
        }
        let mut draft = PartyDraft::new(role);
        for fact in slot.facts.iter().filter_map(|at| read.facts.get(*at)) {
            draft.take(fact, place, tools);
            let of_them = matches!(fact.subject, Subject::Person { person, .. } if person.who == Who::Them);
            if of_them && cast.them_is_only_one && fact.field.is_consent() && answered(fact, tools.book) {
                draft.notes.doubt(
                    "/consent",
                    "only_person",
                    "the form says \"they\"; it was read as the only person it tells of",
                );
            }
        }
        if draft.exists() {
            out.push(Drafted {
                draft,
                who: slot.who,
                of: slot.of,
                occurrences: slot.occurrences.clone(),
            });
        }
    }
    share(&mut out, everybody, read, place, tools);
    if cast.is_self || cast.has_worker {
        let signer = out.iter_mut().find(|d| d.who == cast.you);
        if let Some(signer) = signer {
            for fact in read
                .facts
                .iter()
                .filter(|f| f.in_consent && matches!(f.field, Field::Signature | Field::BareDate))
            {
                signed(&mut signer.draft, fact, place, tools);
            }
        }
    }
    out
}

/// Gives the answers that stand for several people to each of them.
fn share(
    out: &mut [Drafted],
    everybody: &[(usize, Option<Who>)],
    read: &Facts,
    place: &Place,
    tools: Tools<'_>,
) {
    let victims = out.iter().filter(|d| d.who == Who::Victim).count();
    let mains = out
        .iter()
        .filter(|d| !is_helper(d.who) && d.who != Who::Witness)
        .count();
    let counts: Vec<Who> = out.iter().map(|d| d.who).collect();
    for (at, role) in everybody {
        let Some(fact) = read.facts.get(*at) else { continue };
        for drafted in out.iter_mut() {
            let main = !is_helper(drafted.who) && drafted.who != Who::Witness;
            let meant = match role {
                Some(Who::You) => main && (mains == 1 || (victims == 1 && drafted.who == Who::Victim)),
                Some(who) => drafted.who == *who || (*who == Who::Party && main && mains > 0 && victims == 0),
                None => main,
            };
            if !meant {
                continue;
            }
            if matches!(fact.field, Field::Signature | Field::BareDate) {
                signed(&mut drafted.draft, fact, place, tools);
            } else {
                drafted.draft.take(fact, place, tools);
            }
            let several = out_count(&counts, *role) > 1;
            if several && matches!(fact.subject, Subject::Person { .. }) && answered(fact, tools.book) {
                drafted.draft.notes.doubt(
                    "/consent",
                    "consent_for_several",
                    "one answer stands for several people",
                );
            }
            if *role == Some(Who::You) && fact.field == Field::ConsentContact && answered(fact, tools.book) {
                drafted.draft.notes.doubt(
                    "/consent/contact",
                    "first_person_consent",
                    "the form says \"I\"; it was read as this person's own consent",
                );
            }
        }
    }
}

fn out_count(people: &[Who], role: Option<Who>) -> usize {
    people.iter().filter(|who| role == Some(**who)).count()
}

/// The signature and date below a consent.
fn signed(draft: &mut PartyDraft, fact: &Fact, place: &Place, tools: Tools<'_>) {
    let cleaned = fact.answer.clean(tools.book);
    if cleaned.is_blank() || draft.party.consent.contact != Some(ConsentAnswer::Given) {
        return;
    }
    let place = Place {
        page: fact.page,
        unknown_wording: fact.unknown_wording(),
        ..place.clone()
    };
    let quote = fact.answer.quote();
    if fact.field == Field::BareDate && draft.party.consent.given_on.is_none() {
        draft.consent_date(&cleaned.text(), &place, &quote, tools, Demand::Needed);
    } else if fact.field == Field::Signature {
        draft.how(ConsentHow::Written, &place, &quote);
    }
}
