"""The words of calls, cut so that a text index finds Chinese: pairs of neighbouring characters.

Chinese has no blanks, and whoever searches does not cut words as a dictionary would. So every run of characters
becomes its overlapping pairs (稳赚不赔: 稳赚 赚不 不赔, and the last one alone), and a query becomes a phrase of
pairs: any stretch of characters is found, nothing else is. Latin words stay whole. Texts are folded first
(`qa.text.normalise`), so that 稳赚 finds 穩賺 and 12315 finds 一二三一五, and the other way round.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.base import Record, decode, encode
from qa.db.models import SearchTextRow
from qa.text.normalise import fold

MOST_TERMS: Final = 8
_BREAK: Final = "¶"
"""Stands between turns; no query can hold it, so no phrase reaches across."""
_RUNS: Final = re.compile(r"[a-z]+|[^\W_a-z]+")
_PART_CHARACTERS: Final = 2000
"""A tsvector counts positions up to 16,383 and keeps 256 of a word: long calls are split well below both."""
_WEIGHTS: Final = {"agent": "A", "customer": "B"}


class Said(Record, frozen=True, array_like=True):
    """What was said in one turn, personal data masked."""

    turn: int
    role: str
    start: float
    text: str


class Phrase(Record, frozen=True):
    """One term of a query, as the tokens that must follow each other."""

    tokens: tuple[str, ...]
    open_end: bool
    """The last token need only begin so."""
    folded: str
    """The term itself in folded form: what to look for in a turn to show the place."""


def pack(said: Sequence[Said]) -> bytes:
    """As `SearchTextRow.turns` keeps it."""
    return zlib.compress(encode(said))


def unpack(packed: bytes) -> tuple[Said, ...]:
    """The other way round."""
    return decode(zlib.decompress(packed), tuple[Said, ...])


def tokens_of(text: str) -> Iterator[str]:
    """The tokens of a turn, in order."""
    for run in _RUNS.findall(fold(text)):
        yield from _grams(run)


def _grams(run: str) -> Iterator[str]:
    if run.isascii() and run.isalpha():
        yield run
        return
    for start in range(len(run) - 1):
        yield run[start : start + 2]
    yield run[-1]


def search_words(packed: bytes, role: str) -> str:
    """The SQL function behind the triggers on SQLite: what `role` said, cut (empty: all who are no party)."""
    wanted = [s.text for s in unpack(packed) if (s.role if s.role in _WEIGHTS else "") == role]
    return f" {_BREAK} ".join(" ".join(tokens_of(text)) for text in wanted)


def phrases(query: str) -> list[Phrase]:
    """A query as what must all be found; terms are split at blanks, further ones than `MOST_TERMS` are dropped."""
    found = []
    for term in query.split()[:MOST_TERMS]:
        folded = fold(term)
        runs = _RUNS.findall(folded)
        tokens = [token for run in runs for token in _grams(run)]
        if not tokens:
            continue
        last_run = runs[-1]
        spelled = last_run.isascii() and last_run.isalpha()
        if not spelled and len(last_run) > 1:
            # The last character alone only follows where the run ends, and the query need not end there.
            tokens.pop()
        found.append(Phrase(tuple(tokens), spelled or len(last_run) == 1, folded))
    return found


def fts_query(wanted: Sequence[Phrase], role: str | None) -> str:
    """As FTS5 wants it. Tokens hold letters and digits only, so nothing needs escaping."""
    parts = ('"' + " ".join(p.tokens) + '"' + (" *" if p.open_end else "") for p in wanted)
    joined = " AND ".join(parts)
    return f"{{{role}}} : ({joined})" if role in _WEIGHTS else joined


def ts_query(phrase: Phrase, role: str | None) -> str:
    """As the text form of PostgreSQL's tsquery."""
    weight = _WEIGHTS.get(role or "", "")
    marks = [weight] * len(phrase.tokens)
    if phrase.open_end:
        marks[-1] = f"*{weight}"
    return " <-> ".join(f"'{t}'" + (f":{m}" if m else "") for t, m in zip(phrase.tokens, marks, strict=True))


def ts_vectors(said: Iterable[Said]) -> Iterator[str]:
    """The parts of a call as the text form of PostgreSQL's tsvector."""
    words: list[str] = []
    position = length = 0
    for one in said:
        if length and length + len(one.text) > _PART_CHARACTERS:
            yield " ".join(words)
            words, position, length = [], 0, 0
        weight = _WEIGHTS.get(one.role, "C")
        for token in tokens_of(one.text):
            position += 1
            words.append(f"'{token}':{position}{weight}")
        position += 1
        length += len(one.text)
    if words:
        yield " ".join(words)


class SpokenWords:
    """Writes what was said into the index, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server = session.get_bind().dialect.name == "postgresql"

    def put(self, place: int, said: Sequence[Said]) -> None:
        """Keep what was said in the recording at `place`, instead of what was kept before."""
        packed = pack(said)
        row = self._session.get(SearchTextRow, place)
        if row is not None and row.turns == packed:
            return
        if row is None:
            self._session.add(SearchTextRow(place=place, turns=packed))
        else:
            row.turns = packed
        self._session.flush()
        if self._server:
            self._session.execute(sa.text("DELETE FROM search_index WHERE place = :place"), {"place": place})
            rows = [{"place": place, "part": n, "words": v} for n, v in enumerate(ts_vectors(said))]
            if rows:
                self._session.execute(_INSERT_PART, rows)

    def at(self, places: Sequence[int]) -> dict[int, tuple[Said, ...]]:
        """What was said in several recordings."""
        rows = self._session.scalars(sa.select(SearchTextRow).where(SearchTextRow.place.in_(places)))
        return {row.place: unpack(row.turns) for row in rows}


_INSERT_PART: Final = sa.text(
    "INSERT INTO search_index (place, part, words) VALUES (:place, :part, CAST(:words AS tsvector))"
)
