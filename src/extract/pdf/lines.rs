//! Things on a page to lines, lines to rows and paragraphs.
//!
//! A line with wide gaps is a row of cells; text beside a tick box stays in its cell; a field below its
//! label forms a row with it.

use super::super::budget::Budget;
use super::super::inline::{Style, Ticks, push_text, trim};
use super::layout::{Content, Item, Rectangle};
use crate::domain::{Block, Cell, Inline, Row, Table};
use std::collections::VecDeque;

/// A gap of this many type sizes ends a cell.
const CELL_GAP: f32 = 1.5;
/// Between a tick box and its caption the gap may be this many type sizes.
const TICK_GAP: f32 = 4.0;
/// Between the options of one answer the gap may be this many type sizes.
const OPTION_GAP: f32 = 14.0;
/// A gap between options this many times as wide as those before it is one between columns.
const UNEVEN: f32 = 2.5;
/// A gap of this many type sizes is a blank.
const WORD_GAP: f32 = 0.13;
/// Lines this many type sizes apart belong to one paragraph.
const LINE_PITCH: f32 = 1.5;
/// Text this much larger than most is a heading.
const HEADING_SIZE: f32 = 1.15;
/// Bold text this much larger than most is one too.
const BOLD_HEADING_SIZE: f32 = 1.05;
/// Longest heading, in characters.
const MAX_HEADING: usize = 120;
/// How far apart, in points, left edges of one column may be.
const COLUMN_SLACK: f32 = 4.0;
/// How far below its label, in points, a field may begin.
const LABEL_ABOVE: f32 = 30.0;

/// Lines looked at below a lone label to see whether the rows go on.
const UNANSWERED_RUN: usize = 6;
/// Longest text that may be a label without an answer, in points.
const MAX_LABEL_WIDTH: f32 = 200.0;
/// Room, in type sizes, that a cell leaves free at its right edge.
const CELL_PADDING: f32 = 2.0;
/// Rows of a form are no further apart than this many type sizes.
const ROW_PITCH: f32 = 4.0;

/// A group of items read as one.
struct Piece {
    left: f32,
    right: f32,
    items: Vec<Item>,
    /// The widest gap between its options so far.
    option_gap: Option<f32>,
}

impl Piece {
    /// How far away its next option may be. Options of one answer stand evenly; a much wider gap is one
    /// between columns.
    fn option_reach(&self, size: f32) -> f32 {
        let widest = OPTION_GAP * size;
        self.option_gap
            .map_or(widest, |gap| (UNEVEN * gap).clamp(TICK_GAP * size, widest))
    }

    fn is_widgets_only(&self) -> bool {
        self.items.iter().all(Item::is_widget)
    }

    fn is_bold(&self) -> bool {
        self.items.iter().all(|item| match item.content {
            Content::Text { bold, .. } => bold,
            Content::Answer(_) | Content::Blank | Content::Tick { .. } => false,
        })
    }

    fn is_text_only(&self) -> bool {
        !self.items.iter().any(Item::is_widget)
    }
}

struct Line {
    level: f32,
    size: f32,
    pieces: Vec<Piece>,
}

/// Reads a page's things into blocks.
///
/// `rulings` are upright lines between cells.
pub(super) fn blocks(items: Vec<Item>, rulings: &[Rectangle], page: u32, budget: &mut Budget) -> Vec<Block> {
    let usual = usual_size(&items);
    let mut writer = Writer {
        page,
        usual,
        budget,
        blocks: Vec::new(),
        rows: Vec::new(),
        columns: Vec::new(),
        row_level: 0.0,
        rights: Vec::new(),
        row_pitch: 0.0,
        paragraph: Vec::new(),
        last: None,
    };
    let mut lines: VecDeque<Line> = lines_of(items, rulings).into();
    while let Some(line) = lines.pop_front() {
        let pairs = lines.front().is_some_and(|below| labels_above(&line, below));
        if pairs && let Some(below) = lines.pop_front() {
            writer.labelled(line, below);
        } else if writer.is_unanswered(&line, &lines) {
            writer.unanswered(line);
        } else {
            writer.line(line);
        }
    }
    writer.end_rows();
    writer.end_paragraph();
    writer.blocks
}

/// The type size of most characters.
fn usual_size(items: &[Item]) -> f32 {
    let mut sizes: Vec<(f32, usize)> = items
        .iter()
        .filter_map(|item| match &item.content {
            Content::Text { text, .. } => Some((item.size, text.len())),
            Content::Answer(_) | Content::Blank | Content::Tick { .. } => None,
        })
        .collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sizes.iter().map(|(_, n)| n).sum::<usize>() / 2;
    let mut seen = 0;
    for (size, length) in sizes {
        seen += length;
        if seen > half {
            return size;
        }
    }
    10.0
}

fn lines_of(mut items: Vec<Item>, rulings: &[Rectangle]) -> Vec<Line> {
    items.sort_by(|a, b| b.level.total_cmp(&a.level));
    let mut lines: Vec<(f32, f32, Vec<Item>)> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some((level, size, line)) if *level - item.level <= 0.5 * size.min(item.size) => {
                *size = size.max(item.size);
                line.push(item);
            }
            Some(_) | None => lines.push((item.level, item.size, vec![item])),
        }
    }
    lines
        .into_iter()
        .map(|(level, size, items)| Line {
            level,
            size,
            pieces: pieces_of(items, rulings),
        })
        .collect()
}

fn pieces_of(mut items: Vec<Item>, rulings: &[Rectangle]) -> Vec<Piece> {
    items.sort_by(|a, b| a.place.left.total_cmp(&b.place.left));
    let mut pieces: Vec<Piece> = Vec::new();
    for item in items {
        match pieces.last_mut() {
            Some(piece) if belongs(piece, &item, rulings) => {
                if item.is_tick() && piece.items.iter().any(Item::is_tick) {
                    let gap = item.place.left - piece.right;
                    piece.option_gap = Some(piece.option_gap.unwrap_or(gap).max(gap));
                }
                piece.right = piece.right.max(item.place.right);
                piece.items.push(item);
            }
            Some(_) | None => pieces.push(Piece {
                left: item.place.left,
                right: item.place.right,
                items: vec![item],
                option_gap: None,
            }),
        }
    }
    pieces
}

fn belongs(piece: &Piece, item: &Item, rulings: &[Rectangle]) -> bool {
    let gap = item.place.left - piece.right;
    let has_tick = piece.items.iter().any(Item::is_tick);
    let size = item.size.min(piece.items.last().map_or(item.size, |i| i.size));
    if item.is_widget() && !item.is_tick() {
        // A field for typing is a cell of its own.
        return false;
    }
    if piece.items.iter().any(|i| i.is_widget() && !i.is_tick()) {
        return false;
    }
    if has_tick {
        // `[ ] Yes   [ ] No`: a row of boxes and captions is one answer.
        return if item.is_tick() {
            gap <= piece.option_reach(size) && !is_ruled_off(piece, item, rulings)
        } else {
            gap <= TICK_GAP * size
        };
    }
    gap <= CELL_GAP * size
}

/// Whether the border of a cell stands between a piece and an item.
fn is_ruled_off(piece: &Piece, item: &Item, rulings: &[Rectangle]) -> bool {
    rulings.iter().any(|line| {
        let x = (line.left + line.right) / 2.0;
        (piece.right..=item.place.left).contains(&x) && (line.bottom..=line.top).contains(&item.level)
    })
}

/// Whether a line stands where the next row of a form would: at the left edge `left`, below `level` by more
/// than a line of prose.
fn is_row_like(level: f32, line: &Line, left: f32, usual: f32) -> bool {
    let pitch = level - line.level;
    let first = line.pieces.first();
    first.is_some_and(|p| (p.left - left).abs() <= COLUMN_SLACK && p.right - p.left <= MAX_LABEL_WIDTH)
        && pitch > LINE_PITCH * usual
        && pitch <= ROW_PITCH * usual
}

/// Whether `below` holds only fields and `above` a label over each of them.
fn labels_above(above: &Line, below: &Line) -> bool {
    let is_near = above.level - below.level <= LABEL_ABOVE;
    is_near
        && above.pieces.iter().all(Piece::is_text_only)
        && below
            .pieces
            .iter()
            .all(|piece| piece.is_widgets_only() && label_over(above, piece).is_some())
        && below
            .pieces
            .iter()
            .all(|piece| piece.items.iter().any(|item| !item.is_tick()))
}

fn label_over(above: &Line, piece: &Piece) -> Option<usize> {
    above
        .pieces
        .iter()
        .position(|label| (label.left - piece.left).abs() <= 3.0 * COLUMN_SLACK)
}

/// An e-mail address that a narrow cell broke: one word with `@`, and one word without a capital below it.
fn is_broken_address(above: &[Inline], below: &[Inline]) -> bool {
    let above = crate::domain::inline_text(above);
    let below = crate::domain::inline_text(below);
    let last = above.lines().next_back().unwrap_or_default().trim();
    let is_part = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | '@'))
    };
    let domain = last.split_once('@').map_or("", |(_, domain)| domain);
    let is_open = !domain.contains('.') || domain.ends_with(['.', '-']) || below.contains('.');
    is_open
        && is_part(last)
        && last.matches('@').count() == 1
        && is_part(&below)
        && !below.contains('@')
        && below.contains(|c: char| c.is_ascii_lowercase())
}

fn empty_cell() -> Cell {
    Cell {
        blocks: Vec::new(),
        columns: 1,
        rows: 1,
        header: false,
    }
}

struct Writer<'b> {
    page: u32,
    usual: f32,
    budget: &'b mut Budget,
    blocks: Vec<Block>,
    rows: Vec<Row>,
    /// Left edges of the last row's cells.
    columns: Vec<f32>,
    row_level: f32,
    /// Right edges of the last row's texts.
    rights: Vec<f32>,
    /// How far the last row stands below the one before it.
    row_pitch: f32,
    paragraph: Vec<Inline>,
    /// (level, size, left edge, boldness) of the last line of the paragraph.
    last: Option<(f32, f32, f32, bool)>,
}

impl Writer<'_> {
    fn line(&mut self, line: Line) {
        let goes_on = line.pieces.len() >= 2
            && line
                .pieces
                .iter()
                .all(|piece| self.continues_cell(line.level, line.size, piece))
            && line.pieces.iter().any(|piece| self.was_full(piece, line.size));
        if line.pieces.len() >= 2 && !goes_on {
            self.end_paragraph();
            self.row_pitch = self.row_level - line.level;
            self.row_level = line.level;
            self.aligned_row(line.pieces);
            return;
        }
        for piece in line.pieces {
            let is_label = self.continues_label(line.level, line.size, &piece);
            if is_label || self.continues_cell(line.level, line.size, &piece) {
                self.row_level = line.level;
                self.continue_cell(piece);
            } else {
                self.end_rows();
                self.text_line(line.level, line.size, piece);
            }
        }
    }

    /// A row; where its pieces stand under columns of the row above, columns that it skips become empty cells.
    fn aligned_row(&mut self, pieces: Vec<Piece>) {
        let places: Option<Vec<usize>> = pieces.iter().map(|p| self.column_of(p)).collect();
        let places = places.filter(|places| places.is_sorted_by(|a, b| a < b));
        let Some(places) = places else {
            self.columns = pieces.iter().map(|p| p.left).collect();
            self.rights = pieces.iter().map(|p| p.right).collect();
            let cells = pieces.into_iter().map(|p| self.cell(p)).collect();
            return self.row(cells);
        };
        self.rights.resize(self.columns.len(), 0.0);
        self.rights.fill(0.0);
        for (piece, place) in pieces.iter().zip(&places) {
            if let Some(right) = self.rights.get_mut(*place) {
                *right = piece.right;
            }
        }
        let mut cells = Vec::new();
        for (piece, place) in pieces.into_iter().zip(places) {
            cells.resize_with(place.max(cells.len()), empty_cell);
            cells.push(self.cell(piece));
        }
        self.row(cells);
    }

    /// Whether a line is a label whose answer was left blank: it stands alone at the left edge between rows
    /// of labels and answers.
    fn is_unanswered(&self, line: &Line, below: &VecDeque<Line>) -> bool {
        let (Some(left), false) = (self.columns.first().copied(), self.rows.is_empty()) else {
            return false;
        };
        let is_label = |level: f32, line: &Line| {
            let is_lone = line.pieces.len() == 1 && line.pieces.iter().all(|p| !p.is_bold());
            is_lone && is_row_like(level, line, left, self.usual)
        };
        if !is_label(self.row_level, line) {
            return false;
        }
        let mut level = line.level;
        for next in below.iter().take(UNANSWERED_RUN) {
            if next.pieces.len() >= 2 {
                return is_row_like(level, next, left, self.usual);
            }
            if !is_label(level, next) {
                return false;
            }
            level = next.level;
        }
        false
    }

    fn unanswered(&mut self, line: Line) {
        self.row_level = line.level;
        let mut cells: Vec<Cell> = line.pieces.into_iter().map(|p| self.cell(p)).collect();
        cells.push(empty_cell());
        self.row(cells);
    }

    /// A line of labels and the fields below them: a row for each pair, the rest as it stands.
    fn labelled(&mut self, above: Line, below: Line) {
        self.end_paragraph();
        let mut labels: Vec<Option<Piece>> = Vec::new();
        let owners: Vec<Option<usize>> = below.pieces.iter().map(|p| label_over(&above, p)).collect();
        labels.extend(above.pieces.into_iter().map(Some));
        for (piece, owner) in below.pieces.into_iter().zip(owners) {
            let label = owner.and_then(|at| labels.get_mut(at)).and_then(Option::take);
            let mut cells: Vec<Cell> = label.into_iter().map(|p| self.cell(p)).collect();
            cells.push(self.cell(piece));
            self.row(cells);
        }
        self.columns.clear();
        self.end_rows();
        for piece in labels.into_iter().flatten() {
            self.text_line(above.level, above.size, piece);
        }
    }

    /// A single piece under a row's cell, but not its first: the cell goes on.
    fn continues_cell(&self, level: f32, size: f32, piece: &Piece) -> bool {
        !self.rows.is_empty()
            && piece.is_text_only()
            && self.row_level - level <= LINE_PITCH * size
            && self.column_of(piece).is_some_and(|column| column > 0)
    }

    /// The cell above a piece had no room for its first word.
    fn was_full(&self, piece: &Piece, size: f32) -> bool {
        let Some(column) = self.column_of(piece) else {
            return false;
        };
        let (Some(right), Some(next)) = (self.rights.get(column), self.columns.get(column + 1)) else {
            return false;
        };
        let text: String = piece.items.iter().map(Item::text).collect();
        let first = text.split_whitespace().next().map_or(0, str::len);
        let share = first as f32 / text.len().max(1) as f32;
        right + share * (piece.right - piece.left) > next - CELL_PADDING * size
    }

    /// A single piece under the first cell of a row whose rows stand further apart than lines: the label goes on.
    fn continues_label(&self, level: f32, size: f32, piece: &Piece) -> bool {
        self.rows.len() > 1
            && piece.is_text_only()
            && self.row_pitch > LINE_PITCH * size
            && self.row_level - level <= LINE_PITCH * size
            && piece.right - piece.left <= MAX_LABEL_WIDTH
            && piece
                .items
                .first()
                .is_some_and(|item| item.text().starts_with(char::is_lowercase))
            && self.column_of(piece) == Some(0)
    }

    fn column_of(&self, piece: &Piece) -> Option<usize> {
        self.columns
            .iter()
            .position(|left| (left - piece.left).abs() <= COLUMN_SLACK)
    }

    fn continue_cell(&mut self, piece: Piece) {
        let column = self.column_of(&piece);
        let line = self.inline(piece);
        let (Some(column), Some(row)) = (column, self.rows.last_mut()) else {
            return;
        };
        let length = row.cells.len().max(column + 1);
        row.cells.resize_with(length, empty_cell);
        let Some(cell) = row.cells.get_mut(column) else {
            return;
        };
        if let Some(Block::Paragraph { text, .. }) = cell.blocks.last_mut() {
            if column == 0 {
                push_text(text, " ", Style::default(), Ticks::Leave);
            } else if !is_broken_address(text, &line) {
                text.push(Inline::Break);
            }
            text.extend(line);
        } else if self.budget.take_block() {
            cell.blocks.push(Block::Paragraph {
                text: line,
                page: Some(self.page),
            });
        }
    }

    fn text_line(&mut self, level: f32, size: f32, piece: Piece) {
        let left = piece.left;
        let is_bold = piece.is_bold();
        let is_text = piece.is_text_only();
        let line = self.inline(piece);
        let is_large = size >= HEADING_SIZE * self.usual || is_bold && size >= BOLD_HEADING_SIZE * self.usual;
        let length = crate::domain::inline_text(&line).chars().count();
        if is_text && is_large && length <= MAX_HEADING {
            self.end_paragraph();
            if self.budget.take_block() {
                self.blocks.push(Block::Heading {
                    level: 0,
                    text: line,
                    page: Some(self.page),
                });
            }
            return;
        }
        let goes_on = self.last.is_some_and(|(last, last_size, edge, bold)| {
            last - level <= LINE_PITCH * last_size.max(size)
                && (edge - left).abs() <= COLUMN_SLACK
                && bold == is_bold
        });
        if goes_on && is_text {
            self.paragraph.push(Inline::Break);
        } else {
            self.end_paragraph();
        }
        self.paragraph.extend(line);
        self.last = Some((level, size, left, is_bold));
    }

    fn row(&mut self, cells: Vec<Cell>) {
        if self.budget.take_block() {
            self.rows.push(Row { cells });
        }
    }

    fn end_rows(&mut self) {
        if !self.rows.is_empty() {
            self.blocks.push(Block::Table(Table {
                rows: std::mem::take(&mut self.rows),
                page: Some(self.page),
            }));
        }
        self.columns.clear();
    }

    fn end_paragraph(&mut self) {
        self.last = None;
        let mut text = std::mem::take(&mut self.paragraph);
        trim(&mut text);
        if !text.is_empty() && self.budget.take_block() {
            self.blocks.push(Block::Paragraph {
                text,
                page: Some(self.page),
            });
        }
    }

    fn cell(&mut self, piece: Piece) -> Cell {
        let text = self.inline(piece);
        let page = Some(self.page);
        let is_filled = self.budget.take_block() && !text.is_empty();
        Cell {
            blocks: is_filled
                .then_some(Block::Paragraph { text, page })
                .into_iter()
                .collect(),
            columns: 1,
            rows: 1,
            header: false,
        }
    }

    fn inline(&mut self, piece: Piece) -> Vec<Inline> {
        let mut line = Vec::new();
        let mut right: Option<f32> = None;
        for item in piece.items {
            let has_gap = right.is_some_and(|r| item.place.left - r > WORD_GAP * item.size);
            right = Some(item.place.right);
            match item.content {
                Content::Text { text, bold, struck } => {
                    let style = Style {
                        bold,
                        struck,
                        ..Style::default()
                    };
                    let blank = if has_gap && !text.starts_with(' ') {
                        " "
                    } else {
                        ""
                    };
                    let text = format!("{blank}{}", self.budget.take_text(&text));
                    push_text(&mut line, &text, style, Ticks::Leave);
                }
                Content::Answer(text) => line.push(Inline::Answer {
                    text: self.budget.take_text(&text).to_owned(),
                    placeholder: false,
                }),
                Content::Blank => line.push(Inline::Answer {
                    text: String::new(),
                    placeholder: true,
                }),
                Content::Tick { checked } => {
                    if has_gap {
                        push_text(&mut line, " ", Style::default(), Ticks::Leave);
                    }
                    line.push(Inline::Tick { checked });
                }
            }
        }
        trim(&mut line);
        line
    }
}
