//! XML of an Office part as flat events with local names.
//!
//! # Security
//! A document type declaration ends the reading: Office writes none, and entities are declared there. Only
//! the five predefined entities and character references are resolved. Open elements are bounded.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// Most open elements.
const MAX_DEPTH: usize = 2048;

/// One event.
pub(super) enum Xml<'x> {
    Start(Tag<'x>),
    /// Local name of the element that ends; an empty element yields start and end.
    End(String),
    Text(String),
}

/// A start tag.
pub(super) struct Tag<'x> {
    start: BytesStart<'x>,
}

impl Tag<'_> {
    /// Name without its prefix.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The prefix as written, for formats whose writers agree on prefixes.
    pub(super) fn prefix(&self) -> Option<&str> {
        self.start.name().prefix().map(|prefix| prefix.into_inner())
    }

    /// The value of the attribute of that local name.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.start
            .attributes()
            .with_checks(false)
            .flatten()
            .find(|a| a.key.local_name().into_inner() == name)
            .map(|a| unescape(&a.value).map_or_else(|_| a.value.to_string(), |v| v.into_owned()))
    }

    /// `w:val`.
    pub(super) fn val(&self) -> Option<String> {
        self.attribute("val")
    }

    /// The value of an on/off property: on unless its `w:val` says otherwise.
    pub(super) fn is_on(&self) -> bool {
        !matches!(self.val().as_deref(), Some("0" | "false" | "off" | "none"))
    }
}

/// Why reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum XmlError {
    #[error("damaged file; its text breaks off")]
    Damaged,
    #[error("the file declares entities; not read")]
    Declaration,
    #[error("nested deeper than the limit")]
    TooDeep,
}

/// Reads events to the end, handing each to `each`.
pub(super) fn read(bytes: &[u8], mut each: impl FnMut(Xml<'_>)) -> Result<(), XmlError> {
    let text = crate::mail::decode_text(bytes);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().allow_dangling_amp = true;
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(|_| XmlError::Damaged)? {
            Event::Start(start) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(XmlError::TooDeep);
                }
                each(Xml::Start(Tag { start }));
            }
            Event::Empty(start) => {
                let name = start.local_name().into_inner().to_owned();
                each(Xml::Start(Tag { start }));
                each(Xml::End(name));
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                each(Xml::End(end.local_name().into_inner().to_owned()));
            }
            Event::Text(text) => each(Xml::Text(text.into_inner().into_owned())),
            Event::CData(text) => each(Xml::Text(text.into_inner().into_owned())),
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref() {
                    Ok(Some(c)) => Some(c),
                    Ok(None) => predefined(&reference.into_inner()),
                    Err(_) => None,
                };
                if let Some(c) = c.filter(|c| *c != '\0') {
                    each(Xml::Text(c.to_string()));
                }
            }
            Event::DocType(_) => return Err(XmlError::Declaration),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if depth > 0 => return Err(XmlError::Damaged),
            Event::Eof => return Ok(()),
        }
    }
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
