"""What was found and is doubted: shown to the reviewer, and settled by a person alone."""

import pytest
from msgspec.structs import replace
from review_kit import PACK, Calls, person

from qa.core.finding import Outcome
from qa.core.result import Result
from qa.core.review import RejectReason, VerdictOutcome
from qa.db.reviews import Said
from qa.i18n import text
from qa.pipeline.context import RecordingInput
from qa.services.review import CheckView, ReviewView
from qa.services.review.closing import payload_of
from qa.web.render import environment

WANG = person("wang")
SAID = ("坐席：您好，有风险的，这个保本的", "客户：好", "坐席：也稳赚，稳赚")


@pytest.fixture
def held(calls: Calls) -> str:
    """A call with a promise, and with another of which the recogniser was not sure."""
    judge = calls.result

    def faint(source: RecordingInput) -> Result:
        spoken = calls.lines[source.name]
        unsure = tuple(replace(w, trust=0.2) for w in spoken.turns[2].words)
        turns = (*spoken.turns[:2], replace(spoken.turns[2], words=unsure), *spoken.turns[3:])
        calls.lines[source.name] = replace(spoken, turns=turns)
        return judge(source)

    calls.result = faint  # type: ignore[method-assign]
    made = calls.add(SAID)
    calls.services.review.queue.claim(WANG, made)
    return made


def check(view: ReviewView) -> CheckView:
    return next(c for c in view.checks if c.rule == "zh.t.forbidden")


def item(view: ReviewView, name: str) -> Outcome:
    assert view.human is not None
    return next(i.outcome for s in view.human.sections for i in s.items if i.item == name)


def reject(calls: Calls, held: str) -> None:
    flag = calls.flag(held, "zh.t.promise")
    calls.services.review.desk.judge(WANG, held, flag, VerdictOutcome.REJECTED, reason=RejectReason.CONTEXT)


def test_what_is_doubted_is_shown_beside_what_is_found(calls: Calls, held: str) -> None:
    view = calls.view(held)
    shown = check(view)
    assert (shown.outcome, shown.reason.code) == (Outcome.FAILED, "rules.terms_found")
    [doubt] = shown.doubts
    assert (doubt.term, [e.quote for e in doubt.evidence]) == ("zh.t.yield", ["稳赚", "稳赚"])
    assert (item(view, "promise"), item(view, "yield")) == (Outcome.FAILED, Outcome.UNKNOWN)


def test_the_page_of_a_call_says_every_reason_once(calls: Calls, held: str) -> None:
    shown = check(calls.view(held))
    twice = replace(shown, doubts=shown.doubts * 2)
    sentences = {"_": lambda code, **given: text(code, "en", **given)}
    ui = environment().get_template("parts/ui.html").make_module(sentences)
    told = {"review": calls.view(held), "locale": "en", "ui": ui, **sentences}
    module = environment().get_template("call/parts.html").make_module(told)
    page = str(module.step(twice))  # type: ignore[attr-defined]
    assert "1 found." in page
    assert page.count("too little certainty") == 1


def test_a_rejected_finding_leaves_a_check_with_doubts_open(calls: Calls, held: str) -> None:
    reject(calls, held)
    view = calls.view(held)
    shown = check(view)
    assert (shown.outcome, shown.reason.code, shown.answerable) == (Outcome.UNKNOWN, "rules.low_trust", True)
    assert (item(view, "promise"), item(view, "yield")) == (Outcome.PASSED, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("answer", "left", "rests_on", "of_yield"),
    [
        (Outcome.PASSED, 0, ["稳赚", "稳赚"], Outcome.PASSED),
        (Outcome.FAILED, 1, [], Outcome.UNKNOWN),  # the answer does not say which of its terms was said
    ],
)
def test_a_persons_answer_settles_what_was_doubted(
    calls: Calls, held: str, answer: Outcome, left: int, rests_on: list[str], of_yield: Outcome
) -> None:
    reject(calls, held)
    calls.services.review.desk.answer(WANG, held, "check", "zh.t.forbidden", answer)
    view = calls.view(held)
    assert (check(view).outcome, len(check(view).doubts)) == (answer, left)
    assert [e.quote for e in check(view).evidence] == rests_on
    assert (item(view, "promise"), item(view, "yield")) == (Outcome.PASSED, of_yield)


def test_doubts_are_kept_with_a_finalised_version(calls: Calls, held: str) -> None:
    judge = calls.services.review
    judge.desk.judge(WANG, held, calls.flag(held, "zh.t.promise"), VerdictOutcome.CONFIRMED)
    judge.closing.finalise(WANG, held)
    with calls.services.database.read() as session:
        row = Said(session).version(calls.view(held).review_id or "", 1)
        assert row is not None
        kept = payload_of(row)
    assert [d.term for c in kept.checks for d in c.doubts] == ["zh.t.yield"]
    assert [d.term for c in judge.closing.version(WANG, held, 1).checks for d in c.doubts] == ["zh.t.yield"]


def test_what_does_not_apply_is_shown_apart_with_its_reason(calls: Calls) -> None:
    calls.new_rules(PACK + "rules: [{id: later, severity: notice, when: {says: yield}, require: {says: mark}}]\n")
    made = calls.add(("坐席：您好，有风险的", "客户：好"))
    view = calls.view(made)
    (out,) = view.left_out
    assert (out.rule, out.outcome, out.reason.code) == ("zh.t.later", Outcome.NOT_APPLICABLE, "rules.not_said")
    assert "zh.t.later" not in {c.rule for c in view.checks}
    assert {c.outcome for c in view.checks} == {Outcome.PASSED}
