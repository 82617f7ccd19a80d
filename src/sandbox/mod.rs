//! The worker process: how it is started, fenced, spoken to and replaced.
//!
//! Invariant: foreign bytes are taken apart only in a child process that has no environment, no files,
//! no network, no way to start a program, and bounded memory and time. A child that dies, hangs or
//! overeats is replaced; the part it was at is left out with its reason and the rest of the message read by
//! a fresh one, or the message becomes a review item; no other message waits for it.
//!
//! The parts, from the inside out: [`serve`] is the child's whole life, `fence` what it does to itself
//! before it reads the first byte, `frame` and `job` the language of the pipes, `pool`, `trial`, `told` and
//! `worker` the daemon's side.
//!
//! Pictures are looked at by programs of the operating system, each behind a fence of its own: `ocr` and
//! `tsv` are the daemon's side, [`become_program`] is the child's.
//!
//! # Security
//! The child handles bytes from anybody with large parsers: assume it is taken over. It then can answer
//! nonsense (the daemon checks the answer's bounds and shape, and [`crate::redact::RedactedMessage::verify`]
//! decides about outbound text) or not answer (time limit). It cannot open, connect, start or signal
//! anything, and what it knows ends with it, by default after one message: the bytes it was handed, and
//! for a drafting child the people of the cases. That is why reading and drafting have children of their
//! own ([`ReadingPool`], [`DraftingPool`]): one that has people in memory never takes inbound mail.

mod failure;
mod fence;
mod filter;
mod fit;
mod frame;
mod job;
mod limits;
mod ocr;
mod pool;
#[cfg(debug_assertions)]
mod probe;
mod program;
mod serve;
mod told;
mod trial;
mod tsv;
mod worker;

pub use failure::WorkerFailure;
pub use fence::{FenceReport, Layer};
pub use frame::FrameError;
pub use limits::{Protection, Purpose, WorkerLimits, WorkerSettings};
pub use ocr::{OcrFailure, OcrSettings, check_ocr};
pub use pool::{DraftingPool, ReadingPool};
#[cfg(debug_assertions)]
pub use probe::{Probe, ProbeAnswer};
pub use program::{PROGRAM_WORD, become_program};
pub use serve::{Give, Handlers, Opening, ServeError, serve};
