//! A look at the raw bytes before a parser sees them.

use super::super::ReadLimits;

/// Most objects of a file. A form of ten pages has some thousands.
const MAX_OBJECTS: usize = 300_000;
/// All object streams of a file together inflate to no more than this many bytes.
const MAX_OBJECT_STREAM_BYTES: usize = 96 * 1024 * 1024;
/// Every object stream may inflate to this many bytes at least.
const MIN_OBJECT_STREAM_BYTES: usize = 64 * 1024;

/// To how many bytes each object stream may inflate, so that all of them together are within bounds; `None` if
/// the file has more objects than are read.
pub(super) fn object_stream_bound(bytes: &[u8], limits: &ReadLimits) -> Option<usize> {
    let mut objects = 0usize;
    let mut object_streams = 0usize;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'o' && *byte != b'O' {
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        if rest.starts_with(b"obj") && before.is_some_and(|b| b.is_ascii_whitespace()) {
            objects += 1;
        } else if rest.starts_with(b"ObjStm") && before == Some(&b'/') {
            object_streams += 1;
        }
    }
    if objects > MAX_OBJECTS {
        return None;
    }
    let most = usize::try_from(limits.max_document_bytes).unwrap_or(usize::MAX);
    let each = MAX_OBJECT_STREAM_BYTES / object_streams.max(1);
    Some(each.max(MIN_OBJECT_STREAM_BYTES).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_object_streams_share_one_bound() {
        let limits = ReadLimits::default();
        let one = object_stream_bound(b"1 0 obj <</Type /ObjStm>>", &limits);
        let many = object_stream_bound(&b"/ObjStm ".repeat(100), &limits);
        assert_eq!(one, Some(32 * 1024 * 1024));
        assert_eq!(many, Some(MAX_OBJECT_STREAM_BYTES / 100));
        assert_eq!(
            object_stream_bound(&b" obj".repeat(MAX_OBJECTS + 1), &limits),
            None
        );
    }
}
