//! Plain text to blocks: paragraphs, rules, quoted lines.

use super::budget::Budget;
use super::history;
use super::inline::{Style, Ticks, is_visible, push_text, trim};
use crate::domain::{Block, Inline};

/// How long lines were folded by the mail program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    /// As written.
    Fixed,
    /// A blank at the end of a line joins it with the next (RFC 3676).
    Flowed,
    /// The same, and that blank is no part of the text (RFC 3676 section 4.1, `DelSp`).
    FlowedDeleting,
}

/// Shortest line of dashes that is a rule; `--` alone is the mark of a signature and counts as one too.
const SHORTEST_RULE: usize = 3;

/// Reads a text.
pub(super) fn blocks(text: &str, folding: Folding, budget: &mut Budget) -> Vec<Block> {
    let mut reader = Reader {
        folding,
        ..Reader::default()
    };
    let text = budget.take_text(text);
    let lines: Vec<&str> = text
        .split(['\n', '\u{2028}', '\u{0c}'])
        .map(|line| line.trim_end_matches('\r'))
        .collect();
    for (at, line) in lines.iter().enumerate() {
        let mark = history::is_original_mark(line) || history::is_forward_mark(line);
        if mark || history::begins_header(&lines[at..]) {
            reader.end_paragraph(budget);
        }
        let (depth, content) = unquoted(line);
        if depth > 0 {
            reader.end_paragraph(budget);
            reader.quoted.push(content);
        } else {
            reader.end_quote(budget);
            reader.line(content, budget);
        }
        if mark {
            reader.end_paragraph(budget);
        }
    }
    reader.end_paragraph(budget);
    reader.end_quote(budget);
    reader.blocks
}

/// `text/enriched` (RFC 1896) without its commands: a single line end is a blank, of several one goes,
/// `<<` is `<`, and what stands in `<param>` is no text.
pub(super) fn without_commands(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_parameter = false;
    while let Some(at) = rest.find(['<', '\n']) {
        let (before, found) = rest.split_at(at);
        if !is_parameter {
            out.push_str(before);
        }
        if found.starts_with('\n') {
            let ends = found.bytes().take_while(|b| *b == b'\n').count();
            out.push_str(if ends == 1 { " " } else { &found[1..ends] });
            rest = &found[ends..];
        } else if let Some(after) = found.strip_prefix("<<") {
            out.push('<');
            rest = after;
        } else {
            let Some(end) = found.find('>') else {
                rest = found;
                break;
            };
            match found[1..end].to_ascii_lowercase().as_str() {
                "param" => is_parameter = true,
                "/param" => is_parameter = false,
                _ => {}
            }
            rest = &found[end + 1..];
        }
    }
    if !is_parameter {
        out.push_str(rest);
    }
    out
}

struct Reader<'t> {
    folding: Folding,
    blocks: Vec<Block>,
    line: Vec<Inline>,
    /// The line before ended in a soft break.
    is_joined: bool,
    quoted: Vec<&'t str>,
}

impl Default for Reader<'_> {
    fn default() -> Self {
        Self {
            folding: Folding::Fixed,
            blocks: Vec::new(),
            line: Vec::new(),
            is_joined: false,
            quoted: Vec::new(),
        }
    }
}

impl Reader<'_> {
    fn line(&mut self, text: &str, budget: &mut Budget) {
        if text.trim().is_empty() {
            self.end_paragraph(budget);
        } else if is_rule(text) {
            self.end_paragraph(budget);
            if budget.take_block() {
                self.blocks.push(Block::Rule);
            }
        } else {
            if !self.line.is_empty() && !self.is_joined {
                self.line.push(Inline::Break);
            }
            let is_soft = self.folding != Folding::Fixed && text.ends_with(' ');
            // A blank in front keeps a line from being taken for something else (section 4.4).
            let text = match self.folding {
                Folding::Fixed => text,
                Folding::Flowed | Folding::FlowedDeleting => text.strip_prefix(' ').unwrap_or(text),
            };
            let shown = match self.folding {
                Folding::FlowedDeleting if is_soft => text.strip_suffix(' ').unwrap_or(text),
                Folding::Flowed if is_soft => text,
                Folding::Fixed | Folding::Flowed | Folding::FlowedDeleting => text.trim_end(),
            };
            push_text(&mut self.line, shown, Style::default(), Ticks::Read);
            self.is_joined = is_soft;
        }
    }

    fn end_paragraph(&mut self, budget: &mut Budget) {
        let mut text = std::mem::take(&mut self.line);
        self.is_joined = false;
        trim(&mut text);
        if is_visible(&text) && budget.take_block() {
            self.blocks.push(Block::Paragraph { text, page: None });
        }
    }

    /// Quoted lines, of whatever depth, are one block: what was written before.
    fn end_quote(&mut self, budget: &mut Budget) {
        if self.quoted.is_empty() {
            return;
        }
        let mut inner = Reader {
            folding: self.folding,
            ..Reader::default()
        };
        for line in std::mem::take(&mut self.quoted) {
            inner.line(line, budget);
        }
        inner.end_paragraph(budget);
        if !inner.blocks.is_empty() && budget.take_block() {
            self.blocks.push(Block::Quote(inner.blocks));
        }
    }
}

/// The depth of quoting and the line without its marks.
fn unquoted(line: &str) -> (usize, &str) {
    let mut depth = 0;
    let mut rest = line;
    loop {
        let next = rest.strip_prefix(' ').unwrap_or(rest);
        match next.strip_prefix('>') {
            Some(inner) => {
                depth += 1;
                rest = inner;
            }
            None if depth > 0 => return (depth, rest.strip_prefix(' ').unwrap_or(rest)),
            None => return (0, line),
        }
    }
}

/// A line of dashes, underscores, equals signs or stars.
pub(super) fn is_rule(text: &str) -> bool {
    let text = text.trim();
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let is_mark = matches!(first, '-' | '_' | '=' | '*' | '~' | '#' | '—' | '–' | '─');
    let length = text.chars().count();
    is_mark && chars.all(|c| c == first) && (length >= SHORTEST_RULE || text == "--")
}

#[cfg(test)]
mod tests {
    use super::super::ReadLimits;
    use super::*;
    use crate::extract::outline::outline;

    fn read(text: &str, folding: Folding) -> String {
        outline(&blocks(text, folding, &mut Budget::new(&ReadLimits::default())))
    }

    #[test]
    fn paragraphs_rules_and_quotes() {
        assert_eq!(
            read("a\nb\n\n---\n> q\n> r\n>> s\nc [x]\n-- \nsig", Folding::Fixed),
            "P a|b\n-\nQ[P q|r|s]\nP c ☒\n-\nP sig\n"
        );
    }

    #[test]
    fn flowed_lines_are_joined() {
        assert_eq!(
            read("a long \n line\nnext", Folding::Flowed),
            "P a long line|next\n"
        );
        assert_eq!(
            read("a lo \nng line\n> q \n> r", Folding::FlowedDeleting),
            "P a long line\nQ[P qr]\n"
        );
    }

    #[test]
    fn enriched_text_loses_its_commands() {
        assert_eq!(
            without_commands("<bold>a</bold>\nb <<c>\n\n<color><param>red</param>d</color> < e"),
            "a b <c>\nd < e"
        );
        assert_eq!(without_commands("<param>x"), "");
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let limits = ReadLimits {
            max_blocks: 2,
            max_chars: 7,
            ..ReadLimits::default()
        };
        let mut budget = Budget::new(&limits);
        let found = blocks("a\n\nb\n\nc\n\nd", Folding::Fixed, &mut budget);
        assert_eq!(outline(&found), "P a\nP b\n");
        assert!(budget.is_exhausted());
    }
}
