//! The review page of real forms: their words are found in their sources.

use crate::support::*;
use crate::world::{Who, World};
use jiff::civil::date;
use referrald::domain::*;
use referrald::extract::read_message;
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};
use std::path::PathBuf;

/// Every so many-th fixture is looked at.
const STEP: usize = 12;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/inbound")
}

/// The draft of a fixture with its source.
pub(crate) fn draft_of(name: &str) -> Option<(ParsedMessage, Source)> {
    let raw = std::fs::read(folder().join(name).join("message.eml")).ok()?;
    let read = read_message(&raw, &ReadRequest::default(), &mut |_| {}).ok()?;
    let (labels, agencies) = (
        LabelBook::default_book().unwrap(),
        AgencyBook::default_book().unwrap(),
    );
    let context = FormsContext {
        labels: &labels,
        agencies: &agencies,
        reference_prefixes: &["RJ".to_owned()],
        today: date(2026, 11, 28),
        authserv_id: None,
        known_thread: false,
    };
    Some((understand(&read, &context), Source::of(&read)))
}

#[tokio::test]
async fn the_words_of_forms_are_marked_in_their_sources() {
    let world = World::new().await;
    let mut staff = world.browser(Who::Staff).await;
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let (mut all, mut marked, mut missing) = (0, 0, Vec::new());
    for (uid, name) in (100..).zip(names.iter().step_by(STEP)) {
        let Some((parsed, source)) = draft_of(name) else {
            continue;
        };
        let id = read_from(&world.store, uid, &parsed, &source).await;
        let page = staff.get(&format!("/review/{id}")).await.body;
        let faults = crate::markup::faults(&page);
        assert!(faults.is_empty(), "{name}: {faults:?}");
        assert!(page.len() < 100_000, "{name}: {} bytes", page.len());
        for (number, evidence) in (1..).zip(&parsed.evidence) {
            all += 1;
            match page.contains(&format!("<mark id=\"q{number}\">")) {
                true => marked += 1,
                false => missing.push(format!("{name}: {:?}", evidence.quote)),
            }
        }
    }
    assert!(all > 200, "{all}");
    assert!(
        marked * 100 >= all * 97,
        "{marked} of {all}:\n{}",
        missing.join("\n")
    );
}
