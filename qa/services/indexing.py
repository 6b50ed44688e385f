"""Keeps what lists and search are made of in step with recordings, results and reviews.

Called inside the transactions that change those; a list then needs no join and search no second store.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.behaviour import CallBehaviour
from qa.core.calltime import call_time
from qa.core.finding import Severity
from qa.core.result import Result
from qa.core.review import ReviewStatus
from qa.core.transcript import Transcript
from qa.db.facets import LONGEST_VALUE, Facets
from qa.db.models import RecordingRow, ResultRow, SearchTextRow
from qa.db.places import place_of
from qa.db.words import Said, SpokenWords
from qa.text.masking import mask_texts

_COPIED: Final = ("agent", "team")
_TONE_FROM: Final = 0.5
"""An attitude is listed from here on; the rules on tone (`lexicons/zh/common/behaviour.yaml`) ask for as much."""


def describe(session: Session, recording: RecordingRow, attributes: Mapping[str, str], zone: ZoneInfo) -> None:
    """Take over what attributes say of a recording: when the call was, whose it was."""
    called_at = call_time(attributes, zone) or recording.created_at
    if recording.called_at != called_at or recording.place is None:
        recording.called_at = called_at
        recording.place = _free_place(session, place_of(called_at, int(recording.id, 16)))
    recording.agent, recording.team = (attributes.get(name, "")[:LONGEST_VALUE] or None for name in _COPIED)
    session.flush()
    values = {name: [value] if (value := attributes.get(name)) else [] for name in _COPIED}
    Facets(session).set(recording.tenant, recording.place, values)


def note_result(session: Session, recording: RecordingRow, head: ResultRow, result: Result, *, kind: str) -> None:
    """Take over the newest result of a recording; `kind` is that of its run."""
    if recording.review_status != ReviewStatus.FINALISED.value:
        recording.score = head.score
    recording.findings = head.findings
    recording.worst_rank = Severity(head.worst).rank + 1 if head.worst else 0
    findings = [f for f in result.analysis.findings if not f.shadow] if result.analysis else []
    values: dict[str, Collection[str]] = {
        "family": {finding.family for finding in findings},
        "rule": {finding.rule for finding in findings},
        "worst": [head.worst] if head.worst else [],
        "tone": set(_tones(result.behaviour)) if result.behaviour else (),
    }
    labels = {finding.rule: finding.label for finding in findings}
    Facets(session).set(recording.tenant, recording.place, values, labels)
    # Judging again by other rules changes no word; masking all of them again would be most of its cost.
    if result.transcript is not None and not (kind == "rescan" and _has_words(session, recording.place)):
        SpokenWords(session).put(recording.place, spoken(result.transcript))


def note_human_score(session: Session, recording_id: str, score: float | None) -> None:
    """Take over the score a person gave by finalising a review: from then on it is the one that counts."""
    if score is not None:
        session.execute(sa.update(RecordingRow).where(RecordingRow.id == recording_id).values(score=score))


def spoken(transcript: Transcript) -> list[Said]:
    """What was said, personal data masked."""
    texts = mask_texts(transcript)
    return [
        Said(turn.index, turn.role.value, round(turn.start, 2), text)
        for turn, text in zip(transcript.turns, texts, strict=True)
        if text.strip()
    ]


def _tones(behaviour: CallBehaviour) -> Iterable[str]:
    """Party and attitude, e.g. `customer_angry`."""
    for party in behaviour.parties:
        if party.tone is not None:
            for attitude, score in party.tone.attitudes.items():
                if score >= _TONE_FROM:
                    yield f"{party.role.value}_{attitude.value}"


def _has_words(session: Session, place: int) -> bool:
    return session.get(SearchTextRow, place) is not None


def _free_place(session: Session, wanted: int) -> int:
    """`wanted`, or the next one that nobody has."""
    while session.scalar(sa.select(RecordingRow.id).where(RecordingRow.place == wanted)) is not None:
        wanted += 1
    return wanted
