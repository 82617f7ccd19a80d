//! Every route, asked for by everybody (promise 8).

use crate::support::VICTIM;
use crate::world::{EVERYBODY, Who, World};
use referrald::web::route_table;
use std::collections::BTreeSet;

/// Answers to nobody, staff, the volunteer with the file, the one without, the administrator.
type Row = (&'static str, &'static str, [u16; 5]);

const EXPECTED: &[Row] = &[
    ("GET", "/assets/{name}", [200, 200, 200, 200, 200]),
    ("GET", "/sign-in", [200, 200, 200, 200, 200]),
    // Without a token that any browser has been given.
    ("POST", "/sign-in", [403, 200, 200, 200, 200]),
    ("GET", "/sign-in/code", [303, 404, 404, 404, 404]),
    ("POST", "/sign-in/code", [303, 404, 404, 404, 404]),
    ("POST", "/sign-in/recovery", [303, 404, 404, 404, 404]),
    ("GET", "/sign-in/set-up", [303, 404, 404, 404, 404]),
    ("POST", "/sign-in/set-up", [303, 404, 404, 404, 404]),
    ("POST", "/sign-out", [303, 303, 303, 303, 303]),
    ("GET", "/account", [303, 200, 200, 200, 200]),
    ("POST", "/account/end-session", [303, 404, 404, 404, 404]),
    // Their passwords are none.
    ("POST", "/account/password", [303, 409, 409, 409, 409]),
    ("GET", "/", [303, 200, 200, 200, 200]),
    ("GET", "/review/{message}", [303, 200, 403, 403, 403]),
    ("GET", "/review/{message}/reject", [303, 200, 403, 403, 403]),
    ("GET", "/review/{message}/ask", [303, 200, 403, 403, 403]),
    ("GET", "/review", [303, 303, 403, 403, 403]),
    ("GET", "/review/{message}/next", [303, 303, 403, 403, 403]),
    ("POST", "/review/{message}/correct", [303, 303, 403, 403, 403]),
    ("POST", "/review/{message}/accept", [303, 303, 403, 403, 403]),
    ("POST", "/review/{message}/reject", [303, 303, 403, 403, 403]),
    ("POST", "/review/{message}/set-aside", [303, 303, 403, 403, 403]),
    ("POST", "/review/{message}/file", [303, 303, 403, 403, 403]),
    ("GET", "/cases", [303, 200, 200, 200, 403]),
    ("POST", "/cases/search", [303, 200, 403, 403, 403]),
    ("GET", "/cases/{case}", [303, 200, 200, 404, 403]),
    ("POST", "/cases/{case}/note", [303, 303, 303, 404, 403]),
    ("POST", "/cases/{case}/allocate", [303, 303, 403, 403, 403]),
    ("POST", "/cases/{case}/take-back", [303, 303, 403, 403, 403]),
    ("POST", "/cases/{case}/close", [303, 303, 403, 403, 403]),
    // It is open.
    ("POST", "/cases/{case}/reopen", [303, 409, 403, 403, 403]),
    ("GET", "/cases/{case}/destroy", [303, 200, 403, 403, 403]),
    ("POST", "/cases/{case}/destroy", [303, 303, 403, 403, 403]),
    // It is not destroyed.
    ("GET", "/cases/{case}/certificate", [303, 409, 403, 403, 403]),
    (
        "GET",
        "/cases/{case}/documents/{side}/{document}",
        [303, 200, 200, 404, 403],
    ),
    (
        "GET",
        "/cases/{case}/export/{side}/{form}",
        [303, 200, 403, 403, 403],
    ),
    (
        "POST",
        "/cases/{case}/files/{side}/documents",
        [303, 303, 303, 404, 403],
    ),
    (
        "POST",
        "/cases/{case}/files/{side}/change",
        [303, 303, 303, 404, 403],
    ),
    (
        "GET",
        "/cases/{case}/files/{side}/people/{person}",
        [303, 200, 200, 404, 403],
    ),
    (
        "GET",
        "/cases/{case}/files/{side}/people/{person}/erase",
        [303, 200, 403, 403, 403],
    ),
    (
        "GET",
        "/cases/{case}/files/{side}/people/{person}/subject-access",
        [303, 200, 403, 403, 403],
    ),
    ("GET", "/outbound", [303, 200, 403, 403, 403]),
    ("GET", "/outbound/{mail}", [303, 200, 403, 403, 403]),
    ("POST", "/outbound/{mail}/release", [303, 303, 403, 403, 403]),
    ("POST", "/outbound/{mail}/return", [303, 303, 403, 403, 403]),
    ("GET", "/failed", [303, 200, 403, 403, 403]),
    ("GET", "/failed/{failed}/save", [303, 200, 403, 403, 403]),
    ("POST", "/failed/{failed}/read-again", [303, 303, 403, 403, 403]),
    ("POST", "/failed/{failed}/set-aside", [303, 303, 403, 403, 403]),
    ("GET", "/mailbox", [303, 200, 403, 403, 200]),
    ("GET", "/settings", [303, 403, 403, 403, 200]),
    ("GET", "/write", [303, 200, 200, 200, 403]),
    ("POST", "/write/preview", [303, 200, 200, 404, 403]),
    ("POST", "/write/send", [303, 303, 303, 404, 403]),
    ("GET", "/sent", [303, 200, 200, 200, 403]),
    ("GET", "/report", [303, 303, 403, 403, 303]),
    ("GET", "/report/{month}", [303, 200, 403, 403, 200]),
    ("GET", "/audit", [303, 200, 403, 403, 200]),
    ("GET", "/staff", [303, 403, 403, 403, 200]),
    ("POST", "/staff/reset", [303, 403, 403, 403, 303]),
];

/// What the forms of each route hold.
fn fields(path: &str, world: &World) -> Vec<(&'static str, String)> {
    match path {
        "/sign-in" => vec![("name", "x".into()), ("password", "y".into())],
        "/account/end-session" => vec![("session", world.to_review.to_string())],
        "/review/{message}/correct" => vec![("group", "message".into()), ("seen", "0".into())],
        "/review/{message}/reject" => vec![("sure", "yes".into())],
        "/review/{message}/file" => vec![("case", world.reference.clone())],
        "/cases/search" => vec![("by", "name".into()), ("value", "x".into())],
        "/cases/{case}/note" => vec![("side", "victim".into()), ("text", "a note".into())],
        "/cases/{case}/allocate" => vec![("side", "victim".into()), ("user", "vol.without".into())],
        "/cases/{case}/take-back" => vec![("side", "victim".into()), ("user", "vol.with".into())],
        "/cases/{case}/close" => vec![("reason", "declined".into())],
        "/cases/{case}/reopen" => vec![("why", "a reason".into())],
        "/cases/{case}/destroy" => vec![("reference", world.reference.clone())],
        "/write/preview" | "/write/send" => vec![
            ("to", "officer@police.example".into()),
            ("case", world.reference.clone()),
            ("subject", "meeting".into()),
            ("text", "hello".into()),
        ],
        "/cases/{case}/files/{side}/change" => vec![
            ("change", "consent".into()),
            ("person", "1".into()),
            ("purpose", "contact".into()),
            ("answer", "not_sought".into()),
            ("on", "1/9/2026".into()),
        ],
        "/staff/reset" => vec![("name", "WithFile".into())],
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn everybody_gets_exactly_what_their_role_allows() {
    let table = route_table();
    let known: BTreeSet<_> = EXPECTED
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .collect();
    let there: BTreeSet<_> = table.iter().map(|entry| (entry.method, entry.path)).collect();
    assert_eq!(
        known, there,
        "a route without expected answers, or answers without a route"
    );
    let mut wrong = Vec::new();
    for (method, path, expected) in EXPECTED {
        let world = World::new().await;
        // Those who may come last: a decision is made once.
        let mut order: Vec<(Who, u16)> = EVERYBODY.into_iter().zip(*expected).collect();
        order.sort_by_key(|(_, status)| *status < 400);
        for (who, status) in order {
            // The administrator resets the second step of an account that has to be there.
            world.browser(Who::WithFile).await;
            let mut browser = world.browser(who).await;
            let place = world.path(path);
            let got = match *method {
                "GET" => browser.get(&place).await,
                _ if path.ends_with("/documents") => browser.upload(&place, "a form.pdf", b"%PDF").await,
                _ => {
                    let fields = fields(path, &world);
                    let fields: Vec<_> = fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
                    browser.post(&place, &fields).await
                }
            };
            if got.status.as_u16() != status {
                wrong.push(format!(
                    "{method} {path} by {who:?}: {} instead of {status}",
                    got.status
                ));
            }
            let is_home = got.place() == "/sign-in" || *path == "/sign-out";
            if who == Who::Nobody && got.status == 303 && !is_home {
                wrong.push(format!("{method} {path}: nobody is sent to {}", got.place()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_volunteer_sees_one_side_and_not_that_there_is_another() {
    use crate::support::*;
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let page = volunteer.get(&format!("/cases/{}", world.reference)).await;
    assert!(page.body.contains(VICTIM) && page.body.contains(MOTHER));
    for hidden in [
        OFFENDER,
        OFFENDER_MAIL,
        OFFENDER_PNC,
        WITNESS,
        "responsible",
        "as a whole",
        "Allocated",
    ] {
        assert!(!page.body.contains(hidden), "{hidden}");
    }
    let list = volunteer.get("/cases").await;
    assert!(list.body.contains("person harmed") && !list.body.contains("responsible"));
    let note = [("side", "offender"), ("text", "x")];
    let path = format!("/cases/{}/note", world.reference);
    assert_eq!(volunteer.post(&path, &note).await.status, 404);
    let document = format!("/cases/{}/documents/offender/{}", world.reference, world.document);
    assert_eq!(volunteer.get(&document).await.status, 404);
}

#[tokio::test]
async fn a_volunteer_sees_who_referred_only_where_an_agency_did() {
    use crate::support::*;
    let (mail, role) = ("a.friend@example.net", "an old friend");
    for agency in [Some("Anyshire Police"), None] {
        let mut draft = parsed();
        let referrer = &mut draft.referral.as_mut().unwrap().referrer;
        referrer.agency = agency.map(str::to_owned);
        referrer.email = Some(mail.into());
        referrer.role = Some(role.into());
        let world = World::with(&draft).await;
        let paths = [
            "/cases/{case}",
            "/cases/{case}/files/{side}/people/{person}",
            "/cases",
            "/",
            "/sent",
            "/write",
        ];
        let mut pages = String::new();
        let mut volunteer = world.browser(Who::WithFile).await;
        for path in paths {
            pages.push_str(&volunteer.get(&world.path(path)).await.body);
        }
        for told in [OFFICER, mail, role] {
            assert_eq!(pages.contains(told), agency.is_some(), "{told} of {agency:?}");
        }
        let staff = world
            .browser(Who::Staff)
            .await
            .get(&world.path("/cases/{case}"))
            .await;
        assert!(staff.body.contains(OFFICER) && staff.body.contains(mail));
    }
}

#[tokio::test]
async fn looks_and_changes_are_in_the_audit_log_under_the_name() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    staff.get(&format!("/review/{}", world.to_review)).await;
    staff.get(&format!("/cases/{}", world.reference)).await;
    staff.get(&world.path("/outbound/{mail}")).await;
    staff.post(&world.path("/outbound/{mail}/return"), &[]).await;
    staff
        .post(&world.path("/review/{message}/reject"), &[("sure", "yes")])
        .await;
    let audit = world.audit().await;
    for action in [
        "message.opened",
        "case_core.opened",
        "case_file.opened",
        "outbound.opened",
        "outbound.returned",
        "message.rejected",
    ] {
        let row = ("Staff".to_owned(), action.to_owned());
        assert!(audit.contains(&row), "{action} not in {audit:?}");
    }
}

#[tokio::test]
async fn destroying_a_case_asks_for_its_reference_and_leaves_a_certificate() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let path = world.path("/cases/{case}/destroy");
    let ask = staff.get(&path).await;
    assert!(ask.body.contains("Nobody can bring them back"));
    for wrong in ["", "RJ-2026-00002", "yes"] {
        assert_eq!(staff.post(&path, &[("reference", wrong)]).await.status, 409);
    }
    let page = world.path("/cases/{case}");
    assert!(staff.get(&page).await.body.contains(VICTIM));
    let got = staff
        .post(&path, &[("reference", &world.reference.to_lowercase())])
        .await;
    assert_eq!(got.place(), format!("{page}?done=destroyed"));
    let left = staff.get(&page).await.body;
    assert!(!left.contains(VICTIM) && left.contains("certificate of destruction"));
    assert_eq!(staff.get(&path).await.place(), page);
    let certificate = staff.get(&world.path("/cases/{case}/certificate")).await;
    assert!(
        certificate
            .header("content-disposition")
            .starts_with("attachment")
    );
    assert!(certificate.body.contains(&world.reference) && !certificate.body.contains("Tollington"));
}

#[tokio::test]
async fn rejecting_asks_once_and_destroys() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let ask = staff.get(&world.path("/review/{message}/reject")).await;
    assert!(ask.body.contains("destroyed at once"));
    let path = world.path("/review/{message}/reject");
    assert_eq!(staff.post(&path, &[]).await.status, 409);
    assert!(world.store.parsed(world.to_review).await.unwrap().is_some());
    assert_eq!(staff.post(&path, &[("sure", "yes")]).await.place(), "/");
    assert!(world.store.parsed(world.to_review).await.unwrap().is_none());
}
