//! The pages of a document with what they inherit (ISO 32000-1 section 7.7.3).

use super::entries::rectangle_of;
use super::fields::inherited;
use super::layout::Rectangle;
use super::matrix::Matrix;
use super::streams::Allowance;
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::HashSet;

/// Most nodes of the page tree looked at.
const MAX_NODES: usize = 100_000;
/// A4 stands in where a page has no usable size.
const USUAL_BOX: [f32; 4] = [0.0, 0.0, 595.0, 842.0];

/// A page with what it has from its ancestors.
pub(super) struct Page<'d> {
    pub(super) dictionary: &'d Dictionary,
    pub(super) resources: Option<&'d Dictionary>,
    /// Turns the page's space into the one in which it is read, from (0, 0).
    pub(super) upright: Matrix,
    pub(super) width: f32,
    pub(super) height: f32,
}

#[derive(Clone, Copy, Default)]
struct Inherited<'d> {
    resources: Option<&'d Dictionary>,
    media_box: Option<[f32; 4]>,
    rotate: Option<i64>,
}

impl<'d> Inherited<'d> {
    fn with(mut self, document: &'d Document, node: &'d Dictionary) -> Self {
        let resources = node.get_deref(b"Resources", document).and_then(Object::as_dict);
        self.resources = resources.ok().or(self.resources);
        self.media_box = rectangle_of(document, node, b"MediaBox").or(self.media_box);
        let rotate = node.get_deref(b"Rotate", document).and_then(Object::as_i64);
        self.rotate = rotate.ok().or(self.rotate);
        self
    }
}

/// The first `most` pages in order.
pub(super) fn pages(document: &Document, most: usize) -> Vec<Page<'_>> {
    let root = document.catalog().and_then(|catalog| catalog.get(b"Pages")).ok();
    let mut found = Vec::new();
    let mut nodes_seen: HashSet<ObjectId> = HashSet::new();
    let mut steps = 0usize;
    // Nodes to look at, the next one last.
    let mut waiting: Vec<(&Object, Inherited<'_>)> = root
        .map(|root| (root, Inherited::default()))
        .into_iter()
        .collect();
    while let Some((object, above)) = waiting.pop() {
        steps += 1;
        if steps > MAX_NODES || found.len() >= most {
            break;
        }
        let Ok((id, Object::Dictionary(node))) = document.dereference(object) else {
            continue;
        };
        let kids = node.get_deref(b"Kids", document).and_then(Object::as_array);
        let own = above.with(document, node);
        match kids {
            Ok(kids) => {
                if id.is_none_or(|id| nodes_seen.insert(id)) {
                    let room = MAX_NODES.saturating_sub(waiting.len());
                    waiting.extend(kids.iter().take(room).rev().map(|kid| (kid, own)));
                }
            }
            Err(_) => found.push(page(node, own)),
        }
    }
    if found.is_empty() {
        found = loose_pages(document, most);
    }
    found
}

/// The pages of a document whose page tree is damaged, in the order of their numbers.
fn loose_pages(document: &Document, most: usize) -> Vec<Page<'_>> {
    let is_page = |node: &&Dictionary| node.get_type().is_ok_and(|kind| kind == b"Page");
    let pages = document.objects.values().filter_map(|object| {
        let node = object.as_dict().ok().filter(is_page)?;
        let own = Inherited {
            resources: inherited(document, node, b"Resources").and_then(|r| r.as_dict().ok()),
            media_box: None,
            rotate: None,
        };
        Some(page(node, own.with(document, node)))
    });
    pages.take(most).collect()
}

fn page<'d>(dictionary: &'d Dictionary, own: Inherited<'d>) -> Page<'d> {
    let is_usable = |corners: &[f32; 4]| {
        let [x0, y0, x1, y1] = *corners;
        Rectangle::new(x0, y0, x1, y1).is_some_and(|r| r.right - r.left >= 1.0 && r.height() >= 1.0)
    };
    let [x0, y0, x1, y1] = own.media_box.filter(is_usable).unwrap_or(USUAL_BOX);
    let (width, height) = ((x1 - x0).abs(), (y1 - y0).abs());
    let quarters = own.rotate.unwrap_or(0).div_euclid(90);
    let upright = Matrix::shift(-x0.min(x1), -y0.min(y1)).then(&Matrix::upright(quarters, width, height));
    let is_turned = quarters.rem_euclid(2) == 1;
    Page {
        dictionary,
        resources: own.resources,
        upright,
        width: if is_turned { height } else { width },
        height: if is_turned { width } else { height },
    }
}

impl Page<'_> {
    /// The page's content, its parts one after the other; `None` if a part is damaged or too large.
    pub(super) fn content(&self, document: &Document, allowance: &mut Allowance) -> (Vec<u8>, bool) {
        let mut content = Vec::new();
        let mut is_whole = true;
        let Ok(entry) = self.dictionary.get_deref(b"Contents", document) else {
            return (content, is_whole);
        };
        let parts = match entry {
            Object::Array(parts) => parts.as_slice(),
            single => std::slice::from_ref(single),
        };
        for part in parts {
            let Ok((_, part)) = document.dereference(part) else {
                continue;
            };
            if part.is_null() {
                continue;
            }
            match allowance.content_of(part) {
                Some(part) => content.extend(part),
                None => is_whole = false,
            }
            content.push(b'\n');
        }
        (content, is_whole)
    }

    /// A rectangle of the page's space where it is read.
    pub(super) fn place(&self, corners: [f32; 4]) -> Option<Rectangle> {
        let [x0, y0, x1, y1] = corners;
        let (x0, y0) = self.upright.point(x0, y0);
        let (x1, y1) = self.upright.point(x1, y1);
        Rectangle::new(x0, y0, x1, y1)
    }
}
