"""Why two models disagree about a pair."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

from hub.matching.causes import LINKAGE, Shift, decisive, shifts
from hub.matching.features import features
from hub.matching.rules import MatchingRules, load_rules, read_weights, with_document
from hub.matching.scoring import Scorer
from tests.contract.histories import FOLDER

RAW = yaml.safe_load((FOLDER / "matching.yaml").read_text(encoding="utf-8"))
SHIPPED = read_weights(FOLDER / "model.json")
OLD = load_rules(RAW, SHIPPED)
ANA = {"kind": "person", "name": {"given": "Ana", "family": "Quintanilla"}, "birth_date": "1980-02-03", "gender": "female"}
EVA = {"kind": "person", "name": {"given": "Eva", "family": "Quintanilla"}, "birth_date": "1980-02-03", "gender": "female"}


def found(left: dict[str, Any], right: dict[str, Any], new: MatchingRules) -> list[Shift]:
    one, other = (features(data, system="erp", rules=OLD) for data in (left, right))
    return shifts(Scorer(OLD).score(one, other), Scorer(new).score(one, other), OLD, new)


def under(**parts: Any) -> MatchingRules:
    document = {**deepcopy(SHIPPED), **parts}
    return load_rules(with_document(RAW, document), document)


def test_each_part_of_the_sum_is_told_by_its_name() -> None:
    comparisons = deepcopy(SHIPPED["comparisons"])
    comparisons["birth_date"]["exact"] -= 1000
    new = under(
        prior={"person": SHIPPED["prior"]["person"] + 3000, "organization": 0},
        comparisons=comparisons,
        thresholds={"match_bits": RAW["match_bits"] - 2},
        frequencies={**SHIPPED["frequencies"], "family": {"1": "quintanilla"}},
    )

    told = dict(found(ANA, ANA, new))

    assert (told["prior"], told["threshold"], told["birth_date exact"]) == (3000, 2000, -1000)
    assert told["rarity of family"] < -5000
    assert set(told) == {"prior", "threshold", "birth_date exact", "rarity of family"}


def test_a_guard_is_a_cause_only_where_its_ceiling_is_another() -> None:
    without = under(guards=[])
    assert found(ANA, EVA, without)[0].cause == "guard other_given"

    raised = under(prior={"person": SHIPPED["prior"]["person"] + 3000, "organization": 0})
    told = found(ANA, EVA, raised)
    assert {shift.cause for shift in told} == {"prior", "guard"}
    assert decisive(told, 1) == "prior"


def test_the_decisive_shift_goes_the_right_way() -> None:
    told = [Shift("prior", -5000), Shift("email exact", 2000), Shift("threshold", 1000)]

    assert (decisive(told, 1), decisive(told, -1), decisive([], 1)) == ("email exact", "prior", LINKAGE)
