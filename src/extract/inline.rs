//! Lines as pieces: runs of text with the marks that matter, and tick boxes found in text.

use crate::domain::Inline;

/// The marks of a run of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) struck: bool,
    pub(super) hidden: bool,
}

/// Whether drawings of tick boxes in a text mean tick boxes. In a PDF they do not: there ticks are told from
/// what is drawn and from the form's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ticks {
    Read,
    Leave,
}

/// Appends text to a line; tick glyphs become [`Inline::Tick`] if `ticks` says so.
pub(super) fn push_text(line: &mut Vec<Inline>, text: &str, style: Style, ticks: Ticks) {
    if style.hidden {
        return push_hidden(line, text);
    }
    if ticks == Ticks::Leave {
        return push_run(line, text, style);
    }
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some((at, tick)) = next_tick(rest, before) {
        push_run(line, &rest[..at], style);
        line.push(Inline::Tick {
            checked: tick.checked,
        });
        before = rest[..at + tick.length].chars().next_back();
        rest = &rest[at + tick.length..];
    }
    push_run(line, rest, style);
}

fn push_run(line: &mut Vec<Inline>, text: &str, style: Style) {
    if text.is_empty() {
        return;
    }
    if let Some(Inline::Text {
        text: before,
        bold,
        struck,
    }) = line.last_mut()
        && *bold == style.bold
        && *struck == style.struck
    {
        before.push_str(text);
        return;
    }
    line.push(Inline::Text {
        text: text.to_owned(),
        bold: style.bold,
        struck: style.struck,
    });
}

fn push_hidden(line: &mut Vec<Inline>, text: &str) {
    match line.last_mut() {
        Some(Inline::Hidden { text: before }) => before.push_str(text),
        Some(_) | None if text.is_empty() => {}
        Some(_) | None => line.push(Inline::Hidden {
            text: text.to_owned(),
        }),
    }
}

struct Tick {
    checked: bool,
    length: usize,
}

/// The first tick box drawn in `text`; `before` is the character in front of it.
fn next_tick(text: &str, before: Option<char>) -> Option<(usize, Tick)> {
    let mut previous = before;
    for (at, c) in text.char_indices() {
        if let Some(tick) = tick_at(&text[at..], c, previous) {
            return Some((at, tick));
        }
        previous = Some(c);
    }
    None
}

fn tick_at(text: &str, first: char, before: Option<char>) -> Option<Tick> {
    let (checked, length) = match first {
        '☑' | '☒' | '✓' | '✔' | '✅' | '🗹' | '🗷' => (true, first.len_utf8()),
        '☐' | '□' | '▢' | '❏' | '❑' | '◻' => (false, first.len_utf8()),
        '[' => bracketed(text, ']')?,
        // `section 4(x)` and `4 (b)(x)` are no tick boxes.
        '(' if !before.is_some_and(|c| c.is_ascii_digit() || matches!(c, ')' | '.')) => bracketed(text, ')')?,
        _ => return None,
    };
    Some(Tick { checked, length })
}

/// `[x]`, `[ ]`, `( )`: the brackets hold one mark or up to three blanks.
fn bracketed(text: &str, close: char) -> Option<(bool, usize)> {
    const LONGEST: usize = 6;
    let inner = &text[1..];
    let end = inner[..inner.floor_char_boundary(LONGEST)].find(close)?;
    let checked = match inner[..end].trim_matches([' ', '\u{a0}']) {
        "x" | "X" | "✓" | "✔" | "✗" | "✘" | "☒" | "☑" => true,
        "" if (1..=3).contains(&inner[..end].chars().count()) => false,
        _ => return None,
    };
    Some((checked, 1 + end + close.len_utf8()))
}

/// Takes white space (and breaks) off both ends of a line.
pub(super) fn trim(line: &mut Vec<Inline>) {
    const BLANK: fn(char) -> bool = |c| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}');
    while let Some(last) = line.last_mut() {
        match last {
            Inline::Break => {}
            Inline::Text { text, .. } => {
                text.truncate(text.trim_end_matches(BLANK).len());
                if !text.is_empty() {
                    break;
                }
            }
            Inline::Tick { .. } | Inline::Answer { .. } | Inline::Hidden { .. } => break,
        }
        line.pop();
    }
    let mut leading = 0;
    for piece in line.iter_mut() {
        match piece {
            Inline::Break => {}
            Inline::Text { text, .. } => {
                let kept = text.trim_start_matches(BLANK);
                if !kept.is_empty() {
                    *text = kept.to_owned();
                    break;
                }
            }
            Inline::Tick { .. } | Inline::Answer { .. } | Inline::Hidden { .. } => break,
        }
        leading += 1;
    }
    line.drain(..leading);
}

/// Whether a reader sees anything in the line.
pub(super) fn is_visible(line: &[Inline]) -> bool {
    line.iter().any(|piece| match piece {
        Inline::Text { text, .. } => !text.trim().is_empty(),
        Inline::Answer { text, .. } => !text.trim().is_empty(),
        Inline::Tick { .. } => true,
        Inline::Break | Inline::Hidden { .. } => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inline_text;

    fn drawn(text: &str) -> String {
        let mut line = Vec::new();
        push_text(&mut line, text, Style::default(), Ticks::Read);
        inline_text(&line)
    }

    #[test]
    fn every_drawing_of_a_tick_box_is_one() {
        assert_eq!(drawn("Yes [x] No [ ]"), "Yes ☒ No ☐");
        assert_eq!(drawn("(X) Yes ( ) No"), "☒ Yes ☐ No");
        assert_eq!(drawn("☑ a ☐ b ✓ c [✓] d □ e"), "☒ a ☐ b ☒ c ☒ d ☐ e");
    }

    #[test]
    fn brackets_in_prose_stay() {
        for text in [
            "section 4(x)",
            "[RJ-2026-1]",
            "(none)",
            "[]",
            "()",
            "a [ long blank     ]",
        ] {
            assert_eq!(drawn(text), text);
        }
    }

    #[test]
    fn blanks_and_breaks_go_from_both_ends() {
        let mut line = vec![Inline::Break];
        push_text(&mut line, " \u{a0}a b ", Style::default(), Ticks::Read);
        line.push(Inline::Break);
        trim(&mut line);
        assert_eq!(inline_text(&line), "a b");
    }
}
