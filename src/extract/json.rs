//! JSON as pairs.

use super::attachment::Reading;
use crate::domain::{ReadLimits, ReadStatus};

pub(super) fn read(_bytes: &[u8], _limits: &ReadLimits) -> Reading {
    Reading::failed(ReadStatus::Unsupported, "JSON, not read")
}
