"""An upload goes on where it stopped, and is accepted once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledger_fakes import RecordingBell, wav_bytes

from qa.core.errors import BadRecordingError, ConflictError, NotFoundError, TooLargeError
from qa.db.models import UploadRow
from qa.services import IntakeMeta, Services
from qa.services.uploads import UploadService
from qa.services.views import Accepted, UploadView
from qa.settings import IntakeSettings


async def _chunks(data: bytes, break_after: int | None = None) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 10_000):
        if break_after is not None and start >= break_after:
            raise ConnectionResetError
        yield data[start : start + 10_000]


def _append(
    services: Services, upload_id: str, offset: int, data: bytes, break_after: int | None = None
) -> tuple[UploadView, Accepted | None]:
    return asyncio.run(services.uploads.append(upload_id, offset, _chunks(data, break_after)))


def _spool_files(services: Services) -> list[Path]:
    return list((services.settings.home / "uploads").iterdir())


def test_an_upload_in_two_parts_becomes_a_recording(services: Services, bell: RecordingBell) -> None:
    data = wav_bytes()
    upload = services.uploads.create(len(data), IntakeMeta("call.wav", {"agent": "A1"}))
    view, accepted = _append(services, upload.id, 0, data[:50_000])
    assert (view.offset, accepted) == (50_000, None)
    view, accepted = _append(services, upload.id, 50_000, data[50_000:])
    assert accepted is not None
    assert view.recording_id == accepted.recording.id
    assert accepted.recording.attributes == {"agent": "A1"}
    assert services.recordings.open_sound(accepted.recording.id).read() == data
    assert len(bell.rings) == 1
    assert _spool_files(services) == []
    with pytest.raises(ConflictError):
        _append(services, upload.id, len(data), b"")


def test_a_broken_connection_keeps_what_arrived(services: Services) -> None:
    data = wav_bytes()
    upload = services.uploads.create(len(data), IntakeMeta("call.wav"))
    with pytest.raises(ConnectionResetError):
        _append(services, upload.id, 0, data, break_after=30_000)
    assert services.uploads.get(upload.id).offset == 30_000
    _, accepted = _append(services, upload.id, 30_000, data[30_000:])
    assert accepted is not None


def test_bytes_that_were_written_but_not_noted_are_overwritten(services: Services) -> None:
    data = wav_bytes()
    upload = services.uploads.create(len(data), IntakeMeta("call.wav"))
    _append(services, upload.id, 0, data[:20_000])
    with _spool_files(services)[0].open("ab") as part:
        part.write(b"left by a process that was killed")
    _, accepted = _append(services, upload.id, 20_000, data[20_000:])
    assert accepted is not None
    assert services.recordings.open_sound(accepted.recording.id).read() == data


def test_wrong_offsets_and_too_many_bytes_are_refused(services: Services) -> None:
    upload = services.uploads.create(100, IntakeMeta("call.wav"))
    with pytest.raises(ConflictError):
        _append(services, upload.id, 5, b"x")
    with pytest.raises(TooLargeError):
        _append(services, upload.id, 0, b"x" * 101)
    assert services.uploads.get(upload.id).offset == 0


def test_two_requests_cannot_write_at_once(services: Services) -> None:
    data = wav_bytes()
    upload = services.uploads.create(len(data), IntakeMeta("call.wav"))

    async def both() -> list[object]:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield data[:10]
            arrived.set()
            await go_on.wait()
            yield data[10:]

        first = asyncio.create_task(services.uploads.append(upload.id, 0, slow()))
        await arrived.wait()
        with pytest.raises(ConflictError):
            await services.uploads.append(upload.id, 0, _chunks(data))
        go_on.set()
        return list(await first)

    assert asyncio.run(both())[1] is not None


def test_an_upload_that_is_no_recording_is_refused_and_forgotten(services: Services) -> None:
    upload = services.uploads.create(10, IntakeMeta("call.wav"))
    with pytest.raises(BadRecordingError):
        _append(services, upload.id, 0, b"0123456789")
    with pytest.raises(NotFoundError):
        services.uploads.get(upload.id)
    assert _spool_files(services) == []


def test_a_duplicate_upload_points_to_the_first(services: Services) -> None:
    data = wav_bytes()
    first = services.intake.accept_stream([data], IntakeMeta("one.wav")).recording
    upload = services.uploads.create(len(data), IntakeMeta("two.wav"))
    view, accepted = _append(services, upload.id, 0, data)
    assert accepted is not None
    assert (accepted.duplicate, view.recording_id) == (True, first.id)
    assert _spool_files(services) == []


def test_uploads_over_the_cap_and_too_many_at_once_are_refused(services: Services, bell: RecordingBell) -> None:
    options = IntakeSettings(max_bytes=1000, max_open_uploads=1)
    uploads = UploadService(services.database, services.storage, services.intake, options)
    with pytest.raises(TooLargeError):
        uploads.create(1001, IntakeMeta("a.wav"))
    uploads.create(1000, IntakeMeta("a.wav"))
    with pytest.raises(ConflictError):
        uploads.create(1000, IntakeMeta("b.wav"))


def test_what_is_never_finished_expires_and_what_is_abandoned_goes(services: Services) -> None:
    late = services.uploads.create(100, IntakeMeta("a.wav"))
    with services.database.write() as session:
        past = services.database.now(session) - timedelta(seconds=1)
        session.execute(sa.update(UploadRow).values(expires_at=past))
    given_up = services.uploads.create(100, IntakeMeta("b.wav"))
    with pytest.raises(NotFoundError):
        services.uploads.get(late.id)
    assert services.uploads.expire() == 1
    services.uploads.abandon(given_up.id)
    assert _spool_files(services) == []
