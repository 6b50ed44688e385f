"""How turns answer each other: a customer asks "是不是肯定不会亏" and the agent says "对".

The answer is read from how the next turn of the agent begins. A question in the negative (不会亏吧) is affirmed by
不会 as well as by 对, as Chinese answers go; and whatever the agent goes on to say may take it back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qa.lexicon import english
from qa.lexicon.context_words import WHOLE_A_NOT_A, blot, rx
from qa.text.calltext import TurnText

MAX_TURNS_BETWEEN: Final = 1
"""Turns of others (a backchannel, a hold announcement) that may come between question and answer."""

_FILLER: Final = (
    "(?:(?:在[的呢]?[,.]|嗯|呃|啊|哎|诶|哦|那|那个|这个|哈|先生|女士|姐|哥|大哥|大姐|阿姨|叔叔)[,.]?)*"
)
_SURELY: Final = "(?:肯定|绝对|当然|1定|真的?|确实|根本|压根儿?|那|完全|都|我|我们|咱们|你?放心吧?[,.]?)*"
_PARTICLE: Final = "(?:的|啊|呀|哦|呢|了|嘛|啦|喽|咯|哟)*"
_END: Final = "(?=[,.?]|$)"

_YES: Final = rx(
    _FILLER + r"(?P<cue>"
    "对(?!不|于|比|方|了|账|面|接|你|我|他|这个(问题|情况))[的啊呀呢哦]?|"
    "是(?!这样|不是|否|指|什么|谁|哪|由|根据|按|因为|有|说|1|您|你|我|的?话|需|要|个|存|浮|非)的?[啊呀呢]?|"
    "(?<!嗯)系(?!统|列|数|咪|唔)[啊呀嘅]?|冇错|"
    "没错|当然(?!不|没|了?[,.]?(不|没))|肯定(?!不|没|要|有风险)|那?必须的?|那可不(?!行|能|可以|是|对|好|敢|一定)|就是(这样|的|啊|嘛|这么)|可不是|"
    "(可以|能)这[么样](说|讲|理解|认为)|"
    "真的(真的)?(?!不|有)|是真的|我?(敢|能|可以)?(向你|跟你|给你)?(确定|保证|承诺)(的|啊|,|[.]|$)|百分之?百|百分百|绝对(?!不|没)|1定(?!的?风险|会有)|没问题|你?(就|尽管|完全)?(可以)?放[1百]?百?个?心(?!不)|"
    "你(说|理解|讲)[的得]?(很)?(对|没错|是对的)|妥妥的|稳的|包的|嗯(?=[,.](对|是的|没错))|"
    "是这样子?(的|啊|呀|哦)*(?=[.]?$)|嗯嗯+(?=[.]?$)"
    ")"
)
_VERB_AS_YES: Final = rx(
    _FILLER + rf"(?P<cue>{_SURELY}(可以|能|敢|有|会|保|要|包)(保的|做到的?)?{_PARTICLE}{_END})"
)
"""The verb of the question said again; after a question in the negative (不会亏吧) it contradicts."""
_NO_AS_YES: Final = rx(
    _FILLER + rf"(?P<cue>{_SURELY}(?P<no>不会|不可能|没可能|没有|不存在|不用(?:说|讲|填|写|告知|看|管)?|"
    r"不要(?:填|写|说)?|别(?:填|写|说|提|报|讲)?|不|没)"
    rf"(?:{_PARTICLE}[,、]?(?P=no))?(?:这种事)?{_PARTICLE}(?:{_END}|(?=你?放心|肯定|绝对))"
    rf"|(?:怎么(?:会|可能|能)|哪(?:能|会)){_PARTICLE}{_END})"
)
"""The no that agrees with a question in the negative, and its rhetorical figure (怎么会呢)."""
_GRANTED: Final = rx(_FILLER + rf"(?P<cue>{_SURELY}(行|可以|成|能|没事|没关系|没问题|好){_PARTICLE}{_END})")
_MAY_I: Final = rx("^[^,.?]{0,4}(行|可以|成|能|没事|没关系|没问题)(的)?(吗|吧|么|嘛|不|啊|\\?|[.]|$)")
"""The question asks for leave, whatever else it says: 不填也行吧."""
_DARED: Final = rx("(能|敢|可以)(保证|承诺|说|确定|肯定|担保)[^,.?]{0,6}$")
"""The question is whether the other can say so, and the verb of that answers it: 敢保证零风险吗 / 敢."""
_DARES: Final = rx("(能|敢|可以)(给|跟|向|对)?(我|我们|大家)?$")
_VOUCHES: Final = rx("保证|承诺|担保|打包票")
"""The same where the term begins with what is dared: 敢|保证不亏 / 敢."""
_NEGATIVE: Final = rx("^(?!不[^不没]{1,6}(会|就|要|得)).*?(不会|不可能|不能|没有|没|不用|不|零|0|无)")
"""A question in the negative; not one whose condition alone is (不换套餐会停机吗)."""
_GONE: Final = rx("(就|都|可|快|马上|真|是不是)(要)?没(有|了|$)")
"""Said of what may be gone: only 没有 and 没了 agree with 就没有这个价了吗, 不会 says that it is still there."""
_STILL_THERE: Final = rx(_FILLER + rf"{_SURELY}(不会|不可能|怎么会|哪会|哪能)")
_NOT: Final = rx("不会|不可能|不能|没有|不用|不要|不需要|没|不|零|0|无")
_ASSURING: Final = rx("^(肯定|绝对|当然|1定|完全|都)+")
"""What the one who asks may put before it and who contradicts him leaves out: 肯定不会亏吧 / 不，会亏的."""
_RETRACTS: Final = rx(
    "不能(这么|这样)(说|讲|理解)|不(保|承诺|保证|能保证|能承诺|能给你|敢保证|排除|1定)",
    "没(有)?办法(保证|承诺)|无法(保证|承诺)|没法(保证|承诺)",
    "(?<!没)(?<!不会)(?<!不存在)(有|存在|具有)(1定|亏|损失|本金|1些|投资|市场)?(的)?(亏损|风险|损失|可能)",
    "(?<!不)可能(会)?(亏|损|跌|赔)|(?<!不)会有(波动|亏|风险)|也(会)?有[^,.?]{0,12}(可能|风险|概率)",
    "[,.]but|isnot|isn'?t|cannot|can'?t|canlose|couldlose|depends|however|atrisk|不是(百分之?百|绝对|保|说)|浮动|以合同|以实际|以银行|谨慎|不代表|要看|取决于|不好说|不1定|未必",
    "(有|会)(涨|赚|盈)(也)?(有|会)(跌|亏|赔)|(亏|跌|赔)(的|了)(时候|情况|年份|风险|可能)",
)
_AFTER_YES: Final = 60
"""Characters of the answer in which it can be taken back."""

_STATED: Final = rx(
    "(你们?(确定|保证|肯定|敢说|敢保证|能保证|说的?是)|真的(是)?|听说|广告(上|里)?说|意思就?是|"
    "那就是|也就是|就是说|就等于|等于|这么说|那么说|那是|所以|这(个|款)?(产品)?(就)?是)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The agent's words that make the question's content his own."""

    turn: TurnText
    start: int
    end: int
    """Squeezed offsets of the answering words."""


def expects_answer(question: TurnText, start: int, asked: bool) -> bool:
    """Whether a hit in the other party's turn waits for a yes or no: asked, or inferred (那就是保本了)."""
    if asked or english.INFERRED.search(question.normal[: question.span(start, start + 1)[0]]):
        return True
    marked = question.marked[: question.marked_offset(start)]
    return bool(_STATED.search(marked[-12:]))


@dataclass(frozen=True, slots=True)
class Question:
    """What one party asked of the other."""

    turn: TurnText
    start: int
    end: int
    """Squeezed offsets of the words in question."""
    negative_half: bool
    """They are the not-A of an A-not-A (有|没有风险): 有 and 是的 answer the other half."""

    @property
    def words(self) -> str:
        """The words in question."""
        return self.turn.squeezed[self.start : self.end]

    @property
    def head(self) -> str:
        """What stands before them."""
        return self.turn.marked[: self.turn.marked_offset(self.start)]

    @property
    def tail(self) -> str:
        """What stands behind them."""
        return self.turn.marked[self.turn.marked_offset(self.end - 1) + 1 :].replace(" ", "")


def reply(turns: Sequence[TurnText], question: TurnText, end: int) -> TurnText | None:
    """The turn of the other role that answers a question whose words end at a squeezed offset, if one does."""
    if len(question.squeezed) - end > _QUESTION_TAIL[question.squeezed[end - 1].isascii()]:
        return None
    asker, index = question.turn.role, question.turn_position
    for turn in turns[index + 1 : index + 2 + MAX_TURNS_BETWEEN]:
        if turn.turn.role is asker.other:
            return turn
        if turn.turn.role is asker and len(turn.squeezed) > _BACKCHANNEL:
            return None
    return None


_QUESTION_TAIL: Final = {False: 14, True: 30}
"""More text than this behind the hit, and the answer is one to something else; in Latin letters, more."""

_BACKCHANNEL: Final = 3


def affirmation(turn: TurnText, asked: Question) -> Answer | None:
    """The answer to a question in a turn behind it, if it is a yes."""
    marked = turn.marked.replace(" ", "")
    found = _agreement(marked, asked)
    if found is None or _RETRACTS.search(marked[found.end("cue") : found.end("cue") + _AFTER_YES]):
        return None
    start, end = found.span("cue")
    marks = sum(c in ",.?、" for c in marked[:start])
    inside = sum(c in ",.?、" for c in marked[start:end])
    return Answer(turn, start - marks, end - marks - inside)


def _agreement(answer: str, asked: Question) -> re.Match[str] | None:
    """The words at the start of `answer` that make the words in question the speaker's own."""
    if asked.negative_half:
        return _NO_AS_YES.match(answer)
    words = asked.words
    negative = _NEGATIVE.search(blot(WHOLE_A_NOT_A, words)) is not None
    if _GONE.search(words) and _STILL_THERE.match(answer):
        return None
    agreeing = english.YES_TO_NEGATIVE if english.NEGATIVE.match(words) else english.YES
    found = _YES.match(answer) or agreeing.match(answer)
    if words.isascii():  # no verb is a set of letters: "I see" says nothing of "risk free"
        return found
    if found is None and _MAY_I.match(asked.tail):
        found = _GRANTED.match(answer)
    elif found is None:
        found = (_NO_AS_YES if negative else _VERB_AS_YES).match(answer)
    if found is None and (_DARED.search(asked.head) or (_DARES.search(asked.head) and _VOUCHES.match(words))):
        found = _VERB_AS_YES.match(answer)
    if found is None and words not in answer:  # else the grammar judges what is said there by itself
        found = _again(words, negative, answer)
    if found is not None and negative and _contrary(words).match(answer, found.end("cue")):
        return None
    return found


def _again(words: str, negative: bool, answer: str) -> re.Match[str] | None:
    """The words of the question in the answer: its verb alone, or all of them with something between."""
    found = _verb(words, negative, answer)
    if found is None and len(words) >= _ECHO_CHARS:
        found = _echo(words).match(answer[:_ECHO_REACH])
    return found


_ECHO_CHARS: Final = 4
_ECHO_REACH: Final = 24
_NO_VERB: Final = frozenset("不没的了我你他这那是个吗吧")
_AFTER_VERB: Final = frozenset("的啊呀哦呢了嘛吧呗啦")
_FEW_WORDS: Final = rx(
    _FILLER + rf"(?P<cue>(我们?|咱们?)?{_SURELY}(?P<said>[^的啊呀哦呢了嘛,.?][^,.?]{{0,5}}){_END})"
)


def _verb(words: str, negative: bool, answer: str) -> re.Match[str] | None:
    """A verb of the question and nothing else, or how it ends: 亏了你赔吗 / 我们赔的, 跟存款一个样不 / 一个样.
    Of a question in the negative only an end with the negation in it: 跟存款没区别吧 / 没区别.
    """
    found = _FEW_WORDS.match(answer)
    if found is None:
        return None
    said = found["said"]
    echoed = len(said) > 1 and words.endswith(said)
    if negative:
        return found if echoed and _NOT.match(said) else None
    return found if echoed or set(said) <= set(words) - _NO_VERB | _AFTER_VERB else None


@lru_cache(maxsize=4096)
def _contrary(words: str) -> re.Pattern[str]:
    """What contradicts a question in the negative although a yes stands before it: 不填也行吧 / 一定|要填."""
    positive = re.escape(_ASSURING.sub("", _NOT.sub("", words)))
    return rx(
        rf"[,]?[^不没非未,.?]{{0,4}}(要|得|必须|需要|应该|会|有|可能)(?:[^不没,.?]{{0,4}}?{positive}|{_PARTICLE}{_END})"
    )


@lru_cache(maxsize=4096)
def _echo(words: str) -> re.Pattern[str]:
    """The words of the question said again with something between them: 本金有保障吗 / 本金肯定是有保障的."""
    spread = "[^不没非未,.?]{0,3}?".join(map(re.escape, words))
    return rx(rf"{_FILLER}[^不没非未,.?]{{0,6}}(?P<cue>{spread})")
