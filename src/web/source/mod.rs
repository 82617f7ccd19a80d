//! The source of a draft beside its fields: texts, tables, ticks and headings as they stand, with the evidence marked.
//!
//! Pure. Markup stands in fixed texts of ours ([`Piece::Markup`] takes no other); everything out of a mail is text that the
//! template escapes.

mod blocks;
mod marks;

use super::draft::Quote;
use super::words;
use crate::domain::{AttachmentRow, Evidence, Excerpt, Source, SourcePiece};
use blocks::Lines;

/// One step of writing a source down.
pub(super) enum Piece {
    /// Markup.
    Markup(&'static str),
    /// A cell begins.
    Cell(CellPiece),
    /// Text.
    Run(Run),
    /// Text from which a value was read.
    Mark(Mark),
    /// A line to come, by its place among [`Lines`].
    Line(usize),
}

/// How a cell begins.
pub(super) struct CellPiece {
    pub(super) is_header: bool,
    pub(super) columns: u16,
    pub(super) rows: u16,
}

/// Text in one look.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) look: Look,
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Bold,
    Struck,
    Ticked,
    Unticked,
    /// A prompt that nobody answered.
    Prompt,
    /// What readers of the mail do not see.
    Hidden,
}

/// Text from which values were read.
pub(super) struct Mark {
    /// Numbers of the quotes that begin here; none where the text goes on from the line before.
    pub(super) quotes: Vec<usize>,
    pub(super) runs: Vec<Run>,
    /// Rows of the fields that were read here, each with its label.
    pub(super) fields: Vec<(usize, &'static str)>,
}

/// An attachment with what was read of it.
pub(super) struct FileSource {
    pub(super) name: String,
    pub(super) read: &'static str,
    pub(super) reason: String,
    pub(super) is_recognised: bool,
    pub(super) pieces: Vec<Piece>,
}

/// A source, laid out.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) mail: Vec<Piece>,
    pub(super) files: Vec<FileSource>,
}

/// Lays a source out. What a quote says of its places is written into `quotes`.
pub(super) fn lay_out(
    source: &Source,
    attachments: &[AttachmentRow],
    evidence: &[Evidence],
    quotes: &mut [Quote],
) -> Layout {
    let mut lines = Lines::default();
    let mut mail = Vec::new();
    let mut read: Vec<(&Excerpt, Vec<Piece>)> = Vec::new();
    for (at, piece) in source.pieces.iter().enumerate() {
        match piece {
            SourcePiece::Mail(head) => {
                let text = part_of_mail(source.pieces.get(at + 1..).unwrap_or_default());
                blocks::write_head(head, text, &mut lines, &mut mail);
            }
            SourcePiece::Text(text) => blocks::write(text, &mut lines, &mut mail),
            SourcePiece::File(file) => {
                let mut pieces = Vec::new();
                blocks::write(file, &mut lines, &mut pieces);
                read.push((file, pieces));
            }
        }
    }
    let mut marked = marks::mark(&lines, evidence, quotes);
    let mut files: Vec<FileSource> = Vec::new();
    for row in attachments {
        let at = read.iter().position(|(file, _)| file.document.part == row.part);
        files.push(file_source(row, at.map(|at| read.remove(at))));
    }
    let mut expand = |pieces: &mut Vec<Piece>| {
        let written = std::mem::take(pieces);
        *pieces = written
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Line(at) => marked.get_mut(at).map(std::mem::take).unwrap_or_default(),
                Piece::Markup(_) | Piece::Cell(_) | Piece::Run(_) | Piece::Mark(_) => {
                    vec![piece]
                }
            })
            .collect();
    };
    expand(&mut mail);
    files.iter_mut().for_each(|file| expand(&mut file.pieces));
    Layout { mail, files }
}

/// The part of the text of a mail: evidence names some of what was read in its header by it.
fn part_of_mail(after_head: &[SourcePiece]) -> &str {
    match after_head.first() {
        Some(SourcePiece::Text(text)) => &text.document.part,
        Some(SourcePiece::Mail(_) | SourcePiece::File(_)) | None => "",
    }
}

fn file_source(row: &AttachmentRow, read: Option<(&Excerpt, Vec<Piece>)>) -> FileSource {
    let is_recognised = read.as_ref().is_some_and(|(file, _)| file.document.recognised);
    FileSource {
        name: row.filename.clone().unwrap_or_else(|| row.media_type.clone()),
        read: words::read_status(row.read),
        reason: row.reason.clone().unwrap_or_default(),
        is_recognised,
        pieces: read.map(|(_, pieces)| pieces).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
