//! Signing in: two steps, used-up codes, delays, sessions.

use crate::browser::{Browser, Got};
use crate::markup;
use crate::support::{Home, parsed};
use crate::world::{PASSWORD, Who, World, settings};
use referrald::store::{Actor, StaffRole};
use referrald::web::{BreachedPasswords, WebSettings};

/// The password step in a new browser.
async fn with_password(world: &World, name: &str, password: &str) -> (Browser, Got) {
    let mut browser = Browser::new(world.router.clone());
    let page = browser.get("/sign-in").await;
    let token = page.token();
    let fields = [("token", token.as_str()), ("name", name), ("password", password)];
    let got = browser.send("/sign-in", &fields).await;
    (browser, got)
}

/// The first sign-in: gives the browser and the recovery codes.
async fn enrolled(world: &World, name: &str) -> (Browser, Vec<String>) {
    world.account(name).await;
    let (mut browser, got) = with_password(world, name, PASSWORD).await;
    assert_eq!(got.place(), "/sign-in/code");
    assert_eq!(browser.get("/sign-in/code").await.place(), "/sign-in/set-up");
    let page = browser.get("/sign-in/set-up").await;
    assert!(page.body.contains("<svg") && page.body.contains("<path d=\"M"));
    let code = world.code(name).await;
    let done = browser.post("/sign-in/set-up", &[("code", &code)]).await;
    assert_eq!(done.status, 200);
    let items = done.body.split("<li>").skip(1);
    let items = items.filter_map(|item| item.split("</li>").next());
    let codes: Vec<String> = items.filter(|item| item.len() == 19).map(str::to_owned).collect();
    (browser, codes)
}

#[tokio::test]
async fn password_then_code_and_every_step_gives_a_new_token() {
    let world = World::new().await;
    world.account("r.case").await;
    let mut browser = Browser::new(world.router.clone());
    let page = browser.get("/sign-in").await;
    let first = browser.cookie.clone().unwrap().1;
    let token = page.token();
    let fields = [
        ("token", token.as_str()),
        ("name", "R.Case"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.send("/sign-in", &fields).await.place(), "/sign-in/code");
    let second = browser.cookie.clone().unwrap().1;
    // The password alone opens nothing.
    assert_eq!(browser.get("/").await.place(), "/sign-in/code");
    assert_eq!(browser.get("/cases").await.place(), "/sign-in/code");
    let code = world.code("r.case").await;
    let done = browser.post("/sign-in/set-up", &[("code", &code)]).await;
    assert_eq!(done.status, 200);
    let third = browser.cookie.clone().unwrap().1;
    assert_eq!(browser.get("/").await.status, 200);
    assert!(first != second && second != third && first != third);
    // Whoever had planted or seen an earlier token has nothing by it.
    for old in [first, second] {
        let mut other = Browser::new(world.router.clone());
        other.cookie = Some(("referrald".into(), old));
        assert_eq!(other.get("/").await.place(), "/sign-in");
    }
}

#[tokio::test]
async fn a_code_is_taken_once() {
    let world = World::new().await;
    enrolled(&world, "r.case").await;
    let used = world.code("r.case").await;
    let (mut browser, _) = with_password(&world, "r.case", PASSWORD).await;
    let again = browser.post("/sign-in/code", &[("code", &used)]).await;
    assert!(again.status == 200 && again.body.contains("There is a problem"));
    assert_eq!(browser.get("/").await.place(), "/sign-in/code");
    world.clock.step(30);
    let next = world.code("r.case").await;
    assert_eq!(
        browser.post("/sign-in/code", &[("code", &next)]).await.place(),
        "/"
    );
    assert_eq!(browser.get("/").await.status, 200);
    // A second browser with the same code, and one with an earlier step.
    for old in [used, next] {
        let (mut other, _) = with_password(&world, "r.case", PASSWORD).await;
        let got = other.post("/sign-in/code", &[("code", &old)]).await;
        assert!(got.body.contains("There is a problem"));
    }
}

#[tokio::test]
async fn a_recovery_code_is_taken_once_and_only_for_its_account() {
    recovery_codes(World::new().await).await;
}

#[tokio::test]
async fn postgres_keeps_accounts_codes_and_sessions_alike() {
    let world = World::on(Home::postgres(), &parsed()).await;
    let mut staff = world.browser(Who::Staff).await;
    for path in ["/", "/cases", "/outbound", "/audit", "/account"] {
        assert_eq!(staff.get(path).await.status, 200, "{path}");
    }
    recovery_codes(world).await;
}

async fn recovery_codes(world: World) {
    let (_, codes) = enrolled(&world, "r.case").await;
    assert_eq!(codes.len(), 10, "{codes:?}");
    enrolled(&world, "other").await;
    let (mut other, _) = with_password(&world, "other", PASSWORD).await;
    let got = other.post("/sign-in/recovery", &[("recovery", &codes[0])]).await;
    assert!(got.body.contains("There is a problem"));
    let (mut browser, _) = with_password(&world, "r.case", PASSWORD).await;
    let got = browser
        .post("/sign-in/recovery", &[("recovery", &codes[0].to_lowercase())])
        .await;
    assert_eq!(got.place(), "/");
    assert_eq!(browser.get("/").await.status, 200);
    let (mut again, _) = with_password(&world, "r.case", PASSWORD).await;
    let got = again.post("/sign-in/recovery", &[("recovery", &codes[0])]).await;
    assert!(got.body.contains("There is a problem"));
    let got = again.post("/sign-in/recovery", &[("recovery", &codes[1])]).await;
    assert_eq!(got.place(), "/");
}

#[tokio::test]
async fn the_second_step_is_set_up_once() {
    let world = World::new().await;
    enrolled(&world, "r.case").await;
    let before = world.secret("r.case").await;
    let (mut browser, _) = with_password(&world, "r.case", PASSWORD).await;
    assert_eq!(browser.get("/sign-in/set-up").await.place(), "/sign-in/code");
    world.clock.step(60);
    let code = world.code("r.case").await;
    let got = browser.post("/sign-in/set-up", &[("code", &code)]).await;
    assert_eq!(got.place(), "/sign-in/code");
    assert_eq!(world.secret("r.case").await, before);
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    let world = World::new().await;
    world.account("r.case").await;
    let (_, known) = with_password(&world, "r.case", "wrong horse battery").await;
    let (_, unknown) = with_password(&world, "nobody", "wrong horse battery").await;
    let without_token = |got: &Got| got.body.replace(&got.token(), "");
    assert_eq!(known.status, unknown.status);
    assert_eq!(without_token(&known), without_token(&unknown));
    let failed = world.audit().await;
    let failed = failed
        .iter()
        .filter(|(_, action)| action == "staff.sign_in_failed");
    assert_eq!(failed.count(), 2);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_ends_by_itself() {
    let world = World::new().await;
    world.account("r.case").await;
    let mut refused = 0;
    for _ in 0..12 {
        let (_, got) = with_password(&world, "r.case", "wrong horse battery").await;
        if got.status == 429 {
            assert!(got.header("retry-after").parse::<u64>().unwrap() > 0);
            refused += 1;
        }
    }
    assert_eq!(refused, 7, "five tries are free");
    // Not even the right password counts now.
    assert_eq!(with_password(&world, "r.case", PASSWORD).await.1.status, 429);
    world.clock.step(5);
    let got = with_password(&world, "r.case", PASSWORD).await.1;
    assert_eq!(got.place(), "/sign-in/code");
    // A fitting password begins anew.
    let (_, got) = with_password(&world, "r.case", "wrong horse battery").await;
    assert_eq!(got.status, 200);
}

#[tokio::test]
async fn guessing_codes_ends_the_session_and_is_slowed_down() {
    let world = World::new().await;
    enrolled(&world, "r.case").await;
    world.clock.step(60);
    let (mut browser, _) = with_password(&world, "r.case", PASSWORD).await;
    let wrong = match world.code("r.case").await.as_str() {
        "000000" => "000001",
        _ => "000000",
    };
    let mut last = None;
    for _ in 0..5 {
        last = Some(browser.post("/sign-in/code", &[("code", wrong)]).await);
    }
    assert_eq!(last.unwrap().place(), "/sign-in");
    assert_eq!(browser.get("/sign-in/code").await.place(), "/sign-in");
    let (mut browser, _) = with_password(&world, "r.case", PASSWORD).await;
    let right = world.code("r.case").await;
    let got = browser.post("/sign-in/code", &[("code", &right)]).await;
    assert_eq!(got.status, 429);
    world.clock.step(900);
}

#[tokio::test]
async fn sessions_end_when_idle_and_in_any_case() {
    let world = World::new().await;
    let mut browser = world.browser(Who::Staff).await;
    world.clock.step(14 * 60);
    assert_eq!(browser.get("/").await.status, 200);
    world.clock.step(14 * 60);
    assert_eq!(browser.get("/").await.status, 200);
    world.clock.step(15 * 60);
    assert_eq!(browser.get("/").await.place(), "/sign-in");
    let mut browser = world.browser(Who::Staff).await;
    let mut minutes = 0;
    while browser.get("/").await.status == 200 {
        world.clock.step(600);
        minutes += 10;
        assert!(minutes <= 480);
    }
    assert_eq!(minutes, 480);
}

#[tokio::test]
async fn signing_out_and_ending_other_sessions() {
    let world = World::new().await;
    let mut one = world.browser(Who::Staff).await;
    let mut two = world.browser(Who::Staff).await;
    let page = one.get("/account").await;
    let other = markup::attribute(&page.body, "name", "session", "value").unwrap();
    assert_eq!(
        one.post("/account/end-session", &[("session", &other)])
            .await
            .place(),
        "/account?done=session-ended"
    );
    assert_eq!(two.get("/").await.place(), "/sign-in");
    // Nobody ends somebody else's.
    let mut administrator = world.browser(Who::Administrator).await;
    let page = world.browser(Who::Staff).await.get("/account").await;
    let foreign = markup::attribute(&page.body, "name", "session", "value").unwrap();
    let got = administrator
        .post("/account/end-session", &[("session", &foreign)])
        .await;
    assert_eq!(got.status, 404);
    let kept = one.cookie.clone();
    assert_eq!(one.post("/sign-out", &[]).await.place(), "/sign-in");
    let mut old = Browser::new(world.router.clone());
    old.cookie = kept;
    assert_eq!(old.get("/").await.place(), "/sign-in");
}

#[tokio::test]
async fn removing_and_resetting_an_account_end_its_sessions() {
    let world = World::new().await;
    let (mut browser, _) = enrolled(&world, "r.case").await;
    let admin = Actor("admin".into());
    assert!(
        world
            .store
            .reset_second_step("r.case", &admin, world.now())
            .await
            .unwrap()
    );
    assert_eq!(browser.get("/").await.place(), "/sign-in");
    let (mut browser, _) = with_password(&world, "r.case", PASSWORD).await;
    assert_eq!(browser.get("/sign-in/code").await.place(), "/sign-in/set-up");
    assert!(
        world
            .store
            .remove_staff("r.case", &admin, world.now())
            .await
            .unwrap()
    );
    assert_eq!(browser.get("/sign-in/set-up").await.place(), "/sign-in");
    assert!(
        !world
            .store
            .remove_staff("r.case", &admin, world.now())
            .await
            .unwrap()
    );
    let missing = referrald::store::NewStaff {
        name: "v".into(),
        role: StaffRole::Volunteer {
            user: "not there".into(),
        },
        password_hash: String::new(),
    };
    assert!(
        world
            .store
            .put_staff(&missing, &admin, world.now())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_other_sites_and_plain_text() {
    let world = World::new().await;
    let got = Browser::new(world.router.clone()).get("/sign-in").await;
    let cookie = got.header("set-cookie");
    assert!(cookie.starts_with("referrald=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
    let mut secure = settings();
    secure.public_origin = Some("https://referrals.restorative.example".into());
    let mut browser = Browser::new(world.router_with(secure));
    browser.host = "referrals.restorative.example".into();
    let got = browser.get("/sign-in").await;
    let cookie = got.header("set-cookie");
    assert!(cookie.starts_with("__Host-referrald="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    assert_eq!(got.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn tokens_codes_and_names_do_not_stand_in_the_database() {
    let world = World::new().await;
    let (browser, codes) = enrolled(&world, "r.unmistakable").await;
    let bytes = world.home.bytes();
    let secret = world.secret("r.unmistakable").await;
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let cookie = browser.cookie.unwrap().1;
    use base64::Engine;
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(&cookie)
        .unwrap();
    assert!(!has(&token) && !has(cookie.as_bytes()) && !has(&secret));
    assert!(codes.iter().all(|code| !has(code.replace(' ', "").as_bytes())));
    assert!(!has(b"$argon2id$"));
}

/// A file in the format of Pwned Passwords that holds one password.
fn breached(password: &str) -> tempfile::NamedTempFile {
    use sha1::{Digest, Sha1};
    let hash = Sha1::digest(password.as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{hash}:52256179\r\n")).unwrap();
    file
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it_and_other_browsers_are_signed_out() {
    let mut world = World::new().await;
    let file = breached("password1234");
    let breached = Some(BreachedPasswords::new(file.path()));
    world.router = world.router_with(WebSettings {
        breached,
        ..settings()
    });
    let (mut other, _) = enrolled(&world, "r.case").await;
    world.clock.step(30);
    let (mut browser, _) = with_password(&world, "r.case", PASSWORD).await;
    let code = world.code("r.case").await;
    browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(other.get("/").await.status, 200);
    let mut refused = Vec::new();
    for (current, new, again, why) in [
        (
            "wrong horse battery",
            "violet kettle moon",
            "violet kettle moon",
            "is another one",
        ),
        (PASSWORD, "violet kettle moon", "violet kettle soon", "differ"),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, "password1234", "password1234", "known from a breach"),
    ] {
        let fields = [("current", current), ("new", new), ("again", again)];
        let got = browser.post("/account/password", &fields).await;
        if got.status != 409 || !got.body.contains(why) {
            refused.push(format!("{why}: {}", got.status));
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(other.get("/").await.status, 200, "nothing was changed");
    let new = "violet kettle moon";
    let fields = [("current", PASSWORD), ("new", new), ("again", new)];
    let got = browser.post("/account/password", &fields).await;
    assert_eq!(got.place(), "/account?done=password-changed");
    assert_eq!(browser.get("/").await.status, 200);
    assert_eq!(other.get("/").await.place(), "/sign-in");
    let (_, got) = with_password(&world, "r.case", PASSWORD).await;
    assert!(got.body.contains("There is a problem"));
    let (_, got) = with_password(&world, "r.case", new).await;
    assert_eq!(got.place(), "/sign-in/code");
    let account = world.store.staff("r.case").await.unwrap().unwrap();
    assert!(account.role == StaffRole::Staff && account.second_step.is_some());
    let change = ("r.case".to_owned(), "staff.password_changed".to_owned());
    assert!(world.audit().await.contains(&change));
}
