//! Forms from elsewhere, hosts that are not ours, oversized and odd requests; headers of every answer.

use crate::browser::{Browser, form_token};
use crate::world::{Who, World, settings};
use axum::body::Body;
use referrald::web::route_table;

#[tokio::test]
async fn forms_are_taken_from_our_own_pages_only() {
    let world = World::new().await;
    let path = world.path("/review/{message}/set-aside");
    let mut browser = world.browser(Who::Staff).await;
    let cookie = browser.cookie.clone().unwrap().1;
    let right = form_token(&cookie);
    assert_eq!(browser.send(&path, &[]).await.status, 403);
    assert_eq!(browser.send(&path, &[("token", "wrong")]).await.status, 403);
    let mut other = world.browser(Who::Staff).await;
    let theirs = form_token(&other.cookie.clone().unwrap().1);
    assert_eq!(browser.send(&path, &[("token", &theirs)]).await.status, 403);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        browser.more = vec![(name, value.into())];
        let got = browser.send(&path, &[("token", &right)]).await;
        assert_eq!(got.status, 403, "{name}: {value}");
    }
    assert!(
        world.store.review_queue(0, 10).await.unwrap().len() == 2,
        "nothing was changed"
    );
    // Our own origin, from a browser that does not say the site.
    other.more = vec![("origin", "http://127.0.0.1:8080".into())];
    assert_eq!(other.send(&path, &[("token", &theirs)]).await.status, 303);
}

#[tokio::test]
async fn signing_in_needs_a_form_of_ours_too() {
    let world = World::new().await;
    world.account("r.case").await;
    let mut browser = Browser::new(world.router.clone());
    let fields = [("name", "r.case"), ("password", crate::world::PASSWORD)];
    assert_eq!(browser.post("/sign-in", &fields).await.status, 403);
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn only_our_own_hosts_are_answered() {
    let world = World::new().await;
    for (host, status) in [
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("evil.example", 421),
        ("127.0.0.1:8080.evil.example", 421),
        ("", 421),
    ] {
        let mut browser = Browser::new(world.router.clone());
        browser.host = host.into();
        assert_eq!(browser.get("/sign-in").await.status, status, "{host}");
    }
}

#[tokio::test]
async fn what_is_too_large_or_no_form_changes_nothing() {
    let world = World::new().await;
    let mut browser = world.browser(Who::Staff).await;
    let token = form_token(&browser.cookie.clone().unwrap().1);
    let path = format!("/cases/{}/note", world.reference);
    let large = format!("token={token}&side=victim&text={}", "x".repeat(70_000));
    assert_eq!(browser.ask("POST", &path, Body::from(large)).await.status, 400);
    let long = format!("token={token}&side=victim&text={}", "x".repeat(30_000));
    assert_eq!(browser.ask("POST", &path, Body::from(long)).await.status, 409);
    for odd in ["\0", "=&=&=", "token", "%ff%fe=%00", "side=victim&side=offender"] {
        let got = browser.ask("POST", &path, Body::from(odd)).await;
        assert!(got.status == 400 || got.status == 403, "{odd:?}: {}", got.status);
    }
}

#[tokio::test]
async fn paths_lead_nowhere_but_to_routes() {
    let world = World::new().await;
    let mut browser = world.browser(Who::Staff).await;
    for path in [
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets//etc/passwd",
        "/assets/govuk.css%00.html",
        "/assets/",
        "/cases/..%2f..%2f",
        "/cases/RJ-2026-99999",
        "/cases/%0d%0aSet-Cookie:%20x=y",
        "/cases/RJ-2026-00001%0d%0aX:%20y",
        "/review/not-an-id",
        "/review/00000000-0000-0000-0000-000000000000",
        "/outbound/00000000-0000-0000-0000-000000000000",
        "/report/2026-13",
        "/report/9999-12",
        "/report/2026-11%0d%0aX:y",
        "/nothing",
        "//evil.example/",
    ] {
        let got = browser.get(path).await;
        assert!(got.status == 404 || got.status == 400, "{path}: {}", got.status);
        assert!(
            !got.headers.contains_key("x") && !got.headers.contains_key("set-cookie"),
            "{path}"
        );
    }
    let got = browser.ask("DELETE", "/cases", Body::empty()).await;
    assert!(got.status == 404 || got.status == 403);
}

#[tokio::test]
async fn a_redirect_leads_to_what_was_found_never_to_what_was_sent() {
    let world = World::new().await;
    let mut browser = world.browser(Who::Staff).await;
    for value in [
        "RJ-2026-00001\r\nSet-Cookie: a=b",
        "//evil.example",
        "https://evil.example",
        "RJ-2026-00001/../../x",
    ] {
        let got = browser
            .post("/cases/search", &[("by", "case"), ("value", value)])
            .await;
        assert!(got.place().is_empty(), "{value:?} leads to {}", got.place());
    }
    let got = browser
        .post("/cases/search", &[("by", "case"), ("value", " rj-2026-00001 ")])
        .await;
    assert_eq!(got.place(), "/cases/RJ-2026-00001");
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let world = World::new().await;
    let mut paths: Vec<String> = route_table().iter().map(|entry| world.path(entry.path)).collect();
    paths.push("/nothing".into());
    for who in [Who::Nobody, Who::Staff] {
        for path in &paths {
            for method in ["GET", "POST", "PUT"] {
                let got = world.browser(who).await.ask(method, path, Body::empty()).await;
                let what = format!("{method} {path} {who:?}");
                let policy = got.header("content-security-policy");
                for part in [
                    "default-src 'none'",
                    "style-src 'self'",
                    "form-action 'self'",
                    "frame-ancestors 'none'",
                    "base-uri 'none'",
                ] {
                    assert!(policy.contains(part), "{what}: {policy}");
                }
                assert!(
                    !policy.contains("unsafe") && !policy.contains("script-src"),
                    "{what}"
                );
                assert_eq!(got.header("x-content-type-options"), "nosniff", "{what}");
                assert_eq!(got.header("referrer-policy"), "no-referrer", "{what}");
                assert_eq!(got.header("cross-origin-opener-policy"), "same-origin", "{what}");
                assert_eq!(
                    got.header("cross-origin-resource-policy"),
                    "same-origin",
                    "{what}"
                );
                let cache = match path.starts_with("/assets/") && got.status == 200 {
                    true => "public, max-age=3600",
                    false => "no-store",
                };
                assert_eq!(got.header("cache-control"), cache, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_each_address_is_slowed_down_by_itself() {
    let world = World::new().await;
    world.account("r.case").await;
    let mut secure = settings();
    secure.public_origin = Some("https://referrals.restorative.example".into());
    let router = world.router_with(secure);
    let ask = async |forwarded: &str, password: &str| {
        let mut browser = Browser::new(router.clone());
        browser.host = "referrals.restorative.example".into();
        browser.more.push(("x-forwarded-for", forwarded.into()));
        let token = browser.get("/sign-in").await.token();
        let fields = [
            ("token", token.as_str()),
            ("name", "r.case"),
            ("password", password),
        ];
        browser.send("/sign-in", &fields).await.status
    };
    for number in 0..8 {
        // What the client itself claims stands first and counts for nothing.
        ask(&format!("198.51.100.{number}, 192.0.2.1"), "wrong horse battery").await;
    }
    assert_eq!(ask("192.0.2.1", crate::world::PASSWORD).await, 429);
    assert_eq!(ask("192.0.2.2", crate::world::PASSWORD).await, 303);
}

#[tokio::test]
async fn documents_are_saved_never_shown() {
    let world = World::new().await;
    let mut browser = world.browser(Who::Staff).await;
    let path = world.path("/cases/{case}/documents/{side}/{document}");
    let got = browser.get(&path).await;
    assert_eq!(got.header("content-type"), "application/octet-stream");
    let name = "attachment; filename*=UTF-8''signed%20form.pdf";
    assert_eq!(got.header("content-disposition"), name);
    assert_eq!(got.body, "%PDF-1.7 <script>");
}
