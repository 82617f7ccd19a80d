//! How and when somebody may be reached: voicemail, the way they prefer, times, interpreter, language.

use super::{Reader, put};
use crate::domain::PreferredContact;
use crate::forms::prose::text::Token;
use std::ops::Range;

/// How far before its words a "not" counts, in tokens.
const NEGATION_REACH: usize = 5;
/// How far a way to reach somebody may stand from the word that says they prefer it, in tokens.
const WAY_REACH: usize = 9;
/// How far a time may stand behind the word that says to ring, in tokens.
const TIME_REACH: usize = 10;
/// Words of a message left behind.
const MESSAGES: [&str; 9] = [
    "voicemail",
    "voicemails",
    "voice-mail",
    "answerphone",
    "message",
    "messages",
    "msg",
    "msgs",
    "voice",
];

impl Reader<'_, '_> {
    /// Voicemail, preferred way of contact, times, interpreter.
    pub(super) fn contact(&mut self, sentence: usize) {
        let range = self.prose.sentences.get(sentence).cloned().unwrap_or_default();
        self.voicemail(sentence, &range);
        self.interpreter(sentence, &range);
        self.preferred(sentence, &range);
        self.best_time(sentence, &range);
    }

    fn voicemail(&mut self, sentence: usize, range: &Range<usize>) {
        let words = self.prose.words(range.clone());
        let Some((at, allowed)) = voicemail(words) else {
            return;
        };
        for person in self.spoken_of(sentence, range, range.start + at) {
            self.set(person, "/safe_to_leave_message", sentence, |party| {
                put(&mut party.safe_to_leave_message, allowed)
            });
        }
    }

    fn interpreter(&mut self, sentence: usize, range: &Range<usize>) {
        let words = self.prose.words(range.clone());
        let Some(at) = words
            .iter()
            .position(|t| t.is_any(&["interpreter", "interpreters"]))
        else {
            return self.speaks(sentence, range);
        };
        let is_not = is_negated(words, at);
        let needs = words.iter().any(|t| {
            t.is_any(&[
                "need", "needs", "needed", "require", "requires", "required", "use", "uses",
            ])
        });
        let people = self.spoken_of(sentence, range, range.start + at);
        let Some(person) = people.last().copied().filter(|_| is_not || needs) else {
            return;
        };
        self.set(person, "/interpreter_needed", sentence, |party| {
            put(&mut party.interpreter_needed, !is_not)
        });
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let tongue = before.filter(|t| !is_not && is_language(t));
        if let Some(token) = tongue {
            let language = self
                .prose
                .text
                .get(token.start..token.end)
                .unwrap_or_default()
                .to_owned();
            self.set(person, "/language", sentence, |party| {
                put(&mut party.language, language)
            });
        }
        self.speaks(sentence, range);
    }

    /// "speaks Polish".
    fn speaks(&mut self, sentence: usize, range: &Range<usize>) {
        let words = self.prose.words(range.clone());
        let said = words.windows(2).position(|pair| {
            matches!(pair, [speaks, tongue] if speaks.is_any(&["speaks", "speaking"]) && is_language(tongue))
        });
        let Some(at) = said else { return };
        let (Some(token), Some(person)) = (
            words.get(at + 1),
            self.spoken_of(sentence, range, range.start + at).last().copied(),
        ) else {
            return;
        };
        let language = self
            .prose
            .text
            .get(token.start..token.end)
            .unwrap_or_default()
            .to_owned();
        self.set(person, "/language", sentence, |party| {
            put(&mut party.language, language)
        });
    }

    fn preferred(&mut self, sentence: usize, range: &Range<usize>) {
        let words = self.prose.words(range.clone());
        let through = words.windows(2).position(|pair| {
            matches!(pair, [through, me] if through.is_any(&["through", "via"]) && me.is_any(&["me", "us"]))
        });
        if let Some(at) = through.filter(|at| !is_negated(words, *at)) {
            let mut about = range.clone();
            about.end = range.start + at;
            let person = self
                .cast
                .within(&about)
                .iter()
                .rev()
                .find_map(|m| m.people.last().copied())
                .or_else(|| self.cast.in_mind(sentence).last().copied());
            if let Some(person) = person {
                self.set(person, "/preferred_contact", sentence, |party| {
                    put(&mut party.preferred_contact, PreferredContact::ViaProfessional)
                });
            }
            return;
        }
        let Some((at, way)) = preference(words) else {
            return;
        };
        if let Some(person) = self.wanted_by(sentence, range, at) {
            self.set(person, "/preferred_contact", sentence, |party| {
                put(&mut party.preferred_contact, way)
            });
        }
    }

    /// Whose wish stands at a token: "please text her", else who was spoken of before.
    fn wanted_by(&self, sentence: usize, range: &Range<usize>, at: usize) -> Option<usize> {
        let token = range.start + at;
        let object = self.cast.behind(token, (token + 3).min(range.end));
        match object {
            Some(mention) if self.is_imperative(range, at) => mention.people.last().copied(),
            Some(_) | None => self.spoken_of(sentence, range, token).last().copied(),
        }
    }

    /// "please contact", "pls text", "write" at the beginning of a clause.
    fn is_imperative(&self, range: &Range<usize>, at: usize) -> bool {
        let words = self.prose.words(range.clone());
        at.checked_sub(1)
            .and_then(|before| words.get(before))
            .is_none_or(|t| t.is_mark() || t.is_any(&["please", "pls", "just", "only"]))
    }

    /// "ring after 6pm", "evenings are best".
    fn best_time(&mut self, sentence: usize, range: &Range<usize>) {
        let words = self.prose.words(range.clone());
        let Some(time) = best_time(words) else { return };
        let Some(person) = self
            .spoken_of(sentence, range, range.start + time.end)
            .last()
            .copied()
        else {
            return;
        };
        let said = self
            .prose
            .slice(range.start + time.start..range.start + time.end)
            .to_owned();
        self.set(person, "/best_time", sentence, |party| {
            put(&mut party.best_time, said)
        });
    }
}

/// Whether a message may be left, and the token that says so.
fn voicemail(words: &[Token]) -> Option<(usize, bool)> {
    let at = words.iter().position(|t| t.is_any(&MESSAGES))?;
    let near = words.get(at.saturating_sub(WAY_REACH)..at + WAY_REACH.min(words.len() - at))?;
    let leave = near
        .iter()
        .position(|t| t.is_any(&["leave", "leaving", "left"]))
        .map(|offset| offset + at.saturating_sub(WAY_REACH));
    let cue = leave.unwrap_or(at).min(at);
    if is_negated(words, cue) || is_negated(words, at) {
        let told = words.get(cue.saturating_sub(NEGATION_REACH)..cue)?;
        let happened = told
            .iter()
            .any(|t| t.is_any(&["could", "did", "couldn't", "didn't"]));
        return (leave.is_some() && !happened || leave.is_none() && leads_with_no(words, at))
            .then_some((at, false));
    }
    let is_fine = near.iter().any(|t| {
        t.is_any(&[
            "fine", "ok", "okay", "happy", "can", "may", "safe", "please", "welcome", "alright",
        ])
    });
    let left = leave.is_some_and(|at| {
        let told = at.checked_sub(1).and_then(|at| words.get(at));
        words.get(at).is_some_and(|t| t.lower == "left")
            && told.is_some_and(|t| t.is_any(&["i", "we", "have", "has", "had", "he", "she", "i've"]))
    });
    let is_voice = words.get(at).is_some_and(|t| t.is_any(&MESSAGES[..4]));
    (is_fine && !left && (leave.is_some() || is_voice)).then_some((at, true))
}

/// "no voicemail", "no messages".
fn leads_with_no(words: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|at| words.get(at))
        .is_some_and(|t| t.lower == "no")
}

/// A "not" before a token, within its clause.
pub(super) fn is_negated(words: &[Token], at: usize) -> bool {
    words
        .get(at.saturating_sub(NEGATION_REACH)..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|t| !t.is_any(&[",", ";", "but", "–", "-", "(", ".", "and"]))
        .any(|t| t.is_any(&["not", "no", "never", "without", "cannot", "dont"]) || t.lower.ends_with("n't"))
}

/// The way somebody prefers, and the token that says so.
fn preference(words: &[Token]) -> Option<(usize, PreferredContact)> {
    (0..words.len()).find_map(|at| Some((at, preference_at(words, at)?)))
}

fn preference_at(words: &[Token], at: usize) -> Option<PreferredContact> {
    let token = words.get(at)?;
    let next = |offset: usize| words.get(at + offset);
    let is_next = |offset: usize, list: &[&str]| next(offset).is_some_and(|t| t.is_any(list));
    if is_negated(words, at) {
        return None;
    }
    let before = words.get(at.saturating_sub(WAY_REACH / 2)..at)?;
    let behind = words.get(at + 1..words.len().min(at + 1 + WAY_REACH))?;
    match token.lower.as_str() {
        "prefer" | "prefers" | "preferred" | "preferably" => {
            one_way(wanted(behind)).or_else(|| one_way(before))
        }
        "rather" if !is_next(1, &["than"]) => one_way(wanted(behind)),
        "best" if is_next(1, &["way", "contacted", "reached", "got"]) => one_way(wanted(behind)),
        "contacted" => {
            let asks = before
                .iter()
                .any(|t| t.is_any(&["wants", "wishes", "asks", "asked", "only"]));
            let so = || {
                let how = words.get(..at)?.iter().rposition(|t| t.lower == "how")?;
                one_way(words.get(..how)?)
            };
            one_way(wanted(behind)).or_else(so).filter(|_| asks)
        }
        "better" | "best" | "easiest" | "easier" => {
            let says = before
                .last()
                .is_some_and(|t| t.is_any(&["is", "are", "be", "much", "'s", "the"]));
            one_way(before).filter(|_| says)
        }
        "only" => {
            let text = at.checked_sub(1).and_then(|at| words.get(at)).and_then(way_of);
            let behind = next(1).and_then(way_of);
            text.or(behind).filter(|way| *way != PreferredContact::Phone)
        }
        "please" | "pls" => match (next(1).and_then(way_of), next(1)) {
            (Some(_), _) if by_way(behind).is_some() => by_way(behind),
            (Some(way), _) if way != PreferredContact::Phone => {
                let is_of_papers = is_next(2, &["up", "down", "the"]);
                (!is_of_papers).then_some(way)
            }
            (_, Some(verb)) if verb.is_any(&["contact", "reach"]) => behind
                .iter()
                .any(|t| t.is_any(&["by", "via"]))
                .then(|| one_way(wanted(behind)))?,
            (_, _) => None,
        },
        _ => None,
    }
}

/// "write to her by e-mail": the way behind "by".
fn by_way(words: &[Token]) -> Option<PreferredContact> {
    let by = words.iter().position(|t| t.is_any(&["by", "via"]))?;
    words.get(by + 1).and_then(way_of)
}

/// What is wanted, without what it is wanted instead of: "text than ring", "by e-mail, not by phone".
fn wanted(words: &[Token]) -> &[Token] {
    let end = words.iter().position(|t| {
        t.is_any(&[
            "than", "rather", "not", "instead", "on", "over", "don't", "dont", "to",
        ]) && !t.is_any(&["to"])
    });
    words.get(..end.unwrap_or(words.len())).unwrap_or_default()
}

/// The only way that words name.
fn one_way(words: &[Token]) -> Option<PreferredContact> {
    let mut ways = words.iter().filter_map(way_of);
    let first = ways.next()?;
    ways.all(|way| way == first).then_some(first)
}

fn way_of(token: &Token) -> Option<PreferredContact> {
    match token.lower.as_str() {
        "text" | "texts" | "texted" | "texting" | "sms" | "txt" => Some(PreferredContact::Text),
        "email" | "e-mail" | "emails" | "e-mails" | "emailed" | "e-mailed" => Some(PreferredContact::Email),
        "phone" | "phoned" | "telephone" | "telephoned" | "call" | "calls" | "called" | "ring" | "rang"
        | "rung" => Some(PreferredContact::Phone),
        "post" | "letter" | "letters" | "write" | "writing" | "posted" => Some(PreferredContact::Post),
        _ => None,
    }
}

/// Where a sentence says when somebody is best reached: "after 6pm", "evenings".
fn best_time(words: &[Token]) -> Option<Range<usize>> {
    let rings = words.iter().position(|t| {
        t.is_any(&[
            "ring",
            "rung",
            "call",
            "called",
            "phone",
            "phoned",
            "telephone",
            "contact",
            "contacted",
            "text",
            "message",
            "best",
        ])
    });
    let timed = words.windows(2).position(
        |pair| matches!(pair, [lead, time] if lead.is_any(&["after", "before", "from"]) && is_clock(time)),
    );
    if let (Some(at), Some(rings)) = (timed, rings) {
        let close = at.abs_diff(rings) <= TIME_REACH && !is_negated(words, at) && !is_negated(words, rings);
        let half = words.get(at + 2).is_some_and(|t| t.is_any(&["pm", "am"]));
        return close.then_some(at..at + 2 + usize::from(half));
    }
    words.iter().enumerate().find_map(|(at, token)| {
        let is_part = token.is_any(&["evenings", "mornings", "afternoons", "weekends", "weekdays"]);
        let is_best = matches!(words.get(at + 1..at + 3), Some([is, best]) if is.is_any(&["are", "is"]) && best.is_any(&["best", "better"]));
        (is_part && is_best).then_some(at..at + 1)
    })
}

/// "6pm", "5.30pm", "6".
fn is_clock(token: &Token) -> bool {
    let digits = token.lower.trim_end_matches("pm").trim_end_matches("am");
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ':');
    is_number && (digits.len() < token.lower.len() || digits.len() <= 2)
}

fn is_language(token: &Token) -> bool {
    const LANGUAGES: [&str; 48] = [
        "albanian",
        "amharic",
        "arabic",
        "bengali",
        "bulgarian",
        "cantonese",
        "czech",
        "dari",
        "dutch",
        "farsi",
        "filipino",
        "french",
        "german",
        "greek",
        "gujarati",
        "hindi",
        "hungarian",
        "italian",
        "kurdish",
        "latvian",
        "lithuanian",
        "malayalam",
        "mandarin",
        "mirpuri",
        "nepali",
        "pashto",
        "persian",
        "polish",
        "portuguese",
        "punjabi",
        "romani",
        "romanian",
        "russian",
        "shona",
        "sinhala",
        "slovak",
        "somali",
        "spanish",
        "swahili",
        "sylheti",
        "tagalog",
        "tamil",
        "thai",
        "tigrinya",
        "turkish",
        "ukrainian",
        "urdu",
        "vietnamese",
    ];
    token.is_capital && token.is_any(&LANGUAGES)
}
