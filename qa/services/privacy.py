"""Personal data: what of a recording is hidden, and showing it to those who may and say why."""

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Final

from sqlalchemy.orm import Session

from qa.core.base import Record
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.people import Person, Right
from qa.core.result import Result
from qa.core.transcript import Transcript, Turn
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.hidings import Hidings
from qa.db.models import RecordingRow
from qa.db.recordings import Recordings
from qa.db.results import Results
from qa.db.reveals import REVEALED, last_reveal
from qa.services.mapping import result_view
from qa.settings import PrivacySettings
from qa.text.masking import MaskedSpan, mask_fragment, masked_spans
from qa.text.stretches import Stretch, StretchOptions, stretches

LEAST_REASON: Final = 4
"""Characters of a reason: fewer say nothing."""
LONGEST_REASON: Final = 500
MOST_SPANS: Final = 1000
_REMEMBERED: Final = 64
"""Results whose hidden stretches are kept in memory: a player asks for the same sound again and again."""


class Place(Record, frozen=True):
    """Characters of a turn."""

    turn: int
    """`index` of the turn."""
    start: int
    end: int


class RevealedSpan(Record, frozen=True):
    """What was really said in a place."""

    turn: int
    start: int
    end: int
    kind: str | None
    """What it is, where it is known to be personal."""
    text: str
    start_s: float
    end_s: float


class Revealed(Record, frozen=True):
    """What somebody was shown; the audit log says that they were, and why."""

    recording_id: str
    result_id: str
    spans: tuple[RevealedSpan, ...]


class PrivacyService:
    """Raises `NotFoundError` for a recording out of the reach of `who`, `ForbiddenError` without the right."""

    def __init__(self, database: Database, options: PrivacySettings) -> None:
        self._database = database
        self._options = options
        self._stretches = lru_cache(maxsize=_REMEMBERED)(self._find_stretches)

    @property
    def options(self) -> PrivacySettings:
        """How it is hidden."""
        return self._options

    def hidden(self, who: Person, recording_id: str) -> tuple[Stretch, ...] | None:
        """What is hidden in the sound; None while nobody knows what is said in it."""
        with self._database.read() as session:
            row = _seen(session, who, recording_id)
            result_id, amended = row.result_id, Hidings(session).newest(row.id)
        return None if result_id is None else self._stretches(recording_id, result_id, amended)

    def spans(self, who: Person, recording_id: str, result_id: str) -> tuple[MaskedSpan, ...]:
        """Where something is hidden in the words of a result, and what kind of thing; never the words."""
        with self._database.read() as session:
            _seen(session, who, recording_id)
            row = Results(session).get(recording_id, result_id)
            transcript = result_view(row).result.transcript if row else None
        return masked_spans(transcript) if transcript else ()

    def reveal(self, who: Person, recording_id: str, reason: str, places: Sequence[Place] = ()) -> Revealed:
        """What was really said in `places`, or in everything that is hidden where none is named.

        Raises `BadOptionError` for a reason that says nothing or holds personal data, and for places that are not
        there; `ConflictError` where there is no transcript yet.
        """
        who.need(Right.REVEAL)
        reason = stated_reason(reason)
        if len(places) > MOST_SPANS:
            raise BadOptionError("privacy.too_many_spans", limit=MOST_SPANS)
        with self._database.write() as session:
            row = _seen(session, who, recording_id)
            transcript = _result(session, row).transcript
            if transcript is None or row.result_id is None:
                raise ConflictError("privacy.not_analysed")
            spans = _chosen(transcript, places) if places else _all(transcript)
            AuditTrail(session).add(
                who.tenant,
                self._database.now(session),
                who.login,
                REVEALED,
                row.id,
                reason=reason,
                result=row.result_id,
                turns=sorted({s.turn for s in spans}),
                kinds=sorted({s.kind for s in spans if s.kind}),
            )
            return Revealed(row.id, row.result_id, spans)

    def open_original(self, who: Person, recording_id: str, *, download: bool, first: bool = True) -> None:
        """Before the sound is handed out as it was recorded.

        Taking the file away needs the right to download. Hearing it needs the right to reveal and a reason that
        was given not long ago (`reveal`); while nobody knows what is said in it, the right alone. `first` marks
        the first request of a player that reads a recording in parts: that one is written into the audit log.
        """
        who.need(Right.DOWNLOAD if download else Right.REVEAL)
        known = not download and self.hidden(who, recording_id) is not None
        with self._database.write() as session:
            row = _seen(session, who, recording_id)
            now = self._database.now(session)
            if not download and known:
                last = last_reveal(session, who.tenant, who.login, row.id)
                if last is None or now - last > timedelta(minutes=self._options.reveal_minutes):
                    raise ForbiddenError("privacy.reveal_first", minutes=self._options.reveal_minutes)
            if first:
                action = "recording.downloaded" if download else "personal.heard"
                AuditTrail(session).add(who.tenant, now, who.login, action, row.id)

    def _find_stretches(self, recording_id: str, result_id: str, _amended: int) -> tuple[Stretch, ...] | None:
        options = self._options
        with self._database.read() as session:
            row = Results(session).get(recording_id, result_id)
            transcript = result_view(row).result.transcript if row else None
        if transcript is None:
            return None
        wanted = StretchOptions(options.margin_seconds, options.reach_seconds, options.low_trust)
        return stretches(transcript, wanted)


def _seen(session: Session, who: Person, recording_id: str) -> RecordingRow:
    row = Recordings(session).seen(recording_id, who)
    if row is None:
        raise NotFoundError("ledger.no_recording", id=recording_id[:64])
    return row


def _result(session: Session, row: RecordingRow) -> Result:
    found = Results(session).get(row.id, row.result_id) if row.result_id else None
    if found is None:
        raise ConflictError("privacy.not_analysed")
    return result_view(found).result


def stated_reason(reason: str) -> str:
    """A reason as the audit log keeps it. Raises `BadOptionError` where it says nothing or holds personal data."""
    kept = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in reason).split())
    if len(kept) < LEAST_REASON:
        raise BadOptionError("privacy.reason_missing", least=LEAST_REASON)
    if len(kept) > LONGEST_REASON:
        raise BadOptionError("privacy.reason_too_long", limit=LONGEST_REASON)
    if mask_fragment(kept) != kept:
        raise BadOptionError("privacy.reason_holds_data")
    return kept


def _all(transcript: Transcript) -> tuple[RevealedSpan, ...]:
    turns = transcript.turns
    return tuple(_span(turns[s.turn], s.start, s.end, s.kind) for s in masked_spans(transcript))


def _chosen(transcript: Transcript, places: Sequence[Place]) -> tuple[RevealedSpan, ...]:
    turns = {t.index: t for t in transcript.turns}
    known = {(s.turn, i): s.kind for s in _all(transcript) for i in range(s.start, s.end)}
    chosen = []
    for place in places:
        turn = turns.get(place.turn)
        if turn is None or not 0 <= place.start < place.end <= len(turn.text):
            raise BadOptionError("privacy.no_such_span", turn=place.turn, start=place.start, end=place.end)
        kinds = (known.get((place.turn, i)) for i in range(place.start, place.end))
        kind = next(filter(None, kinds), None)
        chosen.append(_span(turn, place.start, place.end, kind))
    return tuple(chosen)


def _span(turn: Turn, start: int, end: int, kind: str | None) -> RevealedSpan:
    words = turn.words_at(start, end)
    return RevealedSpan(
        turn=turn.index,
        start=start,
        end=end,
        kind=kind,
        text=turn.text[start:end],
        start_s=min((w.start for w in words), default=turn.start),
        end_s=max((w.end for w in words), default=turn.end),
    )
