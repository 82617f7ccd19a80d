//! HTML to blocks: a state machine over the flat tokens, no tree.
//!
//! Invariant: one pass, linear time. Open elements, nested tables and quotations are bounded; what is
//! nested deeper is read as part of the innermost level allowed.

mod sheet;
mod style;

use super::budget::Budget;
use super::builder::{Builder, CellKind, Filled, Kind, Space};
use crate::domain::Block;
use crate::mail::html::{HtmlToken, tokens};
use sheet::Sheet;
use std::collections::HashMap;
use style::{Attributes, Look};

/// Most open elements remembered.
const MAX_OPEN: usize = 512;

/// Reads HTML.
pub(super) fn blocks(html: &str, budget: &mut Budget) -> Vec<Block> {
    let tokens = tokens(html);
    let mut reader = Reader {
        sheet: Sheet::of(&tokens),
        open: Vec::new(),
        counts: HashMap::new(),
        builder: Builder::new(budget),
        select: None,
        chosen: 0,
    };
    for token in tokens {
        match token {
            HtmlToken::Start {
                name,
                attributes,
                self_closing,
            } => reader.start(&name, &Attributes(&attributes), self_closing),
            HtmlToken::End { name } => reader.end(&name),
            HtmlToken::Text(text) => reader.text(&text),
            HtmlToken::Comment(_) => {}
        }
    }
    reader.builder.finish()
}

struct Reader<'b> {
    sheet: Sheet,
    open: Vec<Open>,
    /// How often each name is open, so that a stray end tag costs nothing.
    counts: HashMap<String, usize>,
    builder: Builder<'b>,
    /// Inside a `select`: whether the option being read is the chosen one.
    select: Option<Chosen>,
    /// Options of that `select` that are chosen.
    chosen: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Yes,
    No,
}

/// An open element.
struct Open {
    name: String,
    look: Look,
    /// It opened a quotation.
    quotes: bool,
}

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Nothing inside is for readers.
const SILENT: [&str; 8] = [
    "head", "script", "style", "template", "title", "object", "svg", "noframes",
];
/// Elements that begin and end a line of their own.
const BLOCKS: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "details",
    "dir",
    "div",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "html",
    "legend",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "ul",
    "dl",
    "caption",
    "tbody",
    "thead",
    "tfoot",
];
/// Elements whose start ends an open one of the same name.
const SELF_ENDING: [&str; 5] = ["p", "li", "dt", "dd", "option"];
/// An inline end tag does not reach over these.
const WALLS: [&str; 3] = ["table", "td", "th"];

impl Reader<'_> {
    fn look(&self) -> Look {
        self.open.last().map(|o| o.look).unwrap_or_default()
    }

    fn start(&mut self, name: &str, attributes: &Attributes<'_>, self_closing: bool) {
        if self.look().silent && name != "body" {
            self.push(name, self.look(), false, self_closing);
            return;
        }
        self.end_implied(name);
        let look = style::of(name, attributes, &self.sheet, self.look());
        match name {
            "br" => self.builder.line_break(),
            "hr" => self.builder.rule(),
            "input" => self.input(attributes, look),
            "table" => {
                self.builder.open_table();
            }
            "tr" => self.builder.close_row(),
            "td" | "th" => self.start_cell(name, attributes),
            "li" => self.builder.begin(Kind::ListItem),
            "dt" => self.builder.begin(Kind::Term),
            "dd" => self.builder.begin(Kind::Value),
            "option" if self.select.is_some() => self.option(attributes),
            "select" => {
                self.select = Some(Chosen::No);
                self.chosen = 0;
            }
            _ => match heading_level(name) {
                Some(level) => self.builder.begin(Kind::Heading(level)),
                None if BLOCKS.contains(&name) => self.builder.boundary(),
                None => {}
            },
        }
        let quotes = is_quotation(name, attributes) && self.builder.open_quote();
        if !VOID.contains(&name) {
            self.push(name, look, quotes, self_closing && is_foreign(name));
        }
    }

    fn push(&mut self, name: &str, look: Look, quotes: bool, closed: bool) {
        if closed || VOID.contains(&name) || self.open.len() >= MAX_OPEN {
            if quotes {
                self.builder.close_quote();
            }
            return;
        }
        *self.counts.entry(name.to_owned()).or_default() += 1;
        self.open.push(Open {
            name: name.to_owned(),
            look,
            quotes,
        });
    }

    fn pop(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        if let Some(count) = self.counts.get_mut(&open.name) {
            *count = count.saturating_sub(1);
        }
        if open.look.silent {
            return;
        }
        match open.name.as_str() {
            "table" => self.builder.close_table(),
            "tr" => self.builder.close_row(),
            "td" | "th" => self.builder.close_cell(),
            "li" | "dt" => self.builder.boundary(),
            "dd" => self.builder.end_value(),
            "select" => self.select = None,
            name if heading_level(name).is_some() || BLOCKS.contains(&name) => self.builder.boundary(),
            _ => {}
        }
        if open.quotes {
            self.builder.close_quote();
        }
    }

    /// Closes elements up to the innermost open one of that name, if one is within reach.
    fn pop_to(&mut self, name: &str) {
        if self.counts.get(name).copied().unwrap_or(0) == 0 {
            return;
        }
        let is_table_part = matches!(name, "table" | "td" | "th" | "tr" | "tbody" | "thead" | "tfoot");
        for at in (0..self.open.len()).rev() {
            let found = &self.open[at].name;
            if found == name {
                while self.open.len() > at {
                    self.pop();
                }
                return;
            }
            let is_wall = if is_table_part {
                found == "table"
            } else {
                WALLS.contains(&found.as_str())
            };
            if is_wall {
                return;
            }
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "br" => self.builder.line_break(),
            "p" if self.counts.get("p").copied().unwrap_or(0) == 0 => self.builder.boundary(),
            _ => self.pop_to(name),
        }
    }

    /// Ends the elements whose end tag may be left out before this start tag.
    fn end_implied(&mut self, name: &str) {
        match name {
            // A `head` that was never closed ends here.
            "body" => self.pop_to("head"),
            "tr" => {
                self.pop_to("td");
                self.pop_to("th");
                self.pop_to("tr");
            }
            "td" | "th" => {
                self.pop_to("td");
                self.pop_to("th");
            }
            _ if SELF_ENDING.contains(&name) && self.open.last().is_some_and(|o| o.name == name) => {
                self.pop();
            }
            _ => {}
        }
    }

    fn start_cell(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.builder.close_cell();
        let span = |name: &str, most: u16| {
            attributes
                .get(name)
                .and_then(|value| value.trim().parse::<u16>().ok())
                .unwrap_or(1)
                .clamp(1, most)
        };
        let (columns, rows) = (
            span("colspan", super::MAX_COLUMN_SPAN),
            span("rowspan", super::MAX_ROW_SPAN),
        );
        let kind = if name == "th" {
            CellKind::Header
        } else {
            CellKind::Data
        };
        self.builder.open_cell(columns, rows, kind);
    }

    fn option(&mut self, attributes: &Attributes<'_>) {
        let is_chosen = attributes.get("selected").is_some();
        self.select = Some(if is_chosen { Chosen::Yes } else { Chosen::No });
        if is_chosen {
            if self.chosen > 0 {
                self.builder.answer(", ", Filled::Answer);
            }
            self.chosen += 1;
        }
    }

    fn input(&mut self, attributes: &Attributes<'_>, look: Look) {
        let kind = attributes.get("type").unwrap_or("text").to_ascii_lowercase();
        match kind.as_str() {
            "checkbox" | "radio" if !look.is_hidden() => {
                let is_checked = attributes.get("checked").is_some();
                self.builder.tick(is_checked.into());
            }
            "text" | "email" | "tel" | "date" | "number" | "search" | "url" | "time" | "month" | "week"
            | "datetime-local"
                if !look.is_hidden() =>
            {
                let value = attributes.get("value").filter(|value| !value.trim().is_empty());
                match (value, attributes.get("placeholder")) {
                    (Some(value), _) => self.builder.answer(value, Filled::Answer),
                    (None, Some(prompt)) => self.builder.answer(prompt, Filled::Placeholder),
                    (None, None) => {}
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let look = self.look();
        if look.silent {
            return;
        }
        let is_answer = self.open.last().is_some_and(|o| o.name == "textarea");
        match self.select {
            Some(Chosen::No) => {}
            Some(Chosen::Yes) => self.builder.answer(text.trim(), Filled::Answer),
            None if is_answer && !look.is_hidden() => self.builder.answer(text.trim(), Filled::Answer),
            None => {
                let space = if look.keeps_space {
                    Space::Lines
                } else {
                    Space::Collapse
                };
                self.builder.text(text, look.shown(), space);
            }
        }
    }
}

fn is_foreign(name: &str) -> bool {
    // `<o:p/>`, `<v:shape/>`: Office's XML closes itself; `<div/>` does not in HTML.
    name.contains(':')
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

/// Marks of quoted history that mail programs write.
fn is_quotation(name: &str, attributes: &Attributes<'_>) -> bool {
    let has = |attribute: &str, value: &str| attributes.get(attribute).is_some_and(|v| v.contains(value));
    match name {
        "blockquote" => has("type", "cite") || has("class", "gmail_quote") || has("class", "yahoo_quoted"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
