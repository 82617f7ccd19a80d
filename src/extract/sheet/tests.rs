use super::super::outline::outline;
use super::*;
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

const REFERRALS: &str = "H1 Referrals\nT <6,1>Referrals to the service\n  \
     Referral reference +b(Referral reference) ; Victim name +b(Victim name) ; Date of birth +b(Date of birth) ; \
     Telephone +b(Telephone) ; Consent given +b(Consent given) ; Amount +b(Amount)\n  \
     RJ-2026-001 ; Ada Fenwick ; 1984-03-01 ; 07700 900123 ; TRUE ; £1,234.50\n  \
     RJ-2026-002 ; Bryn Castle ; 1979-12-31 ; 01632 960456 ; FALSE ; £0.30\n  \
     Not wanted any more +s(Not wanted any more) ;  ;  ;  ;  ; \nH1  +hidden(Lists)\nP  +hidden(Choose an agency)\n";

#[test]
fn workbooks_of_every_make_read_the_same() {
    for (bytes, media_type) in [
        (
            include_bytes!("../../../fixtures/documents/sheet/referrals.xlsx").as_slice(),
            XLSX,
        ),
        (
            include_bytes!("../../../fixtures/documents/sheet/referrals.xls"),
            XLS,
        ),
        (
            include_bytes!("../../../fixtures/documents/sheet/referrals.ods"),
            ODS,
        ),
    ] {
        let (reading, told) = read(bytes, &ReadLimits::default());
        assert_eq!(told, media_type);
        assert_eq!(reading.status, ReadStatus::Ok);
        assert_eq!(outline(&reading.blocks), REFERRALS, "{media_type}");
    }
}

fn xlsx(workbook: &str, more: &[(&str, &[u8])], sheet: &str) -> Vec<u8> {
    let index =
        format!("<workbook>{workbook}<sheets><sheet name='One' sheetId='1' r:id='r1'/></sheets></workbook>");
    let relations = "<Relationships><Relationship Id='r1' Type='x/worksheet' Target='worksheets/sheet1.xml'/>\
         <Relationship Id='r2' Type='x/sharedStrings' Target='/xl/shared.xml'/>\
         <Relationship Id='r3' Type='x/styles' Target='styles.xml'/></Relationships>";
    let sheet = format!("<worksheet>{sheet}</worksheet>");
    let mut members: Vec<(&str, &[u8])> = vec![
        ("xl/workbook.xml", index.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    members.extend(more);
    for (name, content) in [
        ("xl/shared.xml", b"<sst/>".as_slice()),
        ("xl/styles.xml", b"<styleSheet/>"),
    ] {
        if !more.iter().any(|(told, _)| *told == name) {
            members.push((name, content));
        }
    }
    zipped(&members)
}

fn read_sheet(sheet: &str) -> Reading {
    read(&xlsx("", &[], sheet), &ReadLimits::default()).0
}

#[test]
fn cells_without_addresses_follow_one_another() {
    let reading = read_sheet(
        "<cols><col min='3' max='3' hidden='1'/></cols><sheetData><row><c t='inlineStr'><is><r><t>a</t></r><r><rPr><strike/></rPr>\
         <t>b</t></r><rPh><t>x</t></rPh></is></c><c><v>1.5</v></c><c t='str'><f>A1</f><v>secret</v></c></row>\
         <row r='9' hidden='1'><c r='B9'><v>2</v></c></row><row><c t='b'><v>1</v></c><c t='e'><v>#REF!</v></c></row></sheetData>",
    );
    assert_eq!(
        outline(&reading.blocks),
        "H1 One\nT ab +s(b) ; 1.5 ;  +hidden(secret)\n   ;  +hidden(2) ; \n  TRUE ; #REF! ; \n"
    );
}

#[test]
fn dates_count_from_1904_where_the_workbook_says_so() {
    let styles = b"<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>";
    let bytes = xlsx(
        "<workbookPr date1904='1'/>",
        &[("xl/styles.xml", styles)],
        "<sheetData><row><c s='1'><v>44620</v></c><c s='0'><v>44620</v></c></row></sheetData>",
    );
    let text = outline(&read(&bytes, &ReadLimits::default()).0.blocks);
    assert_eq!(text, "H1 One\nT 2026-03-01 ; 44620\n");
}

#[test]
fn one_cell_far_away_makes_no_large_table() {
    let reading = read_sheet(
        "<sheetData><row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'><v>2</v></c></row></sheetData>\
         <mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>",
    );
    assert_eq!(reading.status, ReadStatus::Ok);
    assert_eq!(outline(&reading.blocks), "H1 One\nT <2,2>1\n  2\n");
    for wrong in ["XFE1", "A1048577", "A0", "1", "A", "ZZZZZZZZZZ1", ""] {
        let sheet = format!("<sheetData><row><c r='{wrong}'><v>1</v></c></row></sheetData>");
        assert_eq!(outline(&read_sheet(&sheet).blocks), "H1 One\nP 1\n");
    }
}

#[test]
fn more_cells_than_the_limit_are_cut_off() {
    let limits = ReadLimits {
        max_blocks: 200,
        max_chars: 10_000,
        ..ReadLimits::default()
    };
    let cells = "<row><c><v>7</v></c></row>".repeat(1000);
    let bytes = xlsx("", &[], &format!("<sheetData>{cells}</sheetData>"));
    assert_eq!(read(&bytes, &limits).0.status, ReadStatus::Partial);
    // Each cell in a row and column of its own: as many places as cells by cells.
    let stairs: String = (1..200)
        .map(|at| format!("<row r='{at}'>{}<c><v>7</v></c></row>", "<c/>".repeat(at)))
        .collect();
    let bytes = xlsx("", &[], &format!("<sheetData>{stairs}</sheetData>"));
    assert_eq!(read(&bytes, &limits).0.status, ReadStatus::Partial);
    let shared = format!("<sst><si><t>{}</t></si></sst>", "long".repeat(1000));
    let cells = "<row><c t='s'><v>0</v></c></row>".repeat(1000);
    let bytes = xlsx(
        "",
        &[("xl/shared.xml", shared.as_bytes())],
        &format!("<sheetData>{cells}</sheetData>"),
    );
    let reading = read(&bytes, &limits).0;
    assert_eq!(reading.status, ReadStatus::Partial);
    assert!(outline(&reading.blocks).len() < 20_000);
}

fn ods(body: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    );
    zipped(&[("content.xml", content.as_bytes())])
}

#[test]
fn a_thousand_million_repeats_are_blank_or_cut_off() {
    let bytes = ods(
        "<table:table table:name='One'><table:table-row table:number-rows-repeated='1000000000'><table:table-cell \
         table:number-columns-repeated='1000000000'/></table:table-row><table:table-row><table:table-cell \
         table:number-columns-repeated='4294967295'/><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row></table:table>",
    );
    let reading = read(&bytes, &ReadLimits::default()).0;
    assert_eq!(outline(&reading.blocks), "H1 One\nP a\n");
    assert_eq!(reading.status, ReadStatus::Ok);
    let bytes = ods(
        "<table:table table:name='One'><table:table-row table:number-rows-repeated='1000000000'><table:table-cell \
         table:number-columns-repeated='1000000000'><text:p>a</text:p></table:table-cell></table:table-row></table:table>",
    );
    assert_eq!(read(&bytes, &ReadLimits::default()).0.status, ReadStatus::Partial);
}

#[test]
fn cells_of_open_document_show_dates_lines_and_no_comments() {
    let bytes = ods(
        "<table:table table:name='One'><table:table-row><table:table-cell office:value-type='date' office:date-value='2026-03-01T00:00:00'>\
         <text:p>1 March</text:p></table:table-cell><table:table-cell table:number-columns-spanned='2'><office:annotation><text:p>said</text:p>\
         </office:annotation><text:p>a<text:s/><text:span>b</text:span></text:p><text:p>c</text:p></table:table-cell><table:covered-table-cell/>\
         <table:table-cell><text:p>d</text:p></table:table-cell></table:table-row></table:table>",
    );
    let reading = read(&bytes, &ReadLimits::default()).0;
    assert_eq!(outline(&reading.blocks), "H1 One\nT 2026-03-01 ; a b|c ; d\n");
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes(), &length.to_le_bytes(), data].concat()
}

/// An old workbook with one sheet of these records.
fn xls(globals: &[Vec<u8>], sheet: &[Vec<u8>]) -> Vec<u8> {
    let begin = record(0x0809, &[0, 6, 5, 0]);
    let end = record(0x000A, &[]);
    let place = |offset: usize| {
        let offset = u32::try_from(offset).unwrap().to_le_bytes();
        record(0x0085, &[&offset[..], &[0, 0, 3, 0], b"One"].concat())
    };
    let before = [begin.clone(), globals.concat(), place(0), end.clone()]
        .concat()
        .len();
    let stream = [
        begin.clone(),
        globals.concat(),
        place(before),
        end.clone(),
        begin,
        sheet.concat(),
        end,
    ]
    .concat();
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("Workbook")
        .unwrap()
        .write_all(&stream)
        .unwrap();
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn at(row: u16, column: u16, rest: &[u8]) -> Vec<u8> {
    let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
    [place.as_slice(), rest].concat()
}

#[test]
fn old_cells_of_every_kind_are_read_and_texts_go_on_over_records() {
    // Two texts, the first cut after its second character and going on in wide characters.
    let shared = record(0x00FC, &[&[2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0][..], b"ab"].concat());
    let more = record(0x003C, &[&[1][..], b"c\0d\0", &[2, 0, 0], b"ef"].concat());
    let rk = |number: i32| (number.cast_unsigned() << 2 | 2).to_le_bytes();
    let many = [&rk(5)[..], &[0, 0], &rk(-6), &[3, 0]].concat();
    let bytes = xls(
        &[shared, more],
        &[
            record(0x00FD, &at(0, 0, &[0, 0, 0, 0])),
            record(0x00FD, &at(0, 1, &[1, 0, 0, 0])),
            record(0x0203, &at(0, 2, &7_700_900_123_f64.to_le_bytes())),
            record(0x00BD, &at(1, 0, &many)),
            record(0x0205, &at(1, 2, &[1, 0])),
            record(0x0006, &at(2, 0, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF])),
            record(0x0207, &[&[1, 0, 0][..], b"f"].concat()),
            record(0x00FD, &at(65_535, 255, &[9, 9, 9, 9])),
        ],
    );
    let (reading, _) = read(&bytes, &ReadLimits::default());
    assert_eq!(
        outline(&reading.blocks),
        "H1 One\nT abcd ; ef ; 7700900123\n  5 ; -6 ; TRUE\n  f ;  ; \n"
    );
}

#[test]
fn old_cells_far_apart_make_no_large_table_and_passwords_are_told() {
    let far = xls(
        &[],
        &[
            record(0x0203, &at(0, 0, &1_f64.to_le_bytes())),
            record(0x0203, &at(65_535, 255, &2_f64.to_le_bytes())),
        ],
    );
    assert_eq!(
        outline(&read(&far, &ReadLimits::default()).0.blocks),
        "H1 One\nT 1 ; \n   ; 2\n"
    );
    let locked = xls(&[record(0x002F, &[0; 6])], &[]);
    assert_eq!(
        read(&locked, &ReadLimits::default()).0.status,
        ReadStatus::Encrypted
    );
}

#[test]
fn what_is_not_read_says_why() {
    let status = |bytes: &[u8]| {
        let (reading, _) = read(bytes, &ReadLimits::default());
        assert!(reading.reason.is_some());
        reading.status
    };
    assert_eq!(status(b"no workbook"), ReadStatus::Unreadable);
    assert_eq!(status(b"\xd0\xcf\x11\xe0"), ReadStatus::Unreadable);
    assert_eq!(
        status(&zipped(&[("xl/workbook.bin", b"x")])),
        ReadStatus::Unsupported
    );
    assert_eq!(status(&zipped(&[("xl/else.xml", b"x")])), ReadStatus::Unreadable);
    let laughs = b"<!DOCTYPE l [<!ENTITY a 'ha'>]><workbook>&a;</workbook>";
    assert_eq!(
        status(&zipped(&[("xl/workbook.xml", laughs)])),
        ReadStatus::Unreadable
    );
    assert_eq!(status(&xlsx("", &[], "<sheetData/>")), ReadStatus::Empty);
    let limits = ReadLimits {
        max_document_bytes: 100_000,
        ..ReadLimits::default()
    };
    let bomb = xlsx("", &[("xl/shared.xml", &vec![b' '; 10_000_000])], "");
    assert!(bomb.len() < 100_000);
    assert_eq!(read(&bomb, &limits).0.status, ReadStatus::TooLarge);
}

#[test]
fn broken_bytes_never_end_the_reader() {
    let whole = include_bytes!("../../../fixtures/documents/sheet/referrals.xls");
    let mut state = 1_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for _ in 0..500 {
        let mut bytes = whole.to_vec();
        for _ in 0..1 + next(8) {
            let place = 512 + next(bytes.len() - 512);
            bytes[place] = [0, 1, 0x7F, 0xFF, 0x3C][next(5)];
        }
        let (reading, _) = read(&bytes, &ReadLimits::default());
        assert!(!reading.blocks.is_empty() || reading.reason.is_some());
    }
}
