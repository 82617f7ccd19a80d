//! Text to values.

use super::{MAX_DEPTH, Node};

/// What was read.
pub(super) struct Parsed {
    pub(super) root: Node,
    /// Values beyond the bound were left out.
    pub(super) is_cut: bool,
}

/// Reads one value, or several one after the other (JSON lines) as a list, of at most `most` values in
/// all. `None` where the text is not an object or a list from its beginning to its end.
pub(super) fn parse(text: &str, most: usize) -> Option<Parsed> {
    let mut parser = Parser {
        text,
        at: 0,
        left: most,
        is_cut: false,
    };
    parser.blanks();
    if !matches!(parser.peek(), Some(b'{' | b'[')) {
        return None;
    }
    let mut values = Vec::new();
    while parser.peek().is_some() {
        values.extend(parser.value(0)?);
        parser.blanks();
    }
    let root = if values.len() == 1 {
        values.pop()?
    } else {
        Node::List(values)
    };
    Some(Parsed {
        root,
        is_cut: parser.is_cut,
    })
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// Values that may still be kept.
    left: usize,
    is_cut: bool,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Outer `None` for what is not JSON, inner `None` for a value that there was no room for.
    fn value(&mut self, depth: usize) -> Option<Option<Node>> {
        if depth >= MAX_DEPTH {
            return None;
        }
        let is_kept = self.left > 0;
        self.left = self.left.saturating_sub(1);
        self.is_cut |= !is_kept;
        self.blanks();
        let node = match self.peek()? {
            b'{' => self.object(depth)?,
            b'[' => self.list(depth)?,
            b'"' => Node::Scalar(self.string()?),
            _ => self.word()?,
        };
        Some(is_kept.then_some(node))
    }

    fn object(&mut self, depth: usize) -> Option<Node> {
        let mut members = Vec::new();
        self.take(b'{')?;
        self.blanks();
        if self.take(b'}').is_some() {
            return Some(Node::Object(members));
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.blanks();
            self.take(b':')?;
            let value = self.value(depth + 1)?;
            members.extend(value.map(|value| (key, value)));
            self.blanks();
            if self.take(b'}').is_some() {
                return Some(Node::Object(members));
            }
            self.take(b',')?;
        }
    }

    fn list(&mut self, depth: usize) -> Option<Node> {
        let mut items = Vec::new();
        self.take(b'[')?;
        self.blanks();
        if self.take(b']').is_some() {
            return Some(Node::List(items));
        }
        loop {
            items.extend(self.value(depth + 1)?);
            self.blanks();
            if self.take(b']').is_some() {
                return Some(Node::List(items));
            }
            self.take(b',')?;
        }
    }

    /// A text in quotes, escapes resolved; one with an escape that means nothing stays as written.
    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let written = self.text.get(start + 1..self.at)?;
        self.at += 1;
        let quoted = self.text.get(start..self.at)?;
        Some(serde_json::from_str(quoted).unwrap_or_else(|_| written.to_owned()))
    }

    /// A number as written, `true`, `false`; `null` is nothing.
    fn word(&mut self) -> Option<Node> {
        let rest: &'t str = self.text.get(self.at..)?;
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
            .count();
        let word = rest.get(..length)?;
        self.at += length;
        match word {
            "null" => Some(Node::Scalar(String::new())),
            "true" | "false" => Some(Node::Scalar(word.to_owned())),
            _ if serde_json::from_str::<serde_json::Number>(word).is_ok() => {
                Some(Node::Scalar(word.to_owned()))
            }
            _ => None,
        }
    }
}
