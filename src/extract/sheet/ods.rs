//! Sheets of OpenDocument (ODF 1.3 part 3 section 9).

use super::super::ReadLimits;
use super::super::opendocument::{Family, Look, Package, Styles};
use super::super::xml::{Tag, Xml, read as read_xml};
use super::grid::{MAX_SHEETS, Merged, Rich, Room, Sheet, Visibility};
use super::{SheetError, Workbook};

const MAX_BLANKS: usize = 200;

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Workbook, SheetError> {
    let is_package = bytes.starts_with(b"PK");
    if !is_package && !bytes.trim_ascii_start().starts_with(b"<") {
        return Err(SheetError::Damaged);
    }
    let package = Package::open(bytes, limits).map_err(SheetError::Package)?;
    let mut styles = Styles::default();
    if let Some(bytes) = &package.styles {
        styles.add(bytes);
    }
    styles.add(&package.content);
    let mut room = Room::new(limits);
    let mut walker = Walker {
        styles: &styles,
        workbook: Workbook::default(),
        room: &mut room,
        skipped: 0,
        is_full: false,
        row: 0,
        row_repeats: 1,
        row_cells: Vec::new(),
        column: 0,
        next_column: 0,
        cell: None,
    };
    let result = read_xml(&package.content, |event| walker.event(event));
    let mut workbook = walker.workbook;
    workbook.is_cut = room.is_cut;
    workbook.problem = result.err().map(Into::into);
    Ok(workbook)
}

/// The cell being read.
struct Cell {
    text: Rich,
    /// The looks of the cell and of the runs in it that are open.
    looks: Vec<Look>,
    /// What the cell holds where it shows something else: a date.
    value: Option<String>,
    repeats: u32,
    paragraphs: usize,
    in_paragraph: usize,
}

struct Walker<'w> {
    styles: &'w Styles,
    workbook: Workbook,
    room: &'w mut Room,
    /// Elements inside one that is passed over, itself included.
    skipped: usize,
    is_full: bool,
    row: u32,
    row_repeats: u32,
    /// Texts of the row being read, with their columns and how often they are repeated.
    row_cells: Vec<(u32, u32, Rich)>,
    /// Column of the cell being read.
    column: u32,
    /// Number of the next column whose properties are told.
    next_column: u32,
    cell: Option<Cell>,
}

impl Walker<'_> {
    fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Start(_) if self.skipped > 0 => self.skipped += 1,
            Xml::End(_) if self.skipped > 0 => self.skipped -= 1,
            Xml::Start(tag) => self.start(&tag),
            Xml::End(name) => self.end(&name),
            Xml::Text(_) if self.skipped > 0 => {}
            Xml::Text(text) => {
                if let Some(cell) = self.cell.as_mut().filter(|cell| cell.in_paragraph > 0) {
                    cell.push(&text.replace(['\n', '\r', '\t'], " "));
                }
            }
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        if let Some(cell) = &mut self.cell {
            return cell.element(tag, self.styles, &mut self.skipped);
        }
        let repeated = |name: &str| {
            let claimed = tag.attribute(name).and_then(|n| n.parse::<u32>().ok());
            claimed.unwrap_or(1).max(1)
        };
        match tag.name() {
            "tracked-changes" | "forms" | "shapes" | "content-validations" => self.skipped = 1,
            "table" => self.start_sheet(tag),
            "table-column" => {
                let count = repeated("number-columns-repeated");
                let next = self.next_column.saturating_add(count);
                if is_collapsed(tag)
                    && let Some(sheet) = self.workbook.sheets.last_mut()
                {
                    sheet.hide_columns(self.next_column, next - 1);
                }
                self.next_column = next;
            }
            "table-row" => {
                self.column = 0;
                self.row_repeats = repeated("number-rows-repeated");
                if is_collapsed(tag)
                    && let Some(sheet) = self.workbook.sheets.last_mut()
                {
                    sheet.hide_row(self.row);
                }
            }
            "covered-table-cell" => {
                let count = repeated("number-columns-repeated");
                self.column = self.column.saturating_add(count);
                self.skipped = 1;
            }
            "table-cell" => self.start_cell(tag, repeated("number-columns-repeated")),
            _ => {}
        }
    }

    fn start_sheet(&mut self, tag: &Tag<'_>) {
        self.is_full = self.workbook.sheets.len() >= MAX_SHEETS;
        if self.is_full {
            self.room.is_cut = true;
            self.skipped = 1;
            return;
        }
        let style = tag.attribute("style-name").unwrap_or_default();
        let name = tag.attribute("name").unwrap_or_default();
        let visibility = Visibility::hidden_if(self.styles.is_hidden_table(&style));
        self.workbook.sheets.push(Sheet::new(name, visibility));
        self.row = 0;
        self.next_column = 0;
    }

    fn start_cell(&mut self, tag: &Tag<'_>, repeats: u32) {
        let number = |name: &str| {
            tag.attribute(name)
                .and_then(|n| n.parse::<u32>().ok())
                .unwrap_or(1)
        };
        let columns = number("number-columns-spanned").max(1);
        let rows = number("number-rows-spanned").max(1);
        if columns > 1 || rows > 1 {
            let merged = Merged {
                first_row: self.row,
                last_row: self.row.saturating_add(rows - 1),
                first_column: self.column,
                last_column: self.column.saturating_add(columns - 1),
            };
            if let Some(sheet) = self.workbook.sheets.last_mut() {
                sheet.merge(merged);
            }
        }
        let style = tag.attribute("style-name").unwrap_or_default();
        self.cell = Some(Cell {
            text: Rich::new(),
            looks: vec![self.styles.over(&Look::default(), Family::Cell, &style)],
            value: tag
                .attribute("date-value")
                .map(|date| date.replace('T', " ").trim_end_matches(" 00:00:00").to_owned()),
            repeats,
            paragraphs: 0,
            in_paragraph: 0,
        });
    }

    fn end(&mut self, name: &str) {
        if let Some(cell) = &mut self.cell {
            match name {
                "span" if cell.looks.len() > 1 => {
                    cell.looks.pop();
                }
                "p" | "h" => cell.in_paragraph = cell.in_paragraph.saturating_sub(1),
                "table-cell" => self.end_cell(),
                _ => {}
            }
            return;
        }
        if name == "table-row" {
            self.end_row();
        }
    }

    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else {
            return;
        };
        let repeats = cell.repeats;
        let text = match (cell.value, cell.text.first()) {
            (Some(value), Some((_, style))) => vec![(value, *style)],
            (None, _) | (_, None) => cell.text,
        };
        if text.iter().any(|(piece, _)| !piece.trim().is_empty()) {
            self.row_cells.push((self.column, repeats, text));
        }
        self.column = self.column.saturating_add(repeats);
    }

    fn end_row(&mut self) {
        let cells = std::mem::take(&mut self.row_cells);
        if let Some(sheet) = self.workbook.sheets.last_mut()
            && !cells.is_empty()
        {
            put_row(sheet, self.row, self.row_repeats, &cells, self.room);
        }
        self.row = self.row.saturating_add(self.row_repeats);
    }
}

/// Puts the cells of a row, as often as they are repeated and there is room for.
fn put_row(sheet: &mut Sheet, row: u32, repeats: u32, cells: &[(u32, u32, Rich)], room: &mut Room) {
    let repeated = |first: u32, repeats: u32| (0..repeats).map(move |n| first.saturating_add(n));
    for row in repeated(row, repeats) {
        for (column, repeats, text) in cells {
            for column in repeated(*column, *repeats) {
                if !room.fits(text) {
                    return;
                }
                sheet.put(row, column, text.clone(), room);
            }
        }
    }
}

impl Cell {
    fn push(&mut self, text: &str) {
        let style = self.looks.last().map(|look| look.style).unwrap_or_default();
        match self.text.last_mut() {
            Some((before, s)) if *s == style => before.push_str(text),
            Some(_) | None => self.text.push((text.to_owned(), style)),
        }
    }

    fn element(&mut self, tag: &Tag<'_>, styles: &Styles, skipped: &mut usize) {
        match tag.name() {
            // Comments, drawings and tables inside are not what the cell shows.
            "annotation" | "detective" | "frame" | "object" | "table" | "control" => *skipped = 1,
            "p" | "h" => {
                if self.paragraphs > 0 {
                    self.push("\n");
                }
                self.paragraphs += 1;
                self.in_paragraph += 1;
            }
            "span" => {
                let name = tag.attribute("style-name").unwrap_or_default();
                let look = self.looks.last().cloned().unwrap_or_default();
                self.looks.push(styles.over(&look, Family::Text, &name));
            }
            "s" => {
                let count = tag.attribute("c").and_then(|c| c.parse::<usize>().ok());
                self.push(&" ".repeat(count.unwrap_or(1).min(MAX_BLANKS)));
            }
            "tab" => self.push("\t"),
            "line-break" => self.push("\n"),
            _ => {}
        }
    }
}

fn is_collapsed(tag: &Tag<'_>) -> bool {
    tag.attribute("visibility").is_some_and(|v| v != "visible")
}
