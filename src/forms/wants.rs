//! What the writer's own words ask for: to stop, to see their data, to refer somebody, to know something.
//!
//! Read sentence by sentence: a request is several words of one sentence ("rather", "leave", "it"), not a fixed
//! phrase. Invariant: only what is said in the first person is a request of the writer's own.

use super::labels::{spoken, tokens};

/// Sentences of a mail that are looked at.
const MAX_SENTENCES: usize = 2_000;
/// Longest stretch of words in which a request is looked for: more is not one sentence.
const MAX_WORDS: usize = 60;

/// How far before "not" its subject may stand, in words.
const SUBJECT_REACH: usize = 5;

/// What the writer's own words ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wants {
    pub(super) withdrawal: bool,
    pub(super) subject_access: bool,
    pub(super) question: bool,
    /// "please find attached a referral", "I would like to refer".
    pub(super) refers: bool,
    /// "I have nobody to refer".
    pub(super) refers_nobody: bool,
    /// "Please see attached".
    pub(super) encloses: bool,
    /// A reporter's or student's question about the service.
    pub(super) writes_about_us: bool,
    /// A secure message waits on somebody's website.
    pub(super) portal: bool,
}

/// Reads the writer's own words (no quoted history).
pub(super) fn wants(subject: &str, text: &str) -> Wants {
    let said = format!(" {} ", spoken(text));
    let title = format!(" {} ", spoken(subject));
    let any = |phrases: &[&str]| {
        phrases
            .iter()
            .any(|p| said.contains(&format!(" {p} ")) || title.contains(&format!(" {p} ")))
    };
    let refers_nobody = any(&[
        "nobody to refer",
        "no one to refer",
        "not referring anyone",
        "not a referral",
        "noone to refer",
        "nothing to refer",
        "no referral to make",
        "not making a referral",
    ]);
    let refers_nobody = refers_nobody || sentences(text).any(|words| has_nobody_to_refer(&Said(&words)));
    let sentences: Vec<Vec<String>> = sentences(text).chain(sentences(subject)).collect();
    let some = |test: fn(&Said<'_>) -> bool| sentences.iter().any(|words| test(&Said(words)));
    Wants {
        withdrawal: some(stops) || some(erases),
        subject_access: some(asks_for_data),
        question: text.contains('?')
            || any(&[
                "i wondered",
                "i was wondering",
                "could you tell me",
                "please let me know",
                "i would like to know",
                "find out",
            ]),
        refers: !refers_nobody && any(REFERS),
        refers_nobody,
        encloses: any(&[
            "attached",
            "enclosed",
            "attachment",
            "attaching",
            "enclose",
            "a scan",
            "scanned",
            "form for you",
            "form herewith",
        ]),
        writes_about_us: some(writes_about_us),
        portal: is_portal(&said, &title),
    }
}

/// "I don't have anybody to refer at the moment".
fn has_nobody_to_refer(said: &Said<'_>) -> bool {
    let refers = ["refer", "referring", "referral", "referrals"];
    let without = said.behind(&["don", "dont", "not", "haven", "havent", "without"]);
    without.is_some_and(|rest| {
        rest.behind(&["anybody", "anyone", "any", "somebody", "someone"])
            .is_some_and(|rest| rest.0.iter().take(3).any(|word| refers.contains(&word.as_str())))
    })
}

/// The sentences of a text as words. A line break inside a paragraph ends none.
fn sentences(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.split(['.', '?', '!', ';'])
        .map(tokens)
        .filter(|words| !words.is_empty())
        .flat_map(|words| {
            words
                .chunks(MAX_WORDS)
                .map(<[String]>::to_vec)
                .collect::<Vec<_>>()
        })
        .take(MAX_SENTENCES)
}

/// The words of one sentence.
struct Said<'w>(&'w [String]);

impl Said<'_> {
    fn any(&self, words: &[&str]) -> bool {
        self.0.iter().any(|word| words.contains(&word.as_str()))
    }

    fn phrase(&self, phrase: &str) -> bool {
        self.at(phrase).is_some()
    }

    fn phrases(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.phrase(phrase))
    }

    /// Where a phrase begins.
    fn at(&self, phrase: &str) -> Option<usize> {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        self.0
            .windows(wanted.len())
            .position(|window| window.iter().zip(&wanted).all(|(word, wanted)| word == wanted))
    }

    /// The words behind the first of `words`.
    fn behind(&self, words: &[&str]) -> Option<Said<'_>> {
        let at = self.0.iter().position(|word| words.contains(&word.as_str()))?;
        self.0.get(at + 1..).map(Said)
    }

    /// Whether it is the writer who does not, will not, would rather: the nearest pronoun before the first of
    /// `words` is the first person, or nobody is named and the sentence begins with it.
    fn is_of_writer(&self, words: &[&str]) -> bool {
        const OWN: [&str; 9] = ["i", "we", "im", "id", "ive", "weve", "wed", "my", "our"];
        const OTHERS: [&str; 8] = ["he", "she", "they", "who", "it", "you", "theyve", "nobody"];
        let Some(at) = self.0.iter().position(|word| words.contains(&word.as_str())) else {
            return false;
        };
        let before = self
            .0
            .get(at.saturating_sub(SUBJECT_REACH)..at)
            .unwrap_or_default();
        let subject = before
            .iter()
            .rev()
            .find(|word| OWN.contains(&word.as_str()) || OTHERS.contains(&word.as_str()));
        match subject {
            Some(word) => OWN.contains(&word.as_str()),
            None => at <= SUBJECT_REACH / 2,
        }
    }

    fn first_person(&self) -> bool {
        self.any(&[
            "i", "we", "me", "my", "us", "our", "im", "id", "ive", "weve", "wed",
        ])
    }

    fn conditional(&self) -> bool {
        self.any(&["if", "unless", "whether", "would they", "should"])
    }
}

/// "I do not want to go ahead", "I'd rather leave it", "we have changed our minds", "please don't contact us".
fn stops(said: &Said<'_>) -> bool {
    const NOT: [&str; 9] = [
        "not", "dont", "wont", "cant", "longer", "never", "cannot", "nothing", "rather",
    ];
    const GOING_ON: [&str; 24] = [
        "go ahead",
        "go any further",
        "go further",
        "take it further",
        "take it any further",
        "take this further",
        "take this any further",
        "go on",
        "going on",
        "going ahead",
        "carry on",
        "take part",
        "taking part",
        "be involved",
        "be part",
        "proceed",
        "continue",
        "anything more to do",
        "anything to do with",
        "go through with",
        "be contacted",
        "do this any more",
        "do it any more",
        "hear from you",
    ];
    if !said.first_person() && !said.phrases(&["please stop", "please leave"]) || said.any(&["unless"]) {
        return false;
    }
    let own_will = said.phrases(&[
        "i withdraw",
        "we withdraw",
        "withdraw my",
        "withdraw our",
        "withdrawing my",
        "withdrawing our",
        "take back my consent",
        "taking back my consent",
        "pull out",
        "pulling out",
        "back out",
        "backing out",
        "opt out",
        "drop out",
        "rather leave it",
        "rather not",
        "like to leave it",
        "like to stop",
        "want to stop",
        "please stop now",
        "could you stop",
        "call it off",
        "no longer agree",
        "no longer consent",
        "not consent any more",
    ]);
    let about_going_on = said.behind(&NOT).is_some_and(|rest| {
        said.is_of_writer(&NOT)
            && rest.phrases(&GOING_ON)
            && said.any(&[
                "want", "wants", "wish", "like", "agree", "consent", "going", "will", "decided", "rather",
                "happy", "longer", "can", "cannot", "wont", "cant",
            ])
    });
    let changed = said.phrases(&["changed my mind", "changed our minds", "changed our mind"]);
    let leave_alone = said.phrases(&[
        "not contact me",
        "not contact us",
        "dont contact me",
        "dont contact us",
        "stop contacting me",
        "stop contacting us",
        "stop ringing me",
        "stop writing to me",
    ]) && said.any(&["any", "again", "anymore", "further", "longer", "stop", "more"]);
    let of_others =
        said.any(&["him", "her", "them"]) && !own_will && !leave_alone && !said.any(&["i", "we", "id", "im"]);
    let refuses = about_going_on && !of_others && !said.conditional();
    own_will && !said.conditional() || refuses || changed || leave_alone
}

/// "please delete my details", "take me off the list", "get rid of everything you hold about me".
fn erases(said: &Said<'_>) -> bool {
    const REMOVING: [&str; 11] = [
        "delete",
        "deleted",
        "erase",
        "erased",
        "erasure",
        "remove",
        "removed",
        "destroy",
        "destroyed",
        "wipe",
        "forgotten",
    ];
    const KEPT: [&str; 14] = [
        "details",
        "data",
        "information",
        "record",
        "records",
        "name",
        "list",
        "file",
        "everything",
        "number",
        "notes",
        "anything",
        "right",
        "database",
    ];
    let own = said.any(&["my", "me", "our", "us"]);
    let removes = said.any(&REMOVING)
        || said.phrases(&["get rid of", "take my name off", "take me off", "take us off"]);
    let keeping = said.phrases(&[
        "agree to you keeping",
        "want you keeping",
        "want you to keep",
        "want you to hold",
        "happy for you to keep",
        "happy with you keeping",
    ]) && said.any(&["not", "dont", "no", "longer"]);
    removes && own && said.any(&KEPT)
        || keeping
        || said.phrases(&["right to erasure", "right to be forgotten"])
}

/// "see what has been written about me", "a copy of my file", "what do you hold on me".
fn asks_for_data(said: &Said<'_>) -> bool {
    const ASKING: [&str; 19] = [
        "see",
        "copy",
        "copies",
        "send",
        "want",
        "like",
        "know",
        "access",
        "request",
        "requesting",
        "show",
        "look",
        "give",
        "provide",
        "what",
        "need",
        "get",
        "entitled",
        "everything",
    ];
    const KEPT: [&str; 17] = [
        "hold",
        "held",
        "holding",
        "written",
        "wrote",
        "keep",
        "kept",
        "recorded",
        "record",
        "records",
        "file",
        "files",
        "notes",
        "data",
        "information",
        "got",
        "stored",
    ];
    if said.phrases(&["subject access", "dsar", "data subject request", "article 15"]) {
        return true;
    }
    let about_me = said.phrases(&["about me", "on me", "about myself", "about us"]);
    let mine = said.phrases(&[
        "my file",
        "my files",
        "my records",
        "my record",
        "my notes",
        "my data",
        "my personal data",
        "my case file",
        "my own file",
    ]);
    let copies = said.any(&["copy", "copies"]) || said.phrases(&["see my", "look at my", "access to my"]);
    let is_of_others = said.any(&["he", "she", "they"]) && !said.any(&["you", "your"]);
    let theirs = about_me && said.any(&KEPT) && said.any(&ASKING) && !is_of_others;
    // "delete everything you hold about me" asks for something else
    !erases(said) && (theirs || mine && copies)
}

/// A reporter, student or researcher who writes about the service.
fn writes_about_us(said: &Said<'_>) -> bool {
    said.any(&[
        "reporter",
        "journalist",
        "newspaper",
        "podcast",
        "documentary",
        "dissertation",
        "researcher",
        "undergraduate",
        "thesis",
        "readers",
        "freelance",
        "producer",
        "broadcast",
    ]) || said.phrases(&[
        "my degree",
        "my course",
        "my coursework",
        "a feature on",
        "press office",
        "news desk",
    ])
}

/// "You have received a secure message": it waits on a website, and nothing of it can be read here.
fn is_portal(said: &str, title: &str) -> bool {
    const NOTICES: [&str; 10] = [
        "has sent you a secure message",
        "you have received a secure message",
        "received an encrypted message",
        "sent you an encrypted message",
        "sent you a protected message",
        "you have secure mail",
        "you have a new secure message",
        "sent you a secure email",
        "you have received a secure email",
        "a secure message is waiting",
    ];
    const DOORS: [&str; 9] = [
        "sign in",
        "log in",
        "login",
        "register",
        "open the link",
        "click",
        "read the message",
        "view the message",
        "read message",
    ];
    let holds = |phrase: &str| {
        let phrase = format!(" {phrase} ");
        said.contains(&phrase) || title.contains(&phrase)
    };
    NOTICES.iter().any(|notice| holds(notice)) && DOORS.iter().any(|door| holds(door))
}

const REFERS: &[&str] = &[
    "referral attached",
    "attached referral",
    "referral form attached",
    "completed referral",
    "attach our referral",
    "attached a referral",
    "new referral",
    "please accept the below as a referral",
    "accept this as a referral",
    "i would like to refer",
    "id like to refer",
    "we would like to refer",
    "please can i refer",
    "can i refer",
    "could i refer",
    "wish to refer",
    "like to make a referral",
    "refer the following",
    "refer a tenant",
    "scanned referral",
    "rj referral",
    "request attached",
    "please find attached a completed",
    "please find attached a referral",
    "please see attached referral",
    "referring",
    "i am referring",
    "we are referring",
    "to refer",
    "for a referral",
    "a referral for",
    "ask for mediation",
    "ask for mediation between",
    "mediation request",
    "mediation please",
    "would this one do for rj",
    "suitable for rj",
    "possible rj",
    "considered for rj",
    "considered for restorative",
    "rj request",
    "request for mediation",
    "offender initiated request",
    "agreed to this referral",
    "refer him",
    "refer her",
    "refer them",
    "refer for rj",
    "refer for restorative",
    "refer my",
    "refer our",
    "refer two",
    "take this on",
    "take this referral",
    "i refer",
    "we refer",
    "this referral",
    "a referral from",
    "consider this for",
    "consider for rj",
    "put forward for rj",
    "put forward for restorative",
    "suitable for mediation",
    "suitable for restorative",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_words_stop_it() {
        for text in [
            "I don't want to go on with this any more.",
            "I know I said yes but I've had a think and I'd rather leave it.",
            "We have decided that we do not want to go ahead with the mediation after all.",
            "Please would you not contact us about it any more",
            "I have changed my mind.",
            "Please delete everything you hold about me.",
            "take me off the list please",
            "I am writing to withdraw my consent",
        ] {
            assert!(wants("", text).withdrawal, "{text}");
        }
    }

    #[test]
    fn what_is_said_of_others_or_of_the_case_withdraws_nothing() {
        for text in [
            "He has given consent and wants to meet her",
            "The victim does not want to take part.",
            "I do not want to get the council in, I would just like us to talk.",
            "Please do not contact her at work.",
            "She does not want him to know her address.",
            "I will not go ahead unless you agree.",
            "If she no longer wants to take part I will tell you.",
            "He never said sorry to me.",
        ] {
            assert!(!wants("RJ", text).withdrawal, "{text}");
        }
    }

    #[test]
    fn everyday_words_ask_for_data() {
        for text in [
            "Please send me a copy of all the personal data you hold about me",
            "I would like to see what has been written down about me.",
            "Can I have copies of my records",
            "what have you got on me",
            "I want to see everything you have written about me",
        ] {
            assert!(wants("", text).subject_access, "{text}");
        }
        for text in [
            "I would like to know what he thinks of me",
            "Could you send me a leaflet about your service",
            "The police have my details on file",
        ] {
            assert!(!wants("", text).subject_access, "{text}");
        }
    }

    #[test]
    fn a_writer_may_refer_nobody() {
        assert!(wants("Which form?", "I have nobody to refer just yet").refers_nobody);
        assert!(wants("Form", "I don’t have anybody to refer at the moment").refers_nobody);
        assert!(!wants("Form", "I would not refer him to anyone else").refers_nobody);
    }
}
