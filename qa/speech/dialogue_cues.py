"""What an utterance says about its speaker's part in a service call, by a readable table of scored cues."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from qa.text.normalise import normal_form
from qa.text.syllables import readings, syllables

TABLE: Final = Path(__file__).parent / "data" / "dialogue_cues.toml"
MAX_POINTS: Final = 5.0
"""Cap on one utterance's log-odds: cues of one sentence are not independent, and words may be misheard."""
BY_SOUND: Final = 0.8
"""Share of the points for a cue that matches by sound only."""
_MIN_BY_SOUND: Final = 3
_EDGES: Final = " ,，。.、…\n"


@dataclass(frozen=True, slots=True)
class CueScore:
    """What the cues of one utterance add up to."""

    points: float
    """Log-odds that the agent says it, within +-`MAX_POINTS`."""
    asks: bool
    """It wants an answer from the other side."""
    announcement: bool
    """Recorded speech: a menu, a waiting or a network announcement."""
    cues: tuple[tuple[str, float], ...]
    """The cues that matched, with their points."""


@dataclass(frozen=True, slots=True)
class _Cue:
    name: str
    points: float
    exact: re.Pattern[str]
    by_sound: re.Pattern[str] | None

    def score(self, text: str, sounds: str) -> float:
        if self.exact.search(text):
            return self.points
        if self.by_sound is not None and self.by_sound.search(sounds):
            return BY_SOUND * self.points
        return 0.0


def languages() -> frozenset[str]:
    """Languages with a table of their own; in others what is said decides nothing."""
    return frozenset(_tables()) - {"system", "question"}


def score(text: str, language: str) -> CueScore:
    """Score one utterance as the recogniser wrote it; `language` is its ISO 639-1 code."""
    normal = normal_form(text).strip(_EDGES)
    sounds = syllables(normal)
    tables = _tables()
    hits = [(cue.name, points) for cue in tables.get(language, ()) if (points := cue.score(normal, sounds))]
    total = sum(points for _, points in hits)
    return CueScore(
        points=max(-MAX_POINTS, min(MAX_POINTS, total)),
        asks=any(c.exact.search(normal) for c in tables["question"]),
        announcement=any(c.exact.search(normal) for c in tables["system"]),
        cues=tuple(hits),
    )


@cache
def _tables() -> dict[str, tuple[_Cue, ...]]:
    with TABLE.open("rb") as file:
        return {name: tuple(_cue(entry) for entry in entries) for name, entries in tomllib.load(file).items()}


def _cue(entry: dict[str, object]) -> _Cue:
    words, patterns = _strings(entry.get("words")), _strings(entry.get("patterns"))
    alike = [r for w in words if len(w) >= _MIN_BY_SOUND for r in readings(w)]
    return _Cue(
        name=str(entry["cue"]),
        points=float(str(entry.get("points", 0))),
        exact=re.compile("|".join([*map(re.escape, words), *patterns])),
        by_sound=re.compile("|".join(map(re.escape, alike))) if alike else None,
    )


def _strings(value: object) -> Sequence[str]:
    return [str(v) for v in value] if isinstance(value, list) else []
