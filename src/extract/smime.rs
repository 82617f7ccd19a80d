//! S/MIME messages signed in one piece (RFC 8551 section 3.5.2).

use super::attachment::Reading;
use super::unpack::Room;
use crate::domain::{ReadLimits, ReadStatus};
use crate::mail::Part;

pub(super) fn read(_bytes: &[u8], _limits: &ReadLimits, _room: &mut Room) -> Result<Part, Reading> {
    Err(Reading::failed(
        ReadStatus::Unsupported,
        "signed message in one piece, not read",
    ))
}
