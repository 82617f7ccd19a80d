//! What property changes make of characters, paragraphs and table rows.

use super::super::MAX_COLUMN_SPAN;
use super::super::inline::Style;
use super::bytes::{u16_at, u32_at};
use super::sprm::{DEFINE_TABLE, Sprm, sprms};

/// Type of this size or less (half-points) is not for readers.
const TINY_HALF_POINTS: u16 = 4;
/// Deepest tables that are told apart; the blocks made of them nest less deep still.
pub(super) const MAX_DEPTH: usize = 32;

/// Properties of a run of characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Characters {
    pub(super) look: Style,
    is_struck_twice: bool,
    is_tiny: bool,
    /// Taken out by an author whose changes are being recorded.
    pub(super) is_deleted: bool,
    pub(super) font: Option<u16>,
    /// A character of a symbol font: number of the font, code.
    pub(super) symbol: Option<(u16, u16)>,
    /// Where the data stream tells of a form field or picture.
    pub(super) data_at: Option<u32>,
}

impl Characters {
    /// With the changes of a list made; switches may refer to what the style says.
    pub(super) fn changed(mut self, list: &[u8], style: &Self) -> Self {
        for sprm in sprms(list) {
            self.change(&sprm, style);
        }
        self
    }

    fn change(&mut self, sprm: &Sprm<'_>, style: &Self) {
        match sprm.code {
            0x0800 => self.is_deleted = sprm.is_on(),
            0x0835 => self.look.bold = switched(sprm, style.look.bold),
            0x0837 => self.look.struck = switched(sprm, style.look.struck),
            0x2A53 => self.is_struck_twice = switched(sprm, style.is_struck_twice),
            0x083C => self.look.hidden = switched(sprm, style.look.hidden),
            0x4A43 => self.is_tiny = sprm.word() <= TINY_HALF_POINTS,
            0x4A4F => self.font = Some(sprm.word()),
            0x6A09 => self.symbol = u16_at(sprm.operand, 0).zip(u16_at(sprm.operand, 2)),
            0x6A03 => self.data_at = u32_at(sprm.operand, 0),
            _ => {}
        }
    }

    /// A change that a piece carries in short form (`Prm0`, [MS-DOC] section 2.9.216).
    pub(super) fn changed_briefly(mut self, changes: u16, style: &Self) -> Self {
        if changes & 1 != 0 || changes == 0 {
            return self;
        }
        let code = match (changes >> 1) & 0x7F {
            0x41 => 0x0800,
            0x55 => 0x0835,
            0x57 => 0x0837,
            0x5C => 0x083C,
            _ => return self,
        };
        let operand = [changes.to_le_bytes()[1]];
        self.change(
            &Sprm {
                code,
                operand: &operand,
            },
            style,
        );
        self
    }

    /// The marks of the text as a reader sees it.
    pub(super) fn style(&self) -> Style {
        Style {
            bold: self.look.bold,
            struck: self.look.struck || self.is_struck_twice,
            hidden: self.look.hidden || self.is_tiny,
        }
    }
}

/// `ToggleOperand` ([MS-DOC] section 2.9.327).
fn switched(sprm: &Sprm<'_>, in_style: bool) -> bool {
    match sprm.byte() {
        0 => false,
        0x80 => in_style,
        0x81 => !in_style,
        _ => true,
    }
}

/// The style of a run, if its changes name one.
pub(super) fn character_style(list: &[u8]) -> Option<u16> {
    sprms(list).filter(|s| s.code == 0x4A30).last().map(|s| s.word())
}

/// Properties of a paragraph.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Paragraph {
    pub(super) style: u16,
    in_table: bool,
    nesting: u32,
    is_row_end: bool,
    is_inner_row_end: bool,
    is_inner_cell_end: bool,
    /// From 0; 9 is body text.
    pub(super) outline_level: Option<u8>,
    pub(super) is_list_item: bool,
}

impl Paragraph {
    pub(super) fn changed(mut self, list: &[u8]) -> Self {
        for sprm in sprms(list) {
            match sprm.code {
                0x4600 => self.style = sprm.word(),
                0x2416 => self.in_table = sprm.is_on(),
                0x2417 => self.is_row_end = sprm.is_on(),
                0x244B => self.is_inner_cell_end = sprm.is_on(),
                0x244C => self.is_inner_row_end = sprm.is_on(),
                0x6649 => self.nesting = u32_at(sprm.operand, 0).unwrap_or(0),
                0x2640 => self.outline_level = Some(sprm.byte()),
                // Numbers of list formats; 0 is none, those beyond are lists taken off again.
                0x460B => self.is_list_item = (1..0xF801).contains(&sprm.word()),
                _ => {}
            }
        }
        self
    }

    /// Tables in one another that the paragraph stands in; 0 outside.
    pub(super) fn depth(&self) -> usize {
        if self.in_table || self.nesting > 0 {
            (self.nesting as usize).clamp(1, MAX_DEPTH)
        } else {
            0
        }
    }

    /// It only marks the end of a row.
    pub(super) fn ends_row(&self) -> bool {
        match self.depth() {
            0 => false,
            1 => self.is_row_end,
            _ => self.is_inner_row_end,
        }
    }

    /// It is the last of its cell; `mark` is the character it ends in.
    pub(super) fn ends_cell(&self, mark: u16) -> bool {
        match self.depth() {
            0 => false,
            1 => mark == super::walker::CELL_END,
            _ => self.is_inner_cell_end,
        }
    }
}

/// Where a list of changes goes on in the data stream (`sprmPHugePapx`, `sprmPTableProps`).
pub(super) fn continued_at(list: &[u8]) -> Option<u32> {
    sprms(list)
        .filter(|s| matches!(s.code, 0x6646 | 0x646B))
        .last()
        .and_then(|s| u32_at(s.operand, 0))
}

/// Bytes of `TC80`, what a row says of one cell.
const CELL_BYTES: usize = 20;

/// How a row is laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RowLayout {
    /// Left edges of the cells and the right edge of the last, in twips.
    pub(super) edges: Vec<i16>,
    /// Of each cell: it is part of the one above.
    pub(super) continues: Vec<bool>,
    pub(super) is_header: bool,
}

impl RowLayout {
    pub(super) fn changed(mut self, list: &[u8]) -> Self {
        for sprm in sprms(list) {
            match sprm.code {
                DEFINE_TABLE => self.define(sprm.operand),
                0x3404 => self.is_header = sprm.is_on(),
                _ => {}
            }
        }
        self
    }

    /// `TDefTableOperand` ([MS-DOC] section 2.9.324).
    fn define(&mut self, operand: &[u8]) {
        let count = usize::from(operand.first().copied().unwrap_or(0)).min(usize::from(MAX_COLUMN_SPAN));
        self.edges = (0..=count)
            .map_while(|index| u16_at(operand, 1 + index * 2))
            .map(u16::cast_signed)
            .collect();
        let cells = 1 + (count + 1) * 2;
        self.continues = (0..count)
            .map(|index| {
                let flags = u16_at(operand, cells + index * CELL_BYTES).unwrap_or(0);
                // `vertMerge`: 1 goes on, 3 begins.
                (flags >> 5) & 3 == 1
            })
            .collect();
    }
}
