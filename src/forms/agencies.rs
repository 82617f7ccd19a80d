//! The agency book: who owns a domain, and what the words of an agency's name tell.

use super::labels::{BookError, spoken};
use crate::domain::AgencyKind;
use serde::Deserialize;
use std::collections::HashMap;

/// The agency file that is compiled in.
const DEFAULT_AGENCIES: &str = include_str!("../../config/agencies.toml");

/// The mail of everybody in the health service.
const NHS_MAIL: &str = "nhs.net";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyFile {
    agencies: Vec<AgencyEntry>,
    kinds: Vec<KindEntry>,
    roles: RoleWords,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyEntry {
    name: String,
    kind: String,
    domains: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindEntry {
    kind: String,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleWords {
    words: Vec<String>,
}

/// The agency file (`config/agencies.toml`), checked.
pub struct AgencyBook {
    domains: HashMap<String, (String, AgencyKind)>,
    kinds: Vec<(AgencyKind, Vec<String>)>,
    role_words: Vec<String>,
}

impl AgencyBook {
    /// The agency file that is compiled in.
    ///
    /// # Errors
    /// Never for a released build: a test reads it.
    pub fn default_book() -> Result<Self, BookError> {
        Self::from_toml(DEFAULT_AGENCIES)
    }

    /// The text of the agency file that is compiled in, as a start for an own one.
    pub fn default_text() -> &'static str {
        DEFAULT_AGENCIES
    }

    /// Reads an agency file.
    ///
    /// # Errors
    /// Lists every problem with its fix.
    pub fn from_toml(text: &str) -> Result<Self, BookError> {
        let file: AgencyFile =
            toml::from_str(text).map_err(|error| BookError(vec![format!("agency file: {error}")]))?;
        let mut problems = Vec::new();
        let mut book = Self {
            domains: HashMap::new(),
            kinds: Vec::new(),
            role_words: file.roles.words.iter().map(|w| spoken(w)).collect(),
        };
        for agency in file.agencies {
            let Some(kind) = kind(&agency.kind) else {
                problems.push(format!(
                    "[[agencies]] {}: no such kind {:?}",
                    agency.name, agency.kind
                ));
                continue;
            };
            for domain in agency.domains {
                if !is_domain(&domain) {
                    problems.push(format!(
                        "[[agencies]] {}: {domain:?} is not a domain in lower case",
                        agency.name
                    ));
                } else if book
                    .domains
                    .insert(domain.clone(), (agency.name.clone(), kind))
                    .is_some()
                {
                    problems.push(format!("[[agencies]] {}: {domain} is listed twice", agency.name));
                }
            }
        }
        for entry in file.kinds {
            match kind(&entry.kind) {
                Some(kind) => book
                    .kinds
                    .push((kind, entry.words.iter().map(|w| spoken(w)).collect())),
                None => problems.push(format!("[[kinds]] no such kind {:?}", entry.kind)),
            }
        }
        if problems.is_empty() {
            Ok(book)
        } else {
            Err(BookError(problems))
        }
    }

    /// The agency that owns a domain or a name above it; `.cjsm.net` at its end does not count.
    pub fn of_domain(&self, domain: &str) -> Option<(&str, AgencyKind)> {
        let domain = domain.strip_suffix(".cjsm.net").unwrap_or(domain);
        let mut rest = domain;
        loop {
            if let Some((name, kind)) = self.domains.get(rest) {
                return Some((name, *kind));
            }
            rest = rest.split_once('.')?.1;
        }
    }

    /// Domains of single agencies; those of a whole branch (`police.uk`, `nhs.net`) hold many that are no partners.
    pub fn partner_domains(&self) -> impl Iterator<Item = &str> {
        let branch = |domain: &str| {
            domain == NHS_MAIL || (domain.ends_with(".uk") && domain.matches('.').count() == 1)
        };
        self.domains
            .keys()
            .map(String::as_str)
            .filter(move |domain| !branch(domain))
    }

    /// What kind of agency a name tells.
    pub fn kind_of_name(&self, name: &str) -> Option<AgencyKind> {
        let said = format!(" {} ", spoken(name));
        self.kinds
            .iter()
            .find(|(_, words)| words.iter().any(|w| said.contains(&format!(" {w} "))))
            .map(|(kind, _)| *kind)
    }

    /// Whether a piece of a signature is a job title.
    pub(super) fn is_role(&self, text: &str) -> bool {
        let said = format!(" {} ", spoken(text));
        self.role_words.iter().any(|w| said.contains(&format!(" {w} ")))
    }
}

fn kind(text: &str) -> Option<AgencyKind> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

fn is_domain(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> AgencyBook {
        match AgencyBook::default_book() {
            Ok(book) => book,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_domain_covers_names_under_it_label_by_label() {
        let book = book();
        let name = |domain| book.of_domain(domain).map(|(name, _)| name.to_owned());
        assert_eq!(name("essex.police.uk").as_deref(), Some("Essex Police"));
        assert_eq!(name("mail.essex.police.uk").as_deref(), Some("Essex Police"));
        assert_eq!(name("essex.police.uk.cjsm.net").as_deref(), Some("Essex Police"));
        assert_ne!(name("evilessex.police.uk").as_deref(), Some("Essex Police"));
        assert_eq!(name("evilpolice.uk"), None);
        assert_eq!(name("essex.police.uk.example.org"), None);
    }

    #[test]
    fn names_tell_the_kind() {
        let book = book();
        assert_eq!(
            book.kind_of_name("Southend Youth Justice Service"),
            Some(AgencyKind::YouthJustice)
        );
        assert_eq!(book.kind_of_name("HMP Highpoint"), Some(AgencyKind::Prison));
        assert_eq!(
            book.kind_of_name("Eastmere Partnership NHS Trust"),
            Some(AgencyKind::Health)
        );
        assert_eq!(book.kind_of_name("Smith & Sons"), None);
    }

    #[test]
    fn every_problem_of_an_agency_file_is_told_at_once() {
        let text = "[[agencies]]\nname = \"A\"\nkind = \"circus\"\ndomains = []\n[[agencies]]\nname = \"B\"\nkind = \"police\"\ndomains = [\"No Domain\"]\n[[kinds]]\nkind = \"zoo\"\nwords = []\n[roles]\nwords = []\n";
        let problems = AgencyBook::from_toml(text).err().map(|BookError(p)| p.len());
        assert_eq!(problems, Some(3));
    }
}
