//! The virus scanner: every mail passes clamd before it is read.
//!
//! Invariant: while clamd does not answer, answers nonsense or refuses, mail waits; nothing passes unscanned.
//! What is infected is listed with its name and the signature and never opened; the rest of the mail is read.
//!
//! # Security
//! Mail goes to clamd as it is, over a socket file or a loopback address. clamd takes foreign bytes apart
//! with large parsers: its answer is taken as foreign too. It is a short line of three shapes; the
//! signature's name is cut down to a safe set of characters before anybody sees it.

mod clamd;
mod scanned;

pub use clamd::{Clamd, ClamdAddress, ScanFailure, SignatureName, Verdict};
pub use scanned::Scanned;
