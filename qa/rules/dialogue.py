"""Dialogues as text, for examples, golden sets and trials: turned into transcripts with invented times."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from qa.core.characters import whole
from qa.core.errors import BadPackError
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.text.segment import segmenter

SECONDS_PER_CHARACTER: Final = 0.2
"""300 characters a minute, a calm telephone voice."""
PAUSE: Final = 0.6

_PREFIX: Final = re.compile(
    r"^\s*(?P<who>客户|客戶|顾客|用户|坐席|座席|客服|系统|系統|customer|agent|system|unknown)\s*[:：]\s*",
    re.IGNORECASE,
)
_SOMEBODY: Final = re.compile(r"^\s*(?P<who>[^\s:：,，.。!！?？\"“「{\[]{1,8})\s*[:：]")
_WHO: Final = {
    "客户": Role.CUSTOMER, "客戶": Role.CUSTOMER, "顾客": Role.CUSTOMER, "用户": Role.CUSTOMER,
    "坐席": Role.AGENT, "座席": Role.AGENT, "客服": Role.AGENT, "系统": Role.SYSTEM, "系統": Role.SYSTEM,
    "customer": Role.CUSTOMER, "agent": Role.AGENT, "system": Role.SYSTEM, "unknown": Role.UNKNOWN,
}  # fmt: skip


def parse_line(line: str, default: Role) -> tuple[Role, str]:
    """Who speaks and what, of `客户：这个保本吗？`."""
    found = _PREFIX.match(line)
    if found is None:
        return default, line
    return _WHO[found["who"].lower()], line[found.end() :]


def unknown_speaker(text: str) -> str | None:
    """What stands before the colon of the first line that seems to name a speaker, but none that is known here."""
    for line in text.splitlines():
        if _PREFIX.match(line) is None and (found := _SOMEBODY.match(line)):
            return found["who"]
    return None


def from_example(example: str | Sequence[str], default: Role, language: str = "zh") -> Transcript:
    """The transcript of an example of a pack: one text, or one per turn."""
    lines = [example] if isinstance(example, str) else example
    return transcript([parse_line(line, default) for line in lines], language)


def from_turns(turns: Sequence[object], language: str = "zh") -> Transcript:
    """The transcript of `[{"role": "agent", "text": "..."}]`; raises `BadPackError` for another form."""
    pairs = []
    for i, turn in enumerate(turns):
        role, text = (turn.get("role"), turn.get("text")) if isinstance(turn, Mapping) else (None, None)
        if not isinstance(text, str) or role not in [r.value for r in Role]:
            raise BadPackError("rules.bad_dialogue", turn=i)
        pairs.append((Role(str(role)), text))
    return transcript(pairs, language)


def from_text(text: str, language: str = "zh") -> Transcript:
    """The transcript of pasted lines; a line without a speaker continues with the other one."""
    pairs: list[tuple[Role, str]] = []
    for line in text.splitlines():
        if line.strip():
            default = pairs[-1][0].other if pairs else Role.AGENT
            pairs.append(parse_line(line.strip(), default))
    return transcript(pairs, language)


def transcript(pairs: Sequence[tuple[Role, str]], language: str = "zh") -> Transcript:
    """Turns one after the other, their words timed by their length and fully trusted."""
    turns, now = [], 0.0
    for index, (role, text) in enumerate(pairs):
        words = []
        for piece in segmenter().cut(whole(text)):
            end = now + SECONDS_PER_CHARACTER * len(piece)
            words.append(Word(piece, now, end, 1.0, 1.0))
            now = end
        channel = 1 if role is Role.CUSTOMER else 0
        turns.append(Turn(index, role, f"ch{channel}", channel, tuple(words), 1.0))
        now += PAUSE
    return Transcript(language, now, tuple(turns))
