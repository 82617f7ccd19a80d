//! How the text of a line looks: a question, a label drawn bold or between dashes, a name, a form's title.
//!
//! Invariant: only the line itself is looked at.

use crate::domain::{Inline, inline_text};
use crate::forms::labels::{Field, LabelMatch, spoken, tokens};

/// A heading that is a question: "Type of offence", "Referrer's name", "How was consent given" - not "Consent" or
/// "Contact details", which start a part.
pub(in crate::forms) fn asks(label: &LabelMatch, text: &str) -> bool {
    const ASKING: [&str; 16] = [
        "how", "when", "what", "which", "has", "have", "does", "do", "did", "is", "are", "was", "can", "may",
        "date", "where",
    ];
    if label.role_only || label.field.is_story() {
        return false;
    }
    let starts_so = tokens(text)
        .iter()
        .find(|word| !word.chars().all(|c| c.is_ascii_digit()))
        .is_some_and(|word| ASKING.contains(&word.as_str()));
    let is_said = label.first_person && label.words >= 2; // "I am happy for you to contact me"
    // "First neighbour: agreed to mediation"
    let is_led = label.person.is_some()
        && text
            .split_once(':')
            .is_some_and(|(_, rest)| rest.chars().any(char::is_alphanumeric));
    let names_a_part = !is_said && !is_led && label.field == Field::ConsentContact
        || matches!(
            label.field,
            Field::PhoneAndEmail | Field::TheirRole | Field::SelfRole
        );
    text.ends_with(['?', ':'])
        || starts_so
        || !names_a_part && (label.words >= 2 || label.person.is_some() && label.field.is_personal())
}

/// Where the bold words at the beginning of a line end and a gap or colon parts them from others.
pub(super) fn bold_beginning(pieces: &[Inline]) -> Option<usize> {
    let mut at = 0;
    let mut is_bold = false;
    for piece in pieces {
        match piece {
            Inline::Text { text, bold: true, .. } => {
                is_bold |= text.chars().any(char::is_alphanumeric);
                at += text.len();
            }
            Inline::Text { text, .. } if text.trim().is_empty() => at += text.len(),
            Inline::Hidden { .. } => {}
            Inline::Text { text, .. } => {
                let before = inline_text(pieces);
                let parted = before.get(..at)?.ends_with(['\t', ':', '?']) || text.starts_with(['\t', ':']);
                return (is_bold && parted).then_some(at);
            }
            Inline::Answer { .. } | Inline::Tick { .. } => return is_bold.then_some(at),
            Inline::Break => return None,
        }
    }
    None
}

/// The answer so far is a hint, boxes or a choice: more boxes belong to it.
pub(super) fn is_choice(lines: &[Vec<Inline>]) -> bool {
    let has_tick = |line: &Vec<Inline>| line.iter().any(|p| matches!(p, Inline::Tick { .. }));
    let is_hint = |line: &Vec<Inline>| inline_text(line).trim_start().starts_with('(');
    lines.iter().all(|line| has_tick(line) || is_hint(line))
}

/// Two to four words in capitals, perhaps with what somebody is to the person and a number behind them.
pub(super) fn is_name_line(text: &str) -> bool {
    const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=5;
    let name = text.split([',', '(']).next().unwrap_or_default();
    let is_word = |word: &str| {
        word.starts_with(char::is_uppercase)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'))
    };
    NAME_WORDS.contains(&name.split_whitespace().count())
        && name.split_whitespace().all(is_word)
        && !name.ends_with(['.', '?', ':'])
}

/// The words of a line `--- Label ---`, `*** Page 2: Label ***` or `=== Label ===`.
pub(super) fn dashed_label(text: &str) -> Option<&str> {
    let inner = ["--", "**", "=="].iter().find_map(|sign| {
        let inner = text.strip_prefix(sign)?.strip_suffix(sign)?;
        Some(inner.trim_matches(sign.chars().next()?).trim())
    })?;
    let numbered = inner.split_once(':').filter(|(before, _)| {
        let mut words = before.split_whitespace();
        let word = words.next().map(str::to_lowercase).unwrap_or_default();
        ["page", "step", "section", "part"].contains(&word.as_str())
            && words.all(|word| word.chars().all(|c| c.is_ascii_alphanumeric()) && word.len() <= 2)
    });
    let inner = numbered.map_or(inner, |(_, label)| label.trim());
    inner.chars().any(char::is_alphabetic).then_some(inner)
}

pub(super) fn is_capitals(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase) && text.len() <= 80
}

/// The title of a whole form, not of a part of it: "Victim awareness and restorative referral".
pub(super) fn names_a_form(text: &str, in_two_words: bool) -> bool {
    const FORMS: [&str; 6] = [
        "form",
        "referral",
        "request",
        "report",
        "application",
        "notification",
    ];
    let said = spoken(text);
    let mut words = said.split(' ');
    (in_two_words || words.clone().count() > 2) && words.any(|word| FORMS.contains(&word))
}
