"""Checks that cross references of a file lead somewhere (terms, conditions, steps) and never in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from qa.rules.regexes import RegexError, compiled
from qa.rules.schema import Condition, Flow, Matches, Says, Silence

if TYPE_CHECKING:
    from qa.rules.book import RuleBook
    from qa.rules.loader import SourceFile

Location = tuple[str | int, ...]

DEEPEST: Final = 50
"""Conditions that may use one another in a row."""
MOST_PARTS: Final = 1000
"""Conditions that one may unfold to: each use is judged anew, in its own scope."""


def check_file(f: SourceFile, book: RuleBook) -> None:
    """Raises `BadPackError` for the first reference that leads nowhere."""
    m = f.model
    _check_uses(f)
    roots: list[tuple[object, Location, frozenset[str]]] = [
        *((c, ("conditions", n), frozenset[str]()) for n, c in m.conditions.items()),
        *((r, ("rules", i), frozenset[str]()) for i, r in enumerate(m.rules)),
        *((w, ("flows", i), frozenset(s.id for s in w.steps)) for i, w in enumerate(m.flows)),
        *((c, ("scorecards", i), frozenset[str]()) for i, c in enumerate(m.scorecards)),
    ]
    for root, location, steps in roots:
        for value, where in walk(root, location):
            _check(f, book, value, where, steps)
    for i, flow in enumerate(m.flows):
        _check_steps(f, flow, ("flows", i))
    for i, card in enumerate(m.scorecards):
        for j, section in enumerate(card.sections):
            for k, item in enumerate(section.items):
                for n, reference in enumerate(item.check):
                    if not _known_check(reference, f.pack, book):
                        where = ("scorecards", i, "sections", j, "items", k, "check", n)
                        raise f.error("unknown_check", where, name=reference)


def walk(value: object, location: Location) -> Iterator[tuple[object, Location]]:
    """Every part of a pack file with where it stands."""
    if isinstance(value, BaseModel):
        yield value, location
        for name in type(value).model_fields:
            yield from walk(getattr(value, name), (*location, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from walk(item, (*location, i))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, (*location, name))


def _check(f: SourceFile, book: RuleBook, value: object, where: Location, steps: frozenset[str]) -> None:
    references: list[str] = []
    if isinstance(value, Says):
        references = [*value.any, *value.all, *value.none]
    elif isinstance(value, Silence) and value.excused_after:
        references = [value.excused_after]
    elif isinstance(value, Matches):
        for source in (value.regex, value.exclude):
            try:
                compiled(source or "")
            except RegexError as e:
                raise f.error(e.code, where, regex=source, problem=e.problem) from None
    elif isinstance(value, Condition):
        if value.use is not None and value.use not in f.model.conditions:
            raise f.error("unknown_condition", (*where, "use"), name=value.use)
        if value.step is not None and not (where[0] == "flows" and where[4:5] == ("when",)):
            raise f.error("step_outside_when", (*where, "step"), name=value.step)
        if value.step is not None and value.step not in steps:
            raise f.error("unknown_step", (*where, "step"), name=value.step)
    for reference in references:
        if not reference.startswith("family:") and not book.resolve(reference, f.pack):
            raise f.error("unknown_term", where, name=reference)


def _check_uses(f: SourceFile) -> None:
    """Conditions that use each other: none in a circle, and none that unfolds to more than can be judged."""
    uses = {
        name: [v.use for v, _ in walk(condition, ()) if isinstance(v, Condition) and v.use]
        for name, condition in f.model.conditions.items()
    }
    try:
        order = list(TopologicalSorter(uses).static_order())
    except CycleError as e:
        circle = e.args[1][::-1]
        raise f.error("condition_cycle", ("conditions", circle[0]), path=" -> ".join(circle)) from None
    depth, parts = dict[str, int](), dict[str, int]()
    for name in order:
        below = uses.get(name, ())
        depth[name] = 1 + max((depth[b] for b in below), default=0)
        parts[name] = 1 + sum(parts[b] for b in below)
        if depth[name] > DEEPEST or parts[name] > MOST_PARTS:
            raise f.error("condition_too_large", ("conditions", name), name=name)


def _check_steps(f: SourceFile, flow: Flow, where: Location) -> None:
    ids = [s.id for s in flow.steps]
    for i, step in enumerate(flow.steps):
        if step.id in ids[:i]:
            raise f.error("duplicate_id", (*where, "steps", i, "id"), id=step.id, other=f.path)
        for key in ("before", "after"):
            for other in getattr(step, key):
                if other not in ids:
                    raise f.error("unknown_step", (*where, "steps", i, key), name=other)
    waits = {
        s.id: [v.step for v, _ in walk(s.when, ()) if isinstance(v, Condition) and v.step] for s in flow.steps
    }
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as e:
        circle = e.args[1][::-1]
        at = (*where, "steps", ids.index(circle[0]), "when")
        raise f.error("step_cycle", at, path=" -> ".join(circle)) from None


def _known_check(reference: str, pack: str, book: RuleBook) -> bool:
    if reference.startswith("family:") or reference == "pii":
        return True
    names = {reference, f"{pack}.{reference}"}
    known = {*book.terms_by_id, *book.files, *(r.id for r in book.rules), *(w.id for w in book.flows)}
    known |= {f"{w.id}.{s.id}" for w in book.flows for s in w.flow.steps}
    known |= {f"{t.file}.{t.family}" for t in book.terms}
    return bool(names & known)
