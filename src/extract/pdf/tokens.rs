//! Content streams as operators with their operands (ISO 32000-1 sections 7.2 and 7.8.2).
//!
//! Nothing here recurses: of arrays in arrays and dictionaries in dictionaries only the outermost is kept, so
//! that nesting costs a counter. Time is linear in the length.

use std::borrow::Cow;

/// Most operands kept for one operator (annex C allows 33 at most, for colours).
const MAX_OPERANDS: usize = 64;

/// An operand.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Operand<'s> {
    Number(f32),
    Name(Cow<'s, [u8]>),
    Text(Cow<'s, [u8]>),
    Array(Vec<Element<'s>>),
    /// The only entry of a dictionary that matters: what marked text stands for (section 14.9.4).
    Dictionary {
        actual_text: Option<Cow<'s, [u8]>>,
    },
}

/// What an array holds that matters: text and the spaces between.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Element<'s> {
    Number(f32),
    Text(Cow<'s, [u8]>),
}

enum Token<'s> {
    Number(f32),
    Name(Cow<'s, [u8]>),
    Text(Cow<'s, [u8]>),
    ArrayOpen,
    ArrayClose,
    DictionaryOpen,
    DictionaryClose,
    Word(&'s [u8]),
}

/// The outermost array or dictionary being read.
enum Frame<'s> {
    None,
    Array(Vec<Element<'s>>),
    Dictionary {
        is_actual_text: bool,
        actual_text: Option<Cow<'s, [u8]>>,
    },
}

/// Reads operators one by one.
pub(super) struct Operators<'s> {
    bytes: &'s [u8],
    at: usize,
    most: usize,
}

impl<'s> Operators<'s> {
    pub(super) fn new(bytes: &'s [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            most: MAX_OPERANDS,
        }
    }

    /// Keeps every operand, as character maps need (their ranges come in hundreds).
    pub(super) fn with_all_operands(mut self) -> Self {
        self.most = usize::MAX;
        self
    }

    /// The next operator; its operands replace those in `operands`.
    pub(super) fn next(&mut self, operands: &mut Vec<Operand<'s>>) -> Option<&'s [u8]> {
        operands.clear();
        let mut depth = 0usize;
        let mut frame = Frame::None;
        while let Some(token) = self.token() {
            match token {
                Token::ArrayOpen => {
                    if depth == 0 {
                        frame = Frame::Array(Vec::new());
                    }
                    depth += 1;
                }
                Token::DictionaryOpen => {
                    if depth == 0 {
                        frame = Frame::Dictionary {
                            is_actual_text: false,
                            actual_text: None,
                        };
                    }
                    depth += 1;
                }
                Token::ArrayClose | Token::DictionaryClose => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        close(std::mem::replace(&mut frame, Frame::None), operands, self.most);
                    }
                }
                Token::Word(b"true" | b"false" | b"null") => {}
                // Some programs write operators into arrays; one that shows text ends an array never closed.
                Token::Word(word) if depth > 0 && !matches!(word, b"TJ" | b"Tj" | b"ET" | b"BT" | b"Q") => {}
                Token::Word(word) => {
                    close(frame, operands, self.most);
                    return Some(word);
                }
                Token::Number(_) | Token::Name(_) | Token::Text(_) => {
                    add(token, depth, &mut frame, operands, self.most);
                }
            }
        }
        None
    }

    /// Skips the samples of an inline picture, after its `ID` operator (section 8.9.7).
    pub(super) fn skip_picture(&mut self) {
        let is_space = |at: usize| self.bytes.get(at).is_none_or(|b| is_white(*b));
        let mut at = self.at;
        while let Some(rest) = self.bytes.get(at..) {
            let Some(found) = rest.windows(2).position(|pair| pair == b"EI") else {
                self.at = self.bytes.len();
                return;
            };
            let end = at + found;
            let follows = self.bytes.get(end + 2..).unwrap_or_default();
            let is_text = follows
                .iter()
                .take(8)
                .all(|b| is_white(*b) || (0x20..0x7f).contains(b));
            if end > 0 && is_space(end - 1) && is_space(end + 2) && is_text {
                self.at = end + 2;
                return;
            }
            at = end + 2;
        }
        self.at = self.bytes.len();
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn token(&mut self) -> Option<Token<'s>> {
        loop {
            let first = self.peek()?;
            let second = self.bytes.get(self.at + 1).copied();
            match first {
                _ if is_white(first) => self.at += 1,
                b'%' => self.comment(),
                b'/' => return Some(Token::Name(self.name())),
                b'(' => return Some(Token::Text(self.literal())),
                b'<' if second == Some(b'<') => {
                    self.at += 2;
                    return Some(Token::DictionaryOpen);
                }
                b'<' => return Some(Token::Text(Cow::Owned(self.hexadecimal()))),
                b'>' if second == Some(b'>') => {
                    self.at += 2;
                    return Some(Token::DictionaryClose);
                }
                b'[' | b']' => {
                    self.at += 1;
                    return Some(if first == b'[' {
                        Token::ArrayOpen
                    } else {
                        Token::ArrayClose
                    });
                }
                b'0'..=b'9' | b'+' | b'-' | b'.' => return Some(Token::Number(self.number())),
                b'>' | b')' | b'{' | b'}' => self.at += 1,
                _ => return Some(Token::Word(self.regular())),
            }
        }
    }

    fn comment(&mut self) {
        while self.peek().is_some_and(|b| !matches!(b, b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn regular(&mut self) -> &'s [u8] {
        let start = self.at;
        while self.peek().is_some_and(is_regular) {
            self.at += 1;
        }
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    fn name(&mut self) -> Cow<'s, [u8]> {
        self.at += 1;
        let raw = self.regular();
        if !raw.contains(&b'#') {
            return Cow::Borrowed(raw);
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((first, after)) = rest.split_first() {
            let pair = (after.first().and_then(digit), after.get(1).and_then(digit));
            if let (b'#', (Some(high), Some(low))) = (first, pair) {
                name.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            } else {
                name.push(*first);
                rest = after;
            }
        }
        Cow::Owned(name)
    }

    /// Numbers as lenient readers take them: `--5` is -5, `1.2.3` is 1.2, `1-2` is 1.
    fn number(&mut self) -> f32 {
        let mut value = 0f64;
        let mut is_negative = false;
        let mut place: Option<f64> = None;
        let mut has_digit = false;
        let mut is_over = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'-' if !has_digit && place.is_none() => is_negative = true,
                b'+' if !has_digit && place.is_none() => {}
                b'-' | b'+' => is_over = true,
                b'.' if place.is_none() => place = Some(0.1),
                b'.' => is_over = true,
                b'0'..=b'9' if is_over => {}
                b'0'..=b'9' => {
                    has_digit = true;
                    let figure = f64::from(byte - b'0');
                    match &mut place {
                        Some(unit) => {
                            value += figure * *unit;
                            *unit *= 0.1;
                        }
                        None => value = value * 10.0 + figure,
                    }
                }
                _ => break,
            }
            self.at += 1;
        }
        let value = if is_negative { -value } else { value };
        value as f32
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut text = Vec::new();
        let mut high: Option<u8> = None;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            let Some(figure) = digit(&byte) else { continue };
            match high.take() {
                Some(high) => text.push(high << 4 | figure),
                None => high = Some(figure),
            }
        }
        text.extend(high.map(|high| high << 4));
        text
    }

    fn literal(&mut self) -> Cow<'s, [u8]> {
        self.at += 1;
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let plain = rest.iter().position(|b| matches!(b, b')' | b'(' | b'\\' | b'\r'));
        if let Some(end) = plain
            && rest.get(end) == Some(&b')')
        {
            self.at = start + end + 1;
            return Cow::Borrowed(rest.get(..end).unwrap_or_default());
        }
        let mut text = Vec::new();
        let mut depth = 1usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => text.extend(self.escape()),
                b'(' => {
                    depth += 1;
                    text.push(byte);
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                    text.push(byte);
                }
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    }
                    text.push(b'\n');
                }
                _ => text.push(byte),
            }
        }
        Cow::Owned(text)
    }

    /// What follows a backslash (table 3).
    fn escape(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'b' => Some(8),
            b'f' => Some(12),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
                None
            }
            b'\n' => None,
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(next @ b'0'..=b'7') => {
                            code = code * 8 + u32::from(next - b'0');
                            self.at += 1;
                        }
                        Some(_) | None => break,
                    }
                }
                Some((code & 0xff) as u8)
            }
            _ => Some(byte),
        }
    }
}

fn add<'s>(
    token: Token<'s>,
    depth: usize,
    frame: &mut Frame<'s>,
    operands: &mut Vec<Operand<'s>>,
    most: usize,
) {
    match (frame, token) {
        (Frame::None, token) => {
            let operand = match token {
                Token::Number(number) => Operand::Number(number),
                Token::Name(name) => Operand::Name(name),
                Token::Text(text) => Operand::Text(text),
                Token::ArrayOpen
                | Token::ArrayClose
                | Token::DictionaryOpen
                | Token::DictionaryClose
                | Token::Word(_) => return,
            };
            if operands.len() < most {
                operands.push(operand);
            }
        }
        (Frame::Array(elements), Token::Number(number)) if depth == 1 => {
            elements.push(Element::Number(number))
        }
        (Frame::Array(elements), Token::Text(text)) if depth == 1 => elements.push(Element::Text(text)),
        (Frame::Dictionary { is_actual_text, .. }, Token::Name(name)) if depth == 1 => {
            *is_actual_text = *name == *b"ActualText";
        }
        (
            Frame::Dictionary {
                is_actual_text: true,
                actual_text,
            },
            Token::Text(text),
        ) if depth == 1 => *actual_text = Some(text),
        (Frame::Array(_) | Frame::Dictionary { .. }, _) => {}
    }
}

fn close<'s>(frame: Frame<'s>, operands: &mut Vec<Operand<'s>>, most: usize) {
    if operands.len() >= most {
        return;
    }
    match frame {
        Frame::Array(elements) => operands.push(Operand::Array(elements)),
        Frame::Dictionary { actual_text, .. } => operands.push(Operand::Dictionary { actual_text }),
        Frame::None => {}
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_regular(byte: u8) -> bool {
    !is_white(byte)
        && !matches!(
            byte,
            b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
        )
}

fn digit(byte: &u8) -> Option<u8> {
    char::from(*byte)
        .to_digit(16)
        .and_then(|figure| u8::try_from(figure).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(content: &[u8]) -> Vec<(String, Vec<Operand<'_>>)> {
        let mut reader = Operators::new(content);
        let mut operands = Vec::new();
        let mut found = Vec::new();
        while let Some(operator) = reader.next(&mut operands) {
            found.push((String::from_utf8_lossy(operator).into_owned(), operands.clone()));
        }
        found
    }

    fn text(text: &[u8]) -> Operand<'_> {
        Operand::Text(Cow::Borrowed(text))
    }

    #[test]
    fn operands_come_with_their_operator() {
        let found = all(b"/F1 12 Tf -1.5 .25 Td (a\\(b\\051\\n) Tj <41 4> Tj % end\n");
        assert_eq!(found[0].1[1], Operand::Number(12.0));
        assert_eq!(found[1].1, [Operand::Number(-1.5), Operand::Number(0.25)]);
        assert_eq!(found[2].1, [text(b"a(b)\n")]);
        assert_eq!(found[3].1, [text(b"A@")]);
    }

    #[test]
    fn arrays_keep_text_and_spaces_only_of_the_outermost() {
        let found =
            all(b"[(a) -20 [(x)] (b)] TJ /Span <</MCID 0/ActualText (fi)/X <</ActualText (no)>> >> BDC");
        let elements = vec![
            Element::Text(Cow::Borrowed(b"a".as_slice())),
            Element::Number(-20.0),
            Element::Text(Cow::Borrowed(b"b".as_slice())),
        ];
        assert_eq!(found[0].1, [Operand::Array(elements)]);
        let actual_text = Some(Cow::Borrowed(b"fi".as_slice()));
        assert_eq!(found[1].1[1], Operand::Dictionary { actual_text });
    }

    #[test]
    fn nesting_of_any_depth_costs_no_stack() {
        let mut content = b"[".repeat(1_000_000);
        content.extend(b"<<".repeat(1_000_000));
        content.extend_from_slice(b" (a) Tj");
        assert_eq!(all(&content)[0].0, "Tj");
    }

    #[test]
    fn pictures_inside_the_content_are_skipped() {
        let mut reader = Operators::new(b"BI /W 1 ID \x00EI\xff EI\n(a) Tj");
        let mut operands = Vec::new();
        assert_eq!(reader.next(&mut operands), Some(b"BI".as_slice()));
        assert_eq!(reader.next(&mut operands), Some(b"ID".as_slice()));
        reader.skip_picture();
        assert_eq!(reader.next(&mut operands), Some(b"Tj".as_slice()));
    }
}
