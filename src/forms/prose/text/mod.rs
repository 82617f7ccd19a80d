//! Running text as sentences of words, without greeting, sign-off and mail headers.

mod lines;

use crate::domain::names;
pub(super) use lines::{Told, told};
pub(in crate::forms) use lines::{answers_in_sentences, is_header, is_sign_off};
use std::ops::Range;

/// Most bytes of a mail that are read as sentences.
const MAX_TEXT: usize = 100_000;
/// Programs break lines between these widths, in characters.
const WRAPPED_LINE: usize = 50;
const MAX_WRAPPED_LINE: usize = 100;
/// A line of fewer words may stand for itself: a heading, a name.
const MIN_UNFINISHED_WORDS: usize = 3;

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

    /// The tokens of a range, as far as there are any.
    pub(super) fn words(&self, range: Range<usize>) -> &[Token] {
        let end = range.end.min(self.tokens.len());
        self.tokens.get(range.start..end).unwrap_or_default()
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
