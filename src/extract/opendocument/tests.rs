use super::super::outline::outline;
use super::*;
use crate::domain::FieldValue;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn content(styles: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><office:document-content><office:automatic-styles>{styles}</office:automatic-styles>\
         <office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
}

fn read_body(styles: &str, body: &str) -> Reading {
    let bytes = zipped(&[("content.xml", content(styles, body).as_bytes())]);
    read(&bytes, &ReadLimits::default())
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let styles = "<style:style style:name='B' style:family='text'><style:text-properties fo:font-weight='bold'/></style:style>\
         <style:style style:name='S' style:family='text' style:parent-style-name='B'>\
         <style:text-properties style:text-line-through-style='solid'/></style:style>\
         <style:style style:name='H' style:family='text'><style:text-properties text:display='none'/></style:style>\
         <style:style style:name='W' style:family='text'><style:text-properties style:font-name='Wingdings'/></style:style>\
         <style:style style:name='Loop' style:family='paragraph' style:parent-style-name='Pool'/>\
         <style:style style:name='Pool' style:family='paragraph' style:parent-style-name='Loop'/>\
         <style:style style:name='T1' style:family='paragraph' style:parent-style-name='Title'/>";
    assert_eq!(outline(&read_body(styles, body).blocks), expected);
}

#[test]
fn headings_lists_blanks_and_looks() {
    check(
        "<text:h text:outline-level='2'>H</text:h><text:p text:style-name='T1'>Title</text:p>\
         <text:p text:style-name='Loop'><text:span text:style-name='B'>Name:</text:span><text:s text:c='2'/>Jo\n  &amp;<text:tab/>Al\
         <text:line-break/>x <text:span text:style-name='S'>No</text:span><text:span text:style-name='H'>secret</text:span>\
         <text:span text:style-name='W'>\u{f0fe}</text:span></text:p>\
         <text:list><text:list-item><text:p>item</text:p></text:list-item></text:list>",
        "H2 H\nH1 Title\nP Name:  Jo &\tAl|x No☒ +b(Name:) +b(No) +hidden(secret)\nL item\n",
    );
}

#[test]
fn tables_keep_spans_header_rows_and_nested_tables() {
    check(
        "<table:table><table:table-header-rows><table:table-row><table:table-cell table:number-columns-spanned='2'><text:p>a</text:p>\
         </table:table-cell><table:covered-table-cell/><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row>\
         </table:table-header-rows><table:table-row><table:table-cell table:number-rows-spanned='2'><text:p>c</text:p></table:table-cell>\
         <table:table-cell table:number-columns-repeated='2'/></table:table-row><table:table-row><table:covered-table-cell/>\
         <table:table-cell><table:table><table:table-row><table:table-cell><text:p>v</text:p></table:table-cell><table:table-cell>\
         <text:p>w</text:p></table:table-cell></table:table-row></table:table></table:table-cell><table:table-cell><text:p>g</text:p>\
         </table:table-cell></table:table-row></table:table>",
        "T *<2,1>a ; *b\n  <1,2>c ;  ; \n  T v ; w ; g\n",
    );
}

#[test]
fn deleted_and_hidden_text_is_not_text() {
    check(
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region>\
         </text:tracked-changes><text:p>a<text:change text:change-id='1'/>b</text:p>\
         <text:section text:display='none'><text:p>c</text:p></text:section>\
         <text:p>d<text:hidden-text text:is-hidden='true' text:string-value='e'>e</text:hidden-text></text:p>\
         <text:p><text:hidden-paragraph text:is-hidden='true'/>g</text:p><text:p><text:hidden-paragraph text:is-hidden='false'/>h</text:p>\
         <text:p><draw:frame><draw:object><math:math>x+y</math:math></draw:object><svg:title>picture</svg:title></draw:frame>f</text:p>",
        "P ab\nP  +hidden(c)\nP d +hidden(e)\nP  +hidden(g)\nP h\nP f\n",
    );
}

#[test]
fn notes_boxes_comments_and_margins_have_their_places() {
    let text = content(
        "",
        "<text:p>a<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>note</text:p></text:note-body></text:note>\
         <office:annotation><dc:creator>X</dc:creator><text:p>said</text:p></office:annotation>b\
         <draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame>c</text:p>",
    );
    let styles = "<office:document-styles><office:master-styles><style:master-page><style:footer><text:p>foot</text:p></style:footer>\
         <style:header><text:p>head</text:p></style:header></style:master-page></office:master-styles></office:document-styles>";
    let bytes = zipped(&[
        ("content.xml", text.as_bytes()),
        ("styles.xml", styles.as_bytes()),
    ]);
    assert_eq!(
        outline(&read(&bytes, &ReadLimits::default()).blocks),
        "P head\nP box\nP abc\nP note\nQ[P said]\nP foot\n"
    );
}

fn values(reading: &Reading) -> Vec<String> {
    let value = |field: &FormField| match &field.value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Choice(chosen) => chosen.join(","),
        FieldValue::Tick(checked) => checked.to_string(),
        FieldValue::Blank => "-".to_owned(),
    };
    reading
        .fields
        .iter()
        .map(|field| format!("{}={}", field.name, value(field)))
        .collect()
}

#[test]
fn form_controls_stand_where_they_are_placed() {
    let reading = read_body(
        "",
        "<office:forms><form:form form:name='F'><form:text form:name='N' form:id='c1' form:current-value='Jo'/>\
         <form:checkbox form:name='Y' form:id='c2' form:label='Yes' form:current-state='checked'/>\
         <form:checkbox form:name='O' form:id='c3' form:label='No'/>\
         <form:listbox form:name='L' form:id='c4'><form:option form:label='One'/><form:option form:label='Two' form:current-selected='true'/>\
         </form:listbox><form:textarea form:name='E' form:id='c5'/><form:button form:id='c6' form:label='Send'/></form:form></office:forms>\
         <text:p>Name <draw:control draw:control='c1'/></text:p>\
         <text:p>Agrees <draw:control draw:control='c2'/> <draw:control draw:control='c3'/></text:p>\
         <text:p>Kind <draw:control draw:control='c4'/><draw:control draw:control='c5'/><draw:control draw:control='c6'/></text:p>",
    );
    assert_eq!(
        outline(&reading.blocks),
        "P Name Jo\nP Agrees ☒ Yes ☐ No\nP Kind Two +prompt()\n"
    );
    assert_eq!(values(&reading), ["N=Jo", "Y=true", "O=false", "L=Two", "E=-"]);
}

#[test]
fn fields_and_content_controls_tell_answers_from_prompts() {
    let reading = read_body(
        "",
        "<text:p>a <text:placeholder text:placeholder-type='text'>&lt;Name&gt;</text:placeholder>\
         <text:text-input>Jo</text:text-input></text:p>\
         <text:p>b <text:drop-down text:name='D'><text:label text:value='One'/><text:label text:value='Two'/>Two</text:drop-down></text:p>\
         <text:p>c <loext:content-control loext:showing-place-holder='true'><text:span>Click here</text:span></loext:content-control>\
         <loext:content-control><text:span>Al</text:span></loext:content-control>\
         <loext:content-control loext:checkbox='true' loext:checked='true'>☒</loext:content-control></text:p>\
         <text:p>d <field:fieldmark-start text:name='T' field:type='vnd.oasis.opendocument.field.FORMTEXT'/>Mo<field:fieldmark-end/> e\
         <field:fieldmark text:name='C' field:type='vnd.oasis.opendocument.field.FORMCHECKBOX'><field:param field:name='Checkbox_Checked' \
         field:value='true'/></field:fieldmark></text:p>",
    );
    assert_eq!(
        outline(&reading.blocks),
        "P a Jo +prompt(<Name>)\nP b Two\nP c Al☒ +prompt(Click here)\nP d Mo e☒\n"
    );
    assert_eq!(values(&reading), ["T=Mo", "C=true"]);
}

#[test]
fn a_single_file_is_read_too() {
    let bytes = "<office:document><office:master-styles><style:master-page><style:header><text:p>head</text:p></style:header>\
         </style:master-page></office:master-styles><office:body><office:text><text:p>text</text:p></office:text></office:body></office:document>";
    let reading = read(bytes.as_bytes(), &ReadLimits::default());
    assert_eq!(outline(&reading.blocks), "P head\nP text\n");
}

#[test]
fn what_is_not_read_says_why() {
    let status = |bytes: &[u8]| {
        let reading = read(bytes, &ReadLimits::default());
        assert!(reading.reason.is_some());
        reading.status
    };
    let manifest = b"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let locked = zipped(&[("META-INF/manifest.xml", manifest), ("content.xml", b"\x01\x02")]);
    assert_eq!(status(&locked), ReadStatus::Encrypted);
    assert_eq!(status(&zipped(&[("mimetype", b"x")])), ReadStatus::Unreadable);
    assert_eq!(status(b"no package"), ReadStatus::Unreadable);
    let laughs = b"<!DOCTYPE l [<!ENTITY a 'ha'>]><office:body><text:p>&a;</text:p></office:body>";
    assert_eq!(
        status(&zipped(&[("content.xml", laughs)])),
        ReadStatus::Unreadable
    );
    let limits = ReadLimits {
        max_document_bytes: 100_000,
        ..ReadLimits::default()
    };
    let bomb = zipped(&[("content.xml", &vec![b' '; 10_000_000])]);
    assert!(bomb.len() < 100_000);
    assert_eq!(read(&bomb, &limits).status, ReadStatus::TooLarge);
}

#[test]
fn claims_of_repeats_and_depth_are_bounded() {
    let blanks = "<text:p>a<text:s text:c='4000000000'/>b</text:p>";
    let text = outline(&read_body("", blanks).blocks);
    assert!(text.len() < 300, "{}", text.len());
    let cells = "<table:table><table:table-row table:number-rows-repeated='1000000000'><table:table-cell \
         table:number-columns-repeated='1000000000'><text:p>a</text:p></table:table-cell></table:table-row></table:table>";
    assert!(outline(&read_body("", cells).blocks).len() < 1000);
    let deep = format!(
        "{}<text:p>deep</text:p>{}",
        "<table:table><table:table-row><table:table-cell>".repeat(300),
        "</table:table-cell></table:table-row></table:table>".repeat(300)
    );
    assert_eq!(outline(&read_body("", &deep).blocks), "P deep\n");
    let boxes = format!(
        "{}<text:p>deep</text:p>{}",
        "<text:p><draw:text-box>".repeat(900),
        "</draw:text-box></text:p>".repeat(900)
    );
    assert_eq!(outline(&read_body("", &boxes).blocks), "P deep\n");
    let deeper = read_body("", &"<text:section>".repeat(10_000));
    assert_eq!(deeper.status, ReadStatus::Unreadable);
}

#[test]
fn a_form_that_another_program_saved_is_read_whole() {
    let form = include_bytes!("../../../fixtures/documents/odt/form.odt");
    let reading = read(form, &ReadLimits::default());
    assert_eq!(
        outline(&reading.blocks),
        "P Example Housing\nH1 Referral to the restorative service +b(Referral to the restorative service)\n\
         T <4,1>Person harmed +b(Person harmed)\n  Name ; Ada Fenwick ; Telephone ; 07700 900123\n  \
         Gender ; Female ; Agrees to contact ; ☒ Yes ☐ No\n  Preferred time ;  +prompt() ; Yes / No ; Yes / No +s(No)\n\
         P Shown  +hidden(not shown)\nL First wish\nP Form 7\n"
    );
    assert_eq!(
        values(&reading),
        [
            "Text1=Ada Fenwick",
            "Text2=07700 900123",
            "=Female",
            "=true",
            "=false",
            "Text3=-"
        ]
    );
}
