//! Mail that could not be read, the mailbox and the settings.

use crate::browser::Browser;
use crate::markup;
use crate::pages::HOSTILE;
use crate::support::*;
use crate::world::{UNREADABLE, Who, World, setting, settings};
use referrald::domain::*;
use referrald::store::*;

#[tokio::test]
async fn failed_mail_is_listed_with_its_reason_and_saved_as_a_file() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let list = markup::text(&staff.get("/failed").await.body);
    assert!(list.contains("the reading process stopped on this mail") && list.contains("1 in all"));
    assert!(markup::text(&staff.get("/").await.body).contains("Mail that could not be read (1)"));
    let got = staff.get(&world.path("/failed/{failed}/save")).await;
    assert_eq!(got.header("content-type"), "application/octet-stream");
    assert_eq!(
        got.header("content-disposition"),
        "attachment; filename=\"message.eml\""
    );
    assert_eq!(got.header("cache-control"), "no-store");
    assert_eq!(got.body, UNREADABLE);
    let audit = world.audit().await;
    assert!(
        audit.contains(&("Staff".to_owned(), "message.saved".to_owned())),
        "{audit:?}"
    );
    // What could be read is not handed out this way.
    let readable = format!("/failed/{}/save", world.to_review);
    assert_eq!(staff.get(&readable).await.status, 404);
}

async fn reads_again_and_sets_aside(world: &World) {
    let mut staff = world.browser(Who::Staff).await;
    let got = staff.post(&world.path("/failed/{failed}/read-again"), &[]).await;
    assert_eq!(got.place(), "/failed?done=read-again");
    assert_eq!(world.store.held_messages(10).await.unwrap(), [world.failed]);
    assert!(markup::text(&staff.get("/failed").await.body).contains("Every mail could be read"));
    // Twice is once.
    let again = staff.post(&world.path("/failed/{failed}/read-again"), &[]).await;
    assert_eq!(again.status, 409);
    let reason = UnreadableReason::WorkerTimeout;
    world
        .store
        .save_unreadable(world.failed, reason, at(8))
        .await
        .unwrap();
    let got = staff.post(&world.path("/failed/{failed}/set-aside"), &[]).await;
    assert_eq!(got.place(), "/failed?done=set-aside");
    let summary = world.store.message(world.failed).await.unwrap();
    assert_eq!(summary.state, MessageState::SetAside);
    assert!(world.store.unreadable_messages(0, 10).await.unwrap().is_empty());
    assert_eq!(world.store.totals().await.unwrap().unreadable, 0);
}

#[tokio::test]
async fn failed_mail_is_read_again_or_set_aside() {
    reads_again_and_sets_aside(&World::new().await).await;
}

#[tokio::test]
async fn postgres_reads_again_and_sets_aside_alike() {
    reads_again_and_sets_aside(&World::on(Home::postgres(), &parsed()).await).await;
}

#[tokio::test]
async fn mail_that_was_left_in_the_mailbox_has_no_bytes_here() {
    let world = World::new().await;
    let seen = [SeenUid {
        uid: 91,
        size: None,
        internal_date: None,
    }];
    world.store.note_seen(&inbox(1), &seen, at(9)).await.unwrap();
    let end = UnstoredEnd::TooLarge;
    world.store.end_unstored(&inbox(1), 91, end, at(9)).await.unwrap();
    let mut staff = world.browser(Who::Staff).await;
    let list = staff.get("/failed").await.body;
    assert_eq!(list.matches("/save\"").count(), 1);
    assert_eq!(list.matches("/read-again\"").count(), 1);
    assert_eq!(list.matches("/set-aside\"").count(), 2);
    let left = world.store.unreadable_messages(0, 10).await.unwrap()[1].id;
    for path in [format!("/failed/{left}/save"), format!("/failed/{left}/x")] {
        let status = staff.get(&path).await.status;
        assert!(status == 409 || status == 404, "{path}: {status}");
    }
    assert_eq!(
        staff
            .post(&format!("/failed/{left}/read-again"), &[])
            .await
            .status,
        409
    );
    let mailbox = markup::text(&staff.get("/mailbox").await.body);
    assert!(mailbox.contains("4 arrived, 4 accounted for") && mailbox.contains("The mailbox is well"));
}

#[tokio::test]
async fn settings_are_shown_as_text_without_what_is_not_to_be_shown() {
    let world = World::new().await;
    for (shown, wanted) in [
        (settings().shown, "imap.restorative.example"),
        (Vec::new(), "There is no setting"),
        (
            vec![setting("mailbox", "inbox", Some(HOSTILE))],
            "<script>alert('x')</script>",
        ),
    ] {
        let mut settings = settings();
        settings.shown = shown;
        let mut browser = Browser::new(world.router_with(settings));
        browser.cookie = world.browser(Who::Administrator).await.cookie;
        let page = browser.get("/settings").await.body;
        assert!(markup::text(&page).contains(wanted), "{wanted}");
        assert_eq!(markup::faults(&page), Vec::<String>::new());
        assert!(!page.contains('\u{202e}'));
    }
    let mut administrator = world.browser(Who::Administrator).await;
    let shown = markup::text(&administrator.get("/settings").await.body);
    let (_, after) = shown.split_once("password_file").unwrap();
    assert!(after.trim_start().starts_with("Set, not shown"), "{after}");
}
