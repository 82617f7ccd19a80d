//! Word lists: facts of English and of British naming. They steer which capitalised words are people.

use super::lexicon::Classes;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Titles of private people, lower case, without a full stop.
pub(super) fn is_title(word: &str) -> bool {
    Classes::of(word).is_title()
}

/// Ranks: the name after one is an officer's.
pub(super) fn is_rank(word: &str) -> bool {
    Classes::of(word).is_rank()
}

/// A name that is also an ordinary word: it counts only in a name's context.
pub(super) fn is_common_name(word: &str) -> bool {
    Classes::of(word).is_common_name()
}

/// A name that is hardly ever an ordinary word in a letter, although it is one: it counts everywhere.
pub(super) fn is_name_first(word: &str) -> bool {
    Classes::of(word).is_name_first()
}

/// What follows a surname without being a part of it.
pub(super) fn is_suffix(word: &str) -> bool {
    matches!(
        word,
        "jr" | "jnr" | "sr" | "snr" | "junior" | "senior" | "ii" | "iii" | "esq"
    )
}

/// A name without what stands in brackets, and that on its own.
pub(super) fn without_asides(name: &str) -> (String, Vec<String>) {
    let (mut left, mut asides) = (String::new(), Vec::new());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('(') {
        let (inner, tail) = after.split_once(')').unwrap_or((after, ""));
        left.push_str(before);
        left.push(' ');
        asides.push(inner.trim().trim_matches('"').to_owned());
        rest = tail;
    }
    left.push_str(rest);
    asides.retain(|aside| aside.chars().any(char::is_alphabetic));
    (left, asides)
}

/// Whether a word may be a name of three letters or more with an `s` whose apostrophe was forgotten.
pub(super) fn may_be_possessive(word: &str) -> bool {
    let other = matches!(word, "lens" | "mins" | "kits" | "pips" | "tims" | "fins" | "gens");
    word.ends_with('s') && word.chars().count() > 3 && !other && !is_plain_word(word) && !is_common_name(word)
}

/// A frequent word that is no name.
pub(super) fn is_plain_word(word: &str) -> bool {
    Classes::of(word).is_plain_word()
}

/// A weekday or month, whole or cut short.
pub(super) fn is_calendar(word: &str) -> bool {
    Classes::of(word).is_calendar()
}

/// A given name in use in the United Kingdom.
pub(super) fn is_given_name(word: &str) -> bool {
    Classes::of(word).is_given_name()
}

/// A word that makes a run of capitalised words an organisation, office, document or place.
pub(super) fn is_institution_word(word: &str) -> bool {
    Classes::of(word).is_institution_word()
}

/// A town, city, county, country, people, language or denomination.
pub(super) fn is_place(word: &str) -> bool {
    Classes::of(word).is_place()
}

/// A word for a relative or somebody near.
pub(super) fn is_relation(word: &str) -> bool {
    Classes::of(word).is_relation()
}

/// A small word within surnames.
pub(super) fn is_particle(word: &str) -> bool {
    Classes::of(word).is_particle()
}

/// What people do in reports: "Grace said".
pub(super) fn is_person_verb(word: &str) -> bool {
    Classes::of(word).is_person_verb()
}

/// Words that open a letter to somebody.
pub(super) fn is_salutation(word: &str) -> bool {
    matches!(
        word,
        "dear" | "hi" | "hello" | "hey" | "hiya" | "morning" | "afternoon" | "evening" | "cheers"
    )
}

/// Other usual forms of a given name (lower case), both ways.
pub(super) fn nicknames(given: &str) -> Vec<&'static str> {
    NICKNAMES.get(given).cloned().unwrap_or_default()
}

pub(super) const TITLES: &str = "\
    mr mrs ms miss mx master mister missus madam sir dame lady lord dr prof professor rev reverend fr";

pub(super) const RANKS: &str = "\
    pc ps dc ds di dci dsu insp inspector sgt sergeant constable pcso superintendent supt officer cllr councillor";

pub(super) const PARTICLES: &str = "\
    de da di del della der den van von la le du dos das el al bin ibn bint ap ab mac mc o st ter ten abu ul";

pub(super) const CALENDAR: &str = "\
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs fri sat sun \
    january february march april may june july august september october november december \
    jan feb mar apr jun jul aug sep sept oct nov dec easter christmas boxing whitsun ramadan eid diwali hanukkah";

pub(super) const RELATIONS: &str = "\
    son daughter mother mum mam mummy dad father daddy husband wife partner brother sister grandson granddaughter \
    grandmother grandfather grandma grandad granddad nan nana gran uncle aunt auntie aunty cousin nephew niece friend \
    boyfriend girlfriend fiance fiancee neighbour neighbor stepson stepdaughter stepmother stepfather stepdad stepmum \
    twin child baby carer tenant landlord ex mate lad boy girl sibling parent guardian colleague witness client \
    patient victim offender harmer complainant defendant suspect called named";

pub(super) const PERSON_VERBS: &str = "\
    said says told tells asked asks agreed agrees wants wanted rang phoned called texted wrote emailed thinks thought \
    felt feels knows knew came comes lives lived went goes has had is was does did cannot can could would should might \
    will may seems sounded looked replied admitted denies denied apologised explained mentioned reported refused \
    attended signed confirmed accepted declined met sent spoke speaks hopes hoped understands understood prefers \
    preferred needs needed likes liked doesn didn isn wasn won wouldn couldn hasn hadn sees saw";

pub(super) const COMMON_NAMES: &str = "\
    mark may will grace price rose hope frost april june august joy faith dawn summer winter autumn spring amber ivy lily \
    daisy violet heather hazel holly iris jade ruby pearl crystal ginger sandy rusty sunny penny bill rob jack nick pat sue \
    gene art drew dean grant guy frank ernest chase chance hunter mason miles major lance pierce wade ward wood woods stone \
    hill field fields brook brooks rivers lake banks bank park parks forest green brown white black gray grey gold golden \
    silver king knight bishop abbott pope cook baker butcher miller fisher shepherd porter potter cooper carter turner page \
    young long short small little sharp wise swift best good goodman love loveday moore more day week snow rain storm cloud \
    moon star sky bell bells ball hall house church temple castle bridge street lane way gates gate marsh moss reed bush \
    bird crane drake finch fox wolf lamb bull hart hare pike fish salmon bass rice bean berry cherry plum pear peach olive \
    basil rosemary sage law laws justice court case sales cash money pound bond note read reader word speaker singer player \
    walker rider archer barber farmer gardener carpenter dyer glover english french welsh ireland holland london york \
    england blessing precious gift princess prince duke earl noble rich poor bright dear darling savage moody strong hardy \
    bold blunt fair pretty sweet tall christian charity patience prudence mercy harmony melody destiny heaven angel dolly \
    harry jay robin martin don ray les van art max dot fern sandy cliff glen heath clay rusty buck curt sky storm rocky \
    rock mercy trinity honey honour honor liberty star genesis nova paris china india asia sydney chelsea brooklyn austin \
    jordan israel carol gay happy merry victor dale kay bea tiger bow sparks marks mills wells waters woodward newman freeman \
    chapman bailey parsons butler steward taylor tailor weaver webb cross crosse pool poole pond well beck dell glass stock \
    stocks block locke key keys hook horn hood cope beer rush flowers bloom plant root branch leaf twigg thorn nettle rowe \
    blow bone bones foot hand head chin cheek back beard shaw slack sturdy keen kind able wild wilde daft ling ham bacon \
    pepper salt sugar cotton silk wool button glover hatter cannon gunn spears power powers self constable sergeant cane \
    person pearson man mann batchelor child childs father brothers cousins friend neighbour newcomb strange new old low high \
    down north south east west easter christmas noon early gale hail heard lord monk nunn deacon parson priest sexton clark \
    clerk coward crook outlaw rook swan peacock partridge raven nightingale jay martin starling dove peel pitt sadler mead \
    pass pay may tell trust tripp bolt nail hammer tool tills till inn lodge barn mews combe dyke cain abel eve sunday friday \
    monday noel star lucky princess majesty royal regal read bid reid dudley rider piper pipe harper rope potts pots cups \
    bowl sally job ted ed al jo lee bo ty sid vic art ned mo jules sol lou merit prosper sincere comfort fortune goodness";

pub(super) const NAME_FIRST: &str = "\
    jack harry jordan lee ann jo martin carol ted sid jay max dean dale victor robin austin chelsea brooklyn ernest noel reid \
    dudley glen jules amber jade ruby holly hazel heather daisy ivy violet iris lily sally kay christian drew curtis eve ned \
    ed al vic mo bo ty penny dolly gail rosemary \
    roy smith taylor tailor harris webb rowe \
    freeman woodward bailey shaw pearson gardiner \
    rhys bea jean jude poppy skye lou ling ng li wu locke crosse abel cain gunn";

/// Words before which a name in use as an ordinary word is the doer: "Price stole it".
pub(super) fn is_act(word: &str) -> bool {
    const NO_ACTS: [&str; 9] = [
        "need", "indeed", "feed", "speed", "bleed", "exceed", "proceed", "seed", "based",
    ];
    const ACTS: [&str; 34] = [
        "stole", "hit", "paid", "took", "ran", "left", "got", "gave", "began", "broke", "fell", "found",
        "kept", "made", "read", "sat", "stood", "swore", "threw", "won", "lost", "brought", "bought", "sold",
        "hurt", "fought", "drove", "drank", "pleads", "wants", "claims", "lives", "turns", "comes",
    ];
    is_person_verb(word)
        || ACTS.contains(&word)
        || (word.len() > 4 && word.ends_with("ed") && !NO_ACTS.contains(&word))
}

pub(super) const PLAIN_WORDS: &str = "\
    a about above across after again against ago all almost alone along already also although always am an and another any \
    anybody anyone anything anyway are around as ask asked at away back be because become been before began behind being below \
    beside best better between big both but by call called came can cannot car case city come could did didn do does doesn \
    doing don done down during each early eight either else end enough even evening ever every everybody everyone everything \
    far few find first five follow for form four friend from front full further gave get give given go going gone good got \
    great group had hadn half happy hard has hasn have haven having he hear heard help her here hers herself hi high him \
    himself his home hope hour hours house how however i if in indeed instead into is isn it its itself just keep kept kind \
    knew know last late later least leave left less let letter life like line little ll long look looked lot m made mail make \
    many matter may maybe me mean meet meeting message might mind mine minute more morning most much must my myself name near \
    need never new next nine no nobody none nor not note nothing now number of off office often oh ok okay old on once one \
    only onto open or order other others our ours ourselves out over own part people perhaps person phone place please point \
    put quite rang ran rather re read ready really regards right ring room said same saw say says second see seem seen send \
    sent set seven several shall she should side since six small so some somebody someone something soon sorry still such \
    sure t take taken talk tell ten than thank thanks that the their theirs them themselves then there therefore these they \
    thing things think third this those though thought three through time times to today together told tomorrow too took \
    toward try tried turn two under until unless up upon us use used ve very via visit want wanted was wasn way we week weeks \
    well went were weren what whatever when where whether which while who whole whom whose why will wish with within without \
    won word work would wouldn write wrote year years yes yesterday yet you your yours yourself \
    attached below above kindly further following subject sent received forwarded fwd fw cc bcc best kind warm many yours \
    sincerely faithfully cheers warmest hello dear hey afternoon happy unfortunately hopefully please page apologies good \
    bad nice lovely great perfect brilliant fine victim victims offender offenders harmer harmed party parties participant \
    participants police probation prison council court email address date dob tel telephone mobile fax mob phone ref \
    reference re url website www http https com org net uk note notes update reminder urgent confidential official \
    sensitive private hearing panel service services session visit conference mediation restorative referral referrals \
    consent agreement outcome report risk assessment monday english polish welsh irish scottish british \
    stuck running handover both either neither surname forename forenames visitors visitor mr mrs ms miss \
    heat west east north south just start bit bias to town land side long hill ham ford son men man ton ing \
    ann annexe zoom teams whatsapp facebook instagram insta twitter google microsoft outlook iphone android ipad ico marac camhs senco nspcc oasys aba";

pub(super) const INSTITUTION_WORDS: &str = "\
    road rd street st avenue ave close lane ln drive way court crescent cres gardens garden place terrace walk row rise mews \
    hill grove green park square gate view arcade parade wharf quay meadow meadows field fields chase mead broadway estate \
    house hall centre center room rooms building buildings library church chapel hospital surgery clinic pharmacy school \
    academy college university nursery station theatre museum hotel inn arms pub cafe restaurant club gym market shop store \
    stores supermarket council police constabulary force probation prison hmp yoi court courts tribunal service services \
    team unit department dept office desk centre hub trust foundation charity society association group committee board panel \
    ltd limited plc llp solicitors chambers partners insurance mutual bank homes housing agency authority commission \
    commissioner ministry government parliament crown nhs cps yjs yot act section order policy procedure code form report \
    agreement assessment plan letter notice certificate statement schedule meeting conference session programme project \
    restorative justice mediation community safety neighbourhood youth victim victims witness offender officer coordinator \
    co-ordinator manager director caseworker worker volunteer facilitator mediator administrator supervisor practitioner \
    adviser advisor secretary chair chairman chairwoman chairperson assistant senior head lead deputy chief duty detective \
    sergeant constable inspector superintendent district borough county town village city region division east west north \
    south central upper lower great little saint old new mid royal national international british english data protection \
    health social care support mental children adult family young people public private general legal fire rescue ambulance \
    emergency survey feedback invoice purchase quarter monthly annual weekly daily united kingdom street surveyors fencing \
    interpreters bookings reception accounts enquiries complaints admissions visits claims regards wishes thanks gmt bst \
    subject from sent standard time re fwd rj mac pc laptop microsoft google word excel outlook teams zoom";

pub(super) const PLACES: &str = "\
    essex dorset kent suffolk norfolk cambridgeshire hertfordshire bedfordshire sussex surrey hampshire devon cornwall somerset \
    wiltshire gloucestershire oxfordshire berkshire buckinghamshire northamptonshire leicestershire nottinghamshire derbyshire \
    lincolnshire yorkshire lancashire cheshire cumbria durham northumberland staffordshire shropshire warwickshire \
    worcestershire herefordshire merseyside cleveland rutland middlesex \
    london chelmsford colchester harlow basildon southend braintree maldon clacton harwich brentwood billericay wickford \
    rayleigh rochford thurrock grays tilbury canvey witham halstead saffron walden epping ongar loughton waltham romford \
    ilford ipswich norwich cambridge peterborough luton bedford stevenage watford hertford hatfield bournemouth poole \
    weymouth dorchester bridport sherborne blandford christchurch swanage wareham southampton portsmouth winchester \
    basingstoke exeter plymouth torquay truro taunton bath bristol swindon salisbury gloucester cheltenham oxford reading \
    slough brighton hove eastbourne hastings crawley guildford woking maidstone canterbury dover ashford folkestone margate \
    ramsgate medway gravesend dartford birmingham coventry wolverhampton walsall dudley solihull leicester nottingham derby \
    stoke stafford telford shrewsbury worcester hereford northampton kettering corby lincoln grimsby hull york leeds \
    bradford wakefield huddersfield halifax sheffield rotherham doncaster barnsley manchester salford stockport bolton bury \
    oldham rochdale wigan warrington liverpool birkenhead chester crewe preston blackpool blackburn burnley lancaster \
    carlisle newcastle sunderland gateshead middlesbrough darlington hartlepool swansea cardiff newport wrexham bangor \
    aberystwyth edinburgh glasgow aberdeen dundee inverness stirling perth belfast derry dublin \
    england scotland wales ireland britain uk eu europe america usa france germany spain italy portugal poland romania \
    lithuania latvia ukraine russia india pakistan bangladesh nigeria ghana kenya somalia china jamaica turkey greece \
    alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho illinois indiana iowa kansas \
    kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma \
    oregon pennsylvania tennessee texas utah vermont wisconsin wyoming houston baltimore omaha portland chicago boston seattle \
    atlanta miami detroit philadelphia denver toronto montreal vancouver ottawa calgary queensland melbourne brisbane perth adelaide \
    canberra auckland wellington madrid barcelona lisbon rome milan naples venice vienna zurich geneva brussels antwerp amsterdam \
    rotterdam hague copenhagen oslo stockholm helsinki warsaw krakow prague budapest bucharest sofia athens istanbul ankara moscow \
    kiev kyiv berlin munich hamburg frankfurt cologne dresden luxembourg strasbourg lyon marseille bordeaux cairo lagos nairobi \
    johannesburg pretoria accra addis baghdad tehran kabul karachi lahore islamabad delhi mumbai kolkata chennai dhaka colombo \
    kathmandu bangkok hanoi manila jakarta singapore beijing shanghai tokyo osaka seoul taipei havana bogota lima santiago brasilia \
    afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahrain barbados belarus belgium \
    bolivia bosnia botswana brazil bulgaria cambodia cameroon canada chile colombia congo croatia cuba cyprus czechia denmark \
    ecuador egypt eritrea estonia ethiopia fiji finland gambia guatemala guyana haiti honduras hungary iceland indonesia iran iraq \
    israel italy japan kazakhstan korea kosovo kuwait laos lebanon liberia libya liechtenstein macedonia madagascar malawi malaysia \
    mali malta mauritius mexico moldova monaco mongolia montenegro morocco mozambique myanmar namibia nepal netherlands \
    nicaragua niger norway oman panama paraguay peru philippines qatar rwanda senegal serbia sierra slovakia slovenia sudan \
    sweden switzerland syria taiwan tanzania thailand togo trinidad tunisia turkmenistan uganda uruguay uzbekistan vatican \
    venezuela vietnam yemen zambia zimbabwe antigua \
    anglia midlands wessex thames mersey tyne humber sea bay \
    arabic somali urdu punjabi bengali gujarati hindi nepali sinhala tamil sylheti mirpuri pothwari romanian lithuanian \
    latvian estonian portuguese spanish italian turkish kurdish sorani kurmanji farsi dari pashto tigrinya amharic oromo \
    albanian bulgarian hungarian ukrainian russian vietnamese mandarin cantonese chinese japanese korean tagalog yoruba \
    igbo hausa twi swahili lingala afrikaans european african asian american caribbean indian pakistani bangladeshi \
    nigerian ghanaian kenyan jamaican dutch swedish norwegian finnish afghan syrian iraqi iranian quaker methodist \
    anglican catholic hindu sikh jewish buddhist";

/// Families of given names: each form may stand for each other one of its row.
const NICKNAME_ROWS: &str = "\
margaret maggie meg peggy marge margie madge greta|elizabeth liz lizzie beth betty eliza libby bess lisa elisabeth|\
daniel dan danny|thomas tom tommy|robert rob bob bobby robbie bert|william will bill billy liam willie|richard rich rick dick ricky richie|\
michael mike mick mickey micky|james jim jimmy jamie|john jack johnny jon|joseph joe joey|david dave davey|stephen steve steven stevie|\
anthony tony ant|andrew andy drew|christopher chris kit|matthew matt matty|nicholas nick nicky|benjamin ben benny|samuel sam sammy|\
alexander alex sandy al xander|edward ed eddie ted teddy ned|charles charlie chas chuck|george georgie|henry harry hal|\
frederick fred freddie freddy|peter pete|philip phil phillip|timothy tim timmy|kenneth ken kenny|ronald ron ronnie|donald don donnie|\
raymond ray|lawrence larry laurie|gregory greg|jeffrey jeff geoffrey geoff|jonathan jon jonny johnny|joshua josh|zachary zach zac zak|\
nathan nate nathaniel|patrick pat paddy|terence terry terrence|leonard len lenny|albert bert albie|alfred alf alfie|arthur art artie|\
ernest ernie|francis frank frankie fran|gerald gerry jerry|harold harry hal|walter walt wally|vincent vince vinny|victor vic|\
dominic dom|maxwell max|oliver ollie|theodore theo ted teddy|tobias toby|katherine kate katie kathy kath kay kitty kat katharine catherine cathy cath cat kathryn|\
jennifer jen jenny jenni|jessica jess jessie|rebecca becky becca bex|victoria vicky vicki tori vikki|susan sue susie suzie suzanne|\
patricia pat patsy tricia trish patty|barbara barb babs|deborah deb debbie debs debra|christine chris chrissie christina tina kirsty|\
samantha sam sammy|alexandra alex sandra lexi ali|stephanie steph|natalie nat natasha tasha|nicola nicky nikki nic|michelle shell chelle|\
amanda mandy|angela angie ange|jacqueline jackie jacqui|josephine jo josie|joanne jo joanna|judith judy jude|kimberley kim kimberly|\
charlotte charlie lottie char|caroline carrie caz carol|isabella bella izzy isabel isabelle|abigail abi abby gail|emily em emmie millie|\
amelia millie amy mia|eleanor ellie nell nora elle|ellen nell ellie nellie|frances fran frankie|florence flo flossie florrie|\
georgina georgie gina|gillian gill jill|harriet hattie harry|helen nell nellie|hannah han|jane janie jenny|janet jan|louise lou lulu|\
lucy lu|lucinda lucy cindy|madeleine maddie maddy madeline|mary molly polly mae|martha marty mattie|matilda tilly mattie|pamela pam|\
penelope penny|philippa pippa pip|rosemary rose rosie|sarah sally sara sadie|theresa terry tess teresa tessa|tamara tammy|valerie val|\
veronica ronnie vera|winifred win winnie freda|yvonne eve|agnes aggie|beatrice bea trixie beatrix|constance connie|dorothy dot dotty dolly|\
edith edie|ethel eth|gertrude gertie trudy|hilda hildy|imogen immy|mohammed mo mohamed muhammad mohammad|abdul abs|oluwaseun seun|chukwuemeka emeka|\
łukasz luke lukas|katarzyna kasia|małgorzata gosia|agnieszka aga|aleksandra ola|krzysztof krzys chris|michał michal|tomasz tomek|\
piotr peter|paweł paul|siobhan shiv|aoife eva|niamh neve";

static NICKNAMES: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut map: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in NICKNAME_ROWS.split('|') {
        let names: Vec<&str> = row.split_whitespace().collect();
        // Only the first, the full form, leads to all; a short form leads back to it.
        let Some((full, short)) = names.split_first() else {
            continue;
        };
        for name in short {
            map.entry(full).or_default().push(name);
            map.entry(name).or_default().push(full);
        }
    }
    map
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicknames_lead_both_ways() {
        assert!(nicknames("margaret").contains(&"maggie"));
        assert!(nicknames("bob").contains(&"robert"));
        assert!(nicknames("zzz").is_empty());
    }
}
