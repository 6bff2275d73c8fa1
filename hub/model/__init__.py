"""The canonical model: which entities there are, what a record of each looks like, and whether one is right.

Schemas are files (``<folder>/<entity>/schema.json``, JSON Schema 2020-12) with pieces shared by ``$ref``. They are resolved
once at load: what :meth:`Model.schema` returns has no ``$ref`` left, so that a field can be looked up by its path.
``jsonschema-rs`` decides whether a record is right; ``jsonschema`` explains why not and checks the schemas themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs

from hub.documents import read_document
from hub.errors import BadModel, InvalidRecord, did_you_mean
from hub.model.changes import Change, compare
from hub.model.schemas import Schema, checked, item_of, member_of, paths_of, read_schema, resolve
from hub.model.violations import Violation, explain, unspeakable

__all__ = ["Change", "Model", "Schema", "Violation", "compare", "load_model", "shipped_folder"]


def shipped_folder(name: str) -> Path:
    """``canonical_model`` or ``mappings`` as shipped: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name


def load_model(*folders: Path) -> Model:
    """The entities of these folders; a file of a later folder replaces the same file of an earlier one.

    Without folders: the shipped model. A company's own folder comes last: ``load_model(shipped_folder("canonical_model"), own)``.
    """
    return Model(folders or (shipped_folder("canonical_model"),))


class Model:
    """All entities with their schemas and rules. It does not change; load another to change it."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise BadModel(f"{folder} is no folder of entities.", path=str(folder))
        self._folders = tuple(folders)
        self._files = _files(self._folders)
        raw = {name: read_schema(path) for name, path in self._files.items() if path.suffix == ".json"}
        self._schemas: dict[str, Schema] = {}
        for name in sorted(raw):
            entity, _, file = name.partition("/")
            if file == "schema.json":
                self._schemas[entity] = checked(resolve(raw, name, raw[name]), self._files[name])
        self._validators = {entity: _decider(schema, entity) for entity, schema in self._schemas.items()}
        self._rules: dict[tuple[str, str], dict[str, Any]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self._folders,)

    @property
    def entities(self) -> tuple[str, ...]:
        """What systems may say something about, in order of name. Golden entities are computed and not among them."""
        return tuple(name for name, schema in self._schemas.items() if not schema.get("x-golden"))

    @property
    def golden_entities(self) -> tuple[str, ...]:
        return tuple(name for name, schema in self._schemas.items() if schema.get("x-golden"))

    @cached_property
    def hash(self) -> str:
        """Changes when any schema or rule of the model changes."""
        digest = hashlib.blake2b(digest_size=16)
        for name, path in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def schema(self, entity: str) -> Schema:
        """The schema with every ``$ref`` resolved. Not a copy: read it, do not change it."""
        if entity not in self._schemas:
            raise BadModel(
                f"There is no entity {entity!r}{did_you_mean(entity, self._schemas)}. Known: {', '.join(self._schemas)}.",
                hint="see canonical_model/",
            )
        return self._schemas[entity]

    def version(self, entity: str) -> str:
        """The last step of the schema's ``$id``: ``1.0.0``."""
        return str(self.schema(entity).get("$id", "")).rpartition("/")[2]

    def folder(self, entity: str) -> Path:
        """Where the entity's schema stands; its examples stand beside it."""
        self.schema(entity)
        return self._files[f"{entity}/schema.json"].parent

    def rules(self, entity: str, name: str) -> dict[str, Any]:
        """``matching``, ``survivorship`` or ``quality`` of an entity, parsed; empty where there is no such file."""
        self.schema(entity)
        if (entity, name) not in self._rules:
            self._rules[entity, name] = self._read_rules(entity, name)
        return self._rules[entity, name]

    def _read_rules(self, entity: str, name: str) -> dict[str, Any]:
        path = self._files.get(f"{entity}/{name}.yaml")
        if path is None:
            return {}
        document = read_document(path, BadModel)
        if document.data is None:
            return {}
        if not isinstance(document.data, dict):
            raise document.complain(BadModel, "the file must be a mapping of names to values.")
        return document.data

    def is_valid(self, entity: str, data: Mapping[str, Any]) -> bool:
        self.schema(entity)
        try:
            return self._validators[entity].is_valid(data) and next(unspeakable(data.get("ext")), None) is None
        except ValueError:  # what JSON cannot say: half a character, an object, a key that is no text
            return False

    def check(self, entity: str, data: Mapping[str, Any]) -> None:
        """Nothing, or :class:`InvalidRecord` with ``violations``: a list of {path, rule, message} without personal data."""
        if not self.is_valid(entity, data):
            raise _invalid(entity, list(islice(unspeakable(data), 1)) or explain(self.schema(entity), data))

    def property_at(self, entity: str, path: str) -> Schema | None:
        """The sub-schema at ``name.given``, ``emails[].address`` or ``ext.erp.rep``; None where a record has no such place."""
        found: Schema | None = self.schema(entity)
        for step in path.split("."):
            name, list_item = step.removesuffix("[]"), step.endswith("[]")
            found = member_of(found, name) if found is not None else None
            if list_item and found is not None:
                found = item_of(found)
        return found

    def properties(self, entity: str) -> list[str]:
        """Every path a record can have, containers before what they hold: ``emails``, ``emails[].address``."""
        return list(paths_of(self.schema(entity)))


def _invalid(entity: str, violations: list[Violation]) -> InvalidRecord:
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return InvalidRecord(f"{entity}: {first['path'] or 'the record'} {first['message']}{more}.", violations=violations)


def _files(folders: tuple[Path, ...]) -> dict[str, Path]:
    """``customer/schema.json`` -> where it stands; later folders win. Examples are no part of the model."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/*")):
            if path.suffix in (".json", ".yaml") and path.is_file():
                found[f"{path.parent.name}/{path.name}"] = path
    return found


def _decider(schema: Schema, entity: str) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(schema)
    except ValueError as wrong:
        raise BadModel(f"The schema of {entity} cannot be compiled: {wrong}", hint="a pattern?") from wrong
