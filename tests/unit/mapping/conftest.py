"""A mapping out of a few lines, with the shipped model and the real cleaning functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hub.mapping import CodeList, load_mapping
from hub.mapping import Mapping as CompiledMapping
from hub.model import Model, load_model

HEAD = "version: 1\nfrom: customers\nto: customer\nkey: id\n"
Make = Callable[..., CompiledMapping]


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="session")
def mapping(model: Model) -> Make:
    """``mapping("name.given: first")`` or a whole file as text."""

    def make(text: str, *, codes: Mapping[str, Any] | None = None, head: str = HEAD, **options: Any) -> CompiledMapping:
        lists = {name: CodeList(name, table) for name, table in (codes or {}).items()}
        body = dedent(text).strip()
        whole = body if body.startswith("version") else head + "fields:\n" + "\n".join(f"  {line}" for line in body.splitlines())
        return load_mapping(Path("erp/customer.yaml"), model=model, code_lists=lists, text=whole, **options)

    return make
