//! Running text as sentences of words, without greeting, sign-off and mail headers.

use crate::domain::names;
use crate::forms::signature::{holds_name, holds_short_name, is_boilerplate, stranger_at};
use std::ops::Range;

/// Most bytes of a mail that are read as sentences.
const MAX_TEXT: usize = 100_000;
/// Programs break lines between these widths, in characters.
const WRAPPED_LINE: usize = 50;
const MAX_WRAPPED_LINE: usize = 100;
/// A line of fewer words may stand for itself: a heading, a name.
const MIN_UNFINISHED_WORDS: usize = 3;
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

/// A word or a punctuation mark.
pub(super) struct Token {
    /// First byte in the text.
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
    /// Lower case, apostrophes straight.
    pub(super) lower: String,
    /// Begins with a capital letter.
    pub(super) is_capital: bool,
    /// All its letters are capitals, three or more.
    pub(super) is_upper: bool,
}

impl Token {
    /// Without the `'s` of a possessive.
    pub(super) fn base(&self) -> &str {
        self.lower
            .strip_suffix("'s")
            .or_else(|| self.lower.strip_suffix('\''))
            .unwrap_or(&self.lower)
    }

    pub(super) fn is_mark(&self) -> bool {
        !self.lower.chars().any(char::is_alphanumeric)
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.lower.as_str())
    }
}

/// What becomes of the lines below the sign-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Left out: a professional's signature is about nobody in the case.
    Cut,
    /// Read as told of the writer.
    Kept,
}

/// A text with its sentences.
pub(super) struct Prose {
    /// The first token of the sign-off, where it was kept.
    pub(super) sign_off: Option<usize>,
    pub(super) text: String,
    pub(super) tokens: Vec<Token>,
    /// Ranges of `tokens`.
    pub(super) sentences: Vec<Range<usize>>,
}

impl Prose {
    /// Reads a writer's lines; `writer` is the words of their name.
    pub(super) fn of(lines: &[String], writer: &[String], ending: Ending) -> Self {
        let mut text = String::new();
        let mut signed = None;
        let told = told(lines, writer);
        let width = wrap_width(&told);
        let mut goes_on = false;
        for (at, told_line) in told.iter().enumerate() {
            let line = told_line.text;
            if told_line.is_below && ending == Ending::Cut {
                continue;
            }
            if told_line.is_below && signed.is_none() {
                signed = Some(text.len());
            }
            if text.len() + line.len() > MAX_TEXT {
                break;
            }
            text.push_str(line.trim());
            let next = told.get(at + 1).filter(|next| !next.starts_paragraph);
            let is_wrapped = !told_line.is_below
                && next.is_some_and(|next| {
                    width.is_some_and(|width| fills(line, next.text, width))
                        || is_unfinished(line, next.text)
                        || goes_on && is_scrap(line)
                });
            goes_on = is_wrapped;
            text.push(if is_wrapped { ' ' } else { '\n' });
        }
        let tokens = tokens(&text);
        let sentences = sentences(&text, &tokens);
        let sign_off = signed.map(|byte| tokens.partition_point(|token: &Token| token.start < byte));
        Self {
            sign_off,
            text,
            tokens,
            sentences,
        }
    }

    /// The tokens of a range.
    pub(super) fn words(&self, range: Range<usize>) -> &[Token] {
        self.tokens.get(range).unwrap_or_default()
    }

    /// The text of a range of tokens.
    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        let words = self.words(range);
        match (words.first(), words.last()) {
            (Some(first), Some(last)) => self.text.get(first.start..last.end).unwrap_or_default(),
            (_, _) => "",
        }
    }

    /// The sentence that a byte of the text is in.
    pub(super) fn sentence_at(&self, byte: usize) -> Option<usize> {
        let ends_before = |sentence: &Range<usize>| {
            let last = self.words(sentence.clone()).last();
            last.is_none_or(|last| last.end <= byte)
        };
        let at = self.sentences.partition_point(ends_before);
        (at < self.sentences.len()).then_some(at)
    }

    /// The words of a sentence, to be shown as evidence.
    pub(super) fn quote(&self, sentence: usize) -> String {
        let range = self.sentences.get(sentence).cloned().unwrap_or_default();
        self.slice(range).to_owned()
    }

    /// The first token that begins at that byte or behind it.
    pub(super) fn token_at(&self, byte: usize) -> usize {
        self.tokens.partition_point(|token| token.start < byte)
    }
}

/// Where a program broke the lines, in characters. `None` where it did not.
fn wrap_width(lines: &[Told<'_>]) -> Option<usize> {
    let longest = lines.iter().map(|line| line.text.chars().count()).max()?;
    (WRAPPED_LINE..=MAX_WRAPPED_LINE)
        .contains(&longest)
        .then_some(longest)
}

/// A sentence that cannot end here: the next line goes on in small letters, or with what this one promises
/// ("date of birth", "lives at").
fn is_unfinished(line: &str, next: &str) -> bool {
    const PROMISES: [&str; 42] = [
        "of",
        "the",
        "at",
        "in",
        "on",
        "and",
        "by",
        "from",
        "to",
        "with",
        "is",
        "was",
        "a",
        "an",
        "for",
        "or",
        "as",
        "that",
        "are",
        "her",
        "his",
        "their",
        "our",
        "my",
        "mr",
        "mrs",
        "miss",
        "ms",
        "dr",
        "has",
        "had",
        "have",
        "birth",
        "dob",
        "number",
        "reference",
        "ref",
        "telephone",
        "mobile",
        "aged",
        "born",
        "called",
    ];
    let (line, next) = (line.trim_end(), next.trim_start());
    if line.ends_with(['.', '?', '!', ':', ';']) || line.split_whitespace().count() < MIN_UNFINISHED_WORDS {
        return false;
    }
    if next.starts_with(char::is_lowercase) {
        return true;
    }
    let last = line
        .rsplit(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty())
        .unwrap_or_default()
        .to_lowercase();
    let is_day = last.len() <= 2
        && last.chars().all(|c| c.is_ascii_digit())
        && line.split_whitespace().last() == Some(last.as_str());
    let starts = next.starts_with(|c: char| c.is_alphanumeric() || c == '(');
    starts && !line.ends_with(',') && (PROMISES.contains(&last.as_str()) || is_day)
}

/// A word or two that a program broke off the line before.
fn is_scrap(line: &str) -> bool {
    line.split_whitespace().count() < MIN_UNFINISHED_WORDS && !line.ends_with(['.', '?', '!', ':', ';'])
}

/// A line ended because the first word of the next did not fit.
fn fills(line: &str, next: &str, width: usize) -> bool {
    let length = line.chars().count();
    let word = next
        .split_whitespace()
        .next()
        .map_or(0, |word| word.chars().count());
    length >= WRAPPED_LINE / 2 && length + 1 + word >= width && !next.starts_with(['-', '•', '*', '–'])
}

/// A line that tells something.
pub(super) struct Told<'l> {
    pub(super) text: &'l str,
    /// It stands below a sign-off.
    pub(super) is_below: bool,
    /// A blank line stands before it.
    pub(super) starts_paragraph: bool,
}

/// The lines that tell something, without greetings and headers, also of a forwarded mail.
pub(super) fn told<'l>(lines: &'l [String], writer: &[String]) -> Vec<Told<'l>> {
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
    const CLOSINGS: [&str; 24] = [
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

/// Words keep what stands inside them: `o'dowd`, `11.6.2005`, `42/1/26`, `a.b@example.org`.
fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut end = start + c.len_utf8();
        if c.is_alphanumeric() {
            while let Some(&(at, next)) = chars.peek() {
                let joins = matches!(next, '\'' | '’' | '-' | '.' | '/' | '@' | '_' | '+')
                    && text
                        .get(at + next.len_utf8()..)
                        .is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
                if !(next.is_alphanumeric() || joins) {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
        }
        let word = text.get(start..end).unwrap_or_default();
        out.push(Token {
            start,
            end,
            lower: word.to_lowercase().replace('’', "'"),
            is_capital: c.is_uppercase(),
            is_upper: word.chars().filter(|c| c.is_uppercase()).count() > 2
                && !word.chars().any(char::is_lowercase),
        });
    }
    out
}

fn sentences(text: &str, tokens: &[Token]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for at in 0..tokens.len() {
        if ends_sentence(text, tokens, at) {
            out.push(start..at + 1);
            start = at + 1;
        }
    }
    if start < tokens.len() {
        out.push(start..tokens.len());
    }
    out
}

fn ends_sentence(text: &str, tokens: &[Token], at: usize) -> bool {
    let (Some(token), Some(next)) = (tokens.get(at), tokens.get(at + 1)) else {
        return true;
    };
    if text
        .get(token.end..next.start)
        .is_some_and(|gap| gap.contains('\n'))
    {
        return true;
    }
    match token.lower.as_str() {
        "?" | "!" => next.lower != ")",
        "." => {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let is_short_form = before.is_some_and(|word| {
                names::is_title(&word.lower)
                    || names::is_rank(&word.lower)
                    || word.lower.chars().count() == 1 && word.is_capital
                    || word.is_any(&[
                        "st", "rd", "no", "ave", "approx", "tel", "d.o.b", "dob", "e.g", "i.e", "ref", "mob",
                        "ext", "nos",
                    ])
            });
            !is_short_form
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let prose = Prose::of(&lines, &["fiona".to_owned(), "redgate".to_owned()], Ending::Cut);
        (0..prose.sentences.len()).map(|at| prose.quote(at)).collect()
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        assert_eq!(
            said(&[
                "Dear team",
                "I see Mr. T. Roe on 11.6.2026. He knows! Mail p.roe@example.com or ring 07700 900562",
                "Kind regards",
                "Fiona",
                "Not told",
            ]),
            [
                "I see Mr. T. Roe on 11.6.2026.",
                "He knows!",
                "Mail p.roe@example.com or ring 07700 900562"
            ]
        );
    }

    #[test]
    fn a_forwarded_mail_goes_on_behind_the_sign_off() {
        assert_eq!(
            said(&[
                "See below",
                "Fiona Redgate",
                "Sergeant",
                "From: A B <a@example.org>",
                "Sarge",
                "He agreed."
            ]),
            ["See below", "Sarge", "He agreed."]
        );
    }

    #[test]
    fn a_wrapped_line_goes_on() {
        assert_eq!(
            said(&[
                "The victim lives in a flat above the shop that was broken",
                "into last week."
            ])
            .len(),
            1
        );
    }
}
