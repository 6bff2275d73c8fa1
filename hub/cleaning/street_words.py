"""Words of address lines in the languages of some twenty countries. Left the full word, right how else it is written.

Everything is written folded: no case, no accents, no dots. Ambiguous ones (`st`: street or saint) are decided in addresses.py.
"""

from __future__ import annotations

_WORDS = """
en street|str
en avenue|ave av avn aven
en road|rd
en boulevard|blvd boul bvd blv
en drive|drv
en lane|ln
en court|crt
en place|plc
en square|sq
en terrace|terr ter
en crescent|cres cresc
en circle|cir circ
en highway|hwy
en parkway|pkwy pky
en close|clo
en gardens|gdns gdn
en grove|grv
en trail|trl
en alley|aly
en apartment|apt appt appartement apartamento apto
en suite|ste
en floor|flr fl
en building|bldg bld
en unit|unt
en room|rm
en house|hse
en north|n
en south|s
en east|e
en west|w
en northeast|ne
en northwest|nw
en southeast|se
en southwest|sw
en mount|mt
en fort|ft
en saint|snt
en po box|pob
es calle|c cl cll
es avenida|avda avd
es plaza|plza pza pl
es paseo|pso po
es carretera|ctra crta
es camino|cmno cno
es ronda|rda
es travesia|trva trav
es glorieta|gta
es urbanizacion|urb
es poligono|pol
es poligono industrial|polind
es numero|num nro
es piso|pso
es puerta|pta
es escalera|esc
es bajo|bj
es izquierda|izq izda
es derecha|dcha dch
ca carrer|cr
ca passeig|pg
ca placa|plca
ca avinguda|avgda
fr rue|r
fr avenue|av ave
fr boulevard|bd bld blvd boul bvd
fr place|pl plc
fr saint|st
fr square|sq
fr chemin|che chem chm
fr impasse|imp
fr allee|all
fr faubourg|fbg fg
fr batiment|bat bt
fr etage|et
fr residence|res
fr route|rte
fr cours|crs
fr quai|qu
de strasse|str strs
de platz|pl
de allee|all
de hausnummer|hnr
de hinterhaus|hh
de postfach|postf
it via|v
it viale|vle vl
it piazza|pza pzza
it corso|cso
it largo|lgo
it vicolo|vco
it strada|str
it localita|loc
it interno|int
it scala|sc
pt rua|r
pt travessa|tv trv
pt praca|pc pca
pt alameda|al
pt estrada|estr
pt largo|lg
pt esquerdo|esq
pt direito|dto
nl straat|str
nl laan|ln
nl plein|pln
nl weg|wg
nl postbus|pb
pl ulica|ul
pl aleja|al
pl plac|pl
pl osiedle|os
pl mieszkanie|m lok
cs ulice|ul
cs namesti|nam
cs trida|tr
sk namestie|nam
hu utca|u
hu ter|t
hu korut|krt
hu emelet|em
ro strada|str
ro bulevardul|bd bdul bulevard
ro soseaua|sos
ro bloc|bl
ro scara|sc
ro etaj|et
ro apartament|ap
bg ulitsa|ul
bg bulevard|bul
bg ploshtad|pl
bg zhilishten kompleks|zhk
el odos|od
el leoforos|leof
el plateia|pl
tr sokak|sk sok
tr caddesi|cad cd cadde
tr mahallesi|mah mh mahalle
tr bulvari|blv bulv
tr apartmani|ap
sv vagen|v
sv gatan|g
da vej|v
da gade|g
no vei|v
no gate|g
fi katu|k
fi tie|t
ru ulitsa|ul
ru prospekt|prosp pr prt
ru pereulok|per
ru ploshchad|pl
ru shosse|sh
ru naberezhnaya|nab
ru dom|d
ru korpus|korp k
ru stroenie|str
ru kvartira|kv
uk vulitsya|vul vulytsya
uk budinok|bud budynok
uk kvartira|kv
uk provulok|prov
uk prospekt|prosp pr
es interior|int
es exterior|ext
es colonia|col
es carrera|cra kra kr crr
es diagonal|dg diag
es transversal|transv tv
pt avenida|av avda
pt apartment|apto ap apt apartamento
pt bloco|bl
pt quadra|qd
pt lote|lt
pt conjunto|cj conj
fr boite|bte
fr apartment|app appt apt appartement
de stiege|stg
tr daire|d
tr kat|k
vi duong|d
id jalan|jl jln
id gang|gg
hr ulica|ul
he rhob|rh
ar shara|sh
"""

# Which language's abbreviations a country writes; the first that knows one decides. Without a country only what means the
# same in all languages, or is English, Spanish, German or French and nothing else, is written out.
LANGUAGES = {
    "GB": "en", "IE": "en", "US": "en", "CA": "en fr", "AU": "en", "NZ": "en", "ZA": "en", "IN": "en", "SG": "en", "MT": "en",
    "ES": "es ca", "MX": "es", "AR": "es", "CO": "es", "CL": "es", "PE": "es", "FR": "fr", "BE": "fr nl", "LU": "fr de",
    "DE": "de",
    "AT": "de", "CH": "de fr it", "LI": "de", "IT": "it", "PT": "pt", "BR": "pt", "NL": "nl", "PL": "pl", "CZ": "cs", "SK": "sk",
    "HU": "hu", "RO": "ro", "MD": "ro ru", "BG": "bg", "GR": "el", "CY": "el", "TR": "tr", "SE": "sv", "DK": "da", "NO": "no",
    "FI": "fi sv", "RU": "ru", "BY": "ru", "KZ": "ru", "UA": "uk", "VN": "vi", "ID": "id", "MY": "id en",
    "HR": "hr", "RS": "hr", "SI": "hr", "BA": "hr", "IL": "he", "EG": "ar", "SA": "ar", "AE": "ar en", "JO": "ar", "KW": "ar",
    "UY": "es", "EC": "es", "VE": "es", "PK": "en", "HK": "en", "PH": "en",
}  # fmt: skip


def _read() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = {}
    for line in _WORDS.strip().splitlines():
        full, _, others = line[3:].partition("|")
        for other in others.split():
            words.setdefault(line[:2], {}).setdefault(other, full)
    return words


BY_LANGUAGE = _read()


def _unambiguous() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for words in BY_LANGUAGE.values():
        for other, full in words.items():
            found.setdefault(other, set()).add(full)
    return {other: next(iter(fulls)) for other, fulls in found.items() if len(fulls) == 1 and len(other) > 1}


ANYWHERE = _unambiguous() | {
    "n": "north", "s": "south", "e": "east", "w": "west", "av": "avenue", "ave": "avenue", "ne": "northeast", "se": "southeast",
    "c": "calle", "cl": "calle", "str": "strasse", "apt": "apartment", "ste": "suite", "fl": "floor", "ln": "lane",
    "ter": "terrace",
}  # fmt: skip

# A full word of one language may be a short one of another: bul -> bulevard -> bulevardul.
ANYWHERE = {short: ANYWHERE.get(full, full) for short, full in ANYWHERE.items()}

# What is written together with the name before it, and how it is cut short: Hauptstr. -> Hauptstrasse, Dorpsstr. -> Dorpsstraat.
ENDINGS = {
    **dict.fromkeys(["DE", "AT", "CH", "LI", "LU", ""], ("str", "strasse")),
    **dict.fromkeys(["NL", "BE"], ("str", "straat")),
    "NO": ("gt", "gata"),
}
