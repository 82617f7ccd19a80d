use super::super::outline::outline;
use super::*;
use crate::domain::FieldValue;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(crate) fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn document(body: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>").into_bytes()
}

fn read_body(body: &str) -> Reading {
    let bytes = zipped(&[("word/document.xml", &document(body))]);
    read(&bytes, &ReadLimits::default())
}

#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(outline(&read_body(body).blocks), expected);
}

#[test]
fn runs_headings_lists_and_breaks() {
    check(
        "<w:p><w:pPr><w:pStyle w:val='Heading2'/></w:pPr><w:r><w:t>H</w:t></w:r></w:p>\
         <w:p><w:r><w:rPr><w:b/></w:rPr><w:t xml:space='preserve'>Name: </w:t></w:r><w:r><w:rPr><w:b w:val='0'/></w:rPr>\
         <w:t>Jo &amp; Al</w:t><w:br/><w:t>x</w:t></w:r></w:p>\
         <w:p><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>item</w:t></w:r></w:p>\
         <w:p><w:r><w:t>Yes / </w:t></w:r><w:r><w:rPr><w:strike/></w:rPr><w:t>No</w:t></w:r></w:p>",
        "H2 H\nP Name: Jo & Al|x +b(Name: )\nL item\nP Yes / No +s(No)\n",
    );
}

#[test]
fn tables_keep_spans_and_header_rows_and_nested_tables() {
    let cell = |properties: &str, text: &str| {
        format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
    };
    check(
        &format!(
            "<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>{}{}</w:tr><w:tr>{}{}{}</w:tr><w:tr>{}{}{}</w:tr></w:tbl>",
            cell("<w:gridSpan w:val='2'/>", "a"),
            cell("", "b"),
            cell("<w:vMerge w:val='restart'/>", "c"),
            cell("", "d"),
            cell("", "e"),
            cell("<w:vMerge/>", ""),
            cell("", "f"),
            cell("", "g"),
        ),
        "T *<2,1>a ; *b\n  <1,2>c ; d ; e\n  f ; g\n",
    );
    check(
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>l</w:t></w:r></w:p></w:tc><w:tc><w:tbl><w:tr><w:tc><w:p><w:r><w:t>v</w:t></w:r></w:p></w:tc>\
         <w:tc><w:p><w:r><w:t>w</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/></w:tc></w:tr></w:tbl>",
        "T l ; T v ; w\n",
    );
}

#[test]
fn content_controls_tell_answers_prompts_and_ticks() {
    let control = |properties: &str, text: &str| {
        format!(
            "<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent><w:r><w:t>{text}</w:t></w:r></w:sdtContent></w:sdt>"
        )
    };
    let reading = read_body(&format!(
        "<w:p><w:r><w:t>Name </w:t></w:r>{}{}</w:p><w:p>{}{}</w:p>",
        control("<w:text/>", "Jo Hart"),
        control("<w:showingPlcHdr/>", "Click or tap here to enter text."),
        control("<w14:checkbox><w14:checked w14:val='1'/></w14:checkbox>", "☒"),
        control("<w14:checkbox><w14:checked w14:val='0'/></w14:checkbox>", "☐"),
    ));
    assert_eq!(
        outline(&reading.blocks),
        "P Name Jo Hart +prompt(Click or tap here to enter text.)\nP ☒☐\n"
    );
}

#[test]
fn legacy_fields_give_text_ticks_and_the_chosen_entry() {
    let field = |data: &str, result: &str| {
        format!(
            "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:name w:val='F'/>{data}</w:ffData></w:fldChar></w:r>\
             <w:r><w:instrText>FORM</w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r>\
             <w:r><w:t>{result}</w:t></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>"
        )
    };
    let list = |result: &str| {
        format!(
            "<w:ddList>{result}<w:listEntry w:val='Please select'/><w:listEntry w:val='Female'/></w:ddList>"
        )
    };
    let reading = read_body(&format!(
        "<w:p>{}{}{}{}{}</w:p>",
        field("<w:textInput/>", "Jo"),
        field("<w:textInput/>", "\u{2002}\u{2002}"),
        field("<w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>", ""),
        field(&list("<w:result w:val='1'/>"), ""),
        field(&list(""), ""),
    ));
    assert_eq!(
        outline(&reading.blocks),
        "P Jo☒Female +prompt() +prompt(Please select)\n"
    );
    let values: Vec<String> = reading
        .fields
        .iter()
        .map(|field| match &field.value {
            FieldValue::Text(text) => text.clone(),
            FieldValue::Choice(chosen) => chosen.join(","),
            FieldValue::Tick(checked) => checked.to_string(),
            FieldValue::Blank => "-".to_owned(),
        })
        .collect();
    assert_eq!(values, ["Jo", "-", "true", "Female", "-"]);
}

#[test]
fn symbols_of_tick_box_fonts_are_ticks() {
    check(
        "<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FE'/><w:t>a</w:t><w:sym w:font='Wingdings 2' w:char='F0A3'/>\
         <w:t>b\u{f0a8}</w:t></w:r><w:r><w:rPr><w:rFonts w:ascii='Wingdings'/></w:rPr><w:t>þ</w:t></w:r></w:p>",
        "P ☒a☐b☐☒\n",
    );
}

#[test]
fn changes_are_accepted_and_hidden_text_is_kept_apart() {
    check(
        "<w:p><w:r><w:t>a</w:t></w:r><w:del><w:r><w:delText>b</w:delText><w:t>b</w:t></w:r></w:del>\
         <w:ins><w:r><w:t>c</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>d</w:t></w:r></w:moveFrom>\
         <w:r><w:rPr><w:vanish/></w:rPr><w:t>e</w:t></w:r></w:p>\
         <w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:r><w:t>f</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
        "P ac +hidden(e)\n",
    );
}

#[test]
fn a_text_box_is_read_once_and_before_its_anchor() {
    check(
        "<w:p><w:r><w:t>x</w:t><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p>\
         </w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p>\
         </w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>y</w:t></w:r></w:p>",
        "P box\nP xy\n",
    );
}

#[test]
fn headers_and_footers_are_read_around_the_text() {
    let part = |text: &str| format!("<w:hdr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:hdr>").into_bytes();
    let bytes = zipped(&[
        ("word/footer1.xml", &part("foot")),
        (
            "word/document.xml",
            &document("<w:p><w:r><w:t>text</w:t></w:r></w:p>"),
        ),
        ("word/header1.xml", &part("head")),
    ]);
    assert_eq!(
        outline(&read(&bytes, &ReadLimits::default()).blocks),
        "P head\nP text\nP foot\n"
    );
}

#[test]
fn bombs_are_refused() {
    let limits = ReadLimits {
        max_document_bytes: 100_000,
        ..ReadLimits::default()
    };
    let bomb = zipped(&[("word/document.xml", &vec![b' '; 10_000_000])]);
    assert!(bomb.len() < 100_000);
    assert_eq!(read(&bomb, &limits).status, ReadStatus::TooLarge);

    let laughs =
        b"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><w:document><w:t>&b;</w:t></w:document>";
    let reading = read(&zipped(&[("word/document.xml", laughs)]), &limits);
    assert_eq!(reading.status, ReadStatus::Unreadable);

    let deep = "<w:x>".repeat(10_000);
    let reading = read(&zipped(&[("word/document.xml", &document(&deep))]), &limits);
    assert_eq!(reading.status, ReadStatus::Unreadable);

    let names: Vec<String> = (0..5000).map(|i| format!("m{i}")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), b"".as_slice())).collect();
    assert_eq!(
        read(&zipped(&members), &ReadLimits::default()).status,
        ReadStatus::TooLarge
    );
}

#[test]
fn deep_tables_are_read_without_deep_blocks() {
    let body = format!(
        "{}<w:p><w:r><w:t>deep</w:t></w:r></w:p>{}",
        "<w:tbl><w:tr><w:tc>".repeat(300),
        "</w:tc></w:tr></w:tbl>".repeat(300)
    );
    check(&body, "P deep\n");
}

#[test]
fn text_that_breaks_off_is_kept_as_partial() {
    let body = b"<w:document><w:p><w:r><w:t>kept</w:t></w:r></w:p><w:p>";
    let reading = read(&zipped(&[("word/document.xml", body)]), &ReadLimits::default());
    assert_eq!(reading.status, ReadStatus::Partial);
    assert_eq!(outline(&reading.blocks), "P kept\n");
}

/// A package with these parts, each related to the document by its kind.
fn package(body: &str, parts: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let relationships: String = parts
        .iter()
        .enumerate()
        .map(|(at, (kind, name, _))| {
            format!("<Relationship Id='r{at}' Type='http://purl.oclc.org/ooxml/officeDocument/relationships/{kind}' Target='{name}'/>")
        })
        .collect();
    let relationships = format!("<Relationships>{relationships}</Relationships>");
    let document = document(body);
    let names: Vec<String> = parts.iter().map(|(_, name, _)| format!("word/{name}")).collect();
    let mut members: Vec<(&str, &[u8])> = vec![
        ("word/document.xml", &document),
        ("word/_rels/document.xml.rels", relationships.as_bytes()),
    ];
    members.extend(
        names
            .iter()
            .zip(parts)
            .map(|(name, (_, _, content))| (name.as_str(), *content)),
    );
    zipped(&members)
}

fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

#[track_caller]
fn check_package(body: &str, parts: &[(&str, &str, &[u8])], expected: &str) {
    let reading = read(&package(body, parts), &ReadLimits::default());
    assert_eq!(
        (outline(&reading.blocks).as_str(), reading.status),
        (expected, ReadStatus::Ok)
    );
}

#[test]
fn notes_follow_the_text_and_comments_stand_apart() {
    let notes = format!(
        "<w:footnotes><w:footnote>{}</w:footnote></w:footnotes>",
        paragraph("note")
    );
    let comments = format!(
        "<w:comments><w:comment>{}</w:comment></w:comments>",
        paragraph("Name: Al")
    );
    check_package(
        &paragraph("text"),
        &[
            ("comments", "comments.xml", comments.as_bytes()),
            ("footnotes", "footnotes.xml", notes.as_bytes()),
            ("endnotes", "endnotes.xml", notes.as_bytes()),
        ],
        "P text\nP note\nP note\nQ[H1 Comments\nL Name: Al]\n",
    );
}

#[test]
fn the_same_header_of_several_sections_is_read_once() {
    let (one, two) = (paragraph("one"), paragraph("two"));
    check_package(
        &paragraph("text"),
        &[
            (
                "header",
                "header1.xml",
                format!("<w:hdr>{one}</w:hdr>").as_bytes(),
            ),
            (
                "header",
                "header2.xml",
                format!("<w:hdr>{one}</w:hdr>").as_bytes(),
            ),
            (
                "header",
                "header3.xml",
                format!("<w:hdr>{two}</w:hdr>").as_bytes(),
            ),
        ],
        "P one\nP two\nP text\n",
    );
}

#[test]
fn text_taken_in_whole_stands_at_its_place() {
    let inner = zipped(&[("word/document.xml", &document(&paragraph("word")))]);
    check_package(
        &format!("{}<w:altChunk r:id='r0'/><w:altChunk r:id='r2'/>{}<w:altChunk r:id='r1'/>", paragraph("a"), paragraph("b")),
        &[
            ("aFChunk", "chunk.html", b"<table><tr><td>Name<td>Jo</table>"),
            ("aFChunk", "chunk.mht", b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>page</p>\n--x--\n"),
            ("aFChunk", "chunk.docx", &inner),
        ],
        "P a\nT Name ; Jo\nP word\nP b\nP page\n",
    );
}

#[test]
fn charts_and_diagrams_give_their_words() {
    let chart = "<c:chartSpace><c:chart><c:title><a:p><a:r><a:t>Harm</a:t></a:r></a:p></c:title><c:cat><c:strRef><c:f>A1</c:f>\
                 <c:strCache><c:pt><c:v>2025</c:v></c:pt></c:strCache></c:strRef></c:cat><c:val><c:numCache><c:pt><c:v>7</c:v></c:pt></c:numCache></c:val></c:chart></c:chartSpace>";
    let diagram = "<dgm:dataModel><dgm:t><a:p><a:r><a:t>Step</a:t></a:r></a:p></dgm:t></dgm:dataModel>";
    let bytes = zipped(&[
        ("word/document.xml", &document(&paragraph("text"))),
        ("word/charts/chart1.xml", chart.as_bytes()),
        ("word/diagrams/data1.xml", diagram.as_bytes()),
    ]);
    let reading = read(&bytes, &ReadLimits::default());
    assert_eq!(outline(&reading.blocks), "P text\nP Harm\nP 2025\nP Step\n");
}

#[test]
fn embedded_documents_are_read_or_said_to_be_there() {
    let inner = zipped(&[("word/document.xml", &document(&paragraph("inside")))]);
    let body = format!(
        "{}<w:p><w:r><w:object><o:OLEObject ProgID='Word.Document.12'/></w:object></w:r></w:p>",
        paragraph("text")
    );
    check_package(
        &body,
        &[("package", "embeddings/a.docx", &inner)],
        "P text\nP inside\n",
    );
    let reading = read_body(&format!(
        "{}<w:p><w:r><w:object><o:OLEObject ProgID='Package'/></w:object></w:r></w:p>",
        paragraph("text")
    ));
    assert_eq!(
        (reading.status, reading.reason.as_deref()),
        (ReadStatus::Partial, Some(HOLDS_FILES))
    );
}

#[test]
fn documents_embedded_in_one_another_are_bounded() {
    let mut bytes = package(&paragraph("0"), &[]);
    for level in 1..6 {
        bytes = package(&paragraph(&level.to_string()), &[("package", "a.docx", &bytes)]);
    }
    let reading = read(&bytes, &ReadLimits::default());
    assert_eq!(outline(&reading.blocks), "P 5\nP 4\nP 3\n");
}

#[test]
fn a_deleted_paragraph_mark_joins_and_a_deleted_cell_goes() {
    check(
        "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>one </w:t></w:r></w:p><w:p><w:r><w:t>line</w:t></w:r></w:p>\
         <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:tcPr><w:cellDel/></w:tcPr><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc>\
         <w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
        "P one line\nT a ; c\n",
    );
}

#[test]
fn one_drawing_of_several_is_read() {
    let boxed = |text: &str| {
        format!(
            "<w:pict><w:txbxContent>{}</w:txbxContent></w:pict>",
            paragraph(text)
        )
    };
    check(
        &format!(
            "<w:p><w:r><mc:AlternateContent><mc:Choice>{}</mc:Choice><mc:Choice>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>\
             <mc:AlternateContent><mc:Fallback>{}</mc:Fallback></mc:AlternateContent></w:r></w:p>",
            boxed("a"),
            boxed("b"),
            boxed("c"),
            boxed("d")
        ),
        "P a\nP d\n",
    );
}

#[test]
fn struck_styles_and_ruby_bases_are_told() {
    let styles = b"<w:styles><w:style w:styleId='Gone'><w:name w:val='Gone'/><w:rPr><w:dstrike/></w:rPr></w:style></w:styles>";
    let body = "<w:p><w:r><w:rPr><w:rStyle w:val='Gone'/></w:rPr><w:t>no</w:t></w:r></w:p>\
                <w:p><w:r><w:ruby><w:rt><w:r><w:t>aid</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>base</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>";
    let bytes = zipped(&[
        ("word/document.xml", &document(body)),
        ("word/styles.xml", styles),
    ]);
    assert_eq!(
        outline(&read(&bytes, &ReadLimits::default()).blocks),
        "P no +s(no)\nP base\n"
    );
}

#[test]
fn a_damaged_part_beside_the_text_costs_only_itself() {
    let reading = read(
        &package(
            &paragraph("text"),
            &[
                ("footnotes", "footnotes.xml", b"<w:footnotes><w:p>"),
                ("header", "gone.xml", b""),
            ],
        ),
        &ReadLimits::default(),
    );
    assert_eq!(
        (outline(&reading.blocks).as_str(), reading.status),
        ("P text\n", ReadStatus::Partial)
    );
}

#[test]
fn a_control_around_others_or_around_rows_is_no_answer() {
    let control = |content: &str| format!("<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>");
    let row = format!(
        "<w:tr><w:tc>{}</w:tc><w:tc><w:p>{}</w:p></w:tc></w:tr>",
        paragraph("Name"),
        control("<w:r><w:t>Jo</w:t></w:r>")
    );
    let reading = read_body(&format!(
        "<w:tbl>{}</w:tbl>{}",
        control(&row),
        control(&format!(
            "<w:p>{}<w:r><w:t> is new</w:t></w:r></w:p>",
            control("<w:r><w:t>Al</w:t></w:r>")
        ))
    ));
    assert_eq!(outline(&reading.blocks), "T Name ; Jo\nP Al is new\n");
    fn answers(blocks: &[Block]) -> Vec<bool> {
        let mut out = Vec::new();
        for block in blocks {
            match block {
                Block::Paragraph { text, .. } => {
                    out.extend(text.iter().map(|piece| matches!(piece, Inline::Answer { .. })));
                }
                Block::Table(table) => {
                    let cells = table.rows.iter().flat_map(|row| &row.cells);
                    cells.for_each(|cell| out.extend(answers(&cell.blocks)));
                }
                _ => {}
            }
        }
        out
    }
    assert_eq!(answers(&reading.blocks), [false, true, true, false]);
}

#[test]
fn drawn_text_is_read_and_old_fields_are_named() {
    let reading = read_body(
        "<w:p><w:r><w:pict><v:shape><v:textpath string='DRAFT'/></v:shape></w:pict><w:t>text</w:t><w:object><w:control w:name='TextBox1'/></w:object></w:r></w:p>",
    );
    assert_eq!(outline(&reading.blocks), "P DRAFT\nP text\n");
    assert_eq!(
        (reading.status, reading.reason.as_deref()),
        (ReadStatus::Partial, Some(HOLDS_CONTROLS))
    );
}
