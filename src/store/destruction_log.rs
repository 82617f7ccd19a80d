//! The destruction log: a text file beside the database that says which records were destroyed, so that they stay
//! destroyed when an older backup is restored; and who on which file may not be used or reached, so that this is not
//! forgotten then.
//!
//! One line per record and step, in words parted by single spaces:
//!
//! ```text
//! TIME STEP DATABASE KIND ID HELD HASH CODE
//! ```
//!
//! A line of the step `limits` is about somebody on a case file: HELD is their number and what keeps us from them
//! (`0:withdrawn+restricted`, `0:none`). It is written before the commit and taken back by none: what somebody asked for is
//! true whether or not the database recorded it.
//!
//! `begun` once per database; `intent` before a destroying transaction commits, flushed to disk; `done` after it, or
//! `undone` where it turned out not to have happened. DATABASE tells the lines of several databases apart, HASH is the
//! keyed hash of a mail's bytes (`-` for none), CODE an HMAC over the words before it.
//!
//! Invariants: lines are only ever appended; `done` stands for ever, since ids are never used again.
//!
//! # Security
//!
//! The file identifies nobody: ids, times and keyed hashes. Who can write to it can take lines away (keep it as safe as the
//! database), but cannot make one that destroys anything: the code needs the database's own key.

use super::StoreError;
use super::sealing::{Keys, data_record};
use crate::domain::{CaseFileId, PartyLimits, Timestamp};
use crate::vault::{DestructionMac, KeyedHash, RecordKind, RecordName};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Longest line that is read, in bytes; ours have less than 300.
const MAX_LINE: usize = 512;
/// Words of a line.
const WORDS: usize = 8;
/// Letters of a code, of a database's mark and of a keyed hash.
const CODE_LETTERS: usize = 64;
const MARK_LETTERS: usize = 16;
/// The step of lines about people.
const LIMITS: &str = "limits";

/// What a line says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// This database writes into this file.
    Begun,
    /// About to be destroyed.
    Intent,
    /// Destroyed.
    Done,
    /// Not destroyed after all.
    Undone,
}

impl Step {
    const ALL: [Self; 4] = [Self::Begun, Self::Intent, Self::Done, Self::Undone];

    fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Intent => "intent",
            Self::Done => "done",
            Self::Undone => "undone",
        }
    }
}

/// Whether there was a key to destroy. A mail that was never fetched has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// A wrapped key.
    Key,
    /// No content at all.
    Nothing,
}

impl Held {
    fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Nothing => "nothing",
        }
    }
}

/// A record that is destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destroyed {
    pub(super) name: RecordName,
    pub(super) held: Held,
    /// Of a message: by which the same mail is known again.
    pub(super) raw_hash: Option<KeyedHash>,
}

/// What keeps us from somebody's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limited {
    pub(super) file: CaseFileId,
    /// Number on the file, from 0.
    pub(super) party: usize,
    pub(super) limits: PartyLimits,
}

/// One line of this database.
enum Line {
    Record(Step, Destroyed),
    Person(Limited),
}

/// What a log says of this database, each record and person once, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The file is there and has lines of this database.
    pub(super) is_ours: bool,
    pub(super) done: Vec<Destroyed>,
    /// Neither done nor undone.
    pub(super) open: Vec<Destroyed>,
    /// As the last line about each of them says.
    pub(super) limited: Vec<Limited>,
}

/// Why a log cannot be read. Carries no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogError {
    /// By the operating system.
    CannotRead(ErrorKind),
    /// A line of this database that this database did not write; lines count from 1.
    Changed(u64),
}

impl From<LogError> for StoreError {
    fn from(error: LogError) -> Self {
        Self::DestructionLog(match error {
            LogError::CannotRead(_) => "it cannot be read: it must belong to the user referrald runs as",
            LogError::Changed(_) => {
                "a line of it was changed: put a copy of the file back, or move it away (what it lists comes back with an older backup then)"
            }
        })
    }
}

/// The log of one database.
pub(super) struct DestructionLog {
    path: PathBuf,
    mac: DestructionMac,
    mark: String,
}

impl DestructionLog {
    pub(super) fn new(path: &Path, keys: &Keys) -> Self {
        let mac = keys.destruction();
        let mut mark = hex(&mac.database());
        mark.truncate(MARK_LETTERS);
        Self {
            path: path.to_owned(),
            mac,
            mark,
        }
    }

    /// Appends lines and flushes them to the disk. Nothing for no records, but for [`Step::Begun`].
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::DestructionLog`]; then lines may be there, in part.
    pub(super) fn append(&self, step: Step, records: &[Destroyed], at: Timestamp) -> Result<(), StoreError> {
        let lines: String = match step {
            Step::Begun => self.line(step, &database(), at),
            Step::Intent | Step::Done | Step::Undone => {
                records.iter().map(|record| self.line(step, record, at)).collect()
            }
        };
        self.append_lines(&lines)
    }

    /// Appends what keeps us from people and flushes it to the disk.
    ///
    /// # Errors
    /// As [`DestructionLog::append`].
    pub(super) fn append_limits(&self, people: &[Limited], at: Timestamp) -> Result<(), StoreError> {
        let lines: String = people
            .iter()
            .map(|person| {
                let record = RecordName::new(RecordKind::CaseFile, person.file.0);
                let held = format!("{}:{}", person.party, person.limits.in_words());
                self.coded(LIMITS, record, &held, None, at)
            })
            .collect();
        self.append_lines(&lines)
    }

    fn append_lines(&self, lines: &str) -> Result<(), StoreError> {
        if lines.is_empty() {
            return Ok(());
        }
        self.write(lines).map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::DiskFull,
            _ => StoreError::DestructionLog(
                "it cannot be written: name one in [keeping] destruction_log whose folder belongs to the user referrald runs as",
            ),
        })
    }

    fn write(&self, lines: &str) -> std::io::Result<()> {
        let is_new = !self.path.exists();
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        // After a line that a crash cut off, ours begin on a line of their own.
        let whole = ends_with_line(&mut file)?;
        let text = format!("{}{lines}", if whole { "" } else { "\n" });
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if is_new {
            sync_folder(&self.path)?;
        }
        Ok(())
    }

    fn line(&self, step: Step, record: &Destroyed, at: Timestamp) -> String {
        self.coded(
            step.as_str(),
            record.name,
            record.held.as_str(),
            record.raw_hash,
            at,
        )
    }

    fn coded(
        &self,
        step: &str,
        name: RecordName,
        held: &str,
        hash: Option<KeyedHash>,
        at: Timestamp,
    ) -> String {
        let words = format!(
            "{at} {step} {} {} {} {held} {}",
            self.mark,
            name.kind.as_str(),
            name.id.as_hyphenated(),
            hash.map_or_else(|| "-".to_owned(), |hash| hex(&hash)),
        );
        format!("{words} {}\n", hex(&self.mac.of_line(&words)))
    }

    /// Reads the file; one that is not there has no lines.
    pub(super) fn read(&self) -> Result<Lines, LogError> {
        self.read_from(&self.path)
    }

    /// Reads another file that this database may have written to.
    pub(super) fn read_from(&self, path: &Path) -> Result<Lines, LogError> {
        match File::open(path) {
            Ok(file) => self.fold(BufReader::new(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Lines::default()),
            Err(error) => Err(LogError::CannotRead(error.kind())),
        }
    }

    fn fold(&self, mut file: impl BufRead) -> Result<Lines, LogError> {
        let mut lines = Lines::default();
        let mut places: HashMap<RecordName, usize> = HashMap::new();
        let mut records: Vec<(Destroyed, Step)> = Vec::new();
        let mut people: BTreeMap<(CaseFileId, usize), PartyLimits> = BTreeMap::new();
        for number in 1.. {
            let mut line = Vec::new();
            let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
            let read = (&mut file).take(limit).read_until(b'\n', &mut line);
            if read.map_err(|error| LogError::CannotRead(error.kind()))? == 0 {
                break;
            }
            let Some(line) = self.understand(&line).ok_or(LogError::Changed(number))? else {
                continue;
            };
            lines.is_ours = true;
            let (step, record) = match line {
                Line::Record(step, record) => (step, record),
                Line::Person(person) => {
                    people.insert((person.file, person.party), person.limits);
                    continue;
                }
            };
            match places.get(&record.name).and_then(|place| records.get_mut(*place)) {
                Some((_, known)) => *known = after(*known, step),
                None => {
                    places.insert(record.name, records.len());
                    records.push((record, step));
                }
            }
        }
        for (record, step) in records {
            match step {
                Step::Begun | Step::Undone => {}
                Step::Intent => lines.open.push(record),
                Step::Done => lines.done.push(record),
            }
        }
        lines.limited = people
            .into_iter()
            .map(|((file, party), limits)| Limited { file, party, limits })
            .collect();
        Ok(lines)
    }

    /// `Some(None)` for a line that is none of ours: another database's, or one that a crash cut off before its
    /// transaction could commit. `None` for a line that claims to be ours and is not.
    fn understand(&self, line: &[u8]) -> Option<Option<Line>> {
        let Ok(text) = std::str::from_utf8(line) else {
            return None;
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        let words: Vec<&str> = text.split(' ').collect();
        let [_, step, mark, kind, id, held, hash, code] = words[..] else {
            return (words.len() < WORDS).then_some(None);
        };
        if mark != self.mark || code.len() < CODE_LETTERS {
            return Some(None);
        }
        let covered = text.get(..text.len().saturating_sub(code.len() + 1))?;
        let expected = hex(&self.mac.of_line(covered));
        if !bool::from(expected.as_bytes().ct_eq(code.as_bytes())) {
            return None;
        }
        let name = RecordName::new(RecordKind::parse(kind)?, Uuid::parse_str(id).ok()?);
        if step == LIMITS {
            let (party, limits) = held.split_once(':')?;
            return Some(Some(Line::Person(Limited {
                file: CaseFileId(name.id),
                party: party.parse().ok()?,
                limits: PartyLimits::of_words(limits)?,
            })));
        }
        let step = Step::ALL.into_iter().find(|known| known.as_str() == step)?;
        let held = [Held::Key, Held::Nothing]
            .into_iter()
            .find(|known| known.as_str() == held)?;
        let raw_hash = match hash {
            "-" => None,
            hash => Some(unhex(hash)?),
        };
        Some(Some(Line::Record(step, Destroyed { name, held, raw_hash })))
    }
}

/// What is known of a record after one more line about it.
fn after(known: Step, next: Step) -> Step {
    match (known, next) {
        (Step::Done, _) => Step::Done,
        (Step::Begun | Step::Intent | Step::Undone, next) => next,
    }
}

/// The database itself, as `begun` names it.
fn database() -> Destroyed {
    Destroyed {
        name: data_record(),
        held: Held::Nothing,
        raw_hash: None,
    }
}

/// What was made beside this file, or became this file, stays when the power fails.
pub(super) fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn ends_with_line(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<KeyedHash> {
    let mut out = KeyedHash::default();
    if text.len() != CODE_LETTERS || !text.is_ascii() {
        return None;
    }
    for (to, at) in out.iter_mut().zip((0..text.len()).step_by(2)) {
        *to = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests;
