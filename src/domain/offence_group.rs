//! Free text about an offence, put into one group by its words.
//!
//! Invariant: only words of the text decide, and the first rule that fits: hate and sexual offences wherever
//! they are mentioned, then the crime that is mentioned first, then the nuisance or dispute that is.

use serde::{Deserialize, Serialize};

use OffenceGroup::{
    AntiSocialBehaviour, Damage, Driving, Drugs, Fraud, Harassment, Hate, NeighbourDispute, PublicOrder,
    Robbery, Sexual, TheftAndBurglary, Violence,
};

/// Words of a text that are looked at.
const MAX_WORDS: usize = 200;

/// A group of offences, as the report counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffenceGroup {
    /// Assault, wounding, threats to kill.
    Violence,
    /// Theft, burglary, taking vehicles.
    TheftAndBurglary,
    /// Robbery.
    Robbery,
    /// Criminal damage, graffiti, arson.
    Damage,
    /// Affray, threatening behaviour, disorder.
    PublicOrder,
    /// Harassment, stalking, malicious communications, bullying.
    Harassment,
    /// Anything out of hostility to a group.
    Hate,
    /// Sexual offences.
    Sexual,
    /// Dangerous, careless or drink driving.
    Driving,
    /// Possession and supply of drugs.
    Drugs,
    /// Fraud and deception.
    Fraud,
    /// Nuisance and abuse.
    AntiSocialBehaviour,
    /// Noise, boundaries, parking.
    NeighbourDispute,
    /// None of these words.
    Other,
}

/// Phrases and their group. `*` ends a word that may go on.
type Phrases = &'static [(&'static str, OffenceGroup)];

/// These decide wherever they stand.
const ANYWHERE: Phrases = &[
    ("hate", Hate),
    ("racial*", Hate),
    ("racis*", Hate),
    ("religiously aggravated", Hate),
    ("homophobi*", Hate),
    ("transphobi*", Hate),
    ("islamophobi*", Hate),
    ("antisemiti*", Hate),
    ("anti semiti*", Hate),
    ("xenophobi*", Hate),
    ("sexual*", Sexual),
    ("sexual orientation", Hate),
    ("rape*", Sexual),
    ("indecen*", Sexual),
    ("upskirt*", Sexual),
    ("voyeur*", Sexual),
];

/// Of these the first mentioned decides; at the same place the longest.
const CRIMES: Phrases = &[
    ("assault*", Violence),
    ("abh", Violence),
    ("gbh", Violence),
    ("bodily harm", Violence),
    ("wounding", Violence),
    ("stabb*", Violence),
    ("punch*", Violence),
    ("violen*", Violence),
    ("domestic abuse", Violence),
    ("battery", Violence),
    ("beaten", Violence),
    ("threat* to kill", Violence),
    ("murder*", Violence),
    ("manslaughter", Violence),
    ("kidnap*", Violence),
    ("false imprisonment", Violence),
    ("theft*", TheftAndBurglary),
    ("thief", TheftAndBurglary),
    ("stole*", TheftAndBurglary),
    ("stealing", TheftAndBurglary),
    ("shoplift*", TheftAndBurglary),
    ("burgl*", TheftAndBurglary),
    ("break in", TheftAndBurglary),
    ("broke into", TheftAndBurglary),
    ("twoc", TheftAndBurglary),
    ("vehicle taking", TheftAndBurglary),
    ("taking a vehicle", TheftAndBurglary),
    ("taking a motor vehicle", TheftAndBurglary),
    ("vehicle interference", TheftAndBurglary),
    ("handling stolen", TheftAndBurglary),
    ("making off without payment", TheftAndBurglary),
    ("robber*", Robbery),
    ("robbed", Robbery),
    ("mugg*", Robbery),
    ("damage*", Damage),
    ("vandal*", Damage),
    ("graffiti", Damage),
    ("arson", Damage),
    ("fire setting", Damage),
    ("firesetting", Damage),
    ("set fire", Damage),
    ("secondary fire", Damage),
    ("deliberate fire", Damage),
    ("public order", PublicOrder),
    ("affray", PublicOrder),
    ("violent disorder", PublicOrder),
    ("disorder*", PublicOrder),
    ("riot*", PublicOrder),
    ("breach of the peace", PublicOrder),
    ("threatening", PublicOrder),
    ("alarm or distress", PublicOrder),
    ("harass*", Harassment),
    ("stalk*", Harassment),
    ("malicious comm*", Harassment),
    ("malicious messages", Harassment),
    ("bully*", Harassment),
    ("cyberbully*", Harassment),
    ("intimidat*", Harassment),
    ("threats", Harassment),
    ("coercive", Harassment),
    ("driving", Driving),
    ("drink drive", Driving),
    ("drink driver", Driving),
    ("road traffic", Driving),
    ("road users", Driving),
    ("rtc", Driving),
    ("hit and run", Driving),
    ("failing to stop", Driving),
    ("speeding", Driving),
    ("drug*", Drugs),
    ("cannabis", Drugs),
    ("cocaine", Drugs),
    ("heroin", Drugs),
    ("pwits", Drugs),
    ("controlled substance*", Drugs),
    ("fraud*", Fraud),
    ("scam*", Fraud),
    ("decept*", Fraud),
    ("false representation", Fraud),
    ("forgery", Fraud),
    ("rogue trader*", Fraud),
];

/// As [`CRIMES`], where no crime is mentioned.
const NUISANCES: Phrases = &[
    ("antisocial*", AntiSocialBehaviour),
    ("anti social*", AntiSocialBehaviour),
    ("asb", AntiSocialBehaviour),
    ("nuisance*", AntiSocialBehaviour),
    ("verbal* abus*", AntiSocialBehaviour),
    ("abus*", AntiSocialBehaviour),
    ("thrown", AntiSocialBehaviour),
    ("throwing", AntiSocialBehaviour),
    ("littering", AntiSocialBehaviour),
    ("fly tipping", AntiSocialBehaviour),
    ("ball games", AntiSocialBehaviour),
    ("neighbour*", NeighbourDispute),
    ("nois*", NeighbourDispute),
    ("loud", NeighbourDispute),
    ("music", NeighbourDispute),
    ("footsteps", NeighbourDispute),
    ("boundar*", NeighbourDispute),
    ("fence*", NeighbourDispute),
    ("hedge*", NeighbourDispute),
    ("tree*", NeighbourDispute),
    ("overgrown", NeighbourDispute),
    ("garden*", NeighbourDispute),
    ("parking", NeighbourDispute),
    ("shared drive*", NeighbourDispute),
    ("driveway", NeighbourDispute),
    ("shared pa*", NeighbourDispute),
    ("bins", NeighbourDispute),
    ("barking", NeighbourDispute),
    ("dogs", NeighbourDispute),
    ("smell*", NeighbourDispute),
    ("smoke", NeighbourDispute),
    ("children playing", NeighbourDispute),
    ("noise nuisance", NeighbourDispute),
];

impl OffenceGroup {
    /// The group that the words of `text` name; `Other` where they name none. Only the first 200 words count.
    pub fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let words = text.split(|any: char| !any.is_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).take(MAX_WORDS).collect();
        [ANYWHERE, CRIMES, NUISANCES]
            .into_iter()
            .find_map(|phrases| first_mentioned(&words, phrases))
            .unwrap_or(Self::Other)
    }
}

/// The group of the phrase that stands first; of several at one place, the longest.
fn first_mentioned(words: &[&str], phrases: Phrases) -> Option<OffenceGroup> {
    (0..words.len()).find_map(|at| {
        let here = phrases.iter().filter(|(phrase, _)| begins(&words[at..], phrase));
        here.max_by_key(|(phrase, _)| phrase.len())
            .map(|(_, group)| *group)
    })
}

/// The words begin with the phrase.
fn begins(words: &[&str], phrase: &str) -> bool {
    let mut words = words.iter();
    phrase.split(' ').all(|wanted| {
        words.next().is_some_and(|word| match wanted.strip_suffix('*') {
            Some(stem) => word.starts_with(stem),
            None => *word == wanted,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{OffenceGroup::*, *};

    #[test]
    fn offences_as_agencies_write_them() {
        let cases = [
            ("Common assault", Violence),
            ("Section 39 common assault x 2", Violence),
            (
                "Assault occasioning actual bodily harm; criminal damage",
                Violence,
            ),
            ("Road rage assault", Violence),
            ("Aggravated burglary", TheftAndBurglary),
            ("Theft of pedal cycle and common assault", TheftAndBurglary),
            ("Aggravated vehicle taking", TheftAndBurglary),
            ("Shoplifting", TheftAndBurglary),
            ("Robbery (mobile phones)", Robbery),
            ("Criminal damage to a vehicle", Damage),
            ("Damage to garden", Damage),
            ("Deliberate fire setting", Damage),
            ("Public order (section 5)", PublicOrder),
            ("Violent disorder", PublicOrder),
            ("threatening behaviour in a shop", PublicOrder),
            ("Sending malicious communications", Harassment),
            ("STALKING", Harassment),
            ("Racially aggravated common assault", Hate),
            ("Assault, recorded as a hate crime", Hate),
            ("Homophobic abuse", Hate),
            ("Sexual assault", Sexual),
            ("Causing death by dangerous driving", Driving),
            ("Endangering road users", Driving),
            ("Possession of cannabis", Drugs),
            ("Fraud by false representation (rogue trader)", Fraud),
            (
                "Anti-social behaviour – ball games and verbal abuse",
                AntiSocialBehaviour,
            ),
            ("Verbal abuse and a thrown flowerpot", AntiSocialBehaviour),
            ("Noise nuisance", NeighbourDispute),
            ("Shared drive and bins", NeighbourDispute),
            ("Barking dogs, verbal abuse over the fence", NeighbourDispute),
            ("The sale of their late mother's house", Other),
            ("", Other),
            ("n/a", Other),
        ];
        for (text, group) in cases {
            assert_eq!(OffenceGroup::of(text), group, "{text}");
        }
    }

    #[test]
    fn only_whole_words_count() {
        assert_eq!(OffenceGroup::of("A grapefruit"), Other);
        assert_eq!(OffenceGroup::of("whatever"), Other);
        assert_eq!(OffenceGroup::of("drivings"), Other);
        assert_eq!(OffenceGroup::of("Robbie from the stables"), Other);
    }

    #[test]
    fn a_long_text_is_read_up_to_its_bound() {
        let text = "word ".repeat(MAX_WORDS) + "robbery";
        assert_eq!(OffenceGroup::of(&text), Other);
    }
}
