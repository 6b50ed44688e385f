"""Measured behaviour against what was scripted: silences, interruptions, talk time and speech rate.

A silence of three seconds and more is found where both its edges are within `EDGE` seconds. An interruption is
found where the same party cuts in within `ONSET` seconds of the scripted overlap; who else cuts in is a false one.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from qa.audio.cues import units
from qa.core.base import Record
from qa.core.behaviour import Attitude, CallBehaviour
from qa.core.roles import Role
from qa.evaluate.families import Counts
from qa.evaluate.truth import Truth

LONG: Final = 3.0
"""Seconds of a silence that is judged."""
EDGE: Final = 0.3
ONSET: Final = 0.5


class PartyFigures(Record, frozen=True):
    """One party's time and rate, scripted and measured; None where nothing was measured."""

    role: Role
    talk_seconds: float
    measured_talk: float | None
    rate: float
    """Characters per minute of the turns' time."""
    measured_rate: float | None

    @property
    def talk_error(self) -> float | None:
        """Relative error of the talk time."""
        return _relative(self.measured_talk, self.talk_seconds)

    @property
    def rate_error(self) -> float | None:
        """Relative error of the speech rate."""
        return _relative(self.measured_rate, self.rate)


class BehaviourScore(Record, frozen=True):
    """How well one call's behaviour was measured."""

    silences: Counts
    interruptions: Counts
    parties: tuple[PartyFigures, ...]
    customer_angry: float | None = None
    """As `PartyTone.attitudes` has it, 0..1; None where tone was not judged."""
    agent_rough: float | None = None
    """The highest of angry, cold and perfunctory."""


def score_behaviour(truth: Truth, behaviour: CallBehaviour | None) -> BehaviourScore | None:
    """Compare; None where the truth holds no such figures. A call without behaviour missed everything."""
    if truth.silences_ge_3s is None or truth.overlaps is None or truth.talk_time is None:
        return None
    return BehaviourScore(
        silences=_silences(truth.silences_ge_3s, behaviour),
        interruptions=_interruptions(truth, truth.overlaps, behaviour),
        parties=tuple(_party(truth, Role(r), s, behaviour) for r, s in truth.talk_time.items()),
        customer_angry=_strongest(behaviour, Role.CUSTOMER, (Attitude.ANGRY,)),
        agent_rough=_strongest(behaviour, Role.AGENT, (Attitude.ANGRY, Attitude.COLD, Attitude.PERFUNCTORY)),
    )


def as_json(scores: Sequence[BehaviourScore]) -> dict[str, object]:
    """The figures of one call or the sum over several."""
    return {
        "silences": _counts(sum((s.silences for s in scores), Counts())),
        "interruptions": _counts(sum((s.interruptions for s in scores), Counts())),
        "talk_time_error": {
            "mean": _mean(abs(e) for s in scores for p in s.parties if (e := p.talk_error) is not None),
            "worst": _worst(abs(e) for s in scores for p in s.parties if (e := p.talk_error) is not None),
        },
        "speech_rate_error": {
            "mean": _mean(abs(e) for s in scores for p in s.parties if (e := p.rate_error) is not None),
            "worst": _worst(abs(e) for s in scores for p in s.parties if (e := p.rate_error) is not None),
        },
    }


def _silences(wanted: Sequence[tuple[float, float]], behaviour: CallBehaviour | None) -> Counts:
    # Those a little under the limit may be the scripted one: they are matched, but not held against anybody.
    found = [(s.start, s.end) for s in behaviour.silences] if behaviour else []
    matched = [w for w in wanted if any(abs(w[0] - a) <= EDGE and abs(w[1] - b) <= EDGE for a, b in found)]
    invented = [
        (a, b) for a, b in found
        if b - a >= LONG + EDGE and not any(abs(w[0] - a) <= EDGE and abs(w[1] - b) <= EDGE for w in wanted)
    ]  # fmt: skip
    return Counts(len(matched), len(invented), len(wanted) - len(matched))


def _interruptions(
    truth: Truth, overlaps: Sequence[tuple[float, float, int, int]], behaviour: CallBehaviour | None
) -> Counts:
    roles = {t.id: t.role for t in truth.turns}
    wanted = [(start, roles[cutting]) for start, _, _, cutting in overlaps if cutting in roles]
    left = [(c.start, c.role) for c in behaviour.cut_ins] if behaviour else []
    right = 0
    for start, role in wanted:
        near = [c for c in left if c[1] is role and abs(c[0] - start) <= ONSET]
        if near:
            left.remove(min(near, key=lambda c: abs(c[0] - start)))
            right += 1
    return Counts(right, len(left), len(wanted) - right)


def _party(truth: Truth, role: Role, talk: float, behaviour: CallBehaviour | None) -> PartyFigures:
    turns = [t for t in truth.turns if t.role is role]
    seconds = sum(t.span.duration for t in turns)
    rate = 60 * sum(units(t.text) for t in turns) / seconds if seconds else 0.0
    own = [p for p in behaviour.parties if p.role is role] if behaviour else []
    talked = [p.talk_seconds.value for p in own if p.talk_seconds.value is not None]
    biggest = max(own, key=lambda p: p.talk_seconds.value or 0.0, default=None)
    return PartyFigures(
        role=role,
        talk_seconds=talk,
        measured_talk=sum(talked) if talked else None,
        rate=rate,
        measured_rate=biggest.speech_rate.value if biggest else None,
    )


def _strongest(behaviour: CallBehaviour | None, role: Role, attitudes: Sequence[Attitude]) -> float | None:
    tones = [p.tone for p in behaviour.parties if p.role is role and p.tone] if behaviour else []
    return max((t.attitudes[a] for t in tones for a in attitudes), default=None)


def _counts(counts: Counts) -> dict[str, float | int | None]:
    return {
        "tp": counts.tp,
        "fp": counts.fp,
        "fn": counts.fn,
        "precision": None if counts.precision is None else round(counts.precision, 4),
        "recall": None if counts.recall is None else round(counts.recall, 4),
    }


def _relative(measured: float | None, true: float) -> float | None:
    return None if measured is None or not true else measured / true - 1


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return round(sum(found) / len(found), 4) if found else None


def _worst(values: Iterable[float]) -> float | None:
    return round(max(found), 4) if (found := list(values)) else None
