//! The text of a mail that was read in the worker: its subject, its text, and what is attached.

use crate::domain::{Attachment, Block, Document, ReadMessage, Table, inline_text};

/// Longest text that is shown, in characters.
const MAX_SHOWN: usize = 50_000;

/// Stands where a longer text was cut: whoever releases a mail must know that they have not seen all of it.
const CUT: &str = "[The mail is longer: the rest is not shown here. \"referrald outbound show ID --text\" prints all of it.]";

/// The first line is the subject.
pub(super) fn text_of(mail: &ReadMessage) -> String {
    let mut lines = vec![mail.headers.subject.clone(), String::new()];
    for body in &mail.bodies {
        document(body, &mut lines);
    }
    for each in &mail.attachments {
        attachment(each, &mut lines);
    }
    let text = lines.join("\n");
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}\n{CUT}", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn document(document: &Document, lines: &mut Vec<String>) {
    for each in &document.blocks {
        block(each, lines);
    }
}

fn attachment(attachment: &Attachment, lines: &mut Vec<String>) {
    let name = attachment.filename.as_deref().unwrap_or(&attachment.media_type);
    lines.push(String::new());
    lines.push(format!("[{name}]"));
    if let Some(content) = &attachment.document {
        document(content, lines);
    }
}

fn block(block: &Block, lines: &mut Vec<String>) {
    match block {
        Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
            lines.push(inline_text(text));
        }
        Block::Definition { term, value } => {
            lines.push(format!("{}: {}", inline_text(term), inline_text(value)));
        }
        Block::Table(each) => table(each, lines),
        Block::Rule => lines.push("---".to_owned()),
        Block::Quote(blocks) => {
            let mut quoted = Vec::new();
            for each in blocks {
                self::block(each, &mut quoted);
            }
            let quoted = quoted.iter().flat_map(|text| text.split('\n'));
            lines.extend(quoted.map(|line| format!("> {line}")));
        }
    }
}

fn table(table: &Table, lines: &mut Vec<String>) {
    for row in &table.rows {
        let cells = row.cells.iter().map(|cell| {
            let mut content = Vec::new();
            for each in &cell.blocks {
                block(each, &mut content);
            }
            content.join(" ")
        });
        lines.push(cells.collect::<Vec<_>>().join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Inline;

    #[test]
    fn a_text_that_is_cut_says_so() {
        let of = |letters: usize| {
            let paragraph = Block::Paragraph {
                text: vec![Inline::Text {
                    text: "a".repeat(letters),
                    bold: false,
                    struck: false,
                }],
                page: None,
            };
            let mut mail = ReadMessage::default();
            mail.bodies.push(Document {
                blocks: vec![paragraph],
                ..Document::default()
            });
            text_of(&mail)
        };
        assert!(!of(100).contains(CUT));
        let cut = of(MAX_SHOWN + 1);
        assert!(cut.ends_with(CUT) && cut.len() < MAX_SHOWN + 200);
    }
}
