//! Sign-in, accepting a referral and releasing held mail, by the keyboard alone and without JavaScript.

use crate::chromium::{Chromium, Look};
use crate::keys::{FOCUS, strike, tab_and_enter, tab_to, write};
use crate::served::Served;
use crate::tour;
use crate::world::{PASSWORD, Who, World};
use fantoccini::key::Key;
use serde_json::json;

#[tokio::test]
async fn signing_in_accepting_and_releasing_by_the_keyboard_alone() {
    let served = Served::new(World::new().await).await;
    let world = &served.world;
    let chromium = Chromium::start(Look::Desk, &served.origin).await;
    world.account("r.case").await;
    chromium.open("/").await;
    chromium.wait_for_heading("Sign in").await;
    tab_to(&chromium, "Name").await;
    write(&chromium, "r.case").await;
    tab_to(&chromium, "Password").await;
    write(&chromium, PASSWORD).await;
    strike(&chromium, Key::Enter).await;
    chromium.wait_for_heading("Set up").await;
    tab_to(&chromium, "Code that the app shows").await;
    write(&chromium, &world.code("r.case").await).await;
    strike(&chromium, Key::Enter).await;
    chromium.wait_for_heading("Keep your recovery codes").await;
    tab_and_enter(&chromium, "I have kept them").await;
    chromium.wait_for_heading("What needs you").await;
    tab_and_enter(&chromium, "Referral").await;
    chromium.wait_for_heading("Referral").await;
    tab_and_enter(&chromium, "Accept").await;
    chromium.wait_for_heading("RJ-2026-00002").await;
    tab_and_enter(&chromium, "Held mail").await;
    chromium.wait_for_heading("Held mail").await;
    tab_and_enter(&chromium, &first_link(&chromium).await).await;
    chromium.wait_for_heading("Recipient 1").await;
    tab_and_enter(&chromium, "Release").await;
    chromium.wait_for_heading("Held mail").await;
    assert!(world.store.held_outbound(0, 1).await.unwrap().is_empty());
    served.stop().await;
}

/// The text of the first link of the list.
async fn first_link(chromium: &Chromium) -> String {
    let link = fantoccini::Locator::Css("main td a");
    let link = chromium.client.wait().for_element(link).await.unwrap();
    link.text().await.unwrap()
}

#[tokio::test]
async fn signing_in_accepting_and_releasing_without_javascript() {
    let served = Served::new(World::new().await).await;
    let world = &served.world;
    let chromium = Chromium::start(Look::NoScript, &served.origin).await;
    // The browser runs no script of a page.
    chromium
        .client
        .goto("data:text/html,<h1>Plain</h1><script>document.querySelector('h1').textContent='Ran'</script>")
        .await
        .unwrap();
    chromium.wait_for_heading("Plain").await;
    tour::set_up(&chromium, world, "r.case").await;
    chromium.open("/").await;
    chromium.follow("Referral").await;
    chromium.press("Accept").await;
    chromium.wait_for_heading("RJ-2026-00002").await;
    chromium.open(&world.path("/outbound/{mail}")).await;
    chromium.press("Release").await;
    chromium.wait_for_heading("Held mail").await;
    assert!(world.store.held_outbound(0, 1).await.unwrap().is_empty());
    served.stop().await;
}

#[tokio::test]
async fn the_first_tab_leads_past_the_menu() {
    let served = Served::new(World::new().await).await;
    let chromium = Chromium::start(Look::Desk, &served.origin).await;
    chromium
        .become_like(&served.world.browser(Who::Staff).await)
        .await;
    chromium.open("/").await;
    strike(&chromium, Key::Tab).await;
    let focus = chromium.ask(FOCUS).await.unwrap();
    assert_eq!(
        focus,
        json!({ "label": "Skip to main content", "seen": true, "inside": true })
    );
    strike(&chromium, Key::Enter).await;
    strike(&chromium, Key::Tab).await;
    let in_main = "return document.querySelector('main').contains(document.activeElement)";
    assert_eq!(chromium.ask(in_main).await.unwrap(), json!(true));
    served.stop().await;
}
