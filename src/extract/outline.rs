//! Blocks as short text, for the assertions of this module's tests.

use crate::domain::{Block, Inline, inline_text};

fn line(text: &[Inline]) -> String {
    let mut out = inline_text(text).replace('\n', "|");
    for piece in text {
        match piece {
            Inline::Text { text, bold: true, .. } => out.push_str(&format!(" +b({text})")),
            Inline::Text {
                text, struck: true, ..
            } => out.push_str(&format!(" +s({text})")),
            Inline::Hidden { text } => out.push_str(&format!(" +hidden({text})")),
            Inline::Answer {
                text,
                placeholder: true,
            } => out.push_str(&format!(" +prompt({text})")),
            Inline::Text { .. } | Inline::Answer { .. } | Inline::Tick { .. } | Inline::Break => {}
        }
    }
    out
}

/// One line a block: `P` paragraph, `H2`, `L` list item, `D` definition, `T` table, `-` rule, `Q` quote.
pub(super) fn outline(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Heading { level, text, .. } => out.push_str(&format!("H{level} {}", line(text))),
            Block::Paragraph { text, .. } => out.push_str(&format!("P {}", line(text))),
            Block::ListItem { text, .. } => out.push_str(&format!("L {}", line(text))),
            Block::Definition { term, value } => out.push_str(&format!("D {} = {}", line(term), line(value))),
            Block::Rule => out.push('-'),
            Block::Quote(inner) => out.push_str(&format!("Q[{}]", outline(inner).trim_end())),
            Block::Table(table) => {
                let rows = table.rows.iter().map(|row| {
                    let cells = row.cells.iter().map(|cell| {
                        let mark = if cell.header { "*" } else { "" };
                        let span = match (cell.columns, cell.rows) {
                            (1, 1) => String::new(),
                            (columns, rows) => format!("<{columns},{rows}>"),
                        };
                        let text = outline(&cell.blocks).trim_end().replace('\n', " / ");
                        let text = text.strip_prefix("P ").map(str::to_owned).unwrap_or(text);
                        format!("{mark}{span}{text}")
                    });
                    cells.collect::<Vec<_>>().join(" ; ")
                });
                out.push_str(&format!("T {}", rows.collect::<Vec<_>>().join("\n  ")));
            }
        }
        out.push('\n');
    }
    out
}
