//! Pictures of the pages for the documentation: `make screenshots`.

use crate::chromium::{Chromium, Look};
use crate::served::Served;
use crate::tour;
use crate::world::{Who, World};
use std::path::Path;

/// Name of the picture, who looks, and at what.
const SHOTS: [(&str, Who, &str); 16] = [
    ("home", Who::Staff, "/"),
    ("review", Who::Staff, "/review/{message}"),
    ("reject", Who::Staff, "/review/{message}/reject"),
    ("ask-referrer", Who::Staff, "/review/{message}/ask"),
    ("cases", Who::Staff, "/cases"),
    ("case", Who::Staff, "/cases/{case}"),
    ("held-mail", Who::Staff, "/outbound/{mail}"),
    ("failed-mail", Who::Staff, "/failed"),
    ("mailbox", Who::Staff, "/mailbox"),
    ("report", Who::Staff, "/report/{month}"),
    ("own-account", Who::Staff, "/account"),
    ("case-volunteer", Who::WithFile, "/cases/{case}"),
    ("write", Who::WithFile, "/write"),
    ("audit", Who::Administrator, "/audit"),
    ("accounts", Who::Administrator, "/staff"),
    ("settings", Who::Administrator, "/settings"),
];

/// Lowest and highest picture, in pixels.
const MIN_HEIGHT: u32 = 500;
const MAX_HEIGHT: u32 = 1600;

async fn shoot(chromium: &Chromium, folder: &Path, name: &str) {
    // The frame of the window is part of its size.
    let height = "return document.documentElement.scrollHeight + outerHeight - innerHeight";
    chromium.client.set_window_size(1280, MIN_HEIGHT).await.unwrap();
    let height = chromium.ask(height).await.unwrap().as_u64().unwrap();
    let height = u32::try_from(height).unwrap_or(MAX_HEIGHT);
    let height = height.clamp(MIN_HEIGHT, MAX_HEIGHT);
    chromium.client.set_window_size(1280, height).await.unwrap();
    let picture = chromium.client.screenshot().await.unwrap();
    std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}

#[tokio::test]
#[ignore = "writes docs/pages: make screenshots"]
async fn pictures_of_the_pages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pages");
    std::fs::create_dir_all(&folder).unwrap();
    let served = Served::new(tour::full().await).await;
    let world: &World = &served.world;
    let chromium = Chromium::start(Look::Desk, &served.origin).await;
    let mut looking = None;
    for (name, who, path) in SHOTS {
        if looking.replace(who) != Some(who) {
            chromium.become_like(&world.browser(who).await).await;
        }
        chromium.open(&world.path(path)).await;
        shoot(&chromium, &folder, name).await;
    }
    chromium.become_like(&world.browser(Who::Nobody).await).await;
    chromium.open("/sign-in").await;
    shoot(&chromium, &folder, "sign-in").await;
    tour::walk_to(&chromium, world, "second step to set up").await;
    shoot(&chromium, &folder, "second-step").await;
    tour::walk_to(&chromium, world, "mail shown before it is sent").await;
    shoot(&chromium, &folder, "write-preview").await;
    served.stop().await;
}
