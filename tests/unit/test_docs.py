"""Documents say what is there: links lead somewhere, and every setting, command and connector has its place."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from hub.cli import COMMANDS
from hub.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
KINDS = sorted(p.stem for p in (ROOT / "connectors").glob("*.py") if not p.stem.startswith("_"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(document: Path) -> set[str]:
    """The anchors of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    broken = [link for link in LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8"))) if not leads(document, link)]

    assert broken == []


def leads(document: Path, link: str) -> bool:
    if "://" in link or link.startswith("mailto:"):
        return True
    place, _, anchor = link.partition("#")
    target = (document.parent / place).resolve() if place else document
    return target.exists() and (not anchor or anchor in anchors(target))


PLACE = re.compile(r"`((?:hub|connectors|canonical_model|mappings|dags|tests|docs|\.ci)/[\w./-]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_folders_that_documents_name_are_there(document: Path) -> None:
    prose = FENCE.sub("", document.read_text(encoding="utf-8"))

    assert [place for place in PLACE.findall(prose) if not is_there(place)] == []


def is_there(place: str) -> bool:
    """In the project, or in any company's folder (`mappings/erp/customer.yaml`)."""
    return (ROOT / place).exists() or (ROOT / f"{place}.py").exists() or place.startswith("mappings/")


@pytest.mark.parametrize("folder", ["docs", "docs/decisions"])
def test_every_document_can_be_found_from_its_index(folder: str) -> None:
    index = text(f"{folder}/README.md")

    assert [p.name for p in (ROOT / folder).glob("*.md") if p.name != "README.md" and f"({p.name})" not in index] == []


def test_every_setting_is_documented_with_its_own_help() -> None:
    rows = re.findall(r"^\| `(HUB_\w+)` \| (.+) \|$", text("docs/reference/settings.md"), re.MULTILINE)

    assert dict(rows) == {f"HUB_{f.name.upper()}": f.metadata["help"] for f in fields(Settings)}


def test_every_command_is_documented_with_its_own_help() -> None:
    rows = re.findall(r"^\| `goldenhub ([\w-]+)` \| (.+) \|$", text("docs/reference/commands.md"), re.MULTILINE)

    assert dict(rows) == {name: help for name, (_, help) in COMMANDS.items()}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_documents_name_only_commands_that_there_are(document: Path) -> None:
    written = document.read_text(encoding="utf-8")
    blocks = "\n".join(FENCE.findall(written))
    named = re.findall(r"`goldenhub ([a-z][a-z-]*)", written) + re.findall(r"^goldenhub ([a-z][a-z-]*)", blocks, re.MULTILINE)

    assert set(named) - set(COMMANDS) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_connector_is_documented(kind: str) -> None:
    assert f"`{kind}`" in text("docs/connectors.md")


def test_make_help_lists_every_target_that_documents_name() -> None:
    named = {target for d in DOCUMENTS for target in re.findall(r"(?:^|`)make ([a-z-]+)", d.read_text("utf-8"), re.MULTILINE)}

    assert named - set(re.findall(r"^([a-z-]+):.*## ", text("Makefile"), re.MULTILINE)) == set()


def test_the_readme_shows_a_landscape_that_can_be_read(tmp_path: Path) -> None:
    from hub.landscape import load_landscape

    example = re.search(r"```yaml\n(company:.*?)```", text("README.md"), re.DOTALL)
    assert example
    (tmp_path / "landscape.yaml").write_text(example[1])

    assert list(load_landscape(tmp_path / "landscape.yaml").feeds) == ["erp.customers"]
