//! The label book: which words on a form mean which field, whose they are, and what answers mean.
//!
//! Invariant: role words are compared letter by letter, never by likeness: `harmed` and `harmer` differ
//! by one letter and must never be confused.

use super::keywords::{KeywordEntry, Keywords};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The label file that is compiled in.
const DEFAULT_LABELS: &str = include_str!("../../config/labels.toml");
/// A label longer than this is a sentence.
const MAX_LABEL_WORDS: usize = 32;
/// Longest label that is told by single words.
const MAX_GUESSED_WORDS: usize = 16;
/// Most digits of such a label (`1.12`).
const MAX_LABEL_DIGITS: usize = 4;
/// A heading longer than this is a sentence.
const MAX_HEADING_WORDS: usize = 14;

/// Everything wrong with a label or agency file, in plain words.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BookError(pub Vec<String>);

/// What a label asks for. The words are the keys of `[fields]` in the label file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Field {
    Name,
    NameAndAgency,
    Title,
    Given,
    Family,
    KnownAs,
    DateOfBirth,
    Age,
    DobOrAge,
    Gender,
    Ethnicity,
    Address,
    Postcode,
    Phone,
    Email,
    PhoneAndEmail,
    From,
    JobTitle,
    Occupation,
    Organisation,
    Team,
    Relationship,
    ChildOf,
    Prefers,
    SafeToContact,
    SafeToLeaveMessage,
    BestTime,
    Language,
    Interpreter,
    Needs,
    ConsentContact,
    ConsentDate,
    ConsentHow,
    ConsentHowAndWhen,
    ConsentBy,
    ConsentShareOther,
    ConsentShareAgencies,
    ConsentAware,
    CrimeNumber,
    Crn,
    Urn,
    PncId,
    Cro,
    PrisonNumber,
    NhsNumber,
    CollarNumber,
    AgencyReference,
    OfficeReference,
    OffenceKind,
    OffenceDate,
    OffenceLocation,
    Summary,
    Outcome,
    OutcomeDate,
    Risks,
    Wishes,
    Impact,
    Service,
    SelfRole,
    TheirRole,
    Signature,
    BareDate,
    ReferralDate,
    Ignored,
}

impl Field {
    /// Answers of several lines or paragraphs.
    pub fn is_free_text(self) -> bool {
        matches!(
            self,
            Self::Summary
                | Self::Risks
                | Self::Wishes
                | Self::Impact
                | Self::Needs
                | Self::Address
                | Self::OffenceKind
        )
    }

    /// Answers that are stories: they swallow what follows until the next label.
    pub fn is_story(self) -> bool {
        matches!(self, Self::Summary | Self::Risks | Self::Wishes | Self::Impact)
    }

    /// Belongs to a person.
    pub fn is_personal(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Title
                | Self::Given
                | Self::Family
                | Self::KnownAs
                | Self::DateOfBirth
                | Self::Age
                | Self::DobOrAge
                | Self::Gender
                | Self::Ethnicity
                | Self::Address
                | Self::Postcode
                | Self::Phone
                | Self::Email
                | Self::PhoneAndEmail
                | Self::JobTitle
                | Self::Organisation
                | Self::Relationship
                | Self::Prefers
                | Self::SafeToContact
                | Self::SafeToLeaveMessage
                | Self::BestTime
                | Self::Language
                | Self::Interpreter
                | Self::Needs
        ) || self.is_consent()
    }

    /// One of the consent answers.
    pub fn is_consent(self) -> bool {
        matches!(
            self,
            Self::ConsentContact
                | Self::ConsentDate
                | Self::ConsentHow
                | Self::ConsentHowAndWhen
                | Self::ConsentBy
                | Self::ConsentShareOther
                | Self::ConsentShareAgencies
        )
    }

    /// A piece of a name or address, asked below the question for the whole.
    pub fn is_piece(self) -> bool {
        matches!(
            self,
            Self::Title | Self::Given | Self::Family | Self::Name | Self::Address | Self::Postcode
        )
    }
}

/// Whose part of a form it is. `You` is whoever fills it in, `Them` who is referred, `Other` the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Who {
    Referrer,
    Victim,
    Offender,
    Party,
    Other,
    Supporter,
    AppropriateAdult,
    Witness,
    Professional,
    You,
    Them,
}

/// A person that a label or heading names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person {
    /// The role.
    pub who: Who,
    /// `2` in "Victim 2".
    pub number: Option<u8>,
    /// Whose parent, supporter or worker.
    pub of: Option<Who>,
}

/// What a heading starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Section {
    Person(Person),
    Offence(Option<Person>),
    Consent(Option<Person>),
    Risk,
    Office,
    Instructions,
}

/// A label that the book knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelMatch {
    /// What it asks.
    pub field: Field,
    /// Whose, where the label itself says so.
    pub person: Option<Person>,
    /// "each", "both", "all".
    pub everybody: bool,
    /// In the first person ("I agree").
    pub first_person: bool,
    /// Every word of the label is accounted for.
    pub exact: bool,
    /// Words of the label that matched.
    pub words: usize,
    /// The label is nothing but a role ("Victim"): it may be a heading as well.
    pub role_only: bool,
    /// No phrase of the label file fits; single words gave it away.
    pub guessed: bool,
}

/// The words that answers are made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub(super) struct AnswerWords {
    pub(super) blank: Vec<String>,
    pub(super) elsewhere: Vec<String>,
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
    pub(super) not_sought: Vec<String>,
    pub(super) unknown: Vec<String>,
    pub(super) verbal: Vec<String>,
    pub(super) written: Vec<String>,
    pub(super) qualifiers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelFile {
    fields: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    keywords: Vec<KeywordEntry>,
    roles: Vec<RoleEntry>,
    sections: SectionWords,
    answers: AnswerWords,
    contact: BTreeMap<String, Vec<String>>,
    outcomes: BTreeMap<String, Vec<String>>,
    genders: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    who: String,
    #[serde(default)]
    number: Option<u8>,
    phrases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionWords {
    offence: Vec<String>,
    consent: Vec<String>,
    risk: Vec<String>,
    office: Vec<String>,
    instructions: Vec<String>,
    you: Vec<String>,
    filler: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Topic {
    Offence,
    Consent,
    Risk,
    Office,
    Instructions,
    You,
}

/// The label file (`config/labels.toml`), checked.
pub struct LabelBook {
    /// Phrases as written, small words included: they win over [`Self::exact`].
    plain: HashMap<String, Field>,
    /// Phrases without small words, with the length of the phrase they came from.
    exact: HashMap<String, (Field, usize)>,
    wild: Vec<(Vec<String>, Field)>,
    keywords: Vec<Keywords>,
    /// Every word of the phrases of fields and roles.
    vocabulary: HashSet<String>,
    roles: HashMap<String, (Who, Option<u8>)>,
    longest_role: usize,
    topics: Vec<(Vec<String>, Topic)>,
    filler: HashSet<String>,
    pub(super) answers: AnswerWords,
    pub(super) contact: Vec<(crate::domain::PreferredContact, Vec<String>)>,
    pub(super) outcomes: Vec<(crate::domain::OffenceOutcome, String)>,
    pub(super) genders: HashMap<String, String>,
}

impl LabelBook {
    /// The label file that is compiled in.
    ///
    /// # Errors
    /// Never for a released build: a test reads it.
    pub fn default_book() -> Result<Self, BookError> {
        Self::from_toml(DEFAULT_LABELS)
    }

    /// The text of the label file that is compiled in, as a start for an own one.
    pub fn default_text() -> &'static str {
        DEFAULT_LABELS
    }

    /// Reads a label file.
    ///
    /// # Errors
    /// Lists every problem with its fix.
    pub fn from_toml(text: &str) -> Result<Self, BookError> {
        let file: LabelFile =
            toml::from_str(text).map_err(|error| BookError(vec![format!("label file: {error}")]))?;
        let mut problems = Vec::new();
        let mut book = Self {
            plain: HashMap::new(),
            exact: HashMap::new(),
            wild: Vec::new(),
            keywords: Vec::new(),
            vocabulary: HashSet::new(),
            roles: HashMap::new(),
            longest_role: 0,
            topics: topics(&file.sections),
            filler: file.sections.filler.iter().flat_map(|w| tokens(w)).collect(),
            answers: file.answers,
            contact: Vec::new(),
            outcomes: Vec::new(),
            genders: HashMap::new(),
        };
        book.take_fields(&file.fields, &mut problems);
        book.take_keywords(&file.keywords, &mut problems);
        book.take_roles(&file.roles, &mut problems);
        for (key, phrases) in &file.contact {
            match word::<crate::domain::PreferredContact>(key) {
                Some(value) => book.contact.push((value, phrases.iter().map(|p| spoken(p)).collect())),
                None => problems.push(format!("[contact] {key}: no such way of contact; use phone, text, email, post or via_professional")),
            }
        }
        for (key, phrases) in &file.outcomes {
            match word::<crate::domain::OffenceOutcome>(key) {
                Some(value) => book.outcomes.extend(phrases.iter().map(|p| (value, spoken(p)))),
                None => problems.push(format!(
                    "[outcomes] {key}: no such outcome; see the list of outcomes in the documentation"
                )),
            }
        }
        book.outcomes
            .sort_by_key(|(_, phrase)| std::cmp::Reverse(phrase.len()));
        for (gender, phrases) in file.genders {
            book.genders
                .extend(phrases.iter().map(|p| (spoken(p), gender.clone())));
        }
        for list in [
            &mut book.answers.blank,
            &mut book.answers.elsewhere,
            &mut book.answers.yes,
            &mut book.answers.no,
            &mut book.answers.not_sought,
            &mut book.answers.unknown,
            &mut book.answers.verbal,
            &mut book.answers.written,
            &mut book.answers.qualifiers,
        ] {
            list.iter_mut().for_each(|phrase| *phrase = spoken(phrase));
        }
        if problems.is_empty() {
            Ok(book)
        } else {
            Err(BookError(problems))
        }
    }

    fn take_fields(&mut self, fields: &BTreeMap<String, Vec<String>>, problems: &mut Vec<String>) {
        for (key, phrases) in fields {
            let Some(field) = word::<Field>(key) else {
                problems.push(format!(
                    "[fields] {key}: no such field; take the name of one in the supplied label file"
                ));
                continue;
            };
            for phrase in phrases {
                self.take_phrase(key, field, phrase, problems);
            }
        }
    }

    fn take_keywords(&mut self, entries: &[KeywordEntry], problems: &mut Vec<String>) {
        for entry in entries {
            match word::<Field>(&entry.field).map(|field| Keywords::of(field, entry)) {
                Some(Some(row)) => self.keywords.push(row),
                Some(None) => problems.push(format!(
                    "[[keywords]] {}: write at least one group of words, none of them empty",
                    entry.field
                )),
                None => problems.push(format!(
                    "[[keywords]] {}: no such field; take the name of one in the supplied label file",
                    entry.field
                )),
            }
        }
    }

    fn take_phrase(&mut self, key: &str, field: Field, phrase: &str, problems: &mut Vec<String>) {
        let words = pattern_words(phrase);
        if words.iter().any(|w| w == "*") {
            if words.iter().all(|w| w == "*") {
                problems.push(format!(
                    "[fields] {key}: {phrase:?} has no word to compare; remove it"
                ));
            } else {
                self.wild.push((words, field));
            }
            return;
        }
        let plain = tokens(phrase);
        self.vocabulary.extend(plain.iter().cloned());
        if plain.is_empty() {
            problems.push(format!(
                "[fields] {key}: {phrase:?} has no word to compare; remove it"
            ));
            return;
        }
        if let Some(other) = self.plain.insert(plain.join(" "), field)
            && other != field
        {
            problems.push(format!(
                "[fields] {key}: {phrase:?} also stands under {other:?}; a label can mean only one field"
            ));
        }
        if words.is_empty() {
            return;
        }
        // "name of agency" and "name and agency" are one without small words: the shorter phrase is it.
        let length = plain.len();
        let entry = self.exact.entry(words.join(" ")).or_insert((field, length));
        if length < entry.1 {
            *entry = (field, length);
        }
    }

    fn take_roles(&mut self, roles: &[RoleEntry], problems: &mut Vec<String>) {
        for entry in roles {
            let Some(who) = word::<Who>(&entry.who) else {
                problems.push(format!("[[roles]] {}: no such role; use victim, offender, party, other, supporter, appropriate_adult, witness, professional or referrer", entry.who));
                continue;
            };
            for phrase in &entry.phrases {
                let words = tokens(phrase);
                self.vocabulary.extend(words.iter().cloned());
                self.longest_role = self.longest_role.max(words.len());
                match self.roles.insert(words.join(" "), (who, entry.number)) {
                    Some((other, _)) if other != who => problems.push(format!(
                        "[[roles]] {}: {phrase:?} also stands under {other:?}; a heading can mean only one role",
                        entry.who
                    )),
                    Some(_) | None => {}
                }
            }
        }
    }

    /// Looks a label up: the whole text must be one.
    pub fn label(&self, text: &str) -> Option<LabelMatch> {
        let short = without_hints(text);
        let is_hinted = short.len() != text.len();
        let known = self.label_words(&tokens(&short), Wording::Known).or_else(|| {
            is_hinted
                .then(|| self.label_words(&tokens(text), Wording::Known))
                .flatten()
        });
        known.or_else(|| {
            is_short_question(text)
                .then(|| self.label_words(&tokens(text), Wording::Any))
                .flatten()
        })
    }

    fn label_words(&self, raw: &[String], wording: Wording) -> Option<LabelMatch> {
        let raw = without_number(raw);
        if raw.is_empty() || raw.len() > MAX_LABEL_WORDS {
            return None;
        }
        let first_person = raw.iter().any(|w| FIRST_PERSON.contains(&w.as_str()));
        let them = raw.iter().any(|w| THIRD_PERSON.contains(&w.as_str()));
        let everybody = raw.iter().any(|w| EVERYBODY.contains(&w.as_str()));
        let found = self.roles_in(raw);
        let subjects: Vec<&RoleAt> = found.iter().filter(|r| !is_object(raw, r.start)).collect();
        let person = subject(&subjects);
        let whole = content(raw.iter());
        let kept = raw
            .iter()
            .enumerate()
            .filter(|(at, _)| !subjects.iter().any(|r| (r.start..r.end).contains(at)))
            .map(|(_, w)| w);
        let stripped = content(kept);
        let bare = content(
            raw.iter()
                .enumerate()
                .filter(|(at, _)| !found.iter().any(|r| (r.start..r.end).contains(at)))
                .map(|(_, w)| w),
        );
        let pronoun = if first_person {
            Some(Who::You)
        } else if them {
            Some(Who::Them)
        } else {
            None
        };
        let pronoun = pronoun.map(|who| Person {
            who,
            number: None,
            of: None,
        });
        let make = |(field, exact, words): (Field, bool, usize)| {
            let own = match person {
                Some(Ok(person)) => Some(person),
                Some(Err(())) => return None,
                None => pronoun,
            };
            if field == Field::Summary && words == 1 && matches!(person, Some(Ok(_))) {
                return None; // "Victim details" is a heading
            }
            let person = if matches!(field, Field::SelfRole | Field::TheirRole | Field::ChildOf) {
                None
            } else {
                own
            };
            Some(LabelMatch {
                field,
                person,
                everybody,
                first_person,
                exact,
                words,
                role_only: words == 0,
                guessed: false,
            })
        };
        if subjects.len() < 2
            && let Some(field) = self.plain.get(&raw.join(" "))
        {
            return make((*field, true, raw.len()));
        }
        if stripped.is_empty() && !subjects.is_empty() && !everybody {
            return make((Field::Name, true, 0));
        }
        if subjects.len() < 2
            && let Some((field, _)) = self.exact.get(&whole.join(" "))
        {
            return make((*field, true, whole.len()));
        }
        let best = [&bare, &whole, &stripped]
            .into_iter()
            .filter_map(|words| self.field_of(words))
            .max_by_key(|(_, exact, words)| (*exact, *words));
        if wording == Wording::Known {
            return best.and_then(make);
        }
        // "Harmex DOB": whose is it? A misspelt role is not taken for a word of no account.
        let is_unknown = |word: &String| !self.vocabulary.contains(word);
        if raw.len() <= 2 && raw.iter().any(is_unknown) {
            return best.and_then(make);
        }
        best.and_then(make).or_else(|| {
            let (field, words) = super::keywords::find(&self.keywords, raw)?;
            let found = make((field, false, words))?;
            Some(LabelMatch {
                guessed: true,
                ..found
            })
        })
    }

    fn field_of(&self, words: &[&str]) -> Option<(Field, bool, usize)> {
        let mut start = 0;
        let trailing = words.iter().rev().take_while(|w| TRAILING.contains(w)).count();
        let short = words.len() - trailing;
        loop {
            let rest = words.get(start..)?;
            let exact = self
                .exact
                .get(&rest.join(" "))
                .or_else(|| self.exact.get(&words.get(start..short)?.join(" ")));
            if let Some((field, _)) = exact {
                return Some((*field, true, rest.len()));
            }
            match rest.first() {
                Some(first) if LEADING.contains(first) => start += 1,
                Some(_) | None => break,
            }
        }
        self.wild
            .iter()
            .filter(|(pattern, _)| wild_matches(pattern, words))
            .map(|(pattern, field)| (*field, false, pattern.iter().filter(|w| *w != "*").count()))
            .max_by_key(|(_, _, literal)| *literal)
    }

    /// Every role phrase, longest first, without overlaps, in order.
    fn roles_in(&self, raw: &[String]) -> Vec<RoleAt> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            let longest = self.longest_role.min(raw.len() - at);
            let hit = (1..=longest).rev().find_map(|length| {
                let phrase = raw.get(at..at + length)?.join(" ");
                self.roles
                    .get(&phrase)
                    .map(|(who, number)| (length, *who, *number))
            });
            let Some((length, who, number)) = hit else {
                at += 1;
                continue;
            };
            let mut end = at + length;
            let mut number = number;
            if let Some(digit) = raw
                .get(end)
                .and_then(|w| w.parse::<u8>().ok())
                .filter(|n| (1..=9).contains(n))
            {
                number = Some(digit);
                end += 1;
            }
            found.push(RoleAt {
                start: at,
                end,
                who,
                number,
            });
            at = end;
        }
        found
    }

    /// The role that an answer names ("I was harmed by a crime", "A person responsible for harm").
    pub fn role_in_answer(&self, text: &str) -> Option<Who> {
        let raw = tokens(text);
        let text = raw.join(" ");
        if SELF_HARMED.iter().any(|phrase| text.contains(phrase)) {
            return Some(Who::Victim);
        }
        if SELF_CAUSED.iter().any(|phrase| text.contains(phrase)) {
            return Some(Who::Offender);
        }
        let mut roles: Vec<Who> = self
            .roles_in(&raw)
            .iter()
            .map(|r| r.who)
            .filter(|who| {
                matches!(
                    who,
                    Who::Victim | Who::Offender | Who::Party | Who::Professional | Who::Supporter
                )
            })
            .collect();
        roles.dedup();
        match roles.as_slice() {
            [one] => Some(*one),
            [Who::Supporter | Who::Professional, ..] => roles.first().copied(),
            _ => None,
        }
    }

    /// What a heading starts. `strict` headings are plain lines: every word must be accounted for.
    pub fn section(&self, text: &str, strictness: Strictness) -> Option<Section> {
        let all = tokens(text);
        let short = tokens(&without_hints(text));
        let raw = without_number(if short.is_empty() { &all } else { &short });
        if raw.is_empty() || raw.len() > MAX_HEADING_WORDS {
            return None;
        }
        // "Name of parent or carer" asks for a name, however it is drawn.
        let asks_name = raw.first().is_some_and(|w| w == "name");
        if asks_name
            && self
                .label(text)
                .is_some_and(|label| label.exact && label.field == Field::Name)
        {
            return None;
        }
        let mut roles = self.roles_in(raw);
        let topical = self
            .topics
            .iter()
            .any(|(words, _)| position(raw, words).is_some());
        if roles.iter().all(|r| r.who == Who::Other) && !(roles.is_empty() && topical) {
            // a hint in brackets says more: "OTHER PERSON (who caused the harm)"
            let hinted = self.roles_in(&all);
            if let Some(main) = hinted
                .iter()
                .find(|r| matches!(r.who, Who::Victim | Who::Offender))
            {
                roles = vec![RoleAt {
                    start: 0,
                    end: raw.len(),
                    ..*main
                }];
            } else if roles.is_empty() {
                roles = hinted;
            }
        }
        roles.retain(|r| !is_object(raw, r.start));
        let topic = self
            .topics
            .iter()
            .filter_map(|(words, topic)| position(raw, words).map(|at| (at, words.len(), *topic)))
            .max_by_key(|(at, length, _)| (*length, std::cmp::Reverse(*at)));
        let covered = |at: usize| {
            roles.iter().any(|r| (r.start..r.end).contains(&at))
                || topic.is_some_and(|(start, length, _)| (start..start + length).contains(&at))
        };
        let accounted = raw.iter().enumerate().all(|(at, w)| {
            covered(at) || self.filler.contains(w) || w.chars().all(|c| c.is_ascii_digit()) || w.len() == 1
        });
        if strictness == Strictness::Every && !accounted {
            return None;
        }
        let person = match subject(&roles.iter().collect::<Vec<_>>()) {
            Some(Ok(person)) => Some(person),
            Some(Err(())) | None => None,
        };
        let you = Person {
            who: Who::You,
            number: None,
            of: None,
        };
        match (topic.map(|(_, _, topic)| topic), person) {
            (Some(Topic::Office), _) => Some(Section::Office),
            (Some(Topic::Instructions), None) => Some(Section::Instructions),
            (Some(Topic::Consent), _) => Some(Section::Consent(person)),
            (Some(Topic::Risk), None) => Some(Section::Risk),
            (Some(Topic::Offence), None) => Some(Section::Offence(None)),
            (Some(Topic::Offence), Some(person)) if !accounted => Some(Section::Offence(Some(person))),
            (_, Some(person)) => Some(Section::Person(person)),
            (Some(Topic::You), None) => Some(Section::Person(you)),
            (None, None) => None,
        }
    }
}

/// Whether a label may be told by single words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wording {
    Known,
    Any,
}

/// Could be a label in unknown wording: one line without numbers, addresses or sentences.
fn is_short_question(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let unnumbered = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
    let inner = unnumbered.trim().trim_end_matches(['.', '?', ':']);
    !text.trim().contains('\n')
        && digits <= MAX_LABEL_DIGITS
        && !inner.contains(['@', '☐', '☒', '!'])
        && !inner.contains(". ")
        && !inner.contains(':')
        && text.split_whitespace().count() <= MAX_GUESSED_WORDS
}

/// How much of a heading must be known words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// A role or topic somewhere in it is enough: it is drawn as a heading.
    Some,
    /// Every word: it is drawn as a plain line.
    Every,
}

#[derive(Debug, Clone, Copy)]
struct RoleAt {
    start: usize,
    end: usize,
    who: Who,
    number: Option<u8>,
}

/// The one person that the roles of a label mean. `Some(Err)` where they contradict each other.
fn subject(roles: &[&RoleAt]) -> Option<Result<Person, ()>> {
    let helper = roles
        .iter()
        .find(|r| matches!(r.who, Who::Supporter | Who::AppropriateAdult | Who::Professional));
    let mut mains: Vec<&&RoleAt> = roles
        .iter()
        .filter(|r| !matches!(r.who, Who::Supporter | Who::AppropriateAdult | Who::Professional))
        .collect();
    mains.dedup_by_key(|r| r.who);
    match (helper, mains.as_slice()) {
        (None, []) => None,
        (None, [main]) => Some(Ok(Person {
            who: main.who,
            number: main.number,
            of: None,
        })),
        (None, [first, second]) if second.who == Who::Party && first.who == Who::Other => Some(Ok(Person {
            who: first.who,
            number: first.number,
            of: None,
        })),
        (Some(helper), mains) if mains.len() < 2 => Some(Ok(Person {
            who: helper.who,
            number: helper.number,
            of: mains.first().map(|m| m.who),
        })),
        (_, _) => Some(Err(())),
    }
}

/// A role after "with", "to" ... is whom something is done to, not whose field it is.
fn is_object(raw: &[String], start: usize) -> bool {
    let before = raw.get(..start).unwrap_or_default();
    let word = before
        .iter()
        .rev()
        .find(|w| !matches!(w.as_str(), "the" | "a" | "an" | "your" | "their" | "his" | "her"));
    word.is_some_and(|w| {
        matches!(
            w.as_str(),
            "with" | "to" | "towards" | "between" | "go" | "against"
        )
    })
}

fn topics(words: &SectionWords) -> Vec<(Vec<String>, Topic)> {
    [
        (&words.offence, Topic::Offence),
        (&words.consent, Topic::Consent),
        (&words.risk, Topic::Risk),
        (&words.office, Topic::Office),
        (&words.instructions, Topic::Instructions),
        (&words.you, Topic::You),
    ]
    .into_iter()
    .flat_map(|(phrases, topic)| phrases.iter().map(move |p| (tokens(p), topic)))
    .filter(|(words, _)| !words.is_empty())
    .collect()
}

fn position(haystack: &[String], needle: &[String]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// Greedy match of literals in order; linear.
fn wild_matches(pattern: &[String], words: &[&str]) -> bool {
    let anchored_start = pattern.first().is_some_and(|w| w != "*");
    let anchored_end = pattern.last().is_some_and(|w| w != "*");
    let mut at = 0;
    let mut exact_next = anchored_start;
    for literal in pattern {
        if literal == "*" {
            exact_next = false;
            continue;
        }
        let Some(rest) = words.get(at..) else { return false };
        let found = if exact_next {
            rest.first().filter(|w| **w == literal.as_str()).map(|_| 0)
        } else {
            rest.iter().position(|w| *w == literal.as_str())
        };
        let Some(offset) = found else { return false };
        at += offset + 1;
        exact_next = true;
    }
    !anchored_end
        || at == words.len()
        || words
            .last()
            .is_some_and(|w| pattern.last().is_some_and(|p| p == w))
}

const FIRST_PERSON: [&str; 6] = ["you", "your", "i", "my", "me", "yourself"];
const THIRD_PERSON: [&str; 9] = [
    "their",
    "they",
    "them",
    "he",
    "she",
    "his",
    "her",
    "him",
    "themselves",
];
const EVERYBODY: [&str; 6] = ["each", "all", "both", "everyone", "everybody", "either"];
/// Small words without weight in a label.
const SMALL: [&str; 47] = [
    "the", "a", "an", "of", "and", "or", "is", "are", "was", "were", "been", "be", "being", "do", "does",
    "did", "has", "have", "had", "this", "that", "these", "those", "please", "to", "for", "in", "at", "on",
    "by", "with", "it", "there", "s", "am", "we", "us", "our", "any", "if", "so", "also", "would", "will",
    "as", "from", "into",
];
/// Words that may stand before a label without changing it.
const LEADING: [&str; 14] = [
    "what", "which", "state", "give", "enter", "full", "provide", "current", "main", "confirm", "write",
    "tell", "person", "named",
];
/// Words that may stand behind a label without changing it ("if known").
const TRAILING: [&str; 8] = [
    "known",
    "applicable",
    "available",
    "appropriate",
    "relevant",
    "optional",
    "possible",
    "required",
];
const SELF_HARMED: [&str; 9] = [
    "i was harmed",
    "i have been harmed",
    "i am a victim",
    "i am the victim",
    "i was a victim",
    "i was the victim",
    "i have been affected by",
    "i was affected by",
    "someone harmed me",
];
const SELF_CAUSED: [&str; 8] = [
    "i caused",
    "i harmed",
    "i have harmed",
    "i have caused",
    "i am the offender",
    "i committed",
    "i am responsible",
    "i did it",
];

/// The words of a label that carry its meaning.
fn content<'a>(raw: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    raw.map(String::as_str)
        .filter(|w| {
            !SMALL.contains(w)
                && !FIRST_PERSON.contains(w)
                && !THIRD_PERSON.contains(w)
                && !EVERYBODY.contains(w)
        })
        .collect()
}

fn pattern_words(phrase: &str) -> Vec<String> {
    let spaced = phrase.replace('*', " qqstarqq ");
    let raw = tokens(&spaced);
    content(raw.iter())
        .into_iter()
        .map(|w| {
            if w == "qqstarqq" {
                "*".to_owned()
            } else {
                w.to_owned()
            }
        })
        .collect()
}

/// Leading numbering: "Section 4", "PART 2", "1", "3.2", a single letter.
fn without_number(raw: &[String]) -> &[String] {
    let is_number = |w: &String| {
        w.chars().all(|c| c.is_ascii_digit()) || (w.len() == 1 && !matches!(w.as_str(), "i" | "m" | "a"))
    };
    match raw {
        [first, second, rest @ ..]
            if matches!(first.as_str(), "section" | "part" | "question")
                && (is_number(second) || second == "a") =>
        {
            rest
        }
        [first, rest @ ..] if is_number(first) && !rest.is_empty() => without_number(rest),
        _ => raw,
    }
}

/// The text without what stands in round brackets.
fn without_hints(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    if out.trim().is_empty() {
        text.to_owned()
    } else {
        out
    }
}

/// Words in lower case without punctuation; `victim's` is `victim`, `D.O.B.` is `dob`, `e-mail` is `email`.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '’' | '‘' | '`' => {
                let possessive = chars.peek().is_some_and(|n| matches!(n, 's' | 'S'));
                if possessive && !word.is_empty() {
                    let mut ahead = chars.clone();
                    ahead.next();
                    if ahead.peek().is_none_or(|n| !n.is_alphanumeric()) {
                        chars.next();
                    }
                }
            }
            '.' if word.chars().count() == 1 && chars.peek().is_some_and(|n| n.is_alphabetic()) => {
                let mut ahead = chars.clone();
                ahead.next();
                if ahead.peek().is_none_or(|n| !n.is_alphanumeric()) {
                    // an initial: D.O.B
                    if let Some(letter) = chars.next() {
                        word.extend(letter.to_lowercase());
                        push_initials(&mut word, &mut chars);
                    }
                    words.push(std::mem::take(&mut word));
                } else {
                    words.push(std::mem::take(&mut word));
                }
            }
            c if c.is_alphanumeric() => word.extend(c.to_lowercase()),
            _ => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    join_email(words)
}

fn push_initials(word: &mut String, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    loop {
        let mut ahead = chars.clone();
        if ahead.next() != Some('.') {
            return;
        }
        let Some(letter) = ahead.next().filter(|c| c.is_alphabetic()) else {
            return;
        };
        if ahead.peek().is_some_and(|n| n.is_alphanumeric()) {
            return;
        }
        word.extend(letter.to_lowercase());
        *chars = ahead;
    }
}

fn join_email(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let joins = matches!(word.as_str(), "mail" | "bost" | "mails");
        match out.last_mut() {
            Some(last) if joins && last == "e" => last.push_str(&word),
            Some(_) | None => out.push(word),
        }
    }
    out
}

/// A phrase as answers are compared: words joined by one space.
pub(super) fn spoken(text: &str) -> String {
    tokens(text).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> LabelBook {
        match LabelBook::default_book() {
            Ok(book) => book,
            Err(error) => panic!("{error}"),
        }
    }

    fn ask(text: &str) -> Option<(Field, Option<Who>)> {
        book().label(text).map(|m| (m.field, m.person.map(|p| p.who)))
    }

    #[test]
    fn labels_match_whatever_their_punctuation() {
        for text in [
            "D.O.B",
            "*D.O.B",
            "Date of Birth:",
            "DOB (Mandatory requirement)",
            "DATE OF BIRTH ......",
            "Dob",
            "5. Date of birth",
        ] {
            assert_eq!(ask(text), Some((Field::DateOfBirth, None)), "{text}");
        }
        assert_eq!(ask("Tel. Ext/ Email address"), Some((Field::PhoneAndEmail, None)));
        assert_eq!(ask("Name (SURNAME in capitals)"), Some((Field::Name, None)));
    }

    #[test]
    fn roles_inside_labels_are_taken_out() {
        for (text, field, who) in [
            ("Victim DOB", Field::DateOfBirth, Who::Victim),
            ("Date of birth of person harmed", Field::DateOfBirth, Who::Victim),
            (
                "What is the person responsible’s date of birth?",
                Field::DateOfBirth,
                Who::Offender,
            ),
            ("Name of the other person", Field::Name, Who::Other),
            ("Your neighbour's address", Field::Address, Who::Other),
            ("Parent of person responsible", Field::Name, Who::Supporter),
            ("Probation officer's telephone", Field::Phone, Who::Professional),
            (
                "Person responsible: agreed to contact",
                Field::ConsentContact,
                Who::Offender,
            ),
            (
                "Does the harmed person require an interpreter?",
                Field::Interpreter,
                Who::Victim,
            ),
            (
                "Has the person harmed (with a parent or carer if under 18) agreed to be contacted?",
                Field::ConsentContact,
                Who::Victim,
            ),
            ("Victim", Field::Name, Who::Victim),
            ("Offender", Field::Name, Who::Offender),
            ("Your name", Field::Name, Who::You),
            ("Their mobile", Field::Phone, Who::Them),
        ] {
            assert_eq!(ask(text), Some((field, Some(who))), "{text}");
        }
        assert_eq!(ask("Relationship to victim"), Some((Field::Relationship, None)));
        assert_eq!(
            ask("Information may go to the client"),
            Some((Field::ConsentShareOther, None))
        );
    }

    #[test]
    fn harmed_and_harmer_are_never_confused() {
        assert_eq!(ask("Harmer DOB"), Some((Field::DateOfBirth, Some(Who::Offender))));
        assert_eq!(ask("Harmed DOB"), Some((Field::DateOfBirth, Some(Who::Victim))));
        assert_eq!(ask("Harmex DOB"), None);
        assert_eq!(ask("Harme DOB"), None);
        let person = |text| match book().section(text, Strictness::Some) {
            Some(Section::Person(person)) => Some(person.who),
            Some(_) | None => None,
        };
        assert_eq!(person("Pupil who was harmed"), Some(Who::Victim));
        assert_eq!(person("Pupil who caused harm"), Some(Who::Offender));
        assert_eq!(person("Pupil who harmed"), Some(Who::Offender));
        assert_eq!(person("Person who has harmed you"), Some(Who::Offender));
    }

    #[test]
    fn headings_start_sections() {
        let of = |text| book().section(text, Strictness::Some);
        let person = |who, number| {
            Some(Section::Person(Person {
                who,
                number,
                of: None,
            }))
        };
        assert_eq!(
            of("Section C - the offender (leave empty if not known)"),
            person(Who::Offender, None)
        );
        assert_eq!(
            of("OTHER PERSON (who caused the harm)"),
            person(Who::Offender, None)
        );
        assert_eq!(of("Victim 2"), person(Who::Victim, Some(2)));
        assert_eq!(of("Second household"), person(Who::Party, Some(2)));
        assert_eq!(of("4. For the restorative service only"), Some(Section::Office));
        assert_eq!(of("Agreement to this referral"), Some(Section::Consent(None)));
        assert_eq!(
            of("3. What happened (completed with the client)"),
            Some(Section::Offence(None))
        );
        assert_eq!(
            book().section("The victim was very upset", Strictness::Every),
            None
        );
    }

    #[test]
    fn every_problem_of_a_label_file_is_told_at_once() {
        let text = LabelBook::default_text()
            .replace("[fields]\n", "[fields]\nshoe_size = [\"shoes\"]\n")
            .replace("who = \"witness\"", "who = \"bystander\"");
        let problems = match LabelBook::from_toml(&text) {
            Ok(_) => Vec::new(),
            Err(BookError(problems)) => problems,
        };
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
