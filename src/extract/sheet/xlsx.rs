//! Workbooks of Office Open XML (ECMA-376 part 1 section 18).

use super::super::ReadLimits;
use super::super::container::{Container, ContainerError};
use super::super::xml::{Tag, Xml, read as read_xml};
use super::grid::{MAX_SHEETS, Merged, Rich, Room, Sheet, Visibility, with_style};
use super::looks::{Looks, TextReader, is_on, texts};
use super::number::{self, Epoch};
use super::{SheetError, Workbook};
use std::collections::HashSet;

/// Most relations of a part.
const MAX_RELATIONS: usize = 10_000;
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: u32 = 16_384;

/// Some member of the package is a workbook's.
pub(super) fn is_one(bytes: &[u8], limits: &ReadLimits) -> bool {
    Container::open(bytes, limits)
        .is_ok_and(|container| container.names().iter().any(|name| name.starts_with("xl/")))
}

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Workbook, SheetError> {
    let mut container = Container::open(bytes, limits)?;
    let main = main_part(&mut container);
    if main.ends_with(".bin") {
        return Err(SheetError::Binary);
    }
    let (folder, file) = main.rsplit_once('/').unwrap_or(("", &main));
    let index = Index::read(&container.read(&main)?)?;
    let relations = match container.read(&format!("{folder}/_rels/{file}.rels")) {
        Ok(bytes) => relations(&bytes, folder),
        Err(ContainerError::Missing) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut part = |kind: &str| match relations.iter().find(|r| r.kind.ends_with(kind)) {
        Some(relation) => match container.read(&relation.target) {
            Ok(bytes) => Ok(bytes),
            Err(ContainerError::Missing) => Ok(Vec::new()),
            Err(error) => Err(error),
        },
        None => Ok(Vec::new()),
    };
    let looks = Looks::read(&part("/styles")?);
    let texts = texts(&part("/sharedStrings")?);
    let mut workbook = Workbook::default();
    let mut room = Room::new(limits);
    let mut seen = HashSet::new();
    for (name, id, visibility) in index.sheets {
        let Some(relation) = relations.iter().find(|r| r.id == id) else {
            continue;
        };
        // Charts have sheets of their own.
        if !relation.kind.ends_with("/worksheet") || !seen.insert(&relation.target) {
            continue;
        }
        let content = match container.read(&relation.target) {
            Ok(content) => content,
            // The sheets before it are kept.
            Err(error) => {
                workbook.problem = workbook.problem.or(Some(error.into()));
                continue;
            }
        };
        let mut walker = Walker {
            looks: &looks,
            texts: &texts,
            epoch: index.epoch,
            sheet: Sheet::new(name, visibility),
            room: &mut room,
            place: (0, 0),
            next_row: 0,
            cell: None,
        };
        let result = read_xml(&content, |event| walker.event(event));
        workbook.sheets.push(walker.sheet);
        if let Err(problem) = result {
            workbook.problem = workbook.problem.or(Some(problem.into()));
        }
    }
    workbook.is_cut = room.is_cut;
    Ok(workbook)
}

/// The part that the package names as the workbook.
fn main_part(container: &mut Container<'_>) -> String {
    let named = container.read("_rels/.rels").ok().and_then(|bytes| {
        relations(&bytes, "")
            .into_iter()
            .find(|relation| relation.kind.ends_with("/officeDocument"))
    });
    let names = container.names();
    let found = named
        .map(|relation| relation.target)
        .filter(|t| names.contains(t));
    let binary = || names.iter().find(|name| *name == "xl/workbook.bin").cloned();
    found
        .or_else(binary)
        .unwrap_or_else(|| "xl/workbook.xml".to_owned())
}

struct Relation {
    id: String,
    kind: String,
    target: String,
}

fn relations(bytes: &[u8], folder: &str) -> Vec<Relation> {
    let mut found = Vec::new();
    let _ = read_xml(bytes, |event| {
        if let Xml::Start(tag) = event
            && tag.name() == "Relationship"
            && found.len() < MAX_RELATIONS
            && let (Some(id), Some(kind), Some(target)) = (
                tag.attribute("Id"),
                tag.attribute("Type"),
                tag.attribute("Target"),
            )
        {
            let target = match target.strip_prefix('/') {
                Some(from_root) => from_root.to_owned(),
                None if folder.is_empty() => target,
                None => format!("{folder}/{target}"),
            };
            found.push(Relation { id, kind, target });
        }
    });
    found
}

/// What the workbook's own part says.
#[derive(Default)]
struct Index {
    epoch: Epoch,
    /// Name and relation.
    sheets: Vec<(String, String, Visibility)>,
}

impl Index {
    fn read(bytes: &[u8]) -> Result<Self, SheetError> {
        let mut index = Self::default();
        read_xml(bytes, |event| {
            let Xml::Start(tag) = event else {
                return;
            };
            match tag.name() {
                "workbookPr" if is_on(tag.attribute("date1904")) => index.epoch = Epoch::Year1904,
                "sheet" if index.sheets.len() < MAX_SHEETS => {
                    let is_hidden = tag.attribute("state").is_some_and(|state| state != "visible");
                    let visibility = Visibility::hidden_if(is_hidden);
                    if let Some(id) = tag.attribute("id") {
                        index
                            .sheets
                            .push((tag.attribute("name").unwrap_or_default(), id, visibility));
                    }
                }
                _ => {}
            }
        })?;
        Ok(index)
    }
}

/// The cell being read.
#[derive(Default)]
struct Cell {
    kind: String,
    look: usize,
    value: String,
    in_value: bool,
    inline: TextReader,
}

struct Walker<'w> {
    looks: &'w Looks,
    texts: &'w [Rich],
    epoch: Epoch,
    sheet: Sheet,
    room: &'w mut Room,
    /// Row and column of the next cell without an address.
    place: (u32, u32),
    next_row: u32,
    cell: Option<Cell>,
}

impl Walker<'_> {
    fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Start(tag) if self.cell.is_none() => self.start(&tag),
            Xml::End(name) if name == "c" => self.end_cell(),
            event => {
                let Some(cell) = &mut self.cell else {
                    return;
                };
                match &event {
                    Xml::Start(tag) if tag.name() == "v" => cell.in_value = true,
                    Xml::End(name) if name == "v" => cell.in_value = false,
                    Xml::Text(text) if cell.in_value => cell.value.push_str(text),
                    event => cell.inline.event(event),
                }
            }
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        let number = |name: &str| tag.attribute(name).and_then(|n| n.parse::<u32>().ok());
        match tag.name() {
            "row" => {
                let row = number("r")
                    .map_or(self.next_row, |r| r.saturating_sub(1))
                    .min(MAX_ROWS);
                self.place = (row, 0);
                self.next_row = row + 1;
                if is_on(tag.attribute("hidden")) {
                    self.sheet.hide_row(row);
                }
            }
            "c" => {
                if let Some(place) = tag.attribute("r").and_then(|r| address(&r)) {
                    self.place = place;
                }
                self.cell = Some(Cell {
                    kind: tag.attribute("t").unwrap_or_default(),
                    look: number("s").unwrap_or(0) as usize,
                    ..Cell::default()
                });
            }
            "col" if is_on(tag.attribute("hidden")) => {
                if let Some((first, last)) = number("min").zip(number("max")) {
                    self.sheet
                        .hide_columns(first.saturating_sub(1), last.saturating_sub(1));
                }
            }
            "mergeCell" => {
                let range = tag.attribute("ref").unwrap_or_default();
                let corners = range
                    .split_once(':')
                    .and_then(|(a, b)| address(a).zip(address(b)));
                if let Some((first, last)) = corners {
                    self.sheet.merge(Merged {
                        first_row: first.0,
                        last_row: last.0,
                        first_column: first.1,
                        last_column: last.1,
                    });
                }
            }
            _ => {}
        }
    }

    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else {
            return;
        };
        let (row, column) = self.place;
        self.place.1 = column + 1;
        if self.room.is_cut {
            return;
        }
        let text = self.shown(cell);
        self.sheet.put(row, column, text, self.room);
    }

    /// The text that a cell shows.
    fn shown(&mut self, cell: Cell) -> Rich {
        let style = self.looks.style(cell.look);
        let plain = |text: String| vec![(text, style)];
        match cell.kind.as_str() {
            "s" => {
                let index = cell.value.trim().parse::<usize>().ok();
                match index.and_then(|i| self.texts.get(i)) {
                    Some(text) if self.room.fits(text) => with_style(text.clone(), style),
                    Some(_) | None => Rich::new(),
                }
            }
            "inlineStr" => with_style(cell.inline.text, style),
            "b" => plain(if is_on(Some(cell.value)) { "TRUE" } else { "FALSE" }.to_owned()),
            "str" | "e" => plain(cell.value),
            "d" => plain(cell.value.replace('T', " ")),
            _ => match cell.value.trim().parse::<f64>() {
                Ok(number) => plain(number::show(number, &self.looks.format(cell.look), self.epoch)),
                Err(_) => plain(cell.value),
            },
        }
    }
}

/// Row and column of an address, from 0.
fn address(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().replace('$', "");
    let letters = text.chars().take_while(char::is_ascii_alphabetic).count();
    let (letters, digits) = text.split_at_checked(letters)?;
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let place = u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        column = column.checked_mul(26)?.checked_add(place)?;
    }
    let row = digits.parse::<u32>().ok()?;
    let is_place = (1..=MAX_COLUMNS).contains(&column) && (1..=MAX_ROWS).contains(&row);
    is_place.then(|| (row - 1, column - 1))
}
