"""What was found and is held against nobody: every doubt is kept, and an item goes by those of its own term."""

import pytest

from qa.core.finding import Check, Outcome
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.core.scorecard import ItemResult
from qa.core.transcript import Transcript, Turn, Word
from qa.rules.call import CallContext
from qa.rules.loader import build, from_text

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN

BOOK = build(
    [
        from_text(
            "zh/t",
            """
id: zh.t
terms:
  - {id: promise, patterns: [保本], family: forbidden, severity: critical}
  - {id: double, patterns: [保本保息], family: forbidden, severity: critical}
  - {id: hint, patterns: [保本保息的], family: forbidden, severity: notice}
  - {id: hurry, patterns: [名额有限], family: forbidden, severity: warning}
  - {id: secret, patterns: [偷偷说], family: forbidden, severity: warning, shadow: true}
rules:
  - {id: sober, forbid: {says: promise}}
  - {id: sells, require: {says: hurry}}
scorecards:
  - id: card
    sections:
      - id: s
        items:
          - {id: promise, check: promise}
          - {id: double, check: double}
          - {id: hurry, check: hurry}
          - {id: secret, check: secret}
""",
        )
    ]
)


def heard(*lines: str, partial: bool = False) -> Analysis:
    """A call of the agent's; what stands behind a `?` was recognised with too little certainty."""
    words = [
        Word(line.lstrip("?"), i, i + 0.9, 1.0, 0.1 if line[0] == "?" else 1.0) for i, line in enumerate(lines)
    ]
    turns = tuple(Turn(i, Role.AGENT, "ch0", 0, (word,), 1.0) for i, word in enumerate(words))
    return BOOK.analyse(Transcript("zh", 60.0, turns, partial=partial), CallContext())


def check_of(analysis: Analysis, rule: str) -> Check:
    return next(c for c in analysis.checks if c.rule == rule)


def doubts(*lines: str) -> list[tuple[str | None, list[tuple[int, str]], str]]:
    made = check_of(heard(*lines), "zh.t")
    return [(d.term, [(e.turn, e.quote) for e in d.evidence], d.reason.code) for d in made.doubts]


def item(name: str, *lines: str, partial: bool = False) -> ItemResult:
    card = heard(*lines, partial=partial).scorecard
    assert card is not None
    return next(i for i in card.sections[0].items if i.item == name)


def test_every_doubt_is_kept_with_its_term_place_and_reason() -> None:
    assert doubts("?保本", "您好", "?名额有限", "?保本，保本") == [
        ("zh.t.hurry", [(2, "名额有限")], "rules.low_trust"),
        ("zh.t.promise", [(0, "保本")], "rules.low_trust"),
        ("zh.t.promise", [(3, "保本"), (3, "保本")], "rules.low_trust"),
    ]
    assert doubts("保本") == doubts("您好") == doubts("?偷偷说") == []


def test_what_is_doubted_stands_beside_what_is_found() -> None:
    made = check_of(heard("保本", "?名额有限"), "zh.t")
    assert (made.outcome, [f.rule for f in made.findings]) == (FAILED, ["zh.t.promise"])
    assert [d.term for d in made.doubts] == ["zh.t.hurry"]


def test_an_unknown_check_says_its_first_doubt() -> None:
    made = check_of(heard("?保本", "?名额有限"), "zh.t")
    assert (made.outcome, made.reason) == (UNKNOWN, made.doubts[0].reason)


def test_a_doubt_inside_a_longer_one_that_is_no_milder_is_not_told_twice() -> None:
    assert [term for term, _, _ in doubts("?保本保息")] == ["zh.t.double"]
    assert [term for term, _, _ in doubts("?保本保息的")] == ["zh.t.double", "zh.t.hint"]
    assert check_of(heard("保本保息"), "zh.t").doubts == ()


@pytest.mark.parametrize(
    ("name", "lines", "outcome", "code"),
    [
        ("hurry", ["保本", "?名额有限"], UNKNOWN, "rules.low_trust"),
        ("promise", ["?保本", "名额有限"], UNKNOWN, "rules.low_trust"),
        ("promise", ["?保本", "保本"], FAILED, "rules.said"),
        ("promise", ["?名额有限"], PASSED, "rules.no_terms_found"),
        ("promise", ["名额有限"], PASSED, "rules.no_terms_found"),
        ("promise", ["?保本保息"], PASSED, "rules.no_terms_found"),
        ("secret", ["?偷偷说", "保本"], PASSED, "rules.no_terms_found"),
    ],
)
def test_an_item_of_one_term_goes_by_that_term(name: str, lines: list[str], outcome: Outcome, code: str) -> None:
    made = item(name, *lines)
    assert (made.outcome, made.reason.code) == (outcome, code)
    assert (made.points is None) is (outcome is UNKNOWN)


@pytest.mark.parametrize("lines", [["名额有限"], ["?名额有限"], ["您好"]])
def test_what_may_have_gone_unheard_leaves_the_items_of_all_terms_open(lines: list[str]) -> None:
    made = item("promise", *lines, partial=True)
    assert (made.outcome, made.reason.code) == (UNKNOWN, "rules.partial_audio")


def test_a_rule_keeps_what_it_found_and_doubts() -> None:
    for rule, line in (("zh.t.sober", "?保本"), ("zh.t.sells", "?名额有限")):
        made = check_of(heard(line), rule)
        assert (made.outcome, made.evidence, made.findings) == (UNKNOWN, (), ())
        [doubt] = made.doubts
        assert (doubt.reason, [e.quote for e in doubt.evidence]) == (made.reason, [line[1:]])
        assert check_of(heard(line[1:]), rule).doubts == check_of(heard("您好"), rule).doubts == ()


SILENT = build(
    [
        from_text(
            "zh/s",
            """
id: zh.s
terms: [{id: hello, patterns: [您好]}]
rules:
  - {id: must, severity: critical, require: {says: hello}}
  - {id: none, severity: critical, forbid: {none: [{says: hello}]}}
  - {id: wording, severity: critical, require: {similar: {text: 您好很高兴为您服务, at_least: 0.8}}}
  - {id: last, severity: critical, forbid: {ends_with: {role: agent}}}
  - {id: short, severity: critical, forbid: {turns: {below: 5}}}
flows: [{id: f, steps: [{id: hello, says: hello, severity: critical}]}]
""",
        )
    ]
)


UNSAID = {"zh.s.must", "zh.s.none", "zh.s.wording", "zh.s.f.hello"}


@pytest.mark.parametrize(
    ("said", "trust", "partial", "failed"),
    [
        ("", 1.0, False, {"zh.s.short"}),
        ("嗯嗯嗯嗯", 0.1, False, {"zh.s.short", "zh.s.last"}),
        ("好的您说", 1.0, True, {"zh.s.short"}),
        ("好的您说", 1.0, False, {"zh.s.short", "zh.s.last", *UNSAID}),
    ],
    ids=["no words", "no word that can be trusted", "a part of the call", "all of it"],
)
def test_nobody_is_blamed_for_leaving_unsaid_what_nobody_can_have_read(
    said: str, trust: float, partial: bool, failed: set[str]
) -> None:
    turns = (Turn(0, Role.AGENT, "a", 0, (Word(said, 0, 1, 1.0, trust),), 1.0),) if said else ()
    checks = SILENT.analyse(Transcript("zh", 60.0, turns, partial=partial), CallContext()).checks
    assert {c.rule for c in checks if c.outcome is FAILED} == failed
