//! Free text for one person: other people in it become initials, or the text is withheld.
//!
//! Invariant: a text leaves only after a second look, which knows nothing of the first, finds no name, address or number of
//! another person of the case in it. Whatever is unsure is withheld.

use crate::domain::{KnownCase, Party, Reference, Referral};
use crate::redact::{self, RedactionSettings, Span};
use std::collections::{BTreeSet, HashMap};

/// Shortest word of a name that counts as naming somebody, in characters.
const MIN_NAME_WORD: usize = 2;
/// Shortest number or address that counts, in letters and digits.
const MIN_VALUE: usize = 5;
/// Last digits of a telephone number that every way of writing it shares.
const PHONE_TAIL: usize = 9;

/// Texts that are to be cut, and what became of them.
pub(super) struct Cutter {
    own: Identity,
    others: Identity,
    cuts: HashMap<String, Option<String>>,
}

/// Words and values that name somebody.
#[derive(Default)]
struct Identity {
    names: BTreeSet<String>,
    values: BTreeSet<String>,
}

impl Cutter {
    /// Cuts `texts` for `person`, one of the case with this reference. `file` is what their file says.
    pub(super) fn new(
        (person, file): (&Party, &Referral),
        reference: &str,
        cases: &[KnownCase],
        settings: &RedactionSettings,
        texts: &[&str],
    ) -> Self {
        let mut own = Identity::default();
        own.add(person);
        own.values.extend(file.references.iter().map(number));
        let mut others = Identity::default();
        for case in cases {
            if case.reference.as_deref() == Some(reference) {
                others.add_others(case, person);
            }
        }
        // What they share (a surname, an address) is theirs too.
        others.names.retain(|word| !own.names.contains(word));
        others.values.retain(|value| !own.values.contains(value));
        let mut cutter = Self {
            own,
            others,
            cuts: HashMap::new(),
        };
        let found = redact::detect_together(texts, cases, settings);
        for (place, text) in texts.iter().enumerate() {
            let spans = found.as_ref().and_then(|found| found.get(place));
            let cut = spans.and_then(|spans| cutter.cut(text, spans));
            cutter.cuts.insert((*text).to_owned(), cut);
        }
        cutter
    }

    /// The text as it may be given; `None` where it is withheld.
    pub(super) fn text(&self, text: &str) -> Option<&str> {
        self.cuts.get(text)?.as_deref()
    }

    /// Whether it names another person of the case.
    pub(super) fn names_another(&self, text: &str) -> bool {
        self.others.stands_in(text)
    }

    fn cut(&self, text: &str, spans: &[Span]) -> Option<String> {
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for span in spans {
            let found = text.get(span.start..span.end)?;
            if self.own.is_all_of(found) {
                continue;
            }
            out.push_str(text.get(from..span.start)?);
            out.push_str(&span.replacement);
            from = span.end;
        }
        out.push_str(text.get(from..)?);
        (!self.names_another(&out)).then_some(out)
    }
}

impl Identity {
    fn add(&mut self, party: &Party) {
        for name in [&party.name, &party.known_as].into_iter().flatten() {
            self.names.extend(words(name));
        }
        let texts = [
            &party.organisation,
            &party.address,
            &party.postcode,
            &party.date_of_birth,
        ];
        let texts = texts
            .into_iter()
            .flatten()
            .chain(&party.emails)
            .map(|text| solid(text));
        let phones = party.phones.iter().map(|phone| phone_tail(phone));
        self.values
            .extend(texts.chain(phones).filter(|value| value.len() >= MIN_VALUE));
    }

    fn add_others(&mut self, case: &KnownCase, person: &Party) {
        let same = |other: &Party| {
            (&other.name, other.role, &other.phones, &other.emails)
                == (&person.name, person.role, &person.phones, &person.emails)
        };
        let own = case.referral.parties.iter().position(same);
        for (place, party) in case.referral.parties.iter().enumerate() {
            if Some(place) != own {
                self.add(party);
            }
        }
    }

    /// Whether one of the names or values stands in a text.
    fn stands_in(&self, text: &str) -> bool {
        let solid = solid(text);
        words(text).any(|word| self.names.contains(&word))
            || self.values.iter().any(|value| solid.contains(value.as_str()))
    }

    /// Whether a text is nothing but names and values of this identity.
    fn is_all_of(&self, text: &str) -> bool {
        let mut words = words(text).filter(|word| !is_title(word)).peekable();
        let solid = solid(text);
        let named = words.peek().is_some() && words.all(|word| self.names.contains(&word));
        let tail = phone_tail(text);
        named
            || (solid.len() >= MIN_VALUE && self.values.iter().any(|value| value.contains(&solid)))
            || (tail.len() == PHONE_TAIL && self.values.contains(&tail))
    }
}

fn is_title(word: &str) -> bool {
    matches!(word, "mr" | "mrs" | "ms" | "miss" | "mx" | "master" | "dr")
}

fn number(reference: &Reference) -> String {
    solid(&reference.value)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= MIN_NAME_WORD)
        .map(str::to_lowercase)
}

fn solid(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn phone_tail(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits
        .get(digits.len().saturating_sub(PHONE_TAIL)..)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OtherAttachments, Role};

    fn person(role: Role, name: &str, phone: &str) -> Party {
        Party {
            name: Some(name.to_owned()),
            phones: vec![phone.to_owned()],
            ..Party::new(role)
        }
    }

    fn given(texts: &[&str]) -> Vec<Option<String>> {
        let victim = person(Role::Victim, "Marguerite Tollington", "07700 900461");
        let case = KnownCase {
            reference: Some("RJ-2026-00001".into()),
            closed: false,
            silenced: Vec::new(),
            referral: Referral {
                parties: vec![
                    victim.clone(),
                    person(Role::Offender, "Desmond Wraxhall", "07700 900123"),
                    person(Role::Supporter, "Philippa Tollington", "07700 900777"),
                ],
                ..Referral::default()
            },
        };
        let settings = RedactionSettings {
            cjsm_route: false,
            ordinary_route: true,
            reference_prefixes: vec!["RJ".into()],
            own_domain: "restorative.example".into(),
            max_bytes: 1,
            own_addresses: Vec::new(),
            name_model: true,
            attachments: OtherAttachments::Hold,
        };
        let cutter = Cutter::new(
            (&victim, &Referral::default()),
            "RJ-2026-00001",
            &[case],
            &settings,
            texts,
        );
        texts
            .iter()
            .map(|text| cutter.text(text).map(str::to_owned))
            .collect()
    }

    #[test]
    fn others_become_initials_and_the_person_stays() {
        let given = given(&[
            "Marguerite Tollington rang from +44 7700 900461 about Desmond Wraxhall.",
            "Philippa Tollington is on 07700 900777.",
            "She is well.",
        ]);
        let first = given[0].as_deref().unwrap();
        assert!(
            first.contains("Marguerite Tollington") && first.contains("900461"),
            "{first}"
        );
        assert!(
            !first.contains("Desmond") && !first.contains("Wraxhall"),
            "{first}"
        );
        let second = given[1].as_deref().unwrap();
        assert!(
            !second.contains("Philippa") && !second.contains("900777"),
            "{second}"
        );
        assert_eq!(given[2].as_deref(), Some("She is well."));
    }

    #[test]
    fn what_still_names_somebody_is_withheld() {
        let identity = |name: &str| {
            let mut identity = Identity::default();
            identity.add(&person(Role::Offender, name, "07700 900123"));
            identity
        };
        let cutter = Cutter {
            own: identity("Marguerite Tollington"),
            others: identity("Will Power"),
            cuts: HashMap::new(),
        };
        assert_eq!(cutter.cut("she will come", &[]), None, "the first look missed it");
        assert_eq!(cutter.cut("on 0770 0900 123", &[]), None);
        assert_eq!(cutter.cut("she comes", &[]).as_deref(), Some("she comes"));
    }
}
