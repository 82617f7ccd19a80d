//! Forms that a service taught: one small file per form says what its labels ask and its headings start.
//!
//! Invariant: a taught label means what the file says and nothing else; it never changes what another label means.

use super::words::{spoken, tokens};
use super::{Field, LabelBook, Topic, Who};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaughtForm {
    /// What people call it.
    form: String,
    /// Label as it stands on the form -> field.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// Heading as it stands on the form -> role or part.
    #[serde(default)]
    headings: BTreeMap<String, String>,
}

impl LabelBook {
    /// Learns a form from the text of its file.
    ///
    /// # Errors
    /// Every problem with its fix, in plain words; nothing is learnt then.
    pub fn teach(&mut self, text: &str) -> Result<(), super::BookError> {
        let file: TaughtForm =
            toml::from_str(text).map_err(|error| super::BookError(vec![format!("form file: {error}")]))?;
        let mut problems = Vec::new();
        if file.form.trim().is_empty() {
            problems.push("form: give the form a name people know it by".to_owned());
        }
        let labels: Vec<(String, Field)> = file
            .labels
            .iter()
            .filter_map(|(label, field)| self.taught_label(label, field, &mut problems))
            .collect();
        let headings: Vec<(&String, Heading)> = file
            .headings
            .iter()
            .filter_map(|(heading, meaning)| {
                let found = Heading::of(meaning);
                if found.is_none() {
                    problems.push(format!(
                        "[headings] {heading:?}: {meaning:?} is neither a role (victim, offender, party, other, supporter, appropriate_adult, witness, professional, referrer, you, them) nor a part (offence, consent, risk, office, instructions)"
                    ));
                }
                found.map(|found| (heading, found))
            })
            .collect();
        if !problems.is_empty() {
            return Err(super::BookError(problems));
        }
        for (label, field) in labels {
            self.learn_label(&label, field);
        }
        for (heading, meaning) in headings {
            self.learn_heading(heading, meaning);
        }
        Ok(())
    }

    fn taught_label(&self, label: &str, field: &str, problems: &mut Vec<String>) -> Option<(String, Field)> {
        let words = tokens(label).join(" ");
        let known: Option<Field> = serde_json::from_value(serde_json::Value::String(field.to_owned())).ok();
        match (known, words.is_empty()) {
            (_, true) => problems.push(format!("[labels] {label:?} has no word to compare; remove it")),
            (None, false) if field.is_empty() => problems.push(format!(
                "[labels] {label:?} has no field yet: write what it asks (a key of [fields] in the label file), or \"ignored\""
            )),
            (None, false) => problems.push(format!(
                "[labels] {label:?}: there is no field {field:?}; take a key of [fields] in the label file, or \"ignored\""
            )),
            (Some(field), false) => match self.label(label).filter(|known| known.exact).map(|known| known.field) {
                Some(other) if other != field && other != Field::Unmapped => problems.push(format!(
                    "[labels] {label:?} already asks for {}: a label can mean only one field",
                    other.as_str()
                )),
                Some(_) | None => return Some((words, field)),
            },
        }
        None
    }

    fn learn_label(&mut self, words: &str, field: Field) {
        self.vocabulary.extend(words.split(' ').map(str::to_owned));
        self.plain.insert(words.to_owned(), field);
    }

    fn learn_heading(&mut self, heading: &str, meaning: Heading) {
        let words = tokens(heading);
        self.vocabulary.extend(words.iter().cloned());
        match meaning {
            Heading::Role(who) => {
                self.longest_role = self.longest_role.max(words.len());
                self.roles.insert(words.join(" "), (who, None));
            }
            Heading::Part(topic) => self.topics.push((words, topic)),
        }
    }

    /// Learns that these texts of a blank form are labels, whatever they ask: what stands behind them is an
    /// answer of its own. Texts that are known already stay what they are.
    pub fn teach_blank(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            let words = spoken(&text);
            if !words.is_empty() && self.label(&text).is_none() {
                self.learn_label(&words, Field::Unmapped);
            }
        }
    }
}

/// What a heading starts.
#[derive(Clone, Copy)]
enum Heading {
    Role(Who),
    Part(Topic),
}

impl Heading {
    fn of(word: &str) -> Option<Self> {
        let part = match word {
            "offence" => Some(Topic::Offence),
            "consent" => Some(Topic::Consent),
            "risk" => Some(Topic::Risk),
            "office" => Some(Topic::Office),
            "instructions" => Some(Topic::Instructions),
            "you" => Some(Topic::You),
            _ => None,
        };
        let role = || serde_json::from_value(serde_json::Value::String(word.to_owned())).ok();
        part.map(Self::Part).or_else(|| role().map(Self::Role))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BookError, Section, Strictness};
    use super::*;

    fn book() -> LabelBook {
        LabelBook::default_book().expect("the compiled-in labels are sound")
    }

    #[test]
    fn a_taught_form_means_what_its_file_says() {
        let mut book = book();
        assert_eq!(book.label("Moniker"), None);
        book.teach("form = \"Sunny\"\n[labels]\n\"Moniker:\" = \"name\"\n[headings]\n\"Wounded soul\" = \"victim\"\n\"The bad day\" = \"offence\"\n")
            .expect("a sound form");
        assert_eq!(book.label("Moniker").map(|label| label.field), Some(Field::Name));
        let who = match book.section("Wounded soul", Strictness::Every) {
            Some(Section::Person(person)) => Some(person.who),
            Some(_) | None => None,
        };
        assert_eq!(who, Some(Who::Victim));
        assert_eq!(
            book.section("The bad day", Strictness::Every),
            Some(Section::Offence(None))
        );
    }

    #[test]
    fn every_problem_of_a_form_is_told_and_nothing_is_learnt() {
        let mut book = book();
        let text = "form = \"\"\n[labels]\n\"Moniker\" = \"\"\n\"Date of birth\" = \"name\"\n\"Shoe\" = \"shoe_size\"\n\"Ringing digits\" = \"phone\"\n[headings]\n\"Soul\" = \"hero\"\n";
        let problems = match book.teach(text) {
            Ok(()) => 0,
            Err(BookError(problems)) => problems.len(),
        };
        assert_eq!(problems, 5);
        assert_eq!(book.label("Ringing digits").map(|l| l.exact), None);
    }

    #[test]
    fn a_blank_form_teaches_which_texts_are_labels() {
        let mut book = book();
        book.teach_blank(["Colour of aura".to_owned(), "Date of birth".to_owned()]);
        assert_eq!(
            book.label("Colour of aura:").map(|l| l.field),
            Some(Field::Unmapped)
        );
        assert_eq!(
            book.label("Date of birth").map(|l| l.field),
            Some(Field::DateOfBirth)
        );
    }
}
