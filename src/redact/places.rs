//! Things found by their shape: identifiers, address lines, dates of birth, ages, handles.

use super::streets;
use super::view::View;
use crate::domain::dates::{self, DateUse, FoundDate, ReadDate};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{CaseReference, SpanKind, opens_word};
use jiff::civil::Date;
use regex::{Captures, Regex};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Longest way from a label such as "born" to its date, in bytes.
const LABEL_TO_DATE: usize = 24;
/// Longest way between two spellings of a date of birth in one bracket, in bytes.
const NEXT_SPELLING: usize = 48;
/// A whole date this many years before the mail is taken for a date of birth.
const YEARS_OF_A_BIRTH: i16 = 12;
/// Longest gap between two boxes with a digit each, in bytes.
const MAX_BOX_GAP: usize = 4;
/// Longest path of a web address that stays.
const MAX_PLAIN_PATH: usize = 24;

/// A date of birth: year of the century, month, day. Two-digit years make the century unsafe.
pub(super) type Birth = (i16, i8, i8);

/// The key of a date for comparing.
pub(super) fn birth(date: Date) -> Birth {
    (date.year().rem_euclid(100), date.month(), date.day())
}

#[allow(clippy::expect_used)] // constants of this file; the tests run them
pub(super) fn constant(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// A pattern that is tried where words start, and nowhere else: see [`at_word`].
pub(super) fn at_start(text: &str) -> Regex {
    constant(&format!("^(?:{text})"))
}

static BIRTH_LABEL: LazyLock<Regex> =
    LazyLock::new(|| at_start(r"(?i)\b(?:d\.? ?o\.? ?b\b\.?|dates? of birth|birth ?dates?|birthdays?|born)"));
static SIX_DIGITS: LazyLock<Regex> = LazyLock::new(|| at_start(r"\b(\d\d)(\d\d)(\d\d)\b"));
static DAY_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    let months = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
    let tens = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[ -][a-z]{5,7}|thirtieth|thirty[ -]first";
    let years = "nineteen [a-z]{3,9}(?:[ -][a-z]{3,5})?|two thousand(?: and)? [a-z]{3,9}";
    constant(&format!(
        r"(?i)\b(?:\d{{1,2}}(?:st|nd|rd|th)?|{tens}) (?:of )?(?:{months})\b(?:,? (?:{years}|\d{{4}})\b)?|\b(?:{months}) (?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?|{tens})\b"
    ))
});
static SPACED_PHONE: LazyLock<Regex> = LazyLock::new(|| at_start(r"\b0(?:[ .-]{1,2}\d){9,10}\b"));
/// "oh one six three two, nine six oh, one one four".
static SPOKEN_PHONE: LazyLock<Regex> = LazyLock::new(|| {
    let digit = "(?:(?:double|treble|triple)[ -])?(?:zero|nought|oh|o|one|two|three|four|five|six|seven|eight|nine|hundred)";
    at_start(&format!(
        r"(?i)\b(?:double[ -])?(?:zero|nought|oh|o)(?:[\s,.>-]{{1,4}}{digit}){{6,}}\b"
    ))
});
/// "D T 3 9 Q Y": a postcode as somebody spells it.
static SPELLED_POSTCODE: LazyLock<Regex> = LazyLock::new(|| {
    at_start(
        r"(?i)\b[a-z](?:[ .-]{1,2}[a-z])?[ .-]{1,2}\d(?:[ .-]{1,2}[a-z\d])?[ .,-]{1,3}\d[ .-]{1,2}[a-z][ .-]{1,2}[a-z]\b",
    )
});
/// Sort code and account number side by side.
static SORT_CODE_AND_ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    at_start(r"\b\d\d[ -]\d\d[ -]\d\d[ ,;/]{1,3}\d{8}\b|\b\d{8}[ ,;/]{1,3}\d\d-\d\d-\d\d\b")
});
/// The value in a column beside its label, where its shape alone tells nothing.
static COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    at_start(
        r"(?i)\b(?:post ?code[ \t]*:[ \t]{0,40}([a-z] ?[a-z]? ?\d ?[a-z\d]? ?\d ?[a-z] ?[a-z])\b|(?:crime|incident|occurrence)[ \t](?:ref|reference|no|number)\b\.?[ \t]*:[ \t]{0,40}((?:[a-z]{1,6}[-/]?)?\d[\da-z/-]{3,22})\b)",
    )
});
static SPOKEN_EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?i)\b[a-z0-9][a-z0-9._+-]*(?: ?[(\[{]at[)\]}] ?| at | @ )[a-z0-9-]+(?:(?: ?[(\[{]dot[)\]}] ?| dot )[a-z]{2,})+|\b[a-z0-9][a-z0-9._+-]*(?: ?[(\[{]at[)\]}] ?| @ ?|@ )[a-z0-9-]+(?:\.[a-z]{2,})+",
    )
});
static AGE_OF_NAMED: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^(?:'s)?(?: \((\d{1,2})\)| is (\d{1,2})(?:[.,;)\n]|$| and | years?)|, (\d{1,2})(?:[,.;)\n]|$))",
    )
});

/// Where the age stands in what follows a person's name: `(21)`, ` is 21`, `, 21,`.
pub(super) fn age_after_name(rest: &str) -> Option<(usize, usize)> {
    let found = AGE_OF_NAMED.captures(rest)?;
    let number = (1..=3).find_map(|group| found.get(group))?;
    Some((number.start(), number.end()))
}

static AGE: LazyLock<Regex> = LazyLock::new(|| {
    at_start(
        r"(?i)\b(?:aged?[: ]{1,2}(?:of )?(\d{1,3})\b(?: years?(?: old)?)?|(\d{1,3})[ -]?(?:years?|yrs?)[ -]olds?\b|(\d{1,2}) ?(?:yo|y/o)\b)",
    )
});
static HANDLE: LazyLock<Regex> = LazyLock::new(|| constant(r"^@[A-Za-z0-9_][A-Za-z0-9_.]{2,30}"));

/// A piece of the view and its kind.
pub(super) type Piece = (usize, usize, SpanKind);

/// What may be a date of birth in a text.
pub(super) struct Days {
    /// Where labels such as "born" end.
    labels: Vec<usize>,
    dates: Vec<FoundDate>,
    six_digits: Vec<(usize, usize, Birth)>,
    /// "9 April": first byte and the byte after the last.
    day_and_month: Vec<(usize, usize)>,
}

impl Days {
    /// Where the last label before a place ends.
    fn label_before(&self, at: usize) -> Option<usize> {
        let before = self.labels.partition_point(|end| *end <= at).checked_sub(1)?;
        self.labels.get(before).copied()
    }
}

/// The matches of a pattern that is tied to the start of a word, at the tokens where it may match, without overlaps: as if it
/// were searched for in the whole text, which takes many times longer. Places in a match count from the word.
pub(super) fn at_words<'v>(
    view: &'v View,
    pattern: &'static Regex,
    may_match: impl Fn(usize) -> bool + 'v,
) -> impl Iterator<Item = (usize, Captures<'v>)> + 'v {
    let mut free = 0;
    view.tokens.iter().enumerate().filter_map(move |(at, token)| {
        let fits = token.start >= free && may_match(at) && opens_word(&view.text, token.start);
        let word = view.text.get(token.start..).filter(|_| fits)?;
        // Most do not match, and asking for groups costs even then.
        let found = pattern.is_match(word).then(|| pattern.captures(word)).flatten()?;
        free = token.start + found.get(0)?.end();
        Some((token.start, found))
    })
}

fn may_label_birth(word: &str) -> bool {
    matches!(word, "d" | "do" | "dob" | "date" | "dates")
        || word.starts_with("birth")
        || word.starts_with("born")
}

/// Days that are told with a month's name, perhaps a year: every one is near such a name.
fn days_with_month(view: &View) -> Vec<(usize, usize)> {
    /// Longest way from the start to the month, and more than the longest from it to the end, in bytes.
    const REACH: usize = 64;
    let text = view.text.as_str();
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (at, token) in view.tokens.iter().enumerate() {
        let covered = stretches.last().map_or(0, |(_, to)| *to);
        if !view.classes(at).is_calendar() || token.end + REACH <= covered {
            continue;
        }
        let from = text.floor_char_boundary(token.start.saturating_sub(REACH));
        // Up to the end of a word: half of one would be another.
        let rest = text.get(text.ceil_char_boundary((token.end + REACH).min(text.len()))..);
        let rest = rest.unwrap_or_default();
        let to = text.len() - rest.len() + rest.find(char::is_whitespace).unwrap_or(rest.len());
        match stretches.last_mut() {
            Some(last) if from <= last.1 => last.1 = to,
            Some(_) | None => stretches.push((from, to)),
        }
    }
    let mut found = Vec::new();
    for (mut from, to) in stretches {
        let near = text.get(..to).unwrap_or_default();
        while let Some(day) = DAY_MONTH.find_at(near, from) {
            found.push((day.start(), day.end()));
            from = day.end();
        }
    }
    found
}

/// Lines that may hold "joe (at) gmail (dot) com" or "joe @ gmail.com", with their first byte.
fn lines_with_spoken_email(view: &View) -> Vec<(usize, &str)> {
    let text = view.text.as_str();
    let is_sign = |at: &usize| match view.low(*at) {
        "dot" => true,
        "at" => view.gap_before(*at).ends_with(['(', '[', '{']),
        _ => false,
    };
    let spoken = (0..view.tokens.len())
        .filter(is_sign)
        .filter_map(|at| Some(view.tokens.get(at)?.start));
    let spaced = text.match_indices('@').map(|(at, _)| at).filter(|at| {
        text.get(..*at).is_some_and(|before| before.ends_with(' '))
            || text.get(at + 1..).is_some_and(|after| after.starts_with(' '))
    });
    let mut signs: Vec<usize> = spoken.chain(spaced).collect();
    signs.sort_unstable();
    let mut lines = Vec::new();
    let mut free = 0;
    for sign in signs {
        if sign < free {
            continue;
        }
        let (before, after) = (text.get(free..sign), text.get(sign..));
        let start = before
            .and_then(|before| before.rfind('\n'))
            .map_or(free, |at| free + at + 1);
        let end = after
            .and_then(|after| after.find('\n'))
            .map_or(text.len(), |at| sign + at);
        lines.push((start, text.get(start..end).unwrap_or_default()));
        free = end;
    }
    lines
}

/// `@d_okafor01`, where a word could stand.
fn handles(text: &str) -> impl Iterator<Item = Piece> + '_ {
    text.match_indices('@').filter_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let stands_alone = |c: char| c.is_whitespace() || matches!(c, '(' | '[' | ',' | ':' | '\'' | '"');
        let found = HANDLE.find(text.get(at..).filter(|_| before.is_none_or(stands_alone))?)?;
        Some((
            at,
            at + found.end() - trailing_dots(found.as_str()),
            SpanKind::Person,
        ))
    })
}

/// What the shape finder needs to know.
pub(super) struct Shapes<'a> {
    /// Prefixes of our own references, which stay.
    pub(super) prefixes: &'a [String],
    /// Own addresses (`a@b.example`) and own domains (`@b.example`), lower case, which stay.
    pub(super) own_addresses: &'a [String],
    /// Dates of birth in the cases.
    pub(super) births: &'a BTreeSet<Birth>,
    /// When the mail was written, where known.
    pub(super) written: Option<Date>,
}

/// DDMMYYYY or DDMMYY.
fn day_of(digits: &str) -> Option<Date> {
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let year = match digits.len() {
        6 => number(4, 6)?,
        8 => number(4, 8)?,
        _ => return None,
    };
    let (day, month) = (
        i8::try_from(number(0, 2)?).ok()?,
        i8::try_from(number(2, 4)?).ok()?,
    );
    Date::new(year, month, day).ok()
}

impl Shapes<'_> {
    /// Identifiers, address lines, dates of birth, ages, handles.
    pub(super) fn find(&self, view: &View, days: &Days) -> Vec<Piece> {
        let text = view.text.as_str();
        let mut pieces = self.identifiers(text);
        let postcodes = pieces.iter().filter(|(_, _, kind)| *kind == SpanKind::Postcode);
        let lines: Vec<Piece> = postcodes
            .flat_map(|(start, end, _)| streets::above_postcode(text, *start, *end))
            .collect();
        pieces.extend(lines);
        pieces.extend(streets::find(view));
        pieces.extend(self.births_in(text, days));
        pieces.extend(self.births_in_boxes(view));
        for (start, found) in at_words(view, &AGE, |at| {
            matches!(view.low(at), "age" | "aged") || view.starts_with_digit(at)
        }) {
            let number = (1..=3).find_map(|group| found.get(group));
            if let (Some(all), Some(number)) = (found.get(0), number)
                && (1..=110).contains(&number.as_str().parse::<u16>().unwrap_or(0))
            {
                pieces.push((start, start + all.end(), SpanKind::Age));
            }
        }
        for (start, found) in at_words(view, &SPACED_PHONE, |at| view.low(at) == "0") {
            pieces.extend(found.get(0).map(|m| (start, start + m.end(), SpanKind::Phone)));
        }
        for (start, found) in at_words(view, &SPOKEN_PHONE, |at| {
            matches!(view.low(at), "zero" | "nought" | "oh" | "o" | "double")
        }) {
            pieces.extend(found.get(0).map(|m| (start, start + m.end(), SpanKind::Phone)));
        }
        for (start, found) in at_words(view, &SPELLED_POSTCODE, |at| {
            view.low(at).len() == 1 && view.low(at + 1).len() == 1 && !view.starts_with_digit(at)
        }) {
            pieces.extend(found.get(0).map(|m| (start, start + m.end(), SpanKind::Postcode)));
        }
        for (start, found) in at_words(view, &SORT_CODE_AND_ACCOUNT, |at| view.starts_with_digit(at)) {
            pieces.extend(found.get(0).map(|m| (start, start + m.end(), SpanKind::Account)));
        }
        for (start, found) in at_words(view, &COLUMN, |at| {
            matches!(
                view.low(at),
                "post" | "postcode" | "crime" | "incident" | "occurrence"
            )
        }) {
            let kinds = [(1, SpanKind::Postcode), (2, SpanKind::CaseNumber)];
            let value = kinds
                .into_iter()
                .find_map(|(group, kind)| Some((found.get(group)?, kind)));
            pieces.extend(value.map(|(m, kind)| (start + m.start(), start + m.end(), kind)));
        }
        for (from, line) in lines_with_spoken_email(view) {
            let found = SPOKEN_EMAIL.find_iter(line);
            pieces.extend(found.map(|m| (from + m.start(), from + m.end(), SpanKind::Email)));
        }
        pieces.extend(handles(text));
        pieces
    }

    fn identifiers(&self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for found in identifiers::find(text) {
            let written = text.get(found.start..found.end).unwrap_or_default();
            let kind = match found.kind {
                IdentifierKind::CollarNumber => continue,
                IdentifierKind::Phone => SpanKind::Phone,
                IdentifierKind::Email if self.is_own(&found.normal) => continue,
                IdentifierKind::Email => SpanKind::Email,
                IdentifierKind::Postcode => SpanKind::Postcode,
                IdentifierKind::Url if is_plain_page(written) => continue,
                IdentifierKind::Url => SpanKind::Url,
                IdentifierKind::IpAddress => SpanKind::IpAddress,
                IdentifierKind::Vehicle => SpanKind::Vehicle,
                IdentifierKind::BankAccount => SpanKind::Account,
                IdentifierKind::CrimeNumber
                | IdentifierKind::Urn
                | IdentifierKind::CourtCase
                | IdentifierKind::Asn => SpanKind::CaseNumber,
                IdentifierKind::PncId
                | IdentifierKind::Cro
                | IdentifierKind::Crn
                | IdentifierKind::PrisonNumber
                | IdentifierKind::NhsNumber
                | IdentifierKind::NiNumber
                | IdentifierKind::DrivingLicence
                | IdentifierKind::Passport => SpanKind::NationalId,
            };
            if CaseReference::find_all(self.prefixes, written).is_empty() {
                pieces.push((found.start, found.end, kind));
            }
        }
        pieces
    }

    /// Whether an address (lower case) is the service's or a partner's in this mail.
    pub(super) fn is_own(&self, address: &str) -> bool {
        let domain = address
            .rfind('@')
            .and_then(|at| address.get(at..))
            .unwrap_or_default();
        self.own_addresses
            .iter()
            .any(|own| own == address || own == domain)
    }

    fn today(&self) -> Date {
        /// Only two-digit years hang on it where a mail has no date.
        const NO_DATE: (i16, i8, i8) = (2030, 12, 31);
        let (year, month, day) = NO_DATE;
        self.written.unwrap_or(Date::constant(year, month, day))
    }

    /// What may be a date of birth in a text, read once: which of it is one may depend on what the whole message tells.
    pub(super) fn days(&self, view: &View) -> Days {
        let text = view.text.as_str();
        let labels = at_words(view, &BIRTH_LABEL, |at| may_label_birth(view.low(at)));
        let six = at_words(view, &SIX_DIGITS, |at| view.starts_with_digit(at));
        let number = |group: Option<regex::Match<'_>>| group.and_then(|m| m.as_str().parse::<i8>().ok());
        Days {
            labels: labels
                .filter_map(|(start, found)| Some(start + found.get(0)?.end()))
                .collect(),
            dates: dates::find(text, DateUse::Birth, self.today()),
            six_digits: six
                .filter_map(|(start, found)| {
                    let (day, month, year) = (
                        number(found.get(1))?,
                        number(found.get(2))?,
                        number(found.get(3))?,
                    );
                    Some((start, start + found.get(0)?.end(), (i16::from(year), month, day)))
                })
                .collect(),
            day_and_month: days_with_month(view),
        }
    }

    /// Dates under a label, dates known as somebody's birth, and dates too long ago to be anything else.
    fn births_in(&self, text: &str, days: &Days) -> Vec<Piece> {
        let mut found = Vec::new();
        let mut last_birth: Option<usize> = None;
        for date in &days.dates {
            let label = days.label_before(date.start);
            let labelled = label.is_some_and(|end| date.start - end <= LABEL_TO_DATE);
            let continued = last_birth.is_some_and(|end| {
                let between = text.get(end..date.start).unwrap_or_default();
                between.len() <= NEXT_SPELLING && !between.contains(['.', ')', '\n'])
            });
            let known = match date.date {
                ReadDate::Day { date: day, .. } => {
                    let written = text.get(date.start..date.end).unwrap_or_default();
                    // "4 June, 10.30am" is no year 2010.
                    let whole_year = written
                        .split(|c: char| !c.is_ascii_digit())
                        .any(|run| run.len() == 4);
                    let old = whole_year
                        && self
                            .written
                            .is_some_and(|written| written.year() - day.year() >= YEARS_OF_A_BIRTH);
                    self.births.contains(&birth(day)) || old
                }
                ReadDate::Month { .. } | ReadDate::Impossible => false,
            };
            if labelled || continued || known {
                found.push((date.start, date.end, SpanKind::DateOfBirth));
                last_birth = Some(date.end);
            }
        }
        let short = self.short_births(text, days, &found);
        found.extend(short);
        found
    }

    /// A form's boxes with a digit each ("0 | 3 | 1 | 1 | 1 | 9 | 5 | 1"), and a known birth glued to letters ("DOB03111951").
    fn births_in_boxes(&self, view: &View) -> Vec<Piece> {
        let mut found = Vec::new();
        let digit = |at: usize| view.low(at).len() == 1 && view.starts_with_digit(at);
        let joined = |at: usize| {
            let gap = view.gap_after(at);
            gap.len() <= MAX_BOX_GAP
                && gap
                    .chars()
                    .all(|c| c.is_whitespace() || matches!(c, '|' | '/' | '-' | '.'))
        };
        let mut at = 0;
        while let Some(token) = view.tokens.get(at) {
            let mut last = at;
            while digit(last) && digit(last + 1) && joined(last) {
                last += 1;
            }
            let digits: String = (at..=last).map(|place| view.low(place)).collect();
            let whole =
                digits.len() == 8 && day_of(&digits).is_some_and(|day| (1900..=2100).contains(&day.year()));
            let end = view.tokens.get(last).map_or(token.end, |token| token.end);
            if last > at && (whole || self.is_known_birth(&digits)) {
                found.push((token.start, end, SpanKind::DateOfBirth));
            } else if last == at && view.low(at).len() > 6 {
                let mut runs = view.low(at).split(|c: char| !c.is_ascii_digit());
                if runs.any(|run| self.is_known_birth(run)) {
                    found.push((token.start, token.end, SpanKind::DateOfBirth));
                }
            }
            at = last + 1;
        }
        found
    }

    /// DDMMYYYY or DDMMYY of somebody known.
    fn is_known_birth(&self, digits: &str) -> bool {
        day_of(digits).is_some_and(|day| self.births.contains(&birth(day)))
    }

    /// Whether a day with a month's name is the birthday of somebody known.
    fn is_known_day(&self, written: &str) -> bool {
        const MONTHS: [&str; 12] = [
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ];
        let words = super::view::words(written);
        let day = words
            .iter()
            .find_map(|word| word.trim_end_matches(char::is_alphabetic).parse::<i8>().ok());
        let month = MONTHS
            .iter()
            .position(|month| words.iter().any(|word| word.starts_with(month)))
            .and_then(|at| i8::try_from(at + 1).ok());
        self.births
            .iter()
            .any(|birth| Some(birth.1) == month && Some(birth.2) == day)
    }

    /// A known date of birth in six digits, and its day and month under a label. `births` are in order.
    fn short_births(&self, text: &str, days: &Days, births: &[Piece]) -> Vec<Piece> {
        let mut found = Vec::new();
        for (start, end, day) in &days.six_digits {
            if self.births.contains(day) {
                found.push((*start, *end, SpanKind::DateOfBirth));
            }
        }
        for (start, end) in days.day_and_month.iter().copied() {
            let same_clause = |label: usize| {
                let between = text.get(label..start).unwrap_or_default();
                !between.contains([',', '.', ';', '\n']) || !between.contains(char::is_alphabetic)
            };
            let labelled = days
                .label_before(start)
                .is_some_and(|label| start - label <= LABEL_TO_DATE && same_clause(label));
            let continues = || {
                let before = births
                    .partition_point(|(_, end, _)| *end <= start)
                    .checked_sub(1)
                    .and_then(|at| births.get(at));
                before.is_some_and(|(_, end, _)| {
                    let between = text.get(*end..start).unwrap_or(".");
                    between.len() <= NEXT_SPELLING && !between.contains(['.', '\n'])
                })
            };
            let written = text.get(start..end).unwrap_or_default();
            let spelt = || in_words(written).is_some_and(|day| self.births.contains(&day));
            if labelled || continues() && self.is_known_day(written) || spelt() {
                found.push((start, end, SpanKind::DateOfBirth));
            }
        }
        found
    }

    /// Births told in a text, to be recognised where they stand without a label.
    pub(super) fn told_births(&self, text: &str, days: &Days) -> Vec<Birth> {
        let found = self.births_in(text, days);
        let read = |(start, end, _): &Piece| {
            let written = text.get(*start..*end)?;
            match dates::parse(written, DateUse::Birth, self.today())? {
                ReadDate::Day { date, .. } => Some(birth(date)),
                ReadDate::Month { .. } | ReadDate::Impossible => None,
            }
        };
        found.iter().filter_map(read).collect()
    }
}

/// "the eighth of July nineteen seventy-nine"; its year may be in digits. `None` without a year.
fn in_words(written: &str) -> Option<Birth> {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 10] = [
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    const ORDINALS: [&str; 20] = [
        "",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth",
    ];
    let place = |list: &[&str], word: &str| list.iter().position(|one| *one == word && !one.is_empty());
    let words = super::view::words(written);
    let month_at = words
        .iter()
        .position(|word| dates::month_number(word).is_some())?;
    let month = dates::month_number(words.get(month_at)?)?;
    let digits = |word: &String| word.trim_end_matches(char::is_alphabetic).parse::<i16>().ok();
    let day = words.iter().take(month_at).find_map(|word| {
        let tens = match word.as_str() {
            "twentieth" => Some(20),
            "thirtieth" => Some(30),
            _ => None,
        };
        tens.or_else(|| place(&ORDINALS, word))
            .and_then(|day| i16::try_from(day).ok())
            .or_else(|| digits(word))
    })?;
    let tens = words.iter().take(month_at).find_map(|word| match word.as_str() {
        "twenty" => Some(20),
        "thirty" => Some(30),
        _ => None,
    });
    let year: Vec<&str> = words.iter().skip(month_at + 1).map(String::as_str).collect();
    // The century is not looked at: two digits make a birth's key.
    let rest = match year.as_slice() {
        ["nineteen", rest @ ..] => rest,
        ["two", "thousand", "and", rest @ ..] | ["two", "thousand", rest @ ..] => rest,
        [digits] => {
            let year: i16 = digits.parse().ok()?;
            return Some((
                year.rem_euclid(100),
                i8::try_from(month).ok()?,
                i8::try_from(day + tens.unwrap_or(0)).ok()?,
            ));
        }
        _ => return None,
    };
    let value = |word: &&str| place(&UNITS, word).or_else(|| place(&TENS, word).map(|ten| ten * 10));
    let year: usize = rest.iter().filter_map(value).sum();
    Some((
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day + tens.unwrap_or(0)).ok()?,
    ))
}

fn trailing_dots(text: &str) -> usize {
    text.len() - text.trim_end_matches('.').len()
}

/// A web address that says nothing about anybody: a host, perhaps a short plain path.
fn is_plain_page(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    let digits = path.bytes().filter(u8::is_ascii_digit).count();
    path.len() <= MAX_PLAIN_PATH && digits < 4 && !rest.contains(['?', '#', '@', '%', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> Vec<(String, SpanKind)> {
        let prefixes = ["RJ".to_owned()];
        let shapes = Shapes {
            prefixes: &prefixes,
            own_addresses: &[],
            births: &BTreeSet::new(),
            written: Some(Date::constant(2026, 5, 11)),
        };
        let view = View::new(text);
        shapes
            .find(&view, &shapes.days(&view))
            .into_iter()
            .map(|(start, end, kind)| (view.text[start..end].to_owned(), kind))
            .collect()
    }

    #[test]
    fn numbers_and_addresses_in_disguise_and_ages_after_names_go() {
        for (text, kind) in [
            ("0 7 7 0 0 9 0 0 9 9 9", SpanKind::Phone),
            ("joe.bloggs (at) gmail (dot) com", SpanKind::Email),
            ("joe at gmail dot com", SpanKind::Email),
            ("joe @ gmail.com", SpanKind::Email),
            ("D T 3 9 Q Y", SpanKind::Postcode),
            (
                "zero double-seven double-oh, nine hundred,\nsix one two",
                SpanKind::Phone,
            ),
        ] {
            let found = shapes(&format!("Ring {text} now"));
            assert!(found.contains(&(text.to_owned(), kind)), "{text}");
        }
        let found = shapes("His birthday is 9 April, we meet on 9 April.");
        assert_eq!(found, [("9 April".to_owned(), SpanKind::DateOfBirth)]);
        assert_eq!(age_after_name(" (21) said"), Some((2, 4)));
        assert_eq!(age_after_name(" is 21."), Some((4, 6)));
        assert_eq!(age_after_name(" is 21 minutes late"), None);
    }

    #[test]
    fn births_go_and_meetings_stay() {
        let text = "born 26.07.47 (on your letter 26th July 1947; the hospital has 26-Jul-47). The collision was on 11 March 2026, we meet on 4 June 2026.";
        let found = shapes(text);
        let found: Vec<_> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(found, ["26.07.47", "26th July 1947", "26-Jul-47"]);
        assert_eq!(shapes("DOB: 05/10/1995").len(), 1);
        assert!(
            shapes("Session is booked for 27 May, 6.30pm, then 4 June, 10.30am; the return of 11/03/2026")
                .is_empty()
        );
    }

    #[test]
    fn a_date_in_words_is_read_with_its_year() {
        for (written, read) in [
            ("eighth of July nineteen seventy-nine", Some((79, 7, 8))),
            ("twenty-first May two thousand and four", Some((4, 5, 21))),
            ("twentieth of March nineteen eighty", Some((80, 3, 20))),
            ("eighth of July 1979", Some((79, 7, 8))),
            ("eighth of July", None),
        ] {
            assert_eq!(in_words(written), read, "{written}");
        }
    }

    #[test]
    fn ages_and_handles_go() {
        assert_eq!(
            shapes("a 15-year-old boy"),
            [("15-year-old".to_owned(), SpanKind::Age)]
        );
        assert_eq!(
            shapes("he is aged 34 and"),
            [("aged 34".to_owned(), SpanKind::Age)]
        );
        assert_eq!(
            shapes("as @d_okafor01 now"),
            [("@d_okafor01".to_owned(), SpanKind::Person)]
        );
        assert!(shapes("six weeks; 11 days; 2 years; at 10").is_empty());
    }
}
