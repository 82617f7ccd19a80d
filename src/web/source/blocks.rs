//! Blocks as pieces of a page; the lines of text are numbered, to be marked and filled in afterwards.

use super::{CellPiece, Look, Piece, Run};
use crate::domain::{Block, Excerpt, FieldValue, FormField, Inline, SourceHead, Table};

/// The end of what is shown of a text or file.
const CUT: &str =
    "<p class=\"app-doc__cut\">The rest is longer than this page shows. Open the mail itself to read it.</p>";

/// A line of text.
pub(super) struct Line {
    /// MIME part numbers by which evidence names it.
    pub(super) parts: Vec<String>,
    pub(super) runs: Vec<Run>,
}

/// Every line in reading order.
#[derive(Default)]
pub(super) struct Lines(pub(super) Vec<Line>);

/// Writes a text or file down.
pub(super) fn write(excerpt: &Excerpt, lines: &mut Lines, out: &mut Vec<Piece>) {
    let document = &excerpt.document;
    let mut writer = Writer {
        parts: vec![document.part.clone()],
        lines,
        out,
    };
    writer
        .out
        .push(Piece::Markup("<div class=\"app-doc\" dir=\"auto\">"));
    writer.blocks(&document.blocks);
    writer.fields(&document.fields);
    if excerpt.is_cut {
        writer.out.push(Piece::Markup(CUT));
    }
    writer.out.push(Piece::Markup("</div>"));
}

/// Writes down who wrote a mail, to whom, when and about what.
/// `text` is the part of the text that follows.
pub(super) fn write_head(head: &SourceHead, text: &str, lines: &mut Lines, out: &mut Vec<Piece>) {
    let mut parts = vec![head.part.clone(), text.to_owned()];
    parts.dedup();
    let mut writer = Writer { parts, lines, out };
    let rows = [
        ("From:", &head.from),
        ("To:", &head.to),
        ("Date:", &head.date),
        ("Subject:", &head.subject),
    ];
    let rows: Vec<_> = rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    if rows.is_empty() {
        return;
    }
    writer.markup("<dl class=\"app-head\">");
    for (name, value) in rows {
        writer.runs("<dt>", vec![plain(name)], "</dt>");
        writer.runs("<dd><bdi>", vec![plain(value)], "</bdi></dd>");
    }
    writer.markup("</dl>");
}

struct Writer<'a> {
    parts: Vec<String>,
    lines: &'a mut Lines,
    out: &'a mut Vec<Piece>,
}

impl Writer<'_> {
    fn markup(&mut self, markup: &'static str) {
        self.out.push(Piece::Markup(markup));
    }

    fn line(&mut self, before: &'static str, line: &[Inline], after: &'static str) {
        self.runs(before, line.iter().map(run).collect(), after);
    }

    fn runs(&mut self, before: &'static str, runs: Vec<Run>, after: &'static str) {
        self.markup(before);
        self.out.push(Piece::Line(self.lines.0.len()));
        self.lines.0.push(Line {
            parts: self.parts.clone(),
            runs,
        });
        self.markup(after);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        let mut in_list = false;
        for block in blocks {
            let is_item = matches!(block, Block::ListItem { .. });
            if is_item != in_list {
                self.markup(if is_item { "<ul>" } else { "</ul>" });
                in_list = is_item;
            }
            match block {
                Block::Heading { text, .. } => self.line("<h4>", text, "</h4>"),
                Block::Paragraph { text, .. } => self.line("<p>", text, "</p>"),
                Block::ListItem { text, .. } => self.line("<li>", text, "</li>"),
                Block::Definition { term, value } => {
                    self.line("<p><b>", term, "</b> ");
                    self.line("", value, "</p>");
                }
                Block::Table(table) => self.table(table),
                Block::Quote(inner) => {
                    self.markup("<blockquote>");
                    self.blocks(inner);
                    self.markup("</blockquote>");
                }
                Block::Rule => self.markup("<hr>"),
            }
        }
        if in_list {
            self.markup("</ul>");
        }
    }

    fn table(&mut self, table: &Table) {
        self.markup("<table>");
        for row in &table.rows {
            self.markup("<tr>");
            for cell in &row.cells {
                self.out.push(Piece::Cell(CellPiece {
                    is_header: cell.header,
                    columns: cell.columns,
                    rows: cell.rows,
                }));
                match cell.blocks.as_slice() {
                    [Block::Paragraph { text, .. }] => self.line("", text, ""),
                    blocks => self.blocks(blocks),
                }
                self.markup(if cell.header { "</th>" } else { "</td>" });
            }
            self.markup("</tr>");
        }
        self.markup("</table>");
    }

    /// Form fields of a PDF: what the document calls them, and what was filled in.
    fn fields(&mut self, fields: &[FormField]) {
        if fields.is_empty() {
            return;
        }
        self.markup("<h4>Form fields</h4><table>");
        for field in fields {
            let label = field.label.as_ref().unwrap_or(&field.name);
            self.runs("<tr><th scope=\"row\">", vec![plain(label)], "</th>");
            let value = match &field.value {
                FieldValue::Text(text) => plain(text),
                FieldValue::Choice(chosen) => plain(&chosen.join("\n")),
                FieldValue::Tick(is_set) => tick(*is_set),
                FieldValue::Blank => plain(""),
            };
            self.runs("<td>", vec![value], "</td></tr>");
        }
        self.markup("</table>");
    }
}

fn plain(text: &str) -> Run {
    Run {
        text: text.to_owned(),
        look: Look::Plain,
    }
}

fn tick(is_set: bool) -> Run {
    let (text, look) = match is_set {
        true => ("\u{2612}", Look::Ticked),
        false => ("\u{2610}", Look::Unticked),
    };
    Run {
        text: text.to_owned(),
        look,
    }
}

fn run(piece: &Inline) -> Run {
    let (text, look) = match piece {
        Inline::Text {
            text, struck: true, ..
        } => (text.as_str(), Look::Struck),
        Inline::Text {
            text,
            bold: true,
            struck: false,
        } => (text.as_str(), Look::Bold),
        Inline::Text {
            text,
            bold: false,
            struck: false,
        }
        | Inline::Answer {
            text,
            placeholder: false,
        } => (text.as_str(), Look::Plain),
        Inline::Answer {
            text,
            placeholder: true,
        } => (text.as_str(), Look::Prompt),
        Inline::Hidden { text } => (text.as_str(), Look::Hidden),
        Inline::Tick { checked } => return tick(*checked),
        Inline::Break => ("\n", Look::Plain),
    };
    Run {
        text: text.to_owned(),
        look,
    }
}
