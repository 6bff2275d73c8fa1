"""Names of persons taken apart, as far as they can be without guessing."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from nicknames import NickNamer

from hub.cleaning.japanese import japanese_name
from hub.cleaning.name_words import (
    BORN,
    CHINESE_FAMILY_NAMES,
    COMPOUND_FAMILY_NAMES,
    DOUBTFUL_SUFFIXES,
    JOINERS,
    KOREAN_FAMILY_NAMES,
    PARTICLES,
    SALUTATIONS,
    SUFFIXES,
    TITLES,
    TOGETHER,
)
from hub.cleaning.scripts import script
from hub.cleaning.short_names import related_names
from hub.cleaning.texts import fold, plain
from hub.cleaning.values import Cleaned, short, unclean

LONGEST_NAME = 400

# Where a person's last two names are family names, and where the family name comes first.
_TWO_FAMILY_NAMES = frozenset("ES MX AR CO CL PE VE EC GT CU BO DO HN PY SV NI CR PA UY PR GQ".split())
_FAMILY_FIRST = frozenset("HU VN CN TW HK KR KP JP".split())
_CHINESE = frozenset("CN TW HK MO SG MY".split())
_NICKNAME = re.compile(r"\s*[(\"“„«][^()\"“”„«»]{1,40}[)\"”“»]\s*")


def person_name(given: object, country: object = None) -> dict[str, str]:
    """``full`` and, as far as they can be told, ``prefix``, ``given``, ``middle``, ``family``, ``suffix``, ``former``.

    A single word is no name to take apart, and neither is a line with two people on it: those have ``full`` only. The country,
    where it is known, tells whose family name is double and whose comes first.
    """
    raw = short(given)
    if len(raw) > LONGEST_NAME:
        raise unclean("value_too_long")
    region = country.strip().upper() if isinstance(country, str) else ""
    return dict(_person_name(raw, region))


@lru_cache(maxsize=8_192)
def _person_name(raw: str, region: str) -> tuple[tuple[str, str], ...]:
    full = plain(raw).strip(" ,;")
    if not any(map(str.isalpha, full)):
        raise unclean("name_invalid")
    parts = _eastern(full, region) if script(full) in ("Hani", "Jpan", "Kore") else _western(full, region)
    return (("full", full), *((name, value) for name, value in parts.items() if value))


_HONORIFIC = re.compile(r"\s*(先生|女士|小姐|太太|博士|教授|様|さま|さん|氏|殿|님|씨)$")


def _eastern(full: str, region: str) -> dict[str, str]:
    title = _HONORIFIC.search(full)
    if title and title.start():
        found = _eastern(full[: title.start()], region) or {"family": full[: title.start()]}
        return {**found, "prefix": title[1]}
    words = full.split()
    if len(words) == 2:
        return {"family": words[0], "given": words[1]}
    if len(words) > 2:
        return {}
    if "·" in full or "・" in full:  # a foreign name, given name first
        names = re.split("[·・]", full)
        return {"given": names[0], "middle": " ".join(names[1:-1]), "family": names[-1]}
    if region not in _CHINESE and (japanese := japanese_name(full)):
        return {"family": japanese.family, "given": japanese.given}
    if 3 <= len(full) <= 4 and full[:2] in COMPOUND_FAMILY_NAMES:
        return {"family": full[:2], "given": full[2:]}
    if 2 <= len(full) <= 3 and (full[0] in CHINESE_FAMILY_NAMES or full[0] in KOREAN_FAMILY_NAMES):
        return {"family": full[0], "given": full[1:]}
    return {}


def _western(full: str, region: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    words = _NICKNAME.sub(" ", full).split()
    words, parts["former"] = _former(words)
    if _two_people(words):
        return {}
    before, behind = _comma(" ".join(words))
    if behind:
        return parts | _family_given(before, behind)
    words, parts["prefix"] = _prefix(before.split())
    words, parts["suffix"] = _suffix(words, comma=False)
    return parts | _in_order(words, parts["prefix"], region)


def _two_people(words: list[str]) -> bool:
    """A word like `and` between people; not the one between particles (`von und zu`)."""
    if len(words) == 3 and words[1].lower() in JOINERS:  # Ana y Luis
        return True
    inner = range(1, len(words) - 1)
    return any(words[i].lower() in TOGETHER and not (_is_particle(words[i - 1]) and _is_particle(words[i + 1])) for i in inner)


def _is_particle(word: str) -> bool:
    return word.lower().replace(".", "") in PARTICLES


def _key(word: str) -> str:
    return fold(word).replace(".", "").strip(",;'’")


def _former(words: list[str]) -> tuple[list[str], str]:
    """Anna Weber geb. Klein -> Klein."""
    for index, word in enumerate(words[1:-1], start=1):
        if _key(word) in BORN:
            return words[:index], " ".join(words[index + 1 :]).strip(" ,;")
    return words, ""


def _comma(name: str) -> tuple[str, str]:
    """What stands before and behind the comma that parts family and given name; suffixes behind a comma stay in place."""
    before, _, behind = name.partition(",")
    rest = behind.replace(",", " ").split()
    if not rest or not before.strip():
        return f"{before} {behind}".strip(" ,"), ""
    if all(_key(word) in SUFFIXES for word in rest):
        return f"{before.strip()} {' '.join(SUFFIXES[_key(word)] for word in rest)}", ""
    return before.strip(), " ".join(rest)


def _family_given(before: str, behind: str) -> dict[str, str]:
    family, prefix = _prefix(before.split())
    family, suffix = _suffix(family, comma=True)
    rest, other_prefix = _prefix(behind.split())
    rest, other_suffix = _suffix(rest, comma=True)
    tail: list[str] = []
    while len(rest) > 1 and _is_particle(rest[-1]):  # Berg, Jan van der
        tail.insert(0, rest.pop())
    return {
        "prefix": " ".join(filter(None, (prefix, other_prefix))),
        "given": rest[0] if rest else "",
        "middle": " ".join(rest[1:]),
        "family": " ".join([*tail, *family]),
        "suffix": " ".join(filter(None, (suffix, other_suffix))),
    }


def _prefix(words: list[str]) -> tuple[list[str], str]:
    count = 0
    while count < len(words) - 1 and _is_title(words[count]):
        count += 1
    return words[count:], " ".join(words[:count])


def _is_title(word: str) -> bool:
    key = _key(word)
    if key in ("m", "k", "g", "me", "т", "г", "к"):  # an initial, unless it is written as the title is
        return word in ("M.", "Me", "κ.", "г.")
    return key in TITLES or (word.endswith(".") and len(key) > 2 and all(part in TITLES for part in re.split(r"[-.]", key)))


def _suffix(words: list[str], *, comma: bool) -> tuple[list[str], str]:
    found: list[str] = []
    while len(words) > 1 and (key := _key(words[-1])) in SUFFIXES:
        last = words[-1]
        if key in DOUBTFUL_SUFFIXES and not comma and not (last.endswith(".") or (last.isupper() and not words[0].isupper())):
            break
        found.insert(0, SUFFIXES[key])
        words = words[:-1]
    return words, " ".join(found)


def _in_order(words: list[str], prefix: str, region: str) -> dict[str, str]:
    if len(words) < 2:
        alone = words[0] if words else ""
        return {"family": alone} if prefix and _key(prefix.split()[0]) in SALUTATIONS else {}
    if marked := _marked_by_capitals(words):
        return marked
    if len(words) == 3 and (named := _with_patronymic(words)):
        return named
    if words[0] in PARTICLES:  # `van der Berg` alone: all of it is the family name
        return {"family": " ".join(words)}
    if region in _FAMILY_FIRST:
        return {"family": words[0], "given": words[1], "middle": " ".join(words[2:])} if len(words) < 5 else {}
    start = _family_start(words)
    if region in _TWO_FAMILY_NAMES and start > 1 and len(words) > 2:
        start = _family_start(words[:start])
    return {"given": words[0], "middle": " ".join(words[1:start]), "family": " ".join(words[start:])}


_PATRONYMIC = re.compile(r"(?i).{2,}(ович|евич|овна|евна|ична|ovich|evich|ovych|evych|ovna|evna|ivna)")


def _with_patronymic(words: list[str]) -> dict[str, str]:
    """A father's name tells the order: it stands behind the given name, wherever the family name is."""
    if _PATRONYMIC.fullmatch(words[2]):
        return {"family": words[0], "given": words[1], "middle": words[2]}
    if _PATRONYMIC.fullmatch(words[1]):
        return {"given": words[0], "middle": words[1], "family": words[2]}
    return {}


def _family_start(words: list[str]) -> int:
    """Where the family name begins: the last word, with the particles before it."""
    start = len(words) - 1
    while start > 1:
        joined = words[start - 1].lower() in JOINERS
        if not joined and not _is_particle(words[start - 1]):
            break
        start -= 2 if joined and start > 2 else 1
    return start


def _marked_by_capitals(words: list[str]) -> dict[str, str]:
    """``DUPONT Jean`` and ``Jean Marie DUPONT``: who writes one part in capitals says which one is the family name."""
    loud = [word.isupper() and len(word) > 2 and "." not in word for word in words]
    if not any(loud) or all(word.isupper() for word in words):
        return {}
    first, last = loud.index(True), len(loud) - 1 - loud[::-1].index(True)
    if not all(loud[i] or _is_particle(words[i]) for i in range(first, last + 1)):
        return {}
    rest = words[:first] + words[last + 1 :]
    if (first > 0 and last < len(words) - 1) or not rest:
        return {}
    if first > 1 and _is_particle(words[first - 1]):
        first -= 1
        rest = words[:first]
    return {"given": rest[0], "middle": " ".join(rest[1:]), "family": " ".join(words[first : last + 1])}


@cache
def _namer() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=8_192)
def nicknames(given: str) -> tuple[str, ...]:
    """Names that the same person may go by, in lower case and in order: ``william`` -> ``bill``; ``aleksandr`` -> ``sasha``."""
    name = fold(given)
    if not name or len(name) > 60:
        return ()
    namer = _namer()
    return tuple(sorted((namer.nicknames_of(name) | namer.canonicals_of(name) | related_names(name)) - {name}))


_GENDERS = {
    "male": "m male man mr herr maennlich mannlich hombre varon h masculino masc homme masculin uomo maschio maschile "
    "homem man mannelijk "
    "mezczyzna muz mand mann mies ferfi barbat erkek м муж мужской мужчина чоловік ανδρας αρρεν 男 男性 남 남자 남성 ذكر זכר 1",
    "female": "f female woman mrs ms frau w weiblich mujer femenino fem femme feminin donna femmina femminile mulher "
    "feminino vrouw vrouwelijk v "
    "kobieta zena kvinde kvinna kvinne nainen femeie kadin ж жен женский женщина жінка γυναικα θηλυ 女 女性 여 여자 "
    "여성 أنثى נקבה 2",
    "other": "x d divers diverse other nonbinary non-binary nb otro autre andere inne 3",
}
_GENDER_OF = {fold(word): gender for gender, words in _GENDERS.items() for word in words.split()}


def gender(given: object) -> Cleaned:
    """``female``, ``male`` or ``other`` from letters, words and ISO 5218 codes of many languages; else as it is, flagged
    ``gender_unknown``."""
    raw = short(given)
    word = plain(raw)
    found = _GENDER_OF.get(fold(word).strip(" ."))
    if found:
        return Cleaned(found, raw)
    return Cleaned(word, raw, "gender_unknown")
