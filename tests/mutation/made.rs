//! Documents made here: a register of invented people as HTML, RTF, CSV, JSON, DOCX, ODT, XLSX, PDF, text, Outlook
//! message, `winmail.dat`, and mail signed in one piece, and everything in a zip.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

/// A document and the file name that tells its form.
pub struct Made {
    pub name: String,
    pub content: Vec<u8>,
}

const PDF_LINES_PER_PAGE: usize = 60;

const CONTENT_TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const ROOT_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const DOCX_CONTENT_TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
const DOCX_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const ODT_MANIFEST: &str = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"#;

/// One of each, with so many people.
pub fn documents(people: usize) -> Vec<Made> {
    let people = &People(people);
    let mut made = vec![
        sample(
            "register.html",
            format!(
                "<html><body><h1>Register</h1><table>{}</table></body></html>",
                people.rows("<tr>", |cell| format!("<td>{cell}</td>"), "</tr>\n")
            )
            .into_bytes(),
        ),
        sample(
            "register.rtf",
            format!(
                "{{\\rtf1\\ansi\\ansicpg1252 {{\\b Register}}\\par\n{}}}",
                people.rows(
                    "\\trowd\\cellx2000\\cellx4000\\cellx6000\\cellx9000 ",
                    |cell| format!("\\intbl {cell}\\cell "),
                    "\\row\n"
                )
            )
            .into_bytes(),
        ),
        sample(
            "register.csv",
            people.rows("", |cell| format!("\"{cell}\","), "\n").into_bytes(),
        ),
        sample(
            "register.json",
            format!(
                "[{}[]]",
                people.rows("[", |cell| format!("\"{cell}\","), "\"\"],\n")
            )
            .into_bytes(),
        ),
        sample("register.txt", people.as_text().into_bytes()),
        sample("register.docx", docx(people)),
        sample("register.odt", odt(people)),
        sample("register.pdf", pdf(people)),
        sample("register.xlsx", xlsx(people)),
        sample("register.msg", outlook_message(&people.as_text())),
        sample("winmail.dat", winmail(&people.as_text())),
        sample("signed.eml", signed_mail(&people.as_text())),
    ];
    let members: Vec<(&str, &[u8])> = made
        .iter()
        .map(|made| (made.name.as_str(), made.content.as_slice()))
        .collect();
    let zip = packed(&members);
    made.push(sample("registers.zip", zip));
    made
}

fn sample(name: &str, content: Vec<u8>) -> Made {
    Made {
        name: name.to_owned(),
        content,
    }
}

/// So many invented people.
struct People(usize);

impl People {
    /// A row of four cells for each.
    fn rows(&self, before: &str, cell: impl Fn(&str) -> String, after: &str) -> String {
        let mut out = String::new();
        for number in 0..self.0 {
            let name = format!("Jo Wendmere {number}");
            let phone = format!("07700 900{:03}", number % 1000);
            let note = "was told of the meeting on Tuesday and would like somebody to bring along";
            let cells: String = [&name, &phone, "agreed by phone", note]
                .into_iter()
                .map(&cell)
                .collect();
            let _ = write!(out, "{before}{cells}{after}");
        }
        out
    }

    fn as_text(&self) -> String {
        self.rows("", |cell| format!("{cell}\n"), "\n")
    }
}

fn docx(people: &People) -> Vec<u8> {
    let cell = |cell: &str| format!("<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>");
    let document = format!(
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>\
         <w:tbl>{}</w:tbl></w:body></w:document>",
        people.rows("<w:tr>", cell, "</w:tr>")
    );
    packed(&[
        ("[Content_Types].xml", DOCX_CONTENT_TYPES.as_bytes()),
        ("_rels/.rels", DOCX_RELATIONS.as_bytes()),
        ("word/document.xml", document.as_bytes()),
    ])
}

/// A line per cell, in one of the fonts that every reader has, on as many pages as that takes.
fn pdf(people: &People) -> Vec<u8> {
    let cells = people.rows("", |cell| format!("{cell}\n"), "");
    let lines: Vec<&str> = cells.lines().collect();
    let pages: Vec<&[&str]> = lines.chunks(PDF_LINES_PER_PAGE).collect();
    let kids: String = (0..pages.len())
        .map(|at| format!("{} 0 R ", 4 + 2 * at))
        .collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [ {kids}] /Count {} >>", pages.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    for (at, page) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>",
            5 + 2 * at
        ));
        let shown: String = page.iter().map(|line| format!("({line}) Tj T*\n")).collect();
        let stream = format!("BT /F1 10 Tf 12 TL 60 780 Td\n{shown}ET");
        objects.push(format!(
            "<< /Length {} >>\nstream\n{stream}\nendstream",
            stream.len()
        ));
    }
    let mut out = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let (table, size) = (out.len(), objects.len() + 1);
    let _ = write!(out, "xref\n0 {size}\n0000000000 65535 f \n");
    places.iter().for_each(|place| {
        let _ = writeln!(out, "{place:010} 00000 n ");
    });
    let _ = write!(
        out,
        "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    );
    out.into_bytes()
}

fn odt(people: &People) -> Vec<u8> {
    let cell = |cell: &str| format!("<table:table-cell><text:p>{cell}</text:p></table:table-cell>");
    let content = format!(
        "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:text>\
         <table:table><table:table-column table:number-columns-repeated=\"4\"/>{}</table:table>\
         </office:text></office:body></office:document-content>",
        people.rows("<table:table-row>", cell, "</table:table-row>")
    );
    packed(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("META-INF/manifest.xml", ODT_MANIFEST.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

fn xlsx(people: &People) -> Vec<u8> {
    let cell = |cell: &str| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>");
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{}</sheetData></worksheet>",
        people.rows("<row>", cell, "</row>")
    );
    packed(&[
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
        ("_rels/.rels", ROOT_RELATIONS.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let method = match *name {
            "mimetype" => zip::CompressionMethod::Stored,
            _ => zip::CompressionMethod::Deflated,
        };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A property of an Outlook message ([MS-OXMSG] section 2.4.2): type, id and value or size.
fn property(kind: u16, id: u16, value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(kind.to_le_bytes());
    out.extend(id.to_le_bytes());
    out.extend(6u32.to_le_bytes());
    out.extend(value.to_le_bytes());
    out.extend([0; 4]);
    out
}

/// Subject, text and an attachment with the same text.
fn outlook_message(text: &str) -> Vec<u8> {
    const TEXT: u16 = 0x001F;
    const BYTES: u16 = 0x0102;
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    let mut put = |path: &str, content: &[u8]| {
        file.create_stream(path).unwrap().write_all(content).unwrap();
    };
    let strings = [(0x001A, "IPM.Note"), (0x0037, "Register"), (0x1000, text)];
    let mut properties = vec![0; 16];
    // Recipients and attachments: the next ids, and how many there are.
    properties.splice(8..16, [0, 0, 0, 0, 1, 0, 0, 0]);
    properties.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    properties.extend([0; 8]);
    for (id, text) in strings {
        let text = utf16(text);
        properties.extend(property(TEXT, id, text.len() as u32 + 2));
        put(&format!("/__substg1.0_{id:04X}{TEXT:04X}"), &text);
    }
    put("/__properties_version1.0", &properties);
    let attachment = "/__attach_version1.0_#00000000";
    file.create_storage(attachment).unwrap();
    let mut put = |name: &str, content: &[u8]| {
        let path = format!("{attachment}/{name}");
        file.create_stream(path).unwrap().write_all(content).unwrap();
    };
    let name = utf16("register.txt");
    put(&format!("__substg1.0_3707{TEXT:04X}"), &name);
    put(&format!("__substg1.0_3701{BYTES:04X}"), text.as_bytes());
    let properties = [
        vec![0; 8],
        property(0x0003, 0x3705, 1),
        property(TEXT, 0x3707, name.len() as u32 + 2),
        property(BYTES, 0x3701, text.len() as u32),
    ];
    put("__properties_version1.0", &properties.concat());
    file.flush().unwrap();
    file.into_inner().into_inner()
}

/// Subject, text and an attachment with the same text ([MS-OXTNEF] section 2.1.3).
fn winmail(text: &str) -> Vec<u8> {
    let mut out = vec![0x78, 0x9F, 0x3E, 0x22, 1, 0];
    let mut attribute = |level: u8, id: u32, data: &[u8]| {
        out.push(level);
        out.extend(id.to_le_bytes());
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(data);
        let sum = data
            .iter()
            .fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        out.extend(sum.to_le_bytes());
    };
    attribute(1, 0x0008_9006, &[0, 0, 1, 0]);
    attribute(1, 0x0007_8008, b"IPM.Microsoft Mail.Note\0");
    attribute(1, 0x0001_8004, b"Register\0");
    attribute(1, 0x0002_800C, text.as_bytes());
    attribute(
        2,
        0x0006_9002,
        &[1, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0],
    );
    attribute(2, 0x0001_8010, b"register.txt\0");
    attribute(2, 0x0006_800F, text.as_bytes());
    out
}

/// A mail that is one signed piece, without any signer (RFC 5652 section 5.1).
fn signed_mail(text: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    const SIGNED_DATA: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2];
    const DATA: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1];
    let value = |tag: u8, content: &[u8]| {
        let length = (content.len() as u32).to_be_bytes();
        [&[tag, 0x84], length.as_slice(), content].concat()
    };
    let inner = format!("Content-Type: text/plain\r\n\r\n{text}");
    let content = value(0xA0, &value(0x04, inner.as_bytes()));
    let content = value(0x30, &[DATA, &content].concat());
    let signed = [&[0x02, 1, 1, 0x31, 0], content.as_slice(), &[0x31, 0]].concat();
    let signed = value(0xA0, &value(0x30, &signed));
    let message = value(0x30, &[SIGNED_DATA, &signed].concat());
    format!(
        "From: jo@example.org\r\nSubject: Register\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; \
         name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        STANDARD.encode(message)
    )
    .into_bytes()
}
