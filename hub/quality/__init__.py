"""Quality rules of an entity (``quality.yaml``): what a right record must not be, and what a whole delivery must not be.

A rule of a record is a JMESPath expression that must hold, over the canonical record and ``as_of``, the date taken as today.
A rule of a feed looks at the counts of one delivery beside the earlier ones. All are pure functions: what happens next is
named by the finding's ``action``, and done by the stage that asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from statistics import median
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from hub.errors import BadModel, did_you_mean
from hub.quality.expectations import test_of

SEVERITIES = ("info", "warning", "error")
ACTIONS = ("flag", "set_aside", "hold_feed")
FEED_KINDS = ("count", "rejected", "control_total", "sequence", "seen_before")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold: its name is the code of the flag or of the reject."""

    rule: str
    field: str
    severity: str
    action: str
    message: str


@dataclass(frozen=True)
class QualityRule:
    """One line of ``records:``. It is looked at where ``when`` is equal and every path of ``needs`` is there; then one of
    ``any_of`` must be there, none of ``none_of``, and ``expect`` must hold. With none of the three the field must be there.
    """

    name: str
    field: str
    says: str
    severity: str
    action: str
    when: tuple[tuple[str, Any], ...] = ()
    needs: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    expect: ParsedResult | None = None

    def broken_by(self, data: Mapping[str, Any]) -> bool:
        return self.test(data)

    @property
    def asks_for(self) -> str:
        """A field without which the rule is not broken; empty where there is none."""
        only = self.none_of if len(self.none_of) == 1 and not self.any_of and self.expect is None else ()
        first: str = (*self.needs, *only, "")[0]
        return first.partition(".")[0]

    @cached_property
    def test(self) -> Callable[[Mapping[str, Any]], bool]:
        """The rule with every path taken apart once: all records pass all rules."""
        when = tuple((*_place(path), value) for path, value in self.when)
        needs, any_of, none_of = (tuple(map(_place, paths)) for paths in (self.needs, self.any_of, self.none_of))
        test = None if self.expect is None else test_of(self.expect)

        def broken(data: Mapping[str, Any]) -> bool:
            for name, steps, value in when:
                if (_at(data, steps) if steps else data.get(name)) != value:
                    return False
            for name, steps in needs:
                if not _is_there(_at(data, steps) if steps else data.get(name)):
                    return False
            for name, steps in any_of:
                if _is_there(_at(data, steps) if steps else data.get(name)):
                    break
            else:
                if any_of:
                    return True
            for name, steps in none_of:
                if _is_there(_at(data, steps) if steps else data.get(name)):
                    return True
            return test is not None and not test(data)

        return broken


@dataclass(frozen=True)
class FeedRule:
    """One line of ``feeds:``: ``count`` and ``rejected`` have limits in percent."""

    name: str
    kind: str
    says: str
    severity: str
    action: str
    least: int | None = None
    most: int | None = None
    history: int = 7  # earlier deliveries whose middle count is the usual one


@dataclass(frozen=True)
class QualityRules:
    records: tuple[QualityRule, ...] = ()
    feeds: tuple[FeedRule, ...] = ()

    @cached_property
    def tests(self) -> tuple[tuple[QualityRule, str, Callable[[Mapping[str, Any]], bool]], ...]:
        """The rules for records: with a field without which none is broken, and the function that says whether it is."""
        return tuple((rule, rule.asks_for, rule.test) for rule in self.records)


@dataclass(frozen=True)
class FeedCount:
    """What one delivery says about itself, beside what the hub remembers of the earlier ones."""

    records: int
    rejected: int = 0
    earlier: Sequence[int] = ()  # records of the deliveries before, the latest last
    announced: int | None = None  # records, as its trailer says
    totals: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # field -> (announced, counted), decimal text
    sequence: int | None = None
    last_sequence: int | None = None
    digest: str | None = None
    digests: frozenset[str] = frozenset()  # of the files taken before


def load_quality(raw: Mapping[str, Any]) -> QualityRules:
    """The rules of a parsed ``quality.yaml``; a mistake in it is :class:`BadModel`."""
    _only(raw, {"version", "records", "feeds"}, "quality.yaml")
    records = [_record_rule(line) for line in _lines(raw, "records")]
    feeds = [_feed_rule(line) for line in _lines(raw, "feeds")]
    names = [rule.name for rule in records] + [rule.name for rule in feeds]
    if twin := next((name for index, name in enumerate(names) if name in names[:index]), None):
        raise BadModel(f"quality.yaml: two rules are named {twin!r}.", hint="a rule's name is the code of its flag")
    return QualityRules(tuple(records), tuple(feeds))


def check_record(rules: QualityRules, data: Mapping[str, Any], as_of: str = "") -> list[Finding]:
    """What is wrong with a record, in the order of the rules."""
    seen = {**data, "as_of": as_of} if as_of else data
    return [
        Finding(rule.name, rule.field, rule.severity, rule.action, rule.says)
        for rule, field, test in rules.tests
        if (not field or field in seen) and test(seen)
    ]


def check_feed(rules: QualityRules, count: FeedCount) -> list[Finding]:
    """What is wrong with a delivery, in the order of the rules; the message has the figures."""
    return [
        Finding(rule.name, "", rule.severity, rule.action, f"{rule.says}: {why}")
        for rule in rules.feeds
        for why in _FEED_CHECKS[rule.kind](rule, count)
    ]


def flags_of(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """The findings whose action is ``flag``, as ``flags`` of a canonical record."""
    return [{"field": found.field, "code": found.rule} for found in findings if found.action == "flag"]


def _is_there(value: Any) -> bool:
    """Whether it is neither absent nor known empty."""
    return bool(value) or (value is not None and value != [] and value != {})


def _place(path: str) -> tuple[str, tuple[str, ...]]:
    """A path and its steps; none of a path that is one step, as most are."""
    steps = tuple(path.split("."))
    return path, steps if len(steps) > 1 else ()


def _at(data: Mapping[str, Any], steps: tuple[str, ...]) -> Any:
    """The value at a path of several steps, or None: `at_path` with the path taken apart."""
    value: Any = data
    for step in steps:
        if value is None:
            return None
        if type(value) is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def _count_unusual(rule: FeedRule, count: FeedCount) -> Iterator[str]:
    earlier = [number for number in count.earlier if number > 0][-rule.history :]
    if len(earlier) < min(3, rule.history):
        return  # nothing is usual yet
    usual = median(earlier)
    if rule.least is not None and count.records * 100 < usual * rule.least:
        yield f"{count.records} records, usual are {usual:g}, less than {rule.least}% of it"
    if rule.most is not None and count.records * 100 > usual * rule.most:
        yield f"{count.records} records, usual are {usual:g}, more than {rule.most}% of it"


def _rejected_many(rule: FeedRule, count: FeedCount) -> Iterator[str]:
    if rule.most is not None and count.rejected * 100 > (count.records or 1) * rule.most:
        yield f"{count.rejected} of {count.records} records cannot be used, more than {rule.most}%"


def _totals_differ(_: FeedRule, count: FeedCount) -> Iterator[str]:
    if count.announced is not None and count.announced != count.records:
        yield f"{count.announced} records announced, {count.records} read"
    for name, (announced, counted) in sorted(count.totals.items()):
        if not _same_number(announced, counted):
            yield f"total of {name} announced {announced}, counted {counted}"


def _same_number(left: str, right: str) -> bool:
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return left == right


def _sequence_broken(_: FeedRule, count: FeedCount) -> Iterator[str]:
    if count.sequence is None or count.last_sequence is None or count.sequence == count.last_sequence + 1:
        return
    if count.sequence <= count.last_sequence:
        yield f"number {count.sequence} came after {count.last_sequence}"
    else:
        yield f"number {count.last_sequence + 1} is missing before {count.sequence}"


def _file_again(_: FeedRule, count: FeedCount) -> Iterator[str]:
    if count.digest is not None and count.digest in count.digests:
        yield "this very file was taken before"


_FEED_CHECKS = {
    "count": _count_unusual,
    "rejected": _rejected_many,
    "control_total": _totals_differ,
    "sequence": _sequence_broken,
    "seen_before": _file_again,
}


def _record_rule(line: Mapping[str, Any]) -> QualityRule:
    name = _name(line)
    _only(line, {"name", "field", "says", "when", "needs", "any_of", "none_of", "expect", "severity", "action"}, name)
    if "field" not in line:
        raise BadModel(f"quality.yaml: the rule {name!r} has no field to put its flag on.", hint="add field:")
    asked = any(key in line for key in ("any_of", "none_of", "expect"))
    return QualityRule(
        name=name,
        field=str(line["field"]),
        says=str(line.get("says", name.replace("_", " "))),
        severity=_one_of(line, "severity", SEVERITIES, "warning"),
        action=_one_of(line, "action", ACTIONS, "flag"),
        when=_equalities(line),
        needs=_fields(line, "needs"),
        any_of=_fields(line, "any_of") if asked else (str(line["field"]),),
        none_of=_fields(line, "none_of"),
        expect=_expression(line, "expect", name),
    )


def _equalities(line: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    found = line.get("when") or {}
    if not isinstance(found, Mapping):
        raise BadModel(f"quality.yaml: {line['name']}: when is a mapping like {{kind: person}}.", hint="when")
    return tuple(found.items())


def _fields(line: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = line.get(key) or []
    return (found,) if isinstance(found, str) else tuple(map(str, found))


def _feed_rule(line: Mapping[str, Any]) -> FeedRule:
    name = _name(line)
    _only(line, {"name", "kind", "says", "severity", "action", "least", "most", "history"}, name)
    return FeedRule(
        name=name,
        kind=_one_of(line, "kind", FEED_KINDS, ""),
        says=str(line.get("says", name.replace("_", " "))),
        severity=_one_of(line, "severity", SEVERITIES, "error"),
        action=_one_of(line, "action", ACTIONS, "hold_feed"),
        least=_percent(line, "least"),
        most=_percent(line, "most"),
        history=int(line.get("history", 7)),
    )


def _name(line: Mapping[str, Any]) -> str:
    if not isinstance(line, Mapping) or not str(line.get("name", "")).isidentifier():
        raise BadModel("quality.yaml: a rule needs a name like birth_after_death.", hint="lower case, underscores")
    return str(line["name"])


def _lines(raw: Mapping[str, Any], name: str) -> list[Any]:
    found = raw.get(name) or []
    if not isinstance(found, list):
        raise BadModel(f"quality.yaml: {name} must be a list of rules.", hint=name)
    return found


def _only(line: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in line:
        if key not in known:
            hint = did_you_mean(str(key), known) or f" (known: {', '.join(sorted(known))})"
            raise BadModel(f"quality.yaml: {where} has an unknown key {key!r}{hint}.", hint=str(key))


def _one_of(line: Mapping[str, Any], key: str, known: Sequence[str], otherwise: str) -> str:
    value = str(line.get(key, otherwise))
    if value not in known:
        raise BadModel(f"quality.yaml: {line['name']}: {key} is one of {', '.join(known)}{did_you_mean(value, known)}.", hint=key)
    return value


def _percent(line: Mapping[str, Any], key: str) -> int | None:
    if key not in line:
        return None
    text = str(line[key]).removesuffix("%")
    if not text.isdigit():
        raise BadModel(f"quality.yaml: {line['name']}: {key} is a share like 50%.", hint=key)
    return int(text)


def _expression(line: Mapping[str, Any], key: str, name: str) -> ParsedResult | None:
    if key not in line:
        return None
    try:
        return jmespath.compile(str(line[key]))
    except JMESPathError as wrong:
        raise BadModel(f"quality.yaml: {name}: {key} is no JMESPath expression: {wrong}", hint=key) from wrong
