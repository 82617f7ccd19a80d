//! axe-core on every page: no violation of WCAG 2.2, levels A and AA.

use crate::chromium::{Chromium, Look};
use crate::served::Served;
use crate::tour;
use crate::world::Who;
use serde::Deserialize;
use std::collections::BTreeSet;

const AXE: &str = include_str!("axe/axe.min.js");

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })
        .then(found => done(found.violations.flatMap(rule => rule.nodes.map(node =>
            ({ rule: rule.id, place: node.target.join(' '), why: node.failureSummary })))))
        .catch(error => done([{ rule: 'axe', place: '', why: String(error) }]));";

#[derive(Deserialize)]
struct Violation {
    rule: String,
    place: String,
    why: String,
}

/// What is wrong with the page that is shown, a line each.
async fn violations(chromium: &Chromium, page: &str) -> Vec<String> {
    chromium.ask(AXE).await.unwrap();
    let found = chromium.client.execute_async(RUN, Vec::new()).await.unwrap();
    let found: Vec<Violation> = serde_json::from_value(found).unwrap();
    let line = |each: Violation| format!("{page}: {} at {}: {}", each.rule, each.place, each.why);
    found.into_iter().map(line).collect()
}

#[tokio::test]
async fn no_page_violates_wcag_2_2_aa() {
    let served = Served::new(tour::full().await).await;
    let chromium = Chromium::start(Look::Desk, &served.origin).await;
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for who in tour::LOOKERS {
        chromium.become_like(&served.world.browser(who).await).await;
        for page in tour::pages_of(&served.world, who).await {
            chromium.open(&page.path).await;
            wrong.extend(violations(&chromium, &format!("{} by {who:?}", page.route)).await);
            seen.insert(page.route);
        }
    }
    for (name, route) in tour::FORM_PAGES {
        tour::walk_to(&chromium, &served.world, name).await;
        wrong.extend(violations(&chromium, name).await);
        seen.insert(route);
    }
    for (who, path) in [(Who::Staff, "/nothing"), (Who::WithFile, "/audit")] {
        chromium.become_like(&served.world.browser(who).await).await;
        chromium.open(path).await;
        wrong.extend(violations(&chromium, path).await);
    }
    let missed: Vec<_> = tour::page_routes(&served.world)
        .await
        .into_iter()
        .filter(|route| !seen.contains(route))
        .collect();
    assert!(missed.is_empty(), "pages without a run of axe: {missed:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    served.stop().await;
}

#[tokio::test]
async fn the_check_finds_faults() {
    let chromium = Chromium::start(Look::Desk, "").await;
    let page = "data:text/html,<title>A</title><main><h1>A</h1><input><img src=''></main>";
    chromium.client.goto(page).await.unwrap();
    let found = violations(&chromium, "page").await.join(" ");
    for rule in ["image-alt", "label", "html-has-lang"] {
        assert!(found.contains(rule), "{rule} is not in: {found}");
    }
}
