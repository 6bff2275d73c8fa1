"""Which things hang together: disjoint sets whose representative is always the smallest member."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

Item = TypeVar("Item", bound=Any)


class DisjointSets(Generic[Item]):
    """Union and find. The root of a set is its smallest member, so it never depends on the order of joins."""

    __slots__ = ("_parent",)

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._parent: dict[Item, Item] = {item: item for item in items}

    def root(self, item: Item) -> Item:
        parent = self._parent
        parent.setdefault(item, item)
        top = item
        while parent[top] != top:
            top = parent[top]
        while parent[item] != top:
            parent[item], item = top, parent[item]
        return top

    def join(self, left: Item, right: Item) -> Item:
        """Put both sets together; the root of the whole."""
        one, other = self.root(left), self.root(right)
        low, high = (one, other) if one <= other else (other, one)
        self._parent[high] = low
        return low

    def groups(self) -> list[list[Item]]:
        """Every set, in the order in which its first member was seen."""
        found: dict[Item, list[Item]] = {}
        for item in self._parent:
            found.setdefault(self.root(item), []).append(item)
        return list(found.values())
