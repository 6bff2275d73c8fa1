"""The functions an expression can call: JMESPath's own, the cleaning functions, arithmetic, and packs of a company.

JMESPath's own functions keep its rules on types. The others are plain Python functions of one or more values. They are
called with text where they declare text, and a missing first argument gives a missing result, so that ``email(mail)`` of a
record without a mail is simply absent.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from jmespath import functions as standard
from jmespath import visitor

from hub.cleaning import FUNCTIONS
from hub.errors import did_you_mean
from hub.mapping.arithmetic import ARITHMETIC

GROUP = "goldenhub.mapping_functions"
"""Entry points of this group are tables ``{name: function}`` added to the language."""

Function = Callable[..., Any]
_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
    "string": (str,),
    "number": (float, int),
}


class UnknownFunction(ValueError):
    """A function is unknown or has the wrong number of arguments."""

    def __init__(self, code: str, name: str, message: str) -> None:
        super().__init__(message)
        self.code, self.name, self.message = code, name, message


class FunctionTable:
    """Functions by name, each bound once per call site."""

    def __init__(self, added: Mapping[str, Function], ours: Mapping[str, Function] | None = None) -> None:
        self._ours = dict(ours or {})  # they know what to do about null themselves
        self._added = {**self._ours, **added}
        self._standard = standard.Functions()
        self.names = frozenset(self._standard.FUNCTION_TABLE) | frozenset(self._added)

    def bind(self, name: str, count: int) -> Function:
        """The function for a call with that many arguments. A wrong name or count is refused here, at load."""
        if name in self._standard.FUNCTION_TABLE:
            return self._bind_standard(name, count)
        if name in self._added:
            return _bind_added(name, self._added[name], count, self._added[name] is self._ours.get(name))
        hint = did_you_mean(name, self.names)
        raise UnknownFunction("function_unknown", name, f"there is no function {name}(){hint}")

    def plain(self, name: str) -> Function | None:
        """The added function itself, for `type: date` and its like."""
        return self._added.get(name)

    def interpreter(self) -> visitor.TreeInterpreter:
        return visitor.TreeInterpreter()

    def _bind_standard(self, name: str, count: int) -> Function:
        entry = self._standard.FUNCTION_TABLE[name]
        signature, function = entry["signature"], entry["function"]
        variadic = bool(signature and signature[-1].get("variadic"))
        if count < len(signature) or (count > len(signature) and not variadic):
            least = "at least " if variadic else ""
            raise UnknownFunction("function_arguments", name, f"{name}() takes {least}{len(signature)} argument(s), not {count}")
        quick = [_quick_types(part["types"]) for part in signature]
        owner: Any = self._standard

        def call(*arguments: Any) -> Any:
            given = [plain(argument) for argument in arguments]
            for argument, types in zip(given, quick, strict=False):
                if types is not None and type(argument) not in types:
                    owner._type_check(given, signature, name)
                    break
            return function(owner, *given)

        return call


def _quick_types(names: list[str]) -> frozenset[type] | None:
    """The exact Python types that need no closer look: None for any, empty when the elements have to be looked at."""
    if not names:
        return None
    return frozenset(kind for name in names for kind in _TYPES.get(name, ()))


def plain(value: Any) -> Any:
    """A cleaned value as ordinary text: JMESPath's functions look at the exact type."""
    kind = type(value)
    if kind is list:
        return [plain(item) for item in value] if any(type(item) is not str for item in value) else value
    return str(value) if kind is not str and isinstance(value, str) else value


def _bind_added(name: str, function: Function, count: int, knows_null: bool) -> Function:
    least, most = arguments_of(function)
    if count < least or (most is not None and count > most):
        wanted = str(least) if most == least else f"{least} or more" if most is None else f"{least} to {most}"
        raise UnknownFunction("function_arguments", name, f"{name}() takes {wanted} argument(s), not {count}")
    if knows_null or least == 0:
        return function

    def call(first: Any, *others: Any) -> Any:
        return None if first is None or first == "" else function(first, *others)

    return call


def arguments_of(function: Function) -> tuple[int, int | None]:
    """The least and the most positional arguments of a function; no most when it takes any number."""
    least, most = 0, 0
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            return least, None
        if parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
            most += 1
            least += parameter.default is inspect.Parameter.empty
    return least, most


def function_table(added: Mapping[str, Function] | None = None) -> FunctionTable:
    """JMESPath's functions, the cleaning functions and arithmetic, and every installed pack, or those given instead of packs."""
    return FunctionTable(_packs() if added is None else added, {**ARITHMETIC, **FUNCTIONS})


@cache
def _packs() -> dict[str, Function]:
    found: dict[str, Function] = {}
    for entry in entry_points(group=GROUP):
        found.update(entry.load())
    return found
