//! HTML as a flat sequence of tokens (WHATWG tokenisation by html5ever; no tree, so no recursion).
//!
//! Invariant: time and memory grow linearly with the input. The tokeniser compares each attribute of a
//! tag with all before it, so `bound_attributes` ends a tag after `MAX_ATTRIBUTES` first.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use std::borrow::Cow;
use std::cell::RefCell;

/// Most attributes of one tag; what follows them is read as text.
const MAX_ATTRIBUTES: usize = 256;

/// Elements whose content is text up to their end tag: nothing inside them is a tag.
const RAW_TEXT: [&str; 2] = ["script", "style"];
/// Elements whose content is text with entities up to their end tag.
const ESCAPABLE_RAW_TEXT: [&str; 2] = ["title", "textarea"];

/// One token.
#[derive(Clone, PartialEq, Eq)]
pub enum HtmlToken {
    /// A start tag; `name` and attribute names in lower case.
    Start {
        /// Element name.
        name: String,
        /// Attributes with entities resolved.
        attributes: Vec<(String, String)>,
        /// Written as `<x/>`.
        self_closing: bool,
    },
    /// An end tag.
    End {
        /// Element name.
        name: String,
    },
    /// Text with entities resolved.
    Text(String),
    /// A comment, conditional comments included.
    Comment(String),
}

/// Tokenises; the content of `script` and `style` comes as [`HtmlToken::Text`] between their tags.
pub fn tokens(html: &str) -> Vec<HtmlToken> {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(bound_attributes(html).as_ref()));
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let mut tokens = tokenizer.sink.tokens.take();
    tokens.shrink_to_fit();
    tokens
}

#[derive(Default)]
struct Sink {
    tokens: RefCell<Vec<HtmlToken>>,
}

impl Sink {
    fn text(&self, text: &str) {
        let mut tokens = self.tokens.borrow_mut();
        match tokens.last_mut() {
            Some(HtmlToken::Text(before)) => before.push_str(text),
            _ => tokens.push(HtmlToken::Text(text.to_owned())),
        }
    }

    fn tag(&self, tag: Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        let raw = raw_kind(&name);
        let mut tokens = self.tokens.borrow_mut();
        match tag.kind {
            TagKind::EndTag => {
                tokens.push(HtmlToken::End { name });
                TokenSinkResult::Continue
            }
            TagKind::StartTag => {
                tokens.push(HtmlToken::Start {
                    name,
                    attributes: tag
                        .attrs
                        .into_iter()
                        .map(|a| (a.name.local.to_string(), a.value.to_string()))
                        .collect(),
                    self_closing: tag.self_closing,
                });
                raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData)
            }
        }
    }
}

fn raw_kind(name: &str) -> Option<RawKind> {
    if RAW_TEXT.contains(&name) {
        Some(RawKind::Rawtext)
    } else if ESCAPABLE_RAW_TEXT.contains(&name) {
        Some(RawKind::Rcdata)
    } else {
        None
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::TagToken(tag) => return self.tag(tag),
            Token::CommentToken(text) => self
                .tokens
                .borrow_mut()
                .push(HtmlToken::Comment(text.to_string())),
            Token::DoctypeToken(_) | Token::NullCharacterToken | Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// Ends each tag after [`MAX_ATTRIBUTES`] attributes by putting in a `>`. Follows the tokeniser's own
/// states (tags, quoted values, comments, raw text), so that it cannot be led astray by a quote in a comment.
fn bound_attributes(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let mut cuts: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(open) = find(bytes, at, b"<") {
        at = match bytes.get(open + 1) {
            Some(b'!') if bytes[open..].starts_with(b"<!--") => comment_end(bytes, open + 4),
            Some(b'!' | b'?') => find(bytes, open, b">").map_or(bytes.len(), |end| end + 1),
            Some(b'/') => match bytes.get(open + 2) {
                Some(b) if b.is_ascii_alphabetic() => tag_end(bytes, open + 2, &mut cuts),
                Some(b'>') => open + 3,
                Some(_) | None => find(bytes, open, b">").map_or(bytes.len(), |end| end + 1),
            },
            Some(b) if b.is_ascii_alphabetic() => {
                let name_end = name_end(bytes, open + 1);
                let end = tag_end(bytes, open + 1, &mut cuts);
                let name = html[open + 1..name_end].to_ascii_lowercase();
                match raw_kind(&name) {
                    Some(_) => raw_text_end(bytes, end, &name),
                    None => end,
                }
            }
            Some(_) | None => open + 1,
        };
    }
    if cuts.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len() + cuts.len());
    let mut from = 0;
    for cut in cuts {
        out.push_str(&html[from..cut]);
        out.push('>');
        from = cut;
    }
    out.push_str(&html[from..]);
    Cow::Owned(out)
}

fn find(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    match needle {
        [one] => rest.iter().position(|b| b == one).map(|i| i + from),
        _ => rest
            .windows(needle.len())
            .position(|w| w == needle)
            .map(|i| i + from),
    }
}

/// The place after the comment whose content begins at `from`.
fn comment_end(bytes: &[u8], from: usize) -> usize {
    if bytes[from..].starts_with(b">") {
        return from + 1;
    }
    if bytes[from..].starts_with(b"->") {
        return from + 2;
    }
    let mut at = from;
    while let Some(dashes) = find(bytes, at, b"--") {
        match bytes.get(dashes + 2) {
            Some(b'>') => return dashes + 3,
            Some(b'!') if bytes.get(dashes + 3) == Some(&b'>') => return dashes + 4,
            Some(_) | None => at = dashes + 1,
        }
    }
    bytes.len()
}

fn name_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..]
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | 0x0c))
        .map_or(bytes.len(), |i| i + from)
}

/// The place after the `>` of the tag whose name begins at `from`; places for a cut go to `cuts`.
fn tag_end(bytes: &[u8], from: usize, cuts: &mut Vec<usize>) -> usize {
    let mut at = name_end(bytes, from);
    let mut attributes = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => return at + 1,
            b if b.is_ascii_whitespace() || b == b'/' => at += 1,
            _ => {
                attributes += 1;
                if attributes > MAX_ATTRIBUTES {
                    cuts.push(at);
                    return at;
                }
                at = attribute_end(bytes, at);
            }
        }
    }
    at
}

/// The place after the attribute that begins at `from`.
fn attribute_end(bytes: &[u8], from: usize) -> usize {
    let skip = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    };
    // A leading `=` is part of the name.
    let name = bytes[from + 1..]
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'='))
        .map_or(bytes.len(), |i| i + from + 1);
    let equals = skip(name);
    if bytes.get(equals) != Some(&b'=') {
        return name;
    }
    let value = skip(equals + 1);
    match bytes.get(value) {
        Some(quote @ (b'"' | b'\'')) => find(bytes, value + 1, &[*quote]).map_or(bytes.len(), |i| i + 1),
        Some(b'>') | None => value,
        Some(_) => bytes[value..]
            .iter()
            .position(|b| b.is_ascii_whitespace() || *b == b'>')
            .map_or(bytes.len(), |i| i + value),
    }
}

/// The place of the end tag that closes the raw text beginning at `from`.
fn raw_text_end(bytes: &[u8], from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(close) = find(bytes, at, b"</") {
        let start = close + 2;
        let end = start + name.len();
        let is_name = bytes
            .get(start..end)
            .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
        let is_whole = bytes
            .get(end)
            .is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'));
        if is_name && is_whole {
            return close;
        }
        at = start;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(html: &str) -> String {
        tokens(html)
            .into_iter()
            .filter_map(|token| match token {
                HtmlToken::Text(text) => Some(text),
                HtmlToken::Start { .. } | HtmlToken::End { .. } | HtmlToken::Comment(_) => None,
            })
            .collect()
    }

    #[test]
    fn names_are_lower_case_and_entities_are_resolved() {
        let tokens = tokens("<P Class='a&amp;b'>J&eacute;r&#244;me &lt;x></P><br/><!-- c -->");
        assert!(
            tokens
                == vec![
                    HtmlToken::Start {
                        name: "p".into(),
                        attributes: vec![("class".into(), "a&b".into())],
                        self_closing: false,
                    },
                    HtmlToken::Text("Jérôme <x>".into()),
                    HtmlToken::End { name: "p".into() },
                    HtmlToken::Start {
                        name: "br".into(),
                        attributes: vec![],
                        self_closing: true,
                    },
                    HtmlToken::Comment(" c ".into()),
                ]
        );
    }

    #[test]
    fn script_and_style_content_is_text_even_if_it_looks_like_tags() {
        assert_eq!(
            text_of("<style>a<b</style>x<SCRIPT>if (a<b) '</p>'</SCRIPT >y"),
            "a<bxif (a<b) '</p>'y"
        );
    }

    #[test]
    fn a_tag_with_too_many_attributes_is_ended() {
        let many: String = (0..100_000).map(|i| format!(" a{i}=1")).collect();
        for html in [
            format!("<p{many}>text</p>"),
            format!("<!-- <a b=\" --><p{many}>text</p>"),
            format!("<script><a b=\"</script><p{many}>text</p>"),
            format!("<!--> <a b='><p{many}>'text</p>"),
        ] {
            let start = std::time::Instant::now();
            let found = tokens(&html);
            assert!(start.elapsed().as_secs() < 20, "attributes cost quadratic time");
            let most = found
                .iter()
                .map(|token| match token {
                    HtmlToken::Start { attributes, .. } => attributes.len(),
                    HtmlToken::End { .. } | HtmlToken::Text(_) | HtmlToken::Comment(_) => 0,
                })
                .max();
            assert!(most <= Some(MAX_ATTRIBUTES + 1), "{most:?}");
        }
    }

    #[test]
    fn a_long_quoted_value_is_one_attribute() {
        let picture = format!(
            "<img src=\"data:image/png;base64,{}\">after",
            "AAAA ".repeat(50_000)
        );
        assert_eq!(text_of(&picture), "after");
    }
}
