//! Given names that nearly always tell whether "he" or "she" can mean their bearer.
//!
//! Used for pronouns only, where nothing else is told of the person; it fills no value.

use super::cast::Sex;
use std::collections::HashMap;
use std::sync::LazyLock;

static WORDS: LazyLock<HashMap<&str, Sex>> = LazyLock::new(|| {
    let women = WOMEN.split_whitespace().map(|name| (name, Sex::Female));
    women
        .chain(MEN.split_whitespace().map(|name| (name, Sex::Male)))
        .collect()
});

/// The sex that a given name (lower case) tells of its bearer.
pub(super) fn of_given_name(word: &str) -> Option<Sex> {
    WORDS.get(word).copied()
}

/// Separated by white space.
const WOMEN: &str = "\
abigail agnes agnieszka aisha alice alison amanda amelia amina amy andrea angela anita ann anna anne \
annette annie annika aoife april audrey barbara beatrice becky beryl beth bethan bethany betty bev \
beverley brenda bridget bronwen bronwyn cara carol carole caroline carolyn catherine cath ceri charlotte \
chelsea cheryl chloe christina christine ciara claire clara clare colette daisy danielle daphne dawn \
deborah debbie debra denise diana diane donna doreen doris dorothy edith eileen elaine eleanor eleri \
elena elizabeth ella ellen ellie elodie elsie emily emma erin esther eva eve evelyn faith fatima faye \
felicity fiona flora florence freya gemma georgia georgina gillian gladys glenda glenys grace gwen \
hannah harriet hayley hazel heather helen hilary holly ida imogen ines irene iris isabel isabella isla \
ivy jacqueline jacqui jade jane janet janice jean jeanette jemma jennifer jenny jessica jill joan joanna \
joanne jodie josephine joyce judith julia julie karen kate katherine kathleen katie kayleigh kirsty \
kylie laura lauren leah leanne lena lesley lilian lily linda lisa lorna lorraine louise lucy lydia lynn \
lynne mabel maisie mandy margaret maria marie marilyn marion marjorie marsha martha mary maureen megan \
melanie melissa michelle mildred millie miriam moira molly monica muriel nadia nancy naomi natalie \
natasha niamh nicola nora norma olga olive olivia pamela patricia paula pauline penny philippa phoebe \
phyllis poppy priya rachel rebecca rhian rhiannon rita rosalind rose rosemary rosie ruby ruth sally \
samantha samira sandra sara sarah shanice sharon sheila shelley sheryl shirley sian sophia sophie stacey \
stella stephanie sue susan suzanne sylvia tamsin tanya teresa theresa thea tina tracey tracy una ursula \
valerie vanessa vera veronica victoria violet vivienne wendy winifred yasmin yvonne zara zoe";
/// Separated by white space.
const MEN: &str = "\
aaron abdul adam adrian ahmed aidan alan alastair albert alfie alfred alistair allan andrew andy angus \
anthony antonio archie arthur barnaby barry ben benjamin bernard bill billy bob bradley brandon brendan \
brian bruce bryn callum calum cameron carl cecil charles christopher clifford clive colin connor conor \
craig daniel darren darryl dave david dean declan dennis derek desmond dominic donald douglas duncan \
dylan edgar edward edwin elliot emeka emmanuel eric ernest ethan evan felix fergus finlay francesco \
frank fraser fred frederick gareth garry gary gavin geoff geoffrey george gerald gerard giles glen \
gordon graeme graham grant gregory guy hamish harold harry harvey hassan hector henry herbert howard \
hugh hugo ian ibrahim imran iqbal isaac ivan ivor jack jacob jake james jason jeffrey jeremy jerome jim \
joe joel john jonathan joseph joshua julian justin karl keith ken kenneth kevin kieran kyle lawrence len \
leonard leroy lewis liam lloyd louis luke malcolm marcus mark martin matthew maurice max michael mick \
mike mohammed muhammad nathan neil nicholas nigel noah norman oliver oscar owen patrick paul pete peter \
philip phil piotr ralph raymond reginald rhys richard robert rob rodney roger roland ronald rory ross \
roy rupert russell ryan samuel scott sean sebastian shane shaun sidney simon spencer stanley stefan \
stephen steve steven stewart stuart tariq ted terence terrence theo thomas tim timothy tobias toby todd \
tom tommy tony trevor tristan tyrone victor vikram vincent walter warren wayne wilfred william yusuf \
zachary";
