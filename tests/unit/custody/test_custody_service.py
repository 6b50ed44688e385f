"""Holds, retention, deletion on request: what goes, what stays, and what is left to prove it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledger_fakes import FakePipeline, RecordingBell, wav_bytes

from qa.core.base import encode
from qa.core.custody import Selection
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError, TingjianError
from qa.core.people import SYSTEM, Job, Person
from qa.db.models import (
    AuditEventRow,
    Base,
    DeletionItemRow,
    DeletionRow,
    RecordingKeyRow,
    RecordingRow,
    RunRow,
)
from qa.exports.sign import is_signed
from qa.exports.verify import canonical
from qa.services import Services
from qa.services.doorbell import Queue
from qa.services.intake import IntakeMeta
from qa.services.views import RecordingView
from qa.services.work import Worker
from qa.settings import CustodySettings

Open = Callable[[CustodySettings], Services]
OFFICER = Person("c" * 32, "officer", "Officer", frozenset({Job.COMPLIANCE}))
REVIEWER = Person("b" * 32, "reviewer", "Reviewer", frozenset({Job.REVIEWER}))
LOAN = Selection(attributes={"product": "loan"})
RULES = CustodySettings.model_validate(
    {
        "retention": [
            {"name": "disputes", "disputed": True},
            {"name": "loans", "attributes": {"product": "loan"}, "days": 100},
            {"name": "rest", "days": 10},
        ]
    }
)


def taken(
    services: Services, seed: int = 1, product: str = "loan", *, days_old: int = 0, work: bool = True
) -> RecordingView:
    called = datetime.now(UTC) - timedelta(days=days_old)
    meta = IntakeMeta(
        f"13812345678-{seed}.wav", {"product": product, "agent": f"A{seed}", "called_at": called.isoformat()}
    )
    made = services.intake.accept_stream([wav_bytes(seed)], meta).recording
    if work:
        worker = Worker(
            services.database, services.vault, RecordingBell(), services.settings.ledger, FakePipeline()
        )
        worker.work(Queue.SPEECH, made.run.id)
    return made


def delete(services: Services, selection: Selection = LOAN) -> str:
    return services.custody.delete(OFFICER, selection, "data protection officer", "customer asked").id


def ids(services: Services) -> set[str]:
    with services.database.read() as session:
        return set(session.scalars(sa.select(RecordingRow.id)))


def traces(services: Services, *needles: str) -> set[str]:
    """Tables whose rows hold one of the needles."""
    found = set()
    with services.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                if any(needle in str(value) for needle in needles for value in row):
                    found.add(table.name)
    return found


def test_a_deleted_recording_is_found_again_nowhere(services: Services) -> None:
    gone, stays = taken(services, 1), taken(services, 2, "card")
    home = services.settings.home
    copy = home / "cache" / "playable-1" / gone.sha256[:2] / f"{gone.sha256}-0123.flac"
    copy.parent.mkdir(parents=True)
    copy.touch()
    services.storage.put_artefact(gone.sha256, "peaks-1.json", b"{}")
    done = services.custody.get(OFFICER, delete(services))
    assert (done.state, done.recordings) == ("done", 1)
    assert ids(services) == {stays.id}
    assert traces(services, gone.id, gone.sha256, "13812345678-1") == {
        "audit_event",
        "recording_key",
        "deletion",
        "deletion_item",
    }
    assert traces(services, "13812345678-1") == set()
    left = [str(path) for path in home.rglob("*") if gone.sha256 in str(path)]
    assert left == []
    with services.recordings.open_sound(stays.id) as sound:
        assert sound.read() == wav_bytes(2)


def test_the_database_file_holds_no_trace_of_what_was_deleted(services: Services) -> None:
    if not services.database.is_sqlite:
        pytest.skip("the pages of a server are its own")
    taken(services, 1, "a-rare-product")
    file = services.settings.home / "tingjian.db"
    file = file if file.exists() else Path(str(services.database.url.database))
    before = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert b"a-rare-product" in before
    delete(services, Selection(attributes={"product": "a-rare-product"}))
    after = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert b"a-rare-product" not in after
    assert b"13812345678-1" not in after


def test_the_certificate_says_what_went_on_whose_word_and_is_signed(services: Services) -> None:
    gone = taken(services)
    made = services.custody.certificate(OFFICER, delete(services))
    said = made.certificate
    assert said["on_word_of"] == "data protection officer"
    assert said["begun_by"] == "officer"
    [one] = said["recordings"]
    assert (one["recording"], one["sha256"], one["key_destroyed"], one["file"]) == (
        gone.id,
        gone.sha256,
        True,
        True,
    )
    assert "12345678" not in json.dumps(said)
    assert is_signed(made.public_key, canonical(said), made.signature)
    assert not is_signed(made.public_key, canonical({**said, "reason": "another"}), made.signature)
    with services.database.read() as session:
        actions = session.scalars(sa.select(AuditEventRow.action).order_by(AuditEventRow.seq)).all()
        key = session.scalars(sa.select(RecordingKeyRow)).one()
    assert actions[-3:] == ["custody.deletion_begun", "recording.deleted", "custody.deleted"]
    assert key.wrapped is None
    assert key.destroyed_at is not None


def test_the_same_bytes_may_come_again_after_a_deletion(services: Services) -> None:
    gone = taken(services)
    delete(services)
    again = taken(services)
    assert again.id != gone.id
    with services.recordings.open_sound(again.id) as sound:
        assert sound.read() == wav_bytes(1)


def test_bytes_that_another_tenant_has_stay_for_it(services: Services) -> None:
    mine = taken(services)
    meta = IntakeMeta("13812345678-1.wav", {"product": "loan"}, tenant="other")
    theirs = services.intake.accept_stream([wav_bytes(1)], meta).recording
    made = services.custody.certificate(OFFICER, delete(services))
    assert made.certificate["recordings"][0]["shared_with_another_recording"] is True
    assert ids(services) == {theirs.id}
    assert mine.id not in ids(services)
    with services.vault.open(theirs.sha256, ".wav") as sound:
        assert sound.read() == wav_bytes(1)


@pytest.mark.parametrize("by", ["id", "filter"])
def test_a_hold_wins_until_it_is_released(services: Services, by: str) -> None:
    kept = taken(services)
    selection = Selection(recording_id=kept.id) if by == "id" else LOAN
    hold = services.custody.hold(OFFICER, selection, "lawsuit 7")
    assert hold.covers == 1
    with pytest.raises(ConflictError) as caught:
        delete(services)
    assert caught.value.message.code == "custody.held"
    forecast = services.custody.preview(OFFICER, LOAN)
    assert (forecast.going, forecast.held, forecast.items[0].held_by) == (0, 1, (hold.id,))
    assert ids(services) == {kept.id}
    services.custody.release(OFFICER, hold.id, "settled")
    with pytest.raises(ConflictError):
        services.custody.release(OFFICER, hold.id, "again")
    delete(services)
    assert ids(services) == set()
    assert services.custody.holds(OFFICER)[0].release_reason == "settled"


def test_retention_takes_the_first_class_that_fits_and_spares_what_is_held(house: Open) -> None:
    services = house(RULES)
    fresh, old_loan = taken(services, 1, days_old=50), taken(services, 2, days_old=150)
    old_card, held = taken(services, 3, "card", days_old=50), taken(services, 4, "card", days_old=50)
    services.custody.hold(OFFICER, Selection(recording_id=held.id), "lawsuit")
    due = services.custody.due(OFFICER)
    assert {(one.recording_id, one.rule, one.goes) for one in due.items} == {
        (old_loan.id, "loans", True),
        (old_card.id, "rest", True),
        (held.id, "rest", False),
    }
    assert (due.going, due.held) == (2, 1)
    assert fresh.id in {one.recording_id for one in services.custody.due(OFFICER, days=60).items}
    assert ids(services) == {fresh.id, old_loan.id, old_card.id, held.id}
    assert services.custody.sweep() == 2
    assert ids(services) == {fresh.id, held.id}
    assert services.custody.sweep() == 0
    assert {one.rule for one in services.custody.deletions(OFFICER)} == {"loans", "rest"}


def test_without_rules_nothing_is_ever_due(services: Services) -> None:
    taken(services, days_old=5000)
    assert services.custody.due(OFFICER, 30).items == ()
    assert services.custody.sweep() == 0


class Killed(BaseException):
    """Like a kill -9: nothing that handles errors sees it."""


@pytest.mark.parametrize("at", ["Vault.destroy", "Storage.delete", "certify"])
def test_a_deletion_that_is_killed_is_finished_by_the_next_sweep(
    services: Services, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    taken(services, 1)
    taken(services, 2)
    places = {
        "Vault.destroy": "qa.services.custody.vault.Vault.destroy",
        "Storage.delete": "qa.storage.local.LocalStorage.delete_artefacts",
        "certify": "qa.services.custody.deleting.Deleter._certify",
    }

    def killed(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(places[at], killed)
    with pytest.raises(Killed):
        delete(services)
    monkeypatch.undo()
    [begun] = services.custody.deletions(OFFICER)
    assert begun.state == "begun"
    with pytest.raises(ConflictError):
        services.custody.certificate(OFFICER, begun.id)
    assert services.custody.resume() == 1
    assert services.custody.resume() == 0
    assert ids(services) == set()
    said = services.custody.certificate(OFFICER, begun.id).certificate
    assert len(said["recordings"]) == 2
    assert all(one["key_destroyed"] and one["file"] for one in said["recordings"])
    assert not [path for path in (services.settings.home / "audio").rglob("*") if path.is_file()]


def test_a_hold_placed_while_a_deletion_is_under_way_still_wins(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = taken(services)

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("qa.services.custody.deleting.Deleter.finish", killed)
    with pytest.raises(Killed):
        delete(services)
    monkeypatch.undo()
    hold = services.custody.hold(OFFICER, LOAN, "lawsuit")
    services.custody.resume()
    [done] = services.custody.deletions(OFFICER)
    said = services.custody.certificate(OFFICER, done.id).certificate
    assert said["recordings"] == []
    assert said["kept"] == [{"recording": kept.id, "hold": hold.id}]
    assert ids(services) == {kept.id}


def test_what_is_being_analysed_is_not_deleted(services: Services) -> None:
    made = taken(services, work=False)
    with services.database.write() as session:
        session.execute(sa.update(RunRow).where(RunRow.id == made.run.id).values(status="running"))
    with pytest.raises(ConflictError) as caught:
        delete(services)
    assert caught.value.message.code == "custody.being_analysed"


def test_what_is_being_exported_waits_and_packs_that_hold_it_are_listed(services: Services) -> None:
    from qa.services.export import Wanted

    taken(services)
    now = datetime.now(UTC)
    wanted = Wanted(start=now - timedelta(days=1), end=now + timedelta(days=1), formats=(), as_zip=False)
    asked = services.exports.request(OFFICER, wanted)
    with pytest.raises(ConflictError) as caught:
        delete(services)
    assert caught.value.message.code == "custody.being_exported"
    made = services.exports.write(asked.id)
    assert made is not None
    said = services.custody.certificate(OFFICER, delete(services)).certificate
    assert said["packs_that_may_hold_them"] == [{"export": made.id, "file": made.file, "digest": made.digest}]


def test_nothing_goes_where_no_certificate_could_be_signed(services: Services) -> None:
    made = taken(services)
    services.keys.current()
    (services.settings.home / "keys" / "signing.pem").unlink()
    with pytest.raises(TingjianError):
        delete(services)
    assert ids(services) == {made.id}
    with services.database.read() as session:
        assert session.scalars(sa.select(DeletionRow)).all() == []
        assert session.scalars(sa.select(DeletionItemRow)).all() == []


def test_only_who_may_retain_may_do_any_of_it(services: Services) -> None:
    custody = services.custody
    for act in (
        lambda: custody.holds(REVIEWER),
        lambda: custody.hold(REVIEWER, LOAN, "x"),
        lambda: custody.release(REVIEWER, "x", "x"),
        lambda: custody.due(REVIEWER),
        lambda: custody.preview(REVIEWER, LOAN),
        lambda: custody.delete(REVIEWER, LOAN, "x", "x"),
        lambda: custody.deletions(REVIEWER),
        lambda: custody.get(REVIEWER, "x"),
        lambda: custody.certificate(REVIEWER, "x"),
    ):
        with pytest.raises(ForbiddenError):
            act()


def test_what_cannot_be_meant_is_refused_in_a_sentence(services: Services) -> None:
    custody = services.custody
    for act, error, code in (
        (lambda: custody.hold(OFFICER, Selection(), "x"), BadOptionError, "custody.selects_everything"),
        (lambda: custody.hold(OFFICER, LOAN, " \n"), BadOptionError, "custody.not_said"),
        (
            lambda: custody.hold(OFFICER, Selection(recording_id="0" * 32), "x"),
            NotFoundError,
            "ledger.no_recording",
        ),
        (lambda: custody.release(OFFICER, "0" * 32, "x"), NotFoundError, "custody.no_hold"),
        (lambda: custody.delete(OFFICER, LOAN, "x", "x"), NotFoundError, "custody.nothing_fits"),
        (lambda: custody.certificate(OFFICER, "0" * 32), NotFoundError, "custody.no_certificate"),
    ):
        with pytest.raises(error) as caught:
            act()
        assert caught.value.message.code == code


def test_a_selection_survives_being_kept(services: Services) -> None:
    selection = Selection(attributes={"a": "b"}, called_before=datetime(2026, 1, 1, tzinfo=UTC), disputed=True)
    hold = services.custody.hold(OFFICER, selection, "x")
    assert hold.selection == services.custody.holds(SYSTEM)[0].selection == selection
    assert encode(hold)
    assert not (Path(services.settings.home) / "keys" / "signing.pem").exists()
