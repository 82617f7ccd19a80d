//! A document as a fresh Word file (ECMA-376 WordprocessingML), or as plain text: paragraphs and tables, nothing
//! else. No properties, comments, revisions, pictures or fonts of the original are in it.

use super::Span;
use super::layout::Layout;
use crate::domain::{Block, Cell, Document, FieldValue, Inline, Table};
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Media type of the fresh file.
pub(super) const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

const CONTENT_TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
    <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>\
    </Types>";
const RELATIONSHIPS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/>\
    </Relationships>";
const BEFORE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>";
const AFTER: &str = "<w:sectPr/></w:body></w:document>";
const TABLE: &str = "<w:tbl><w:tblPr><w:tblW w:w=\"0\" w:type=\"auto\"/><w:tblBorders>\
    <w:top w:val=\"single\" w:sz=\"4\"/><w:left w:val=\"single\" w:sz=\"4\"/><w:bottom w:val=\"single\" w:sz=\"4\"/>\
    <w:right w:val=\"single\" w:sz=\"4\"/><w:insideH w:val=\"single\" w:sz=\"4\"/><w:insideV w:val=\"single\" w:sz=\"4\"/>\
    </w:tblBorders></w:tblPr><w:tblGrid>";

/// Whether the document was a Word file of today's format.
pub(super) fn is_word(document: &Document) -> bool {
    let media_type = document.media_type.as_str();
    media_type == WORD
        || media_type.starts_with("application/vnd.openxmlformats-officedocument.wordprocessingml.")
}

/// The content of a document between the marks of a Word file. Hidden text and prompts are left out.
pub(super) fn layout(document: &Document) -> Layout {
    let mut layout = Layout::default();
    layout.mark(BEFORE);
    blocks(&mut layout, &document.blocks);
    layout.mark(AFTER);
    layout
}

/// The content of any document as plain text, its form fields after it.
pub(super) fn text(document: &Document) -> String {
    let mut layout = Layout::default();
    blocks(&mut layout, &document.blocks);
    for field in &document.fields {
        let value = match &field.value {
            FieldValue::Text(text) => text.clone(),
            FieldValue::Choice(chosen) => chosen.join(", "),
            FieldValue::Tick(true) => "☒".to_owned(),
            FieldValue::Tick(false) | FieldValue::Blank => continue,
        };
        let label = field.label.as_ref().unwrap_or(&field.name);
        layout.push(&format!("{label}: {value}\n"));
    }
    layout.text
}

/// The fresh file. `None` where it cannot be written.
pub(super) fn file(layout: &Layout, spans: &[Span]) -> Option<Vec<u8>> {
    let mut content = String::new();
    layout.write(spans, &mut content);
    // Stored as it is, so that the second pass reads it without a decompressor; always the same date.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONSHIPS),
        ("word/document.xml", content.as_str()),
    ] {
        zip.start_file(name, options).ok()?;
        zip.write_all(text.as_bytes()).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

/// The reader bounds the depth of blocks in blocks.
fn blocks(layout: &mut Layout, list: &[Block]) {
    for block in list {
        match block {
            Block::Heading { text, .. } => paragraph(layout, "<w:rPr><w:b/></w:rPr>", "", text),
            Block::Paragraph { text, .. } => paragraph(layout, "", "", text),
            Block::ListItem { text, .. } => paragraph(layout, "", "\u{2022} ", text),
            Block::Definition { term, value } => {
                paragraph(layout, "<w:rPr><w:b/></w:rPr>", "", term);
                paragraph(layout, "", "", value);
            }
            Block::Table(table) => rows(layout, table),
            Block::Rule => layout.mark("<w:p/>"),
            Block::Quote(inner) => blocks(layout, inner),
        }
    }
}

fn paragraph(layout: &mut Layout, look: &str, before: &str, line: &[Inline]) {
    layout.mark(format!("<w:p><w:r>{look}<w:t xml:space=\"preserve\">"));
    layout.push(before);
    for piece in line {
        match piece {
            Inline::Text { text, .. }
            | Inline::Answer {
                text,
                placeholder: false,
            } => layout.push(text),
            Inline::Tick { checked: true } => layout.push("☒"),
            Inline::Tick { checked: false } => layout.push("☐"),
            Inline::Break => {
                layout.mark("</w:t>");
                layout.part('\n');
                layout.mark("<w:br/><w:t xml:space=\"preserve\">");
            }
            Inline::Answer {
                placeholder: true, ..
            }
            | Inline::Hidden { .. } => {}
        }
    }
    layout.mark("</w:t></w:r></w:p>");
    layout.part('\n');
}

fn rows(layout: &mut Layout, table: &Table) {
    let width = |cells: &[Cell]| cells.iter().map(|cell| usize::from(cell.columns.max(1))).sum();
    let columns: usize = table.rows.iter().map(|row| width(&row.cells)).max().unwrap_or(0);
    if columns == 0 {
        return;
    }
    layout.mark(format!("{TABLE}{}</w:tblGrid>", "<w:gridCol/>".repeat(columns)));
    for row in table.rows.iter().filter(|row| !row.cells.is_empty()) {
        layout.mark("<w:tr>");
        for cell in &row.cells {
            let span = match cell.columns {
                0 | 1 => String::new(),
                columns => format!("<w:tcPr><w:gridSpan w:val=\"{columns}\"/></w:tcPr>"),
            };
            layout.mark(format!("<w:tc>{span}"));
            blocks(layout, &cell.blocks);
            // A cell must end with a paragraph.
            if !matches!(
                cell.blocks.last(),
                Some(Block::Paragraph { .. } | Block::Heading { .. } | Block::ListItem { .. })
            ) {
                layout.mark("<w:p/>");
            }
            layout.mark("</w:tc>");
        }
        layout.mark("</w:tr>");
    }
    layout.mark("</w:tbl><w:p/>");
    layout.part('\n');
}
