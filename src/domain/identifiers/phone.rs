//! Telephone numbers, read group by group: digits, few separators, a known length.

use super::{CheckLetter, Found, IdentifierKind, Rank};

/// Longest international number (ITU-T E.164).
const MAX_DIGITS: usize = 15;
/// Most separator characters between two digits.
const MAX_GAP: usize = 3;
/// Digits of an area or mobile prefix, trunk 0 included.
const AREA_DIGITS: std::ops::RangeInclusive<usize> = 3..=6;
/// National digits of a UK number, trunk 0 included: most have 11, some 10.
const UK_LENGTHS: [usize; 2] = [11, 10];

/// The number in `text` (which holds nothing else but spaces and an extension), in E.164.
pub fn normal_phone(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some((end, normal)) = read_at(text, 0).filter(|(end, _)| {
        *end == text.len()
            || text
                .get(*end..)
                .is_some_and(|rest| rest.trim_start().starts_with(['e', 'x', 'E']))
    }) {
        return (end > 0).then_some(normal);
    }
    // A spreadsheet drops the leading zero.
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == ' ');
    (plain && digits.len() == 10 && digits.starts_with('7')).then(|| format!("+44{digits}"))
}

pub(super) fn candidates(text: &str) -> Vec<(Rank, Found)> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, c) in text.match_indices(['+', '(', '0', '7']) {
        let before = || text.get(..at).and_then(|before| before.chars().next_back());
        let joins = |b: char| b.is_alphanumeric() || b == '/' || b == '_' || b == '+';
        if at < from || before().is_some_and(joins) {
            continue;
        }
        let read = read_at(text, at).or_else(|| without_zero(text, at));
        let Some((end, normal)) = read else { continue };
        let end = with_extension(text, end);
        from = end;
        let kind = IdentifierKind::Phone;
        let rank = if c == "7" { Rank::Loose } else { Rank::Shape };
        found.push((
            rank,
            Found {
                start: at,
                end,
                kind,
                normal,
                check: CheckLetter::NotApplicable,
            },
        ));
    }
    found
}

/// Digits from `at` on, each with the byte after it, as long as the gaps are small.
fn digits_from(text: &str, at: usize) -> Vec<(char, usize, usize)> {
    let mut digits = Vec::new();
    let (mut gap, mut lines) = (0, 0);
    for (offset, c) in text.get(at..).unwrap_or_default().char_indices() {
        // "07700/900123": behind the area; later on it stands between two numbers.
        let after_area = c == '/' && (AREA_DIGITS).contains(&digits.len()) && gap == 0;
        let is_separator =
            after_area || c.is_whitespace() || "().-\u{2010}\u{2011}\u{2013}\u{2014}".contains(c);
        match c.to_digit(10) {
            Some(_) => {
                digits.push((c, at + offset, at + offset + 1));
                (gap, lines) = (0, 0);
                if digits.len() > MAX_DIGITS + 2 {
                    break;
                }
            }
            None if digits.is_empty() && (c == '+' || c == '(' || c == ' ') && gap < MAX_GAP => gap += 1,
            None if is_separator && gap < MAX_GAP => {
                gap += 1;
                lines += usize::from(c == '\n');
                if lines > 1 {
                    break;
                }
            }
            None => break,
        }
    }
    digits
}

/// The number that starts at `at`: the byte after it and its E.164 form.
fn read_at(text: &str, at: usize) -> Option<(usize, String)> {
    let start = text.get(at..)?;
    let digits = digits_from(text, at);
    let string: String = digits.iter().map(|(digit, _, _)| *digit).collect();
    let plus = start.starts_with('+') || start.starts_with("(+");
    if plus || string.starts_with("00") {
        let skip = if plus { 0 } else { 2 };
        return international(text, &digits, &string, skip);
    }
    if !string.starts_with('0') {
        return None;
    }
    // "01.02.2026 10" is a date: a number's first group has three digits or more.
    let first_group = digits
        .windows(2)
        .take_while(|pair| matches!(pair, [a, b] if a.2 == b.1))
        .count()
        + 1;
    let area = string.chars().nth(1)?;
    if first_group < 3 || !matches!(area, '1' | '2' | '3' | '5' | '7' | '8' | '9') {
        return None;
    }
    UK_LENGTHS.into_iter().find_map(|length| {
        let end = cut(text, &digits, length)?;
        Some((end, format!("+44{}", string.get(1..length)?)))
    })
}

fn international(
    text: &str,
    digits: &[(char, usize, usize)],
    string: &str,
    skip: usize,
) -> Option<(usize, String)> {
    let number = string.get(skip..)?;
    if let Some(national) = number.strip_prefix("44") {
        let zero = usize::from(national.starts_with('0'));
        let national = national.get(zero..)?;
        return [10, 9].into_iter().find_map(|length| {
            let end = cut(text, digits, skip + 2 + zero + length)?;
            Some((end, format!("+44{}", national.get(..length)?)))
        });
    }
    let most = number.len().min(MAX_DIGITS);
    (8..=most).rev().find_map(|length| {
        let end = cut(text, digits, skip + length)?;
        Some((end, format!("+{}", number.get(..length)?)))
    })
}

/// `7700 900123`: a mobile number whose zero is gone.
fn without_zero(text: &str, at: usize) -> Option<(usize, String)> {
    if !text.get(at..)?.starts_with('7') {
        return None;
    }
    let digits = digits_from(text, at);
    let string: String = digits.iter().take(10).map(|(digit, _, _)| *digit).collect();
    let first_group = digits
        .windows(2)
        .take_while(|pair| matches!(pair, [a, b] if a.2 == b.1))
        .count()
        + 1;
    let end = cut(text, &digits, 10)?;
    (first_group == 4 || first_group == 10).then(|| (end, format!("+44{string}")))
}

/// The byte after the digit number `length`, where no digit or letter follows directly.
fn cut(text: &str, digits: &[(char, usize, usize)], length: usize) -> Option<usize> {
    let (_, _, end) = *digits.get(length.checked_sub(1)?)?;
    let next = text.get(end..)?.chars().next();
    (!next.is_some_and(char::is_alphanumeric)).then_some(end)
}

/// Takes in a following `ext 123`.
fn with_extension(text: &str, end: usize) -> usize {
    let Some(rest) = text.get(end..) else { return end };
    let trimmed = rest.trim_start_matches([' ', ',', '(']);
    let lower = trimmed
        .get(..9.min(trimmed.len()))
        .unwrap_or_default()
        .to_ascii_lowercase();
    let Some(word) = ["extension", "ext.", "ext", "x"]
        .into_iter()
        .find(|word| lower.starts_with(word))
    else {
        return end;
    };
    let after = trimmed.get(word.len()..).unwrap_or_default();
    let digits = after.trim_start_matches([' ', ':', '.']);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    match (1..=6).contains(&count) {
        true => text.len() - digits.len() + count,
        false => end,
    }
}
