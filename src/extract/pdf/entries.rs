//! Numbers in dictionaries: rectangles and matrices.

use super::matrix::Matrix;
use lopdf::{Dictionary, Document, Object};

/// The matrix that puts a form's bounds into a rectangle.
pub(super) fn fit(bounds: [f32; 4], matrix: &Matrix, place: [f32; 4]) -> Option<Matrix> {
    let [x0, y0, x1, y1] = bounds;
    let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)].map(|(x, y)| matrix.point(x, y));
    let (mut left, mut bottom) = corners[0];
    let (mut right, mut top) = corners[0];
    for (x, y) in corners {
        left = left.min(x);
        right = right.max(x);
        bottom = bottom.min(y);
        top = top.max(y);
    }
    let scale = |from: f32, to: f32| if from.abs() < 1e-6 { 1.0 } else { to / from };
    let wide = scale(right - left, (place[2] - place[0]).abs());
    let high = scale(top - bottom, (place[3] - place[1]).abs());
    let shift_x = place[0].min(place[2]) - left * wide;
    let shift_y = place[1].min(place[3]) - bottom * high;
    let fit = [wide, 0.0, 0.0, high, shift_x, shift_y];
    fit.iter().all(|n| n.is_finite()).then_some(Matrix(fit))
}

pub(super) fn matrix_of(document: &Document, dictionary: &Dictionary) -> Option<Matrix> {
    let numbers = numbers_of(document, dictionary, b"Matrix")?;
    numbers.try_into().ok().map(Matrix)
}

/// Four numbers of a dictionary.
pub(super) fn rectangle_of(document: &Document, dictionary: &Dictionary, key: &[u8]) -> Option<[f32; 4]> {
    numbers_of(document, dictionary, key)?.try_into().ok()
}

fn numbers_of(document: &Document, dictionary: &Dictionary, key: &[u8]) -> Option<Vec<f32>> {
    const LONGEST: usize = 6;
    let array = dictionary
        .get_deref(key, document)
        .and_then(Object::as_array)
        .ok()?;
    let number = |object| document.dereference(object).ok()?.1.as_float().ok();
    array.iter().take(LONGEST).map(number).collect()
}
