//! Cells flattened to lines of text, each with the column it starts in.
//!
//! Invariant: a cell that spans columns or rows keeps the cells after and below it in their own columns.

use crate::domain::{Block, Cell, Inline, inline_text};
use crate::forms::lines::{Line, split_breaks};
use crate::forms::pairs::Reader;
use crate::forms::values::Answer;

/// Deepest nesting of tables in cells that is read.
const MAX_NESTING: usize = 4;
/// Columns beyond this are not tracked across rows.
const MAX_COLUMNS: usize = 64;

/// A cell, flattened.
pub(super) struct Flat {
    pub(super) lines: Vec<Vec<Inline>>,
    pub(super) text: String,
    pub(super) column: usize,
    pub(super) span: usize,
    pub(super) heading: bool,
}

impl Flat {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn answer(&self) -> Answer {
        Answer::of(self.lines.clone())
    }
}

/// Cells with the column each starts in; `held` counts rows that a column is still covered from above.
pub(super) fn flatten(cells: &[Cell], held: &mut Vec<usize>) -> Vec<Flat> {
    let mut out = Vec::with_capacity(cells.len());
    let mut column = 0;
    let mut starts: Vec<(usize, usize, usize)> = Vec::new();
    for cell in cells {
        while held.get(column).is_some_and(|rows| *rows > 0) {
            column += 1;
        }
        let span = usize::from(cell.columns.max(1));
        let mut lines = Vec::new();
        cell_lines(&cell.blocks, 0, &mut lines);
        let text = lines
            .iter()
            .map(|l| inline_text(l))
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned();
        let heading =
            cell.header || cell.blocks.iter().any(|b| matches!(b, Block::Heading { .. })) || all_bold(&lines);
        out.push(Flat {
            lines,
            text,
            column,
            span,
            heading,
        });
        starts.push((column, span, usize::from(cell.rows.max(1))));
        column += span;
    }
    for rows in held.iter_mut() {
        *rows = rows.saturating_sub(1);
    }
    for (start, span, rows) in starts {
        if rows > 1 {
            let end = (start + span).min(MAX_COLUMNS);
            if held.len() < end {
                held.resize(end, 0);
            }
            held.iter_mut().take(end).skip(start).for_each(|h| *h = rows - 1);
        }
    }
    out
}

fn all_bold(lines: &[Vec<Inline>]) -> bool {
    let mut any = false;
    for piece in lines.iter().flatten() {
        match piece {
            Inline::Text { text, bold, .. } if !text.trim().is_empty() => {
                if !bold {
                    return false;
                }
                any = true;
            }
            Inline::Answer { .. } | Inline::Tick { .. } => return false,
            Inline::Text { .. } | Inline::Break | Inline::Hidden { .. } => {}
        }
    }
    any
}

fn cell_lines(blocks: &[Block], depth: usize, out: &mut Vec<Vec<Inline>>) {
    if depth > MAX_NESTING {
        return;
    }
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
                out.extend(split_breaks(text))
            }
            Block::Definition { term, value } => {
                out.extend(split_breaks(term));
                out.extend(split_breaks(value));
            }
            Block::Table(table) => {
                for row in &table.rows {
                    for cell in &row.cells {
                        cell_lines(&cell.blocks, depth + 1, out);
                    }
                }
            }
            Block::Quote(inner) => cell_lines(inner, depth + 1, out),
            Block::Rule => {}
        }
    }
}

pub(super) fn cell_as_lines(reader: &mut Reader<'_>, cell: &Flat, page: Option<u32>) {
    for pieces in &cell.lines {
        let mut line = as_line(pieces, cell.heading);
        line.page = page;
        reader.line(&line, false);
    }
}

pub(super) fn as_line(pieces: &[Inline], bold: bool) -> Line {
    Line {
        pieces: pieces.to_vec(),
        drawn_as_heading: bold,
        is_heading: false,
        is_item: false,
        starts_paragraph: true,
        page: None,
    }
}
