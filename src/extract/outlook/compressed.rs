//! Rich text as Outlook compresses it ([MS-OXRTFCP]).

/// Bytes of the header: sizes, kind and checksum.
const HEADER: usize = 16;
/// Kind: compressed.
const COMPRESSED: [u8; 4] = *b"LZFu";
/// Kind: as it stands.
const PLAIN: [u8; 4] = *b"MELA";
/// Size of the dictionary ([MS-OXRTFCP] section 2.1.3.1.2).
const DICTIONARY: usize = 4096;
/// What the dictionary holds at the beginning ([MS-OXRTFCP] section 2.1.3.1.2).
const FIRST_WORDS: &[u8; 207] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \
\\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\
\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Takes the compression off, up to `most` bytes. A wrong checksum is no reason not to read; data that
/// breaks off gives what there was. `None` for what is not compressed rich text.
pub(super) fn decompress(bytes: &[u8], most: u64) -> Option<Vec<u8>> {
    let kind = bytes.get(8..12)?;
    let data = bytes.get(HEADER..)?;
    let size = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    let most = usize::try_from(u64::from(size).min(most)).unwrap_or(0);
    if kind == PLAIN {
        return Some(data.get(..data.len().min(most)).unwrap_or_default().to_vec());
    }
    (kind == COMPRESSED).then(|| inflate(data, most))
}

fn inflate(data: &[u8], most: usize) -> Vec<u8> {
    let mut dictionary = [b' '; DICTIONARY];
    for (to, from) in dictionary.iter_mut().zip(FIRST_WORDS) {
        *to = *from;
    }
    let mut at = FIRST_WORDS.len();
    let mut out = Vec::new();
    let mut put = |byte: u8, at: &mut usize, dictionary: &mut [u8; DICTIONARY]| {
        out.push(byte);
        if let Some(place) = dictionary.get_mut(*at) {
            *place = byte;
        }
        *at = (*at + 1) % DICTIONARY;
        out.len() < most
    };
    if most == 0 {
        return Vec::new();
    }
    let mut input = data.iter().copied();
    'all: while let Some(flags) = input.next() {
        for bit in 0..8 {
            let Some(first) = input.next() else {
                break 'all;
            };
            if flags >> bit & 1 == 0 {
                if !put(first, &mut at, &mut dictionary) {
                    break 'all;
                }
                continue;
            }
            let Some(second) = input.next() else {
                break 'all;
            };
            let from = usize::from(first) << 4 | usize::from(second) >> 4;
            // A reference to the place written next ends the data.
            if from == at {
                break 'all;
            }
            let length = usize::from(second & 0xf) + 2;
            for offset in 0..length {
                let byte = dictionary.get((from + offset) % DICTIONARY).copied();
                if !put(byte.unwrap_or(b' '), &mut at, &mut dictionary) {
                    break 'all;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(kind: &[u8; 4], size: u32, data: &[u8]) -> Vec<u8> {
        let mut out = (data.len() as u32 + 12).to_le_bytes().to_vec();
        out.extend(size.to_le_bytes());
        out.extend(kind);
        out.extend([0; 4]);
        out.extend(data);
        out
    }

    #[test]
    fn words_of_the_dictionary_and_repeats() {
        // "{\rtf1\ansi" from the dictionary, literals, a repeat that overlaps itself, the end mark.
        let end = FIRST_WORDS.len() + 11 + 2 + 6;
        let repeat = FIRST_WORDS.len() + 11;
        let data = [
            0b0001_1001,
            0x00,
            0x09,
            b'a',
            b'b',
            (repeat >> 4) as u8,
            (repeat << 4) as u8 | 4,
            (end >> 4) as u8,
            (end << 4) as u8,
        ];
        let out = decompress(&packed(b"LZFu", 1000, &data), 1000).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\\rtf1\\ansiabababab");
    }

    #[test]
    fn output_is_bounded_by_the_claim_and_by_the_limit() {
        let data = [0xff; 400];
        assert_eq!(decompress(&packed(b"LZFu", 5, &data), 1000).unwrap().len(), 5);
        assert_eq!(decompress(&packed(b"LZFu", u32::MAX, &data), 7).unwrap().len(), 7);
        assert_eq!(
            decompress(&packed(b"MELA", u32::MAX, b"{\\rtf1}"), 3).unwrap(),
            b"{\\r"
        );
    }

    #[test]
    fn what_is_not_compressed_is_told() {
        assert_eq!(decompress(&packed(b"ZIPP", 5, b"x"), 10), None);
        assert_eq!(decompress(b"LZFu", 10), None);
    }
}
