"""Whatever people do to a review in whatever order: one holder at most, and what was finalised stays."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_fakes import RecordingBell
from review_kit import BAD, START, Calls, Clock, person

from qa.core.errors import TingjianError
from qa.core.finding import Outcome, Severity
from qa.core.judging import item_answers, judged
from qa.core.people import Person
from qa.core.result import Analysis
from qa.core.review import Act, RejectReason, ReviewState, ReviewStatus, VerdictOutcome, step
from qa.db.results import Results
from qa.db.reviews import Reviews, Said
from qa.rules.score import refill
from qa.services import open_services
from qa.services.mapping import result_view
from qa.services.review.closing import payload_of
from qa.settings import Settings

PEOPLE = ("wang", "liu", "chen")
LEASE = timedelta(minutes=15)
ACTS = st.tuples(st.sampled_from(Act), st.sampled_from(PEOPLE), st.booleans(), st.integers(0, 30))


@given(st.lists(ACTS, max_size=40))
def test_at_most_one_person_holds_a_review_and_versions_only_grow(
    acts: list[tuple[Act, str, bool, int]],
) -> None:
    state, now = ReviewState(), START
    for act, who, leading, minutes in acts:
        now += timedelta(minutes=minutes)
        before, holder = state, state.holder(now)
        try:
            state = step(state, act, who, now, until=now + LEASE, to="liu", leading=leading)
        except TingjianError:
            state = before
            continue
        if before.status is ReviewStatus.FINALISED:
            assert act is Act.REOPEN
        if act in (Act.WORK, Act.FINALISE):
            assert holder in (None, who)
            assert before.claimed_by == who
        if holder not in (None, who):
            assert leading
            assert act in (Act.RELEASE, Act.HAND_OVER), "nobody takes what another holds"
        assert state.version == before.version + (act is Act.FINALISE)
        assert state.holder(now) in (None, who)
        assert (state.status is ReviewStatus.FINALISED) == (act is Act.FINALISE)
        if state.status is ReviewStatus.FINALISED:
            assert state.holder(now) is None


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    home: Path = tmp_path_factory.mktemp("home")
    bell, clock = RecordingBell(), Clock()
    opened = open_services(Settings(home=home), bell, migrate=True)
    opened.database._clock = clock
    yield Calls(opened, bell, clock)
    opened.close()


def _acts(calls: Calls, one: str, who: Person) -> dict[str, Callable[[], object]]:
    review = calls.services.review

    def judge(outcome: VerdictOutcome, **more: object) -> object:
        for flag in calls.view(one).flags:
            review.desk.judge(who, one, flag.finding_id, outcome, **more)  # type: ignore[arg-type]
        return None

    return {
        "claim": lambda: review.queue.claim(who, one),
        "release": lambda: review.queue.release(who, one),
        "skip": lambda: review.queue.skip(who, one, "?"),
        "confirm": lambda: judge(VerdictOutcome.CONFIRMED),
        "reject": lambda: judge(VerdictOutcome.REJECTED, reason=RejectReason.CONTEXT),
        "soften": lambda: judge(VerdictOutcome.CHANGED, severity=Severity.NOTICE),
        "add": lambda: review.desk.add_flag(who, one, family="rude", turn=0, char_end=2),
        "answer": lambda: review.desk.answer(who, one, "item", "warm", Outcome.FAILED, points=3),
        "correct": lambda: review.words.correct(who, one, 2, "这个存款的，也稳赚"),
        "work": calls.work,
        "wait": lambda: calls.clock.forward(minutes=10),
        "finalise": lambda: review.closing.finalise(who, one),
        "reopen": lambda: review.closing.reopen(who, one, "?"),
    }


NAMES = (
    "claim", "release", "skip", "confirm", "reject", "soften", "add", "answer", "correct", "work", "wait",
    "finalise", "reopen",
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(PEOPLE[:2])), min_size=4, max_size=14))
def test_what_was_finalised_stays_and_can_be_computed_again(calls: Calls, acts: list[tuple[str, str]]) -> None:
    one = calls.add(BAD)
    kept: dict[int, bytes] = {}
    for name, login in [("claim", "wang"), ("confirm", "wang"), ("finalise", "wang"), *acts]:
        before = calls.view(one)
        done = True
        try:
            _acts(calls, one, person(login))[name]()
        except TingjianError:
            done = False
        after = calls.view(one)
        if not done:
            assert after == before, "what is refused changes nothing"
        if before.status is ReviewStatus.FINALISED and name != "reopen":
            assert (after.version, after.human_score, after.flags) == (
                before.version, before.human_score, before.flags
            )  # fmt: skip
        with calls.services.database.read() as session:
            row = Reviews(session).of(one)
            assert row is not None
            heads = [(row.id, v.version) for v in Said(session).versions(row.id)]
        with calls.services.database.read() as session:
            versions = {number: Said(session).version(review, number) for review, number in heads}
        assert sorted(versions) == list(range(1, after.version + 1))
        for number, version in versions.items():
            assert version is not None
            assert kept.setdefault(number, version.payload) == version.payload
    newest = versions[after.version]
    assert newest is not None
    final = payload_of(newest)
    analysis = _analysis(calls, one, final.result_id)
    assert judged(analysis.checks, analysis.findings, final.verdicts, final.answers) == final.checks
    assert final.machine is not None
    assert refill(final.machine, final.checks, item_answers(final.answers)) == final.human
    assert final.human is not None
    assert final.human.score == newest.human_score == after.human_score


def _analysis(calls: Calls, recording_id: str, result_id: str) -> Analysis:
    with calls.services.database.read() as session:
        row = Results(session).get(recording_id, result_id)
        assert row is not None
        analysis = result_view(row).result.analysis
    assert analysis is not None
    return analysis
