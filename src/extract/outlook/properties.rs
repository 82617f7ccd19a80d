//! MAPI properties of a message, a recipient or an attachment ([MS-OXPROPS], [MS-OXCDATA]).

use crate::extract::rtf::codepage;
use jiff::Timestamp;
use std::collections::HashMap;

/// Property types ([MS-OXCDATA] section 2.11.1).
pub(super) mod kind {
    pub(in super::super) const INTEGER_16: u16 = 0x0002;
    pub(in super::super) const INTEGER_32: u16 = 0x0003;
    pub(in super::super) const FLOATING_32: u16 = 0x0004;
    pub(in super::super) const FLOATING_64: u16 = 0x0005;
    pub(in super::super) const CURRENCY: u16 = 0x0006;
    pub(in super::super) const FLOATING_TIME: u16 = 0x0007;
    pub(in super::super) const ERROR: u16 = 0x000a;
    pub(in super::super) const BOOLEAN: u16 = 0x000b;
    pub(in super::super) const OBJECT: u16 = 0x000d;
    pub(in super::super) const INTEGER_64: u16 = 0x0014;
    /// Text in a code page.
    pub(in super::super) const STRING_8: u16 = 0x001e;
    /// Text in UTF-16.
    pub(in super::super) const STRING: u16 = 0x001f;
    pub(in super::super) const TIME: u16 = 0x0040;
    pub(in super::super) const GUID: u16 = 0x0048;
    pub(in super::super) const BINARY: u16 = 0x0102;
    /// Added to a type: several values.
    pub(in super::super) const MULTIPLE: u16 = 0x1000;
}

/// Property ids ([MS-OXPROPS]).
pub(super) mod id {
    pub(in super::super) const MESSAGE_CLASS: u16 = 0x001a;
    pub(in super::super) const SUBJECT: u16 = 0x0037;
    pub(in super::super) const CLIENT_SUBMIT_TIME: u16 = 0x0039;
    pub(in super::super) const SUBJECT_PREFIX: u16 = 0x003d;
    pub(in super::super) const SENT_REPRESENTING_NAME: u16 = 0x0042;
    pub(in super::super) const REPLY_RECIPIENT_NAMES: u16 = 0x0050;
    pub(in super::super) const SENT_REPRESENTING_ADDRESS_TYPE: u16 = 0x0064;
    pub(in super::super) const SENT_REPRESENTING_ADDRESS: u16 = 0x0065;
    pub(in super::super) const TRANSPORT_HEADERS: u16 = 0x007d;
    pub(in super::super) const RECIPIENT_TYPE: u16 = 0x0c15;
    pub(in super::super) const SENDER_NAME: u16 = 0x0c1a;
    pub(in super::super) const SENDER_ADDRESS_TYPE: u16 = 0x0c1e;
    pub(in super::super) const SENDER_ADDRESS: u16 = 0x0c1f;
    pub(in super::super) const DISPLAY_CC: u16 = 0x0e03;
    pub(in super::super) const DISPLAY_TO: u16 = 0x0e04;
    pub(in super::super) const DELIVERY_TIME: u16 = 0x0e06;
    pub(in super::super) const NORMALIZED_SUBJECT: u16 = 0x0e1d;
    pub(in super::super) const BODY: u16 = 0x1000;
    pub(in super::super) const REPORT_TEXT: u16 = 0x1001;
    pub(in super::super) const RTF_COMPRESSED: u16 = 0x1009;
    pub(in super::super) const HTML: u16 = 0x1013;
    pub(in super::super) const INTERNET_MESSAGE_ID: u16 = 0x1035;
    pub(in super::super) const INTERNET_REFERENCES: u16 = 0x1039;
    pub(in super::super) const IN_REPLY_TO_ID: u16 = 0x1042;
    pub(in super::super) const DISPLAY_NAME: u16 = 0x3001;
    pub(in super::super) const ADDRESS_TYPE: u16 = 0x3002;
    pub(in super::super) const EMAIL_ADDRESS: u16 = 0x3003;
    pub(in super::super) const ATTACH_DATA: u16 = 0x3701;
    pub(in super::super) const ATTACH_EXTENSION: u16 = 0x3703;
    pub(in super::super) const ATTACH_FILENAME: u16 = 0x3704;
    pub(in super::super) const ATTACH_LONG_FILENAME: u16 = 0x3707;
    pub(in super::super) const ATTACH_PATHNAME: u16 = 0x3708;
    pub(in super::super) const ATTACH_LONG_PATHNAME: u16 = 0x370d;
    pub(in super::super) const ATTACH_MIME_TAG: u16 = 0x370e;
    pub(in super::super) const ATTACH_CONTENT_ID: u16 = 0x3712;
    pub(in super::super) const SMTP_ADDRESS: u16 = 0x39fe;
    pub(in super::super) const GENERATION: u16 = 0x3a05;
    pub(in super::super) const GIVEN_NAME: u16 = 0x3a06;
    pub(in super::super) const BUSINESS_PHONE: u16 = 0x3a08;
    pub(in super::super) const HOME_PHONE: u16 = 0x3a09;
    pub(in super::super) const SURNAME: u16 = 0x3a11;
    pub(in super::super) const POSTAL_ADDRESS: u16 = 0x3a15;
    pub(in super::super) const COMPANY: u16 = 0x3a16;
    pub(in super::super) const TITLE: u16 = 0x3a17;
    pub(in super::super) const DEPARTMENT: u16 = 0x3a18;
    pub(in super::super) const PRIMARY_PHONE: u16 = 0x3a1a;
    pub(in super::super) const MOBILE_PHONE: u16 = 0x3a1c;
    pub(in super::super) const OTHER_PHONE: u16 = 0x3a1f;
    pub(in super::super) const BIRTHDAY: u16 = 0x3a42;
    pub(in super::super) const INTERNET_CODE_PAGE: u16 = 0x3fde;
    pub(in super::super) const MESSAGE_LOCALE: u16 = 0x3ff1;
    pub(in super::super) const MESSAGE_CODE_PAGE: u16 = 0x3ffd;
    pub(in super::super) const SENDER_SMTP_ADDRESS: u16 = 0x5d01;
    pub(in super::super) const SENT_REPRESENTING_SMTP_ADDRESS: u16 = 0x5d02;
    /// Properties from here on have a name; their ids differ from file to file.
    pub(in super::super) const FIRST_NAMED: u16 = 0x8000;
}

/// Longest text property other than a body or a header, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// 1601-01-01 to 1970-01-01, in seconds.
const FILETIME_EPOCH: i64 = 11_644_473_600;
/// Hundreds of nanoseconds in a second.
const FILETIME_SECOND: u64 = 10_000_000;

/// The name of a property: its set, by the first four bytes of the set's GUID (those used here differ in
/// nothing else), and its number in that set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Named {
    pub(super) set: u32,
    pub(super) number: u32,
}

/// What the GUIDs of Outlook's property sets end in ([MS-OXPROPS] section 1.3.2).
const SET_END: [u8; 12] = [0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];

impl Named {
    /// The property of that number in the set with this GUID; `None` for sets of others.
    pub(super) fn of_guid(guid: &[u8], number: u32) -> Option<Self> {
        let (first, end) = guid.split_at_checked(4)?;
        let set = u32::from_le_bytes(first.try_into().ok()?);
        (end == SET_END).then_some(Self { set, number })
    }
}

/// One value.
pub(super) enum Value {
    Text(String),
    /// Text in a code page.
    Text8(Vec<u8>),
    Binary(Vec<u8>),
    Integer(i64),
    /// Hundreds of nanoseconds since 1601.
    Time(u64),
}

impl Value {
    /// A value of a fixed size, from its eight bytes or fewer.
    pub(super) fn fixed(kind: u16, bytes: &[u8]) -> Option<Self> {
        let mut wide = [0; 8];
        for (to, from) in wide.iter_mut().zip(bytes) {
            *to = *from;
        }
        let number = u64::from_le_bytes(wide);
        Some(match kind {
            kind::INTEGER_16 => Self::Integer(i64::from(number as i16)),
            kind::INTEGER_32 => Self::Integer(i64::from(number as i32)),
            kind::BOOLEAN => Self::Integer(i64::from(number & 0xff != 0)),
            kind::INTEGER_64 => Self::Integer(number as i64),
            kind::TIME => Self::Time(number),
            _ => return None,
        })
    }

    /// A value of a variable size.
    pub(super) fn variable(kind: u16, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            kind::STRING => Self::Text(utf16(bytes)),
            kind::STRING_8 => Self::Text8(bytes.to_vec()),
            kind::BINARY | kind::OBJECT => Self::Binary(bytes.to_vec()),
            _ => return None,
        })
    }
}

/// Text in UTF-16, little-endian.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// All properties of one thing that are of use here.
#[derive(Default)]
pub(super) struct Properties {
    tagged: HashMap<u16, Value>,
    named: HashMap<Named, Value>,
    /// Code page of the message that this belongs to.
    outer_code_page: Option<u16>,
}

impl Properties {
    /// Of a recipient or an attachment of a message with that code page.
    pub(super) fn within(outer_code_page: Option<u16>) -> Self {
        Self {
            outer_code_page,
            ..Self::default()
        }
    }

    /// Takes a value; the first of an id stays.
    pub(super) fn set(&mut self, id: u16, value: Value) {
        self.tagged.entry(id).or_insert(value);
    }

    /// Takes a value in place of one taken before.
    pub(super) fn replace(&mut self, id: u16, value: Value) {
        self.tagged.insert(id, value);
    }

    pub(super) fn set_outer_code_page(&mut self, code_page: u16) {
        self.outer_code_page = Some(code_page);
    }

    pub(super) fn set_named(&mut self, name: Named, value: Value) {
        self.named.entry(name).or_insert(value);
    }

    /// The code page of its text.
    pub(super) fn code_page(&self) -> Option<u16> {
        let page = |id| self.integer(id).and_then(|page| u16::try_from(page).ok());
        let unicode = |page: &u16| !matches!(*page, 0 | 1200 | 1201);
        page(id::MESSAGE_CODE_PAGE)
            .filter(unicode)
            .or_else(|| {
                let locale = u32::try_from(self.integer(id::MESSAGE_LOCALE)?).ok()?;
                codepage::of_language(locale)
            })
            .or_else(|| page(id::INTERNET_CODE_PAGE).filter(unicode))
            .or(self.outer_code_page)
    }

    /// A short text: no line ends, not empty.
    pub(super) fn line(&self, id: u16) -> Option<String> {
        self.as_line(self.tagged.get(&id)?)
    }

    pub(super) fn named_line(&self, name: Named) -> Option<String> {
        self.as_line(self.named.get(&name)?)
    }

    fn as_line(&self, value: &Value) -> Option<String> {
        let text = self.as_text(value, self.code_page())?;
        let text = &text[..text.floor_char_boundary(MAX_TEXT)];
        let words: Vec<&str> = text.split(char::is_control).map(str::trim).collect();
        let line = words.join(" ").trim().to_owned();
        (!line.is_empty()).then_some(line)
    }

    /// A text of any length, as it stands.
    pub(super) fn text(&self, id: u16) -> Option<String> {
        self.as_text(self.tagged.get(&id)?, self.code_page())
    }

    /// A text that may be kept as bytes in the code page of the mail it came in.
    pub(super) fn internet_text(&self, id: u16) -> Option<String> {
        let page = self.integer(id::INTERNET_CODE_PAGE);
        let page = page.and_then(|page| u16::try_from(page).ok()).filter(|p| *p > 0);
        match self.tagged.get(&id)? {
            Value::Binary(bytes) | Value::Text8(bytes) => {
                Some(codepage::decode_claimed(bytes, page.or(self.code_page())))
            }
            value => self.as_text(value, page),
        }
    }

    fn as_text(&self, value: &Value, code_page: Option<u16>) -> Option<String> {
        let text = match value {
            Value::Text(text) => text.clone(),
            Value::Text8(bytes) => codepage::decode_claimed(bytes, code_page),
            Value::Binary(_) | Value::Integer(_) | Value::Time(_) => return None,
        };
        let text = text.trim_end_matches('\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn binary(&self, id: u16) -> Option<&[u8]> {
        match self.tagged.get(&id)? {
            Value::Binary(bytes) => Some(bytes),
            Value::Text(_) | Value::Text8(_) | Value::Integer(_) | Value::Time(_) => None,
        }
    }

    pub(super) fn integer(&self, id: u16) -> Option<i64> {
        match self.tagged.get(&id)? {
            Value::Integer(number) => Some(*number),
            Value::Text(_) | Value::Text8(_) | Value::Binary(_) | Value::Time(_) => None,
        }
    }

    pub(super) fn time(&self, id: u16) -> Option<Timestamp> {
        as_time(self.tagged.get(&id)?)
    }

    pub(super) fn named_time(&self, name: Named) -> Option<Timestamp> {
        as_time(self.named.get(&name)?)
    }
}

fn as_time(value: &Value) -> Option<Timestamp> {
    let Value::Time(ticks) = value else {
        return None;
    };
    let seconds = i64::try_from(ticks / FILETIME_SECOND).ok()?;
    // Outlook writes the end of the year 4500 where there is no time.
    let seconds = seconds.checked_sub(FILETIME_EPOCH)?;
    (*ticks > 0 && seconds < 4_102_444_800)
        .then(|| Timestamp::from_second(seconds).ok())
        .flatten()
}

/// A point in time as a property holds it.
pub(super) fn file_time(time: Timestamp) -> Value {
    let seconds = time.as_second().saturating_add(FILETIME_EPOCH);
    Value::Time(
        u64::try_from(seconds)
            .unwrap_or(0)
            .saturating_mul(FILETIME_SECOND),
    )
}
