"""Which paths of a source record an expression reads. Feeds coverage, drift, rejects and lint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RECORD = ""
"""The path of the record itself."""
_UNKNOWN: frozenset[str] = frozenset()


class Paths:
    """``read``: paths whose value an expression uses; ``gives``: paths that its result may be (for the items of a list)."""

    def __init__(self, gives: frozenset[str] = _UNKNOWN, read: frozenset[str] = _UNKNOWN, from_source: bool = False) -> None:
        self.gives, self.read, self.from_source = gives, read, from_source
        self.roots: dict[str, frozenset[str]] = {}
        self.strange: frozenset[str] = _UNKNOWN  # first steps that do not exist inside `each`

        self.firsts: frozenset[str] = _UNKNOWN  # first steps into the record that it takes
        self.whole = False  # it looks at the record as a whole
        self.plain: tuple[str, ...] = ()  # the steps, where the expression is nothing but one or two names

    def inside(self, nested: bool) -> Paths:
        """The scope of the parts of a list whose items are what this expression gives."""
        scope = Paths()
        items = frozenset(_item(path) for path in self.gives)
        outer = {"record": self.roots.get("record", frozenset({RECORD})), "parent": self.roots.get("item", _UNKNOWN)}
        scope.roots = {"item": items, **(outer if nested or self.roots else {"record": frozenset({RECORD})})}
        return scope

    def add(self, *others: Paths) -> None:
        """The parts of a list read on behalf of the list; the list itself counts as read only where they do not look inside."""
        inner = frozenset(path for other in others for path in other.read)
        looked = {path for path in self.gives if any(found.startswith(_item(path)) for found in inner)}
        self.read = (self.read - looked) | inner
        self.firsts = self.firsts.union(*(other.firsts for other in others))
        self.whole = self.whole or any(other.whole for other in others)

    def values(self, source: Any) -> dict[str, Any]:
        """What the source says at the first steps of what is read, for the person who looks at a failure."""
        if isinstance(source, dict) and "record" in source and "item" in source:
            return {"item": source["item"]}
        firsts = {path.split(".")[0].removesuffix("[]") for path in self.read}
        return {name: source.get(name) for name in sorted(firsts) if isinstance(source, dict) and name in source}

    def carried(self, source: Any) -> bool:
        """Whether the source carries any of it: a field that is not carried says nothing, a null says that it is empty."""
        if isinstance(source, dict) and "record" in source and "item" in source:
            return True
        return bool(self.values(source))


_IN_A_LIST = "\1"
"""Marks the path of a value that an expression put into a list of its own: `[mail]`. Its item is the value itself."""


def _item(path: str) -> str:
    return path if path.endswith("[]") else path[:-1] if path.endswith(_IN_A_LIST) else f"{path}[]"


def paths_of(tree: dict[str, Any], scope: Paths) -> Paths:
    """The paths a tree reads in a scope (record fields at the top, item and record inside a list)."""
    walker = _Walker(scope.roots)
    gives = walker.walk(tree, frozenset({RECORD}) if not scope.roots else frozenset({_ROOTS}))
    walker.use(gives)
    found = Paths(gives, frozenset(walker.read), walker.from_source)
    found.plain, found.firsts, found.whole = _plain(tree), frozenset(walker.firsts), walker.whole
    found.roots, found.strange = scope.roots, frozenset(walker.strange)
    return found


def _plain(tree: dict[str, Any]) -> tuple[str, ...]:
    steps = [tree] if tree["type"] == "field" else tree["children"] if tree["type"] == "subexpression" else []
    names = tuple(step["value"] for step in steps if step["type"] == "field")
    return names if len(names) == len(steps) <= 2 else ()


_ROOTS = "\0"


class _Walker:
    def __init__(self, roots: dict[str, frozenset[str]]) -> None:
        self._roots = roots
        self.read: set[str] = set()
        self.from_source = False
        self.strange: set[str] = set()
        self.firsts: set[str] = set()
        self.whole = False

    def use(self, paths: frozenset[str]) -> None:
        plain = {path.removesuffix(_IN_A_LIST) for path in paths if path != _ROOTS}
        self.whole = self.whole or any(path == RECORD or path.startswith("[]") for path in plain)
        self.read |= plain - {RECORD}

    def walk(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        step = getattr(self, f"_{node['type']}", None)
        if step is not None:
            found: frozenset[str] = step(node, base)
            return found
        for child in _children(node):
            self.use(self.walk(child, base))
        return _UNKNOWN

    def _field(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        name = node["value"]
        self.from_source = True
        found: set[str] = set()
        for path in base:
            if path == _ROOTS:
                if name not in self._roots:
                    self.strange.add(name)
                found |= self._roots.get(name, _UNKNOWN)
            else:
                if path == RECORD:
                    self.firsts.add(name)
                found.add(f"{path}.{name}" if path else name)
        return frozenset(found)

    def _subexpression(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        for child in node["children"]:
            base = self.walk(child, base)
        return base

    _pipe = _subexpression
    _index_expression = _subexpression

    def _current(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        self.from_source = True
        return base

    def _identity(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        return base

    def _multi_select_list(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        found = [self.walk(child, base) for child in node["children"]]
        return frozenset(path + _IN_A_LIST for paths in found for path in paths if path != _ROOTS)

    def _index(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        return frozenset(_item(path) for path in base if path != _ROOTS)

    _slice = _identity

    def _flatten(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        return self.walk(node["children"][0], base)

    def _projection(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        found = self.walk(node["children"][0], base)
        items = frozenset(_item(path) for path in found if path != _ROOTS)
        if len(node["children"]) > 2:
            self.use(self.walk(node["children"][2], items))
        return self.walk(node["children"][1], items)

    _filter_projection = _projection

    def _literal(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        return _UNKNOWN

    def _or_expression(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        left, right = (self.walk(child, base) for child in node["children"])
        return left | right

    def _and_expression(self, node: dict[str, Any], base: frozenset[str]) -> frozenset[str]:
        left, right = (self.walk(child, base) for child in node["children"])
        self.use(left)
        return right


def _children(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (child for child in node["children"] if isinstance(child, dict))


def split_scope(split: Paths) -> Paths:
    """Expressions of a mapping with `split` see `item` and `record`, like those in a list."""
    return split.inside(False)
