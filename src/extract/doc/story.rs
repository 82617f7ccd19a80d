//! The paragraphs of a range of the text, each with its properties.

use super::super::inline::Style;
use super::bytes::{slice, u16_at};
use super::pages::Pages;
use super::pieces::{Piece, Pieces};
use super::properties::{Characters, Paragraph, RowLayout, character_style, continued_at};
use super::styles::Styles;
use super::walker::{CELL_END, PAGE_END, PARAGRAPH_END};

/// Most paragraphs of a range.
const MAX_PARAGRAPHS: usize = 200_000;

/// Where the document's text and its properties are.
pub(super) struct Source<'d> {
    pub(super) stream: &'d [u8],
    pub(super) data: &'d [u8],
    pub(super) pieces: Pieces<'d>,
    pub(super) characters: Pages<'d>,
    pub(super) paragraphs: Pages<'d>,
    pub(super) styles: Styles<'d>,
    pub(super) fonts: Vec<String>,
}

/// A paragraph of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) start: u32,
    /// Position of the mark it ends in, or of the end of the range.
    pub(super) end: u32,
    /// The mark; 0 where there is none.
    pub(super) mark: u16,
    pub(super) paragraph: Paragraph,
    /// Byte offset of the mark, to look more properties up.
    offset: u32,
}

/// Characters with the same properties.
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) units: Vec<u16>,
    pub(super) properties: Characters,
}

impl Span {
    pub(super) fn style(&self) -> Style {
        self.properties.style()
    }
}

impl Source<'_> {
    /// The paragraphs from `start` to `end`; `true` where there are too many.
    pub(super) fn parts(&self, start: u32, end: u32) -> (Vec<Part>, bool) {
        let mut parts = Vec::new();
        let mut begin = start;
        let mut position = start;
        while let Some(piece) = self.pieces.at_or_after(position).filter(|p| p.start < end) {
            let from = position.max(piece.start);
            let to = piece.end.min(end);
            for (at, unit) in (from..).zip(self.pieces.text(self.stream, piece, from, to)) {
                if !matches!(unit, PARAGRAPH_END | CELL_END | PAGE_END) {
                    continue;
                }
                if parts.len() >= MAX_PARAGRAPHS {
                    return (parts, true);
                }
                parts.push(self.part(begin, at, unit, piece));
                begin = at + 1;
            }
            position = to;
            if position >= end {
                break;
            }
        }
        if begin < position {
            parts.push(Part {
                start: begin,
                end: position,
                mark: 0,
                paragraph: Paragraph::default(),
                offset: u32::MAX,
            });
        }
        (parts, false)
    }

    fn part(&self, start: u32, end: u32, mark: u16, piece: &Piece) -> Part {
        let offset = piece.offset_of(end);
        let (style, changes) = self.paragraphs.paragraph(offset).unwrap_or_default();
        let mut inherited = self.styles.get(style).paragraph;
        inherited.style = style;
        let mut paragraph = inherited.changed(changes);
        if let Some(more) = self.continued(changes) {
            paragraph = paragraph.changed(more);
        }
        Part {
            start,
            end,
            mark,
            paragraph: paragraph.changed(self.pieces.changes(piece)),
            offset,
        }
    }

    /// Properties that go on in the data stream (`PrcData`).
    fn continued(&self, changes: &[u8]) -> Option<&[u8]> {
        let at = continued_at(changes)? as usize;
        slice(self.data, at + 2, usize::from(u16_at(self.data, at)?))
    }

    /// The layout of the row that a paragraph ends.
    pub(super) fn row_layout(&self, part: &Part) -> RowLayout {
        let Some((_, changes)) = self.paragraphs.paragraph(part.offset) else {
            return RowLayout::default();
        };
        let more = self.continued(changes).unwrap_or_default();
        RowLayout::default().changed(changes).changed(more)
    }

    /// The characters from `position` on that have the same properties, but none from `end` on. The next
    /// begin at the span's end; it is beyond `position`.
    pub(super) fn span(&self, position: u32, end: u32, paragraph: &Paragraph) -> Option<Span> {
        let piece = self.pieces.at_or_after(position).filter(|p| p.start < end)?;
        let start = position.max(piece.start);
        let run = self.characters.characters(piece.offset_of(start));
        let run_end = run.map_or(piece.end, |run| piece.position_of(run.end));
        let stop = run_end.min(piece.end).min(end).max(start + 1);
        let changes = run.map(|run| run.properties).unwrap_or_default();
        let mut style = self.styles.get(paragraph.style).characters;
        if let Some(number) = character_style(changes) {
            style = self.styles.add(number, style);
        }
        let properties = style
            .changed(changes, &style)
            .changed(self.pieces.changes(piece), &style)
            .changed_briefly(piece.changes, &style);
        Some(Span {
            start,
            end: stop,
            units: self.pieces.text(self.stream, piece, start, stop),
            properties,
        })
    }

    /// The characters of a range, for telling ranges apart.
    pub(super) fn units(&self, start: u32, end: u32) -> Vec<u16> {
        let mut units = Vec::new();
        let mut position = start;
        while let Some(piece) = self.pieces.at_or_after(position).filter(|p| p.start < end) {
            let to = piece.end.min(end);
            units.extend(
                self.pieces
                    .text(self.stream, piece, position.max(piece.start), to),
            );
            position = to;
            if position >= end {
                break;
            }
        }
        units
    }
}
