//! Compound files ([MS-CFB]) as a tree of storages and streams, read as far as they can be.
//!
//! # Security
//! Every chain is followed for as many sectors as the file has and no further, every directory entry is
//! visited once: time and memory are bounded by the file's size whatever its tables say. Reading a stream
//! twice costs twice; callers account for what they read.

/// What a compound file begins with.
const SIGNATURE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Size of the header.
const HEADER: usize = 512;
/// Sectors of the allocation table that the header names.
const HEADER_DIFAT: usize = 109;
/// Sector numbers from here on are marks.
const FIRST_MARK: u32 = 0xffff_fffa;
/// Size of a sector in files of version 4.
const LARGE_SECTOR: usize = 4096;
/// Bytes of a directory entry.
const ENTRY: usize = 128;
/// Bytes of a small sector.
const MINI_SECTOR: usize = 64;
/// Streams smaller than this are kept in small sectors.
const MINI_CUTOFF: u64 = 4096;
/// Most directory entries read.
const MAX_ENTRIES: usize = 100_000;

/// Not a compound file, or one without a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotCompound;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntryKind {
    Storage,
    Stream,
    Other,
}

struct Entry {
    name: String,
    kind: EntryKind,
    left: u32,
    right: u32,
    child: u32,
    start: u32,
    size: u64,
    children: Vec<usize>,
}

/// A compound file, open for reading. Entry 0 is the root storage.
pub(super) struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_stream: Vec<u8>,
    entries: Vec<Entry>,
}

/// The root storage.
pub(super) const ROOT: usize = 0;

impl<'b> Compound<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, NotCompound> {
        if !bytes.starts_with(&SIGNATURE) || bytes.len() < HEADER {
            return Err(NotCompound);
        }
        let sector = match u16_at(bytes, 30) {
            9 => 512,
            12 => LARGE_SECTOR,
            _ => return Err(NotCompound),
        };
        let mut file = Self {
            bytes,
            sector,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_stream: Vec::new(),
            entries: Vec::new(),
        };
        file.read_fat();
        let directory = file.chain(u32_at(bytes, 48), u64::MAX);
        let entries = directory.chunks_exact(ENTRY).take(MAX_ENTRIES);
        file.entries = entries.map(|entry| Entry::read(entry, sector)).collect();
        let mini_fat = file.chain(u32_at(bytes, 60), u64::MAX);
        file.mini_fat = numbers(&mini_fat);
        let root = file.entries.first().ok_or(NotCompound)?;
        file.mini_stream = file.chain(root.start, root.size);
        file.link();
        Ok(file)
    }

    /// The allocation table: the sectors that the header and the chain of further tables name.
    fn read_fat(&mut self) {
        let sectors = self.bytes.len() / self.sector + 1;
        let mut places: Vec<u32> = (0..HEADER_DIFAT)
            .map(|at| u32_at(self.bytes, 76 + 4 * at))
            .collect();
        let mut next = u32_at(self.bytes, 68);
        let mut left = sectors;
        while next < FIRST_MARK && left > 0 {
            left -= 1;
            let Some(table) = self.sector_bytes(next) else {
                break;
            };
            let mut table = numbers(table);
            next = table.pop().unwrap_or(FIRST_MARK);
            places.append(&mut table);
        }
        for place in places
            .into_iter()
            .filter(|place| *place < FIRST_MARK)
            .take(sectors)
        {
            if self.fat.len() > sectors {
                break;
            }
            match self.sector_bytes(place) {
                Some(table) => self.fat.extend(numbers(table)),
                // A missing table leaves its sectors without a next one.
                None => self.fat.resize(self.fat.len() + self.sector / 4, FIRST_MARK),
            }
        }
    }

    fn sector_bytes(&self, number: u32) -> Option<&'b [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        // The last sector may be cut short.
        let end = start.checked_add(self.sector)?.min(self.bytes.len());
        self.bytes.get(start..end).filter(|bytes| !bytes.is_empty())
    }

    /// The bytes of a chain of sectors, up to a size.
    fn chain(&self, start: u32, size: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let mut next = start;
        for _ in 0..=self.bytes.len() / self.sector {
            let Some(bytes) = self.sector_bytes(next) else {
                break;
            };
            out.extend_from_slice(bytes);
            if out.len() as u64 >= size {
                break;
            }
            next = self.fat.get(next as usize).copied().unwrap_or(FIRST_MARK);
        }
        out.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        out
    }

    fn mini_chain(&self, start: u32, size: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let mut next = start;
        for _ in 0..=self.mini_stream.len() / MINI_SECTOR {
            let at = (next as usize).saturating_mul(MINI_SECTOR);
            let end = at.saturating_add(MINI_SECTOR).min(self.mini_stream.len());
            let Some(bytes) = self.mini_stream.get(at..end).filter(|b| !b.is_empty()) else {
                break;
            };
            out.extend_from_slice(bytes);
            if out.len() as u64 >= size {
                break;
            }
            next = self.mini_fat.get(next as usize).copied().unwrap_or(FIRST_MARK);
        }
        out.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        out
    }

    /// Finds out what each storage holds; an entry belongs to the first storage that names it.
    fn link(&mut self) {
        let mut is_seen = vec![false; self.entries.len()];
        if let Some(root) = is_seen.first_mut() {
            *root = true;
        }
        let mut storages = vec![ROOT];
        while let Some(storage) = storages.pop() {
            let Some(first) = self.entries.get(storage).map(|entry| entry.child) else {
                continue;
            };
            let mut found = Vec::new();
            let mut open = vec![first];
            while let Some(number) = open.pop() {
                let at = number as usize;
                match is_seen.get_mut(at) {
                    Some(seen) if !*seen => *seen = true,
                    Some(_) | None => continue,
                }
                if let Some(entry) = self.entries.get(at) {
                    open.extend([entry.left, entry.right]);
                    match entry.kind {
                        EntryKind::Storage => storages.push(at),
                        EntryKind::Stream => {}
                        EntryKind::Other => continue,
                    }
                    found.push(at);
                }
            }
            found.sort_by(|a, b| self.name(*a).cmp(self.name(*b)));
            if let Some(entry) = self.entries.get_mut(storage) {
                entry.children = found;
            }
        }
    }

    /// What a storage holds, by name.
    pub(super) fn children(&self, storage: usize) -> &[usize] {
        self.entries.get(storage).map_or(&[], |entry| &entry.children)
    }

    pub(super) fn name(&self, entry: usize) -> &str {
        self.entries.get(entry).map_or("", |entry| &entry.name)
    }

    pub(super) fn is_storage(&self, entry: usize) -> bool {
        self.entries
            .get(entry)
            .is_some_and(|entry| entry.kind == EntryKind::Storage)
    }

    /// The child of that name (any case).
    pub(super) fn find(&self, storage: usize, name: &str) -> Option<usize> {
        let mut children = self.children(storage).iter().copied();
        children.find(|child| self.name(*child).eq_ignore_ascii_case(name))
    }

    /// Bytes that a stream says it has; no more than the file has.
    pub(super) fn size(&self, stream: usize) -> u64 {
        let size = self.entries.get(stream).map_or(0, |entry| entry.size);
        size.min(self.bytes.len() as u64)
    }

    /// The content of a stream, as far as it is there.
    pub(super) fn read(&self, stream: usize) -> Vec<u8> {
        match self.entries.get(stream) {
            Some(entry) if entry.kind != EntryKind::Stream => Vec::new(),
            Some(entry) if entry.size < MINI_CUTOFF => self.mini_chain(entry.start, entry.size),
            Some(entry) => self.chain(entry.start, self.size(stream)),
            None => Vec::new(),
        }
    }
}

impl Entry {
    fn read(bytes: &[u8], sector: usize) -> Self {
        let length = usize::from(u16_at(bytes, 64)).saturating_sub(2).min(62);
        let name = super::properties::utf16(bytes.get(..length).unwrap_or_default());
        let (low, high) = (u32_at(bytes, 120), u32_at(bytes, 124));
        // Sizes have 64 bits in files of large sectors only; in others the upper half is not always cleared.
        let high = if sector == LARGE_SECTOR {
            u64::from(high) << 32
        } else {
            0
        };
        Self {
            name,
            kind: match bytes.get(66) {
                Some(1 | 5) => EntryKind::Storage,
                Some(2) => EntryKind::Stream,
                Some(_) | None => EntryKind::Other,
            },
            left: u32_at(bytes, 68),
            right: u32_at(bytes, 72),
            child: u32_at(bytes, 76),
            start: u32_at(bytes, 116),
            size: high | u64::from(low),
            children: Vec::new(),
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let pair = bytes.get(at..at + 2).and_then(|pair| pair.try_into().ok());
    pair.map_or(0, u16::from_le_bytes)
}

/// What lies beyond the end is a mark.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map_or(u32::MAX, u32::from_le_bytes)
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|four| u32_at(four, 0)).collect()
}
