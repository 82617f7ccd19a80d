//! The service's own districts, made of outward postcodes.
//!
//! Invariant: an outward code belongs to one district, and no district is called like a row of ours.

use std::collections::HashMap;

/// Most districts of a service.
pub const MAX_DISTRICTS: usize = 60;
/// Most characters of a district's name.
pub const MAX_NAME: usize = 60;
/// Row for outward codes of no district.
pub(super) const ELSEWHERE: &str = "Elsewhere";
/// Row for a missing outward code.
pub(super) const NOT_STATED: &str = "Not stated";

/// Outward codes to district names. The default is no districts: the report leaves their table out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Districts {
    names: Vec<String>,
    by_code: HashMap<String, usize>,
}

/// What is wrong with a list of districts. Places count from 1, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DistrictProblem {
    /// More than [`MAX_DISTRICTS`].
    #[error("there are more than {MAX_DISTRICTS} districts")]
    TooMany,
    /// No name, or one longer than [`MAX_NAME`].
    #[error("district {0}: the name must have 1 to {MAX_NAME} characters, none of them a line break")]
    Name(usize),
    /// Two districts, or a district and one of our rows, have the same name.
    #[error("district {0}: the name is taken")]
    NameTaken(usize),
    /// Not an outward code.
    #[error("district {0}: write outward postcodes such as CM2 or SW1A")]
    Code(usize),
    /// The code belongs to an earlier district.
    #[error("district {0}: one of its postcodes belongs to an earlier district")]
    CodeTaken(usize),
}

impl Districts {
    /// From pairs of a name and its outward codes, in the order in which the report lists them.
    ///
    /// # Errors
    /// Everything that is wrong with the list.
    pub fn new(pairs: Vec<(String, Vec<String>)>) -> Result<Self, Vec<DistrictProblem>> {
        if pairs.len() > MAX_DISTRICTS {
            return Err(vec![DistrictProblem::TooMany]);
        }
        let mut districts = Self::default();
        let mut problems = Vec::new();
        for (at, (name, codes)) in pairs.into_iter().enumerate() {
            problems.extend(districts.name_problem(&name, at + 1));
            for code in codes {
                match outward(&code) {
                    None => problems.push(DistrictProblem::Code(at + 1)),
                    Some(code) => match districts.by_code.insert(code, at) {
                        Some(earlier) if earlier != at => problems.push(DistrictProblem::CodeTaken(at + 1)),
                        Some(_) | None => {}
                    },
                }
            }
            districts.names.push(name.trim().to_owned());
        }
        match problems.is_empty() {
            true => Ok(districts),
            false => Err(problems),
        }
    }

    fn name_problem(&self, name: &str, place: usize) -> Option<DistrictProblem> {
        let name = name.trim();
        let same = |other: &str| other.to_lowercase() == name.to_lowercase();
        if !(1..=MAX_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Some(DistrictProblem::Name(place));
        }
        let taken = self.names.iter().any(|other| same(other)) || same(ELSEWHERE) || same(NOT_STATED);
        taken.then_some(DistrictProblem::NameTaken(place))
    }

    /// No district is given.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The rows of the table.
    pub(super) fn rows(&self) -> Vec<&str> {
        let names = self.names.iter().map(String::as_str);
        names.chain([ELSEWHERE, NOT_STATED]).collect()
    }

    /// The row that counts an outward code.
    pub(super) fn row(&self, code: Option<&str>) -> &str {
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            return NOT_STATED;
        };
        let place = outward(code).and_then(|code| self.by_code.get(&code));
        place
            .and_then(|place| self.names.get(*place))
            .map_or(ELSEWHERE, String::as_str)
    }
}

/// An outward code in capitals: 2 to 4 letters and digits, a letter first, at least one digit.
fn outward(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    let good = (2..=4).contains(&code.len())
        && code.starts_with(|first: char| first.is_ascii_uppercase())
        && code.contains(|any: char| any.is_ascii_digit())
        && code.chars().all(|any| any.is_ascii_alphanumeric());
    good.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, codes: &[&str]) -> (String, Vec<String>) {
        (
            name.to_owned(),
            codes.iter().map(|code| (*code).to_owned()).collect(),
        )
    }

    #[test]
    fn a_code_is_counted_in_its_district_only() {
        let pairs = vec![pair("Chelmsford", &["CM1", "cm2 "]), pair("Harlow", &["CM20"])];
        let districts = Districts::new(pairs).unwrap();
        assert_eq!(districts.row(Some(" cm2")), "Chelmsford");
        assert_eq!(districts.row(Some("CM20")), "Harlow");
        assert_eq!(districts.row(Some("CM3")), ELSEWHERE);
        assert_eq!(districts.row(Some("CM2 1AA")), ELSEWHERE);
        assert_eq!(
            (districts.row(None), districts.row(Some(" "))),
            (NOT_STATED, NOT_STATED)
        );
        assert_eq!(districts.rows(), ["Chelmsford", "Harlow", ELSEWHERE, NOT_STATED]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let pairs = vec![
            pair("Chelmsford", &["CM1", "CM1", "Essex"]),
            pair("chelmsford ", &["CM1"]),
            pair("not stated", &[]),
            pair(" ", &["12"]),
        ];
        use DistrictProblem::*;
        let problems = [
            Code(1),
            NameTaken(2),
            CodeTaken(2),
            NameTaken(3),
            Name(4),
            Code(4),
        ];
        assert_eq!(Districts::new(pairs), Err(problems.to_vec()));
        let many = vec![pair("x", &[]); MAX_DISTRICTS + 1];
        assert_eq!(Districts::new(many), Err(vec![TooMany]));
    }
}
