//! Referrals written as sentences.
use super::FormsContext;
use super::classify::Wants;
use super::draft::Notes;
use crate::domain::{ReadMessage, Referral};

pub(super) fn read(
    message: &ReadMessage,
    wants: Wants,
    context: &FormsContext<'_>,
) -> Option<(Referral, Notes)> {
    let _ = (message, wants, context.known_thread);
    None
}
