//! Records of old Excel files ([MS-XLS] section 2.1.4) and the texts in them.

use super::super::inline::Style;
use super::grid::Rich;
use encoding_rs::{Encoding, WINDOWS_1252};

pub(super) const CONTINUE: u16 = 0x003C;

/// One record.
#[derive(Clone, Copy)]
pub(super) struct Record<'d> {
    pub(super) kind: u16,
    pub(super) data: &'d [u8],
    /// Where the next one begins.
    pub(super) next: usize,
}

/// The record at an offset.
pub(super) fn record(stream: &[u8], at: usize) -> Option<Record<'_>> {
    let kind = u16_at(stream, at)?;
    let length = usize::from(u16_at(stream, at.checked_add(2)?)?);
    let start = at + 4;
    let end = start.saturating_add(length).min(stream.len());
    Some(Record {
        kind,
        data: stream.get(start..end)?,
        next: start + length,
    })
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(found.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(found.try_into().ok()?))
}

pub(super) fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    let found = bytes.get(at..at.checked_add(8)?)?;
    Some(f64::from_le_bytes(found.try_into().ok()?))
}

/// How the file writes its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// Excel 97 and later: two bytes a character or one, as flags say.
    Unicode,
    /// Excel 5 and 95: one byte a character, in a code page.
    CodePage(&'static Encoding),
}

/// The encoding of a `CODEPAGE` record.
pub(super) fn code_page(number: u16) -> &'static Encoding {
    let label = match number {
        10_000 => "macintosh",
        874 => "windows-874",
        932 => "shift_jis",
        936 => "gbk",
        949 => "euc-kr",
        950 => "big5",
        1250 => "windows-1250",
        1251 => "windows-1251",
        1253 => "windows-1253",
        1254 => "windows-1254",
        1255 => "windows-1255",
        1256 => "windows-1256",
        1257 => "windows-1257",
        1258 => "windows-1258",
        _ => "windows-1252",
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252)
}

/// A text of `count` characters at the beginning of `data`: flags first, where the file has them.
pub(super) fn text(data: &[u8], count: usize, texts: Texts) -> Option<String> {
    match texts {
        Texts::CodePage(encoding) => {
            let bytes = data.get(..count.min(data.len()))?;
            Some(encoding.decode_without_bom_handling(bytes).0.into_owned())
        }
        Texts::Unicode => {
            let width = Width::of(*data.first()?);
            let bytes = data.get(1..)?;
            let bytes = bytes.get(..(count * width.bytes()).min(bytes.len()))?;
            Some(characters(bytes, width))
        }
    }
}

/// Bytes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// The lower half of it.
    One,
    Two,
}

impl Width {
    /// As the flags of a text say (`fHighByte`).
    fn of(flags: u8) -> Self {
        if flags & 1 == 0 { Self::One } else { Self::Two }
    }

    fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

fn characters(bytes: &[u8], width: Width) -> String {
    if width == Width::Two {
        let units = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        return char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
    }
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Text that goes on over records (`SST`).
struct Segments<'d> {
    parts: Vec<&'d [u8]>,
    part: usize,
    at: usize,
}

impl<'d> Segments<'d> {
    /// Bytes of the part being read, up to `most`; none only at the very end.
    fn take(&mut self, most: usize) -> &'d [u8] {
        while let Some(part) = self.parts.get(self.part) {
            let rest = part.get(self.at..).unwrap_or_default();
            if rest.is_empty() && most > 0 {
                self.part += 1;
                self.at = 0;
                continue;
            }
            let taken = rest.get(..most.min(rest.len())).unwrap_or_default();
            self.at += taken.len();
            return taken;
        }
        &[]
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let mut filled = 0;
        while filled < N {
            let taken = self.take(N - filled);
            if taken.is_empty() {
                return None;
            }
            bytes
                .get_mut(filled..filled + taken.len())?
                .copy_from_slice(taken);
            filled += taken.len();
        }
        Some(bytes)
    }

    fn skip(&mut self, mut bytes: usize) {
        while bytes > 0 {
            let taken = self.take(bytes).len();
            if taken == 0 {
                return;
            }
            bytes -= taken;
        }
    }

    /// Whether the part being read has come to its end and another follows.
    fn is_at_break(&self) -> bool {
        let is_done = self
            .parts
            .get(self.part)
            .is_some_and(|part| self.at >= part.len());
        is_done && self.part + 1 < self.parts.len()
    }

    /// `count` characters; where they go on in another record, that begins with flags anew.
    fn characters(&mut self, count: usize, mut width: Width) -> Option<Vec<u16>> {
        let mut units: Vec<u16> = Vec::new();
        while units.len() < count {
            if self.is_at_break() {
                let [flags] = self.array::<1>()?;
                width = Width::of(flags);
            }
            if width == Width::Two {
                units.push(u16::from_le_bytes(self.array()?));
            } else {
                let taken = self.take(count - units.len());
                if taken.is_empty() {
                    return None;
                }
                units.extend(taken.iter().map(|byte| u16::from(*byte)));
            }
        }
        Some(units)
    }
}

/// Reads the shared texts: `parts` are the data of the record and of those that continue it.
pub(super) fn shared(parts: Vec<&[u8]>, most: usize, fonts: &dyn Fn(u16) -> Style) -> Vec<Rich> {
    let mut segments = Segments {
        parts,
        part: 0,
        at: 0,
    };
    let mut texts = Vec::new();
    let count = segments
        .array::<8>()
        .and_then(|head| u32_at(&head, 4))
        .unwrap_or(0);
    for _ in 0..count {
        if texts.len() >= most {
            break;
        }
        let Some(text) = shared_text(&mut segments, fonts) else {
            break;
        };
        texts.push(text);
    }
    texts
}

/// `XLUnicodeRichExtendedString` ([MS-XLS] section 2.5.293).
fn shared_text(segments: &mut Segments<'_>, fonts: &dyn Fn(u16) -> Style) -> Option<Rich> {
    let count = usize::from(u16::from_le_bytes(segments.array()?));
    let [flags] = segments.array::<1>()?;
    let runs = if flags & 8 != 0 {
        usize::from(u16::from_le_bytes(segments.array()?))
    } else {
        0
    };
    let extra = if flags & 4 != 0 {
        u32::from_le_bytes(segments.array()?) as usize
    } else {
        0
    };
    let units = segments.characters(count, Width::of(flags))?;
    let mut text = Rich::new();
    let mut start = 0;
    let mut style = Style::default();
    for _ in 0..runs {
        let [first, second, font, high] = segments.array::<4>()?;
        let from = usize::from(u16::from_le_bytes([first, second])).min(units.len());
        if let Some(run) = units.get(start..from).filter(|run| !run.is_empty()) {
            text.push((String::from_utf16_lossy(run), style));
            start = from;
        }
        style = fonts(u16::from_le_bytes([font, high]));
    }
    if let Some(run) = units.get(start..).filter(|run| !run.is_empty()) {
        text.push((String::from_utf16_lossy(run), style));
    }
    segments.skip(extra);
    Some(text)
}
