//! A new message from redacted text: fresh header fields from a short list, text parts only.
//!
//! # Security
//! The message is foreign to the parser but the sender is ours: the danger is not an attack but a name in
//! a place nobody thought of. Therefore nothing is copied: what is not rebuilt from redacted text is not there.

use super::addresses::{Mailbox, mailboxes};
use super::compose::{self, encoded};
use super::finder::{Findings, Known, Setting, cut, find_all};
use super::layout::Layout;
use super::parts::{Content, Outline, Segment, Taken};
use super::view::words;
use super::{DraftRequest, Span, word};
use crate::domain::{Change, ChangeWhere, EmailAddress, HoldReason, SpanKind};
use crate::mail::Mail;
use jiff::civil::Date;
use regex::Regex;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// A message cut down.
pub(super) struct Rebuilt {
    /// The new message.
    pub(super) bytes: Vec<u8>,
    /// What was replaced.
    pub(super) changes: Vec<Change>,
    /// Texts that must not be left in it.
    pub(super) originals: Vec<String>,
}

/// Rebuilds a message for open recipients, or tells why it must be held.
pub(super) fn rebuild(
    mail: &Mail,
    mut taken: Taken,
    known: &Known,
    request: &DraftRequest,
) -> Result<Rebuilt, Vec<HoldReason>> {
    if !known.is_sound() {
        taken.reasons.push(HoldReason::RedactionFailed);
    }
    if !taken.reasons.is_empty() {
        return Err(taken.reasons);
    }
    let mut head = Head::read(mail, known, request);
    let subject = value(mail, "subject");
    // The header is read first: whoever is named there has the first initials.
    let quoted: Vec<String> = taken
        .segments
        .iter()
        .flat_map(|segment| quoted_names(segment.text(), &head.setting.addresses))
        .collect();
    head.setting.professionals.extend(quoted);
    let header: Vec<&str> = std::iter::once(subject.as_str())
        .chain(head.shown().map(|mailbox| mailbox.display.as_str()))
        .collect();
    let parts = taken.segments.iter().map(Segment::text);
    let texts: Vec<&str> = header.iter().copied().chain(parts).collect();
    let Findings {
        spans,
        originals,
        undecided,
    } = find_all(&texts, known, &head.setting, &request.settings);
    if undecided {
        return Err(vec![HoldReason::NameModelMissing]);
    }
    let (in_header, in_parts) = spans.split_at_checked(header.len()).unwrap_or_default();
    let mut writer = Writer {
        segments: &taken.segments,
        spans: in_parts,
        attachments: 0,
    };
    let body = match &taken.outline {
        Some(outline) => writer.part(outline),
        None => Some(compose::Part::Text {
            subtype: "plain",
            text: String::new(),
        }),
    };
    let body = body.ok_or_else(|| vec![HoldReason::RedactionFailed])?;
    let seed = hex(&request.nonce);
    let mut redacted = header.iter().zip(in_header).map(|(text, spans)| cut(text, spans));
    let subject = redacted.next().unwrap_or_default();
    let fields = head.fields(&subject, redacted.collect(), request);
    let bytes = compose::message(&fields, &body, &seed);
    Ok(Rebuilt {
        bytes,
        changes: changes(&taken, in_header, in_parts),
        originals,
    })
}

/// Writes the parts of the new message. Gives `None` where one cannot be written.
struct Writer<'a> {
    segments: &'a [Segment],
    spans: &'a [Vec<Span>],
    attachments: usize,
}

impl Writer<'_> {
    fn part(&mut self, outline: &Outline) -> Option<compose::Part> {
        match outline {
            Outline::Text(index) => Some(match self.segment(*index)? {
                (Content::Page(page), spans) => compose::Part::Text {
                    subtype: "html",
                    text: page.rebuilt(spans),
                },
                (Content::Plain(text) | Content::Word(Layout { text, .. }), spans) => compose::Part::Text {
                    subtype: "plain",
                    text: cut(text, spans),
                },
            }),
            Outline::Attachment(index, ending) => self.attachment(*index, ending),
            Outline::Multipart(subtype, parts) => Some(compose::Part::Multipart {
                subtype,
                parts: parts.iter().map(|part| self.part(part)).collect::<Option<_>>()?,
            }),
        }
    }

    fn attachment(&mut self, index: usize, ending: &str) -> Option<compose::Part> {
        self.attachments += 1;
        let (content, spans) = self.segment(index)?;
        let name = format!("attachment-{}.{ending}", self.attachments);
        let text = match content {
            Content::Word(layout) => {
                let bytes = word::file(layout, spans)?;
                let media_type = word::WORD;
                return Some(compose::Part::File {
                    media_type,
                    name,
                    bytes,
                });
            }
            Content::Plain(text) => cut(text, spans),
            Content::Page(page) => cut(page.text(), spans),
        };
        let subtype = if ending == "csv" { "csv" } else { "plain" };
        Some(compose::Part::Attachment { subtype, name, text })
    }

    fn segment(&self, index: usize) -> Option<(&Content, &[Span])> {
        Some((&self.segments.get(index)?.content, self.spans.get(index)?))
    }
}

fn changes(taken: &Taken, in_header: &[Vec<Span>], in_parts: &[Vec<Span>]) -> Vec<Change> {
    let header = in_header.iter().map(|spans| (ChangeWhere::Header, spans));
    let parts = taken.segments.iter().map(|segment| segment.place).zip(in_parts);
    let mut changes = Vec::new();
    for (place, spans) in header.chain(parts) {
        for span in spans {
            changes.push(Change {
                place,
                kind: span.kind,
                replacement: span.replacement.clone(),
            });
        }
    }
    for _ in 0..taken.pictures {
        let (place, kind) = (ChangeWhere::Attachment, SpanKind::Other);
        changes.push(Change {
            place,
            kind,
            replacement: "[picture]".to_owned(),
        });
    }
    changes
}

fn value(mail: &Mail, name: &str) -> String {
    mail.field(name)
        .map(|field| field.value.trim().to_owned())
        .unwrap_or_default()
}

/// The sender and those recipients who may be named in the new header.
struct Head {
    from: Vec<Mailbox>,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    date: Option<String>,
    setting: Setting,
}

impl Head {
    fn read(mail: &Mail, known: &Known, request: &DraftRequest) -> Self {
        let envelope: HashSet<String> = request
            .recipients
            .iter()
            .filter_map(|text| EmailAddress::parse(text))
            .map(|address| address.expose_address().to_lowercase())
            .collect();
        let open = |address: &EmailAddress| {
            envelope.contains(&address.expose_address().to_lowercase()) && !known.names_participant(address)
        };
        let list = |name: &str| -> Vec<Mailbox> {
            let fields = mail.fields.iter().filter(|field| field.name == name);
            let mut kept: Vec<Mailbox> = fields.flat_map(|field| mailboxes(&field.value)).collect();
            kept.retain(|mailbox| mailbox.address.as_ref().is_some_and(&open));
            kept
        };
        let mut from = mailboxes(&value(mail, "from"));
        from.retain(|mailbox| mailbox.address.is_some());
        from.truncate(1);
        let (date, written) = read_date(&value(mail, "date"));
        let mut head = Self {
            from,
            to: list("to"),
            cc: list("cc"),
            date,
            setting: Setting::default(),
        };
        let professionals = head.shown().flat_map(professional_words).collect();
        let addresses = head.shown().filter_map(|mailbox| mailbox.address.as_ref());
        let mut addresses: Vec<String> = addresses
            .map(|address| address.expose_address().to_lowercase())
            .collect();
        addresses.extend(envelope.into_iter().filter(|text| {
            EmailAddress::parse(text).is_some_and(|address| !known.names_participant(&address))
        }));
        head.setting = Setting {
            professionals,
            addresses,
            written,
        };
        head
    }

    /// Everybody whose display name is written, in the order of the header.
    fn shown(&self) -> impl Iterator<Item = &Mailbox> {
        self.from.iter().chain(&self.to).chain(&self.cc)
    }

    fn fields(
        &self,
        subject: &str,
        names: Vec<String>,
        request: &DraftRequest,
    ) -> Vec<(&'static str, String)> {
        let mut names = names.into_iter();
        let mut list = |mailboxes: &[Mailbox]| -> String {
            let written = mailboxes.iter().map(|mailbox| {
                let name = names.next().unwrap_or_default();
                let address = mailbox.address.as_ref().map_or("", EmailAddress::expose_address);
                match phrase(&name) {
                    Some(phrase) => format!("{phrase} <{address}>"),
                    None => address.to_owned(),
                }
            });
            written.collect::<Vec<_>>().join(",\r\n ")
        };
        let (from, to, cc) = (list(&self.from), list(&self.to), list(&self.cc));
        let mut fields = Vec::new();
        if !from.is_empty() {
            fields.push(("From", from));
        }
        fields.push((
            "To",
            if to.is_empty() {
                "undisclosed-recipients:;".to_owned()
            } else {
                to
            },
        ));
        if !cc.is_empty() {
            fields.push(("Cc", cc));
        }
        fields.extend(self.date.iter().map(|date| ("Date", date.clone())));
        fields.push(("Subject", encoded(subject)));
        fields.push((
            "Message-ID",
            format!("<{}@{}>", hex(&request.nonce), request.settings.own_domain),
        ));
        fields
    }
}

/// A display name as it may stand before an address.
fn phrase(name: &str) -> Option<String> {
    let plain: String = name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '"' | '\\'))
        .collect();
    let plain = plain.trim();
    match plain {
        "" => None,
        _ if !plain.is_ascii() || plain.contains("=?") || plain.len() > 60 => Some(encoded(plain)),
        _ => Some(format!("\"{plain}\"")),
    }
}

/// The words of a name that its own address bears out: `Tim Hadley <t.hadley@...>`. What else is written in
/// a display name may be about anybody.
fn professional_words(mailbox: &Mailbox) -> Vec<String> {
    let Some(address) = &mailbox.address else {
        return Vec::new();
    };
    let local = words(address.expose_local_part());
    let domain = words(address.domain());
    let borne_out = |word: &String| {
        local.iter().any(|part| {
            part == word
                || (word.chars().count() > 2 && part.contains(word.as_str()))
                || (part.chars().count() == 1 && word.starts_with(part.as_str()))
        })
    };
    let name = mailbox
        .display
        .split(['(', '[', '/', '|'])
        .next()
        .unwrap_or_default();
    // "OMU Stonewell <omu@hmp-stonewell.example>".
    let of_domain = |word: &String| domain.contains(word);
    words(name)
        .into_iter()
        .filter(|word| borne_out(word) || of_domain(word))
        .chain(local.iter().filter(|word| borne_out(word)).cloned())
        .filter(|word| word.chars().count() > 1)
        .collect()
}

/// The same where a quoted header names somebody beside an address that may stay: `From: Tim Hadley <t.hadley@...>`.
fn quoted_names(text: &str, addresses: &[String]) -> Vec<String> {
    let pieces = text
        .lines()
        .filter(|line| line.contains('@'))
        .flat_map(|line| line.split([';', ',']));
    let named = pieces.filter_map(|piece| {
        let (before, after) = piece.split_once('<')?;
        let address = after.split_once('>')?.0.trim().to_lowercase();
        let address = addresses
            .contains(&address)
            .then(|| EmailAddress::parse(&address))?;
        let display = before.rsplit(':').next().unwrap_or_default();
        Some(professional_words(&Mailbox {
            display: display.to_owned(),
            address,
        }))
    });
    named.flatten().collect()
}

#[allow(clippy::expect_used)] // a constant; the tests run it
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\s*(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d{2}:\d{2}(?::\d{2})?) ([+-]\d{4})",
    )
    .expect("a constant pattern")
});

/// The date as RFC 5322 has it, rewritten from its parts, and its day.
fn read_date(value: &str) -> (Option<String>, Option<Date>) {
    let collapsed = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(parts) = DATE.captures(&collapsed) else {
        return (None, None);
    };
    let part = |index: usize| parts.get(index).map_or("", |part| part.as_str());
    let weekday = if part(1).is_empty() {
        String::new()
    } else {
        format!("{}, ", part(1))
    };
    let date = format!(
        "{weekday}{} {} {} {} {}",
        part(2),
        part(3),
        part(4),
        part(5),
        part(6)
    );
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = MONTHS
        .iter()
        .position(|month| *month == part(3))
        .and_then(|at| i8::try_from(at + 1).ok());
    let day = match (part(4).parse(), month, part(2).parse()) {
        (Ok(year), Some(month), Ok(day)) => Date::new(year, month, day).ok(),
        (_, _, _) => None,
    };
    (Some(date), day)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
