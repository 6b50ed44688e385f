"""Notices and disputes, from a call judged by the real rules to a ruling that changes its score."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
import sqlalchemy as sa
from coaching_kit import (
    AGENT,
    BAD_CALL,
    GOOD_CALL,
    LEADER,
    OTHER_AGENT,
    OTHER_LEADER,
    REVIEWER,
    SECOND,
    THIRD,
    judged,
    person,
    reviewed,
    taken,
)
from ledger_fakes import FakePipeline
from msgspec.structs import replace

from qa.core.coaching import DisputeState, NoticeState, Ruling
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.finding import Check, Finding, Severity
from qa.core.people import Job, Person
from qa.core.result import Result
from qa.core.review import RejectReason, VerdictOutcome
from qa.db.models import AuditEventRow, DisputeRow, NoticeRow, RecordingRow
from qa.pipeline.context import RecordingInput
from qa.services import Services
from qa.services.coaching import NoticeView
from qa.services.coaching.views import PointEdit
from qa.services.doorbell import Queue
from qa.services.push import NewTarget
from qa.services.work import Worker

Make = Callable[..., Worker]
Told = TypeVar("Told", Finding, Check)


def drafted(services: Services, make_worker: Make, **call: object) -> NoticeView:
    recording = reviewed(services, taken(services, make_worker, **call))
    return services.notices.draft(REVIEWER, recording, locale="zh-Hans")


def issued(services: Services, make_worker: Make, **call: object) -> NoticeView:
    return services.notices.issue(REVIEWER, drafted(services, make_worker, **call).id)


def blamed(notice: NoticeView) -> str:
    """Id of the first point that is a flag."""
    return next(point.id for point in notice.points if not point.good)


def disputed(services: Services, make_worker: Make) -> str:
    notice = issued(services, make_worker)
    return services.disputes.raise_dispute(AGENT, notice.id, blamed(notice), words="我是在转述客户的话").id


def test_a_draft_holds_what_was_confirmed_with_quote_rule_and_right_wording_and_a_good_moment(
    services: Services, make_worker: Make
) -> None:
    notice = drafted(services, make_worker)
    flags = [point for point in notice.points if not point.good]
    promise = next(point for point in flags if "保本" in point.quote)
    assert promise.severity is Severity.CRITICAL
    assert promise.wording
    assert promise.start_s is not None
    assert any(point.good for point in notice.points)
    assert notice.state is NoticeState.DRAFT
    assert notice.agent == "A01"


def test_no_personal_data_stands_in_a_notice(services: Services, make_worker: Make) -> None:
    call = BAD_CALL.replace("稳赚不赔。", "稳赚不赔，我是13800138000。")
    notice = drafted(services, make_worker, text=call)
    assert "13800138000" not in repr(notice)


def test_nothing_confirmed_is_nothing_to_draft(services: Services, make_worker: Make) -> None:
    recording, review = taken(services, make_worker), services.review
    review.queue.claim(REVIEWER, recording)
    for flag in review.closing.view(REVIEWER, recording).flags:
        rejected, why = VerdictOutcome.REJECTED, RejectReason.CONTEXT
        review.desk.judge(REVIEWER, recording, flag.finding_id, rejected, reason=why)
    review.closing.finalise(REVIEWER, recording)
    with pytest.raises(ConflictError, match="nothing_confirmed"):
        services.notices.draft(REVIEWER, recording, locale="en")


def on_trial(*rules: str) -> Callable[[RecordingInput], Result]:
    """The bad call as judged while some rules were on trial."""

    def tried(one: Told) -> Told:
        return replace(one, shadow=one.rule in rules)

    def outcome(source: RecordingInput) -> Result:
        result = judged(BAD_CALL)(source)
        assert result.analysis is not None
        findings = tuple(tried(f) for f in result.analysis.findings)
        checks = tuple(replace(tried(c), findings=tuple(map(tried, c.findings))) for c in result.analysis.checks)
        return replace(result, analysis=replace(result.analysis, findings=findings, checks=checks))

    return outcome


def test_what_a_rule_on_trial_found_is_no_point_even_where_it_was_confirmed(
    services: Services, make_worker: Make
) -> None:
    blamed = {point.rule for point in drafted(services, make_worker).points if not point.good}
    assert "zh.finance.sure-win" in blamed

    def again(seed: int, *rules: str) -> NoticeView:
        recording = taken(services, make_worker, seed=seed, outcome=on_trial(*rules))
        return services.notices.draft(REVIEWER, reviewed(services, recording), locale="zh-Hans")

    some = again(2, "zh.finance.sure-win")
    assert {point.rule for point in some.points if not point.good} == blamed - {"zh.finance.sure-win"}
    with pytest.raises(ConflictError, match="nothing_confirmed"):
        again(3, *blamed)


def test_an_agent_reads_nothing_of_rules_on_trial_in_the_result_of_their_call(
    services: Services, make_worker: Make
) -> None:
    tried = ("zh.finance.sure-win", "zh.common.service-steps.recording-notice")
    recording = reviewed(services, taken(services, make_worker, outcome=on_trial(*tried)))
    services.notices.issue(REVIEWER, services.notices.draft(REVIEWER, recording, locale="en").id)

    def told(who: Person) -> set[str]:
        analysis = services.recordings.result(recording, who=who).result.analysis
        assert analysis is not None
        ours = {f.rule for c in analysis.checks for f in c.findings} | {c.rule for c in analysis.checks}
        return ours | {f.rule for f in analysis.findings}

    assert told(REVIEWER) - told(AGENT) == set(tried)


def test_a_second_draft_of_a_call_is_the_first(services: Services, make_worker: Make) -> None:
    first = drafted(services, make_worker)
    assert services.notices.draft(SECOND, first.recording_id, locale="en").id == first.id


def test_a_notice_is_issued_only_after_the_review_is_final(services: Services, make_worker: Make) -> None:
    notice = drafted(services, make_worker)
    services.review.closing.reopen(REVIEWER, notice.recording_id, "noch einmal")
    with pytest.raises(ConflictError, match="review_first"):
        services.notices.issue(REVIEWER, notice.id)


def test_an_edited_draft_keeps_the_points_that_are_named(services: Services, make_worker: Make) -> None:
    notice = drafted(services, make_worker)
    kept = PointEdit(blamed(notice), note="请听 0:41", wording="理财非存款，产品有风险")
    edited = services.notices.edit(REVIEWER, notice.id, title="保本承诺", body="请改进", points=[kept])
    (point,) = edited.points
    assert (point.note, point.wording, edited.title) == ("请听 0:41", "理财非存款，产品有风险", "保本承诺")
    with pytest.raises(BadOptionError, match="point_needed"):
        services.notices.edit(REVIEWER, notice.id, title="x", body="", points=[])
    services.notices.issue(REVIEWER, notice.id)
    with pytest.raises(ConflictError, match="no_longer_a_draft"):
        services.notices.edit(REVIEWER, notice.id, title="x", body="", points=[kept])


def test_an_agent_sees_their_own_notices_and_calls_once_issued_and_nobody_elses(
    services: Services, make_worker: Make
) -> None:
    notice = drafted(services, make_worker)
    with pytest.raises(NotFoundError):
        services.notices.get(AGENT, notice.id)
    with pytest.raises(NotFoundError):
        services.recordings.get(notice.recording_id, who=AGENT)
    services.notices.issue(REVIEWER, notice.id)
    assert services.notices.get(AGENT, notice.id).state is NoticeState.ISSUED
    assert services.recordings.get(notice.recording_id, who=AGENT).id == notice.recording_id
    assert services.notices.page(OTHER_AGENT).items == ()
    with pytest.raises(NotFoundError):
        services.notices.get(OTHER_AGENT, notice.id)


def test_supervisors_see_the_notices_of_their_teams(services: Services, make_worker: Make) -> None:
    notice = issued(services, make_worker)
    assert [one.id for one in services.notices.page(LEADER).items] == [notice.id]
    assert services.notices.page(OTHER_LEADER).items == ()
    with pytest.raises(NotFoundError):
        services.notices.draft(OTHER_LEADER, notice.recording_id, locale="en")


def test_only_the_agent_acknowledges_and_only_once(services: Services, make_worker: Make) -> None:
    notice = issued(services, make_worker)
    with pytest.raises(ForbiddenError):
        services.notices.acknowledge(REVIEWER, notice.id)
    answered = services.notices.acknowledge(AGENT, notice.id, comment="明白，会改进")
    assert (answered.state, answered.answer) == (NoticeState.ACKNOWLEDGED, "明白，会改进")
    with pytest.raises(ConflictError, match="wrong_state"):
        services.notices.acknowledge(AGENT, notice.id)


def test_a_withdrawn_notice_is_gone_for_the_agent_and_stays_in_the_history(
    services: Services, make_worker: Make
) -> None:
    notice = issued(services, make_worker)
    with pytest.raises(BadOptionError, match="reason_needed"):
        services.notices.withdraw(REVIEWER, notice.id, reason=" ")
    services.notices.withdraw(REVIEWER, notice.id, reason="错发")
    with pytest.raises(NotFoundError):
        services.notices.get(AGENT, notice.id)
    assert services.notices.get(LEADER, notice.id).close_reason == "错发"


def test_an_overturned_dispute_changes_the_score_and_withdraws_the_point(
    services: Services, make_worker: Make
) -> None:
    dispute = disputed(services, make_worker)
    before = services.review.closing.view(REVIEWER, services.disputes.get(SECOND, dispute).recording_id)
    ruled = services.disputes.rule(SECOND, dispute, Ruling.OVERTURNED, reason="确系转述")
    after = services.review.closing.view(REVIEWER, ruled.recording_id)
    assert ruled.state is DisputeState.FINAL
    assert ruled.point.withdrawn
    assert after.version == before.version + 1
    assert (ruled.rulings[0].score_before, ruled.rulings[0].score_after) == (
        before.human_score,
        after.human_score,
    )
    assert after.machine_score == before.machine_score


def test_whoever_judged_before_does_not_rule(services: Services, make_worker: Make) -> None:
    dispute = disputed(services, make_worker)
    with pytest.raises(ForbiddenError, match="judged_before"):
        services.disputes.rule(REVIEWER, dispute, Ruling.UPHELD, reason="我说得对")
    with pytest.raises(ConflictError, match="judged_before"):
        services.disputes.assign(LEADER, dispute, REVIEWER.login)
    services.disputes.assign(LEADER, dispute, THIRD.login)
    with pytest.raises(ConflictError, match="assigned_to_other"):
        services.disputes.rule(SECOND, dispute, Ruling.UPHELD, reason="x")


def test_a_dispute_goes_further_to_somebody_else_and_ends_after_the_last_step(
    services: Services, make_worker: Make
) -> None:
    dispute = disputed(services, make_worker)
    first = services.disputes.rule(SECOND, dispute, Ruling.UPHELD, reason="录音清楚")
    assert first.state is DisputeState.RULED
    assert services.notices.get(AGENT, first.notice_id).state is NoticeState.ISSUED
    services.disputes.take_further(AGENT, dispute, words="请再听一次")
    with pytest.raises(ForbiddenError, match="judged_before"):
        services.disputes.rule(SECOND, dispute, Ruling.UPHELD, reason="再次")
    final = services.disputes.rule(THIRD, dispute, Ruling.UPHELD, reason="维持")
    assert final.state is DisputeState.FINAL
    assert [one.ruled_by for one in final.rulings] == [SECOND.login, THIRD.login]
    with pytest.raises(ConflictError, match="dispute_state"):
        services.disputes.take_further(AGENT, dispute, words="不服")


def test_a_severity_can_only_be_lowered(services: Services, make_worker: Make) -> None:
    notice = issued(services, make_worker)
    grave = next(point for point in notice.points if point.severity is Severity.CRITICAL)
    dispute = services.disputes.raise_dispute(AGENT, notice.id, grave.id, words="没那么严重").id
    with pytest.raises(BadOptionError, match="lower_severity"):
        services.disputes.rule(SECOND, dispute, Ruling.CHANGED, reason="x", severity=Severity.CRITICAL)
    ruled = services.disputes.rule(SECOND, dispute, Ruling.CHANGED, reason="语气缓和", severity=Severity.NOTICE)
    view = services.review.closing.view(REVIEWER, ruled.recording_id)
    assert Severity.NOTICE in [flag.verdict.severity for flag in view.flags if flag.verdict]


def test_a_notice_without_points_left_is_withdrawn(services: Services, make_worker: Make) -> None:
    notice = issued(services, make_worker)
    ids = [point.id for point in notice.points if not point.good]
    raised = [services.disputes.raise_dispute(AGENT, notice.id, one, words="有误").id for one in ids]
    for dispute in raised:
        services.disputes.rule(SECOND, dispute, Ruling.OVERTURNED, reason="成立")
    assert services.notices.get(LEADER, notice.id).state is NoticeState.WITHDRAWN


def test_points_are_disputed_once_in_time_and_by_their_agent(services: Services, make_worker: Make) -> None:
    notice = issued(services, make_worker)
    point = blamed(notice)
    with pytest.raises(NotFoundError):
        services.disputes.raise_dispute(OTHER_AGENT, notice.id, point, words="x")
    with pytest.raises(BadOptionError):
        services.disputes.raise_dispute(AGENT, notice.id, point, words="  ")
    services.disputes.raise_dispute(AGENT, notice.id, point, words="有误")
    with pytest.raises(ConflictError, match="disputed_before"):
        services.disputes.raise_dispute(AGENT, notice.id, point, words="再说一次")
    with services.database.write() as session:
        session.execute(sa.update(NoticeRow).values(issued_at=datetime.now(UTC) - timedelta(days=30)))
    others = [p.id for p in notice.points if not p.good and p.id != point]
    if others:
        with pytest.raises(ConflictError, match="too_late"):
            services.disputes.raise_dispute(AGENT, notice.id, others[0], words="有误")


def test_a_ruling_that_is_not_taken_further_becomes_final_but_nobody_loses_by_our_delay(
    services: Services, make_worker: Make
) -> None:
    dispute = disputed(services, make_worker)
    past = datetime.now(UTC) - timedelta(days=1)
    with services.database.write() as session:
        session.execute(sa.update(DisputeRow).values(deadline=past))
    assert services.disputes.expire() == 1
    late = services.disputes.get(AGENT, dispute)
    assert (late.state, late.late) == (DisputeState.OPEN, True)
    assert services.disputes.expire() == 0
    services.disputes.rule(SECOND, dispute, Ruling.UPHELD, reason="维持")
    with services.database.write() as session:
        session.execute(sa.update(DisputeRow).values(deadline=past))
    assert services.disputes.expire() == 1
    assert services.disputes.get(AGENT, dispute).state is DisputeState.FINAL


def test_an_unanswered_notice_is_recalled_once(services: Services, make_worker: Make) -> None:
    notice = issued(services, make_worker)
    assert services.notices.remind() == 0
    with services.database.write() as session:
        session.execute(sa.update(NoticeRow).values(due_at=datetime.now(UTC) + timedelta(hours=1)))
    assert services.notices.remind() == 1
    assert services.notices.remind() == 0
    assert services.notices.get(AGENT, notice.id).state is NoticeState.ISSUED


def test_the_effect_counts_the_same_rule_on_the_same_agents_calls_before_and_after(
    services: Services, make_worker: Make
) -> None:
    notice = issued(services, make_worker)
    taken(services, make_worker, seed=2)
    for seed in (3, 4):
        taken(services, make_worker, GOOD_CALL, seed=seed)
    taken(services, make_worker, seed=5, agent="A02")
    with services.database.write() as session:
        session.execute(
            sa.update(RecordingRow)
            .where(RecordingRow.id == notice.recording_id)
            .values(called_at=datetime.now(UTC) - timedelta(days=3))
        )
    effect = {one.rule: one for one in services.notices.effect(REVIEWER, notice.id)}
    promise = next(one for rule, one in effect.items() if rule.startswith("zh.finance."))
    assert (promise.before_judged, promise.before_broken) == (1, 1)
    assert (promise.after_judged, promise.after_broken) == (3, 1)
    assert promise.verdict == "unknown"


def test_every_act_is_in_the_audit_log_without_words(services: Services, make_worker: Make) -> None:
    dispute = disputed(services, make_worker)
    services.disputes.rule(SECOND, dispute, Ruling.OVERTURNED, reason="确系转述")
    with services.database.read() as session:
        rows = session.scalars(sa.select(AuditEventRow)).all()
        actions = {row.action for row in rows}
        said = " ".join(str(row.details) for row in rows)
    assert {"notice.drafted", "notice.issued", "dispute.raised", "dispute.ruled"} <= actions
    assert "转述" not in said


def test_a_critical_finding_is_news_once(services: Services, make_worker: Make) -> None:
    admin = person("root", Job.ADMINISTRATOR)
    target = NewTarget("hook", "webhook", "https://hook.example.com/", ("finding.critical",), "s" * 32)
    services.push.add_target(admin, target)
    recording = taken(services, make_worker)
    services.analysis.rescan(recording)
    make_worker(FakePipeline(outcome=judged(BAD_CALL))).work(
        Queue.LIGHT, services.recordings.get(recording).run.id
    )
    assert [one.event for one in services.push.deliveries(admin)] == ["finding.critical"]


def test_the_history_keeps_what_was_found_under_which_versions(services: Services, make_worker: Make) -> None:
    """Judged by other versions, one finding less, one of another weight; the first judgement stays as it was."""
    recording = taken(services, make_worker)

    def later(source: RecordingInput) -> Result:
        result = judged(BAD_CALL)(source)
        assert result.analysis is not None
        findings = [f for f in result.analysis.findings if f.rule != "zh.finance.sure-win"]
        findings = [
            replace(f, severity=Severity.NOTICE) if f.rule == "zh.finance.guaranteed-interest" else f
            for f in findings
        ]
        packs = {**result.analysis.packs, "zh.finance.forbidden": 99, "zh.own": 1}
        return replace(result, analysis=replace(result.analysis, findings=tuple(findings), packs=packs))

    run = services.analysis.rescan(recording)
    make_worker(FakePipeline(outcome=later)).work(Queue.LIGHT, run.id)
    new, old = services.recordings.judgements(recording, who=REVIEWER)
    assert (old.head.kind, new.head.kind) == ("first", "rescan")
    assert (old.packs, old.gone, [fresh for _, fresh in old.found if fresh]) == ((), (), [])
    assert [(p.file, p.after) for p in new.packs] == [("zh.finance.forbidden", 99), ("zh.own", 1)]
    assert new.packs[0].before == old.head.packs["zh.finance.forbidden"]
    assert new.packs[1].before is None
    gone = {(f.rule, f.severity) for f in new.gone}
    assert gone == {
        ("zh.finance.sure-win", Severity.CRITICAL),
        ("zh.finance.guaranteed-interest", Severity.CRITICAL),
    }
    assert [(f.rule, f.severity) for f, fresh in new.found if fresh] == [
        ("zh.finance.guaranteed-interest", Severity.NOTICE)
    ]
    assert gone <= {(f.rule, f.severity) for f, _ in old.found}
    with pytest.raises(ForbiddenError):
        services.recordings.judgements(recording, who=AGENT)
    with pytest.raises(NotFoundError):
        services.recordings.judgements(recording, who=OTHER_LEADER)
