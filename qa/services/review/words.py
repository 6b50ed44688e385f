"""Corrections of the transcript and of the roles: the rules judge again, and the original is kept."""

from difflib import SequenceMatcher

from msgspec.structs import replace

from qa.core.correction import Correction, reworded, start_ms
from qa.core.errors import BadOptionError
from qa.core.hiding import reworded_with
from qa.core.people import Person
from qa.core.transcript import Transcript, Turn
from qa.db.engine import Database
from qa.db.models import CorrectionRow
from qa.db.reviews import Said
from qa.db.runs import Runs
from qa.services.analysis import AnalysisService
from qa.services.doorbell import Doorbell, Queue
from qa.services.intake import add_run
from qa.services.review.base import ReviewBase
from qa.services.review.desk import turn_of
from qa.services.views import RunView
from qa.settings import ReviewSettings
from qa.text.masking import MASK, mask_texts

MAX_TURN = 5000
"""Characters of a corrected turn."""


class WordsService(ReviewBase):
    """Both need the call to be held by `who`. The review moves to the new result as soon as that is there."""

    def __init__(
        self, database: Database, options: ReviewSettings, analysis: AnalysisService, doorbell: Doorbell
    ) -> None:
        super().__init__(database, options)
        self._analysis = analysis
        self._doorbell = doorbell

    def correct(self, who: Person, recording_id: str, turn: int, text: str) -> None:
        """Say what was really said in a turn, as it is shown: what stands masked stays what it is. The
        recogniser's own words take the correction back.

        Raises `NotFoundError`, `BadOptionError`, `ConflictError`.
        """
        with self._database.write() as session:
            recording, review, now = self._held(session, who, recording_id)
            result = self._result(session, recording, review.result_id)
            shown = turn_of(result, turn)
            after = _meant(result.transcript, shown, _checked(text)) if result.transcript else shown.text
            earlier = next((c for c in result.corrected if c.turn == turn), None)
            begins = earlier.start_ms if earlier else start_ms(shown)
            before = earlier.before if earlier else shown.text
            said = Said(session)
            row = said.correction(recording.id, shown.channel, begins)
            if after == before and row is not None:
                said.remove(row)
            elif after != before:
                row = row or CorrectionRow(
                    recording_id=recording.id, channel=shown.channel, start_ms=begins, before=before
                )
                row.after, row.person, row.at = after, who.login, now
                said.add(row)
            else:
                return
            run = None
            if not Runs(session).has_active(recording.id):
                # One that is at work finds on finishing that there are words it has not read (`Worker`).
                run = add_run(session, recording, "words", Queue.LIGHT, self._database)
            self._note(
                session, who, recording.id, now, "corrected",
                turn=turn, start_ms=begins, undone=after == before, run=run and run.id,
            )  # fmt: skip
        if run is not None:
            self._doorbell.ring(Queue.LIGHT, run.id)

    def set_roles(self, who: Person, recording_id: str, roles: dict[str, str] | None = None) -> RunView:
        """Say who is who (speaker label -> role); None swaps agent and customer. Raises as `correct`."""
        with self._database.write() as session:
            self._held(session, who, recording_id)
        return self._analysis.set_roles(recording_id, roles, actor=who.login, tenant=who.tenant)


def as_correction(row: CorrectionRow) -> Correction:
    """A correction as the stages read it."""
    return Correction(row.channel, row.start_ms, row.before, row.after)


def unmasked(before: str, masked: str, typed: str) -> tuple[str, list[int]]:
    """What somebody meant who changed the masked form of `before`: what they left as it was is what it hides; and
    where in the new text hidden characters stand.

    Raises `BadOptionError` where asterisks are left that stand for nothing that was there.
    """
    out, hidden = "", []
    for tag, a, b, c, d in SequenceMatcher(None, masked, typed, autojunk=False).get_opcodes():
        if tag == "equal":
            hidden += [len(out) + i for i in range(b - a) if masked[a + i] != before[a + i]]
            out += before[a:b]
        elif MASK in typed[c:d] and MASK in masked:
            raise BadOptionError("review.mask_changed")
        else:
            out += typed[c:d]
    return out, hidden


def _meant(transcript: Transcript, turn: Turn, typed: str) -> str:
    """The words a correction means, which must not bring to light what was hidden: half a telephone number left
    standing, or a name without the words that told it for one, would be shown as they are."""
    turns = transcript.turns
    shown = {t.index: text for t, text in zip(turns, mask_texts(transcript), strict=True)}
    after, hidden = unmasked(turn.text, shown[turn.index], typed)
    changed = [replace(t, words=reworded(t.words, after)) if t is turn else t for t in turns]
    for one, text in zip(turns, mask_texts(reworded_with(transcript, changed)), strict=True):
        still = hidden if one is turn else [i for i, c in enumerate(shown[one.index]) if c == MASK]
        if any(text[i] != MASK for i in still):
            raise BadOptionError("review.mask_changed")
    return after


def _checked(text: str) -> str:
    kept = "".join(c if c.isprintable() else " " for c in text).strip()
    if not kept:
        raise BadOptionError("review.text_missing", field="text")
    if len(kept) > MAX_TURN:
        raise BadOptionError("review.too_long", field="text", limit=MAX_TURN)
    return kept
