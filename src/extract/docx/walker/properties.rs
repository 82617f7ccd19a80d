//! Properties of paragraphs, runs, rows, cells and content controls.

use super::super::super::MAX_COLUMN_SPAN;
use super::super::super::builder::{CONTINUES_CELL_ABOVE, Kind};
use super::{Context, TINY_HALF_POINTS, Walker};
use crate::extract::xml::Tag;

impl Walker<'_, '_> {
    pub(super) fn paragraph_property(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "pStyle" => {
                let id = tag.val().unwrap_or_default();
                self.paragraph.bold = self.styles.is_bold(&id);
                self.paragraph.hidden = self.styles.is_hidden(&id);
                self.paragraph.struck = self.styles.is_struck(&id);
                if let Some(level) = self.styles.heading_level(&id) {
                    self.builder.set_kind(Kind::Heading(level));
                }
            }
            "outlineLvl" => {
                if let Some(level) = tag.val().and_then(|v| v.parse::<u8>().ok()).filter(|l| *l < 6) {
                    self.builder.set_kind(Kind::Heading(level + 1));
                }
            }
            "numId" if tag.val().is_none_or(|v| v != "0") => self.builder.set_list_item(),
            _ => {}
        }
    }

    pub(super) fn run_property(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            // In a paragraph's properties: its mark was taken out.
            "del" | "moveFrom" => self.joins_next |= self.is_paragraph_mark(),
            "b" => self.run.style.bold = tag.is_on(),
            "strike" | "dstrike" => self.run.style.struck = tag.is_on(),
            "vanish" => self.run.style.hidden = tag.is_on(),
            "sz" => {
                let size = tag.val().and_then(|v| v.parse::<u32>().ok());
                self.run.style.hidden |= size.is_some_and(|s| s <= TINY_HALF_POINTS);
            }
            "rStyle" => {
                let id = tag.val().unwrap_or_default();
                self.run.style.bold |= self.styles.is_bold(&id);
                self.run.style.hidden |= self.styles.is_hidden(&id);
                self.run.style.struck |= self.styles.is_struck(&id);
                self.run.is_placeholder = self.styles.is_placeholder(&id);
            }
            "rFonts" => {
                let font = ["ascii", "hAnsi", "cs"]
                    .iter()
                    .find_map(|name| tag.attribute(name));
                self.run.font = font;
            }
            _ => {}
        }
    }

    fn is_paragraph_mark(&self) -> bool {
        self.context.contains(&Context::ParagraphProperties)
    }

    pub(super) fn row_property(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "tblHeader" => self.is_header_row = tag.is_on(),
            "gridBefore" => {
                let columns = tag.val().and_then(|v| v.parse().ok()).unwrap_or(0);
                self.builder.skip_columns(MAX_COLUMN_SPAN.min(columns));
            }
            // A deleted row is passed over as text is: its whole change is accepted.
            "del" => self.is_row_deleted = true,
            _ => {}
        }
    }

    pub(super) fn cell_property(&mut self, tag: &Tag<'_>) {
        if tag.name() == "cellDel" {
            self.is_cell_deleted = true;
        }
        let Some(cell) = self.builder.cell_mut() else {
            return;
        };
        match tag.name() {
            "gridSpan" => {
                let columns = tag.val().and_then(|v| v.parse().ok()).unwrap_or(1);
                cell.columns = MAX_COLUMN_SPAN.min(columns).max(1);
            }
            "vMerge" if tag.val().is_none_or(|v| v != "restart") => cell.rows = CONTINUES_CELL_ABOVE,
            _ => {}
        }
    }

    pub(super) fn control_property(&mut self, tag: &Tag<'_>) {
        let Some(control) = self.controls.last_mut() else {
            return;
        };
        match tag.name() {
            "showingPlcHdr" => control.is_prompt = tag.is_on(),
            "checkbox" => control.checkbox = Some(control.checkbox.unwrap_or(false)),
            "checked" if control.checkbox.is_some() => control.checkbox = Some(tag.is_on()),
            "group"
            | "docPartObj"
            | "docPartList"
            | "repeatingSection"
            | "repeatingSectionItem"
            | "bibliography"
            | "citation" => control.is_transparent = true,
            _ => {}
        }
    }
}
