"""Runs the examples that every term, rule and flow carries, and lints packs that have too few."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Final

from qa.core.finding import Outcome
from qa.core.messages import Message, message
from qa.core.roles import Role
from qa.i18n import text
from qa.lexicon.schema import Applies, CallExample, CallExamples, Examples
from qa.lexicon.yaml_reader import line_of
from qa.rules import flows, single
from qa.rules.applicability import is_chinese
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.conditions.mood import rests_on
from qa.rules.dialogue import from_example
from qa.rules.loader import SourceFile, available_packs, read_pack
from qa.rules.references import walk
from qa.rules.schema import Condition, Item, Says, Step
from qa.rules.scope import role_of
from qa.text.calltext import CallText

MEASURED: Final = (
    "silence", "rate", "interrupts", "loudness", "pitch", "responds", "ends_with", "tone", "alike",
    "attribute", "asks_model",
)  # fmt: skip
"""Operators that look at the sound, or that never fail a rule by themselves."""

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One example and where it stands."""

    file: SourceFile
    location: Location
    id: str
    """Qualified id of the term, rule or flow."""
    kind: str
    """`term`, `rule` or `flow`."""
    index: int
    lines: str | list[str]
    attributes: Mapping[str, str]
    should_hit: bool

    @property
    def shown(self) -> str:
        """The example on one line."""
        said = self.lines if isinstance(self.lines, str) else " / ".join(self.lines)
        return " ".join([*(f"{name}={value}" for name, value in self.attributes.items()), said])


@dataclass(frozen=True, slots=True)
class ExampleReport:
    """What running all examples came to."""

    count: int
    failures: tuple[Message, ...]


def lint(files: Sequence[SourceFile]) -> list[Message]:
    """What is amiss with a pack although it loads: examples are missing, `alike` stands where nobody speaks
    Chinese, or a family has no members.
    """
    problems: list[Message] = []
    families = {name for f in files for name in _families(f)}
    for f in files:
        problems += _never_alike(f)
        problems += _without_members(f, families)
        for kind, location, name, examples in _carriers(f):
            if kind == "measured" or (kind == "vocabulary" and examples.hit):
                continue
            if not examples.hit or not examples.miss:
                problems.append(message("rules.no_examples", file=f.path, line=line_of(f.text, location), id=name))
    return problems


def _never_alike(f: SourceFile) -> Iterator[Message]:
    for value, location in walk(f.model, ()):
        if isinstance(value, Condition | Step) and value.alike is not None:
            kind, which, *_ = location
            part = getattr(f.model, str(kind))[which]
            spoken = [_languages(f.model.applies), _languages(getattr(part, "applies", None)), {f.model.language}]
            if not all(any(one == "any" or is_chinese(one) for one in some) for some in spoken):
                yield message("rules.never_alike", file=f.path, line=line_of(f.text, (*location, "alike")))


def _families(f: SourceFile) -> Iterator[str]:
    """What the terms and checks of a file count as."""
    yield from ((t.family or f.model.defaults.family or "other") for t in f.model.terms)
    yield from (r.family for r in f.model.rules)
    yield from ("step", "pii")


@cache
def _shipped_families() -> frozenset[str]:
    return frozenset(name for pack in available_packs([]) for f in read_pack(pack, []) for name in _families(f))


def _without_members(f: SourceFile, families: Set[str]) -> Iterator[Message]:
    """Families that neither these packs have nor those that come with the program."""
    for value, location in walk(f.model, ()):
        references = value.check if isinstance(value, Item) else []
        if isinstance(value, Says):
            references = [*value.any, *value.all, *value.none]
        for name in references:
            family = name.removeprefix("family:")
            if family != name and family not in families and family not in _shipped_families():
                line = line_of(f.text, location)
                yield message("rules.family_not_loaded", file=f.path, line=line, name=name)


def _languages(applies: Applies | None) -> set[str]:
    return set(applies.languages) if applies and applies.languages else {"any"}


def run_examples(
    book: RuleBook, files: Sequence[SourceFile], shown: Callable[[int, int], None] | None = None
) -> ExampleReport:
    """Run every example against the whole book; each failure says what happened instead.

    `shown` is told how many are done, of how many.
    """
    failures = []
    examples = list(_examples(files))
    for done, example in enumerate(examples, 1):
        if shown:
            shown(done, len(examples))
        hit, why = _run(book, example)
        if hit is not example.should_hit:
            code = "example_misses" if example.should_hit else "example_hits"
            failures.append(
                message(
                    f"rules.{code}",
                    file=example.file.path,
                    line=line_of(example.file.text, example.location),
                    id=example.id,
                    example=example.shown,
                    why=why,
                )
            )
    return ExampleReport(len(examples), tuple(failures))


def _carriers(f: SourceFile) -> Iterator[tuple[str, Location, str, Examples | CallExamples]]:
    """Everything that carries examples. Vocabulary needs no counterexample, for it accuses nobody.

    What is measured on sound has no example in writing.
    """
    for i, term in enumerate(f.model.terms):
        flags = (term.severity or f.model.defaults.severity) is not None
        yield ("term" if flags else "vocabulary"), ("terms", i), f"{f.pack}.{term.id}", term.examples
    for i, rule in enumerate(f.model.rules):
        wanted = [c for c in (rule.require, rule.forbid, rule.when) if c is not None]
        measured = all(rests_on(c, f.model.conditions, MEASURED) for c in wanted)
        yield ("measured" if measured else "rule"), ("rules", i), f"{f.pack}.{rule.id}", rule.examples
    for i, flow in enumerate(f.model.flows):
        yield "flow", ("flows", i), f"{f.pack}.{flow.id}", flow.examples


def _examples(files: Sequence[SourceFile]) -> Iterator[Example]:
    for f in files:
        for kind, location, name, examples in _carriers(f):
            plain = {"vocabulary": "term", "measured": "rule"}.get(kind, kind)
            for side, lines in (("hit", examples.hit), ("miss", examples.miss)):
                for j, example in enumerate(lines):
                    where = (*location, "examples", side, j)
                    yield Example(f, where, name, plain, int(location[1]), *_told(example), side == "hit")


def _told(example: str | list[str] | CallExample) -> tuple[str | list[str], Mapping[str, str]]:
    """What is said in an example, and what came with it."""
    return (example.turns, example.attributes) if isinstance(example, CallExample) else (example, {})


def _run(book: RuleBook, example: Example) -> tuple[bool, str]:
    language = example.file.model.language
    if example.kind == "term":
        return _run_term(book, example, language)
    call = CallText(from_example(example.lines, Role.AGENT, language))
    scan = book.lexicon.scan(call)
    place = book.files[example.file.model.id]
    on = book.evaluation(call, scan, CallContext(attributes=example.attributes), place)
    if example.kind == "rule":
        check = single.check(example.id, example.file.model.rules[example.index], place, on)
        return check.outcome is Outcome.FAILED, text(check.reason.code, "en", **check.reason.params)
    checks = flows.checks(example.id, example.file.model.flows[example.index], place, on)
    failed = [c.rule.rsplit(".", 1)[-1] for c in checks if c.outcome is Outcome.FAILED]
    return bool(failed), ", ".join(failed)


def _run_term(book: RuleBook, example: Example, language: str) -> tuple[bool, str]:
    term = book.terms_by_id[example.id]
    call = CallText(from_example(example.lines, term.role or role_of("agent", None) or Role.AGENT, language))
    hits = book.lexicon.scan(call).hits(example.id, term.role)
    meant = [h for h in hits if h.counts]
    if meant:
        h = meant[0]
        return True, f"{h.turn.squeezed[h.start : h.end]} ({h.kind.value}: {h.pattern})"
    excuse = next((h.excuse for h in hits if h.excuse), None)
    return False, text(f"rules.excused_{excuse.name}", "en", cue=excuse.cue) if excuse else ""
