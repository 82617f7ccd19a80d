//! `winmail.dat` ([MS-OXTNEF]).

use crate::domain::{ReadLimits, ReadStatus};
use crate::extract::attachment::Reading;
use crate::extract::unpack::Room;
use crate::mail::Part;

pub(in crate::extract) fn read(
    _bytes: &[u8],
    _limits: &ReadLimits,
    _room: &mut Room,
) -> Result<Part, Reading> {
    Err(Reading::failed(
        ReadStatus::Unsupported,
        "Outlook winmail.dat, not read",
    ))
}
