//! Values to blocks.

use super::Node;
use crate::domain::{Block, Cell, Inline, Row, Table};
use crate::extract::budget::Budget;
use crate::extract::inline::{Style, Ticks, push_text, trim};
use std::collections::HashMap;

/// Most columns of a table; a list that would have more is read item by item.
const MAX_COLUMNS: usize = 40;
/// Lowest level of a heading.
const LOWEST_LEVEL: u8 = 6;

pub(super) fn of(root: &Node, budget: &mut Budget) -> Vec<Block> {
    let mut writer = Writer {
        budget,
        blocks: Vec::new(),
    };
    match root {
        Node::Object(members) => writer.members(members, 1),
        Node::List(items) => writer.items(items, 1),
        Node::Scalar(text) => writer.item(text),
    }
    writer.blocks
}

struct Writer<'b> {
    budget: &'b mut Budget,
    blocks: Vec<Block>,
}

impl Writer<'_> {
    fn push(&mut self, block: Block) {
        if self.budget.take_block() {
            self.blocks.push(block);
        }
    }

    fn line(&mut self, text: &str) -> Vec<Inline> {
        let mut line = Vec::new();
        for (at, part) in self.budget.take_text(text).split('\n').enumerate() {
            if at > 0 {
                line.push(Inline::Break);
            }
            push_text(
                &mut line,
                part.trim_end_matches('\r'),
                Style::default(),
                Ticks::Read,
            );
        }
        trim(&mut line);
        line
    }

    fn pair(&mut self, term: &str, value: &str) {
        let (term, value) = (self.line(term), self.line(value));
        self.push(Block::Definition { term, value });
    }

    fn item(&mut self, text: &str) {
        let text = self.line(text);
        if !text.is_empty() {
            self.push(Block::ListItem { text, page: None });
        }
    }

    fn heading(&mut self, key: &str, level: u8) {
        let text = self.line(key);
        if !text.is_empty() {
            self.push(Block::Heading {
                level,
                text,
                page: None,
            });
        }
    }

    fn members(&mut self, members: &[(String, Node)], level: u8) {
        if self.questions(members.iter().map(|(_, value)| value), level) {
            return;
        }
        for (key, value) in members {
            self.member(key, value, level);
        }
    }

    /// One member: a pair, or what is inside it under its key.
    fn member(&mut self, key: &str, value: &Node, level: u8) {
        if let Some(text) = plain_text(value) {
            return self.pair(key, &text);
        }
        self.heading(key, level);
        let below = (level + 1).min(LOWEST_LEVEL);
        match value {
            Node::Object(members) => self.members(members, below),
            Node::List(items) => self.items(items, below),
            Node::Scalar(_) => {}
        }
    }

    fn items(&mut self, items: &[Node], level: u8) {
        if self.questions(items.iter(), level) || self.table(items) {
            return;
        }
        for (at, item) in items.iter().enumerate() {
            match item {
                Node::Scalar(text) => self.item(text),
                Node::Object(members) => {
                    if at > 0 {
                        self.push(Block::Rule);
                    }
                    self.members(members, level);
                }
                Node::List(inner) => match plain_text(item) {
                    Some(text) => self.item(&text),
                    None => self.items(inner, level),
                },
            }
        }
    }

    /// Writes a list of questions with their answers as pairs; `false` if it is not one.
    fn questions<'n>(&mut self, items: impl Iterator<Item = &'n Node>, level: u8) -> bool {
        let pairs: Option<Vec<(&str, &Node)>> = items.map(question).collect();
        let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) else {
            return false;
        };
        for (term, answer) in pairs {
            self.member(term, answer, level);
        }
        true
    }

    /// Writes a list of flat objects as a table with their keys on top; `false` if it is not one.
    fn table(&mut self, items: &[Node]) -> bool {
        let Some(columns) = columns_of(items) else {
            return false;
        };
        let mut rows = Vec::new();
        let keys = columns.iter().map(|key| Some((*key).to_owned())).collect();
        rows.extend(self.row(keys, CellKind::Header));
        let places: HashMap<&str, usize> = columns.iter().enumerate().map(|(at, key)| (*key, at)).collect();
        for item in items {
            let Node::Object(members) = item else {
                continue;
            };
            let mut texts: Vec<Option<String>> = vec![None; columns.len()];
            for (key, value) in members {
                let place = places.get(key.as_str()).and_then(|at| texts.get_mut(*at));
                if let (Some(place), Some(text)) = (place, plain_text(value)) {
                    *place = Some(match place.take() {
                        Some(before) => format!("{before}\n{text}"),
                        None => text,
                    });
                }
            }
            rows.extend(self.row(texts, CellKind::Data));
        }
        self.push(Block::Table(Table { rows, page: None }));
        true
    }

    fn row(&mut self, texts: Vec<Option<String>>, kind: CellKind) -> Option<Row> {
        let mut cells = Vec::with_capacity(texts.len());
        for text in texts {
            if !self.budget.take_block() {
                return None;
            }
            let line = self.line(text.as_deref().unwrap_or_default());
            let paragraph = (!line.is_empty()).then_some(Block::Paragraph {
                text: line,
                page: None,
            });
            cells.push(Cell {
                blocks: paragraph.into_iter().collect(),
                columns: 1,
                rows: 1,
                header: kind == CellKind::Header,
            });
        }
        Some(Row { cells })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Header,
    Data,
}

/// A scalar, or a list of scalars in one text: on lines of their own where one holds a comma.
fn plain_text(value: &Node) -> Option<String> {
    match value {
        Node::Scalar(text) => Some(text.clone()),
        Node::List(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Node::scalar).collect();
            let texts = texts?;
            let separator = if texts.iter().any(|text| text.contains([',', '\n'])) {
                "\n"
            } else {
                ", "
            };
            Some(texts.join(separator))
        }
        Node::Object(_) => None,
    }
}

/// The keys of a list of flat objects, in the order they come up; `None` if it is not one.
fn columns_of(items: &[Node]) -> Option<Vec<&str>> {
    let mut columns: Vec<&str> = Vec::new();
    for item in items {
        let Node::Object(members) = item else {
            return None;
        };
        for (key, value) in members {
            if !value.is_plain() {
                return None;
            }
            if !columns.contains(&key.as_str()) {
                columns.push(key);
            }
            if columns.len() > MAX_COLUMNS {
                return None;
            }
        }
    }
    (!columns.is_empty()).then_some(columns)
}

/// What a question's text is kept under, the surest first.
const QUESTION_WORDS: [&str; 6] = ["question", "label", "prompt", "title", "field", "name"];
/// What its answer is kept under.
const ANSWER_WORDS: [&str; 3] = ["answer", "response", "value"];
/// Keys with one of these words hold something about a question or an answer, not its text.
const MARKING_WORDS: [&str; 7] = ["id", "type", "number", "ref", "reference", "code", "at"];

/// An object that is a question with its answer: the two values.
fn question(item: &Node) -> Option<(&str, &Node)> {
    let Node::Object(members) = item else {
        return None;
    };
    let best = |words: &[&str]| {
        let ranked = members
            .iter()
            .filter_map(|(key, value)| Some((rank(key, words)?, key, value)));
        ranked.min_by_key(|(rank, _, _)| *rank)
    };
    let (_, _, answer) = best(&ANSWER_WORDS)?;
    let (_, _, question) = best(&QUESTION_WORDS)?;
    let question = question.scalar()?;
    (!question.trim().is_empty()).then_some((question, answer))
}

/// How well a key fits: the place of the first of `words` that it has among its own.
fn rank(key: &str, words: &[&str]) -> Option<usize> {
    let own = words_of(key);
    if own.iter().any(|word| MARKING_WORDS.contains(&word.as_str())) {
        return None;
    }
    words.iter().position(|word| own.iter().any(|own| own == word))
}

/// The words of `question_text`, `questionText`, `Question text`.
fn words_of(key: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_lower = false;
    for c in key.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && is_lower {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        is_lower = c.is_lowercase();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}
