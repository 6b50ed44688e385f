"""Masked for everybody; revealed to those who may, for a reason, and never without a line in the audit log."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from ledger_fakes import FakePipeline, wav_bytes
from privacy_kit import AUDITOR, REVIEWER, STRANGER, leaked, telling

from qa.core.base import encode
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.db.models import AuditEventRow
from qa.services import IntakeMeta, Services
from qa.services.doorbell import Queue
from qa.services.privacy import LONGEST_REASON, Place
from qa.services.views import RecordingView
from qa.services.work import Worker

MakeWorker = Callable[..., Worker]


@pytest.fixture
def waiting(services: Services) -> RecordingView:
    meta = IntakeMeta("回拨13812345678.wav", {"customer_phone": "13812345678", "agent": "8001"})
    return services.intake.accept_stream([wav_bytes(1)], meta).recording


@pytest.fixture
def recording(services: Services, make_worker: MakeWorker, waiting: RecordingView) -> RecordingView:
    make_worker(FakePipeline(outcome=telling)).work(Queue.SPEECH, waiting.run.id)
    return waiting


def events(services: Services, action: str) -> list[AuditEventRow]:
    with services.database.read() as session:
        return list(session.scalars(sa.select(AuditEventRow).where(AuditEventRow.action == action)))


def test_lists_and_results_show_nothing_that_is_personal(services: Services, recording: RecordingView) -> None:
    shown = encode([services.recordings.list(), services.recordings.get(recording.id)]).decode()
    told = encode(services.recordings.result(recording.id)).decode()
    assert leaked(shown + told) == []
    assert services.recordings.get(recording.id).name == "回拨138****5678.wav"
    assert services.recordings.get(recording.id).attributes == {"agent": "8001", "customer_phone": "138****5678"}


def test_a_reason_reveals_and_is_written_down_in_the_same_breath(
    services: Services, recording: RecordingView
) -> None:
    seen = services.privacy.reveal(REVIEWER, recording.id, "核对客户申诉的号码")
    assert [(s.kind, s.text) for s in seen.spans] == [("phone", "13812345678"), ("cvv", "317")]
    [event] = events(services, "personal.revealed")
    assert (event.actor, event.recording_id) == ("li.rui", recording.id)
    assert event.details == {
        "reason": "核对客户申诉的号码",
        "result": seen.result_id,
        "turns": [1, 3],
        "kinds": ["cvv", "phone"],
    }


def test_only_what_is_asked_for_is_revealed(services: Services, recording: RecordingView) -> None:
    seen = services.privacy.reveal(REVIEWER, recording.id, "核对号码", [Place(1, 0, 3)])
    assert [(s.kind, s.text) for s in seen.spans] == [("phone", "138")]


@pytest.mark.parametrize("place", [Place(9, 0, 1), Place(1, 0, 12), Place(1, 3, 3), Place(1, -1, 2)])
def test_a_place_that_is_not_there_is_named(services: Services, recording: RecordingView, place: Place) -> None:
    with pytest.raises(BadOptionError) as caught:
        services.privacy.reveal(REVIEWER, recording.id, "核对号码", [place])
    assert caught.value.message.code == "privacy.no_such_span"
    assert events(services, "personal.revealed") == []


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", "reason_missing"),
        (" \n a ", "reason_missing"),
        ("x" * (LONGEST_REASON + 1), "reason_too_long"),
        ("客户说号码是13812345678", "reason_holds_data"),
    ],
)
def test_a_reason_has_to_say_something_and_nothing_personal(
    services: Services, recording: RecordingView, reason: str, code: str
) -> None:
    with pytest.raises(BadOptionError) as caught:
        services.privacy.reveal(REVIEWER, recording.id, reason)
    assert caught.value.message.code == f"privacy.{code}"


def test_nothing_is_revealed_without_the_right_out_of_reach_or_before_the_analysis(
    services: Services, waiting: RecordingView
) -> None:
    with pytest.raises(ForbiddenError):
        services.privacy.reveal(AUDITOR, waiting.id, "想看一下")
    with pytest.raises(NotFoundError):
        services.privacy.reveal(STRANGER, waiting.id, "想看一下")
    with pytest.raises(ConflictError):
        services.privacy.reveal(REVIEWER, waiting.id, "想看一下")
    assert events(services, "personal.revealed") == []


def test_the_sound_is_hidden_where_the_words_are(services: Services, recording: RecordingView) -> None:
    hidden = services.privacy.hidden(AUDITOR, recording.id)
    assert hidden is not None
    assert [(round(s.start, 3), round(s.end, 3)) for s in hidden] == [(1.9, 3.7), (4.5, 5.7)]


def test_the_original_is_heard_after_a_reason_and_logged_once_a_listening(
    services: Services, recording: RecordingView
) -> None:
    with pytest.raises(ForbiddenError) as caught:
        services.privacy.open_original(REVIEWER, recording.id, download=False)
    assert caught.value.message.code == "privacy.reveal_first"
    services.privacy.reveal(REVIEWER, recording.id, "核对号码")
    services.privacy.open_original(REVIEWER, recording.id, download=False, first=True)
    services.privacy.open_original(REVIEWER, recording.id, download=False, first=False)
    [event] = events(services, "personal.heard")
    assert event.actor == "li.rui"
    with pytest.raises(ForbiddenError):
        services.privacy.open_original(REVIEWER, recording.id, download=True)
