"""Deleting recordings for good: from ledger, search, store, caches and keys, with a signed certificate.

What is to go is written down first (`begun`). Then each recording goes in a transaction of its own: its key, its
rows, its files and the note of it together. Whoever is killed in between leaves a deletion that is begun, and the
next sweep goes on where it stopped. The certificate is signed last.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session

from qa.core.base import decode, encode
from qa.core.custody import Selection
from qa.core.errors import NotFoundError
from qa.core.people import SYSTEM, Person
from qa.db.audit import AuditTrail
from qa.db.custody import Custody, fits
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import DeletionItemRow, DeletionRow, ExportRow, RecordingRow
from qa.db.recordings import Recordings
from qa.exports.chain import moment
from qa.exports.verify import canonical
from qa.services.custody.vault import Vault
from qa.services.custody.views import Certificate
from qa.services.keys import KeyService
from qa.storage.base import Storage
from qa.storage.disk import storage_errors
from qa.text.masking import mask_fragment

FORMAT = "tingjian-deletion"
_PACKED = ("done", "failed")

_log = structlog.get_logger(__name__)


class Deleter:
    """Takes deletions from `begun` to `done`."""

    def __init__(self, database: Database, storage: Storage, vault: Vault, keys: KeyService, cache: Path) -> None:
        """`cache`: the folder of copies for browsers."""
        self._database = database
        self._storage = storage
        self._vault = vault
        self._keys = keys
        self._cache = cache

    def ready(self) -> None:
        """Raises `EnvironmentProblemError` where no certificate could be signed."""
        self._keys.current()

    def begin(
        self,
        session: Session,
        who: Person,
        rows: Sequence[RecordingRow],
        *,
        basis: str,
        rule: str | None,
        on_word_of: str,
        reason: str,
    ) -> str:
        """Write down what is to go; returns the id."""
        custody, now = Custody(session), self._database.now(session)
        deletion = DeletionRow(
            id=new_id(),
            tenant=who.tenant,
            state="begun",
            basis=basis,
            rule=rule,
            on_word_of=on_word_of,
            reason=reason,
            begun_by=who.login,
            begun_at=now,
        )
        custody.add(deletion)
        custody.add(
            *(
                DeletionItemRow(
                    deletion_id=deletion.id,
                    recording_id=row.id,
                    sha256=row.sha256,
                    suffix=row.suffix,
                    name=mask_fragment(row.name),
                )
                for row in rows
            )
        )
        told = {"deletion": deletion.id, "recordings": len(rows), "basis": basis}
        AuditTrail(session).add(who.tenant, now, who.login, "custody.deletion_begun", None, **told)
        return deletion.id

    def finish(self, deletion_id: str) -> bool:
        """Delete what is left of a deletion and sign; false where a recording is being worked on and has to wait.

        Safe to be called again after any interruption, and beside another that does the same.
        """
        with self._database.read() as session:
            waiting = [item.recording_id for item in Custody(session).items(deletion_id) if item.cleaned is None]
        done = [self._remove(deletion_id, recording_id) for recording_id in waiting]
        if not all(done):
            return False
        self._certify(deletion_id)
        return True

    def _remove(self, deletion_id: str, recording_id: str) -> bool:
        with self._database.write() as session:
            custody = Custody(session)
            custody.keep_holds_still()
            deletion = custody.deletion(deletion_id, lock=True)
            item = custody.item(deletion_id, recording_id)
            if deletion is None or item is None or item.cleaned is not None:
                return True
            recording = Recordings(session).get(recording_id, deletion.tenant, lock=True)
            if recording is None:
                item.cleaned = {"gone_before": True}
                return True
            if hold := self._hold_on(custody, recording):
                # Placed since the deletion began: it wins.
                item.cleaned = {"kept_by_hold": hold}
                return True
            if custody.at_work([recording_id]):
                return False
            item.cleaned = self._clean(session, deletion, recording)
        _log.info("recording.deleted", recording=recording_id, deletion=deletion_id)
        return True

    def _clean(self, session: Session, deletion: DeletionRow, recording: RecordingRow) -> dict[str, Any]:
        custody, now = Custody(session), self._database.now(session)
        sha256, suffix = recording.sha256, recording.suffix
        same_bytes = custody.others_with(recording, same_file=False)
        same_file = same_bytes and custody.others_with(recording, same_file=True)
        packs = [row.id for row in custody.exports(recording.tenant, _PACKED) if covers(row, recording)]
        rows = custody.remove(recording, stage_outputs=not same_bytes)
        cleaned: dict[str, Any] = {
            "at": moment(now),
            "rows": rows,
            "key_destroyed": False,
            "file": False,
            "copies": 0,
            "packs": packs,
        }
        if not same_file:
            # The key first: from here on whatever is left of the bytes, backups included, cannot be read.
            cleaned["key_destroyed"] = self._vault.destroy(session, sha256, suffix, now)
            self._storage.delete_audio(sha256, suffix)
            cleaned["file"] = True
        else:
            cleaned["shared_with_another_recording"] = True
        if not same_bytes:
            cleaned["copies"] = self._storage.delete_artefacts(sha256) + self._delete_copies(sha256)
        told = {"deletion": deletion.id, "sha256": sha256, "key_destroyed": cleaned["key_destroyed"]}
        AuditTrail(session).add(deletion.tenant, now, deletion.begun_by, "recording.deleted", recording.id, **told)
        return cleaned

    def _delete_copies(self, sha256: str) -> int:
        found = list(self._cache.glob(f"*/{sha256[:2]}/{sha256}*"))
        with storage_errors(self._cache / "copy"):
            for copy in found:
                copy.unlink(missing_ok=True)
        return len(found)

    def _hold_on(self, custody: Custody, recording: RecordingRow) -> str | None:
        who = Person(SYSTEM.id, SYSTEM.login, SYSTEM.name, SYSTEM.jobs, recording.tenant)
        for hold in custody.holds(recording.tenant, released=False):
            selection = decode(encode(hold.selection), Selection)
            if custody.count(who, fits(Selection(recording_id=recording.id)) & fits(selection)):
                return hold.id
        return None

    def _certify(self, deletion_id: str) -> None:
        key = self._keys.current()
        with self._database.write() as session:
            custody, now = Custody(session), self._database.now(session)
            row = custody.deletion(deletion_id, lock=True)
            if row is None:
                raise NotFoundError("custody.no_certificate", id=deletion_id)
            if row.state == "done":
                return
            body = _body(row, custody.items(row.id), custody.exports(row.tenant, _PACKED), now)
            signed = Certificate(body, key.id, key.public.hex(), key.sign(canonical(body)).hex())
            row.state, row.done_at, row.certificate = "done", now, encode(signed).decode()
            gone = len(body["recordings"])
            told = {"deletion": row.id, "recordings": gone, "kept": len(body["kept"]), "key": key.id}
            AuditTrail(session).add(row.tenant, now, row.begun_by, "custody.deleted", None, **told)
        self._database.forget_deleted()


def covers(export: ExportRow, recording: RecordingRow) -> bool:
    """Whether a pack may hold something of a recording: it was chosen, or the period and team are its own."""
    wanted = export.wanted
    if wanted.get("recordings"):
        return recording.id in wanted["recordings"]
    start, end = datetime.fromisoformat(wanted["start"]), datetime.fromisoformat(wanted["end"])
    if not start <= recording.called_at < end:
        return False
    if export.snapshot_at is not None and export.snapshot_at < recording.created_at:
        return False
    return wanted.get("team") in (None, recording.team)


def _body(
    row: DeletionRow, items: Sequence[DeletionItemRow], exports: Sequence[ExportRow], now: datetime
) -> dict[str, Any]:
    gone, kept, packs = [], [], set()
    for item in items:
        cleaned = dict(item.cleaned or {})
        if "kept_by_hold" in cleaned:
            kept.append({"recording": item.recording_id, "hold": cleaned["kept_by_hold"]})
            continue
        packs.update(cleaned.get("packs", ()))
        told = {"recording": item.recording_id, "sha256": item.sha256, "name_masked": item.name}
        gone.append({**told, **cleaned})
    return {
        "format": FORMAT,
        "version": 1,
        "id": row.id,
        "tenant": row.tenant,
        "basis": row.basis,
        "rule": row.rule,
        "on_word_of": row.on_word_of,
        "reason": row.reason,
        "begun_by": row.begun_by,
        "begun_at": moment(row.begun_at),
        "done_at": moment(now),
        "recordings": gone,
        "kept": kept,
        "packs_that_may_hold_them": [
            {"export": one.id, "file": one.file, "digest": one.digest} for one in exports if one.id in packs
        ],
        "stays": ["audit log: ids, hashes and counts", "destroyed keys: hash and time", "this certificate"],
    }
