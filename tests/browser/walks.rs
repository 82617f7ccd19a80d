//! Reviewing with corrections, deciding, writing, and what is recorded of a person: by the keyboard alone and without JavaScript.

use crate::chromium::{Chromium, Look};
use crate::keys::{alt, strike, tab_and_enter, tab_to, write};
use crate::served::Served;
use crate::support::*;
use crate::world::{Who, World};
use fantoccini::Locator;
use fantoccini::key::Key;
use referrald::domain::*;
use referrald::store::*;

const OFFICER_OPEN: &str = "v.blackstock@police.example";
const BIRTH: &str = "/referral/parties/1/date_of_birth";
/// Most strokes for accepting a referral without doubts.
const MAX_STROKES: usize = 3;

/// A browser of somebody, at the pages of a world.
async fn started(world: World, look: Look, who: Who) -> (Served, Chromium) {
    let served = Served::new(world).await;
    let chromium = Chromium::start(look, &served.origin).await;
    chromium.become_like(&served.world.browser(who).await).await;
    (served, chromium)
}

/// Nothing is in doubt.
fn clean() -> ParsedMessage {
    let mut draft = parsed();
    draft.checks.clear();
    draft
}

/// The offender's consent is missing, and the victim's birth may have been on either of two days.
fn doubtful() -> ParsedMessage {
    let mut draft = parsed();
    draft.checks.push(Check {
        path: BIRTH.into(),
        code: "ambiguous_date".into(),
        detail: "4/5/1991".into(),
        candidates: vec!["1991-05-04".into(), "1991-04-05".into()],
    });
    draft
}

async fn draft(world: &World) -> ParsedMessage {
    world.store.parsed(world.to_review).await.unwrap().unwrap()
}

async fn state(world: &World) -> MessageState {
    world.store.message(world.to_review).await.unwrap().state
}

async fn case(world: &World) -> CaseSummary {
    let reference = CaseReference::parse(&world.reference).unwrap();
    let name = CaseName::Reference(reference);
    world.store.case_named(&name).await.unwrap()
}

/// The victim as the file has them.
async fn victim(world: &World) -> (Party, PartyProgress) {
    let case = case(world).await;
    let files = world.store.open_files(&staff(), case.id, world.now()).await;
    let mut files = files.unwrap().into_iter();
    let file = files.find(|file| file.side == Side::Victim).unwrap();
    let state = file.state.expose_personal();
    (state.referral.parties[0].clone(), state.progress[0].clone())
}

#[tokio::test]
async fn a_clean_referral_is_accepted_with_at_most_three_strokes() {
    let (served, chromium) = started(World::with(&clean()).await, Look::Desk, Who::Staff).await;
    chromium.open("/").await;
    chromium.wait_for_heading("What needs you").await;
    let strokes = ['n', 'a'];
    assert!(strokes.len() <= MAX_STROKES);
    let headings = ["Referral", "RJ-2026-00002"];
    for (stroke, heading) in strokes.into_iter().zip(headings) {
        alt(&chromium, stroke).await;
        chromium.wait_for_heading(heading).await;
    }
    assert_eq!(state(&served.world).await, MessageState::Accepted);
    served.stop().await;
}

#[tokio::test]
async fn a_doubtful_referral_is_settled_and_accepted_on_its_own_page_by_the_keyboard_alone() {
    let (served, chromium) = started(World::with(&doubtful()).await, Look::Desk, Who::Staff).await;
    let world = &served.world;
    let page = world.path("/review/{message}");
    chromium.open(&page).await;
    tab_and_enter(&chromium, "1991-04-05").await;
    chromium.wait_for_text("Settled: Ambiguous date").await;
    assert_eq!(chromium.path().await, page);
    tab_and_enter(&chromium, "It is right as it stands").await;
    chromium.wait_for_text("Settled: Consent missing").await;
    assert_eq!(chromium.path().await, page);
    let settled = draft(world).await;
    assert!(settled.checks.is_empty());
    let birth = settled.referral.unwrap().parties[1].date_of_birth.clone();
    assert_eq!(birth.as_deref(), Some("1991-04-05"));
    alt(&chromium, 'a').await;
    chromium.wait_for_heading("RJ-2026-00002").await;
    assert_eq!(state(world).await, MessageState::Accepted);
    served.stop().await;
}

#[tokio::test]
async fn a_draft_is_corrected_and_filed_by_the_keyboard_alone() {
    let (served, chromium) = started(World::new().await, Look::Desk, Who::Staff).await;
    let world = &served.world;
    chromium.open(&world.path("/review/{message}")).await;
    tab_and_enter(&chromium, "Correct Person harmed").await;
    let form = chromium.client.wait().for_element(Locator::Css("#edit")).await;
    form.unwrap();
    tab_to(&chromium, "Name").await;
    write(&chromium, "Margaret Tollington").await;
    tab_and_enter(&chromium, "Save").await;
    chromium.wait_for_text("Changes of this draft").await;
    let name = draft(world).await.referral.unwrap().parties[1].name.clone();
    assert_eq!(name.as_deref(), Some("Margaret Tollington"));
    alt(&chromium, 'f').await;
    write(&chromium, &world.reference).await;
    strike(&chromium, Key::Enter).await;
    chromium.wait_for_heading(&world.reference).await;
    assert_eq!(state(world).await, MessageState::Filed);
    served.stop().await;
}

#[tokio::test]
async fn a_message_is_rejected_by_the_keyboard_alone_and_asks_once() {
    let (served, chromium) = started(World::new().await, Look::Desk, Who::Staff).await;
    chromium.open(&served.world.path("/review/{message}")).await;
    alt(&chromium, 'r').await;
    chromium.wait_for_heading("Reject and destroy").await;
    assert_eq!(state(&served.world).await, MessageState::Read);
    tab_and_enter(&chromium, "Reject and destroy").await;
    chromium.wait_for_heading("What needs you").await;
    assert_eq!(state(&served.world).await, MessageState::Rejected);
    served.stop().await;
}

#[tokio::test]
async fn reviewing_with_corrections_and_deciding_works_without_javascript() {
    let (served, chromium) = started(World::with(&doubtful()).await, Look::NoScript, Who::Staff).await;
    let world = &served.world;
    let page = world.path("/review/{message}");
    chromium.open(&page).await;
    chromium.press("1991-04-05").await;
    chromium.wait_for_text("Settled: Ambiguous date").await;
    chromium.follow("Correct Person harmed").await;
    chromium.fill("/referral/parties/1/needs", "large print").await;
    chromium.press("Save").await;
    chromium.wait_for_text("large print").await;
    let corrected = draft(world).await.referral.unwrap().parties[1].clone();
    assert_eq!(corrected.date_of_birth.as_deref(), Some("1991-04-05"));
    assert_eq!(corrected.needs.as_deref(), Some("large print"));
    chromium.fill("case", &world.reference).await;
    chromium.press("File with this case").await;
    chromium.wait_for_heading(&world.reference).await;
    assert_eq!(state(world).await, MessageState::Filed);
    let other = read(&world.store, 40, &parsed()).await;
    chromium.open(&format!("/review/{other}")).await;
    chromium.follow("Reject").await;
    chromium.press("Reject and destroy").await;
    chromium.wait_for_heading("What needs you").await;
    let state = world.store.message(other).await.unwrap().state;
    assert_eq!(state, MessageState::Rejected);
    served.stop().await;
}

/// The mail that was handed in.
async fn handed_in(world: &World) -> SubmittedMail {
    let ids = world.store.unplanned_outbound(10).await.unwrap();
    assert_eq!(ids.len(), 1);
    world.store.outbound_mail(ids[0]).await.unwrap()
}

#[tokio::test]
async fn a_volunteer_writes_looks_and_sends_by_the_keyboard_alone() {
    let (served, chromium) = started(World::new().await, Look::Desk, Who::WithFile).await;
    chromium.open("/").await;
    tab_and_enter(&chromium, "Write").await;
    chromium.wait_for_heading("Write a liaison mail").await;
    tab_to(&chromium, "To").await;
    write(&chromium, OFFICER_OPEN).await;
    tab_to(&chromium, "Case").await;
    tab_to(&chromium, "Subject").await;
    write(&chromium, "next meeting").await;
    tab_to(&chromium, "Text").await;
    write(&chromium, &format!("Please tell {VICTIM} that Tuesday suits.")).await;
    tab_and_enter(&chromium, "Show what each recipient would get").await;
    chromium.wait_for_heading("What each recipient would get").await;
    chromium.wait_for_text("M.T.").await;
    tab_and_enter(&chromium, "Send this mail").await;
    chromium.wait_for_text("Taken over").await;
    let mail = handed_in(&served.world).await;
    assert_eq!(mail.account, "vol.with");
    assert_eq!(mail.recipients[0].expose_personal(), OFFICER_OPEN);
    tab_and_enter(&chromium, "Your mail").await;
    chromium.wait_for_heading("What became of your mail").await;
    chromium.wait_for_text(OFFICER_OPEN).await;
    served.stop().await;
}

#[tokio::test]
async fn a_volunteer_writes_looks_and_sends_without_javascript() {
    let (served, chromium) = started(World::new().await, Look::NoScript, Who::WithFile).await;
    chromium.open("/write").await;
    chromium.fill("to", OFFICER_OPEN).await;
    chromium.fill("subject", "next meeting").await;
    chromium
        .fill("text", &format!("Please tell {VICTIM} that Tuesday suits."))
        .await;
    chromium.press("Show what each recipient would get").await;
    chromium.wait_for_text("M.T.").await;
    chromium.press("Send this mail").await;
    chromium.wait_for_text("Taken over").await;
    assert_eq!(handed_in(&served.world).await.account, "vol.with");
    served.stop().await;
}

#[tokio::test]
async fn consent_contact_withdrawal_and_closing_are_recorded_by_the_keyboard_alone() {
    let (served, chromium) = started(World::new().await, Look::Desk, Who::Staff).await;
    let world = &served.world;
    chromium.open(&world.path("/cases/{case}")).await;
    tab_and_enter(&chromium, "1. ").await;
    chromium.wait_for_heading("person 1 on the file").await;
    tab_and_enter(&chromium, "Record an answer about consent").await;
    tab_to(&chromium, "On which day").await;
    write(&chromium, "14/3/2026").await;
    // The letter chooses "Said".
    tab_to(&chromium, "How it was given").await;
    write(&chromium, "s").await;
    tab_to(&chromium, "Who asked").await;
    write(&chromium, "R. Case").await;
    tab_and_enter(&chromium, "Record the answer").await;
    chromium.wait_for_text("R. Case").await;
    tab_and_enter(&chromium, "Decide how they are reached").await;
    tab_and_enter(&chromium, "Save the decision").await;
    chromium.wait_for_text("Way to reach themDirectly").await;
    assert_eq!(victim(world).await.1.route, Some(ContactRoute::WithConsent));
    tab_and_enter(&chromium, "Record that they withdrew").await;
    tab_to(&chromium, "On which day").await;
    write(&chromium, "1/9/2026").await;
    strike(&chromium, Key::Enter).await;
    chromium.wait_for_text("Withdrew 1 September 2026").await;
    let (party, progress) = victim(world).await;
    assert_eq!(party.consent.given_on.as_deref(), Some("2026-03-14"));
    assert_eq!(progress.route, Some(ContactRoute::DoNotContact));
    assert!(progress.withdrawn_on.is_some());
    tab_and_enter(&chromium, &world.reference).await;
    chromium
        .wait_for_heading(&format!("{} Open", world.reference))
        .await;
    tab_to(&chromium, "Why").await;
    // The letter chooses "Nobody could be reached".
    write(&chromium, "n").await;
    tab_and_enter(&chromium, "Close the case").await;
    chromium
        .wait_for_heading(&format!("{} Closed", world.reference))
        .await;
    assert_eq!(case(world).await.state, CaseState::Closed);
    served.stop().await;
}

#[tokio::test]
async fn consent_contact_withdrawal_and_closing_are_recorded_without_javascript() {
    let (served, chromium) = started(World::new().await, Look::NoScript, Who::Staff).await;
    let world = &served.world;
    let person = world.path("/cases/{case}/files/{side}/people/{person}");
    chromium.open(&person).await;
    chromium.unfold("Record an answer about consent").await;
    chromium.fill_id("victim-consent-on", "14/3/2026").await;
    chromium.choose("how", "verbal").await;
    chromium.fill_id("victim-consent-by", "R. Case").await;
    chromium.press("Record the answer").await;
    chromium.wait_for_text("R. Case").await;
    chromium.unfold("Decide how they are reached").await;
    chromium.press("Save the decision").await;
    chromium.wait_for_text("Way to reach themDirectly").await;
    assert_eq!(victim(world).await.1.route, Some(ContactRoute::WithConsent));
    chromium.unfold("Record that they withdrew").await;
    chromium.fill_id("victim-withdraw-on", "1/9/2026").await;
    chromium.press("Record the withdrawal").await;
    chromium.wait_for_text("Withdrew 1 September 2026").await;
    let (party, progress) = victim(world).await;
    assert_eq!(party.consent.given_on.as_deref(), Some("2026-03-14"));
    assert_eq!(progress.route, Some(ContactRoute::DoNotContact));
    chromium.open(&world.path("/cases/{case}")).await;
    chromium.choose("reason", "no_contact").await;
    chromium.press("Close the case").await;
    chromium
        .wait_for_heading(&format!("{} Closed", world.reference))
        .await;
    assert_eq!(case(world).await.state, CaseState::Closed);
    served.stop().await;
}
