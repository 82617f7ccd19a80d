//! Tables that only lay out a page are not tables of data.

use crate::domain::{Block, Cell, Row, Table};

/// Takes layout tables apart: a row whose only filled cell holds a table, or whose filled cells all do,
/// and a table of one cell, give way to their content. Rows of data stay together as tables.
pub(super) fn flatten(table: Table) -> Vec<Block> {
    let page = table.page;
    let is_one_cell = table.rows.iter().all(|row| row.cells.len() <= 1)
        && table.rows.iter().map(filled).sum::<usize>() <= 1;
    let mut out = Vec::new();
    let mut rows = Vec::new();
    for row in table.rows {
        if is_one_cell || is_layout(&row) {
            close(&mut out, &mut rows, page);
            out.extend(row.cells.into_iter().flat_map(|cell| cell.blocks));
        } else {
            rows.push(row);
        }
    }
    close(&mut out, &mut rows, page);
    out
}

/// Ends a run of rows; one without any content is dropped.
fn close(out: &mut Vec<Block>, rows: &mut Vec<Row>, page: Option<u32>) {
    let rows = std::mem::take(rows);
    if rows.iter().any(|row| filled(row) > 0) {
        out.push(Block::Table(Table { rows, page }));
    }
}

fn filled(row: &Row) -> usize {
    row.cells.iter().filter(|cell| !cell.blocks.is_empty()).count()
}

fn is_layout(row: &Row) -> bool {
    let mut filled = row.cells.iter().filter(|cell| !cell.blocks.is_empty()).peekable();
    filled.peek().is_some() && filled.all(holds_table)
}

fn holds_table(cell: &Cell) -> bool {
    cell.blocks.iter().any(|block| matches!(block, Block::Table(_)))
}
