//! HTML to visible text and back: an allow-list of tags without attributes.
//!
//! Names are searched in the *joined* visible text, so one that is cut by tags or entities is found; the
//! cut text then goes back between the tags. Comments, styles, scripts, hidden elements and every
//! attribute are dropped.

use super::Span;
use super::layout::Layout;
use crate::mail::html::{HtmlToken, tokens};

/// Tags that are written again.
const KEPT: [&str; 33] = [
    "p",
    "div",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ul",
    "ol",
    "li",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "hr",
    "dl",
    "dt",
    "dd",
    "span",
    "sub",
    "sup",
];
/// Tags without content.
const VOID: [&str; 13] = [
    "br", "hr", "img", "input", "meta", "link", "wbr", "area", "base", "col", "embed", "source", "track",
];
/// Elements whose content no reader sees.
const UNSEEN: [&str; 14] = [
    "head", "title", "style", "script", "template", "noscript", "object", "iframe", "svg", "math", "audio",
    "video", "select", "datalist",
];
/// Tags between which words do not run together.
const BREAKS: [&str; 32] = [
    "p",
    "div",
    "br",
    "ul",
    "ol",
    "li",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "hr",
    "dl",
    "dt",
    "dd",
    "section",
    "article",
    "header",
    "footer",
    "address",
    "center",
    "form",
    "main",
    "body",
];
/// Ways in which a style hides text.
const HIDING: [&str; 7] = [
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "font-size:1px",
    "opacity:0",
    "max-height:0",
    "mso-hide:all",
];

/// What stands for a picture, which never travels.
const PICTURE: &str = "[picture]";

/// An HTML part, read.
pub(super) struct Page {
    layout: Layout,
}

impl Page {
    /// Reads an HTML part.
    pub(super) fn read(html: &str) -> Self {
        let mut page = Self {
            layout: Layout::default(),
        };
        let mut hidden: Vec<String> = Vec::new();
        let mut open: Vec<String> = Vec::new();
        let mut in_pre = 0usize;
        for token in tokens(html) {
            match token {
                HtmlToken::Start {
                    name,
                    attributes,
                    self_closing,
                } => {
                    let void = VOID.contains(&name.as_str()) || self_closing;
                    if !hidden.is_empty() || UNSEEN.contains(&name.as_str()) || is_hidden(&attributes) {
                        if !void {
                            hidden.push(name);
                        }
                        continue;
                    }
                    if name == "img" {
                        page.push_text(PICTURE, true);
                    }
                    page.separate(&name);
                    if KEPT.contains(&name.as_str()) {
                        page.layout.mark(format!("<{name}>"));
                        if !VOID.contains(&name.as_str()) {
                            in_pre += usize::from(name == "pre");
                            open.push(name);
                        }
                    }
                }
                HtmlToken::End { name } => {
                    if let Some(at) = hidden.iter().rposition(|element| *element == name) {
                        hidden.truncate(at);
                        continue;
                    }
                    // A body or a page that ends takes what was left open with it.
                    if matches!(name.as_str(), "body" | "html") {
                        hidden.clear();
                    }
                    if !hidden.is_empty() {
                        continue;
                    }
                    page.separate(&name);
                    if let Some(at) = open.iter().rposition(|element| *element == name) {
                        for element in open.drain(at..).rev() {
                            in_pre -= usize::from(element == "pre");
                            page.layout.mark(format!("</{element}>"));
                        }
                    }
                }
                HtmlToken::Text(text) if hidden.is_empty() => page.push_text(&text, in_pre > 0),
                HtmlToken::Text(_) | HtmlToken::Comment(_) => {}
            }
        }
        for element in open.iter().rev() {
            page.layout.mark(format!("</{element}>"));
        }
        page
    }

    fn push_text(&mut self, text: &str, preformatted: bool) {
        let start = self.layout.text.len();
        if preformatted {
            self.layout.text.push_str(text);
        } else {
            for c in text.chars() {
                let blank = matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
                match (blank, self.layout.text.chars().next_back()) {
                    (true, None | Some(' ' | '\n')) => {}
                    (true, Some(_)) => self.layout.text.push(' '),
                    (false, _) => self.layout.text.push(c),
                }
            }
        }
        self.layout.seen_since(start);
    }

    fn separate(&mut self, name: &str) {
        let start = self.layout.text.len();
        if BREAKS.contains(&name) && !self.layout.text.is_empty() {
            let double = matches!(name, "p" | "table" | "blockquote" | "h1" | "h2" | "h3" | "hr");
            if !self.layout.text.ends_with('\n') {
                self.layout.text.push('\n');
            }
            if (double && !self.layout.text.ends_with("\n\n"))
                || name == "br" && start == self.layout.text.len()
            {
                self.layout.text.push('\n');
            }
        } else if matches!(name, "td" | "th")
            && !self.layout.text.is_empty()
            && !self.layout.text.ends_with(['\n', ' '])
        {
            self.layout.text.push(' ');
        }
        self.layout.parted_since(start);
    }

    /// What a reader sees, block by block.
    pub(super) fn text(&self) -> &str {
        &self.layout.text
    }

    /// The page with the spans of its visible text replaced.
    pub(super) fn rebuilt(&self, spans: &[Span]) -> String {
        let mut html = String::from("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n");
        self.layout.write(spans, &mut html);
        html.push_str("\n</body></html>\n");
        html
    }
}

fn is_hidden(attributes: &[(String, String)]) -> bool {
    attributes.iter().any(|(name, value)| match name.as_str() {
        "hidden" => true,
        "style" => {
            let style: String = value
                .chars()
                .filter(|c| !c.is_whitespace())
                .collect::<String>()
                .to_ascii_lowercase();
            HIDING.iter().any(|way| {
                style.match_indices(way).any(|(at, _)| {
                    let before = style.get(..at).and_then(|s| s.chars().next_back());
                    let after = style.get(at + way.len()..).and_then(|s| s.chars().next());
                    // "max-width:0" is no "width:0", "font-size:0.9em" no "font-size:0".
                    let whole = !before.is_some_and(|c| c == '-' || c.is_alphanumeric());
                    let number = way.ends_with(|c: char| c.is_ascii_digit());
                    whole && !(number && after.is_some_and(|c| c == '.' || c.is_ascii_digit()))
                })
            })
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SpanKind;

    fn cut(html: &str, name: &str) -> String {
        let page = Page::read(html);
        let start = page.text().find(name).expect("the name is in the visible text");
        let span = Span {
            start,
            end: start + name.len(),
            kind: SpanKind::Person,
            replacement: "J.S.".to_owned(),
        };
        let html = page.rebuilt(&[span]);
        html.split("<body>\n")
            .nth(1)
            .and_then(|h| h.split("\n</body>").next())
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn a_name_cut_by_tags_goes_as_one() {
        assert_eq!(
            cut(
                "<p><b>J</b>ane&nbsp;S<span>mi</span>th said</p>",
                "Jane\u{a0}Smith"
            ),
            "<p><b>J.S.</b><span></span> said\n</p>"
        );
        assert_eq!(
            cut("<td>Jane</td><td>Smith</td>x", "Jane Smith"),
            "<td>J.S.\n</td><td>\n</td>x"
        );
    }

    #[test]
    fn what_no_reader_sees_is_dropped() {
        let page = Page::read(
            "<head><title>Smith</title></head><!-- Smith --><body><div style='display: none'>Smith<div>x</div></div>\
             <style>/* Smith */</style><p title=Smith>Open <a href=\"http://x/Smith\">it</a> &lt;now&gt;<br>soon</p></body>",
        );
        assert_eq!(page.text().trim(), "Open it <now>\nsoon");
        let html = page.rebuilt(&[]);
        assert!(!html.contains("Smith") && html.contains("Open it &lt;now&gt;"));
    }

    #[test]
    fn ordinary_sizes_are_not_hidden() {
        let page = Page::read("<p style='font-size:0.9em;max-width:0;border-color:#fff'>here</p>");
        assert_eq!(page.text().trim(), "here");
    }
}
