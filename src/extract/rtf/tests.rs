use super::*;
use crate::domain::FieldValue;
use crate::extract::outline::outline;

fn read_text(body: &str) -> Reading {
    read(
        format!("{{\\rtf1\\ansi\\ansicpg1252\\deff0{body}}}").as_bytes(),
        &ReadLimits::default(),
    )
}

#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(outline(&read_text(body).blocks), expected);
}

#[test]
fn paragraphs_breaks_and_marks() {
    check(
        r"{\b Name:\b0  Jo}\line x\par {\strike No} {\striked1 never}\striked0 {\v secret}{\deleted gone} yes\par",
        "P Name: Jo|x +b(Name:)\nP No never yes +s(No) +s(never) +hidden(secret)\n",
    );
}

#[test]
fn a_mark_of_destinations_means_nothing_inside_a_group() {
    check(r"{\i0\*\cs7 seen}{\*\unknown not seen}\par", "P seen\n");
}

#[test]
fn of_two_spellings_the_unicode_one_is_read() {
    check(
        r"a{\upr{old}{\*\ud{n\u233?w}}}{\footnote x\ud y}\par",
        "P anéw\nP xy\n",
    );
}

#[test]
fn headings_and_lists() {
    check(
        r"{\stylesheet{\ql Normal;}{\s1\outlinelevel0 heading 1;}{\*\cs15 \additive Placeholder Text;}}
\pard\s1 Referral\par\pard\outlinelevel2 Part\par
\pard\ls1{\listtext\pard 1.\tab}first\par{\pntext\bullet\tab}second\par\pard {\cs15 Choose an item.} text\par",
        "H1 Referral\nH3 Part\nL first\nL second\nP  text +prompt(Choose an item.)\n",
    );
}

#[test]
fn code_pages_fonts_and_unicode() {
    check(
        r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 MS Mincho;}}
\f0 caf\'e9 {\f1 \'cf\'f0} {\f2\'93\'fa\'96\{} \u8364?\u-10179\'3f\u-8704? {\uc2\u233\'c3\'a9}\u9744?x",
        "P café Пр 日本 €😀 é☐x\n",
    );
}

#[test]
fn tick_boxes_of_symbol_fonts() {
    check(
        r#"{\fonttbl{\f0 Arial;}{\f3\fnil\fcharset2 Wingdings;}{\f4\fcharset2 Symbol;}}
\f0 Yes {\f3\'fe} No {\f3 \u-3928\'a8} {\f4\'b7}{\field{\*\fldinst SYMBOL 254 \\f "Wingdings" \\s 10}{\fldrslt\f3\'fe}}"#,
        "P Yes ☒ No ☐ ☒\n",
    );
}

#[test]
fn letters_of_fonts_that_call_themselves_symbol_fonts_are_read() {
    check(
        r"{\fonttbl{\f0 Arial;}{\f1\fcharset2 Agency Sans;}{\f2\fcharset2 Symbol;}}{\f1 Jo \u-4022?} {\f2 a1\'b7}\par",
        "P Jo J α1\n",
    );
}

#[test]
fn tables_keep_spans_header_rows_and_merged_cells() {
    check(
        r"\trowd\trhdr\cellx2000\cellx6000\pard\intbl a\cell b\cell\row
\trowd\clvmgf\cellx2000\cellx4000\cellx6000\pard\intbl c\cell d\cell e\cell\row
\trowd\clvmrg\cellx2000\clmgf\cellx4000\clmrg\cellx6000\pard\intbl\cell f\cell\cell\row\pard after\par",
        "T *a ; *<2,1>b\n  <1,2>c ; d ; e\n  <2,1>f\nP after\n",
    );
}

#[test]
fn tables_in_tables_and_text_after_them() {
    check(
        r"\trowd\cellx2000\cellx4000\pard\intbl x\par\pard\intbl\itap2 m\nestcell n\nestcell
{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}{\nonesttables\par}\pard\intbl y\cell z\cell\row\pard after\par",
        "T x / T m ; n / P y ; z\nP after\n",
    );
}

#[test]
fn rows_without_intbl_are_rows_too() {
    check(
        r"\trowd\cellx2000\cellx4000 a\cell b\cell\row\trowd\cellx2000\cellx4000 c\cell\cell\row after",
        "T a ; b\n  c ; \nP after\n",
    );
}

#[test]
fn form_fields_give_answers_ticks_and_prompts() {
    let field = |kind: &str, data: &str, result: &str| {
        format!(r"{{\field{{\*\fldinst {kind} {{\*\formfield{{{data}}}}}}}{{\fldrslt {result}}}}}")
    };
    let body = [
        r"Name: ".to_owned(),
        field(
            "FORMTEXT",
            r"\fftype0{\*\ffname Text1}{\*\ffdeftext Enter}",
            "Jo Bloggs",
        ),
        r"\par Box: ".to_owned(),
        field("FORMCHECKBOX", r"\fftype1\ffres1{\*\ffname C1}", ""),
        field("FORMCHECKBOX", r"\fftype1\ffres25\ffdefres0", ""),
        r"\par List: ".to_owned(),
        field(
            "FORMDROPDOWN",
            r"\fftype2\ffres1{\*\ffname D1}{\*\ffl Select}{\*\ffl Two}",
            "",
        ),
        r"\par Empty: ".to_owned(),
        field("FORMTEXT", r"\fftype0{\*\ffname T2}{\*\ffdeftext Enter}", "Enter"),
        r"\par {\field{\*\fldinst HYPERLINK x}{\fldrslt a link}}\par".to_owned(),
    ];
    let reading = read_text(&body.concat());
    assert_eq!(
        outline(&reading.blocks),
        "P Name: Jo Bloggs\nP Box: ☒☐\nP List: Two\nP Empty:  +prompt(Enter)\nP a link\n"
    );
    let values: Vec<String> = reading
        .fields
        .iter()
        .map(|field| match &field.value {
            FieldValue::Text(text) => format!("{}={text}", field.name),
            FieldValue::Choice(chosen) => format!("{}={}", field.name, chosen.join(",")),
            FieldValue::Tick(ticked) => format!("{}={ticked}", field.name),
            FieldValue::Blank => format!("{}=", field.name),
        })
        .collect();
    assert_eq!(values, ["Text1=Jo Bloggs", "C1=true", "=false", "D1=Two", "T2="]);
}

#[test]
fn defaults_that_repeat_the_answer_are_no_prompts() {
    let field = |text: &str| {
        format!(
            r"{{\field{{\*\fldinst{{ FORMTEXT }}{{\*\formfield {{\fftype0{{\*\ffdeftext {text}}}}}}}}}{{\fldrslt {text}}}}}"
        )
    };
    let body = format!(
        r"{{\*\generator LibreOffice/7.4;}}{}\par {}\par",
        field("Jo"),
        field("Click here")
    );
    check(&body, "P Jo\nP  +prompt(Click here)\n");
}

#[test]
fn boxes_stand_before_their_line_and_notes_after_the_text() {
    check(
        r"{\header top\par}{\footer bottom\par}a{\footnote\pard note}{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt box\par}}{\shprslt old}}b\par
{\*\annotation\pard a comment}{\*\atnauthor Al}{\info{\title t}}c\par",
        "P top\nP box\nP ab\nP c\nP bottom\nP note\n",
    );
}

#[test]
fn html_in_rtf_is_read_as_html() {
    check(
        r"\fromhtml1 {\*\htmltag64 <table><tr><td>}\htmlrtf {\htmlrtf0 a{\*\htmltag <td>}b{\*\htmltag </table>}\htmlrtf }\htmlrtf0",
        "T a ; b\n",
    );
    check(r"\fromtext a\par\par > b\par", "P a\nQ[P b]\n");
}

#[test]
fn what_cannot_be_read_is_said() {
    let status = |bytes: &[u8]| {
        let reading = read(bytes, &ReadLimits::default());
        (reading.status, reading.reason.unwrap_or_default())
    };
    assert_eq!(
        status(br"{\rtf1{\pict\pngblip 89504e47}\par}").1,
        "only pictures (perhaps a scan); no text in it"
    );
    assert_eq!(status(br"{\rtf1 x").0, ReadStatus::Partial);
    assert_eq!(status(b"hello").0, ReadStatus::Unreadable);
    assert_eq!(status(br"{\rtf1}").0, ReadStatus::Empty);
}

#[test]
fn deep_groups_and_open_ends_are_bounded() {
    let deep = format!("{{\\rtf1 {}x{} y}}", "{\\b ".repeat(200_000), "}".repeat(200_000));
    let found = read(deep.as_bytes(), &ReadLimits::default());
    assert_eq!(outline(&found.blocks), "P x y +b(x)\n");
    for piece in [
        "{\\field{\\*\\fldinst ",
        "{\\shp{\\*\\shpinst{\\shptxt ",
        "{\\footnote ",
        "\\trowd\\intbl\\itap900 x\\cell ",
        "{\\*\\nesttableprops\\nestrow",
    ] {
        let text = format!("{{\\rtf1 {}", piece.repeat(3000));
        let reading = read(text.as_bytes(), &ReadLimits::default());
        assert_ne!(reading.status, ReadStatus::Ok, "{piece}");
    }
}
