//! Text boxes ([MS-DOC] sections 2.8.32, 2.8.37): where their text is, and where they are anchored.

use super::bytes::{Plc, u32_at};
use std::collections::HashMap;

/// Bytes of `FTXBXS`, and where in it the shape's number is.
const BOX_BYTES: usize = 22;
const BOX_SHAPE_AT: usize = 14;
/// Bytes of `SPA`, which begins with the shape's number.
const ANCHOR_BYTES: usize = 26;

/// The text boxes of a sub-document that have not been read yet.
pub(super) struct Boxes<'d> {
    anchors: Option<Plc<'d>>,
    /// First character of the sub-document that the anchors count from.
    anchored_from: u32,
    /// Ranges by the number of their shape.
    ranges: HashMap<u32, Vec<(u32, u32)>>,
    /// Shapes in the order of their texts.
    order: Vec<u32>,
}

impl<'d> Boxes<'d> {
    pub(super) fn none() -> Self {
        Self {
            anchors: None,
            anchored_from: 0,
            ranges: HashMap::new(),
            order: Vec::new(),
        }
    }

    /// `texts` begin at the character `start`, and there are `length` of them.
    pub(super) fn new(boxes: &[u8], start: u32, length: u32, anchors: &'d [u8], anchored_from: u32) -> Self {
        let plc = Plc::new(boxes, BOX_BYTES);
        let mut ranges: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        let mut order = Vec::new();
        let mut next = 0;
        for index in 0..plc.len() {
            let (Some(from), Some(to), Some(record)) =
                (plc.position(index), plc.position(index + 1), plc.record(index))
            else {
                break;
            };
            let to = to.min(length);
            if from < next || to <= from {
                continue;
            }
            next = to;
            let shape = u32_at(record, BOX_SHAPE_AT).unwrap_or(0);
            ranges
                .entry(shape)
                .or_default()
                .push((start.saturating_add(from), start.saturating_add(to)));
            order.push(shape);
        }
        // Text that the list does not tell of.
        if next < length {
            ranges
                .entry(0)
                .or_default()
                .push((start.saturating_add(next), start.saturating_add(length)));
            order.push(0);
        }
        Self {
            anchors: Some(Plc::new(anchors, ANCHOR_BYTES)),
            anchored_from,
            ranges,
            order,
        }
    }

    /// The texts of the box that is anchored at a character.
    pub(super) fn take_at(&mut self, position: u32) -> Vec<(u32, u32)> {
        let shape = self.anchors.and_then(|anchors| {
            let relative = position.checked_sub(self.anchored_from)?;
            let index = anchors.find(relative)?;
            if anchors.position(index)? != relative {
                return None;
            }
            u32_at(anchors.record(index)?, 0)
        });
        shape.and_then(|s| self.ranges.remove(&s)).unwrap_or_default()
    }

    /// All that are left, in order.
    pub(super) fn take_left(&mut self) -> Vec<(u32, u32)> {
        let order = std::mem::take(&mut self.order);
        order
            .into_iter()
            .filter_map(|shape| self.ranges.remove(&shape))
            .flatten()
            .collect()
    }
}
