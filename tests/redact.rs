//! Redaction from request to finished bytes: no known identifier survives, whatever the name and encoding.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used
)]

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use referrald::domain::{
    AllocatedFile, Block, ConsentAnswer, DeliveryAction, HoldReason, KnownCase, OtherAttachments, Party,
    Referral, Release, Role, Side, inline_text,
};
use referrald::extract::whole_document;
use referrald::redact::{
    DraftRequest, Finished, FinishedDelivery, RedactedMessage, RedactionSettings, Remit, deliveries_as_json,
    draft, finish,
};
use std::io::Write;

const OPEN: &str = "officer@agency.example";

fn settings() -> RedactionSettings {
    RedactionSettings {
        cjsm_route: true,
        ordinary_route: true,
        reference_prefixes: vec!["RJ".to_owned()],
        own_domain: "rj.example".to_owned(),
        max_bytes: 1_000_000,
        own_addresses: Vec::new(),
        name_model: true,
        attachments: OtherAttachments::Hold,
    }
}

fn case_of(name: &str) -> KnownCase {
    let mut party = Party::new(Role::Victim);
    party.name = Some(name.to_owned());
    party.phones = vec!["+447700900417".to_owned()];
    party.emails = vec!["person74@example.org".to_owned()];
    party.postcode = Some("CM1 1QH".to_owned());
    party.date_of_birth = Some("1951-11-03".to_owned());
    KnownCase {
        silenced: Vec::new(),
        reference: None,
        closed: false,
        referral: Referral {
            parties: vec![party],
            ..Referral::default()
        },
    }
}

fn request(raw: Vec<u8>, to: &[&str], case: KnownCase) -> DraftRequest {
    DraftRequest {
        raw,
        recipients: to.iter().map(|to| (*to).to_owned()).collect(),
        cases: vec![case],
        settings: settings(),
        nonce: [0x5a; 16],
        remit: Remit::Everything,
        strangers: Vec::new(),
    }
}

fn run(request: &DraftRequest) -> Vec<FinishedDelivery> {
    finish(draft(request, whole_document), request)
}

/// The only delivery, redacted, as text a reader sees (quoted-printable undone).
fn redacted(raw: Vec<u8>, case: KnownCase) -> String {
    let request = request(raw, &[OPEN], case);
    let mut done = run(&request);
    let delivery = done.pop().expect("one delivery");
    assert!(done.is_empty());
    match delivery.message {
        Finished::Redacted(message) => readable(message.as_bytes()),
        Finished::Verbatim(_) | Finished::None => panic!("not redacted: {:?}", delivery.reasons),
    }
}

fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec())
        .expect("utf-8")
        .replace("=\r\n", "");
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (first, hex) {
            (b'=', Some(byte)) => {
                out.push(byte);
                rest = &after[2..];
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn mail(kind: &str, encoding: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "From: V <v@rj.example>\r\nTo: {OPEN}\r\nDate: Tue, 12 May 2026 10:00:00 +0100\r\nSubject: Meeting\r\n\
         MIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

fn coded(body: &str, way: usize) -> Vec<u8> {
    match way {
        0 => mail("text/plain", "8bit", body),
        1 => mail("text/plain", "base64", &STANDARD.encode(body)),
        2 => {
            let quoted: String = body.bytes().map(|byte| format!("={byte:02X}=\r\n")).collect();
            mail("text/plain", "quoted-printable", &quoted)
        }
        _ => {
            let cut: String = body
                .chars()
                .map(|c| format!("<i>&#{};</i>", u32::from(c)))
                .collect();
            mail("text/html", "8bit", &format!("<p>{cut}</p>"))
        }
    }
}

/// A name part nobody has: no ordinary word, so it must go wherever it stands.
fn name_part() -> impl Strategy<Value = String> {
    "[BDGKLMPRTVZ][aeiou][bdgkmnrvz][aeou](lk|rn|zz|dd|vik)(a|o|u|ey)"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_known_identifier_survives_any_text_and_encoding(
        given in name_part(),
        surname in name_part(),
        shape in 0usize..8,
        way in 0usize..4,
        capital in 0usize..3,
    ) {
        let name = format!("{given} {surname}");
        let written = match shape {
            0 => name.clone(),
            1 => format!("Mrs {surname}'s"),
            2 => given.clone(),
            3 => format!("{surname}, {given}"),
            4 => format!("{}\u{ad}{}", &surname[..2], &surname[2..]),
            5 => format!("{given}\u{a0}{surname}"),
            6 => format!("{}.{}@example.org", given.to_lowercase(), surname.to_lowercase()),
            _ => format!("{}{}", given.chars().next().unwrap_or('X').to_lowercase(), surname.to_lowercase()),
        };
        let written = match capital {
            0 => written,
            1 => written.to_uppercase(),
            _ => written.to_lowercase(),
        };
        let body = format!("We met {written} at 3pm on Tuesday. Ring 07700 900417, cm11qh, born 3.11.51, person74@example.org.");
        let text = redacted(coded(&body, way), case_of(&name));
        let low = text.to_lowercase().replace('\u{ad}', "");
        let tagless: String = low.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, rest)| rest)).collect();
        for gone in [given.to_lowercase(), surname.to_lowercase(), "900417".into(), "cm11qh".into(), "3.11.51".into(), "person74".into()] {
            prop_assert!(!low.contains(&gone) && !tagless.contains(&gone), "{gone} in {text}");
        }
        prop_assert!(tagless.contains("at 3pm on tuesday"), "{text}");
    }

    #[test]
    fn the_second_pass_refuses_what_still_holds_a_name(surname in name_part(), way in 0usize..4) {
        let raw = coded(&format!("We met {surname} today."), way);
        let case = case_of(&format!("Xanthe {surname}"));
        let verdict = RedactedMessage::verify(raw, &[case], &[], &settings()).err();
        prop_assert_eq!(verdict, Some(HoldReason::SecondPassFoundIdentifier));
    }

    #[test]
    fn drafting_never_panics(raw in proptest::collection::vec(any::<u8>(), 0..600)) {
        let request = request(raw, &[OPEN, "x@y.cjsm.net"], case_of("Margaret Holloway"));
        prop_assert_eq!(run(&request).len(), 2);
    }
}

#[test]
fn headers_are_made_anew() {
    let raw = b"From: \"V (re Margaret Holloway)\" <v@rj.example>\r\nTo: \"Officer, Holloway case\" <officer@agency.example>, \
        M Holloway <mholloway@example.org>\r\nReply-To: mholloway@example.org\r\nIn-Reply-To: <holloway@example.org>\r\n\
        Thread-Topic: Holloway\r\nX-Name: Holloway\r\nKeywords: Holloway\r\nDate: Tue, 12 May 2026 10:00:00 +0100 (Holloway)\r\n\
        Subject: =?utf-8?B?SG9sbG93?=\r\n =?utf-8?Q?ay_visit?=\r\n\r\nSee you.\r\n";
    let text = redacted(raw.to_vec(), case_of("Margaret Holloway"));
    assert!(!text.to_lowercase().contains("holloway"), "{text}");
    assert!(
        text.contains("Message-ID: <5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a@rj.example>"),
        "{text}"
    );
    assert!(
        text.contains("Subject: M.H. visit") || text.contains("Subject: H. visit"),
        "{text}"
    );
}

#[test]
fn the_name_model_makes_no_street_of_the_sender() {
    let raw = b"From: Sam Wells <sam.wells@rj.example>\r\nTo: Liaison <officer@agency.example>\r\n\
        Subject: visit to Margaret Holloway\r\n\r\nVisit to Margaret Holloway on Tuesday\r\n\r\nSam Wells\r\n";
    let text = redacted(raw.to_vec(), case_of("Margaret Holloway"));
    assert!(
        text.contains("From: \"Sam Wells\"") && text.ends_with("Sam Wells\r\n\r\n"),
        "{text}"
    );
    assert!(text.contains("Visit to M.H. on Tuesday"), "{text}");
}

#[test]
fn one_message_is_split_by_recipient() {
    let raw = mail("text/plain", "8bit", "Margaret Holloway agreed.\r\n");
    let request = request(
        raw.clone(),
        &[
            "a@x.cjsm.net",
            OPEN,
            "a@evilcjsm.net",
            "\"a@cjsm.net\"@evil.example",
            OPEN,
        ],
        case_of("Margaret Holloway"),
    );
    let mut rows: Vec<(String, DeliveryAction)> = run(&request)
        .into_iter()
        .map(|d| (d.recipients.join(" "), d.action))
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        rows,
        [
            ("\"a@cjsm.net\"@evil.example".to_owned(), DeliveryAction::Hold),
            ("a@x.cjsm.net".to_owned(), DeliveryAction::Pass),
            (format!("{OPEN} a@evilcjsm.net"), DeliveryAction::Redact),
        ]
    );
    for delivery in run(&request) {
        if let Finished::Verbatim(message) = delivery.message {
            assert_eq!(message.expose_bytes(), raw);
        }
    }
}

#[test]
fn guards_hold_with_their_reason() {
    let reasons = |request: &DraftRequest| {
        run(request)
            .into_iter()
            .flat_map(|d| d.reasons)
            .collect::<Vec<_>>()
    };
    let raw = mail("text/plain", "8bit", "About RJ-2026-00012.\r\n");
    let mut case = case_of("Margaret Holloway");
    case.referral.parties[0].consent.contact = Some(ConsentAnswer::Refused);
    let refused = request(raw.clone(), &["Person74@example.org"], case);
    assert_eq!(reasons(&refused), [HoldReason::RecipientRefusedContact]);
    let closed = KnownCase {
        silenced: Vec::new(),
        closed: true,
        reference: Some("RJ-2026-00012".to_owned()),
        ..case_of("Margaret Holloway")
    };
    assert_eq!(
        reasons(&request(raw.clone(), &[OPEN], closed)),
        [HoldReason::CaseClosed]
    );
    let mut large = request(raw.clone(), &[OPEN], case_of("A B"));
    large.settings.max_bytes = 10;
    assert_eq!(reasons(&large), [HoldReason::TooLarge]);
    let mut no_relay = request(raw, &[OPEN], case_of("A B"));
    no_relay.settings.ordinary_route = false;
    assert_eq!(reasons(&no_relay), [HoldReason::NoOrdinaryRelay]);
}

#[test]
fn nothing_goes_out_to_or_about_somebody_who_withdrew() {
    let silenced = KnownCase {
        silenced: vec![1],
        ..two_sides()
    };
    let about = |text: &str| mail("text/plain", "8bit", text);
    let reasons = |to: &str, text: &str, case: KnownCase| one(&request(about(text), &[to], case)).reasons;
    let withdrew = HoldReason::PersonWithdrew;
    for (to, text) in [
        (OPEN, "Mr Wraxhall rang again.\r\n"),
        (OPEN, "See you on Tuesday with Desmond Wraxhall.\r\n"),
        ("des@example.org", "See you on Tuesday.\r\n"),
    ] {
        assert!(reasons(to, text, silenced.clone()).contains(&withdrew), "{text}");
        assert!(!reasons(to, text, two_sides()).contains(&withdrew), "{text}");
    }
    let other = reasons(OPEN, "Mrs Holloway can come on Tuesday.\r\n", silenced.clone());
    assert!(!other.contains(&withdrew), "the others of the case go on");
    assert!(withdrew.is_guard(), "staff may release the redacted copy");
}

#[test]
fn two_people_with_the_same_initials_are_told_apart() {
    let mut case = case_of("Jane Sutton");
    let mut other = Party::new(Role::Offender);
    other.name = Some("John Sharpe".to_owned());
    case.referral.parties.push(other);
    let text = redacted(
        mail(
            "text/plain",
            "8bit",
            "Jane and John Sharpe met; Ms Sutton was late.\r\n",
        ),
        case,
    );
    assert!(text.contains("J.S.1 and J.S.2 met; J.S.1 was late."), "{text}");
}

#[test]
fn long_and_repetitive_texts_take_linear_time() {
    let body =
        "Margaret Holloway ".repeat(4_000) + &"<b>".repeat(4_000) + &"0".repeat(10_000) + &"@".repeat(4_000);
    let started = std::time::Instant::now();
    let text = redacted(mail("text/plain", "8bit", &body), case_of("Margaret Holloway"));
    assert!(!text.contains("Holloway"));
    assert!(
        started.elapsed() < std::time::Duration::from_secs(60),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn people_in_no_case_go_by_what_they_are_called_and_words_stay() {
    let body = "Oyinkansola Adeyemi-Bright rang about the fence; her lad Tomos was there too.\n\n\
                Grace said she took it with good grace. Will you mark the form? A fair price was agreed in May.\n\
                yesterday krzysztof came as well\n";
    let text = redacted(mail("text/plain", "8bit", body), case_of("Margaret Holloway"));
    for gone in ["Oyinkansola", "Adeyemi", "Tomos", "Grace said", "krzysztof"] {
        assert!(!text.contains(gone), "{gone} stands in {text}");
    }
    for stays in [
        "O.A.",
        "with good grace",
        "mark the form",
        "A fair price was agreed in May",
    ] {
        assert!(text.contains(stays), "{stays} is not in {text}");
    }
}

#[test]
fn without_the_name_model_what_it_would_have_decided_is_held() {
    let with = |body: &str| {
        let mut request = request(
            mail("text/plain", "8bit", body),
            &[OPEN],
            case_of("Margaret Holloway"),
        );
        request.settings.name_model = false;
        run(&request).into_iter().next().expect("one group")
    };
    let doubtful = with("I will see Grace at the Centre.\n");
    assert_eq!(doubtful.action, DeliveryAction::Hold);
    assert!(doubtful.reasons.contains(&HoldReason::NameModelMissing));
    assert!(matches!(doubtful.message, Finished::None));
    let plain = with("The office is open at 10.\n");
    assert_eq!(plain.action, DeliveryAction::Redact, "{:?}", plain.reasons);
}

#[test]
fn what_unseen_mail_taught_stays_learnt() {
    let mut case = case_of("Dafydd Llewelyn");
    let named = |name: &str, title: &str| {
        let mut party = Party::new(Role::Offender);
        party.name = Some(name.to_owned());
        party.title = Some(title.to_owned());
        party.address = Some("31 Mossfield Avenue, Harton".to_owned());
        party
    };
    case.referral.parties.push(named("Kayleigh Stubbings", "Miss"));
    case.referral.parties.push(named("Tracey Stubbings", "Mrs"));
    let body = "1. RJ-2026-00131 Mossfield Avenue: diary kept.\n\nMiss Stubbings will write; Mrs Stubbings agrees.\n\
                Mum lives at 22 Cuckoo Brow. Regards, Efua Antwi-Mensah, 19 Cobbler's\nYard\n\
                next door (the prossers) have been good to him. Ask the Co-ordinator.\n";
    let text = redacted(mail("text/plain", "8bit", body), case);
    for gone in ["Mossfield", "Stubbings", "Cuckoo", "Antwi", "Cobbler", "prossers"] {
        assert!(!text.contains(gone), "{gone} stands in {text}");
    }
    for stays in ["RJ-2026-00131", "K.S. will write; T.S. agrees", "Co-ordinator"] {
        assert!(text.contains(stays), "{stays} is not in {text}");
    }
}

#[test]
fn numbers_that_only_words_or_columns_tell_go_and_agencies_stay() {
    let body = "Ring oh-one-six-three-two nine-six-oh one-one-four or oh double seven double oh nine hundred six one one.\r\n\
                Bank: 12-34-56 00112233\r\nPostcode:             md 20 4 r j\r\nCrime ref:            DOR/55260012345\r\n\
                Halina Kowalczyk's keyworker has the ICO leaflet; so has HMP Stonewell. One two three four, said he.\r\n";
    let text = redacted(mail("text/plain", "8bit", body), case_of("Margaret Holloway"));
    for gone in [
        "oh-one",
        "one-four",
        "hundred",
        "12-34-56",
        "00112233",
        "md 20",
        "55260012345",
        "Halina",
    ] {
        assert!(!text.contains(gone), "{gone} stands in {text}");
    }
    for stays in [
        "H.K.'s keyworker",
        "the ICO leaflet",
        "HMP Stonewell",
        "One two three four",
    ] {
        assert!(text.contains(stays), "{stays} is not in {text}");
    }
}

#[test]
fn a_recipient_named_in_quoted_history_stays_and_a_participant_does_not() {
    let raw = b"From: Sam Wells <sam.wells@rj.example>\r\nTo: officer@agency.example\r\nSubject: visit\r\n\r\n\
        Thanks\r\n\r\nFrom: Odile Officer <officer@agency.example>\r\nTo: Margaret Holloway <person74@example.org>\r\n\
        From: OMU Stonewell <omu@hmp-stonewell.example>\r\n\r\nHello\r\n";
    let text = redacted(raw.to_vec(), case_of("Margaret Holloway"));
    assert!(text.contains("Officer <officer@agency.example>"), "{text}");
    assert!(!text.contains("Holloway") && !text.contains("person74"), "{text}");
}

#[test]
fn titles_without_end_are_read_to_the_end() {
    let text = redacted(
        mail("text/plain", "8bit", &"Mr ".repeat(20_000)),
        case_of("Margaret Holloway"),
    );
    assert!(text.contains("Mr Mr"));
}

/// One part of a made-up message.
#[derive(Debug, Clone)]
enum Shape {
    Text(usize),
    Page(usize),
    Table(usize),
    Calendar(usize),
    Word,
    Card,
    Mail(Box<Shape>),
    Many(&'static str, Vec<Shape>),
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        (0..3usize).prop_map(Shape::Text),
        (0..3usize).prop_map(Shape::Page),
        (0..3usize).prop_map(Shape::Table),
        (0..3usize).prop_map(Shape::Calendar),
        Just(Shape::Word),
        Just(Shape::Card),
    ];
    leaf.prop_recursive(4, 12, 4, |inner| {
        let kinds = prop_oneof![
            Just("mixed"),
            Just("alternative"),
            Just("related"),
            Just("digest")
        ];
        prop_oneof![
            inner.clone().prop_map(|part| Shape::Mail(Box::new(part))),
            (kinds, proptest::collection::vec(inner, 1..4))
                .prop_map(|(kind, parts)| Shape::Many(kind, parts)),
        ]
    })
}

/// The part with its header, and the encoded bodies in it.
fn written(shape: &Shape, name: &str, boundary: &mut usize, bodies: &mut Vec<String>) -> String {
    let mut leaf = |kind: &str, disposition: &str, content: &[u8], way: usize| {
        let (encoding, body) = match way {
            0 => ("8bit", String::from_utf8_lossy(content).into_owned()),
            1 => ("base64", STANDARD.encode(content)),
            _ => {
                let coded = content.iter().map(|byte| format!("={byte:02X}=\r\n"));
                ("quoted-printable", coded.collect())
            }
        };
        bodies.push(body.clone());
        format!(
            "Content-Type: {kind}\r\n{disposition}Content-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n"
        )
    };
    let attached = format!("Content-Disposition: attachment; filename=\"{name}.txt\"\r\n");
    match shape {
        Shape::Text(way) => leaf(
            "text/plain; charset=utf-8",
            "",
            format!("{name} came.").as_bytes(),
            *way,
        ),
        Shape::Page(way) => {
            let page = format!("<p>{}<b>{}</b> came.</p>", &name[..3], &name[3..]);
            leaf("text/html; charset=utf-8", "", page.as_bytes(), *way)
        }
        Shape::Table(way) => leaf(
            "text/csv; charset=utf-8",
            &attached,
            format!("who,when\r\n{name},today\r\n").as_bytes(),
            *way,
        ),
        Shape::Calendar(way) => {
            let entry = format!("BEGIN:VCALENDAR\r\nSUMMARY:Visit to {name}\r\nEND:VCALENDAR\r\n");
            leaf("text/calendar; charset=utf-8", "", entry.as_bytes(), *way)
        }
        Shape::Card => leaf(
            "text/vcard; charset=utf-8",
            &attached,
            format!("BEGIN:VCARD\r\nFN:{name}\r\nEND:VCARD\r\n").as_bytes(),
            0,
        ),
        Shape::Word => {
            let document = format!(
                "<w:p><w:r><w:t>{}</w:t></w:r><w:r><w:t>{}</w:t></w:r></w:p>",
                &name[..4],
                &name[4..]
            );
            leaf(WORD, &attached, &word_file(&document), 1)
        }
        Shape::Mail(inner) => {
            let inner = written(inner, name, boundary, bodies);
            format!(
                "Content-Type: message/rfc822\r\n\r\nFrom: {name} <x@example.org>\r\nSubject: about {name}\r\n{inner}\r\n"
            )
        }
        Shape::Many(kind, parts) => {
            *boundary += 1;
            let mark = format!("b{boundary}");
            let mut text = format!("Content-Type: multipart/{kind}; boundary={mark}\r\n\r\n");
            for part in parts {
                text.push_str(&format!(
                    "--{mark}\r\n{}\r\n",
                    written(part, name, boundary, bodies)
                ));
            }
            text + &format!("--{mark}--\r\n")
        }
    }
}

/// What a reader of the message can see, files opened.
fn seen(message: &[u8]) -> String {
    let mail = referrald::mail::parse(message, &referrald::domain::MailLimits::default());
    let mut text = String::from_utf8_lossy(message).into_owned();
    let mut parts = vec![&mail.root];
    while let Some(part) = parts.pop() {
        match &part.body {
            referrald::mail::PartBody::Multipart(inner) => parts.extend(inner),
            referrald::mail::PartBody::Text(content) => {
                text.push_str(content);
                let page = content.replace("</b>", "").replace("<b>", "");
                text.push_str(&page);
            }
            referrald::mail::PartBody::Bytes(bytes) => {
                let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
                let mut content = String::new();
                std::io::Read::read_to_string(&mut zip.by_name("word/document.xml").unwrap(), &mut content)
                    .unwrap();
                text.push_str(&content);
            }
            referrald::mail::PartBody::Message(_) | referrald::mail::PartBody::NotRead(_) => {
                panic!("a redacted mail holds no mail")
            }
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_shape_a_mail_has_nothing_of_the_original_is_left(
        given in name_part(),
        surname in name_part(),
        shape in shape(),
    ) {
        let name = format!("{given} {surname}");
        let mut bodies = Vec::new();
        let body = written(&shape, &name, &mut 0, &mut bodies);
        let raw = format!("From: Sam <sam@rj.example>\r\nTo: {OPEN}\r\nSubject: {name}\r\nMIME-Version: 1.0\r\n{body}");
        let delivery = one(&request(raw.into_bytes(), &[OPEN], case_of(&name)));
        let Finished::Redacted(message) = &delivery.message else {
            prop_assert!(delivery.action == DeliveryAction::Hold && !delivery.reasons.is_empty());
            return Ok(());
        };
        let seen = seen(message.as_bytes()).to_lowercase();
        for part in [&given, &surname] {
            prop_assert!(!seen.contains(&part.to_lowercase()), "{part} in {seen}");
        }
        let bytes = String::from_utf8_lossy(message.as_bytes()).into_owned();
        for body in &bodies {
            prop_assert!(!bytes.contains(body.as_str()), "an original part in {bytes}");
        }
    }
}

#[test]
fn a_stranger_named_in_a_page_of_our_own_domain_goes() {
    let body = "Halina Kowalczyk came today.\n\nHer page is https://rj.example/kowalczyk now.\n";
    let text = redacted(mail("text/plain", "8bit", body), case_of("Margaret Holloway"));
    assert!(!text.to_lowercase().contains("kowalczyk"), "{text}");
}

/// A victim and an offender with addresses of their own.
fn two_sides() -> KnownCase {
    let mut case = case_of("Margaret Holloway");
    let mut offender = Party::new(Role::Offender);
    offender.name = Some("Desmond Wraxhall".to_owned());
    offender.emails = vec!["des@example.org".to_owned()];
    case.referral.parties.push(offender);
    case.reference = Some("RJ-2026-00012".to_owned());
    case
}

fn one(request: &DraftRequest) -> FinishedDelivery {
    let mut all = run(request);
    assert_eq!(all.len(), 1, "one group of recipients");
    all.remove(0)
}

#[test]
fn what_names_the_other_side_is_held_for_a_participant() {
    let about = |text: &str| mail("text/plain", "8bit", text);
    let (victim, offender) = ("person74@example.org", "des@example.org");
    let other_side = [HoldReason::RecipientOnOtherSide];
    for (to, text) in [
        (victim, "Mr Wraxhall would like to write to you.\r\n"),
        (offender, "Ring 07700 900417 about it.\r\n"),
    ] {
        let delivery = one(&request(about(text), &[to], two_sides()));
        assert_eq!(delivery.reasons, other_side, "{text}");
        assert_eq!(delivery.action, DeliveryAction::Hold);
        assert_eq!(delivery.if_released, Some(Release::Redact));
        let json = deliveries_as_json(std::slice::from_ref(&delivery));
        assert!(json[0]["message_base64"].is_null(), "what is held has not left");
    }
    // Both sides together, and nobody named.
    let both = run(&request(
        about("Tuesday at ten suits.\r\n"),
        &[victim, offender],
        two_sides(),
    ));
    assert!(both.iter().all(|delivery| delivery.reasons == other_side));
    // One's own name, a third person, an agreement to share, and somebody on no side.
    let own = request(
        about("Dear Margaret, Tuesday at ten suits.\r\n"),
        &[victim],
        two_sides(),
    );
    let mut agreed = two_sides();
    agreed.referral.parties[1].consent.share_with_other_party = Some(true);
    let agreed = request(about("Mr Wraxhall will come.\r\n"), &[victim], agreed);
    let officer = request(about("Mr Wraxhall will come.\r\n"), &[OPEN], two_sides());
    for free in [own, agreed, officer] {
        assert_eq!(one(&free).action, DeliveryAction::Redact);
    }
}

#[test]
fn a_sender_is_held_to_the_files_allocated_to_them() {
    let about = |text: &str| mail("text/plain", "8bit", text);
    let file = |side| {
        Remit::Files(vec![AllocatedFile {
            reference: "RJ-2026-00012".to_owned(),
            side,
        }])
    };
    let none = Remit::Files(Vec::new());
    let (held, free) = (
        vec![HoldReason::FileNotAllocated],
        vec![HoldReason::NotACjsmDomain],
    );
    for (remit, text, reasons) in [
        (&none, "About RJ-2026-00012.\r\n", &held),
        (&none, "About RJ 2026 99999, which is no case.\r\n", &held),
        (&none, "Margaret Holloway can come.\r\n", &held),
        (&none, "Is the room free on Tuesday?\r\n", &free),
        (
            &file(Side::Victim),
            "RJ-2026-00012: Margaret Holloway can come.\r\n",
            &free,
        ),
        (
            &file(Side::Victim),
            "RJ-2026-00012: Desmond Wraxhall can come.\r\n",
            &held,
        ),
        (
            &file(Side::Offender),
            "RJ-2026-00012: Desmond Wraxhall can come.\r\n",
            &free,
        ),
        (
            &Remit::Everything,
            "RJ-2026-00012: Desmond Wraxhall can come.\r\n",
            &free,
        ),
    ] {
        let mut request = request(about(text), &[OPEN], two_sides());
        request.remit = remit.clone();
        assert_eq!(&one(&request).reasons, reasons, "{text}");
    }
    let mut to_participant = request(about("Tuesday at ten.\r\n"), &["des@example.org"], two_sides());
    to_participant.remit = file(Side::Victim);
    assert_eq!(one(&to_participant).reasons, held);
}

#[test]
fn a_worker_that_forgets_a_guard_of_the_address_is_found_out() {
    let mut request = request(
        mail("text/plain", "8bit", "Tuesday.\r\n"),
        &[OPEN],
        case_of("A B"),
    );
    let careless = draft(&request, whole_document);
    request.strangers = vec![OPEN.to_owned()];
    let mut done = finish(careless, &request);
    let delivery = done.remove(0);
    assert_eq!(delivery.action, DeliveryAction::Hold);
    assert!(delivery.reasons.contains(&HoldReason::FirstMailToAddress));
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A Word file as Word writes it: compressed, with properties, a comment and a tracked change.
fn word_file(document: &str) -> Vec<u8> {
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
        <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
    let relationships = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
        <Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>";
    let core = "<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
        xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:creator>Odile Brackenridge</dc:creator></cp:coreProperties>";
    let comments = "<w:comments xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
        <w:comment w:id=\"0\" w:author=\"Odile Brackenridge\"><w:p><w:r><w:t>ask Margaret Holloway</w:t></w:r></w:p></w:comment></w:comments>";
    let document = format!(
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{document}</w:body></w:document>"
    );
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", types),
        ("_rels/.rels", relationships),
        ("docProps/core.xml", core),
        ("word/comments.xml", comments),
        ("word/document.xml", &document),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn with_attachment(kind: &str, name: &str, content: &[u8]) -> Vec<u8> {
    format!(
        "From: Sam Wells <sam@rj.example>\r\nTo: {OPEN}\r\nSubject: notes\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nAttached.\r\n\
         --b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        STANDARD.encode(content)
    )
    .into_bytes()
}

/// The files attached to what would leave, by another MIME reader than the second pass's.
fn attached(delivery: &FinishedDelivery) -> Vec<(String, Vec<u8>)> {
    let Finished::Redacted(message) = &delivery.message else {
        panic!("nothing would leave: {:?}", delivery.reasons);
    };
    let mail = referrald::mail::parse(message.as_bytes(), &referrald::domain::MailLimits::default());
    let mut parts = vec![&mail.root];
    let mut files = Vec::new();
    while let Some(part) = parts.pop() {
        match (&part.body, &part.filename) {
            (referrald::mail::PartBody::Multipart(inner), _) => parts.extend(inner),
            (referrald::mail::PartBody::Bytes(bytes), Some(name)) => {
                files.push((name.clone(), bytes.clone()))
            }
            (referrald::mail::PartBody::Text(text), Some(name)) => {
                files.push((name.clone(), text.clone().into_bytes()));
            }
            (_, _) => {}
        }
    }
    files
}

#[test]
fn a_word_file_is_written_anew_without_names_properties_comments_and_revisions() {
    let document = "<w:p><w:r><w:t>Visit to Mar</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>garet Hollo</w:t></w:r><w:r><w:t>way on Tuesday</w:t></w:r></w:p>\
        <w:p><w:del w:author=\"Odile Brackenridge\"><w:r><w:delText>old words</w:delText></w:r></w:del>\
        <w:ins w:author=\"Odile Brackenridge\"><w:r><w:t>new words</w:t></w:r></w:ins></w:p>\
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Phone</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>07700 900417</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    let raw = with_attachment(WORD, "Margaret Holloway.docx", &word_file(document));
    let delivery = one(&request(raw, &[OPEN], case_of("Margaret Holloway")));
    assert_eq!(delivery.action, DeliveryAction::Redact, "{:?}", delivery.reasons);
    let files = attached(&delivery);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].0, "attachment-1.docx");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(files[0].1.clone())).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names.len(), 3, "nothing but the text: {names:?}");
    let mut content = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("word/document.xml").unwrap(), &mut content).unwrap();
    for gone in [
        "Margaret",
        "garet",
        "Hollo",
        "900417",
        "Brackenridge",
        "old words",
    ] {
        assert!(!content.contains(gone), "{gone} in {content}");
    }
    let read = whole_document(&files[0].1, "attachment-1.docx").expect("it is read again");
    let Some(Block::Paragraph { text, .. }) = read.blocks.first() else {
        panic!("no paragraph");
    };
    assert_eq!(inline_text(text), "Visit to M.H. on Tuesday");
    for kept in ["new words", "Phone", "[phone]", "<w:tbl>"] {
        assert!(content.contains(kept), "no {kept} in {content}");
    }
}

#[test]
fn a_document_that_is_not_read_to_its_end_holds_the_mail() {
    let whole = word_file("<w:p><w:r><w:t>Margaret Holloway</w:t></w:r></w:p>");
    for (kind, name, content) in [
        (WORD, "cut.docx", whole.get(..whole.len() / 2).unwrap()),
        ("application/pdf", "scan.pdf", b"%PDF-1.4\n%%EOF".as_slice()),
        ("application/octet-stream", "x.bin", b"\x00\x01\x02".as_slice()),
    ] {
        let raw = with_attachment(kind, name, content);
        let delivery = one(&request(raw, &[OPEN], case_of("Margaret Holloway")));
        assert_eq!(delivery.action, DeliveryAction::Hold, "{name}");
        assert!(delivery.reasons.contains(&HoldReason::AttachmentCannotBeRedacted));
        assert_eq!(delivery.if_released, None);
    }
}

#[test]
fn other_documents_go_on_as_text_where_that_is_configured() {
    let rtf = b"{\\rtf1\\ansi Margaret Holloway can come on Tuesday.\\par}";
    let mut request = request(
        with_attachment("application/rtf", "Holloway.rtf", rtf),
        &[OPEN],
        case_of("Margaret Holloway"),
    );
    assert_eq!(one(&request).action, DeliveryAction::Hold);
    request.settings.attachments = OtherAttachments::Text;
    let files = attached(&one(&request));
    let [(name, content)] = files.as_slice() else {
        panic!("one file");
    };
    assert_eq!(name, "attachment-1.txt");
    assert_eq!(
        String::from_utf8_lossy(content).trim(),
        "M.H. can come on Tuesday."
    );
}

#[test]
fn the_second_pass_reads_files_too_and_refuses_compressed_ones() {
    let verdict = |file: &[u8]| {
        let message = format!(
            "From: sam@rj.example\r\nContent-Type: {WORD}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            STANDARD.encode(file)
        );
        let cases = [case_of("Margaret Holloway")];
        RedactedMessage::verify(message.into_bytes(), &cases, &[], &settings()).err()
    };
    let stored = |text: &str, method| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        zip.start_file("word/document.xml", options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let (plain, packed) = (zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated);
    assert_eq!(verdict(&stored("<w:t>M.H. came</w:t>", plain)), None);
    for text in [
        "<w:t>Margaret Holloway</w:t>",
        "<w:t>Hollo</w:t><w:t>way</w:t>",
        "<w:t>Hollow&#97;y</w:t>",
    ] {
        assert_eq!(
            verdict(&stored(text, plain)),
            Some(HoldReason::SecondPassFoundIdentifier),
            "{text}"
        );
    }
    let long = "nothing ".repeat(50);
    assert_eq!(
        verdict(&stored(&long, packed)),
        Some(HoldReason::SecondPassFailed)
    );
    assert_eq!(verdict(b"Margaret Holloway"), Some(HoldReason::SecondPassFailed));
    // Method 8 claimed of bytes that are text: what a reader would make of them is not what was searched.
    let mut claimed = stored("<w:t>M.H. came</w:t>", plain);
    claimed[8] = 8;
    assert_eq!(verdict(&claimed), Some(HoldReason::SecondPassFailed));
    let mut trailing = stored("<w:t>M.H. came</w:t>", plain);
    trailing.extend_from_slice(b"Margaret Holloway");
    assert_eq!(verdict(&trailing), Some(HoldReason::SecondPassFoundIdentifier));
}

#[test]
fn nothing_leaves_in_an_encoding_that_was_not_read() {
    let secret = "Margaret Holloway, 07700 900417, can come on Tuesday at ten";
    let coded = STANDARD.encode(secret);
    let held = |kind: &str, encoding: &str, body: &str| {
        let raw = format!(
            "From: V <v@rj.example>\r\nTo: {OPEN}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n"
        );
        let delivery = one(&request(raw.into_bytes(), &[OPEN], case_of("Margaret Holloway")));
        assert_eq!(delivery.action, DeliveryAction::Hold, "{kind} {encoding} {body}");
    };
    let text = "text/plain; charset=utf-8";
    for encoding in ["x-gzip64", "base-64", "8bit base64"] {
        held(text, encoding, &coded);
    }
    let wrapped: String = coded
        .as_bytes()
        .chunks(30)
        .map(|line| format!("{}\r\n", String::from_utf8_lossy(line)))
        .collect();
    for body in [
        format!("As agreed:\r\n{coded}\r\n"),
        format!("As agreed:\r\n{wrapped}"),
        format!("begin-base64 644 x\r\n{coded}\r\n===="),
        format!("see data:text/plain;base64,{coded}"),
        "{\\rtf1\\ansi Mar\\'67aret}".to_owned(),
        "%PDF-1.4 <4d617267>".to_owned(),
    ] {
        held(text, "7bit", &body);
    }
    held("text/plain; charset=cp037", "8bit", "\u{d4}\u{81}");
    held(
        "application/ics; name=x.ics",
        "8bit",
        &format!("BEGIN:VCALENDAR\r\nDESCRIPTION:{coded}\r\nEND:VCALENDAR"),
    );
    // Read as what they are, comments and all.
    for encoding in ["base64 (as ever)", "x-base64", "\"base64\""] {
        let raw = format!(
            "From: V <v@rj.example>\r\nTo: {OPEN}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: {text}\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n{coded}\r\n"
        );
        let text = redacted(raw.into_bytes(), case_of("Margaret Holloway"));
        assert!(
            text.contains("can come on Tuesday at ten") && !text.contains("Holloway"),
            "{text}"
        );
    }
    let card = format!("BEGIN:VCARD\r\nFN;ENCODING=b:{coded}\r\nEND:VCARD");
    held("text/vcard; charset=utf-8", "8bit", &card);
}

#[test]
fn the_guard_of_the_sides_reads_names_in_the_header_and_detailed_addresses() {
    let raw = format!(
        "From: \"Vee (Wraxhall case)\" <v@rj.example>\r\nTo: {OPEN}\r\nSubject: x\r\n\r\nTuesday at ten.\r\n"
    );
    let delivery = one(&request(raw.into_bytes(), &["person74@example.org"], two_sides()));
    assert_eq!(delivery.reasons, [HoldReason::RecipientOnOtherSide]);
    let about = mail("text/plain", "8bit", "Mr Wraxhall will come.\r\n");
    let delivery = one(&request(about, &["person74+rj@example.org"], two_sides()));
    assert_eq!(delivery.reasons, [HoldReason::RecipientOnOtherSide]);
}

#[test]
fn a_known_user_name_with_digits_goes_and_the_police_stay() {
    let mut case = case_of("Zbigniew Mulqueen");
    case.referral.parties[0].emails = vec!["zmul@example.net".to_owned()];
    let body = "His username is zmul2004 on insta.\r\nEssex Police and Essex Council agree.\r\n";
    let text = redacted(mail("text/plain", "8bit", body), case);
    assert!(
        !text.contains("zmul") && text.contains("Essex Police and Essex Council"),
        "{text}"
    );
}

#[test]
fn births_in_boxes_and_glued_to_letters_go() {
    let body = "Date: 0 3 1 1 1 9 5 1 and | 0 | 3 | 1 | 1 | 5 | 1 |, see DOB03111951 and 031151H; rows 1 2 3 4 5 6 7 8 stay.\r\n";
    let text = redacted(mail("text/plain", "8bit", body), case_of("Margaret Holloway"));
    for gone in ["0 3 1", "| 0 | 3", "03111951", "031151"] {
        assert!(!text.contains(gone), "{gone} stands in {text}");
    }
    assert!(text.contains("rows 1 2 3 4 5 6 7 8 stay"), "{text}");
    let boxes: String = "03111951"
        .chars()
        .map(|digit| format!("<w:tc><w:p><w:r><w:t>{digit}</w:t></w:r></w:p></w:tc>"))
        .collect();
    let file = word_file(&format!("<w:tbl><w:tr>{boxes}</w:tr></w:tbl>"));
    let delivery = one(&request(
        with_attachment(WORD, "x.docx", &file),
        &[OPEN],
        case_of("Margaret Holloway"),
    ));
    let files = attached(&delivery);
    let read = whole_document(&files[0].1, "x.docx").expect("it is read again");
    let Some(Block::Table(table)) = read.blocks.first() else {
        panic!("no table");
    };
    let cells = table.rows[0].cells.iter().flat_map(|cell| &cell.blocks);
    let left: String = cells
        .map(|block| match block {
            Block::Paragraph { text, .. } => inline_text(text),
            _ => String::new(),
        })
        .collect();
    assert_eq!(left, "[date of birth]");
}

#[test]
fn a_logo_within_a_page_is_left_out_and_holds_nothing() {
    let logo = STANDARD.encode([0x89; 900]);
    let body = format!("<p>Mrs Holloway can come.<img src=\"data:image/png;base64,{logo}\"></p>");
    let text = redacted(mail("text/html", "8bit", &body), case_of("Margaret Holloway"));
    assert!(
        text.contains("can come") && !text.contains("base64,") && !text.contains("Holloway"),
        "{text}"
    );
}
