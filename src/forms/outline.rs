//! Labels with their answers set in below them, under headings further out, as case systems print a record:
//!
//! ```text
//! OFFICER
//!   Rank and name
//!     PC Ann Lee
//! ```
//!
//! Invariant: a text is an outline only where several labels have their answers set in; a line that goes on with the
//! one above ("Account: ....") makes none.

use super::lines::split_breaks;
use crate::domain::{Block, Inline, inline_text};

/// So many labels with answers set in below them make a text an outline.
const LABELS: usize = 4;
/// Longest label, in words.
const MAX_LABEL_WORDS: usize = 8;
/// Columns that a tab is worth.
const TAB: usize = 4;

/// Whether the paragraphs of a document are outlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlines {
    Read,
    None,
}

/// A piece of an outline.
pub(super) enum Entry {
    /// A line as it stands.
    Line(Vec<Inline>),
    /// A line with labels set in below it.
    Heading(Vec<Inline>),
    /// A label and the answer below it, perhaps none.
    Pair(Vec<Inline>, Vec<Inline>),
}

impl Outlines {
    /// Looks at the paragraphs of a document.
    pub(super) fn of(blocks: &[Block]) -> Self {
        let labels: usize = blocks
            .iter()
            .filter_map(|block| match block {
                Block::Paragraph { text, .. } => entries(&split_breaks(text)),
                Block::Heading { .. }
                | Block::ListItem { .. }
                | Block::Definition { .. }
                | Block::Table(_)
                | Block::Rule
                | Block::Quote(_) => None,
            })
            .flatten()
            .filter(|entry| matches!(entry, Entry::Pair(_, answer) if !answer.is_empty()))
            .count();
        if labels >= LABELS { Self::Read } else { Self::None }
    }
}

/// A line with those that are set in below it.
struct Node<'l> {
    depth: usize,
    line: &'l [Inline],
    below: Vec<Node<'l>>,
}

/// The lines of one paragraph as an outline. `None` where they are none.
pub(super) fn entries(lines: &[Vec<Inline>]) -> Option<Vec<Entry>> {
    let depths = depths(lines)?;
    let mut nodes = lines
        .iter()
        .zip(depths)
        .map(|(line, depth)| Node {
            depth,
            line,
            below: Vec::new(),
        })
        .peekable();
    let mut out = Vec::new();
    while let Some(node) = nodes.next() {
        let node = with_below(node, &mut nodes);
        push(&node, &mut out);
    }
    let has_label = out.iter().any(|entry| matches!(entry, Entry::Pair(..)));
    has_label.then_some(out)
}

/// How far each line is set in. The first line of a paragraph has lost its blanks: it is as far in as the least of the
/// others, unless the next is. `None` where nothing is set in below a label.
fn depths(lines: &[Vec<Inline>]) -> Option<Vec<usize>> {
    let mut depths: Vec<usize> = lines.iter().map(|line| indent(&inline_text(line))).collect();
    let rest = depths.get(1..)?;
    let least = *rest.iter().min()?;
    let next = *rest.first()?;
    if let Some(first) = depths.first_mut() {
        *first = if least < next { least } else { 0 };
    }
    let is_outline = depths
        .windows(2)
        .zip(lines)
        .all(|(pair, line)| !matches!(pair, [own, next] if own < next) || may_be_label(&inline_text(line)));
    let is_set_in = depths
        .windows(2)
        .any(|pair| matches!(pair, [own, next] if own < next));
    (is_outline && is_set_in).then_some(depths)
}

fn with_below<'l>(
    mut node: Node<'l>,
    rest: &mut std::iter::Peekable<impl Iterator<Item = Node<'l>>>,
) -> Node<'l> {
    while let Some(below) = rest.next_if(|below| below.depth > node.depth) {
        let mut own = below;
        let mut deeper: Vec<Node<'l>> = Vec::new();
        while let Some(next) = rest.next_if(|next| next.depth > own.depth) {
            deeper.push(next);
        }
        own.below = deeper;
        node.below.push(own);
    }
    node
}

fn push(node: &Node<'_>, out: &mut Vec<Entry>) {
    if node.below.is_empty() {
        out.push(Entry::Line(node.line.to_vec()));
        return;
    }
    let has_labels = node.below.iter().any(|below| !below.below.is_empty());
    if !has_labels {
        out.push(pair(node));
        return;
    }
    out.push(Entry::Heading(node.line.to_vec()));
    for below in &node.below {
        let is_sentence = below.below.is_empty() && !may_be_label(&inline_text(below.line));
        out.push(if is_sentence {
            Entry::Line(below.line.to_vec())
        } else {
            pair(below)
        });
    }
}

fn pair(node: &Node<'_>) -> Entry {
    let mut answer = Vec::new();
    for (at, line) in node.below.iter().enumerate() {
        if at > 0 {
            answer.push(Inline::Break);
        }
        answer.extend(line.line.iter().cloned());
    }
    Entry::Pair(node.line.to_vec(), answer)
}

fn may_be_label(text: &str) -> bool {
    let text = text.trim();
    let has_own_answer =
        text.trim_end_matches(':').contains(": ") || text.contains("..") || text.contains('\t');
    !has_own_answer
        && !text.ends_with(['.', ',', ';'])
        && !text.starts_with(['-', '*', '•', '>', '"'])
        && !text.contains("   ")
        && text.split_whitespace().count() <= MAX_LABEL_WORDS
}

fn indent(text: &str) -> usize {
    text.chars()
        .take_while(|c| c.is_whitespace())
        .map(|c| if c == '\t' { TAB } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Option<Vec<String>> {
        let line = |line: &str| {
            vec![Inline::Text {
                text: line.to_owned(),
                bold: false,
                struck: false,
            }]
        };
        let lines: Vec<Vec<Inline>> = text.lines().map(line).collect();
        let tidy = |line: &[Inline]| inline_text(line).split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = |entry: Entry| match entry {
            Entry::Line(line) => tidy(&line),
            Entry::Heading(line) => format!("# {}", tidy(&line)),
            Entry::Pair(label, answer) => format!("{} = {}", tidy(&label), tidy(&answer)),
        };
        Some(entries(&lines)?.into_iter().map(shown).collect())
    }

    #[test]
    fn answers_are_set_in_below_their_labels() {
        let told = "OFFICER\n  Name\n    PC Lee\n  Number\n  Address\n    1 Mill Row\n    Wendmere";
        let expected = [
            "# OFFICER",
            "Name = PC Lee",
            "Number =",
            "Address = 1 Mill Row Wendmere",
        ];
        assert_eq!(
            shape(told).map(|lines| lines.iter().map(|l| l.trim().to_owned()).collect()),
            Some(expected.map(str::to_owned).to_vec())
        );
        assert_eq!(
            shape("Name\n  Ann Lee\nRISK\n  A dog"),
            Some(vec!["Name = Ann Lee".to_owned(), "RISK = A dog".to_owned()])
        );
    }

    #[test]
    fn a_line_that_goes_on_is_no_label() {
        assert_eq!(
            shape("Account ........ Wood smoke from\n                 the boat."),
            None
        );
        assert_eq!(shape("Dear all,\nAnn Lee was hit.\n  She is well."), None);
        assert_eq!(shape("one\ntwo"), None);
    }
}
