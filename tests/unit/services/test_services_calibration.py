"""Calibration: blind while it runs, plain once it is closed."""

from collections.abc import Callable

import pytest
from coaching_kit import REVIEWER, SECOND, THIRD, taken
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sklearn.metrics import cohen_kappa_score

from qa.core.agreement import krippendorff, majority
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.finding import Check, Outcome, Severity
from qa.core.messages import message
from qa.core.people import Job, Person
from qa.core.result import Analysis, Result, RunStatus
from qa.i18n import LOCALES, label_in
from qa.services import Services
from qa.services.calibration import OVERALL, NewRound, RoundView
from qa.services.calibration.service import _items, _kappa
from qa.services.work import Worker

Make = Callable[..., Worker]
STRANGER = Person("zoe", "zoe", "Zoe", frozenset({Job.REVIEWER}))


def begun(services: Services, make_worker: Make, calls: int = 2, gold: str | None = None) -> RoundView:
    for seed in range(1, calls + 1):
        taken(services, make_worker, seed=seed)
    people = (REVIEWER.login, SECOND.login, THIRD.login)
    return services.calibration.create(THIRD, NewRound("November", people, gold, count=calls))


def judge(services: Services, view: RoundView, who: Person, value: str = "pass", mark: str = "3") -> None:
    for call in view.calls:
        blind = services.calibration.blind(who, view.id, call.recording_id)
        answers = {one.item: mark if one.item == OVERALL else value for one in blind.items}
        services.calibration.answer(who, view.id, call.recording_id, answers, {})


def test_a_judge_sees_words_and_questions_but_no_finding_and_no_personal_data(
    services: Services, make_worker: Make
) -> None:
    view = begun(services, make_worker)
    blind = services.calibration.blind(REVIEWER, view.id, view.calls[0].recording_id)
    assert {one.item for one in blind.items} > {OVERALL}
    assert all(one.answer is None for one in blind.items)
    assert "13800138000" not in repr(blind)
    assert "outcome" not in repr(blind)


def test_nobody_sees_what_others_said_before_the_round_is_closed(services: Services, make_worker: Make) -> None:
    view = begun(services, make_worker)
    judge(services, view, SECOND)
    blind = services.calibration.blind(REVIEWER, view.id, view.calls[0].recording_id)
    assert all(one.answer is None for one in blind.items)
    with pytest.raises(ConflictError, match="still_open"):
        services.calibration.outcomes(REVIEWER, view.id)


def test_agreement_and_disagreements_are_shown_once_it_is_closed(services: Services, make_worker: Make) -> None:
    view = begun(services, make_worker, gold=THIRD.login)
    judge(services, view, REVIEWER, "pass", "4")
    judge(services, view, SECOND, "fail", "2")
    judge(services, view, THIRD, "pass", "4")
    services.calibration.close(THIRD, view.id)
    outcomes = services.calibration.outcomes(REVIEWER, view.id)
    assert {one.person: one.same == one.of for one in outcomes.people} == {"rita": True, "sven": False}
    assert all(one.unanimous == 0 for one in outcomes.items)
    worst = outcomes.disagreements[0]
    assert worst.answers.keys() == {"rita", "sven", "tara"}
    assert worst.gold in ("pass", "4")
    assert [one.same for one in services.calibration.drift(THIRD) if one.person == "sven"] == [0]


def test_a_closed_round_changes_no_more(services: Services, make_worker: Make) -> None:
    view = begun(services, make_worker, calls=1)
    services.calibration.close(THIRD, view.id)
    with pytest.raises(ConflictError, match="closed"):
        judge(services, view, REVIEWER)
    with pytest.raises(ConflictError, match="closed"):
        services.calibration.close(THIRD, view.id)


def test_who_is_not_asked_sees_nothing(services: Services, make_worker: Make) -> None:
    view = begun(services, make_worker, calls=1)
    assert services.calibration.rounds(STRANGER) == ()
    with pytest.raises(NotFoundError):
        services.calibration.blind(STRANGER, view.id, view.calls[0].recording_id)
    with pytest.raises(ForbiddenError):
        services.calibration.create(REVIEWER, NewRound("x", ("a", "b")))


def test_every_question_wants_an_answer_that_is_one(services: Services, make_worker: Make) -> None:
    view = begun(services, make_worker, calls=1)
    call = view.calls[0].recording_id
    with pytest.raises(BadOptionError, match="answers_missing"):
        services.calibration.answer(REVIEWER, view.id, call, {OVERALL: "3"}, {})
    items = {one.item: "pass" for one in services.calibration.blind(REVIEWER, view.id, call).items}
    with pytest.raises(BadOptionError, match="bad_answer"):
        services.calibration.answer(REVIEWER, view.id, call, items, {})


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewRound(" ", ("a", "b")), "name_needed"),
        (NewRound("x", ("a",)), "people_needed"),
        (NewRound("x", ("a", "b"), "c"), "gold_not_one_of_them"),
        (NewRound("x", ("a", "b"), count=0), "calls_needed"),
        (NewRound("x", ("a", "b")), "no_calls"),
    ],
)
def test_a_round_set_up_wrongly_is_refused_with_what_is_wrong(
    services: Services, new: NewRound, code: str
) -> None:
    with pytest.raises(BadOptionError, match=code):
        services.calibration.create(THIRD, new)


# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C: twelve units, with gaps.
PAPER = [
    [1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [5, 5, 5], [1, 1], [3],
]  # fmt: skip


def test_alpha_is_that_of_the_paper() -> None:
    assert krippendorff(PAPER) == pytest.approx(0.743, abs=0.001)
    assert krippendorff(PAPER, (1, 2, 3, 4, 5)) == pytest.approx(0.815, abs=0.001)


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=2, max_size=4), min_size=1, max_size=20))
def test_alpha_is_one_only_where_all_agree(units: list[list[str]]) -> None:
    alpha = krippendorff(units)
    agreed = all(len(set(unit)) == 1 for unit in units)
    if alpha is None:
        assert len({value for unit in units for value in unit}) == 1
    else:
        assert (alpha == pytest.approx(1.0)) == agreed


def test_kappa_is_weighted_for_marks_and_says_nothing_without_variation() -> None:
    pairs = [("1", "1"), ("5", "4"), ("3", "3"), ("2", "5")]
    ours, gold = zip(*pairs, strict=True)
    expected = cohen_kappa_score(ours, gold, labels=list("12345"), weights="quadratic")
    assert _kappa(pairs, ordinal=True) == pytest.approx(expected)
    assert _kappa([("pass", "pass")], ordinal=False) is None


def test_a_majority_is_more_than_half() -> None:
    assert majority(["a", "a", "b"]) == "a"
    assert majority(["a", "b"]) is None
    assert majority([]) is None


def test_no_two_questions_read_the_same() -> None:
    def check(rule: str, family: str) -> Check:
        label = {"zh-Hans": "问候", "en": "Greeting"}
        return Check(rule, 1, family, label, Outcome.PASSED, message("rules.holds"), Severity.NOTICE)

    checks = (check("zh.a.greeting", "step"), check("zh.b.greeting", "step"), check("zh.c.greeting", "rude"))
    result = Result("0" * 64, "a.wav", RunStatus.DONE, None, analysis=Analysis(checks, (), None, {}))
    items = _items(result)
    for locale in LOCALES:
        told = [label_in(label, locale) for label in items.values()]
        assert len(set(told)) == len(told) == 4
        assert told[:2] == [f"{label_in(checks[0].label, locale)} · zh.{pack}.greeting" for pack in "ab"]
    assert _items(replace(result, analysis=Analysis(checks[:1], (), None, {})))["zh.a.greeting"] == checks[0].label
