//! Tables that only lay out a page are not tables of data.

use super::MAX_ROW_SPAN;
use super::builder::CONTINUES_CELL_ABOVE;
use crate::domain::{Block, Cell, Row, Table};
use std::collections::HashMap;

/// Joins cells that continue the one above (`rows` is [`CONTINUES_CELL_ABOVE`]) to it.
pub(super) fn merge_cells(rows: &mut [Row]) {
    // first column -> where the cell stands that covers it
    let mut above: HashMap<usize, (usize, usize)> = HashMap::new();
    for at in 0..rows.len() {
        let (before, rest) = rows.split_at_mut(at);
        let Some(row) = rest.first_mut() else {
            continue;
        };
        let mut column = 0;
        let mut kept = Vec::with_capacity(row.cells.len());
        let mut now: HashMap<usize, (usize, usize)> = HashMap::new();
        for mut cell in std::mem::take(&mut row.cells) {
            let start = column;
            column += usize::from(cell.columns);
            if cell.rows == CONTINUES_CELL_ABOVE {
                let origin = above.get(&start).copied();
                if let Some((r, c)) = origin
                    && let Some(origin) = before.get_mut(r).and_then(|row| row.cells.get_mut(c))
                {
                    origin.rows = origin.rows.saturating_add(1).min(MAX_ROW_SPAN);
                    origin.blocks.append(&mut cell.blocks);
                    now.insert(start, (r, c));
                    continue;
                }
                cell.rows = 1;
            }
            now.insert(start, (at, kept.len()));
            kept.push(cell);
        }
        row.cells = kept;
        above = now;
    }
}

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
