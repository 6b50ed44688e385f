"""Dialogues as text, for examples, golden sets and trials: turned into transcripts, with invented times where they
give none.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from qa.core.characters import whole
from qa.core.errors import BadPackError
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.text.segment import segmenter

SECONDS_PER_CHARACTER: Final = 0.2
"""300 characters a minute, a calm telephone voice."""
PAUSE: Final = 0.6
LATEST: Final = 1e6
"""Seconds: no call lasts eleven days."""

_PREFIX: Final = re.compile(
    r"^\s*(?P<who>客户|客戶|顾客|用户|坐席|座席|客服|系统|系統|customer|agent|system|unknown)\s*[:：]\s*",
    re.IGNORECASE,
)
_STAMP: Final = re.compile(
    r"^\s*[\[(（【]?\s*(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<s>\d{2}(?:[.,]\d{1,3})?)"
    r"(?:\s*(?:-+>?|[–—~～])\s*[\d:.,]+)?\s*[\])）】]?\s*(?=\S)"
)
"""When a pasted line was said, as players write it: `00:12`, `[01:02:03.5]`, `（00:12-00:15）`."""
_SOMEBODY: Final = re.compile(r"^\s*(?P<who>[^\s:：,，.。!！?？\"“「{\[]{1,8})\s*[:：]")
_WHO: Final = {
    "客户": Role.CUSTOMER, "客戶": Role.CUSTOMER, "顾客": Role.CUSTOMER, "用户": Role.CUSTOMER,
    "坐席": Role.AGENT, "座席": Role.AGENT, "客服": Role.AGENT, "系统": Role.SYSTEM, "系統": Role.SYSTEM,
    "customer": Role.CUSTOMER, "agent": Role.AGENT, "system": Role.SYSTEM, "unknown": Role.UNKNOWN,
}  # fmt: skip


class Said(NamedTuple):
    """A turn as text."""

    role: Role
    text: str
    start: float | None = None
    """Seconds; None where nobody says."""
    end: float | None = None


def parse_line(line: str, default: Role) -> tuple[Role, str]:
    """Who speaks and what, of `客户：这个保本吗？`."""
    found = _PREFIX.match(line)
    if found is None:
        return default, line
    return _WHO[found["who"].lower()], line[found.end() :]


def unknown_speaker(text: str) -> str | None:
    """What stands before the colon of the first line that seems to name a speaker, but none that is known here."""
    for line in text.splitlines():
        _, line = _stamped(line)
        if _PREFIX.match(line) is None and (found := _SOMEBODY.match(line)):
            return found["who"]
    return None


def from_example(example: str | Sequence[str], default: Role, language: str = "zh") -> Transcript:
    """The transcript of an example of a pack: one text, or one per turn."""
    lines = [example] if isinstance(example, str) else example
    return transcript([parse_line(line, default) for line in lines], language)


def from_turns(turns: Sequence[object], language: str = "zh") -> Transcript:
    """The transcript of `[{"role": "agent", "text": "..."}]`, each with a `start` and an `end` in seconds if these
    are known; raises `BadPackError` for another form.
    """
    said = []
    for i, turn in enumerate(turns):
        role, text = (turn.get("role"), turn.get("text")) if isinstance(turn, Mapping) else (None, None)
        if not isinstance(turn, Mapping) or not isinstance(text, str) or role not in [r.value for r in Role]:
            raise BadPackError("rules.bad_dialogue", turn=i)
        start, end = turn.get("start"), turn.get("end")
        if not (_possible(start) and _possible(end) and (start is None or end is None or start <= end)):
            raise BadPackError("rules.bad_times", turn=i)
        said.append(Said(Role(str(role)), text, start, end))
    return transcript(said, language)


def _possible(seconds: object) -> bool:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return seconds is None
    return 0 <= seconds <= LATEST


def from_text(text: str, language: str = "zh") -> Transcript:
    """The transcript of pasted lines; a line without a speaker continues with the other one."""
    said: list[Said] = []
    for line in text.splitlines():
        if line.strip():
            start, words = _stamped(line)
            default = said[-1].role.other if said else Role.AGENT
            said.append(Said(*parse_line(words.strip(), default), start))
    return transcript(said, language)


def _stamped(line: str) -> tuple[float | None, str]:
    """When a line was said, in seconds, and the line without that; 10:30 of `10:30来不及` is no such time."""
    found = _STAMP.match(line)
    if found is None:
        return None, line
    rest = line[found.end() :]
    if not found[0].rstrip().endswith(tuple("])）】")) and _PREFIX.match(rest) is None:
        return None, line
    hours, minutes, seconds = int(found["h"] or 0), int(found["m"]), float(found["s"].replace(",", "."))
    return 3600 * hours + 60 * minutes + seconds, rest


def transcript(said: Sequence[Said | tuple[Role, str]], language: str = "zh") -> Transcript:
    """Turns one after the other, fully trusted; their words are timed by their length between the times that are
    given, or in a calm voice.
    """
    turns, now, ends = [], 0.0, 0.0
    given = [Said(*one) for one in said]
    for index, turn in enumerate(given):
        following = given[index + 1].start if index + 1 < len(given) else None
        pieces = segmenter().cut(whole(turn.text))
        start = now if turn.start is None else float(turn.start)
        end = start + SECONDS_PER_CHARACTER * sum(map(len, pieces))
        if turn.end is not None:
            end = max(start, turn.end)
        elif following is not None and following > start:
            end = min(end, following)
        each = (end - start) / max(sum(map(len, pieces)), 1)
        words, at = [], start
        for piece in pieces:
            words.append(Word(piece, at, at + each * len(piece), 1.0, 1.0))
            at += each * len(piece)
        channel = 1 if turn.role is Role.CUSTOMER else 0
        turns.append(Turn(index, turn.role, f"ch{channel}", channel, tuple(words), 1.0))
        now, ends = end + PAUSE, max(ends, end)
    return Transcript(language, ends + PAUSE if turns else 0.0, tuple(turns))
