//! Correcting a draft in the browser, and what needs few keys.

use crate::browser::Browser;
use crate::markup;
use crate::support::*;
use crate::world::{Who, World};
use referrald::domain::*;

const PERSON: &str = "/referral/parties/1";

/// The form of somebody as the page shows it, with these fields typed over.
async fn form(staff: &mut Browser, world: &World, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let path = format!("{}?edit=referral-parties-1", world.path("/review/{message}"));
    let page = staff.get(&path).await;
    let mut fields = vec![("group".to_owned(), "referral-parties-1".to_owned())];
    fields.push((
        "seen".into(),
        markup::attribute(&page.body, "name", "seen", "value").unwrap(),
    ));
    for (name, value) in markup::inputs(&page.body) {
        if name.starts_with('/') {
            fields.push((name, value));
        }
    }
    for (key, value) in typed {
        let name = format!("{PERSON}/{key}");
        let field = fields.iter_mut().find(|(field, _)| *field == name);
        field.expect("a field of the form").1 = (*value).to_owned();
    }
    fields
}

async fn save(staff: &mut Browser, world: &World, fields: &[(String, String)]) -> crate::browser::Got {
    let fields: Vec<_> = fields
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    staff
        .post(&world.path("/review/{message}/correct"), &fields)
        .await
}

#[tokio::test]
async fn a_field_is_corrected_beside_its_source_and_the_history_says_by_whom() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let typed = [("name", "Margaret Tollington"), ("date_of_birth", "5 May 1991")];
    let fields = form(&mut staff, &world, &typed).await;
    let got = save(&mut staff, &world, &fields).await;
    assert_eq!(got.status, 303);
    assert!(!got.place().contains("Tollington"));
    let draft = world.store.parsed(world.to_review).await.unwrap().unwrap();
    let party = &draft.referral.unwrap().parties[1];
    assert_eq!(party.name.as_deref(), Some("Margaret Tollington"));
    assert_eq!(party.date_of_birth.as_deref(), Some("1991-05-05"));
    assert_eq!(
        party.address.as_deref(),
        Some(VICTIM_STREET),
        "what came back as shown is as it was"
    );
    let text = markup::text(&staff.get(&world.path("/review/{message}")).await.body);
    let history = &text[text.find("Changes of this draft").unwrap()..];
    for shown in [VICTIM, "Margaret Tollington", "1991-04-17", "1991-05-05", "Staff"] {
        assert!(history.contains(shown), "{shown}");
    }
    assert!(!history.contains(VICTIM_STREET));
}

#[tokio::test]
async fn what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let typed = [
        ("name", "Margaret Tollington"),
        ("date_of_birth", "31/2/1991"),
        ("emails", "x<y"),
    ];
    let fields = form(&mut staff, &world, &typed).await;
    let got = save(&mut staff, &world, &fields).await;
    assert_eq!(got.status, 422);
    assert!(
        markup::faults(&got.body).is_empty(),
        "{:?}",
        markup::faults(&got.body)
    );
    let text = markup::text(&got.body);
    assert!(text.contains("not a day, month or year") && text.contains("not an e-mail address"));
    let kept = markup::inputs(&got.body);
    for (key, value) in typed {
        let name = format!("{PERSON}/{key}");
        assert!(kept.contains(&(name, value.to_owned())), "{key}");
    }
    let draft = world.store.parsed(world.to_review).await.unwrap().unwrap();
    assert_eq!(draft.referral.unwrap().parties[1].name.as_deref(), Some(VICTIM));
}

#[tokio::test]
async fn doubts_are_settled_people_added_and_taken_out() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let path = world.path("/review/{message}/correct");
    let settle = [
        ("group", "referral-parties-0"),
        ("seen", "0"),
        ("settle", "/referral/parties/0"),
    ];
    assert_eq!(staff.post(&path, &settle).await.status, 303);
    assert_eq!(world.store.message(world.to_review).await.unwrap().checks, 0);
    let add = [("group", "new-person"), ("seen", "1"), ("role", "supporter")];
    let got = staff.post(&path, &add).await;
    assert!(
        got.place().ends_with("?edit=referral-parties-4#edit"),
        "{}",
        got.place()
    );
    let remove = [
        ("group", "referral-parties-4"),
        ("seen", "2"),
        ("remove", "/referral/parties/4"),
    ];
    assert_eq!(staff.post(&path, &remove).await.status, 303);
    let draft = world.store.parsed(world.to_review).await.unwrap().unwrap();
    assert_eq!(draft.referral.unwrap().parties.len(), 4);
    let stale = [
        ("group", "referral-risks"),
        ("seen", "0"),
        ("/referral/risks", "none"),
    ];
    assert_eq!(staff.post(&path, &stale).await.status, 409);
}

#[tokio::test]
async fn fields_of_another_group_and_no_fields_are_refused() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let path = world.path("/review/{message}/correct");
    for (group, name, status) in [
        ("referral-risks", "/referral/parties/0/name", 400),
        ("referral-risks", "/trust/agency", 400),
        ("referral-parties-0", "/referral/references/-", 400),
        ("nothing", "/referral/risks", 404),
        ("new-person", "role", 409),
    ] {
        let fields = [("group", group), ("seen", "0"), (name, "x")];
        assert_eq!(staff.post(&path, &fields).await.status, status, "{group} {name}");
    }
    assert_eq!(staff.post(&path, &[("group", "message")]).await.status, 400);
    let draft = world
        .store
        .open_message(world.to_review, &actor(), at(9))
        .await
        .unwrap();
    assert!(draft.history.is_empty());
}

#[tokio::test]
async fn a_clean_referral_is_accepted_with_two_keys() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let home = staff.get("/").await.body;
    let next = markup::attribute(&home, "accesskey", "n", "href").unwrap();
    let page = staff.get(&next).await;
    let page = staff.get(page.place()).await.body;
    assert!(markup::attribute(&page, "accesskey", "a", "type").is_some_and(|kind| kind == "submit"));
    let got = staff.post(&world.path("/review/{message}/accept"), &[]).await;
    let case = staff.get(got.place()).await.body;
    let next = markup::attribute(&case, "accesskey", "n", "href").unwrap();
    let next = staff.get(&next).await;
    assert_ne!(next.place(), world.path("/review/{message}"), "it waits no more");
}

#[tokio::test]
async fn an_enquiry_can_be_made_a_referral_by_hand() {
    let mut enquiry = parsed();
    enquiry.kind = Kind::Enquiry;
    enquiry.referral = None;
    enquiry.checks.clear();
    let world = World::new().await;
    let id = read(&world.store, 5, &enquiry).await;
    let mut staff = world.browser(Who::Staff).await;
    let path = format!("/review/{id}/correct");
    let add = [("group", "new-person"), ("seen", "0"), ("role", "victim")];
    assert!(
        staff
            .post(&path, &add)
            .await
            .place()
            .contains("edit=referral-parties-0")
    );
    let got = staff.post(&format!("/review/{id}/accept"), &[]).await;
    assert!(got.place().starts_with("/cases/"), "{}", got.status);
}

const BIRTH: &str = "/referral/parties/1/date_of_birth";

/// A draft that is in doubt between two days of birth.
fn between_two_days() -> ParsedMessage {
    let mut draft = parsed();
    draft.checks.push(Check {
        path: BIRTH.into(),
        code: "ambiguous_date".into(),
        detail: "\"17/4/91\" can be read in more than one way".into(),
        candidates: vec!["1991-04-17".into(), "1991-05-17".into()],
    });
    draft
}

async fn choose(staff: &mut Browser, world: &World, seen: &str, value: &str) -> u16 {
    let chosen = format!("{BIRTH} {value}");
    let fields = [("group", "message"), ("seen", seen), ("choose", chosen.as_str())];
    let got = staff
        .post(&world.path("/review/{message}/correct"), &fields)
        .await;
    got.status.as_u16()
}

#[tokio::test]
async fn one_press_chooses_one_of_the_values_that_a_doubt_is_between() {
    let world = World::with(&between_two_days()).await;
    let mut staff = world.browser(Who::Staff).await;
    let page = staff.get(&world.path("/review/{message}")).await.body;
    for value in ["1991-04-17", "1991-05-17"] {
        let chosen = format!("{BIRTH} {value}");
        let form = markup::attribute(&page, "value", &chosen, "form");
        assert_eq!(form.as_deref(), Some("choose"), "{value}");
    }
    assert_eq!(
        choose(&mut staff, &world, "0", "1850-01-01").await,
        409,
        "it was not offered"
    );
    assert_eq!(choose(&mut staff, &world, "0", "1991-05-17").await, 303);
    let draft = world.store.parsed(world.to_review).await.unwrap().unwrap();
    assert!(draft.checks.iter().all(|check| check.path != BIRTH));
    let victim = &draft.referral.unwrap().parties[1];
    assert_eq!(victim.date_of_birth.as_deref(), Some("1991-05-17"));
    assert_eq!(
        choose(&mut staff, &world, "1", "1991-04-17").await,
        409,
        "the doubt is settled"
    );
    let history = markup::text(&staff.get(&world.path("/review/{message}")).await.body);
    let history = &history[history.find("Changes of this draft").unwrap()..];
    assert!(history.contains("1991-04-17") && history.contains("1991-05-17"));
}

#[tokio::test]
async fn choosing_the_value_that_stands_there_settles_the_doubt_alone() {
    let world = World::with(&between_two_days()).await;
    let mut staff = world.browser(Who::Staff).await;
    assert_eq!(choose(&mut staff, &world, "0", "1991-04-17").await, 303);
    let draft = world.store.parsed(world.to_review).await.unwrap().unwrap();
    assert!(draft.checks.iter().all(|check| check.path != BIRTH));
    let victim = &draft.referral.unwrap().parties[1];
    assert_eq!(victim.date_of_birth.as_deref(), Some("1991-04-17"));
    let page = markup::text(&staff.get(&world.path("/review/{message}")).await.body);
    assert!(page.contains("Settled: Ambiguous date"));
}

#[tokio::test]
async fn what_was_decided_offers_no_choice() {
    let world = World::with(&between_two_days()).await;
    let mut staff = world.browser(Who::Staff).await;
    staff.post(&world.path("/review/{message}/accept"), &[]).await;
    let page = staff.get(&world.path("/review/{message}")).await.body;
    assert!(page.contains("can be read in more than one way") && !page.contains("name=\"choose\""));
}
