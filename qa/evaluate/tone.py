"""Tone against recordings whose emotion is known: a `manifest.tsv` with the columns file, speaker and emotion.

Each recording is one piece of one speaker, whose own recordings together are the baseline. Everything is measured
as recorded, through a telephone (8 kHz, 300 to 3400 Hz, mu-law) and with a random gain of up to 10 dB either way.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt
from scipy.stats import rankdata

from qa.audio.prosody import NAMES, prosody
from qa.audio.samples import SAMPLE_RATE
from qa.audio.voice import Array, VoiceFrames, register_of, voice_frames
from qa.core.base import Record
from qa.core.errors import InputError, NotFoundError
from qa.core.transcript import Span
from qa.speech.tone_model import ToneModel, centre_of, probability, value

AROUSAL: Final[Mapping[str, float]] = {
    "anger": 1.0, "angry": 1.0, "happiness": 0.8, "happy": 0.8, "joy": 0.8, "surprise": 0.8, "surprised": 0.8,
    "fear": 0.7, "fearful": 0.7, "disgust": 0.45, "disgusted": 0.45, "neutral": 0.3, "calm": 0.3, "boredom": 0.1,
    "sadness": 0.0, "sad": 0.0,
}  # fmt: skip
"""Rank of each emotion on the axis of activation (Russell 1980); only the order is used in evaluation."""
ANGER: Final = frozenset({"anger", "angry"})
CONDITIONS: Final = ("clean", "telephone", "gain", "telephone+gain")
GAIN_DB: Final = 10.0
BINS: Final = 5

_Sound = NDArray[np.float64]


class Labelled(Record, frozen=True):
    """One row of the manifest."""

    path: Path
    speaker: str
    emotion: str


class Reliability(Record, frozen=True):
    """Of pieces that were given about this probability, how many really were angry."""

    pieces: int
    given: float
    true: float


class ToneScore(Record, frozen=True):
    """How well the model does under one condition."""

    condition: str
    pieces: int
    too_short: int
    anger_auc: float | None
    arousal_correlation: float | None
    """Spearman's."""
    reliability: tuple[Reliability, ...]


def read_labelled(folder: Path) -> list[Labelled]:
    """The rows with speaker and emotion whose file exists; raises `InputError` where the columns are missing."""
    path = folder / "manifest.tsv"
    if not path.is_file():
        raise NotFoundError("evaluate.no_tone_manifest", folder=folder)
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"file", "speaker", "emotion"} <= set(rows.fieldnames or ()):
            raise InputError("evaluate.bad_tone_manifest", file=path)
        found = [
            Labelled(folder / r["file"], r["speaker"], r["emotion"].strip().lower())
            for r in rows
            if r["emotion"] and r["speaker"] and (folder / r["file"]).is_file()
        ]
    if not found:
        raise NotFoundError("evaluate.no_tone_manifest", folder=folder)
    return found


def numbers_of(rows: Sequence[Labelled], condition: str, seed: int = 0) -> Array:
    """The prosody of every recording under a condition, (n, features); NaN where it is too short."""
    rng = np.random.default_rng(seed)
    frames = [_frames(_heard(r.path, condition, rng)) for r in rows]
    registers = {
        s: _register([f for f, r in zip(frames, rows, strict=True) if r.speaker == s]) for s in _speakers(rows)
    }
    found = [prosody(f, registers[r.speaker]) for f, r in zip(frames, rows, strict=True)]
    missing = np.full(len(NAMES), np.nan, np.float32)
    return np.stack([missing if n is None else n for n in found])


def centred(rows: Sequence[Labelled], numbers: Array) -> Array:
    """The numbers less each speaker's own centre."""
    out = numbers.copy()
    for speaker in _speakers(rows):
        own = np.array([r.speaker == speaker for r in rows])
        known = own & ~np.isnan(numbers[:, 0])
        if known.any():
            out[own] -= centre_of(numbers[known])
    return out


def evaluate_tone(
    folder: Path, model: ToneModel, progress: Callable[[str], None] = lambda _condition: None
) -> list[ToneScore]:
    """Measure the model under every condition."""
    rows = read_labelled(folder)
    scores = []
    for condition in CONDITIONS:
        progress(condition)
        away = model.deviations(centred(rows, numbers_of(rows, condition)), np.zeros(len(NAMES), np.float32))
        scores.append(score(rows, condition, away, probability(model.anger, away), value(model.arousal, away)))
    return scores


def score(rows: Sequence[Labelled], condition: str, away: Array, anger: Array, arousal: Array) -> ToneScore:
    """Figures from the answers for each row; rows too short (no deviation at all) count as they were answered."""
    angry = np.array([r.emotion in ANGER for r in rows])
    ranks = np.array([AROUSAL.get(r.emotion, np.nan) for r in rows])
    known = ~np.isnan(ranks)
    return ToneScore(
        condition=condition,
        pieces=len(rows),
        too_short=int((~away.any(axis=1)).sum()),
        anger_auc=auc(angry, anger),
        arousal_correlation=correlation(ranks[known], arousal[known]),
        reliability=reliability(angry, anger),
    )


def auc(positive: NDArray[np.bool_], scores: Array) -> float | None:
    """Area under the ROC curve (Mann and Whitney); None without both kinds."""
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return None
    return float((rankdata(scores)[positive].sum() - n * (n + 1) / 2) / (n * m))


def correlation(a: NDArray[np.float64], b: Array) -> float | None:
    """Spearman's rank correlation; None where one side does not vary."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def reliability(positive: NDArray[np.bool_], scores: Array) -> tuple[Reliability, ...]:
    """Given against true share, in equal steps of probability."""
    part = np.minimum((scores * BINS).astype(int), BINS - 1)
    return tuple(
        Reliability(int(own.sum()), round(float(scores[own].mean()), 3), round(float(positive[own].mean()), 3))
        for own in (part == b for b in range(BINS))
        if own.any()
    )


def as_json(scores: Sequence[ToneScore]) -> dict[str, object]:
    """What `--json` writes."""
    return {"tone": [msgspec.to_builtins(s) for s in scores]}


def _speakers(rows: Sequence[Labelled]) -> list[str]:
    return sorted({r.speaker for r in rows})


def _frames(samples: NDArray[np.int16]) -> VoiceFrames:
    return voice_frames(samples, [Span(0.0, len(samples) / SAMPLE_RATE)])


def _register(frames: Sequence[VoiceFrames]) -> float | None:
    columns = ("times", "level", "bands", "candidates", "strengths")
    return register_of(VoiceFrames(*(np.concatenate([getattr(f, c) for f in frames]) for c in columns)))


def _heard(path: Path, condition: str, rng: np.random.Generator) -> NDArray[np.int16]:
    sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    mono = sound[:, 0]
    if rate != SAMPLE_RATE:
        divisor = np.gcd(rate, SAMPLE_RATE)
        mono = resample_poly(mono, SAMPLE_RATE // divisor, rate // divisor)
    peak = float(np.abs(mono).max(initial=0.0))
    # Room for the gain, so that it does not clip.
    mono = mono * (0.25 / peak if peak > 0 else 1.0)
    if "gain" in condition:
        mono = mono * 10 ** (rng.uniform(-GAIN_DB, GAIN_DB) / 20)
    if "telephone" in condition:
        mono = telephone(mono)
    samples: NDArray[np.int16] = np.clip(np.rint(mono * 32767), -32768, 32767).astype(np.int16)
    return samples


def telephone(sound: _Sound) -> _Sound:
    """What a line leaves of sound at 16 kHz: 8 kHz, 300 to 3400 Hz, mu-law of 8 bits (ITU-T G.711, G.712)."""
    narrow = sosfilt(butter(4, (300, 3400), "band", fs=8000, output="sos"), resample_poly(sound, 1, 2))
    compressed = np.sign(narrow) * np.log1p(255 * np.abs(np.clip(narrow, -1, 1))) / np.log(256)
    steps = np.rint((compressed + 1) / 2 * 255) / 255 * 2 - 1
    expanded = np.sign(steps) * (256 ** np.abs(steps) - 1) / 255
    out: _Sound = resample_poly(expanded, 2, 1)
    return out
