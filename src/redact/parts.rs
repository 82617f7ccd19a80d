//! The parts of a message that can be redacted as text, and the reasons why the others cannot.

use super::html::Page;
use super::layout::Layout;
use super::{DocumentReader, word};
use crate::domain::{ChangeWhere, HoldReason, OtherAttachments, Repair};
use crate::mail::{Mail, Part, PartBody};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// Longest run of lines of encoded data that may pass as text.
const MAX_ENCODED_LINES: usize = 1;
/// From this length on a line without spaces of base64 letters is encoded data.
const ENCODED_LINE: usize = 56;

/// One text of the message.
pub(super) struct Segment {
    /// What is searched and written again.
    pub(super) content: Content,
    /// Where it stands.
    pub(super) place: ChangeWhere,
}

/// A text and the format it is written in.
pub(super) enum Content {
    /// Text alone.
    Plain(String),
    /// The visible text of a page.
    Page(Page),
    /// The text of a Word file.
    Word(Layout),
}

impl Segment {
    /// What is searched.
    pub(super) fn text(&self) -> &str {
        match &self.content {
            Content::Plain(text) => text,
            Content::Page(page) => page.text(),
            Content::Word(layout) => &layout.text,
        }
    }
}

/// The shape of the new message.
pub(super) enum Outline {
    /// A text part: index of its segment.
    Text(usize),
    /// An attachment: index of its segment and the name's ending, `txt`, `csv` or `docx`.
    Attachment(usize, &'static str),
    /// Several.
    Multipart(&'static str, Vec<Outline>),
}

/// A message taken apart into texts.
pub(super) struct Taken {
    documents: DocumentReader,
    others: OtherAttachments,
    /// All texts of its parts.
    pub(super) segments: Vec<Segment>,
    /// The new message's shape; `None` for an empty one.
    pub(super) outline: Option<Outline>,
    /// Why the whole must be held.
    pub(super) reasons: Vec<HoldReason>,
    /// Inline pictures that were left out.
    pub(super) pictures: usize,
}

impl Taken {
    /// Takes a message apart.
    pub(super) fn of(mail: &Mail, documents: DocumentReader, others: OtherAttachments) -> Self {
        let mut taken = Self {
            documents,
            others,
            segments: Vec::new(),
            outline: None,
            reasons: Vec::new(),
            pictures: 0,
        };
        taken.outline = taken.mail(mail);
        taken
    }

    /// Adds a text; gives its index.
    fn add(&mut self, content: Content, place: ChangeWhere) -> usize {
        self.segments.push(Segment { content, place });
        self.segments.len() - 1
    }

    /// Adds an attachment that goes on as plain text.
    fn attach(&mut self, text: String, ending: &'static str) -> Outline {
        Outline::Attachment(self.add(Content::Plain(text), ChangeWhere::Attachment), ending)
    }

    fn hold(&mut self, reason: HoldReason) -> Option<Outline> {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
        None
    }

    /// Walks the message. The tree's depth is bounded by the parser.
    fn mail(&mut self, mail: &Mail) -> Option<Outline> {
        if mail.repairs.iter().any(|repair| matches!(repair, Repair::Bounds)) {
            self.hold(HoldReason::MessageNotUnderstood);
        }
        self.part(&mail.root, Within::Other)
    }

    fn part(&mut self, part: &Part, within: Within) -> Option<Outline> {
        if is_sealed(&part.media_type) {
            return self.hold(HoldReason::EncryptedPart);
        }
        if !part.is_decoded() || part.charset.as_deref().is_some_and(is_ebcdic) {
            return self.hold(HoldReason::MessageNotUnderstood);
        }
        match &part.body {
            PartBody::Multipart(parts) => {
                let within = if part.media_type == "multipart/related" {
                    Within::Related
                } else {
                    Within::Other
                };
                let kept: Vec<Outline> = parts.iter().filter_map(|part| self.part(part, within)).collect();
                let subtype = if part.media_type == "multipart/alternative" {
                    "alternative"
                } else {
                    "mixed"
                };
                one_or_many(subtype, kept)
            }
            PartBody::Text(text) => self.text(part, text),
            PartBody::Message(mail) => {
                let text = self.nested(mail);
                Some(self.attach(text, "txt"))
            }
            PartBody::Bytes(bytes) => self.bytes(part, bytes, within),
            PartBody::NotRead(_) => self.hold(HoldReason::MessageNotUnderstood),
        }
    }

    fn bytes(&mut self, part: &Part, bytes: &[u8], within: Within) -> Option<Outline> {
        let picture = part.media_type.starts_with("image/");
        if picture && matches!(within, Within::Related) && part.content_id.is_some() && !part.is_attachment {
            // The logo of a signature: the page shows a word in its place.
            self.pictures += 1;
            return None;
        }
        if bytes.is_empty() && part.filename.is_none() {
            return None;
        }
        if part.media_type == "application/ics"
            && let Ok(card) = std::str::from_utf8(bytes)
            && !holds_encoded_data(card)
        {
            return Some(self.attach(card_text(card), "txt"));
        }
        self.document(part, bytes)
            .or_else(|| self.hold(HoldReason::AttachmentCannotBeRedacted))
    }

    /// A document that was read to its end: a Word file as a fresh one, others as text where that is wanted.
    fn document(&mut self, part: &Part, bytes: &[u8]) -> Option<Outline> {
        let document = (self.documents)(bytes, part.filename.as_deref().unwrap_or_default())?;
        if word::is_word(&document) {
            let content = Content::Word(word::layout(&document));
            let segment = self.add(content, ChangeWhere::Attachment);
            return Some(Outline::Attachment(segment, "docx"));
        }
        match self.others {
            OtherAttachments::Hold => None,
            OtherAttachments::Text => Some(self.attach(word::text(&document), "txt")),
        }
    }

    fn text(&mut self, part: &Part, text: &str) -> Option<Outline> {
        // A page's attributes never travel, so that a logo in one is no reason to hold.
        let page = (part.media_type == "text/html").then(|| Page::read(text));
        if holds_encoded_data(page.as_ref().map_or(text, Page::text)) {
            return self.hold(HoldReason::MessageNotUnderstood);
        }
        if is_disguised(text) {
            return self.hold(HoldReason::AttachmentCannotBeRedacted);
        }
        let attached = part.is_attachment || part.filename.is_some();
        let place = if attached {
            ChangeWhere::Attachment
        } else {
            ChangeWhere::Body
        };
        if let Some(page) = page {
            if attached {
                return Some(self.attach(page.text().to_owned(), "txt"));
            }
            return Some(Outline::Text(self.add(Content::Page(page), place)));
        }
        match part.media_type.as_str() {
            "text/plain" | "text/markdown" => {
                let segment = self.add(Content::Plain(text.to_owned()), place);
                Some(if attached {
                    Outline::Attachment(segment, "txt")
                } else {
                    Outline::Text(segment)
                })
            }
            "text/csv" | "text/tab-separated-values" => {
                let comma = part.media_type == "text/csv";
                Some(self.attach(text.to_owned(), if comma { "csv" } else { "txt" }))
            }
            "text/calendar" | "text/vcard" | "text/x-vcard" | "text/directory" => {
                Some(self.attach(card_text(text), "txt"))
            }
            _ => self.hold(HoldReason::AttachmentCannotBeRedacted),
        }
    }

    /// An attached mail as plain text: its main fields and its texts.
    fn nested(&mut self, mail: &Mail) -> String {
        let mut inner = Self::of(mail, self.documents, self.others);
        for reason in std::mem::take(&mut inner.reasons) {
            self.hold(reason);
        }
        self.pictures += inner.pictures;
        let mut text = String::new();
        for name in ["from", "to", "cc", "date", "subject"] {
            if let Some(field) = mail.field(name) {
                let mut label = name.to_owned();
                if let Some(head) = label.get_mut(..1) {
                    head.make_ascii_uppercase();
                }
                text.push_str(&format!("{label}: {}\n", field.value.trim()));
            }
        }
        text.push('\n');
        let mut chosen = Vec::new();
        if let Some(outline) = &inner.outline {
            readable(outline, &inner.segments, &mut chosen);
        }
        for index in chosen {
            if let Some(segment) = inner.segments.get(index) {
                text.push_str(segment.text());
                text.push('\n');
            }
        }
        text
    }
}

/// The segments a reader of plain text would read: of alternatives the first that is not a page.
fn readable(outline: &Outline, segments: &[Segment], chosen: &mut Vec<usize>) {
    match outline {
        Outline::Text(index) | Outline::Attachment(index, _) => chosen.push(*index),
        Outline::Multipart("alternative", parts) => {
            let plain = parts.iter().find(|part| match part {
                Outline::Text(index) => segments
                    .get(*index)
                    .is_some_and(|segment| matches!(segment.content, Content::Plain(_))),
                Outline::Attachment(_, _) | Outline::Multipart(_, _) => false,
            });
            match plain {
                Some(plain) => readable(plain, segments, chosen),
                None => parts.iter().for_each(|part| readable(part, segments, chosen)),
            }
        }
        Outline::Multipart(_, parts) => parts.iter().for_each(|part| readable(part, segments, chosen)),
    }
}

/// Where a part stands.
#[derive(Debug, Clone, Copy)]
enum Within {
    /// Beside the page that shows it.
    Related,
    /// Anywhere else.
    Other,
}

fn one_or_many(subtype: &'static str, mut parts: Vec<Outline>) -> Option<Outline> {
    // Within alternatives an attachment would be hidden by most mail programs.
    let hidden =
        subtype == "alternative" && parts.iter().any(|part| matches!(part, Outline::Attachment(_, _)));
    if hidden {
        let (shown, attached): (Vec<Outline>, Vec<Outline>) = parts
            .into_iter()
            .partition(|part| !matches!(part, Outline::Attachment(_, _)));
        let mut mixed: Vec<Outline> = one_or_many("alternative", shown).into_iter().collect();
        mixed.extend(attached);
        return one_or_many("mixed", mixed);
    }
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Outline::Multipart(subtype, parts)),
    }
}

/// Encrypted or signed content, and the signatures themselves.
fn is_sealed(media_type: &str) -> bool {
    matches!(
        media_type,
        "multipart/encrypted"
            | "multipart/signed"
            | "application/pkcs7-mime"
            | "application/x-pkcs7-mime"
            | "application/pkcs7-signature"
            | "application/x-pkcs7-signature"
            | "application/pgp-encrypted"
            | "application/pgp-signature"
            | "application/pgp-keys"
    )
}

/// A file of another format that is declared as text.
fn is_disguised(text: &str) -> bool {
    const STARTS: [&str; 4] = ["{\\rtf", "%PDF-", "PK\u{3}\u{4}", "\u{fffd}PNG"];
    /// Control characters that stray into real mail are few.
    const MAX_CONTROLS: usize = 3;
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let controls = text
        .chars()
        .filter(|c| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'));
    STARTS.iter().any(|begin| start.starts_with(begin))
        || controls.take(MAX_CONTROLS + 1).count() > MAX_CONTROLS
}

/// A charset whose letters are not those of ASCII: read as another one it is a cipher that anybody undoes.
fn is_ebcdic(charset: &str) -> bool {
    let name = charset.trim_start_matches("x-");
    ["ibm", "cp037", "cp500", "cp1026", "cp1047", "cp1140", "ebcdic"]
        .iter()
        .any(|start| name.starts_with(start))
        && !matches!(name, "ibm866" | "ibm850" | "ibm437" | "ibm852" | "ibm855")
}

/// A word of base64 that decodes to readable text.
fn hides_text(word: &str) -> bool {
    /// Shorter ones decode to something readable by chance.
    const MIN_WORD: usize = 16;
    let bare = word.trim_end_matches('=');
    let is_coded = bare.len() >= MIN_WORD
        && bare
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        && bare.bytes().any(|b| b.is_ascii_lowercase())
        && bare.bytes().any(|b| b.is_ascii_uppercase());
    if !is_coded {
        return false;
    }
    // What is cut off at the end of a line may leave a piece of a byte.
    let whole = bare
        .get(..bare.len() - usize::from(bare.len() % 4 == 1))
        .unwrap_or_default();
    STANDARD_NO_PAD
        .decode(whole)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .is_some_and(|text| text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()))
}

/// Armour, uuencode, or lines of base64 within a text: they could carry anything.
fn holds_encoded_data(text: &str) -> bool {
    let mut run = 0;
    for line in text.lines() {
        let line = line.trim_matches(['>', ' ', '\t', '\r']);
        if line.starts_with("-----BEGIN ") || line.starts_with("begin-base64 ") || line.contains(";base64,") {
            return true;
        }
        if line
            .split([' ', '\t', ':', ';', ',', '"', '<', '>', '(', ')'])
            .any(hides_text)
        {
            return true;
        }
        let uu = line.strip_prefix("begin ").is_some_and(|rest| {
            rest.bytes().take_while(u8::is_ascii_digit).count() >= 3 && rest.split_whitespace().count() >= 2
        });
        if uu {
            return true;
        }
        let coded = line.len() >= ENCODED_LINE
            && line
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
            && line.bytes().any(|b| b.is_ascii_digit())
            && line.bytes().any(|b| b.is_ascii_lowercase())
            && line.bytes().any(|b| b.is_ascii_uppercase());
        run = if coded { run + 1 } else { 0 };
        if run > MAX_ENCODED_LINES {
            return true;
        }
    }
    false
}

/// A calendar entry or contact card as lines of plain text: unfolded, unescaped, quoted-printable decoded.
fn card_text(card: &str) -> String {
    let mut text = String::new();
    let lines = card.replace("\r\n", "\n");
    let mut unfolded: Vec<String> = Vec::new();
    for line in lines.split('\n') {
        match (line.strip_prefix([' ', '\t']), unfolded.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            (_, Some(last)) if last.ends_with('=') && is_quoted_printable(last) => {
                last.pop();
                last.push_str(line);
            }
            (_, _) => unfolded.push(line.to_owned()),
        }
    }
    for line in unfolded {
        let (name, value) = line.split_once(':').unwrap_or(("", line.as_str()));
        if is_coded_field(name) {
            continue;
        }
        let value = if is_quoted_printable(name) {
            decode_quoted(value)
        } else {
            value.to_owned()
        };
        let head = name.split(';').next().unwrap_or_default();
        let shown = name
            .split(';')
            .find_map(|part| part.strip_prefix("CN="))
            .unwrap_or_default();
        if matches!(
            head,
            "BEGIN"
                | "END"
                | "VERSION"
                | "PRODID"
                | "UID"
                | "DTSTAMP"
                | "METHOD"
                | "SEQUENCE"
                | "REV"
                | "PHOTO"
                | "KEY"
                | "LOGO"
        ) || head.starts_with("X-")
        {
            continue;
        }
        let value = value
            .replace("\\n", "\n")
            .replace("\\N", "\n")
            .replace("\\,", ",")
            .replace("\\;", ";")
            .replace(';', " ");
        let label = match head {
            "BDAY" => "Date of birth",
            "N" | "FN" => "Name",
            _ => head,
        };
        let value = if head == "BDAY" {
            dashed_date(&value)
        } else {
            value
        };
        text.push_str(&format!("{label}: {} {value}\n", shown.trim_matches('"')));
    }
    text
}

/// A value in base64 (RFC 2426 section 2.4.1, RFC 5545 section 3.1.3): a picture, a sound, a file, or text that hides so.
fn is_coded_field(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let mut parts = upper.split(';');
    let field = parts.next().unwrap_or_default();
    let field = field.rsplit('.').next().unwrap_or(field);
    matches!(field, "PHOTO" | "LOGO" | "SOUND" | "KEY" | "ATTACH")
        || parts.any(|part| {
            let (key, value) = part.split_once('=').unwrap_or(("", part));
            matches!(key, "" | "ENCODING") && matches!(value, "B" | "BASE64") || part == "VALUE=BINARY"
        })
}

/// `19930211` as `1993-02-11`, so that it reads as a date.
fn dashed_date(value: &str) -> String {
    match (value.get(..4), value.get(4..6), value.get(6..8)) {
        (Some(year), Some(month), Some(day)) if value.bytes().take(8).all(|b| b.is_ascii_digit()) => {
            format!("{year}-{month}-{day}")
        }
        (_, _, _) => value.to_owned(),
    }
}

fn is_quoted_printable(line: &str) -> bool {
    line.split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase()
        .contains("QUOTED-PRINTABLE")
}

fn decode_quoted(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_and_calendars_unfold_to_lines() {
        let card = "BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=81ukasz Wi=C5=9B=\nniewski\nBDAY:19930211\nEND:VCARD";
        let text = card_text(card);
        assert!(
            text.contains("Łukasz Wiśniewski") && text.contains("Date of birth:  1993-02-11"),
            "{text}"
        );
        let calendar =
            "ATTENDEE;CN=\"Harriet As\n hworth-Bell\":mailto:h@example.org\nDESCRIPTION:x\\n3 Mill Lane\\, y";
        let text = card_text(calendar);
        assert!(
            text.contains("Harriet Ashworth-Bell") && text.contains("3 Mill Lane, y"),
            "{text}"
        );
    }

    #[test]
    fn encoded_data_is_no_text() {
        let line = "VGhhbmsgeW91IGZvciBjb21pbmcuIE9kZXR0ZSBNYXJsb3dlLUZpbmNoLCAw\n";
        assert!(holds_encoded_data(&line.repeat(2)));
        assert!(holds_encoded_data("x\nbegin 644 a.txt\n"));
        assert!(holds_encoded_data("-----BEGIN PGP MESSAGE-----"));
        assert!(!holds_encoded_data(
            "Please begin 10 minutes early.\nwww.example.org/a\n"
        ));
    }
}
