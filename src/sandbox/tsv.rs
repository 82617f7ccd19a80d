//! What tesseract recognised (its TSV output) to blocks.
//!
//! # Security
//! The program read foreign bytes and may have been taken over: the table is read strictly, within bounds, and
//! only words and their places are taken from it.

use crate::domain::{Block, Inline};

/// Longest table of one page, in bytes.
pub(super) const MAX_TABLE_BYTES: u64 = 8 * 1024 * 1024;
/// Most words of one page.
const MAX_WORDS: usize = 20_000;
/// Longest word, in bytes of UTF-8.
const MAX_WORD_BYTES: usize = 400;
/// Lines of a paragraph are at most so many tenths of a line's height apart: rows of a form are further apart.
const LINE_GAP_TENTHS: i64 = 5;
/// The table's first line (tesseract(1), `tsv`).
const COLUMNS: &str =
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext";
/// The level of words.
const WORD: i64 = 5;
/// Words that were recognised with less confidence (0 to 100) are smudges and rules.
const LEAST_CONFIDENCE: f64 = 20.0;
/// Words recognised with this confidence are most likely right; where fewer than half are, it is no text.
const FAIR_CONFIDENCE: f64 = 60.0;
/// A gap of so many tenths of the line's height stands between two columns.
const COLUMN_GAP_TENTHS: i64 = 15;

/// One word of the table.
struct Word<'t> {
    /// Block, paragraph, line.
    place: [i64; 3],
    left: i64,
    right: i64,
    top: i64,
    height: i64,
    confidence: f64,
    text: &'t str,
}

/// The paragraphs of one page, with tabs where a line has a wide gap; none where most words are guesses (a
/// photograph, a drawing). `None` where it is no such table.
pub(super) fn blocks(table: &[u8], page: u32) -> Option<Vec<Block>> {
    let table = std::str::from_utf8(table).ok()?;
    let mut lines = table.lines();
    if lines.next()? != COLUMNS {
        return None;
    }
    let mut words: Vec<Word<'_>> = Vec::new();
    for line in lines {
        if let Some(word) = row(line)? {
            if words.len() >= MAX_WORDS {
                return None;
            }
            words.push(word);
        }
    }
    let fair = words
        .iter()
        .filter(|word| word.confidence >= FAIR_CONFIDENCE)
        .count();
    if fair * 2 < words.len() {
        return Some(Vec::new());
    }
    let lines: Vec<Line> = words.chunk_by(|a, b| a.place == b.place).map(line).collect();
    Some(
        lines
            .chunk_by(|a, b| a.goes_on(b))
            .map(|lines| Block::Paragraph {
                text: paragraph(lines),
                page: Some(page),
            })
            .collect(),
    )
}

/// Words side by side.
struct Line {
    top: i64,
    height: i64,
    text: String,
}

impl Line {
    /// `next` is right below.
    fn goes_on(&self, next: &Self) -> bool {
        let gap = next.top - (self.top + self.height);
        next.top > self.top && gap * 10 <= self.height.min(next.height) * LINE_GAP_TENTHS
    }
}

/// One row of the table: a word worth taking, or none. `None` outside where it is no such row.
fn row(line: &str) -> Option<Option<Word<'_>>> {
    let cells: Vec<&str> = line.splitn(12, '\t').collect();
    let [
        level,
        _,
        block,
        paragraph,
        in_line,
        _,
        left,
        top,
        width,
        height,
        confidence,
        text,
    ] = cells.as_slice()
    else {
        return None;
    };
    let number = |cell: &str| -> Option<i64> { cell.parse::<i32>().ok().map(i64::from) };
    let confidence: f64 = confidence.parse().ok()?;
    let left = number(left)?;
    let word = Word {
        place: [number(block)?, number(paragraph)?, number(in_line)?],
        left,
        right: left + number(width)?,
        top: number(top)?,
        height: number(height)?,
        confidence,
        text: text.trim(),
    };
    if text.len() > MAX_WORD_BYTES || text.chars().any(char::is_control) {
        return None;
    }
    let is_word = number(level)? == WORD && confidence >= LEAST_CONFIDENCE && !word.text.is_empty();
    Some(is_word.then_some(word))
}

fn paragraph(lines: &[Line]) -> Vec<Inline> {
    let mut out = Vec::new();
    for line in lines {
        if !out.is_empty() {
            out.push(Inline::Break);
        }
        out.push(Inline::Text {
            text: line.text.clone(),
            bold: false,
            struck: false,
        });
    }
    out
}

fn line(words: &[Word<'_>]) -> Line {
    let height = words.iter().map(|word| word.height).max().unwrap_or(0);
    let mut text = String::new();
    let mut last: Option<i64> = None;
    for word in words {
        if let Some(last) = last {
            let is_wide = (word.left - last) * 10 > height * COLUMN_GAP_TENTHS;
            text.push(if is_wide { '\t' } else { ' ' });
        }
        text.push_str(word.text);
        last = Some(word.right);
    }
    Line {
        top: words.iter().map(|word| word.top).min().unwrap_or(0),
        height,
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inline_text;
    use proptest::prelude::*;

    fn texts(rows: &[&str]) -> Option<Vec<String>> {
        let table = format!("{COLUMNS}\n{}\n", rows.join("\n"));
        let blocks = blocks(table.as_bytes(), 2)?;
        let text = |block: &Block| match block {
            Block::Paragraph { text, page: Some(2) } => inline_text(text),
            _ => String::from("not a paragraph"),
        };
        Some(blocks.iter().map(text).collect())
    }

    #[test]
    fn lines_of_a_paragraph_stay_together_and_columns_and_rows_apart() {
        let rows = [
            "1\t1\t0\t0\t0\t0\t0\t0\t875\t834\t-1\t",
            "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t96.6\tVictim",
            "5\t1\t2\t1\t1\t2\t133\t113\t60\t13\t96.1\tname:",
            "5\t1\t2\t1\t1\t3\t356\t108\t66\t18\t96.0\tMarian",
            "5\t1\t2\t1\t1\t4\t431\t108\t65\t18\t96.7\tOakes",
            "5\t1\t2\t1\t2\t1\t63\t131\t65\t18\t3.5\t|",
            "5\t1\t2\t1\t2\t2\t80\t131\t65\t18\t80\tAddress",
            "5\t1\t2\t1\t3\t1\t63\t180\t65\t18\t80\tTelephone",
        ];
        assert_eq!(
            texts(&rows),
            Some(vec![
                "Victim name:\tMarian Oakes\nAddress".to_owned(),
                "Telephone".to_owned()
            ])
        );
    }

    #[test]
    fn a_page_of_guesses_holds_no_text() {
        let guess = "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t41\tx";
        let word = "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t91\tx";
        assert_eq!(texts(&[guess, guess, word]), Some(Vec::new()));
        assert_eq!(texts(&[guess, word]).map(|texts| texts.len()), Some(1));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for row in [
            "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t96.6",
            "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\thigh\tx",
            "5\t1\t2\t1\t1\t1\t63\t108\t99999999999\t18\t96.6\tx",
            "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t96.6\tx\ty",
            "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t96.6\tx\u{1b}[2J",
        ] {
            assert_eq!(texts(&[row]), None, "{row}");
        }
        let long = format!("5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t96.6\t{}", "x".repeat(401));
        assert_eq!(texts(&[&long]), None);
        assert!(blocks(b"level", 1).is_none());
        assert!(blocks(b"\xff", 1).is_none());
        let word = "5\t1\t2\t1\t1\t1\t63\t108\t59\t18\t96.6\tx";
        assert_eq!(texts(&vec![word; MAX_WORDS + 1]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_blocks_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let table = [COLUMNS.as_bytes(), b"\n5\t1\t2\t1\t1\t1\t", &bytes].concat();
            let _ = blocks(&table, 1);
        }
    }
}
