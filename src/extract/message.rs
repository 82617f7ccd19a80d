//! A message tree to the message text, its attachments and the mails attached to it.

use super::attachment::{self, Outcome};
use super::budget::Budget;
use super::history::Intent;
use super::text::Folding;
use super::{ReadLimits, history, html, text};
use crate::domain::{Attachment, Block, Document, MessageHeaders, ReadMessage, ReadStatus, UnreadableReason};
use crate::mail::{
    self, Field, Mail, Part, PartBody, WORD_TOKEN_END, WORD_TOKEN_START, mask_words, possible_date,
};
use mail_parser::parsers::MessageStream;
use mail_parser::{Address, HeaderValue};

/// A plain alternative must hold this many times the letters of the HTML one to be preferred ...
const PLAIN_HOLDS_MORE_TIMES: usize = 2;
/// ... and this many letters more.
const PLAIN_HOLDS_MORE: usize = 200;
/// Most mail files attached under another type (`.eml` as octet-stream) that are taken apart.
const MAX_NESTED_FILES: usize = 3;

pub(super) fn read(raw: &[u8], limits: &ReadLimits) -> Result<ReadMessage, UnreadableReason> {
    let tree = mail::parse(raw, &limits.mail);
    if tree.fields.is_empty() && is_empty(&tree.root) {
        return Err(UnreadableReason::Malformed);
    }
    let mut walk = Walk {
        limits,
        files_left: MAX_NESTED_FILES,
        intent: Intent::Reply,
    };
    Ok(walk.mail(tree, String::new()))
}

fn is_empty(root: &Part) -> bool {
    match &root.body {
        PartBody::Text(text) => text.trim().is_empty(),
        PartBody::Bytes(bytes) => bytes.is_empty(),
        PartBody::Multipart(_) | PartBody::Message(_) | PartBody::NotRead => false,
    }
}

struct Walk<'l> {
    limits: &'l ReadLimits,
    /// Mail files attached under another type that may still be taken apart.
    files_left: usize,
    /// Of the mail being read.
    intent: Intent,
}

impl Walk<'_> {
    fn mail(&mut self, mail: Mail, part: String) -> ReadMessage {
        let mut out = ReadMessage {
            headers: headers(mail.fields, part),
            repairs: mail.repairs,
            ..ReadMessage::default()
        };
        let outer = std::mem::replace(&mut self.intent, Intent::of_subject(&out.headers.subject));
        self.part(mail.root, &mut out);
        self.intent = outer;
        out
    }

    fn part(&mut self, part: Part, out: &mut ReadMessage) {
        let is_body = !part.is_attachment && part.filename.is_none() && is_body_type(&part.media_type);
        match part.body {
            PartBody::Multipart(parts) if part.media_type == "multipart/alternative" => {
                self.alternative(parts, out);
            }
            PartBody::Multipart(parts) => parts.into_iter().for_each(|part| self.part(part, out)),
            PartBody::Text(_) if is_body => {
                let document = self.body(&part);
                if !document.blocks.is_empty() || out.bodies.is_empty() {
                    out.bodies.push(document);
                }
            }
            PartBody::Text(_) | PartBody::Bytes(_) | PartBody::Message(_) | PartBody::NotRead => {
                self.attached(part, out);
            }
        }
    }

    /// One document of the alternatives: the HTML if it has content, unless the plain text clearly holds more.
    fn alternative(&mut self, parts: Vec<Part>, out: &mut ReadMessage) {
        let mut candidates: Vec<(usize, ReadMessage)> = Vec::new();
        for part in parts {
            let is_text = is_body_type(&part.media_type) || part.media_type.starts_with("multipart/");
            if !is_text || part.is_attachment {
                self.part(part, out);
                continue;
            }
            let is_plain = part.media_type == "text/plain";
            let mut found = ReadMessage::default();
            self.part(part, &mut found);
            out.attachments.append(&mut found.attachments);
            out.nested.append(&mut found.nested);
            candidates.push((usize::from(is_plain), found));
        }
        let letters = |m: &ReadMessage| m.bodies.iter().map(|d| letters_of(&d.blocks)).sum::<usize>();
        let rich = candidates.iter().filter(|(plain, _)| *plain == 0);
        let rich = rich.map(|(_, m)| letters(m)).max().unwrap_or(0);
        let plain = candidates.iter().filter(|(plain, _)| *plain == 1);
        let plain = plain.map(|(_, m)| letters(m)).max().unwrap_or(0);
        let prefers_plain = rich == 0 || plain > rich * PLAIN_HOLDS_MORE_TIMES + PLAIN_HOLDS_MORE;
        let wanted = usize::from(prefers_plain);
        // The last alternative of a kind is the richest (RFC 2046 section 5.1.4).
        let chosen = candidates
            .iter()
            .rposition(|(plain, m)| *plain == wanted && letters(m) > 0)
            .or_else(|| candidates.len().checked_sub(1));
        if let Some(chosen) = chosen {
            out.bodies.append(&mut candidates.swap_remove(chosen).1.bodies);
        }
    }

    fn body(&mut self, part: &Part) -> Document {
        let PartBody::Text(content) = &part.body else {
            return Document::default();
        };
        let mut budget = Budget::new(self.limits);
        let is_html = part.media_type == "text/html";
        let blocks = if is_html {
            html::blocks(content, &mut budget)
        } else {
            text::blocks(content, folding(part), &mut budget)
        };
        Document {
            part: part.number.clone(),
            filename: None,
            media_type: part.media_type.clone(),
            blocks: history::settle(blocks, self.intent),
            fields: Vec::new(),
        }
    }

    fn attached(&mut self, part: Part, out: &mut ReadMessage) {
        let mut row = Attachment {
            part: part.number.clone(),
            filename: part.filename.clone(),
            media_type: part.media_type.clone(),
            bytes: part.size,
            read: ReadStatus::Ok,
            reason: None,
            document: None,
        };
        if let PartBody::Message(mail) = part.body {
            out.attachments.push(row);
            let nested = self.mail(*mail, part.number);
            adopt(nested, out);
            return;
        }
        match attachment::read(&part, self.limits) {
            Outcome::Read {
                status,
                reason,
                document,
            } => {
                row.read = status;
                row.reason = reason;
                row.document = document;
                out.attachments.push(row);
            }
            Outcome::Mail(bytes) if self.files_left > 0 => {
                self.files_left -= 1;
                let mut mail = mail::parse(bytes, &self.limits.mail);
                renumber(&mut mail.root, &part.number);
                out.attachments.push(row);
                let nested = self.mail(mail, part.number.clone());
                adopt(nested, out);
            }
            Outcome::Mail(_) => {
                row.read = ReadStatus::Unsupported;
                row.reason = Some("too many mails inside mails; not read".to_owned());
                out.attachments.push(row);
            }
        }
    }
}

/// Lists a nested mail's attachments at the outer one too; the documents stand at the outer only.
fn adopt(mut nested: ReadMessage, out: &mut ReadMessage) {
    for row in &mut nested.attachments {
        let document = row.document.take();
        out.attachments.push(Attachment {
            document,
            ..row.clone()
        });
    }
    out.nested.push(nested);
}

/// Numbers the parts of a mail found in a file as if it had been attached as a mail.
fn renumber(part: &mut Part, prefix: &str) {
    part.number = if part.number.is_empty() {
        prefix.to_owned()
    } else {
        format!("{prefix}.{}", part.number)
    };
    match &mut part.body {
        PartBody::Multipart(parts) => parts.iter_mut().for_each(|part| renumber(part, prefix)),
        PartBody::Message(mail) => renumber(&mut mail.root, prefix),
        PartBody::Text(_) | PartBody::Bytes(_) | PartBody::NotRead => {}
    }
}

fn is_body_type(media_type: &str) -> bool {
    matches!(media_type, "text/plain" | "text/html")
}

fn folding(part: &Part) -> Folding {
    let content_type = part.fields.iter().find(|field| field.name == "content-type");
    let is_flowed = content_type.is_some_and(|f| f.value.to_ascii_lowercase().contains("format=flowed"));
    if is_flowed {
        Folding::Flowed
    } else {
        Folding::Fixed
    }
}

/// Letters and digits that a reader sees.
fn letters_of(blocks: &[Block]) -> usize {
    use crate::domain::inline_text;
    let count = |line: &[crate::domain::Inline]| {
        inline_text(line)
            .split_whitespace()
            // Links are written out in plain text only.
            .filter(|word| !word.contains("://"))
            .flat_map(str::chars)
            .filter(|c| c.is_alphanumeric())
            .count()
    };
    blocks
        .iter()
        .map(|block| match block {
            Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
                count(text)
            }
            Block::Definition { term, value } => count(term) + count(value),
            Block::Table(table) => table
                .rows
                .iter()
                .flat_map(|row| &row.cells)
                .map(|cell| letters_of(&cell.blocks))
                .sum(),
            Block::Quote(inner) => letters_of(inner),
            Block::Rule => 0,
        })
        .sum()
}

fn headers(fields: Vec<Field>, part: String) -> MessageHeaders {
    let first = |name: &str| fields.iter().find(|f| f.name == name);
    let from = first("from").map(|f| addresses(&f.raw)).unwrap_or_default();
    let from = from.into_iter().next();
    let all = |names: &[&str]| -> Vec<String> {
        let mut found: Vec<String> = fields
            .iter()
            .filter(|f| names.contains(&f.name.as_str()))
            .flat_map(|f| addresses(&f.raw))
            .filter_map(|(_, address)| address)
            .collect();
        dedupe(&mut found);
        found
    };
    let reply_to = all(&["reply-to"]);
    let recipients = all(&["to", "cc"]);
    let mut references: Vec<String> = ["in-reply-to", "references"]
        .iter()
        .filter_map(|name| first(name))
        .flat_map(|f| message_ids(&f.value))
        .collect();
    dedupe(&mut references);
    MessageHeaders {
        part,
        from_name: from.as_ref().and_then(|(name, _)| name.clone()),
        from_address: from.and_then(|(_, address)| address),
        reply_to,
        recipients,
        subject: first("subject").map(|f| f.value.clone()).unwrap_or_default(),
        date: first("date")
            .and_then(|f| possible_date(&f.value))
            .map(|date| date.to_rfc3339()),
        message_id: first("message-id").and_then(|f| message_ids(&f.value).into_iter().next()),
        references,
        fields: fields.into_iter().map(|f| (f.name, f.value)).collect(),
    }
}

fn dedupe(items: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    items.retain(|item| seen.insert(item.clone()));
}

/// Display names and lower-case addresses of an address field.
fn addresses(raw: &[u8]) -> Vec<(Option<String>, Option<String>)> {
    let unfolded: Vec<u8> = raw
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\r' | b'\n' | 0))
        .collect();
    let (mut field, words) = mask_words(&mail::decode_text(&unfolded));
    field.push('\n');
    let HeaderValue::Address(found) = MessageStream::new(field.as_bytes()).parse_address() else {
        return Vec::new();
    };
    let list = match found {
        Address::List(list) => list,
        Address::Group(groups) => groups.into_iter().flat_map(|group| group.addresses).collect(),
    };
    let some = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    list.into_iter()
        .map(|a| {
            let address = some(a.address.map(|a| a.to_ascii_lowercase()));
            (some(a.name.map(|n| unmask(&n, &words))), address)
        })
        .collect()
}

/// Puts decoded words back in place of their tokens.
fn unmask(name: &str, words: &[String]) -> String {
    let mut out = String::with_capacity(name.len());
    let mut pieces = name.split(WORD_TOKEN_START);
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let word = piece[..digits].parse().ok().and_then(|at: usize| words.get(at));
        match (word, piece[digits..].strip_prefix(WORD_TOKEN_END)) {
            (Some(word), Some(rest)) => {
                out.push_str(word);
                out.push_str(rest);
            }
            (_, _) => {
                out.push_str(WORD_TOKEN_START);
                out.push_str(piece);
            }
        }
    }
    out
}

/// Message ids in angle brackets; without any, the words.
fn message_ids(value: &str) -> Vec<String> {
    let ids: Vec<String> = value
        .split('<')
        .skip(1)
        .filter_map(|piece| piece.split_once('>'))
        .map(|(id, _)| id.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return value.split_whitespace().map(str::to_owned).collect();
    }
    ids
}
