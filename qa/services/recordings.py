"""Looking things up: lists, status, results, audio."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace
from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, NotFoundError
from qa.core.finding import Finding
from qa.core.people import SYSTEM, Person, Right
from qa.core.result import RunStatus
from qa.db.engine import Database
from qa.db.models import RecordingRow
from qa.db.recordings import RecordingQuery, Recordings
from qa.db.results import Results
from qa.db.runs import Runs
from qa.services.custody.vault import Vault
from qa.services.mapping import masked_view, recording_view, result_head, run_view, without_trials
from qa.services.views import (
    Judgement,
    LedgerCounts,
    PackChange,
    RecordingPage,
    RecordingView,
    ResultHead,
    ResultView,
    RunView,
)
from qa.storage.base import Storage

MAX_PAGE = 200
MAX_JUDGEMENTS = 20
"""A few milliseconds each."""
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """What to list; every given field must hold."""

    status: RunStatus | None = None
    name_contains: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Attribute name -> exact value."""


class RecordingService:
    """Reads. Raises `NotFoundError` for an id that is not in the reach of `who`."""

    def __init__(self, database: Database, storage: Storage, vault: Vault) -> None:
        self._database = database
        self._storage = storage
        self._vault = vault

    def list(
        self,
        wanted: RecordingFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = 50,
        who: Person = SYSTEM,
    ) -> RecordingPage:
        """One page of what is in `who`'s reach, newest first; `limit` is held between 1 and 200.

        Raises `BadOptionError` for a bad cursor.
        """
        if cursor is not None and not _ID.fullmatch(cursor):
            raise BadOptionError("ledger.bad_cursor")
        wanted = wanted or RecordingFilter()
        size = min(max(limit, 1), MAX_PAGE)
        query = RecordingQuery(
            who=who,
            status=wanted.status.value if wanted.status else None,
            name_contains=wanted.name_contains,
            attributes=wanted.attributes,
            before=cursor,
            limit=size + 1,
        )
        with self._database.read() as session:
            recordings = Recordings(session)
            rows = recordings.page(query)
            items = tuple(recording_view(bundle) for bundle in recordings.bundles(rows[:size]))
        return RecordingPage(items, next_cursor=items[-1].id if len(rows) > size else None)

    def get(self, recording_id: str, *, who: Person = SYSTEM) -> RecordingView:
        """One recording with its newest run."""
        with self._database.read() as session:
            row = _found(session, recording_id, who)
            return recording_view(Recordings(session).bundles([row])[0])

    def runs(self, recording_id: str, *, who: Person = SYSTEM) -> tuple[RunView, ...]:
        """All its runs, newest first."""
        with self._database.read() as session:
            _found(session, recording_id, who)
            return tuple(run_view(row) for row in Runs(session).of_recording(recording_id))

    def result(self, recording_id: str, *, result_id: str | None = None, who: Person = SYSTEM) -> ResultView:
        """The newest result, or an earlier one. Raises `NotFoundError` where there is none yet.

        Rules on trial are the house's own: agents see nothing of them.
        """
        with self._database.read() as session:
            row = _found(session, recording_id, who)
            wanted = result_id or row.result_id
            result = Results(session).get(recording_id, wanted) if wanted else None
            if result is None:
                raise NotFoundError("ledger.no_result", status=row.status)
            view = masked_view(result)
        return view if who.may(Right.SEE_RULES) else replace(view, result=without_trials(view.result))

    def results(self, recording_id: str, *, who: Person = SYSTEM) -> tuple[ResultHead, ...]:
        """The history of results, newest first."""
        with self._database.read() as session:
            _found(session, recording_id, who)
            return tuple(result_head(row) for row in Results(session).heads(recording_id))

    def judgements(self, recording_id: str, *, who: Person = SYSTEM) -> tuple[Judgement, ...]:
        """What was found in a recording each time it was judged, newest first, the last `MAX_JUDGEMENTS` times.

        Needs `Right.SEE_RULES`: rules on trial are in it.
        """
        who.need(Right.SEE_RULES)
        with self._database.read() as session:
            _found(session, recording_id, who)
            results = Results(session)
            heads = [row.id for row in results.heads(recording_id)[: MAX_JUDGEMENTS + 1]]
            rows = [row for one in heads if (row := results.get(recording_id, one)) is not None]
            views = [masked_view(row) for row in rows]
        pairs = zip_longest(views, views[1:])
        return tuple(_judgement(view, before) for view, before in pairs if view is not None)[:MAX_JUDGEMENTS]

    @contextmanager
    def sound(self, recording_id: str, *, who: Person = SYSTEM) -> Iterator[Path]:
        """A local path of the original bytes, to be read within the block. Raises `StorageError` where they are
        gone or cannot be decrypted."""
        row = self._row(recording_id, who)
        with self._vault.plain(row.sha256, row.suffix) as path:
            yield path

    def open_sound(self, recording_id: str, *, who: Person = SYSTEM) -> BinaryIO:
        """The original bytes as a seekable stream. Raises what `sound` raises."""
        row = self._row(recording_id, who)
        return self._vault.open(row.sha256, row.suffix)

    def keep_copy(self, recording_id: str, made: Path, target: Path) -> None:
        """Put a file made from the sound in its place, protected as the sound is."""
        row = self._row(recording_id, SYSTEM)
        self._vault.keep_copy(made, target, row.sha256, row.suffix)

    def open_copy(self, recording_id: str, path: Path) -> BinaryIO:
        """What `keep_copy` kept, as a seekable stream."""
        row = self._row(recording_id, SYSTEM)
        return self._vault.open_copy(path, row.sha256, row.suffix)

    def artefact(
        self, recording_id: str, name: str, make: Callable[[Path], bytes], *, who: Person = SYSTEM
    ) -> bytes:
        """Something derived from the audio (waveform peaks): made once by `make(audio_path)`, then kept.

        `name` carries the version of whoever makes it, so that a better maker is asked again.
        """
        row = self._row(recording_id, who)
        kept = self._storage.get_artefact(row.sha256, name)
        if kept is None:
            with self._vault.plain(row.sha256, row.suffix) as path:
                kept = make(path)
            self._storage.put_artefact(row.sha256, name, kept)
        return kept

    def _row(self, recording_id: str, who: Person) -> RecordingRow:
        with self._database.read() as session:
            return _found(session, recording_id, who)

    def counts(self) -> LedgerCounts:
        """Runs by status."""
        with self._database.read() as session:
            counts = Runs(session).counts()
        return LedgerCounts(**{status.value: counts.get(status.value, 0) for status in RunStatus})


def _judgement(view: ResultView, before: ResultView | None) -> Judgement:
    now, then = _findings(view), _findings(before) if before is not None else _findings(view)
    old = before.head.packs if before is not None else view.head.packs
    changed = sorted(f for f in {*old, *view.head.packs} if old.get(f) != view.head.packs.get(f))
    return Judgement(
        head=view.head,
        packs=tuple(PackChange(f, old.get(f), view.head.packs.get(f)) for f in changed),
        found=tuple((finding, key not in then) for key, finding in now.items()),
        gone=tuple(finding for key, finding in then.items() if key not in now),
    )


def _findings(view: ResultView) -> dict[tuple[object, ...], Finding]:
    """By what makes two of them the same in the eyes of a person: rule, weight and place."""
    found = view.result.analysis.findings if view.result.analysis else ()
    return {(f.rule, f.severity, tuple((e.turn, e.char_start, e.char_end) for e in f.evidence)): f for f in found}


def _found(session: Session, recording_id: str, who: Person) -> RecordingRow:
    row = Recordings(session).seen(recording_id, who)
    if row is None:
        raise NotFoundError("ledger.no_recording", id=recording_id[:64])
    return row
