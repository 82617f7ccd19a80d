//! Comma-separated values (RFC 4180; semicolons and tabs too) to one table.

use super::budget::Budget;
use super::inline::{Style, Ticks, push_text, trim};
use crate::domain::{Block, Cell, Row, Table};

/// Reads the rows; the separator is the one that the first line has most of.
pub(super) fn blocks(text: &str, budget: &mut Budget) -> Vec<Block> {
    let text = budget.take_text(text);
    let first = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t']
        .into_iter()
        .max_by_key(|s| first.matches(*s).count())
        .unwrap_or(',');
    let mut rows = Vec::new();
    let mut cells: Vec<Cell> = Vec::new();
    let mut value = String::new();
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                value.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if value.trim().is_empty() => is_quoted = true,
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                end_cell(&mut cells, &mut value, budget);
                end_row(&mut rows, &mut cells);
            }
            c if c == separator && !is_quoted => end_cell(&mut cells, &mut value, budget),
            c => value.push(c),
        }
    }
    if !value.is_empty() || !cells.is_empty() {
        end_cell(&mut cells, &mut value, budget);
        end_row(&mut rows, &mut cells);
    }
    if rows.is_empty() {
        return Vec::new();
    }
    vec![Block::Table(Table { rows, page: None })]
}

fn end_cell(cells: &mut Vec<Cell>, value: &mut String, budget: &mut Budget) {
    let text = std::mem::take(value);
    if !budget.take_block() {
        return;
    }
    let mut line = Vec::new();
    push_text(&mut line, &text, Style::default(), Ticks::Read);
    trim(&mut line);
    let blocks = if line.is_empty() {
        Vec::new()
    } else {
        vec![Block::Paragraph {
            text: line,
            page: None,
        }]
    };
    cells.push(Cell {
        blocks,
        columns: 1,
        rows: 1,
        header: false,
    });
}

fn end_row(rows: &mut Vec<Row>, cells: &mut Vec<Cell>) {
    let cells = std::mem::take(cells);
    if cells.iter().any(|cell| !cell.blocks.is_empty()) {
        rows.push(Row { cells });
    }
}

#[cfg(test)]
mod tests {
    use super::super::ReadLimits;
    use super::super::outline::outline;
    use super::*;

    fn read(text: &str) -> String {
        outline(&blocks(text, &mut Budget::new(&ReadLimits::default())))
    }

    #[test]
    fn quoted_values_keep_separators_quotes_and_line_ends() {
        assert_eq!(
            read("a,\"b, \"\"c\"\"\nd\"\r\ne,\r\n\r\n"),
            "T a ; b, \"c\"|d\n  e ; \n"
        );
        assert_eq!(read("a;b\n1,5;2"), "T a ; b\n  1,5 ; 2\n");
    }
}
