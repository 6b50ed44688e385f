"""Precision and recall of what the rules say, by tag family.

**Offences** (`forbidden`, `rude`, `complaint`, `pii`). The unit is the reference turn: one tagged `forbidden:X`
is found when a finding of the family `forbidden`, of the turn's role, overlaps it in time; several tags of a
family on one turn count once, and so do several findings on it. Every finding of the family that meets no such
turn is a false one. For `pii` the role does not matter: a number is personal whoever reads it out.

**Steps.** The unit is a step of a call. It was done where an agent's turn carries its tag; it is found where a
check of that step passed on evidence that overlaps such a turn. A check that passed with no such turn in the
call, or on other evidence only, is a false one.

A check whose outcome is unknown says nothing, neither do its findings; shadow rules are left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from qa.core.base import Record
from qa.core.finding import Check, Finding, Outcome
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.core.transcript import Span
from qa.evaluate.coverage import any_overlap, overlaps
from qa.evaluate.truth import TruthTurn

OFFENCES: Final = ("forbidden", "rude", "complaint", "pii")
STEPS: Final = "steps"
FAMILIES: Final = ("forbidden", "rude", "complaint", STEPS, "pii")

STEP_TAGS: Final[Mapping[str, frozenset[str]]] = {
    "greeting": frozenset({"greeting"}),
    "recording_notice": frozenset({"recording_notice"}),
    "identity": frozenset({"identity_check", "identity_verified"}),
    "risk_disclosure": frozenset({"risk_disclosure"}),
    "closing": frozenset({"closing"}),
}
"""Step -> the tags on an agent's turn that mean it was done."""


class Counts(Record, frozen=True):
    """True and false finds of one family."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float | None:
        """Share of what was said that is so; None where nothing was said."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        """Share of what is so that was said; None where there was nothing to find."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


class FamilyResult(Record, frozen=True):
    """The counts of one family in one call, and what they are made of, for a person to look at."""

    counts: Counts
    missed: tuple[str, ...] = ()
    """Reference turns (`turn id: text`) or steps that were not found."""
    false: tuple[str, ...] = ()
    """Rule and quote of each false find."""


def judge(turns: Sequence[TruthTurn], analysis: Analysis | None) -> dict[str, FamilyResult]:
    """Compare an analysis with the tags of a call, family by family. No analysis finds nothing."""
    checks = analysis.checks if analysis else ()
    findings = told(analysis) if analysis else []
    judged = {family: _offences(family, turns, [f for f in findings if f.family == family]) for family in OFFENCES}
    judged[STEPS] = _steps(turns, checks)
    return {family: judged[family] for family in FAMILIES}


def step_of(rule: str) -> str | None:
    """The step a rule id stands for: its last part that names one, e.g. `zh.common.recording-notice`."""
    for part in reversed(rule.replace("-", "_").split(".")):
        for step in STEP_TAGS:
            if part == step or part.startswith(f"{step}_") or (step == "identity" and part.startswith("identity")):
                return step
    return None


def told(analysis: Analysis) -> list[Finding]:
    """The findings that are really said: of no check that is unknown, of no rule on trial."""
    unsaid = [f for c in analysis.checks if c.outcome is Outcome.UNKNOWN for f in c.findings]
    return [f for f in analysis.findings if not f.shadow and f not in unsaid]


def _offences(family: str, turns: Sequence[TruthTurn], findings: Sequence[Finding]) -> FamilyResult:
    tagged = [t for t in turns if any(tag.startswith(f"{family}:") for tag in t.tags)]

    def meets(finding: Finding, turn: TruthTurn) -> bool:
        right_role = family == "pii" or finding.role is turn.role
        return right_role and any_overlap(turn.span, _spans(finding))

    missed = [t for t in tagged if not any(meets(f, t) for f in findings)]
    false = [f for f in findings if not any(meets(f, t) for t in tagged)]
    return FamilyResult(
        Counts(tp=len(tagged) - len(missed), fp=len(false), fn=len(missed)),
        missed=tuple(f"{t.id}: {t.text}" for t in missed),
        false=tuple(f"{f.rule}: {'；'.join(e.quote for e in f.evidence)}" for f in false),
    )


def _steps(turns: Sequence[TruthTurn], checks: Iterable[Check]) -> FamilyResult:
    passed = [(step_of(c.rule), c) for c in checks if c.outcome is Outcome.PASSED and not c.shadow]
    counts, missed, false = Counts(), [], []
    for step, tags in STEP_TAGS.items():
        done = [t for t in turns if t.role is Role.AGENT and tags & set(t.tags)]
        said = [c for s, c in passed if s == step]
        found = any(overlaps(t.span, Span(e.start, e.end)) for t in done for c in said for e in c.evidence)
        counts += Counts(tp=int(found), fp=int(bool(said) and not found), fn=int(bool(done) and not found))
        if done and not found:
            missed.append(step)
        if said and not found:
            false.append(f"{said[0].rule}: {'；'.join(e.quote for e in said[0].evidence)}")
    return FamilyResult(counts, tuple(missed), tuple(false))


def _spans(finding: Finding) -> list[Span]:
    return [Span(e.start, e.end) for e in finding.evidence]
