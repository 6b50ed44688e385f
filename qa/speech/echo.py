"""Speech on one channel that is only the other channel heard through it: handset bleed and line echo.

Words written from it would be put into the wrong mouth. It is found before decoding, by sound: a quiet copy of
the other channel has the same waveform a moment later; two people who talk at once have not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import correlate

from qa.core.transcript import Span
from qa.speech.base import SAMPLE_RATE, Samples


@dataclass(frozen=True, slots=True)
class EchoOptions:
    """When speech is an echo. Both must hold, so that a person who talks at the same time is never dropped."""

    quieter_db: float = 10.0
    """At least this much under the other channel. ITU-T G.131 lets a line return 20 dB less and more than was
    sent; handsets are worse."""
    correlation: float = 0.5
    """Normalised cross-correlation with the other channel. Measured: two talkers under 0.25, filtered echoes
    over 0.6."""
    longest_delay: float = 0.5
    """Seconds an echo comes late: the round trip of a slow internet call (ITU-T G.114)."""
    longest_look: float = 5.0
    """Seconds of a span that are compared."""


def echo_spans(samples: Samples, other: Samples, speech: Sequence[Span], options: EchoOptions) -> list[Span]:
    """Those of a channel's speech spans that are an echo of `other`, a channel of the same recording."""
    return [span for span in speech if _is_echo(samples, other, span, options)]


def _is_echo(samples: Samples, other: Samples, span: Span, o: EchoOptions) -> bool:
    middle, half = (span.start + span.end) / 2, min(span.duration, o.longest_look) / 2
    first, last = int((middle - half) * SAMPLE_RATE), int((middle + half) * SAMPLE_RATE)
    before = max(0, first - int(o.longest_delay * SAMPLE_RATE))
    here = np.asarray(samples[first:last], np.float64)
    there = np.asarray(other[before:last], np.float64)
    energy_here, energy_there = float(here @ here), float(there[first - before :] @ there[first - before :])
    if not energy_here or 10 * np.log10(max(energy_there, 1e-9) / energy_here) < o.quieter_db:
        return False
    # Energy of `there` under every position of `here`, from running sums.
    sums = np.concatenate(([0.0], np.cumsum(there**2)))
    under = sums[len(here) :] - sums[: len(sums) - len(here)]
    match = np.abs(correlate(there, here, mode="valid", method="fft"))
    likeness = match / np.sqrt(np.maximum(under * energy_here, 1e-9))
    return float(likeness.max()) >= o.correlation
