use super::*;
use crate::mail::PartBody;
use std::io::Write;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read_with(bytes: &[u8], limits: &ReadLimits) -> Result<Vec<Part>, Reading> {
    let root = read(bytes, limits, &mut Room::new(limits))?;
    match root.body {
        PartBody::Multipart(parts) => Ok(parts),
        _ => panic!("not a multipart"),
    }
}

/// `name: content` of each file, or what stands in its way.
fn listed(bytes: &[u8], limits: &ReadLimits) -> Vec<String> {
    let parts = read_with(bytes, limits)
        .map_err(|reading| reading.reason)
        .unwrap();
    let told = |part: &Part| match &part.body {
        PartBody::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        PartBody::NotRead(why) => format!("{why:?}"),
        _ => panic!("neither bytes nor unread"),
    };
    parts
        .iter()
        .map(|part| format!("{}: {}", part.filename.as_deref().unwrap_or("-"), told(part)))
        .collect()
}

#[track_caller]
fn check(bytes: &[u8], expected: &[&str]) {
    assert_eq!(listed(bytes, &ReadLimits::default()), expected);
}

/// Writes a field of two bytes at `offset` in each header with that mark.
fn patched(mut bytes: Vec<u8>, mark: &[u8], offset: usize, value: [u8; 2]) -> Vec<u8> {
    let places: Vec<usize> = bytes
        .windows(mark.len())
        .enumerate()
        .filter(|(_, window)| *window == mark)
        .map(|(at, _)| at + offset)
        .collect();
    for at in places {
        bytes[at..at + 2].copy_from_slice(&value);
    }
    bytes
}

#[test]
fn files_are_listed_by_the_last_part_of_their_path() {
    check(
        &zipped(&[
            ("a.txt", b"one"),
            ("folder/", b""),
            ("folder/b.txt", b"two"),
            ("../../etc/passwd", b"three"),
            ("/abs/c", b"four"),
            ("C:\\Users\\jo\\d.doc", b"five"),
            ("x\u{202e}cod.exe\n", b"six"),
            ("..", b"seven"),
            ("__MACOSX/._a.txt", b"x"),
            ("folder/.DS_Store", b"x"),
            ("Thumbs.db", b"x"),
        ]),
        &[
            "a.txt: one",
            "b.txt: two",
            "passwd: three",
            "c: four",
            "d.doc: five",
            "xcod.exe: six",
            "-: seven",
        ],
    );
}

#[test]
fn names_without_a_charset_are_read_as_the_old_one() {
    let bytes = zipped(&[("caf_.txt", b"x")]);
    let at: Vec<usize> = (0..bytes.len() - 3)
        .filter(|at| bytes[*at..].starts_with(b"caf_"))
        .collect();
    let mut bytes = bytes;
    for at in at {
        bytes[at + 3] = 0x82;
    }
    check(&bytes, &["café.txt: x"]);
    check(&zipped(&[("Zoë.txt", b"x")]), &["Zoë.txt: x"]);
}

#[test]
fn a_file_that_does_not_unpack_is_listed_with_its_reason() {
    let two = || zipped(&[("a.txt", b"one"), ("b.txt", b"two")]);
    let locked = patched(two(), b"PK\x01\x02", 8, [1, 0]);
    check(&locked, &["a.txt: Encrypted", "b.txt: Encrypted"]);
    let method = patched(two(), b"PK\x01\x02", 10, [98, 0]);
    check(&method, &["a.txt: Method", "b.txt: Method"]);
    let sum = patched(two(), b"PK\x01\x02", 16, [0, 0]);
    check(&sum, &["a.txt: Damaged", "b.txt: Damaged"]);
}

#[test]
fn of_files_with_the_same_name_one_is_read_and_all_are_listed() {
    let bytes = zipped(&[("a.txt", b"one"), ("b.txt", b"two")]);
    let mut renamed = bytes.clone();
    for at in 0..bytes.len() - 5 {
        if bytes[at..].starts_with(b"b.txt") {
            renamed[at] = b'a';
        }
    }
    check(&renamed, &["a.txt: two", "a.txt: SameName"]);
}

#[test]
fn what_stands_before_and_after_an_archive_does_no_harm() {
    let bytes = [
        b"junk".repeat(100),
        zipped(&[("a.txt", b"one")]),
        b"junk".to_vec(),
    ]
    .concat();
    check(&bytes, &["a.txt: one"]);
}

#[test]
fn sizes_counts_and_ratios_are_bounded() {
    let limits = ReadLimits {
        max_document_bytes: 100,
        max_unpacked_bytes: 250,
        max_members: 4,
        ..ReadLimits::default()
    };
    let (fits, large) = (vec![b'x'; 100], vec![b'x'; 101]);
    let names = ["a", "b", "c", "d", "e", "f"];
    let told = |contents: &[&Vec<u8>]| {
        let members: Vec<(&str, &[u8])> = names
            .iter()
            .zip(contents)
            .map(|(name, content)| (*name, content.as_slice()))
            .collect();
        let listed = listed(&zipped(&members), &limits);
        listed
            .iter()
            .map(|line| line.len() > 50 || line.len() == 3)
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&[&large, &fits, &fits]), [false, true, false]);
    assert_eq!(told(&[&fits, &fits, &fits]), [true, true, false]);
    let tiny = Vec::new();
    assert_eq!(told(&[&tiny; 6]), [true, true, true, true, false]);

    let bomb = zipped(&[("zeros", &vec![0; 20 * 1024 * 1024])]);
    check(&bomb, &["zeros: TooLarge"]);
}

#[test]
fn files_that_share_their_bytes_are_unpacked_once() {
    let content: Vec<u8> = (0..100_u32).flat_map(|i| (i * 7919).to_le_bytes()).collect();
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("first", options).unwrap();
    zip.write_all(&content).unwrap();
    for copy in 0..20 {
        zip.shallow_copy_file("first", &format!("copy{copy:02}")).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let listed = listed(&bytes, &ReadLimits::default());
    assert_eq!(listed.len(), 21);
    let refused = listed.iter().filter(|line| line.ends_with("Damaged")).count();
    assert!(refused > 10, "{refused}");
}

#[test]
fn archives_that_are_none_are_named() {
    let limits = ReadLimits::default();
    let status = |bytes: &[u8]| read_with(bytes, &limits).err().map(|reading| reading.status);
    assert_eq!(status(b"PK\x03\x04 cut off"), Some(ReadStatus::Unreadable));
    assert_eq!(status(&zipped(&[])), Some(ReadStatus::Empty));
    assert_eq!(
        status(&ENTRY_MARK.repeat(MAX_ENTRIES + 1)),
        Some(ReadStatus::TooLarge)
    );
}
