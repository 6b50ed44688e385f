"""What people hide and show by hand, kept in step with everything that is made from a call's words.

Results keep what was really said and carry the amendments as marks, so whatever is shown of them is masked from
then on. What was cut out of a result and lies masked elsewhere is masked anew: rows of findings, verdicts, the
search index and the quotes of notices.
"""

import zlib
from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy.orm import Session

from qa.core.base import encode
from qa.core.hiding import Hiding, HidingAct, HidingStanding, placed, standing
from qa.core.result import Result
from qa.core.transcript import Transcript
from qa.db.hidings import Hidings
from qa.db.models import HidingRow, RecordingRow, VerdictRow
from qa.db.results import Results
from qa.db.reviews import Reviews, Said
from qa.db.words import SpokenWords
from qa.services.indexing import spoken
from qa.services.mapping import result_view
from qa.text.masked_result import mask_result
from qa.text.masking import MASK, hidden_words, mask_known, mask_texts, without_hidden

_CUT = "…"
_ASTRAY = (HidingStanding.WORDS_CHANGED, HidingStanding.LAPSED)


def as_hiding(row: HidingRow) -> Hiding:
    """An amendment as a transcript takes it."""
    return Hiding(
        number=row.number,
        act=HidingAct(row.act),
        kind=row.kind,
        channel=row.channel,
        start_s=row.start_s,
        end_s=row.end_s,
        signs=row.signs,
        digest=row.digest,
        undoes=row.undoes,
    )


def with_hidings(session: Session, recording_id: str, result: Result) -> tuple[Result, list[int]]:
    """A result with the amendments of its call, and the numbers of those whose words are not in it any more, which
    somebody should look at.

    The recording must be locked: an amendment that is made meanwhile would be missing in it.
    """
    amendments = [as_hiding(row) for row in Hidings(session).of(recording_id)]
    if result.transcript is None or not (amendments or result.transcript.marks):
        return result, []
    transcript = placed(result.transcript, amendments, recording_id)
    stands = standing(transcript, amendments)
    return replace(result, transcript=transcript), [number for number in stands if stands[number] in _ASTRAY]


def refresh(session: Session, recording: RecordingRow) -> None:
    """Bring everything into line after an amendment; the recording must be locked."""
    results, said = Results(session), Said(session)
    review = Reviews(session).of(recording.id)
    texts: list[tuple[str, str]] = []
    known: set[str] = set()
    for head in results.heads(recording.id):
        row = results.get(recording.id, head.id)
        before = result_view(row).result if row else None
        if row is None or before is None or before.transcript is None:
            continue
        after, _ = with_hidings(session, recording.id, before)
        assert after.transcript is not None  # noqa: S101 - it had one before
        row.payload = zlib.compress(encode(after))
        masked = mask_result(after)
        for finding in said.findings(row.id):
            evidence = masked.analysis.findings[finding.position].evidence if masked.analysis else ()
            finding.quote = evidence[0].quote if evidence else ""
        texts += zip(mask_texts(before.transcript), mask_texts(after.transcript), strict=True)
        known.update(hidden_words(after.transcript))
        if review is not None and review.result_id == row.id:
            for verdict in said.verdicts(review.id):
                requote(verdict, after.transcript)
        if recording.result_id == row.id:
            SpokenWords(session).put(recording.place, spoken(after.transcript))
    for point in Hidings(session).points(recording.id):
        point.quote = mask_known(_again(point.quote, texts), known)
    session.flush()


def requote(verdict: VerdictRow, transcript: Transcript | None) -> None:
    """Have a verdict quote nothing that a person has hidden: exports take the row as it is.

    All else stays as it was said, since that finds the place again in another result.
    """
    turns = transcript.turns if transcript else ()
    turn = next((t for t in turns if t.index == verdict.turn), None)
    if transcript is not None and turn and verdict.char_start is not None and verdict.char_end is not None:
        shown = without_hidden(transcript).turns[turns.index(turn)].text
        now = shown[verdict.char_start : verdict.char_end]
        if MASK in now or MASK in verdict.quote:
            verdict.quote = now
    verdict.quote = mask_known(verdict.quote, hidden_words(transcript))


def _again(quote: str, texts: Sequence[tuple[str, str]]) -> str:
    """A quote as the same words are shown now; `texts`: what turns looked like, and look like now."""
    core = quote.strip(_CUT)
    for before, after in texts:
        at = before.find(core) if core and before != after else -1
        if at >= 0:
            return quote.replace(core, after[at : at + len(core)])
    return quote
