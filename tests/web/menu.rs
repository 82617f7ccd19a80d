//! Where one is, and what was just done.

use crate::markup;
use crate::world::{Who, World};

/// Text and `aria-current` of the menu's items.
fn current(html: &str) -> Vec<(String, Option<String>)> {
    let menu = html.split("<nav aria-label=\"Menu\"").nth(1).unwrap();
    let menu = menu.split("</nav>").next().unwrap();
    menu.split("<li")
        .skip(1)
        .map(|item| {
            let mark = item.split("aria-current=\"").nth(1);
            let mark = mark.and_then(|rest| rest.split('"').next());
            let text = markup::text(&format!("<li{item}"));
            (text.trim().to_owned(), mark.map(str::to_owned))
        })
        .filter(|(_, mark)| mark.is_some())
        .collect()
}

#[tokio::test]
async fn the_menu_marks_where_one_is() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    for (path, item, mark) in [
        ("/", "Home", "page"),
        ("/review/{message}", "Home", "true"),
        ("/cases", "Cases", "page"),
        ("/cases/{case}", "Cases", "true"),
        ("/outbound/{mail}", "Held mail", "true"),
        ("/audit", "Audit log", "page"),
    ] {
        let page = staff.get(&world.path(path)).await;
        let expected = vec![(item.to_owned(), Some(mark.to_owned()))];
        assert_eq!(current(&page.body), expected, "{path}");
    }
    assert_eq!(current(&staff.get("/account").await.body), []);
}

#[tokio::test]
async fn a_page_says_what_was_done_and_nothing_that_an_address_makes_up() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let next = staff.post(&world.path("/outbound/{mail}/return"), &[]).await;
    assert_eq!(next.place(), "/outbound?done=returned");
    let page = staff.get(next.place()).await.body;
    assert!(
        page.contains("role=\"status\"")
            && page.contains("<title>Returned: the sender is told why. Held mail")
    );
    for made_up in [
        "/outbound?done=You+won",
        "/outbound?done=",
        "/outbound?done=returned%20",
        "/outbound",
    ] {
        let page = staff.get(made_up).await.body;
        assert!(
            !page.contains("role=\"status\"") && !page.contains("won"),
            "{made_up}"
        );
    }
}
