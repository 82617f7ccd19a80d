//! The narrow zip format of files written anew: entries stored as they are, so that every byte of the file is text.

/// Signatures (PKWARE APPNOTE sections 4.3.7 and 4.3.12), little end first.
const LOCAL_ENTRY: u32 = 0x0403_4b50;
const CENTRAL_ENTRY: u32 = 0x0201_4b50;
/// Bytes of a local entry before its name.
const LOCAL_HEADER: usize = 30;
/// Flag of a name in UTF-8; no other may be set.
const UTF_8_NAME: u16 = 1 << 11;

/// Every text of the file: names, contents, and what follows the entries. `None` where an entry is compressed, encrypted
/// or has anything else that rebuilding does not write.
pub(super) fn texts(file: &[u8]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    let mut rest = file;
    while number(rest, 0, 4)? == LOCAL_ENTRY {
        let field = |at| number(rest, at, 2);
        let (flags, method, extra) = (field(6)?, field(8)?, field(28)?);
        let (stored, size) = (number(rest, 18, 4)?, number(rest, 22, 4)?);
        if flags & !u32::from(UTF_8_NAME) != 0 || method != 0 || extra != 0 || stored != size {
            return None;
        }
        let name_end = LOCAL_HEADER.checked_add(usize::try_from(field(26)?).ok()?)?;
        let end = name_end.checked_add(usize::try_from(size).ok()?)?;
        for range in [LOCAL_HEADER..name_end, name_end..end] {
            texts.push(std::str::from_utf8(rest.get(range)?).ok()?.to_owned());
        }
        rest = rest.get(end..)?;
    }
    if texts.is_empty() || number(rest, 0, 4)? != CENTRAL_ENTRY {
        return None;
    }
    texts.push(String::from_utf8_lossy(rest).into_owned());
    Some(texts)
}

/// A number of `bytes` bytes, the little end first.
fn number(data: &[u8], at: usize, bytes: usize) -> Option<u32> {
    let digits = data.get(at..at.checked_add(bytes)?)?;
    Some(
        digits
            .iter()
            .rev()
            .fold(0, |sum, byte| (sum << 8) | u32::from(*byte)),
    )
}
