"""When a term does not mean what it says: a small grammar of excuses.

Each production is a function that looks at one hit in its surroundings (`Site`) and returns the words that excuse
it, or nothing. A term chooses by name which of them it grants (`unless`).

    negated       不承诺 保本 / 保本的基金 是没有的        denied, before or behind, an odd number of times
    disowned      我没说 你傻                          an insult denied; no other denial excuses one
    quoted        如果有人跟您说 保本 / 您说的 保本        somebody else's words
    warned        别信 稳赚不赔 / 承诺保本 是违规的        warned against
    asked         是不是 保本 / 保本吗                  a question, unless a rhetorical one
    hypothetical  要是 保本，谁都买了                   the if-clause, never the clause that follows from it
    conditional   只要持有到期就 保本                   under a condition
    corrected     保本，不对，说错了                    taken back in the same breath

The texts are match forms with one mark for each clause boundary: `,` `.` `?` `、`, and a blank for a pause.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from qa.core.lazy import lazy
from qa.core.roles import Role
from qa.lexicon import context_words as w
from qa.lexicon import english as e
from qa.text.calltext import TurnText
from qa.text.normalise import fold

REACH: Final = 200
"""Characters on either side of a hit in which its excuse is looked for. No sentence is as long; where a recogniser
leaves out all stops, a hit must not cost as much as the turn is long."""
CUT: Final = "_"
"""Stands where the look behind a hit ends before the turn does, so that nothing there passes for the end."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a hit does not count."""

    name: str
    cue: str
    """The words that say so, for explanations."""


class Site:
    """A hit and what surrounds it."""

    def __init__(self, turn: TurnText, start: int, end: int, pattern: str = "") -> None:
        marked = turn.marked
        self._pattern = pattern
        self.role: Role = turn.turn.role
        first, last = turn.marked_offset(start), turn.marked_offset(end - 1) + 1
        self.hit = marked[first:last]
        self._turn, self._start, self._end = turn, start, end
        self._before = marked[max(0, first - REACH) : first].replace(" ", "")
        self._after = marked[last : last + REACH].replace(" ", "")
        if last + REACH < len(marked):
            self._after += CUT

    @lazy
    def english(self) -> bool:
        """Whether the hit is in English."""
        return self.hit[:1].isascii() and self.hit[:1].isalpha()

    @lazy
    def english_before(self) -> str:
        """What stands before a hit in English, words apart; nothing before any other."""
        first = self._turn.span(self._start, self._end)[0]
        return e.FILLER.sub("", self._turn.normal[max(0, first - REACH) : first]) if self.english else ""

    @lazy
    def english_after(self) -> str:
        """What stands behind a hit in English, words apart; nothing behind any other."""
        last = self._turn.span(self._start, self._end)[1]
        return self._turn.normal[last : last + REACH] if self.english else ""

    @lazy
    def sentence_before(self) -> str:
        """From the start of the sentence to the hit; 吗 ends one as a mark does."""
        return w.SENTENCE_START.split(self._before)[-1]

    @lazy
    def clause_before(self) -> str:
        """From the last comma to the hit; a list (保本、保息) is one clause."""
        return self.sentence_before.rsplit(",", 1)[-1]

    @lazy
    def previous_clause(self) -> str:
        """The clause before the hit's in the same sentence."""
        parts = self.sentence_before.split(",")
        return parts[-2] if len(parts) > 1 else ""

    @lazy
    def after(self) -> str:
        """What follows the hit in the turn."""
        return self._after

    @lazy
    def sentence_after(self) -> str:
        """From the hit to the end of the sentence, its mark included."""
        found = w.SENTENCE_END.search(self._after)
        return self._after[: found.end()] if found else self._after

    @lazy
    def clause_after(self) -> str:
        """From the hit to the next comma or mark, the mark included."""
        found = w.CLAUSE_END.search(self._after)
        return self._after[: found.end()] if found else self._after

    @lazy
    def neutral_before(self) -> str:
        """`clause_before` without the words that hold a negator and negate nothing (不错, 是不是, 这不是…吗)."""
        before, handing = self.clause_before, w.found_at_start(w.HANDING, self.hit) or ""
        blotted = w.blot(w.PSEUDO_NEGATION, before + handing)[: len(before)]
        if self._asks:
            blotted = w.blot(w.NOT_IS, blotted)
        return blotted[:-2] + "__" if self.straddled and not self._inside else blotted

    @lazy
    def straddled(self) -> str | None:
        """An A-not-A of which the hit holds the second A: 保不|保本, 会|不会亏, 需要|不需要填."""
        before, hit = self.clause_before, self.hit
        if before[-1:] in w.SPLITTERS and before[-2:-1] == hit[:1] != "":
            return before[-2:] + hit[0]
        if hit[:1] in w.SPLITTERS:
            for size in (2, 1):
                verb, twice = before[-size:], before[-size - 1 : -size] in w.SPLITTERS  # 不会，不会亏
                if len(verb) == size and not twice and hit.startswith(verb, 1):
                    return verb + hit[: size + 1]
        return self._inside

    @lazy
    def _inside(self) -> str | None:
        """An A-not-A inside the hit whose A fell into a gap of the pattern: 告知…不要填 in 告知|要|不要填."""
        whole = w.found(w.WHOLE_A_NOT_A, self.hit) if "…" in self._pattern or "{" in self._pattern else None
        if whole is None:
            return None
        not_a = re.escape(whole[1:3])
        return whole if re.search(rf"(?:…|\}})(?:\((?:[^()]*\|)?)?{not_a}", fold(self._pattern)) else None

    @lazy
    def negative_half(self) -> bool:
        """Whether the hit is the not-A of an A-not-A: 有|没有风险."""
        return self.straddled is not None and (self.hit[:1] in w.SPLITTERS or self._inside is not None)

    @lazy
    def affirms(self) -> bool:
        """Whether a denial affirms: 不是…吗, 能不…吗, 不是…我能推荐给您吗, 这不是…是什么."""
        before = w.blot(w.WHOLE_A_NOT_A, self.clause_before)
        if self.denied_at_once:
            return False
        if self._asks and (shown := w.NOT_IS.search(before)):
            return not _negators_before(before[shown.end() :], self.hit)
        if self._asks and w.CANNOT_BUT.search(before) and not self.straddled:
            return True
        return bool(w.DENIED_FOR_SHOW.search(before) and w.VOUCHED.match(self.sentence_after))

    @lazy
    def denied_at_once(self) -> bool:
        """Whether the hit is asked, and the speaker himself says no: 这不就是|稳赚不赔|吗？不是的."""
        if not self._asks:
            return False
        asked_until = len(self.clause_after)
        return w.DENIED_AT_ONCE.match(self._after[asked_until:]) is not None

    @lazy
    def first_half(self) -> str | None:
        """The not-A of an A-not-A of which the hit is the A: 保本|不保本."""
        behind = self._after[: len(self.hit) + 1]
        return behind if behind[:1] in w.SPLITTERS and behind[1:] == self.hit else None

    @lazy
    def _asks(self) -> bool:
        return w.ENDS_IN_PARTICLE.search(self.clause_after) is not None


def negated(site: Site) -> Excuse | None:
    """Denied before it, behind it, or in a list that was denied as a whole."""
    if site.affirms:
        return None
    cue = _negator_before(site.neutral_before, site.hit) or w.found(w.RESTRICTED, site.sentence_before)
    if cue is None and _listed(site):
        cue = w.found(w.DENIED_COMMITMENT, w.blot(w.PSEUDO_NEGATION, site.previous_clause))
    if cue is None and site.english:
        denied = (
            _denied_saying(site)
            or e.DENIED.search(site.english_before)
            or e.DENIED_BEHIND.match(site.english_after)
        )
        cue = _named_group(denied)
    if cue is None:
        cue = _negator_behind(site) or _sorted(site) or _unrelated(site) or _of_others(site)
    return Excuse("negated", cue) if cue else None


def _denied_saying(site: Site) -> re.Match[str] | None:
    return e.DENIED_SAYING.search(site.english_before)


def _named_group(match: re.Match[str] | None) -> str | None:
    """The words of the one named group that took part."""
    return match[match.lastgroup] if match and match.lastgroup else None


def _sorted(site: Site) -> str | None:
    """Some are and some are not, which promises nothing: 有的保本，有的不保本."""
    there = w.SORTING.search(site.clause_before)
    behind = w.SORTED.match(site.sentence_after) if there else None
    return there.group() if there and behind and behind["again"].startswith(site.hit[:2]) else None


def _unrelated(site: Site) -> str | None:
    """Named only to say that the thing has nothing to do with it: 跟保本没有关系."""
    if not w.UNRELATED_BEFORE.search(site.clause_before):
        return None
    behind = w.UNRELATED_BEHIND.match(site.sentence_after)
    return behind.group().lstrip(",") if behind else None


def _of_others(site: Site) -> str | None:
    """Said of others, of whom the listener is none: 坐牢|那是针对恶意透支的，您这个情况不是."""
    behind = w.OF_OTHERS_BEHIND.match(site.sentence_after)
    if behind is None and not w.OF_OTHERS.search(site.clause_before):
        return None
    there = w.NOT_YOU.match(site.sentence_after, behind.end() if behind else 0)
    return there.group().lstrip(",") if there else None


def _listed(site: Site) -> bool:
    """Whether the hit goes on with a list that the clause before it began: 不承诺保息，保本."""
    link = w.LIST_LINK.fullmatch(site.clause_before)
    return link is not None and (link.group() != "" or w.LISTED.match(site.after) is not None)


def _negator_before(text: str, hit: str) -> str | None:
    """The negator before the hit whose scope reaches it; None where there is none or a doubled one."""
    reaching = _negators_before(text, hit)
    if not reaching:
        return None
    last = reaching[-1]
    if w.METALINGUISTIC.search(text[reaching[0].start() : last.start()]):
        return reaching[0].group()
    if w.DOUBLED.search(text[: last.start()]) and not w.RELATING.match(last.group()):
        return None
    return last.group()


def _negators_before(text: str, hit: str) -> list[re.Match[str]]:
    return [m for m in w.NEGATOR.finditer(text) if w.in_scope(m, text, hit)]


def by_denying(site: Site) -> bool:
    """Whether a hit that counts is said by denying: 怎么可能不保本, 没有不保本的, 不保本我能推荐给您吗."""
    return site.affirms or bool(_negators_before(site.neutral_before, site.hit))


def disowned(site: Site) -> Excuse | None:
    """Denied by a word that stands with the insult itself (我没说你傻, 不会让您自己看着办), or said of somebody
    else (骗子真不要脸). Anything else that is denied in the sentence (不能退，傻子) is no excuse.
    """
    if site.affirms:
        return None
    if of_others := w.ABOUT_OTHERS.search(site.clause_before):
        return Excuse("disowned", of_others.group())
    text = site.neutral_before
    for negator in (*w.NEGATOR.finditer(text), *w.DENIED_BY_ASKING.finditer(text)):
        said = negator.group().endswith(("说", "讲", "骂"))  # 没说|你 denies it, 不|你 does not
        if w.DISOWNING.fullmatch(text[negator.end() - said :]):
            return Excuse("disowned", negator.group())
    denied = _named_group(_denied_saying(site))
    return Excuse("disowned", denied) if denied else None


def _negator_behind(site: Site) -> str | None:
    text = w.blot(w.PSEUDO_NEGATION_BEHIND, site.sentence_after)
    found = w.DENIED_BEHIND.match(text)
    return found.group("cue") if found else None


def quoted(site: Site) -> Excuse | None:
    """Somebody else's words, unless the speaker makes them his own (您说的保本，没错)."""
    if site.affirms:
        return None
    if (others := e.QUOTED.search(site.english_before)) is not None:
        own = e.ENDORSED.match(site.english_after) or e.OFFERED.match(site.english_after)
        return None if own else Excuse("quoted", others.group().strip())
    before = site.sentence_before[-w.QUOTE_REACH :]
    cue = w.found(w.REPORTED, before)
    if cue is not None and w.OWN_WORDS.search(cue):
        cue = None
    cue = cue or w.found(w.SO_CALLED, before) or w.found(w.THAT_LINE, before)
    if cue is None and w.RETOLD_ASKED.fullmatch(site.sentence_after):
        cue = w.found(w.RETOLD, site.sentence_before)
    if cue is None and w.SAID_SO.search(site.clause_before):
        cue = w.found_at_start(w.DISAPPROVED, site.sentence_after)
    if cue is None:
        said = w.YOU_SAID.search(before)
        if said and not w.OFFERED.match(site.sentence_after):
            cue = said.group()
    if cue is None:
        cue = w.found_at_start(w.AS_WORDS, site.sentence_after)
    if cue is None or w.ENDORSED.match(site.after):
        return None
    return Excuse("quoted", cue)


def warned(site: Site) -> Excuse | None:
    """Warned against, before or behind."""
    before = site.sentence_before[-w.QUOTE_REACH :]
    cue = w.found(e.BEWARE, site.english_before) or _named_group(e.CONDEMNED.match(site.english_after))
    cue = cue or w.found(w.BEWARE_BEFORE, before)
    if cue is None:
        behind = w.CONDEMNED.match(site.sentence_after[: w.WARN_REACH])
        if behind is None and site.sentence_after != site.after:
            rest = site.after[len(site.sentence_after) :]
            behind = w.CONDEMNED_NEXT.match(rest[: w.WARN_REACH])
        cue = behind.group("cue") if behind and not w.OTHERS_CONDEMNED.search(behind.group()) else None
    if cue is None and w.BAITED.search(before):
        refused = w.BAIT_REFUSED.match(site.sentence_after)
        cue = refused.group("cue") if refused else None
    return Excuse("warned", cue) if cue else None


def asked(site: Site) -> Excuse | None:
    """A question about it. A rhetorical one, or one that only wants assent (明白吗), is none."""
    if site.affirms or (w.RHETORICAL.search(site.clause_before) and not site.denied_at_once):
        return None
    agent = site.role is not Role.CUSTOMER
    if agent and (w.TAG_BEHIND.match(site.clause_after) or e.RHETORICAL.search(site.english_before)):
        return None
    if e.STATED.match(site.english_after):
        return None
    cue = (
        w.found(e.ASKED, site.english_before)
        or site.straddled
        or site.first_half
        or w.found(w.A_NOT_A, site.clause_before)
        or w.found(w.WH_BEFORE, site.clause_before)
    )
    if cue is None:
        cue = w.found(w.QUESTION_END, site.clause_after) or w.found_at_start(w.ASKED_BEHIND, site.sentence_after)
    if cue is None and not agent:
        cue = w.found(w.CUSTOMER_QUESTION_END, site.clause_after) or w.found_at_start(e.TAGGED, site.english_after)
        cue = cue or w.found(w.A_NOT_A, site.hit) or w.found_at_start(w.CUSTOMER_ASKED_BEHIND, site.sentence_after)
    return Excuse("asked", cue) if cue else None


def hypothetical(site: Site) -> Excuse | None:
    """In an if-clause that something follows from; what follows from it is a promise like any other."""
    wish = w.WISHED.search(site.clause_before) if w.IF_BEHIND.match(site.sentence_after) else None
    if wish is not None and not w.OFFERED.match(site.sentence_after):
        return Excuse("hypothetical", wish.group())
    if (supposed := e.IF.search(site.english_before)) is not None:
        return None if e.OFFERED.match(site.english_after) else Excuse("hypothetical", supposed.group().strip())
    found = w.IF.search(site.clause_before)
    if found is None or site.affirms:
        return None
    between = site.clause_before[found.end() :]
    if w.APODOSIS.search(between, w.APODOSIS_FROM):
        return None
    rest = site.sentence_after.strip(",.?")
    return Excuse("hypothetical", found.group()) if len(rest) >= w.CONSEQUENCE_CHARS else None


def conditional(site: Site) -> Excuse | None:
    """Under a condition that the sentence states."""
    cue = w.found(w.CONDITION, site.sentence_before)
    return Excuse("conditional", cue) if cue else None


def corrected(site: Site) -> Excuse | None:
    """Taken back in the same breath."""
    cue = w.found(w.TAKEN_BACK, site.after[: w.CORRECTION_REACH]) or _named_group(
        e.CORRECTED.match(site.english_after)
    )
    return Excuse("corrected", cue) if cue else None


PRODUCTIONS: Final[dict[str, Callable[[Site], Excuse | None]]] = {
    "negated": negated,
    "disowned": disowned,
    "quoted": quoted,
    "warned": warned,
    "asked": asked,
    "hypothetical": hypothetical,
    "conditional": conditional,
    "corrected": corrected,
}


def excuse(site: Site, granted: Iterable[str]) -> Excuse | None:
    """The first of the granted excuses that holds."""
    for name in granted:
        result = PRODUCTIONS[name](site)
        if result is not None:
            return result
    return None


def named(site: Site) -> Excuse | None:
    """A person's name, which excuses every term: 张|保本|先生."""
    if len(site.hit) > w.NAME_CHARS or not w.SURNAME.search(site.clause_before):
        return None
    title = w.found_at_start(w.ADDRESSED, site.clause_after)
    return Excuse("named", title) if title else None


def titled(site: Site) -> Excuse | None:
    """The name of a thing, which excuses every term that has a severity: 店名叫|全网最低价|折扣店."""
    begun = w.found(w.NAME_GIVEN, site.clause_before)
    if begun is None and w.NAME_BEGUN.search(site.clause_before):
        begun = w.found_at_start(w.NUMBERED, site.clause_after)
    return Excuse("named", begun) if begun else None


def half_question(site: Site) -> Excuse | None:
    """The second half of an A-not-A, which excuses every term: nobody says 不填 who asks 填不填."""
    return Excuse("asked", site.straddled) if site.straddled else None
