//! The network: read from ONNX, its 4-bit matrices unpacked once, run on one thread.
//!
//! The published weights hold each matrix in blocks of 32 four-bit numbers with a scale (`MatMulNBits` of the
//! `com.microsoft` operators). Multiplying them packed costs more than three times as much as unpacking them once.

use super::{ModelError, Score};
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto};
use tract_onnx::prelude::*;

/// Most word pieces of one run: the model's 512 positions less the two marks.
pub(super) const MAX_PIECES: usize = 510;
/// The classes that are parts of people's names: begin and inside of given name and of surname.
const PERSON_CLASSES: [usize; 4] = [1, 2, 3, 4];
/// The classes of places: building number, street, secondary address, city, state, postcode.
const PLACE_CLASSES: std::ops::RangeInclusive<usize> = 23..=34;
/// Those among them that lead to a door: building number, street, secondary address.
const STREET_CLASSES: std::ops::RangeInclusive<usize> = 23..=28;
/// What four bits of zero stand for where the file gives no zero point (`MatMulNBits`).
const MIDDLE: f32 = 8.0;
/// Element type "float" of ONNX tensors.
const FLOAT: i32 = 1;
/// The input that tells text from what fills it up.
const MASK: &str = "attention_mask";

type Runnable = std::sync::Arc<TypedRunnableModel>;

/// Ready to run.
pub(super) struct Network(Runnable);

impl Network {
    /// Reads and unpacks.
    ///
    /// # Errors
    /// [`ModelError::NotRunnable`].
    pub(super) fn of(mut weights: &[u8]) -> Result<Self, ModelError> {
        let framework = tract_onnx::onnx()
            .with_ignore_output_shapes(true)
            .with_ignore_value_info(true);
        let mut proto = framework
            .proto_model_for_read(&mut weights)
            .map_err(|_| ModelError::NotRunnable)?;
        unpack(&mut proto).ok_or(ModelError::NotRunnable)?;
        without_mask(&mut proto).ok_or(ModelError::NotRunnable)?;
        let ready = || -> TractResult<Runnable> {
            let mut model = framework.model_for_proto_model(&proto)?;
            let length = model.symbols.sym("S");
            for input in 0..model.inputs.len() {
                let shape = tvec!(1.to_dim(), length.to_dim());
                model.set_input_fact(input, InferenceFact::dt_shape(i64::datum_type(), shape))?;
            }
            model.into_optimized()?.into_runnable()
        };
        ready().map(Self).map_err(|_| ModelError::NotRunnable)
    }

    /// The score of each id.
    pub(super) fn scores(&self, ids: &[i64]) -> Option<Vec<Score>> {
        let shape = [1, ids.len()];
        let row = |values: &[i64]| tensor1(values).into_shape(&shape).ok().map(TValue::from);
        let inputs = tvec!(row(ids)?, row(&vec![0; ids.len()])?);
        let outputs = self.0.run(inputs).ok()?;
        let logits = outputs.first()?.to_plain_array_view::<f32>().ok()?;
        let classes = *logits.shape().last()?;
        let rows = logits.as_slice()?.chunks(classes);
        let scores: Vec<Score> = rows.map(score_of).collect();
        // An answer that is no number, or one too few, would pass for "nobody": it is a failure.
        let is_sound = |score: &Score| score.person.is_finite() && score.place.is_finite();
        (scores.len() == ids.len() && scores.iter().all(is_sound)).then_some(scores)
    }
}

/// The shares of the person and the place classes after soft-max.
fn score_of(logits: &[f32]) -> Score {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let weight = |logit: &f32| (logit - most).exp();
    let all: f32 = logits.iter().map(weight).sum();
    let person: f32 = PERSON_CLASSES
        .iter()
        .filter_map(|class| logits.get(*class))
        .map(weight)
        .sum();
    let share = |classes: std::ops::RangeInclusive<usize>| -> f32 {
        let own = logits.get(classes).unwrap_or_default();
        own.iter().map(weight).sum::<f32>() / all
    };
    Score {
        person: person / all,
        place: share(PLACE_CLASSES),
        street: share(STREET_CLASSES),
    }
}

/// Turns every packed matrix multiplication into a plain one.
fn unpack(proto: &mut ModelProto) -> Option<()> {
    let graph = proto.graph.as_mut()?;
    for node in graph.node.iter_mut().filter(|node| node.op_type == "MatMulNBits") {
        let [input, packed, scales] = node.input.as_slice() else {
            return None;
        };
        let tensor = |name: &str| graph.initializer.iter().find(|tensor| tensor.name == name);
        let matrix = Packed {
            rows: attribute(node, "N")?,
            columns: attribute(node, "K")?,
            block: attribute(node, "block_size")?,
            packed: &tensor(packed)?.raw_data,
            scales: &tensor(scales)?.raw_data,
        };
        let name = format!("{packed}/unpacked");
        let unpacked = TensorProto {
            name: name.clone(),
            dims: vec![
                i64::try_from(matrix.columns).ok()?,
                i64::try_from(matrix.rows).ok()?,
            ],
            data_type: FLOAT,
            raw_data: matrix.unpacked()?,
            ..TensorProto::default()
        };
        let (packed, scales) = (packed.clone(), scales.clone());
        node.input = vec![input.clone(), name];
        node.op_type = "MatMul".to_owned();
        node.domain = String::new();
        node.attribute.clear();
        graph
            .initializer
            .retain(|tensor| tensor.name != packed && tensor.name != scales);
        graph.initializer.push(unpacked);
    }
    Some(())
}

/// Takes out the mask that keeps what fills a text up from being attended to. Nothing is filled up here: all it does is to
/// add zeros, and that takes a tenth of the time.
fn without_mask(proto: &mut ModelProto) -> Option<()> {
    let graph = proto.graph.as_mut()?;
    let inputs = graph.input.len();
    graph.input.retain(|input| input.name != MASK);
    let mut of_mask = HashSet::from([MASK.to_owned()]);
    let mut stands_for: HashMap<String, String> = HashMap::new();
    let mut nodes = Vec::with_capacity(graph.node.len());
    for mut node in std::mem::take(&mut graph.node) {
        for input in &mut node.input {
            if let Some(other) = stands_for.get(input) {
                input.clone_from(other);
            }
        }
        let masked = node.input.iter().filter(|input| of_mask.contains(*input)).count();
        match (node.op_type.as_str(), masked, node.input.as_slice()) {
            (_, 0, _) => nodes.push(node),
            ("Add", 1, [left, right]) => {
                let kept = if of_mask.contains(left) { right } else { left };
                stands_for.insert(node.output.first()?.clone(), kept.clone());
            }
            (_, _, _) => of_mask.extend(node.output),
        }
    }
    graph.node = nodes;
    (graph.input.len() + 1 == inputs && !stands_for.is_empty()).then_some(())
}

fn attribute(node: &NodeProto, name: &str) -> Option<usize> {
    let found = node.attribute.iter().find(|attribute| attribute.name == name)?;
    usize::try_from(found.i).ok()
}

/// A matrix of `rows` outputs and `columns` inputs, four bits a number.
struct Packed<'p> {
    rows: usize,
    columns: usize,
    block: usize,
    packed: &'p [u8],
    scales: &'p [u8],
}

impl Packed<'_> {
    /// The bytes of the matrix as 32-bit numbers, turned: `columns` x `rows`.
    fn unpacked(&self) -> Option<Vec<u8>> {
        let blocks = self.columns.checked_div(self.block)?;
        let fits = self.columns.is_multiple_of(self.block)
            && self.packed.len() == self.rows * self.columns / 2
            && self.scales.len() == self.rows * blocks * size_of::<f32>();
        if !fits {
            return None;
        }
        let scales: Vec<f32> = self
            .scales
            .chunks_exact(size_of::<f32>())
            .filter_map(|bytes| bytes.try_into().ok().map(f32::from_le_bytes))
            .collect();
        let mut numbers = vec![0.0_f32; self.rows * self.columns];
        for (row, bytes) in self.packed.chunks_exact(self.columns / 2).enumerate() {
            for (pair, byte) in bytes.iter().enumerate() {
                for (column, four_bits) in [(2 * pair, byte & 15), (2 * pair + 1, byte >> 4)] {
                    let scale = scales.get(row * blocks + column / self.block)?;
                    *numbers.get_mut(column * self.rows + row)? = (f32::from(four_bits) - MIDDLE) * scale;
                }
            }
        }
        Some(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_unpacked_with_their_block_s_scale() {
        // Two rows of two numbers in one block: 9 and 7 (scale 2), 8 and 15 (scale 0.5).
        let scales: Vec<u8> = [2.0_f32, 0.5]
            .iter()
            .flat_map(|scale| scale.to_le_bytes())
            .collect();
        let matrix = Packed {
            rows: 2,
            columns: 2,
            block: 2,
            packed: &[0x79, 0xf8],
            scales: &scales,
        };
        let numbers: Vec<f32> = matrix
            .unpacked()
            .expect("the sizes fit")
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
            .collect();
        assert_eq!(numbers, [2.0, 0.0, -2.0, 3.5]);
        assert!(
            Packed {
                packed: &[0x79],
                ..matrix
            }
            .unpacked()
            .is_none()
        );
    }
}
