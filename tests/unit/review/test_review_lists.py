"""What a review says is seen in the lists of recordings."""

from review_kit import BAD, Calls, person

from qa.core.people import SYSTEM, Job
from qa.core.review import RejectReason, VerdictOutcome
from qa.services.search import Line, ListFilter

WANG = person("wang", Job.REVIEWER)


def line(calls: Calls, **wanted: object) -> Line:
    (found,) = calls.services.search.page(SYSTEM, ListFilter(**wanted)).lines  # type: ignore[arg-type]
    return found


def test_lists_show_the_score_of_the_machine_until_a_person_has_finalised(calls: Calls) -> None:
    recording = calls.add(BAD)
    machine = line(calls, reviews=("waiting",)).score
    calls.services.review.queue.claim(WANG, recording)
    for flag in calls.view(recording).flags:
        desk, rejected = calls.services.review.desk, VerdictOutcome.REJECTED
        desk.judge(WANG, recording, flag.finding_id, rejected, reason=RejectReason.CONTEXT)
    assert line(calls, reviews=("claimed",)).score == machine
    calls.services.review.closing.finalise(WANG, recording)
    human = calls.view(recording).human_score
    assert human is not None
    assert human != machine
    assert line(calls, reviews=("finalised",)).score == human
    # Other rules judge again; what was finalised stays.
    calls.new_rules()
    assert line(calls).score == human
