//! Longer documents than the fixtures: a register of invented people as HTML, RTF, CSV, JSON, DOCX, ODT,
//! XLSX, PDF, text, and everything in a zip.

use super::Sample;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

const ROWS: usize = 500;
const PDF_LINES_PER_PAGE: usize = 60;

const CONTENT_TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const ROOT_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const DOCX_CONTENT_TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
const DOCX_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const ODT_MANIFEST: &str = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"#;

/// One of each.
pub fn documents() -> Vec<Sample> {
    let mut made = vec![
        sample(
            "register.html",
            format!(
                "<html><body><h1>Register</h1><table>{}</table></body></html>",
                rows("<tr>", |cell| format!("<td>{cell}</td>"), "</tr>\n")
            )
            .into_bytes(),
        ),
        sample(
            "register.rtf",
            format!(
                "{{\\rtf1\\ansi\\ansicpg1252 {{\\b Register}}\\par\n{}}}",
                rows(
                    "\\trowd\\cellx2000\\cellx4000\\cellx6000\\cellx9000 ",
                    |cell| format!("\\intbl {cell}\\cell "),
                    "\\row\n"
                )
            )
            .into_bytes(),
        ),
        sample(
            "register.csv",
            rows("", |cell| format!("\"{cell}\","), "\n").into_bytes(),
        ),
        sample(
            "register.json",
            format!("[{}[]]", rows("[", |cell| format!("\"{cell}\","), "\"\"],\n")).into_bytes(),
        ),
        sample(
            "register.txt",
            rows("", |cell| format!("{cell}\n"), "\n").into_bytes(),
        ),
        sample("register.docx", docx()),
        sample("register.odt", odt()),
        sample("register.pdf", pdf()),
        sample("register.xlsx", xlsx()),
    ];
    let members: Vec<(&str, &[u8])> = made
        .iter()
        .map(|made| (made.name.as_str(), made.content.as_slice()))
        .collect();
    let zip = packed(&members);
    made.push(sample("registers.zip", zip));
    made
}

fn sample(name: &str, content: Vec<u8>) -> Sample {
    Sample {
        name: name.to_owned(),
        content,
    }
}

fn rows(before: &str, cell: impl Fn(&str) -> String, after: &str) -> String {
    let mut out = String::new();
    for number in 0..ROWS {
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

fn docx() -> Vec<u8> {
    let cell = |cell: &str| format!("<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>");
    let document = format!(
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>\
         <w:tbl>{}</w:tbl></w:body></w:document>",
        rows("<w:tr>", cell, "</w:tr>")
    );
    packed(&[
        ("[Content_Types].xml", DOCX_CONTENT_TYPES.as_bytes()),
        ("_rels/.rels", DOCX_RELATIONS.as_bytes()),
        ("word/document.xml", document.as_bytes()),
    ])
}

/// A line per cell, in one of the fonts that every reader has, on as many pages as that takes.
fn pdf() -> Vec<u8> {
    let cells = rows("", |cell| format!("{cell}\n"), "");
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

fn odt() -> Vec<u8> {
    let cell = |cell: &str| format!("<table:table-cell><text:p>{cell}</text:p></table:table-cell>");
    let content = format!(
        "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:text>\
         <table:table><table:table-column table:number-columns-repeated=\"4\"/>{}</table:table>\
         </office:text></office:body></office:document-content>",
        rows("<table:table-row>", cell, "</table:table-row>")
    );
    packed(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("META-INF/manifest.xml", ODT_MANIFEST.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

fn xlsx() -> Vec<u8> {
    let cell = |cell: &str| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>");
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{}</sheetData></worksheet>",
        rows("<row>", cell, "</row>")
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
