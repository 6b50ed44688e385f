"""Dates of birth: a date near a word of birth, or in answer to a question for it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from qa.text.calltext import CallText, TurnText
from qa.text.pii.cues import TurnCues
from qa.text.pii.entity import Entity

_D: Final = "0-9零〇一二三四五六七八九"
_MONTHS: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
_ORDINALS: Final = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth"
    "|fifteenth"
    "|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[- ](?:first|second|third|fourth|fifth|sixth"
    "|seventh"
    "|eighth|ninth)|thirtieth|thirty[- ]first"
)
_YEAR_WORDS: Final = (
    r"(?:nineteen|twenty|two thousand)(?:[ -](?:oh|and|hundred|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    r"|ninety|ten|eleven"
    r"|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|one|two|three|four|five|six|seven"
    r"|eight|nine)){0,3}"
)
_DAY: Final = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{_ORDINALS})"
_YEAR: Final = rf"(?:[12]\d{{3}}|'?\d{{2}}|{_YEAR_WORDS})"
_DATE: Final = re.compile(
    rf"(?:(?:民国|公元)?[{_D}幺十]{{2,4}}\s?年[,\s]{{0,2}})?(?:农历|阴历"
    rf"|阳历)?[{_D}十]{{1,3}}月份?[,\s]{{0,2}}(?:[{_D}十]{{1,3}}[日号]?)?"
    rf"|[{_D}幺]{{4}}\s?年"
    rf"|(?<!\d)(?:19|20)\d{{2}}[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:[12]\d|3[01]|0?[1-9])(?!\d)"
    rf"|(?<!\d)\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:19|20)?\d{{2}}(?!\d)"
    rf"|\b(?:{_MONTHS})\b\.?,? (?:the )?{_DAY}\b(?:,? (?:of )?{_YEAR}\b)?"
    rf"|\b(?:the )?{_DAY} (?:of )?(?:{_MONTHS})\b(?:,? {_YEAR}\b)?"
)
_SIGN: Final = re.compile(r"月|年|\d[-/.]\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_REACH: Final = 14
_ANSWER_TURNS: Final = 2


def birth_dates(call: CallText, cues: Sequence[TurnCues]) -> Iterator[Entity]:
    """Dates of birth; other dates are nobody's secret."""
    of_birth = {at for at, own in enumerate(cues) for cue in own.all if cue.kind == "birth_date"}
    if not of_birth:
        return
    for turn in call.turns_with(_SIGN):
        at = turn.turn_position
        answers = any(at - _ANSWER_TURNS <= asked < at for asked in of_birth)
        if answers or at in of_birth:
            yield from _of_turn(turn, cues[at], answers=answers)


def _of_turn(turn: TurnText, cues: TurnCues, *, answers: bool) -> Iterator[Entity]:
    first = True
    for m in _DATE.finditer(turn.normal):
        before = cues.before(m.start(), _REACH)
        behind = cues.behind(m.end())
        near = before or behind
        if (
            (near is not None and near.kind == "birth_date")
            or (behind is not None and behind.kind == "birth_date")
            or (near is None and answers and first)
        ):
            yield Entity("birth_date", turn.turn_position, m.start(), m.end(), m.group(), False)
        first = False
