"""Learning from what stewards answered: their decisions as they stand, about records that are still held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hub.app.modelling.estimating import Estimate
from hub.app.outcome import Tell
from hub.app.stages import ENTITY
from hub.errors import Rejected
from hub.matching.decisions import SAME, in_force
from hub.matching.features import STEWARD, Features
from hub.matching.learning import Answer, Moved, Thresholds, moved, relearn, thresholds
from hub.matching.rules import MatchingRules, load_rules, with_document
from hub.matching.scoring import Scorer
from hub.records import Decision, RecordRef
from hub.resolve import Rules
from hub.store import decisions as decided
from hub.store import nodes, sources

FEWEST_ANSWERS = 30
_MATCHED = 5_000  # pairs that the model of today joins: from which m is known before any answer
_PAGE = 500


class Asked(NamedTuple):
    """The strongest pair of records behind an answer."""

    left: Features
    right: Features
    same: bool


def learn(tx: Connection, rules: Rules, tell: Tell) -> Estimate:
    """The model in force with m and thresholds as the answers have them. Raises ``Rejected`` where they are too few."""
    scorer = Scorer(rules.matching)
    said = [decision for decision in in_force(decided.every(tx, ENTITY)) if not _is_correction(decision)]
    asked = list(_asked(tx, scorer, said, tell))
    if len(asked) < FEWEST_ANSWERS:
        raise Rejected(
            f"Learning needs {FEWEST_ANSWERS} answers about records that are still held; there are {len(asked)}. "
            "Answer more with `goldenhub review`, or train without --from-answers.",
            code="too_few_answers",
        )
    moves = relearn(_answers(scorer, asked), _matched(tx, rules.matching, scorer, tell))
    document = {**rules.document, "comparisons": moved(rules.document["comparisons"], moves)}
    after = _answers(Scorer(_with_weights(rules, document)), asked)
    found = thresholds(after, rules.matching.review_bits, rules.matching.match_bits, rules.matching.guards.values())
    return Estimate(_with_thresholds(document, rules.matching, found), _report(said, after, moves, found, rules.matching))


def _is_correction(decision: Decision) -> bool:
    """A steward's own record holds to its place by a decision: that is no answer to a question."""
    return any(ref.system == STEWARD for ref in (*decision.left, *decision.right))


def _asked(tx: Connection, scorer: Scorer, said: Sequence[Decision], tell: Tell) -> Iterator[Asked]:
    for start in range(0, len(said), _PAGE):
        page = said[start : start + _PAGE]
        held = _features(tx, {ref for decision in page for ref in (*decision.left, *decision.right)})
        for decision in page:
            pair = _strongest(scorer, _known(held, decision.left), _known(held, decision.right))
            if pair is not None:
                yield Asked(*pair, decision.verdict == SAME)
        tell("reading answers", start + len(page), len(said))


def _known(held: Mapping[RecordRef, Features], refs: Iterable[RecordRef]) -> list[Features]:
    return [held[ref] for ref in sorted(refs) if ref in held]


def _features(tx: Connection, refs: set[RecordRef]) -> dict[RecordRef, Features]:
    heads = sources.heads(tx, ENTITY, {(ref.system, ref.key) for ref in refs})
    listed = nodes.by_id(tx, {head.node for head in heads.values() if head.live and head.node is not None})
    return {head.ref: listed[head.node].features for head in heads.values() if head.live and head.node in listed}


def _strongest(scorer: Scorer, left: Sequence[Features], right: Sequence[Features]) -> tuple[Features, Features] | None:
    return max(product(left, right), key=lambda pair: scorer.quick(*pair)[0], default=None)


def _answers(scorer: Scorer, asked: Sequence[Asked]) -> list[Answer]:
    found = []
    for one in asked:
        score = scorer.score(one.left, one.right)
        found.append(Answer(_levels(score.parts), score.bits, one.same))
    return found


def _levels(parts: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((part.name, part.level) for part in parts)


def _matched(tx: Connection, rules: MatchingRules, scorer: Scorer, tell: Tell) -> Iterator[tuple[tuple[str, str], ...]]:
    pairs = nodes.matches(tx, rules.match_bits, _MATCHED)
    for start in range(0, len(pairs), _PAGE):
        page = pairs[start : start + _PAGE]
        listed = nodes.by_id(tx, {node for pair in page for node in pair})
        for left, right in page:
            yield _levels(scorer.score(listed[left].features, listed[right].features).parts)
        tell("reading what is joined", start + len(page), len(pairs))


def _with_weights(rules: Rules, document: Mapping[str, Any]) -> MatchingRules:
    return load_rules(with_document(rules.raw, document), dict(document))


def _with_thresholds(document: dict[str, Any], rules: MatchingRules, found: Thresholds) -> dict[str, Any]:
    if (found.review_bits, found.match_bits) == (rules.review_bits, rules.match_bits):
        return document
    return document | {"thresholds": {"review_bits": found.review_bits / 1000, "match_bits": found.match_bits / 1000}}


def _report(
    said: Sequence[Decision], answers: Sequence[Answer], moves: Mapping[str, Moved], found: Thresholds, rules: MatchingRules
) -> dict[str, Any]:
    bands = Counter(answer.bits // 1000 for answer in answers)
    same = Counter(answer.bits // 1000 for answer in answers if answer.same)
    return {
        "answers": len(answers),
        "same": same.total(),
        "not_same": len(answers) - same.total(),
        "not_held_any_more": len(said) - len(answers),
        "comparisons": {name: one.answers for name, one in moves.items()},
        "bands": [{"from_bits": band, "answers": bands[band], "same": same[band]} for band in sorted(bands)],
        "thresholds": {
            "review_bits": [rules.review_bits / 1000, found.review_bits / 1000],
            "match_bits": [rules.match_bits / 1000, found.match_bits / 1000],
            "why": found.why,
        },
    }
