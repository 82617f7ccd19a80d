//! Zip archives.

use super::attachment::Reading;
use super::unpack::Room;
use crate::domain::{ReadLimits, ReadStatus};
use crate::mail::Part;

pub(super) fn read(_bytes: &[u8], _limits: &ReadLimits, _room: &mut Room) -> Result<Part, Reading> {
    Err(Reading::failed(ReadStatus::Unsupported, "archive, not read"))
}
