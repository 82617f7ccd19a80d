//! Text between marks of a file format: names are searched in the joined text, and what is cut out of it goes
//! back between the marks.

use super::Span;

enum Piece {
    /// A mark to be written as it stands here.
    Mark(String),
    /// A range of the text.
    Text(usize, usize),
    /// Something between words that is no text of its own.
    Break(usize, usize),
}

/// A text and the marks around its pieces.
#[derive(Default)]
pub(super) struct Layout {
    /// What a reader sees, block by block.
    pub(super) text: String,
    pieces: Vec<Piece>,
}

impl Layout {
    /// Writes a mark here.
    pub(super) fn mark(&mut self, mark: impl Into<String>) {
        self.pieces.push(Piece::Mark(mark.into()));
    }

    /// What was added to the text since `start` is seen here.
    pub(super) fn seen_since(&mut self, start: usize) {
        if self.text.len() > start {
            self.pieces.push(Piece::Text(start, self.text.len()));
        }
    }

    /// What was added to the text since `start` only parts words.
    pub(super) fn parted_since(&mut self, start: usize) {
        if self.text.len() > start {
            self.pieces.push(Piece::Break(start, self.text.len()));
        }
    }

    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.seen_since(start);
    }

    /// Adds what parts words.
    pub(super) fn part(&mut self, gap: char) {
        let start = self.text.len();
        self.text.push(gap);
        self.parted_since(start);
    }

    /// Marks and text, with the spans of the text replaced, `<`, `>`, `&` and `"` escaped.
    pub(super) fn write(&self, spans: &[Span], out: &mut String) {
        let mut spans = spans.iter().peekable();
        for piece in &self.pieces {
            match piece {
                Piece::Mark(mark) => out.push_str(mark),
                Piece::Break(start, end) => {
                    out.push('\n');
                    // A span that starts within a break stands there.
                    while let Some(span) =
                        spans.next_if(|span| span.start >= *start && span.start < *end && span.end <= *end)
                    {
                        push_escaped(out, &span.replacement);
                    }
                }
                Piece::Text(start, end) => {
                    let mut from = *start;
                    while let Some(span) = spans.peek() {
                        if span.start >= *end {
                            break;
                        }
                        push_escaped(out, self.text.get(from..span.start.max(from)).unwrap_or_default());
                        // The replacement stands where the span starts; what is left of it is only cut.
                        if span.start >= *start {
                            push_escaped(out, &span.replacement);
                        }
                        from = span.end.clamp(from, *end);
                        if span.end > *end {
                            break;
                        }
                        spans.next();
                    }
                    push_escaped(out, self.text.get(from..*end).unwrap_or_default());
                }
            }
        }
    }
}

/// Control characters show nothing, can hide or fake what is read, and are no XML: they go.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            _ if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            _ => out.push(c),
        }
    }
}
