"""What words say about the mood of a turn, with the context grammar of the rule packs on top."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from qa.core.behaviour import Attitude
from qa.core.finding import MatchKind
from qa.core.roles import Role
from qa.core.transcript import Transcript
from qa.lexicon.lexicon import CompiledTerm, Lexicon
from qa.lexicon.matcher import MatchTerm
from qa.text.calltext import CallText

UNLESS: Final = ("negated", "quoted")
BY_SOUND: Final = 0.5
"""Share of its weight that a word keeps which only sounds like the one in the list."""
MOST: Final = 5.0
"""Log-odds that words can add: a lexicon is never certain."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What the words of one turn say."""

    odds: Mapping[Attitude, float]
    """Log-odds for each attitude that some word speaks for."""
    valence: float | None
    """-1..1; None where no word tells."""
    quotes: Mapping[Attitude, tuple[str, ...]]
    """The words themselves, in order."""


@dataclass(frozen=True, slots=True)
class _Entry:
    attitude: Attitude | None
    weight: float
    valence: float


SILENT: Final = Mood({}, None, {})


def moods(transcript: Transcript) -> dict[int, Mood]:
    """Turn index -> mood, for the turns in which any word tells."""
    entries, lexicon = _lexicon()
    scan = lexicon.scan(CallText(transcript))
    hits: dict[int, list[tuple[_Entry, str, float]]] = {}
    for name in sorted(scan.found_ids()):
        for hit in scan.meant(name, None, False):
            first, last = hit.turn.span(hit.start, hit.end)
            share = hit.certainty * (1.0 if hit.kind is not MatchKind.HOMOPHONE else BY_SOUND)
            trusts = hit.turn.trusts[first:last]
            share *= sum(trusts) / len(trusts) if trusts else 0.0
            hits.setdefault(hit.turn.turn.index, []).append((entries[name], hit.turn.text[first:last], share))
    return {turn: _mood(found) for turn, found in hits.items()}


def _mood(found: list[tuple[_Entry, str, float]]) -> Mood:
    odds: dict[Attitude, float] = {}
    quotes: dict[Attitude, list[str]] = {}
    for entry, quote, share in found:
        if entry.attitude is None:
            continue
        odds[entry.attitude] = min(MOST, odds.get(entry.attitude, 0.0) + entry.weight * share)
        known = quotes.setdefault(entry.attitude, [])
        if quote not in known:
            known.append(quote)
    pull = sum(e.valence * s for e, _, s in found)
    return Mood(odds, math.tanh(pull), {a: tuple(q[:3]) for a, q in quotes.items()})


@cache
def _lexicon() -> tuple[dict[str, _Entry], Lexicon]:
    raw: dict[str, Any] = tomllib.loads((files("qa.speech") / "data" / "tone_words.toml").read_text("utf-8"))
    entries, terms = {}, []
    for term in raw["terms"]:
        attitude = Attitude(term["attitude"]) if "attitude" in term else None
        entries[term["id"]] = _Entry(attitude, float(term["weight"]), float(term["valence"]))
        terms.append(
            CompiledTerm(
                id=term["id"],
                file="tone-words",
                version=1,
                language="zh",
                family="tone",
                label={},
                severity=None,
                role=Role(term["role"]) if "role" in term else None,
                unless=UNLESS,
                affirmed=False,
                basis=None,
                wording=None,
                shadow=False,
                applies=(),
                match=MatchTerm(tuple(term["patterns"])),
            )
        )
    return entries, Lexicon(terms)
