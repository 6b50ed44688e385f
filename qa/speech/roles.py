"""Who is the agent and who the customer, and how sure that is."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qa.core.errors import BadOptionError
from qa.core.messages import Message, message
from qa.core.result import RoleDecision
from qa.core.roles import Role
from qa.core.speech import Diarization
from qa.core.transcript import Word
from qa.speech.dialogue import CUE_WEIGHT, NAMING_WEIGHT, share_out
from qa.speech.dialogue_cues import CueScore, score
from qa.speech.utterances import Utterance, spans_of, split_utterances

CHANNEL_NAMES: Final = ("left", "right")
MAX_REASONS: Final = 4


@dataclass(frozen=True, slots=True)
class RoleOptions:
    """What roles are decided by."""

    role_map: str = "left=agent,right=customer"
    """Role of each channel of a stereo call: `left`, `right` or `ch0`, `ch1`, ... = agent, customer or system."""
    certain: float = 0.8
    """Roles less sure than this are uncertain: the call says so and nobody is accused. With the discount of
    `NAMING_WEIGHT`, 0.8 asks for about four log-odds of evidence, which two clear phrases of an agent give."""
    guess: float = 0.6
    """Roles less sure than this are not even guessed: the turns' role is unknown."""
    swap: float = 0.9
    """A channel map is suspected to be swapped where what is said speaks against it at least so clearly."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """One word stream's utterance with its speaker."""

    utterance: Utterance
    channel: int
    speaker: str
    role: Role
    confidence: float


def parse_role_map(role_map: str) -> dict[int, Role]:
    """Read `left=agent,right=customer`; raises `BadOptionError` naming the part that is wrong."""
    roles: dict[int, Role] = {}
    for part in filter(None, (p.strip() for p in role_map.split(","))):
        name, _, role = (x.strip().lower() for x in part.partition("="))
        channel = CHANNEL_NAMES.index(name) if name in CHANNEL_NAMES else _channel_number(name)
        if channel is None or role not in set(Role) or channel in roles:
            raise BadOptionError("speech.roles_bad_map", part=part)
        roles[channel] = Role(role)
    return roles


def roles_by_channel(
    streams: Mapping[int, Sequence[Word]], language: str, options: RoleOptions, manual: Mapping[str, Role] | None
) -> tuple[list[Assigned], RoleDecision]:
    """One party per channel: roles by the map, checked against what is said."""
    mapped = parse_role_map(options.role_map)
    pieces: list[tuple[int, Utterance, CueScore]] = []
    for channel, words in streams.items():
        pieces += [(channel, u, score(u.text, language)) for u in split_utterances(words, ())]
    roles = {c: mapped.get(c, Role.UNKNOWN) for c in streams}
    agent_points = {
        c: CUE_WEIGHT * NAMING_WEIGHT * sum(s.points for k, _, s in pieces if k == c and not s.announcement)
        for c in streams
    }
    agents = [c for c, r in roles.items() if r is Role.AGENT]
    customers = [c for c, r in roles.items() if r is Role.CUSTOMER]
    for_map = sum(agent_points[c] for c in agents) - sum(agent_points[c] for c in customers)
    right = _logistic(for_map)
    swapped = bool(agents or customers) and 1.0 - right >= options.swap
    reasons: list[Message] = []
    confidence = max(right, 0.95) if not swapped else right
    if swapped:
        reasons.append(message("speech.roles_swap_suspected", certainty=round(100 * (1.0 - right))))
        reasons += _quotes([(roles[c].other, s, u) for c, u, s in pieces])
    if any(r is Role.UNKNOWN for c, r in roles.items() if streams[c]):
        unmapped = [f"ch{c}" for c, r in roles.items() if r is Role.UNKNOWN and streams[c]]
        reasons.append(message("speech.roles_unmapped", channels=", ".join(unmapped)))
    labels = {f"ch{c}": roles[c] for c in sorted(roles)}
    labels, method, confidence = _manual(labels, manual, "channel_map", confidence)
    if method == "manual":
        reasons, swapped = [message("speech.roles_manual")], False
    assigned = [
        Assigned(u, c, f"ch{c}", Role.SYSTEM if s.announcement else labels[f"ch{c}"], confidence)
        for c, u, s in pieces
    ]
    decision = RoleDecision(
        {k: r.value for k, r in labels.items()}, round(confidence, 4), method, tuple(reasons), swapped
    )
    return assigned, decision


def roles_on_one_channel(
    words: Sequence[Word],
    channel: int,
    diarization: Diarization | None,
    language: str,
    options: RoleOptions,
    manual: Mapping[str, Role] | None,
) -> tuple[list[Assigned], RoleDecision]:
    """Two parties on one channel: voice, words and the order of turns decide together."""
    voices = diarization.voices if diarization else ()
    stretches = spans_of(voices, diarization.segments if diarization else ())
    utterances = split_utterances(words, stretches)
    cues = [score(u.text, language) for u in utterances]
    live = [i for i, c in enumerate(cues) if not c.announcement]
    if not live:
        assigned = [Assigned(u, channel, "system", Role.SYSTEM, 0.9) for u in utterances]
        return assigned, RoleDecision({"system": Role.SYSTEM.value} if assigned else {}, 0.0, "content")
    parts = share_out(
        [utterances[i] for i in live],
        [cues[i] for i in live],
        np.array([v.at for v in voices]) if voices else _one_hot(diarization),
        np.array([s.duration for s in stretches]),
        _clusters(diarization, len(stretches)),
    )
    agent = dict(zip(live, parts.agent.tolist(), strict=True))
    first = agent[live[0]] >= 0.5
    labels = {"S0": Role.AGENT if first else Role.CUSTOMER, "S1": Role.CUSTOMER if first else Role.AGENT}
    confidence = parts.naming
    reasons = _quotes([(Role.AGENT if agent[i] >= 0.5 else Role.CUSTOMER, cues[i], utterances[i]) for i in live])
    method = "voice+content" if parts.voice_gap > 0 else "content"
    if confidence < options.certain:
        reasons.insert(0, message("speech.roles_uncertain", certainty=round(100 * confidence)))
    if confidence < options.guess:
        labels = dict.fromkeys(labels, Role.UNKNOWN)
    labels, method, confidence = _manual(labels, manual, method, confidence)
    if method == "manual":
        reasons = [message("speech.roles_manual")]
    assigned = []
    for i, u in enumerate(utterances):
        if i not in agent:
            assigned.append(Assigned(u, channel, "system", Role.SYSTEM, 0.9))
            continue
        label = "S0" if (agent[i] >= 0.5) == first else "S1"
        sure = max(agent[i], 1.0 - agent[i])
        assigned.append(Assigned(u, channel, label, labels[label], round(sure * confidence, 4)))
    if any(a.role is Role.SYSTEM for a in assigned):
        labels["system"] = Role.SYSTEM
    used = {a.speaker for a in assigned}
    decision = RoleDecision(
        {k: r.value for k, r in labels.items() if k in used}, round(confidence, 4), method, tuple(reasons)
    )
    return assigned, decision


def _manual(
    labels: dict[str, Role], manual: Mapping[str, Role] | None, method: str, confidence: float
) -> tuple[dict[str, Role], str, float]:
    chosen = {k: r for k, r in (manual or {}).items() if k in labels}
    if not chosen:
        return labels, method, confidence
    return labels | chosen, "manual", 1.0


def _quotes(pieces: Sequence[tuple[Role, CueScore, Utterance]]) -> list[Message]:
    """The clearest things said, as reasons."""
    telling = [
        (abs(s.points), role, u)
        for role, s, u in pieces
        if (s.points > 1.5 and role is Role.AGENT) or (s.points < -1.5 and role is Role.CUSTOMER)
    ]
    telling.sort(key=lambda t: (-t[0], t[2].start))
    return [
        message(f"speech.roles_sounds_like_{role.value}", quote=u.text.strip(), at=u.start)
        for _, role, u in telling[:MAX_REASONS]
    ]


def _one_hot(diarization: Diarization | None) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Voices of a pipeline that gives none: each speaker is an axis of its own."""
    if diarization is None or not diarization.segments:
        return np.zeros((0, 1))
    names = list(diarization.speakers)
    points = np.zeros((len(diarization.segments), len(names)))
    for i, segment in enumerate(diarization.segments):
        points[i, names.index(segment.speaker)] = 1.0
    return points


def _clusters(diarization: Diarization | None, stretches: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The diariser's speaker for each stretch: the one whose segments cover most of it."""
    if diarization is None or not stretches or not diarization.segments:
        return np.zeros(0, np.int64)
    names = list(diarization.speakers)
    segments = sorted(diarization.segments, key=lambda s: s.start)
    starts = [s.start for s in segments]
    longest = max(s.end - s.start for s in segments)
    clusters = np.zeros(stretches, np.int64)
    for i, span in enumerate(spans_of(diarization.voices, diarization.segments)):
        shares = [0.0] * len(names)
        for segment in segments[bisect_left(starts, span.start - longest) : bisect_left(starts, span.end)]:
            overlap = min(segment.end, span.end) - max(segment.start, span.start)
            shares[names.index(segment.speaker)] += max(0.0, overlap)
        clusters[i] = int(np.argmax(shares))
    return clusters


def _channel_number(name: str) -> int | None:
    digits = name.removeprefix("ch")
    return int(digits) if digits.isdecimal() else None


def _logistic(points: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, points))))
