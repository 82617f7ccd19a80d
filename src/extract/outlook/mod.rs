//! Mails in Outlook's own formats: `.msg` files and `winmail.dat`.

pub(super) mod msg;
pub(super) mod tnef;
