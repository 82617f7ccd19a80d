//! What one reading gave, as a line of JSON for `benches/peers.py`.

use super::files::{Manner, Task};
use referrald::domain::{Block, Document, FieldValue, FormField, Inline, ReadMessage, ReadStatus};
use serde_json::{Value, json};

/// How a reading ended, as the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Read(ReadStatus),
    Crashed,
    TimedOut,
    OutOfMemory,
    /// Everything else that a worker cannot be handed or answers.
    NotTaken,
}

impl Ending {
    pub fn word(self) -> &'static str {
        match self {
            Self::Read(ReadStatus::Ok) => "ok",
            Self::Read(ReadStatus::Partial) => "partial",
            Self::Read(ReadStatus::Empty) => "empty",
            Self::Read(ReadStatus::Encrypted) => "encrypted",
            Self::Read(ReadStatus::Unsupported) => "unsupported",
            Self::Read(ReadStatus::TooLarge) => "too_large",
            Self::Read(ReadStatus::Unreadable) => "unreadable",
            Self::Crashed => "crashed",
            Self::TimedOut => "timed_out",
            Self::OutOfMemory => "out_of_memory",
            Self::NotTaken => "not_taken",
        }
    }

    /// The worker did not live through it.
    pub fn is_culprit(self) -> bool {
        match self {
            Self::Crashed | Self::TimedOut | Self::OutOfMemory => true,
            Self::Read(_) | Self::NotTaken => false,
        }
    }
}

/// How an answer is to be counted, and the reason it states.
pub fn ending(task: &Task, message: &ReadMessage) -> (Ending, Option<String>) {
    let own_row = message
        .attachments
        .first()
        .filter(|_| task.manner == Manner::Document);
    if let Some(row) = own_row {
        return (Ending::Read(row.read), row.reason.clone());
    }
    let has_body = mails(message).any(|mail| mail.bodies.iter().any(|body| !text(body).trim().is_empty()));
    let has_content = message.attachments.iter().any(|row| row.document.is_some());
    let status = match (has_body || has_content, message.attachments.first()) {
        (true, _) => ReadStatus::Ok,
        (false, Some(row)) if row.read != ReadStatus::Ok => row.read,
        (false, _) => ReadStatus::Empty,
    };
    (Ending::Read(status), None)
}

/// Everything that is compared with other readers.
pub fn content(message: &ReadMessage) -> Value {
    let bodies: Vec<&Document> = mails(message).flat_map(|mail| &mail.bodies).collect();
    let attached: Vec<&Document> = message
        .attachments
        .iter()
        .filter_map(|row| row.document.as_ref())
        .collect();
    let documents = || bodies.iter().chain(&attached);
    let mut answers = Answers::default();
    documents().for_each(|document| answers.of(&document.blocks));
    json!({
        "bodies": message.bodies.iter().map(text).collect::<Vec<_>>(),
        "text": documents().map(|document| text(document)).collect::<Vec<_>>().join("\n"),
        "answers": answers.given,
        "placeholders": answers.placeholders,
        "ticks": answers.ticks,
        "fields": documents().flat_map(|document| &document.fields).map(field).collect::<Vec<_>>(),
        "attachments": message.attachments.iter().map(|row| json!({
            "part": row.part,
            "filename": row.filename,
            "bytes": row.bytes,
            "read": row.read,
            "reason": row.reason,
        })).collect::<Vec<_>>(),
        "repairs": message.repairs,
        "nested": message.nested.len(),
    })
}

/// A reading that gave nothing at all.
pub fn is_silent(line: &Value) -> bool {
    let is_blank = line["text"].as_str().is_none_or(|text| text.trim().is_empty());
    let count = |key: &str| line[key].as_array().map_or(0, Vec::len);
    let number = |key: &str| line[key].as_u64().unwrap_or(0);
    is_blank
        && count("fields") == 0
        && count("attachments") <= 1
        && number("nested") == 0
        && number("ticks") == 0
}

/// A mail and those attached to it.
fn mails(message: &ReadMessage) -> impl Iterator<Item = &ReadMessage> {
    let mut waiting = vec![message];
    std::iter::from_fn(move || {
        let next = waiting.pop()?;
        waiting.extend(&next.nested);
        Some(next)
    })
}

fn field(field: &FormField) -> Value {
    let (kind, value) = match &field.value {
        FieldValue::Text(text) => ("text", json!(text)),
        FieldValue::Choice(chosen) => ("choice", json!(chosen)),
        FieldValue::Tick(ticked) => ("tick", json!(ticked)),
        FieldValue::Blank => ("blank", Value::Null),
    };
    json!({ "name": field.name, "label": field.label, "kind": kind, "value": value })
}

#[derive(Default)]
struct Answers {
    given: Vec<String>,
    placeholders: Vec<String>,
    ticks: usize,
}

impl Answers {
    fn of(&mut self, blocks: &[Block]) {
        each_line(blocks, &mut |line| {
            for piece in line {
                match piece {
                    Inline::Answer {
                        text,
                        placeholder: true,
                    } => self.placeholders.push(text.clone()),
                    Inline::Answer {
                        text,
                        placeholder: false,
                    } => self.given.push(text.clone()),
                    Inline::Tick { .. } => self.ticks += 1,
                    Inline::Text { .. } | Inline::Hidden { .. } | Inline::Break => {}
                }
            }
        });
    }
}

/// All text of a document: what is seen, the prompts, what is hidden, and the values of its form fields.
fn text(document: &Document) -> String {
    let mut out = String::new();
    each_line(&document.blocks, &mut |line| {
        for piece in line {
            match piece {
                Inline::Text { text, .. } | Inline::Answer { text, .. } | Inline::Hidden { text } => {
                    out.push_str(text);
                }
                Inline::Tick { .. } => out.push(' '),
                Inline::Break => out.push('\n'),
            }
        }
        out.push('\n');
    });
    for field in &document.fields {
        match &field.value {
            FieldValue::Text(text) => out.push_str(text),
            FieldValue::Choice(chosen) => out.push_str(&chosen.join("\n")),
            FieldValue::Tick(_) | FieldValue::Blank => continue,
        }
        out.push('\n');
    }
    out
}

fn each_line(blocks: &[Block], visit: &mut dyn FnMut(&[Inline])) {
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
                visit(text);
            }
            Block::Definition { term, value } => {
                visit(term);
                visit(value);
            }
            Block::Table(table) => {
                let cells = table.rows.iter().flat_map(|row| &row.cells);
                cells.for_each(|cell| each_line(&cell.blocks, visit));
            }
            Block::Quote(inner) => each_line(inner, visit),
            Block::Rule => {}
        }
    }
}
