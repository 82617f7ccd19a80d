//! The keyboard alone.

use crate::chromium::Chromium;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;

/// Presses of the Tab key after which something is out of reach.
const MAX_TABS: usize = 120;

/// What has the focus: its label, whether that is seen, and whether it stands in the window.
pub(crate) const FOCUS: &str = "
    const it = document.activeElement;
    const label = it.labels && it.labels.length ? it.labels[0] : it;
    const box = it.getBoundingClientRect();
    return {
        label: label.innerText.replace(/\\s+/g, ' ').trim(),
        seen: it === document.body || it.matches(':focus-visible'),
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };";

pub(crate) async fn strike(chromium: &Chromium, key: Key) {
    let value = char::from(key);
    let keys = KeyActions::new("keyboard".to_owned())
        .then(KeyAction::Down { value })
        .then(KeyAction::Up { value });
    chromium.client.perform_actions(keys).await.unwrap();
}

pub(crate) async fn write(chromium: &Chromium, text: &str) {
    let mut keys = KeyActions::new("keyboard".to_owned());
    for value in text.chars() {
        keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    }
    chromium.client.perform_actions(keys).await.unwrap();
}

/// Goes on by the Tab key to what is called so; everything on the way shows that it has the focus.
pub(crate) async fn tab_to(chromium: &Chromium, wanted: &str) {
    for _ in 0..MAX_TABS {
        strike(chromium, Key::Tab).await;
        let focus = chromium.ask(FOCUS).await.unwrap();
        let label = focus["label"].as_str().unwrap();
        assert_eq!(focus["seen"], json!(true), "the focus is not seen: {label}");
        if label.starts_with(wanted) {
            assert_eq!(focus["inside"], json!(true), "{label} is out of sight");
            return;
        }
    }
    panic!(
        "{wanted} cannot be reached by the Tab key at {}",
        chromium.path().await
    );
}

pub(crate) async fn tab_and_enter(chromium: &Chromium, wanted: &str) {
    tab_to(chromium, wanted).await;
    strike(chromium, Key::Enter).await;
}

/// Holds the Alt key and strikes a letter: an access key of Chromium on Linux.
pub(crate) async fn alt(chromium: &Chromium, letter: char) {
    let alt = char::from(Key::Alt);
    let keys = KeyActions::new("keyboard".to_owned())
        .then(KeyAction::Down { value: alt })
        .then(KeyAction::Down { value: letter })
        .then(KeyAction::Up { value: letter })
        .then(KeyAction::Up { value: alt });
    chromium.client.perform_actions(keys).await.unwrap();
}
