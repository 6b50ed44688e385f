"""Checks that cross references of a file lead somewhere (terms, conditions, steps) and never in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
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
        seen: set[str] = set()
        for j, section in enumerate(card.sections):
            if section.id in [s.id for s in card.sections[:j]]:
                raise f.error("duplicate_id", ("scorecards", i, "sections", j, "id"), id=section.id, other=f.path)
            for k, item in enumerate(section.items):
                if item.id in seen:  # a person's answers go by it
                    where = ("scorecards", i, "sections", j, "items", k, "id")
                    raise f.error("duplicate_id", where, id=item.id, other=f.path)
                seen.add(item.id)
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


def _has_places(condition: Condition, named: Mapping[str, Condition], holds: bool = True) -> bool:
    """Whether it can be somewhere in a call where it holds, or where it does not."""
    if condition.use is not None:
        return condition.use not in named or _has_places(named[condition.use], named, holds)
    if condition.none is not None:
        return any(_has_places(c, named, not holds) for c in condition.none)
    parts = condition.all or condition.any
    if parts is not None:
        return any(_has_places(c, named, holds) for c in parts)
    if condition.says is not None:
        says = condition.says
        return bool(says.any or says.all or says.patterns) if holds else bool(says.none)
    if condition.asks_model is not None:
        return condition.asks_model.expect is holds
    return holds and condition.operator not in ("duration", "turns", "talk_share", "attribute")


def _check_places(f: SourceFile, condition: Condition, where: Location) -> None:
    """Whatever something else is to lie behind, or before, must be somewhere."""
    found: list[tuple[Condition, Location]] = [
        (anchor.condition, (*where, side, "condition"))
        for side, anchor in (("after", condition.after), ("before", condition.before))
        if anchor is not None
    ]
    if condition.then is not None:
        found += [(condition.then.first, (*where, "then", "first"))]
        found += [(condition.then.second, (*where, "then", "second"))]
    for part, at in found:
        if not _has_places(part, f.model.conditions):
            raise f.error("nowhere", at)


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
        _check_places(f, value, where)
    terms_of = book.names[f.pack].terms
    for reference in references:
        if not reference.startswith("family:") and not terms_of(reference):
            raise f.error("unknown_term", where, name=reference)
    if isinstance(value, Says) and value.at_least > 1:
        known = {term for reference in value.any for term in terms_of(reference)}
        loaded = all(terms_of(reference) for reference in value.any)
        if loaded and value.at_least > (count := len(known) + bool(value.patterns)):
            raise f.error("too_few_terms", (*where, "at_least"), at_least=value.at_least, count=count)


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
    _check_order(f, flow, where)
    waits = {
        s.id: [v.step for v, _ in walk(s.when, ()) if isinstance(v, Condition) and v.step] for s in flow.steps
    }
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as e:
        circle = e.args[1][::-1]
        at = (*where, "steps", ids.index(circle[0]), "when")
        raise f.error("step_cycle", at, path=" -> ".join(circle)) from None


def _check_order(f: SourceFile, flow: Flow, where: Location) -> None:
    """Steps that have to come before one another can never all be done."""
    earlier: dict[str, list[str]] = {s.id: list(s.after) for s in flow.steps}
    for step in flow.steps:
        for other in step.before:
            earlier[other].append(step.id)
    if flow.ordered:
        for before, step in pairwise(flow.steps):
            earlier[step.id].append(before.id)
    try:
        TopologicalSorter(earlier).prepare()
    except CycleError as e:
        circle = e.args[1]
        index, step = next((i, s) for i, s in enumerate(flow.steps) if s.id in circle and (s.before or s.after))
        at = (*where, "steps", index, "before" if step.before else "after")
        raise f.error("step_order", at, path=" → ".join(circle)) from None


def _known_check(reference: str, pack: str, book: RuleBook) -> bool:
    if reference.startswith("family:") or reference == "pii":
        return True
    names = {reference, f"{pack}.{reference}"}
    known = {*book.terms_by_id, *book.files, *(r.id for r in book.rules), *(w.id for w in book.flows)}
    known |= {f"{w.id}.{s.id}" for w in book.flows for s in w.flow.steps}
    known |= {f"{t.file}.{t.family}" for t in book.terms}
    return bool(names & known)
