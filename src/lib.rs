//! `referrald`: a secure referral e-mail daemon for restorative-justice and mediation services.
//!
//! # Architecture
//!
//! A pure core ([`domain`], [`mail`], [`extract`], [`forms`], [`redact`], [`vault`]) does no input or
//! output, reads no clock and draws no randomness. Two services use it: [`ingest`] (mailbox to draft
//! referral) and [`outbound`] (liaison mail to deliveries). Each names the ports it needs; the adapters
//! [`imap`], [`smtp`], [`sandbox`] and [`scanner`] serve them; [`dial`] and [`oauth`] get connections and access tokens for them. [`store`] keeps everything sealed, [`presence`] shares the
//! work among several daemons on one database, [`casework`] is what staff do with it, [`web`] shows it in a browser, and
//! [`cli`] is the only module that wires the others together.
//!
//! # Invariants
//!
//! - A message is moved in the mailbox only after its raw bytes are committed ([`ingest`]).
//! - Foreign bytes are parsed only in a worker process ([`sandbox`]), where a virus scanner is configured only
//!   after it has passed them ([`scanner`]).
//! - Text reaches an open recipient only as [`redact::RedactedMessage`], which only the second pass makes.
//! - Personal data does not print: [`domain::Personal`] has no `Debug`, `Display` or `Serialize`.
//!
//! `tests/layering.rs` fails when a module names one that it may not.

pub mod casework;
pub mod cli;
pub mod config;
pub mod dial;
pub mod domain;
pub mod extract;
pub mod forms;
pub mod imap;
pub mod ingest;
pub mod mail;
pub mod oauth;
pub mod observe;
pub mod outbound;
pub mod presence;
pub mod redact;
pub mod sandbox;
pub mod scanner;
pub mod smtp;
pub mod store;
pub mod vault;
pub mod web;
