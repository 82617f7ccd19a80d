//! What stands in a person's place: initials, the same ones in the whole message, told apart where two
//! people share them.

use super::people::{NameHit, Person, Piece, initial};
use super::view::View;
use std::collections::BTreeMap;

/// What stands for a person of whom no letter can be told.
const NAMELESS: &str = "[name]";

/// A person: of the cases or met in the message, by index into its book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Of a case.
    Known(usize),
    /// Met in the message.
    Met(usize),
}

/// Initials by person, numbered where they collide.
pub(super) struct Table {
    labels: BTreeMap<Who, String>,
}

impl Table {
    /// Gives everybody who appears in the message their initials; order decides the numbers.
    pub(super) fn new(appearing: &BTreeMap<Who, &Person>) -> Self {
        let mut by_initials: BTreeMap<String, Vec<Who>> = BTreeMap::new();
        for (who, person) in appearing {
            by_initials.entry(person.initials()).or_default().push(*who);
        }
        let mut labels = BTreeMap::new();
        for (initials, people) in by_initials {
            let alone = people.len() == 1;
            for (number, who) in people.into_iter().enumerate() {
                let label = match (initials.is_empty(), alone) {
                    (true, _) => NAMELESS.to_owned(),
                    (false, true) => initials.clone(),
                    (false, false) => format!("{initials}{}", number + 1),
                };
                labels.insert(who, label);
            }
        }
        Self { labels }
    }

    /// What stands in place of a hit.
    pub(super) fn replacement(&self, view: &View, hit: &NameHit, candidates: &[(Who, &Person)]) -> String {
        if let [(who, _)] = candidates
            && let Some(label) = self.labels.get(who)
        {
            return label.clone();
        }
        let initials: Vec<String> = candidates.iter().map(|(_, person)| person.initials()).collect();
        if let Some((first, rest)) = initials.split_first()
            && !first.is_empty()
            && rest.iter().all(|other| other == first)
        {
            return first.clone();
        }
        let letter = candidates.first().and_then(|(_, person)| match hit.piece {
            Piece::Surname => person.surname.as_deref().and_then(initial),
            Piece::Full | Piece::InitialAndSurname | Piece::Given | Piece::UserName => None,
        });
        let written = view.text.get(hit.start..hit.end).unwrap_or_default();
        letter
            .or_else(|| initial(written))
            .unwrap_or_else(|| NAMELESS.to_owned())
    }
}

/// Whom a hit means, after title and gender are taken into account: one person, or all it may be.
pub(super) fn narrowed(view: &View, hit: &NameHit, people: &[Person]) -> Vec<usize> {
    let female = match view.low(hit.first) {
        "mr" | "master" | "sir" | "mister" => Some(false),
        "mrs" | "ms" | "miss" | "dame" | "lady" | "missus" => Some(true),
        _ => None,
    };
    let fits = |index: &usize| {
        let person = people.get(*index).and_then(|person| person.female);
        female.is_none() || person.is_none() || person == female
    };
    let left: Vec<usize> = hit.people.iter().copied().filter(fits).collect();
    let sure: Vec<usize> = left
        .iter()
        .copied()
        .filter(|index| female.is_some() && people.get(*index).and_then(|person| person.female) == female)
        .collect();
    // "Miss Stubbings" of a Miss and a Mrs Stubbings.
    let written = view.low(hit.first);
    let titled: Vec<usize> = left
        .iter()
        .copied()
        .filter(|index| people.get(*index).and_then(|person| person.title.as_deref()) == Some(written))
        .collect();
    match (sure.len(), left.is_empty()) {
        (1, _) => sure,
        (_, _) if titled.len() == 1 => titled,
        (_, true) => hit.people.clone(),
        (_, false) => left,
    }
}
