//! What the pages of a document share: fonts, forms, layers, and the count of the work done.

use super::fonts::Fonts;
use super::layers::Layers;
use super::streams::Allowance;
use lopdf::{Document, Object, ObjectId};
use std::collections::HashMap;
use std::rc::Rc;

/// Most operators carried out for one document.
const MAX_OPERATORS: u64 = 4_000_000;
/// Most glyphs drawn for one document, those of repeated forms included.
const MAX_GLYPHS: u64 = 2_000_000;
/// Most forms drawn for one document.
const MAX_FORMS: u64 = 20_000;
/// Largest form kept inflated for its next use, in bytes, and all of them together.
const MAX_KEPT_FORM: usize = 1024 * 1024;
const MAX_KEPT_FORMS: usize = 16 * MAX_KEPT_FORM;

/// What reading a document has cost so far.
#[derive(Default)]
pub(super) struct Work {
    pub(super) operators: u64,
    pub(super) glyphs: u64,
    pub(super) forms: u64,
}

impl Work {
    pub(super) fn is_exhausted(&self) -> bool {
        self.operators >= MAX_OPERATORS || self.glyphs >= MAX_GLYPHS || self.forms >= MAX_FORMS
    }
}

/// What the pages of a document share.
pub(super) struct Shared<'d> {
    pub(super) document: &'d Document,
    pub(super) fonts: Fonts<'d>,
    pub(super) allowance: Allowance,
    pub(super) work: Work,
    pub(super) layers: Layers,
    forms: HashMap<ObjectId, Rc<Vec<u8>>>,
    kept: usize,
}

impl<'d> Shared<'d> {
    pub(super) fn new(document: &'d Document, allowance: Allowance) -> Self {
        Self {
            document,
            fonts: Fonts::new(document),
            allowance,
            work: Work::default(),
            layers: Layers::of(document),
            forms: HashMap::new(),
            kept: 0,
        }
    }

    /// The content of a form, inflated once if it is small.
    pub(super) fn form_content(&mut self, id: Option<ObjectId>, form: &'d Object) -> Option<Rc<Vec<u8>>> {
        if let Some(known) = id.and_then(|id| self.forms.get(&id)) {
            return Some(known.clone());
        }
        let content = Rc::new(self.allowance.content_of(form)?);
        if let Some(id) = id
            && content.len() <= MAX_KEPT_FORM
            && self.kept + content.len() <= MAX_KEPT_FORMS
        {
            self.kept += content.len();
            self.forms.insert(id, content.clone());
        }
        Some(content)
    }
}
