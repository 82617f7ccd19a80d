//! All finders together: what a message's texts hold, and what stands in its place.
//!
//! The texts of one message are read together: whoever is met in one is recognised in all, and the same
//! person has the same initials everywhere.

use super::facts::{self, Bounds, Fact, Facts};
use super::initials::{Table, Who, narrowed};
use super::ner::NameModel;
use super::people::{Book, NameHit, Person, Piece, Reach};
use super::places::{Birth, Days, Shapes, age_after_name, birth};
use super::streets::with_next_street;
use super::suspects::Suspicion;
use super::unknown::{Unknown, UnknownHit, person_of};
use super::view::{View, squash};
use super::{RedactionSettings, Span};
use crate::domain::{EmailAddress, KnownCase, Party, SpanKind};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Shortest text of one person's single name that the second pass is told of.
const MIN_ORIGINAL: usize = 4;
/// Longest text that the second pass is told of, in bytes: what is longer is several things in a row, and
/// a search pattern of that length would cost more than it finds.
const MAX_ORIGINAL: usize = 200;

/// The people and strings of the cases, ready to be found.
pub(super) struct Known {
    book: Book,
    facts: Facts,
    births: BTreeSet<Birth>,
    emails: HashSet<String>,
    model: Option<&'static NameModel>,
}

impl Known {
    /// Reads the cases, and makes the name model ready where it is wanted.
    pub(super) fn new(cases: &[KnownCase], settings: &RedactionSettings) -> Self {
        let parties = || cases.iter().flat_map(|case| &case.referral.parties);
        let mut people: Vec<Person> = parties().filter_map(person_of_party).collect();
        people.extend(cases.iter().filter_map(self_referrer));
        let births = parties()
            .filter_map(|party| party.date_of_birth.as_deref()?.parse::<Date>().ok())
            .map(birth)
            .collect();
        let emails = parties()
            .flat_map(|party| &party.emails)
            .map(|email| email.to_lowercase())
            .collect();
        let facts = Facts::new(facts::of_cases(cases, &settings.reference_prefixes), Bounds::Free);
        Self {
            book: Book::new(people, Reach::Wide),
            facts,
            births,
            emails,
            model: settings.name_model.then(NameModel::shared).flatten(),
        }
    }

    /// Whether everything known can really be searched for.
    pub(super) fn is_sound(&self) -> bool {
        self.book.is_sound() && self.facts.is_sound()
    }

    /// Whether somebody, or a number or address of theirs, stands in a text.
    pub(super) fn is_in(&self, view: &View) -> bool {
        !self.book.find(view).is_empty() || !self.facts.find(view).is_empty()
    }

    /// Everybody named in a text.
    pub(super) fn names(&self, view: &View) -> Vec<NameHit> {
        self.book.find(view)
    }

    /// Whether a participant has this address, or its user name says who they are.
    pub(super) fn names_participant(&self, address: &EmailAddress) -> bool {
        let whole = address.expose_address().to_lowercase();
        self.emails.contains(&whole) || !self.book.find(&View::new(address.expose_local_part())).is_empty()
    }
}

fn self_referrer(case: &KnownCase) -> Option<Person> {
    let referrer = &case.referral.referrer;
    let named = referrer.is_self_referral == Some(true);
    let mut person = Person::from_full_name(referrer.name.as_deref().filter(|_| named)?);
    person.user_names = referrer
        .email
        .iter()
        .filter_map(|email| local_part(email))
        .collect();
    Some(person)
}

fn local_part(email: &str) -> Option<String> {
    email.split_once('@').map(|(local, _)| local.to_owned())
}

fn person_of_party(party: &Party) -> Option<Person> {
    let mut person = Person::from_full_name(party.name.as_deref().unwrap_or_default());
    person.known_as = party
        .known_as
        .iter()
        .flat_map(|names| names.split([',', '/', ';']))
        .map(|n| n.trim().to_owned())
        .collect();
    person.known_as.retain(|name| !name.is_empty());
    person.user_names = party
        .emails
        .iter()
        .filter_map(|email| local_part(email))
        .collect();
    person.title = party.title.as_deref().map(squash);
    person.female = female(party);
    let named = person.given.is_some() || !person.known_as.is_empty() || !person.user_names.is_empty();
    named.then_some(person)
}

fn female(party: &Party) -> Option<bool> {
    let word = |text: &Option<String>| text.as_deref().map(squash).unwrap_or_default();
    match (word(&party.gender).as_str(), word(&party.title).as_str()) {
        ("female" | "f" | "woman" | "girl", _) => Some(true),
        ("male" | "m" | "man" | "boy", _) => Some(false),
        (_, "mrs" | "ms" | "miss") => Some(true),
        (_, "mr" | "master") => Some(false),
        (_, _) => None,
    }
}

/// What one message tells beside its texts.
#[derive(Default)]
pub(super) struct Setting {
    /// Lower-case words of the sender's and recipients' names: they may stay.
    pub(super) professionals: HashSet<String>,
    /// Addresses that may stay, lower case.
    pub(super) addresses: Vec<String>,
    /// When it was written.
    pub(super) written: Option<Date>,
}

/// What the texts of one message hold.
pub(super) struct Findings {
    /// For each text its spans, in order, without overlaps; offsets are bytes of the text as given.
    pub(super) spans: Vec<Vec<Span>>,
    /// Texts that must not be left anywhere.
    pub(super) originals: Vec<String>,
    /// The name model was needed and is not there.
    pub(super) undecided: bool,
}

enum What {
    Person(Vec<Who>, NameHit),
    Thing(SpanKind),
}

struct Mark {
    start: usize,
    end: usize,
    what: What,
}

/// Reads all texts of one message.
pub(super) fn find_all(
    texts: &[&str],
    known: &Known,
    setting: &Setting,
    settings: &RedactionSettings,
) -> Findings {
    let views: Vec<View> = texts.iter().map(|text| View::new(text)).collect();
    let mut own: Vec<String> = settings
        .own_addresses
        .iter()
        .map(|own| own.to_lowercase())
        .collect();
    own.push(format!("@{}", settings.own_domain.to_lowercase()));
    own.extend(setting.addresses.iter().cloned());
    let own_squashed: Vec<String> = own.iter().map(|own| squash(own)).collect();
    let mut shapes = Shapes {
        prefixes: &settings.reference_prefixes,
        own_addresses: &own,
        births: &known.births,
        written: setting.written,
    };
    let days: Vec<Days> = views.iter().map(|view| shapes.days(view)).collect();
    let told = views
        .iter()
        .zip(&days)
        .flat_map(|(view, days)| shapes.told_births(&view.text, days));
    let births: BTreeSet<Birth> = known.births.iter().copied().chain(told).collect();
    shapes.births = &births;
    let unknown = Unknown {
        professionals: &setting.professionals,
        known: &known.book,
    };
    let suspicions = Suspicion::of_all(&views, known.model);
    let read = views.iter().zip(&suspicions);
    let hits: Vec<Vec<UnknownHit>> = read
        .map(|(view, suspicion)| unknown.find(view, suspicion))
        .collect();
    let met = Book::new(people_met(&views, &hits, known), Reach::Narrow);
    let pieces: Vec<Vec<(usize, usize, SpanKind)>> = views
        .iter()
        .zip(&suspicions)
        .zip(&days)
        .map(|((view, suspicion), days)| {
            let seen = suspicion.addresses(view).into_iter();
            let seen = seen.map(|(start, end)| (start, end, SpanKind::Address));
            let all = shapes.find(view, days).into_iter().chain(seen);
            all.map(|piece| with_next_street(&view.text, piece)).collect()
        })
        .collect();
    let told = Facts::new(told_facts(&views, &pieces), Bounds::Whole);
    let reader = Reader {
        known,
        met: &met,
        met_by_name: by_name(&met),
        told: &told,
        setting,
        own: &own_squashed,
    };
    let marks: Vec<Vec<Mark>> = views
        .iter()
        .zip(&suspicions)
        .zip(&hits)
        .zip(pieces)
        .map(|(((view, suspicion), hits), pieces)| reader.marks(view, suspicion, hits, pieces))
        .collect();
    let table = Table::new(&appearing(&marks, known, &met));
    let mut findings = Findings {
        spans: Vec::new(),
        originals: Vec::new(),
        undecided: suspicions.iter().any(|suspicion| suspicion.undecided),
    };
    let mut originals = BTreeSet::new();
    for (view, marks) in views.iter().zip(marks) {
        findings
            .spans
            .push(spans_of(view, marks, &table, &reader, &mut originals));
    }
    findings.originals = originals.into_iter().collect();
    findings
}

/// Everybody met, fuller names first, without repeats and without parts of fuller names.
fn people_met(views: &[View], hits: &[Vec<UnknownHit>], known: &Known) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    let mut seen: HashSet<(String, String)> = HashSet::new();
    let mut parts: HashSet<String> = HashSet::new();
    let all = || {
        views.iter().zip(hits).flat_map(|(view, hits)| {
            hits.iter()
                .filter(|hit| hit.sure)
                .map(move |hit| person_of(view, hit))
        })
    };
    let (full, single): (Vec<Person>, Vec<Person>) =
        all().partition(|person| person.given.is_some() && person.surname.is_some());
    for person in full.into_iter().chain(single) {
        let given = person.given.as_deref().map(squash).unwrap_or_default();
        let surname = person.surname.as_deref().map(squash).unwrap_or_default();
        let lone = given.is_empty() || surname.is_empty();
        let part = if given.is_empty() { &surname } else { &given };
        if lone && (parts.contains(part) || known.book.has_word(part)) {
            continue;
        }
        parts.extend([given.clone(), surname.clone()]);
        if seen.insert((given, surname)) {
            people.push(person);
        }
    }
    people
}

/// What was told once under a label is recognised everywhere.
fn told_facts(views: &[View], pieces: &[Vec<(usize, usize, SpanKind)>]) -> Vec<Fact> {
    let mut told = Vec::new();
    for (view, pieces) in views.iter().zip(pieces) {
        for (start, end, kind) in pieces {
            let lasting = match kind {
                SpanKind::Age
                | SpanKind::Date
                | SpanKind::DateOfBirth
                | SpanKind::Person
                | SpanKind::Location => false,
                SpanKind::Address
                | SpanKind::Postcode
                | SpanKind::Phone
                | SpanKind::Email
                | SpanKind::Org
                | SpanKind::CaseNumber
                | SpanKind::NationalId
                | SpanKind::Vehicle
                | SpanKind::Url
                | SpanKind::IpAddress
                | SpanKind::Account
                | SpanKind::Other => true,
            };
            if lasting && end - start <= MAX_ORIGINAL {
                told.push((squash(view.text.get(*start..*end).unwrap_or_default()), *kind));
            }
        }
    }
    told
}

/// Given name and surname, letters and digits only.
type Name = (Option<String>, Option<String>);

fn name_of(person: &Person) -> Name {
    let plain = |name: &Option<String>| name.as_deref().map(squash);
    (plain(&person.given), plain(&person.surname))
}

/// The first of each name.
fn by_name(book: &Book) -> HashMap<Name, usize> {
    let people = book.people().iter().enumerate().rev();
    people.map(|(index, person)| (name_of(person), index)).collect()
}

/// What people's marks cover: their starts in order, each with the farthest end up to there.
struct Covered(Vec<(usize, usize)>);

impl Covered {
    fn by_people(marks: &[Mark]) -> Self {
        let people = marks.iter().filter(|mark| matches!(mark.what, What::Person(..)));
        let mut ranges: Vec<(usize, usize)> = people.map(|mark| (mark.start, mark.end)).collect();
        ranges.sort_unstable();
        let mut farthest = 0;
        for (_, end) in &mut ranges {
            farthest = farthest.max(*end);
            *end = farthest;
        }
        Self(ranges)
    }

    /// Whether one of them holds the whole mark.
    fn holds(&self, mark: &Mark) -> bool {
        let before = self.0.partition_point(|(start, _)| *start <= mark.start);
        before
            .checked_sub(1)
            .and_then(|last| self.0.get(last))
            .is_some_and(|(_, end)| mark.end <= *end)
    }
}

struct Reader<'a> {
    known: &'a Known,
    met: &'a Book,
    met_by_name: HashMap<Name, usize>,
    told: &'a Facts,
    setting: &'a Setting,
    /// Addresses that stay, letters and digits only.
    own: &'a [String],
}

impl Reader<'_> {
    fn marks(
        &self,
        view: &View,
        suspicion: &Suspicion,
        hits: &[UnknownHit],
        pieces: Vec<(usize, usize, SpanKind)>,
    ) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for (start, end, kind) in pieces
            .into_iter()
            .chain(self.known.facts.find(view))
            .chain(self.told.find(view))
        {
            marks.push(Mark {
                start,
                end,
                what: What::Thing(kind),
            });
        }
        let found = self.known.book.find(view);
        let covered: HashSet<usize> = found.iter().flat_map(|hit| hit.first..=hit.last).collect();
        for hit in found {
            let rest = view.text.get(hit.end..).unwrap_or_default();
            if let Some((start, end)) = age_after_name(rest) {
                marks.push(Mark {
                    start: hit.end + start,
                    end: hit.end + end,
                    what: What::Thing(SpanKind::Age),
                });
            }
            if is_of_a_stranger(view, &hit, hits, &covered) {
                continue;
            }
            let people = narrowed(view, &hit, self.known.book.people())
                .into_iter()
                .map(Who::Known)
                .collect();
            marks.push(self.person_mark(view, hit, people));
        }
        for hit in self.met.find(view) {
            // "From Callan": where the lists have it for a name and for no town, who was met is meant.
            let named = view.classes(hit.first).is_name() && !view.classes(hit.first).is_place();
            let is_place =
                hit.first == hit.last && suspicion.is_place(hit.first) && !named && !self.has_full_name(&hit);
            if self.is_meant(view, &hit) && !is_place && !self.is_in_own_address(view, &hit) {
                let people = hit.people.iter().copied().map(Who::Met).collect();
                marks.push(self.person_mark(view, hit, people));
            }
        }
        // Somebody whose name is known is no street, whatever the model takes them for; nor is the sender.
        let named = Covered::by_people(&marks);
        marks.retain(|mark| {
            !matches!(mark.what, What::Thing(SpanKind::Address))
                || !(named.holds(mark) || self.names_professionals(view, mark))
        });
        for hit in hits {
            marks.extend(self.first_sight(view, hit));
        }
        marks.extend(self.signed_initials(view));
        merge(marks)
    }

    /// Every word of it is of the sender's or a recipient's name.
    fn names_professionals(&self, view: &View, mark: &Mark) -> bool {
        let first = view.tokens.partition_point(|token| token.start < mark.start);
        let end = view.tokens.partition_point(|token| token.end <= mark.end);
        first < end && (first..end).all(|at| self.setting.professionals.contains(view.low(at)))
    }

    /// `dp` on a line of its own below a letter: the initials of somebody who is named in full elsewhere.
    fn signed_initials(&self, view: &View) -> Vec<Mark> {
        let people = self.met.people().iter().enumerate();
        let initials: HashMap<String, usize> = people
            .rev()
            .filter(|(_, person)| person.given.is_some() && person.surname.is_some())
            .map(|(index, person)| (squash(&person.initials()), index))
            .filter(|(letters, _)| letters.len() > 1)
            .collect();
        let longest = initials.keys().map(String::len).max().unwrap_or_default();
        let is_line = |at: usize| {
            let thanks = matches!(
                at.checked_sub(1).map(|before| view.low(before)),
                Some("thanks" | "thx" | "regards" | "cheers")
            );
            let begins = at == 0 || thanks || view.gap_before(at).contains(['\n', '.', '?', '!']);
            let ends = at + 1 >= view.tokens.len() || view.gap_after(at).contains('\n');
            let named = self.met.has_word(view.low(at + 1)) && view.gap_after(at) == " ";
            begins && (ends || named)
        };
        let mut marks = Vec::new();
        for (at, token) in view.tokens.iter().enumerate() {
            let low = view.low_of(token);
            let whose = (low.len() <= longest).then(|| initials.get(low)).flatten();
            let Some(index) = whose.filter(|_| is_line(at)) else {
                continue;
            };
            let people = vec![Who::Met(*index)];
            let hit = NameHit {
                first: at,
                last: at,
                start: token.start,
                end: token.end,
                piece: Piece::InitialAndSurname,
                people: Vec::new(),
            };
            marks.push(Mark {
                start: token.start,
                end: token.end,
                what: What::Person(people, hit),
            });
        }
        marks
    }

    /// Where an unknown person was met: the whole of it goes, whatever the book makes of its parts.
    fn first_sight(&self, view: &View, hit: &UnknownHit) -> Option<Mark> {
        let (start, end) = (view.tokens.get(hit.first)?.start, view.tokens.get(hit.last)?.end);
        let person = person_of(view, hit);
        let whose = self.met_by_name.get(&name_of(&person));
        let people: Vec<Who> = whose.copied().map(Who::Met).into_iter().collect();
        let piece = if hit.titled { Piece::Surname } else { Piece::Given };
        let hit = NameHit {
            first: hit.first,
            last: hit.last,
            start,
            end,
            piece,
            people: Vec::new(),
        };
        (!self.is_in_own_address(view, &hit)).then(|| self.person_mark(view, hit, people))
    }

    /// Whether one of those who were met and may be meant is known by given name and surname.
    fn has_full_name(&self, hit: &NameHit) -> bool {
        let mut people = hit
            .people
            .iter()
            .filter_map(|index| self.met.people().get(*index));
        people.any(|person| person.given.is_some() && person.surname.is_some())
    }

    /// "Mid Anglia" within an address of midanglia.example, which stays.
    fn is_in_own_address(&self, view: &View, hit: &NameHit) -> bool {
        compound(view, hit.start, hit.end).is_some_and(|(start, end, kind)| {
            let name = squash(view.text.get(hit.start..hit.end).unwrap_or_default());
            let text = squash(view.text.get(start..end).unwrap_or_default());
            // What stands beside the own address, such as the path of a page, is not its own.
            let is_own = |own: &String| own.contains(&name) && text.contains(own.as_str());
            matches!(kind, SpanKind::Email | SpanKind::Url) && self.own.iter().any(is_own)
        })
    }

    /// A name met elsewhere, here: written as a name, and not the sender's or a recipient's.
    fn is_meant(&self, view: &View, hit: &NameHit) -> bool {
        let words = || (hit.first..=hit.last).filter(|at| !view.classes(*at).is_title());
        let professional = words().all(|at| self.setting.professionals.contains(view.low(at)));
        let ranked = hit
            .first
            .checked_sub(1)
            .is_some_and(|at| view.classes(at).is_rank() && view.is_capital(at));
        let capital = words().any(|at| view.is_capital(at) || view.classes(at).is_given_name());
        // "www.stallybrass-antiques.example.com": addresses are written small.
        let in_address = || {
            let kind = compound(view, hit.start, hit.end).map(|(_, _, kind)| kind);
            let is_word = words().all(|at| view.classes(at).is_english());
            matches!(kind, Some(SpanKind::Email | SpanKind::Url)) && !is_word
        };
        let capital = capital || in_address();
        !professional && !ranked && capital
    }

    fn person_mark(&self, view: &View, hit: NameHit, people: Vec<Who>) -> Mark {
        let (start, end) = (hit.start, hit.end);
        match compound(view, start, end) {
            Some((start, end, SpanKind::Person)) => Mark {
                start,
                end,
                what: What::Person(people, hit),
            },
            Some((start, end, kind)) => Mark {
                start,
                end,
                what: What::Thing(kind),
            },
            None => Mark {
                start,
                end,
                what: What::Person(people, hit),
            },
        }
    }

    fn person(&self, who: Who) -> Option<&Person> {
        match who {
            Who::Known(index) => self.known.book.people().get(index),
            Who::Met(index) => self.met.people().get(index),
        }
    }
}

/// A known given name or surname within the longer name of somebody else: the stranger's mark takes it in.
fn is_of_a_stranger(view: &View, hit: &NameHit, hits: &[UnknownHit], covered: &HashSet<usize>) -> bool {
    let single = matches!(hit.piece, Piece::Given | Piece::Surname);
    let within = |other: &&UnknownHit| other.first <= hit.first && hit.last <= other.last;
    single
        && hits.iter().find(within).is_some_and(|other| {
            (other.name..=other.last).any(|at| !covered.contains(&at) && view.low(at).chars().count() > 2)
        })
}

/// The user name, address, file name or link that a name is part of.
fn compound(view: &View, start: usize, end: usize) -> Option<(usize, usize, SpanKind)> {
    let part = |c: char| {
        let joins = matches!(
            c,
            '.' | '_' | '-' | '@' | '+' | '/' | '%' | '=' | '?' | '&' | '#' | ':' | '~' | '\\'
        );
        joins || c.is_alphanumeric()
    };
    let before = view.text.get(..start)?;
    let after = view.text.get(end..)?;
    let from = start
        - before
            .chars()
            .rev()
            .take_while(|c| part(*c))
            .map(char::len_utf8)
            .sum::<usize>();
    let to = end
        + after
            .chars()
            .take_while(|c| part(*c))
            .map(char::len_utf8)
            .sum::<usize>();
    if from == start && to == end {
        return None;
    }
    let run = view.text.get(from..to)?;
    let tail = run.len()
        - run
            .trim_end_matches(['.', '-', ':', '/', '?', '&', '=', '%', '#'])
            .len();
    let head = run.len()
        - run
            .trim_start_matches(['.', '-', ':', '/', '?', '&', '=', '%', '#'])
            .len();
    let (from, to) = ((from + head).min(start), (to - tail).max(end));
    let run = view.text.get(from..to)?;
    if from == start && to == end {
        return None;
    }
    let chars: Vec<char> = run.chars().collect();
    let inner_dot = chars
        .windows(3)
        .any(|w| matches!(w, [a, '.', b] if a.is_alphanumeric() && (b.is_lowercase() || b.is_ascii_digit())));
    if run.contains('@') {
        return Some((from, to, SpanKind::Email));
    }
    if (run.contains('/') && inner_dot) || run.contains("://") {
        return Some((from, to, SpanKind::Url));
    }
    if inner_dot && !run.contains('@') && ends_in_domain(run) {
        return Some((from, to, SpanKind::Url));
    }
    if inner_dot && ends_in_file_type(run) {
        return Some((from, to, SpanKind::Other));
    }
    let name = run.contains('_')
        || inner_dot
        || (run.chars().any(|c| c.is_ascii_digit()) && !run.contains(['/', ':']));
    name.then_some((from, to, SpanKind::Person))
}

/// `janesmith.co.uk`: the host name of a person's own pages.
fn ends_in_domain(run: &str) -> bool {
    let last = run.rsplit('.').next().unwrap_or_default().to_lowercase();
    matches!(
        last.as_str(),
        "com" | "org" | "net" | "edu" | "gov" | "uk" | "eu" | "info" | "example"
    )
}

/// `Lisa_resume.doc`: a file.
fn ends_in_file_type(run: &str) -> bool {
    let last = run.rsplit('.').next().unwrap_or_default().to_lowercase();
    matches!(
        last.as_str(),
        "doc"
            | "docx"
            | "pdf"
            | "xls"
            | "xlsx"
            | "csv"
            | "txt"
            | "rtf"
            | "odt"
            | "jpg"
            | "jpeg"
            | "png"
            | "ppt"
            | "pptx"
            | "msg"
            | "eml"
            | "zip"
    )
}

/// Overlapping marks become one: the union, under the stronger kind.
fn merge(mut marks: Vec<Mark>) -> Vec<Mark> {
    marks.retain(|mark| mark.start < mark.end);
    marks.sort_by_key(|mark| (mark.start, usize::MAX - mark.end));
    let mut merged: Vec<Mark> = Vec::new();
    for mark in marks {
        match merged.last_mut() {
            Some(open) if mark.start < open.end => {
                let end = open.end.max(mark.end);
                let start = open.start;
                if strength(&mark) > strength(open) {
                    open.what = mark.what;
                }
                (open.start, open.end) = (start, end);
            }
            Some(_) | None => merged.push(mark),
        }
    }
    merged
}

/// Which of two overlapping marks names the whole.
fn strength(mark: &Mark) -> (u8, usize) {
    let rank = match &mark.what {
        What::Thing(SpanKind::Url) => 9,
        What::Thing(SpanKind::Email) => 8,
        What::Thing(SpanKind::Address | SpanKind::Org) => 7,
        What::Person(people, _) if people.iter().any(|who| matches!(who, Who::Known(_))) => 6,
        What::Person(people, _) if !people.is_empty() => 5,
        What::Person(_, _) => 4,
        What::Thing(SpanKind::DateOfBirth | SpanKind::Age) => 3,
        What::Thing(
            SpanKind::Postcode
            | SpanKind::Phone
            | SpanKind::CaseNumber
            | SpanKind::NationalId
            | SpanKind::Vehicle
            | SpanKind::IpAddress
            | SpanKind::Account,
        ) => 2,
        What::Thing(SpanKind::Person | SpanKind::Date | SpanKind::Location | SpanKind::Other) => 1,
    };
    (rank, mark.end - mark.start)
}

fn appearing<'a>(marks: &[Vec<Mark>], known: &'a Known, met: &'a Book) -> BTreeMap<Who, &'a Person> {
    let mut people = BTreeMap::new();
    for mark in marks.iter().flatten() {
        if let What::Person(who, _) = &mark.what
            && let [who] = who.as_slice()
        {
            let person = match who {
                Who::Known(index) => known.book.people().get(*index),
                Who::Met(index) => met.people().get(*index),
            };
            people.extend(person.map(|person| (*who, person)));
        }
    }
    people
}

fn spans_of(
    view: &View,
    marks: Vec<Mark>,
    table: &Table,
    reader: &Reader<'_>,
    originals: &mut BTreeSet<String>,
) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for mark in marks {
        let (start, end) = view.original_range(mark.start, mark.end);
        let (kind, replacement) = match &mark.what {
            What::Person(people, hit) => {
                let candidates: Vec<(Who, &Person)> = people
                    .iter()
                    .filter_map(|who| Some((*who, reader.person(*who)?)))
                    .collect();
                (SpanKind::Person, table.replacement(view, hit, &candidates))
            }
            What::Thing(kind) => (*kind, word_for(*kind).to_owned()),
        };
        let text = view.text.get(mark.start..mark.end).unwrap_or_default();
        // "Mid Anglia" of a service whose domain is midanglia.example: its address stays.
        let in_own_address = || {
            let of_stranger = matches!(&mark.what, What::Person(people, _) if !people.iter().any(|who| matches!(who, Who::Known(_))));
            of_stranger && reader.own.iter().any(|own| own.contains(&squash(text)))
        };
        let is_new = text.len() <= MAX_ORIGINAL && !originals.contains(text);
        if is_new && is_telling(text, kind) && !in_own_address() {
            originals.insert(text.to_owned());
        }
        match spans.last_mut() {
            Some(last) if start < last.end => last.end = last.end.max(end),
            Some(_) | None => spans.push(Span {
                start,
                end,
                kind,
                replacement,
            }),
        }
    }
    spans
}

/// Whether the second pass should look for a replaced text: what is an ordinary word elsewhere is not.
fn is_telling(text: &str, kind: SpanKind) -> bool {
    match kind {
        SpanKind::Age | SpanKind::Date => false,
        SpanKind::Person => {
            let view = View::new(text);
            let mut proper = (0..view.tokens.len()).filter(|at| !view.classes(*at).is_title());
            let is_ordinary =
                |at: usize| view.classes(at).is_plain_word() || view.classes(at).is_common_name();
            match (proper.next(), proper.next()) {
                (None, _) => false,
                (Some(at), None) => {
                    view.low(at).chars().count() >= MIN_ORIGINAL
                        && view.classes(at).is_given_name()
                        && !view.classes(at).is_place()
                        && !is_ordinary(at)
                }
                (Some(first), Some(second)) => ![first, second].into_iter().chain(proper).all(is_ordinary),
            }
        }
        SpanKind::Address
        | SpanKind::Postcode
        | SpanKind::Phone
        | SpanKind::Email
        | SpanKind::DateOfBirth
        | SpanKind::Location
        | SpanKind::Org
        | SpanKind::CaseNumber
        | SpanKind::NationalId
        | SpanKind::Vehicle
        | SpanKind::Url
        | SpanKind::IpAddress
        | SpanKind::Account
        | SpanKind::Other => squash(text).chars().count() >= MIN_ORIGINAL,
    }
}

/// What stands in place of everything that is no person.
pub(super) fn word_for(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Person => "[name]",
        SpanKind::Address => "[address]",
        SpanKind::Postcode => "[postcode]",
        SpanKind::Phone => "[phone]",
        SpanKind::Email => "[email]",
        SpanKind::DateOfBirth => "[date of birth]",
        SpanKind::Age => "[age]",
        SpanKind::Date => "[date]",
        SpanKind::Location => "[place]",
        SpanKind::Org => "[organisation]",
        SpanKind::CaseNumber => "[reference]",
        SpanKind::NationalId => "[number]",
        SpanKind::Vehicle => "[vehicle]",
        SpanKind::Url => "[link]",
        SpanKind::IpAddress => "[address]",
        SpanKind::Account => "[account]",
        SpanKind::Other => "[removed]",
    }
}

/// A text with its spans replaced.
pub(super) fn cut(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    // Control characters show nothing and can hide or fake what is read: they go.
    let shown = |text: &str| -> String {
        text.chars()
            .filter(|c| matches!(c, '\t' | '\n' | '\r') || !c.is_ascii_control())
            .collect()
    };
    for span in spans {
        out.push_str(&shown(text.get(from..span.start).unwrap_or_default()));
        out.push_str(&span.replacement);
        from = span.end;
    }
    out.push_str(&shown(text.get(from..).unwrap_or_default()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_rebuilt_text() {
        assert_eq!(cut("a\u{1b}[1mb\u{8}\tc\n", &[]), "a[1mb\tc\n");
    }
}
