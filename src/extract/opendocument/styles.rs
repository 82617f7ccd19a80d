//! What the styles of a document say that matters: headings, bold, struck and hidden text, symbol fonts.

use super::super::inline::Style;
use super::super::xml::{Tag, Xml, read};
use std::collections::HashMap;
use std::rc::Rc;

/// Longest chain of parents that is followed.
const MAX_CHAIN: usize = 16;
/// Most styles remembered.
const MAX_STYLES: usize = 50_000;
/// Type of this size or less (points) is not for readers.
const TINY_POINTS: f32 = 2.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) enum Family {
    Paragraph,
    Text,
    Table,
    Cell,
}

#[derive(Default, Clone)]
struct Definition {
    parent: Option<String>,
    outline_level: Option<u8>,
    bold: Option<bool>,
    struck: Option<bool>,
    hidden: Option<bool>,
    tiny: Option<bool>,
    font: Option<Rc<str>>,
}

/// The looks of a run of text.
#[derive(Default, Clone)]
pub(in super::super) struct Look {
    pub(in super::super) style: Style,
    pub(super) font: Option<Rc<str>>,
}

/// All styles by family and name.
#[derive(Default, Clone)]
pub(in super::super) struct Styles(HashMap<(Family, String), Definition>);

impl Styles {
    /// Adds the styles of a part, which override those of the same name.
    pub(in super::super) fn add(&mut self, bytes: &[u8]) {
        let mut open: Option<((Family, String), Definition)> = None;
        let _ = read(bytes, |event| match event {
            Xml::Start(tag) => match tag.name() {
                "style" => open = begin(&tag),
                "text-properties" => {
                    if let Some((_, definition)) = &mut open {
                        definition.text(&tag);
                    }
                }
                "table-properties" => {
                    if let Some((_, definition)) = &mut open
                        && let Some(display) = tag.attribute("display")
                    {
                        definition.hidden = Some(display == "false");
                    }
                }
                _ => {}
            },
            Xml::End(name) if name == "style" && self.0.len() < MAX_STYLES => self.0.extend(open.take()),
            Xml::End(_) | Xml::Text(_) => {}
        });
    }

    fn chain(&self, family: Family, name: &str) -> Vec<&Definition> {
        let mut found = Vec::new();
        let mut next = Some(name.to_owned());
        while let Some(definition) = next.take().and_then(|name| self.0.get(&(family, name))) {
            found.push(definition);
            if found.len() < MAX_CHAIN {
                next.clone_from(&definition.parent);
            }
        }
        found
    }

    /// A look with a style laid over it.
    pub(in super::super) fn over(&self, look: &Look, family: Family, name: &str) -> Look {
        let chain = self.chain(family, name);
        let flag = |of: fn(&Definition) -> Option<bool>, before: bool| {
            chain.iter().find_map(|d| of(d)).unwrap_or(before)
        };
        Look {
            style: Style {
                bold: flag(|d| d.bold, look.style.bold),
                struck: flag(|d| d.struck, look.style.struck),
                hidden: look.style.hidden || flag(|d| d.hidden, false) || flag(|d| d.tiny, false),
            },
            font: chain
                .iter()
                .find_map(|d| d.font.clone())
                .or_else(|| look.font.clone()),
        }
    }

    /// 1 to 6 for the style of a title or heading.
    pub(super) fn heading_level(&self, name: &str) -> Option<u8> {
        let by_name = (name == "Title").then_some(1);
        let chain = self.chain(Family::Paragraph, name);
        let is_title = |d: &&Definition| d.parent.as_deref() == Some("Title");
        by_name
            .or_else(|| chain.iter().find_map(|d| d.outline_level))
            .or_else(|| chain.iter().find(|d| is_title(d)).map(|_| 1))
            .map(|level| level.clamp(1, 6))
    }

    pub(in super::super) fn is_hidden_table(&self, name: &str) -> bool {
        self.chain(Family::Table, name)
            .iter()
            .find_map(|d| d.hidden)
            .unwrap_or(false)
    }
}

fn begin(tag: &Tag<'_>) -> Option<((Family, String), Definition)> {
    let family = match tag.attribute("family")?.as_str() {
        "paragraph" => Family::Paragraph,
        "text" => Family::Text,
        "table" => Family::Table,
        "table-cell" => Family::Cell,
        _ => return None,
    };
    let definition = Definition {
        parent: tag.attribute("parent-style-name"),
        outline_level: tag
            .attribute("default-outline-level")
            .and_then(|level| level.parse().ok())
            .filter(|level| *level > 0),
        ..Definition::default()
    };
    Some(((family, tag.attribute("name")?), definition))
}

impl Definition {
    fn text(&mut self, tag: &Tag<'_>) {
        if let Some(weight) = tag.attribute("font-weight") {
            let is_heavy = weight.parse::<u32>().is_ok_and(|w| w >= 600);
            self.bold = Some(weight == "bold" || is_heavy);
        }
        for name in ["text-line-through-style", "text-line-through-type"] {
            if let Some(line) = tag.attribute(name) {
                self.struck = Some(line != "none");
            }
        }
        if let Some(display) = tag.attribute("display") {
            self.hidden = Some(display == "none");
        }
        if let Some(size) = tag.attribute("font-size")
            && let Some(points) = size.strip_suffix("pt")
        {
            self.tiny = points.parse::<f32>().ok().map(|points| points <= TINY_POINTS);
        }
        if let Some(font) = tag
            .attribute("font-name")
            .or_else(|| tag.attribute("font-family"))
        {
            self.font = Some(font.trim_matches('\'').into());
        }
    }
}
