//! How cells of an XLSX workbook show what they hold, and the texts they share.

use super::super::inline::Style;
use super::super::xml::{Tag, Xml, read as read_xml};
use super::grid::Rich;
use super::number::{self, Format};
use std::collections::HashMap;

/// Most shared texts and most looks of cells.
const MAX_TEXTS: usize = 500_000;
const MAX_LOOKS: usize = 70_000;

pub(super) fn is_on(value: Option<String>) -> bool {
    matches!(value.as_deref(), Some("1" | "true" | "on"))
}

/// How cells show what they hold.
#[derive(Default)]
pub(super) struct Looks {
    fonts: Vec<Style>,
    /// Of each look: its format and its font.
    cells: Vec<(u16, usize)>,
    formats: HashMap<u16, Format>,
}

impl Looks {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut looks = Self::default();
        let mut part = String::new();
        let _ = read_xml(bytes, |event| match event {
            Xml::Start(tag) => match (part.as_str(), tag.name()) {
                ("", name @ ("numFmts" | "fonts" | "cellXfs")) => part = name.to_owned(),
                ("numFmts", "numFmt") if looks.formats.len() < MAX_LOOKS => {
                    let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok());
                    if let (Some(id), Some(code)) = (id, tag.attribute("formatCode")) {
                        looks.formats.insert(id, number::parse(&code));
                    }
                }
                ("fonts", "font") if looks.fonts.len() < MAX_LOOKS => looks.fonts.push(Style::default()),
                ("fonts", _) => {
                    if let Some(font) = looks.fonts.last_mut() {
                        mark(font, &tag);
                    }
                }
                ("cellXfs", "xf") if looks.cells.len() < MAX_LOOKS => {
                    let number = |name| tag.attribute(name).and_then(|n| n.parse::<u16>().ok());
                    let font = number("fontId").unwrap_or(0);
                    looks
                        .cells
                        .push((number("numFmtId").unwrap_or(0), usize::from(font)));
                }
                _ => {}
            },
            Xml::End(name) if name == part => part.clear(),
            Xml::End(_) | Xml::Text(_) => {}
        });
        looks
    }

    pub(super) fn format(&self, look: usize) -> Format {
        let id = self.cells.get(look).map_or(0, |(format, _)| *format);
        match self.formats.get(&id) {
            Some(format) => format.clone(),
            None => number::built_in(id),
        }
    }

    pub(super) fn style(&self, look: usize) -> Style {
        let font = self.cells.get(look).map_or(0, |(_, font)| *font);
        self.fonts.get(font).copied().unwrap_or_default()
    }
}

/// Takes a property of a font.
fn mark(style: &mut Style, tag: &Tag<'_>) {
    match tag.name() {
        "b" => style.bold = tag.is_on(),
        "strike" => style.struck = tag.is_on(),
        _ => {}
    }
}

/// Reads the shared texts.
pub(super) fn texts(bytes: &[u8]) -> Vec<Rich> {
    let mut texts = Vec::new();
    let mut reader = TextReader::default();
    let _ = read_xml(bytes, |event| {
        if let Xml::Start(tag) = &event
            && tag.name() == "si"
        {
            reader = TextReader::default();
        }
        let is_end = matches!(&event, Xml::End(name) if name == "si");
        reader.event(&event);
        if is_end && texts.len() < MAX_TEXTS {
            texts.push(std::mem::take(&mut reader.text));
        }
    });
    texts
}

/// A text of runs (`CT_Rst`); how it is pronounced is passed over.
#[derive(Default)]
pub(super) struct TextReader {
    pub(super) text: Rich,
    style: Option<Style>,
    in_text: bool,
    in_phonetic: bool,
}

impl TextReader {
    pub(super) fn event(&mut self, event: &Xml<'_>) {
        match event {
            Xml::Start(tag) => match tag.name() {
                "rPh" => self.in_phonetic = true,
                "t" => self.in_text = true,
                "rPr" => self.style = Some(Style::default()),
                _ => {
                    if let Some(style) = &mut self.style {
                        mark(style, tag);
                    }
                }
            },
            Xml::End(name) => match name.as_str() {
                "rPh" => self.in_phonetic = false,
                "t" => self.in_text = false,
                "r" => self.style = None,
                _ => {}
            },
            Xml::Text(text) if self.in_text && !self.in_phonetic => {
                let style = self.style.unwrap_or_default();
                match self.text.last_mut() {
                    Some((before, s)) if *s == style => before.push_str(text),
                    Some(_) | None => self.text.push((text.clone(), style)),
                }
            }
            Xml::Text(_) => {}
        }
    }
}
