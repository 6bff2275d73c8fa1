"""How right the golden records are, measured against whom every record is really about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STORIES = ("twin", "junior", "household", "namesake", "branch")


@dataclass(frozen=True, slots=True)
class Share:
    """Precision and recall, and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def as_dict(self) -> dict[str, float]:
        return {"precision": round(self.precision, 4), "recall": round(self.recall, 4), "f1": round(self.f1, 4)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Golden records compared with the truth."""

    records: int
    customers: int  # real ones behind these records
    golden: int
    pairwise: Share
    bcubed: Share
    right: int  # customers with exactly one golden record that is about nobody else
    in_pieces: int  # customers with several golden records
    fused: tuple[tuple[str, ...], ...]  # golden records about several customers: whom they fuse
    stories: dict[str, tuple[int, int]]  # story -> (groups, groups wrongly merged)

    def as_dict(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "customers": self.customers,
            "golden": self.golden,
            "pairwise": self.pairwise.as_dict(),
            "bcubed": self.bcubed.as_dict(),
            "customers_exactly_right": self.right,
            "customers_in_pieces": self.in_pieces,
            "golden_about_several": len(self.fused),
            "lookalikes": {story: {"groups": groups, "wrongly_merged": wrong} for story, (groups, wrong) in self.stories.items()},
        }


def judge(clusters: Iterable[Sequence[str]], truth: Mapping[str, Any]) -> Verdict:
    """``clusters`` are the members (``erp:100001``) of each golden record; records unknown to the truth do not count."""
    about: Mapping[str, str] = truth["records"]
    known = [[about[ref] for ref in members if ref in about] for members in clusters]
    known = [members for members in known if members]
    counts = [Counter(members) for members in known]
    pieces: Counter[str] = Counter(customer for count in counts for customer in count)
    fused = tuple(tuple(sorted(count)) for count in counts if len(count) > 1)
    mixed = {customer for group in fused for customer in group}
    return Verdict(
        records=sum(map(len, known)),
        customers=len(pieces),
        golden=len(known),
        pairwise=_pairwise(counts),
        bcubed=_bcubed(counts),
        right=sum(count == 1 and customer not in mixed for customer, count in pieces.items()),
        in_pieces=sum(count > 1 for count in pieces.values()),
        fused=fused,
        stories=_stories(fused, truth["customers"]),
    )


def _pairwise(counts: Sequence[Counter[str]]) -> Share:
    """Of the pairs put together, how many belong together; of those that belong together, how many were put together."""
    right = sum(_pairs(n) for count in counts for n in count.values())
    said = sum(_pairs(count.total()) for count in counts)
    true = sum(map(_pairs, _sizes(counts).values()))
    return Share(right / said if said else 1.0, right / true if true else 1.0)


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def _sizes(counts: Iterable[Counter[str]]) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for count in counts:
        sizes.update(count)
    return sizes


def _bcubed(counts: Sequence[Counter[str]]) -> Share:
    """The same for the average record: how pure its golden record is, and how complete."""
    sizes = _sizes(counts)
    records = sizes.total()
    pure = sum(n * n / count.total() for count in counts for n in count.values())
    complete = sum(n * n / sizes[customer] for count in counts for customer, n in count.items())
    return Share(pure / records, complete / records) if records else Share(1.0, 1.0)


def _stories(fused: Iterable[Sequence[str]], customers: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Per kind of lookalike: how many groups there are, and in how many of them two were taken for one."""
    groups: dict[str, set[str]] = {story: set() for story in STORIES}
    for one in customers.values():
        if one["story"] in groups:
            groups[one["story"]].add(one["group"])
    wrong: dict[str, set[str]] = {story: set() for story in STORIES}
    for members in fused:
        shared = Counter(customers[customer]["group"] for customer in members if customers[customer]["group"])
        for customer in members:
            one = customers[customer]
            if shared[one["group"]] > 1 and one["story"] in wrong:
                wrong[one["story"]].add(one["group"])
    return {story: (len(groups[story]), len(wrong[story])) for story in STORIES}
