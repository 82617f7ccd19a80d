//! Who did harm and who was harmed, as far as a sentence says so about a person in as many words.
//!
//! Every sentence that mentions somebody may vote (`said`, `suffered`); the votes decide. Invariant: without a
//! vote, or with as many for one side as for the other, nobody gets a role.

mod said;
mod suffered;

use super::cast::{Cast, Mention, role_word};
use super::text::{Prose, Token};
use super::words::{GROUPS, HARMING, SUPPORTING, is_harm_done};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{AgencyKind, Role};

/// What is known of the matter before anybody's role is read.
#[derive(Clone, Copy)]
pub(super) struct Matter {
    /// Two sides at odds, no crime.
    pub(super) is_mediation: bool,
    /// Where the writer works.
    pub(super) agency: Option<AgencyKind>,
}

/// What the sentences say of one person.
#[derive(Clone, Copy, Default)]
struct Votes {
    harmed: u32,
    did: u32,
    /// A prison number, PNC ID or probation number is told of them.
    is_numbered: bool,
}

impl Votes {
    fn role(self) -> Option<Role> {
        match self.harmed.cmp(&self.did) {
            std::cmp::Ordering::Greater => Some(Role::Victim),
            std::cmp::Ordering::Less => Some(Role::Offender),
            std::cmp::Ordering::Equal => (self.harmed == 0 && self.is_numbered).then_some(Role::Offender),
        }
    }

    fn add(&mut self, role: Role) {
        match role {
            Role::Victim => self.harmed += 1,
            Role::Offender => self.did += 1,
            Role::Party | Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => {}
        }
    }
}

/// The role of each person. `None`: the text does not say.
pub(super) fn of(prose: &Prose, cast: &Cast, matter: Matter) -> Vec<Option<Role>> {
    let mut votes = vec![Votes::default(); cast.people.len()];
    let mut did_harm = false;
    let mut listed = None;
    for sentence in &prose.sentences {
        let words = prose.words(sentence.clone());
        let mentions = cast.within(sentence);
        match list_heading(words, mentions) {
            Some(role) => listed = Some(role),
            None => listed = listed.filter(|_| starts_with_name(words, sentence.start, mentions)),
        }
        did_harm |= tells_of_group(words);
        for (at, mention) in mentions.iter().enumerate() {
            let vote = listed
                .filter(|_| at == 0 && mention.is_named())
                .or_else(|| said::vote(prose, cast, sentence, mention, did_harm, matter));
            for person in &mention.people {
                if let (Some(count), Some(role)) = (votes.get_mut(*person), vote) {
                    count.add(role);
                }
            }
        }
        did_harm = tells_of_group(words);
    }
    numbered(prose, cast, &mut votes);
    share(cast, &mut votes);
    let accompanies = accompanying(prose, cast);
    let nobody_did = votes.iter().all(|votes| votes.harmed == 0 && votes.did == 0);
    let has = |role: Role| votes.iter().any(|votes| votes.role() == Some(role));
    let nobody_does_harm = !has(Role::Offender);
    let people = cast.people.iter().zip(votes).enumerate();
    people
        .map(
            |(at, (person, votes))| match (person.by_role, votes.role(), &person.relation) {
                (_, _, _) if person.is_professional => None,
                // Each side of a dispute says that the other does it harm.
                (None, Some(Role::Victim), None) if matter.is_mediation && nobody_does_harm => {
                    Some(Role::Party)
                }
                (Some(role), _, _) | (None, Some(role), _) => Some(role),
                (None, None, Some((word, _))) if word == "neighbour" && matter.is_mediation => {
                    nobody_did.then_some(Role::Party)
                }
                (None, None, Some((word, of))) => {
                    let supports = SUPPORTING.contains(&word.as_str()) || accompanies.contains(&at);
                    (of.is_some() && supports).then_some(Role::Supporter)
                }
                (None, None, None) => (nobody_did && matter.is_mediation).then_some(Role::Party),
            },
        )
        .collect()
}

/// "Her son Malcolm will come with her": who goes along with somebody.
fn accompanying(prose: &Prose, cast: &Cast) -> Vec<usize> {
    const REACH: usize = 8;
    let goes_along = |mention: &&Mention| {
        let behind = prose.words(mention.at.end..mention.at.end + REACH);
        let comes = behind
            .iter()
            .position(|t| t.is_any(&["come", "coming", "attend", "accompany", "support", "sit", "be"]));
        comes.is_some_and(|at| {
            let rest = behind.get(at..).unwrap_or_default();
            rest.windows(2).any(|pair| {
                matches!(pair, [with, them] if with.is_any(&["with", "support", "accompany"]) && them.is_any(&["her", "him", "them"]))
            })
        })
    };
    let mentions = cast
        .mentions
        .iter()
        .filter(|mention| mention.is_named())
        .filter(goes_along);
    mentions
        .flat_map(|mention| mention.people.iter().copied())
        .collect()
}

/// Prison, police and probation numbers are of people who did harm.
fn numbered(prose: &Prose, cast: &Cast, votes: &mut [Votes]) {
    for found in identifiers::find(&prose.text) {
        let is_of_offenders = matches!(
            found.kind,
            IdentifierKind::PrisonNumber | IdentifierKind::PncId | IdentifierKind::Crn
        );
        let token = prose.token_at(found.start);
        let sentence = prose.sentence_at(found.start).filter(|_| is_of_offenders);
        let Some((sentence, range)) = sentence.and_then(|at| Some((at, prose.sentences.get(at)?))) else {
            continue;
        };
        let person = match cast.before(token, range.start) {
            Some(mention) => mention.people.last().copied(),
            None => cast.in_mind(sentence).last().copied(),
        };
        if let Some(votes) = person.and_then(|person| votes.get_mut(person)) {
            votes.is_numbered = true;
        }
    }
}

/// Of two people named in one breath, the one of whom nothing is said has the part of the other.
fn share(cast: &Cast, votes: &mut [Votes]) {
    for (first, second) in &cast.joined {
        let of = |at: &usize| votes.get(*at).copied().unwrap_or_default();
        let (one, other) = (of(first), of(second));
        let (from, to) = match (one.role(), other.role()) {
            (Some(_), None) => (one, *second),
            (None, Some(_)) => (other, *first),
            (_, _) => continue,
        };
        if let Some(slot) = votes.get_mut(to) {
            *slot = from;
        }
    }
}

/// Finds out whom "the victim" and "the offender" mean: the only named person of that role; or, where none
/// is named so, the only one without a role who was spoken of before.
pub(super) fn settle(cast: &mut Cast, roles: &mut [Option<Role>]) {
    for nameless in 0..cast.people.len() {
        let Some(role) = cast.people.get(nameless).and_then(|p| p.by_role) else {
            continue;
        };
        let named = |at: &usize| {
            cast.people.get(*at).is_some_and(|p| {
                p.by_role.is_none() && p.relation.is_none() && !p.is_professional && !p.name.is_empty()
            })
        };
        let of_role: Vec<usize> = (0..roles.len())
            .filter(|at| named(at) && roles.get(*at).copied().flatten() == Some(role))
            .collect();
        let spoken = cast.first(nameless).map_or(0, |m| m.at.start);
        let open: Vec<usize> = (0..roles.len())
            .filter(|at| named(at) && roles.get(*at).copied().flatten().is_none())
            .filter(|at| cast.first(*at).is_some_and(|m| m.at.start < spoken))
            .collect();
        let person = match (of_role.as_slice(), open.as_slice()) {
            ([one], _) | ([], [one]) => *one,
            (_, _) => continue,
        };
        cast.merge(nameless, person);
        for (at, slot) in [(person, Some(role)), (nameless, None)] {
            if let Some(place) = roles.get_mut(at) {
                *place = slot;
            }
        }
    }
}

/// "Harmed", "Two victims, both work there:": a short line that says what the people listed below are.
fn list_heading(words: &[Token], mentions: &[Mention]) -> Option<Role> {
    const MAX_WORDS: usize = 8;
    let is_short = words.len() <= MAX_WORDS && words.last().is_none_or(|t| t.lower != ".");
    let names_somebody = mentions.iter().any(|m| m.is_named());
    let mut roles = words.iter().filter_map(role_word);
    let role = roles.next().filter(|_| is_short && !names_somebody)?;
    roles.all(|other| other == role).then_some(role)
}

/// A line of a list of people: a name stands at its beginning.
fn starts_with_name(words: &[Token], start: usize, mentions: &[Mention]) -> bool {
    let marks = words.iter().take_while(|t| t.is_mark()).count();
    let first = mentions.first();
    first.is_some_and(|m| m.is_named() && m.at.start <= start + marks)
        || words.first().is_some_and(|t| t.is_mark())
}

/// "two boys threw gravel": the sentence tells what a group of people did.
fn tells_of_group(words: &[Token]) -> bool {
    let group = words.iter().position(|w| w.is_any(&GROUPS));
    let harm = words
        .iter()
        .rposition(|w| is_harm_done(&w.lower) || w.is_any(&HARMING));
    matches!((group, harm), (Some(group), Some(harm)) if group < harm)
}
