//! Workbooks of Excel 5 to 2003 ([MS-XLS]).

use super::super::ReadLimits;
use super::super::compound::Compound;
use super::super::inline::Style;
use super::grid::{MAX_SHEETS, Merged, Rich, Room, Sheet, Visibility, with_style};
use super::number::{self, Epoch, Format};
use super::records::{CONTINUE, Record, Texts, code_page, f64_at, record, shared, text, u16_at, u32_at};
use super::{SheetError, Workbook};
use encoding_rs::WINDOWS_1252;
use std::collections::HashMap;

/// Most shared texts, and most looks of cells.
const MAX_TEXTS: usize = 500_000;
const MAX_LOOKS: usize = 70_000;
const VERSION_8: u16 = 0x0600;
/// The number that no font has ([MS-XLS] section 2.5.129).
const NO_FONT: u16 = 4;
const BOLD_WEIGHT: u16 = 600;

/// Kinds of records ([MS-XLS] section 2.3).
mod kind {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const END: u16 = 0x000A;
    pub(super) const DATE_1904: u16 = 0x0022;
    pub(super) const FILE_PASS: u16 = 0x002F;
    pub(super) const FONT: u16 = 0x0031;
    pub(super) const CODE_PAGE: u16 = 0x0042;
    pub(super) const COLUMNS: u16 = 0x007D;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const MANY_RK: u16 = 0x00BD;
    pub(super) const RICH_LABEL: u16 = 0x00D6;
    pub(super) const LOOK: u16 = 0x00E0;
    pub(super) const MERGED: u16 = 0x00E5;
    pub(super) const SHARED: u16 = 0x00FC;
    pub(super) const SHARED_LABEL: u16 = 0x00FD;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const TRUTH: u16 = 0x0205;
    pub(super) const STRING: u16 = 0x0207;
    pub(super) const ROW: u16 = 0x0208;
    pub(super) const RK: u16 = 0x027E;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const BEGIN: u16 = 0x0809;
}

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Workbook, SheetError> {
    let file = Compound::open(bytes).ok_or(SheetError::Damaged)?;
    let stream = ["Workbook", "Book"].iter().find_map(|name| file.stream(name));
    let stream = stream.ok_or(SheetError::Damaged)?;
    let globals = Globals::read(&stream)?;
    let mut workbook = Workbook::default();
    let mut room = Room::new(limits);
    // As many records as the stream has room for: sheets that claim the same records are not read for ever.
    let mut left = stream.len() / 4;
    for place in &globals.sheets {
        let mut sheet = Sheet::new(place.name.clone(), place.visibility);
        let cells = Cells {
            globals: &globals,
            sheet: &mut sheet,
            room: &mut room,
            formula: None,
        };
        cells.read(&stream, place.offset, &mut left);
        workbook.sheets.push(sheet);
    }
    workbook.is_cut = room.is_cut;
    Ok(workbook)
}

struct Place {
    offset: usize,
    name: String,
    visibility: Visibility,
}

/// What the workbook's own records say.
struct Globals {
    texts: Texts,
    epoch: Epoch,
    sheets: Vec<Place>,
    shared: Vec<Rich>,
    fonts: Vec<Style>,
    /// Of each look: its font and its format.
    looks: Vec<(u16, u16)>,
    formats: HashMap<u16, Format>,
}

impl Globals {
    fn read(stream: &[u8]) -> Result<Self, SheetError> {
        let begin = record(stream, 0).filter(|r| r.kind == kind::BEGIN);
        let version = begin.and_then(|r| u16_at(r.data, 0)).ok_or(SheetError::Damaged)?;
        let mut globals = Self {
            texts: if version == VERSION_8 {
                Texts::Unicode
            } else {
                Texts::CodePage(WINDOWS_1252)
            },
            epoch: Epoch::Year1900,
            sheets: Vec::new(),
            shared: Vec::new(),
            fonts: Vec::new(),
            looks: Vec::new(),
            formats: HashMap::new(),
        };
        let mut at = 0;
        while let Some(found) = record(stream, at) {
            match found.kind {
                kind::END => break,
                kind::FILE_PASS => return Err(SheetError::Encrypted),
                kind::SHARED => globals.shared = globals.shared_texts(stream, found),
                _ => {
                    let _ = globals.take(found);
                }
            }
            at = found.next;
        }
        Ok(globals)
    }

    fn take(&mut self, found: Record<'_>) -> Option<()> {
        let data = found.data;
        match found.kind {
            kind::CODE_PAGE => {
                if let Texts::CodePage(encoding) = &mut self.texts {
                    *encoding = code_page(u16_at(data, 0)?);
                }
            }
            kind::DATE_1904 if u16_at(data, 0)? == 1 => self.epoch = Epoch::Year1904,
            kind::SHEET if self.sheets.len() < MAX_SHEETS => {
                let count = usize::from(*data.get(6)?);
                self.sheets.push(Place {
                    offset: u32_at(data, 0)? as usize,
                    name: text(data.get(7..)?, count, self.texts)?,
                    visibility: Visibility::hidden_if(data.get(4)? & 3 != 0),
                });
            }
            kind::FONT if self.fonts.len() < MAX_LOOKS => self.fonts.push(Style {
                bold: u16_at(data, 6)? >= BOLD_WEIGHT,
                struck: u16_at(data, 2)? & 0x0008 != 0,
                hidden: false,
            }),
            kind::LOOK if self.looks.len() < MAX_LOOKS => {
                self.looks.push((u16_at(data, 0)?, u16_at(data, 2)?));
            }
            kind::FORMAT if self.formats.len() < MAX_LOOKS => {
                let code = match self.texts {
                    Texts::Unicode => text(data.get(4..)?, usize::from(u16_at(data, 2)?), self.texts)?,
                    Texts::CodePage(_) => text(data.get(3..)?, usize::from(*data.get(2)?), self.texts)?,
                };
                self.formats.insert(u16_at(data, 0)?, number::parse(&code));
            }
            _ => {}
        }
        Some(())
    }

    fn shared_texts(&self, stream: &[u8], first: Record<'_>) -> Vec<Rich> {
        let mut parts = vec![first.data];
        let mut at = first.next;
        while let Some(more) = record(stream, at).filter(|r| r.kind == CONTINUE) {
            parts.push(more.data);
            at = more.next;
        }
        shared(parts, MAX_TEXTS, &|font| self.font(font))
    }

    fn font(&self, number: u16) -> Style {
        let index = if number > NO_FONT { number - 1 } else { number };
        self.fonts.get(usize::from(index)).copied().unwrap_or_default()
    }

    fn style(&self, look: u16) -> Style {
        let font = self.looks.get(usize::from(look)).map_or(0, |(font, _)| *font);
        self.font(font)
    }

    fn show(&self, number: f64, look: u16) -> String {
        let id = self.looks.get(usize::from(look)).map_or(0, |(_, format)| *format);
        match self.formats.get(&id) {
            Some(format) => number::show(number, format, self.epoch),
            None => number::show(number, &number::built_in(id), self.epoch),
        }
    }
}

struct Cells<'c> {
    globals: &'c Globals,
    sheet: &'c mut Sheet,
    room: &'c mut Room,
    /// The cell of a formula whose text the next record holds.
    formula: Option<(u16, u16, u16)>,
}

impl Cells<'_> {
    /// Reads the records of a sheet; `left` is how many may still be read.
    fn read(mut self, stream: &[u8], offset: usize, left: &mut usize) {
        // Charts in the sheet have records of their own between a beginning and an end.
        let mut depth = 0_usize;
        let mut at = offset;
        while *left > 0
            && !self.room.is_cut
            && let Some(found) = record(stream, at)
        {
            *left -= 1;
            at = found.next;
            match found.kind {
                kind::BEGIN => depth += 1,
                kind::END if depth <= 1 => break,
                kind::END => depth -= 1,
                _ if depth <= 1 => {
                    let _ = self.take(found);
                }
                _ => {}
            }
        }
    }

    fn take(&mut self, found: Record<'_>) -> Option<()> {
        let data = found.data;
        match found.kind {
            kind::MERGED => self.merged(data),
            kind::COLUMNS if u16_at(data, 8)? & 1 != 0 => {
                self.sheet
                    .hide_columns(u16_at(data, 0)?.into(), u16_at(data, 2)?.into());
                Some(())
            }
            kind::ROW if u16_at(data, 12)? & 0x20 != 0 => {
                self.sheet.hide_row(u16_at(data, 0)?.into());
                Some(())
            }
            kind::STRING => {
                let (row, column, look) = self.formula.take()?;
                let text = self.counted(data, 0)?;
                self.put(row, column, look, text);
                Some(())
            }
            _ => self.cell(found),
        }
    }

    /// A record that begins with row, column and look.
    fn cell(&mut self, found: Record<'_>) -> Option<()> {
        let data = found.data;
        let (row, column, look) = (u16_at(data, 0)?, u16_at(data, 2)?, u16_at(data, 4)?);
        match found.kind {
            kind::SHARED_LABEL => {
                let text = self.globals.shared.get(u32_at(data, 6)? as usize)?;
                if self.room.fits(text) {
                    let text = with_style(text.clone(), self.globals.style(look));
                    self.sheet.put(row.into(), column.into(), text, self.room);
                }
            }
            kind::LABEL | kind::RICH_LABEL => {
                let text = self.counted(data, 6)?;
                self.put(row, column, look, text);
            }
            kind::NUMBER => self.number(row, column, look, f64_at(data, 6)?),
            kind::RK => self.number(row, column, look, rk(u32_at(data, 6)?)),
            kind::MANY_RK => {
                let count = data.len().saturating_sub(6) / 6;
                for index in 0..count {
                    let at = 4 + index * 6;
                    let column = column.checked_add(u16::try_from(index).ok()?)?;
                    self.number(row, column, u16_at(data, at)?, rk(u32_at(data, at + 2)?));
                }
            }
            kind::TRUTH => {
                let code = *data.get(6)?;
                let text = if *data.get(7)? == 0 {
                    truth(code)
                } else {
                    error(code)
                };
                self.put(row, column, look, text.to_owned());
            }
            kind::FORMULA if u16_at(data, 12)? == 0xFFFF => match *data.get(6)? {
                0 => self.formula = Some((row, column, look)),
                1 => self.put(row, column, look, truth(*data.get(8)?).to_owned()),
                2 => self.put(row, column, look, error(*data.get(8)?).to_owned()),
                _ => {}
            },
            kind::FORMULA => self.number(row, column, look, f64_at(data, 6)?),
            _ => {}
        }
        Some(())
    }

    /// A text with its count before it.
    fn counted(&self, data: &[u8], at: usize) -> Option<String> {
        let count = usize::from(u16_at(data, at)?);
        text(data.get(at + 2..)?, count, self.globals.texts)
    }

    fn number(&mut self, row: u16, column: u16, look: u16, number: f64) {
        let text = self.globals.show(number, look);
        self.put(row, column, look, text);
    }

    fn put(&mut self, row: u16, column: u16, look: u16, text: String) {
        let text = vec![(text, self.globals.style(look))];
        self.sheet.put(row.into(), column.into(), text, self.room);
    }

    fn merged(&mut self, data: &[u8]) -> Option<()> {
        for range in data.get(2..)?.chunks_exact(8) {
            self.sheet.merge(Merged {
                first_row: u16_at(range, 0)?.into(),
                last_row: u16_at(range, 2)?.into(),
                first_column: u16_at(range, 4)?.into(),
                last_column: u16_at(range, 6)?.into(),
            });
        }
        Some(())
    }
}

fn truth(code: u8) -> &'static str {
    if code == 0 { "FALSE" } else { "TRUE" }
}

/// `BErr` ([MS-XLS] section 2.5.10).
fn error(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}

/// A number in 30 bits ([MS-XLS] section 2.5.217): the upper half of a double or an integer, perhaps to be
/// divided by a hundred.
fn rk(bits: u32) -> f64 {
    let number = if bits & 2 == 0 {
        f64::from_bits(u64::from(bits & !3) << 32)
    } else {
        f64::from(bits.cast_signed() >> 2)
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}
