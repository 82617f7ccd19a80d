//! Transformation matrices (ISO 32000-1 section 8.3.3).

/// `[a b c d e f]`: x' = ax + cy + e, y' = bx + dy + f.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix(pub(super) [f32; 6]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(super) fn shift(x: f32, y: f32) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// `self` first, then `next`.
    pub(super) fn then(&self, next: &Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let [na, nb, nc, nd, ne, nf] = next.0;
        Self([
            a * na + b * nc,
            a * nb + b * nd,
            c * na + d * nc,
            c * nb + d * nd,
            e * na + f * nc + ne,
            e * nb + f * nd + nf,
        ])
    }

    pub(super) fn point(&self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// A direction and length, without the shift.
    pub(super) fn vector(&self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, ..] = self.0;
        (a * x + c * y, b * x + d * y)
    }

    /// What a page turned clockwise by quarters (its `Rotate` entry) looks like upright; `width` and `height`
    /// are those of its box before turning, which begins at (0, 0).
    pub(super) fn upright(quarters: i64, width: f32, height: f32) -> Self {
        match quarters.rem_euclid(4) {
            1 => Self([0.0, -1.0, 1.0, 0.0, 0.0, width]),
            2 => Self([-1.0, 0.0, 0.0, -1.0, width, height]),
            3 => Self([0.0, 1.0, -1.0, 0.0, height, 0.0]),
            _ => Self::IDENTITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_turned_clockwise_has_its_left_edge_on_top() {
        let upright = Matrix::upright(1, 600.0, 800.0);
        assert_eq!(upright.point(0.0, 0.0), (0.0, 600.0));
        assert_eq!(upright.point(600.0, 800.0), (800.0, 0.0));
        assert_eq!(Matrix::upright(3, 600.0, 800.0).point(0.0, 0.0), (800.0, 0.0));
    }

    #[test]
    fn the_first_matrix_acts_first() {
        let doubled = Matrix([2.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
        assert_eq!(doubled.then(&Matrix::shift(5.0, 0.0)).point(1.0, 1.0), (7.0, 2.0));
    }
}
