"""A rule book: all loaded packs, compiled, and what they say of a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from qa.core.finding import Check, Finding
from qa.core.result import Analysis
from qa.core.scorecard import ScorecardResult
from qa.core.transcript import Transcript
from qa.lexicon.lexicon import CompiledTerm, Lexicon, Scan
from qa.lexicon.schema import Applies
from qa.rules import flows, offences, personal, score, single
from qa.rules.call import CallContext
from qa.rules.evaluate import Evaluation
from qa.rules.names import Names
from qa.rules.schema import Condition, Flow, Rule, Scorecard
from qa.text.calltext import CallText


@dataclass(frozen=True)
class Placed:
    """Where something was written, for references and applicability."""

    pack: str
    """`zh.finance`."""
    file: str
    """Id of the file."""
    language: str
    label: Mapping[str, str]
    applies: tuple[Applies, ...]
    conditions: Mapping[str, Condition]


@dataclass(frozen=True)
class PlacedRule:
    """A rule and where it stands."""

    id: str
    place: Placed
    rule: Rule


@dataclass(frozen=True)
class PlacedFlow:
    """A flow and where it stands."""

    id: str
    place: Placed
    flow: Flow


@dataclass(frozen=True)
class PlacedCard:
    """A scorecard and where it stands."""

    id: str
    place: Placed
    card: Scorecard


@dataclass(frozen=True)
class RuleBook:
    """Immutable, to be shared between threads; built by `qa.rules.loader.load_packs`."""

    terms: tuple[CompiledTerm, ...]
    rules: tuple[PlacedRule, ...]
    flows: tuple[PlacedFlow, ...]
    cards: tuple[PlacedCard, ...]
    files: Mapping[str, Placed]
    versions: Mapping[str, int]
    """File id -> version."""
    fingerprint: str
    """Changes when anything that can change a result changes: packs, their versions, the engine itself."""
    inline: Mapping[int, str] = field(default_factory=dict)
    """`id()` of a `says` with patterns on the spot -> its term."""

    @cached_property
    def lexicon(self) -> Lexicon:
        """All terms, compiled."""
        return Lexicon(self.terms)

    @cached_property
    def offence_groups(self) -> offences.Groups:
        """The checks that terms with a severity make up."""
        return offences.groups_of(self)

    @cached_property
    def terms_by_id(self) -> Mapping[str, CompiledTerm]:
        """Qualified id -> term."""
        return {t.id: t for t in self.terms}

    @cached_property
    def names(self) -> Mapping[str, Names]:
        """Pack -> what references in it stand for."""
        terms: dict[str, list[str]] = {}
        for term in self.terms:
            terms.setdefault(term.file, []).append(term.id)
            terms.setdefault(f"family:{term.family}", []).append(term.id)
        table = {k: tuple(v) for k, v in terms.items()} | {t.id: (t.id,) for t in self.terms}
        # Terms without a label are called as their first pattern is written.
        labels = {name: f.label for name, f in self.files.items() if name not in f.label.values()}
        labels |= {t.id: t.label for t in self.terms if t.match.patterns[0] not in t.label.values()}
        return {f.pack: Names(table, labels, f.pack) for f in self.files.values()}

    def analyse(self, transcript: Transcript, context: CallContext) -> Analysis:
        """What all packs say of a call. Pure: the same call and context give the same analysis."""
        call = CallText(transcript)
        scan = self.lexicon.scan(call)
        return self.judge(call, scan, context)

    def judge(self, call: CallText, scan: Scan, context: CallContext) -> Analysis:
        """`analyse` for a call that was prepared and scanned before."""
        if context.ask is not None:
            context = replace(context, ask=cache(context.ask))  # one question, one answer, however often it is put
        checks: list[Check] = offences.checks(self, call, scan, context)
        checks += [
            single.check(r.id, r.rule, r.place, self.evaluation(call, scan, context, r.place)) for r in self.rules
        ]
        for f in self.flows:
            on = self.evaluation(call, scan, context, f.place)
            checks += flows.checks(f.id, f.flow, f.place, on)
        checks += personal.checks(call)
        findings = sorted((f for c in checks for f in c.findings), key=_when)
        return Analysis(
            tuple(checks), tuple(findings), self._score(checks, call, scan, context), dict(self.versions)
        )

    def evaluation(self, call: CallText, scan: Scan, context: CallContext, place: Placed) -> Evaluation:
        """A fresh evaluation of conditions that were written in `place`."""
        return Evaluation(
            call=call,
            scan=scan,
            context=context,
            names=self.names[place.pack],
            inline=self.inline,
            named=place.conditions,
        )

    def _score(
        self, checks: Sequence[Check], call: CallText, scan: Scan, context: CallContext
    ) -> ScorecardResult | None:
        cards = [c for c in self.cards if score.applies(c.card, c.place, call.transcript, context)]
        chosen = next((c for c in cards if c.id == context.scorecard), cards[0] if cards else None)
        if chosen is None:
            return None
        on = self.evaluation(call, scan, context, chosen.place)
        return score.fill(chosen.id, chosen.card, chosen.place, checks, on, self)


def _when(finding: Finding) -> tuple[float, str]:
    return (finding.evidence[0].start if finding.evidence else float("inf")), finding.rule
