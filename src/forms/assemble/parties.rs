//! The list of people: main people first, then those who support them.
//!
//! Invariant: a supporter is tied by the child's name, else by the section, else where only one person has the role.

use super::cast::Cast;
use super::drafts::Drafted;
use super::is_helper;
use crate::domain::{Party, Referral, Role};
use crate::forms::draft::{Notes, SIDES};
use crate::forms::labels::{Who, tokens};

/// Main people first, then their supporters with whom they support.
pub(super) fn list_parties(drafts: Vec<Drafted>, referral: &mut Referral, notes: &mut Notes, cast: &Cast) {
    let (helpers, mains): (Vec<Drafted>, Vec<Drafted>) = drafts
        .into_iter()
        .partition(|d| is_helper(d.who) || d.who == Who::Witness);
    let mut listed: Vec<(Who, Vec<u32>)> = Vec::new();
    for (at, main) in mains.into_iter().enumerate() {
        let mut draft = main.draft;
        if main.who == Who::Somebody || cast.guessed && main.who == cast.you {
            draft.notes.doubt_between(
                "/role",
                "role_unclear",
                "the form does not say whether this person was harmed or responsible",
                SIDES.map(str::to_owned),
            );
        }
        listed.push((main.who, main.occurrences));
        notes.append(&format!("/parties/{at}"), draft.notes);
        referral.parties.push(draft.party);
    }
    for helper in helpers {
        let at = referral.parties.len();
        let mut draft = helper.draft;
        let by_child = draft
            .child
            .as_deref()
            .and_then(|child| child_index(child, &referral.parties));
        let by_section = listed
            .iter()
            .position(|(_, o)| o.iter().any(|x| helper.occurrences.contains(x)));
        let of_role: Vec<usize> = listed
            .iter()
            .enumerate()
            .filter(|(_, (who, _))| Some(*who) == helper.of)
            .map(|(at, _)| at)
            .collect();
        draft.party.supports = by_child.or(by_section).or(match of_role.as_slice() {
            [one] => Some(*one),
            _ => None,
        });
        if draft.party.role == Role::Professional {
            draft.party.supports = None;
        }
        notes.append(&format!("/parties/{at}"), draft.notes);
        referral.parties.push(draft.party);
    }
}

/// The one listed person whose name holds all words of `child`.
fn child_index(child: &str, parties: &[Party]) -> Option<usize> {
    let words: Vec<String> = tokens(child);
    let mut hits = parties.iter().enumerate().filter(|(_, party)| {
        let known = format!(
            "{} {}",
            party.name.as_deref().unwrap_or_default(),
            party.known_as.as_deref().unwrap_or_default()
        );
        let known = tokens(&known);
        !words.is_empty() && words.iter().all(|w| known.contains(w))
    });
    let first = hits.next().map(|(at, _)| at);
    if hits.next().is_some() { None } else { first }
}
