//! Changes of a file by form, documents, exports, and what is kept of one person.

use crate::browser::{Browser, Got, form_token};
use crate::markup;
use crate::support::*;
use crate::world::{BUNDLE, Who, World};
use axum::body::Body;
use referrald::domain::*;
use referrald::store::*;

/// Sends the form of the first person on the victim's file.
async fn change(browser: &mut Browser, world: &World, fields: &[(&str, &str)]) -> Got {
    let path = world.path("/cases/{case}/files/{side}/change");
    let fields = [&[("person", "1")], fields].concat();
    browser.post(&path, &fields).await
}

async fn victim_file(world: &World) -> OpenedFile {
    let reference = CaseReference::parse(&world.reference).unwrap();
    let case = world
        .store
        .case_named(&CaseName::Reference(reference))
        .await
        .unwrap();
    let files = world
        .store
        .open_files(&staff(), case.id, world.now())
        .await
        .unwrap();
    files.into_iter().find(|file| file.side == Side::Victim).unwrap()
}

async fn progress(world: &World) -> PartyProgress {
    victim_file(world).await.state.expose_personal().progress[0].clone()
}

async fn party(world: &World) -> Party {
    victim_file(world).await.state.expose_personal().referral.parties[0].clone()
}

const CONSENT: &[(&str, &str)] = &[
    ("change", "consent"),
    ("purpose", "contact"),
    ("answer", "given"),
    ("how", "verbal"),
    ("on", "14/3/2026"),
    ("by", "R. Case"),
];

#[tokio::test]
async fn everything_that_happens_on_a_file_is_recorded_by_form() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    for fields in [
        CONSENT,
        &[("change", "form"), ("happened", "sent"), ("on", "15 March 2026")],
        &[("change", "form"), ("happened", "signed"), ("on", "2026-03-20")],
        &[("change", "route"), ("route", "with_consent")],
        &[
            ("change", "correct"),
            ("field", "date_of_birth"),
            ("value", "18/4/1991"),
            ("reason", "told"),
        ],
        &[("change", "restrict"), ("reason", "disputed")],
        &[("change", "lift-restriction"), ("reason", "cleared up")],
        &[
            ("change", "refuse-erasure"),
            ("exception", "legal_claims"),
            ("reason", "a claim"),
        ],
        &[("change", "withdraw"), ("on", "1/9/2026")],
    ] {
        let got = change(&mut staff, &world, fields).await;
        let place = world.path("/cases/{case}/files/{side}/people/{person}");
        assert_eq!(
            (got.status.as_u16(), got.place()),
            (303, place.as_str()),
            "{fields:?}"
        );
    }
    let progress = progress(&world).await;
    assert!(matches!(progress.form, Form::Signed(on) if on.to_string() == "2026-03-20"));
    assert!(progress.withdrawn_on.is_some() && !progress.restricted);
    let party = party(&world).await;
    assert_eq!(party.date_of_birth.as_deref(), Some("1991-04-18"));
    assert_eq!(party.consent.given_on.as_deref(), Some("2026-03-14"));
    let path = world.path("/cases/{case}/files/{side}/change");
    for fields in [
        [
            ("change", "add-person"),
            ("role", "supporter"),
            ("name", "Ottilie Crake"),
            ("supports", "1"),
        ],
        [
            ("change", "safeguarding"),
            ("told", "a social worker"),
            ("reason", "danger"),
            ("x", ""),
        ],
    ] {
        let got = staff.post(&path, &fields).await;
        assert_eq!(got.place(), world.path("/cases/{case}"), "{fields:?}");
    }
    let page = markup::text(&staff.get(&world.path("/cases/{case}")).await.body);
    for shown in [
        "Ottilie Crake",
        "a social worker",
        "Before: 1991-04-17",
        "Withdrew 1 September 2026",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let changed = ("Staff".to_owned(), "case_file.changed".to_owned());
    assert_eq!(
        world.audit().await.iter().filter(|row| **row == changed).count(),
        11
    );
}

#[tokio::test]
async fn a_refused_form_closes_the_case() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    change(
        &mut staff,
        &world,
        &[("change", "form"), ("happened", "sent"), ("on", "15/3/2026")],
    )
    .await;
    let refused = [("change", "form"), ("happened", "refused"), ("on", "16/3/2026")];
    let got = change(&mut staff, &world, &refused).await;
    assert_eq!(got.place(), world.path("/cases/{case}"));
    let page = markup::text(&staff.get(got.place()).await.body);
    assert!(page.contains("Somebody would not sign the form"));
}

#[tokio::test]
async fn a_form_that_cannot_be_done_comes_back_with_what_was_typed() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    for (fields, why, kept) in [
        (
            vec![
                ("change", "route"),
                ("route", "public_task"),
                ("reason", "<b>urgent"),
            ],
            "comes after a professional",
            ("reason", "<b>urgent"),
        ),
        (
            vec![
                ("change", "consent"),
                ("purpose", "contact"),
                ("answer", "given"),
                ("on", "14/3/2026"),
            ],
            "say how the consent was given",
            ("on", "14/3/2026"),
        ),
        (
            vec![("change", "withdraw"), ("on", "soon")],
            "write the day",
            ("on", "soon"),
        ),
        (
            vec![("change", "withdraw"), ("on", "1/1/2030")],
            "in the future",
            ("on", "1/1/2030"),
        ),
        (
            vec![
                ("change", "correct"),
                ("field", "harm"),
                ("value", "x<y"),
                ("reason", "r"),
            ],
            "choose one of the answers",
            ("value", "x<y"),
        ),
    ] {
        let got = change(&mut staff, &world, &fields).await;
        assert_eq!(got.status, 422, "{fields:?}");
        assert!(
            markup::faults(&got.body).is_empty(),
            "{:?}",
            markup::faults(&got.body)
        );
        assert!(markup::text(&got.body).contains(why), "{why}");
        let (name, value) = kept;
        assert!(
            markup::inputs(&got.body).contains(&(name.to_owned(), value.to_owned())),
            "{kept:?}"
        );
    }
    let got = staff
        .post(
            &world.path("/cases/{case}/files/{side}/change"),
            &[("change", "safeguarding"), ("told", "somebody"), ("reason", "")],
        )
        .await;
    assert_eq!(got.status, 422);
    assert!(markup::text(&got.body).contains("the text is empty"));
    assert!(
        victim_file(&world)
            .await
            .entries
            .iter()
            .all(|entry| entry.kind == "document")
    );
    for person in ["0", "x", "-1", "99999999999999999999999"] {
        let path = world.path("/cases/{case}/files/{side}/change");
        let got = staff
            .post(&path, &[("person", person), ("change", "withdraw")])
            .await;
        assert_eq!(got.status, 400, "{person}");
        let path = world
            .path("/cases/{case}/files/{side}/people/")
            .replace("{person}", person);
        assert_eq!(
            staff.get(&format!("{path}{person}")).await.status,
            404,
            "{person}"
        );
    }
    assert_eq!(
        staff
            .get(&world.path("/cases/{case}/files/party-1/people/1"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_volunteer_records_what_happens_and_decides_nothing() {
    let world = World::new().await;
    let mut volunteer = world.browser(Who::WithFile).await;
    let path = world.path("/cases/{case}/files/{side}/people/{person}");
    let page = markup::text(&volunteer.get(&path).await.body);
    assert!(page.contains("Record an answer about consent"));
    for hidden in [
        "Put a field right",
        "Restrict",
        "Erase",
        "subject access",
        "Decide how",
    ] {
        assert!(!page.contains(hidden), "{hidden}");
    }
    assert_eq!(change(&mut volunteer, &world, CONSENT).await.status, 303);
    for fields in [
        vec![("change", "erase"), ("sure", "yes")],
        vec![("change", "route"), ("route", "do_not_contact")],
        vec![("change", "restrict"), ("reason", "r")],
        vec![
            ("change", "correct"),
            ("field", "name"),
            ("value", "x"),
            ("reason", "r"),
        ],
    ] {
        assert_eq!(
            change(&mut volunteer, &world, &fields).await.status,
            403,
            "{fields:?}"
        );
    }
    assert_eq!(party(&world).await.name.as_deref(), Some(VICTIM));
    let other = world.path("/cases/{case}/files/offender/people/1");
    assert_eq!(volunteer.get(&other).await.status, 404);
}

#[tokio::test]
async fn erasing_asks_once_and_leaves_the_place() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let page = staff
        .get(&world.path("/cases/{case}/files/{side}/people/{person}/erase"))
        .await;
    assert!(markup::text(&page.body).contains("Nobody can bring it back"));
    let unsure = change(&mut staff, &world, &[("change", "erase")]).await;
    assert_eq!(unsure.status, 422);
    assert!(markup::text(&unsure.body).contains("confirm first"));
    assert_eq!(party(&world).await.name.as_deref(), Some(VICTIM));
    assert_eq!(
        change(&mut staff, &world, &[("change", "erase"), ("sure", "yes")])
            .await
            .status,
        303
    );
    assert_eq!(party(&world).await.name, None);
    let path = world.path("/cases/{case}/files/{side}/people/{person}");
    let page = markup::text(&staff.get(&path).await.body);
    assert!(page.contains("Only their place on the file is left") && !page.contains("Record something"));
}

#[tokio::test]
async fn documents_are_kept_as_they_come_and_bounded() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let path = world.path("/cases/{case}/files/{side}/documents");
    let bytes = b"\0\r\n--cu <script>\xff";
    let got = staff.upload(&path, "..\\..\\signed <b>.pdf", bytes).await;
    assert_eq!(got.place(), world.path("/cases/{case}"));
    let page = staff.get(got.place()).await;
    assert!(markup::faults(&page.body).is_empty());
    assert!(markup::text(&page.body).contains("signed <b>.pdf"));
    let entry = victim_file(&world).await.entries.last().unwrap().id;
    let saved = staff
        .get(&world.path(&format!("/cases/{{case}}/documents/{{side}}/{entry}")))
        .await;
    assert_eq!(
        saved.header("content-disposition"),
        "attachment; filename*=UTF-8''signed%20%3Cb%3E.pdf"
    );
    assert_eq!(staff.upload(&path, "", b"x").await.status, 409);
    assert_eq!(staff.upload(&path, "empty.pdf", b"").await.status, 409);
    let large = vec![b'x'; 10 * 1024 * 1024 + 100_000];
    assert_eq!(staff.upload(&path, "large.pdf", &large).await.status, 400);
    assert_eq!(
        staff
            .upload(&path, "fits.pdf", &large[..10 * 1024 * 1024])
            .await
            .status,
        303
    );
    let token = form_token(&staff.cookie.clone().unwrap().1);
    let plain = format!("token={token}");
    assert_eq!(staff.ask("POST", &path, Body::from(plain)).await.status, 400);
    for broken in ["", "--cut", "--cut\r\n\r\n--cut--", "no boundary"] {
        let got = staff
            .ask_as(
                "POST",
                &path,
                "multipart/form-data; boundary=cut",
                Body::from(broken),
            )
            .await;
        assert!(
            got.status == 400 || got.status == 403,
            "{broken:?}: {}",
            got.status
        );
    }
    // The large body is taken by this form alone.
    let note = format!("{}/note", world.path("/cases/{case}"));
    assert_eq!(staff.upload(&note, "large.pdf", &large).await.status, 400);
    let mut volunteer = world.browser(Who::WithFile).await;
    assert_eq!(
        volunteer.upload(&path, "of a volunteer.pdf", b"x").await.status,
        303
    );
    // No form of this browser.
    volunteer.cookie = staff.cookie.clone();
    volunteer.more.push(("sec-fetch-site", "cross-site".into()));
    volunteer.more.remove(0);
    assert_eq!(
        volunteer.upload(&path, "from elsewhere.pdf", b"x").await.status,
        403
    );
}

#[tokio::test]
async fn exports_hold_one_side_and_are_audited() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let csv = staff.get(&world.path("/cases/{case}/export/{side}/csv")).await;
    assert!(csv.body.contains(VICTIM) && !csv.body.contains(OFFENDER));
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename*=UTF-8''RJ-2026-00001-victim.csv"
    );
    let json = staff.get(&world.path("/cases/{case}/export/{side}/json")).await;
    let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(json["people"][0]["person"]["name"], VICTIM);
    let whole = staff.get(&world.path("/cases/{case}/export/whole/json")).await;
    assert!(whole.body.contains(SUMMARY));
    for wrong in ["whole/csv", "victim/xml", "party-1/json", "nobody/csv"] {
        let path = world.path(&format!("/cases/{{case}}/export/{wrong}"));
        assert_eq!(staff.get(&path).await.status, 404, "{wrong}");
    }
    let audit = world.audit().await;
    let exported = audit
        .iter()
        .filter(|(actor, action)| actor == "Staff" && action.contains("export"));
    assert_eq!(exported.count(), 3, "{audit:?}");
}

#[tokio::test]
async fn what_is_kept_of_one_person_is_saved_as_an_archive() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let got = staff
        .get(&world.path("/cases/{case}/files/{side}/people/{person}/subject-access"))
        .await;
    assert_eq!(got.body.as_bytes(), BUNDLE);
    assert_eq!(
        got.header("content-disposition"),
        "attachment; filename*=UTF-8''RJ-2026-00001-victim-1.zip"
    );
    for (number, status) in [("9", 409), ("x", 404)] {
        let path = format!("/cases/{{case}}/files/{{side}}/people/{number}/subject-access");
        assert_eq!(staff.get(&world.path(&path)).await.status, status, "{number}");
    }
}
