//! Shops, schools and churches that stand where a person's name is asked.
//!
//! Invariant: a word that is also a surname ("Church", "Temple") tells an organisation only with a mark beside it that
//! no person's name has.

use super::PartyDraft;
use crate::forms::labels::tokens;

/// Last words of organisations' names that are nobody's surname.
const KINDS: [&str; 58] = [
    "ltd",
    "limited",
    "plc",
    "llp",
    "cic",
    "cio",
    "council",
    "school",
    "academy",
    "college",
    "university",
    "stores",
    "store",
    "shop",
    "shops",
    "supermarket",
    "superstore",
    "centre",
    "club",
    "society",
    "association",
    "trust",
    "hospital",
    "surgery",
    "practice",
    "pharmacy",
    "chemist",
    "library",
    "museum",
    "gallery",
    "hotel",
    "restaurant",
    "cafe",
    "café",
    "takeaway",
    "bakery",
    "nursery",
    "coop",
    "cooperative",
    "charity",
    "company",
    "foundation",
    "theatre",
    "cinema",
    "gym",
    "salon",
    "newsagent",
    "newsagents",
    "services",
    "homes",
    "committee",
    "mosque",
    "synagogue",
    "gurdwara",
    "cathedral",
    "allotments",
    "enterprises",
    "brewery",
];
/// Last words that are surnames too.
const PLACES: [&str; 17] = [
    "church", "chapel", "temple", "abbey", "hall", "house", "park", "farm", "inn", "arms", "garage",
    "market", "station", "bank", "stables", "group", "service",
];

/// Whether a name is an organisation's.
pub(super) fn names_organisation(name: &str) -> bool {
    let words = tokens(name);
    let Some(last) = words.last().filter(|_| words.len() > 1) else {
        return false;
    };
    let is_marked = || {
        let first = words.first().map(String::as_str);
        let lower = name.to_lowercase();
        matches!(first, Some("the" | "st" | "saint" | "saints" | "all"))
            || lower.contains("'s ")
            || lower.contains("’s ")
            || words.iter().any(|word| word == "of" || word == "and")
    };
    KINDS.contains(&last.as_str()) || PLACES.contains(&last.as_str()) && is_marked()
}

/// "If a business, who should we ask for?", "Contact at the shop": asks for a person, not for the business.
pub(super) fn asks_for_contact(label: &str) -> bool {
    let words = tokens(label);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["business", "shop", "organisation", "company", "firm", "school"])
        && has(&["who", "whom", "contact", "ask", "speak", "representative"])
}

impl PartyDraft {
    /// What was given as the name is the organisation's: a person's own name is asked apart from it.
    pub(super) fn name_was_of_organisation(&mut self) {
        if self.party.organisation.is_some() || self.party.title.is_some() {
            return;
        }
        let Some(name) = self.party.name.take() else {
            return;
        };
        self.party.organisation = Some(name);
        for path in self
            .notes
            .evidence
            .iter_mut()
            .map(|evidence| &mut evidence.path)
            .chain(self.notes.checks.iter_mut().map(|check| &mut check.path))
            .filter(|path| *path == "/name")
        {
            "/organisation".clone_into(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shops_and_schools_are_no_people_and_people_are_no_shops() {
        for name in [
            "Kestrel Garden Centre",
            "The Larder Convenience Store",
            "Brook Lane Primary School",
            "St Aldate's Church",
            "The Old Hall",
            "Harbour Trading Ltd",
        ] {
            assert!(names_organisation(name), "{name}");
        }
        for name in [
            "Mary Church",
            "Tom Hall",
            "Ann Park",
            "Jo Temple",
            "House",
            "Sarah Farm",
        ] {
            assert!(!names_organisation(name), "{name}");
        }
    }
}
