"""Which runs of digits are personal, and of what kind. A checksum or a numbering plan decides alone; otherwise the
words around the number do, the question it answers, and the numbers that were said before it. Lengths are taken
loosely, because recognisers lose digits and invent them.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from qa.core.lazy import lazy
from qa.text.calltext import CallText, TurnText
from qa.text.pii.checks import (
    is_landline,
    is_mobile,
    is_service_number,
    looks_like_identity,
    valid_card,
    valid_identity,
)
from qa.text.pii.cues import OTHER, PARTIAL, STANDING, TAIL, Cue, TurnCues
from qa.text.pii.digits import ALPHABET, NUMBER_WORDS, SEVERAL, Run, Token, runs_in
from qa.text.pii.entity import Entity

_LENGTHS: Final = {
    "cvv": (3, 4),
    "code": (4, 8),
    STANDING: (4, 8),
    "phone": (7, 15),
    "id_card": (12, 23),
    "bank_card": (10, 24),
    "passport": (7, 10),
    "birth_date": (6, 8),
}
"""Digits that a number may have where the words before it say what it is."""
_COMPLETE: Final = {
    "cvv": 3,
    "code": 4,
    STANDING: 4,
    "phone": 11,
    "id_card": 18,
    "bank_card": 16,
    "passport": 8,
    "birth_date": 8,
}
"""Digits after which nothing more of it is waited for."""
_PREFERRED: Final = {
    "phone": (11, 8),
    "id_card": (18,),
    "bank_card": (16, 19),
    "code": (6, 4),
    STANDING: (6, 4),
    "cvv": (3,),
    "passport": (9,),
    "birth_date": (8,),
}
_ASKED_LIFE: Final = 8
"""Turns of dictation that a question for a number stays open; other turns count twice."""
_EDGE: Final = 4
"""Characters between a piece of a number and the beginning or end of its turn."""
_NO_QUANTITY: Final = 13
"""Digits that are no amount or count, whatever the recogniser wrote behind them: 62220121345678次."""
_LONG_ALONE: Final = 15
"""Digits without any word beside them that are taken for an identity or card number."""
_SHORTEST_PIECE: Final = 2
_FEWEST_PIECES: Final = 2
_SHORTEST_CERTAIN: Final = 10
"""Digits of the shortest number whose form alone says what it is: a mobile phone of Taiwan."""
_WINDOW: Final = 8
"""Groups of digits that are tried together for one complete number."""
_TAIL_LENGTHS: Final = range(3, 9)
_TAIL_OF: Final = "tail:"
_NAMED_BEHIND: Final = 8
_CODE_BEHIND: Final = (3, 4)
_CARD_LENGTHS: Final = (16, 19)
_CARD_BEFORE: Final = 13
"""Digits of a card before its security code, when both are asked for and said in one breath."""
_TOLL_FREE: Final = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_SURE_ECHO: Final = 5
_DIGITS_ASTRAY: Final = 2
"""Digits that a recogniser may have lost or invented in a long number that is said again."""
_KNOWN_NUMBERS: Final = 64
"""Numbers that are looked for when they are read back."""

_AREA_CODE: Final = re.compile(r"0(?:10|2\d|[3-9]\d{2})")
_MONEY: Final = re.compile(
    r"\s{0,2}(?:多|几|来)?(?:万|亿|千|百|元|块(?!钱包)|角|毛钱|%|dollars?\b|bucks\b|pounds?\b|euros?\b"
    r"|yuan\b|percent\b"
    r"|cents?\b)"
)
_UNIT: Final = re.compile(
    r"\s{0,2}(?:多|几|来)?(?:十|个(?!人)|份|天|日|号(?!码)|月|年|点(?!com|cn|net|康)|分(?!机)|秒|小时|米"
    r"|公里|克|斤|公斤|折|期|次|人|版"
    r"|度|寸|g\b|gb|mb|kg|兆|条|件|张|台|瓶|盒|箱|层|笔|岁|倍|周|星期|级|款|股|吨|平|位数|位的|ml\b|cm\b|mm\b|km\b"
    r"|(?:minutes?|hours?|days?|months?|years?|weeks?|times|people|items?|points?|degrees|units?|pieces|am|pm)\b)"
)
_MONEY_BEFORE: Final = re.compile(r"[¥$€£]\s?$")
_STRUCTURED: Final = re.compile(
    r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[ t]\d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}:\d{2}(?::\d{2})?"
    r"|\d{1,6}\.\d{1,6}\.\d{1,6}|\d{1,12}\.\d{1,2}(?!\d))"
)
_FILLER: Final = re.compile(
    r"[嗯呃额啊哦好对是的了吗吧呢呀]|没错|然后|后面|前面|接着|那个|就是|这个|请讲|您说|继续|稍等|记下|yes"
    r"|yeah|okay|ok|right|uh|um|correct|go|ahead"
    r"|then|and|[\W_]"
)
_CHATTER: Final = 6
"""Characters beside digits and fillers that a turn may have and still be part of a number's dictation."""
_NO_TALK: Final = r"\Wa-z0-9_" + ALPHABET + "".join(re.findall(r"[^\W\da-zA-Z_]", _FILLER.pattern))
"""Characters of fillers and of numbers, and what is none."""
_MUCH_TALK: Final = re.compile(rf"(?:[{_NO_TALK}]*+[^{_NO_TALK}]){{{_CHATTER + 1}}}")


@dataclass
class _Said:
    """A run and what is known of it."""

    run: Run
    cue: Cue | None
    quantity: bool
    """A unit behind it, or part of a date, a time or a decimal."""
    kind: str | None = None
    valid: bool = False
    part: bool = False
    tail: bool = False


class _Turn:
    """One turn's numbers."""

    said: Sequence[_Said] = ()

    def __init__(self, text: TurnText, cues: TurnCues) -> None:
        self.text = text
        self.cues = cues

    @lazy
    def dictation(self) -> bool:
        """Hardly anything but digits and small words."""
        text, rest, at = self.text.normal, [], 0
        # The quick look first: most turns are sentences, and taking numbers and fillers out of one takes its time.
        if _MUCH_TALK.match(text):
            return False
        for run in runs_in(text):
            rest.append(text[at : run.start])
            at = run.end
        return len(_FILLER.sub("", "".join([*rest, text[at:]]))) <= _CHATTER


def numbers(call: CallText, cues: Sequence[TurnCues]) -> Iterator[Entity]:
    """The personal numbers of a call."""
    several = {text.turn_position for text in call.turns_with(SEVERAL)}
    several.update(text.turn_position for text in call.latin if NUMBER_WORDS.search(text.normal))
    prepared = {position: _prepared(call.turns[position], cues[position]) for position in several}
    last = max((position for position, turn in prepared.items() if turn.said), default=-1)
    # What is said behind the last number changes nothing.
    turns = [prepared.get(at) or _Turn(call.turns[at], cues[at]) for at in range(last + 1)]
    asked: dict[str, int] = {}
    for turn in turns:
        if turn.said:
            turn.said = [part for said in turn.said for part in _card_and_code(said, asked)]
        for said in turn.said:
            _judge(said, turn, tuple(asked))
        asked = _open_questions(asked, turn)
    _join_pieces(turns)
    _read_back(turns)
    for turn in turns:
        for s in turn.said:
            if s.kind is not None:
                yield _entity(s)


def _entity(said: _Said) -> Entity:
    run = said.run
    return Entity(
        type="code" if said.kind == STANDING else said.kind or "",
        turn=run.turn,
        start=run.start,
        end=run.end,
        value=run.digits,
        valid=said.valid,
        part=said.part,
        tail=said.tail,
        told=not said.tail and said.kind != STANDING,
    )


def _prepared(text: TurnText, cues: TurnCues) -> _Turn:
    """A turn with its numbers, but for amounts and counts."""
    turn = _Turn(text, cues)
    long_enough = list(runs_in(text.normal, text.turn_position, _SHORTEST_PIECE))  # few are: 三天, 两个
    if not long_enough:
        return turn
    blocked = [m.span() for m in _STRUCTURED.finditer(text.normal)]
    starts = [a for a, _ in blocked]
    kept = []
    for whole in long_enough:
        for run in _separated(whole):
            if "*" in text.normal[max(0, run.start - 1) : run.end + 1]:
                continue
            money = _MONEY.match(text.normal, run.end) is not None or (
                _MONEY_BEFORE.search(text.normal[max(0, run.start - 2) : run.start]) is not None
            )
            at = bisect_right(starts, run.start) - 1
            written = at >= 0 and run.end <= blocked[at][1]
            quantity = money or written or _UNIT.match(text.normal, run.end) is not None
            if quantity and len(run.digits) < _NO_QUANTITY and (money or _certain(run.digits) is None):
                continue
            kept.append(_Said(run, _nearest(cues, run), quantity))
    turn.said = kept
    return turn


def _nearest(cues: TurnCues, run: Run) -> Cue | None:
    return cues.before(run.start) or cues.behind(run.end)


def _separated(run: Run) -> Iterator[Run]:
    """Complete numbers out of a run that holds several, and what is left between them."""
    if len(run.digits) <= 11 or _certain(run.digits):
        yield run
        return
    groups = run.groups
    rest: list[Token] = []
    i = 0
    while i < len(groups):
        tokens: list[Token] = []
        for group in groups[i : i + _WINDOW]:
            tokens.extend(group)
            if len(tokens) < len(run.tokens) and _certain("".join(t.digits for t in tokens)):
                break
        else:
            rest.extend(groups[i])
            i += 1
            continue
        if rest:
            yield run.sub(tuple(rest))
            rest = []
        found = run.sub(tuple(tokens))
        yield found
        while i < len(groups) and groups[i][-1].end <= found.end:
            i += 1
    if rest:
        yield run.sub(tuple(rest))


def _card_and_code(said: _Said, asked: Mapping[str, int]) -> list[_Said]:
    """A card number and the security code behind it, where both were asked for."""
    if not {"cvv", "bank_card"} <= asked.keys() or len(said.run.groups) < 2:
        return [said]
    groups = said.run.groups
    code = groups[-1]
    card = said.run.tokens[: -len(code)]
    lengths = (sum(len(t.digits) for t in card), sum(len(t.digits) for t in code))
    if (
        lengths[0] < _CARD_BEFORE
        or lengths[1] not in _CODE_BEHIND
        or (len(groups) > 2 and sum(lengths) in _CARD_LENGTHS)
    ):
        return [said]
    return [replace(said, run=said.run.sub(card)), _Said(said.run.sub(code), None, False, "cvv")]


def _north_american(run: Run) -> str | None:
    """`phone` or `service` for a number written 202-555-0178, with or without a 1 in front."""
    lengths = tuple(sum(len(t.digits) for t in group) for group in run.groups)
    if lengths not in ((3, 3, 4), (1, 3, 3, 4)) or (len(lengths) == 4 and run.digits[0] != "1"):
        return None
    return "service" if run.digits[-10:-7] in _TOLL_FREE else "phone"


def _certain(digits: str) -> str | None:
    if len(digits) < _SHORTEST_CERTAIN:
        return None
    if valid_identity(digits):
        return "id_card"
    if is_mobile(digits):
        return "phone"
    if valid_card(digits) and not (len(digits) in (17, 18) and looks_like_identity(digits)):
        return "bank_card"
    return None


def _judge(said: _Said, turn: _Turn, asked: Sequence[str]) -> None:
    if said.kind is not None:
        return
    digits = said.run.digits
    cue = said.cue.kind if said.cue else None
    certain = _certain(digits)
    if certain == "id_card":
        said.kind, said.valid = certain, True
        return
    american = _north_american(said.run)
    if american == "service":
        return
    if is_service_number(digits) and cue not in ("code", STANDING, "cvv", "id_card", "bank_card"):
        return
    if cue in (PARTIAL, TAIL) or (cue is None and _partial_behind(said, turn)):
        if len(digits) in _TAIL_LENGTHS:
            said.kind = _tail_of(said, turn, asked)
            said.tail = said.kind is not None
        return
    if cue == OTHER or (cue is None and asked and asked[-1] == OTHER):
        return
    if certain is not None:
        said.kind, said.valid = certain, True
        return
    if (is_landline(digits) or american) and cue in (None, "phone"):
        said.kind, said.valid = "phone", True
        return
    said.kind = _by_words(said, cue, asked)


def _partial_behind(said: _Said, turn: _Turn) -> bool:
    behind = turn.cues.behind(said.run.end)
    return behind is not None and behind.kind in (PARTIAL, TAIL)


def _tail_of(said: _Said, turn: _Turn, asked: Sequence[str]) -> str | None:
    """What the last digits are of: what is named before them or behind, or what was asked for; None: an "
    "order's."""
    cue = said.cue or turn.cues.behind(said.run.end)
    named = turn.cues.subject(cue) if cue else None
    if named is None:
        behind = turn.text.normal[said.run.end : said.run.end + _NAMED_BEHIND]
        named = "bank_card" if "卡" in behind else "phone" if re.search("手机|电话|号码", behind) else None
    if named is None:
        known = [kind.removeprefix(_TAIL_OF) for kind in asked if kind.removeprefix(_TAIL_OF) in _LENGTHS]
        named = known[-1] if known else "phone" if re.match("1[3-9]", said.run.digits) else "bank_card"
    return None if named == OTHER else named


def _by_words(said: _Said, cue: str | None, asked: Sequence[str]) -> str | None:
    digits = said.run.digits
    if cue == "phone" and _AREA_CODE.fullmatch(digits):
        return cue
    if cue is not None:
        return cue if _fits(cue, len(digits)) else _shaped(digits)
    if len(digits) >= _LONG_ALONE and looks_like_identity(digits):
        return "id_card"
    for kind in reversed(asked):
        if kind.startswith(_TAIL_OF) and len(digits) in _TAIL_LENGTHS:
            said.tail = True
            return kind.removeprefix(_TAIL_OF)
        if kind in _LENGTHS and len(digits) in _PREFERRED[kind]:
            return kind
    for kind in reversed(asked):
        if _fits(kind, len(digits)):
            return kind
    return _shaped(digits)


def _fits(kind: str, length: int) -> bool:
    low, high = _LENGTHS.get(kind, (1, 0))
    return low <= length <= high


def _open_questions(asked: dict[str, int], turn: _Turn) -> dict[str, int]:
    """Kind -> how long it is still waited for, the newest question last. Talk of something else wears them out."""
    if not asked and not turn.cues.all:
        return asked
    answered = {s.kind for s in turn.said if s.kind and len(s.run.digits) >= _COMPLETE.get(s.kind, 99)}
    worn = 1 if turn.dictation else 2
    left = {kind: life - worn for kind, life in asked.items() if kind not in answered and life > worn}
    for cue in turn.cues.all:
        kind = cue.kind
        if kind in (PARTIAL, TAIL):
            kind = _TAIL_OF + (turn.cues.subject(cue) or "bank_card")
        if kind not in answered and (kind in _LENGTHS or kind == OTHER or kind.startswith(_TAIL_OF)):
            left.pop(kind, None)
            left[kind] = _ASKED_LIFE
    return left


def _join_pieces(turns: Sequence[_Turn]) -> None:
    """Numbers that one party says in several turns while the other one nods or repeats."""
    chains: dict[str, list[_Said]] = {}
    wanted: list[str] = []
    if sum(_is_piece(s) for turn in turns for s in turn.said) < _FEWEST_PIECES:
        return
    for turn in turns:
        pieces = [s for s in turn.said if _is_piece(s)]
        speaker = turn.text.turn.speaker
        cues = [c.kind for c in turn.cues.all if c.kind in _LENGTHS]
        if not (pieces or cues or any(chains.values())) and len(wanted) <= 1:
            continue  # nothing to join and nothing to forget
        if turn.dictation and not cues:
            chains.setdefault(speaker, []).extend(pieces)
            continue
        # A sentence ends what was dictated, with its first digits, and may begin something with its last.
        if pieces and not cues and pieces[0].run.start <= _EDGE:
            chains.setdefault(speaker, []).append(pieces.pop(0))
        _close(chains, wanted)
        chains, wanted = {}, [*wanted[-1:], *cues]
        if pieces and len(turn.text.normal) - pieces[-1].run.end <= _EDGE:
            chains[speaker] = [pieces[-1]]
    _close(chains, wanted)


def _is_piece(said: _Said) -> bool:
    if said.quantity or len(said.run.digits) < _SHORTEST_PIECE:
        return False
    if said.kind is not None:
        return not said.valid and not said.tail and len(said.run.digits) < _COMPLETE.get(said.kind, 0)
    return said.cue is None or said.cue.kind not in (OTHER, PARTIAL, TAIL)


def _close(chains: dict[str, list[_Said]], wanted: Sequence[str]) -> None:
    for chain in chains.values():
        if all(s.kind for s in chain) or len({s.run.turn for s in chain}) < 2:
            continue
        digits = "".join(s.run.digits for s in chain)
        cue = chain[0].cue.kind if chain[0].cue else None
        likely = [k for k in (cue, *reversed(wanted), *(s.kind for s in chain)) if k and _fits(k, len(digits))]
        kind = _certain(digits) or (likely[0] if likely else _shaped(digits))
        if kind is not None:
            for said in chain:
                said.kind, said.part = kind, True


def _shaped(digits: str) -> str | None:
    if 10 <= len(digits) <= 12 and re.match("1[3-9]", digits):
        return "phone"
    if len(digits) < _LONG_ALONE:
        return None
    return "id_card" if looks_like_identity(digits) else "bank_card"


def _read_back(turns: Sequence[_Turn]) -> None:
    """Parts of a known number that are said again, by whomever, and long numbers that differ by a digit or two."""
    known: dict[str, tuple[str, int]] = {}
    certain: dict[str, str] = {}
    chains: dict[str, str] = {}
    for turn in turns:
        for said in turn.said:
            if said.kind is not None and len(known) < _KNOWN_NUMBERS:
                known.setdefault(said.run.digits, (said.kind, said.run.turn))
                if said.valid:
                    certain[said.run.digits] = said.kind
                if said.part:
                    chains[said.kind] = chains.get(said.kind, "") + said.run.digits
    known.update({digits[:64]: (kind, -1) for kind, digits in chains.items()})
    if not known:
        return
    for turn in turns:
        for said in turn.said:
            digits = said.run.digits
            if said.kind is not None and not said.valid and said.cue is None and len(digits) >= _LONG_ALONE:
                said.kind = next((kind for number, kind in certain.items() if _astray(digits, number)), said.kind)
            if said.kind is not None or said.quantity or (said.cue and said.cue.kind == OTHER):
                continue
            if len(digits) >= 5 or (len(digits) >= 3 and turn.dictation):
                said.kind = next(
                    (
                        kind
                        for number, (kind, at) in known.items()
                        if digits in number and (at != said.run.turn or len(digits) >= _SURE_ECHO)
                    ),
                    None,
                )
                said.part = said.kind is not None


def _astray(heard: str, number: str) -> bool:
    """Whether one of the two is the other with a digit or two left out."""
    short, long = sorted((heard, number), key=len)
    if not 0 < len(long) - len(short) <= _DIGITS_ASTRAY:
        return False
    rest = iter(long)
    return all(digit in rest for digit in short)
