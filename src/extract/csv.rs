//! Comma-separated values (RFC 4180; semicolons and tabs too) to one table.

use super::budget::Budget;
use super::inline::{Style, Ticks, push_text, trim};
use crate::domain::{Block, Cell, Row, Table};

/// Separators that are looked for.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// Reads the rows; the separator is the one that a line `sep=` names, else the one that the first line with
/// any has most of outside of quotes.
pub(super) fn blocks(text: &str, budget: &mut Budget) -> Vec<Block> {
    let text = budget.take_text(text);
    let (separator, text) = match named_separator(text) {
        Some(named) => named,
        None => (text.lines().find_map(separator_of).unwrap_or(','), text),
    };
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

/// The line that Excel takes for an instruction.
fn named_separator(text: &str) -> Option<(char, &str)> {
    let rest = text.strip_prefix("sep=")?;
    let mut chars = rest.chars();
    let separator = chars.next()?;
    let rest = chars.as_str();
    let rest = rest.strip_prefix('\r').unwrap_or(rest);
    Some((separator, rest.strip_prefix('\n')?))
}

fn separator_of(line: &str) -> Option<char> {
    // Every other piece between quotes is quoted.
    let unquoted: String = line.split('"').step_by(2).collect();
    let counts = SEPARATORS.map(|separator| unquoted.matches(separator).count());
    let most = counts.into_iter().max().filter(|most| *most > 0)?;
    SEPARATORS
        .into_iter()
        .zip(counts)
        .find(|(_, count)| *count == most)
        .map(|(separator, _)| separator)
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
        assert_eq!(read("\"a, b, c\";d\n1,5;2"), "T a, b, c ; d\n  1,5 ; 2\n");
        assert_eq!(read("sep=|\r\na|b,c\r\n"), "T a ; b,c\n");
        assert_eq!(read("Referral\na\tb"), "T Referral\n  a ; b\n");
    }
}
