//! Outlook messages saved as files ([MS-OXMSG]).
//!
//! # Security
//! Each stream read is accounted for in the [`Room`] before it is read; messages in messages are counted
//! before they are entered.

use super::super::compound::{Compound, ROOT};
use super::assemble::{self, Message};
use super::envelope::MAX_RECIPIENTS;
use super::object;
use super::properties::{Named, Properties, Value, id, kind};
use crate::domain::{ReadLimits, ReadStatus};
use crate::extract::attachment::Reading;
use crate::extract::unpack::Room;
use crate::mail::{Mail, Part};
use std::collections::HashMap;

/// The stream of properties with a fixed size.
const FIXED: &str = "__properties_version1.0";
/// What streams of properties with a variable size begin with; id and type follow in hexadecimal.
const VARIABLE: &str = "__substg1.0_";
const RECIPIENT: &str = "__recip_version1.0_";
const ATTACHMENT: &str = "__attach_version1.0_";
/// Bytes before the properties of a message, of one in a message, and of its parts
/// ([MS-OXMSG] section 2.4.1).
const MESSAGE_HEADER: usize = 32;
const EMBEDDED_HEADER: usize = 24;
const PART_HEADER: usize = 8;
/// How an attachment is kept ([MS-OXCMSG] section 2.2.2.9): `PidTagAttachMethod`.
const ATTACH_METHOD: u16 = 0x3705;
/// The attachment is a message.
const METHOD_MESSAGE: i64 = 5;
/// Bytes of names and other small properties that are read where there is no room left, so that what is not
/// read is at least named ...
const RESERVE: u64 = 1024 * 1024;
/// ... and the largest of those, in bytes.
const SMALL: u64 = 2048;
/// Most property names of a file.
const MAX_NAMES: usize = 20_000;

/// Reads a message.
pub(in crate::extract) fn read(bytes: &[u8], limits: &ReadLimits, room: &mut Room) -> Result<Mail, Reading> {
    let damaged = || {
        Reading::failed(
            ReadStatus::Unreadable,
            "damaged file; it cannot be read as an Outlook message",
        )
    };
    let file = Compound::open(bytes).ok_or_else(damaged)?;
    let is_message = file.children(ROOT).iter().any(|child| {
        let name = file.name(*child);
        name.eq_ignore_ascii_case(FIXED) || is_variable(name).is_some()
    });
    if !is_message {
        return Err(damaged());
    }
    let mut reader = Reader {
        names: names(&file, room),
        file,
        limits,
        room,
        reserve: RESERVE,
        is_cut: false,
    };
    let message = reader.message(ROOT, MESSAGE_HEADER);
    Ok(message.mail(limits, reader.room))
}

/// Id and type of the property that a stream or storage of that name holds.
fn is_variable(name: &str) -> Option<(u16, u16)> {
    let tag = name.get(VARIABLE.len()..)?;
    let is_start = name.get(..VARIABLE.len())?.eq_ignore_ascii_case(VARIABLE);
    if !is_start || tag.len() != 8 {
        return None;
    }
    let number = u32::from_str_radix(tag, 16).ok()?;
    Some(((number >> 16) as u16, number as u16))
}

/// The names of properties by their ids ([MS-OXMSG] section 2.2.3).
fn names(file: &Compound<'_>, room: &mut Room) -> HashMap<u16, Named> {
    let Some(storage) = file.find(ROOT, "__nameid_version1.0") else {
        return HashMap::new();
    };
    let mut stream = |name: &str| match file.find(storage, name) {
        Some(stream) if room.take_bytes(file.size(stream)) => file.read(stream),
        Some(_) | None => Vec::new(),
    };
    let guids = stream("__substg1.0_00020102");
    let entries = stream("__substg1.0_00030102");
    let mut names = HashMap::new();
    for entry in entries.chunks_exact(8).take(MAX_NAMES) {
        let &[a, b, c, d, kind_low, kind_high, low, high] = entry else {
            continue;
        };
        let guid = u16::from_le_bytes([kind_low, kind_high]);
        // Bit 0: the property's name is a text.
        if guid & 1 == 1 {
            continue;
        }
        // The first two numbers stand for sets that are not in the stream; 0 is not used.
        let Some(guid) = usize::from(guid >> 1).checked_sub(3) else {
            continue;
        };
        let guid = guids.get(guid * 16..guid * 16 + 16).unwrap_or_default();
        let index = u16::from_le_bytes([low, high]);
        if let Some(name) = Named::of_guid(guid, u32::from_le_bytes([a, b, c, d])) {
            names.insert(id::FIRST_NAMED.saturating_add(index), name);
        }
    }
    names
}

/// Whether there is room for one more attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    /// It is listed and not read.
    None,
}

struct Reader<'b, 'r> {
    file: Compound<'b>,
    names: HashMap<u16, Named>,
    limits: &'r ReadLimits,
    room: &'r mut Room,
    /// What is left of [`RESERVE`].
    reserve: u64,
    /// Properties were left out for want of room.
    is_cut: bool,
}

impl Reader<'_, '_> {
    fn message(&mut self, storage: usize, header: usize) -> Message {
        let mut message = Message {
            properties: self.properties(storage, header, None),
            ..Message::default()
        };
        message.is_cut = std::mem::take(&mut self.is_cut);
        let mut place = Place::Free;
        let code_page = message.properties.code_page();
        let children = self.file.children(storage).to_vec();
        let starting = |file: &Compound<'_>, child: usize, start: &str| {
            let name = file.name(child).get(..start.len());
            name.is_some_and(|name| name.eq_ignore_ascii_case(start))
        };
        for child in children {
            if starting(&self.file, child, RECIPIENT) && message.recipients.len() < MAX_RECIPIENTS {
                let recipient = self.properties(child, PART_HEADER, code_page);
                message.recipients.push(recipient);
            } else if starting(&self.file, child, ATTACHMENT) && place == Place::Free {
                if !self.room.take_member() {
                    place = Place::None;
                }
                let part = self.attachment(child, code_page, place);
                message.attachments.push(part);
            }
        }
        message.is_cut |= place == Place::None;
        message
    }

    /// Accounts for a property's bytes.
    fn take(&mut self, size: u64) -> bool {
        if self.room.take_bytes(size) {
            return true;
        }
        let left = self.reserve.checked_sub(size).filter(|_| size <= SMALL);
        self.is_cut |= left.is_none();
        self.reserve = left.unwrap_or(self.reserve);
        left.is_some()
    }

    /// All properties of a storage that are of use here.
    fn properties(&mut self, storage: usize, header: usize, code_page: Option<u16>) -> Properties {
        let mut properties = Properties::within(code_page);
        if let Some(stream) = self.file.find(storage, FIXED)
            && self.take(self.file.size(stream))
        {
            let entries = self.file.read(stream);
            for entry in entries.get(header..).unwrap_or_default().chunks_exact(16) {
                let &[kind_low, kind_high, id_low, id_high, _, _, _, _, ref value @ ..] = entry else {
                    continue;
                };
                let kind = u16::from_le_bytes([kind_low, kind_high]);
                let id = u16::from_le_bytes([id_low, id_high]);
                if let Some(value) = Value::fixed(kind, value) {
                    self.put(&mut properties, id, value);
                }
            }
        }
        for child in self.file.children(storage).to_vec() {
            let Some((id, kind)) = is_variable(self.file.name(child)) else {
                continue;
            };
            let is_text = matches!(kind, kind::STRING | kind::STRING_8);
            let is_wanted = is_text || kind == kind::BINARY && is_wanted_binary(id);
            if is_wanted
                && !self.file.is_storage(child)
                && self.take(self.file.size(child))
                && let Some(value) = Value::variable(kind, &self.file.read(child))
            {
                self.put(&mut properties, id, value);
            }
        }
        properties
    }

    fn put(&self, properties: &mut Properties, id: u16, value: Value) {
        if id < id::FIRST_NAMED {
            properties.set(id, value);
        } else if let Some(name) = self.names.get(&id) {
            properties.set_named(*name, value);
        }
    }

    fn attachment(&mut self, storage: usize, code_page: Option<u16>, place: Place) -> Part {
        let properties = self.properties(storage, PART_HEADER, code_page);
        let named = |kind: u16| format!("{VARIABLE}{:04X}{kind:04X}", id::ATTACH_DATA);
        if let Some(data) = self.file.find(storage, &named(kind::BINARY)) {
            let size = self.file.size(data);
            let fits =
                size <= self.limits.max_document_bytes && place == Place::Free && self.room.take_bytes(size);
            return if fits {
                let content = self.file.read(data);
                if (content.len() as u64) < size {
                    self.room.note_breaks_off();
                }
                assemble::file(&properties, content, self.limits)
            } else {
                assemble::not_read(&properties, size)
            };
        }
        let object = self.file.find(storage, &named(kind::OBJECT));
        let is_message = properties.integer(ATTACH_METHOD) == Some(METHOD_MESSAGE);
        match object.filter(|object| self.file.is_storage(*object)) {
            Some(object) if is_message || self.file.find(object, FIXED).is_some() => {
                if place == Place::None || !self.room.enter() {
                    return assemble::not_read(&properties, 0);
                }
                let message = self.message(object, EMBEDDED_HEADER);
                let mail = message.mail(self.limits, self.room);
                self.room.leave();
                assemble::message(&properties, mail)
            }
            Some(_) if place == Place::None => assemble::not_read(&properties, 0),
            Some(object) => match object::file(&self.file, object, self.room) {
                Some(content) => assemble::file(&properties, content, self.limits),
                None => assemble::not_read(&properties, 0),
            },
            // A link to a file that stayed where it was: its address is all there is.
            None => {
                let target = properties.line(id::ATTACH_LONG_PATHNAME).unwrap_or_default();
                assemble::file(&properties, target.into_bytes(), self.limits)
            }
        }
    }
}

/// Binary properties that are read as properties; an attachment's content is not.
fn is_wanted_binary(id: u16) -> bool {
    matches!(id, id::RTF_COMPRESSED | id::HTML | id::TRANSPORT_HEADERS)
}
