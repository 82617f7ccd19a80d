//! What the rows of a document's tables say of their cells.
//!
//! Writers put a row's definition before its cells, after them, or both; so all of them are read first and
//! found again by where the row ends. Cells of a table are wider or narrower than others of the same
//! column; how many columns each covers is only known when the table is complete. Until then a cell's
//! `columns` holds its width.

use super::tokens::{Token, Tokens};
use crate::domain::{Block, Cell, Table};
use crate::extract::builder::CONTINUES_CELL_ABOVE;
use crate::extract::{MAX_COLUMN_SPAN, MAX_TABLE_NESTING};

/// Most cells of a row (Word allows 63).
const MAX_CELLS: usize = 256;
/// Most cells of all rows.
const MAX_ALL_CELLS: usize = 400_000;
/// Edges of cells no further apart than this are one, in twips.
const TOLERANCE: u32 = 40;
/// Width of a cell of which none is known, in twips. Odd, so that it is not taken for a real one.
const UNKNOWN_WIDTH: u16 = 1441;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Merge {
    #[default]
    None,
    First,
    Continues,
}

/// What is said of one cell.
#[derive(Debug, Clone, Copy, Default)]
struct Definition {
    /// Distance of its right edge from the margin, in twips.
    right: i32,
    across: Merge,
    down: Merge,
}

#[derive(Debug, Clone, Default)]
struct Row {
    /// Where in the document the row ends.
    end: usize,
    left: i32,
    is_header: bool,
    cells: Vec<Definition>,
}

/// All rows by the depth of their table.
pub(super) struct Rows {
    levels: [Vec<Row>; MAX_TABLE_NESTING],
}

/// What a cell is, in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellShape {
    /// In twips.
    pub(super) width: u16,
    pub(super) is_header: bool,
    pub(super) continues_above: bool,
    /// It is part of the cell before it.
    pub(super) continues_before: bool,
}

/// Reads definitions in the order of the document.
#[derive(Default)]
struct Scan {
    levels: [Vec<Row>; MAX_TABLE_NESTING],
    /// The row being defined, outside of `\nesttableprops` and inside.
    outer: Row,
    nested: Row,
    next: Definition,
    groups: usize,
    /// Groups that were open where `\nesttableprops` was found.
    nested_from: Option<usize>,
    /// Depth of the tables in tables that are being read.
    level: usize,
    cells: usize,
}

impl Scan {
    fn token(&mut self, token: Token<'_>, at: usize) {
        match token {
            Token::Open => self.groups += 1,
            Token::Close => {
                self.groups = self.groups.saturating_sub(1);
                self.nested_from = self.nested_from.filter(|from| self.groups >= *from);
            }
            Token::Word("itap", depth) => self.level = usize::try_from(depth.unwrap_or(1)).unwrap_or(1),
            Token::Word("nesttableprops", _) => self.nested_from = Some(self.groups),
            Token::Word("row", _) => Self::end_row(&mut self.levels, &mut self.cells, &self.outer, 1, at),
            Token::Word("nestrow", _) => {
                let level = self.level.max(2);
                Self::end_row(&mut self.levels, &mut self.cells, &self.nested, level, at);
            }
            Token::Word(word, number) if self.nested_from.is_some() => {
                self.nested.define(word, number, &mut self.next);
            }
            Token::Word(word, number) => self.outer.define(word, number, &mut self.next),
            Token::Symbol(_) | Token::Hex(_) | Token::Binary | Token::Bytes(_) => {}
        }
    }

    fn end_row(levels: &mut [Vec<Row>], cells: &mut usize, row: &Row, level: usize, end: usize) {
        *cells += row.cells.len() + 1;
        if *cells <= MAX_ALL_CELLS
            && let Some(rows) = levels.get_mut(level - 1)
        {
            rows.push(Row { end, ..row.clone() });
        }
    }
}

impl Rows {
    /// Reads all definitions.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut scan = Scan::default();
        let mut tokens = Tokens::new(bytes, 0);
        loop {
            let at = tokens.position();
            match tokens.next() {
                Some(token) => scan.token(token, at),
                None => return Self { levels: scan.levels },
            }
        }
    }

    /// The cell of that number in the row that ends next after a place in the document.
    pub(super) fn cell(&self, level: usize, at: usize, number: usize) -> Option<CellShape> {
        let rows = self.levels.get(level.checked_sub(1)?)?;
        let row = rows.get(rows.partition_point(|row| row.end < at))?;
        let cell = row.cells.get(number)?;
        let left = match number.checked_sub(1) {
            Some(before) => row.cells.get(before)?.right,
            None => row.left,
        };
        // A cell that others are merged into reaches to the last of them.
        let rest = row.cells.get(number + 1..).unwrap_or_default();
        let merged = rest.iter().take_while(|next| next.across == Merge::Continues);
        let right = merged.last().map_or(cell.right, |last| last.right);
        let width = right.saturating_sub(left).clamp(1, i32::from(u16::MAX));
        Some(CellShape {
            width: u16::try_from(width).unwrap_or(u16::MAX),
            is_header: row.is_header,
            continues_above: cell.down == Merge::Continues,
            continues_before: cell.across == Merge::Continues,
        })
    }
}

impl Row {
    fn define(&mut self, word: &str, number: Option<i32>, next: &mut Definition) {
        match word {
            "trowd" => {
                *self = Row::default();
                *next = Definition::default();
            }
            "trhdr" => self.is_header = true,
            "trleft" => self.left = number.unwrap_or(0),
            "clmgf" => next.across = Merge::First,
            "clmrg" => next.across = Merge::Continues,
            "clvmgf" => next.down = Merge::First,
            "clvmrg" => next.down = Merge::Continues,
            "cellx" => {
                let mut cell = std::mem::take(next);
                cell.right = number.unwrap_or(0);
                if self.cells.len() < MAX_CELLS {
                    self.cells.push(cell);
                }
            }
            _ => {}
        }
    }
}

/// Notes in an open cell what it is.
pub(super) fn shape(cell: &mut Cell, shape: Option<CellShape>) {
    let Some(shape) = shape else {
        cell.columns = UNKNOWN_WIDTH;
        return;
    };
    cell.columns = shape.width;
    cell.header = shape.is_header;
    if shape.continues_above {
        cell.rows = CONTINUES_CELL_ABOVE;
    }
}

/// Turns the widths of all cells into the columns they cover.
pub(super) fn settle(blocks: &mut [Block]) {
    for block in blocks {
        match block {
            Block::Table(table) => settle_table(table),
            Block::Quote(inner) => settle(inner),
            Block::Heading { .. }
            | Block::Paragraph { .. }
            | Block::ListItem { .. }
            | Block::Definition { .. }
            | Block::Rule => {}
        }
    }
}

/// A cell that reaches into rows below.
struct Reach {
    left: u32,
    right: u32,
    /// Rows below that it still covers.
    rows: u16,
}

/// Where each cell of a table begins and ends, row by row, in twips.
fn places(table: &Table) -> Vec<Vec<(u32, u32)>> {
    let mut above: Vec<Reach> = Vec::new();
    let mut places = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let mut left = 0_u32;
        let mut below = Vec::new();
        let mut mine = Vec::with_capacity(row.cells.len());
        for cell in &row.cells {
            while let Some(reach) = above
                .iter()
                .find(|reach| reach.left <= left && left < reach.right)
            {
                left = reach.right;
            }
            let right = left.saturating_add(u32::from(cell.columns.max(1)));
            mine.push((left, right));
            if cell.rows > 1 {
                let rows = cell.rows - 1;
                below.push(Reach { left, right, rows });
            }
            left = right;
        }
        above.iter_mut().for_each(|reach| reach.rows -= 1);
        above.retain(|reach| reach.rows > 0);
        above.append(&mut below);
        places.push(mine);
    }
    places
}

fn settle_table(table: &mut Table) {
    let places = places(table);
    let mut edges: Vec<u32> = places.iter().flatten().map(|(_, right)| *right).collect();
    edges.sort_unstable();
    edges.dedup_by(|next, before| *next - *before <= TOLERANCE);
    for (row, places) in table.rows.iter_mut().zip(places) {
        for (cell, (left, right)) in row.cells.iter_mut().zip(places) {
            let upto = |place: u32| edges.partition_point(|edge| *edge <= place);
            let columns = u16::try_from(upto(right) - upto(left).min(upto(right))).unwrap_or(MAX_COLUMN_SPAN);
            cell.columns = columns.clamp(1, MAX_COLUMN_SPAN);
            settle(&mut cell.blocks);
        }
    }
}
