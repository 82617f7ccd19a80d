//! Objects of other programs in a message, as files of their own.

use super::compound::{Compound, ROOT};
use crate::extract::unpack::Room;
use cfb::CompoundFile;
use std::io::{Cursor, Write};

/// Most storages and streams of an object.
const MAX_ENTRIES: usize = 500;
/// Streams that are a file as it was put in ([MS-OLEDS] section 2.3.6 names the first).
const WHOLE_FILES: [&str; 2] = ["Package", "CONTENTS"];

/// The file that a storage stands for: the one inside it, else a compound file of what it holds. `None`
/// where there is no room for it.
pub(super) fn file(from: &Compound<'_>, storage: usize, room: &mut Room) -> Option<Vec<u8>> {
    let whole = WHOLE_FILES.iter().find_map(|name| from.find(storage, name));
    if let Some(stream) = whole {
        return room.take_bytes(from.size(stream)).then(|| from.read(stream));
    }
    copy(from, storage, room)
}

fn copy(from: &Compound<'_>, storage: usize, room: &mut Room) -> Option<Vec<u8>> {
    let mut to = CompoundFile::create(Cursor::new(Vec::new())).ok()?;
    let mut open = vec![(storage, String::from("/"))];
    let mut entries = 0;
    while let Some((storage, path)) = open.pop() {
        for child in from.children(storage) {
            entries += 1;
            if *child == ROOT || entries > MAX_ENTRIES {
                continue;
            }
            let name = format!("{path}{}", from.name(*child));
            if from.is_storage(*child) {
                // A name that cannot be written is left out, with what is in it.
                if to.create_storage(&name).is_ok() {
                    open.push((*child, format!("{name}/")));
                }
            } else if room.take_bytes(from.size(*child)) {
                if let Ok(mut stream) = to.create_stream(&name) {
                    stream.write_all(&from.read(*child)).ok()?;
                }
            } else {
                return None;
            }
        }
    }
    to.flush().ok()?;
    Some(to.into_inner().into_inner())
}
