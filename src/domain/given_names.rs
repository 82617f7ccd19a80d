//! Given names in use in the United Kingdom, lower case, without marks: a fact list, written by hand.

use std::collections::HashSet;
use std::sync::LazyLock;

static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| GIVEN_NAMES.split_whitespace().collect());

/// Whether a word (lower case, without marks) is a given name in use in the United Kingdom.
pub fn is_given_name(word: &str) -> bool {
    WORDS.contains(word)
}

/// All of them, separated by white space.
pub const GIVEN_NAMES: &str = "\
aaron abigail abbie abby abdul abdullah abdi abdirahman abel abi abraham abu ada adam adama adebayo adeel adele aden adesola adil \
aditi aditya adnan adrian adriana afia afsana agata agnes agnieszka ahmad ahmed aidan aiden aileen ailsa aimee aisha aishah aisling \
aiden ajay akash akua ala alan alana alannah alasdair alastair albert albie aleena alejandro aleks aleksander aleksandra alesha alex \
alexa alexander alexandra alexandru alexis alfie alfred ali alia alice alicia alicja alina aliya aliyah alisha alison alistair allan allen \
alma alya amaan amal amanda amandeep amar amara amarjit amber ambrose amelia amelie ameer amina aminah amir amirah amit amjad amrit \
amy ana anastasia anand anaya andre andrea andreea andreas andrei andrew andrzej andy aneta aneeka aneesa anesha angela angelina angus \
anika anil anila anisa anish anita anjali ankit ann anna annabel annabelle anne anneka annette annie annika anouska anthony antoine antoinette \
anton antonio anusha anthea anwar anya aoife april apphia aqsa archie ariana arif arjun arlo armaan arman arnold arran arron arsalan \
arthur arun arya asha asher ashleigh ashley ashok asif asim asma astrid athena atif attila aubrey audrey austin ava avni axel ayaan ayan \
ayesha ayisha ayo ayodele azhar aziz babatunde babs baljit barbara barnaby barry bartosz bashir beata beatrice beatrix becca becky belinda \
ben benedict benjamin benny bernadette bernard bernice bert beryl beth bethan bethany betsy betty bev beverley beverly bianca bilal bill \
billie billy blaise blake blanka bob bobby bogdan boris bozena brad bradley brandon brenda brendan brian brianna bridget bridie brigid \
bronwen bronwyn bruce bryan bryn bryony caitlin caleb callum calum calvin cameron camilla camille candice cara carina carl carla carly \
carmel carmen carol carole caroline carolyn carrie cassandra cassie catalina caterina cath catherine cathy catriona cecil cecilia cedric celia \
celine ceri cerys chan chandra chantal chantelle charlene charles charlie charlotte chelsea cherie cherry cheryl chi chiara chidi chika \
chinedu chinonso chioma chloe chris chrissie christa christian christina christine christopher chukwuemeka cian ciara ciaran cillian cindy \
claire clara clare clarence clarice claudia claudette clement clifford clifton clive clodagh cody colette colin colleen conall conan connie \
connor conor constance cora coral corey corinne cormac cornelius courtney craig cressida cristina crystal curtis cynthia cyril cyrus czeslaw \
daisy dale damian damien damilola dan dana daniel daniela danielle daniyal danny daphne dara darcey darcy daria darius dariusz darragh darrell \
darren darryl dave david davina dawid dawn dawud dean deanna deb debbie deborah debra declan deepa deepak deepika deirdre delilah delroy \
demetrius denis denise dennis derek dermot des desiree desmond destiny devon dewi dexter diana diane dilip dilys dimitri dina dinah dinesh \
dion dipak dmitri dominic dominik dominika don donal donald donna donovan dora doreen doris dorota dorothy dougal douglas drew duane dudley \
dulcie duncan dwayne dylan eamon ebony ed eddie edith edmund edna eduardo edward edwin edyta efe eileen eilidh eilis eimear eirlys ekaterina \
elaine eleanor elena eleri elias elijah elin elina eliot elisa elise elisha eliza elizabeth ella elle ellen ellie elliot elliott ellis elodie \
eloise elouise elsa elsie elspeth elton elvis elwyn emeka emil emilia emilie emily emma emmanuel emmeline emrys emre enid eniola enrique \
enya eoin erdem eric erica erik erika erin ernest ernie esha esme esmeralda esra esther ethan ethel eugene eunice eva evan evangeline eve \
eveline evelyn ewa ewan eze ezra fabian faisal faith faiza faizan farah fareed farhan faridah farooq farrah farzana fatema fatima fatimah fatou fay faye \
felicity felix femi ferdinand fergal fergus fern fernando fidel filip finlay finley finn fintan fiona flavia fleur flo flora florence floyd \
folake frances francesca francis francisco frank frankie franklin fraser fred freda freddie freddy frederick freya funmi gabriel gabriela gabriella \
gabrielle gail galina gareth garfield garry garth gary gavin gayle gaynor gemma gene geoff geoffrey george georgia georgie georgina gerald \
geraldine gerard germaine gerry gertrude gethin ghulam giancarlo gianna gideon gill gillian gina giorgio giovanni gita giuseppe gladys glen \
glenda glenn glenys gloria glynis godfrey gordon gosia grace graeme graham grainne grant grazyna greg gregor gregory greta griffin gruffydd \
grzegorz guillermo gulsen gurdeep gurjit gurpreet gus guy gwen gwendolyn gwyn gwyneth habib habiba hadi hadia hadiza hafsa haider hakeem halima \
halina hamish hamza hana haneef hania hanif hannah hans hardeep hari haris harish harjit harley harminder harold haroon harpreet harriet \
harris harrison harry harsh harvey harvinder hasan haseeb hasina hassan hattie hawa haydn hayden hayley hazel heath heather hector heidi helen \
helena helga henrietta henrik henry herbert herman hermione hershel hilary hilda hina hollie holly hope horace howard hubert hugh hugo humphrey \
husna hussain hussein hywel iain ian ianto ibrahim ida idris ieuan ifan ifeanyi ifeoma igor ikram ilan ilona iman imani imogen imran ina inaya \
inderjit india indira ines inga ingrid ioan iona ioana ira irena irene irfan irina iris irma isaac isabel isabella isabelle isaiah isha ishaan \
ishaq ishmael isla ismail isobel isra israel ivan ivana ivo ivor ivy iwan iwona izabela izzy jack jackie jackson jacob jacqueline jacqui jade \
jaden jadwiga jaime jake jakub jamal james jamie jamila jan jana jane janet janice janina janine janusz jared jarek jaroslaw jasmin jasmine jason \
jasper jaspreet jaswinder javed javier jaya jayden jayne jean jeanette jeanne jed jeff jeffrey jemima jemma jen jenna jennie jennifer jenny \
jeremiah jeremy jermaine jerome jerry jerzy jess jesse jessica jessie jet jeyasingh jill jillian jim jimmy jitendra jo joan joana joanna joanne \
joaquin jocelyn jodi jodie jody joe joel joey johan johanna john johnathan johnny jolanta jolene jon jonah jonas jonathan jonny jordan jorge \
jose joseph josephine josh joshua josiah josie joy joyce juan juanita jude judith judy julia julian juliana julianne julie juliet juliette \
julius june junior jurgita justin justina justine justyna kabir kadija kai kaitlyn kaleem kamal kamala kamil kamila kamran kane kapil kara karan \
kareem karen karenza karim karina karl karla karol karolina kasandra kashif kasia kate katarina katarzyna kate katelyn katerina katharine \
katherine kathleen kathryn kathy katie katrina katya kauser kavita kay kayla kayleigh kaylee kazimierz keeley keegan keith kelechi kelly kelsey \
kelvin ken kenneth kenny kenya kerry kevin keziah khadija khalid khalil khurram kian kieran kiera kim kimberley kimberly kinga kingsley kiran kirk \
kirsten kirsty kirstie kit kitty klaudia kofi konrad krish krishna krishnan kristen kristian kristina kristof krystian krystyna krzysztof kubra \
kulwinder kumar kunal kwabena kwame kwasi kwesi kyle kylie kyra lacey lachlan ladan laila lakshmi lamar lana lance lara latifa latoya laura \
lauren laurence lauri laurie lavinia lawrence layla leah leandra leanne lee leena leila leigh leighton lena lenny leo leon leona leonard leonie \
leroy lesley leslie leszek leticia lewis lexi leyla liam lianne libby lidia lila lilian liliana lily lina linda lindsay lindsey linus lionel lisa \
lisbeth liv livia liz liza lizzie llewellyn lloyd lois lola lorcan lorenzo loretta lorna lorraine lottie lou louis louisa louise luc luca lucas \
lucia lucian luciana lucie lucille lucinda lucja lucy ludmila luigi luis luisa luke lukas lukasz luke lulu luna luther lydia lyla lyn lynda lyndon \
lynette lynn lynne lynsey mabel maciej mackenzie macy maddie maddison madeleine madeline madge madhu madison mae maeve magda magdalena maggie \
magnus maha mahad mahmood mahmoud mahnoor maia mairead maisie maja majid malachi malakai malachy malaika malcolm malgorzata malik mandeep mandy \
manish manisha manjit manoj manon mansoor manuel mara marc marcel marcia marcin marco marcus marek margaret margery margot maria mariah mariam \
mariama marian mariana marianne marie mariella marilyn marina mario marion marisa marissa marius mariusz marjorie mark marko marlene marlon \
marnie marsha marta martha martin martina martyn marvin mary marya maryam maryann mason mateusz mathew mathias mathilda matilda mats matt matteo \
matthew matthias maud maureen maurice mavis max maxim maxine maxwell may maya mayur mbali megan meghan mehdi mehmet mehreen mei mel melanie \
melissa mercy meredith merlin mervyn meryl mia michael michaela michal michele michelle mick mickey miguel mihai mikael mikaela mike mikhail mila \
milan mildred milena miles millicent millie milo mina minnie mira miranda miriam miroslaw misbah mitchell mo modupe mohamed mohammad mohammed \
mohan mohit moira mollie molly mona monica monika monique montel morag morgan morris moses moshe muhammad muhammed mukesh muna muriel murray \
musa mustafa myfanwy myles myra myrtle nabeel nabila nadeem nadia nadine naeem nafisa nahid naila naima najma nakita nana nancy nandini naomi \
narinder nasir nasreen nasrin natalia natalie natasha natasza nathalie nathan nathaniel naveed navjot nazia nazir ned neelam neeta neha neil nela nelly \
nelson nerys nesta neville ngozi ngaire nia niall niamh nicholas nick nicky nicola nicolas nicole nigel nihal nikhil nikita nikki nikola nikolai \
nila nilesh nima nimra nina nisha nitin nkechi noah noel noelle noor nora norah noreen norma norman noura nuala nuria nyasha nyla oakley obi \
obinna octavia odette oisin ola olaf olayinka oleg olena olga oliver olive olivia olivier ollie olu oluwaseun oluwatobi olwen omar omari omer oona \
opal ophelia orla orlaith orlando oscar oswald otis ottilie otto owain owen oxana ozan pablo paddy paige pam pamela parminder parveen pascal pat \
patience patricia patrick patryk patsy paul paula paulette paulina pauline pavel pawel payal pearl pedro peggy penelope penny percy perry pete \
peter petra petronela peyton phil philip philippa phillip philomena phoebe phoenix phyllis pia piers piotr pippa pippin polly pooja poppy prakash \
pranav praveen preeti prem preston prisca priscilla priti priya priyanka przemyslaw qasim quentin quincy rabia rachael rachel rachelle radha radoslaw \
rae rafael rafal rafi rafiq raheem rahel rahim rahul raisa raj raja rajan rajesh rajinder rajiv rakesh ralph ram rama ramona ramesh ramiro randall \
rani ranjit raphael raquel rashid rashida raul ravi ravinder ray raymond rayan rayyan razia rebecca rebekah reece reena reese regina reginald rehana \
rehman reg remi rena renata rene renee reuben reza rhea rhian rhiannon rhoda rhona rhonda rhys ria riana ricardo rich richard richie rick ricky \
rihanna riley rita ritu riya rizwan roan rob robbie robert roberta roberto robin robyn rocco rochelle roderick rodger rodney rodrigo roger rohan \
rohit roisin roland roman romeo romesh romilly romy ron ronald ronan ronnie rory rosa rosalia rosalind rosalyn rosamund rose roseanne rosemarie \
rosemary rosie roslyn ross rowan rowena roxanne roy roza rozina ruairi rubina ruby rudi rudolf rufus rukhsana rupa rupert russ russell ruth ryan ryszard \
saad saanvi sabah sabeen sabina sabrina sachin sadaf sadia sadie saeed safa saffron safia sahar sahil saif saima saira sajid sakina saleem saleh salim sally \
salma salman sam samantha samara samia samina samir samira sammy samson samuel sana sandeep sandip sandra sangeeta sanjay sanjeev santiago saoirse \
saqib sara sarah saraya sarita sarwar sasha satnam saul savannah scarlett scott seamus sean seb sebastian segun selena selina selma seren serena \
serge sergei sergio seth seun shabana shabnam shahid shahida shaheen shakeel shakira shamim shamima shane shania shanice shanaya shannon shanti shari \
sharif sharmila sharon shaun shauna shaukat shaun shawn shazia shea sheena sheikh sheila shelby sheldon shelley sherif sherry shila shilpa shirin \
shirley shivani shona shreya shruti sian sidney sidra siegfried sienna sierra silas silvia simeon simon simona simone simran sinead siobhan sita skye \
slawomir sobia sofia sofie soham solomon sonal sonia sonja sonny sophia sophie soraya spencer stacey stacy stan stanislaw stanley stefan stefania stella steph \
stephanie stephen steve steven stevie stewart stuart sue suha sukhdeep sukhjit sukhvinder sulaiman suleman sultana suman sumera sumit summaya \
sundeep sunil sunita surinder suresh surjit susan susanna susannah susanne sushma susie suzanne svetlana swati sybil syed sylvester sylvia sylwia \
tabitha tadeusz tahir tahira tahmina taiwo talia talha talitha tallulah tamara tamika tamsin tamzin tanya tanisha tansy tanvir tara tariq tarun tasha tasneem \
tatiana tayyab ted teddy temi tendai terence teresa terrance terri terry tess tessa thandi thea thelma theo theodora theodore theresa thomas tia \
tiago tiana tiegan tiffany tilda tilly tim timothy tina tinashe tiwa toby tobias tobi tobin todd tola tolu tom tomas tomasz tommy toni tony topaz tony torquil \
tracey tracy travis trent trevor tricia trinity trish tristan trudi trudy tunde tyler tymek tymoteusz tyrell tyrone uchenna ulrich uma umair umar una unity ursula usha usman \
uzma vaibhav valentina valentine valerie vanessa vaughan vera verity vernon veronica vic vicki vicky victor victoria vijay vikas vikram vikki vimal vina vince \
vincent vinod viola violet virginia vishal vivek vivian vivien vivienne vladimir wade waheed waleed walter wanda wang waqar waqas warren wasim wayne \
wendy wei weronika wes wesley wiktor wiktoria wilbur wilfred will willa william willow wilma winifred winnie winston wioletta wojciech wyn wynne \
xander xavier xiao yahya yang yara yash yasin yasir yasmin yasmine yetunde yolanda youssef yousef yuki yunus yuri yusra yusuf yves yvette yvonne zac zach \
zachary zack zahid zahida zahir zahra zaheer zaid zain zaina zainab zak zakariya zaki zakir zander zara zarah zayn zbigniew zdzislaw zeb zelda zena zeeshan zenon zeynep zia ziad zita \
zoe zofia zoltan zoran zubair zuleika zuzanna zygmunt";
