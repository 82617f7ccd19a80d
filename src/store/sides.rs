//! One referral split into what each side's file may hold and what only staff see.
//!
//! Rules (one side's data is never shown on the other side's file):
//!
//! - Victims, and who supports them, are on the victim side; offenders and who supports them on the
//!   offender side; each neutral party, and who supports it, on a side of its own.
//! - Witnesses, and people whose side cannot be told, are on no side: staff only. Where the referral has
//!   one side only, its unplaced supporters and appropriate adults are on it.
//! - Free text that may speak of anybody (summary, place, risks, wishes) is for staff only.
//! - Numbers of a person in the justice system are on the offender side only; an NHS number is for staff.
//! - Every shared text that names somebody of another side is left out.

use crate::domain::{Offence, Party, Reference, ReferenceKind, Referral, Referrer, Side, sides_of};

/// Shortest word of a name that counts as naming somebody.
const MIN_NAME_WORD: usize = 2;

/// A referral, split.
pub(super) struct Split {
    /// The whole referral except the parties that are on a side. For staff.
    pub(super) core: Referral,
    /// One entry per side, in the order victim, offender, parties.
    pub(super) files: Vec<(Side, Referral)>,
}

pub(super) fn split(referral: &Referral) -> Split {
    let placed = sides_of(&referral.parties);
    let mut sides: Vec<Side> = Vec::new();
    for side in placed.iter().flatten() {
        if !sides.contains(side) {
            sides.push(*side);
        }
    }
    sides.sort_by_key(|side| match side {
        Side::Victim => 0,
        Side::Offender => 1,
        Side::Party(number) => 2 + u32::from(*number),
    });
    let files = sides
        .into_iter()
        .map(|side| (side, file_of(referral, &placed, side)))
        .collect();
    let core = Referral {
        parties: parties_of(&referral.parties, &placed, None),
        ..referral.clone()
    };
    Split { core, files }
}

/// The opposite of [`split`], for redaction: everybody in one list.
pub(super) fn join(core: Referral, files: Vec<Referral>) -> Referral {
    let mut parties: Vec<Party> = Vec::new();
    let unplaced = core.parties.clone();
    for list in files.into_iter().map(|file| file.parties).chain([unplaced]) {
        let offset = parties.len();
        parties.extend(list.into_iter().map(|party| Party {
            supports: party.supports.and_then(|index| index.checked_add(offset)),
            ..party
        }));
    }
    Referral { parties, ..core }
}

/// The parties with this place, `supports` counted within the new list.
fn parties_of(parties: &[Party], placed: &[Option<Side>], place: Option<Side>) -> Vec<Party> {
    let here: Vec<usize> = placed
        .iter()
        .enumerate()
        .filter(|(_, other)| **other == place)
        .map(|(index, _)| index)
        .collect();
    here.iter()
        .filter_map(|index| parties.get(*index))
        .map(|party| Party {
            supports: party
                .supports
                .and_then(|old| here.iter().position(|index| *index == old)),
            ..party.clone()
        })
        .collect()
}

fn file_of(referral: &Referral, placed: &[Option<Side>], side: Side) -> Referral {
    let outsiders: Vec<&Party> = referral
        .parties
        .iter()
        .zip(placed)
        .filter(|(_, place)| **place != Some(side))
        .map(|(party, _)| party)
        .collect();
    let shared = |text: &Option<String>| text.clone().filter(|text| !names_anybody(text, &outsiders));
    let offence = &referral.offence;
    Referral {
        case_kind: referral.case_kind,
        service: referral.service,
        referrer: Referrer {
            is_self_referral: referral
                .referrer
                .is_self_referral
                .filter(|is_self| !is_self || refers_themself(referral, placed, side)),
            ..shared_referrer(&referral.referrer, shared)
        },
        references: referral
            .references
            .iter()
            .filter(|reference| may_show(reference, side) && !names_anybody(&reference.value, &outsiders))
            .cloned()
            .collect(),
        offence: Offence {
            kind: shared(&offence.kind),
            summary: None,
            date: offence.date.clone(),
            location: None,
            outcome: offence.outcome,
            outcome_date: offence.outcome_date.clone(),
        },
        parties: parties_of(&referral.parties, placed, Some(side)),
        risks: None,
        wishes: None,
    }
}

/// Whether somebody of this side is the one who refers themself: that the other side did is not told.
fn refers_themself(referral: &Referral, placed: &[Option<Side>], side: Side) -> bool {
    let name = referral.referrer.name.as_deref().map(words_of);
    let is_theirs = |party: &Party| {
        let own = party.name.as_deref().map(words_of);
        own.is_some() && own == name
    };
    let here = referral.parties.iter().zip(placed);
    let mut here = here.filter(|(_, place)| **place == Some(side));
    placed.iter().flatten().all(|other| *other == side) || here.any(|(party, _)| is_theirs(party))
}

/// A referrer who refers themself is a party; only one who acts for an agency is shown.
fn shared_referrer(referrer: &Referrer, shared: impl Fn(&Option<String>) -> Option<String>) -> Referrer {
    let for_an_agency = referrer.is_self_referral != Some(true)
        && (referrer.agency.is_some() || referrer.agency_kind.is_some());
    if !for_an_agency {
        return Referrer::default();
    }
    Referrer {
        name: shared(&referrer.name),
        role: shared(&referrer.role),
        agency: shared(&referrer.agency),
        agency_kind: referrer.agency_kind,
        email: shared(&referrer.email),
        phone: shared(&referrer.phone),
        is_self_referral: None,
    }
}

fn may_show(reference: &Reference, side: Side) -> bool {
    match reference.kind {
        ReferenceKind::CrimeNumber
        | ReferenceKind::Urn
        | ReferenceKind::CollarNumber
        | ReferenceKind::AgencyReference => true,
        ReferenceKind::PncId | ReferenceKind::Cro | ReferenceKind::Crn | ReferenceKind::PrisonNumber => {
            side == Side::Offender
        }
        ReferenceKind::NhsNumber => false,
    }
}

/// Whether a text holds a word of the name, the phone, e-mail, postcode or address of one of them.
fn names_anybody(text: &str, people: &[&Party]) -> bool {
    let words = words_of(text);
    let solid = solid(text);
    people.iter().any(|party| {
        let names = [&party.name, &party.known_as].into_iter().flatten();
        let by_name = names
            .flat_map(|name| words_of(name))
            .any(|word| words.contains(&word));
        let whole = [
            &party.organisation,
            &party.postcode,
            &party.address,
            &party.date_of_birth,
        ];
        let values = whole
            .into_iter()
            .flatten()
            .chain(&party.phones)
            .chain(&party.emails);
        by_name
            || values
                .map(|value| self::solid(value))
                .any(|value| !value.is_empty() && solid.contains(&value))
    })
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= MIN_NAME_WORD)
        .map(str::to_lowercase)
        .collect()
}

fn solid(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;
    use proptest::prelude::*;

    fn person(role: Role, name: &str, supports: Option<usize>) -> Party {
        Party {
            name: Some(name.to_owned()),
            supports,
            ..Party::new(role)
        }
    }

    fn names(referral: &Referral) -> Vec<&str> {
        referral
            .parties
            .iter()
            .filter_map(|party| party.name.as_deref())
            .collect()
    }

    fn file(split: &Split, side: Side) -> &Referral {
        &split.files.iter().find(|(other, _)| *other == side).unwrap().1
    }

    #[test]
    fn each_side_holds_its_own_people_and_their_supporters() {
        let parties = vec![
            person(Role::Supporter, "Vera", Some(2)),
            person(Role::Offender, "Oscar", None),
            person(Role::Victim, "Vincent", None),
            person(Role::AppropriateAdult, "Olga", Some(1)),
            person(Role::Supporter, "Valentin", Some(0)),
            person(Role::Witness, "Wanda", Some(1)),
            person(Role::Supporter, "Unplaced", None),
        ];
        let split = split(&Referral {
            parties,
            ..Referral::default()
        });
        assert_eq!(names(file(&split, Side::Victim)), ["Vera", "Vincent", "Valentin"]);
        assert_eq!(names(file(&split, Side::Offender)), ["Oscar", "Olga"]);
        assert_eq!(names(&split.core), ["Wanda", "Unplaced"]);
        let supports: Vec<_> = file(&split, Side::Victim)
            .parties
            .iter()
            .map(|p| p.supports)
            .collect();
        assert_eq!(supports, [Some(1), None, Some(0)]);
    }

    #[test]
    fn that_somebody_refers_themself_stands_on_their_own_file_alone() {
        let referral = |name: Option<&str>| Referral {
            parties: vec![
                person(Role::Victim, "Vera Vale", None),
                person(Role::Offender, "Oscar Oak", None),
            ],
            referrer: Referrer {
                name: name.map(str::to_owned),
                is_self_referral: Some(true),
                ..Referrer::default()
            },
            ..Referral::default()
        };
        let told = |referral: &Referral, side| file(&split(referral), side).referrer.is_self_referral;
        let by_name = referral(Some("vera VALE"));
        assert_eq!(told(&by_name, Side::Victim), Some(true));
        assert_eq!(told(&by_name, Side::Offender), None);
        let nameless = referral(None);
        assert_eq!(told(&nameless, Side::Victim), None);
        assert_eq!(told(&nameless, Side::Offender), None);
        let mut alone = referral(None);
        alone.parties.truncate(1);
        assert_eq!(told(&alone, Side::Victim), Some(true));
        assert_eq!(split(&by_name).core.referrer.is_self_referral, Some(true));
    }

    #[test]
    fn each_neutral_party_has_a_side_of_its_own() {
        let parties = vec![
            person(Role::Party, "Pia", None),
            person(Role::Party, "Paul", None),
        ];
        let split = split(&Referral {
            parties,
            ..Referral::default()
        });
        assert_eq!(names(file(&split, Side::Party(0))), ["Pia"]);
        assert_eq!(names(file(&split, Side::Party(1))), ["Paul"]);
    }

    #[test]
    fn a_supporter_is_placed_on_the_only_side() {
        let parties = vec![
            person(Role::Supporter, "Vera", None),
            person(Role::Victim, "Vincent", None),
        ];
        let split = split(&Referral {
            parties,
            ..Referral::default()
        });
        assert_eq!(names(file(&split, Side::Victim)), ["Vera", "Vincent"]);
    }

    #[test]
    fn a_circle_of_supporters_ends_with_staff() {
        let parties = vec![
            person(Role::Supporter, "A1", Some(1)),
            person(Role::Supporter, "B1", Some(0)),
            person(Role::Supporter, "C1", Some(77)),
            person(Role::Victim, "Vincent", None),
            person(Role::Offender, "Oscar", None),
        ];
        let split = split(&Referral {
            parties,
            ..Referral::default()
        });
        assert_eq!(names(&split.core), ["A1", "B1", "C1"]);
    }

    #[test]
    fn what_staff_alone_may_see_is_on_no_file() {
        let referral = Referral {
            parties: vec![
                person(Role::Victim, "Vincent Vale", None),
                person(Role::Offender, "Oscar Oak", None),
            ],
            references: [
                ReferenceKind::CrimeNumber,
                ReferenceKind::PncId,
                ReferenceKind::NhsNumber,
            ]
            .map(|kind| Reference {
                kind,
                value: format!("{kind:?}"),
            })
            .to_vec(),
            offence: Offence {
                kind: Some("assault on Mr Vale".into()),
                summary: Some("a summary".into()),
                location: Some("a place".into()),
                date: Some("2026-01-02".into()),
                ..Offence::default()
            },
            referrer: Referrer {
                agency: Some("Police".into()),
                name: Some("PC Oak".into()),
                ..Referrer::default()
            },
            risks: Some("risks".into()),
            wishes: Some("wishes".into()),
            ..Referral::default()
        };
        let split = split(&referral);
        for (side, file) in &split.files {
            let offence = &file.offence;
            assert!(offence.summary.is_none() && offence.location.is_none(), "{side}");
            assert!(file.risks.is_none() && file.wishes.is_none(), "{side}");
            assert_eq!(offence.date.as_deref(), Some("2026-01-02"));
        }
        let kinds = |side| {
            file(&split, side)
                .references
                .iter()
                .map(|r| r.kind)
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(Side::Victim), [ReferenceKind::CrimeNumber]);
        assert_eq!(
            kinds(Side::Offender),
            [ReferenceKind::CrimeNumber, ReferenceKind::PncId]
        );
        assert_eq!(
            file(&split, Side::Victim).offence.kind.as_deref(),
            Some("assault on Mr Vale")
        );
        assert_eq!(file(&split, Side::Offender).offence.kind, None);
        assert_eq!(
            file(&split, Side::Victim).referrer.name,
            None,
            "shares a name with the other side"
        );
        assert_eq!(
            file(&split, Side::Offender).referrer.name.as_deref(),
            Some("PC Oak")
        );
        assert_eq!(split.core.wishes.as_deref(), Some("wishes"));
    }

    #[test]
    fn who_refers_themself_is_not_shown_to_the_other_side() {
        let referral = Referral {
            parties: vec![person(Role::Offender, "Oscar Oak", None)],
            referrer: Referrer {
                is_self_referral: Some(true),
                name: Some("Vincent Vale".into()),
                email: Some("v@example.org".into()),
                ..Referrer::default()
            },
            ..Referral::default()
        };
        let split = split(&referral);
        assert!(file(&split, Side::Offender).referrer.name.is_none());
        assert!(file(&split, Side::Offender).referrer.email.is_none());
    }

    proptest! {
        #[test]
        fn nobody_is_lost_nobody_is_on_two_sides_and_joining_brings_all_back(
            people in prop::collection::vec((0usize..7, prop::option::of(0usize..9)), 0..9),
        ) {
            let roles = [Role::Victim, Role::Offender, Role::Party, Role::Supporter, Role::AppropriateAdult,
                Role::Witness, Role::Professional];
            let parties: Vec<Party> = people
                .iter()
                .enumerate()
                .map(|(index, (role, supports))| person(roles[*role], &format!("person{index:02}"), *supports))
                .collect();
            let split = split(&Referral { parties: parties.clone(), ..Referral::default() });
            let mut all = names(&split.core);
            for (_, file) in &split.files {
                all.extend(names(file));
            }
            all.sort_unstable();
            let expected: Vec<_> = parties.iter().filter_map(|p| p.name.as_deref()).collect();
            prop_assert_eq!(all, expected);
            let joined = join(split.core.clone(), split.files.iter().map(|(_, file)| file.clone()).collect());
            for party in &joined.parties {
                let before = parties.iter().find(|p| p.name == party.name).unwrap();
                if let Some(supported) = party.supports {
                    let target = before.supports.unwrap();
                    prop_assert_eq!(&joined.parties[supported].name, &parties[target].name);
                }
            }
        }
    }
}
