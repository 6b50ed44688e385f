"""Words hidden by hand are hidden wherever the call is shown, heard and searched; a lift says why."""

import re
import zlib

import pytest
import sqlalchemy as sa
from ledger_fakes import FakePipeline
from msgspec.structs import replace
from review_kit import Calls, person

from qa.core.base import decode
from qa.core.errors import BadOptionError, ForbiddenError, NotFoundError
from qa.core.hiding import HidingAct, HidingKind, HidingStanding
from qa.core.people import Job
from qa.core.result import Result
from qa.core.review import VerdictOutcome
from qa.core.transcript import Transcript, Turn, Word
from qa.db.audit import AuditTrail
from qa.db.models import AuditEventRow, FindingRow, ResultRow, SearchTextRow, VerdictRow
from qa.db.words import unpack
from qa.services.search import ListFilter
from qa.services.work import Worker

WANG, ZHAO = person("wang"), person("zhao")
AUDITOR = person("shen", Job.AUDITOR)
LINES = ("坐席：您好，有风险的", "客户：我找马冬梅，手机号13812345678", "坐席：马冬梅，这个保本的，也稳赚")
NAME = "马冬梅"


@pytest.fixture
def made(calls: Calls) -> str:
    return calls.add(LINES)


def hide(calls: Calls, recording: str, turn: int, words: str, who=WANG, reason: str = ""):  # type: ignore[no-untyped-def]
    start = LINES[turn][3:].index(words)
    return calls.services.review.hiding.hide(
        who, recording, turn=turn, start=start, end=start + len(words), kind=HidingKind.NAME, reason=reason
    )[0]


def texts(calls: Calls, recording: str) -> list[str]:
    result = calls.services.recordings.result(recording).result
    assert result.transcript is not None
    return [t.text for t in result.transcript.turns]


def details(calls: Calls, action: str) -> list[dict[str, object]]:
    with calls.services.database.read() as session:
        rows = session.scalars(sa.select(AuditEventRow).where(AuditEventRow.action == action)).all()
        return [dict(row.details) for row in rows]


def test_what_is_hidden_is_hidden_in_words_quotes_reasons_search_and_sound(calls: Calls, made: str) -> None:
    flag = calls.flag(made, "zh.t.promise")
    services = calls.services
    services.review.queue.claim(WANG, made)
    services.review.desk.judge(WANG, made, flag, VerdictOutcome.CONFIRMED)
    own = services.review.desk.add_flag(WANG, made, family="rude", turn=2, char_start=0, char_end=5)
    services.review.desk.comment(WANG, made, f"{NAME}是谁")
    assert own.quote == "马冬梅，这"
    quiet = services.privacy.hidden(WANG, made)
    made_view = hide(calls, made, 2, NAME)
    assert (made_view.number, made_view.standing, made_view.turn) == (1, HidingStanding.IN_FORCE, 2)
    hide(calls, made, 1, NAME)
    assert texts(calls, made) == ["您好，有风险的", "我找***，手机号138****5678", "***，这个保本的，也稳赚"]
    view = calls.view(made)
    assert view.added[0].quote == "***，这"
    assert view.comments[0].text == "***是谁"
    assert NAME not in str(view)
    result = services.recordings.result(made).result
    assert NAME not in str(result)
    assert len(services.privacy.hidden(WANG, made) or ()) > len(quiet or ())
    with services.database.read() as session:
        place = session.scalars(sa.select(SearchTextRow)).one()
        assert not any(NAME in said.text for said in unpack(place.turns))
        assert not any(NAME in row.quote for row in session.scalars(sa.select(FindingRow)))
        assert not any(NAME in row.quote for row in session.scalars(sa.select(VerdictRow)))
        [row] = session.scalars(sa.select(ResultRow)).all()
        kept = decode(zlib.decompress(row.payload), Result)
    assert kept.transcript is not None
    assert NAME in kept.transcript.turns[2].text, "what was said is kept; it is the view that hides it"
    assert not services.search.page(WANG, ListFilter(text=NAME)).lines
    assert services.search.page(WANG, ListFilter(text="保本")).lines


def test_it_is_revealed_with_a_reason_and_the_log_says_who_and_why_but_never_the_words(
    calls: Calls, made: str
) -> None:
    hide(calls, made, 2, NAME, reason="客户没有自我介绍")
    shown = calls.services.privacy.reveal(WANG, made, "客户投诉")
    assert [s.text for s in shown.spans] == ["13812345678", NAME]
    [event] = details(calls, "personal.hidden")
    assert (event["hidings"], event["kinds"], event["turns"]) == ([1], ["name"], [2])
    assert event["reason"] == "客户没有自我介绍"
    assert NAME not in str(event)
    [listed] = calls.services.review.hiding.list(AUDITOR, made)
    assert (listed.act, listed.person, listed.reason) == (HidingAct.HIDE, "wang", "客户没有自我介绍")


def test_ones_own_hiding_is_taken_back_and_everything_reads_as_before(calls: Calls, made: str) -> None:
    before = calls.services.recordings.result(made).result
    hide(calls, made, 2, NAME)
    lifted = calls.services.review.hiding.lift(WANG, made, turn=2, start=1, end=2, reason="选错了文字")
    assert [(v.act, v.undoes) for v in lifted] == [(HidingAct.LIFT, 1)]
    assert calls.services.recordings.result(made).result == before
    assert [v.standing for v in calls.view(made).hidings] == [HidingStanding.UNDONE, HidingStanding.IN_FORCE]


def test_a_wrong_hiding_of_the_machine_is_lifted_with_a_reason_that_is_logged(calls: Calls, made: str) -> None:
    hiding = calls.services.review.hiding
    start = LINES[1][3:].index("138")
    for reason in ("", "x", "是13812345678"):
        with pytest.raises(BadOptionError):
            hiding.lift(WANG, made, turn=1, start=start, end=start + 3, reason=reason)
    [lifted] = hiding.lift(WANG, made, turn=1, start=start + 4, end=start + 5, reason="公司的公开热线")
    assert (lifted.kind, lifted.undoes) == ("phone", None)
    assert texts(calls, made)[1] == "我找马冬梅，手机号13812345678"
    [event] = details(calls, "personal.lifted")
    assert event["reason"] == "公司的公开热线"
    assert not re.search(r"(?<![0-9a-f])138", str(event)), "neither the number nor what is left of it"
    calls.new_rules()
    assert texts(calls, made)[1] == "我找马冬梅，手机号13812345678", "a rescan keeps it"


def test_lifting_what_others_or_the_machine_hid_needs_the_right_to_reveal(
    calls: Calls, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qa.core.people import MAY, Right

    hide(calls, made, 2, NAME)
    monkeypatch.setitem(MAY, Job.REVIEWER, MAY[Job.REVIEWER] - {Right.REVEAL})
    hiding = calls.services.review.hiding
    with pytest.raises(ForbiddenError):
        hiding.lift(ZHAO, made, turn=2, start=0, end=3, reason="没有道理")
    with pytest.raises(ForbiddenError):
        hiding.lift(WANG, made, turn=1, start=10, end=13, reason="没有道理")
    hiding.lift(WANG, made, turn=2, start=0, end=3, reason="自己选错了")


def test_the_same_name_is_hidden_wherever_it_is_repeated(calls: Calls, made: str) -> None:
    hidden = calls.services.review.hiding.hide(
        WANG, made, turn=2, start=0, end=3, kind=HidingKind.NAME, everywhere=True
    )
    assert [(v.number, v.turn, v.start) for v in hidden] == [(1, 1, 2), (2, 2, 0)]
    assert not any(NAME in text for text in texts(calls, made))


@pytest.mark.parametrize(
    ("turn", "start", "end", "kind"),
    [(9, 0, 1, NotFoundError), (0, 3, 3, BadOptionError), (0, 0, 99, BadOptionError), (0, 2, 3, BadOptionError)],
)
def test_places_that_are_not_there_or_say_nothing_are_refused(
    calls: Calls, made: str, turn: int, start: int, end: int, kind: type[Exception]
) -> None:
    hiding = calls.services.review.hiding
    with pytest.raises(kind):
        hiding.hide(WANG, made, turn=turn, start=start, end=end, kind=HidingKind.OTHER)
    with pytest.raises((BadOptionError, NotFoundError)):
        hiding.lift(WANG, made, turn=0, start=0, end=2, reason="没有遮盖")
    with pytest.raises(ForbiddenError):
        hiding.hide(AUDITOR, made, turn=0, start=0, end=2, kind=HidingKind.OTHER)


def test_the_same_is_not_hidden_twice_and_a_reason_does_not_repeat_it(calls: Calls, made: str) -> None:
    with pytest.raises(BadOptionError):
        hide(calls, made, 2, NAME, reason=f"客户叫{NAME}")
    hide(calls, made, 2, NAME)
    with pytest.raises(BadOptionError):
        hide(calls, made, 2, NAME)


def test_a_rescan_keeps_it_and_another_transcript_keeps_it_as_far_as_the_words_are_the_same(
    calls: Calls, made: str
) -> None:
    hide(calls, made, 2, NAME)
    calls.new_rules()
    assert texts(calls, made)[2] == "***，这个保本的，也稳赚"
    assert calls.view(made).hidings[0].standing is HidingStanding.IN_FORCE
    name = next(iter(calls.lines))
    heard = calls.lines[name]
    calls.lines[name] = said_in(heard, 2, "马东没，这个保本的，也稳赚")
    calls.services.analysis.rescan(made)
    calls.work()
    assert texts(calls, made)[2].startswith("***"), "hidden by its time, whatever stands there now"
    assert calls.view(made).hidings[0].standing is HidingStanding.WORDS_CHANGED
    [told] = details(calls, "personal.words_changed")
    assert told["hidings"] == [1]


def said_in(heard: Transcript, turn: int, text: str) -> Transcript:
    """The call with other words at the same times."""
    old = heard.turns[turn]
    step = (old.end - old.start) / len(text)
    words = tuple(Word(c, old.start + i * step, old.start + (i + 1) * step, 0.9, 0.9) for i, c in enumerate(text))
    turns: list[Turn] = list(heard.turns)
    turns[turn] = replace(old, words=words)
    return replace(heard, turns=tuple(turns))


def test_what_is_hidden_while_a_run_is_at_work_is_hidden_in_its_result(calls: Calls, made: str) -> None:
    def meanwhile(_: object, stage: str) -> None:
        if stage == "rules" and not calls.services.review.hiding.list(WANG, made):
            hide(calls, made, 2, NAME)

    services = calls.services
    services.analysis.rescan(made)
    pipeline = FakePipeline(outcome=calls.result, before=meanwhile, version="again")
    worker = Worker(services.database, services.vault, calls.bell, services.settings.ledger, pipeline)
    while calls.bell.rings:
        worker.work(*calls.bell.rings.pop(0))
    assert texts(calls, made)[2].startswith("***")


def test_a_correction_keeps_hidden_words_hidden_on_both_sides(calls: Calls, made: str) -> None:
    hide(calls, made, 2, NAME)
    calls.services.review.queue.claim(WANG, made)
    calls.services.review.words.correct(WANG, made, 2, "***，这个存款的，也稳赚")
    calls.work()
    [correction] = calls.view(made).corrections
    assert (correction.before, correction.after) == ("***，这个保本的，也稳赚", "***，这个存款的，也稳赚")
    assert texts(calls, made)[2] == "***，这个存款的，也稳赚"
    calls.services.review.words.correct(WANG, made, 2, "马东没，这个存款的，也稳赚")
    calls.work()
    view = calls.view(made)
    assert NAME not in str(view)
    assert view.hidings[0].standing is HidingStanding.WORDS_CHANGED
    assert texts(calls, made)[2].startswith("***")


def test_after_finalising_it_makes_a_new_version_with_its_reason(calls: Calls, made: str) -> None:
    review = calls.services.review
    review.queue.claim(WANG, made)
    for rule in ("zh.t.promise", "zh.t.yield"):
        review.desk.judge(WANG, made, calls.flag(made, rule), VerdictOutcome.CONFIRMED)
    first = review.closing.finalise(WANG, made)
    with pytest.raises(BadOptionError):
        hide(calls, made, 2, NAME, ZHAO)
    hidden = hide(calls, made, 2, NAME, ZHAO, reason="漏遮姓名")
    after = calls.view(made)
    assert (hidden.version, after.version) == (2, 2)
    assert after.status is not None
    assert after.status.value == "finalised"
    assert after.human_score == first.human_score
    assert [(v.version, v.reason, v.person) for v in after.versions] == [
        (2, "漏遮姓名", "zhao"),
        (1, None, "wang"),
    ]
    assert NAME not in str(review.closing.version(WANG, made, 1))
    review.hiding.lift(ZHAO, made, turn=2, start=0, end=3, reason="其实是品牌名")
    assert calls.view(made).versions[0].reason == "其实是品牌名"


def test_notices_quote_it_masked_at_once(calls: Calls) -> None:
    made = calls.add(LINES, agent="17", team="south")
    review, notices = calls.services.review, calls.services.notices
    review.queue.claim(WANG, made)
    for rule in ("zh.t.promise", "zh.t.yield"):
        review.desk.judge(WANG, made, calls.flag(made, rule), VerdictOutcome.CONFIRMED)
    review.closing.finalise(WANG, made)
    notice = notices.draft(WANG, made, locale="zh-Hans")
    assert any(NAME in point.quote for point in notice.points)
    hide(calls, made, 2, NAME, reason="漏遮姓名")
    after = notices.get(WANG, notice.id)
    assert not any(NAME in point.quote for point in after.points)
    assert any("***" in point.quote for point in after.points)


def test_the_chain_of_the_log_holds(calls: Calls, made: str) -> None:
    hide(calls, made, 2, NAME)
    with calls.services.database.read() as session:
        assert AuditTrail(session).newest("default", "personal.hidden") is not None
