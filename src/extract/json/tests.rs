use super::super::outline::outline;
use super::*;

fn read_text(text: &str) -> Reading {
    read(text.as_bytes(), &ReadLimits::default())
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(outline(&read_text(text).blocks), expected);
}

#[test]
fn members_are_pairs_and_objects_stand_under_their_key() {
    check(
        r#"{"Name":"Jo \"J\" Hart","age":41,"cost":12.50,"agreed":true,"notes":null,
            "tags":["a","b"],"places":["1, High Street","Diss"],"next of kin":{"name":"Al","phones":[{"x":{"y":1}}]}}"#,
        "D Name = Jo \"J\" Hart\nD age = 41\nD cost = 12.50\nD agreed = true\nD notes = \nD tags = a, b\n\
         D places = 1, High Street|Diss\nH1 next of kin\nD name = Al\nH2 phones\nH3 x\nD y = 1\n",
    );
}

#[test]
fn flat_objects_in_a_list_are_a_table() {
    check(
        r#"[{"a":"1","b":["x","y"]},{"c":false,"a":"2"}]"#,
        "T *a ; *b ; *c\n  1 ; x, y ; \n  2 ;  ; false\n",
    );
}

#[test]
fn questions_with_their_answers_are_pairs() {
    check(
        r#"{"answers":[{"question_id":"1","question_text":"Your name?","answer_text":"Jo"},
            {"question_id":"2","question_text":"Date of birth?","answer_text":""}]}"#,
        "H1 answers\nD Your name? = Jo\nD Date of birth? = \n",
    );
    check(
        r#"{"12":{"name":"Name","value":"Jo","id":12,"type":"name"},"13":{"name":"Harmed","value":["Al","Bo"]}}"#,
        "D Name = Jo\nD Harmed = Al, Bo\n",
    );
    check(
        r#"[{"fieldLabel":"Address","fieldValue":{"street":"1 Road","town":"Diss"}}]"#,
        "H1 Address\nD street = 1 Road\nD town = Diss\n",
    );
}

#[test]
fn values_one_after_the_other_are_a_list() {
    check("{\"a\":1}\n{\"a\":2}\n", "T *a\n  1\n  2\n");
}

#[test]
fn what_is_not_json_is_text() {
    for text in [
        "Dear team",
        "{name: Jo}",
        "{\"a\":1",
        "[1,]",
        "\"a\"",
        "{\"a\":01}",
    ] {
        check(text, &format!("P {text}\n"));
    }
}

#[test]
fn deep_and_long_documents_are_bounded() {
    let deep = "[".repeat(100_000);
    assert_eq!(read_text(&deep).status, ReadStatus::Ok);
    let limits = ReadLimits {
        max_blocks: 10,
        ..ReadLimits::default()
    };
    let long = format!("[{}1]", "1,".repeat(1000));
    let reading = read(long.as_bytes(), &limits);
    assert_eq!(reading.status, ReadStatus::Partial);
    assert!(reading.blocks.len() <= 10);
}
