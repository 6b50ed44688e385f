"""Diarisation error rate: missed speech, false alarm and confusion over the speech there is.

As defined for the NIST Rich Transcription evaluations: speakers are mapped one to one so that the error is least,
talk at the same time counts for each speaker, and time within `collar` seconds of a reference boundary is left
out.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

from qa.core.base import Record
from qa.evaluate.timeline import Labelled, pieces


class DiarizationErrors(Record, frozen=True):
    """Seconds of speaker time that went wrong, by kind, and of speaker time there was."""

    missed: float
    false_alarm: float
    confusion: float
    speech: float

    @property
    def rate(self) -> float | None:
        """The error rate; None without reference speech."""
        return (self.missed + self.false_alarm + self.confusion) / self.speech if self.speech else None

    def __add__(self, other: "DiarizationErrors") -> "DiarizationErrors":
        return DiarizationErrors(
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confusion + other.confusion,
            self.speech + other.speech,
        )


def diarization_errors(
    reference: Sequence[Labelled[str]], hypothesis: Sequence[Labelled[str]], collar: float = 0.0
) -> DiarizationErrors:
    """Errors of `hypothesis` against `reference`; labels need not agree."""
    edges = [t for s in reference for t in (s.start, s.end)]
    cuts = [t + d for t in edges for d in (-collar, collar)] if collar else []
    parts = [
        (end - start, truth, found)
        for start, end, truth, found in pieces(reference, hypothesis, cuts)
        if not any(abs((start + end) / 2 - t) < collar for t in edges)
    ]
    mapping = _best_mapping(parts)
    missed = false_alarm = confusion = speech = 0.0
    for seconds, truth, found in parts:
        right = len(truth & {mapping.get(f, "") for f in found})
        speech += seconds * len(truth)
        missed += seconds * max(0, len(truth) - len(found))
        false_alarm += seconds * max(0, len(found) - len(truth))
        confusion += seconds * (min(len(truth), len(found)) - right)
    return DiarizationErrors(missed, false_alarm, confusion, speech)


def _best_mapping(parts: Sequence[tuple[float, frozenset[str], frozenset[str]]]) -> Mapping[str, str]:
    """Hypothesis label -> reference label, one to one, that makes the time in common longest.

    Calls have two or three speakers, so all mappings are tried; spurious further labels are cut to the six
    that share most time with the reference.
    """
    common: dict[tuple[str, str], float] = {}
    for seconds, truth, found in parts:
        for f in found:
            for t in truth:
                common[f, t] = common.get((f, t), 0.0) + seconds
    speakers = sorted({t for _, t in common})
    weight = {f: sum(s for (g, _), s in common.items() if g == f) for f, _ in common}
    labels = sorted(weight, key=lambda f: -weight[f])[:6]
    if len(labels) < len(speakers):
        options = (dict(zip(labels, chosen, strict=True)) for chosen in permutations(speakers, len(labels)))
    else:
        options = (dict(zip(chosen, speakers, strict=True)) for chosen in permutations(labels, len(speakers)))
    return max(options, key=lambda m: sum(common.get(pair, 0.0) for pair in m.items()), default={})
