//! Blocks flattened to lines, and lines cut at a place without losing ticks and struck words.

use super::outline::{Entry, Outlines};
use crate::domain::{Block, Document, Inline, Table, inline_text};
use std::borrow::Cow;

/// Deepest nesting of quotes and cells that is looked into.
const MAX_NESTING: usize = 8;

/// One line of a document with what matters of its drawing.
pub(super) struct Line {
    /// Its pieces, without breaks.
    pub(super) pieces: Vec<Inline>,
    /// Drawn as a heading or entirely bold.
    pub(super) drawn_as_heading: bool,
    /// A heading element.
    pub(super) is_heading: bool,
    /// In an item of a list.
    pub(super) is_item: bool,
    /// First line of its paragraph.
    pub(super) starts_paragraph: bool,
    /// Page, where known.
    pub(super) page: Option<u32>,
}

impl Line {
    /// The visible text, trimmed.
    pub(super) fn text(&self) -> String {
        inline_text(&self.pieces).trim().to_owned()
    }
}

/// What a document is made of, in order.
pub(super) enum Element<'a> {
    Line(Line),
    Pair(Cow<'a, [Inline]>, Cow<'a, [Inline]>),
    Table(&'a Table),
    Rule,
}

/// The elements of a document. Quoted history is left out unless `with_quotes` says so.
pub(super) fn elements<'a>(document: &'a Document, quotes: Quotes) -> Vec<Element<'a>> {
    let mut out = Vec::new();
    let outlines = Outlines::of(&document.blocks);
    push_blocks(&document.blocks, (quotes, outlines), 0, &mut out);
    out
}

/// Whether quoted history is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    Skip,
    Read,
}

fn push_blocks<'a>(
    blocks: &'a [Block],
    (quotes, outlines): (Quotes, Outlines),
    depth: usize,
    out: &mut Vec<Element<'a>>,
) {
    if depth > MAX_NESTING {
        return;
    }
    for block in blocks {
        match block {
            Block::Heading { text, page, .. } => push_lines(text, *page, Kind::Heading, out),
            Block::Paragraph { text, page } if outlines == Outlines::Read => push_outline(text, *page, out),
            Block::Paragraph { text, page } => push_lines(text, *page, Kind::Text, out),
            Block::ListItem { text, page } => push_lines(text, *page, Kind::Item, out),
            Block::Definition { term, value } => {
                out.push(Element::Pair(Cow::Borrowed(term), Cow::Borrowed(value)));
            }
            Block::Table(table) if is_layout(table) => {
                for cell in table.rows.iter().flat_map(|row| &row.cells) {
                    push_blocks(&cell.blocks, (quotes, outlines), depth + 1, out);
                }
            }
            Block::Table(table) => out.push(Element::Table(table)),
            Block::Rule => out.push(Element::Rule),
            Block::Quote(inner) => {
                if quotes == Quotes::Read {
                    push_blocks(inner, (quotes, outlines), depth + 1, out);
                }
            }
        }
    }
}

/// A table that only places what it holds, as mail templates do: one cell per row, with headings or tables in it.
fn is_layout(table: &Table) -> bool {
    let structured = |block: &Block| match block {
        Block::Heading { .. } | Block::Table(_) | Block::Definition { .. } => true,
        Block::Paragraph { .. } | Block::ListItem { .. } | Block::Rule | Block::Quote(_) => false,
    };
    table.rows.iter().all(|row| row.cells.len() == 1)
        && table
            .rows
            .iter()
            .flat_map(|row| &row.cells)
            .any(|cell| cell.blocks.len() > 1 && cell.blocks.iter().any(structured))
}

/// What kind of block a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Heading,
    Text,
    Item,
}

fn push_lines(text: &[Inline], page: Option<u32>, kind: Kind, out: &mut Vec<Element<'_>>) {
    for (at, pieces) in split_breaks(text).into_iter().enumerate() {
        let bold = all_bold(&pieces);
        out.push(Element::Line(Line {
            drawn_as_heading: kind == Kind::Heading || bold,
            is_heading: kind == Kind::Heading,
            is_item: kind == Kind::Item,
            starts_paragraph: at == 0,
            pieces,
            page,
        }));
    }
}

/// The lines of a paragraph by how far each is set in: headings, and labels with the answers below them.
fn push_outline(text: &[Inline], page: Option<u32>, out: &mut Vec<Element<'_>>) {
    let lines = split_breaks(text);
    let Some(entries) = super::outline::entries(&lines) else {
        return push_lines(text, page, Kind::Text, out);
    };
    for entry in entries {
        match entry {
            Entry::Line(line) => push_lines(&line, page, Kind::Text, out),
            Entry::Heading(line) => push_lines(&line, page, Kind::Heading, out),
            Entry::Pair(label, answer) => out.push(Element::Pair(Cow::Owned(label), Cow::Owned(answer))),
        }
    }
}

pub(super) fn all_bold(pieces: &[Inline]) -> bool {
    let mut any = false;
    for piece in pieces {
        match piece {
            Inline::Text { text, bold, .. } if !text.trim().is_empty() => {
                if !bold {
                    return false;
                }
                any = true;
            }
            Inline::Tick { .. } | Inline::Answer { .. } => return false,
            Inline::Text { .. } | Inline::Break | Inline::Hidden { .. } => {}
        }
    }
    any
}

/// Cuts at breaks and at line ends inside texts.
pub(super) fn split_breaks(text: &[Inline]) -> Vec<Vec<Inline>> {
    let mut lines = vec![Vec::new()];
    let push = |lines: &mut Vec<Vec<Inline>>, piece: Inline| {
        if let Some(last) = lines.last_mut() {
            last.push(piece);
        }
    };
    for piece in text {
        match piece {
            Inline::Break => lines.push(Vec::new()),
            Inline::Text { text, bold, struck } => {
                for (at, part) in text.split('\n').enumerate() {
                    if at > 0 {
                        lines.push(Vec::new());
                    }
                    push(
                        &mut lines,
                        Inline::Text {
                            text: part.to_owned(),
                            bold: *bold,
                            struck: *struck,
                        },
                    );
                }
            }
            Inline::Answer { text, placeholder } => {
                for (at, part) in text.split('\n').enumerate() {
                    if at > 0 {
                        lines.push(Vec::new());
                    }
                    push(
                        &mut lines,
                        Inline::Answer {
                            text: part.to_owned(),
                            placeholder: *placeholder,
                        },
                    );
                }
            }
            Inline::Tick { .. } | Inline::Hidden { .. } => push(&mut lines, piece.clone()),
        }
    }
    lines
}

/// Bytes that a piece takes in [`inline_text`].
fn visible_len(piece: &Inline) -> usize {
    match piece {
        Inline::Text { text, .. }
        | Inline::Answer {
            text,
            placeholder: false,
        } => text.len(),
        Inline::Tick { .. } => '☒'.len_utf8(),
        Inline::Break => 1,
        Inline::Answer {
            placeholder: true, ..
        }
        | Inline::Hidden { .. } => 0,
    }
}

/// The pieces between two places of their [`inline_text`].
pub(super) fn slice(pieces: &[Inline], from: usize, to: usize) -> Vec<Inline> {
    let mut out = Vec::new();
    let mut at = 0;
    for piece in pieces {
        let length = visible_len(piece);
        let (start, end) = (from.max(at), to.min(at + length));
        if length == 0 {
            if at >= from && at <= to {
                out.push(piece.clone());
            }
        } else if start < end {
            let cut = |text: &String| text.get(start - at..end - at).unwrap_or_default().to_owned();
            out.push(match piece {
                Inline::Text { text, bold, struck } => Inline::Text {
                    text: cut(text),
                    bold: *bold,
                    struck: *struck,
                },
                Inline::Answer { text, placeholder } => Inline::Answer {
                    text: cut(text),
                    placeholder: *placeholder,
                },
                Inline::Tick { .. } | Inline::Break | Inline::Hidden { .. } => piece.clone(),
            });
        }
        at += length;
    }
    out
}

/// Where an answer could begin inside a line: after `:` and `?`, at the first tick or answer field, where
/// bold type ends, and after a wide gap. In order, without repeats.
pub(super) fn cut_places(pieces: &[Inline], most: usize) -> Vec<usize> {
    let text = inline_text(pieces);
    let mut places: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| matches!(c, ':' | '?' | '：'))
        .map(|(at, c)| at + c.len_utf8())
        .take(most)
        .collect();
    let mut at = 0;
    let mut was_bold = true;
    let mut seen_field = false;
    for piece in pieces {
        match piece {
            Inline::Tick { .. } | Inline::Answer { .. } if !seen_field => {
                seen_field = true;
                places.push(at);
            }
            Inline::Text { text, bold, .. } if !text.trim().is_empty() => {
                if was_bold && !bold && at > 0 {
                    places.push(at);
                }
                was_bold = *bold;
            }
            Inline::Tick { .. }
            | Inline::Answer { .. }
            | Inline::Text { .. }
            | Inline::Break
            | Inline::Hidden { .. } => {}
        }
        at += visible_len(piece);
    }
    places.extend(gaps(&text).into_iter().take(most).map(|(start, _)| start));
    places.retain(|at| *at > 0 && *at <= text.len());
    places.sort_unstable();
    places.dedup();
    places
}

/// Wide gaps: tabs, three or more blanks, dot leaders and underscores. (start, end) in bytes.
pub(super) fn gaps(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut run: Option<(usize, usize, bool)> = None; // start, weight, leader
    let close = |run: &mut Option<(usize, usize, bool)>, end: usize, out: &mut Vec<(usize, usize)>| {
        if let Some((start, weight, _)) = run.take()
            && weight >= 3
        {
            out.push((start, end));
        }
    };
    for (at, c) in text.char_indices() {
        let weight = match c {
            '\t' | '…' => 3,
            '_' | '.' => 1,
            c if c.is_whitespace() => 1,
            _ => 0,
        };
        if weight == 0 {
            close(&mut run, at, &mut out);
            continue;
        }
        let (start, sum, _) = run.unwrap_or((at, 0, false));
        run = Some((start, sum + weight, true));
    }
    close(&mut run, text.len(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Inline {
        Inline::Text {
            text: text.to_owned(),
            bold: false,
            struck: false,
        }
    }

    #[test]
    fn cutting_keeps_ticks_and_struck_words() {
        let line = vec![
            text("Safe: "),
            Inline::Tick { checked: true },
            text(" Yes "),
            Inline::Text {
                text: "No".into(),
                bold: false,
                struck: true,
            },
        ];
        let right = slice(&line, 5, 100);
        assert_eq!(inline_text(&right), " ☒ Yes No");
        assert!(matches!(right.last(), Some(Inline::Text { struck: true, .. })));
        assert_eq!(cut_places(&line, 8), [5, 6]);
    }

    #[test]
    fn gaps_are_tabs_leaders_and_wide_blanks() {
        assert_eq!(gaps("Name: ……Ann\tTel: 1"), [(5, 12), (15, 16)]);
        assert!(gaps("a b. c").is_empty());
    }
}
