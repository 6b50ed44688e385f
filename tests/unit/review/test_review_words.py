"""Corrected words and swapped roles: the rules judge again, the review follows, the original is kept."""

import pytest
from ledger_fakes import FakePipeline
from review_kit import BAD, Calls, person

from qa.core.errors import BadOptionError, ConflictError, NotFoundError
from qa.core.review import VerdictOutcome
from qa.db.reviews import Said
from qa.pipeline.context import RecordingInput
from qa.services.review.words import unmasked
from qa.services.work import Worker

WANG = person("wang")


@pytest.fixture
def held(calls: Calls) -> str:
    made = calls.add(BAD)
    calls.services.review.queue.claim(WANG, made)
    return made


def said(calls: Calls, recording_id: str) -> list[str]:
    result = calls.services.recordings.result(recording_id).result
    assert result.transcript is not None
    return [t.text for t in result.transcript.turns]


def test_a_corrected_turn_is_judged_again_and_the_review_follows(calls: Calls, held: str) -> None:
    review = calls.services.review
    review.desk.judge(WANG, held, calls.flag(held, "zh.t.promise"), VerdictOutcome.CONFIRMED)
    first = calls.view(held).result_id
    review.words.correct(WANG, held, 2, "这个存款的，也稳赚")
    waiting = calls.view(held, WANG)
    assert (waiting.rejudging, waiting.result_id) == (True, first)
    review.desk.judge(WANG, held, calls.flag(held, "zh.t.yield"), VerdictOutcome.CONFIRMED)
    with pytest.raises(ConflictError) as refused:
        review.closing.finalise(WANG, held)
    assert refused.value.message.code == "review.judging_again"
    calls.work()
    view = calls.view(held, WANG)
    assert view.mine
    assert view.result_id != first
    assert [f.rule for f in view.flags] == ["zh.t.yield"]
    assert [v.rule for v in view.added] == ["zh.t.promise"], "what a person confirmed is not lost"
    [correction] = view.corrections
    assert (correction.turn, correction.before, correction.after) == (2, BAD[2][3:], "这个存款的，也稳赚")
    assert said(calls, held)[2] == "这个存款的，也稳赚"
    assert calls.services.recordings.result(held, result_id=first).result.corrected == ()


def test_a_correction_is_corrected_and_taken_back(calls: Calls, held: str) -> None:
    words = calls.services.review.words
    words.correct(WANG, held, 2, "喂，这个保本的")
    calls.work()
    words.correct(WANG, held, 2, "这个不保本的")
    calls.work()
    [correction] = calls.view(held).corrections
    assert (correction.before, correction.after) == (BAD[2][3:], "这个不保本的")
    words.correct(WANG, held, 2, BAD[2][3:])
    calls.work()
    assert calls.view(held).corrections == ()
    assert said(calls, held)[2] == BAD[2][3:]


def test_a_correction_made_while_the_rules_are_at_work_is_read_by_the_next_run(calls: Calls, held: str) -> None:
    words = calls.services.review.words
    words.correct(WANG, held, 2, "这个不保本的")

    def meanwhile(source: RecordingInput, stage: str) -> None:
        if stage == "rules" and len(source.corrections) == 1:
            words.correct(WANG, held, 4, "低息的")

    services = calls.services
    pipeline = FakePipeline(outcome=calls.result, before=meanwhile, version="again")
    worker = Worker(services.database, services.vault, calls.bell, services.settings.ledger, pipeline)
    while calls.bell.rings:
        worker.work(*calls.bell.rings.pop(0))
    assert said(calls, held)[2::2] == ["这个不保本的", "低息的"]
    assert not calls.view(held).rejudging


def test_swapped_roles_are_judged_again(calls: Calls, held: str) -> None:
    run = calls.services.review.words.set_roles(WANG, held)
    assert run.kind == "roles"
    calls.work()
    families = {f.family for f in calls.view(held).flags}
    assert families == {"step"}, "a customer promises nothing, and the agent has not said hello"


def test_masked_words_stay_what_they_are_unless_they_are_typed_again(calls: Calls) -> None:
    made = calls.add(("坐席：您好，有风险，保本", "客户：手机号13812345678，谢谢"))
    calls.services.review.queue.claim(WANG, made)
    words = calls.services.review.words
    for typed in ("手机号138***", "手机号138****", "手机号138****56789012，谢谢", "手机号138****5678*"):
        with pytest.raises(BadOptionError):
            words.correct(WANG, made, 1, typed)
    words.correct(WANG, made, 1, "手机号138****5678，多谢")
    calls.work()
    with calls.services.database.read() as session:
        [row] = Said(session).corrections([made])[made]
    assert row.after == "手机号13812345678，多谢"
    assert calls.view(made).corrections[0].after == "手机号138****5678，多谢"


@pytest.mark.parametrize(("turn", "text", "kind"), [(9, "喂", NotFoundError), (0, " ", BadOptionError)])
def test_a_correction_of_nothing_or_to_nothing_is_refused(
    calls: Calls, held: str, turn: int, text: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        calls.services.review.words.correct(WANG, held, turn, text)


def test_what_stands_unmasked_is_taken_as_typed() -> None:
    assert unmasked("号13812345678吧", "号138****5678吧", "号138****5678呢")[0] == "号13812345678呢"
    assert unmasked("没有星号", "没有星号", "有*星号") == ("有*星号", [])
