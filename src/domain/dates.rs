//! UK dates as people write them: day first unless the month is a word.
//!
//! Invariant: a police reference such as `42/12345/21` is never a date, and a date of birth is never
//! in the future. The work is linear in the text.

use jiff::civil::Date;
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// A date read from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadDate {
    /// A whole date. `ambiguous` where it is only possible month first, or where a two-digit year fits
    /// two centuries. Day first is the rule in the United Kingdom: `03/04/1985` is not ambiguous.
    Day {
        /// The date, read day first.
        date: Date,
        /// Staff should look.
        ambiguous: bool,
    },
    /// Only month and year are given.
    Month {
        /// Year.
        year: i16,
        /// Month, 1 to 12.
        month: i8,
    },
    /// It looks like a date, but the calendar has no such day, or it is a birth in the future.
    Impossible,
}

impl ReadDate {
    /// ISO 8601: `2026-03-14`, or `2026-03` where only the month is given.
    pub fn iso(&self) -> Option<String> {
        match self {
            Self::Day { date, .. } => Some(date.to_string()),
            Self::Month { year, month } => Some(format!("{year:04}-{month:02}")),
            Self::Impossible => None,
        }
    }
}

/// What a date is for: it decides the century of two-digit years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateUse {
    /// A date of birth: never in the future.
    Birth,
    /// Anything else: the nearest century, at most `FUTURE_YEARS` ahead.
    Event,
}

/// A date and its place in the text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundDate {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// What it says.
    pub date: ReadDate,
}

/// Furthest that a two-digit year of an event is read into the future.
const FUTURE_YEARS: i16 = 20;
/// A two-digit year of birth that would make a child younger than this could as well be a century older.
const PLAUSIBLE_CHILD_YEARS: i16 = 5;
/// Oldest age that a two-digit year of birth may mean.
const OLDEST: u16 = 105;
/// Earliest year taken.
const FIRST_YEAR: i16 = 1880;
/// Latest year taken.
const LAST_YEAR: i16 = 2100;

const MONTH: &str = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|\
                     sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?xi)
        (?P<iy>\d{{4}}) [-/.] (?P<im>\d{{1,2}}) [-/.] (?P<id>\d{{1,2}})
      | (?P<nd>\d{{1,2}}) \x20{{0,2}} (?: / | \. | - | \x20 ) \x20{{0,2}} (?P<nm>\d{{1,2}}) \x20{{0,2}} (?: / | \. | - | \x20 )
        \x20{{0,2}} (?P<ny>\d{{4}} | \d{{2}})
      | (?P<wd>\d{{1,2}}) (?:st|nd|rd|th)? (?:\x20of)? [\x20,/.-]{{0,3}} (?P<wm>{MONTH}) [\x20,/.-]{{0,3}} (?P<wy>\d{{4}} | ['’]?\d{{2}})
      | (?P<rd>\d{{1,2}}) \x20? [./-] \x20? (?P<rm>i{{1,3}}|iv|vi{{0,3}}|ix|xi{{0,2}}) \x20? [./-] \x20? (?P<ry>\d{{4}} | \d{{2}})
      | (?P<um>{MONTH}) \.? \x20{{1,2}} (?P<ud>\d{{1,2}}) (?:st|nd|rd|th)? [\x20,]{{1,3}} (?P<uy>\d{{4}})
      | (?P<mm>{MONTH}) [\x20,/.-]{{0,3}} (?P<my>\d{{4}})
      | (?P<km>\d{{1,2}}) \x20? / \x20? (?P<ky>\d{{4}})
      | (?P<jy>\d{{4}}) - (?P<jm>\d{{2}})
        "
    ))
    .ok()
});

/// Every date in a text, in order.
pub fn find(text: &str, usage: DateUse, today: Date) -> Vec<FoundDate> {
    let Some(pattern) = DATE.as_ref() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut from = 0;
    for near in near_digits(text) {
        from = from.max(near.start);
        let searched = &text[..near.end];
        while from < near.end
            && let Some(captures) = pattern.captures_at(searched, from)
        {
            let Some(whole) = captures.get(0) else { break };
            if !stands_alone(text, whole.start(), whole.end()) {
                from = after_run(text, whole.start());
                continue;
            }
            from = whole.end();
            if let Some(date) = read(&captures, usage, today) {
                found.push(FoundDate {
                    start: whole.start(),
                    end: whole.end(),
                    date,
                });
            }
        }
    }
    found
}

/// The stretches of a text that a date can stand in: every date has digits, and the pattern takes long over a text without.
fn near_digits(text: &str) -> Vec<Range<usize>> {
    /// Longest way within a date from one digit to the next or from its start to the first, in bytes.
    const REACH: usize = 32;
    let mut stretches: Vec<Range<usize>> = Vec::new();
    // Other scripts have digits too.
    let may_be_digit = |byte: &u8| byte.is_ascii_digit() || !byte.is_ascii();
    let mut from = 0;
    while let Some(next) = text.as_bytes()[from..].iter().position(may_be_digit) {
        let at = from + next;
        let start = text.floor_char_boundary(at.saturating_sub(REACH));
        let end = text.ceil_char_boundary((at + 1 + REACH).min(text.len()));
        match stretches.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            Some(_) | None => stretches.push(start..end),
        }
        from = at + 1;
    }
    stretches
}

/// The first date in a text.
pub fn parse(text: &str, usage: DateUse, today: Date) -> Option<ReadDate> {
    find(text, usage, today).first().map(|found| found.date)
}

/// Every day that the dates of a text may mean, the one that [`find`] reads first: of a date in numbers also month first, of
/// a year of birth in two digits also the century before.
pub fn readings(text: &str, usage: DateUse, today: Date) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |iso: String| {
        if !all.contains(&iso) {
            all.push(iso);
        }
    };
    for found in find(text, usage, today) {
        let Some(iso) = found.date.iso() else { continue };
        add(iso);
        let ReadDate::Day { date, .. } = found.date else {
            continue;
        };
        let written = text.get(found.start..found.end).unwrap_or_default();
        let mut numbers = written
            .split(|c: char| !c.is_ascii_digit())
            .filter(|n| !n.is_empty());
        let first = numbers.next().unwrap_or_default();
        let is_in_numbers = !written.contains(char::is_alphabetic) && first.len() <= 2;
        let may_be = |date: &Date| usage == DateUse::Event || *date <= today;
        let swapped = Date::new(date.year(), date.day(), date.month()).ok();
        if let Some(swapped) = swapped.filter(|date| is_in_numbers && may_be(date)) {
            add(swapped.to_string());
        }
        let is_short = first.len() <= 2 && numbers.next_back().is_some_and(|year| year.len() == 2);
        let earlier = Date::new(date.year() - 100, date.month(), date.day()).ok();
        let is_an_age = |date: &Date| age_on(*date, today).is_some_and(|age| age <= OLDEST);
        if let Some(earlier) = earlier.filter(|date| is_short && usage == DateUse::Birth && is_an_age(date)) {
            add(earlier.to_string());
        }
    }
    all
}

/// The age in whole years of somebody born on `birth`, or `None` before birth.
pub fn age_on(birth: Date, day: Date) -> Option<u16> {
    let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
    let years = day.year() - birth.year() - i16::from(!had_birthday);
    u16::try_from(years).ok()
}

/// Neither a letter, a digit nor a further `/` stands against it: `42/12345/21` and `A12/3/85` are no dates.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let mut rest = text[end..].chars();
    let after = rest.next();
    let then = rest.next();
    let joins = |c: char| c == '/' || c == '-';
    let bad_before = before.is_some_and(|c| c.is_alphanumeric() || c == '/');
    let bad_after = after
        .is_some_and(|c| c.is_alphanumeric() && !(c == 'T' && then.is_some_and(|d| d.is_ascii_digit())))
        || (after.is_some_and(joins) && then.is_some_and(|c| c.is_ascii_digit()));
    !bad_before && !bad_after
}

/// The place after the run of digits or letters that starts at `start`.
fn after_run(text: &str, start: usize) -> usize {
    let run: usize = text[start..]
        .chars()
        .take_while(|c| c.is_alphanumeric())
        .map(char::len_utf8)
        .sum();
    start + run.max(1)
}

fn read(captures: &Captures<'_>, usage: DateUse, today: Date) -> Option<ReadDate> {
    let number = |name: &str| -> Option<i16> {
        captures
            .name(name)
            .and_then(|m| m.as_str().trim_start_matches(['\'', '’']).parse().ok())
    };
    let month = |name: &str| captures.name(name).and_then(|m| month_number(m.as_str()));
    let short = |name: &str| {
        captures
            .name(name)
            .is_some_and(|m| m.as_str().trim_start_matches(['\'', '’']).len() == 2)
    };
    if let (Some(year), Some(month), Some(day)) = (number("iy"), number("im"), number("id")) {
        return Some(whole(year, month, day, false, usage, today));
    }
    if let (Some(day), Some(month), Some(year)) = (number("nd"), number("nm"), number("ny")) {
        if day > 31 {
            return None; // a reference such as 42/12/21
        }
        let (year, doubt) = century(year, short("ny"), usage, today);
        if month > 12 && day <= 12 {
            return Some(whole(year, day, month, true, usage, today));
        }
        return Some(whole(year, month, day, doubt, usage, today));
    }
    if let (Some(day), Some(month), Some(year)) = (number("wd"), month("wm"), number("wy")) {
        let (year, doubt) = century(year, short("wy"), usage, today);
        return Some(whole(year, month, day, doubt, usage, today));
    }
    let roman = captures.name("rm").and_then(|m| roman_month(m.as_str()));
    if let (Some(day), Some(month), Some(year)) = (number("rd"), roman, number("ry")) {
        let (year, doubt) = century(year, short("ry"), usage, today);
        return Some(whole(year, month, day, doubt, usage, today));
    }
    if let (Some(month), Some(day), Some(year)) = (month("um"), number("ud"), number("uy")) {
        return Some(whole(year, month, day, false, usage, today));
    }
    let (year, month) = match (month("mm"), number("my"), number("km"), number("ky")) {
        (Some(month), Some(year), _, _) | (_, _, Some(month), Some(year)) => (year, month),
        (_, _, _, _) => (number("jy")?, number("jm")?),
    };
    ((FIRST_YEAR..=LAST_YEAR).contains(&year) && (1..=12).contains(&month)).then(|| ReadDate::Month {
        year,
        month: i8::try_from(month).unwrap_or(1),
    })
}

fn whole(year: i16, month: i16, day: i16, ambiguous: bool, usage: DateUse, today: Date) -> ReadDate {
    let date = i8::try_from(month)
        .ok()
        .zip(i8::try_from(day).ok())
        .filter(|_| (FIRST_YEAR..=LAST_YEAR).contains(&year))
        .and_then(|(month, day)| Date::new(year, month, day).ok());
    match date {
        Some(date) if usage == DateUse::Birth && date > today => ReadDate::Impossible,
        Some(date) => ReadDate::Day { date, ambiguous },
        None => ReadDate::Impossible,
    }
}

/// Completes a two-digit year; says whether another century would do as well.
fn century(year: i16, two_digits: bool, usage: DateUse, today: Date) -> (i16, bool) {
    if !two_digits {
        return (year, false);
    }
    let recent = 2000 + year;
    match usage {
        DateUse::Birth if recent > today.year() => (1900 + year, false),
        DateUse::Birth => (recent, today.year() - recent < PLAUSIBLE_CHILD_YEARS),
        DateUse::Event if recent > today.year() + FUTURE_YEARS => (1900 + year, false),
        DateUse::Event => (recent, false),
    }
}

/// "8.vii.1979".
fn roman_month(numeral: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii",
    ];
    let numeral = numeral.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == numeral)?;
    i16::try_from(at + 1).ok()
}

/// The month that a word names, in full or cut short: 1 to 12.
pub fn month_number(word: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let word = word.to_ascii_lowercase();
    MONTHS
        .iter()
        .position(|month| word.starts_with(month))
        .and_then(|at| i16::try_from(at + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 25);

    fn birth(text: &str) -> Option<String> {
        parse(text, DateUse::Birth, TODAY).and_then(|d| d.iso())
    }

    fn event(text: &str) -> Option<String> {
        parse(text, DateUse::Event, TODAY).and_then(|d| d.iso())
    }

    #[test]
    fn every_usual_spelling_is_read_day_first() {
        for text in [
            "12/03/1985",
            "12.3.85",
            "12-03-1985",
            "12 / 03 / 1985",
            "12th March 1985",
            "12 Mar 85",
            "12 March '85",
            "March 12th, 1985",
            "1985-03-12",
            "Tuesday 12 March 1985",
            "12th of March 1985",
            "12-Mar-1985",
            "1985-03-12T00:00:00Z",
            "born 12/3/85.",
            "12 03 1985",
            "12.iii.1985",
            "12/III/85",
        ] {
            assert_eq!(birth(text).as_deref(), Some("1985-03-12"), "{text}");
        }
    }

    #[test]
    fn police_references_are_not_dates() {
        for text in [
            "42/12345/21",
            "42/12/21",
            "55260104477",
            "1/22/333/4",
            "A12/03/1985",
            "page 1 of 2",
            "1.v.3",
            "01632 960123",
        ] {
            assert_eq!(event(text), None, "{text}");
        }
    }

    #[test]
    fn two_digit_years_of_birth_are_never_in_the_future() {
        assert_eq!(birth("3/11/98").as_deref(), Some("1998-11-03"));
        assert_eq!(birth("15/12/77").as_deref(), Some("1977-12-15"));
        assert_eq!(birth("19/01/10").as_deref(), Some("2010-01-19"));
        assert_eq!(
            parse("01/02/2031", DateUse::Birth, TODAY),
            Some(ReadDate::Impossible)
        );
        let young = parse("01/02/24", DateUse::Birth, TODAY);
        assert!(matches!(young, Some(ReadDate::Day { ambiguous: true, .. })));
        assert_eq!(event("9/8/26").as_deref(), Some("2026-08-09"));
    }

    #[test]
    fn only_month_first_is_a_doubt_and_no_such_day_is_impossible() {
        let swapped = parse("03/25/1985", DateUse::Birth, TODAY);
        assert_eq!(swapped.and_then(|d| d.iso()).as_deref(), Some("1985-03-25"));
        assert!(matches!(swapped, Some(ReadDate::Day { ambiguous: true, .. })));
        assert_eq!(
            parse("31/02/2020", DateUse::Event, TODAY),
            Some(ReadDate::Impossible)
        );
        assert!(matches!(
            parse("03/04/1985", DateUse::Birth, TODAY),
            Some(ReadDate::Day { ambiguous: false, .. })
        ));
    }

    #[test]
    fn what_a_date_may_mean_besides_is_listed_after_how_it_is_read() {
        let birth = |text: &str| readings(text, DateUse::Birth, TODAY);
        assert_eq!(birth("03/04/85"), ["1985-04-03", "1985-03-04"]);
        assert_eq!(birth("5.11.24"), ["2024-11-05", "2024-05-11", "1924-11-05"]);
        assert_eq!(birth("5 Nov 24"), ["2024-11-05", "1924-11-05"]);
        assert_eq!(birth("20.5.21"), ["2021-05-20", "1921-05-20"]);
        assert_eq!(
            birth("20.5.20"),
            ["2020-05-20"],
            "a hundred and five is the oldest"
        );
        assert_eq!(birth("11/12/2026"), Vec::<String>::new(), "not born yet");
        assert_eq!(birth("12/11/2026"), ["2026-11-12"], "the other way it lies ahead");
        assert_eq!(
            birth("1/2/1980 or 1980-03-02"),
            ["1980-02-01", "1980-01-02", "1980-03-02"]
        );
        let event = |text: &str| readings(text, DateUse::Event, TODAY);
        assert_eq!(
            event("between 3/4/26 and 5 April 2026"),
            ["2026-04-03", "2026-03-04", "2026-04-05"]
        );
        assert_eq!(event("June 2024"), ["2024-06"]);
    }

    #[test]
    fn a_month_alone_stays_a_month() {
        assert_eq!(event("04/2026").as_deref(), Some("2026-04"));
        assert_eq!(event("since June 2024").as_deref(), Some("2024-06"));
        assert_eq!(event("24 Dec 2025, Christmas Eve").as_deref(), Some("2025-12-24"));
    }
}
