//! Fonts: codes to characters and widths.
//!
//! pdf_oxide knows encodings, character maps and font programs. It never sees the document: each font is
//! copied with what it needs into a small one of its own, with streams already inflated and tables measured,
//! so that its parser meets neither the page tree nor the contents.

use super::streams::Allowance;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use pdf_oxide::PdfDocument;
use pdf_oxide::fonts::{Encoding, FontInfo};
use pdf_oxide::object::ObjectRef;
use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::font_tables::is_within_bounds;

/// Most fonts of a document that are loaded.
const MAX_FONTS: usize = 500;
/// Most objects that make up one font.
const MAX_OBJECTS: usize = 64;
/// Largest part of a font (its program), inflated, in bytes.
const MAX_PART_BYTES: u64 = 16 * 1024 * 1024;
/// Entries that lead out of a font, or to drawings.
const NOT_NEEDED: [&[u8]; 7] = [
    b"Parent",
    b"P",
    b"CharProcs",
    b"Resources",
    b"Metadata",
    b"StructParent",
    b"Kids",
];

/// How codes are cut out of a text (ISO 32000-1 section 9.7.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codes {
    One,
    Two,
    ShiftJis,
    Utf8,
}

/// What a code shows.
#[derive(Clone)]
pub(super) struct Shape {
    /// Its characters; empty if unknown.
    pub(super) text: Rc<str>,
    /// How far the next one is, in parts of the type size.
    pub(super) advance: f32,
}

/// A font ready to read text with.
pub(super) struct Font {
    info: Option<FontInfo>,
    codes: Codes,
    pub(super) is_vertical: bool,
    pub(super) is_bold: bool,
    shapes: HashMap<u32, Shape>,
}

/// Where a font stands in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Object(ObjectId),
    /// A dictionary written in place, by its address; the document does not change while it is read.
    Direct(usize),
}

/// The fonts of a document, loaded once.
pub(super) struct Fonts<'d> {
    document: &'d Document,
    known: HashMap<Key, Rc<std::cell::RefCell<Font>>>,
}

impl<'d> Fonts<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            known: HashMap::new(),
        }
    }

    /// The font of that name.
    pub(super) fn named(
        &mut self,
        resources: &'d Dictionary,
        name: &[u8],
        allowance: &mut Allowance,
    ) -> Rc<std::cell::RefCell<Font>> {
        let entry = resources
            .get_deref(b"Font", self.document)
            .and_then(Object::as_dict)
            .and_then(|fonts| fonts.get(name));
        let Ok(entry) = entry else {
            return Rc::new(std::cell::RefCell::new(Font::unknown()));
        };
        self.of_object(entry, allowance)
    }

    /// The font an object is or refers to.
    pub(super) fn of_object(
        &mut self,
        entry: &'d Object,
        allowance: &mut Allowance,
    ) -> Rc<std::cell::RefCell<Font>> {
        let found = self.document.dereference(entry).ok();
        let font = found.and_then(|(id, object)| Some((id, object.as_dict().ok()?)));
        let Some((id, dictionary)) = font else {
            return Rc::new(std::cell::RefCell::new(Font::unknown()));
        };
        let key = id.map_or(Key::Direct(std::ptr::from_ref(dictionary) as usize), Key::Object);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let font = if self.known.len() < MAX_FONTS {
            load(self.document, dictionary, allowance).unwrap_or_else(Font::unknown)
        } else {
            Font::unknown()
        };
        let font = Rc::new(std::cell::RefCell::new(font));
        self.known.insert(key, font.clone());
        font
    }
}

impl Font {
    /// Stands in for a font that is missing or damaged: Latin letters of middling width.
    fn unknown() -> Self {
        Self {
            info: None,
            codes: Codes::One,
            is_vertical: false,
            is_bold: false,
            shapes: HashMap::new(),
        }
    }

    fn of_info(info: FontInfo) -> Self {
        Self {
            codes: codes_of(&info),
            is_vertical: info.wmode == 1,
            is_bold: info.is_bold(),
            shapes: HashMap::new(),
            info: Some(info),
        }
    }

    /// The code at the start of `text` and its length in bytes.
    pub(super) fn next_code(&self, text: &[u8]) -> Option<(u32, usize)> {
        let first = *text.first()?;
        let length = match self.codes {
            Codes::One => 1,
            Codes::Two => 2,
            Codes::ShiftJis if matches!(first, 0x81..=0x9f | 0xe0..=0xfc) => 2,
            Codes::ShiftJis => 1,
            Codes::Utf8 => match first {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            },
        };
        let length = length.min(text.len());
        let code = text
            .iter()
            .take(length)
            .fold(0u32, |code, byte| code << 8 | u32::from(*byte));
        Some((code, length))
    }

    pub(super) fn shape(&mut self, code: u32) -> Shape {
        if let Some(known) = self.shapes.get(&code) {
            return known.clone();
        }
        let shape = self.new_shape(code);
        self.shapes.insert(code, shape.clone());
        shape
    }

    fn new_shape(&self, code: u32) -> Shape {
        let narrow = u16::try_from(code).unwrap_or(u16::MAX);
        let Some(info) = &self.info else {
            let text = char::from_u32(code).filter(|c| !c.is_control());
            return Shape {
                text: text.map(String::from).unwrap_or_default().into(),
                advance: 0.5,
            };
        };
        let advance = if self.is_vertical {
            info.get_vertical_metrics(narrow).w1y / 1000.0
        } else {
            info.get_glyph_width(narrow) * info.font_matrix_a
        };
        let decoded = info.char_to_unicode(code);
        let decoded = decoded.or_else(|| {
            let c = char::from_u32(code).filter(|c| !c.is_control());
            c.filter(|_| info.subtype != "Type0").map(String::from)
        });
        // Glyphs drawn by procedures have any name; their codes are mostly those of Latin letters.
        let decoded = match decoded {
            Some(text)
                if info.subtype == "Type3" && info.to_unicode.is_none() && legible(&text).is_empty() =>
            {
                char::from_u32(code)
                    .filter(char::is_ascii_graphic)
                    .map(String::from)
            }
            decoded => decoded,
        };
        let pictured = pictures_of(&info.base_font).and_then(|pictures| {
            let low = decoded.as_deref()?.chars().next().map_or(code, u32::from) & 0xff;
            let byte = u8::try_from(low).ok()?;
            Some(pictures.iter().find(|(known, _)| *known == byte)?.1.to_owned())
        });
        Shape {
            text: legible(&pictured.or(decoded).unwrap_or_default()).into(),
            advance: if advance.is_finite() { advance } else { 0.5 },
        }
    }
}

/// The drawings of tick boxes and ticks in the fonts of Microsoft Word, which give them no characters.
fn pictures_of(base_font: &str) -> Option<&'static [(u8, &'static str)]> {
    let name = base_font.rsplit('+').next().unwrap_or(base_font);
    let name = name.to_ascii_lowercase().replace(['-', ' '], "");
    match name.as_str() {
        "wingdings" | "wingdingsregular" => Some(&[
            (0x6e, "■"),
            (0x6f, "☐"),
            (0x71, "☐"),
            (0xa8, "☐"),
            (0xfb, "✗"),
            (0xfc, "✓"),
            (0xfd, "☒"),
            (0xfe, "☑"),
        ]),
        "wingdings2" => Some(&[
            (0x4f, "✗"),
            (0x50, "✓"),
            (0x51, "☒"),
            (0x52, "☑"),
            (0x53, "☒"),
            (0x54, "☒"),
            (0xa3, "☐"),
        ]),
        _ => None,
    }
}

/// Ligatures become their letters; what stands for "no character" goes.
fn legible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ﬀ' => out.push_str("ff"),
            'ﬁ' => out.push_str("fi"),
            'ﬂ' => out.push_str("fl"),
            'ﬃ' => out.push_str("ffi"),
            'ﬄ' => out.push_str("ffl"),
            'ﬅ' | 'ﬆ' => out.push_str("st"),
            '\u{fffd}' | '\u{fffe}' | '\u{ffff}' | '\u{ad}' => {}
            '\t' | '\n' | '\r' | '\u{a0}' => out.push(' '),
            _ if c.is_control() => {}
            _ => out.push(c),
        }
    }
    out
}

fn codes_of(info: &FontInfo) -> Codes {
    if info.subtype != "Type0" {
        return Codes::One;
    }
    if info.to_unicode.as_ref().is_some_and(|map| map.code_width() == 2) {
        return Codes::Two;
    }
    let Encoding::Standard(name) = &info.encoding else {
        return match info.encoding {
            Encoding::Identity => Codes::Two,
            Encoding::Custom(_) | Encoding::Standard(_) => Codes::One,
        };
    };
    let has = |part: &str| name.contains(part);
    let lower = name.to_ascii_lowercase();
    if lower.contains("utf8") || lower.contains("utf-8") {
        Codes::Utf8
    } else if has("RKSJ") {
        Codes::ShiftJis
    } else if has("OneByteIdentity") {
        Codes::One
    } else if matches!(name.as_str(), "H" | "V")
        || [
            "Identity", "UCS2", "UTF16", "EUC", "GBK", "GBpc", "GB-", "CNS", "B5", "KSC",
        ]
        .into_iter()
        .any(has)
    {
        Codes::Two
    } else {
        Codes::One
    }
}

/// Loads a font out of a document of its own.
fn load(document: &Document, font: &Dictionary, allowance: &mut Allowance) -> Option<Font> {
    let bytes = alone(document, font, allowance)?;
    let info = catch_unwind(AssertUnwindSafe(|| {
        let small = PdfDocument::from_bytes(bytes).ok()?;
        let font = small
            .load_object(ObjectRef {
                id: FONT_NUMBER,
                r#gen: 0,
            })
            .ok()?;
        FontInfo::from_dict(&font, &small).ok()
    }));
    info.ok().flatten().map(Font::of_info)
}

/// The number of the font in a document of its own.
const FONT_NUMBER: u32 = 1;

/// Writes a document that holds nothing but a font.
fn alone(document: &Document, font: &Dictionary, allowance: &mut Allowance) -> Option<Vec<u8>> {
    let mut copier = Copier {
        document,
        allowance,
        numbers: HashMap::new(),
        waiting: VecDeque::new(),
        next: FONT_NUMBER + 1,
    };
    let mut small = Document::with_version("1.7");
    let copy = copier.dictionary(font);
    small.objects.insert((FONT_NUMBER, 0), Object::Dictionary(copy));
    let mut done = HashSet::new();
    while let Some(id) = copier.waiting.pop_front() {
        let number = copier.numbers.get(&id).copied();
        if let (Some(number), true) = (number, done.insert(id)) {
            let object = copier.object(document.get_object(id).ok());
            small.objects.insert((number, 0), object);
        }
    }
    let pages = (copier.next, 0);
    let catalog = (copier.next + 1, 0);
    let tree = dictionary! { "Type" => "Pages", "Kids" => Vec::<Object>::new(), "Count" => 0 };
    small.objects.insert(pages, tree.into());
    let root = dictionary! { "Type" => "Catalog", "Pages" => pages };
    small.objects.insert(catalog, root.into());
    small.trailer.set("Root", catalog);
    small.max_id = catalog.0;
    let mut bytes = Vec::new();
    small.save_to(&mut bytes).ok()?;
    Some(bytes)
}

struct Copier<'c> {
    document: &'c Document,
    allowance: &'c mut Allowance,
    /// New numbers of the objects copied.
    numbers: HashMap<ObjectId, u32>,
    waiting: VecDeque<ObjectId>,
    next: u32,
}

impl Copier<'_> {
    fn object(&mut self, object: Option<&Object>) -> Object {
        match object {
            Some(Object::Stream(stream)) => {
                let mut dictionary = self.dictionary(&stream.dict);
                dictionary.remove(b"Filter");
                dictionary.remove(b"DecodeParms");
                let content = self.allowance.content(stream, MAX_PART_BYTES);
                let content = content.filter(|content| is_within_bounds(content));
                Object::Stream(Stream::new(dictionary, content.unwrap_or_default()))
            }
            Some(object) => self.value(object),
            None => Object::Null,
        }
    }

    /// Copies a value; the loader bounds how deep values nest.
    fn value(&mut self, value: &Object) -> Object {
        match value {
            Object::Reference(id) => self.reference(*id),
            Object::Array(items) => Object::Array(items.iter().map(|item| self.value(item)).collect()),
            Object::Dictionary(dictionary) => Object::Dictionary(self.dictionary(dictionary)),
            Object::Stream(_) => Object::Null,
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(..) => value.clone(),
        }
    }

    fn reference(&mut self, id: ObjectId) -> Object {
        if let Some(known) = self.numbers.get(&id) {
            return Object::Reference((*known, 0));
        }
        if self.numbers.len() >= MAX_OBJECTS {
            return Object::Null;
        }
        let number = self.next;
        self.next += 1;
        self.numbers.insert(id, number);
        self.waiting.push_back(id);
        Object::Reference((number, 0))
    }

    fn dictionary(&mut self, dictionary: &Dictionary) -> Dictionary {
        let mut copy = Dictionary::new();
        for (key, value) in dictionary {
            let is_needed = !NOT_NEEDED.contains(&key.as_slice());
            if is_needed && super::font_tables::is_entry_within_bounds(self.document, key, value) {
                copy.set(key.clone(), self.value(value));
            }
        }
        copy
    }
}
