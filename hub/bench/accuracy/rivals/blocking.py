"""What rivals without blocking of their own compare: rows that share one of these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

_ALONE = ("id", "phone", "email")
_PAIRS = (
    ("family", "dob"), ("given", "dob"), ("given", "family"), ("family", "postcode"), ("family", "city"),
    ("word", "postcode"), ("word", "city"), ("word", "street"),
)  # fmt: skip
WORD = "word"
"""The first word of an organization's name, for blocking only."""


def blocks(told: Collection[str]) -> list[tuple[str, ...]]:
    """Sets of columns to share, as Splink's own examples choose them for such columns; organizations known by their name alone
    share its first word."""
    found: list[tuple[str, ...]] = [(one,) for one in _ALONE if one in told]
    found += [pair for pair in _PAIRS if set(pair) <= set(told)]
    if not found and WORD in told:
        found.append((WORD,))
    return found


def with_word(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{**row, WORD: row["organization"].split()[0] if row["organization"].split() else ""} if "organization" in row
            else dict(row) for row in rows]  # fmt: skip


def connected(records: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Clusters as connected components, named after one of their records."""
    above = {record: record for record in records}

    def top(one: str) -> str:
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for left, right in pairs:
        above[top(left)] = top(right)
    return {record: top(record) for record in above}
