"""How turns answer each other: a customer asks "是不是肯定不会亏" and the agent says "对".

The answer is read from how the next turn of the agent begins. A question in the negative (不会亏吧) is affirmed by
不会 as well as by 对, as Chinese answers go; and whatever the agent goes on to say may take it back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qa.lexicon.context_words import rx
from qa.text.calltext import TurnText

MAX_TURNS_BETWEEN: Final = 1
"""Turns of others (a backchannel, a hold announcement) that may come between question and answer."""

_FILLER: Final = "(?:(?:嗯|呃|啊|哎|诶|哦|那|那个|这个|哈|先生|女士|姐|哥|大哥|大姐|阿姨|叔叔)[,.]?)*"

_YES: Final = rx(
    _FILLER + r"(?P<cue>"
    "对(?!不|于|比|方|了|账|面|接|你|我|他|这个(问题|情况))[的啊呀呢哦]?|"
    "是(?!这样|不是|否|指|什么|谁|哪|由|根据|按|因为|有|说|1|您|你|我|的?话|需|要|个|存|浮|非)的?[啊呀呢]?|"
    "没错|当然(?!不|没|了?[,.]?(不|没))|肯定(?!不|没|要|有风险)|那?必须的?|那可不(?!行|能|可以|是|对|好|敢|一定)|就是(这样|的|啊|嘛|这么)|可不是|"
    "(可以|能)这么(说|讲|理解|认为)|"
    "真的(真的)?(?!不|有)|是真的|我?(敢)?(确定|保证|承诺)(的|啊|,|[.]|$)|百分之?百|百分百|绝对(?!不|没)|1定(?!的?风险|会有)|没问题|你?(就|尽管|完全)?(可以)?放[1百]?百?个?心|"
    "你(说|理解|讲)的?(很)?(对|没错|是对的)|妥妥的|稳的|包的|嗯(?=[,.](对|是的|没错))"
    ")"
)
_VERB_AS_YES: Final = rx(
    _FILLER + r"(?P<cue>(肯定|绝对|当然|1定|那)?(可以|能|有|会|保|要|包)(的|啊|呀|哦|保的|做到的?)?(?=[,.]|$))"
)
"""The verb of the question said again; after a question in the negative (不会亏吧) it contradicts."""
_NO_AS_YES: Final = rx(
    _FILLER + r"(?P<cue>(肯定|绝对|当然|1定|那?完全|你?放心[,.]?)?"
    r"(不会|不可能|没有|不存在|不用(说|讲|填|写|告知|看|管)?|不|没)(的|啊|呀|了|哦|这种事)?"
    r"(?=[,.]|$|你?放心|肯定|绝对))"
)
_NEGATIVE_QUESTION: Final = rx("(不会|不可能|不能|没有|没|不用|不|零|0|无)")
_RETRACTS: Final = rx(
    "不能(这么|这样)(说|讲|理解)|不(保|承诺|保证|能保证|能承诺|能给你|敢保证|排除|1定)",
    "没(有)?办法(保证|承诺)|无法(保证|承诺)|没法(保证|承诺)",
    "(?<!没)(?<!不会)(?<!不存在)(有|存在|具有)(1定|亏|损失|本金|1些|投资|市场)?(的)?(亏损|风险|损失|可能)",
    "(?<!不)可能(会)?(亏|损|跌|赔)|(?<!不)会有(波动|亏|风险)",
    "不是(百分之?百|绝对|保|说)|浮动|以合同|以实际|以银行|谨慎|不代表|要看|取决于|不好说|不1定|未必",
)
_AFTER_YES: Final = 60
"""Characters of the answer in which it can be taken back."""

_STATED: Final = rx("(那就是|也就是|就是说|就等于|等于|这么说|那么说|意思是|那是|所以|这(个|款)?(产品)?(就)?是)")


@dataclass(frozen=True, slots=True)
class Answer:
    """The agent's words that make the question's content his own."""

    turn: TurnText
    start: int
    end: int
    """Squeezed offsets of the answering words."""


def expects_answer(question: TurnText, start: int, asked: bool) -> bool:
    """Whether a hit in the other party's turn waits for a yes or no: asked, or inferred (那就是保本了)."""
    if asked:
        return True
    marked = question.marked[: question.marked_offset(start)]
    return bool(_STATED.search(marked[-12:]))


def affirmation(turns: Sequence[TurnText], index: int, end: int, hit: str) -> Answer | None:
    """The other role's answer to the question in `turns[index]` whose hit ends at `end`, if it is a yes."""
    question = turns[index]
    remaining = len(question.squeezed) - end
    if remaining > _QUESTION_TAIL:
        return None
    asker = question.turn.role
    for turn in turns[index + 1 : index + 2 + MAX_TURNS_BETWEEN]:
        if turn.turn.role is asker.other:
            return _yes(turn, hit)
        if turn.turn.role is asker and len(turn.squeezed) > _BACKCHANNEL:
            return None
    return None


_QUESTION_TAIL: Final = 14
"""More text than this behind the hit, and the answer is one to something else."""

_BACKCHANNEL: Final = 3


def _yes(turn: TurnText, hit: str) -> Answer | None:
    marked = turn.marked.replace(" ", "")
    found = _YES.match(marked)
    if found is None:
        found = (_NO_AS_YES if _NEGATIVE_QUESTION.search(hit) else _VERB_AS_YES).match(marked)
    if found is None and len(hit) >= _ECHO_CHARS:
        found = _echo(hit).search(marked[:_ECHO_REACH])
    if found is None or _RETRACTS.search(marked[found.end("cue") : found.end("cue") + _AFTER_YES]):
        return None
    start, end = found.span("cue")
    marks = sum(c in ",.?、" for c in marked[:start])
    inside = sum(c in ",.?、" for c in marked[start:end])
    return Answer(turn, start - marks, end - marks - inside)


_ECHO_CHARS: Final = 4
_ECHO_REACH: Final = 24


@lru_cache(maxsize=4096)
def _echo(hit: str) -> re.Pattern[str]:
    """The words of the question said again with something between them: 本金有保障吗 / 本金肯定是有保障的."""
    return re.compile(r"^[^不没非未,.?]{0,6}(?P<cue>" + "[^不没非未,.?]{0,3}?".join(map(re.escape, hit)) + ")")
