//! Puts lines, tables, quotations and text boxes together, for formats that come as a flat stream.
//!
//! Invariant: blocks nest no deeper than [`MAX_TABLE_NESTING`] and [`MAX_QUOTE_NESTING`] allow, whatever
//! is opened and never closed.

use super::budget::Budget;
use super::inline::{Style, Ticks, is_visible, push_text, trim};
use super::layout;
use super::{MAX_QUOTE_NESTING, MAX_TABLE_NESTING};
use crate::domain::{Block, Cell, Inline, Row, Table};

/// What the line being read will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    Heading(u8),
    ListItem,
    Term,
    Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    Data,
    Header,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Checked,
    Unchecked,
}

impl From<bool> for Mark {
    fn from(is_checked: bool) -> Self {
        if is_checked {
            Self::Checked
        } else {
            Self::Unchecked
        }
    }
}

/// What white space in a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Runs of it are one blank (HTML).
    Collapse,
    /// It stays, and a line end is a line break (`pre`).
    Lines,
    /// It stays, and a line end is a blank (Word).
    Keep,
}

/// Whether the text of an answer is only its prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    Answer,
    Placeholder,
}

/// What a merged cell takes part in (Word's `vMerge`).
pub(super) const CONTINUES_CELL_ABOVE: u16 = 0;

/// A place that blocks go to.
enum Frame {
    Root(Vec<Block>),
    Quote(Vec<Block>),
    Table { rows: Vec<Row>, cells: Vec<Cell> },
    Cell(Cell),
}

pub(super) struct Builder<'b> {
    frames: Vec<Frame>,
    line: Vec<Inline>,
    kind: Kind,
    term: Option<Vec<Inline>>,
    budget: &'b mut Budget,
    tables: usize,
    quotes: usize,
    /// Tables beyond the bound that are open: their tags are passed over.
    skipped_tables: usize,
}

impl<'b> Builder<'b> {
    pub(super) fn new(budget: &'b mut Budget) -> Self {
        Self {
            frames: vec![Frame::Root(Vec::new())],
            line: Vec::new(),
            kind: Kind::Paragraph,
            term: None,
            budget,
            tables: 0,
            quotes: 0,
            skipped_tables: 0,
        }
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        self.flush();
        self.flush_term();
        while self.frames.len() > 1 {
            self.close_frame();
        }
        match self.frames.pop() {
            Some(Frame::Root(blocks) | Frame::Quote(blocks)) => blocks,
            Some(Frame::Table { .. } | Frame::Cell(_)) | None => Vec::new(),
        }
    }

    /// There is no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.budget.is_exhausted()
    }

    pub(super) fn text(&mut self, text: &str, style: Style, space: Space) {
        let text = self.budget.take_text(text);
        if text.trim().is_empty() && matches!(self.frames.last(), Some(Frame::Table { .. })) {
            return;
        }
        match space {
            Space::Lines => {
                for (at, line) in text.split('\n').enumerate() {
                    if at > 0 {
                        self.line.push(Inline::Break);
                    }
                    push_text(&mut self.line, line, style, Ticks::Read);
                }
            }
            Space::Collapse => {
                let collapsed = collapse(text, self.ends_in_space());
                push_text(&mut self.line, &collapsed, style, Ticks::Read);
            }
            Space::Keep if text.contains(['\n', '\r']) => {
                push_text(
                    &mut self.line,
                    &text.replace(['\n', '\r'], " "),
                    style,
                    Ticks::Read,
                );
            }
            Space::Keep => push_text(&mut self.line, text, style, Ticks::Read),
        }
    }

    /// White space that follows would not be seen.
    fn ends_in_space(&self) -> bool {
        match self.line.last() {
            None | Some(Inline::Break) => true,
            Some(Inline::Text { text, .. }) => text.ends_with(' '),
            Some(Inline::Tick { .. } | Inline::Answer { .. } | Inline::Hidden { .. }) => false,
        }
    }

    pub(super) fn line_break(&mut self) {
        self.line.push(Inline::Break);
    }

    pub(super) fn tick(&mut self, mark: Mark) {
        self.line.push(Inline::Tick {
            checked: mark == Mark::Checked,
        });
    }

    /// An answer; one that follows another of its kind continues it.
    pub(super) fn answer(&mut self, text: &str, filled: Filled) {
        let text = self.budget.take_text(text);
        let is_prompt = filled == Filled::Placeholder;
        if let Some(Inline::Answer {
            text: before,
            placeholder,
        }) = self.line.last_mut()
            && *placeholder == is_prompt
        {
            before.push_str(text);
            return;
        }
        self.line.push(Inline::Answer {
            text: text.to_owned(),
            placeholder: is_prompt,
        });
    }

    /// The line being read ends in an answer.
    pub(super) fn ends_in_answer(&self) -> bool {
        matches!(self.line.last(), Some(Inline::Answer { .. }))
    }

    /// The line being read is of another kind than thought.
    pub(super) fn set_kind(&mut self, kind: Kind) {
        self.kind = kind;
    }

    /// The line being read is a list item, unless it is a heading.
    pub(super) fn set_list_item(&mut self) {
        if self.kind == Kind::Paragraph {
            self.kind = Kind::ListItem;
        }
    }

    /// The cell being read, to note what is said about it inside.
    pub(super) fn cell_mut(&mut self) -> Option<&mut Cell> {
        if self.skipped_tables > 0 {
            return None;
        }
        self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Cell(cell) => Some(cell),
            Frame::Root(_) | Frame::Quote(_) | Frame::Table { .. } => None,
        })
    }

    /// Cells that a row leaves out at its beginning.
    pub(super) fn skip_columns(&mut self, columns: u16) {
        if columns > 0 && self.skipped_tables == 0 && matches!(self.frames.last(), Some(Frame::Table { .. }))
        {
            self.open_cell(columns, 1, CellKind::Data);
            self.close_cell();
        }
    }

    /// The row being read was taken out by its author.
    pub(super) fn drop_row(&mut self) {
        self.close_cell();
        if self.skipped_tables == 0
            && let Some(Frame::Table { cells, .. }) = self.frames.last_mut()
        {
            cells.clear();
        }
    }

    /// The cell that was closed last was taken out by its author.
    pub(super) fn drop_cell(&mut self) {
        if self.skipped_tables == 0
            && let Some(Frame::Table { cells, .. }) = self.frames.last_mut()
        {
            cells.pop();
        }
    }

    /// Puts in blocks that another reader made within bounds of its own.
    pub(super) fn insert(&mut self, blocks: Vec<Block>) {
        self.flush();
        self.flush_term();
        for block in blocks {
            self.push(block);
        }
    }

    /// A text box begins inside a line: its blocks come before that line's. Gives back the line to
    /// hand to [`Builder::close_box`].
    pub(super) fn open_box(&mut self) -> (Vec<Inline>, Kind) {
        let kind = std::mem::replace(&mut self.kind, Kind::Paragraph);
        (std::mem::take(&mut self.line), kind)
    }

    /// The text box ends; the line goes on.
    pub(super) fn close_box(&mut self, (line, kind): (Vec<Inline>, Kind)) {
        self.flush();
        self.line = line;
        self.kind = kind;
    }

    pub(super) fn rule(&mut self) {
        self.flush();
        self.push(Block::Rule);
    }

    /// A block element begins or ends. Inside a `dd` that is no more than a new line.
    pub(super) fn boundary(&mut self) {
        if self.kind != Kind::Value {
            self.flush();
        } else if is_visible(&self.line) && !matches!(self.line.last(), Some(Inline::Break)) {
            self.line.push(Inline::Break);
        }
    }

    /// A line of another kind begins.
    pub(super) fn begin(&mut self, kind: Kind) {
        self.flush();
        if kind == Kind::Term {
            self.flush_term();
        }
        self.kind = kind;
    }

    pub(super) fn end_value(&mut self) {
        if self.kind == Kind::Value {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut text = std::mem::take(&mut self.line);
        let kind = self.kind;
        trim(&mut text);
        if text.is_empty() && kind != Kind::Value {
            return;
        }
        self.kind = Kind::Paragraph;
        if kind != Kind::Value {
            self.flush_term();
        }
        match kind {
            Kind::Term => self.term = Some(text),
            Kind::Value => {
                let term = self.term.take().unwrap_or_default();
                if !(term.is_empty() && text.is_empty()) {
                    self.push(Block::Definition { term, value: text });
                }
            }
            Kind::Heading(level) => self.push(Block::Heading {
                level,
                text,
                page: None,
            }),
            Kind::ListItem => self.push(Block::ListItem { text, page: None }),
            Kind::Paragraph => self.push(Block::Paragraph { text, page: None }),
        }
    }

    /// A `dt` without a `dd`.
    fn flush_term(&mut self) {
        if let Some(term) = self.term.take() {
            let value = Vec::new();
            self.push(Block::Definition { term, value });
        }
    }

    fn push(&mut self, block: Block) {
        if self.budget.take_block() {
            self.put(block);
        }
    }

    /// Puts a block whose content has been counted already.
    fn put(&mut self, block: Block) {
        // Text between a table's cells belongs to a cell of its own.
        if matches!(self.frames.last(), Some(Frame::Table { .. })) {
            self.frames.push(Frame::Cell(new_cell(1, 1, CellKind::Data)));
        }
        match self.frames.last_mut() {
            Some(Frame::Root(blocks) | Frame::Quote(blocks)) => blocks.push(block),
            Some(Frame::Cell(cell)) => cell.blocks.push(block),
            Some(Frame::Table { .. }) | None => {}
        }
    }

    pub(super) fn open_table(&mut self) {
        self.flush();
        self.flush_term();
        if self.tables >= MAX_TABLE_NESTING {
            self.skipped_tables += 1;
            return;
        }
        self.tables += 1;
        self.frames.push(Frame::Table {
            rows: Vec::new(),
            cells: Vec::new(),
        });
    }

    pub(super) fn open_cell(&mut self, columns: u16, rows: u16, kind: CellKind) {
        self.flush();
        if self.skipped_tables > 0 || !matches!(self.frames.last(), Some(Frame::Table { .. })) {
            return;
        }
        self.frames.push(Frame::Cell(new_cell(columns, rows, kind)));
    }

    pub(super) fn close_cell(&mut self) {
        self.flush();
        self.flush_term();
        if self.skipped_tables > 0 {
            return;
        }
        self.close_quotes();
        if matches!(self.frames.last(), Some(Frame::Cell(_))) {
            self.close_frame();
        }
    }

    pub(super) fn close_row(&mut self) {
        self.close_cell();
        if self.skipped_tables == 0
            && let Some(Frame::Table { rows, cells }) = self.frames.last_mut()
            && !cells.is_empty()
        {
            rows.push(Row {
                cells: std::mem::take(cells),
            });
        }
    }

    pub(super) fn close_table(&mut self) {
        self.close_row();
        if self.skipped_tables > 0 {
            self.skipped_tables -= 1;
        } else if matches!(self.frames.last(), Some(Frame::Table { .. })) {
            self.close_frame();
        }
    }

    /// Opens a quotation; `false` if that is too deep or stands in a skipped table.
    pub(super) fn open_quote(&mut self) -> bool {
        self.flush();
        self.flush_term();
        if self.quotes >= MAX_QUOTE_NESTING || matches!(self.frames.last(), Some(Frame::Table { .. })) {
            return false;
        }
        self.quotes += 1;
        self.frames.push(Frame::Quote(Vec::new()));
        true
    }

    pub(super) fn close_quote(&mut self) {
        self.flush();
        self.flush_term();
        if matches!(self.frames.last(), Some(Frame::Quote(_))) {
            self.close_frame();
        }
    }

    fn close_quotes(&mut self) {
        while matches!(self.frames.last(), Some(Frame::Quote(_))) {
            self.close_frame();
        }
    }

    fn close_frame(&mut self) {
        match self.frames.pop() {
            Some(Frame::Quote(blocks)) => {
                self.quotes = self.quotes.saturating_sub(1);
                if !blocks.is_empty() {
                    self.put(Block::Quote(blocks));
                }
            }
            Some(Frame::Cell(cell)) => {
                // What has been read when the budget runs out stays; empty cells beyond it are not collected.
                let is_kept = self.budget.take_block() || !cell.blocks.is_empty();
                if let Some(Frame::Table { cells, .. }) = self.frames.last_mut()
                    && is_kept
                {
                    cells.push(cell);
                }
            }
            Some(Frame::Table { mut rows, cells }) => {
                self.tables = self.tables.saturating_sub(1);
                if !cells.is_empty() {
                    rows.push(Row { cells });
                }
                layout::merge_cells(&mut rows);
                for block in layout::flatten(Table { rows, page: None }) {
                    self.put(block);
                }
            }
            Some(root @ Frame::Root(_)) => self.frames.push(root),
            None => {}
        }
    }
}

fn new_cell(columns: u16, rows: u16, kind: CellKind) -> Cell {
    Cell {
        blocks: Vec::new(),
        columns,
        rows,
        header: kind == CellKind::Header,
    }
}

/// Runs of white space (no-break spaces too) become one blank; zero-width characters go.
fn collapse(text: &str, mut after_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !after_space {
                out.push(' ');
            }
            after_space = true;
        } else if !matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{200c}') {
            out.push(c);
            after_space = false;
        }
    }
    out
}
