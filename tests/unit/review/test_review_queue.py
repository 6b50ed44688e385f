"""Who gets which call, for how long, and why."""

import pytest
from review_kit import BAD, GOOD, Calls, person

from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.people import Job
from qa.core.review import CallFor, ReviewStatus, VerdictOutcome
from qa.db.recordings import Recordings

WANG, LIU = person("wang"), person("liu")
LEAD = person("chen", Job.SUPERVISOR, teams=("east",))


def test_a_flagged_call_waits_for_a_person_and_a_clean_one_does_not(calls: Calls) -> None:
    bad, good = calls.add(BAD), calls.add(GOOD)
    review = calls.view(bad)
    assert (review.status, review.reason) == (ReviewStatus.WAITING, CallFor.CRITICAL)
    assert review.reasons == {CallFor.CRITICAL: 1, CallFor.WARNING: 1}
    assert calls.view(good).review_id is None


def test_next_gives_the_worst_call_first_and_says_why(calls: Calls) -> None:
    calls.add(("坐席：您好，有风险，稳赚",))
    worst = calls.add(BAD)
    queue = calls.services.review.queue
    first = queue.next(WANG)
    assert first is not None
    assert (first.recording_id, first.reason, first.claimed_by) == (worst, CallFor.CRITICAL, "wang")
    assert queue.peek(WANG) == queue.peek(LIU)
    second = queue.next(LIU)
    assert second is not None
    assert second.reason is CallFor.WARNING
    assert queue.next(WANG) is None


def test_nobody_takes_what_another_holds_until_the_lease_is_over(calls: Calls) -> None:
    one = calls.add()
    queue = calls.services.review.queue
    queue.next(WANG)
    with pytest.raises(ConflictError) as refused:
        queue.claim(LIU, one)
    assert refused.value.message.code == "review.held_by_other"
    calls.clock.forward(minutes=14)
    queue.extend(WANG, one)
    calls.clock.forward(minutes=14)
    assert queue.next(LIU) is None
    calls.clock.forward(minutes=2)
    again = queue.next(LIU)
    assert again is not None
    assert (again.recording_id, again.claimed_by) == (one, "liu")
    with pytest.raises(ConflictError):
        queue.extend(WANG, one)


def test_a_call_whose_lease_ran_out_comes_back_with_its_drafts(calls: Calls) -> None:
    one = calls.add()
    queue, desk = calls.services.review.queue, calls.services.review.desk
    queue.next(WANG)
    desk.comment(WANG, one, "先听第二句")
    desk.judge(WANG, one, calls.flag(one, "zh.t.promise"), VerdictOutcome.CONFIRMED)
    calls.clock.forward(hours=1)
    assert calls.view(one).status is ReviewStatus.WAITING
    queue.next(LIU)
    review = calls.view(one, LIU)
    assert review.mine
    assert [f.verdict.person for f in review.flags if f.verdict] == ["wang"]
    assert [c.text for c in review.comments] == ["先听第二句"]


def test_a_skipped_call_goes_to_others_and_comes_back_after_a_while(calls: Calls) -> None:
    one = calls.add()
    queue = calls.services.review.queue
    queue.next(WANG)
    with pytest.raises(BadOptionError):
        queue.skip(WANG, one, "  ")
    queue.skip(WANG, one, "认识这位客户")
    assert queue.next(WANG) is None
    assert queue.peek(LIU) is not None
    calls.clock.forward(hours=13)
    assert queue.next(WANG) is not None


def test_a_call_that_was_handed_over_is_its_receivers_alone(calls: Calls) -> None:
    calls.account("liu", Job.REVIEWER)
    calls.account("agent1", Job.AGENT)
    first, second = calls.add(BAD), calls.add(("坐席：您好，有风险，稳赚",))
    queue = calls.services.review.queue
    queue.claim(WANG, second)
    queue.hand_over(WANG, second, "liu")
    assert calls.view(second).assigned_to == "liu"
    with pytest.raises(ConflictError):
        queue.claim(WANG, second)
    mine = queue.next(LIU)
    assert mine is not None
    assert mine.recording_id == second, "what was handed over goes before what is worse"
    with pytest.raises(BadOptionError):
        queue.hand_over(LIU, second, "agent1")
    with pytest.raises(NotFoundError):
        queue.hand_over(LIU, second, "nobody")
    queue.hand_over(LIU, second, None)
    assert {item.recording_id for item in queue.listed(WANG)} == {first, second}


def test_a_supervisor_sees_and_moves_only_their_teams_calls(calls: Calls) -> None:
    calls.account("liu", Job.REVIEWER)
    east, west = calls.add(BAD, team="east"), calls.add(BAD, team="west")
    queue = calls.services.review.queue
    assert [i.recording_id for i in queue.listed(LEAD)] == [east]
    assert queue.overview(LEAD).teams == {"east": 1}
    with pytest.raises(NotFoundError):
        queue.claim(LEAD, west)
    queue.claim(WANG, east)
    queue.release(LEAD, east)
    queue.hand_over(LEAD, east, "liu")
    assert calls.view(east).assigned_to == "liu"
    with pytest.raises(ConflictError):
        queue.release(WANG, east)


def test_only_reviewers_have_a_queue(calls: Calls) -> None:
    for job in (Job.AGENT, Job.AUDITOR):
        with pytest.raises(ForbiddenError):
            calls.services.review.queue.next(person("somebody", job))


def test_a_call_nobody_was_called_for_can_be_opened_by_hand(calls: Calls) -> None:
    good = calls.add(GOOD)
    item = calls.services.review.queue.claim(WANG, good)
    assert (item.reason, item.claimed_by) == (CallFor.ASKED, "wang")


def test_what_is_late_goes_first(calls: Calls) -> None:
    old = calls.add(("坐席：您好，有风险，稳赚",))
    calls.clock.forward(days=4)
    calls.add(BAD)
    queue = calls.services.review.queue
    assert queue.sweep() == 1
    assert queue.sweep() == 0
    first = queue.next(WANG)
    assert first is not None
    assert (first.recording_id, first.late) == (old, True)
    assert queue.overview(WANG).late == 1


def test_a_list_of_recordings_says_that_a_lapsed_call_waits(calls: Calls) -> None:
    one = calls.add(BAD)
    review = calls.services.review
    review.queue.next(WANG)
    calls.clock.forward(hours=1)
    review.queue.sweep()
    with calls.services.database.read() as session:
        recording = Recordings(session).get(one)
        assert recording is not None
        assert recording.review_status == "waiting"
    review.queue.extend(WANG, one)
    assert calls.view(one, WANG).mine, "who held it last goes on where nobody has taken it"


def test_the_overview_shows_the_queue_of_one_person(calls: Calls) -> None:
    calls.add(BAD, team="east")
    calls.add(BAD, team="west")
    queue = calls.services.review.queue
    held = queue.next(WANG)
    assert held is not None
    seen = queue.overview(WANG)
    assert (seen.open, seen.held, len(seen.mine), len(seen.upcoming)) == (2, 1, 1, 1)
    assert [i.team for i in queue.overview(WANG, "west").upcoming] == ["west"]
