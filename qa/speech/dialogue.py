"""Who says what on a shared line: voice, words and the order of turns decide together.

A two-state hidden Markov model over the utterances of a call. A state is the agent or the customer; an utterance
speaks for a state by its cues (`qa.speech.dialogue_cues`) and by how close its voice lies to the state's; changing
states costs by the pause between utterances and by whether the one before wants an answer. The voices of
the two are found by expectation-maximisation, once from what is said alone and once from each way to name the
diariser's clusters; the start with the greatest evidence wins, and how much of what is said fits the naming
is how sure the roles are. (Rabiner 1989 for the algorithms.)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa.speech.dialogue_cues import CueScore
from qa.speech.utterances import Utterance

Floats = NDArray[np.float64]

ROUNDS: Final = 12
"""Of expectation-maximisation; it settles in three to six."""
VOICE_SPREAD: Final = 0.16
"""Standard deviation of a voice along the line between two voices, for one second of speech, as a cosine:
measured on utterances of real Mandarin speakers over a phone band."""
STEADY_SPREAD: Final = 0.07
"""What of it remains for long stretches: mood, distance from the microphone."""
MAX_VOICE_POINTS: Final = 6.0
"""Cap of a stretch's log-odds by voice: stretches may hold two people, or noise."""
CLEAR_GAP: Final = 0.12
"""Separation (cosine) at which voices begin to count; one voice cut in two at random reaches about half."""
CUE_WEIGHT: Final = 0.6
"""Cues of neighbouring utterances depend on each other, so their log-odds are taken at a discount."""
NAMING_WEIGHT: Final = 0.35
"""The same for the whole call, when the evidence of one naming is held against its opposite."""
FIRST_SPEAKER_POINTS: Final = 1.0
"""Log-odds that the agent is heard first: in a call centre's recordings they greet, whoever dialled."""


@dataclass(frozen=True, slots=True)
class Parts:
    """How the utterances were shared out."""

    agent: Floats
    """`(utterances,)`: probability that the agent speaks, given the naming that won."""
    naming: float
    """Probability that agent and customer are not the other way round, 0.5..1 for the winner."""
    voice_gap: float
    """Cosine gap between the two voices that were found; 0 where none are known."""


def share_out(
    utterances: Sequence[Utterance],
    cues: Sequence[CueScore],
    voices: Floats,
    seconds: Floats,
    clusters: NDArray[np.int64],
) -> Parts:
    """Give each utterance to the agent or the customer.

    `voices` is `(stretches, axes)`, `seconds` and `clusters` their lengths and the diariser's labels; all may be
    empty. `clusters` beyond the two heaviest count as unknown.
    """
    said = CUE_WEIGHT * np.array([c.points for c in cues])
    switch = np.array([switch_points(u, c) for u, c in zip(utterances[1:], cues, strict=False)])
    starts: list[Floats | None] = [None]
    if len(voices):
        first, second = _two_heaviest(clusters, seconds)
        named = np.where(clusters == first, 1.0, np.where(clusters == second, 0.0, 0.5))
        starts += [named, 1.0 - named]
    best: tuple[float, Floats, _Voices] | None = None
    for start in starts:
        found = _settle(utterances, said, switch, voices, seconds, start)
        if best is None or found[0] > best[0]:
            best = found
    assert best is not None  # noqa: S101 - there is always a start
    _, agent, model = best
    for_naming = float((2 * agent - 1) @ said) + FIRST_SPEAKER_POINTS * (2 * agent[0] - 1)
    naming = 1.0 / (1.0 + np.exp(-NAMING_WEIGHT * np.clip(for_naming, -60, 60)))
    return Parts(agent=agent, naming=float(naming), voice_gap=model.gap)


def switch_points(after: Utterance, cue_before: CueScore) -> float:
    """Log-odds that the speaker changes before `after`, whatever voices and words say of either side."""
    if after.same_stretch:
        points = -3.0 if after.after_sentence else -6.0
        points += min(after.gap, 1.0)
    else:
        points = -2.5 + 5.0 * min(after.gap, 0.5)
        points += 0.5 if after.after_sentence else -0.5
    if cue_before.asks:
        points += 1.5
    return points


@dataclass(frozen=True, slots=True)
class _Voices:
    """Log-odds of each stretch for the agent, by voice alone."""

    by_stretch: Floats
    gap: float

    def points(self, utterances: Sequence[Utterance]) -> Floats:
        """Log-odds per utterance; utterances of one stretch share its evidence, lest it count twice."""
        counts: dict[int | None, int] = {}
        for u in utterances:
            counts[u.voice] = counts.get(u.voice, 0) + 1
        if not len(self.by_stretch):
            return np.zeros(len(utterances))
        return np.array(
            [self.by_stretch[u.voice] / counts[u.voice] if u.voice is not None else 0.0 for u in utterances]
        )


def _settle(
    utterances: Sequence[Utterance],
    said: Floats,
    switch: Floats,
    voices: Floats,
    seconds: Floats,
    start: Floats | None,
) -> tuple[float, Floats, _Voices]:
    model = _voice_model(voices, seconds, start)
    evidence, agent = _forward_backward(said + model.points(utterances), switch)
    if not len(voices):
        return evidence, agent, model
    for _ in range(ROUNDS):
        model = _voice_model(voices, seconds, _by_stretch(utterances, agent, len(voices)))
        previous = evidence
        evidence, agent = _forward_backward(said + model.points(utterances), switch)
        if abs(evidence - previous) < 1e-3:
            break
    return evidence, agent, model


def _by_stretch(utterances: Sequence[Utterance], agent: Floats, stretches: int) -> Floats:
    total, weight = np.zeros(stretches), np.zeros(stretches)
    for u, p in zip(utterances, agent, strict=True):
        if u.voice is not None:
            length = max(u.end - u.start, 0.05)
            total[u.voice] += p * length
            weight[u.voice] += length
    return np.where(weight > 0, total / np.maximum(weight, 1e-9), 0.5)


def _voice_model(voices: Floats, seconds: Floats, agent: Floats | None) -> _Voices:
    """Voice log-odds from soft labels: two Gaussians of one width on the line between the two mean voices."""
    if not len(voices) or agent is None:
        return _Voices(np.zeros(len(voices)), 0.0)
    # Doubtful stretches say nothing about what either voice is like.
    a = seconds * np.clip(2 * agent - 1, 0, 1)
    c = seconds * np.clip(1 - 2 * agent, 0, 1)
    if a.sum() < 1.0 or c.sum() < 1.0:
        return _Voices(np.zeros(len(voices)), 0.0)
    mean_a, mean_c = (a @ voices) / a.sum(), (c @ voices) / c.sum()
    line = mean_a - mean_c
    length = float(np.linalg.norm(line))
    if length < 1e-6:
        return _Voices(np.zeros(len(voices)), 0.0)
    along = (voices - (mean_a + mean_c) / 2) @ (line / length)
    variance = STEADY_SPREAD**2 + VOICE_SPREAD**2 / np.maximum(seconds, 0.25)
    # Half the squared distance of unit vectors is the cosine they are apart.
    gap = length**2 / 2
    trust = 1.0 / (1.0 + np.exp(-(gap - CLEAR_GAP) / (CLEAR_GAP / 4)))
    points = np.clip(trust * along * length / variance, -MAX_VOICE_POINTS, MAX_VOICE_POINTS)
    return _Voices(points, gap)


def _forward_backward(points: Floats, switch: Floats) -> tuple[float, Floats]:
    """Log evidence and posterior of the agent, up to a constant that depends on neither.

    In odds of plain floats, renormalised at each step: four hours are twenty thousand utterances.
    """
    says = np.exp(np.clip(points, -40, 40)).tolist()
    change = (1.0 / (1.0 + np.exp(-switch))).tolist()
    agent, log_evidence = 1.0 / (1.0 + math.exp(-FIRST_SPEAKER_POINTS)), 0.0
    forward = []
    for i, odds in enumerate(says):
        if i:
            agent = agent * (1.0 - change[i - 1]) + (1.0 - agent) * change[i - 1]
        total = agent * odds + (1.0 - agent)
        agent = agent * odds / total
        # The odds stand for exp(points / 2) against exp(-points / 2).
        log_evidence += math.log(total) - math.log(odds) / 2
        forward.append(agent)
    posterior, ahead = forward[:], 1.0
    for i in range(len(says) - 2, -1, -1):
        later, c = ahead * says[i + 1], change[i]
        ahead = (later * (1.0 - c) + c) / (later * c + 1.0 - c)
        ahead = min(max(ahead, 1e-30), 1e30)
        posterior[i] = forward[i] * ahead / (forward[i] * ahead + 1.0 - forward[i])
    return log_evidence, np.array(posterior)


def _two_heaviest(clusters: NDArray[np.int64], seconds: Floats) -> tuple[int, int]:
    names = np.unique(clusters)
    order = sorted(names.tolist(), key=lambda k: -float(seconds[clusters == k].sum()))
    return order[0], order[1] if len(order) > 1 else -1
