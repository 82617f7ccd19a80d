//! Carries out content streams (ISO 32000-1 sections 8 and 9) as far as text, lines and pictures go.
//!
//! Work is counted over the whole document ([`Work`]): operators, glyphs and forms, so that no stream can keep
//! the reader busy for long, whatever it repeats.

use super::drawing::{Drawing, Glyph};
use super::entries::{fit, matrix_of, rectangle_of};
use super::fonts::Font;
use super::layout::Rectangle;
use super::matrix::Matrix;
use super::path::Path;
use super::shared::Shared;
use super::streams::Allowance;
use super::text_state::TextState;
use super::tokens::{Element, Operand, Operators};
use lopdf::{Dictionary, Object, ObjectId, decode_text_string};
use std::cell::RefCell;
use std::rc::Rc;

/// Deepest forms in forms.
const MAX_FORM_NESTING: usize = 12;
/// Deepest saved graphics states (annex C allows 28).
const MAX_SAVED: usize = 256;
/// Deepest marked content.
const MAX_MARKS: usize = 256;
/// Fillings brighter than this (0 to 1) are paper or shading, not marks.
const FILL_LIGHT: f32 = 0.6;

/// The graphics state (section 8.4), as far as it matters.
#[derive(Clone)]
struct State {
    matrix: Matrix,
    text: TextState,
    font: Option<Rc<RefCell<Font>>>,
    /// Brightness of the fill colour, 0 to 1.
    fill: f32,
}

/// A piece of marked content (section 14.6).
struct Mark {
    /// Text that all of its glyphs together stand for; taken by the first.
    actual_text: Option<String>,
    has_actual_text: bool,
    is_off: bool,
}

/// Draws one page.
pub(super) struct Painter<'s, 'd> {
    shared: &'s mut Shared<'d>,
    drawing: Drawing,
    state: State,
    saved: Vec<State>,
    marks: Vec<Mark>,
    path: Path,
    open_forms: Vec<ObjectId>,
    nesting: usize,
    /// Saved states and marks beyond the bounds: counted, so that each end closes its own.
    unsaved: usize,
    unmarked: usize,
    /// How many saved states belong to the contents around the form being drawn.
    floor: usize,
}

impl<'s, 'd> Painter<'s, 'd> {
    /// `upright` turns the page's space into the one in which it is read.
    pub(super) fn new(shared: &'s mut Shared<'d>, upright: Matrix) -> Self {
        Self {
            shared,
            drawing: Drawing::default(),
            state: State {
                matrix: upright,
                text: TextState::default(),
                font: None,
                fill: 0.0,
            },
            saved: Vec::new(),
            marks: Vec::new(),
            path: Path::default(),
            open_forms: Vec::new(),
            nesting: 0,
            unsaved: 0,
            unmarked: 0,
            floor: 0,
        }
    }

    /// Starts content of its own on the same page.
    pub(super) fn begin(&mut self, upright: Matrix) {
        self.saved.clear();
        self.marks.clear();
        (self.unsaved, self.unmarked) = (0, 0);
        self.path = Path::default();
        self.state = State {
            matrix: upright,
            text: TextState::default(),
            font: None,
            fill: 0.0,
        };
    }

    pub(super) fn allowance(&mut self) -> &mut Allowance {
        &mut self.shared.allowance
    }

    pub(super) fn finish(mut self) -> Drawing {
        self.drawing.is_cut |= self.shared.work.is_exhausted();
        self.drawing
    }

    /// Carries out a content stream.
    pub(super) fn run(&mut self, content: &[u8], resources: &'d Dictionary) {
        let mut reader = Operators::new(content);
        let mut operands = Vec::new();
        while let Some(operator) = reader.next(&mut operands) {
            self.shared.work.operators += 1;
            if self.shared.work.is_exhausted() {
                return;
            }
            if operator == b"ID" {
                reader.skip_picture();
                self.picture();
                continue;
            }
            self.operator(operator, &operands, resources);
        }
    }

    fn operator(&mut self, operator: &[u8], operands: &[Operand<'_>], resources: &'d Dictionary) {
        let numbers = Numbers::of(operands);
        match operator {
            b"q" => self.save(),
            b"Q" => self.restore(),
            b"cm" => {
                if let Some(matrix) = numbers.matrix() {
                    self.state.matrix = matrix.then(&self.state.matrix);
                }
            }
            b"Tf" => self.font(operands, &numbers, resources),
            b"Tj" | b"'" | b"\"" => {
                self.state.text.move_before(operator, &numbers.all);
                if let Some(Operand::Text(text)) = operands.last() {
                    self.show(text);
                }
            }
            b"TJ" => {
                if let Some(Operand::Array(elements)) = operands.last() {
                    self.show_all(elements);
                }
            }
            b"Do" => {
                if let Some(Operand::Name(name)) = operands.last() {
                    self.object(name, resources);
                }
            }
            b"BDC" | b"BMC" => self.mark(operands, resources),
            b"EMC" => self.end_mark(),
            b"g" | b"rg" | b"k" | b"sc" | b"scn" => self.colour(operator, &numbers.all),
            b"gs" => self.graphics_state(operands, resources),
            _ if self.state.text.operator(operator, &numbers.all) => {}
            _ => {
                let matrix = self.state.matrix;
                let is_light = self.state.fill >= FILL_LIGHT;
                if let Some(shapes) = self.path.operator(operator, &numbers.all, &matrix, is_light)
                    && !self.is_off()
                {
                    for shape in shapes {
                        self.drawing.add_shape(shape);
                    }
                }
            }
        }
    }

    fn save(&mut self) {
        if self.saved.len() < MAX_SAVED {
            self.saved.push(self.state.clone());
        } else {
            self.unsaved += 1;
        }
    }

    fn restore(&mut self) {
        if self.unsaved > 0 {
            self.unsaved -= 1;
        } else if self.saved.len() > self.floor
            && let Some(state) = self.saved.pop()
        {
            self.state = state;
        }
    }

    fn colour(&mut self, operator: &[u8], numbers: &[f32]) {
        self.state.fill = match (operator, numbers) {
            (_, [grey]) => *grey,
            (_, [red, green, blue]) => 0.3 * red + 0.59 * green + 0.11 * blue,
            (_, [cyan, magenta, yellow, black]) => {
                (1.0 - (0.3 * cyan + 0.59 * magenta + 0.11 * yellow)) * (1.0 - black)
            }
            _ => 0.0,
        };
    }

    fn font(&mut self, operands: &[Operand<'_>], numbers: &Numbers, resources: &'d Dictionary) {
        if let Some(Operand::Name(name)) = operands.first() {
            let shared = &mut *self.shared;
            self.state.font = Some(shared.fonts.named(resources, name, &mut shared.allowance));
            self.state.text.size = numbers.all.last().copied().unwrap_or(0.0);
        }
    }

    /// A graphics state dictionary may name a font (table 58).
    fn graphics_state(&mut self, operands: &[Operand<'_>], resources: &'d Dictionary) {
        let document = self.shared.document;
        let Some(Operand::Name(name)) = operands.last() else {
            return;
        };
        let font = resources
            .get_deref(b"ExtGState", document)
            .and_then(Object::as_dict)
            .and_then(|states| states.get_deref(name, document))
            .and_then(Object::as_dict)
            .and_then(|state| state.get_deref(b"Font", document))
            .and_then(Object::as_array);
        if let Ok([font, size]) = font.map(Vec::as_slice) {
            let shared = &mut *self.shared;
            self.state.font = Some(shared.fonts.of_object(font, &mut shared.allowance));
            self.state.text.size = size.as_float().unwrap_or(0.0);
        }
    }

    fn is_off(&self) -> bool {
        self.marks.iter().any(|mark| mark.is_off)
    }

    fn mark(&mut self, operands: &[Operand<'_>], resources: &'d Dictionary) {
        let document = self.shared.document;
        let mut mark = Mark {
            actual_text: None,
            has_actual_text: false,
            is_off: false,
        };
        match operands {
            [_, Operand::Dictionary { actual_text }] => {
                mark.actual_text = actual_text.as_ref().and_then(|text| decoded(text.to_vec()));
            }
            [Operand::Name(kind), Operand::Name(name)] => {
                let entry = resources
                    .get_deref(b"Properties", document)
                    .and_then(Object::as_dict)
                    .and_then(|properties| properties.get(name));
                let properties = entry.map(|entry| document.dereference(entry));
                if let Ok(Ok((id, object))) = properties {
                    mark.is_off = kind.as_ref() == b"OC" && self.shared.layers.is_off(document, id, object);
                    let text = object
                        .as_dict()
                        .and_then(|properties| properties.get_deref(b"ActualText", document));
                    mark.actual_text = text.ok().and_then(|text| decode_text_string(text).ok());
                }
            }
            _ => {}
        }
        mark.has_actual_text = mark.actual_text.is_some();
        if self.marks.len() < MAX_MARKS {
            self.marks.push(mark);
        } else {
            self.unmarked += 1;
        }
    }

    fn end_mark(&mut self) {
        if self.unmarked > 0 {
            self.unmarked -= 1;
        } else {
            self.marks.pop();
        }
    }

    fn show_all(&mut self, elements: &[Element<'_>]) {
        for element in elements {
            match element {
                Element::Text(text) => self.show(text),
                Element::Number(number) => {
                    let is_vertical = self.state.font.as_ref().is_some_and(|f| f.borrow().is_vertical);
                    self.state.text.adjust(*number, is_vertical);
                }
            }
        }
    }

    fn show(&mut self, text: &[u8]) {
        let Some(font) = self.state.font.clone() else {
            return;
        };
        let mut font = font.borrow_mut();
        let is_off = self.is_off();
        let mut rest = text;
        while let Some((code, length)) = font.next_code(rest) {
            rest = rest.get(length..).unwrap_or_default();
            self.shared.work.glyphs += 1;
            if self.shared.work.is_exhausted() {
                return;
            }
            let shape = font.shape(code);
            let is_blank = code == 32 && length == 1;
            let place = self
                .state
                .text
                .place(&self.state.matrix, shape.advance, is_blank, font.is_vertical);
            let text = self.actual_text(shape.text);
            if let (Some(place), false) = (place, is_off || text.is_empty()) {
                self.drawing.add_glyph(Glyph {
                    text,
                    start: place.start,
                    end: place.end,
                    size: place.size,
                    direction: place.direction,
                    is_bold: font.is_bold || self.state.text.is_outlined(),
                    is_struck: false,
                    is_apart: false,
                });
            }
        }
    }

    /// What a glyph stands for where the content says so.
    fn actual_text(&mut self, own: Rc<str>) -> Rc<str> {
        match self.marks.iter_mut().find(|mark| mark.has_actual_text) {
            Some(mark) => mark.actual_text.take().unwrap_or_default().into(),
            None => own,
        }
    }

    fn picture(&mut self) {
        if self.is_off() {
            return;
        }
        if let Some(place) = Rectangle::unit_square(&self.state.matrix) {
            self.drawing.add_picture(place);
        }
    }

    /// Draws a picture or a form (section 8.8).
    fn object(&mut self, name: &[u8], resources: &'d Dictionary) {
        let document = self.shared.document;
        let entry = resources
            .get_deref(b"XObject", document)
            .and_then(Object::as_dict)
            .and_then(|objects| objects.get(name));
        if let Ok(entry) = entry {
            self.form(entry, resources);
        }
    }

    /// Draws what an object is or refers to.
    pub(super) fn form(&mut self, entry: &'d Object, resources: &'d Dictionary) {
        let document = self.shared.document;
        let Ok((id, object)) = document.dereference(entry) else {
            return;
        };
        let Ok(stream) = object.as_stream() else {
            return;
        };
        let layer = stream
            .dict
            .get(b"OC")
            .and_then(|layer| document.dereference(layer));
        if layer.is_ok_and(|(id, layer)| self.shared.layers.is_off(document, id, layer)) {
            return;
        }
        let kind = stream
            .dict
            .get_deref(b"Subtype", document)
            .and_then(Object::as_name);
        if kind.is_ok_and(|kind| kind == b"Image") {
            return self.picture();
        }
        let is_open = id.is_some_and(|id| self.open_forms.contains(&id));
        if is_open || self.nesting >= MAX_FORM_NESTING {
            return;
        }
        self.shared.work.forms += 1;
        let Some(content) = self.shared.form_content(id, object) else {
            return;
        };
        let own = stream
            .dict
            .get_deref(b"Resources", document)
            .and_then(Object::as_dict);
        let before = (
            self.state.clone(),
            self.floor,
            self.marks.len(),
            self.unsaved,
            self.unmarked,
        );
        self.floor = self.saved.len();
        if let Some(matrix) = matrix_of(document, &stream.dict) {
            self.state.matrix = matrix.then(&self.state.matrix);
        }
        self.open_forms.extend(id);
        self.nesting += 1;
        self.run(&content, own.unwrap_or(resources));
        self.nesting -= 1;
        if id.is_some() {
            self.open_forms.pop();
        }
        self.saved.truncate(self.floor);
        self.marks.truncate(before.2);
        (self.state, self.floor, _, self.unsaved, self.unmarked) = before;
    }

    /// Draws the appearance of an annotation in its rectangle (section 12.5.5).
    ///
    /// `resources` stand in for those that the appearance does not have.
    pub(super) fn appearance(&mut self, entry: &'d Object, place: [f32; 4], resources: &'d Dictionary) {
        let document = self.shared.document;
        let stream = document.dereference(entry).ok();
        let Some(dictionary) = stream.and_then(|(_, o)| Some(&o.as_stream().ok()?.dict)) else {
            return;
        };
        let before = self.state.clone();
        let matrix = matrix_of(document, dictionary).unwrap_or(Matrix::IDENTITY);
        if let Some(bounds) = rectangle_of(document, dictionary, b"BBox")
            && let Some(fit) = fit(bounds, &matrix, place)
        {
            self.state.matrix = fit.then(&self.state.matrix);
            self.form(entry, resources);
        }
        self.state = before;
    }
}

fn decoded(bytes: Vec<u8>) -> Option<String> {
    decode_text_string(&Object::string_literal(bytes)).ok()
}

/// The numbers among the operands.
struct Numbers {
    all: Vec<f32>,
}

impl Numbers {
    fn of(operands: &[Operand<'_>]) -> Self {
        let all = operands.iter().filter_map(|operand| match operand {
            Operand::Number(number) => Some(*number),
            Operand::Name(_) | Operand::Text(_) | Operand::Array(_) | Operand::Dictionary { .. } => None,
        });
        Self { all: all.collect() }
    }

    fn matrix(&self) -> Option<Matrix> {
        let numbers: [f32; 6] = self.all.get(..6)?.try_into().ok()?;
        numbers.iter().all(|n| n.is_finite()).then_some(Matrix(numbers))
    }
}
