//! HTML and plain text that Outlook has wrapped in RTF ([MS-OXRTFEX]).

use super::decoder::{Decoder, Event, MAX_GROUPS};

/// Control words before the first text that are looked at for the mark of a wrapping
/// ([MS-OXRTFEX] section 2.1.1 says within the first ten; some writers put a font table first).
const MAX_HEAD_EVENTS: usize = 40;

/// What was wrapped.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(in crate::extract) enum Wrapped {
    Html(String),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Text,
}

/// Takes the wrapping off; `None` for a document that is rich text itself.
pub(in crate::extract) fn unwrap(bytes: &[u8]) -> Option<Wrapped> {
    let kind = kind(bytes)?;
    let mut reader = Reader {
        kind,
        state: State::default(),
        groups: Vec::new(),
        deeper: 0,
        out: String::new(),
    };
    let mut decoder = Decoder::new(bytes);
    while let Some(event) = decoder.next() {
        match event {
            Event::Text(text) if decoder.in_font_table() => decoder.font_text(&text),
            event => reader.event(event),
        }
    }
    Some(match kind {
        Kind::Html => Wrapped::Html(reader.out),
        Kind::Text => Wrapped::Text(reader.out),
    })
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    let mut decoder = Decoder::new(bytes);
    for _ in 0..MAX_HEAD_EVENTS {
        match decoder.next()? {
            Event::Word("fromhtml", Some(1) | None) => return Some(Kind::Html),
            Event::Word("fromtext", _) => return Some(Kind::Text),
            Event::Text(_) if !decoder.in_font_table() => return None,
            Event::Text(_) | Event::Word(..) | Event::Open | Event::Close | Event::Ignorable => {}
        }
    }
    None
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Body,
    /// Inside `\*\htmltag`: HTML as it stood.
    Tag,
    Skipped,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    place: Place,
    /// `\htmlrtf`: only for readers of rich text.
    is_rtf_only: bool,
    is_ignorable: bool,
}

struct Reader {
    kind: Kind,
    state: State,
    groups: Vec<State>,
    /// Open groups beyond [`MAX_GROUPS`].
    deeper: usize,
    out: String,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Open if self.groups.len() < MAX_GROUPS => {
                self.groups.push(self.state);
                self.state.is_ignorable = false;
            }
            Event::Open => self.deeper += 1,
            Event::Close if self.deeper > 0 => self.deeper -= 1,
            Event::Close => self.state = self.groups.pop().unwrap_or(self.state),
            Event::Ignorable => self.state.is_ignorable = true,
            Event::Word(name, number) => self.word(name, number),
            Event::Text(text) => self.text(&text),
        }
    }

    fn word(&mut self, name: &str, number: Option<i32>) {
        let is_ignorable = std::mem::take(&mut self.state.is_ignorable);
        if self.state.place == Place::Skipped {
            return;
        }
        match name {
            "htmltag" if is_ignorable && self.kind == Kind::Html => self.state.place = Place::Tag,
            "htmlrtf" => self.state.is_rtf_only = number != Some(0),
            _ if is_ignorable => self.state.place = Place::Skipped,
            "fonttbl" | "colortbl" | "stylesheet" | "info" | "pict" | "object" | "pntext" | "listtext" => {
                self.state.place = Place::Skipped;
            }
            "par" | "line" => self.text("\n"),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let is_hidden = self.state.is_rtf_only && self.state.place != Place::Tag;
        if self.state.place == Place::Skipped || is_hidden {
            return;
        }
        if self.kind == Kind::Text || self.state.place == Place::Tag {
            self.out.push_str(text);
            return;
        }
        for c in text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '\u{a0}' => self.out.push_str("&nbsp;"),
                c => self.out.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_comes_out_as_it_stood() {
        let rtf = br"{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0{\fonttbl{\f0\fswiss\fcharset204 Arial;}}
{\*\htmltag64 <p class=\{x\}>}\htmlrtf {\f0 hidden\htmlrtf0 \'cf\'f0 {\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 a<b\htmlrtf }\htmlrtf0
{\*\htmltag72 </p>}{\*\mhtmltag72 <img>}\par \lquote x\rquote}";
        let expected = "<p class={x}>Пр &nbsp;a&lt;b</p>\n‘x’".to_owned();
        assert_eq!(unwrap(rtf), Some(Wrapped::Html(expected)));
    }

    #[test]
    fn text_comes_out_as_it_stood() {
        let rtf = br"{\rtf1\ansi\fbidis\ansicpg1252\deff0\fromtext{\fonttbl{\f0 Courier;}}\plain\f0 a & b\par\tab c\line d}";
        assert_eq!(unwrap(rtf), Some(Wrapped::Text("a & b\n\tc\nd".to_owned())));
    }

    #[test]
    fn rich_text_is_not_wrapped() {
        assert_eq!(unwrap(br"{\rtf1\ansi{\fonttbl{\f0 Arial;}} x \fromhtml1}"), None);
        assert_eq!(unwrap(b"x"), None);
    }
}
