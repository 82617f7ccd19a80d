//! `winmail.dat` ([MS-OXTNEF]).
//!
//! # Security
//! Lengths and counts in the stream are claims: no more is read than there is, nothing is allocated for
//! them, and streams in streams are counted before they are entered.

mod input;

use super::assemble::{self, Message};
use super::envelope::MAX_RECIPIENTS;
use super::properties::{Properties, Value, file_time, id};
use crate::domain::{ReadLimits, ReadStatus};
use crate::extract::attachment::Reading;
use crate::extract::unpack::Room;
use crate::mail::Part;
use input::{Input, PropertyTag};
use jiff::civil;
use jiff::tz::TimeZone;

/// What a stream begins with.
const SIGNATURE: u32 = 0x223e_9f78;
/// Attributes of the message, of an attachment.
const LEVEL_MESSAGE: u8 = 1;
const LEVEL_ATTACHMENT: u8 = 2;
/// An attached message, an OLE object's file: what the data of an attached object begins with
/// (IID_IMessage, IID_IStorage).
const MESSAGE_IID: [u8; 16] = iid(0x0002_0307);
const STORAGE_IID: [u8; 16] = iid(0x0000_000b);
const IID: usize = 16;

/// Attributes, without their types ([MS-OXTNEF] section 2.1.3.2).
mod attribute {
    pub(super) const FROM: u16 = 0x8000;
    pub(super) const SUBJECT: u16 = 0x8004;
    pub(super) const DATE_SENT: u16 = 0x8005;
    pub(super) const DATE_RECEIVED: u16 = 0x8006;
    pub(super) const MESSAGE_CLASS: u16 = 0x8008;
    pub(super) const BODY: u16 = 0x800c;
    pub(super) const ATTACH_DATA: u16 = 0x800f;
    pub(super) const ATTACH_TITLE: u16 = 0x8010;
    pub(super) const ATTACH_TRANSPORT_FILENAME: u16 = 0x9001;
    pub(super) const ATTACH_RENDERING: u16 = 0x9002;
    pub(super) const PROPERTIES: u16 = 0x9003;
    pub(super) const RECIPIENTS: u16 = 0x9004;
    pub(super) const ATTACH_PROPERTIES: u16 = 0x9005;
    pub(super) const CODE_PAGE: u16 = 0x9007;
}

const fn iid(first: u32) -> [u8; 16] {
    let [a, b, c, d] = first.to_le_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]
}

/// Reads a stream as the parts of a mail. A stream that breaks off gives what there was.
pub(in crate::extract) fn read(bytes: &[u8], limits: &ReadLimits, room: &mut Room) -> Result<Part, Reading> {
    let Some(message) = message(bytes, limits, room) else {
        return Err(Reading::failed(
            ReadStatus::Unreadable,
            "damaged file; it cannot be read as an Outlook winmail.dat",
        ));
    };
    let root = message.root(limits, room);
    let is_empty = matches!(&root.body, crate::mail::PartBody::Multipart(parts) if parts.is_empty());
    if is_empty {
        return Err(Reading::failed(ReadStatus::Empty, "no text and no files in it"));
    }
    Ok(root)
}

fn message(bytes: &[u8], limits: &ReadLimits, room: &mut Room) -> Option<Message> {
    let mut input = Input { rest: bytes };
    // The two bytes after the signature number the stream.
    if input.u32()? != SIGNATURE || input.u16().is_none() {
        return None;
    }
    let mut reader = Reader {
        message: Message::default(),
        code_page: None,
        open: None,
        limits,
        room,
    };
    while let Some((level, id, data, is_whole)) = input.attribute() {
        if !is_whole {
            reader.room.note_breaks_off();
        }
        match level {
            LEVEL_MESSAGE => reader.message_attribute(id, data),
            LEVEL_ATTACHMENT => reader.attachment_attribute(id, data),
            _ => break,
        }
    }
    reader.end_attachment();
    Some(reader.message)
}

/// An attachment being read.
#[derive(Default)]
struct OpenAttachment<'b> {
    properties: Properties,
    data: Option<&'b [u8]>,
    object: Option<&'b [u8]>,
}

struct Reader<'b, 'r> {
    message: Message,
    code_page: Option<u16>,
    open: Option<OpenAttachment<'b>>,
    limits: &'r ReadLimits,
    room: &'r mut Room,
}

impl<'b> Reader<'b, '_> {
    fn message_attribute(&mut self, attribute: u16, data: &'b [u8]) {
        let properties = &mut self.message.properties;
        let text = |data: &[u8]| Value::Text8(data.to_vec());
        match attribute {
            attribute::CODE_PAGE => {
                let page = Input { rest: data }
                    .u32()
                    .and_then(|page| u16::try_from(page).ok());
                self.code_page = page.filter(|page| *page > 0);
                if let Some(page) = self.code_page {
                    properties.set_outer_code_page(page);
                }
            }
            attribute::SUBJECT => properties.set(id::SUBJECT, text(data)),
            attribute::BODY => properties.set(id::BODY, text(data)),
            attribute::MESSAGE_CLASS => properties.set(id::MESSAGE_CLASS, text(data)),
            attribute::DATE_SENT => set_time(properties, id::CLIENT_SUBMIT_TIME, data),
            attribute::DATE_RECEIVED => set_time(properties, id::DELIVERY_TIME, data),
            attribute::FROM => set_from(properties, data),
            attribute::PROPERTIES => {
                let _ = Input { rest: data }.properties(|tag, value| put(properties, tag, value));
            }
            attribute::RECIPIENTS => self.recipients(data),
            _ => {}
        }
    }

    fn recipients(&mut self, data: &'b [u8]) {
        let mut input = Input { rest: data };
        let count = input.size().unwrap_or(0).min(MAX_RECIPIENTS);
        for _ in 0..count {
            let mut recipient = Properties::within(self.code_page);
            if input
                .properties(|tag, value| put(&mut recipient, tag, value))
                .is_none()
            {
                break;
            }
            self.message.recipients.push(recipient);
        }
    }

    fn attachment_attribute(&mut self, attribute: u16, data: &'b [u8]) {
        if attribute == attribute::ATTACH_RENDERING {
            self.end_attachment();
        }
        let code_page = self.code_page;
        let open = self.open.get_or_insert_with(|| OpenAttachment {
            properties: Properties::within(code_page),
            ..OpenAttachment::default()
        });
        match attribute {
            attribute::ATTACH_DATA => open.data = Some(data),
            // The title is cut to eight letters where the long name is among the properties.
            attribute::ATTACH_TITLE | attribute::ATTACH_TRANSPORT_FILENAME => {
                open.properties
                    .set(id::ATTACH_FILENAME, Value::Text8(data.to_vec()));
            }
            attribute::ATTACH_PROPERTIES => {
                let (properties, object) = (&mut open.properties, &mut open.object);
                let _ = Input { rest: data }.properties(|tag, value| {
                    if tag.id == id::ATTACH_DATA {
                        *object = Some(value);
                    } else {
                        put(properties, tag, value);
                    }
                });
            }
            _ => {}
        }
    }

    fn end_attachment(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        if self.message.is_cut {
            return;
        }
        self.message.is_cut = !self.room.take_member();
        let part = self.attachment(open);
        self.message.attachments.push(part);
    }

    fn attachment(&mut self, open: OpenAttachment<'b>) -> Part {
        let object = open.object.unwrap_or_default();
        let (start, rest) = object.split_at(object.len().min(IID));
        if start == MESSAGE_IID && !self.message.is_cut {
            return self.attached_message(&open.properties, rest);
        }
        let content = if start == STORAGE_IID {
            rest
        } else {
            open.data.filter(|data| !data.is_empty()).unwrap_or(object)
        };
        let size = content.len() as u64;
        if self.message.is_cut || size > self.limits.max_document_bytes || !self.room.take_bytes(size) {
            return assemble::not_read(&open.properties, size);
        }
        assemble::file(&open.properties, content.to_vec(), self.limits)
    }

    fn attached_message(&mut self, properties: &Properties, stream: &[u8]) -> Part {
        if !self.room.enter() {
            return assemble::not_read(properties, stream.len() as u64);
        }
        let found = message(stream, self.limits, self.room);
        let part = match found {
            Some(message) => assemble::message(properties, message.mail(self.limits, self.room)),
            None => assemble::file(properties, stream.to_vec(), self.limits),
        };
        self.room.leave();
        part
    }
}

fn put(properties: &mut Properties, tag: PropertyTag, value: &[u8]) {
    let Some(value) = Value::fixed(tag.kind, value).or_else(|| Value::variable(tag.kind, value)) else {
        return;
    };
    if tag.id < id::FIRST_NAMED {
        // Text in Unicode says more than the attribute of the same meaning.
        properties.replace(tag.id, value);
    } else if let Some(name) = tag.name {
        properties.set_named(name, value);
    }
}

/// `attFrom`: a name and an address ([MS-OXTNEF] section 2.1.3.3.1).
fn set_from(properties: &mut Properties, data: &[u8]) {
    let mut input = Input { rest: data };
    let lengths = input.take(4).and_then(|_| Some((input.u16()?, input.u16()?)));
    let Some((name, address)) = lengths else {
        return;
    };
    let text = |bytes: &[u8]| bytes.split(|b| *b == 0).next().unwrap_or_default().to_vec();
    let name = text(input.take_up_to(usize::from(name)));
    let address = text(input.take_up_to(usize::from(address)));
    properties.set(id::SENDER_NAME, Value::Text8(name));
    if let Some(address) = address.strip_prefix(b"SMTP:") {
        properties.set(id::SENDER_ADDRESS, Value::Text8(address.to_vec()));
    }
}

/// A date as fields of 16 bits ([MS-OXTNEF] section 2.1.3.3.4).
fn set_time(properties: &mut Properties, id: u16, data: &[u8]) {
    let mut input = Input { rest: data };
    let mut next = || input.u16().and_then(|field| i16::try_from(field).ok());
    let fields = [(); 6].map(|()| next());
    let [
        Some(year),
        Some(month),
        Some(day),
        Some(hour),
        Some(minute),
        Some(second),
    ] = fields
    else {
        return;
    };
    let small = |field: i16| i8::try_from(field).unwrap_or(-1);
    let date = civil::DateTime::new(
        year,
        small(month),
        small(day),
        small(hour),
        small(minute),
        small(second),
        0,
    );
    if let Some(time) = date.ok().and_then(|date| TimeZone::UTC.to_timestamp(date).ok()) {
        properties.set(id, file_time(time));
    }
}
