//! Rows and cells of tables, which the text gives only by marks: a cell's before a row's.

use super::super::MAX_COLUMN_SPAN;
use super::super::builder::{Builder, CONTINUES_CELL_ABOVE, CellKind};
use super::properties::{MAX_DEPTH, RowLayout};
use super::story::{Part, Source};

/// Edges closer together than this (twips; two millimetres) are the same.
const SAME_EDGE: i32 = 115;

/// An open table.
struct Open {
    /// Edges of all its rows, in order.
    grid: Vec<i32>,
    row: RowLayout,
    /// Cells begun in the row being read; `None` between rows.
    begun: Option<usize>,
    is_in_cell: bool,
}

/// The open tables, outermost first.
pub(super) struct Tables {
    open: Vec<Open>,
    /// By depth: the paragraphs that end rows, in order.
    row_ends: Vec<Vec<usize>>,
}

impl Tables {
    pub(super) fn new(parts: &[Part]) -> Self {
        let mut row_ends = vec![Vec::new(); MAX_DEPTH + 1];
        for (at, part) in parts.iter().enumerate() {
            if part.paragraph.ends_row()
                && let Some(ends) = row_ends.get_mut(part.paragraph.depth())
            {
                ends.push(at);
            }
        }
        Self {
            open: Vec::new(),
            row_ends,
        }
    }

    /// Opens and closes tables until as many are open as the paragraph stands in, and its cell.
    pub(super) fn go_to(
        &mut self,
        at: usize,
        parts: &[Part],
        source: &Source<'_>,
        builder: &mut Builder<'_>,
    ) {
        let depth = parts.get(at).map_or(0, |part| part.paragraph.depth());
        while self.open.len() > depth {
            builder.close_table();
            self.open.pop();
        }
        while self.open.len() < depth {
            self.enter_cell(at, parts, source, builder);
            builder.open_table();
            self.open.push(Open {
                grid: grid(at, self.open.len() + 1, parts, source),
                row: RowLayout::default(),
                begun: None,
                is_in_cell: false,
            });
        }
    }

    /// Begins a cell of the innermost table unless one is being read.
    pub(super) fn enter_cell(
        &mut self,
        at: usize,
        parts: &[Part],
        source: &Source<'_>,
        builder: &mut Builder<'_>,
    ) {
        let depth = self.open.len();
        let row_end = self.row_end(at, depth, parts);
        let Some(table) = self.open.last_mut().filter(|table| !table.is_in_cell) else {
            return;
        };
        let index = match table.begun {
            Some(index) => index,
            None => {
                table.row = row_end.map(|end| source.row_layout(end)).unwrap_or_default();
                let left = table.row.edges.first().map_or(0, |edge| table.column(*edge));
                builder.skip_columns(left);
                0
            }
        };
        table.begun = Some(index + 1);
        table.is_in_cell = true;
        let kind = if table.row.is_header {
            CellKind::Header
        } else {
            CellKind::Data
        };
        let rows = match table.row.continues.get(index) {
            Some(true) => CONTINUES_CELL_ABOVE,
            Some(false) | None => 1,
        };
        builder.open_cell(table.columns(index), 1, kind);
        if let Some(cell) = builder.cell_mut() {
            cell.rows = rows;
        }
    }

    /// The paragraph that ends the row of that depth which a paragraph stands in.
    fn row_end<'p>(&self, at: usize, depth: usize, parts: &'p [Part]) -> Option<&'p Part> {
        let ends = self.row_ends.get(depth)?;
        let next = ends.partition_point(|end| *end < at);
        parts.get(*ends.get(next)?)
    }

    pub(super) fn end_cell(&mut self, builder: &mut Builder<'_>) {
        if let Some(table) = self.open.last_mut() {
            table.is_in_cell = false;
            builder.close_cell();
        }
    }

    pub(super) fn end_row(&mut self, builder: &mut Builder<'_>) {
        if let Some(table) = self.open.last_mut() {
            table.is_in_cell = false;
            table.begun = None;
            builder.close_row();
        }
    }

    pub(super) fn close(&mut self, builder: &mut Builder<'_>) {
        while self.open.pop().is_some() {
            builder.close_table();
        }
    }
}

impl Open {
    /// Number of the grid's column that begins at an edge.
    fn column(&self, edge: i16) -> u16 {
        let after = self.grid.partition_point(|start| *start <= i32::from(edge));
        u16::try_from(after.saturating_sub(1)).map_or(0, |column| column.min(MAX_COLUMN_SPAN))
    }

    /// Columns that a cell covers.
    fn columns(&self, index: usize) -> u16 {
        let edges = self.row.edges.get(index).zip(self.row.edges.get(index + 1));
        edges.map_or(1, |(left, right)| {
            self.column(*right)
                .saturating_sub(self.column(*left))
                .clamp(1, MAX_COLUMN_SPAN)
        })
    }
}

/// The edges of all rows of the table of that depth which begins at a paragraph.
fn grid(at: usize, depth: usize, parts: &[Part], source: &Source<'_>) -> Vec<i32> {
    let mut edges: Vec<i32> = parts
        .iter()
        .skip(at)
        .take_while(|part| part.paragraph.depth() >= depth)
        .filter(|part| part.paragraph.depth() == depth && part.paragraph.ends_row())
        .flat_map(|part| source.row_layout(part).edges)
        .map(i32::from)
        .collect();
    edges.sort_unstable();
    let mut grid: Vec<i32> = Vec::new();
    for edge in edges {
        if grid.last().is_none_or(|last| edge - last > SAME_EDGE) {
            grid.push(edge);
        }
    }
    grid
}
