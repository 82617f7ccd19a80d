//! Writing liaison mail on the pages: who may write about what, what is shown before, and what is stored.

use crate::markup;
use crate::support::*;
use crate::world::{Who, World};
use referrald::domain::*;

const OFFICER_OPEN: &str = "v.blackstock@police.example";
const OFFICER_CJSM: &str = "v.blackstock@police.example.cjsm.net";

fn fields<'a>(world: &'a World, to: &'a str, text: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("to", to),
        ("case", &world.reference),
        ("subject", "meeting"),
        ("text", text),
    ]
}

async fn stored(world: &World) -> Vec<OutboundId> {
    world.store.unplanned_outbound(10).await.unwrap()
}

#[tokio::test]
async fn the_preview_shows_what_each_recipient_would_get_and_keeps_nothing() {
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let to = format!("{OFFICER_OPEN}\r\n{OFFICER_CJSM}, stranger@elsewhere.example");
    let text = format!("Please tell {VICTIM} that Tuesday suits. Her number is {VICTIM_PHONE}.");
    let got = volunteer
        .post("/write/preview", &fields(&world, &to, &text))
        .await;
    assert_eq!(got.status, 200);
    let shown = markup::text(&got.body);
    for part in [
        "Gets the text on the right.",
        "Gets the mail as you wrote it, over CJSM.",
        "Is held until staff release it.",
        "nobody has written to this address before",
        "M.T.",
        "[phone]",
        "Tuesday",
        "RJ-2026-00001 meeting",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    assert!(got.body.contains("<mark class=\"app-new\">") && got.body.contains("<del class=\"app-gone\">"));
    assert!(stored(&world).await.is_empty());
}

#[tokio::test]
async fn pressing_the_button_twice_sends_one_mail() {
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let shown = volunteer
        .post("/write/preview", &fields(&world, OFFICER_OPEN, "hello"))
        .await;
    let once = markup::attribute(&shown.body, "name", "once", "value").unwrap();
    let again = volunteer
        .post("/write/preview", &fields(&world, OFFICER_OPEN, "hello"))
        .await;
    let other = markup::attribute(&again.body, "name", "once", "value").unwrap();
    for (form, mails) in [(&once, 1), (&once, 1), (&other, 2)] {
        let sent = [
            &fields(&world, OFFICER_OPEN, "hello")[..],
            &[("once", form.as_str())],
        ]
        .concat();
        let got = volunteer.post("/write/send", &sent).await;
        assert_eq!(got.place(), "/write?done=sent");
        assert_eq!(stored(&world).await.len(), mails);
    }
    // What was refused was not done.
    let wrong = [&fields(&world, "nobody", "hello")[..], &[("once", "a-third")]].concat();
    assert_eq!(volunteer.post("/write/send", &wrong).await.status, 200);
    let right = [&fields(&world, OFFICER_OPEN, "hello")[..], &[("once", "a-third")]].concat();
    volunteer.post("/write/send", &right).await;
    assert_eq!(stored(&world).await.len(), 3);
}

#[tokio::test]
async fn what_is_sent_is_stored_as_a_mail_of_the_volunteers_account() {
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let text =
        "First line\r\n.\r\nLe caf\u{e9}, and a line that is longer than any mail line may be. ".repeat(40);
    let got = volunteer
        .post("/write/send", &fields(&world, OFFICER_OPEN, &text))
        .await;
    assert_eq!(got.place(), "/write?done=sent");
    let ids = stored(&world).await;
    assert_eq!(ids.len(), 1);
    let mail = world.store.outbound_mail(ids[0]).await.unwrap();
    assert_eq!(mail.account, "vol.with");
    assert_eq!(mail.sender.expose_personal(), "vol.with@restorative.example");
    assert_eq!(mail.recipients[0].expose_personal(), OFFICER_OPEN);
    let raw = mail.raw.expose_personal();
    assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));
    let read = referrald::extract::read_message(raw, &ReadRequest::default(), &mut |_| {}).unwrap();
    assert_eq!(read.headers.subject, "RJ-2026-00001 meeting");
    assert_eq!(
        read.headers.from_address.as_deref(),
        Some("vol.with@restorative.example")
    );
    assert!(read.headers.field("auto-submitted").is_none());
    let sent = String::from_utf8_lossy(raw);
    assert!(sent.contains("caf=C3=A9"), "{sent}");
}

#[tokio::test]
async fn a_volunteer_writes_about_own_cases_only_and_the_guards_see_the_rest() {
    let world = World::new().await;
    let mut without = world.browser(Who::WithoutFile).await;
    let got = without
        .post("/write/send", &fields(&world, OFFICER_OPEN, "hello"))
        .await;
    assert_eq!(got.status, 404);
    let mut with = world.browser(Who::WithFile).await;
    for case in ["", "RJ-2026-99999", "x"] {
        let fields = [
            ("to", OFFICER_OPEN),
            ("case", case),
            ("subject", "s"),
            ("text", "t"),
        ];
        let got = with.post("/write/send", &fields).await;
        assert!(
            got.status == 404 || got.body.contains("Choose the case"),
            "{case:?}"
        );
    }
    // The other side's file is not the volunteer's.
    let about = format!("{OFFENDER} will come.");
    let got = with
        .post("/write/preview", &fields(&world, OFFICER_OPEN, &about))
        .await;
    assert!(markup::text(&got.body).contains("about a case file that is not allocated to its sender"));
    assert!(stored(&world).await.is_empty());
}

#[tokio::test]
async fn a_form_with_a_fault_is_shown_again_with_what_was_typed() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let many = "a@police.example\n".repeat(21);
    let long = "x".repeat(20_001);
    for (to, subject, text, said) in [
        ("", "s", "t", "at least one address"),
        ("nobody", "s", "t", "address 1 is not one plain"),
        (
            "a@police.example\nA Person <b@police.example>",
            "s",
            "t",
            "address 2 is not",
        ),
        (
            "a@police.example\na@POLICE.example",
            "s",
            "t",
            "address 2 stands there twice",
        ),
        (many.as_str(), "s", "t", "at most 20 addresses"),
        ("a@police.example", " ", "t", "a subject of at most"),
        ("a@police.example", "s", "\n", "a text of at most"),
        ("a@police.example", "s", long.as_str(), "a text of at most"),
    ] {
        for path in ["/write/preview", "/write/send"] {
            let fields = [("to", to), ("case", ""), ("subject", subject), ("text", text)];
            let got = staff.post(path, &fields).await;
            let shown = markup::text(&got.body);
            assert!(
                got.status == 200 && shown.contains(said),
                "{path} {to:?}: {shown}"
            );
            assert!(shown.contains(text.trim()), "{path} {to:?}");
        }
    }
    assert!(stored(&world).await.is_empty());
}

#[tokio::test]
async fn line_breaks_in_a_field_make_no_header() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let fields = [
        ("to", "a@police.example"),
        ("case", ""),
        ("subject", "hello\r\nBcc: evil@elsewhere.example"),
        ("text", "x"),
    ];
    assert_eq!(staff.post("/write/send", &fields).await.status, 303);
    let mail = world.store.outbound_mail(stored(&world).await[0]).await.unwrap();
    let raw = String::from_utf8_lossy(mail.raw.expose_personal()).into_owned();
    assert!(!raw.contains("\r\nBcc:"), "{raw}");
}

#[tokio::test]
async fn staff_without_an_account_of_their_own_cannot_send() {
    let world = World::new().await;
    // A volunteer's account of the same name is not theirs.
    let account = referrald::store::SubmissionAccount {
        user: "Staff".into(),
        address: personal("somebody@restorative.example"),
        password_hash: "unused".into(),
        role: referrald::store::AccountRole::Volunteer,
    };
    world.store.put_account(&account, at(0)).await.unwrap();
    let mut staff = world.browser(Who::Staff).await;
    assert!(markup::text(&staff.get("/write").await.body).contains("no account for sending"));
    let got = staff
        .post("/write/send", &fields(&world, OFFICER_OPEN, "hello"))
        .await;
    assert!(got.status == 200 && markup::text(&got.body).contains("no account for sending"));
    assert!(stored(&world).await.is_empty());
}

#[tokio::test]
async fn somebody_sees_what_became_of_their_own_mail_and_nothing_else() {
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let shown = markup::text(&volunteer.get("/sent").await.body);
    for part in [
        VICTIM_MAIL,
        "Held: staff look at it before it leaves.",
        "nobody has written to this address before",
        "1 in all.",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    for hidden in [VICTIM, VICTIM_PHONE, VICTIM_STREET, MOTHER] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
    let mut staff = world.browser(Who::Staff).await;
    staff.post(&world.path("/outbound/{mail}/return"), &[]).await;
    volunteer
        .post("/write/send", &fields(&world, OFFICER_OPEN, "hello"))
        .await;
    let shown = markup::text(&volunteer.get("/sent").await.body);
    assert!(shown.contains("Given back: staff did not let it leave."));
    assert!(shown.find("Taken over.").unwrap() < shown.find("Given back").unwrap());
    let other = world.browser(Who::WithoutFile).await.get("/sent").await;
    assert!(markup::text(&other.body).contains("You sent no mail yet."));
    let looks = world.audit().await;
    assert!(looks.contains(&("WithFile".to_owned(), "outbound.own_listed".to_owned())));
}

#[tokio::test]
async fn whoever_has_the_name_next_sees_nothing_of_earlier_mail() {
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let account = world.store.account("vol.with").await.unwrap().unwrap();
    assert!(world.store.remove_account("vol.with", world.now()).await.unwrap());
    assert_eq!(volunteer.get("/sent").await.status, 404);
    world.store.put_account(&account, world.now()).await.unwrap();
    let shown = markup::text(&volunteer.get("/sent").await.body);
    assert!(shown.contains("You sent no mail yet.") && !shown.contains(VICTIM_MAIL));
}

#[tokio::test]
async fn looks_at_what_would_leave_are_counted_and_noted() {
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let looks = || async {
        let audit = world.audit().await;
        let is_look = |row: &&(String, String)| row.0 == "WithFile" && row.1 == "outbound.previewed";
        audit.iter().filter(is_look).count()
    };
    for _ in 0..40 {
        let got = volunteer
            .post("/write/preview", &fields(&world, "nobody", "hello"))
            .await;
        assert!(markup::text(&got.body).contains("is not one plain e-mail address"));
    }
    let got = volunteer
        .post("/write/preview", &fields(&world, OFFICER_OPEN, "hello there"))
        .await;
    let shown = markup::text(&got.body);
    assert!(shown.contains("within an hour: wait 60 minutes") && shown.contains("hello there"));
    assert!(!shown.contains("What each recipient would get"));
    assert_eq!(looks().await, 40);
}
