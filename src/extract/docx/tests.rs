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
