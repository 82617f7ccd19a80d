//! Every page with a usual, an empty, a very long and a hostile content; nothing of a case in titles, addresses and log lines.

use crate::markup;
use crate::support::*;
use crate::world::{Who, World};
use referrald::domain::*;
use referrald::web::route_table;
use std::io::Write;
use std::sync::{Arc, Mutex};

pub(crate) const HOSTILE: &str =
    "<script>alert('x')</script>\"><img src=x onerror=alert(1)>\u{202e}txet{{ 7*7 }}&amp;";

/// What a hand-made address may ask to correct.
const HOSTILE_KEY: &str = "%3Cscript%3E";

fn hostile() -> ParsedMessage {
    let text = || Some(HOSTILE.to_owned());
    let mut parsed = parsed();
    let referral = parsed.referral.as_mut().unwrap();
    for party in &mut referral.parties {
        party.name = text();
        party.address = text();
        party.needs = text();
        party.phones = vec![HOSTILE.into()];
    }
    referral.offence.summary = text();
    referral.referrer.name = text();
    referral.risks = text();
    parsed.checks[0].detail = HOSTILE.into();
    parsed.checks.push(Check {
        path: HOSTILE.into(),
        code: HOSTILE.into(),
        detail: HOSTILE.into(),
        candidates: vec![HOSTILE.into(), "x".into()],
    });
    parsed.checks.push(Check {
        path: "/referral/parties/0/name".into(),
        code: "conflicting_values".into(),
        detail: HOSTILE.into(),
        candidates: vec![HOSTILE.into(), "x".into()],
    });
    parsed.evidence[0].quote = HOSTILE.into();
    parsed.evidence[0].filename = text();
    parsed.case_references = vec![HOSTILE.into()];
    parsed.trust.agency = text();
    parsed.unmapped.push(UnmappedAnswer {
        label: HOSTILE.into(),
        answer: HOSTILE.into(),
        part: "1".into(),
        filename: text(),
        page: None,
    });
    parsed.attachments.push(AttachmentRow {
        part: "2".into(),
        filename: text(),
        media_type: "text/html".into(),
        bytes: 1,
        read: ReadStatus::Partial,
        reason: text(),
    });
    parsed
}

fn empty() -> ParsedMessage {
    let mut parsed = parsed();
    parsed.referral = Some(Referral {
        parties: vec![Party::new(Role::Victim), Party::new(Role::Offender)],
        ..Referral::default()
    });
    parsed.checks.clear();
    parsed.evidence.clear();
    parsed
}

fn long() -> ParsedMessage {
    let mut parsed = parsed();
    let referral = parsed.referral.as_mut().unwrap();
    referral.offence.summary = Some("very long ".repeat(20_000));
    referral.parties[1].name = Some("x".repeat(5_000));
    for number in 0..500 {
        parsed.evidence.push(Evidence {
            path: format!("/referral/parties/{number}/name"),
            part: "1".into(),
            filename: None,
            page: Some(number),
            quote: "quote ".repeat(50),
        });
    }
    parsed
}

/// Every page that can be asked for, by everybody who may.
async fn every_page(world: &World) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for who in [Who::Nobody, Who::Staff, Who::WithFile, Who::Administrator] {
        let mut browser = world.browser(who).await;
        for entry in route_table() {
            if entry.method == "GET" {
                let path = world.path(entry.path);
                let got = browser.get(&path).await;
                assert!(got.status != 500, "{path} by {who:?}");
                if got.header("content-type").starts_with("text/html") && got.status != 303 {
                    pages.push((format!("{path} by {who:?}"), got.body));
                }
            }
        }
    }
    let mut staff = world.browser(Who::Staff).await;
    for group in [
        "parties-0",
        "parties-1",
        "offence",
        "referrer",
        "risks",
        "none",
        HOSTILE_KEY,
    ] {
        let path = format!("{}?edit=referral-{group}", world.path("/review/{message}"));
        let got = staff.get(&path).await;
        assert_eq!(got.status, 200, "{group}");
        pages.push((format!("correcting {group}"), got.body));
    }
    let note = [("side", "victim"), ("text", HOSTILE)];
    assert_eq!(
        staff.post(&world.path("/cases/{case}/note"), &note).await.status,
        303
    );
    pages.push((
        "case with a note".into(),
        staff.get(&world.path("/cases/{case}")).await.body,
    ));
    for by in ["name", "phone", "postcode", "email", "birth", "number"] {
        for value in [HOSTILE, VICTIM, ""] {
            let got = staff.post("/cases/search", &[("by", by), ("value", value)]).await;
            assert_eq!(got.status, 200);
            pages.push((format!("search by {by}"), got.body));
        }
    }
    for who in [Who::Staff, Who::WithFile] {
        let mut browser = world.browser(who).await;
        for to in ["officer@police.example", HOSTILE, ""] {
            let fields = [
                ("to", to),
                ("case", &world.reference),
                ("subject", HOSTILE),
                ("text", HOSTILE),
            ];
            let got = browser.post("/write/preview", &fields).await;
            assert_eq!(got.status, 200);
            pages.push((format!("preview by {who:?}"), got.body));
        }
    }
    pages
}

fn check(name: &str, html: &str) {
    let faults = markup::faults(html);
    assert!(faults.is_empty(), "{name}: {faults:?}");
    assert!(!html.contains('\u{202e}'), "{name}: text is turned round");
    assert!(
        !html.contains("onerror=alert(1)>") || !html.contains("<img"),
        "{name}"
    );
    let title = html
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .unwrap();
    let places = markup::addresses(html);
    for identity in IDENTITIES {
        assert!(!title.contains(identity), "{name}: {identity} in the title");
        for place in &places {
            assert!(!place.contains(identity), "{name}: {identity} in {place}");
        }
    }
}

#[tokio::test]
async fn every_page_is_sound_with_every_content() {
    for (kind, draft) in [
        ("usual", parsed()),
        ("empty", empty()),
        ("long", long()),
        ("hostile", hostile()),
    ] {
        let world = World::with(&draft).await;
        for (name, html) in every_page(&world).await {
            check(&format!("{kind}: {name}"), &html);
            assert!(html.len() < 1_500_000, "{kind}: {name} has {} bytes", html.len());
        }
    }
}

#[tokio::test]
async fn a_hostile_value_is_shown_as_text() {
    let world = World::with(&hostile()).await;
    let mut staff = world.browser(Who::Staff).await;
    let page = staff.get(&world.path("/review/{message}")).await;
    let text = markup::text(&page.body);
    assert!(text.contains("<script>alert('x')</script>") && text.contains("{{ 7*7 }}&amp;"));
}

#[tokio::test]
async fn review_shows_values_doubts_quotes_and_what_is_similar() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let page = staff.get(&world.path("/review/{message}")).await;
    let text = markup::text(&page.body);
    for shown in [
        VICTIM,
        OFFENDER,
        MOTHER,
        WITNESS,
        OFFICER,
        CRIME,
        SUMMARY,
        "hates-dogs",
        "Consent missing",
        "Not stated",
    ] {
        assert!(text.contains(shown), "{shown}");
    }
    assert!(text.contains("perhaps the same referral again"));
    assert!(page.body.contains("href=\"#q1\"") && page.body.contains("id=\"q1\""));
    for key in [
        "accesskey=\"a\"",
        "accesskey=\"r\"",
        "accesskey=\"s\"",
        "accesskey=\"f\"",
    ] {
        assert!(page.body.contains(key), "{key}");
    }
    let accepted = staff.post(&world.path("/review/{message}/accept"), &[]).await;
    assert_eq!(accepted.place(), "/cases/RJ-2026-00002");
    let case = markup::text(&staff.get("/cases/RJ-2026-00002").await.body);
    assert!(case.contains("File of the person harmed") && case.contains("The case as a whole"));
}

#[tokio::test]
async fn the_source_stands_beside_the_fields_and_both_lead_to_each_other() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let page = staff.get(&world.path("/review/{message}")).await.body;
    let field = markup::attribute(&page, "href", "#q1", "href");
    let mark = page
        .find("<mark id=\"q1\"><a href=\"#f")
        .expect("a mark that leads back");
    assert!(field.is_some());
    let begin = &page[mark..];
    assert!(begin[..begin.find("</mark>").unwrap()].contains(VICTIM));
    assert!(page.contains("aria-label=\"ticked\"") && page.contains("<table>"));
    let row = begin
        .split("#f")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    assert!(page.contains(&format!("id=\"f{row}\"")));
    assert!(markup::text(&page).contains("window at Quillfeather"));
}

#[tokio::test]
async fn a_hostile_source_is_shown_as_text() {
    let world = World::new().await;
    let line = |text: &str| {
        vec![Inline::Text {
            text: text.to_owned(),
            bold: true,
            struck: false,
        }]
    };
    let cell = Cell {
        blocks: vec![Block::Heading {
            level: 1,
            text: line(HOSTILE),
            page: None,
        }],
        columns: u16::MAX,
        rows: u16::MAX,
        header: true,
    };
    let source = Source::of(&ReadMessage {
        headers: MessageHeaders {
            subject: HOSTILE.into(),
            from_name: Some(HOSTILE.into()),
            ..MessageHeaders::default()
        },
        bodies: vec![Document {
            part: "1".into(),
            blocks: vec![
                Block::Paragraph {
                    text: line(HOSTILE),
                    page: None,
                },
                Block::Table(Table {
                    rows: vec![Row { cells: vec![cell] }],
                    page: None,
                }),
                Block::Paragraph {
                    text: line(&"endless ".repeat(100_000)),
                    page: None,
                },
            ],
            fields: vec![FormField {
                name: HOSTILE.into(),
                label: None,
                value: FieldValue::Text(HOSTILE.into()),
                page: None,
            }],
            ..Document::default()
        }],
        ..ReadMessage::default()
    });
    let id = read_from(&world.store, 9, &hostile(), &source).await;
    let mut staff = world.browser(Who::Staff).await;
    let page = staff.get(&format!("/review/{id}")).await.body;
    check("hostile source", &page);
    assert!(
        page.contains("<mark id=\"q1\">") && page.len() < 400_000,
        "{}",
        page.len()
    );
    assert!(markup::text(&page).contains("The rest is longer than this page shows"));
}

#[tokio::test]
async fn home_says_what_needs_somebody_and_that_all_mail_is_accounted_for() {
    let world = World::new().await;
    let mut withdrawal = parsed();
    withdrawal.kind = Kind::ConsentWithdrawal;
    withdrawal.referral = None;
    read(&world.store, 3, &withdrawal).await;
    let mut staff = world.browser(Who::Staff).await;
    let text = markup::text(&staff.get("/").await.body);
    let (first, second) = (
        text.find("Withdrawal of consent"),
        text.find("Referral, received"),
    );
    assert!(first.is_some() && first < second);
    assert!(text.contains("4 arrived, 4 accounted for") && text.contains("1 of 1 recipient"));
}

#[tokio::test]
async fn held_mail_is_shown_as_it_was_written_and_as_it_would_leave() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let page = staff.get(&world.path("/outbound/{mail}")).await;
    let text = markup::text(&page.body);
    assert!(text.contains("may come too <b>") && text.contains("nobody has written to this address before"));
    for (gone, new) in [
        (VICTIM, "M.T."),
        (MOTHER, "P.T."),
        (VICTIM_PHONE, "[phone]"),
        (VICTIM_STREET, "[address]"),
    ] {
        assert!(
            page.body.contains(&format!("[replaced: </span>{gone}<")),
            "{gone}"
        );
        assert!(page.body.contains(&format!("[instead: </span>{new}<")), "{new}");
    }
    for stays in ["Dear", "Tuesday", "Kind", "Sam"] {
        assert!(
            page.body
                .contains(&format!("<strong class=\"app-capital\">{stays}</strong>")),
            "{stays}"
        );
    }
    assert!(text.contains(VICTIM_MAIL), "whom it is for");
    assert_eq!(
        staff
            .post(&world.path("/outbound/{mail}/release"), &[])
            .await
            .place(),
        "/outbound?done=released"
    );
    assert!(world.store.held_outbound(0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_case_is_closed_with_a_day_of_destruction_and_opened_again() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let path = world.path("/cases/{case}");
    let closing = [
        ("reason", "completed"),
        ("outcome", "apology"),
        ("note", "all well"),
    ];
    assert_eq!(staff.post(&format!("{path}/close"), &closing).await.status, 303);
    let text = markup::text(&staff.get(&path).await.body);
    assert!(
        text.contains("Destroyed from") && text.contains("2032") && text.contains("An apology was passed on")
    );
    assert_eq!(
        staff
            .post(&format!("{path}/reopen"), &[("why", "they met again")])
            .await
            .status,
        303
    );
    assert!(markup::text(&staff.get(&path).await.body).contains("they met again"));
}

#[tokio::test]
async fn ten_thousand_rows_are_cut_into_pages() {
    let world = World::new().await;
    let mut attacker = world.home.attacker().await;
    attacker
        .run(
            "WITH RECURSIVE n(i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO cases (id, reference, state, opened, message)
             SELECT randomblob(16), 'RJ-2026-' || i, 'open', 1790000000000000, (SELECT id FROM messages LIMIT 1) FROM n",
        )
        .await;
    attacker
        .run(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
             INSERT INTO messages (id, received, state, kind, checks)
             SELECT randomblob(16), 1790000000000000, 'read', 'referral', 2 FROM n",
        )
        .await;
    let mut staff = world.browser(Who::Staff).await;
    for (path, last) in [("/cases", 201), ("/", 201)] {
        for number in [1, 2, last, 99_999] {
            let got = staff.get(&format!("{path}?page={number}")).await;
            let rows = got.body.matches("<tr class=\"govuk-table__row\"><td").count();
            assert!(got.status == 200 && rows <= 51, "{path} {number}: {rows}");
            assert!(got.body.len() < 50_000, "{path} {number}: {}", got.body.len());
            check(path, &got.body);
        }
    }
    let text = markup::text(&staff.get("/cases?page=2").await.body);
    assert!(text.contains("Page 2 of 201"));
}

#[tokio::test]
async fn a_page_with_its_style_sheets_is_light() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    // As long as the audit log's page gets.
    for _ in 0..70 {
        staff.get(&world.path("/cases/{case}")).await;
    }
    let audit = staff.get("/audit").await.body;
    assert_eq!(audit.matches("<td data-label=\"Number\"").count(), 200, "{audit}");
    let review = staff.get(&world.path("/review/{message}")).await.body;
    let mut sum = audit.len().max(review.len());
    for file in ["govuk.css", "pages.css", "icon.svg"] {
        let got = staff.get(&format!("/assets/{file}")).await;
        assert_eq!(got.status, 200);
        assert!(
            !got.body.contains("url(") && !got.body.contains("@import"),
            "{file}"
        );
        sum += got.body.len();
    }
    assert!(sum < 150_000, "{sum}");
}

#[tokio::test]
async fn the_report_is_counted_anew_after_a_minute() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let path = world.path("/report/{month}");
    let first = markup::text(&staff.get(&path).await.body);
    assert!(first.contains("Counted on "));
    world.clock.step(59);
    assert_eq!(markup::text(&staff.get(&path).await.body), first);
    world.clock.step(1);
    assert_ne!(markup::text(&staff.get(&path).await.body), first);
}

/// Classes of GOV.UK Frontend's own markup for which it has no rule, or whose component is shown as browsers do.
const WITHOUT_RULE: &[&str] = &[
    "govuk-checkboxes",
    "govuk-checkboxes--small",
    "govuk-checkboxes__input",
    "govuk-checkboxes__item",
    "govuk-checkboxes__label",
    "govuk-file-upload",
    "govuk-table__body",
    "govuk-table__head",
    "govuk-table__row",
    "app-pair__side",
];

#[test]
fn every_class_of_the_pages_has_a_rule_in_a_style_sheet() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let style: String = ["govuk.css", "pages.css"]
        .map(|file| std::fs::read_to_string(root.join("assets").join(file)).unwrap())
        .concat()
        .replace('\\', "");
    let has_rule = |class: &str| {
        let rule = format!(".{class}");
        let mut places = style.match_indices(&rule);
        places.any(|(at, _)| {
            let next = style[at + rule.len()..].chars().next();
            next.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
        })
    };
    let mut missing = std::collections::BTreeSet::new();
    for template in std::fs::read_dir(root.join("templates")).unwrap() {
        let text = std::fs::read_to_string(template.unwrap().path()).unwrap();
        for list in text.split("class=\"").skip(1) {
            let list = list.split('"').next().unwrap();
            let plain = list.split("{%").map(|part| part.rsplit("%}").next().unwrap());
            let classes = plain.flat_map(str::split_whitespace).map(str::to_owned);
            missing
                .extend(classes.filter(|class| !WITHOUT_RULE.contains(&class.as_str()) && !has_rule(class)));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_holds_anybody_of_a_case_a_password_or_a_token() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    every_page(&world).await;
    world.account("r.case").await;
    let mut browser = world.browser(Who::Nobody).await;
    let token = browser.get("/sign-in").await.token();
    let fields = [
        ("token", token.as_str()),
        ("name", VICTIM),
        ("password", "wrong horse battery"),
    ];
    browser.send("/sign-in", &fields).await;
    let text = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(text.contains("a sign-in to the staff pages failed"));
    let cookie = browser.cookie.unwrap().1;
    for secret in IDENTITIES
        .iter()
        .copied()
        .chain(["wrong horse", cookie.as_str(), token.as_str()])
    {
        assert!(!text.contains(secret), "{secret} in the log");
    }
}

/// With `PAGES_TO=FOLDER` the pages and style sheets are written there, to be looked at in a browser.
#[tokio::test]
async fn pages_to_look_at() {
    let Some(folder) = std::env::var_os("PAGES_TO").map(std::path::PathBuf::from) else {
        return;
    };
    let world = World::new().await;
    let mut withdrawal = parsed();
    withdrawal.kind = Kind::ConsentWithdrawal;
    withdrawal.referral = None;
    read(&world.store, 3, &withdrawal).await;
    let mut staff = world.browser(Who::Staff).await;
    let mut administrator = world.browser(Who::Administrator).await;
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for file in ["govuk.css", "pages.css", "report.css", "icon.svg"] {
        let got = staff.get(&format!("/assets/{file}")).await;
        std::fs::write(folder.join("assets").join(file), got.body).unwrap();
    }
    let write = |name: &str, html: String| std::fs::write(folder.join(name), html).unwrap();
    for (name, path) in [
        ("home.html", "/"),
        ("review.html", "/review/{message}"),
        ("reject.html", "/review/{message}/reject"),
        ("ask.html", "/review/{message}/ask"),
        ("cases.html", "/cases"),
        ("case.html", "/cases/{case}"),
        ("person.html", "/cases/{case}/files/{side}/people/{person}"),
        ("erase.html", "/cases/{case}/files/{side}/people/{person}/erase"),
        ("correct.html", "/review/{message}?edit=referral-parties-0"),
        ("mail.html", "/outbound/{mail}"),
        ("report.html", "/report/{month}"),
        ("audit.html", "/audit"),
        ("account.html", "/account"),
        ("problem.html", "/nothing"),
    ] {
        write(name, staff.get(&world.path(path)).await.body);
    }
    for fixture in [
        "docx-people-rows-role-column",
        "docx-content-controls-council",
        "prose-police",
    ] {
        if let Some((draft, source)) = crate::fixtures::draft_of(fixture) {
            let id = read_from(&world.store, 20 + fixture.len() as u32, &draft, &source).await;
            write(
                &format!("review-{fixture}.html"),
                staff.get(&format!("/review/{id}")).await.body,
            );
        }
    }
    write("staff.html", administrator.get("/staff").await.body);
    let found = [("by", "name"), ("value", VICTIM)];
    write("found.html", staff.post("/cases/search", &found).await.body);
    world.account("r.case").await;
    let mut browser = world.browser(Who::Nobody).await;
    let page = browser.get("/sign-in").await;
    let token = page.token();
    write("sign-in.html", page.body);
    let fields = [
        ("token", token.as_str()),
        ("name", "r.case"),
        ("password", crate::world::PASSWORD),
    ];
    browser.send("/sign-in", &fields).await;
    write("set-up.html", browser.get("/sign-in/set-up").await.body);
}
