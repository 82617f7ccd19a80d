//! Layers that are switched off (optional content, ISO 32000-1 section 8.11).

use lopdf::{Document, Object, ObjectId};
use std::collections::HashSet;

/// Most layers looked at.
const MAX_LAYERS: usize = 10_000;

/// The layers that a reader does not see.
pub(super) struct Layers {
    off: HashSet<ObjectId>,
}

impl Layers {
    pub(super) fn of(document: &Document) -> Self {
        let mut off = HashSet::new();
        let properties = document
            .catalog()
            .and_then(|catalog| catalog.get_deref(b"OCProperties", document))
            .and_then(Object::as_dict);
        let Ok(properties) = properties else {
            return Self { off };
        };
        let Ok(usual) = properties.get_deref(b"D", document).and_then(Object::as_dict) else {
            return Self { off };
        };
        let list = |dictionary: &lopdf::Dictionary, key: &[u8]| -> Vec<ObjectId> {
            let array = dictionary.get_deref(key, document).and_then(Object::as_array);
            let ids = array.into_iter().flatten().take(MAX_LAYERS);
            ids.filter_map(|layer| layer.as_reference().ok()).collect()
        };
        let base = usual.get_deref(b"BaseState", document).and_then(Object::as_name);
        if base.is_ok_and(|state| state == b"OFF") {
            off.extend(list(properties, b"OCGs"));
            for id in list(usual, b"ON") {
                off.remove(&id);
            }
        }
        off.extend(list(usual, b"OFF"));
        Self { off }
    }

    /// Whether a layer, or all the layers a membership names (table 99), are off.
    pub(super) fn is_off(&self, document: &Document, id: Option<ObjectId>, layer: &Object) -> bool {
        if self.off.is_empty() {
            return false;
        }
        if id.is_some_and(|id| self.off.contains(&id)) {
            return true;
        }
        let Ok(membership) = layer.as_dict() else {
            return false;
        };
        match membership.get(b"OCGs") {
            Ok(Object::Reference(id)) => match document.get_object(*id) {
                Ok(Object::Array(layers)) => self.are_off(layers),
                Ok(_) | Err(_) => self.off.contains(id),
            },
            Ok(Object::Array(layers)) => self.are_off(layers),
            Ok(_) | Err(_) => false,
        }
    }

    fn are_off(&self, layers: &[Object]) -> bool {
        let mut ids = layers
            .iter()
            .take(MAX_LAYERS)
            .filter_map(|layer| layer.as_reference().ok())
            .peekable();
        ids.peek().is_some() && ids.all(|id| self.off.contains(&id))
    }
}
