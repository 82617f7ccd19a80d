//! A message tree to the message text, its attachments and the mails attached to it.

use super::attachment::{self, Opened, RTF, Texts};
use super::budget::Budget;
use super::history::Intent;
use super::kind::Kind;
use super::picture::{self, PictureRoom};
use super::text::Folding;
use super::unpack::{self, Room};
use super::{history, html, json, rtf, text};
use crate::domain::{
    Attachment, Block, Document, MessageHeaders, ReadLimits, ReadMessage, ReadRequest, ReadStatus,
    SkippedPart, UnreadableReason,
};
use crate::mail::{
    self, Field, Mail, Part, PartBody, WORD_TOKEN_END, WORD_TOKEN_START, mask_words, possible_date,
};
use mail_parser::parsers::MessageStream;
use mail_parser::{Address, HeaderValue};

/// Text with simple commands (RFC 1896).
const ENRICHED: &str = "text/enriched";
/// A plain alternative must hold this many times the letters of the HTML one to be preferred ...
const PLAIN_HOLDS_MORE_TIMES: usize = 2;
/// ... and this many letters more.
const PLAIN_HOLDS_MORE: usize = 200;

/// Why only the beginning of a container was read.
const BREAKS_OFF: &str = "the file breaks off; what there is of it was read";

pub(super) fn read(
    raw: &[u8],
    request: &ReadRequest,
    opening: &mut dyn FnMut(&str),
) -> Result<ReadMessage, UnreadableReason> {
    let tree = mail::parse(raw, &request.limits.mail);
    if tree.fields.is_empty() && is_empty(&tree.root) {
        return Err(UnreadableReason::Malformed);
    }
    Ok(Walk::new(request, opening).mail(tree, String::new()))
}

pub(super) fn read_file(
    content: Vec<u8>,
    filename: &str,
    request: &ReadRequest,
    opening: &mut dyn FnMut(&str),
) -> ReadMessage {
    let file = unpack::file(Some(filename.to_owned()), "application/octet-stream", content);
    let tree = Mail {
        fields: Vec::new(),
        root: unpack::multipart("multipart/mixed", vec![file]),
        repairs: Vec::new(),
    };
    Walk::new(request, opening).mail(tree, String::new())
}

fn is_empty(root: &Part) -> bool {
    match &root.body {
        PartBody::Text(text) => text.trim().is_empty(),
        PartBody::Bytes(bytes) => bytes.is_empty(),
        PartBody::Multipart(_) | PartBody::Message(_) | PartBody::NotRead(_) => false,
    }
}

struct Walk<'r> {
    request: &'r ReadRequest,
    opening: &'r mut dyn FnMut(&str),
    /// The request's limits, less what has been used up.
    limits: ReadLimits,
    room: Room,
    pictures: PictureRoom,
    /// Of the mail being read.
    intent: Intent,
    /// Texts of the mail being read that repeat its own.
    alternatives: Vec<Document>,
    /// The number of the part of the mail being read that is its text although it has a file name.
    named_text: Option<String>,
}

impl<'r> Walk<'r> {
    fn new(request: &'r ReadRequest, opening: &'r mut dyn FnMut(&str)) -> Self {
        Self {
            request,
            opening,
            limits: request.limits,
            room: Room::new(&request.limits),
            pictures: PictureRoom::new(),
            intent: Intent::Reply,
            alternatives: Vec::new(),
            named_text: None,
        }
    }

    fn mail(&mut self, mail: Mail, part: String) -> ReadMessage {
        let mut out = ReadMessage {
            headers: headers(mail.fields, part),
            repairs: mail.repairs,
            ..ReadMessage::default()
        };
        let outer_intent = std::mem::replace(&mut self.intent, Intent::of_subject(&out.headers.subject));
        let outer_alternatives = std::mem::take(&mut self.alternatives);
        let outer_named_text = std::mem::replace(&mut self.named_text, named_text(&mail.root));
        self.part(mail.root, &mut out);
        self.named_text = outer_named_text;
        let alternatives = std::mem::replace(&mut self.alternatives, outer_alternatives);
        self.intent = outer_intent;
        prefer(alternatives, &mut out.bodies);
        out
    }

    /// Accounts for a document, so that all of a message together stay within its bounds.
    fn used(&mut self, budget_before: &ReadLimits, document: &Document) {
        let (blocks, chars) = extent(&document.blocks);
        self.limits.max_blocks = budget_before.max_blocks.saturating_sub(blocks);
        self.limits.max_chars = budget_before.max_chars.saturating_sub(chars);
    }

    fn part(&mut self, part: Part, out: &mut ReadMessage) {
        let is_named_text = self.named_text.as_ref() == Some(&part.number);
        let is_body = (is_unnamed_text(&part) || is_named_text) && !is_armoured(&part);
        if is_body && let Some(skipped) = self.request.skipped(&part.number) {
            out.attachments.push(skipped_row(&part, skipped));
            return;
        }
        match part.body {
            PartBody::Multipart(parts) if part.media_type == "multipart/alternative" => {
                self.alternative(parts, out);
            }
            PartBody::Multipart(parts) if part.media_type == "multipart/encrypted" => {
                out.attachments.extend(parts.iter().map(encrypted_row));
            }
            PartBody::Multipart(parts) => parts.into_iter().for_each(|part| self.part(part, out)),
            PartBody::Text(_) | PartBody::Bytes(_) if is_body => {
                let document = self.body(&part);
                if !document.blocks.is_empty() || out.bodies.is_empty() {
                    out.bodies.push(document);
                }
            }
            PartBody::Text(_) | PartBody::Bytes(_) | PartBody::Message(_) | PartBody::NotRead(_) => {
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
            out.pictures.append(&mut found.pictures);
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
        (self.opening)(&part.number);
        let mut budget = Budget::new(&self.limits);
        let mut fields = Vec::new();
        let blocks = match &part.body {
            PartBody::Text(content) if part.media_type == "text/html" => html::blocks(content, &mut budget),
            PartBody::Text(content) if part.media_type == ENRICHED => {
                text::blocks(&text::without_commands(content), Folding::Fixed, &mut budget)
            }
            PartBody::Text(content) => json::in_mail(content, folding(part), &mut budget),
            PartBody::Bytes(content) => {
                let reading = rtf::read(content, &self.limits);
                fields = reading.fields;
                reading.blocks
            }
            PartBody::Multipart(_) | PartBody::Message(_) | PartBody::NotRead(_) => Vec::new(),
        };
        let document = Document {
            part: part.number.clone(),
            filename: None,
            media_type: part.media_type.clone(),
            blocks: history::settle(blocks, self.intent),
            fields,
            recognised: false,
        };
        let before = self.limits;
        self.used(&before, &document);
        document
    }

    fn attached(&mut self, part: Part, out: &mut ReadMessage) {
        let mut row = row_of(&part);
        if let PartBody::Message(mail) = part.body {
            out.attachments.push(row);
            let nested = self.mail(*mail, part.number);
            adopt(nested, out);
            return;
        }
        if let Some(skipped) = self.request.skipped(&part.number) {
            out.attachments.push(skipped_row(&part, skipped));
            return;
        }
        (self.opening)(&part.number);
        if !self.room.enter() {
            row.read = ReadStatus::TooLarge;
            row.reason = Some("more files inside files than the limit; not read".to_owned());
            out.attachments.push(row);
            return;
        }
        let opened = attachment::open(&part, &self.limits, &mut self.room);
        if self.room.did_break_off() {
            row.read = ReadStatus::Partial;
            row.reason = Some(BREAKS_OFF.to_owned());
        }
        match opened {
            Opened::Document {
                status,
                reason,
                document,
                picture,
            } => {
                if let Some(document) = &document {
                    let before = self.limits;
                    self.used(&before, document);
                }
                row.read = status;
                row.reason = reason;
                row.document = document;
                out.attachments.push(row);
                if let Some(kind) = picture.filter(|_| self.request.pictures) {
                    picture::hand_out(part, kind, &mut self.pictures, out);
                }
            }
            Opened::Mail(mut mail) => {
                unpack::renumber(&mut mail.root, &part.number);
                out.attachments.push(row);
                let nested = self.mail(mail, part.number.clone());
                adopt(nested, out);
            }
            Opened::Parts { mut root, texts } => {
                unpack::renumber(&mut root, &part.number);
                out.attachments.push(row);
                let mut found = ReadMessage::default();
                self.part(root, &mut found);
                out.attachments.append(&mut found.attachments);
                out.pictures.append(&mut found.pictures);
                out.nested.append(&mut found.nested);
                match texts {
                    Texts::Own => out.bodies.append(&mut found.bodies),
                    Texts::Alternative => self.alternatives.append(&mut found.bodies),
                }
            }
        }
        self.room.leave();
    }
}

/// Takes the texts that repeat the mail's own instead of those, where they hold as much.
fn prefer(alternatives: Vec<Document>, bodies: &mut Vec<Document>) {
    let letters = |documents: &[Document]| documents.iter().map(|d| letters_of(&d.blocks)).sum::<usize>();
    let own = letters(bodies);
    let is_rich = bodies.iter().any(|body| body.media_type != "text/plain") && own > 0;
    let others = letters(&alternatives);
    // A list or a gateway may have put a line of its own under the mail's text.
    if others > 0 && (own == 0 || !is_rich && others * 10 >= own * 9) {
        *bodies = alternatives;
    }
}

fn row_of(part: &Part) -> Attachment {
    Attachment {
        part: part.number.clone(),
        filename: part.filename.clone(),
        media_type: part.media_type.clone(),
        bytes: part.size,
        read: ReadStatus::Ok,
        reason: None,
        document: None,
    }
}

/// A part of an encrypted message (RFC 1847 section 2.2).
fn encrypted_row(part: &Part) -> Attachment {
    Attachment {
        read: ReadStatus::Encrypted,
        reason: Kind::Encrypted.reason().map(str::to_owned),
        ..row_of(part)
    }
}

fn skipped_row(part: &Part, skipped: &SkippedPart) -> Attachment {
    Attachment {
        read: skipped.read,
        reason: Some(skipped.reason.clone()),
        ..row_of(part)
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
    out.pictures.append(&mut nested.pictures);
    out.nested.push(nested);
}

fn is_body_type(media_type: &str) -> bool {
    matches!(media_type, "text/plain" | "text/html" | ENRICHED | RTF)
}

fn is_unnamed_text(part: &Part) -> bool {
    !part.is_attachment && part.filename.is_none() && is_body_type(&part.media_type)
}

/// The first text that has a file name but is not sent as an attachment, in a mail that has no other text:
/// some programs give each part a name.
fn named_text(root: &Part) -> Option<String> {
    let mut named = None;
    let mut open = vec![root];
    while let Some(part) = open.pop() {
        match &part.body {
            PartBody::Multipart(parts) => open.extend(parts.iter().rev()),
            PartBody::Text(text) if !text.trim().is_empty() && is_body_type(&part.media_type) => {
                if is_unnamed_text(part) {
                    return None;
                }
                if !part.is_attachment && named.is_none() {
                    named = Some(part.number.clone());
                }
            }
            PartBody::Text(_) | PartBody::Bytes(_) | PartBody::Message(_) | PartBody::NotRead(_) => {}
        }
    }
    named
}

/// An encrypted message in the place of a text (RFC 9580 section 6.2): named, not shown.
fn is_armoured(part: &Part) -> bool {
    match &part.body {
        PartBody::Text(text) => text.trim_start().starts_with("-----BEGIN PGP MESSAGE-----"),
        PartBody::Bytes(_) | PartBody::Multipart(_) | PartBody::Message(_) | PartBody::NotRead(_) => false,
    }
}

fn folding(part: &Part) -> Folding {
    let content_type = part.fields.iter().find(|field| field.name == "content-type");
    let parameters = content_type
        .map(|f| f.value.to_ascii_lowercase())
        .unwrap_or_default();
    let has = |parameter: &str| {
        let unquoted = parameters.replace(['"', ' '], "");
        unquoted.contains(parameter)
    };
    match (has("format=flowed"), has("delsp=yes")) {
        (true, true) => Folding::FlowedDeleting,
        (true, false) => Folding::Flowed,
        (false, _) => Folding::Fixed,
    }
}

/// Blocks, rows and cells, and bytes of text.
fn extent(blocks: &[Block]) -> (usize, usize) {
    let line = |text: &[crate::domain::Inline]| crate::domain::inline_text(text).len();
    let mut out = (0, 0);
    for block in blocks {
        let (inner_blocks, chars) = match block {
            Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
                (0, line(text))
            }
            Block::Definition { term, value } => (0, line(term) + line(value)),
            Block::Table(table) => table
                .rows
                .iter()
                .flat_map(|row| &row.cells)
                .map(|cell| extent(&cell.blocks))
                .fold((table.rows.len(), 0), |sum, one| {
                    (sum.0 + one.0 + 1, sum.1 + one.1)
                }),
            Block::Quote(inner) => extent(inner),
            Block::Rule => (0, 0),
        };
        out = (out.0 + 1 + inner_blocks, out.1 + chars);
    }
    out
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
    let bcc = all(&["bcc"]);
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
        bcc,
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
