"""Hiding personal data that the recognisers missed, and showing again what they hid by mistake.

No claim is needed: what is personal must not stay readable because somebody else holds the call. What was
finalised gets a new version with the reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, NotFoundError
from qa.core.hiding import HidingAct, HidingKind, digest_of, signs_in
from qa.core.people import Person, Right
from qa.core.review import ReviewStatus
from qa.core.transcript import Transcript, Turn
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.hidings import Hidings
from qa.db.models import HidingRow, RecordingRow, ReviewRow
from qa.db.reviews import Reviews
from qa.services.hidings import refresh
from qa.services.privacy import stated_reason
from qa.services.review.base import ReviewBase
from qa.services.review.closing import ClosingService
from qa.services.review.shown import hiding_views
from qa.services.review.views import HidingView
from qa.settings import ReviewSettings
from qa.text.masking import LEAST_KNOWN, hidden_words, mask_known, masked_spans

LONGEST: Final = 200
"""Characters that are hidden at once. The longest addresses have about eighty; whoever hides whole turns hides
what the review is about."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody says of characters of a turn."""

    act: HidingAct
    kind: str
    said: Turn
    start: int
    end: int
    undoes: int | None = None


class HidingService(ReviewBase):
    """Raises `ForbiddenError`, `NotFoundError` for calls and turns that are not there, `BadOptionError` for places
    and reasons that will not do, and `ConflictError` where the call has no result yet."""

    def __init__(self, database: Database, options: ReviewSettings, closing: ClosingService) -> None:
        super().__init__(database, options)
        self._closing = closing

    def hide(
        self,
        who: Person,
        recording_id: str,
        *,
        turn: int,
        start: int,
        end: int,
        kind: HidingKind,
        reason: str = "",
        everywhere: bool = False,
    ) -> tuple[HidingView, ...]:
        """Hide characters `start..end` of a turn of the reviewed result, and with `everywhere` the same characters
        wherever else they stand in the call: from now on nobody reads or hears them without revealing them.

        A finalised call asks for a reason.
        """
        who.need(Right.REVIEW)
        with self._database.write() as session:
            recording, review, transcript = self._call(session, who, recording_id)
            position, said = _turn(transcript, turn)
            if not 0 <= start < end <= len(said.text):
                raise BadOptionError("privacy.no_such_span", turn=turn, start=start, end=end)
            if end - start > LONGEST:
                raise BadOptionError("privacy.hiding_too_long", limit=LONGEST)
            text = said.text[start:end]
            if not signs_in(text):
                raise BadOptionError("privacy.nothing_to_hide")
            wanted = {(position, start)}
            if everywhere and signs_in(text) >= LEAST_KNOWN:
                wanted.update(_places(transcript, text))
            by_hand = [s for s in masked_spans(transcript) if s.number is not None]
            places = [
                Stated(HidingAct.HIDE, kind.value, transcript.turns[at], first, first + len(text))
                for at, first in sorted(wanted)
                if not any(s.turn == at and s.start <= first and first + len(text) <= s.end for s in by_hand)
            ]
            if not places:
                raise BadOptionError("privacy.hidden_already")
            final = review is not None and review.status == ReviewStatus.FINALISED
            if final and not reason.strip():
                raise BadOptionError("privacy.hiding_reason_missing")
            why = _stated(reason, [text, *hidden_words(transcript)]) if reason.strip() else None
            return self._keep(session, who, recording, review, places, why)

    def lift(
        self, who: Person, recording_id: str, *, turn: int, start: int, end: int, reason: str
    ) -> tuple[HidingView, ...]:
        """Show again what is hidden in characters `start..end` of a turn: all of each hiding that reaches there.

        What one has hidden oneself one may take back; all else needs the right to reveal.
        """
        who.need(Right.REVIEW)
        with self._database.write() as session:
            recording, review, transcript = self._call(session, who, recording_id)
            position, said = _turn(transcript, turn)
            spans = [s for s in masked_spans(transcript) if s.turn == position and s.start < end and start < s.end]
            if not spans:
                raise BadOptionError("privacy.nothing_hidden")
            by_hand = {row.number: row for row in Hidings(session).of(recording.id)}
            if any(s.number is None or by_hand[s.number].person != who.login for s in spans):
                who.need(Right.REVEAL)
            why = _stated(reason, hidden_words(transcript))
            places = [
                Stated(HidingAct.LIFT, s.kind, said, s.start, s.end, s.number)
                for s in {s.number or (s.start, s.end): s for s in spans}.values()
            ]
            return self._keep(session, who, recording, review, places, why)

    def list(self, who: Person, recording_id: str) -> tuple[HidingView, ...]:
        """All amendments of a call, in order of time; never the words."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            recording = self._recording(session, who, recording_id)
            return self._views(session, recording, Reviews(session).of(recording.id))

    def _call(
        self, session: Session, who: Person, recording_id: str
    ) -> tuple[RecordingRow, ReviewRow | None, Transcript]:
        recording = self._recording(session, who, recording_id, lock=True)
        review = Reviews(session).of(recording.id, lock=True)
        return recording, review, self._transcript(session, recording, review) or Transcript("", 0.0, ())

    def _transcript(
        self, session: Session, recording: RecordingRow, review: ReviewRow | None
    ) -> Transcript | None:
        return self._result(session, recording, review.result_id if review else recording.result_id).transcript

    def _keep(
        self,
        session: Session,
        who: Person,
        recording: RecordingRow,
        review: ReviewRow | None,
        places: Sequence[Stated],
        reason: str | None,
    ) -> tuple[HidingView, ...]:
        """Write amendments down, with all that follows from them. The audit log gets places, kinds and the reason,
        never the words."""
        hidings, now = Hidings(session), self._database.now(session)
        first = hidings.newest(recording.id) + 1
        rows = [_row(recording.id, n, place, reason, who, now) for n, place in enumerate(places, first)]
        for row in rows:
            hidings.add(row)
        refresh(session, recording)
        if review is not None and review.status == ReviewStatus.FINALISED:
            version = self._closing.amended(session, who, recording, review, reason or "", now)
            for row in rows:
                row.version = version
        AuditTrail(session).add(
            who.tenant,
            now,
            who.login,
            "personal.hidden" if places[0].act is HidingAct.HIDE else "personal.lifted",
            recording.id,
            hidings=[row.number for row in rows],
            kinds=sorted({row.kind for row in rows}),
            undoes=[row.undoes for row in rows if row.undoes],
            turns=sorted({place.said.index for place in places}),
            reason=reason,
            version=rows[0].version,
        )
        return self._views(session, recording, review)[first - 1 :]

    def _views(
        self, session: Session, recording: RecordingRow, review: ReviewRow | None
    ) -> tuple[HidingView, ...]:
        return hiding_views(Hidings(session).of(recording.id), self._transcript(session, recording, review))


def _row(
    recording_id: str, number: int, place: Stated, reason: str | None, who: Person, now: datetime
) -> HidingRow:
    words = place.said.words_at(place.start, place.end)
    text = place.said.text[place.start : place.end]
    return HidingRow(
        recording_id=recording_id,
        number=number,
        act=place.act.value,
        kind=place.kind,
        channel=place.said.channel,
        start_s=min(w.start for w in words),
        end_s=max(w.end for w in words),
        signs=signs_in(text),
        digest=digest_of(text, recording_id),
        undoes=place.undoes,
        reason=reason,
        person=who.login,
        at=now,
    )


def _turn(transcript: Transcript, index: int) -> tuple[int, Turn]:
    """A turn by its number, with its position."""
    for position, turn in enumerate(transcript.turns):
        if turn.index == index:
            return position, turn
    raise NotFoundError("review.no_turn", turn=index)


def _places(transcript: Transcript, text: str) -> Iterator[tuple[int, int]]:
    """Position of the turn and offset of every place where `text` stands."""
    for position, turn in enumerate(transcript.turns):
        at = turn.text.find(text)
        while at >= 0:
            yield position, at
            at = turn.text.find(text, at + len(text))


def _stated(reason: str, words: Sequence[str]) -> str:
    """A reason that holds neither personal data nor the very words it is about."""
    kept = stated_reason(reason)
    if mask_known(kept, words) != kept:
        raise BadOptionError("privacy.reason_holds_data")
    return kept
