//! Ticks, strokes and rings that are drawn, text that is turned, and pages that are pictures.

use super::super::*;
use super::Raw;

fn page(content: &str, entries: &str) -> Vec<u8> {
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    let resources = "/Resources<</Font<</F 5 0 R/Z 6 0 R>>/XObject<</I 7 0 R>>>>";
    raw.add(
        3,
        &format!("<</Type/Page/MediaBox[0 0 595 842]/Contents 4 0 R{resources}{entries}>>"),
    );
    raw.stream(4, "", content.as_bytes());
    raw.add(
        5,
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    );
    raw.add(6, "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>");
    raw.stream(
        7,
        "/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray",
        b"0",
    );
    raw.finish()
}

fn text(content: &str) -> String {
    super::outline(&read(&page(content, ""), &ReadLimits::default()).blocks)
}

fn words(x: i32, y: i32, words: &str) -> String {
    format!("BT /F 10 Tf {x} {y} Td ({words}) Tj ET\n")
}

#[test]
fn boxes_with_a_cross_or_a_check_mark_are_ticked() {
    let mut content = words(50, 700, "Consent?") + &words(135, 700, "Yes") + &words(185, 700, "No");
    content += "120 698 10 10 re S 170 698 10 10 re S\n";
    assert_eq!(text(&content), "T Consent? ; ☐ Yes ☐ No\n");
    let cross = "121 699 m 129 707 l S 129 699 m 121 707 l S\n";
    assert_eq!(text(&(content.clone() + cross)), "T Consent? ; ☒ Yes ☐ No\n");
    let check = "BT /Z 9 Tf 171.5 699.5 Td (4) Tj ET\n";
    assert_eq!(text(&(content.clone() + check)), "T Consent? ; ☐ Yes ☒ No\n");
    let filled = "0 g 122 700 6 6 re f\n";
    assert_eq!(text(&(content + filled)), "T Consent? ; ☒ Yes ☐ No\n");
}

#[test]
fn boxes_for_single_letters_and_unclear_ones_are_no_tick_boxes() {
    let row = words(50, 700, "Postcode") + "120 698 10 10 re S 130 698 10 10 re S 140 698 10 10 re S\n";
    assert_eq!(text(&row), "P Postcode\n");
    let slash = words(50, 700, "Yes") + "75 698 10 10 re S 76 699 m 84 707 l S\n";
    assert_eq!(text(&slash), "P Yes\n");
    let alone = words(50, 700, "Yes") + "475 698 10 10 re S\n";
    assert_eq!(text(&alone), "P Yes\n");
}

#[test]
fn words_struck_through_are_marked_and_underlined_ones_are_not() {
    let content = words(50, 700, "Yes / No") + "50 703 m 66 703 l S\n";
    assert_eq!(text(&content), "P Yes / No +s(Yes)\n");
    let underlined = words(50, 700, "Yes / No") + "50 698.8 m 66 698.8 l S\n";
    assert_eq!(text(&underlined), "P Yes / No\n");
    let rule = words(50, 700, "Yes / No") + "20 703 m 500 703 l S\n";
    assert_eq!(text(&rule), "P Yes / No\n");
    let half = words(50, 700, "Yesterday") + "50 703 m 70.6 703 l S\n";
    assert_eq!(text(&half), "P Yesterday\n");
    let quad = "/Annots[<</Subtype/StrikeOut/Rect[50 698 67 709]/QuadPoints[50 709 67 709 50 698 67 698]>>]";
    let bytes = page(&words(50, 700, "Yes / No"), quad);
    let reading = read(&bytes, &ReadLimits::default());
    assert_eq!(super::outline(&reading.blocks), "P Yes / No +s(Yes)\n");
}

#[test]
fn words_ringed_where_the_form_asks_for_a_ring_are_ticked() {
    let ring = "80 697 m 80 710 l S 105 697 m 105 710 l S 80 697 m 105 697 l S 80 710 m 105 710 l S\n";
    let asked = words(20, 700, "\\(circle\\): Email / Post") + ring;
    assert_eq!(text(&asked), "P (circle): Email / ☒Post\n");
    let not_asked = words(20, 700, "\\(letter\\): Email / Post") + ring;
    assert_eq!(text(&not_asked), "P (letter): Email / Post\n");
}

#[test]
fn turned_pages_and_turned_text_are_read() {
    let sideways = "BT /F 10 Tf 0 1 -1 0 300 100 Tm (Name of the person) Tj ET\n";
    let bytes = page(sideways, "/Rotate 90");
    let reading = read(&bytes, &ReadLimits::default());
    assert_eq!(super::outline(&reading.blocks), "P Name of the person\n");
    let both = words(50, 700, "upright") + sideways;
    assert_eq!(text(&both), "P upright\nP Name of the person\n");
}

#[test]
fn typed_notes_on_a_page_are_read() {
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    let note = "<</Subtype/FreeText/Rect[50 690 150 710]/AP<</N 5 0 R>>>>";
    raw.add(3, &format!("<</Type/Page/MediaBox[0 0 595 842]/Annots[{note}]>>"));
    raw.stream(
        5,
        "/Subtype/Form/BBox[0 0 100 20]",
        b"BT /F 10 Tf 2 5 Td (typed over) Tj ET",
    );
    let reading = read(&raw.finish(), &ReadLimits::default());
    assert_eq!(super::outline(&reading.blocks), "P typed over\n");
    let undrawn = "/Annots[<</Subtype/FreeText/Rect[50 690 150 710]/Contents(typed over)>>]";
    let reading = read(&page("", undrawn), &ReadLimits::default());
    assert_eq!(super::outline(&reading.blocks), "P typed over\n");
}

#[test]
fn pages_that_are_pictures_are_named_and_text_under_them_is_read() {
    let picture = "q 595 0 0 842 0 0 cm /I Do Q\n";
    let scan = read(&page(picture, ""), &ReadLimits::default());
    assert_eq!(scan.status, ReadStatus::Empty);
    let stamped = read(
        &page(&(picture.to_owned() + &words(50, 20, "Page 1")), ""),
        &ReadLimits::default(),
    );
    assert_eq!(stamped.status, ReadStatus::Partial);
    let layer = format!(
        "{picture}BT 3 Tr /F 10 Tf 50 700 Td ({}) Tj ET",
        "text that a scanner recognised under its picture"
    );
    let recognised = read(&page(&layer, ""), &ReadLimits::default());
    assert_eq!(recognised.status, ReadStatus::Ok);
}

fn fixture(name: &str) -> Reading {
    let path = format!("{}/fixtures/documents/pdf/{name}", env!("CARGO_MANIFEST_DIR"));
    read(&std::fs::read(path).unwrap(), &ReadLimits::default())
}

#[test]
fn ticks_in_columns_side_by_side_stay_in_their_columns() {
    let outline = super::outline(&fixture("two-column-table.pdf").blocks);
    assert!(
        outline.contains("Agreed to mediation ; ☒ Yes ☐ No ; ☐ Yes ☒ No\n"),
        "{outline}"
    );
    assert!(
        outline.contains("Relationship: neighbours / family +s( family)"),
        "{outline}"
    );
}

#[test]
fn columns_without_borders_are_told_by_the_gap_between_them() {
    let option = |x: i32, name: &str| format!("{x} 698 10 10 re S\n") + &words(x + 14, 700, name);
    let label = words(50, 700, "Agreed");
    let columns = [(150, "Yes"), (200, "No"), (320, "Yes"), (370, "No")];
    let content: String = columns.iter().map(|(x, name)| option(*x, name)).collect();
    assert_eq!(
        text(&(label.clone() + &content)),
        "T Agreed ; ☐ Yes ☐ No ; ☐ Yes ☐ No\n"
    );
    let even = [(150, "Yes"), (240, "No"), (330, "Not asked")];
    let content: String = even.iter().map(|(x, name)| option(*x, name)).collect();
    assert_eq!(text(&(label + &content)), "T Agreed ; ☐ Yes ☐ No ☐ Not asked\n");
}

#[test]
fn fixtures_read_as_they_look() {
    let form = fixture("form-with-fields.pdf");
    assert_eq!((form.status, form.fields.len()), (ReadStatus::Ok, 10));
    let scan = fixture("scanned-page.pdf");
    assert_eq!(scan.status, ReadStatus::Partial);
    assert!(
        scan.reason
            .is_some_and(|reason| reason.starts_with("1 page(s) are only a picture"))
    );
}
