//! Backup and restore in one logical format for both databases, so that it is also the way from one to the other.
//!
//! Invariants: a backup is one snapshot; every table and column there is stands in [`tables`], or nothing is written; a
//! restore is one transaction, committed only after the stream's last chunk has opened and the audit chain was walked.

mod items;
mod load;
mod replay;
mod tables;
mod take;
#[cfg(test)]
mod tests;

pub(in crate::store) use load::restore;
