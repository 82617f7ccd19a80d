//! Windows code pages by their number, for formats that name them so.

use encoding_rs::Encoding;
use mail_parser::decoders::charsets::map::charset_decoder;

/// The code page of Western Europe: what a document that names none is in.
pub(in crate::extract) const WESTERN: u16 = 1252;

/// The IANA label of a code page (Microsoft's "Code Page Identifiers").
fn label(code_page: u16) -> Option<&'static str> {
    Some(match code_page {
        437 | 850 | 858 | 1041 => "ibm850",
        866 => "ibm866",
        874 => "windows-874",
        932 | 10001 => "shift_jis",
        936 | 10008 | 20936 => "gbk",
        949 | 1361 | 10003 | 51949 => "euc-kr",
        950 | 10002 => "big5",
        1200 => "utf-16le",
        1201 => "utf-16be",
        1250 | 852 | 10029 => "windows-1250",
        1251 => "windows-1251",
        1252 | 1100 | 20127 => "windows-1252",
        1253 | 737 | 10006 => "windows-1253",
        1254 | 857 | 10081 => "windows-1254",
        1255 | 862 | 10005 => "windows-1255",
        1256 | 864 | 10004 => "windows-1256",
        1257 | 775 => "windows-1257",
        1258 => "windows-1258",
        10000 => "macintosh",
        10007 | 10017 => "x-mac-cyrillic",
        20866 => "koi8-r",
        21866 => "koi8-u",
        28591 => "windows-1252",
        28592 => "iso-8859-2",
        28593 => "iso-8859-3",
        28594 => "iso-8859-4",
        28595 => "iso-8859-5",
        28596 => "iso-8859-6",
        28597 => "iso-8859-7",
        28598 | 38598 => "iso-8859-8",
        28599 => "windows-1254",
        28603 => "iso-8859-13",
        28605 => "iso-8859-15",
        50220..=50222 => "iso-2022-jp",
        20932 | 51932 => "euc-jp",
        52936 | 54936 | 51936 => "gb18030",
        65001 => "utf-8",
        _ => return None,
    })
}

/// Decodes bytes of a code page; an unknown one is read as Western. What it does not explain becomes
/// U+FFFD.
pub(in crate::extract) fn decode(bytes: &[u8], code_page: u16) -> String {
    if bytes.is_ascii() && !matches!(code_page, 1200 | 1201 | 50220..=50222) {
        return bytes.iter().map(|b| char::from(*b)).collect();
    }
    let label = label(code_page).unwrap_or("windows-1252");
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        // Code pages of MS-DOS, which browsers do not know.
        None => charset_decoder(label.as_bytes()).map_or_else(
            || bytes.iter().map(|b| char::from(*b)).collect(),
            |decode| decode(bytes),
        ),
    }
}

/// Decodes bytes of which the code page is a claim: UTF-8 that is nothing but UTF-8 is read as such, a
/// claim that does not explain the bytes gives way to what they look like.
pub(in crate::extract) fn decode_claimed(bytes: &[u8], code_page: Option<u16>) -> String {
    let is_two_byte = matches!(
        code_page,
        Some(932 | 936 | 949 | 950 | 1200 | 1201 | 50220..=50222)
    );
    match code_page {
        Some(code_page) if is_two_byte || std::str::from_utf8(bytes).is_err() => {
            let text = decode(bytes, code_page);
            if label(code_page).is_some() && !text.contains('\u{FFFD}') {
                text
            } else {
                crate::mail::decode_text(bytes)
            }
        }
        Some(_) | None => crate::mail::decode_text(bytes),
    }
}

/// The code page of a Windows language (its `LCID`, [MS-LCID]); `None` for languages of Unicode only.
pub(in crate::extract) fn of_language(lcid: u32) -> Option<u16> {
    Some(match (lcid & 0x3ff, lcid & 0xffff) {
        (0x04, 0x0404 | 0x0c04 | 0x1404) => 950,
        (0x04, _) => 936,
        (0x11, _) => 932,
        (0x12, _) => 949,
        (0x1e, _) => 874,
        (0x05 | 0x0e | 0x15 | 0x18 | 0x1b | 0x1c | 0x24, _) => 1250,
        (0x1a, 0x0c1a | 0x1c1a) => 1251,
        (0x1a, _) => 1250,
        (0x02 | 0x19 | 0x22 | 0x23 | 0x2f, _) => 1251,
        (0x08, _) => 1253,
        (0x1f | 0x2c, _) => 1254,
        (0x0d, _) => 1255,
        (0x01 | 0x20 | 0x29, _) => 1256,
        (0x25..=0x27, _) => 1257,
        (0x2a, _) => 1258,
        (0x03 | 0x06 | 0x07 | 0x09 | 0x0a | 0x0b | 0x0c | 0x0f | 0x10 | 0x13 | 0x14 | 0x16 | 0x1d, _) => 1252,
        (_, _) => return None,
    })
}

/// The code page of a font's `\fcharset` (RTF specification 1.9.1, "Font table"); `None` where the
/// document's own applies.
pub(super) fn of_charset(charset: i32) -> Option<u16> {
    Some(match charset {
        0 => 1252,
        77 => 10000,
        78 => 10001,
        79 => 10003,
        80 | 134 => 936,
        81 | 136 => 950,
        128 => 932,
        129 => 949,
        130 => 1361,
        161 | 85 => 1253,
        162 | 86 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        255 => 850,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_known_and_unknown_code_pages() {
        assert_eq!(decode(b"\xcf\xf0", 1251), "Пр");
        assert_eq!(decode(b"\x82\x61", 850), "éa");
        assert_eq!(decode(b"\x93\xfa\x96\x7b", 932), "日本");
        assert_eq!(decode(b"\xe9", 1), "é");
    }

    #[test]
    fn a_claim_gives_way_to_the_bytes() {
        assert_eq!(decode_claimed("für".as_bytes(), Some(1252)), "für");
        assert_eq!(decode_claimed(b"f\xfcr", Some(65001)), "für");
        assert_eq!(decode_claimed(b"\xcf\xf0\xe8", Some(1251)), "При");
        assert_eq!(of_language(1049), Some(1251));
    }
}
