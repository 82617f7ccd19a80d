//! Values of form fields as different programs write them.

use super::super::*;
use super::Raw;
use crate::domain::FieldValue;

fn form(fields: &str, annotations: &str, objects: &[(u32, &str)]) -> Reading {
    let mut raw = Raw::default();
    raw.add(
        1,
        &format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{fields}]>>>>"),
    );
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    raw.add(
        3,
        &format!("<</Type/Page/MediaBox[0 0 595 842]/Annots[{annotations}]>>"),
    );
    for (number, object) in objects {
        raw.add(*number, object);
    }
    read(&raw.finish(), &ReadLimits::default())
}

fn values(reading: &Reading) -> Vec<(String, String)> {
    reading
        .fields
        .iter()
        .map(|field| {
            let value = match &field.value {
                FieldValue::Text(text) => text.clone(),
                FieldValue::Choice(chosen) => format!("choice {}", chosen.join("+")),
                FieldValue::Tick(checked) => checked.to_string(),
                FieldValue::Blank => "blank".to_owned(),
            };
            (field.name.clone(), value)
        })
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

#[test]
fn fields_are_found_from_the_roots_without_widgets_on_a_page() {
    let reading = form(
        "10 0 R <</T(direct)/FT/Tx/V(one)>>",
        "",
        &[
            (10, "<</T(victim)/FT/Tx/Kids[11 0 R 12 0 R]>>"),
            (11, "<</T(name)/V(Nell Ashby)>>"),
            (12, "<</T(home)/V(Elm Row)/Kids[13 0 R]>>"),
            (13, "<</Subtype/Widget/Rect[1 1 9 9]>>"),
        ],
    );
    let mut found = values(&reading);
    found.sort();
    let wanted = [
        ("direct", "one"),
        ("victim.home", "Elm Row"),
        ("victim.name", "Nell Ashby"),
    ];
    assert_eq!(found, pairs(&wanted));
}

#[test]
fn widgets_that_no_root_leads_to_are_fields_too() {
    let reading = form(
        "",
        "11 0 R <</Subtype/Widget/FT/Tx/T(in place)/V(two)/Rect[1 50 90 60]>>",
        &[
            (10, "<</T(group)/FT/Tx/V(from above)>>"),
            (11, "<</Subtype/Widget/Parent 10 0 R/Rect[1 1 90 12]>>"),
        ],
    );
    assert_eq!(
        values(&reading),
        pairs(&[("group", "from above"), ("in place", "two")])
    );
}

#[test]
fn texts_come_in_any_encoding_and_as_rich_text() {
    let reading = form(
        "10 0 R 11 0 R 12 0 R 13 0 R",
        "",
        &[
            (10, "<</T(a)/FT/Tx/V<FEFF00410301>>>"),
            (11, "<</T(b)/FT/Tx/V<FFFE4200E900>>>"),
            (12, "<</T(c)/FT/Tx/V(caf\\351 \\200)>>"),
            (
                13,
                "<</T(d)/FT/Tx/RV(<body><p>first &amp; <b>bold</b></p><p>second</p></body>)>>",
            ),
        ],
    );
    let wanted = [
        ("a", "A\u{301}"),
        ("b", "B\u{e9}"),
        ("c", "caf\u{e9} \u{2022}"),
        ("d", "first & bold\nsecond"),
    ];
    assert_eq!(values(&reading), pairs(&wanted));
}

#[test]
fn choices_are_given_in_the_words_of_the_list() {
    let reading = form(
        "10 0 R 11 0 R 12 0 R",
        "",
        &[
            (10, "<</T(a)/FT/Ch/V(2)/Opt[[(1)(Diss)][(2)(Ely)]]>>"),
            (11, "<</T(b)/FT/Ch/Ff 2097152/I[0 2]/Opt[(red)(green)(blue)]>>"),
            (12, "<</T(c)/FT/Ch/Ff 393216/V(typed)/Opt[(red)]>>"),
        ],
    );
    let wanted = [
        ("a", "choice Ely"),
        ("b", "choice red+blue"),
        ("c", "choice typed"),
    ];
    assert_eq!(values(&reading), pairs(&wanted));
}

#[test]
fn buttons_are_on_as_their_state_says_whatever_it_is_called() {
    let states = "/AP<</N<</Yes<<>>/Off<<>>>>>>";
    let odd = "/AP<</N<</1<<>>>>>>";
    let reading = form(
        "10 0 R 11 0 R 12 0 R 13 0 R 14 0 R",
        "",
        &[
            (10, &format!("<</T(value)/FT/Btn/V/Yes{states}>>")),
            (11, &format!("<</T(drawn)/FT/Btn/AS/Yes{states}>>")),
            (12, &format!("<</T(off)/FT/Btn/V/off/AS/Off{states}>>")),
            (13, &format!("<</T(other)/FT/Btn/V/On/AS/1{odd}>>")),
            (
                14,
                "<</T(radio)/FT/Btn/Ff 32768/V/1/Opt[(yes)(no)]/Kids[15 0 R 16 0 R]>>",
            ),
            (15, "<</Subtype/Widget/AS/Off/AP<</N<</0<<>>>>>>>>"),
            (16, "<</Subtype/Widget/AS/1/AP<</N<</1<<>>>>>>>>"),
        ],
    );
    let wanted = [
        ("value", "true"),
        ("drawn", "true"),
        ("off", "false"),
        ("other", "true"),
        ("radio", "choice no"),
    ];
    assert_eq!(values(&reading), pairs(&wanted));
}

const TEMPLATE: &str = "<template><subform name=\"form1\">\
    <field name=\"surname\"><ui><textEdit/></ui><caption><value><text>Family name</text></value></caption></field>\
    <field name=\"land\"><value><text>England</text></value></field>\
    <field name=\"agreed\"><ui><checkButton/></ui><items><integer>1</integer><integer>0</integer></items></field>\
    <field name=\"town\"><items save=\"1\"><text>E</text><text>D</text></items>\
    <items><text>Ely</text><text>Diss</text></items></field>\
    <exclGroup name=\"contact\"><field name=\"c1\"><ui><checkButton/></ui>\
    <caption><value><text>By phone</text></value></caption><items><text>P</text></items></field></exclGroup>\
    </subform></template>";
const DATASETS: &str = "<xfa:datasets xmlns:xfa=\"x\"><xfa:data><form1><surname>Ashby &amp; Son</surname>\
    <land>England</land><agreed>1</agreed><town>D</town><contact>P</contact><empty/></form1></xfa:data></xfa:datasets>";

fn xfa(fields: &str, content: &str, datasets: &str) -> Reading {
    let mut raw = Raw::default();
    let form = format!("<</Fields[{fields}]/XFA[(template)7 0 R(datasets)8 0 R]>>");
    raw.add(1, &format!("<</Type/Catalog/Pages 2 0 R/AcroForm {form}>>"));
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    raw.add(3, "<</Type/Page/MediaBox[0 0 595 842]/Contents 4 0 R>>");
    raw.stream(4, "", content.as_bytes());
    raw.stream(7, "", TEMPLATE.as_bytes());
    raw.stream(8, "", datasets.as_bytes());
    read(&raw.finish(), &ReadLimits::default())
}

const NOTICE: &str = "BT 50 700 Td /F 10 Tf (Please wait... open this in Adobe Reader) Tj ET";

#[test]
fn answers_of_a_form_for_adobe_reader_are_its_fields() {
    let reading = xfa("", NOTICE, DATASETS);
    let wanted = [
        ("form1.surname", "Ashby & Son"),
        ("form1.land", "blank"),
        ("form1.agreed", "true"),
        ("form1.town", "choice Diss"),
        ("form1.contact", "choice By phone"),
        ("form1.empty", "blank"),
    ];
    assert_eq!(values(&reading), pairs(&wanted));
    assert_eq!(reading.fields[0].label.as_deref(), Some("Family name"));
    assert_eq!(reading.status, ReadStatus::Ok);
    assert!(reading.blocks.is_empty(), "the notice is no content");
}

#[test]
fn a_form_for_adobe_reader_without_answers_says_so() {
    let reading = xfa("", NOTICE, "<datasets/>");
    assert_eq!(reading.status, ReadStatus::Empty);
    assert!(
        reading
            .reason
            .is_some_and(|reason| reason.contains("Adobe Reader"))
    );
}

#[test]
fn answers_that_are_fields_as_well_are_given_once() {
    let field = "<</T(form1[0])/FT/Tx/Kids[<</T(surname[0])/V(Ashby)>>]>>";
    let reading = xfa(field, "", DATASETS);
    let names: Vec<String> = values(&reading).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["form1[0].surname[0]", "form1.town", "form1.contact"]);
}
