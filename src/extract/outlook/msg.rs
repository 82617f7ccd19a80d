//! Outlook messages saved as files ([MS-OXMSG]).

use crate::domain::{ReadLimits, ReadStatus};
use crate::extract::attachment::Reading;
use crate::extract::unpack::Room;
use crate::mail::Mail;

pub(in crate::extract) fn read(
    _bytes: &[u8],
    _limits: &ReadLimits,
    _room: &mut Room,
) -> Result<Mail, Reading> {
    Err(Reading::failed(
        ReadStatus::Unsupported,
        "Outlook message (.msg), not read",
    ))
}
