"""What is drawn over the waveform: flags, silences, interruptions, holds, hidden data; and the tone under it."""

from collections.abc import Sequence

from qa.core.base import Record
from qa.core.behaviour import CallBehaviour
from qa.core.roles import Role
from qa.core.transcript import Transcript
from qa.services.review.views import FlagView
from qa.text.masking import MaskedSpan

CURVE_WIDTH = 1000
CURVE_HEIGHT = 24


class Moment(Record, frozen=True):
    """A stretch of the call."""

    kind: str
    """A severity, or `silence`, `overlap`, `hold`, `masked`."""
    start: float
    end: float
    channel: int | None = None
    """The lane it belongs to; None for all."""
    flag: str | None = None


class Curve(Record, frozen=True):
    """Agitation of one party over the call as the points of an SVG polyline."""

    role: Role
    points: str


def moments_of(
    flags: Sequence[FlagView],
    behaviour: CallBehaviour | None,
    transcript: Transcript | None,
    hidden: Sequence[MaskedSpan],
) -> list[Moment]:
    """Everything that has a place in time, in the order in which it is to be drawn."""
    found: list[Moment] = []
    if behaviour is not None:
        found += [Moment("hold" if s.on_hold else "silence", s.start, s.end) for s in behaviour.silences]
        found += [Moment("overlap", c.start, c.start + c.overlap_ms / 1000) for c in behaviour.cut_ins]
    if transcript is not None:
        channels = {position: turn.channel for position, turn in enumerate(transcript.turns)}
        found += [Moment("masked", span.start_s, span.end_s, channels[span.turn]) for span in hidden]
    for flag in flags:
        found += [
            Moment(flag.severity.value, e.start, e.end, e.channel, flag.finding_id)
            for e in flag.evidence
            if e.end > e.start
        ]
    return found


def curves_of(behaviour: CallBehaviour | None, duration: float) -> list[Curve]:
    """One curve per party; none where the sound said nothing."""
    if behaviour is None or duration <= 0:
        return []
    curves = []
    for role in (Role.AGENT, Role.CUSTOMER):
        heard = [(t.start, t.end, t.arousal) for t in behaviour.tone if t.role is role and t.arousal is not None]
        if len(heard) >= 2:
            points = " ".join(
                f"{(start + end) / 2 / duration * CURVE_WIDTH:.1f},{(1 - level) * CURVE_HEIGHT:.1f}"
                for start, end, level in heard
            )
            curves.append(Curve(role, points))
    return curves
