//! Files made to keep a reader busy, or to end it.

use super::super::*;
use super::Raw;
use lopdf::{Dictionary, Stream};

fn status(bytes: &[u8]) -> ReadStatus {
    read(bytes, &ReadLimits::default()).status
}

fn text(bytes: &[u8]) -> String {
    super::outline(&read(bytes, &ReadLimits::default()).blocks)
}

/// A page with content, resources and whatever else.
fn page(content: &[u8], resources: &str, more: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    raw.add(
        3,
        &format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<{resources}>>>>"),
    );
    raw.stream(4, "", content);
    for (number, object) in more {
        raw.bytes(*number, object);
    }
    raw.finish()
}

const WORDS: &[u8] = b"BT /F1 10 Tf 50 700 Td (still here) Tj ET ";

#[test]
fn a_page_tree_as_deep_as_it_likes_is_walked_without_stack() {
    let depth = 5_000;
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 10 0 R>>");
    for at in 0..depth {
        raw.add(10 + at, &format!("<</Type/Pages/Kids[{} 0 R]/Count 1>>", 11 + at));
    }
    raw.add(10 + depth, "<</Type/Page/MediaBox[0 0 595 842]/Contents 4 0 R>>");
    raw.stream(4, "", WORDS);
    assert_eq!(text(&raw.finish()), "P still here\n");
}

#[test]
fn a_page_tree_that_bites_its_tail_ends() {
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
    raw.add(2, "<</Type/Pages/Kids[5 0 R 3 0 R]/Count 2>>");
    raw.add(5, "<</Type/Pages/Kids[2 0 R]/Parent 2 0 R/Count 2>>");
    raw.add(
        3,
        "<</Type/Page/Parent 5 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
    );
    raw.stream(4, "", WORDS);
    assert_eq!(text(&raw.finish()), "P still here\n");
}

#[test]
fn one_page_named_over_and_over_is_read_as_often_as_the_limit_says() {
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
    raw.add(
        2,
        &format!("<</Type/Pages/Kids[{}]/Count 9>>", "3 0 R ".repeat(20_000)),
    );
    raw.add(3, "<</Type/Page/MediaBox[0 0 595 842]/Contents 4 0 R>>");
    raw.stream(4, "", WORDS);
    let reading = read(&raw.finish(), &ReadLimits::default());
    assert_eq!(reading.status, ReadStatus::Partial);
    assert_eq!(reading.blocks.len(), ReadLimits::default().max_pages as usize);
}

#[test]
fn arrays_in_arrays_cost_no_stack() {
    let mut content = b"[".repeat(100_000);
    content.extend(b"]".repeat(100_000));
    content.extend(b"<<".repeat(100_000));
    content.extend(b">>".repeat(100_000));
    content.extend_from_slice(b" n ");
    content.extend_from_slice(WORDS);
    assert_eq!(text(&page(&content, "", &[])), "P still here\n");
    // In an object they leave that object out at most.
    let object = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(text(&page(WORDS, "", &[(9, object)])), "P still here\n");
}

#[test]
fn saved_states_and_marks_without_end_are_counted_not_kept() {
    let mut content = b"q /Span BMC ".repeat(50_000);
    content.extend_from_slice(WORDS);
    content.extend(b"EMC Q ".repeat(50_000));
    assert_eq!(text(&page(&content, "", &[])), "P still here\n");
}

#[test]
fn cross_references_that_lead_back_to_themselves_end() {
    let mut bytes = page(WORDS, "", &[]);
    let trailer = bytes.windows(7).rposition(|part| part == b"trailer").unwrap();
    let start = bytes.windows(4).position(|part| part == b"xref").unwrap();
    bytes.truncate(trailer);
    let text_of = format!("trailer <</Root 1 0 R/Size 10/Prev {start}>>\nstartxref\n{start}\n%%EOF\n");
    bytes.extend_from_slice(text_of.as_bytes());
    assert_eq!(text(&bytes), "P still here\n");
}

#[test]
fn a_stream_that_inflates_beyond_the_limit_is_not_read() {
    let mut bomb = Stream::new(Dictionary::new(), b" ".repeat(3_000_000));
    bomb.compress().unwrap();
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    raw.add(3, "<</Type/Page/MediaBox[0 0 595 842]/Contents 4 0 R>>");
    raw.stream(4, "/Filter/FlateDecode", &bomb.content);
    let limits = ReadLimits {
        max_document_bytes: 1_000_000,
        ..ReadLimits::default()
    };
    assert_eq!(read(&raw.finish(), &limits).status, ReadStatus::TooLarge);
}

#[test]
fn forms_that_draw_themselves_or_each_other_end() {
    let form = |number: u32, content: &str| {
        let head = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</A 5 0 R/B 6 0 R>>>>";
        let length = content.len();
        let object = format!("<<{head}/Length {length}>>stream\n{content}\nendstream");
        (number, object.into_bytes())
    };
    let forms = [form(5, "/A Do /B Do"), form(6, "/A Do /B Do /A Do")];
    let content = [b"/A Do ".as_slice(), WORDS].concat();
    let bytes = page(&content, "/XObject<</A 5 0 R>>", &forms);
    assert_eq!(text(&bytes), "P still here\n");
}

#[test]
fn forms_that_multiply_are_drawn_as_often_as_the_bound_says() {
    let forms: Vec<(u32, Vec<u8>)> = (0..10)
        .map(|at| {
            let content = "/N Do ".repeat(10);
            let next = 6 + at;
            let length = content.len();
            let head = "/Type/XObject/Subtype/Form/BBox[0 0 1 1]";
            let object = format!(
                "<<{head}/Resources<</XObject<</N {next} 0 R>>>>/Length {length}>>stream\n{content}\nendstream"
            );
            (5 + at, object.into_bytes())
        })
        .collect();
    let content = [WORDS, b"/N Do"].concat();
    let reading = read(
        &page(&content, "/XObject<</N 5 0 R>>", &forms),
        &ReadLimits::default(),
    );
    assert_eq!(reading.status, ReadStatus::Partial);
    assert_eq!(super::outline(&reading.blocks), "P still here\n");
}

#[test]
fn fields_that_are_their_own_kids_end() {
    let mut raw = Raw::default();
    raw.add(
        1,
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]>>>>",
    );
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    raw.add(3, "<</Type/Page/MediaBox[0 0 595 842]/Annots[6 0 R 7 0 R]>>");
    raw.add(5, "<</T(a)/FT/Tx/Kids[5 0 R 6 0 R]/Parent 6 0 R>>");
    raw.add(6, "<</T(b)/Kids[5 0 R 6 0 R 7 0 R]/Parent 5 0 R/Subtype/Widget>>");
    raw.add(7, "<</FT/Tx/V(found)/Parent 7 0 R/Subtype/Widget/Rect[1 1 9 9]>>");
    let reading = read(&raw.finish(), &ReadLimits::default());
    let found =
        |field: &FormField| matches!(&field.value, crate::domain::FieldValue::Text(t) if t == "found");
    assert_eq!(reading.fields.iter().filter(|f| found(f)).count(), 1);
}

#[test]
fn a_million_widgets_are_looked_at_no_further_than_the_bound() {
    let mut raw = Raw::default();
    let widgets = "5 0 R ".repeat(800_000);
    raw.add(
        1,
        &format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{widgets}]>>>>"),
    );
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    raw.add(
        3,
        "<</Type/Page/MediaBox[0 0 595 842]/Annots 6 0 R/Contents 4 0 R>>",
    );
    raw.stream(4, "", WORDS);
    raw.add(5, "<</T(a)/FT/Tx/V(b)/Subtype/Widget/Rect[1 1 9 9]>>");
    raw.add(6, "[5 0 R]");
    let reading = read(&raw.finish(), &ReadLimits::default());
    assert_eq!(reading.fields.len(), 1);
    let direct = format!("[{}]", "<</FT/Tx/Subtype/Widget/V(b)>>".repeat(1_000_000));
    let mut raw = Raw::default();
    raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
    raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    raw.add(3, "<</Type/Page/MediaBox[0 0 595 842]/Annots 6 0 R>>");
    raw.add(6, &direct);
    assert_eq!(status(&raw.finish()), ReadStatus::TooLarge);
}

#[test]
fn tables_of_a_font_that_name_millions_of_codes_are_left_out() {
    let ranges = "<0000> <ffff> <0041> ".repeat(1000);
    let map = format!("begincmap 1000 beginbfrange {ranges} endbfrange endcmap");
    let stream = format!("<</Length {}>>stream\n{map}\nendstream", map.len());
    let font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 9 0 R>>".to_vec();
    let bytes = page(
        WORDS,
        "/Font<</F1 8 0 R>>",
        &[(8, font), (9, stream.into_bytes())],
    );
    assert_eq!(text(&bytes), "P still here\n");
}

#[test]
fn a_document_with_its_table_of_objects_broken_is_put_together_again() {
    let mut bytes = page(WORDS, "", &[]);
    let start = bytes.windows(4).position(|part| part == b"xref").unwrap();
    bytes[start..start + 4].copy_from_slice(b"xxxx");
    assert_eq!(text(&bytes), "P still here\n");
}

#[test]
fn a_stream_without_its_length_is_read_to_its_end() {
    for length in ["", "/Length 4 0 R", "/Length 99999"] {
        let mut raw = Raw::default();
        raw.add(1, "<</Type/Catalog/Pages 2 0 R>>");
        raw.add(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
        raw.add(3, "<</Type/Page/MediaBox[0 0 595 842]/Contents 4 0 R>>");
        let content = String::from_utf8_lossy(WORDS);
        raw.add(4, &format!("<<{length}>>\nstream\n{content}\nendstream"));
        assert_eq!(text(&raw.finish()), "P still here\n", "{length}");
    }
}
