//! Answers to values: ticks in any drawing, struck alternatives, blanks, yes and no, outcomes.
//!
//! Invariant: an untouched answer is blank, never "no"; what points elsewhere ("as above") is no value.

use super::labels::{LabelBook, spoken};
use crate::domain::{ConsentAnswer, ConsentHow, Inline, OffenceOutcome, PreferredContact, inline_text};

/// An answer as it stands on the form: one entry per line.
#[derive(Clone, Default)]
pub(super) struct Answer {
    pub(super) lines: Vec<Vec<Inline>>,
}

/// An answer after ticks, struck words and fillers are resolved.
pub(super) struct Cleaned {
    /// What counts, one entry per line; empty where the answer is blank.
    pub(super) lines: Vec<String>,
    /// The chosen options, where the answer had boxes to tick or words to strike.
    pub(super) options: Option<Vec<String>>,
    /// It points elsewhere ("as above").
    pub(super) elsewhere: bool,
}

impl Cleaned {
    pub(super) fn is_blank(&self) -> bool {
        self.lines.is_empty()
    }

    /// The answer on one line.
    pub(super) fn text(&self) -> String {
        self.lines.join(" ")
    }
}

impl Answer {
    pub(super) fn of(lines: Vec<Vec<Inline>>) -> Self {
        Self { lines }
    }

    pub(super) fn of_text(text: &str) -> Self {
        let line = |text: &str| {
            vec![Inline::Text {
                text: text.to_owned(),
                bold: false,
                struck: false,
            }]
        };
        Self {
            lines: text.lines().map(line).collect(),
        }
    }

    /// Adds a line.
    pub(super) fn push(&mut self, line: Vec<Inline>) {
        self.lines.push(line);
    }

    /// The visible text as a quote.
    pub(super) fn quote(&self) -> String {
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| inline_text(line).split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|line| !line.is_empty())
            .collect();
        lines.join("\n")
    }

    /// Resolves the answer.
    pub(super) fn clean(&self, book: &LabelBook) -> Cleaned {
        let tokens = tick_tokens(&self.lines);
        if tokens.iter().any(|t| matches!(t, Token::Tick(_))) {
            let chosen = chosen_options(&tokens);
            return Cleaned {
                lines: chosen.clone(),
                options: Some(chosen),
                elsewhere: false,
            };
        }
        let struck = |piece: &Inline| matches!(piece, Inline::Text { struck: true, text, .. } if !text.trim().is_empty());
        if self.lines.iter().flatten().any(struck) {
            let kept = self
                .lines
                .iter()
                .map(|line| kept_words(line))
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>();
            return Cleaned {
                lines: kept.clone(),
                options: Some(kept),
                elsewhere: false,
            };
        }
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| strip_filler(&inline_text(line)))
            .filter(|line| line.chars().any(char::is_alphanumeric))
            .collect();
        let lines = json_list(&lines).unwrap_or(lines);
        let said = spoken(&lines.join(" "));
        let elsewhere = book.answers.elsewhere.contains(&said);
        let blank = elsewhere || book.answers.blank.contains(&said) || untouched(&lines, book);
        Cleaned {
            lines: if blank { Vec::new() } else { lines },
            options: None,
            elsewhere,
        }
    }
}

enum Token {
    Tick(bool),
    Text(String),
}

/// Pieces as ticks and texts; ticks written as characters count too.
fn tick_tokens(lines: &[Vec<Inline>]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for line in lines {
        for piece in line {
            match piece {
                Inline::Tick { checked } => out.push(Token::Tick(*checked)),
                Inline::Text {
                    text, struck: false, ..
                }
                | Inline::Answer {
                    text,
                    placeholder: false,
                } => scan_ticks(text, &mut out),
                // What is left out still parts the words around it.
                Inline::Text { struck: true, .. }
                | Inline::Answer {
                    placeholder: true, ..
                }
                | Inline::Hidden { .. } => scan_ticks(" ", &mut out),
                Inline::Break => out.push(Token::Text("\n".into())),
            }
        }
        out.push(Token::Text("\n".into()));
    }
    out
}

fn scan_ticks(text: &str, out: &mut Vec<Token>) {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let bracketed = [
            ("[x]", true),
            ("[X]", true),
            ("(x)", true),
            ("(X)", true),
            ("[ ]", false),
            ("[]", false),
            ("( )", false),
            ("[✓]", true),
            ("[✔]", true),
        ]
        .into_iter()
        .find(|(mark, _)| rest.starts_with(mark));
        let tick = match (bracketed, c) {
            (Some((mark, checked)), _) => Some((mark.len(), checked)),
            (None, '☒' | '☑' | '✓' | '✔' | '✗' | '✘' | '■' | '🗹' | '🗷') => {
                Some((c.len_utf8(), true))
            }
            (None, '☐' | '□' | '▢' | '❏' | '❑') => Some((c.len_utf8(), false)),
            (None, _) => None,
        };
        match tick {
            Some((length, checked)) => {
                out.push(Token::Text(std::mem::take(&mut plain)));
                out.push(Token::Tick(checked));
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                plain.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out.push(Token::Text(plain));
}

/// The options whose box is ticked. The box stands before its word, unless the row ends in a box.
fn chosen_options(tokens: &[Token]) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut ticks = Vec::new();
    for token in tokens {
        match token {
            Token::Tick(checked) => {
                ticks.push(*checked);
                texts.push(String::new());
            }
            Token::Text(text) => {
                if let Some(last) = texts.last_mut() {
                    last.push_str(text);
                }
            }
        }
    }
    let tidy = |text: &String| {
        let trimmed: &[char] = &[
            '/', ',', ';', '|', '-', '–', ' ', '\t', '\u{a0}', '\n', '.', '_', '…',
        ];
        text.trim_matches(trimmed)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let texts: Vec<String> = texts.iter().map(tidy).collect();
    let after = texts.last().is_some_and(String::is_empty) && texts.first().is_some_and(|t| !t.is_empty());
    ticks
        .iter()
        .enumerate()
        .filter(|(_, checked)| **checked)
        .filter_map(|(at, _)| texts.get(if after { at } else { at + 1 }))
        .filter(|text| !text.is_empty())
        .cloned()
        .collect()
}

/// The words that are not struck out, without the separators between alternatives.
fn kept_words(line: &[Inline]) -> String {
    let mut out = String::new();
    for piece in line {
        match piece {
            Inline::Text {
                text, struck: false, ..
            }
            | Inline::Answer {
                text,
                placeholder: false,
            } => out.push_str(text),
            Inline::Text { .. }
            | Inline::Answer { .. }
            | Inline::Tick { .. }
            | Inline::Break
            | Inline::Hidden { .. } => out.push(' '),
        }
    }
    let words: Vec<&str> = out
        .split(['/', '|'])
        .map(str::trim)
        .filter(|w| w.chars().any(char::is_alphanumeric))
        .collect();
    words.join(" / ")
}

/// Without dot leaders, underscores and surrounding blanks.
pub(super) fn strip_filler(text: &str) -> String {
    let is_filler = |c: char| {
        c.is_whitespace() || matches!(c, '_' | '…' | '\u{a0}' | '\u{2002}' | '\u{200b}' | '\u{feff}')
    };
    let mut text = text.trim_matches(is_filler);
    while text.starts_with("..") || text.starts_with(". .") {
        text = text.trim_start_matches(|c| c == '.' || is_filler(c));
    }
    while text.ends_with("..") || text.ends_with(". .") {
        text = text.trim_end_matches(|c| c == '.' || is_filler(c));
    }
    let text = text.trim_matches(is_filler);
    let text = text.strip_prefix("- ").unwrap_or(text);
    let text = text.strip_prefix(':').unwrap_or(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `["Text message"]` as an exporter writes a list.
fn json_list(lines: &[String]) -> Option<Vec<String>> {
    let [line] = lines else { return None };
    if !(line.starts_with('[') && line.ends_with(']')) {
        return None;
    }
    serde_json::from_str(line).ok()
}

/// `Yes / No`, `Y / N / Not known`, `verbally / in writing`, `Email / Phone / Writing`: nobody chose.
fn untouched(lines: &[String], book: &LabelBook) -> bool {
    let text = lines.join(" ");
    let separated = text.contains(['/', '|']);
    let a = &book.answers;
    let answers: Vec<&String> = [&a.yes, &a.no, &a.not_sought, &a.unknown, &a.blank]
        .into_iter()
        .flatten()
        .collect();
    let ways: Vec<&String> = a.verbal.iter().chain(&a.written).collect();
    let genders: Vec<&String> = book.genders.keys().collect();
    let contacts: Vec<&String> = book.contact.iter().flat_map(|(_, words)| words).collect();
    let words = super::labels::tokens(&text);
    // "Phone, text" may be typed; three ways in a row, or two with a slash, are the printed choice.
    let most_typed = if separated { 1 } else { 2 };
    // "Yes, I agree" is one answer in two phrases; "Yes / No" are two.
    let said = options_covering(&words, &answers);
    let kinds = [&a.yes, &a.no, &a.not_sought, &a.unknown, &a.blank]
        .into_iter()
        .filter(|kind| said.iter().any(|phrase| kind.contains(phrase)))
        .count();
    kinds >= 2
        || options_covering(&words, &ways).len() >= 2
        || options_covering(&words, &genders).len() >= 2
        || options_covering(&words, &contacts).len() > most_typed
}

/// The different options that the words consist of; none where a word belongs to none.
fn options_covering(words: &[String], options: &[&String]) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest = LONGEST_OPTION.min(words.len() - at);
        let hit = (1..=longest)
            .rev()
            .filter_map(|length| words.get(at..at + length).map(|w| (length, w.join(" "))))
            .find(|(_, phrase)| options.contains(&phrase));
        let Some((length, phrase)) = hit else {
            return Vec::new();
        };
        if seen.contains(&phrase) {
            return Vec::new();
        }
        seen.push(phrase);
        at += length;
    }
    seen
}

/// Most words of one option of a printed choice.
const LONGEST_OPTION: usize = 5;

/// A yes/no answer and whether it is hedged ("Yes, but only ...").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct YesNo {
    pub(super) answer: ConsentAnswer,
    pub(super) hedged: bool,
}

/// Most words of an answer that only says how somebody agreed.
const MAX_WAY_WORDS: usize = 3;

/// Says how somebody agreed and nothing else: "Verbally", "In person".
pub(super) fn tells_only_how(text: &str, book: &LabelBook) -> bool {
    text.split_whitespace().count() <= MAX_WAY_WORDS && how(text, book).is_some()
}

/// Reads yes, no, not asked and do not know.
pub(super) fn yes_no(text: &str, book: &LabelBook) -> Option<YesNo> {
    let said = spoken(text);
    let words = &book.answers;
    let starts = |list: &[String]| {
        list.iter()
            .filter(|phrase| {
                said.strip_prefix(phrase.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
            .map(String::len)
            .max()
            .unwrap_or(0)
    };
    let best = [
        (starts(&words.not_sought), ConsentAnswer::NotSought),
        (starts(&words.unknown), ConsentAnswer::Unknown),
        (starts(&words.no), ConsentAnswer::Refused),
        (starts(&words.yes), ConsentAnswer::Given),
    ]
    .into_iter()
    .max_by_key(|(length, _)| *length)
    .filter(|(length, _)| *length > 0);
    if let Some((length, answer)) = best {
        let rest = said.get(length..).unwrap_or_default();
        let hedged = rest.split(' ').any(|w| words.qualifiers.iter().any(|q| q == w));
        return Some(YesNo { answer, hedged });
    }
    let padded = format!(" {said} ");
    let anywhere = |list: &[String]| {
        list.iter()
            .any(|phrase| phrase.contains(' ') && padded.contains(&format!(" {phrase} ")))
    };
    anywhere(&words.not_sought).then_some(YesNo {
        answer: ConsentAnswer::NotSought,
        hedged: false,
    })
}

/// Reads a ticked statement: "Agrees to be contacted", "Not safe to leave a message", "Has not been asked".
pub(super) fn stated(text: &str, book: &LabelBook) -> YesNo {
    const NEGATIONS: [&str; 12] = [
        "not", "no", "never", "doesnt", "dont", "isnt", "unsafe", "refuses", "refused", "declines",
        "declined", "without",
    ];
    let plain = |answer| YesNo {
        answer,
        hedged: false,
    };
    let said = spoken(text);
    let padded = format!(" {said} ");
    if book
        .answers
        .not_sought
        .iter()
        .any(|phrase| phrase.contains(' ') && padded.contains(&format!(" {phrase} ")))
    {
        return plain(ConsentAnswer::NotSought);
    }
    if said.split(' ').any(|word| NEGATIONS.contains(&word)) {
        return plain(ConsentAnswer::Refused);
    }
    plain(ConsentAnswer::Given)
}

/// `true` or `false` of a yes/no answer.
pub(super) fn boolean(answer: YesNo) -> Option<bool> {
    match answer.answer {
        ConsentAnswer::Given => Some(true),
        ConsentAnswer::Refused => Some(false),
        ConsentAnswer::NotSought | ConsentAnswer::Unknown => None,
    }
}

/// How consent was given; `None` where the words say both or neither.
pub(super) fn how(text: &str, book: &LabelBook) -> Option<ConsentHow> {
    let said = format!(" {} ", spoken(text));
    let has = |list: &[String]| list.iter().any(|phrase| said.contains(&format!(" {phrase} ")));
    match (has(&book.answers.verbal), has(&book.answers.written)) {
        (true, false) => Some(ConsentHow::Verbal),
        (false, true) => Some(ConsentHow::Written),
        (true, true) | (false, false) => None,
    }
}

/// The ways of contact that the words name, in the order of the label file.
pub(super) fn contacts(text: &str, book: &LabelBook) -> Vec<PreferredContact> {
    let mut said = format!(" {} ", spoken(text));
    let mut phrases: Vec<(&String, PreferredContact)> = book
        .contact
        .iter()
        .flat_map(|(way, words)| words.iter().map(move |w| (w, *way)))
        .collect();
    phrases.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
    if said.starts_with(" through ") || said.starts_with(" via ") {
        return vec![PreferredContact::ViaProfessional];
    }
    let mut found = Vec::new();
    for (phrase, way) in phrases {
        let needle = format!(" {phrase} ");
        if said.contains(&needle) {
            said = said.replace(&needle, " | ");
            if !found.contains(&way) {
                found.push(way);
            }
        }
    }
    found
}

/// The outcomes that the words name, the longest words first.
pub(super) fn outcomes(text: &str, book: &LabelBook) -> Vec<OffenceOutcome> {
    let mut said = format!(" {} ", spoken(text));
    let mut found = Vec::new();
    for (outcome, phrase) in &book.outcomes {
        let needle = format!(" {phrase} ");
        if said.contains(&needle) {
            said = said.replace(&needle, " | ");
            if !found.contains(outcome) {
                found.push(*outcome);
            }
        }
    }
    found
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

    fn text(text: &str) -> Inline {
        Inline::Text {
            text: text.to_owned(),
            bold: false,
            struck: false,
        }
    }

    fn struck(text: &str) -> Inline {
        Inline::Text {
            text: text.to_owned(),
            bold: false,
            struck: true,
        }
    }

    fn clean(pieces: Vec<Inline>) -> String {
        Answer::of(vec![pieces]).clean(&book()).text()
    }

    #[test]
    fn ticks_before_and_after_their_word_are_read() {
        let (on, off) = (Inline::Tick { checked: true }, Inline::Tick { checked: false });
        assert_eq!(
            clean(vec![off.clone(), text(" Yes  "), on.clone(), text(" No ")]),
            "No"
        );
        assert_eq!(
            clean(vec![text("Yes "), off.clone(), text(" No "), on.clone()]),
            "No"
        );
        assert_eq!(
            clean(vec![off.clone(), text(" Yes "), off.clone(), text(" No")]),
            ""
        );
        assert_eq!(clean(vec![text("[x] Yes [ ] No")]), "Yes");
        assert_eq!(
            clean(vec![text("☐ Community resolution / ☒ Referral order / ☐ Other")]),
            "Referral order"
        );
        assert_eq!(clean(vec![on, text(" I agree")]), "I agree");
    }

    #[test]
    fn struck_alternatives_leave_the_answer_and_untouched_ones_none() {
        assert_eq!(
            clean(vec![text("Y / "), struck("N"), text(" / "), struck("Not known")]),
            "Y"
        );
        assert_eq!(
            clean(vec![struck("verbally"), text(" / in writing")]),
            "in writing"
        );
        for untouched in [
            "Y / N",
            "Yes / No / Not asked",
            "verbally / in writing",
            "Yes No",
            "Yes No Not asked",
            "Yes No Don't know",
            "Email / Phone / Writing",
        ] {
            assert_eq!(clean(vec![text(untouched)]), "", "{untouched}");
        }
    }

    #[test]
    fn one_answer_in_two_phrases_is_no_printed_choice() {
        for answer in ["Yes, I agree", "Agreed, happy", "No, declined"] {
            assert_eq!(clean(vec![text(answer)]), answer);
        }
    }

    #[test]
    fn fillers_and_words_for_nothing_are_blank() {
        for blank in [
            "N/K",
            "-",
            "……………",
            "_______",
            "… / … / ……",
            "DD/MM/YYYY",
            "Not known",
            "     ",
            "Choose an item.",
        ] {
            assert_eq!(clean(vec![text(blank)]), "", "{blank}");
        }
        assert!(Answer::of(vec![vec![text("As above")]]).clean(&book()).elsewhere);
        assert_eq!(clean(vec![text("………Helen Marchetti……………")]), "Helen Marchetti");
        let placeholder = Inline::Answer {
            text: "Click here".into(),
            placeholder: true,
        };
        assert_eq!(clean(vec![placeholder]), "");
    }

    #[test]
    fn yes_no_and_not_asked_are_told_apart() {
        let book = book();
        let read = |text: &str| yes_no(text, &book).map(|y| (y.answer, y.hedged));
        assert_eq!(
            read("Yes, I agree to be contacted"),
            Some((ConsentAnswer::Given, false))
        );
        assert_eq!(read("Y"), Some((ConsentAnswer::Given, false)));
        assert_eq!(read("No"), Some((ConsentAnswer::Refused, false)));
        assert_eq!(read("Not yet asked"), Some((ConsentAnswer::NotSought, false)));
        assert_eq!(
            read("They have not been asked"),
            Some((ConsentAnswer::NotSought, false))
        );
        assert_eq!(read("Don't know"), Some((ConsentAnswer::Unknown, false)));
        assert_eq!(read("Yes but only after six"), Some((ConsentAnswer::Given, true)));
        assert_eq!(read("Nobody home"), None);
    }

    #[test]
    fn outcomes_take_the_longest_words() {
        let book = book();
        assert_eq!(outcomes("Youth caution", &book), [OffenceOutcome::YouthCaution]);
        assert_eq!(
            outcomes("Conditional caution", &book),
            [OffenceOutcome::ConditionalCaution]
        );
        assert_eq!(outcomes("NFA", &book), [OffenceOutcome::NoFurtherAction]);
        assert!(outcomes("something else", &book).is_empty());
    }
}
