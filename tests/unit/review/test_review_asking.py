"""Calls put before a reviewer, or into the queue, many at a time."""

from typing import Any

import pytest
from ledger_fakes import wav_bytes
from review_kit import BAD, GOOD, Calls, person

from qa.core.errors import BadOptionError, ForbiddenError, NotFoundError
from qa.core.people import SYSTEM, Job
from qa.core.review import CallFor, ReviewStatus, VerdictOutcome
from qa.db.audit import Wanted
from qa.services import IntakeMeta
from qa.services.review import Asked, AskOutcome

LEAD = person("lead", Job.SUPERVISOR, teams=("south",))
CHIEF = person("chief", Job.COMPLIANCE)
WHY = "客户投诉升级，请今天听"


@pytest.fixture
def people(calls: Calls) -> Calls:
    calls.account("wang", Job.REVIEWER)
    calls.account("li", Job.REVIEWER)
    calls.account("17", Job.AGENT)
    return calls


def told(asked: tuple[Asked, ...]) -> dict[str, AskOutcome]:
    return {one.recording_id: one.outcome for one in asked}


def test_calls_are_put_before_one_reviewer_with_the_reason(people: Calls) -> None:
    clean, bad = people.add(GOOD, team="south"), people.add(BAD, team="south")
    asked = people.services.review.asking.ask(LEAD, [clean, bad], "wang", WHY)
    assert told(asked) == {clean: AskOutcome.ASKED, bad: AskOutcome.ASKED}
    handed = people.services.review.queue.overview(person("wang")).handed
    assert {one.recording_id for one in handed} == {clean, bad}
    assert all(CallFor.ASKED in one.reasons for one in handed)
    assert [one.text for one in people.view(clean).comments] == [WHY]
    assert people.services.review.queue.peek(person("li")) is None


def test_without_a_person_they_wait_for_everybody(people: Calls) -> None:
    clean = people.add(GOOD)
    people.services.review.asking.ask(CHIEF, [clean], None, WHY)
    offered = people.services.review.queue.peek(person("li"))
    assert offered is not None
    assert (offered.recording_id, offered.assigned_to) == (clean, None)


def test_what_is_held_or_finalised_is_told_and_left_as_it_is(people: Calls) -> None:
    held, final, waiting = people.add(BAD), people.add(GOOD), people.add(BAD)
    queue, closing = people.services.review.queue, people.services.review.closing
    queue.claim(person("li"), held)
    queue.claim(person("li"), final)
    closing.finalise(person("li"), final)
    asked = people.services.review.asking.ask(CHIEF, [held, final, waiting], "wang", WHY)
    assert {(one.recording_id, one.outcome, one.person) for one in asked} == {
        (held, AskOutcome.HELD, "li"),
        (final, AskOutcome.FINALISED, "li"),
        (waiting, AskOutcome.ASKED, None),
    }
    assert people.view(held).claimed_by == "li"
    assert people.view(final).status is ReviewStatus.FINALISED
    assert people.view(held).comments == people.view(final).comments == ()


def test_a_lapsed_claim_is_nobodys_and_its_drafts_stay(people: Calls) -> None:
    call = people.add(BAD)
    people.services.review.queue.claim(person("li"), call)
    people.services.review.desk.judge(
        person("li"), call, people.flag(call, "zh.t.promise"), VerdictOutcome.CONFIRMED
    )
    people.clock.forward(minutes=30)
    asked = people.services.review.asking.ask(CHIEF, [call], "wang", WHY)
    assert told(asked) == {call: AskOutcome.ASKED}
    assert people.view(call).assigned_to == "wang"
    assert any(flag.verdict for flag in people.view(call).flags)


def test_asking_twice_says_that_it_waits_already(people: Calls) -> None:
    call = people.add(BAD)
    ask = people.services.review.asking.ask
    ask(CHIEF, [call], "wang", WHY)
    assert told(ask(CHIEF, [call, call], "WANG ", WHY)) == {call: AskOutcome.ALREADY}
    assert len(people.view(call).comments) == 1
    assert told(ask(CHIEF, [call], None, "转给大家")) == {call: AskOutcome.ASKED}
    assert people.view(call).assigned_to is None


def test_calls_of_other_teams_are_unknown_and_receivers_need_to_see_them(people: Calls) -> None:
    calls = people
    other, own = calls.add(BAD, team="north"), calls.add(BAD, team="south")
    assert told(calls.services.review.asking.ask(LEAD, [other, own, "0" * 32], None, WHY)) == {
        other: AskOutcome.UNKNOWN,
        own: AskOutcome.ASKED,
        "0" * 32: AskOutcome.UNKNOWN,
    }
    calls.account("super", Job.SUPERVISOR)
    assert told(calls.services.review.asking.ask(CHIEF, [other], "super", WHY)) == {other: AskOutcome.NOT_THEIRS}
    assert calls.services.review.queue.overview(CHIEF).handed == ()


def test_a_call_that_was_not_analysed_is_told(people: Calls) -> None:
    waiting = people.services.intake.accept_stream([wav_bytes(99)], IntakeMeta("new.wav")).recording.id
    asked = people.services.review.asking.ask(CHIEF, [waiting], None, WHY)
    assert told(asked) == {waiting: AskOutcome.NOT_ANALYSED}


@pytest.mark.parametrize(
    ("to", "reason", "error"),
    [("nobody", WHY, NotFoundError), ("17", WHY, BadOptionError), ("wang", " \n", BadOptionError)],
)
def test_a_receiver_and_a_reason_are_needed(people: Calls, to: str, reason: str, error: Any) -> None:
    call = people.add(GOOD)
    with pytest.raises(error):
        people.services.review.asking.ask(CHIEF, [call], to, reason)
    assert people.services.review.queue.overview(CHIEF).open == 0


def test_only_who_manages_the_queue_asks_others(people: Calls) -> None:
    call = people.add(GOOD)
    for job in (Job.REVIEWER, Job.AUDITOR, Job.AGENT):
        with pytest.raises(ForbiddenError):
            people.services.review.asking.ask(person("x", job), [call], None, WHY)
        with pytest.raises(ForbiddenError):
            people.services.review.asking.receivers(person("x", job))
    assert [one.login for one in people.services.review.asking.receivers(CHIEF)] == ["li", "wang"]


def test_each_call_that_was_asked_for_is_in_the_audit_log_without_words(people: Calls) -> None:
    clean = people.add(GOOD)
    people.services.review.asking.ask(CHIEF, [clean], "wang", WHY)
    (event,) = people.services.audit.page(SYSTEM, Wanted(action="review.asked")).items
    assert (event.actor, event.recording_id, event.details["to"]) == ("chief", clean, "wang")
    assert WHY not in str(event.details)
