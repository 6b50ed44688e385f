"""A security code leaves the stored original for good, and the log says what stood there before."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import sqlalchemy as sa
from ledger_fakes import FakePipeline, RecordingBell, wav_bytes
from privacy_kit import REVIEWER, telling

from qa.audio.samples import SAMPLE_RATE
from qa.core.errors import NotFoundError
from qa.db.models import AuditEventRow, StageOutputRow
from qa.services import IntakeMeta, Services
from qa.services.doorbell import Queue
from qa.services.erasure import EraseService
from qa.services.work import Worker
from qa.settings import PrivacySettings

MakeWorker = Callable[..., Worker]


def eraser(services: Services, *kinds: str) -> EraseService:
    options = PrivacySettings.model_validate({"erase": kinds})
    settings = services.settings
    return EraseService(
        services.database, services.storage, services.vault, options, settings.intake, settings.home / "cache"
    )


def worked(services: Services, bell: RecordingBell, erase: EraseService) -> tuple[str, str, Path]:
    """Take a call in and analyse it: its id, its hash as it came, and where its bytes lay."""
    made = services.intake.accept_stream([wav_bytes(5)], IntakeMeta("a.wav")).recording
    path = services.storage.audio_path(made.sha256, ".wav")
    copy = services.settings.home / "cache" / "playable-1" / made.sha256[:2] / f"{made.sha256}.flac"
    copy.parent.mkdir(parents=True)
    copy.touch()
    Worker(
        services.database, services.vault, bell, services.settings.ledger, FakePipeline(outcome=telling),
        done=erase.after_run,
    ).work(Queue.SPEECH, made.run.id)  # fmt: skip
    return made.id, made.sha256, path


def test_the_code_is_gone_from_sound_words_and_caches(services: Services, bell: RecordingBell) -> None:
    recording, before, old = worked(services, bell, eraser(services, "cvv"))
    now = services.recordings.get(recording)
    assert now.sha256 != before
    assert not old.exists()
    assert not list((services.settings.home / "cache").glob(f"*/*/{before}*"))
    sound, rate = soundfile.read(services.recordings.open_sound(recording), dtype="int16")
    assert rate == SAMPLE_RATE
    assert not np.asarray(sound[int(4.6 * rate) : int(5.6 * rate)]).any()
    assert np.asarray(sound[: int(4.4 * rate)]).any()
    seen = services.privacy.reveal(REVIEWER, recording, "核对号码")
    assert [s.text for s in seen.spans] == ["13812345678"]
    with services.database.read() as session:
        assert session.scalars(sa.select(StageOutputRow.sha256).where(StageOutputRow.sha256 == before)).all() == []
        [event] = session.scalars(sa.select(AuditEventRow).where(AuditEventRow.action == "recording.erased"))
    assert event.details == {
        "sha256_before": before,
        "sha256_after": now.sha256,
        "kinds": ["cvv"],
        "stretches": 1,
    }


def test_erasing_twice_changes_nothing(services: Services, bell: RecordingBell) -> None:
    erase = eraser(services, "cvv")
    recording, _, _ = worked(services, bell, erase)
    first = services.recordings.get(recording).sha256
    assert erase.erase(recording) is False
    assert services.recordings.get(recording).sha256 == first


@pytest.mark.parametrize("kinds", [(), ("code",)])
def test_nothing_is_erased_unasked(services: Services, bell: RecordingBell, kinds: tuple[str, ...]) -> None:
    recording, before, old = worked(services, bell, eraser(services, *kinds))
    assert services.recordings.get(recording).sha256 == before
    assert old.exists()


def test_sound_that_has_gone_leaves_the_recording_as_it_was(services: Services, bell: RecordingBell) -> None:
    recording, before, old = worked(services, bell, eraser(services))
    old.unlink()
    eraser(services, "cvv").after_run(services.recordings.get(recording).run.id)
    assert services.recordings.get(recording).sha256 == before
    with pytest.raises(NotFoundError):
        services.recordings.get("0" * 32)


def test_the_same_bytes_of_another_tenant_stay_as_they_are(services: Services, bell: RecordingBell) -> None:
    theirs = services.intake.accept_stream([wav_bytes(5)], IntakeMeta("a.wav", tenant="other")).recording
    worked(services, bell, eraser(services, "cvv"))
    with services.vault.open(theirs.sha256, ".wav") as sound:
        assert sound.read() == wav_bytes(5)
