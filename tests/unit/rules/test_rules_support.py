"""A finding that a second hearing did not bear out costs no points and fails no item."""

from msgspec.structs import replace

from qa.core.finding import Check, Outcome, Support
from qa.core.roles import Role
from qa.core.scorecard import ItemResult, ScorecardResult
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text
from qa.rules.score import refill

PACK = """
id: zh.t
terms:
  - {id: promise, patterns: [保本], family: forbidden, severity: critical}
  - {id: sure-win, patterns: [稳赚不赔], family: forbidden, severity: critical}
scorecards:
  - id: card
    sections:
      - id: all
        items:
          - {id: each, check: 'family:forbidden', points: 10, per_finding: 4}
          - {id: promise, check: promise, points: 10}
          - {id: sure-win, check: sure-win, points: 10, veto: critical}
"""
BOOK = build([from_text("zh/t", PACK)])


def items(unsupported: set[str]) -> dict[str, ItemResult]:
    analysis = BOOK.analyse(from_example(["坐席：这个稳赚不赔。", "坐席：我们保本。"], Role.AGENT), CallContext())

    def doubted(check: Check) -> Check:
        findings = tuple(
            replace(f, support=Support.UNSUPPORTED if f.rule in unsupported else Support.CONFIRMED)
            for f in check.findings
        )
        return replace(check, findings=findings)

    card = analysis.scorecard
    assert isinstance(card, ScorecardResult)
    refilled = refill(card, [doubted(c) for c in analysis.checks], {})
    return {i.item: i for s in refilled.sections for i in s.items}


def test_only_findings_that_stand_cost_points() -> None:
    both = items(set())
    assert (both["each"].points, both["sure-win"].veto) == (2, True)
    one = items({"zh.t.sure-win"})
    assert (one["each"].points, one["each"].outcome) == (6, Outcome.FAILED)
    assert (one["promise"].outcome, one["promise"].points) == (Outcome.FAILED, 0)


def test_an_item_on_a_term_that_does_not_stand_is_unknown_and_vetoes_nothing() -> None:
    item = items({"zh.t.sure-win"})["sure-win"]
    assert (item.outcome, item.points, item.veto) == (Outcome.UNKNOWN, None, False)


def test_an_unknown_check_leaves_open_only_the_terms_it_rests_on() -> None:
    analysis = BOOK.analyse(from_example(["坐席：这个稳赚不赔。"], Role.AGENT), CallContext())
    card = analysis.scorecard
    assert isinstance(card, ScorecardResult)
    [check] = [c for c in analysis.checks if c.family == "forbidden"]
    unheard = tuple(replace(f, support=Support.UNSUPPORTED) for f in check.findings)
    for findings, promise in ((unheard, Outcome.PASSED), ((), Outcome.UNKNOWN)):
        left = refill(card, [replace(check, outcome=Outcome.UNKNOWN, findings=findings)], {})
        outcomes = {i.item: i.outcome for s in left.sections for i in s.items}
        assert (outcomes["promise"], outcomes["sure-win"]) == (promise, Outcome.UNKNOWN)
