"""What was measured of a call, as rules read it."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from qa.core.behaviour import CallBehaviour
from qa.core.calltime import with_hour
from qa.pipeline.context import RunContext, present
from qa.rules.call import CallContext, CallMetrics, Interruption, SilenceGap, TurnLevel, TurnMood

if TYPE_CHECKING:
    from qa.pipeline.adapters import Toolbox


def call_metrics(behaviour: CallBehaviour) -> CallMetrics:
    """The measures that conditions ask for."""
    return CallMetrics(
        silences=tuple(SilenceGap(s.start, s.end) for s in behaviour.silences),
        interruptions=tuple(
            Interruption(c.turn, c.role, c.start, c.overlap_ms, c.words, c.delay_ms) for c in behaviour.cut_ins
        ),
        levels=tuple(TurnLevel(t.turn, t.loudness.value, t.pitch_offset.value) for t in behaviour.turns),
        tone=tuple(
            TurnMood(
                t.turn, {a.value: (s.score, s.confidence) for a, s in t.attitudes.items()}, t.arousal, t.valence
            )
            for t in behaviour.tone
        ),
        cut_off=behaviour.ending.cut_off if behaviour.ending else None,
    )


def call_context(ctx: RunContext, tools: "Toolbox") -> CallContext:
    """What rules may know of a call beside its words."""
    return CallContext(
        attributes=with_hour(ctx.source.attributes, tools.settings.time_zone),
        on=day_of(ctx.source.called_at, tools.settings.time_zone),
        metrics=call_metrics(present(ctx.behaviour)),
        scorecard=tools.settings.rules.scorecard or None,
        ask=tools.asker,
    )


def day_of(moment: datetime | None, time_zone: str) -> date | None:
    """The day of a call where it was taken; rules are in force by the day."""
    return moment.astimezone(ZoneInfo(time_zone)).date() if moment else None
