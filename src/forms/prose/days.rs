//! The days of a text, those without a year too: "on the 14th of October", "in May this year", "also on the 27th".
//!
//! Invariant: a day without a year is the last such day before the mail was sent; nothing is dated ahead of the mail.

use crate::domain::MessageHeaders;
use crate::domain::dates::{self, DateUse, FoundDate, ReadDate};
use jiff::ToSpan;
use jiff::civil::Date;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Fewest letters of a month: "Sep".
const MIN_MONTH: usize = 3;
/// Bytes behind a day and month in which a year would stand.
const YEAR_REACH: usize = 8;
/// Longest ago, in months, that "the 27th" may be.
const MONTHS_BACK: i64 = 2;

/// The day a mail was sent, if it says so and that is not years away.
pub(super) fn sent_on(headers: &MessageHeaders, today: Date) -> Date {
    let written = headers.date.as_deref().and_then(|date| date.get(..10));
    let sent = written.and_then(|day| day.parse::<Date>().ok());
    sent.filter(|sent| (sent.year() - today.year()).abs() <= 1)
        .unwrap_or(today)
}

/// Every day of a text that tells of an event.
pub(super) fn find(text: &str, today: Date) -> Vec<FoundDate> {
    let mut found = dates::find(text, DateUse::Event, today);
    let words = words(text);
    for at in 0..words.len() {
        let day = day_and_month(text, &words, at, today)
            .or_else(|| month_of_year(&words, at, today))
            .or_else(|| day_alone(text, &words, at, today));
        if let Some(day) = day.filter(|day| {
            found
                .iter()
                .all(|known| day.end <= known.start || known.end <= day.start)
        }) {
            found.push(day);
        }
    }
    found.sort_by_key(|day| day.start);
    found
}

struct Word<'t> {
    start: usize,
    end: usize,
    text: &'t str,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let text = text.get(from..at).unwrap_or_default();
                out.push(Word {
                    start: from,
                    end: at,
                    text,
                });
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    out
}

/// "14th of October", "14 October", "October 14th" without a year behind.
fn day_and_month(text: &str, words: &[Word<'_>], at: usize, today: Date) -> Option<FoundDate> {
    let first = words.get(at)?;
    let second = words.get(at + 1)?;
    let third = words.get(at + 2);
    let (day, month, last) = match (day_of(first.text), month_of(first.text)) {
        (Some((day, _)), _) => match (month_of(second.text), third.and_then(|word| month_of(word.text))) {
            (Some(month), _) => (day, month, second),
            (None, Some(month)) if second.text.eq_ignore_ascii_case("of") => (day, month, third?),
            (None, _) => return None,
        },
        (None, Some(month)) => {
            let (day, is_ordinal) = day_of(second.text)?;
            is_ordinal.then_some((day, month, second))?
        }
        (None, None) => return None,
    };
    let behind = text.get(last.end..).unwrap_or_default();
    let near: String = behind.chars().take(YEAR_REACH).collect();
    let digits: String = near
        .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '\'' | '’' | '-' | '/' | '.'))
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    if digits.len() == 4 {
        return None;
    }
    let date = [today.year(), today.year() - 1]
        .into_iter()
        .find_map(|year| Date::new(year, month, day).ok().filter(|date| *date <= today))?;
    Some(of_day(first.start, last.end, date))
}

/// "In May this year", "last August".
fn month_of_year(words: &[Word<'_>], at: usize, today: Date) -> Option<FoundDate> {
    let word = words.get(at)?;
    let month = month_of(word.text).filter(|_| word.text.starts_with(char::is_uppercase))?;
    let is = |offset: usize, said: &str| {
        words
            .get(at + offset)
            .is_some_and(|word| word.text.eq_ignore_ascii_case(said))
    };
    let before = at
        .checked_sub(1)
        .and_then(|at| words.get(at))
        .map(|word| word.text.to_ascii_lowercase());
    let (year, end) = match before.as_deref() {
        Some("last") => (today.year() - i16::from(month >= today.month()), word.end),
        Some("in" | "during" | "since" | "of") if is(1, "this") && is(2, "year") => {
            (today.year(), words.get(at + 2)?.end)
        }
        Some("in" | "during" | "since" | "of") if is(1, "last") && is(2, "year") => {
            (today.year() - 1, words.get(at + 2)?.end)
        }
        Some(_) | None => return None,
    };
    let is_past = (year, month) <= (today.year(), today.month());
    is_past.then_some(FoundDate {
        start: word.start,
        end,
        date: ReadDate::Month { year, month },
    })
}

/// "On the 27th": the last such day.
fn day_alone(text: &str, words: &[Word<'_>], at: usize, today: Date) -> Option<FoundDate> {
    let word = words.get(at)?;
    let (day, is_ordinal) = day_of(word.text)?;
    let lead = (
        at.checked_sub(2).and_then(|at| words.get(at))?,
        words.get(at - 1)?,
    );
    let is_told = lead.0.text.eq_ignore_ascii_case("on") && lead.1.text.eq_ignore_ascii_case("the");
    let behind = text.get(word.end..).unwrap_or_default();
    let next = words.get(at + 1).map(|word| word.text.to_ascii_lowercase());
    let ends = behind.is_empty()
        || behind.starts_with(['.', ',', ';', ')', '\n'])
        || next.is_some_and(|next| ["and", "at", "when", "that", "by", "but"].contains(&next.as_str()));
    if !(is_ordinal && is_told && ends) {
        return None;
    }
    let date = (0..=MONTHS_BACK).find_map(|back| {
        let month = today.checked_sub(back.months()).ok()?;
        Date::new(month.year(), month.month(), day)
            .ok()
            .filter(|date| *date <= today)
    })?;
    Some(of_day(word.start, word.end, date))
}

fn of_day(start: usize, end: usize, date: Date) -> FoundDate {
    FoundDate {
        start,
        end,
        date: ReadDate::Day {
            date,
            ambiguous: false,
        },
    }
}

/// The day that a word names, and whether it is an ordinal: "14th".
fn day_of(word: &str) -> Option<(i8, bool)> {
    let digits = word.chars().take_while(char::is_ascii_digit).count();
    let (number, suffix) = word.split_at(digits);
    let is_ordinal = ["st", "nd", "rd", "th"]
        .iter()
        .any(|known| suffix.eq_ignore_ascii_case(known));
    let day = number.parse::<i8>().ok().filter(|day| (1..=31).contains(day))?;
    (suffix.is_empty() || is_ordinal).then_some((day, is_ordinal))
}

fn month_of(word: &str) -> Option<i8> {
    let lower = word.to_ascii_lowercase();
    let is_short = (MIN_MONTH..=4).contains(&lower.len());
    let at = MONTHS.iter().position(|month| {
        *month == lower
            || is_short
                && (month.get(..MIN_MONTH) == Some(lower.as_str())
                    || lower == "sept" && *month == "september")
    })?;
    i8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn found(text: &str) -> Vec<String> {
        let days = find(text, date(2026, 11, 16));
        days.iter().filter_map(|day| day.date.iso()).collect()
    }

    #[test]
    fn days_without_a_year_are_the_last_before_the_mail() {
        assert_eq!(found("burgled on the 14th of October while"), ["2026-10-14"]);
        assert_eq!(found("(18 November) that he consents"), ["2025-11-18"]);
        assert_eq!(
            found("on 27 October and again on October 30th"),
            ["2026-10-27", "2026-10-30"]
        );
        assert_eq!(found("In May this year I smashed"), ["2026-05"]);
        assert_eq!(found("He agreed by text, also on the 12th."), ["2026-11-12"]);
        assert_eq!(found("also on the 27th."), ["2026-10-27"]);
    }

    #[test]
    fn days_with_a_year_and_other_numbers_are_left_alone() {
        assert_eq!(found("on 3 May 2024 at 12 noon"), ["2024-05-03"]);
        assert_eq!(
            found("on the 3rd floor, flat 14, you may call"),
            Vec::<String>::new()
        );
    }
}
