//! Text in charts and diagrams (DrawingML, ECMA-376 part 1 section 21).

use super::super::budget::Budget;
use super::super::builder::{Builder, Kind, Space};
use super::super::inline::Style;
use crate::domain::Block;
use crate::extract::xml::{self, Xml, XmlError};

/// Reads the texts inside `element`: paragraphs, and the names that a chart has for its data.
pub(super) fn read(bytes: &[u8], element: &str, budget: &mut Budget) -> (Vec<Block>, Result<(), XmlError>) {
    let mut builder = Builder::new(budget);
    let mut inside = 0_usize;
    let mut is_text = false;
    let mut is_name = false;
    let result = xml::read(bytes, |event| match event {
        Xml::Start(tag) => {
            let name = tag.name();
            inside += usize::from(name == element);
            is_name |= name == "strCache";
            match name {
                "p" | "pt" => builder.begin(Kind::Paragraph),
                "br" => builder.line_break(),
                _ => {}
            }
            is_text = inside > 0 && (name == "t" || name == "v" && is_name);
        }
        Xml::End(name) => {
            is_text = false;
            inside -= usize::from(name == element && inside > 0);
            match name.as_str() {
                "strCache" => is_name = false,
                "p" | "pt" => builder.boundary(),
                _ => {}
            }
        }
        Xml::Text(text) if is_text => builder.text(&text, Style::default(), Space::Keep),
        Xml::Text(_) => {}
    });
    (builder.finish(), result)
}
