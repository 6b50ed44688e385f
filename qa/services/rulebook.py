"""The packs in force, and what a change of one would do: checked, tried on a dialogue, run over stored calls.

Packs are files under version control: this service changes none of them. It shows what a change would do, so that
whoever commits it knows.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Final

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.calltime import with_hour
from qa.core.errors import BadPackError, NotFoundError, TooLargeError
from qa.core.finding import Check, Evidence, Finding
from qa.core.messages import Message
from qa.core.people import Person, Right
from qa.core.transcript import Transcript
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.models import RecordingRow, ResultRow, RuleVersionRow
from qa.db.recordings import Recordings
from qa.db.results import Results
from qa.db.rule_versions import TEXT, RuleVersions
from qa.db.stored import count_results, newest_results
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
"""Stored calls of one back-test on a page: a few seconds."""
KNOWN_SHOWN: Final = 20
"""Numbers of versions that are named to who asked for one that there is not."""


class FileView(Record, frozen=True):
    """A file of a pack."""

    path: str
    """`zh/finance/forbidden.yaml`."""
    pack: str
    id: str
    version: int
    terms: int
    rules: int


class RuleVersion(Record, frozen=True):
    """The packs as they came into force at one time."""

    number: int
    since: datetime
    files: dict[str, int]
    """File id -> version."""
    changed: tuple[str, ...]
    """Ids of the files that are new, gone or of other text than in the version before; all in the first."""


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

    def backtest_stored(
        self,
        who: Person,
        before: Sequence[SourceFile],
        after: Sequence[SourceFile],
        shown: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> Backtest:
        """What some files find otherwise than others in all stored calls; `shown(done, total)` is told of each."""
        who.need(Right.SEE_RULES)
        with self._database.read() as session:
            total = count_results(session, who)
        return _masked(backtest(build(before), build(after), _counted(self._calls(who, total), total, shown)))

    def in_force(self, tenant: str = "default") -> None:
        """Keep the texts of the packs that are in force, and write their versions into the audit log, where that
        has changed.

        Asked again and again it reads the packs once for every change of a file. Raises `BadPackError` where they
        cannot be used: those loaded before stay in force.
        """
        now = stamp(self._options.packs, self._options.pack_dirs)
        if now == self._noted:
            return
        try:
            self._keep(tenant)
        except BadPackError:
            self._noted = now
            raise
        self._noted = now

    def _keep(self, tenant: str) -> None:
        files = [
            {"pack": f.pack, "path": f.path, "id": f.model.id, "version": f.model.version, TEXT: f.text}
            for f in sorted(self._read(), key=lambda f: (f.pack, f.path))
        ]
        with self._database.read() as session:
            if RuleVersions(session).is_newest(files):
                return
        load_book(self._options)
        versions = {str(one["id"]): one["version"] for one in files}
        with self._database.write() as session:
            at = self._database.now(session)
            number = RuleVersions(session).keep(files, at)
            trail = AuditTrail(session)
            last = trail.newest(tenant, "rules.changed")
            if last is None or last.get("versions") != versions:
                trail.add(tenant, at, "system", "rules.changed", None, versions=versions, number=number)

    def versions(self, who: Person) -> tuple[RuleVersion, ...]:
        """What was in force since when, newest first."""
        who.need(Right.SEE_RULES)
        with self._database.read() as session:
            rows = RuleVersions(session).all()
        return tuple(_version(row, before) for row, before in zip_longest(rows, rows[1:]) if row is not None)

    def version(self, who: Person, number: int) -> list[SourceFile]:
        """The files of a version. Raises `NotFoundError`, and `BadPackError` where they can no longer be read."""
        who.need(Right.SEE_RULES)
        with self._database.read() as session:
            rows = RuleVersions(session).all()
            row = next((one for one in rows if one.number == number), None)
            if row is None:
                known = ", ".join(str(one.number) for one in rows[:KNOWN_SHOWN]) or "-"
                raise NotFoundError("rules.no_version", number=number, known=known)
            texts = RuleVersions(session).texts(row)
        return [
            from_text(one["pack"].replace(".", "/"), texts[one["sha256"]], f"{number}:{one['path']}")
            for one in row.files
        ]

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

    def stored_call(self, who: Person, recording_id: str) -> tuple[str, Transcript, CallContext]:
        """Name, words and circumstances of a stored call. Raises `NotFoundError` where nothing was transcribed."""
        who.need(Right.SEE_RULES)
        with self._database.read() as session:
            recording = Recordings(session).seen(recording_id, who)
            if recording is None:
                raise NotFoundError("ledger.no_recording", id=recording_id[:64])
            row = Results(session).get(recording_id, recording.result_id) if recording.result_id else None
        call = self._call(recording, row) if row is not None else None
        if call is None:
            raise NotFoundError("ledger.no_result", status=recording.status)
        return call

    def _calls(self, who: Person, count: int) -> Iterator[tuple[str, Transcript, CallContext]]:
        for recording, row in self._newest(who, count):
            call = self._call(recording, row)
            if call is not None:
                yield call

    def _call(self, recording: RecordingRow, row: ResultRow) -> tuple[str, Transcript, CallContext] | None:
        result = result_view(row).result
        if result.transcript is None:
            return None
        context = CallContext(
            attributes=with_hour(result.attributes, self._time_zone),
            on=day_of(recording.called_at, self._time_zone),
            metrics=call_metrics(result.behaviour) if result.behaviour else None,
            scorecard=self._options.scorecard or None,
        )
        # Differences quote the calls, and the fragments they quote no longer say what is hidden in them.
        return f"{recording.id}|{mask(recording.name)}", without_hidden(result.transcript), context

    def _newest(self, who: Person, count: int) -> Iterator[tuple[RecordingRow, ResultRow]]:
        """Step by step: the words of all calls at once would be too many."""
        before, left = None, count
        while left > 0:
            with self._database.read() as session:
                found = newest_results(session, who, min(left, MOST_CALLS), before)
            yield from found
            left = left - len(found) if found else 0
            before = found[-1][0].place if found else None


def _counted(
    calls: Iterator[tuple[str, Transcript, CallContext]], total: int, shown: Callable[[int, int], None]
) -> Iterator[tuple[str, Transcript, CallContext]]:
    for done, call in enumerate(calls):
        shown(done, total)
        yield call


def _version(row: RuleVersionRow, before: RuleVersionRow | None) -> RuleVersion:
    now = {one["id"]: one for one in row.files}
    then = {one["id"]: one for one in before.files} if before is not None else {}
    changed = sorted(one for one in {*now, *then} if now.get(one) != then.get(one))
    versions = {one["id"]: one["version"] for one in row.files}
    return RuleVersion(row.number, row.since, versions, tuple(changed))


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
