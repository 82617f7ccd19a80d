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
use referrald::domain::{ConsentAnswer, DeliveryAction, HoldReason, KnownCase, Party, Referral, Role};
use referrald::redact::{
    DraftRequest, Finished, FinishedDelivery, RedactedMessage, RedactionSettings, draft, finish,
};

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
    }
}

fn run(request: &DraftRequest) -> Vec<FinishedDelivery> {
    finish(draft(request), request)
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
fn a_stranger_named_in_a_page_of_our_own_domain_goes() {
    let body = "Halina Kowalczyk came today.\n\nHer page is https://rj.example/kowalczyk now.\n";
    let text = redacted(mail("text/plain", "8bit", body), case_of("Margaret Holloway"));
    assert!(!text.to_lowercase().contains("kowalczyk"), "{text}");
}
