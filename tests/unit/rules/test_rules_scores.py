# ruff: noqa: E501 - one case of a table stays on one line
"""What an item of a scorecard gives in every case, and what sections and cards make of it."""

import msgspec
import pytest

from qa.core.finding import Check, Outcome, Severity, Support
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.core.scorecard import ItemAnswer, ItemResult, ScorecardResult
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text
from qa.rules.score import refill

PASSED, FAILED, UNKNOWN, NOT_APPLICABLE = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE

TERMS = """
id: zh.t
terms:
  - {id: promise, patterns: [保本], family: forbidden, severity: critical}
  - {id: hurry, patterns: [名额有限], family: forbidden, severity: warning}
  - {id: secret, patterns: [偷偷说], family: forbidden, severity: warning, shadow: true}
  - {id: rude, patterns: [烦不烦], family: rude, severity: warning}
  - {id: hello, patterns: [您好]}
  - {id: bye, patterns: [再见]}
rules:
  - {id: greets, require: {says: hello}}
  - {id: quiet, forbid: {silence: {}}}
  - {id: tried, shadow: true, forbid: {says: hello}}
  - {id: abroad, applies: {languages: [en]}, require: {says: hello}}
flows:
  - {id: f, steps: [{id: hello, says: hello}, {id: bye, says: bye}]}
"""


def card_of(items: str, *lines: str, extra: str = "") -> ScorecardResult:
    analysis = analyse(
        f"scorecards:\n  - {{id: card, version: 7, sections: [{{id: s, items: [{items}]}}{extra}]}}\n", *lines
    )
    assert analysis.scorecard is not None
    return analysis.scorecard


def analyse(cards: str, *lines: str, **context: object) -> Analysis:
    call = from_example(list(lines) or ["坐席：您好"], Role.AGENT)
    return build([from_text("zh/t", TERMS + cards)]).analyse(call, CallContext(**context))  # type: ignore[arg-type]


def item_of(item: str, *lines: str) -> ItemResult:
    return card_of(f"{{id: i, {item}}}", *lines).sections[0].items[0]


@pytest.mark.parametrize(
    ("item", "lines", "outcome", "points"),
    [
        ("check: greets", ["您好"], PASSED, 10),
        ("check: greets", ["喂"], FAILED, 0),
        ("check: greets, points: 4", ["您好"], PASSED, 4),
        ("check: zh.t.greets", ["喂"], FAILED, 0),
        ("check: quiet", ["您好"], UNKNOWN, None),
        ("check: abroad", ["您好"], NOT_APPLICABLE, None),
        ("check: tried", ["您好"], NOT_APPLICABLE, None),  # a rule on trial counts for nobody
        ("check: [greets, quiet]", ["喂"], FAILED, 0),
        ("check: [greets, quiet]", ["您好"], UNKNOWN, None),
        ("check: [quiet, greets]", ["喂"], FAILED, 0),
        ("check: [greets, abroad]", ["您好"], PASSED, 10),
        ("check: f", ["您好"], FAILED, 0),
        ("check: f", ["您好", "再见"], PASSED, 10),
        ("check: f.hello", ["您好"], PASSED, 10),
        ("check: f.bye", ["您好"], FAILED, 0),
        ("check: promise", ["名额有限"], PASSED, 10),  # the check fails by another term
        ("check: promise", ["保本"], FAILED, 0),
        ("check: hurry", ["保本"], PASSED, 10),
        ("check: zh.t.hurry", ["名额有限"], FAILED, 0),
        ("check: secret", ["偷偷说"], PASSED, 10),
        ("check: zh.t.forbidden", ["名额有限"], FAILED, 0),
        ("check: 'family:rude'", ["烦不烦"], FAILED, 0),
        ("check: 'family:rude'", ["保本"], PASSED, 10),
        ("check: 'family:nothing'", ["保本"], NOT_APPLICABLE, None),
        ("check: pii", ["您好"], PASSED, 10),
        # so much a finding, and never below nought
        ("check: 'family:rude', per_finding: 3", ["烦不烦"], FAILED, 7),
        ("check: 'family:rude', per_finding: 3", ["烦不烦", "烦不烦"], FAILED, 4),
        ("check: 'family:rude', per_finding: 6", ["烦不烦", "烦不烦"], FAILED, 0),
        ("check: 'family:rude', per_finding: 3, points: 20", ["烦不烦", "烦不烦"], FAILED, 14),
        ("check: [promise, hurry], per_finding: 3", ["保本，名额有限"], FAILED, 4),
        ("check: 'family:forbidden', per_finding: 3", ["保本，偷偷说"], FAILED, 7),
        # only where its condition holds
        ("check: greets, when: {says: bye}", ["再见"], FAILED, 0),
        ("check: greets, when: {says: bye}", ["喂"], NOT_APPLICABLE, None),
        ("check: greets, when: {silence: {}}", ["喂"], UNKNOWN, None),
    ],
)  # fmt: skip
def test_an_item_goes_by_the_worst_of_its_checks(
    item: str, lines: list[str], outcome: Outcome, points: float | None
) -> None:
    made = item_of(item, *lines)
    assert (made.outcome, made.points, made.veto, made.manual) == (outcome, points, False, False)


@pytest.mark.parametrize(
    ("item", "lines", "code"),
    [
        ("check: greets", ["喂"], "rules.not_said"),
        ("check: promise", ["名额有限"], "rules.no_terms_found"),
        ("check: promise", ["保本"], "rules.said"),
        ("check: quiet", ["您好"], "rules.not_measured"),
        ("check: abroad", ["您好"], "rules.other_language"),
        ("check: tried", ["您好"], "rules.no_such_check"),
        ("manual: true", ["您好"], "rules.waits_for_person"),
        ("check: greets, when: {says: bye}", ["喂"], "rules.not_said"),
        ("check: greets, when: {silence: {}}", ["喂"], "rules.not_measured"),
    ],
)
def test_an_item_says_why(item: str, lines: list[str], code: str) -> None:
    assert item_of(item, *lines).reason.code == code


@pytest.mark.parametrize(
    ("veto", "lines", "vetoed"),
    [
        ("true", ["名额有限"], True),
        ("true", ["您好"], False),
        ("critical", ["名额有限"], False),
        ("critical", ["保本"], True),
        ("critical", ["名额有限", "保本"], True),
        ("false", ["保本"], False),
    ],
)
def test_a_veto_takes_all_points_and_the_whole_card(veto: str, lines: list[str], vetoed: bool) -> None:
    items = f"{{id: g, check: greets}}, {{id: v, check: 'family:forbidden', per_finding: 1, veto: {veto}}}, {{id: w, check: f.hello, veto: true}}"
    card = card_of(items, "您好", *lines)
    made = card.sections[0].items[1]
    assert made.veto is vetoed
    assert (card.vetoed_by, card.score == 0) == (("v", True) if vetoed else (None, False))
    if vetoed:
        assert made.points == 0
    assert (card.card, card.card_version) == ("zh.t.card", 7)


def test_the_first_item_that_vetoes_is_named() -> None:
    items = "{id: a, check: greets, veto: true}, {id: b, check: f.bye, veto: true}"
    assert card_of(items, "喂").vetoed_by == "a"


def test_points_become_shares_of_the_whole_by_weight() -> None:
    items = "{id: a, check: greets, points: 1}, {id: b, check: f.bye, points: 2}, {id: m, manual: true, points: 50}, {id: q, check: quiet, points: 50}"
    extra = ", {id: t, weight: 0.5, label: {en: T}, items: [{id: c, check: greets, label: 问候}]}, {id: u, weight: 9, items: [{id: d, manual: true}]}"
    card = card_of(items, "您好", extra=extra)
    assert [(s.section, s.weight, s.score) for s in card.sections] == [
        ("s", 1, 33.33),
        ("t", 0.5, 100),
        ("u", 9, None),
    ]
    assert card.score == 55.55  # (33.33 + 50) / 1.5
    assert [i.maximum for i in card.sections[0].items] == [1, 2, 50, 50]
    assert (card.sections[0].label, card.sections[1].label) == ({"zh-Hans": "s"}, {"en": "T"})
    assert (card.sections[1].items[0].label, card.sections[0].items[0].label) == (
        {"zh-Hans": "问候"},
        {"zh-Hans": "a"},
    )


def test_a_card_without_anything_to_count_has_no_score() -> None:
    card = card_of("{id: m, manual: true}, {id: q, check: quiet}", "您好")
    assert (card.score, card.sections[0].score, card.vetoed_by) == (None, None, None)


def test_the_card_that_was_asked_for_is_filled_or_the_first_that_applies() -> None:
    card = "  - {id: %s, sections: [{id: s, items: [{id: i, check: greets}]}]%s}\n"
    cards = (
        "scorecards:\n"
        + card % ("en-only", ", applies: {languages: [en]}")
        + card % ("one", "")
        + card % ("two", "")
    )
    for wanted, got in (
        (None, "one"),
        ("zh.t.two", "two"),
        ("zh.t.one", "one"),
        ("zh.t.en-only", "one"),
        ("zh.t.gone", "one"),
    ):
        made = analyse(cards, scorecard=wanted).scorecard
        assert made is not None
        assert made.card == f"zh.t.{got}"
    assert analyse("").scorecard is None


ASKED = "{id: m, manual: true, points: 8}, {id: q, check: quiet, points: 8, veto: true}, {id: g, check: greets, points: 8}, {id: c, check: quiet, veto: critical}, {id: mv, manual: true, points: 8, veto: true}"


@pytest.mark.parametrize(
    ("item", "answer", "outcome", "points", "veto"),
    [
        ("m", ItemAnswer(PASSED), PASSED, 8, False),
        ("m", ItemAnswer(FAILED), FAILED, 0, False),
        ("m", ItemAnswer(PASSED, 5.5), PASSED, 5.5, False),
        ("m", ItemAnswer(FAILED, 3.0), FAILED, 3, False),
        ("m", ItemAnswer(PASSED, 99.0), PASSED, 8, False),
        ("m", ItemAnswer(PASSED, -1.0), PASSED, 0, False),
        ("m", ItemAnswer(NOT_APPLICABLE), NOT_APPLICABLE, None, False),
        ("m", ItemAnswer(NOT_APPLICABLE, 5.0), NOT_APPLICABLE, None, False),
        ("mv", ItemAnswer(PASSED), PASSED, 8, False),
        ("mv", ItemAnswer(FAILED), FAILED, 0, True),
        ("mv", ItemAnswer(NOT_APPLICABLE), NOT_APPLICABLE, None, False),
        ("q", ItemAnswer(PASSED), PASSED, 8, False),
        ("q", ItemAnswer(FAILED), FAILED, 0, True),
        ("q", ItemAnswer(FAILED, 5.0), FAILED, 0, True),
        ("c", ItemAnswer(FAILED), FAILED, 0, False),
        ("g", ItemAnswer(FAILED), PASSED, 8, False),  # what a check has decided is not asked
    ],
)
def test_a_person_answers_what_the_checks_left_open(
    item: str, answer: ItemAnswer, outcome: Outcome, points: float | None, veto: bool
) -> None:
    analysis = analyse(f"scorecards:\n  - {{id: card, sections: [{{id: s, items: [{ASKED}]}}]}}\n")
    assert analysis.scorecard is not None
    again = refill(analysis.scorecard, analysis.checks, {item: answer})
    made = next(i for i in again.sections[0].items if i.item == item)
    assert (made.outcome, made.points, made.veto) == (outcome, points, veto)
    assert made.reason.code == ("rules.holds" if item == "g" else "rules.answered_by_person")
    assert (again.vetoed_by == item) is veto
    assert again.card == analysis.scorecard.card


def test_a_card_filled_again_without_any_change_is_the_same() -> None:
    analysis = analyse(
        f"scorecards:\n  - {{id: card, version: 3, sections: [{{id: s, weight: 2, items: [{ASKED}]}}]}}\n", "保本"
    )
    assert analysis.scorecard is not None
    assert refill(analysis.scorecard, analysis.checks, {}) == analysis.scorecard


@pytest.mark.parametrize(
    ("check", "doubted", "outcome", "points"),
    [
        ("promise", 0, FAILED, 0),
        ("promise", 1, FAILED, 0),
        ("promise", 2, UNKNOWN, None),
        ("'family:forbidden', per_finding: 4", 0, FAILED, 2),
        ("'family:forbidden', per_finding: 4", 1, FAILED, 6),
        ("'family:forbidden', per_finding: 4", 2, FAILED, 6),  # until somebody has judged the check itself
    ],
)
def test_findings_that_a_second_hearing_did_not_bear_out_cost_nothing(
    check: str, doubted: int, outcome: Outcome, points: float | None
) -> None:
    analysis = analyse(
        f"scorecards:\n  - {{id: card, sections: [{{id: s, items: [{{id: i, check: {check}}}]}}]}}\n",
        "保本",
        "保本",
    )
    assert analysis.scorecard is not None

    def heard_again(one: Check) -> Check:
        found = [
            msgspec.structs.replace(f, support=Support.UNSUPPORTED if n < doubted else Support.CONFIRMED)
            for n, f in enumerate(one.findings)
        ]
        return msgspec.structs.replace(one, findings=tuple(found))

    [made] = refill(analysis.scorecard, [heard_again(c) for c in analysis.checks], {}).sections[0].items
    assert (made.outcome, made.points) == (outcome, points)


def test_a_finding_that_is_only_a_warning_vetoes_no_card_for_critical_ones() -> None:
    analysis = analyse(
        "scorecards:\n  - {id: card, sections: [{id: s, items: [{id: i, check: promise, veto: critical}]}]}\n",
        "保本",
    )
    assert analysis.scorecard is not None
    assert analysis.scorecard.vetoed_by == "i"
    milder = [
        msgspec.structs.replace(
            c, findings=tuple(msgspec.structs.replace(f, severity=Severity.WARNING) for f in c.findings)
        )
        for c in analysis.checks
    ]
    assert refill(analysis.scorecard, milder, {}).vetoed_by is None
