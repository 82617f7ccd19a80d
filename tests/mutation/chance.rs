//! Seeded changes to bytes.

/// Longest stretch that one mutation takes out, repeats or moves, in bytes.
const STRETCH: usize = 4096;

/// Put in where it hurts: pieces of the formats' own syntax, out of place.
const PIECES: [&[u8]; 34] = [
    b"<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>",
    b"</w:p></w:tc></w:tr></w:tbl>",
    b"<w:sdt><w:sdtContent><w:sdt><w:sdtContent>",
    b"<w:fldChar w:fldCharType=\"begin\"/>",
    b"<w:gridSpan w:val=\"99999999999\"/>",
    b"<mc:AlternateContent><!-- <![CDATA[ &#xFFFFFFFF; &x;",
    b"<table:table><table:table-row table:number-rows-repeated=\"1048576\">",
    b"<table:table-cell table:number-columns-repeated=\"16384\"/>",
    b"<text:list><text:list-item><text:list><text:list-item>",
    b"<text:s text:c=\"999999999\"/>",
    b"<c r=\"XFD1048576\" t=\"s\"><v>4294967295</v></c>",
    b"<mergeCell ref=\"A1:XFD1048576\"/>",
    b"\r\n\r\n",
    b"\r",
    b"\0",
    b"\r\nContent-Type: multipart/mixed; boundary=\"=_wend_1\"\r\n",
    b"\r\nContent-Transfer-Encoding: base64\r\n",
    b"\r\n--=_wend_1--\r\n",
    b"\r\n--=_wend_1\r\nContent-Type: message/rfc822\r\n\r\n",
    b"<table><tr><td>Name</td></tr><table><td>",
    b"=?utf-8?B?",
    b"\xff\xfe\xc3",
    b"{{{{{{{{\\*\\htmltag84 <p>}",
    b"\\bin2147483647 ",
    b"\\u-32768\\uc99999 \\'",
    b"\\trowd\\cellx1\\cellx1\\nestcell\\itap32000 ",
    b"}}}}}}}}",
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff",
    b"PK\x03\x04",
    b" 0 R ",
    b"\nendobj\n1 0 obj\n<< /Kids [1 0 R] /Parent 1 0 R /Count 2147483647 >>\n",
    b"<< /Length 4294967296 /Prev 0 /Filter [/FlateDecode /FlateDecode] >>",
    b"BT 1e30 0 0 1e30 0 0 Tm [(a) 1e30 (b)] TJ q q q",
];

/// xorshift64*: small, seeded, and the same everywhere.
pub struct Chance(u64);

impl Chance {
    /// Runs of one seed that differ by `purpose` share nothing.
    pub fn seeded(seed: u64, purpose: u64) -> Self {
        Self(
            seed.wrapping_add(purpose << 32)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                | 1,
        )
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// One to four changes: bytes flipped, a stretch cut, repeated or moved, the end cut off, a piece of
/// something else or of a format's syntax put in.
pub fn mutate(raw: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut out = raw.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(out.len());
        let stretch = chance.below(STRETCH);
        let end = out.len().min(at + stretch);
        match chance.below(8) {
            0 | 1 => {
                for _ in 0..=chance.below(12) {
                    let at = chance.below(out.len());
                    if let Some(byte) = out.get_mut(at) {
                        *byte ^= 1 << chance.below(8);
                    }
                }
            }
            2 => out.truncate(at),
            3 => drop(out.drain(at..end)),
            4 => {
                let piece = out[at..end].to_vec();
                let to = chance.below(out.len());
                out.splice(to..to, piece);
            }
            5 => {
                let from = chance.below(other.len());
                let piece = other[from..other.len().min(from + stretch)].to_vec();
                out.splice(at..at, piece);
            }
            6 => drop(out.splice(at..at, PIECES[chance.below(PIECES.len())].iter().copied())),
            _ => {
                let piece = other[chance.below(other.len())..].to_vec();
                out.splice(at.., piece);
            }
        }
    }
    out
}
