//! What lies packed inside a file: a flipped bit in a zip or a compressed PDF only breaks the packing, so
//! what is inside is mutated as well.

use super::chance::{Chance, mutate};
use std::io::{Cursor, Read, Write};

/// Largest member that is mutated, in bytes.
const MAX_MEMBER: u64 = 1_000_000;
/// Where the content of the formats lies.
const MAIN_MEMBERS: [&str; 5] = [
    "word/document.xml",
    "content.xml",
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/workbook.xml",
];

/// A zip with one of its XML members mutated, packed again; `None` for anything else.
pub fn with_a_mutated_member(packed: &[u8], other: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
    if !packed.starts_with(b"PK\x03\x04") {
        return None;
    }
    let mut members = unpack(packed)?;
    let is_main = |name: &str| MAIN_MEMBERS.contains(&name);
    let main: Vec<usize> = places(&members, |name| is_main(name));
    let any: Vec<usize> = places(&members, |name| name.ends_with(".xml") || name.ends_with(".rels"));
    // The main members twice as often as the rest together.
    let from = if !main.is_empty() && chance.below(3) > 0 {
        main
    } else {
        any
    };
    let place = *from.get(chance.below(from.len()))?;
    let member = members.get_mut(place)?;
    member.1 = mutate(&member.1, other, chance);
    pack(members)
}

fn places(members: &[(String, Vec<u8>)], wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let numbered = members.iter().enumerate();
    numbered
        .filter(|(_, (name, _))| wanted(name))
        .map(|(at, _)| at)
        .collect()
}

fn unpack(packed: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut source = zip::ZipArchive::new(Cursor::new(packed)).ok()?;
    let mut members = Vec::new();
    for at in 0..source.len() {
        let mut member = source.by_index(at).ok()?;
        let name = member.name().ok()?.into_owned();
        let mut content = Vec::new();
        member.by_ref().take(MAX_MEMBER).read_to_end(&mut content).ok()?;
        members.push((name, content));
    }
    Some(members)
}

fn pack(members: Vec<(String, Vec<u8>)>) -> Option<Vec<u8>> {
    let mut target = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        // OpenDocument's first member tells the type and is not compressed.
        let method = if name == "mimetype" {
            zip::CompressionMethod::Stored
        } else {
            zip::CompressionMethod::Deflated
        };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        target.start_file(name, options).ok()?;
        target.write_all(&content).ok()?;
    }
    Some(target.finish().ok()?.into_inner())
}

/// A PDF with its streams unpacked; `None` for anything else.
pub fn unpacked_pdf(content: &[u8]) -> Option<Vec<u8>> {
    if !content.starts_with(b"%PDF-") {
        return None;
    }
    let mut document = lopdf::Document::load_mem(content).ok()?;
    document.decompress();
    let mut out = Vec::new();
    document.save_to(&mut out).ok()?;
    Some(out)
}
