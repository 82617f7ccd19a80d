//! What the style sheet of a document says that matters: headings, and the style of prompts.

use std::collections::HashMap;

/// Most styles remembered.
const MAX_STYLES: usize = 4096;
/// Longest style name, in bytes.
const MAX_NAME: usize = 128;
/// Outline levels above this one are body text.
const MAX_OUTLINE_LEVEL: i32 = 8;

#[derive(Default)]
struct Style {
    name: String,
    outline_level: Option<u8>,
}

/// All styles by their number (`\s`, `\cs`).
#[derive(Default)]
pub(super) struct Styles {
    styles: HashMap<i32, Style>,
    /// The first style has no number of its own: it is number 0.
    described: i32,
}

impl Styles {
    /// A control word of the style sheet.
    pub(super) fn word(&mut self, name: &str, number: Option<i32>) {
        match (name, number) {
            ("s" | "cs" | "ds" | "ts", Some(number)) => {
                self.described = number;
                if self.styles.len() < MAX_STYLES {
                    self.styles.insert(number, Style::default());
                }
            }
            ("outlinelevel", Some(level)) => {
                if let Some(style) = self.styles.get_mut(&self.described) {
                    style.outline_level = heading_level(level);
                }
            }
            (_, _) => {}
        }
    }

    /// Text of the style sheet: the name, ended by a semicolon.
    pub(super) fn text(&mut self, text: &str) {
        let style = self.styles.entry(self.described).or_default();
        for c in text.chars() {
            if c != ';' && style.name.len() < MAX_NAME {
                style.name.extend(c.to_lowercase());
            }
        }
    }

    /// 1 to 6 for a heading style.
    pub(super) fn heading_level(&self, number: i32) -> Option<u8> {
        let style = self.styles.get(&number)?;
        let name = style.name.trim();
        let by_name = if name == "title" {
            Some(1)
        } else {
            let level = name.strip_prefix("heading").map(str::trim);
            level.and_then(|level| level.parse::<u8>().ok())
        };
        by_name.or(style.outline_level).map(|level| level.clamp(1, 6))
    }

    /// The style of prompts that Word keeps of content controls.
    pub(super) fn is_placeholder(&self, number: i32) -> bool {
        let style = self.styles.get(&number);
        style.is_some_and(|style| style.name.trim().replace(' ', "") == "placeholdertext")
    }
}

/// The heading level (1 to 9) of an `\outlinelevel`.
pub(super) fn heading_level(outline_level: i32) -> Option<u8> {
    (0..=MAX_OUTLINE_LEVEL)
        .contains(&outline_level)
        .then(|| (outline_level + 1) as u8)
}
