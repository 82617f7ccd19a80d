//! The files of a folder as single readings: each is a document, or one mail of a mailbox file.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest file taken, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Beginning of a file in which a mail's header is looked for, in bytes.
const HEAD_BYTES: usize = 2048;
/// Header fields of which a mail has at least one near its beginning.
const MAIL_FIELDS: [&str; 16] = [
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "received",
    "return-path",
    "delivered-to",
    "message-id",
    "mime-version",
    "content-type",
    "reply-to",
    "sender",
    "x-mailer",
    "x-original-to",
    "envelope-to",
];

/// How a file is handed to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it is.
    Mail,
    /// As what came attached to an empty mail.
    Document,
}

/// One thing to read.
pub struct Task {
    /// Path below the folder with `/`; `#2` behind it is the second mail of a mailbox file.
    pub path: String,
    /// The row of the table it counts in.
    pub format: &'static str,
    pub manner: Manner,
    pub content: Vec<u8>,
}

/// Every file below a folder, in order of the paths.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                Ok(_) | Err(_) => {}
            }
        }
    }
    found.sort();
    found
}

/// The readings of one file.
pub fn tasks(folder: &Path, file: &Path) -> Vec<Task> {
    let path = file.strip_prefix(folder).unwrap_or(file);
    let path = path.to_string_lossy().into_owned();
    let mut content = Vec::new();
    let opened = fs::File::open(file).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut content));
    if opened.is_err() {
        return Vec::new();
    }
    let format = format_of(&path, &content);
    if format != "mail" {
        let manner = Manner::Document;
        return vec![Task {
            path,
            format,
            manner,
            content,
        }];
    }
    let mails = mails_in(content);
    let is_mailbox = mails.len() > 1;
    let numbered = mails.into_iter().enumerate();
    numbered
        .map(|(at, content)| Task {
            path: if is_mailbox {
                format!("{path}#{}", at + 1)
            } else {
                path.clone()
            },
            format,
            manner: Manner::Mail,
            content,
        })
        .collect()
}

/// By content where that tells, else by name. Told here and not by the reader that is measured.
fn format_of(path: &str, content: &[u8]) -> &'static str {
    let extension = path
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    let is_compound = content.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    match extension {
        "pdf" => "pdf",
        "docx" | "docm" | "dotx" => "docx",
        "doc" | "dot" => "doc",
        "rtf" => "rtf",
        "odt" | "ott" => "odt",
        "xlsx" | "xlsm" | "xls" | "ods" => "sheet",
        "zip" => "zip",
        "htm" | "html" => "html",
        "eml" | "mbox" => "mail",
        "msg" if is_compound => "msg",
        _ if content.starts_with(&[0x78, 0x9f, 0x3e, 0x22]) => "tnef",
        _ if content.starts_with(b"%PDF-") => "pdf",
        _ if content.starts_with(b"{\\rtf") => "rtf",
        _ if is_compound => "doc",
        _ if looks_like_mail(content) => "mail",
        "txt" => "txt",
        _ => "other",
    }
}

/// It begins with header fields, one of them a mail's.
fn looks_like_mail(content: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&content[..content.len().min(HEAD_BYTES)]);
    let lines = head
        .trim_start()
        .split(['\r', '\n'])
        .filter(|line| !line.is_empty());
    let mut known = false;
    for (at, line) in lines.take(12).enumerate() {
        if line.starts_with([' ', '\t']) || at == 0 && line.starts_with("From ") {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else {
            break;
        };
        if name.is_empty() || name.contains(char::is_whitespace) {
            break;
        }
        known |= MAIL_FIELDS.contains(&name.to_ascii_lowercase().as_str());
    }
    known
}

/// The mails of a file: one that begins with `From ` is a mailbox (mboxrd quoting).
fn mails_in(content: Vec<u8>) -> Vec<Vec<u8>> {
    // Without line feeds every line ends in a bare CR: then it is one mail, whatever it begins with.
    if !content.starts_with(b"From ") || !content.contains(&b'\n') {
        return vec![content];
    }
    let mut mails: Vec<Vec<u8>> = Vec::new();
    let mut after_blank = true;
    for line in content.split_inclusive(|b| *b == b'\n') {
        if after_blank && line.starts_with(b"From ") {
            mails.push(Vec::new());
        } else if let Some(mail) = mails.last_mut() {
            let quotes = line.iter().take_while(|b| **b == b'>').count();
            let is_quoted = quotes > 0 && line[quotes..].starts_with(b"From ");
            mail.extend_from_slice(&line[usize::from(is_quoted)..]);
        }
        after_blank = matches!(line, b"\n" | b"\r\n");
    }
    mails
}
