"""Reads packs: files, then models, then one rule book. Nothing half-read ever replaces what is loaded."""

import gc
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from qa.alike.reader import reader
from qa.core.errors import BadPackError
from qa.core.finding import Severity
from qa.core.roles import Role
from qa.lexicon.lexicon import CompiledTerm
from qa.lexicon.matcher import MatchTerm
from qa.lexicon.patterns import PatternError, parse
from qa.lexicon.schema import LIKENED, Applies, Term, TermDefaults, default_unless, label_of
from qa.lexicon.yaml_reader import MAX_BYTES, line_of, parse_yaml, read_yaml
from qa.rules.applicability import is_chinese
from qa.rules.book import Placed, PlacedCard, PlacedFlow, PlacedRule, RuleBook
from qa.rules.references import check_file
from qa.rules.schema import Condition, Flow, PackFile, Rule, Says, Scorecard
from qa.rules.scope import role_of

SCHEMA_VERSION: Final = 1
ENGINE_VERSION: Final = "11"
"""Raise it with every change of the engine that can change a finding; part of the fingerprint."""

MAX_TERMS: Final = 200_000
"""Terms of all loaded packs together: about half a minute and 1 GB; a million would take five times that."""

SHORTEST_TERM: Final = 20
"""Bytes below which nothing is a term."""

MANY_PARTS: Final = 16
"""Parts of the name of a field that are still shown."""

_SUFFIXES: Final = (".yaml", ".yml")
_COMMENT: Final = re.compile(rb"^[ \t]*#.*$", re.MULTILINE)
_TERM: Final = re.compile(rb"\bpatterns[\"']?[ \t]*:")


class SourceFile:
    """One file of a pack, read and validated."""

    def __init__(self, pack: str, path: str, text: str, model: PackFile) -> None:
        self.pack = pack
        """`zh.finance`."""
        self.path = path
        """As it is shown to people: `zh/finance/forbidden.yaml`."""
        self.text = text
        self.model = model

    def error(self, code: str, location: Sequence[str | int], **params: object) -> BadPackError:
        """A `BadPackError` that names file, line and field."""
        line = line_of(self.text, location)
        return BadPackError(f"rules.{code}", file=self.path, line=line, field=_shown(location), **params)


def _shown(location: Sequence[str | int]) -> str:
    """Where a field stands, as people read it; what lies very deep without its middle."""
    parts = [str(x) for x in location]
    return ".".join([*parts[:4], "…", *parts[-2:]] if len(parts) > MANY_PARTS else parts) or "-"


@cache
def builtin_pack_dir() -> Path:
    """The folder of the packs that come with the program: in the wheel, or in the checkout."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_data" / "lexicons"
    return shipped if shipped.is_dir() else package.parent / "lexicons"


def load_packs(names: Sequence[str], dirs: Sequence[Path]) -> RuleBook:
    """The rule book of some packs (`zh/finance`), each looked for in `dirs` in order, then among those shipped.

    Raises `BadPackError` for the first mistake, with file, line and a sentence.
    """
    return build(read_packs(sorted(dict.fromkeys(names)), dirs))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Leaves the search for garbage until all is built: it took a third of the time and found nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_pack(name: str, dirs: Sequence[Path]) -> list[SourceFile]:
    """The files of one pack in order of their names."""
    return read_packs([name], dirs)


@_without_collector()
def read_packs(names: Sequence[str], dirs: Sequence[Path]) -> list[SourceFile]:
    """The files of some packs, pack by pack."""
    paths = [(name, path) for name in names for path in _paths(name, dirs)]
    _refuse_millions([path for _, path in paths])
    return [_read(name, path) for name, path in paths]


def _paths(name: str, dirs: Sequence[Path]) -> list[Path]:
    """The files of a pack. Hidden ones belong to editors and file systems; what is no file but named like one is
    a mistake, for its rules would be missing.
    """
    try:
        with os.scandir(_folder(name, dirs)) as entries:
            found = sorted((e for e in entries if _is_pack_file(e.name)), key=attrgetter("name"))
    except OSError as e:
        raise BadPackError("rules.file_unreadable", file=name, problem=e.strerror or "I/O") from None
    for entry in found:
        if not os.path.isfile(entry.path):  # noqa: PTH113 - a Path for each cost more than all the rest
            raise BadPackError("rules.no_plain_file", file=f"{name}/{entry.name}")
    if not found:
        raise BadPackError("rules.empty_pack", pack=name)
    return [Path(entry.path) for entry in found]


def _is_pack_file(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES) and not name.startswith(".")


def _refuse_millions(paths: Sequence[Path]) -> None:
    """Counts terms by their `patterns` before anything is parsed: a million took a minute to refuse."""
    sizes = [(path, path.stat().st_size) for path in paths]
    if sum(size for _, size in sizes) <= MAX_TERMS * SHORTEST_TERM:
        return
    small = [path.read_bytes() for path, size in sizes if size <= MAX_BYTES and os.access(path, os.R_OK)]
    count = sum(len(_TERM.findall(_COMMENT.sub(b"", content))) for content in small)
    if count > MAX_TERMS:
        raise BadPackError("rules.too_many_terms", count=count, most=MAX_TERMS)


Stamp = tuple[tuple[str, int, int], ...]
"""Which files packs have, when each was changed and how long it is."""


def stamp(names: Sequence[str], dirs: Sequence[Path]) -> Stamp:
    """Another one means that the files of the packs have changed. Raises `BadPackError` where one is not found."""
    found = []
    for name in sorted(dict.fromkeys(names)):
        try:
            for path in _paths(name, dirs):
                about = path.stat()
                found.append((str(path), about.st_mtime_ns, about.st_size))
        except OSError:
            # Taken away while it was looked at: as if it were not there.
            raise BadPackError("rules.empty_pack", pack=name) from None
    return tuple(found)


def named_parts(name: str) -> list[str]:
    """The parts of the name of a pack (`zh/finance`); raises `BadPackError` where it is none."""
    parts = name.split("/")
    if not all(p and p.replace("-", "").isalnum() and p.isascii() for p in parts):
        raise BadPackError("rules.bad_pack_name", pack=name)
    return parts


def _folder(name: str, dirs: Sequence[Path]) -> Path:
    parts = named_parts(name)
    for base in _bases(dirs):
        folder = base.joinpath(*parts)
        if folder.is_dir():
            return folder
    raise BadPackError("rules.unknown_pack", pack=name, available=", ".join(available_packs(dirs)))


def available_packs(dirs: Sequence[Path]) -> list[str]:
    """Names of all packs that can be loaded."""
    found = set()
    for base in _bases(dirs):
        found |= {p.parent.relative_to(base).as_posix() for p in base.glob("*/*/*") if _is_pack_file(p.name)}
    return sorted(found)


def _bases(dirs: Sequence[Path]) -> Iterator[Path]:
    """Folders with packs. One that is not there is a mistake: the shipped packs would be taken for one's own."""
    for base in dirs:
        if not Path(base).is_dir():
            raise BadPackError("rules.no_pack_dir", folder=base)
        yield Path(base)
    yield builtin_pack_dir()


def _read(name: str, path: Path) -> SourceFile:
    about = path.stat()
    return _parsed(name, path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=256)
def _parsed(name: str, path: Path, _changed_ns: int, _size: int) -> SourceFile:
    # Reading all packs takes a tenth of a second, and the page of rules shows them at every request.
    shown = f"{name}/{path.name}"
    data = read_yaml(path, shown)
    return _validated(name, shown, path.read_text(encoding="utf-8-sig"), data)


def from_text(name: str, text: str, shown: str = "pack.yaml") -> SourceFile:
    """One file of a pack from its text; for tests and for editors."""
    return _validated(name, shown, text, parse_yaml(text, shown))


def _validated(name: str, shown: str, text: str, data: object) -> SourceFile:
    pack = name.replace("/", ".")
    if not isinstance(data, dict):
        raise BadPackError("rules.not_a_pack", file=shown, line=1)
    version = str(data.get("schema_version", 1))
    if version.isdecimal() and int(version) > SCHEMA_VERSION:
        line = line_of(text, ("schema_version",))
        raise BadPackError("rules.from_the_future", file=shown, line=line, version=version, known=SCHEMA_VERSION)
    try:
        model = PackFile.model_validate(data)
    except ValidationError as e:
        raise _field_error(shown, text, e) from None
    except RecursionError:
        raise BadPackError("rules.too_deep", file=shown) from None
    if model.id != pack and not model.id.startswith(f"{pack}."):
        raise SourceFile(pack, shown, text, model).error("foreign_id", ("id",), pack=pack)
    return SourceFile(pack, shown, text, model)


_PROBLEMS: Final[Mapping[str, str]] = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_key",
    "literal_error": "not_one_of",
    "recursion_depth_exceeded": "too_deep",
    "string_type": "wants_text",
    "int_type": "wants_whole",
    "int_parsing": "wants_whole",
    "int_parsing_size": "wants_whole",
    "int_from_float": "wants_whole",
    "float_type": "wants_number",
    "float_parsing": "wants_number",
    "finite_number": "wants_number",
    "bool_type": "wants_truth",
    "bool_parsing": "wants_truth",
    "list_type": "wants_list",
    "dict_type": "wants_mapping",
    "model_type": "wants_mapping",
    "model_attributes_type": "wants_mapping",
    "date_type": "wants_date",
    "date_parsing": "wants_date",
    "date_from_datetime_parsing": "wants_date",
    "date_from_datetime_inexact": "wants_date",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "string_pattern_mismatch": "bad_form",
    "too_short": "empty_field",
    "string_too_short": "empty_field",
    "unknown_language": "unknown_language",
    "dates_reversed": "dates_reversed",
    "says_empty": "says_empty",
    "range_empty": "range_empty",
    "hit_zero": "hit_zero",
    "one_operator": "one_operator",
    "rule_sides": "rule_sides",
    "step_ways": "step_ways",
    "item_kind": "item_kind",
    "manual_without_findings": "manual_without_findings",
    "no_such_part": "no_such_part",
    "nothing_between": "nothing_between",
    "no_words_in": "no_words_in",
    "excuses_nothing": "excuses_nothing",
    "ends_anyhow": "ends_anyhow",
    "absent_value": "absent_value",
    "not_one_of": "not_one_of",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "invalid_key": "key_wants_text",
}


_BOUNDS: Final = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def _field_error(shown: str, text: str, error: ValidationError) -> BadPackError:
    found = error.errors(include_url=False)
    first = min(found, key=lambda e: (e["type"] == "missing", len(e["loc"])))
    location = tuple(x for x in first["loc"] if not (isinstance(x, str) and "[" in x))
    code = _PROBLEMS.get(first["type"], "bad_value")
    context: dict[str, Any] = dict(first.get("ctx", {}))
    if first["type"].startswith("bool_") and location[-1:] == ("bool",):  # or one word instead
        location = location[:-1]
        words = [e["ctx"]["expected"] for e in found if e["type"] == "literal_error" and e["loc"][:-1] == location]
        code, context["expected"] = "not_one_of", ", ".join(["true", "false", *words])
    return BadPackError(
        f"rules.{code}",
        file=shown,
        line=line_of(text, location),
        field=_shown(location),
        problem=first["msg"],
        allowed=str(context.get("expected", "")).replace(" or ", ", "),
        found=str(context.get("found", "")),
        limit="".join(f"{sign} {context[key]:g}" for key, sign in _BOUNDS.items() if key in context),
        most=str(context.get("max_length", "")),
    )


@_without_collector()
def build(files: Sequence[SourceFile]) -> RuleBook:
    """One rule book of files; checks what no file can know by itself: references, duplicates, cycles."""
    count = sum(len(f.model.terms) for f in files)
    if count > MAX_TERMS:
        raise BadPackError("rules.too_many_terms", count=count, most=MAX_TERMS)
    files = sorted(files, key=lambda f: (f.pack, f.path))
    _unique(files, lambda f: [(f.model.id, ("id",))])
    _unique(files, lambda f: [(f"{f.pack}.{t.id}", ("terms", i, "id")) for i, t in enumerate(f.model.terms)])
    _unique(files, _check_ids)
    _unique(files, _card_ids)
    places = {f.model.id: _placed(f) for f in files}
    terms: list[CompiledTerm] = []
    inline: dict[int, str] = {}
    for f in files:
        place = places[f.model.id]
        terms += [_term(f, place, i, t) for i, t in enumerate(f.model.terms)]
        terms += _inline_terms(f, inline)
    book = RuleBook(
        terms=tuple(terms),
        rules=tuple(
            PlacedRule(f"{f.pack}.{r.id}", places[f.model.id], _versioned(r, f))
            for f in files
            for r in f.model.rules
        ),
        flows=tuple(
            PlacedFlow(f"{f.pack}.{w.id}", places[f.model.id], _versioned(w, f))
            for f in files
            for w in f.model.flows
        ),
        cards=tuple(
            PlacedCard(f"{f.pack}.{c.id}", places[f.model.id], _versioned(c, f))
            for f in files
            for c in f.model.scorecards
        ),
        files=places,
        versions={f.model.id: f.model.version for f in files},
        fingerprint=_fingerprint(files),
        inline=inline,
    )
    for f in files:
        check_file(f, book)
    book.lexicon  # noqa: B018 - compiled here, so that the first call is as fast as the next
    return book


def _check_ids(f: SourceFile) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Rules and flows share one space of names, for both make checks."""
    for kind, ids in (("rules", [r.id for r in f.model.rules]), ("flows", [w.id for w in f.model.flows])):
        for i, name in enumerate(ids):
            yield f"{f.pack}.{name}", (kind, i, "id")


def _card_ids(f: SourceFile) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for i, card in enumerate(f.model.scorecards):
        yield f"{f.pack}.{card.id}", ("scorecards", i, "id")


def _unique(
    files: Sequence[SourceFile],
    ids: Callable[[SourceFile], Any],
) -> None:
    seen: dict[str, str] = {}
    for f in files:
        for name, location in ids(f):
            if name in seen:
                raise f.error("duplicate_id", location, id=name, other=seen[name])
            seen[name] = f.path


_Versioned = TypeVar("_Versioned", Rule, Flow, Scorecard)


def _versioned(one: _Versioned, f: SourceFile) -> _Versioned:
    """With the version of its file where it has none of its own: a finding names a text that can be looked up."""
    return one if "version" in one.model_fields_set else one.model_copy(update={"version": f.model.version})


def _placed(f: SourceFile) -> Placed:
    m = f.model
    return Placed(
        pack=f.pack,
        file=m.id,
        language=m.language,
        label=label_of(m.label, m.id),
        applies=(m.applies,) if m.applies else (),
        conditions=m.conditions,
    )


def _term(f: SourceFile, place: Placed, index: int, term: Term) -> CompiledTerm:
    for where in ("patterns", "misheard", "exclude"):
        for j, source in enumerate(getattr(term, where)):
            try:
                parse(source, open_ended=where == "exclude")
            except PatternError as e:
                raise f.error(e.code, ("terms", index, where, j), pattern=source, term=term.id) from None
    defaults: TermDefaults = f.model.defaults
    severity = term.severity or defaults.severity
    family = term.family or defaults.family or "other"
    role = term.role or defaults.role or "agent"
    unless = next((u for u in (term.unless, defaults.unless) if u is not None), None)
    affirmed = next((a for a in (term.affirmed, defaults.affirmed) if a is not None), None)
    doubted_below = next((d for d in (term.doubted_below, defaults.doubted_below) if d is not None), None)
    likened = f.model.language == "zh" and LIKENED.get(family) == role
    if term.doubted_below and not likened:
        known = ", ".join(f"{name} ({whose})" for name, whose in LIKENED.items())
        raise f.error("not_likened", ("terms", index), term=term.id, known=known)
    return CompiledTerm(
        id=f"{f.pack}.{term.id}",
        file=f.model.id,
        version=term.version if "version" in term.model_fields_set else f.model.version,
        language=f.model.language,
        family=family,
        label=label_of(term.label, term.patterns[0]),
        severity=Severity(severity) if severity else None,
        role=role_of(role, None),
        unless=tuple(unless) if unless is not None else default_unless(family, role, severity),
        affirmed=affirmed
        if affirmed is not None
        else (family == "forbidden" and role == "agent" and bool(severity)),
        basis=term.basis or defaults.basis,
        wording=term.wording or defaults.wording,
        doubted_below=doubted_below if likened else None,
        shadow=term.shadow,
        applies=(*place.applies, *((term.applies,) if term.applies else ())),
        match=MatchTerm(
            tuple(term.patterns),
            tuple(term.exclude),
            term.homophone or defaults.homophone or "auto",
            misheard=tuple(term.misheard),
            whole_words=term.whole_words,
        ),
    )


def _inline_terms(f: SourceFile, inline: dict[int, str]) -> Iterator[CompiledTerm]:
    for number, (says, role, location) in enumerate(_says_in(f.model)):
        if not says.patterns:
            continue
        for j, source in enumerate(says.patterns):
            try:
                parse(source)
            except PatternError as e:
                raise f.error(e.code, (*location, "patterns", j), pattern=source, term="-") from None
        name = f"{f.model.id}.inline-{number}"
        inline[id(says)] = name
        yield CompiledTerm(
            id=name,
            file=f"{f.model.id}.inline",
            version=f.model.version,
            language=f.model.language,
            family="inline",
            label={},
            severity=None,
            role=role,
            unless=(),
            affirmed=False,
            basis=None,
            wording=None,
            shadow=False,
            applies=(),
            match=MatchTerm(tuple(says.patterns)),
        )


def _says_in(model: PackFile) -> Iterator[tuple[Says, Role | None, tuple[str | int, ...]]]:
    """Every `says` of a file with the role that its surroundings give it."""
    for name, condition in model.conditions.items():
        yield from _says_under(condition, Role.AGENT, ("conditions", name))
    for i, rule in enumerate(model.rules):
        yield from _says_under(rule, role_of(rule.role, None), ("rules", i))
    for i, flow in enumerate(model.flows):
        yield from _says_under(flow, Role.AGENT, ("flows", i))
    for i, card in enumerate(model.scorecards):
        yield from _says_under(card, Role.AGENT, ("scorecards", i))


def _says_under(
    value: object, role: Role | None, location: tuple[str | int, ...]
) -> Iterator[tuple[Says, Role | None, tuple[str | int, ...]]]:
    if isinstance(value, Says):
        yield value, role, location
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _says_under(item, role, (*location, i))
    elif isinstance(value, BaseModel) and not isinstance(value, Applies):
        if isinstance(value, Condition):
            role = role_of(value.role, role)
        for name in type(value).model_fields:
            yield from _says_under(getattr(value, name), role, (*location, name))


def _fingerprint(files: Sequence[SourceFile]) -> str:
    # The second reader knows Chinese alone: packs of other languages need not wait for its tables.
    asked = any(f.model.language == "any" or is_chinese(f.model.language) for f in files)
    second = f" {reader().label}" if asked else ""
    digest = hashlib.sha256(f"engine {ENGINE_VERSION}{second}".encode())
    for f in files:
        digest.update(f"\n{f.pack} {f.path} {len(f.text)}\n".encode())
        digest.update(f.text.encode())
    return digest.hexdigest()[:32]
