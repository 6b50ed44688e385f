"""The trained part of tone: from the numbers of `qa.audio.prosody` to probabilities (`models/tone-prosody.json`).

Linear on purpose: a reviewer can be told which number moved it, and it does as well on acted speech as boosted
trees. Every number is taken against the speaker's own median and the spread that is usual between emotions, so
that a high or a tired voice is not an emotion, and a monotonous speaker's smallest stir is none either.
"""

from functools import cache
from typing import Final

import msgspec
import numpy as np

from qa.audio.prosody import NAMES
from qa.audio.voice import Array
from qa.core.base import Record
from qa.models.manifest import data_folder

FILE: Final = "tone-prosody.json"
MOST: Final = 4.0
"""Deviations are cut here: one broken number must not decide."""


class Head(Record, frozen=True):
    """One linear answer: `bias + weights . z`, and for probabilities Platt's line through its log-odds."""

    bias: float
    weights: tuple[float, ...]
    slope: float = 1.0
    offset: float = 0.0
    prior: float = 0.5
    """Share of the class in the training data, which calibrated probabilities rest on."""


class ToneModel(Record, frozen=True):
    """What `tools/train_tone.py` writes."""

    name: str
    version: int
    features: tuple[str, ...]
    scale: tuple[float, ...]
    """Usual spread of each feature between emotions of one speaker."""
    anger: Head
    boredom: Head
    joy: Head
    arousal: Head
    """Gives 0 (calm) to 1 (agitated), cut at both ends."""

    @property
    def label(self) -> str:
        """Name and version, for results."""
        return f"{self.name}@{self.version}"

    def deviations(self, numbers: Array, centre: Array) -> Array:
        """How far numbers (n, features) lie from the speaker's centre (features,)."""
        scale = np.array(self.scale, np.float32)
        away: Array = np.clip((numbers - centre) / scale, -MOST, MOST).astype(np.float32)
        return np.nan_to_num(away)


def centre_of(numbers: Array) -> Array:
    """A speaker's usual voice: the median of each number over all pieces, shape (features,)."""
    middle: Array = np.median(numbers, axis=0)
    return middle


def value(head: Head, away: Array) -> Array:
    """The linear answer for deviations (n, features), shape (n,)."""
    found: Array = away @ np.array(head.weights, np.float32) + np.float32(head.bias)
    return found


def probability(head: Head, away: Array) -> Array:
    """The calibrated probability for deviations (n, features), shape (n,)."""
    odds = head.slope * value(head, away) + head.offset
    found: Array = (1 / (1 + np.exp(-odds))).astype(np.float32)
    return found


def evidence(head: Head, away: Array) -> Array:
    """How far the sound speaks for a class, in log-odds over its share in the training data, shape (n,)."""
    usual = float(np.log(head.prior / (1 - head.prior)))
    found: Array = head.slope * value(head, away) + np.float32(head.offset - usual)
    return found


def strongest(model: ToneModel, away: Array) -> list[tuple[str, float]]:
    """What moved anger most, as (feature, deviation), strongest first."""
    parts = away * np.array(model.anger.weights, np.float32)
    order = np.argsort(-parts)
    return [(NAMES[i], float(away[i])) for i in order.tolist() if parts[i] > 0]


@cache
def tone_model() -> ToneModel:
    """The model that comes with the program."""
    raw = (data_folder("models") / FILE).read_bytes()
    model = msgspec.json.decode(raw, type=ToneModel)
    if model.features != NAMES:
        raise ValueError(f"{FILE} was trained on other features than this program measures")
    return model
