//! The staff pages in a real browser: accessibility, small windows, large letters, the keyboard alone, no JavaScript.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic
)]

#[path = "browser/accessibility.rs"]
mod accessibility;
#[path = "web/browser.rs"]
#[allow(dead_code)]
mod browser;
#[path = "browser/chromium.rs"]
mod chromium;
#[path = "browser/keys.rs"]
mod keys;
#[path = "browser/layout.rs"]
mod layout;
#[path = "web/markup.rs"]
#[allow(dead_code)]
mod markup;
#[path = "support/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "browser/screenshots.rs"]
mod screenshots;
#[path = "browser/served.rs"]
mod served;
#[path = "web/service.rs"]
mod service;
#[allow(dead_code, unused_macros)]
#[macro_use]
#[path = "keeping/support.rs"]
mod support;
#[path = "browser/tasks.rs"]
mod tasks;
#[path = "browser/tour.rs"]
mod tour;
#[path = "browser/walks.rs"]
mod walks;
#[path = "web/world.rs"]
#[allow(dead_code)]
mod world;
