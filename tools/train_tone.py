"""Trains `models/tone-prosody.json` from acted emotions and prints what its card says.

    pip install scikit-learn
    python -m tools.train_tone FOLDER models/tone-prosody.json

FOLDER holds a `manifest.tsv` with the columns file, speaker, emotion: the Berlin database of emotional speech.
Every figure is from leaving one speaker out; the model that is written has seen all of them.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from qa.audio.prosody import NAMES
from qa.evaluate.tone import ANGER, AROUSAL, CONDITIONS, centred, numbers_of, read_labelled, score
from qa.speech.tone_model import MOST, Head, ToneModel

TRAIN_ON = ("clean", "telephone", "telephone+gain")
STRENGTH = 0.02
"""Inverse of the regularisation: forty features on five hundred pieces of ten voices want a strong one."""
RIDGE = 300.0
VERSION = 1


def main(folder: Path, target: Path) -> None:
    """Train, print the figures of every condition, write the model."""
    rows = read_labelled(folder)
    speakers = np.array([r.speaker for r in rows])
    emotions = np.array([r.emotion for r in rows])
    raw = {c: centred(rows, numbers_of(rows, c)) for c in CONDITIONS}
    usual = [1.4826 * np.nanmedian(np.abs(raw["clean"][speakers == s]), axis=0) for s in sorted(set(speakers))]
    scale = np.maximum(np.median(usual, axis=0), 1e-6)
    away = {c: np.nan_to_num(np.clip(x / scale, -MOST, MOST)) for c, x in raw.items()}
    targets = {
        "anger": np.array([e in ANGER for e in emotions]).astype(int),
        "boredom": (emotions == "boredom").astype(int),
        "joy": (emotions == "happiness").astype(int),
    }
    arousal = np.array([AROUSAL[e] for e in emotions])

    def fitted(kind: str, keep: np.ndarray) -> tuple[float, np.ndarray]:
        x = np.vstack([away[c][keep] for c in TRAIN_ON])
        if kind == "arousal":
            ridge = Ridge(RIDGE).fit(x, np.tile(arousal[keep], len(TRAIN_ON)))
            return float(ridge.intercept_), ridge.coef_
        logistic = LogisticRegression(C=STRENGTH, max_iter=5000).fit(
            x, np.tile(targets[kind][keep], len(TRAIN_ON))
        )
        return float(logistic.intercept_[0]), logistic.coef_[0]

    left_out = {k: _left_out(lambda keep, k=k: fitted(k, keep), away, speakers) for k in (*targets, "arousal")}
    heads = {}
    everyone = np.ones(len(rows), bool)
    for kind in (*targets, "arousal"):
        bias, weights = fitted(kind, everyone)
        slope, offset, prior = 1.0, 0.0, 0.5
        if kind in targets:
            slope, offset = _platt(
                np.concatenate([left_out[kind][c] for c in TRAIN_ON]), np.tile(targets[kind], 3)
            )
            prior = round(float(targets[kind].mean()), 4)
        heads[kind] = Head(round(bias, 6), tuple(round(float(w), 6) for w in weights), slope, offset, prior)
    for condition in CONDITIONS:
        # Platt's line of the other speakers, so that the reliability is of voices never heard.
        given = np.zeros(len(rows))
        for speaker in sorted(set(speakers)):
            own = speakers == speaker
            odds = np.concatenate([left_out["anger"][c][~own] for c in TRAIN_ON])
            slope, offset = _platt(odds, np.tile(targets["anger"][~own], len(TRAIN_ON)))
            given[own] = 1 / (1 + np.exp(-(slope * left_out["anger"][condition][own] + offset)))
        found = score(rows, condition, away[condition], given.astype(np.float32), left_out["arousal"][condition])
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    model = ToneModel(
        name="tone-prosody",
        version=VERSION,
        features=NAMES,
        scale=tuple(round(float(s), 6) for s in scale),
        **heads,
    )
    target.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=1) + b"\n")


def _left_out(
    fit: Callable[[np.ndarray], tuple[float, np.ndarray]], away: dict[str, np.ndarray], speakers: np.ndarray
) -> dict[str, np.ndarray]:
    """The answers for each speaker of a model that never heard that speaker."""
    answers = {c: np.zeros(len(speakers)) for c in away}
    for speaker in sorted(set(speakers)):
        own = speakers == speaker
        bias, weights = fit(~own)
        for condition, x in away.items():
            answers[condition][own] = x[own] @ weights + bias
    return answers


def _platt(odds: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    line = LogisticRegression(C=1e6).fit(odds[:, None], truth)
    return round(float(line.coef_[0, 0]), 4), round(float(line.intercept_[0]), 4)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
