//! Word 97-2003 documents ([MS-DOC]).

use super::attachment::Reading;
use crate::domain::{ReadLimits, ReadStatus};

pub(super) fn read(_bytes: &[u8], _limits: &ReadLimits) -> Reading {
    Reading::failed(ReadStatus::Unsupported, "old Office format (.doc), not read")
}
