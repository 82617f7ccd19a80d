//! Small windows and large letters: nothing has to be scrolled sideways.

use crate::chromium::{Chromium, Look};
use crate::served::Served;
use crate::tour;

/// What reaches over the right edge of the window, and is in nothing that scrolls by itself.
const TOO_WIDE: &str = "
    const width = document.documentElement.clientWidth;
    const scrolls = element => {
        for (let each = element.parentElement; each !== document.body && each; each = each.parentElement) {
            if (getComputedStyle(each).overflowX !== 'visible') { return true; }
        }
        return false;
    };
    const wide = [...document.body.querySelectorAll('*')]
        .filter(each => each.getBoundingClientRect().right > width + 1 && !scrolls(each))
        .map(each => each.tagName + '.' + each.className);
    if (document.documentElement.scrollWidth > width) { wide.push('the whole page'); }
    return wide;";

async fn nothing_is_too_wide(look: Look) {
    let served = Served::new(tour::full().await).await;
    let chromium = Chromium::start(look, &served.origin).await;
    let mut wrong = Vec::new();
    for who in tour::LOOKERS {
        chromium.become_like(&served.world.browser(who).await).await;
        for page in tour::pages_of(&served.world, who).await {
            chromium.open(&page.path).await;
            let wide = chromium.ask(TOO_WIDE).await.unwrap();
            if wide != serde_json::json!([]) {
                wrong.push(format!("{} by {who:?}: {wide}", page.route));
            }
        }
    }
    for (name, _) in tour::FORM_PAGES {
        tour::walk_to(&chromium, &served.world, name).await;
        let wide = chromium.ask(TOO_WIDE).await.unwrap();
        if wide != serde_json::json!([]) {
            wrong.push(format!("{name}: {wide}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    served.stop().await;
}

#[tokio::test]
async fn nothing_scrolls_sideways_at_320_pixels() {
    nothing_is_too_wide(Look::Narrow).await;
}

#[tokio::test]
async fn nothing_scrolls_sideways_at_200_percent() {
    nothing_is_too_wide(Look::Doubled).await;
}
