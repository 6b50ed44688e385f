"""What a person says of a call, what that makes of its score, and that nothing finalised changes silently."""

import pytest
from msgspec.structs import replace
from review_kit import BAD, GOOD, PACK, Calls, person

from qa.core.base import encode
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, InputError, NotFoundError
from qa.core.finding import Outcome, Severity, Support
from qa.core.judging import item_answers, judged
from qa.core.people import Job
from qa.core.result import Result
from qa.core.review import RejectReason, ReviewStatus, VerdictOutcome
from qa.db.audit import AuditTrail
from qa.db.reviews import Reviews, Said
from qa.pipeline.context import RecordingInput
from qa.rules.score import refill
from qa.services.review.closing import payload_of

WANG, LIU = person("wang"), person("liu")
CONFIRMED, REJECTED, CHANGED = VerdictOutcome.CONFIRMED, VerdictOutcome.REJECTED, VerdictOutcome.CHANGED


@pytest.fixture
def held(calls: Calls) -> str:
    """A bad call that Wang holds."""
    made = calls.add(BAD)
    calls.services.review.queue.claim(WANG, made)
    return made


def test_a_rejected_flag_is_as_if_it_had_not_been_found(calls: Calls, held: str) -> None:
    before = calls.view(held)
    assert before.machine_score == 0
    calls.services.review.desk.judge(
        WANG, held, calls.flag(held, "zh.t.promise"), REJECTED, reason=RejectReason.RECOGNISER
    )
    after = calls.view(held)
    assert after.machine == before.machine, "what the machine said stays"
    assert after.human is not None
    assert (after.human.vetoed_by, after.human.score) == (None, 100 * (3 * 0.6 + 1) / 4)


def test_a_verdict_can_be_changed_and_taken_back(calls: Calls, held: str) -> None:
    desk, flag = calls.services.review.desk, calls.flag(held, "zh.t.promise")
    desk.judge(WANG, held, flag, REJECTED, reason=RejectReason.CONTEXT)
    made = desk.judge(WANG, held, flag, CHANGED, severity=Severity.NOTICE)
    assert (made.outcome, made.severity, made.reason, made.quote) == (CHANGED, Severity.NOTICE, None, "保本")
    human = calls.view(held).human
    assert human is not None
    assert human.vetoed_by is None
    desk.withdraw(WANG, held, made.id)
    assert calls.view(held).human == calls.view(held).machine


def test_whoever_upholds_what_a_second_hearing_does_not_bear_out_says_why(calls: Calls) -> None:
    judge = calls.result

    def unsupported(source: RecordingInput) -> Result:
        result = judge(source)
        assert result.analysis is not None
        findings = tuple(replace(f, support=Support.UNSUPPORTED) for f in result.analysis.findings)
        return replace(result, analysis=replace(result.analysis, findings=findings))

    calls.result = unsupported  # type: ignore[method-assign]
    made = calls.add(BAD)
    calls.services.review.queue.claim(WANG, made)
    desk, flag = calls.services.review.desk, calls.flag(made, "zh.t.promise")
    for said in ({"outcome": CONFIRMED}, {"outcome": CHANGED, "severity": Severity.NOTICE}):
        with pytest.raises(BadOptionError) as refused:
            desk.judge(WANG, made, flag, **said)  # type: ignore[arg-type]
        assert refused.value.message.code == "review.unsupported_reason"
    desk.judge(WANG, made, flag, REJECTED, reason=RejectReason.RECOGNISER)
    desk.judge(WANG, made, flag, CONFIRMED, note="听了三遍，确实说了保本")
    shown = next(f for f in calls.view(made).flags if f.finding_id == flag)
    assert shown.support is Support.UNSUPPORTED
    assert shown.verdict is not None
    assert (shown.verdict.outcome, shown.verdict.note) == (CONFIRMED, "听了三遍，确实说了保本")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"outcome": REJECTED}, "review.reason_missing"),
        ({"outcome": REJECTED, "reason": RejectReason.OTHER}, "review.text_missing"),
        ({"outcome": CHANGED}, "review.change_missing"),
        ({"outcome": CONFIRMED, "severity": Severity.INFO}, "review.change_unasked"),
        ({"outcome": VerdictOutcome.ADDED}, "review.bad_outcome"),
        ({"outcome": CONFIRMED, "note": "长" * 2001}, "review.too_long"),
    ],
)
def test_a_verdict_that_says_too_little_is_refused(
    calls: Calls, held: str, said: dict[str, object], code: str
) -> None:
    with pytest.raises(InputError) as refused:
        calls.services.review.desk.judge(WANG, held, calls.flag(held, "zh.t.promise"), **said)  # type: ignore[arg-type]
    assert refused.value.message.code == code


def test_only_the_holder_works_on_a_call(calls: Calls, held: str) -> None:
    review = calls.services.review
    flag = calls.flag(held, "zh.t.promise")
    for act in (
        lambda: review.desk.judge(LIU, held, flag, CONFIRMED),
        lambda: review.desk.add_flag(LIU, held, family="rude"),
        lambda: review.desk.answer(LIU, held, "item", "warm", Outcome.PASSED),
        lambda: review.words.correct(LIU, held, 0, "喂"),
        lambda: review.words.set_roles(LIU, held),
        lambda: review.closing.finalise(LIU, held),
    ):
        with pytest.raises(ConflictError):
            act()
    with pytest.raises(ForbiddenError):
        review.desk.judge(person("a", Job.AUDITOR), held, flag, CONFIRMED)


def test_a_flag_added_from_a_selection_has_times_and_quote_of_the_words(calls: Calls, held: str) -> None:
    made = calls.services.review.desk.add_flag(WANG, held, rule="zh.t.sale.risk", turn=4, char_start=0, char_end=2)
    turn = calls.lines["call-1.wav"].turns[4]
    assert (made.quote, made.start, made.end) == ("高息", turn.words[0].start, turn.words_at(0, 2)[-1].end)
    assert calls.outcome(held, "zh.t.sale.risk") is Outcome.FAILED
    by_family = calls.services.review.desk.add_flag(WANG, held, family="rude", note="语气很差")
    assert (by_family.rule, by_family.turn) == ("manual.rude", None)
    items = {i.item: i.points for s in calls.view(held).human.sections for i in s.items}  # type: ignore[union-attr]
    assert (items["risk"], items["rude"]) == (0, 6)


@pytest.mark.parametrize(
    "given",
    [
        {"rule": "zh.t.nothing"},
        {"family": "Bad Family"},
        {},
        {"family": "rude", "turn": 99},
        {"family": "rude", "turn": 0, "char_start": 3, "char_end": 3},
        {"family": "rude", "turn": 0, "char_start": 0, "char_end": 999},
    ],
)
def test_a_flag_that_is_nowhere_is_refused(calls: Calls, held: str, given: dict[str, object]) -> None:
    with pytest.raises((BadOptionError, NotFoundError)):
        calls.services.review.desk.add_flag(WANG, held, **given)  # type: ignore[arg-type]


def test_a_manual_item_waits_for_a_person_and_counts_once_answered(calls: Calls, held: str) -> None:
    desk = calls.services.review.desk

    def warm() -> float | None:
        human = calls.view(held).human
        return next(i.points for s in human.sections for i in s.items if i.item == "warm")  # type: ignore[union-attr]

    assert warm() is None
    desk.answer(WANG, held, "item", "warm", Outcome.FAILED, points=4)
    assert warm() == 4
    desk.answer(WANG, held, "item", "warm", Outcome.NOT_APPLICABLE)
    assert warm() is None
    desk.answer(WANG, held, "item", "warm", Outcome.PASSED)
    assert warm() == 10
    desk.answer(WANG, held, "item", "warm", None)
    assert (warm(), calls.view(held).answers) == (None, ())
    with pytest.raises(NotFoundError):
        desk.answer(WANG, held, "item", "hello", Outcome.PASSED)
    with pytest.raises(BadOptionError):
        desk.answer(WANG, held, "item", "warm", Outcome.FAILED, points=11)


def test_a_check_that_stayed_unknown_is_what_the_person_answers(calls: Calls) -> None:
    made = calls.add(("客户：您好", "客户：有人吗"))
    calls.services.review.queue.claim(WANG, made)
    assert calls.outcome(made, "zh.t.sale.hello") is Outcome.UNKNOWN
    calls.services.review.desk.answer(WANG, made, "check", "zh.t.sale.hello", Outcome.FAILED)
    assert calls.outcome(made, "zh.t.sale.hello") is Outcome.FAILED
    human = calls.view(made).human
    assert next(i.points for s in human.sections for i in s.items if i.item == "hello") == 0  # type: ignore[union-attr]


def test_comments_are_masked_and_deleted_by_their_author_alone(calls: Calls, held: str) -> None:
    desk = calls.services.review.desk
    made = desk.comment(LIU, held, "客户手机号13812345678", turn=1)
    assert made.text == "客户手机号138****5678"
    with pytest.raises(ForbiddenError):
        desk.delete_comment(WANG, held, made.id)
    with pytest.raises(NotFoundError):
        desk.comment(LIU, held, "x", finding_id="0" * 32)
    desk.delete_comment(LIU, held, made.id)
    assert calls.view(held).comments == ()


def finalise(calls: Calls, recording_id: str) -> None:
    for flag in calls.view(recording_id).flags:
        calls.services.review.desk.judge(WANG, recording_id, flag.finding_id, CONFIRMED)
    calls.services.review.closing.finalise(WANG, recording_id)


def test_finalising_waits_for_a_verdict_on_every_serious_flag(calls: Calls, held: str) -> None:
    closing = calls.services.review.closing
    assert calls.view(held).unjudged == 2
    with pytest.raises(ConflictError) as refused:
        closing.finalise(WANG, held)
    assert refused.value.message.params == {"count": "2"}
    finalise(calls, held)
    review = calls.view(held)
    assert (review.status, review.version, review.finalised_by) == (ReviewStatus.FINALISED, 1, "wang")
    assert (review.machine_score, review.human_score) == (0, 0)


def test_after_finalising_nothing_changes_without_a_reason_and_a_new_version(calls: Calls, held: str) -> None:
    review, flag = calls.services.review, calls.flag(held, "zh.t.promise")
    said = review.desk.comment(WANG, held, "已核对")
    finalise(calls, held)
    first = review.closing.version(WANG, held, 1)
    for act in (
        lambda: review.desk.judge(WANG, held, flag, REJECTED, reason=RejectReason.CONTEXT),
        lambda: review.desk.delete_comment(WANG, held, said.id),
        lambda: review.queue.claim(WANG, held),
        lambda: review.words.correct(WANG, held, 0, "喂"),
    ):
        with pytest.raises(ConflictError):
            act()
    calls.new_rules()
    after = calls.view(held)
    assert after.result_id == first.result_id != after.newest_result_id
    with pytest.raises(BadOptionError):
        review.closing.reopen(LIU, held, " ")
    review.closing.reopen(LIU, held, "客户补充了材料")
    review.desk.judge(LIU, held, flag, REJECTED, reason=RejectReason.CONTEXT)
    assert calls.view(held).human_score == 0, "a draft is no score yet"
    review.closing.finalise(LIU, held)
    now = calls.view(held)
    assert (now.version, now.human_score) == (2, 70)
    assert [(v.version, v.reason, v.human_score) for v in now.versions] == [
        (2, "客户补充了材料", 70),
        (1, None, 0),
    ]
    assert review.closing.version(WANG, held, 1) == first


def test_a_version_can_be_computed_again_from_what_it_keeps(calls: Calls, held: str) -> None:
    review = calls.services.review
    review.desk.judge(WANG, held, calls.flag(held, "zh.t.promise"), CHANGED, rule="zh.t.sale.risk")
    review.desk.judge(
        WANG, held, calls.flag(held, "zh.t.yield"), REJECTED, reason=RejectReason.OTHER, note="不是这个意思"
    )
    review.desk.add_flag(WANG, held, family="rude")
    review.desk.answer(WANG, held, "item", "warm", Outcome.PASSED)
    review.closing.finalise(WANG, held)
    with calls.services.database.read() as session:
        row = Reviews(session).of(held)
        assert row is not None
        version = Said(session).version(row.id, 1)
        assert version is not None
        kept = payload_of(version)
    result = calls.services.recordings.result(held, result_id=kept.result_id).result
    assert result.analysis is not None
    checks = judged(result.analysis.checks, result.analysis.findings, kept.verdicts, kept.answers)
    assert checks == kept.checks
    assert kept.machine == result.analysis.scorecard
    assert kept.machine is not None
    assert refill(kept.machine, checks, item_answers(kept.answers)) == kept.human
    assert kept.human is not None
    assert kept.human.score == row.human_score == 100 * (3 * 1.0 + (10 + 0 + 6 + 10) / 40) / 4


def test_a_ruling_makes_a_new_version_and_tells_both_scores(calls: Calls, held: str) -> None:
    finalise(calls, held)
    closing, review = calls.services.review.closing, calls.view(held)
    verdict = next(f.verdict for f in review.flags if f.rule == "zh.t.promise")
    assert verdict is not None
    assert review.review_id is not None
    with calls.services.database.write() as session:
        assert closing.judged_by(session, review.review_id, verdict.id, calls.clock()) == ["wang"]
        scores = closing.revise(session, LIU, review.review_id, verdict.id, severity=None, reason="申诉成立")
    assert scores == (0, 70)
    after = calls.view(held)
    assert (after.status, after.version, after.human_score) == (ReviewStatus.FINALISED, 2, 70)
    with calls.services.database.write() as session:
        scores = closing.revise(
            session, LIU, review.review_id, verdict.id, severity=Severity.WARNING, reason="部分成立"
        )
    assert scores == (70, 25)


def test_new_rules_move_an_open_review_and_its_verdicts(calls: Calls, held: str) -> None:
    desk = calls.services.review.desk
    desk.judge(WANG, held, calls.flag(held, "zh.t.promise"), REJECTED, reason=RejectReason.CONTEXT, note="反问")
    desk.comment(WANG, held, "这里", finding_id=calls.flag(held, "zh.t.yield"))
    own = desk.add_flag(WANG, held, rule="zh.t.yield", turn=4, char_start=0, char_end=2)
    other = desk.add_flag(WANG, held, family="rude", turn=2, char_start=0, char_end=2)
    calls.new_rules()
    review = calls.view(held, WANG)
    assert review.result_id == review.newest_result_id
    assert review.mine
    promise = next(f.verdict for f in review.flags if f.rule == "zh.t.promise")
    assert promise is not None
    assert (promise.outcome, promise.note) == (REJECTED, "反问")
    now_found = [f.verdict.id for f in review.flags if f.verdict and f.rule == "zh.t.yield"]
    assert now_found == [own.id], "the machine now finds what only a person had heard"
    assert [v.id for v in review.added] == [other.id]
    assert review.comments[0].finding_id in {f.finding_id for f in review.flags}


def test_what_new_rules_no_longer_find_stays_a_persons_flag_only_if_confirmed(calls: Calls, held: str) -> None:
    desk = calls.services.review.desk
    desk.judge(WANG, held, calls.flag(held, "zh.t.promise"), CONFIRMED)
    desk.judge(WANG, held, calls.flag(held, "zh.t.yield"), REJECTED, reason=RejectReason.CONTEXT)
    calls.new_rules(PACK.replace("[保本]", "[别的]").replace("[稳赚]", "[别的也]"))
    review = calls.view(held)
    assert review.flags == ()
    [kept] = review.added
    assert (kept.rule, kept.machine_rule, kept.quote) == ("zh.t.promise", "zh.t.promise", "保本")
    assert review.human is not None
    assert review.human.score is not None


def test_a_call_nobody_worked_on_leaves_the_queue_when_nothing_is_found_any_more(calls: Calls) -> None:
    made = calls.add(BAD)
    calls.new_rules(PACK.replace("[保本]", "[别的]").replace("[稳赚]", "[别的也]"))
    assert calls.view(made).review_id is None


def test_each_act_is_in_the_audit_log_without_words(calls: Calls, held: str) -> None:
    desk = calls.services.review.desk
    desk.comment(WANG, held, "秘密")
    finalise(calls, held)
    calls.services.review.closing.reopen(WANG, held, "秘密")
    with calls.services.database.read() as session:
        events = [e for e in AuditTrail(session).of_recording(held) if e.action.startswith("review.")]
    assert [e.action for e in events] == [
        "review.claimed",
        "review.commented",
        "review.verdict",
        "review.verdict",
        "review.finalised",
        "review.reopened",
    ]
    assert all("秘密" not in str(e.details) for e in events)


def test_nothing_that_is_shown_tells_a_number_nobody_revealed(calls: Calls) -> None:
    made = calls.add(("坐席：您好，有风险，保本，我手机13812345678", "客户：13812345678保本吗"))
    review = calls.services.review
    review.queue.claim(WANG, made)
    flag = calls.view(made).flags[0]
    review.desk.judge(WANG, made, flag.finding_id, REJECTED, reason=RejectReason.OTHER, note="见13812345678")
    review.desk.add_flag(WANG, made, family="rude", turn=1, note="13812345678")
    review.desk.answer(WANG, made, "item", "warm", Outcome.PASSED, note="13812345678")
    review.closing.finalise(WANG, made)
    review.closing.reopen(WANG, made, "13812345678")
    review.closing.finalise(WANG, made)
    for shown in (calls.view(made), review.closing.version(WANG, made, 2), review.queue.listed(WANG)):
        assert b"13812345678" not in encode(shown)
        assert b"5678" in encode(shown) or shown == ()


def test_good_calls_have_nothing_to_judge(calls: Calls) -> None:
    good = calls.add(GOOD)
    calls.services.review.queue.claim(WANG, good)
    calls.services.review.closing.finalise(WANG, good)
    assert calls.view(good).human_score == calls.view(good).machine_score == 100
