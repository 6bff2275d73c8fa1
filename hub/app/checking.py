"""What can be said about landscape, mappings and rules without asking a system or touching data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from connectors import build, connector_class
from hub.app import Hub, delivering
from hub.app.modelling.in_force import on_file
from hub.contract import Writer
from hub.errors import BadLandscape, BadModel, BadSettings, Misconfigured, did_you_mean
from hub.landscape import Delivery, Feed, System, standing
from hub.mapping import Finding, coverage, fields_of, lint_folder, run_examples
from hub.mapping.engine import mapping_name
from hub.mapping.examples import ExampleResult, both_paths, read_examples
from hub.quality import load_quality
from hub.reading.declared import declared


def lint(hub: Hub) -> list[Finding]:
    """Everything that can be said about landscape, mappings and rules without asking a system."""
    found = _landscape(hub) + _rules(hub)
    for folder in hub.folders("mappings"):
        found += lint_folder(folder, model=hub.model)
    return found


def _landscape(hub: Hub) -> list[Finding]:
    checks = [partial(_system, hub, system) for system in hub.landscape.systems.values()]
    checks += [partial(_feed, hub, feed) for feed in hub.landscape.feeds.values()]
    checks += [partial(_delivery, hub, delivery) for delivery in hub.landscape.deliveries.values()]
    found = []
    for check in checks:
        try:
            check()
        except Misconfigured as wrong:
            found.append(_finding(wrong, hub.landscape.path))
    return found + list(_not_run(hub))


def _not_run(hub: Hub) -> Iterator[Finding]:
    """What is written down and does nothing must not look as if it worked."""
    for name in hub.landscape.subscriptions:
        said = f"subscriptions.{name} is checked, but not run by this version of the hub."
        yield Finding("not_run_yet", "info", hub.landscape.path, 1, 1, said)


def _system(hub: Hub, system: System) -> None:
    with standing(system.place):
        build(system.kind, system.settings, lambda reference: reference, hub.settings.home)


def _feed(hub: Hub, feed: Feed) -> None:
    with standing(feed.place):
        options = getattr(connector_class(hub.landscape.system(feed.system).kind), "options", None)
        if options is not None:
            known = {one.name: one for one in declared(options)}
            for name in feed.request.options:
                if name not in known:
                    hint = did_you_mean(name, known) or f" Known: {', '.join(known)}."
                    raise BadSettings(f"Feed {feed.name}: the stream has no option {name!r}{hint}", name=name)
        for name in feed.mappings:
            hub.mapping_path(name)


def _delivery(hub: Hub, delivery: Delivery) -> None:
    with standing(delivery.place):
        kind = connector_class(hub.landscape.system(delivery.system).kind)
        if not issubclass(kind, Writer):
            raise BadLandscape(delivering.cannot(hub, delivery))
        options = getattr(kind, "options", None)
        for name in delivery.options:
            known = {one.name for one in declared(options)} if options is not None else set()
            if name not in known:
                raise BadSettings(f"Delivery {delivery.name}: the stream has no option {name!r}{did_you_mean(name, known)}.")
    ours = delivering.plan(hub, delivery).target
    for other in hub.landscape.deliveries.values():
        if other.system == delivery.system and other.name < delivery.name:
            theirs = delivering.plan(hub, other).target
            if theirs.name == ours.name and (both := sorted(set(theirs.columns) & set(ours.columns))):
                with standing(delivery.place):
                    raise BadLandscape(f"deliveries {other.name!r} and {delivery.name!r} both write {', '.join(both)}.")


def _rules(hub: Hub) -> list[Finding]:
    try:
        for entity in hub.model.entities:
            load_quality(hub.model.rules(entity, "quality"))
        on_file(hub)
    except BadModel as wrong:
        return [_finding(wrong, "canonical_model")]
    return []


def covered(hub: Hub) -> dict[str, dict[str, Any]]:
    """By mapping: how many fields of its examples are mapped, how many ignored on purpose, which neither."""
    names = dict.fromkeys(name for feed in hub.landscape.feeds.values() for name in feed.mappings)
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        try:
            path = hub.mapping_path(name)
            seen = coverage(hub.mapping(name), example_fields(path))
        except Misconfigured:
            continue  # lint says why
        found[name] = {"mapped": len(seen.mapped), "ignored": len(seen.ignored), "unmapped": list(seen.unmapped)}
    return found


def examples(hub: Hub, names: Sequence[str] = ()) -> list[ExampleResult]:
    """The examples beside the mappings: of these mappings, or of all."""
    paths = [hub.mapping_path(name) for name in names]
    if not names:
        found = {path.relative_to(f): path for f in hub.folders("mappings") for path in f.glob("*/*.examples.yaml")}
        paths = [found[name] for name in sorted(found)]
    zones = {
        name: hub.landscape.systems[feed.system].time_zone for feed in hub.landscape.feeds.values() for name in feed.mappings
    }
    return [
        result
        for path in paths
        for result in run_examples(path, model=hub.model, time_zone=zones.get(mapping_name(both_paths(path)[0]), "UTC"))
    ]


def example_fields(path: Path) -> set[str]:
    """Every source field that the examples beside a mapping show."""
    _, beside = both_paths(path)
    examples = read_examples(beside)[1] if beside.is_file() else []
    return {name for example in examples for name in fields_of(example["given"])}


def _finding(wrong: Misconfigured, path: str) -> Finding:
    facts = wrong.facts
    return Finding(
        wrong.code,
        "error",
        str(facts.get("path") or path),
        facts.get("line") or 1,
        facts.get("column") or 1,
        facts.get("said") or wrong.message,
    )
