"""Usual short forms of given names, and the forms that one name has in the languages its bearers live in.

English short forms come from the list of the package `nicknames` (Apache-2.0). The table below is our own, of generally known
forms: by language, the name's full forms (one name: ekaterina, kateryna, catherine), a bar, and the short ones. Everything is
written as matching sees it: folded, and transliterated where the script is another.
"""

from __future__ import annotations

from functools import cache

_TABLES = {
    "es": """
        francisco francesc francesco|paco pancho curro fran francis kiko quico cisco; jose josep|pepe chepe pepito;
        josefa josefina|pepa pepi fina josefi; ignacio|nacho iggy; dolores|lola loli lolita; concepcion|concha conchita conchi;
        guadalupe|lupe lupita; jesus|chus suso chuy; enrique|quique kike; manuel|manolo manu lolo; manuela|manoli manu lola;
        antonio|tono toni antonito; antonia|tona toni; alberto|beto berto tito; roberto|beto berto tito; humberto|beto;
        eduardo|edu lalo guayo; gonzalo|gonza chalo; rosario|charo chayo; mercedes|merche meche; montserrat|montse; pilar|pili;
        teresa|tere teresita maite; consuelo|chelo; encarnacion|encarna encarni; rafael|rafa rafi; javier xavier|javi xavi;
        guillermo|guille memo; santiago|santi chago yago; sebastian|sebas; fernando|fer nando; luis|lucho luisito;
        carlos|charly carlitos; miguel|migue mike miki; pedro|perico pedrito; pablo|pablito; vicente vicent|chente;
        gregorio|goyo; leopoldo|polo; isabel|isa chabela belita; cristina|cris tina; beatriz|bea betty;
        patricia|patri pati paty; rosa|rosi rosita; alejandro|alex ale jandro; alejandra|alex ale jandra; inmaculada|inma;
        milagros|mila; soledad|sole; victoria|vicky vicki; catalina|cata; graciela|chela; gabriel|gabi gabo;
        joaquin|quino ximo
        """,
    "de": """
        johannes johann|hans hannes jo hansi; joseph josef|sepp beppo jupp; wilhelm|willi willy wim helm;
        friedrich|fritz fred freddy; heinrich|heinz heiner hein; maximilian|max maxi; alexander|alex sascha xander;
        alexandra|alex sandra; sebastian|basti wastl; matthias mathias|matze hias; stefan stephan|steffen; christian|chris;
        christoph|chris stoffel; michael|michi michel; andreas|andi andy; thomas|tom tommy; tobias|tobi; benedikt|bene;
        benjamin|ben benni; dominik|domi; florian|flo; franziska|franzi fanny; franz|franzl; georg|schorsch jorg;
        gerhard|gerd gert; gunter gunther guenter guenther|gun; hartmut|harti; jakob|jockel; joachim|jochen achim;
        karl carl|kalle; katharina|kathi kati katja kathe trina; klaus claus nikolaus|niko nik; konrad|kurt conny;
        ludwig|lutz wiggerl; magdalena|lena leni magda; margarete margarethe margareta|grete gretel gretchen rita marga;
        elisabeth|lisa liesl elli else lisbeth betty sissi lilli; eleonore|nora lore; helene|lene leni;
        susanne susanna|susi sanne; theresia theresa|resi resl; ursula|uschi ulla; ulrich|uli ulli; ulrike|uli rike;
        veronika|vroni; viktoria|vicky; wolfgang|wolfi wolf; rudolf|rudi; siegfried|sigi; manfred|manni; bernhard|bernd;
        barbara|babsi barbel; brigitte|gitte gitti biggi; gertrud|trude gerti traudl; hildegard|hilde; ingeborg|inge;
        josephine josefine|josi fine; angelika|geli; antonia|toni; anton|toni; philipp|phil lippi; sabine|bine;
        vincent vinzenz|vinz zenz; waltraud|traudl
        """,
    "fr": """
        francois|fanfan; frederic|fred; philippe|phil; christophe|chris kiki; alexandre|alex; alexandra|alex sandra;
        nicolas|nico; dominique|dodo domi; veronique|vero; isabelle|isa zaza; jacqueline|jackie; genevieve|viviane;
        elisabeth|babette lise lisette; catherine|cathy katia; guillaume|guigui; sebastien|seb; stephane|steph;
        stephanie|steph; benjamin|ben benj; maximilien maxime|max; emmanuel|manu; emmanuelle|manue; mathieu matthieu|mat;
        laurence laurent|lolo; madeleine|mado; marguerite|margot; augustin|gus; gabriel|gaby; antoine|toine tonio;
        joseph|jo jojo; josephine|jo fifi; bernadette|nadette; patricia|pat; patrick|pat; daniel|dany; danielle|dany
        """,
    "it": """
        giuseppe|beppe peppe pino peppino beppino geppo; giuseppina|pina giusy pinuccia; giovanni|gianni nanni vanni gio;
        francesco|franco cecco ciccio checco; francesca|franca cecca; luigi|gigi gino; luigia luisa|gina gigia;
        domenico|mimmo mimi menico; salvatore|totore toto turi salvo; antonio|tonino nino toni tonio; antonietta|tonina nietta;
        vincenzo|enzo cenzo; lorenzo|enzo renzo; alessandro|sandro ale alex; alessandra|sandra ale alex; raffaele|lello raf;
        raffaella|lella raffa; michele|lino miche; gaetano|tano; sebastiano|seba bastiano; bartolomeo|meo bortolo;
        leonardo|leo nardo dino; edoardo eduardo|edo; federico|fede rico; federica|fede; filippo|pippo; roberto|robi berto;
        elisabetta|betta lisa; caterina|rina cate; teresa|resi teresina; maddalena|lena madda; margherita|rita marghe;
        guglielmo|memo; niccolo nicola|nico; gabriele|lele; emanuele|lele manu; stefano|ste; valentina|vale; valeria|vale;
        massimiliano|max massi; massimo|massi max; giacomo|mino; ludovico|vico lodo
        """,
    "pt": """
        francisco|chico xico quico; jose|ze zeca; joao|joca janjao; antonio|toninho tonho to;
        manuel manoel|mane neco maneca manel; joaquim|quim quincas; luis luiz|lula luisinho; eduardo|dudu edu du;
        fernando|nando; fernanda|nanda fe; alexandre|xande ale; rodrigo|digo rodri; gustavo|guga gu; guilherme|gui;
        ricardo|rick cado; roberto|beto; carlos|caca carlinhos; sebastiao|tiao bastiao; isabel|bel belinha isa; beatriz|bia;
        gabriela|gabi; rafaela|rafa; rafael|rafa; mariana|mari nana; leonor|nono; margarida|guida; cristina|cris tina;
        aparecida|cida; conceicao|sao ceicao; daniel|dani; daniela|dani; henrique|rique
        """,
    "nl": """
        johannes johan|jan hans joop han jo; willem|wim pim willy; hendrik|henk rik hein henny; cornelis|kees cor nelis;
        cornelia|corrie cor nel lia; jacobus jacob|jaap koos ko cobus sjaak; petrus pieter peter|piet pier;
        gerardus gerard gerrit|ger gert; theodorus|theo dorus; franciscus|frans cis; adrianus adriaan|ad arie adri janus;
        antonius anton|toon ton antoon; josephus|jos jef sjef; lambertus|bert lammert; hubertus|huub bert;
        albertus|bert ab appie; bartholomeus|bart; nicolaas|klaas nico; leonardus|leo leen; wilhelmina|mina willemien wil mien;
        johanna|jo hanneke joke anneke jannie; elisabeth|lies els betty bep liesbeth elly;
        maria|mieke marijke rietje mia riet ria; margaretha|greet griet gre marga; catharina|trijn toos tineke rina cato;
        hendrika|riek henny rika; alexander|sander lex alex; sebastiaan|bas; maximiliaan|max; matthijs mattheus|thijs;
        martinus|tinus maarten; laurentius|laurens lau; christiaan|chris
        """,
    "pl": """
        aleksander alexander|olek alek; aleksandra|ola olka; katarzyna|kasia kaska; malgorzata|gosia malgosia goska;
        agnieszka|aga agusia; joanna|asia joasia aska; barbara|basia baska; magdalena|magda lena madzia; anna|ania anka hania;
        hanna|hania hanka; maria|marysia maja; elzbieta|ela elka; ewa|ewka ewcia; zofia|zosia zoska; teresa|renia tereska;
        tomasz|tomek; jan|janek jasiek jas; stanislaw|staszek stach stas; wladyslaw|wladek; boleslaw|bolek; czeslaw|czesiek;
        krzysztof|krzysiek krzys; andrzej|jedrek andrzejek; grzegorz|grzesiek grzes; piotr|piotrek piotrus; pawel|pawelek;
        jozef|jozek; franciszek|franek; kazimierz|kazik; tadeusz|tadek; zbigniew|zbyszek zbychu; wojciech|wojtek;
        jakub|kuba kubus; mikolaj|miki; michal|misiek michalek; mateusz|mati; lukasz|lukaszek; antoni|antek; henryk|heniek;
        jerzy|jurek; ryszard|rysiek; roman|romek; slawomir|slawek; miroslaw|mirek; jaroslaw|jarek; dariusz|darek;
        marek|mareczek; arkadiusz|arek; bartlomiej bartosz|bartek; przemyslaw|przemek; rafal|rafalek; robert|robcio;
        sebastian|seba; waldemar|waldek; witold|witek
        """,
    "cs": """
        jan|honza jenda jenik; josef|pepa pepik jozka; frantisek|franta; jiri|jirka; jaroslav|jarda; miroslav|mirek mira;
        vaclav|vasek venca; stanislav|standa; zdenek|zdenda; petr|petan; pavel|pavlik; karel|karlik; ladislav|lada laco;
        antonin|tonda; tomas|tomik; vladimir|vlada; jakub|kuba; katerina|katka kata; marie|maruska majka; anna|anicka anca;
        alzbeta|betka eliska; magdalena|majda lenka; ludmila|lida; jitka judita|jituse; bozena|bozka
        """,
    "sk": """
        jan|jano janko; jozef|jozo; stefan|stevo; michal|misko miso; zuzana|zuzka
        """,
    "hu": """
        istvan|pista isti; jozsef|jozsi joska; janos|jani jancsi; laszlo|laci; ferenc|feri; sandor|sanyi; zoltan|zoli;
        lajos|lali; gyorgy|gyuri; mihaly|misi miska; tamas|tomi; gabor|gabi; andras|andris bandi; miklos|miki; imre|imi;
        erzsebet|erzsi bozsi zsoka; katalin|kati kata; ilona|ili ica; margit|manci; maria|mari marika; judit|jutka;
        zsuzsanna|zsuzsa zsuzsi; eva|evi
        """,
    "ro": """
        alexandru|alex sandu; alexandra|alex sanda; gheorghe|gigi ghita gica; ioan ion|nelu ionel ionut;
        constantin|costel costi dinu; nicolae|nicu nae; mihai mihail|misu; vasile|vasilica; stefan|fane; elena|lenuta ileana;
        maria|marioara mioara
        """,
    "sv": """
        karl carl|kalle; johan|jocke janne; joakim|jocke; lars|lasse; nils|nisse; anders|adde; erik|erka; olof|olle; per|pelle;
        bengt|benke; jan|janne; stefan|steffe; margareta|greta maggan; elisabet elisabeth|lisa lisbet elsa betty;
        kristina christina|stina kicki tina; birgitta|gitta britta; gunilla|nilla
        """,
    "da": """
        jens|jes; niels nikolaj|nis klaus; frederik|frede; kristian christian|kris chris; margrethe|grete grethe;
        kirsten kristine|kis stine
        """,
    "fi": """
        johannes|juha juhani hannu jussi; juhani|jussi juha; yrjo|yrkki; aleksanteri|santeri ale; antero|antti;
        mikael|mika mikko; matias|matti; elisabet elisabeth|liisa elli; katariina|kati kaisa; margareeta|reetta
        """,
    "el": """
        georgios george giorgos yorgos|yiorgos giorgis; ioannis john giannis yannis|yiannis gianis;
        konstantinos constantine|kostas costas dinos kostis; dimitrios|dimitris mitsos jimmy dimitri;
        nikolaos nicholas|nikos nicos nikolas; panagiotis|panos takis panayotis; athanasios|thanasis sakis nasos thanos;
        vasileios basil|vasilis vassilis billy; christos|christakis; apostolos|tolis lakis; anastasios|tasos;
        spyridon|spyros spiros; theodoros theodore|thodoris doros; evangelos|vangelis; stylianos|stelios;
        grigorios gregory|grigoris; emmanouil emmanuel|manolis manos; charalampos|babis haris lampis;
        michail michael|michalis mihalis; alexandros alexander|alekos alexis; antonios anthony|antonis; eleftherios|lefteris;
        ilias elias|lias; aikaterini catherine|katerina kaiti; eleni helen|elena lena; maria|marika mairi; georgia|gogo;
        vasiliki|vaso vicky; dimitra|mimi; ioanna joanna|gianna; anastasia|natasa tasoula; sofia|sofi; evangelia|litsa eva;
        paraskevi|vivi evi voula
        """,
    "ru": """
        aleksandr alexander aleksander oleksandr aliaksandr|sasha sanya shura alik shurik;
        aleksandra alexandra oleksandra|sasha shura sanya; aleksey alexey alexei oleksiy|lyosha alyosha lyokha lesha;
        anastasiya anastasia|nastya nastia asya; anatoliy anatoly anatoli|tolya tolik; andrey andrei andriy andrew|andryusha;
        anna anya|anya nyura anyuta asya; anton|tosha antosha; artem artyom|tyoma tema; boris borys|borya; valentina|valya;
        valeriy valery valeri|valera; vasiliy vasily vasyl basil|vasya; viktor victor|vitya; viktoriya victoria|vika;
        vitaliy vitaly vitali|vitalik vitalya; vladimir volodymyr uladzimir|volodya vova vovka vladik;
        vladislav vladyslav|vlad vladik slava; vyacheslav viacheslav|slava; galina halyna|galya;
        gennadiy gennady hennadiy|gena; georgiy georgy heorhiy george|zhora gosha goga;
        grigoriy grigory hryhoriy gregory|grisha; daniil danila danylo daniel|danya danila; darya daria dariya|dasha;
        denis denys|deniska; dmitriy dmitry dmitri dmytro|dima mitya dimitri;
        evgeniy evgeny yevgeniy yevgeny yevhen eugene|zhenya zhenia; evgeniya yevgeniya yevheniya eugenia|zhenya;
        ekaterina yekaterina kateryna catherine katherine|katya katia katyusha; elena yelena olena helen|lena alyona lenochka;
        elizaveta yelizaveta yelyzaveta elizabeth|liza lisa; ivan john|vanya; igor ihor|igoryok; ilya illya|ilyusha;
        irina iryna irene|ira irisha; kirill kyrylo cyril|kirya; konstantin kostyantyn constantine|kostya;
        kseniya ksenia xenia oksana|ksyusha ksenya; larisa larysa|lara; leonid|lyonya lenya;
        lyudmila ludmila lyudmyla|lyuda lusya mila; lyubov lubov|lyuba; maksim maxim maksym|max maks; margarita|rita;
        marina maryna|marisha; mariya maria mary|masha marusya manya; mihail mikhail mykhaylo michael|misha;
        nadezhda nadiya|nadya nadia; natalya nataliya natalia natalie|natasha nata; nikita mykyta|nik;
        nikolay nikolai mykola nicholas|kolya nik; oleg oleh|olezhka; olga olha|olya; pavel pavlo paul|pasha;
        petr pyotr petro peter|petya; polina|polya; roman|roma; rostislav|slava; svetlana svitlana|sveta lana;
        semen semyon|syoma; sergey sergei serhiy serge siarhei|seryozha serezha seriy; sofya sofiya sofia sophia|sonya sonia;
        stanislav|stas slava; stepan stephen|styopa; tatyana tatiana tetyana|tanya tania; timofey timothy|tima;
        fedor fyodor theodore|fedya; yuliya yulia julia|yulya; yuriy yury yuri yurii|yura; yakov jacob|yasha;
        yaroslav|slava yarik
        """,
    "bg": """
        georgi george|gosho gogo; dimitar|mitko dimo; ivan|vanko vanyo; ivanka|vanya; nikolay|niki kolyo; petar peter|pesho;
        stoyan|stoycho; hristo|itso; krasimir|krasi; todor|tosho; aleksandar alexander|sasho aleks
        """,
    "sr": """
        aleksandar alexander|aca sasa aco; dragan|gagi; milan|mica; nikola|nidza; slobodan|boba sloba; jovan|joca;
        djordje george|djoka; jelena|jeca; ivan|ivo ivica; josip|joso jozo bepo; stjepan stefan|stipe
        """,
    "tr": """
        mehmet muhammad mohammed|memo mamet; mustafa|musti; ibrahim|ibo; suleyman|sulo; huseyin husayn|huso; abdullah|apo;
        fatma fatima|fatos; zeynep zaynab|zeyno; ayse aisha|aysecik; ismail|iso; osman uthman|osmi; ahmet ahmad ahmed|;
        yusuf joseph yousef youssef yosef|; omer umar omar|
        """,
    "ar": """
        muhammad mohammed mohamed mohammad mohamad muhammed mahomed md mohd|hamada mo; ahmad ahmed|hamada hamoudi;
        husayn hussein hussain hossein husain huseyin|; hasan hassan|; ali aly|; umar omar omer|; uthman othman osman usman|;
        yusuf youssef yousef yousuf joseph yosef|; ibrahim ebrahim abraham avraham|; ismail ismael ishmael|;
        musa moussa moses moshe mousa|; isa issa eisa|; yahya yehia|; yaqub yacoub jacob yaakov|; dawud daoud david dawood|;
        sulayman suleiman soliman solomon shlomo suleyman|; khalid khaled|; said saeed sayed saied|; mahmud mahmoud|;
        mustafa mostafa moustafa|; abdullah abdallah abdulla|abdo abdou; abdulrahman abdurrahman abdelrahman|abdo abdou;
        abdulaziz abdelaziz|aziz abdo; abdulkarim abdelkarim|karim; abdulqadir abdelkader abdulkadir|kader; faysal faisal|;
        jamal gamal|; jamil gameel|; tariq tarek tarik|; nasir nasser naser|; qasim kassem kasim|; rashid rachid|;
        sharif cherif sherif|; salih saleh|; walid waleed|; zayd zaid zayed|; usama osama oussama|; karim kareem|; amir ameer|;
        bashir bachir|; fatima fatma fatimah fatema|fatoum; aisha aicha ayesha aysha|; khadija khadijah hatice|;
        zaynab zainab zeinab zineb|; maryam mariam meryem miriam mary|; layla leila laila|; nur nour noor|; huda hoda|;
        muna mona|; hind hend|; sumaya soumaya|; yasmin yasmine jasmine|
        """,
    "he": """
        yosef joseph|yossi yosi sefi; yaakov jacob|kobi yankel koby; avraham abraham|avi rami; moshe moses|moishe moshiko;
        yitzhak isaac|itzik yitz; shlomo solomon|shlomi; shmuel samuel|shmulik; david|dudi dudu; eliyahu elijah|eli;
        yehuda judah|yudi; yehoshua joshua|shuki; aharon aaron|roni; binyamin benjamin|bibi beni; mordechai mordecai|moti;
        menachem|meni; rachel rahel|rachi; rivka rebecca|riki; miriam mary|miri; esther ester|esti; hannah hanna chana|;
        haim chaim|; yonatan jonathan|yoni; natan nathan|nati
        """,
}


@cache
def _related() -> dict[str, frozenset[str]]:
    """What each name may also be called: its other full forms and its short ones; a short form only its full ones."""
    found: dict[str, set[str]] = {}
    for name in ";".join(_TABLES.values()).split(";"):
        full, _, short = name.partition("|")
        fulls, shorts = full.split(), short.split()
        for one in fulls:
            found.setdefault(one, set()).update(fulls, shorts)
        for one in shorts:
            found.setdefault(one, set()).update(fulls)
    return {name: frozenset(others - {name}) for name, others in found.items()}


def related_names(name: str) -> frozenset[str]:
    """Of a folded given name; empty for one that is not known."""
    return _related().get(name, frozenset())
