"""The benchmark runs and says what it is asked for. Nothing is timed here; ``goldenhub bench mapping`` is for that."""

from __future__ import annotations

from hub.bench.mapping import EXPRESSIONS, run


def test_the_mapping_benchmark_names_its_figures_ratios_and_versions() -> None:
    result = run(rounds=1, calls=5)
    assert result["name"] == "mapping"
    assert len(EXPRESSIONS) == 13
    assert all(value > 0 for value in [*result["figures"].values(), *result["ratios"].values()])
    assert set(result["versions"]) >= {"python", "jmespath", "jsonschema", "jsonschema-rs"}


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
