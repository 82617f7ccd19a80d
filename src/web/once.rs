//! A form that is sent twice does its work once.

use super::problem::Problem;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::collections::VecDeque;
use tokio::sync::{Mutex, MutexGuard};

/// Name of the field that such a form carries.
pub(super) const ONCE_FIELD: &str = "once";

/// Forms whose work was done, so many of the latest; older ones are forgotten.
const KEPT: usize = 1000;

/// The forms whose work was done.
#[derive(Default)]
pub(super) struct Once(Mutex<VecDeque<String>>);

/// The right to do a form's work; whoever sends the same form meanwhile waits for it.
pub(super) struct Turn<'a> {
    done: MutexGuard<'a, VecDeque<String>>,
    form: String,
}

impl Once {
    /// What a new form carries.
    pub(super) fn draw() -> Result<String, Problem> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Problem::Failed)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// `None` where the work of this form was done.
    pub(super) async fn turn(&self, form: &str) -> Option<Turn<'_>> {
        let done = self.0.lock().await;
        let is_done = done.iter().any(|known| known == form);
        (!is_done).then(|| Turn {
            done,
            form: form.chars().take(64).collect(),
        })
    }
}

impl Turn<'_> {
    /// The work was done. Dropped without this, the form may be sent again.
    pub(super) fn done(mut self) {
        if self.form.is_empty() {
            return;
        }
        self.done.push_back(self.form);
        if self.done.len() > KEPT {
            self.done.pop_front();
        }
    }
}
