use super::super::outline::outline;
use super::*;
use crate::domain::FieldValue;
use lopdf::{Dictionary, Object, Stream, dictionary};

mod drawings;
mod forms;
mod hostile;

/// A file written object by object, sound or not.
#[derive(Default)]
struct Raw {
    bytes: Vec<u8>,
    places: Vec<(u32, usize)>,
}

impl Raw {
    fn bytes(&mut self, number: u32, object: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(b"%PDF-1.7\n");
        }
        self.places.push((number, self.bytes.len()));
        self.bytes
            .extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        self.bytes.extend_from_slice(object);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    fn add(&mut self, number: u32, object: &str) {
        self.bytes(number, object.as_bytes());
    }

    fn stream(&mut self, number: u32, entries: &str, content: &[u8]) {
        let mut object = format!("<<{entries}/Length {}>>stream\n", content.len()).into_bytes();
        object.extend_from_slice(content);
        object.extend_from_slice(b"\nendstream");
        self.bytes(number, &object);
    }

    fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len();
        let size = self
            .places
            .iter()
            .map(|(number, _)| number + 1)
            .max()
            .unwrap_or(1);
        self.bytes.extend_from_slice(b"xref\n");
        for (number, place) in &self.places {
            self.bytes
                .extend_from_slice(format!("{number} 1\n{place:010} 00000 n \n").as_bytes());
        }
        let trailer = format!("trailer <</Root 1 0 R/Size {size}>>\nstartxref\n{start}\n%%EOF\n");
        self.bytes.extend_from_slice(trailer.as_bytes());
        self.bytes
    }
}

/// One page of text at (x, y) and the widgets that `widgets` adds.
pub(crate) fn pdf(text: &[(i64, i64, &str)], widgets: impl Fn(&mut Document) -> Vec<Object>) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    });
    let content: String = text
        .iter()
        .map(|(x, y, text)| format!("BT /F1 10 Tf {x} {y} Td ({text}) Tj ET\n"))
        .collect();
    let content = document.add_object(Stream::new(Dictionary::new(), content.into_bytes()));
    let annotations = widgets(&mut document);
    let tree = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => tree, "Contents" => content, "Annots" => annotations.clone(),
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
    });
    document.set_object(
        tree,
        dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 },
    );
    let form = dictionary! { "Fields" => annotations };
    let catalog =
        document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree, "AcroForm" => form });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn rect(x: i64, y: i64, width: i64) -> Vec<Object> {
    vec![x.into(), y.into(), (x + width).into(), (y + 14).into()]
}

fn field(document: &mut Document, kind: &str, name: &str, place: Vec<Object>, more: Dictionary) -> Object {
    let mut widget = dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => kind, "T" => Object::string_literal(name), "Rect" => place,
    };
    widget.extend(&more);
    document.add_object(widget).into()
}

fn tick_box(state: &str) -> Dictionary {
    let states = dictionary! { "On" => dictionary! {}, "Off" => dictionary! {} };
    dictionary! { "AP" => dictionary! { "N" => states }, "AS" => state, "V" => state }
}

#[test]
fn field_values_stand_beside_their_labels() {
    let bytes = pdf(
        &[
            (50, 700, "Name"),
            (50, 660, "Consent?"),
            (175, 660, "Yes"),
            (235, 660, "No"),
            (50, 620, "Notes"),
        ],
        |document| {
            let value = |text: &str| dictionary! { "V" => Object::string_literal(text) };
            vec![
                field(document, "Tx", "name", rect(150, 697, 200), value("Jo Hart")),
                field(document, "Btn", "yes", rect(150, 657, 14), tick_box("On")),
                field(document, "Btn", "no", rect(210, 657, 14), tick_box("Off")),
                field(document, "Tx", "notes", rect(50, 600, 300), dictionary! {}),
            ]
        },
    );
    let reading = read(&bytes, &ReadLimits::default());
    assert_eq!(
        outline(&reading.blocks),
        "T Name ; Jo Hart\n  Consent? ; ☒ Yes ☐ No\n  Notes ;  +prompt()\n"
    );
    let fields: Vec<(&str, bool)> = reading
        .fields
        .iter()
        .map(|f| (f.name.as_str(), matches!(f.value, FieldValue::Tick(true))))
        .collect();
    assert_eq!(
        fields,
        [("name", false), ("yes", true), ("no", false), ("notes", false)]
    );
    assert!(matches!(&reading.fields[0].value, FieldValue::Text(text) if text == "Jo Hart"));
}

#[test]
fn lists_show_their_words_and_radio_groups_their_choice() {
    let bytes = pdf(&[(50, 700, "Town")], |document| {
        let options = vec![
            Object::Array(vec![Object::string_literal("1"), Object::string_literal("Diss")]),
            Object::Array(vec![Object::string_literal("2"), Object::string_literal("Ely")]),
        ];
        let list = dictionary! { "V" => Object::string_literal("2"), "Opt" => options };
        let group = document.new_object_id();
        let kid = |document: &mut Document, x: i64, on: &str, state: &str| {
            let mut states = dictionary! { "Off" => dictionary! {} };
            states.set(on, dictionary! {});
            document.add_object(dictionary! {
                "Subtype" => "Widget", "Parent" => group, "Rect" => rect(x, 600, 14), "AS" => state,
                "AP" => dictionary! { "N" => states },
            })
        };
        let kids = [kid(document, 50, "a", "Off"), kid(document, 90, "b", "b")];
        document.set_object(
            group,
            dictionary! {
                "FT" => "Btn", "T" => Object::string_literal("group"), "V" => "b", "Ff" => 1 << 15,
                "Kids" => kids.map(Object::from).to_vec(),
            },
        );
        let mut all = vec![field(document, "Ch", "town", rect(150, 697, 100), list)];
        all.extend(kids.map(Object::from));
        all
    });
    let reading = read(&bytes, &ReadLimits::default());
    assert_eq!(outline(&reading.blocks), "T Town ; Ely\nP ☐ ☒\n");
    assert!(matches!(&reading.fields[0].value, FieldValue::Choice(c) if c == &["Ely"]));
    assert_eq!(reading.fields[1].name, "group");
    assert!(matches!(&reading.fields[1].value, FieldValue::Choice(c) if c == &["b"]));
}

#[test]
fn ticks_are_never_taken_from_text() {
    let bytes = pdf(&[(50, 700, "[x] Yes")], |_| Vec::new());
    assert_eq!(
        outline(&read(&bytes, &ReadLimits::default()).blocks),
        "P [x] Yes\n"
    );
}

#[test]
fn wide_gaps_make_cells_and_blank_answers_keep_their_row() {
    let bytes = pdf(
        &[
            (50, 700, "Title"),
            (150, 700, "Mrs"),
            (300, 700, "Name"),
            (400, 700, "Jo"),
            (50, 676, "E-mail"),
            (300, 676, "Born"),
            (400, 676, "1990"),
            (50, 652, "Best time"),
            (50, 628, "Agreed"),
            (150, 628, "Yes"),
        ],
        |_| Vec::new(),
    );
    assert_eq!(
        outline(&read(&bytes, &ReadLimits::default()).blocks),
        "T Title ; Mrs ; Name ; Jo\n  E-mail ;  ; Born ; 1990\n  Best time ; \n  Agreed ; Yes\n"
    );
}

#[test]
fn what_holds_no_text_says_why() {
    let empty = pdf(&[], |_| Vec::new());
    assert_eq!(read(&empty, &ReadLimits::default()).status, ReadStatus::Empty);
    assert_eq!(
        read(b"%PDF-1.4 nothing", &ReadLimits::default()).status,
        ReadStatus::Unreadable
    );
    let limits = ReadLimits {
        max_document_bytes: 50,
        ..ReadLimits::default()
    };
    let long = pdf(&[(50, 700, &"long text ".repeat(100))], |_| Vec::new());
    assert_eq!(read(&long, &limits).status, ReadStatus::TooLarge);
}
