//! The lines of a mail: greeting, headers of forwarded mail, sign-off and signature; and whether they are a form.

use crate::forms::signature::{holds_name, holds_short_name, is_boilerplate, stranger_at};

/// Longest label of a line that goes on in sentences, in words.
const MAX_LABEL_WORDS: usize = 3;
/// Paragraphs of several sentences of a story below a few labelled lines.
const PARAGRAPHS_OF_A_STORY: usize = 2;
/// Words of those paragraphs.
const WORDS_OF_A_STORY: usize = 60;
/// Most labelled lines above a story.
const FEW_ANSWERS: usize = 7;
/// So many such lines make a text no form.
const LINES_OF_SENTENCES: usize = 3;
/// Longest word with a full stop that is no end of a sentence: "Mr.", "Rd.", in bytes.
const MAX_SHORT_FORM: usize = 3;
/// A sign-off has no more words than this.
const MAX_SIGN_OFF_WORDS: usize = 5;

/// A line that tells something.
pub(in crate::forms::prose) struct Told<'l> {
    pub(in crate::forms::prose) text: &'l str,
    /// It stands below a sign-off.
    pub(in crate::forms::prose) is_below: bool,
    /// A blank line stands before it.
    pub(in crate::forms::prose) starts_paragraph: bool,
}

/// The lines that tell something, without greetings and headers, also of a forwarded mail.
pub(in crate::forms::prose) fn told<'l>(lines: &'l [String], writer: &[String]) -> Vec<Told<'l>> {
    let mut out = Vec::new();
    let mut signed_off = false;
    let mut starts_paragraph = false;
    let is_signed = lines.iter().any(|line| is_signature(line.trim(), writer));
    let stranger = stranger_at(lines).filter(|_| !is_signed);
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim();
        signed_off |= stranger.is_some_and(|stranger| at >= stranger);
        starts_paragraph |= line.is_empty();
        if is_header(line) {
            signed_off = false;
            continue;
        }
        signed_off |= is_sign_off(line) || (!out.is_empty() && is_signature(line, writer));
        if !(is_greeting(line) || is_boilerplate(line) || line.is_empty()) {
            out.push(Told {
                text: line,
                is_below: signed_off,
                starts_paragraph: std::mem::take(&mut starts_paragraph),
            });
        }
    }
    out
}

/// "Young person: Kit Lee, born 3 August 2011. He lives with his dad. Kit has said yes.": lines that begin like a
/// form and go on to tell in sentences; or a few labelled lines above a longer story. Such a text is no form.
pub(in crate::forms) fn answers_in_sentences(lines: &[String]) -> bool {
    let told: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    let tells = told
        .iter()
        .filter(|line| labelled(line).is_some_and(goes_on_in_sentences));
    if tells.count() >= LINES_OF_SENTENCES {
        return true;
    }
    let answers = told
        .iter()
        .filter(|line| labelled(line).is_some_and(|answer| !answer.trim().is_empty()));
    let (mut sentences, mut words) = (0, 0);
    for line in told
        .iter()
        .filter(|line| labelled(line).is_none() && !is_boilerplate(line))
    {
        let count = line.split_whitespace().count();
        if line.ends_with(['.', '?', '!']) && goes_on_in_sentences(line) {
            sentences += 1;
            words += count;
        }
    }
    (LINES_OF_SENTENCES..=FEW_ANSWERS).contains(&answers.count())
        && sentences >= PARAGRAPHS_OF_A_STORY
        && words >= WORDS_OF_A_STORY
}

/// What stands behind the label of a line.
fn labelled(line: &str) -> Option<&str> {
    let (label, answer) = line.split_once(':')?;
    (1..=MAX_LABEL_WORDS)
        .contains(&label.split_whitespace().count())
        .then_some(answer)
}

fn goes_on_in_sentences(answer: &str) -> bool {
    let words: Vec<&str> = answer.split_whitespace().collect();
    words.windows(2).any(|pair| {
        matches!(pair, [end, next] if end.ends_with('.')
            && (end.len() > MAX_SHORT_FORM || end.starts_with(|c: char| c.is_ascii_digit()))
            && next.starts_with(char::is_uppercase))
    })
}

/// A header line of a forwarded mail as mail programs write it.
pub(in crate::forms) fn is_header(line: &str) -> bool {
    ["from:", "sent:", "to:", "cc:", "date:", "subject:"]
        .iter()
        .any(|name| {
            line.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        })
}

fn is_signature(line: &str, writer: &[String]) -> bool {
    let words: Vec<String> = line
        .split_whitespace()
        .map(|w| w.trim_matches(['.', ',']).to_lowercase())
        .collect();
    // "G Fenwick", "DC Sung"
    if words.len() <= MAX_SIGN_OFF_WORDS && holds_short_name(line, writer) {
        return true;
    }
    line.split_whitespace().count() <= 2 * MAX_SIGN_OFF_WORDS
        && !line.ends_with('.')
        && holds_name(line, writer)
}

pub(in crate::forms) fn is_sign_off(line: &str) -> bool {
    const CLOSINGS: [&str; 26] = [
        "with every good wish",
        "every good wish",
        "every blessing",
        "blessings",
        "with kind regards",
        "warmest regards",
        "take care",
        "ever",
        "regards",
        "thanks",
        "thank you",
        "many thanks",
        "cheers",
        "best wishes",
        "yours sincerely",
        "yours faithfully",
        "kind regards",
        "best regards",
        "warm regards",
        "with thanks",
        "god bless",
        "all the best",
        "with best wishes",
        "yours truly",
        "yours,",
        "ta",
    ];
    let said = line.trim_end_matches([',', '.', '!']).to_lowercase();
    let is_short = said.split_whitespace().count() <= MAX_SIGN_OFF_WORDS;
    is_short
        && CLOSINGS
            .iter()
            .any(|closing| said == *closing || said.starts_with(&format!("{closing} ")))
}

fn is_greeting(line: &str) -> bool {
    let said = line.to_lowercase();
    let is_short = said.split_whitespace().count() <= MAX_SIGN_OFF_WORDS + 1 && !said.ends_with('.');
    let first = said.split([' ', ',']).next().unwrap_or_default();
    is_short
        && [
            "dear",
            "hi",
            "hello",
            "good",
            "hiya",
            "morning",
            "afternoon",
            "fao",
        ]
        .contains(&first)
}
