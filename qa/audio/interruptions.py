"""Who cuts in on whom, apart from back-channels."""

from collections.abc import Sequence

from qa.audio.cues import is_back_channel, units
from qa.audio.options import BehaviourOptions
from qa.audio.parties import Party
from qa.core.behaviour import BackChannel, CutIn, Source
from qa.core.transcript import Span


def find_overlaps(
    parties: Sequence[Party], o: BehaviourOptions
) -> tuple[tuple[CutIn, ...], tuple[BackChannel, ...]]:
    """Every talk that begins within the talk of another party, as an interruption or as a back-channel."""
    cut_ins: list[CutIn] = []
    listening: list[BackChannel] = []
    for party in parties:
        for span in party.talk:
            held = _floor_of_others(party, span, parties, o)
            if held is None:
                continue
            other, floor = held
            turn = party.turn_near(span)
            said = _said(party, span, o)
            if _is_listening(party, span, o):
                listening.append(BackChannel(turn.index, party.role, span.start, span.end, said))
                continue
            interrupted = other.turn_near(floor)
            words = units(said)
            # On a shared channel the words of one of two who talk at once are lost; on separate ones nobody spoke.
            if (not words and party.source is Source.ACTIVITY) or _is_listening(other, floor, o):
                continue
            cut_ins.append(
                CutIn(
                    turn=turn.index,
                    interrupted_turn=interrupted.index,
                    role=party.role,
                    start=round(span.start, 3),
                    overlap_ms=round(1000 * floor.overlap(span)),
                    words=words,
                    delay_ms=round(1000 * (span.start - floor.start)),
                    gave_way=floor.end < span.end and floor.end - span.start <= o.gave_way,
                    source=party.source,
                )
            )
    return tuple(sorted(cut_ins, key=lambda c: c.start)), tuple(sorted(listening, key=lambda b: b.start))


def _said(party: Party, span: Span, o: BehaviourOptions) -> str:
    turn = party.turn_at(span)
    words = turn.words if turn else ()
    return "".join(w.text for w in words if w.end > span.start - o.word_slack and w.start < span.end).strip()


def _is_listening(party: Party, span: Span, o: BehaviourOptions) -> bool:
    return span.duration <= o.back_channel and is_back_channel(_said(party, span, o))


def _floor_of_others(
    party: Party, span: Span, parties: Sequence[Party], o: BehaviourOptions
) -> tuple[Party, Span] | None:
    """Whose talk was going on when this one began, for long enough to count."""
    for other in parties:
        if other.role is party.role and other.channel == party.channel and other.speaker == party.speaker:
            continue
        floor = other.talk_before(span.start)
        if floor is not None and floor.overlap(span) >= o.least_overlap:
            return other, floor
    return None
