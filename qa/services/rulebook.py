"""The packs in force, and what a change of one would do: checked, tried on a dialogue, run over stored calls.

Packs are files under version control: this service changes none of them. It shows what a change would do, so that
whoever commits it knows.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.errors import BadPackError, NotFoundError, TooLargeError
from qa.core.finding import Check, Evidence, Finding
from qa.core.messages import Message
from qa.core.people import Person, Right
from qa.core.transcript import Transcript
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.stored import newest_results
from qa.pipeline.metrics import call_metrics, day_of
from qa.pipeline.packs import load_book
from qa.rules.call import CallContext
from qa.rules.dialogue import from_text as dialogue_from
from qa.rules.examples import lint
from qa.rules.loader import SourceFile, Stamp, build, from_text, read_pack, read_packs, stamp
from qa.rules.trial import Backtest, Difference, Trial, backtest, try_dialogue
from qa.services.mapping import result_view
from qa.settings import RuleSettings
from qa.text.masked_result import mask_message
from qa.text.masking import mask, mask_fragment, without_hidden

MAX_TEXT: Final = 512 * 1024
"""Characters of a pack file that is tried: ten times the largest of those that come along."""
MAX_DIALOGUE: Final = 50_000
MOST_CALLS: Final = 200
"""Stored calls of one back-test: a few seconds."""


class FileView(Record, frozen=True):
    """A file of a pack."""

    path: str
    """`zh/finance/forbidden.yaml`."""
    pack: str
    id: str
    version: int
    terms: int
    rules: int


class RuleFile(Record, frozen=True):
    """A file with its text, and where in it something is."""

    file: FileView
    text: str
    line: int
    """Of the term or rule that was asked for; 1 otherwise."""


class RuleService:
    """Every method checks `Right.SEE_RULES`; stored calls are those `who` sees."""

    def __init__(self, database: Database, options: RuleSettings, time_zone: str) -> None:
        self._database = database
        self._options = options
        self._time_zone = time_zone
        self._noted: Stamp = ()
        self._usable: Stamp = ()

    def files(self, who: Person) -> tuple[FileView, ...]:
        """All files of the packs as they lie on disk, less the packs that cannot be read."""
        who.need(Right.SEE_RULES)
        return tuple(_view(one) for one in self._readable())

    def problem(self, who: Person) -> Message | None:
        """Why the packs on disk cannot be used, where they cannot: what was loaded before judges on."""
        who.need(Right.SEE_RULES)
        try:
            self.need_usable()
        except BadPackError as error:
            return error.message
        return None

    def need_usable(self) -> None:
        """Raises `BadPackError` where the packs on disk cannot be used: nothing is judged by them."""
        now = stamp(self._options.packs, self._options.pack_dirs)
        if now != self._usable:
            load_book(self._options)
            self._usable = now

    def file(self, who: Person, path: str = "", rule: str = "") -> RuleFile:
        """A file by its path, or the one that holds a term or rule. Raises `NotFoundError`."""
        who.need(Right.SEE_RULES)
        for one in self._readable():
            if path and one.path == path:
                return RuleFile(_view(one), one.text, 1)
            if rule and (rule == one.model.id or rule.startswith(f"{one.pack}.")):
                line = _line_of(one.text, rule.rsplit(".", 1)[-1])
                if line:
                    return RuleFile(_view(one), one.text, line)
        raise NotFoundError("rules.no_file", file=(path or rule)[:100])

    def check(self, who: Person, path: str, text: str) -> tuple[Message, ...]:
        """What is wrong with a changed file; nothing where it can be used."""
        who.need(Right.SEE_RULES)
        try:
            files = self._with(path, text)
            build(files)
        except BadPackError as error:
            return (error.message,)
        return tuple(lint([one for one in files if one.path == path]))

    def attempt(self, who: Person, dialogue: str, path: str = "", text: str = "") -> Trial:
        """What the packs, changed where `text` is given, find in a pasted dialogue, and what nearly hit.

        Raises `BadPackError`, and `TooLargeError`.
        """
        who.need(Right.SEE_RULES)
        if len(dialogue) > MAX_DIALOGUE:
            raise TooLargeError("rules.dialogue_too_long", limit=MAX_DIALOGUE)
        book = build(self._with(path, text) if text else self._read())
        today = day_of(datetime.now(UTC), self._time_zone)
        return try_dialogue(book, dialogue_from(dialogue), CallContext(on=today))

    def backtest(self, who: Person, path: str, text: str, calls: int = 100) -> Backtest:
        """What a changed file would find otherwise in the newest stored calls. Raises `BadPackError`."""
        who.need(Right.SEE_RULES)
        before, after = build(self._read()), build(self._with(path, text))
        return _masked(backtest(before, after, self._calls(who, min(max(calls, 1), MOST_CALLS))))

    def in_force(self, tenant: str = "default") -> None:
        """Write into the audit log which versions of which packs are in force, where that has changed.

        Asked again and again it reads the packs once for every change of a file. Raises `BadPackError` where they
        cannot be used: those loaded before stay in force.
        """
        now = stamp(self._options.packs, self._options.pack_dirs)
        if now == self._noted:
            return
        self._noted = now
        versions = {one.model.id: one.model.version for one in self._read()}
        if not self._note(tenant, versions, only_look=True):
            return
        load_book(self._options)
        self._note(tenant, versions)

    def _note(self, tenant: str, versions: Mapping[str, int], *, only_look: bool = False) -> bool:
        """Whether these versions are news to the audit log, into which they are written."""
        with self._database.write() as session:
            trail = AuditTrail(session)
            last = trail.newest(tenant, "rules.changed")
            if last is not None and last.get("versions") == versions:
                return False
            if not only_look:
                now = self._database.now(session)
                trail.add(tenant, now, "system", "rules.changed", None, versions=versions)
            return True

    def _read(self) -> list[SourceFile]:
        return read_packs(self._options.packs, self._options.pack_dirs)

    def _readable(self) -> Iterator[SourceFile]:
        for name in self._options.packs:
            with suppress(BadPackError):
                yield from read_pack(name, self._options.pack_dirs)

    def _with(self, path: str, text: str) -> list[SourceFile]:
        if len(text) > MAX_TEXT:
            raise TooLargeError("rules.text_too_long", limit=MAX_TEXT)
        files = self._read()
        if path not in {one.path for one in files}:
            raise NotFoundError("rules.no_file", file=path[:100])
        return [from_text(one.pack.replace(".", "/"), text, path) if one.path == path else one for one in files]

    def _calls(self, who: Person, count: int) -> Iterator[tuple[str, Transcript, CallContext]]:
        with self._database.read() as session:
            found = newest_results(session, who, count)
        for recording, row in found:
            result = result_view(row).result
            if result.transcript is not None:
                context = CallContext(
                    attributes=result.attributes,
                    on=day_of(recording.called_at, self._time_zone),
                    metrics=call_metrics(result.behaviour) if result.behaviour else None,
                    scorecard=self._options.scorecard or None,
                )
                # Differences quote the calls, and the fragments they quote no longer say what is hidden in them.
                shown = without_hidden(result.transcript)
                yield f"{recording.id}|{mask(recording.name)}", shown, context


def _masked(found: Backtest) -> Backtest:
    return replace(found, differences=tuple(_hidden(one) for one in found.differences))


def _hidden(one: Difference) -> Difference:
    return replace(
        one,
        appeared=tuple(_quoted(finding) for finding in one.appeared),
        disappeared=tuple(_quoted(finding) for finding in one.disappeared),
        changed=tuple((_checked(before), _checked(after)) for before, after in one.changed),
    )


def _checked(check: Check) -> Check:
    return replace(
        check,
        reason=mask_message(check.reason),
        findings=tuple(_quoted(finding) for finding in check.findings),
        evidence=_fragments(check.evidence),
        doubts=tuple(
            replace(one, reason=mask_message(one.reason), evidence=_fragments(one.evidence))
            for one in check.doubts
        ),
    )


def _quoted(finding: Finding) -> Finding:
    return replace(finding, reason=mask_message(finding.reason), evidence=_fragments(finding.evidence))


def _fragments(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(replace(one, quote=mask_fragment(one.quote)) for one in evidence)


def _view(one: SourceFile) -> FileView:
    model = one.model
    return FileView(one.path, one.pack, model.id, model.version, len(model.terms), len(model.rules))


def _line_of(text: str, name: str) -> int:
    """The line that names a term or rule; 0 where there is none."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().lstrip("- ").replace('"', "").replace("'", "") in (f"id: {name}", f"{name}:"):
            return number
    return 0
