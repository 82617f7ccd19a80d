//! Rules of a page's own style sheets that hide or show text.
//!
//! Only simple selectors are followed (`p`, `.note`, `#top`, `p.note`, lists of them), and none inside
//! `@media`: what holds on a telephone only is not what the reader saw.

use crate::mail::html::HtmlToken;
use std::collections::HashMap;

/// Most selectors remembered.
const MAX_SELECTORS: usize = 4000;
/// Properties that hide or show text.
const PROPERTIES: [&str; 6] = [
    "display",
    "visibility",
    "mso-hide",
    "opacity",
    "font-size",
    "font",
];

/// (property, value) in lower case; of a repeated property the last.
type Declarations = Vec<(String, String)>;

/// The rules, by selector.
#[derive(Default)]
pub(super) struct Sheet(HashMap<String, Declarations>);

impl Sheet {
    /// Collects the rules of all `style` elements.
    pub(super) fn of(tokens: &[HtmlToken]) -> Self {
        let mut sheet = Self::default();
        for pair in tokens.windows(2) {
            let [HtmlToken::Start { name, attributes, .. }, HtmlToken::Text(css)] = pair else {
                continue;
            };
            let media = attributes.iter().find(|(name, _)| name == "media");
            let is_for_screens = media.is_none_or(|(_, media)| matches!(media.trim(), "" | "all" | "screen"));
            if name == "style" && is_for_screens {
                sheet.read(css);
            }
        }
        sheet
    }

    fn read(&mut self, css: &str) {
        let css = without_comments(css);
        let mut rest = css.as_str();
        while let Some(open) = rest.find(['{', ';']) {
            let (prelude, block) = rest.split_at(open);
            // `@import ...;`
            if let Some(after) = block.strip_prefix(';') {
                rest = after;
                continue;
            }
            let end = block_end(block);
            if !prelude.trim_start().starts_with('@') {
                self.rule(prelude, &block[1..end]);
            }
            rest = block.get(end + 1..).unwrap_or_default();
        }
    }

    fn rule(&mut self, selectors: &str, block: &str) {
        let declarations: Declarations = block
            .split(';')
            .filter_map(|declaration| declaration.split_once(':'))
            .map(|(property, value)| (lower(property), lower(value)))
            .filter(|(property, _)| PROPERTIES.contains(&property.as_str()))
            .collect();
        if declarations.is_empty() {
            return;
        }
        for selector in selectors.split(',').filter_map(simple) {
            if self.0.len() >= MAX_SELECTORS && !self.0.contains_key(&selector) {
                return;
            }
            // Sizes of bare elements are set again in ways that are not followed here: no text may be lost.
            let is_bare = !selector.contains(['.', '#']);
            let known = self.0.entry(selector).or_default();
            for (property, value) in &declarations {
                if is_bare && property.starts_with("font") {
                    continue;
                }
                known.retain(|(before, _)| before != property);
                known.push((property.clone(), value.clone()));
            }
        }
    }

    /// The declarations for an element, the weakest selectors' first.
    pub(super) fn matching<'s>(
        &'s self,
        name: &str,
        classes: Option<&str>,
        id: Option<&str>,
    ) -> Vec<&'s (String, String)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut selectors = vec![name.to_owned()];
        let classes: Vec<&str> = classes
            .unwrap_or_default()
            .split_whitespace()
            .take(MAX_CLASSES)
            .collect();
        selectors.extend(classes.iter().map(|class| format!(".{class}")));
        selectors.extend(classes.iter().map(|class| format!("{name}.{class}")));
        if let Some(id) = id {
            selectors.push(format!("#{id}"));
            selectors.push(format!("{name}#{id}"));
        }
        selectors
            .iter()
            .filter_map(|selector| self.0.get(selector))
            .flatten()
            .collect()
    }
}

/// Most classes of one element that are looked at.
const MAX_CLASSES: usize = 32;

fn lower(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// A selector of one element by name, class or id; `None` for any other. Class names keep their case.
fn simple(selector: &str) -> Option<String> {
    let selector = selector.trim();
    let mark = selector.find(['.', '#']).unwrap_or(selector.len());
    let (name, rest) = selector.split_at(mark);
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    let is_simple = (name.is_empty() || is_name(name)) && (rest.is_empty() || is_name(&rest[1..]));
    // Pages that hide themselves until a script has run are shown all the same.
    let is_page = matches!(selector, "html" | "body");
    (is_simple && !selector.is_empty() && !is_page).then(|| format!("{}{rest}", name.to_ascii_lowercase()))
}

/// The place of the brace that closes a block, blocks in it included.
fn block_end(block: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in block.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    block.len()
}

/// Without `/* */`, and without the `<!--` and `-->` that hid sheets from old programs.
fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find("/*") {
        out.push_str(&rest[..at]);
        rest = match rest[at + 2..].find("*/") {
            Some(end) => &rest[at + 2 + end + 2..],
            None => "",
        };
    }
    out.push_str(rest);
    out.replace("<!--", " ").replace("-->", " ")
}
