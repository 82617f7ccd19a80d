//! Compound files ([MS-CFB]): the streams at the root of an old Office file.
//!
//! Read leniently: allocation tables that are larger than the file, wrong counts and half sectors at the
//! end are common in files that Office opens all the same.
//!
//! # Security
//! Chains are followed for no more steps than the file has sectors, so that circles in them end; entries of
//! the directory are visited once. A stream is no longer than the file.

use std::collections::HashSet;

const MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// Entries of the sector table that are in the header.
const HEADER_ENTRIES: usize = 109;
const ENTRY_BYTES: usize = 128;
const MINI_SECTOR_BYTES: usize = 64;
/// Numbers from here on are marks, not sectors ([MS-CFB] section 2.1).
const FIRST_MARK: u32 = 0xFFFF_FFFA;
const STREAM: u8 = 2;
const ROOT: u8 = 5;
/// Most entries of the directory.
const MAX_ENTRIES: usize = 65_536;

pub(super) struct Compound<'b> {
    bytes: &'b [u8],
    sector_bytes: usize,
    /// Sectors of the allocation table.
    table: Vec<u32>,
    mini_table: Vec<u8>,
    mini_cutoff: u64,
    /// What the small streams are cut from.
    mini_stream: Vec<u8>,
    streams: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    size: u64,
}

impl<'b> Compound<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Option<Self> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let sector_bytes = match u16::from_le_bytes(array(bytes, 30)?) {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file = Self {
            bytes,
            sector_bytes,
            table: Vec::new(),
            mini_table: Vec::new(),
            mini_cutoff: u64::from(number(bytes, 56)?),
            mini_stream: Vec::new(),
            streams: Vec::new(),
        };
        file.read_table()?;
        file.mini_table = file.chain(number(bytes, 60)?);
        let directory = file.chain(number(bytes, 48)?);
        let root = entry(&directory, 0).filter(|(kind, _)| *kind == ROOT)?.1;
        file.mini_stream = file.chain(root.start);
        file.streams = streams(&directory);
        Some(file)
    }

    /// The content of a stream at the root; names are the same in any case.
    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.streams.iter().find(|s| s.name.eq_ignore_ascii_case(name))?;
        let size = usize::try_from(entry.size).ok()?.min(self.bytes.len());
        let mut content = if entry.size < self.mini_cutoff {
            self.mini_chain(entry.start)
        } else {
            self.chain(entry.start)
        };
        content.truncate(size);
        Some(content)
    }

    fn sector(&self, sector: u32) -> Option<&'b [u8]> {
        let start = (sector as usize).checked_add(1)?.checked_mul(self.sector_bytes)?;
        let end = start.saturating_add(self.sector_bytes).min(self.bytes.len());
        self.bytes.get(start..end).filter(|found| !found.is_empty())
    }

    /// Sectors that the file has room for, a part of one included.
    fn sectors(&self) -> usize {
        self.bytes.len() / self.sector_bytes + 1
    }

    /// The sectors of the allocation table: the first are named in the header, the others in a chain.
    fn read_table(&mut self) -> Option<()> {
        let most = self.sectors();
        let mut named = self.bytes.get(76..76 + HEADER_ENTRIES * 4)?;
        let mut next = number(self.bytes, 68)?;
        for _ in 0..most {
            let found = named.chunks_exact(4).filter_map(|n| number(n, 0));
            self.table.extend(found.take_while(|n| *n < FIRST_MARK));
            let Some(sector) = self.sector(next).filter(|_| next < FIRST_MARK) else {
                break;
            };
            let last = self.sector_bytes - 4;
            let Some((more, after)) = sector.get(..last).zip(number(sector, last)) else {
                break;
            };
            (named, next) = (more, after);
        }
        self.table.truncate(most);
        Some(())
    }

    fn next(&self, sector: u32) -> Option<u32> {
        let at = sector as usize;
        let in_one = self.sector_bytes / 4;
        let table = self.sector(*self.table.get(at / in_one)?)?;
        number(table, at % in_one * 4)
    }

    /// The content of a chain of sectors, as far as it goes.
    fn chain(&self, start: u32) -> Vec<u8> {
        let mut content = Vec::new();
        let mut next = Some(start);
        for _ in 0..self.sectors() {
            let Some(sector) = next.filter(|n| *n < FIRST_MARK) else {
                break;
            };
            let Some(bytes) = self.sector(sector) else {
                break;
            };
            content.extend_from_slice(bytes);
            next = self.next(sector);
        }
        content
    }

    fn mini_chain(&self, start: u32) -> Vec<u8> {
        let mut content = Vec::new();
        let mut next = Some(start);
        for _ in 0..=self.mini_stream.len() / MINI_SECTOR_BYTES {
            let Some(sector) = next.filter(|n| *n < FIRST_MARK) else {
                break;
            };
            let at = (sector as usize).saturating_mul(MINI_SECTOR_BYTES);
            let end = at.saturating_add(MINI_SECTOR_BYTES).min(self.mini_stream.len());
            let Some(bytes) = self.mini_stream.get(at..end).filter(|b| !b.is_empty()) else {
                break;
            };
            content.extend_from_slice(bytes);
            next = number(&self.mini_table, (sector as usize).saturating_mul(4));
        }
        content
    }
}

/// The streams at the root: a tree of entries.
fn streams(directory: &[u8]) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open: Vec<u32> = number(directory, 76).into_iter().collect();
    while let Some(index) = open.pop() {
        if index >= FIRST_MARK || seen.len() >= MAX_ENTRIES || !seen.insert(index) {
            continue;
        }
        let at = (index as usize).saturating_mul(ENTRY_BYTES);
        open.extend(number(directory, at.saturating_add(68)));
        open.extend(number(directory, at.saturating_add(72)));
        found.extend(
            entry(directory, at)
                .filter(|(kind, _)| *kind == STREAM)
                .map(|(_, entry)| entry),
        );
    }
    found
}

/// An entry of the directory and its kind.
fn entry(directory: &[u8], at: usize) -> Option<(u8, Entry)> {
    let bytes = directory.get(at..at.checked_add(ENTRY_BYTES)?)?;
    let length = usize::from(u16::from_le_bytes(array(bytes, 64)?));
    // With its terminator.
    let name = bytes.get(..length.saturating_sub(2).min(64))?;
    let units = name
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let entry = Entry {
        name: char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        start: number(bytes, 116)?,
        // The upper half is not always zero in files with small sectors, and never needed here.
        size: number(bytes, 120)?.into(),
    };
    Some((*bytes.get(66)?, entry))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array(bytes, at)?))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};

    fn file(streams: &[(&str, &[u8])]) -> Vec<u8> {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        for (name, content) in streams {
            file.create_stream(name).unwrap().write_all(content).unwrap();
        }
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    #[test]
    fn small_and_large_streams_are_read_whole_and_storages_are_not_looked_into() {
        let large: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut file_ = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file_.create_storage("/Pool").unwrap();
        for (name, content) in [
            ("/Pool/Inner", b"x".as_slice()),
            ("/Small", b"abc"),
            ("/Large", &large),
        ] {
            file_.create_stream(name).unwrap().write_all(content).unwrap();
        }
        file_.flush().unwrap();
        let bytes = file_.into_inner().into_inner();
        let opened = Compound::open(&bytes).unwrap();
        assert_eq!(opened.stream("small").unwrap(), b"abc");
        assert!(opened.stream("Large").unwrap() == large);
        assert!(opened.stream("Inner").is_none());
    }

    #[test]
    fn circles_in_chains_and_trees_end() {
        let mut bytes = file(&[("/A", &[7; 9000]), ("/B", b"small")]);
        let whole = bytes.clone();
        let sectors = bytes.len() / 512;
        // Every number of the allocation table points to one sector, then every one of the directory does.
        for target in 0..u32::try_from(sectors).unwrap() {
            for sector in 1..sectors {
                bytes.copy_from_slice(&whole);
                for entry in bytes[sector * 512..][..512].chunks_exact_mut(4) {
                    entry.copy_from_slice(&target.to_le_bytes());
                }
                if let Some(opened) = Compound::open(&bytes) {
                    for name in ["A", "B"] {
                        let content = opened.stream(name).unwrap_or_default();
                        assert!(content.len() <= bytes.len());
                    }
                }
            }
        }
    }

    #[test]
    fn a_file_cut_short_gives_what_is_there() {
        let whole = file(&[("/A", &[7; 9000])]);
        for length in 0..whole.len() {
            if let Some(content) = Compound::open(&whole[..length]).and_then(|f| f.stream("A")) {
                assert!(content.len() <= 9000);
            }
        }
        assert_eq!(Compound::open(&whole).unwrap().stream("A").unwrap(), [7; 9000]);
    }
}
