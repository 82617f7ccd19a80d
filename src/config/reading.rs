//! The sections about reading mail: `[reading]`, `[ocr]`, `[scanner]`.

use super::fields::Fields;
use super::{MEGABYTE, to_usize};
use crate::domain::{MailLimits, ReadLimits};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const KILOBYTE: u64 = 1024;

/// What to do where a worker cannot be fenced in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnprotectedChoice {
    /// Do not read mail (the mail is kept and waits).
    Refuse,
    /// Read it all the same.
    Allow,
}

/// `[reading]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ReadingConfig {
    pub workers: usize,
    pub time_limit: Duration,
    pub part_limit: Duration,
    pub memory_bytes: u64,
    pub limits: ReadLimits,
    pub unprotected: UnprotectedChoice,
}

/// `[ocr]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct OcrConfig {
    pub enabled: bool,
    /// Languages as tesseract names them, joined by `+`.
    pub languages: String,
    pub max_pages: u32,
    pub page_limit: Duration,
    pub memory_bytes: u64,
}

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A socket file.
    Unix(PathBuf),
    /// A loopback address: mail is not encrypted on its way there.
    Tcp(SocketAddr),
}

/// `[scanner]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ScannerConfig {
    pub clamd: ClamdAddress,
    pub time_limit: Duration,
    pub max_stream_bytes: u64,
}

pub(super) fn reading(mut f: Fields) -> ReadingConfig {
    ReadingConfig {
        workers: to_usize(f.number("workers", 2, 1..=32)),
        time_limit: f.seconds("time_limit_seconds", 30, 1..=600),
        part_limit: f.seconds("part_seconds", 10, 1..=600),
        memory_bytes: f.number("memory_mb", 512, 128..=4096) * MEGABYTE,
        limits: read_limits(&mut f),
        unprotected: f.choice(
            "unprotected",
            UnprotectedChoice::Refuse,
            &[
                ("refuse", UnprotectedChoice::Refuse),
                ("allow", UnprotectedChoice::Allow),
            ],
        ),
    }
}

fn read_limits(f: &mut Fields) -> ReadLimits {
    let safe = ReadLimits::default();
    let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let header_kb = wide(safe.mail.max_header_bytes) / KILOBYTE;
    let pages = f.number("max_pages", safe.max_pages.into(), 1..=1000);
    ReadLimits {
        mail: MailLimits {
            max_depth: to_usize(f.number("max_depth", wide(safe.mail.max_depth), 1..=20)),
            max_parts: to_usize(f.number("max_parts", wide(safe.mail.max_parts), 1..=2000)),
            max_header_bytes: to_usize(f.number("max_header_kb", header_kb, 16..=4096) * KILOBYTE),
        },
        max_document_bytes: f.number("max_document_mb", safe.max_document_bytes / MEGABYTE, 1..=200)
            * MEGABYTE,
        max_unpacked_bytes: f.number("max_unpacked_mb", safe.max_unpacked_bytes / MEGABYTE, 1..=1024)
            * MEGABYTE,
        max_container_depth: to_usize(f.number("max_container_depth", wide(safe.max_container_depth), 0..=8)),
        max_members: to_usize(f.number("max_members", wide(safe.max_members), 0..=2000)),
        max_pages: u32::try_from(pages).unwrap_or(u32::MAX),
        max_blocks: to_usize(f.number("max_blocks", wide(safe.max_blocks), 100..=200_000)),
        max_chars: to_usize(f.number("max_characters", wide(safe.max_chars), 1000..=20_000_000)),
    }
}

pub(super) fn ocr(mut f: Fields) -> OcrConfig {
    let pages = f.number("max_pages", 10, 1..=200);
    let config = OcrConfig {
        enabled: f.flag("enabled", false),
        languages: f.text_or("languages", "eng"),
        max_pages: u32::try_from(pages).unwrap_or(u32::MAX),
        page_limit: f.seconds("time_limit_seconds", 30, 1..=600),
        memory_bytes: f.number("memory_mb", 1024, 256..=4096) * MEGABYTE,
    };
    let is_language = |language: &str| {
        !language.is_empty() && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    f.demand(
        config.languages.split('+').all(is_language),
        "languages",
        "write tesseract's names of languages joined by +, such as \"eng+cym\"",
    );
    config
}

pub(super) fn scanner(mut f: Fields) -> ScannerConfig {
    let clamd = f.text(
        "clamd",
        "where clamd listens, such as \"/run/clamav/clamd.ctl\" or \"127.0.0.1:3310\"",
    );
    let tcp = clamd.parse::<SocketAddr>();
    let is_local = clamd.starts_with('/') || tcp.as_ref().is_ok_and(|address| address.ip().is_loopback());
    f.demand(
        clamd.is_empty() || is_local,
        "clamd",
        "must be a socket file such as \"/run/clamav/clamd.ctl\", or a loopback address and port such as \
         \"127.0.0.1:3310\": mail goes there as it is",
    );
    ScannerConfig {
        clamd: tcp.map_or_else(|_| ClamdAddress::Unix(PathBuf::from(&clamd)), ClamdAddress::Tcp),
        time_limit: f.seconds("time_limit_seconds", 60, 1..=600),
        max_stream_bytes: f.number("max_stream_mb", 100, 1..=1024) * MEGABYTE,
    }
}
