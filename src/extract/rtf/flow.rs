//! Lines and tables of one flow of text: the document, a text box, a header.

use super::rows::{self, CellShape};
use crate::extract::MAX_TABLE_NESTING;
use crate::extract::builder::{Builder, CellKind};

/// A table that is open.
#[derive(Default)]
struct OpenTable {
    /// Cells of the row that have ended.
    cells: usize,
    is_cell_open: bool,
}

/// The tables that are open, outermost first.
#[derive(Default)]
pub(super) struct Tables {
    open: Vec<OpenTable>,
}

impl Tables {
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Goes to a depth; 0 is outside of tables.
    pub(super) fn enter(&mut self, depth: usize, builder: &mut Builder<'_>) {
        let depth = depth.min(MAX_TABLE_NESTING);
        self.leave(depth, builder);
        while self.open.len() < depth {
            self.open_cell(builder);
            builder.open_table();
            self.open.push(OpenTable::default());
        }
        self.open_cell(builder);
    }

    /// Ends all tables deeper than that.
    pub(super) fn leave(&mut self, depth: usize, builder: &mut Builder<'_>) {
        while self.open.len() > depth {
            builder.close_table();
            self.open.pop();
        }
    }

    fn open_cell(&mut self, builder: &mut Builder<'_>) {
        if let Some(table) = self.open.last_mut()
            && !table.is_cell_open
        {
            builder.open_cell(1, 1, CellKind::Data);
            table.is_cell_open = true;
        }
    }

    /// The number of the cell that is being read at the innermost depth.
    pub(super) fn cell_number(&self) -> usize {
        self.open.last().map_or(0, |table| table.cells)
    }

    /// A cell is open at the innermost depth.
    pub(super) fn is_cell_open(&self) -> bool {
        self.open.last().is_some_and(|table| table.is_cell_open)
    }

    /// Ends the cell being read, an empty one if none is.
    pub(super) fn end_cell(&mut self, shape: Option<CellShape>, builder: &mut Builder<'_>) {
        let is_part_of_last = shape.is_some_and(|shape| shape.continues_before);
        if !is_part_of_last || self.is_cell_open() {
            self.open_cell(builder);
            if let Some(cell) = builder.cell_mut() {
                rows::shape(cell, shape);
            }
            builder.close_cell();
        }
        if let Some(table) = self.open.last_mut() {
            table.cells += 1;
            table.is_cell_open = false;
        }
    }

    pub(super) fn end_row(&mut self, builder: &mut Builder<'_>) {
        builder.close_row();
        if let Some(table) = self.open.last_mut() {
            *table = OpenTable::default();
        }
    }
}
