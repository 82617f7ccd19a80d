//! A mail as staff read it beside what was understood of it: its texts and files as blocks, in reading order, bounded.
//!
//! Invariant: what is left out is marked where it was cut.

use super::document::{
    Block, Cell, Document, FieldValue, FormField, Inline, MessageHeaders, ReadMessage, Row, Table,
};
use serde::{Deserialize, Serialize};

/// Most bytes of one text or file, each block counted with [`BLOCK_BYTES`] besides its text.
const MAX_DOCUMENT: usize = 64 * 1024;
/// Most bytes of a whole source.
const MAX_SOURCE: usize = 128 * 1024;
/// What a block, row or cell counts besides its text.
const BLOCK_BYTES: usize = 16;
/// Deepest nesting of tables and quotations that is kept.
const MAX_DEPTH: usize = 12;

/// A mail, to be read by a person. The default is one of which nothing was kept.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Source {
    /// In reading order: a mail's head, its texts, mails attached to it, then every file.
    pub pieces: Vec<SourcePiece>,
}

/// One piece of a [`Source`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourcePiece {
    /// A mail begins.
    Mail(SourceHead),
    /// Text of the mail that began last.
    Text(Excerpt),
    /// An attachment that was read.
    File(Excerpt),
}

/// What stands above a mail.
#[derive(Clone, Serialize, Deserialize)]
pub struct SourceHead {
    /// MIME part number of the mail, as [`MessageHeaders::part`].
    pub part: String,
    /// `Name <address>`, or the one of them that is there.
    pub from: String,
    /// Addresses, parted by commas.
    pub to: String,
    /// As [`MessageHeaders::date`].
    pub date: String,
    /// Decoded subject.
    pub subject: String,
}

/// A document, or its beginning.
#[derive(Clone, Serialize, Deserialize)]
pub struct Excerpt {
    /// Its blocks and fields.
    pub document: Document,
    /// The rest was longer than the bound.
    pub is_cut: bool,
}

impl Source {
    /// What a person is shown of a mail that was read.
    pub fn of(message: &ReadMessage) -> Self {
        let mut budget = MAX_SOURCE;
        let mut pieces = Vec::new();
        mail(message, &mut budget, &mut pieces);
        let files = message.attachments.iter().filter_map(|row| row.document.as_ref());
        pieces.extend(files.map(|file| SourcePiece::File(excerpt(file, &mut budget))));
        Self { pieces }
    }
}

fn mail(message: &ReadMessage, budget: &mut usize, pieces: &mut Vec<SourcePiece>) {
    let head = head(&message.headers);
    *budget = budget.saturating_sub(head.from.len() + head.to.len() + head.subject.len());
    pieces.push(SourcePiece::Mail(head));
    for body in &message.bodies {
        pieces.push(SourcePiece::Text(excerpt(body, budget)));
    }
    for nested in &message.nested {
        mail(nested, budget, pieces);
    }
}

fn head(headers: &MessageHeaders) -> SourceHead {
    /// Longest line of a head, in characters.
    const MAX_LINE: usize = 500;
    let line = |text: &str| text.chars().take(MAX_LINE).collect();
    let from = match (&headers.from_name, &headers.from_address) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.clone().or_else(|| address.clone()).unwrap_or_default(),
    };
    SourceHead {
        part: headers.part.clone(),
        from: line(&from),
        to: line(&headers.recipients.join(", ")),
        date: line(headers.date.as_deref().unwrap_or_default()),
        subject: line(&headers.subject),
    }
}

fn excerpt(document: &Document, budget: &mut usize) -> Excerpt {
    let given = MAX_DOCUMENT.min(*budget);
    let mut cut = Cut {
        left: given,
        is_cut: false,
    };
    let blocks = cut.blocks(&document.blocks, 0);
    let fields = cut.fields(&document.fields);
    *budget = budget.saturating_sub(given.saturating_sub(cut.left));
    Excerpt {
        document: Document {
            part: document.part.clone(),
            filename: document.filename.clone(),
            media_type: document.media_type.clone(),
            blocks,
            fields,
            recognised: document.recognised,
        },
        is_cut: cut.is_cut,
    }
}

/// What may still be taken.
struct Cut {
    left: usize,
    is_cut: bool,
}

impl Cut {
    /// Whether something of this length beyond its text still has room; from the first that has none on, nothing has.
    fn begin(&mut self, bytes: usize) -> bool {
        let has_room = !self.is_cut && self.left >= bytes;
        self.is_cut |= !has_room;
        if has_room {
            self.left -= bytes;
        }
        has_room
    }

    fn blocks(&mut self, blocks: &[Block], depth: usize) -> Vec<Block> {
        let mut kept = Vec::new();
        if depth > MAX_DEPTH {
            self.is_cut |= !blocks.is_empty();
            return kept;
        }
        for block in blocks {
            if !self.begin(BLOCK_BYTES) {
                break;
            }
            kept.push(self.block(block, depth));
        }
        kept
    }

    fn block(&mut self, block: &Block, depth: usize) -> Block {
        match block {
            Block::Heading { level, text, page } => Block::Heading {
                level: *level,
                text: self.line(text),
                page: *page,
            },
            Block::Paragraph { text, page } => Block::Paragraph {
                text: self.line(text),
                page: *page,
            },
            Block::ListItem { text, page } => Block::ListItem {
                text: self.line(text),
                page: *page,
            },
            Block::Definition { term, value } => Block::Definition {
                term: self.line(term),
                value: self.line(value),
            },
            Block::Table(table) => Block::Table(self.table(table, depth)),
            Block::Rule => Block::Rule,
            Block::Quote(inner) => Block::Quote(self.blocks(inner, depth + 1)),
        }
    }

    fn table(&mut self, table: &Table, depth: usize) -> Table {
        let mut rows = Vec::new();
        for row in &table.rows {
            if !self.begin(BLOCK_BYTES * (row.cells.len() + 1)) {
                break;
            }
            let cells = row.cells.iter().map(|cell| Cell {
                blocks: self.blocks(&cell.blocks, depth + 1),
                columns: cell.columns,
                rows: cell.rows,
                header: cell.header,
            });
            rows.push(Row {
                cells: cells.collect(),
            });
        }
        Table {
            rows,
            page: table.page,
        }
    }

    fn line(&mut self, line: &[Inline]) -> Vec<Inline> {
        let mut kept = Vec::new();
        for piece in line {
            if !self.begin(0) {
                break;
            }
            kept.push(match piece {
                Inline::Text { text, bold, struck } => Inline::Text {
                    text: self.text(text),
                    bold: *bold,
                    struck: *struck,
                },
                Inline::Answer { text, placeholder } => Inline::Answer {
                    text: self.text(text),
                    placeholder: *placeholder,
                },
                Inline::Hidden { text } => Inline::Hidden {
                    text: self.text(text),
                },
                Inline::Tick { checked } => Inline::Tick { checked: *checked },
                Inline::Break => Inline::Break,
            });
        }
        kept
    }

    /// As much of a text as there is room for.
    fn text(&mut self, text: &str) -> String {
        let end = text.floor_char_boundary(self.left);
        self.is_cut |= end < text.len();
        self.left -= end;
        text.get(..end).unwrap_or_default().to_owned()
    }

    fn fields(&mut self, fields: &[FormField]) -> Vec<FormField> {
        let mut kept = Vec::new();
        for field in fields {
            let label = field.label.as_ref().map_or(0, String::len);
            if !self.begin(BLOCK_BYTES + field.name.len() + label) {
                break;
            }
            kept.push(FormField {
                name: field.name.clone(),
                label: field.label.clone(),
                value: match &field.value {
                    FieldValue::Text(text) => FieldValue::Text(self.text(text)),
                    FieldValue::Choice(chosen) => {
                        FieldValue::Choice(chosen.iter().map(|text| self.text(text)).collect())
                    }
                    FieldValue::Tick(is_set) => FieldValue::Tick(*is_set),
                    FieldValue::Blank => FieldValue::Blank,
                },
                page: field.page,
            });
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Attachment, ReadStatus};

    fn document(part: &str, letters: usize, paragraphs: usize) -> Document {
        let paragraph = Block::Paragraph {
            text: vec![Inline::Text {
                text: "\u{e9}".repeat(letters),
                bold: false,
                struck: false,
            }],
            page: None,
        };
        Document {
            part: part.to_owned(),
            blocks: vec![paragraph; paragraphs],
            ..Document::default()
        }
    }

    fn message(files: Vec<Document>) -> ReadMessage {
        let row = |document: Document| Attachment {
            part: document.part.clone(),
            filename: None,
            media_type: "text/plain".to_owned(),
            bytes: 1,
            read: ReadStatus::Ok,
            reason: None,
            document: Some(document),
        };
        ReadMessage {
            bodies: vec![document("1", 10, 1)],
            attachments: files.into_iter().map(row).collect(),
            ..ReadMessage::default()
        }
    }

    fn files(source: &Source) -> Vec<(usize, bool)> {
        let of = |piece: &SourcePiece| match piece {
            SourcePiece::File(file) => Some((file.document.blocks.len(), file.is_cut)),
            SourcePiece::Mail(_) | SourcePiece::Text(_) => None,
        };
        source.pieces.iter().filter_map(of).collect()
    }

    #[test]
    fn a_long_file_is_cut_and_leaves_room_for_the_next() {
        let source = Source::of(&message(vec![
            document("2", 1_000_001, 1),
            document("3", 1, 100_000),
            document("4", 1, 3),
            document("5", 1, 3),
        ]));
        let files = files(&source);
        assert_eq!(files[0], (1, true));
        assert!(files[1].0 > 1_000 && files[1].0 < MAX_DOCUMENT && files[1].1);
        assert_eq!(files[3], (0, true), "it is named, and that it is not shown");
        let json = serde_json::to_string(&source).unwrap();
        assert!(json.len() < 10 * MAX_SOURCE);
    }

    #[test]
    fn what_has_room_is_whole() {
        let source = Source::of(&message(vec![document("2", 100, 20)]));
        assert_eq!(files(&source), [(20, false)]);
    }

    #[test]
    fn tables_in_tables_without_end_are_cut() {
        let mut inner = Block::Rule;
        for _ in 0..60 {
            inner = Block::Table(Table {
                rows: vec![Row {
                    cells: vec![Cell {
                        blocks: vec![inner],
                        columns: 1,
                        rows: 1,
                        header: false,
                    }],
                }],
                page: None,
            });
        }
        let deep = Document {
            blocks: vec![inner],
            ..Document::default()
        };
        assert_eq!(files(&Source::of(&message(vec![deep]))), [(1, true)]);
    }
}
