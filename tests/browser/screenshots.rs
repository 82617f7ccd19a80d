//! Pictures of the pages for the documentation: `make screenshots`.

use crate::chromium::{Chromium, Look};
use crate::served::Served;
use crate::tour;
use crate::world::{Who, World};
use std::path::{Path, PathBuf};

/// Name of the picture, who looks, and at what.
const SHOTS: [(&str, Who, &str); 20] = [
    ("home", Who::Staff, "/"),
    ("review", Who::Staff, "/review/{message}"),
    ("correct", Who::Staff, "/review/{message}?edit=referral-parties-0"),
    ("reject", Who::Staff, "/review/{message}/reject"),
    ("ask-referrer", Who::Staff, "/review/{message}/ask"),
    ("cases", Who::Staff, "/cases"),
    ("case", Who::Staff, "/cases/{case}"),
    ("person", Who::Staff, "/cases/{case}/files/{side}/people/{person}"),
    ("destroy", Who::Staff, "/cases/{case}/destroy"),
    ("held-mail", Who::Staff, "/outbound/{mail}"),
    ("failed-mail", Who::Staff, "/failed"),
    ("mailbox", Who::Staff, "/mailbox"),
    ("report", Who::Staff, "/report/{month}"),
    ("own-account", Who::Staff, "/account"),
    ("case-volunteer", Who::WithFile, "/cases/{case}"),
    ("sent", Who::WithFile, "/sent"),
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

/// With `PICTURES_TO=FOLDER` of every page, for the documentation; otherwise of the first one, to nowhere.
#[tokio::test]
async fn pictures_of_the_pages() {
    let nowhere = tempfile::tempdir().unwrap();
    let wanted = std::env::var_os("PICTURES_TO").map(PathBuf::from);
    let folder = wanted.clone().unwrap_or_else(|| nowhere.path().to_owned());
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
        if wanted.is_none() {
            let picture = std::fs::read(folder.join("home.png")).unwrap();
            assert!(picture.starts_with(b"\x89PNG") && picture.len() > 10_000);
            served.stop().await;
            return;
        }
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
