"""docs/mappings.md is the reference: its examples run, and it names every key, function and code there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.mapping import findings, run_examples
from hub.mapping.examples import KEYS as EXAMPLE_KEYS
from hub.mapping.examples import VERDICTS
from hub.mapping.functions import function_table
from hub.mapping.shape import FIELD_KEYS, ON_ERROR, TOP_KEYS
from hub.mapping.values import TYPES
from hub.model import Model

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "mappings.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml (mapping|codes (\w+)|examples)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def documented_examples() -> list[dict[str, str]]:
    """Each mapping with the code lists and examples that follow it."""
    found: list[dict[str, str]] = []
    for kind, name, text in BLOCKS:
        if kind == "mapping":
            found.append({"customer.yaml": text})
        else:
            found[-1][f"codes/{name}.yaml" if name else "customer.examples.yaml"] = text
    return found


@pytest.mark.parametrize("files", documented_examples())
def test_documented_mappings_do_what_their_examples_say(files: dict[str, str], tmp_path: Path, model: Model) -> None:
    for name, text in files.items():
        path = tmp_path / "erp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    results = run_examples(tmp_path / "erp" / "customer.yaml", model=model)
    assert results
    assert [str(result) for result in results if not result.passed] == []


def codes(pattern: str) -> set[str]:
    package = Path(findings.__file__).parent
    return {code for path in package.glob("*.py") for code in re.findall(pattern, path.read_text(encoding="utf-8"))}


def test_every_key_type_and_verdict_is_documented() -> None:
    words = {*TOP_KEYS, *FIELD_KEYS, *TYPES, *ON_ERROR, *EXAMPLE_KEYS, *VERDICTS}
    assert [word for word in sorted(words) if not re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", TEXT)] == []


def test_every_function_is_documented() -> None:
    assert [name for name in sorted(function_table({}).names) if not re.search(rf"`{name}[`(]", TEXT)] == []


def test_every_code_of_lint_and_of_a_reject_is_documented() -> None:
    of_lint = codes(r'(?:error|warning|info|Finding|ExpressionInvalid|UnknownFunction)\(\s*"(\w+)"') | codes(
        r'code: str = "(\w+)"'
    )
    of_rejects = codes(r'code="(\w+)"') | {"expression_failed"}
    assert len(of_lint) > 25
    assert [code for code in sorted(of_lint | of_rejects) if f"`{code}`" not in TEXT] == []
