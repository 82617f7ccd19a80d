//! Ways to every page of the route table.

use crate::chromium::Chromium;
use crate::support::{VICTIM, VICTIM_PHONE, parsed, read};
use crate::world::{PASSWORD, Who, World};
use referrald::domain::Kind;
use referrald::web::route_table;

/// A world with a withdrawal of consent besides.
pub(crate) async fn full() -> World {
    let world = World::new().await;
    let mut withdrawal = parsed();
    withdrawal.kind = Kind::ConsentWithdrawal;
    withdrawal.referral = None;
    read(&world.store, 3, &withdrawal).await;
    world
}

/// Everybody who sees a page of their own.
pub(crate) const LOOKERS: [Who; 4] = [Who::Nobody, Who::Staff, Who::WithFile, Who::Administrator];

/// Pages that stand at the end of a form, with the route that they belong to.
pub(crate) const FORM_PAGES: [(&str, &str); 9] = [
    ("draft being corrected", "GET /review/{message}"),
    ("sign-in failed", "POST /sign-in"),
    ("second step to set up", "GET /sign-in/set-up"),
    ("recovery codes", "POST /sign-in/set-up"),
    ("code asked for", "GET /sign-in/code"),
    ("code wrong", "POST /sign-in/code"),
    ("search results", "POST /cases/search"),
    ("mail shown before it is sent", "POST /write/preview"),
    ("mail with a fault", "POST /write/preview"),
];

/// A page that can be opened by its address.
pub(crate) struct Page {
    /// Method and path of the route table.
    pub(crate) route: &'static str,
    /// Path in this world.
    pub(crate) path: String,
}

fn name(method: &str, path: &str) -> &'static str {
    format!("{method} {path}").leak()
}

/// Every page that somebody may open by its address.
pub(crate) async fn pages_of(world: &World, who: Who) -> Vec<Page> {
    let mut browser = world.browser(who).await;
    let mut pages = Vec::new();
    for entry in route_table().iter().filter(|entry| entry.method == "GET") {
        let path = world.path(entry.path);
        let got = browser.get(&path).await;
        if got.status == 200 && got.header("content-type").starts_with("text/html") {
            pages.push(Page {
                route: name(entry.method, entry.path),
                path,
            });
        }
    }
    pages
}

/// Every route that leads to a page: those by address, but for files and redirects, and those by forms.
pub(crate) async fn page_routes(world: &World) -> Vec<&'static str> {
    let mut routes: Vec<_> = FORM_PAGES.iter().map(|(_, route)| *route).collect();
    for entry in route_table().iter().filter(|entry| entry.method == "GET") {
        let path = world.path(entry.path);
        let mut is_other = false;
        for who in LOOKERS {
            let got = world.browser(who).await.get(&path).await;
            let is_file = got.status == 200 && !got.header("content-type").starts_with("text/html");
            let is_elsewhere = got.status == 303 && !got.place().starts_with("/sign-in");
            // The certificate of a case that is not destroyed.
            let is_not_there = got.status == 409;
            is_other |= is_file || is_elsewhere || is_not_there;
        }
        if !is_other {
            routes.push(name(entry.method, entry.path));
        }
    }
    routes
}

/// Goes to one of [`FORM_PAGES`].
pub(crate) async fn walk_to(chromium: &Chromium, world: &World, page: &str) {
    let account = format!("tour.{}", page.replace(' ', "."));
    match page {
        "sign-in failed" => {
            enter_password(chromium, world, Who::Nobody, &account, "wrong horse battery").await;
            chromium.wait_for_heading("There is a problem").await;
        }
        "second step to set up" => {
            world.account(&account).await;
            enter_password(chromium, world, Who::Nobody, &account, PASSWORD).await;
            chromium.wait_for_heading("Set up").await;
        }
        "recovery codes" => set_up(chromium, world, &account).await,
        "code asked for" => ask_code(chromium, world, &account).await,
        "code wrong" => {
            ask_code(chromium, world, &account).await;
            chromium.fill("code", "12").await;
            chromium.press("Sign in").await;
        }
        "draft being corrected" => {
            chromium.become_like(&world.browser(Who::Staff).await).await;
            let path = world.path("/review/{message}?edit=referral-parties-0");
            chromium.open(&path).await;
        }
        "search results" => {
            chromium.become_like(&world.browser(Who::Staff).await).await;
            chromium.open("/cases").await;
            chromium.choose("by", "name").await;
            chromium.fill("value", VICTIM).await;
            chromium.press("Find").await;
            chromium.wait_for_heading("Search results").await;
        }
        "mail shown before it is sent" => {
            write_mail(chromium, world, "v.blackstock@police.example").await;
            chromium.wait_for_heading("What each recipient would get").await;
        }
        "mail with a fault" => {
            write_mail(chromium, world, "nobody").await;
            chromium.wait_for_heading("There is a problem").await;
        }
        other => panic!("no way to {other}"),
    }
}

async fn enter_password(chromium: &Chromium, world: &World, who: Who, name: &str, password: &str) {
    chromium.become_like(&world.browser(who).await).await;
    chromium.open("/sign-in").await;
    chromium.fill("name", name).await;
    chromium.fill("password", password).await;
    chromium.press("Continue").await;
}

/// Sets up the second step of a new account.
pub(crate) async fn set_up(chromium: &Chromium, world: &World, account: &str) {
    world.account(account).await;
    enter_password(chromium, world, Who::Nobody, account, PASSWORD).await;
    chromium.wait_for_heading("Set up").await;
    chromium.fill("code", &world.code(account).await).await;
    chromium.press("Continue").await;
    chromium.wait_for_heading("Keep your recovery codes").await;
}

async fn ask_code(chromium: &Chromium, world: &World, account: &str) {
    set_up(chromium, world, account).await;
    enter_password(chromium, world, Who::Nobody, account, PASSWORD).await;
    chromium.wait_for_heading("Enter your code").await;
}

async fn write_mail(chromium: &Chromium, world: &World, to: &str) {
    chromium.become_like(&world.browser(Who::WithFile).await).await;
    chromium.open("/write").await;
    chromium.fill("to", to).await;
    chromium.fill("subject", "next meeting").await;
    let text = format!("Please tell {VICTIM} that Tuesday suits. Her number is {VICTIM_PHONE}.");
    chromium.fill("text", &text).await;
    chromium.press("Show what each recipient would get").await;
}
