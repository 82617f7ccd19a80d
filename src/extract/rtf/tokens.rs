//! RTF as a flat sequence of tokens (RTF specification 1.9.1, "RTF syntax").
//!
//! Invariant: one pass, no allocation, every token takes at least one byte.

/// Longest control word; the specification allows 32 letters. What is longer is cut there.
const MAX_WORD: usize = 32;
/// Most digits of a number; what follows them is read as text.
const MAX_DIGITS: usize = 10;

/// One token.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Token<'b> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// `\name` with its number, if there is one.
    Word(&'b str, Option<i32>),
    /// `\` and a character that is no letter.
    Symbol(u8),
    /// `\'hh`
    Hex(u8),
    /// `\bin` and its data.
    Binary,
    /// Bytes as they stand; line ends are no text.
    Bytes(&'b [u8]),
}

/// Splits a document.
pub(super) struct Tokens<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Tokens<'b> {
    /// Begins at a byte of the document.
    pub(super) fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where the next token begins.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// How many bytes from here on are like that, but not more than `most`.
    fn run(&self, most: usize, is_like: fn(u8) -> bool) -> &'b [u8] {
        let rest = self.rest();
        let length = rest.iter().take(most).take_while(|b| is_like(**b)).count();
        rest.get(..length).unwrap_or_default()
    }

    fn control(&mut self) -> Option<Token<'b>> {
        let letters = self.run(MAX_WORD, |b| b.is_ascii_alphabetic());
        if letters.is_empty() {
            let symbol = *self.rest().first()?;
            self.at += 1;
            return Some(if symbol == b'\'' {
                self.hex()
            } else {
                Token::Symbol(symbol)
            });
        }
        self.at += letters.len();
        let name = std::str::from_utf8(letters).unwrap_or_default();
        let number = self.number();
        if self.rest().first() == Some(&b' ') {
            self.at += 1;
        }
        if name == "bin" {
            let length = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
            self.at = self.at.saturating_add(length).min(self.bytes.len());
            return Some(Token::Binary);
        }
        Some(Token::Word(name, number))
    }

    fn number(&mut self) -> Option<i32> {
        let is_negative = self.rest().first() == Some(&b'-');
        let start = self.at;
        self.at += usize::from(is_negative);
        let digits = self.run(MAX_DIGITS, |b| b.is_ascii_digit());
        if digits.is_empty() {
            self.at = start;
            return None;
        }
        self.at += digits.len();
        let value = digits.iter().fold(0_i32, |sum, digit| {
            sum.saturating_mul(10).saturating_add(i32::from(digit - b'0'))
        });
        Some(if is_negative { -value } else { value })
    }

    /// Without two digits the mark stands for nothing.
    fn hex(&mut self) -> Token<'b> {
        let digit = |at: usize| {
            let byte = self.rest().get(at)?;
            char::from(*byte).to_digit(16)
        };
        match (digit(0), digit(1)) {
            (Some(high), Some(low)) => {
                self.at += 2;
                Token::Hex((high * 16 + low) as u8)
            }
            (_, _) => Token::Symbol(b'\''),
        }
    }
}

impl<'b> Iterator for Tokens<'b> {
    type Item = Token<'b>;

    fn next(&mut self) -> Option<Token<'b>> {
        loop {
            let byte = *self.rest().first()?;
            match byte {
                b'\r' | b'\n' | 0 => self.at += 1,
                b'{' | b'}' => {
                    self.at += 1;
                    return Some(if byte == b'{' { Token::Open } else { Token::Close });
                }
                b'\\' => {
                    self.at += 1;
                    return self.control();
                }
                _ => {
                    let text = self.run(usize::MAX, |b| {
                        !matches!(b, b'\r' | b'\n' | 0 | b'{' | b'}' | b'\\')
                    });
                    self.at += text.len();
                    return Some(Token::Bytes(text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Token<'_>> {
        Tokens::new(text, 0).collect()
    }

    #[test]
    fn words_take_their_number_and_one_blank() {
        assert_eq!(
            all(b"{\\b0  x\r\ny\\li-720\\par}"),
            [
                Token::Open,
                Token::Word("b", Some(0)),
                Token::Bytes(b" x"),
                Token::Bytes(b"y"),
                Token::Word("li", Some(-720)),
                Token::Word("par", None),
                Token::Close,
            ]
        );
    }

    #[test]
    fn symbols_hex_and_binary_data() {
        assert_eq!(
            all(b"\\~\\'e9\\'zz\\bin3 {{{x\\bin99999999999 y"),
            [
                Token::Symbol(b'~'),
                Token::Hex(0xe9),
                Token::Symbol(b'\''),
                Token::Bytes(b"zz"),
                Token::Binary,
                Token::Bytes(b"x"),
                Token::Binary,
            ]
        );
        assert_eq!(all(b"\\"), []);
    }

    #[test]
    fn numbers_out_of_range_do_not_overflow() {
        assert_eq!(all(b"\\u-9999999999")[0], Token::Word("u", Some(-i32::MAX)));
    }
}
