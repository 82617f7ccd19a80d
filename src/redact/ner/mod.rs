//! The name model: which pieces of a text are parts of people's names, each with its probability.
//!
//! A token classifier (BERT, 6 layers, 19,730 word pieces) whose weights are part of the program; `model/NOTICE.md`
//! tells whose they are and under which licence. `wordpiece` cuts a text into the pieces it was trained on, `network`
//! makes it ready to run.
//!
//! Invariant: pure. The same text gives the same probabilities, and no text makes it fail but by running out of memory.

mod crew;
mod network;
mod wordpiece;

use crew::Crew;
use network::Network;
use std::ops::Range;
use std::sync::OnceLock;
use wordpiece::WordPieces;

/// The weights as published: ONNX, 4-bit matrices.
const WEIGHTS: &[u8] = include_bytes!("../../../model/rampart.onnx");
/// One word piece a line; the line number is its id.
const VOCABULARY: &str = include_str!("../../../model/vocabulary.txt");
/// SHA-256 of the weights this program was measured with, in hexadecimal.
const WEIGHTS_SHA256: &str = "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5";

/// Why the model cannot be used. It says nothing of any text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The weights are not those that were measured.
    #[error("the name model's weights are not the ones this program was measured with")]
    OtherWeights,
    /// The weights hold something this program cannot run.
    #[error("the name model cannot be made ready on this machine")]
    NotRunnable,
}

/// How probably a piece of text belongs to a person's name and to a place, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Score {
    /// The probabilities of "given name" and "surname" together.
    pub(super) person: f32,
    /// The probabilities of city, state, street, building and postcode together.
    pub(super) place: f32,
    /// Those of street, building and flat alone.
    pub(super) street: f32,
}

/// A piece of a text with its score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScoredPiece {
    /// Bytes of the text.
    pub(super) at: Range<usize>,
    pub(super) score: Score,
}

/// The model, ready to run.
pub struct NameModel {
    pieces: WordPieces,
    network: Network,
}

impl NameModel {
    /// Makes the built-in model ready: about 0.2 s and 130 MB in a release build.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn load() -> Result<Self, ModelError> {
        Self::of(WEIGHTS, VOCABULARY)
    }

    /// The built-in model, made ready once per process. `None` where that failed; it is not tried again.
    pub fn shared() -> Option<&'static Self> {
        static MODEL: OnceLock<Option<NameModel>> = OnceLock::new();
        MODEL.get_or_init(|| Self::load().ok()).as_ref()
    }

    fn of(weights: &[u8], vocabulary: &'static str) -> Result<Self, ModelError> {
        use sha2::{Digest, Sha256};
        let digest: String = Sha256::digest(weights)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if digest != WEIGHTS_SHA256 {
            return Err(ModelError::OtherWeights);
        }
        Ok(Self {
            pieces: WordPieces::new(vocabulary).ok_or(ModelError::NotRunnable)?,
            network: Network::of(weights)?,
        })
    }

    /// Starts the threads that share the work. To be called where none can be started later; else the first message does it.
    pub fn start_threads() {
        Crew::start();
    }

    /// Scores stretches of text, in their order, on all cores. `None` where the network fails on one of them.
    pub(super) fn score_all(&'static self, stretches: &[&str]) -> Option<Vec<Vec<ScoredPiece>>> {
        Crew::start().score(self, stretches)
    }

    /// Scores one stretch of text. `None` where the network fails, which no text is known to cause.
    fn score(&self, text: &str) -> Option<Vec<ScoredPiece>> {
        let pieces = self.pieces.of(text);
        let mut scored = Vec::with_capacity(pieces.len());
        for window in pieces.chunks(network::MAX_PIECES) {
            let ids: Vec<i64> = window.iter().map(|piece| piece.id).collect();
            let scores = self.network.scores(&self.pieces.framed(&ids))?;
            // The first is the mark of the beginning.
            for (piece, score) in window.iter().zip(scores.into_iter().skip(1)) {
                scored.push(ScoredPiece {
                    at: piece.at.clone(),
                    score,
                });
            }
        }
        Some(scored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_weights_are_not_run() {
        assert_eq!(
            NameModel::of(b"no model", VOCABULARY).err(),
            Some(ModelError::OtherWeights)
        );
    }

    #[test]
    fn names_are_told_from_words_by_what_stands_around_them() {
        let model = NameModel::shared().expect("the built-in model loads");
        let of_word = |text: &str, word: &str| -> f32 {
            let at = text.find(word).expect("the word stands in the text");
            let scored = model.score(text).expect("the network runs");
            let inside = scored
                .iter()
                .filter(|piece| piece.at.start >= at && piece.at.end <= at + word.len());
            inside.map(|piece| piece.score.person).fold(0.0, f32::max)
        };
        assert!(of_word("I met Jessica Fairweather at the office.", "Fairweather") > 0.9);
        assert!(of_word("The fair weather lasted all week at the office.", "weather") < 0.1);
        assert!(model.score("").is_some_and(|scored| scored.is_empty()));
    }

    #[test]
    fn shared_between_threads_each_stretch_keeps_its_own_scores() {
        let model = NameModel::shared().expect("the built-in model loads");
        let texts: Vec<String> = (0..24)
            .map(|at| format!("{} I met Jessica Fairweather.", "Well, ".repeat(at)))
            .collect();
        let stretches: Vec<&str> = texts.iter().map(String::as_str).collect();
        let alone: Option<Vec<_>> = texts.iter().map(|text| model.score(text)).collect();
        assert_eq!(model.score_all(&stretches), alone);
        assert!(model.score_all(&[]).is_some_and(|scored| scored.is_empty()));
    }
}
