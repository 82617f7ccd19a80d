//! What is mutated: the messages of the fixtures, the documents in them, and the documents beside them.

use referrald::domain::{KnownCase, MailLimits};
use referrald::mail::{Part, PartBody, parse};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub struct Message {
    pub name: String,
    pub raw: Vec<u8>,
    pub case: Option<KnownCase>,
}

pub struct Document {
    /// Its last part is the file name that the reader is told.
    pub path: PathBuf,
    pub content: Vec<u8>,
}

impl Document {
    pub fn filename(&self) -> String {
        self.path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

pub fn messages() -> Vec<Message> {
    let folders = ["inbound", "outbound"]
        .iter()
        .flat_map(|which| listed(&root().join(which)));
    let folders = folders.filter(|path| path.join("message.eml").is_file());
    let messages: Vec<Message> = folders
        .map(|folder| Message {
            name: folder.display().to_string(),
            raw: std::fs::read(folder.join("message.eml")).expect("the message is there"),
            case: std::fs::read_to_string(folder.join("case.json"))
                .ok()
                .map(|text| KnownCase {
                    silenced: Vec::new(),
                    reference: Some("RJ-2026-00031".to_owned()),
                    closed: false,
                    referral: serde_json::from_str(&text).expect("case.json is a referral"),
                }),
        })
        .collect();
    assert!(!messages.is_empty(), "fixtures are there");
    messages
}

/// Every document once.
pub fn documents() -> Vec<Document> {
    let mut found = Vec::new();
    below(&root().join("documents"), &mut found);
    for message in messages() {
        let path = PathBuf::from(message.name);
        attached(
            &parse(&message.raw, &MailLimits::default()).root,
            &path,
            &mut found,
        );
    }
    let mut seen = HashSet::new();
    found.retain(|document| seen.insert(document.content.clone()));
    assert!(!found.is_empty(), "fixtures are there");
    found
}

fn below(folder: &Path, found: &mut Vec<Document>) {
    for path in listed(folder) {
        if path.is_dir() {
            below(&path, found);
        } else if let Ok(content) = std::fs::read(&path) {
            found.push(Document { path, content });
        }
    }
}

fn attached(part: &Part, folder: &Path, found: &mut Vec<Document>) {
    match &part.body {
        PartBody::Multipart(parts) => parts.iter().for_each(|part| attached(part, folder, found)),
        PartBody::Message(mail) => attached(&mail.root, folder, found),
        PartBody::Bytes(content) => {
            let name = part.filename.as_deref().unwrap_or("nameless").replace('/', "_");
            let (path, content) = (folder.join(name), content.clone());
            found.push(Document { path, content });
        }
        PartBody::Text(_) | PartBody::NotRead(_) => {}
    }
}
