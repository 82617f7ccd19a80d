//! Form fields (AcroForm, ISO 32000-1 section 12.7): the tree of fields from its roots, and from each widget
//! that the tree does not reach.

use super::layout::Rectangle;
use super::pages::Page;
use super::streams::Allowance;
use super::values::{self, text_string};
use crate::domain::FormField;
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Most fields and widgets looked at.
const MAX_NODES: usize = 20_000;
/// Highest tree of fields followed.
const MAX_ANCESTORS: usize = 32;
/// Most annotations of one page among which widgets are looked for.
const MAX_ANNOTATIONS: usize = 10_000;

/// A field as it is drawn on a page.
pub(super) struct Widget {
    /// From 1.
    pub(super) page: u32,
    pub(super) place: Rectangle,
    pub(super) shown: Shown,
}

impl Widget {
    /// The number of its page, from 0.
    pub(super) fn index(&self) -> Option<usize> {
        usize::try_from(self.page.checked_sub(1)?).ok()
    }
}

/// What a widget shows.
#[derive(Clone)]
pub(super) enum Shown {
    Text(String),
    Tick { checked: bool },
    Blank,
}

/// What a field has of its own or from the fields above it (table 220).
#[derive(Clone, Default)]
pub(super) struct Traits<'d> {
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) kind: Option<&'d [u8]>,
    pub(super) flags: i64,
    pub(super) value: Option<&'d Object>,
    pub(super) rich: Option<&'d Object>,
    pub(super) options: Option<&'d Object>,
    /// Numbers of the options chosen.
    pub(super) chosen: Option<&'d Object>,
}

impl<'d> Traits<'d> {
    fn with(&self, document: &'d Document, node: &'d Dictionary) -> Self {
        let mut own = self.clone();
        let entry = |key: &[u8]| node.get_deref(key, document).ok();
        if let Some(part) = entry(b"T").and_then(text_string) {
            if !own.name.is_empty() {
                own.name.push('.');
            }
            own.name.push_str(&part);
        }
        let label = entry(b"TU").and_then(text_string);
        own.label = label.filter(|l| !l.trim().is_empty()).or(own.label);
        own.kind = entry(b"FT").and_then(|o| o.as_name().ok()).or(own.kind);
        own.flags = entry(b"Ff").and_then(|o| o.as_i64().ok()).unwrap_or(own.flags);
        own.value = entry(b"V").filter(|o| !o.is_null()).or(own.value);
        own.rich = entry(b"RV").or(own.rich);
        own.options = entry(b"Opt").or(own.options);
        own.chosen = entry(b"I").or(own.chosen);
        own
    }

    /// Those of a widget, from all the fields above it.
    fn of_widget(document: &'d Document, widget: &'d Dictionary) -> Self {
        let mut chain: Vec<&Dictionary> = ancestors(document, widget).collect();
        chain.reverse();
        let root = Self::default();
        chain
            .into_iter()
            .fold(root, |above, node| above.with(document, node))
    }
}

/// A widget in the document.
pub(super) struct WidgetObject<'d> {
    id: Option<ObjectId>,
    pub(super) dictionary: &'d Dictionary,
}

/// Reads all fields and their widgets.
pub(super) fn read(
    document: &Document,
    pages: &[Page<'_>],
    allowance: &mut Allowance,
) -> (Vec<Widget>, Vec<FormField>) {
    let mut reader = Reader {
        document,
        allowance,
        places: HashMap::new(),
        visited: HashSet::new(),
        nodes: 0,
        widgets: Vec::new(),
        fields: Vec::new(),
    };
    reader.find_places(pages);
    let roots = document
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"AcroForm", document))
        .and_then(Object::as_dict)
        .and_then(|form| form.get_deref(b"Fields", document))
        .and_then(Object::as_array);
    for root in roots.into_iter().flatten() {
        // Some programs list widgets instead of the fields above them.
        reader.descend(root_of(document, root), pages);
    }
    reader.orphans(pages);
    reader.fields.sort_by_key(|(order, _)| *order);
    let fields = reader.fields.into_iter().map(|(_, field)| field).collect();
    (reader.widgets, fields)
}

/// Where a widget stands: (page from 0, its number among the page's annotations).
type Order = (usize, usize);

struct Reader<'d, 'a> {
    document: &'d Document,
    allowance: &'a mut Allowance,
    places: HashMap<ObjectId, Order>,
    /// Fields and widgets done.
    visited: HashSet<ObjectId>,
    nodes: usize,
    widgets: Vec<Widget>,
    fields: Vec<(Order, FormField)>,
}

impl<'d> Reader<'d, '_> {
    fn find_places(&mut self, pages: &[Page<'d>]) {
        for (at, page) in pages.iter().enumerate() {
            for (number, annotation) in annotations(self.document, page).enumerate() {
                if let Ok(id) = annotation.as_reference() {
                    self.places.entry(id).or_insert((at, number));
                }
            }
        }
    }

    /// Reads a field and all below it. Fields wait in a list: their tree may be of any height.
    fn descend(&mut self, root: &'d Object, pages: &[Page<'d>]) {
        let mut waiting: Vec<(&'d Object, Rc<Traits<'d>>, usize)> = vec![(root, Rc::default(), 0)];
        while let Some((object, above, depth)) = waiting.pop() {
            let Ok((id, Object::Dictionary(node))) = self.document.dereference(object) else {
                continue;
            };
            self.nodes += 1;
            let is_new = id.is_none_or(|id| self.visited.insert(id));
            if !is_new || depth > MAX_ANCESTORS || self.nodes > MAX_NODES {
                continue;
            }
            let own = Rc::new(above.with(self.document, node));
            let kids = node.get_deref(b"Kids", self.document).and_then(Object::as_array);
            let Ok(kids) = kids else {
                self.field(&own, &[WidgetObject { id, dictionary: node }], pages, None);
                continue;
            };
            let mut widgets = Vec::new();
            let room = MAX_NODES.saturating_sub(waiting.len());
            for kid in kids.iter().take(room).rev() {
                match self.document.dereference(kid) {
                    Ok((id, Object::Dictionary(below))) if !below.has(b"T") && !below.has(b"Kids") => {
                        if id.is_none_or(|id| self.visited.insert(id)) {
                            widgets.push(WidgetObject {
                                id,
                                dictionary: below,
                            });
                        }
                    }
                    Ok(_) => waiting.push((kid, own.clone(), depth + 1)),
                    Err(_) => {}
                }
            }
            widgets.reverse();
            self.nodes += widgets.len();
            if !widgets.is_empty() || kids.is_empty() {
                self.field(&own, &widgets, pages, None);
            }
        }
    }

    /// Widgets that the tree of fields does not reach.
    fn orphans(&mut self, pages: &[Page<'d>]) {
        let document = self.document;
        for (at, page) in pages.iter().enumerate() {
            for (number, annotation) in annotations(document, page).enumerate() {
                let Ok((id, Object::Dictionary(widget))) = document.dereference(annotation) else {
                    continue;
                };
                let is_known = id.is_some_and(|id| self.visited.contains(&id));
                if is_known || super::annotations::kind(document, widget) != b"Widget" {
                    continue;
                }
                let root = root_of(document, annotation);
                let has_kids = document
                    .dereference(root)
                    .is_ok_and(|(_, node)| node.as_dict().is_ok_and(|node| node.has(b"Kids")));
                if has_kids && root.as_reference().is_ok_and(|id| !self.visited.contains(&id)) {
                    self.descend(root, pages);
                }
                if id.is_none_or(|id| self.visited.insert(id)) && self.nodes < MAX_NODES {
                    self.nodes += 1;
                    let traits = Traits::of_widget(document, widget);
                    let widget = WidgetObject {
                        id,
                        dictionary: widget,
                    };
                    self.field(&traits, &[widget], pages, Some((at, number)));
                }
            }
        }
    }

    fn field(
        &mut self,
        traits: &Traits<'d>,
        widgets: &[WidgetObject<'d>],
        pages: &[Page<'d>],
        known: Option<Order>,
    ) {
        let document = self.document;
        // Some programs write the value of a field into its widget.
        let own = widgets
            .iter()
            .map(|widget| widget.dictionary)
            .find(|widget| widget.has(b"V"));
        let own = own
            .filter(|_| traits.value.is_none())
            .map(|widget| traits.with(document, widget));
        let name = traits.name.clone();
        let traits = own.as_ref().unwrap_or(traits);
        let Some((value, shown)) = values::read(document, traits, widgets, self.allowance) else {
            return;
        };
        let mut first: Option<Order> = None;
        for (widget, shown) in widgets.iter().zip(shown) {
            let order = known.or_else(|| self.places.get(&widget.id?).copied());
            let Some(order) = order else { continue };
            first = Some(first.map_or(order, |first| first.min(order)));
            self.widget(widget, shown, order.0, pages);
        }
        let order = first.unwrap_or((usize::MAX, self.fields.len()));
        let page = first.and_then(|(at, _)| u32::try_from(at + 1).ok());
        self.fields.push((
            order,
            FormField {
                name,
                label: traits.label.clone(),
                value,
                page,
            },
        ));
    }

    fn widget(&mut self, widget: &WidgetObject<'d>, shown: Shown, at: usize, pages: &[Page<'d>]) {
        let flags = widget
            .dictionary
            .get_deref(b"F", self.document)
            .and_then(Object::as_i64);
        if flags.unwrap_or(0) & super::annotations::NOT_SHOWN != 0 {
            return;
        }
        let corners = super::entries::rectangle_of(self.document, widget.dictionary, b"Rect");
        let place = pages.get(at).and_then(|page| page.place(corners?));
        if let (Some(place), Ok(page)) = (place, u32::try_from(at + 1)) {
            self.widgets.push(Widget { page, place, shown });
        }
    }
}

fn annotations<'d>(document: &'d Document, page: &Page<'d>) -> impl Iterator<Item = &'d Object> {
    let annotations = page
        .dictionary
        .get_deref(b"Annots", document)
        .and_then(Object::as_array);
    annotations.into_iter().flatten().take(MAX_ANNOTATIONS)
}

/// Whether a widget's picture is looked at: its field has no value that says the same.
pub(super) fn is_drawn(document: &Document, widget: &Dictionary, allowance: &mut Allowance) -> bool {
    values::is_drawn(document, &Traits::of_widget(document, widget), allowance)
}

/// The field at the top of the tree that a field or widget belongs to.
fn root_of<'d>(document: &'d Document, start: &'d Object) -> &'d Object {
    let mut root = start;
    for _ in 0..MAX_ANCESTORS {
        let node = document
            .dereference(root)
            .ok()
            .and_then(|(_, node)| node.as_dict().ok());
        let parent = node.and_then(|node| node.get(b"Parent").ok());
        match parent.filter(|parent| {
            document
                .dereference(parent)
                .is_ok_and(|(_, o)| o.as_dict().is_ok())
        }) {
            Some(parent) => root = parent,
            None => break,
        }
    }
    root
}

/// An entry of a field or page, or of the nearest node above it that has one.
pub(super) fn inherited<'d>(document: &'d Document, start: &'d Dictionary, key: &[u8]) -> Option<&'d Object> {
    ancestors(document, start).find_map(|node| node.get_deref(key, document).ok())
}

fn ancestors<'d>(document: &'d Document, start: &'d Dictionary) -> impl Iterator<Item = &'d Dictionary> {
    let mut next = Some(start);
    std::iter::from_fn(move || {
        let node = next?;
        next = node.get_deref(b"Parent", document).and_then(Object::as_dict).ok();
        Some(node)
    })
    .take(MAX_ANCESTORS)
}
