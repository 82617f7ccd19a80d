//! A message as an outline to read: how a form was understood before labels are looked for.

use crate::domain::{
    Attachment, Block, Document, FieldValue, Inline, MessageHeaders, ReadMessage, ReadStatus, Table,
};
use std::fmt::Write;

/// Between the paragraphs of a cell and at breaks in it.
const IN_CELL: &str = " / ";

/// The outline of a message with everything in it.
pub(super) fn of(message: &ReadMessage) -> String {
    let mut out = String::new();
    mail(message, &mut out);
    for row in &message.attachments {
        attachment(row, &mut out);
    }
    out
}

/// Header and text of a mail and of the mails attached to it; their attachments stand at the outermost.
fn mail(message: &ReadMessage, out: &mut String) {
    headers(&message.headers, out);
    for repair in &message.repairs {
        line(out, 0, &format!("mended: {}", word(repair)));
    }
    for body in &message.bodies {
        title(out, &format!("text {} ({})", body.part, body.media_type));
        document(body, out);
    }
    for nested in &message.nested {
        mail(nested, out);
    }
}

fn headers(headers: &MessageHeaders, out: &mut String) {
    if headers.fields.is_empty() {
        return;
    }
    title(out, format!("mail {}", headers.part).trim_end());
    let from = [headers.from_name.as_deref(), headers.from_address.as_deref()];
    let from: Vec<&str> = from.into_iter().flatten().collect();
    line(out, 0, &format!("From: {}", from.join(" ")));
    line(out, 0, &format!("To: {}", headers.recipients.join(" ")));
    line(
        out,
        0,
        &format!("Date: {}", headers.date.as_deref().unwrap_or_default()),
    );
    line(out, 0, &format!("Subject: {}", headers.subject));
}

fn attachment(row: &Attachment, out: &mut String) {
    let name = row.filename.as_deref().unwrap_or("without a name");
    let read_as = row
        .document
        .as_ref()
        .map_or(&row.media_type, |document| &document.media_type);
    let status = word(&row.read);
    title(
        out,
        &format!(
            "file {}: {name} ({read_as}, {} bytes): {status}",
            row.part, row.bytes
        ),
    );
    if let (Some(reason), true) = (&row.reason, row.read != ReadStatus::Ok) {
        line(out, 0, reason);
    }
    if let Some(content) = &row.document {
        document(content, out);
    }
}

fn document(document: &Document, out: &mut String) {
    blocks(&document.blocks, 0, out);
    for field in &document.fields {
        let label = field
            .label
            .as_deref()
            .map(|label| format!(" ({label})"))
            .unwrap_or_default();
        let value = match &field.value {
            FieldValue::Text(text) => text.clone(),
            FieldValue::Choice(chosen) => chosen.join(", "),
            FieldValue::Tick(true) => "☒".to_owned(),
            FieldValue::Tick(false) => "☐".to_owned(),
            FieldValue::Blank => "‹›".to_owned(),
        };
        let value = value.replace('\n', IN_CELL);
        line(out, 0, &format!("field {}{label} = {value}", field.name));
    }
}

fn blocks(blocks: &[Block], depth: usize, out: &mut String) {
    for block in blocks {
        match block {
            Block::Heading { level, text, .. } => {
                let marks = "#".repeat(usize::from(*level).max(1));
                line(out, depth, &format!("{marks} {}", inlines(text, "\n")));
            }
            Block::Paragraph { text, .. } => line(out, depth, &inlines(text, "\n")),
            Block::ListItem { text, .. } => line(out, depth, &format!("- {}", inlines(text, "\n"))),
            Block::Definition { term, value } => {
                let (term, value) = (inlines(term, IN_CELL), inlines(value, IN_CELL));
                line(out, depth, &format!("{term} :: {value}"));
            }
            Block::Table(table) => rows(table, depth, out),
            Block::Quote(inner) => {
                line(out, depth, "> quoted:");
                self::blocks(inner, depth + 1, out);
            }
            Block::Rule => line(out, depth, "----"),
        }
    }
}

/// A line per row. A table in a cell follows its row, one step further in.
fn rows(table: &Table, depth: usize, out: &mut String) {
    for row in &table.rows {
        let mut inside = String::new();
        let cells: Vec<String> = row
            .cells
            .iter()
            .map(|cell| {
                let mut text = String::new();
                let (tables, plain): (Vec<&Block>, Vec<&Block>) = cell
                    .blocks
                    .iter()
                    .partition(|block| matches!(block, Block::Table(_)));
                plain
                    .into_iter()
                    .for_each(|block| blocks(std::slice::from_ref(block), 0, &mut text));
                tables
                    .into_iter()
                    .for_each(|block| blocks(std::slice::from_ref(block), depth + 1, &mut inside));
                text.trim_end().replace('\n', IN_CELL)
            })
            .collect();
        line(out, depth, &format!("| {} |", cells.join(" | ")));
        out.push_str(&inside);
    }
}

fn inlines(pieces: &[Inline], at_break: &str) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Inline::Text {
                text, struck: true, ..
            } => {
                let _never_fails = write!(out, "~{text}~");
            }
            Inline::Text {
                text, struck: false, ..
            }
            | Inline::Answer {
                text,
                placeholder: false,
            } => {
                out.push_str(text);
            }
            Inline::Answer {
                text,
                placeholder: true,
            } => {
                let _never_fails = write!(out, "‹{text}›");
            }
            Inline::Hidden { text } => {
                let _never_fails = write!(out, "{{{text}}}");
            }
            Inline::Tick { checked: true } => out.push('☒'),
            Inline::Tick { checked: false } => out.push('☐'),
            Inline::Break => out.push_str(at_break),
        }
    }
    out
}

fn title(out: &mut String, text: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    line(out, 0, &format!("== {text}"));
}

/// Adds lines without control characters, which a terminal would obey.
fn line(out: &mut String, depth: usize, text: &str) {
    for part in text.split('\n') {
        out.push_str(&"  ".repeat(depth));
        out.extend(part.chars().map(|c| if c.is_control() { ' ' } else { c }));
        out.push('\n');
    }
}

/// The word that JSON has for it.
fn word(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).unwrap_or_default();
    word.as_str().unwrap_or_default().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cell, Row};

    fn text(text: &str) -> Inline {
        Inline::Text {
            text: text.to_owned(),
            bold: false,
            struck: false,
        }
    }

    fn paragraph(text: Vec<Inline>) -> Block {
        Block::Paragraph { text, page: None }
    }

    fn table(cells: Vec<Vec<Block>>) -> Block {
        let cell = |blocks| Cell {
            blocks,
            columns: 1,
            rows: 1,
            header: false,
        };
        let cells = cells.into_iter().map(cell).collect();
        Block::Table(Table {
            rows: vec![Row { cells }],
            page: None,
        })
    }

    #[test]
    fn ticks_prompts_hidden_and_struck_text_are_told_apart() {
        let line = [
            text("Consent: "),
            Inline::Tick { checked: true },
            Inline::Answer {
                text: "yes".to_owned(),
                placeholder: false,
            },
            Inline::Answer {
                text: "Click here".to_owned(),
                placeholder: true,
            },
            Inline::Hidden {
                text: "tiny".to_owned(),
            },
            Inline::Text {
                text: "no".to_owned(),
                bold: false,
                struck: true,
            },
        ];
        assert_eq!(inlines(&line, "\n"), "Consent: ☒yes‹Click here›{tiny}~no~");
    }

    #[test]
    fn a_row_is_one_line_and_a_table_in_a_cell_follows_it() {
        let inner = table(vec![
            vec![paragraph(vec![text("a")])],
            vec![paragraph(vec![text("b")])],
        ]);
        let outer = table(vec![
            vec![paragraph(vec![text("Name")]), paragraph(vec![text("(full)")])],
            vec![paragraph(vec![text("Jo"), Inline::Break, text("Wend")]), inner],
        ]);
        let mut out = String::new();
        blocks(&[outer], 0, &mut out);
        assert_eq!(out, "| Name / (full) | Jo / Wend |\n  | a | b |\n");
    }

    #[test]
    fn a_terminal_is_told_nothing_by_the_text_of_a_document() {
        let mut out = String::new();
        blocks(&[paragraph(vec![text("a\u{1b}[2Jb\u{9b}c")])], 0, &mut out);
        assert_eq!(out, "a [2Jb c\n");
    }
}
