//! Cells of a sheet to a table: blank rows and columns left out, merged cells as spans.
//!
//! Cells are kept as a list and never as an array of the used range, which one cell in the last row and
//! column would make larger than any memory.

use super::super::builder::{Builder, CellKind, Kind, Space};
use super::super::inline::Style;
use super::super::{MAX_COLUMN_SPAN, MAX_ROW_SPAN, ReadLimits};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Most merged ranges of a sheet, and most cells that they cover together.
const MAX_MERGED: usize = 20_000;
const MAX_COVERED: usize = 200_000;
/// Most ranges of hidden columns of a sheet.
const MAX_HIDDEN: usize = 1000;
/// Most sheets of a workbook.
pub(super) const MAX_SHEETS: usize = 256;

/// Text of a cell with its marks.
pub(super) type Rich = Vec<(String, Style)>;

/// Runs with the marks of their cell added.
pub(super) fn with_style(mut text: Rich, style: Style) -> Rich {
    for (_, run) in &mut text {
        run.bold |= style.bold;
        run.struck |= style.struck;
    }
    text
}

/// What all sheets together may still hold.
pub(super) struct Room {
    cells: usize,
    chars: usize,
    pub(super) is_cut: bool,
}

impl Room {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        Self {
            cells: limits.max_blocks,
            chars: limits.max_chars,
            is_cut: false,
        }
    }

    /// Whether a text may still be put into a sheet; after the first that may not, none may.
    pub(super) fn fits(&mut self, text: &Rich) -> bool {
        let length: usize = text.iter().map(|(piece, _)| piece.len()).sum();
        self.is_cut |= self.cells == 0 || length > self.chars;
        !self.is_cut
    }
}

/// A range of cells, first and last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) first_row: u32,
    pub(super) last_row: u32,
    pub(super) first_column: u32,
    pub(super) last_column: u32,
}

/// Whether a reader of the workbook sees a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    Shown,
    Hidden,
}

impl Visibility {
    pub(super) fn hidden_if(is_hidden: bool) -> Self {
        if is_hidden { Self::Hidden } else { Self::Shown }
    }
}

/// One sheet.
#[derive(Default)]
pub(super) struct Sheet {
    name: String,
    is_hidden: bool,
    cells: BTreeMap<(u32, u32), Rich>,
    merged: Vec<Merged>,
    hidden_columns: Vec<(u32, u32)>,
    hidden_rows: HashSet<u32>,
}

impl Sheet {
    pub(super) fn new(name: String, visibility: Visibility) -> Self {
        Self {
            name,
            is_hidden: visibility == Visibility::Hidden,
            ..Self::default()
        }
    }

    /// Puts a cell where it belongs; blank ones take no room.
    pub(super) fn put(&mut self, row: u32, column: u32, text: Rich, room: &mut Room) {
        if text.iter().all(|(piece, _)| piece.trim().is_empty()) {
            return;
        }
        if !room.fits(&text) {
            return;
        }
        room.cells -= 1;
        room.chars -= text.iter().map(|(piece, _)| piece.len()).sum::<usize>();
        self.cells.insert((row, column), text);
    }

    pub(super) fn merge(&mut self, merged: Merged) {
        if self.merged.len() < MAX_MERGED {
            self.merged.push(merged);
        }
    }

    pub(super) fn hide_columns(&mut self, first: u32, last: u32) {
        if self.hidden_columns.len() < MAX_HIDDEN {
            self.hidden_columns.push((first, last));
        }
    }

    pub(super) fn hide_row(&mut self, row: u32) {
        if self.hidden_rows.len() < MAX_COVERED {
            self.hidden_rows.insert(row);
        }
    }

    fn is_hidden_at(&self, row: u32, column: u32) -> bool {
        self.is_hidden
            || self.hidden_rows.contains(&row)
            || self
                .hidden_columns
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&column))
    }

    /// Writes the sheet's name and its table.
    pub(super) fn write(&self, builder: &mut Builder<'_>) {
        if self.cells.is_empty() {
            return;
        }
        builder.begin(Kind::Heading(1));
        let style = Style {
            hidden: self.is_hidden,
            ..Style::default()
        };
        builder.text(&self.name, style, Space::Keep);
        builder.boundary();
        let rows = positions(self.cells.keys().map(|(row, _)| *row));
        let columns = positions(self.cells.keys().map(|(_, column)| *column));
        let layout = Layout::new(&self.merged, &rows, &columns);
        builder.open_table();
        let mut cells = self.cells.iter().peekable();
        for row in 0..rows.len() {
            for column in 0..columns.len() {
                let here =
                    cells.next_if(|((r, c), _)| rows.get(row) == Some(r) && columns.get(column) == Some(c));
                if layout.covered.contains(&(row, column)) && here.is_none() {
                    continue;
                }
                let (width, height) = layout.spans.get(&(row, column)).copied().unwrap_or((1, 1));
                builder.open_cell(width, height, CellKind::Data);
                if let Some(((r, c), text)) = here {
                    let hidden = self.is_hidden_at(*r, *c);
                    for (piece, style) in text {
                        let hidden = hidden || style.hidden;
                        builder.text(piece, Style { hidden, ..*style }, Space::Lines);
                    }
                }
                builder.close_cell();
                if builder.is_full() {
                    break;
                }
            }
            builder.close_row();
            if builder.is_full() {
                break;
            }
        }
        builder.close_table();
    }
}

fn positions(of: impl Iterator<Item = u32>) -> Vec<u32> {
    of.collect::<BTreeSet<u32>>().into_iter().collect()
}

/// Merged ranges among the rows and columns that are used.
#[derive(Default)]
struct Layout {
    /// Columns and rows that a cell covers.
    spans: HashMap<(usize, usize), (u16, u16)>,
    covered: HashSet<(usize, usize)>,
}

impl Layout {
    fn new(merged: &[Merged], rows: &[u32], columns: &[u32]) -> Self {
        let mut layout = Self::default();
        let mut places = MAX_COVERED;
        for range in merged {
            let (top, bottom) = among(rows, range.first_row, range.last_row);
            let (left, right) = among(columns, range.first_column, range.last_column);
            let cells = (bottom - top).saturating_mul(right - left);
            if cells < 2 || cells > places {
                continue;
            }
            places -= cells;
            let span = |length: usize, most: u16| u16::try_from(length).unwrap_or(most).clamp(1, most);
            let spans = (
                span(right - left, MAX_COLUMN_SPAN),
                span(bottom - top, MAX_ROW_SPAN),
            );
            layout.spans.insert((top, left), spans);
            for row in top..bottom {
                for column in left..right {
                    if (row, column) != (top, left) {
                        layout.covered.insert((row, column));
                    }
                }
            }
        }
        layout
    }
}

/// The places of the positions from `first` to `last`.
fn among(positions: &[u32], first: u32, last: u32) -> (usize, usize) {
    let from = positions.partition_point(|p| *p < first);
    let to = positions.partition_point(|p| *p <= last);
    (from, to.max(from))
}
