//! The staff pages: who may what, sign-in, forms from elsewhere, what leaves in pages, headers and logs.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic
)]

#[path = "web/authorisation.rs"]
mod authorisation;
#[path = "web/browser.rs"]
mod browser;
#[path = "web/changes.rs"]
mod changes;
#[path = "web/correct.rs"]
mod correct;
#[path = "web/edges.rs"]
mod edges;
#[path = "web/failed.rs"]
mod failed;
#[path = "web/fixtures.rs"]
mod fixtures;
#[path = "web/markup.rs"]
mod markup;
#[path = "web/menu.rs"]
mod menu;
#[path = "web/network.rs"]
mod network;
#[path = "web/pages.rs"]
mod pages;
#[path = "support/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "web/service.rs"]
mod service;
#[path = "web/sign_in.rs"]
mod sign_in;
#[allow(dead_code, unused_macros)]
#[macro_use]
#[path = "keeping/support.rs"]
mod support;
#[path = "support/tls.rs"]
#[allow(dead_code)]
mod tls;
#[path = "web/world.rs"]
mod world;
#[path = "web/write.rs"]
mod write;
