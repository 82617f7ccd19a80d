//! The settings as the configuration file gives them, to look at.

use super::frame::{Frame, show};
use super::request::{Answer, Asked};
use crate::domain::ShownSetting;
use askama::Template;

#[derive(Template)]
#[template(path = "configuration.html")]
struct Page {
    frame: Frame,
    sections: Vec<(String, Vec<ShownSetting>)>,
}

pub(super) async fn page(asked: Asked) -> Answer {
    let mut sections: Vec<(String, Vec<ShownSetting>)> = Vec::new();
    for setting in &asked.app.settings.shown {
        match sections.last_mut() {
            Some((section, settings)) if *section == setting.section => settings.push(setting.clone()),
            Some(_) | None => sections.push((setting.section.clone(), vec![setting.clone()])),
        }
    }
    show(&Page {
        sections,
        frame: asked.frame("Settings"),
    })
}
