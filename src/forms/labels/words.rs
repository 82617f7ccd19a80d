//! A text as words: without punctuation, numbering and hints, and which of its words carry its meaning.
//!
//! Invariant: labels, phrases and answers go through the same [`tokens`], so that they compare equal.

pub(super) const FIRST_PERSON: [&str; 6] = ["you", "your", "i", "my", "me", "yourself"];
pub(super) const THIRD_PERSON: [&str; 9] = [
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
pub(super) const EVERYBODY: [&str; 6] = ["each", "all", "both", "everyone", "everybody", "either"];
/// Small words without weight in a label.
const SMALL: [&str; 47] = [
    "the", "a", "an", "of", "and", "or", "is", "are", "was", "were", "been", "be", "being", "do", "does",
    "did", "has", "have", "had", "this", "that", "these", "those", "please", "to", "for", "in", "at", "on",
    "by", "with", "it", "there", "s", "am", "we", "us", "our", "any", "if", "so", "also", "would", "will",
    "as", "from", "into",
];

/// The words of a label that carry its meaning.
pub(super) fn content<'a>(raw: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    raw.map(String::as_str)
        .filter(|w| {
            !SMALL.contains(w)
                && !FIRST_PERSON.contains(w)
                && !THIRD_PERSON.contains(w)
                && !EVERYBODY.contains(w)
        })
        .collect()
}

/// Leading numbering: "Section 4", "PART 2", "1", "3.2", a single letter.
pub(super) fn without_number(raw: &[String]) -> &[String] {
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

/// The text without what stands in round brackets; "(2)" counts and stays.
pub(super) fn without_hints(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' if matches!(text.as_bytes().get(at + 1..at + 3), Some([b'1'..=b'9', b')'])) => out.push(' '),
            ')' if depth == 0 => out.push(' '),
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
pub(in crate::forms) fn tokens(text: &str) -> Vec<String> {
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
pub(in crate::forms) fn spoken(text: &str) -> String {
    tokens(text).join(" ")
}
