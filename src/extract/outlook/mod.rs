//! Mails in Outlook's own formats: `.msg` files and `winmail.dat`.
//!
//! Both hold MAPI properties. Their readers (`msg`, `tnef`) collect those (`properties`); what they mean for
//! a mail (`envelope`, `item`, `assemble`) is the same for both.

mod assemble;
mod compound;
mod compressed;
mod envelope;
mod item;
pub(super) mod msg;
mod object;
mod properties;
pub(super) mod tnef;

#[cfg(test)]
mod tests;
