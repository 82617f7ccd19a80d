//! What the style sheet of a document says that matters: headings, bold, hidden, lists.

use crate::extract::xml::{Xml, read};
use std::collections::HashMap;

/// Longest chain of styles based on one another that is followed.
const MAX_CHAIN: usize = 16;

/// One style.
#[derive(Default, Clone)]
pub(super) struct Style {
    name: String,
    based_on: Option<String>,
    outline_level: Option<u8>,
    bold: Option<bool>,
    hidden: Option<bool>,
    struck: Option<bool>,
}

/// All styles by their id.
#[derive(Default)]
pub(super) struct Styles(HashMap<String, Style>);

impl Styles {
    /// Reads `styles.xml`; what cannot be read is left out.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut styles = HashMap::new();
        let mut open: Option<(String, Style)> = None;
        let _ = read(bytes, |event| match event {
            Xml::Start(tag) => match (tag.name(), &mut open) {
                ("style", _) => open = tag.attribute("styleId").map(|id| (id, Style::default())),
                ("name", Some((_, style))) => {
                    style.name = tag.val().unwrap_or_default().to_ascii_lowercase();
                }
                ("basedOn", Some((_, style))) => style.based_on = tag.val(),
                ("outlineLvl", Some((_, style))) => {
                    style.outline_level = tag.val().and_then(|v| v.parse().ok());
                }
                ("b", Some((_, style))) => style.bold = Some(tag.is_on()),
                ("strike" | "dstrike", Some((_, style))) => style.struck = Some(tag.is_on()),
                ("vanish", Some((_, style))) => style.hidden = Some(tag.is_on()),
                _ => {}
            },
            Xml::End(name) if name == "style" => styles.extend(open.take()),
            Xml::End(_) | Xml::Text(_) => {}
        });
        Self(styles)
    }

    fn chain<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s Style> {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let style = self.0.get(next?)?;
            next = style.based_on.as_deref();
            Some(style)
        })
        .take(MAX_CHAIN)
    }

    /// 1 to 6 for a heading style.
    pub(super) fn heading_level(&self, id: &str) -> Option<u8> {
        let by_name = |name: &str| match name {
            "title" => Some(1),
            _ => name
                .strip_prefix("heading")
                .and_then(|level| level.trim().parse::<u8>().ok()),
        };
        let by_id = || by_name(&id.to_ascii_lowercase());
        self.chain(id)
            .find_map(|style| by_name(&style.name).or(style.outline_level.filter(|l| *l < 9).map(|l| l + 1)))
            .or_else(by_id)
            .map(|level| level.clamp(1, 6))
    }

    pub(super) fn is_bold(&self, id: &str) -> bool {
        self.chain(id).find_map(|style| style.bold).unwrap_or(false)
    }

    pub(super) fn is_hidden(&self, id: &str) -> bool {
        self.chain(id).find_map(|style| style.hidden).unwrap_or(false)
    }

    pub(super) fn is_struck(&self, id: &str) -> bool {
        self.chain(id).find_map(|style| style.struck).unwrap_or(false)
    }

    /// The style of prompts in content controls.
    pub(super) fn is_placeholder(&self, id: &str) -> bool {
        let is = |name: &str| name.replace(' ', "").eq_ignore_ascii_case("placeholdertext");
        is(id) || self.0.get(id).is_some_and(|style| is(&style.name))
    }
}
