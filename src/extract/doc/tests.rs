use super::super::outline::outline;
use super::*;
use crate::domain::FieldValue;
use std::io::Write;

/// Where the text begins in the stream, after the file information block.
const TEXT_AT: usize = 1024;
const STRUCTURES: usize = 93;

/// Characters with the same properties: their text and the changes to it.
type Run<'t> = (&'t str, Vec<u8>);

/// A document to be made; its text is written as UTF-16 in one piece.
#[derive(Default)]
struct Made {
    text: Vec<u16>,
    /// End of each run in characters, and its changes.
    runs: Vec<(usize, Vec<u8>)>,
    /// End of each paragraph in characters, and its style and changes.
    paragraphs: Vec<(usize, Vec<u8>)>,
    /// `ccpText` and those after it.
    lengths: [u32; 8],
    structures: Vec<(Structure, Vec<u8>)>,
    data: Vec<u8>,
}

fn byte(code: u16, operand: u8) -> Vec<u8> {
    let [low, high] = code.to_le_bytes();
    vec![low, high, operand]
}

fn word(code: u16, operand: u16) -> Vec<u8> {
    [code.to_le_bytes(), operand.to_le_bytes()].concat()
}

fn long(code: u16, operand: u32) -> Vec<u8> {
    [code.to_le_bytes().as_slice(), &operand.to_le_bytes()].concat()
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap()
}

impl Made {
    /// Adds a paragraph; its mark is the last character of its last run.
    fn paragraph(&mut self, runs: &[Run<'_>], style: u16, changes: &[u8]) -> &mut Self {
        for (text, changes) in runs {
            self.text.extend(text.encode_utf16());
            self.runs.push((self.text.len(), changes.clone()));
        }
        let properties = [&style.to_le_bytes(), changes].concat();
        self.paragraphs.push((self.text.len(), properties));
        self
    }

    fn plain(&mut self, text: &str) -> &mut Self {
        self.paragraph(&[(&format!("{text}\r"), Vec::new())], 0, &[])
    }

    /// What was added since belongs to the sub-document of that number.
    fn end_part(&mut self, part: usize) -> &mut Self {
        let before: u32 = self.lengths.iter().sum();
        self.lengths[part] = number(self.text.len()) - before;
        self
    }

    fn structure(&mut self, structure: Structure, bytes: Vec<u8>) -> &mut Self {
        self.structures.push((structure, bytes));
        self
    }

    fn streams(&self) -> (Vec<u8>, Vec<u8>) {
        let mut main = vec![0; TEXT_AT];
        main[..2].copy_from_slice(&0xA5EC_u16.to_le_bytes());
        main[2..4].copy_from_slice(&0x00C1_u16.to_le_bytes());
        main[10..12].copy_from_slice(&0x0200_u16.to_le_bytes());
        main[32..34].copy_from_slice(&14_u16.to_le_bytes());
        main[62..64].copy_from_slice(&22_u16.to_le_bytes());
        for (at, length) in self.lengths.iter().enumerate() {
            main[76 + at * 4..80 + at * 4].copy_from_slice(&length.to_le_bytes());
        }
        main[152..154].copy_from_slice(&u16::try_from(STRUCTURES).unwrap().to_le_bytes());
        main.extend(self.text.iter().flat_map(|unit| unit.to_le_bytes()));
        let offset = |characters: usize| number(TEXT_AT + characters * 2);
        let mut structures = self.structures.clone();
        for (ranges, structure, place) in [
            (&self.runs, Structure::CharacterPages, 1),
            (&self.paragraphs, Structure::ParagraphPages, 13),
        ] {
            main.resize(main.len().next_multiple_of(512), 0);
            let page_number = number(main.len() / 512);
            main.extend(page(ranges, place, &offset));
            let index = [number(TEXT_AT), offset(self.text.len()), page_number];
            structures.push((structure, index.iter().flat_map(|n| n.to_le_bytes()).collect()));
        }
        let mut clx = vec![2];
        clx.extend(16_u32.to_le_bytes());
        for n in [0, number(self.text.len())] {
            clx.extend(n.to_le_bytes());
        }
        clx.extend([0, 0]);
        clx.extend(number(TEXT_AT).to_le_bytes());
        clx.extend([0, 0]);
        structures.push((Structure::Pieces, clx));
        let mut table = Vec::new();
        for (structure, bytes) in &structures {
            let at = 154 + *structure as usize * 8;
            main[at..at + 4].copy_from_slice(&number(table.len()).to_le_bytes());
            main[at + 4..at + 8].copy_from_slice(&number(bytes.len()).to_le_bytes());
            table.extend(bytes);
        }
        (main, table)
    }

    fn file(&self) -> Vec<u8> {
        let (main, table) = self.streams();
        compound(&[("WordDocument", &main), ("1Table", &table), ("Data", &self.data)])
    }

    fn read(&self) -> Reading {
        read(&self.file(), &ReadLimits::default())
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        assert_eq!(outline(&self.read().blocks), expected);
    }
}

/// A page of runs (`place` 1) or paragraphs (13), each with its own properties from the end on.
fn page(ranges: &[(usize, Vec<u8>)], place: usize, offset: &dyn Fn(usize) -> u32) -> Vec<u8> {
    let mut page = vec![0; 512];
    page[511] = u8::try_from(ranges.len()).unwrap();
    page[..4].copy_from_slice(&offset(0).to_le_bytes());
    let mut end = 510;
    for (at, (to, properties)) in ranges.iter().enumerate() {
        page[at * 4 + 4..at * 4 + 8].copy_from_slice(&offset(*to).to_le_bytes());
        let mut stored = properties.clone();
        if place == 1 {
            stored.insert(0, u8::try_from(properties.len()).unwrap());
        } else {
            // A length of zero and then one in words.
            if stored.len() % 2 == 1 {
                stored.push(0);
            }
            let words = u8::try_from(stored.len() / 2).unwrap();
            stored.splice(0..0, [0, words]);
        }
        end = (end - stored.len()) / 2 * 2;
        page[end..end + stored.len()].copy_from_slice(&stored);
        page[(ranges.len() + 1) * 4 + at * place] = u8::try_from(end / 2).unwrap();
    }
    page
}

fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    for (name, content) in streams {
        file.create_stream(name).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn bold() -> Vec<u8> {
    byte(0x0835, 1)
}

#[test]
fn looks_breaks_and_changes_of_characters() {
    let mut made = Made::default();
    made.paragraph(
        &[
            ("Name: ", bold()),
            ("Jo\u{b}x ", Vec::new()),
            ("No", byte(0x0837, 1)),
            ("gone", byte(0x0800, 1)),
            ("new", byte(0x0801, 1)),
            (" secret", byte(0x083C, 1)),
            (" tiny", word(0x4A43, 2)),
            ("\u{1e}\u{1f}z\r", Vec::new()),
        ],
        0,
        &[],
    );
    made.paragraph(&[("item\r", Vec::new())], 0, &word(0x460B, 1));
    made.paragraph(&[("Part\r", Vec::new())], 0, &byte(0x2640, 1));
    made.end_part(0)
        .check("P Name: Jo|x Nonew-z +b(Name: ) +s(No) +hidden( secret tiny)\nL item\nH2 Part\n");
}

/// A style sheet of `STD`s.
fn style_sheet(styles: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(styles.len()).unwrap();
    let mut sheet = [4_u16.to_le_bytes(), count.to_le_bytes(), 10_u16.to_le_bytes()].concat();
    for style in styles {
        sheet.extend(u16::try_from(style.len()).unwrap().to_le_bytes());
        sheet.extend(style);
    }
    sheet
}

fn paragraph_style(identity: u16, base: u16, characters: &[u8]) -> Vec<u8> {
    let mut style = [identity, (base << 4) | 1, 2, 0, 0]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect::<Vec<u8>>();
    // No name; properties of the paragraph: its own number and nothing else; then those of characters.
    style.extend([0, 0, 0, 0, 2, 0, 0, 0]);
    style.extend(u16::try_from(characters.len()).unwrap().to_le_bytes());
    style.extend(characters);
    if style.len() % 2 == 1 {
        style.push(0);
    }
    style
}

#[test]
fn styles_make_headings_and_looks_and_may_go_round_in_circles() {
    let mut made = Made::default();
    made.paragraph(&[("Head\r", Vec::new())], 1, &[])
        .paragraph(&[("hidden", Vec::new()), ("shown\r", byte(0x083C, 0x81))], 2, &[])
        .paragraph(&[("round\r", Vec::new())], 3, &[])
        .end_part(0)
        .structure(
            Structure::Styles,
            style_sheet(&[
                paragraph_style(0, 0xFFF, &[]),
                paragraph_style(2, 0xFFF, &[]),
                paragraph_style(99, 0xFFF, &byte(0x083C, 1)),
                paragraph_style(99, 4, &[]),
                paragraph_style(99, 3, &bold()),
            ]),
        );
    made.check("H2 Head\nP shown +hidden(hidden)\nP round +b(round)\n");
}

fn in_table(more: &[u8]) -> Vec<u8> {
    [&byte(0x2416, 1), more].concat()
}

/// The end of a row with its edges and, of each cell, whether it is part of the one above.
fn row_end(edges: &[i16], continues: &[bool]) -> Vec<u8> {
    let count = u8::try_from(continues.len()).unwrap();
    let mut operand = vec![count];
    operand.extend(edges.iter().flat_map(|edge| edge.to_le_bytes()));
    for continues in continues {
        let mut cell = [0; 20];
        cell[0] = if *continues { 1 << 5 } else { 3 << 5 };
        operand.extend(cell);
    }
    let length = u16::try_from(operand.len() + 1).unwrap();
    let definition = [
        &0xD608_u16.to_le_bytes(),
        length.to_le_bytes().as_slice(),
        &operand,
    ]
    .concat();
    in_table(&[byte(0x2417, 1), definition].concat())
}

#[test]
fn tables_keep_spans_and_header_rows() {
    let mut made = Made::default();
    let mut row = |cells: &[&str], end: Vec<u8>| {
        for cell in cells {
            made.paragraph(&[(&format!("{cell}\u{7}"), Vec::new())], 0, &in_table(&[]));
        }
        made.paragraph(&[("\u{7}", Vec::new())], 0, &end);
    };
    let header = [row_end(&[0, 2000, 3000], &[false, false]), byte(0x3404, 1)].concat();
    row(&["a", "b"], header);
    row(&["c", "d", "e"], row_end(&[10, 1000, 2010, 3000], &[false; 3]));
    row(
        &["", "f", "g"],
        row_end(&[0, 1000, 2000, 3000], &[true, false, false]),
    );
    made.plain("after").end_part(0);
    made.check("T *<2,1>a ; *b\n  <1,2>c ; d ; e\n  f ; g\nP after\n");
}

#[test]
fn tables_in_cells_are_tables_in_cells() {
    let mut made = Made::default();
    let inner = |flags: &[u8]| [in_table(&long(0x6649, 2)).as_slice(), flags].concat();
    let cell_end = byte(0x244B, 1);
    made.paragraph(&[("l\u{7}", Vec::new())], 0, &in_table(&[]))
        .paragraph(&[("v\r", Vec::new())], 0, &inner(&cell_end))
        .paragraph(&[("w\r", Vec::new())], 0, &inner(&cell_end))
        .paragraph(
            &[("\r", Vec::new())],
            0,
            &inner(&[cell_end.clone(), byte(0x244C, 1)].concat()),
        )
        .paragraph(&[("z\u{7}", Vec::new())], 0, &in_table(&[]))
        .paragraph(&[("\u{7}", Vec::new())], 0, &in_table(&byte(0x2417, 1)))
        .end_part(0);
    made.check("T l ; T v ; w / P z\n");
}

/// Data of a form field: kind, result, what follows the name.
fn form_data(kind: u16, result: u16, name: &str, rest: &[u8]) -> Vec<u8> {
    let mut data = vec![0xFF; 4];
    data.extend((kind | (result << 2)).to_le_bytes());
    data.extend([0; 4]);
    data.extend(counted(name));
    data.extend([0, 0]);
    data.extend(rest);
    let mut stored = number(data.len() + 0x44).to_le_bytes().to_vec();
    stored.extend(0x44_u16.to_le_bytes());
    stored.resize(0x44, 0);
    stored.extend(data);
    stored
}

fn counted(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = u16::try_from(units.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

/// Format, help, status and macros: a text for the status only.
fn ending(status: &str) -> Vec<u8> {
    [
        vec![0; 4],
        vec![0; 4],
        counted(status),
        vec![0; 2],
        vec![0; 4],
        vec![0; 4],
    ]
    .concat()
}

#[test]
fn form_fields_give_text_ticks_and_the_chosen_entry() {
    let mut made = Made::default();
    let list = |count: &[u8]| [&[0, 0][..], &ending(""), &[0xFF, 0xFF], count, &[0, 0]].concat();
    let entries = [counted("Please select"), counted("Female")].concat();
    let data = [
        form_data(
            0,
            0,
            "Name",
            &[counted(""), vec![0, 0], ending("Full name")].concat(),
        ),
        form_data(
            0,
            0,
            "Gap",
            &[counted("type here"), vec![0, 0], ending("")].concat(),
        ),
        form_data(1, 1, "Yes", &[vec![0, 0], ending("")].concat()),
        form_data(1, 25, "No", &[vec![0, 0], ending("")].concat()),
        form_data(2, 1, "Sex", &[list(&[2, 0]), entries.clone()].concat()),
        form_data(2, 25, "Sex2", &[list(&[2, 0, 0, 0]), entries].concat()),
    ];
    let mut runs: Vec<(String, Vec<u8>)> = Vec::new();
    for (data, (instruction, result)) in data.iter().zip([
        (" FORMTEXT ", "Jo"),
        (" FORMTEXT ", "type here"),
        (" FORMCHECKBOX ", ""),
        (" FORMCHECKBOX ", ""),
        (" FORMDROPDOWN ", ""),
        (" FORMDROPDOWN ", ""),
    ]) {
        runs.push((format!("\u{13}{instruction}"), Vec::new()));
        runs.push(("\u{1}".to_owned(), long(0x6A03, number(made.data.len()))));
        runs.push((format!("\u{14}{result}\u{15} "), Vec::new()));
        made.data.extend(data);
    }
    runs.push(("\u{13} HYPERLINK \"x\" \u{14}link\u{15}\r".to_owned(), Vec::new()));
    let runs: Vec<Run<'_>> = runs.iter().map(|(text, c)| (text.as_str(), c.clone())).collect();
    made.paragraph(&runs, 0, &[]).end_part(0);
    made.check("P Jo  ☒ ☐ Female  link +prompt(type here) +prompt(Please select)\n");
    let values: Vec<String> = made
        .read()
        .fields
        .iter()
        .map(|field| match &field.value {
            FieldValue::Text(text) => format!("{}={text} {:?}", field.name, field.label),
            FieldValue::Choice(chosen) => format!("{}={}", field.name, chosen.join(",")),
            FieldValue::Tick(checked) => format!("{}={checked}", field.name),
            FieldValue::Blank => format!("{}=-", field.name),
        })
        .collect();
    assert_eq!(
        values,
        [
            "Name=Jo Some(\"Full name\")",
            "Gap=-",
            "Yes=true",
            "No=false",
            "Sex=Female",
            "Sex2=-"
        ]
    );
}

#[test]
fn a_field_that_never_ends_hides_no_more_than_its_cell() {
    let mut made = Made::default();
    for cell in ["\u{13} PAGE lost\u{7}", "kept\u{7}"] {
        made.paragraph(&[(cell, Vec::new())], 0, &in_table(&[]));
    }
    made.paragraph(
        &[("\u{7}", Vec::new())],
        0,
        &row_end(&[0, 1000, 2000], &[false; 2]),
    )
    .plain("after")
    .end_part(0);
    made.check("T  ; kept\nP after\n");
}

#[test]
fn symbols_of_tick_box_fonts_are_ticks() {
    let mut font = vec![0; 40];
    font.extend("Wingdings\0".encode_utf16().flat_map(u16::to_le_bytes));
    font[0] = u8::try_from(font.len() - 1).unwrap();
    let mut made = Made::default();
    let symbol = [word(0x6A09, 0).as_slice(), &0xF0FE_u16.to_le_bytes()].concat();
    made.paragraph(
        &[
            ("(", symbol),
            (" a ", Vec::new()),
            ("\u{a8}", word(0x4A4F, 0)),
            (" b (c)\r", Vec::new()),
        ],
        0,
        &[],
    );
    made.end_part(0)
        .structure(Structure::Fonts, [vec![1, 0, 0, 0], font].concat());
    made.check("P ☒ a ☐ b (c)\n");
}

fn positions(of: &[u32]) -> Vec<u8> {
    of.iter().flat_map(|n| n.to_le_bytes()).collect()
}

#[test]
fn notes_comments_headers_and_boxes_have_their_places() {
    let mut made = Made::default();
    made.plain("a\u{8}b").plain("c").end_part(0);
    made.plain("note").end_part(1);
    made.plain("head").plain("foot").plain("head").end_part(2);
    made.plain("\u{5}said").end_part(4);
    made.plain("box").plain("left").end_part(6);
    let shape = |number: u32| {
        let mut record = [0; 22];
        record[14..18].copy_from_slice(&number.to_le_bytes());
        record
    };
    let mut anchor = [0; 26];
    anchor[0] = 7;
    made.structure(Structure::FootnoteTexts, positions(&[0, 5, 6]))
        .structure(Structure::CommentTexts, positions(&[0, 6, 7]))
        .structure(
            Structure::Margins,
            positions(&[0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 10, 10, 10, 10, 15, 15]),
        )
        .structure(
            Structure::TextBoxes,
            [positions(&[0, 4, 9]), shape(7).to_vec(), shape(8).to_vec()].concat(),
        )
        .structure(Structure::Anchors, [positions(&[1, 5]), anchor.to_vec()].concat());
    made.check("P head\nP box\nP ab\nP c\nP left\nP note\nQ[P said]\nP foot\n");
}

#[test]
fn what_is_not_read_says_why() {
    let status = |bytes: &[u8]| {
        let reading = read(bytes, &ReadLimits::default());
        assert!(reading.reason.is_some());
        reading.status
    };
    let made = Made::default();
    let (mut main, table) = made.streams();
    main[11] |= 1;
    assert_eq!(
        status(&compound(&[("WordDocument", &main), ("1Table", &table)])),
        ReadStatus::Encrypted
    );
    assert_eq!(
        status(&compound(&[("WordDocument", &main[..6])])),
        ReadStatus::Unreadable
    );
    assert_eq!(status(&compound(&[("Else", b"x")])), ReadStatus::Unreadable);
    assert_eq!(status(b"\xdb\xa5\x1d\0"), ReadStatus::Unsupported);
    assert_eq!(status(b"\xd0\xcf\x11\xe0"), ReadStatus::Unreadable);
    assert_eq!(status(&made.file()), ReadStatus::Empty);
}

#[test]
fn older_versions_give_their_text() {
    let mut main = vec![0; 0x200];
    main[..4].copy_from_slice(b"\xdc\xa5\x68\0");
    let text = b"Name\x07Jo \x93H\x94\x07\x07\x13 PAGE \x143\x15\rend\r";
    main[0x18..0x1C].copy_from_slice(&0x200_u32.to_le_bytes());
    main[0x1C..0x20].copy_from_slice(&number(0x200 + text.len()).to_le_bytes());
    main.extend_from_slice(text);
    let in_compound = compound(&[("WordDocument", &main)]);
    main[..4].copy_from_slice(b"\xdb\xa5\x2d\0");
    for bytes in [in_compound, main] {
        let reading = read(&bytes, &ReadLimits::default());
        assert_eq!(outline(&reading.blocks), "P Name\nP Jo “H”\nP 3\nP end\n");
        assert_eq!(reading.status, ReadStatus::Partial);
    }
}

#[test]
fn pieces_that_overlap_are_not_read_again_and_again() {
    let mut made = Made::default();
    made.plain("0123456789").end_part(0);
    let (mut main, mut table) = made.streams();
    let mut clx = vec![2];
    let count = 20_000_u32;
    clx.extend((count * 12 + 4).to_le_bytes());
    clx.extend((0..=count).flat_map(|n| (n * 100_000).to_le_bytes()));
    for _ in 0..count {
        clx.extend([0, 0]);
        clx.extend((number(TEXT_AT * 2) | 0x4000_0000).to_le_bytes());
        clx.extend([0, 0]);
    }
    let at = 154 + Structure::Pieces as usize * 8;
    main[at..at + 4].copy_from_slice(&number(table.len()).to_le_bytes());
    main[at + 4..at + 8].copy_from_slice(&number(clx.len()).to_le_bytes());
    main[76..80].copy_from_slice(&0x7FFF_FFFF_u32.to_le_bytes());
    table.extend(clx);
    let bytes = compound(&[("WordDocument", &main), ("1Table", &table)]);
    let reading = read(&bytes, &ReadLimits::default());
    let characters: usize = reading
        .blocks
        .iter()
        .map(|b| outline(std::slice::from_ref(b)).len())
        .sum();
    assert!(characters < main.len() * 4, "{characters}");
}

/// Numbers that look random and are the same in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(below).unwrap()).unwrap()
    }
}

#[test]
fn broken_bytes_never_end_the_reader() {
    let form = include_bytes!("../../../fixtures/documents/doc/form.doc");
    let file = Compound::open(form).unwrap();
    let streams = ["WordDocument", "1Table", "Data"].map(|name| file.stream(name).unwrap_or_default());
    let mut noise = Noise(1);
    for _ in 0..400 {
        let mut broken = streams.clone();
        for _ in 0..1 + noise.next(8) {
            let stream = &mut broken[noise.next(2)];
            let at = noise.next(stream.len());
            let value = [0, 1, 0x7F, 0xFF, 0x0D, 0x07, 0x13][noise.next(7)];
            let end = (at + 1 + noise.next(4)).min(stream.len());
            stream[at..end].fill(value);
        }
        let [main, table, data] = &broken;
        let bytes = compound(&[("WordDocument", main), ("1Table", table), ("Data", data)]);
        let reading = read(&bytes, &ReadLimits::default());
        assert!(!reading.blocks.is_empty() || reading.reason.is_some());
    }
}

#[test]
fn a_form_that_another_program_saved_is_read_whole() {
    let form = include_bytes!("../../../fixtures/documents/doc/form.doc");
    let reading = read(form, &ReadLimits::default());
    assert_eq!(
        outline(&reading.blocks),
        "P Example Housing\nH1 Referral to the restorative service +b(Referral to the restorative service)\n\
         T <4,1>Person harmed +b(Person harmed)\n  Name ; Ada Fenwick ; Telephone ; 07700 900123\n  \
         Gender ; Female ; Agrees to contact ; ☒ Yes ☐ No\n  Preferred time ;  +prompt() ; Yes / No ; Yes / No +s(No)\n\
         P Shown  +hidden(not shown)\nL First wish\nP Form 7\n"
    );
    assert_eq!(reading.fields.len(), 6);
}
