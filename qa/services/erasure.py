"""Erasing codes for good: what a card's security code or a one-time code sounded like leaves the stored original,
and with it the transcript and whatever was made from either.

The store addresses sound by its hash, so the erased copy lies under a hash of its own and the recording points to
it from now on; the audit log keeps both (`recording.erased`). Everything happens in one transaction, and the old
bytes go only after it: whoever is interrupted leaves either the old recording or the new one.
"""

import tempfile
import zlib
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from qa.audio.decode import DecodeLimits
from qa.audio.redact import redact
from qa.core.base import encode
from qa.core.errors import TingjianError
from qa.db.audit import AuditTrail
from qa.db.custody import Custody
from qa.db.engine import Database
from qa.db.models import RecordingRow
from qa.db.recordings import Recordings
from qa.db.results import Results, StageOutputs
from qa.db.runs import Runs
from qa.services.custody.vault import Vault
from qa.services.mapping import result_view
from qa.settings import IntakeSettings, PrivacySettings
from qa.storage.base import Storage
from qa.storage.disk import storage_errors
from qa.text.masked_result import without
from qa.text.stretches import Stretch, StretchOptions, stretches

SUFFIX = ".flac"
_BLOCK = 2**20

_log = structlog.get_logger(__name__)


class EraseService:
    """Erases the kinds that `privacy.erase` names from recordings that have just been analysed."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        vault: Vault,
        options: PrivacySettings,
        limits: IntakeSettings,
        cache: Path,
    ) -> None:
        """`cache`: the folder of copies for browsers."""
        self._database = database
        self._storage = storage
        self._vault = vault
        self._options = options
        self._limits = DecodeLimits(limits.max_bytes, limits.max_seconds, limits.max_channels)
        self._cache = cache

    def after_run(self, run_id: str) -> None:
        """Called once a run's result is written; what cannot be erased is logged and tried after the next run."""
        if not self._options.erase:
            return
        try:
            with self._database.read() as session:
                run = Runs(session).get(run_id)
                recording_id = run.recording_id if run else None
            if recording_id is not None:
                self.erase(recording_id)
        except TingjianError as error:
            _log.error("erasure.failed", run=run_id, error=error.message.code)

    def erase(self, recording_id: str) -> bool:
        """Erase; false where there is nothing to erase. Raises `StorageError` and what `decode` raises."""
        kinds = self._options.erase
        with self._database.read() as session:
            row = Recordings(session).get(recording_id)
            if row is None or row.result_id is None:
                return False
            result = Results(session).get(row.id, row.result_id)
            transcript = result_view(result).result.transcript if result else None
            sha256, suffix = row.sha256, row.suffix
        if transcript is None:
            return False
        options = self._options
        wanted = StretchOptions(options.margin_seconds, options.reach_seconds, options.low_trust)
        hidden = stretches(transcript, wanted, kinds)
        if not hidden:
            return False
        with storage_errors(self._cache):
            self._cache.mkdir(parents=True, exist_ok=True)
        with self._storage.spool(self._limits.max_bytes, SUFFIX) as spooled:
            with tempfile.TemporaryDirectory(dir=self._cache, prefix="erase-") as folder:
                silent = Path(folder) / f"silent{SUFFIX}"
                with self._vault.plain(sha256, suffix) as audio:
                    redact(audio, silent, hidden, sound="silence", limits=self._limits)
                with silent.open("rb") as file:
                    for block in iter(lambda: file.read(_BLOCK), b""):
                        spooled.write(block)
            spooled.flush()
            with (
                self._vault.sealing(spooled.path, spooled.sha256, SUFFIX) as sealed,
                self._database.write() as session,
            ):
                locked = Recordings(session).get(recording_id, lock=True)
                if locked is None or locked.sha256 != sha256:
                    return False
                shared = Custody(session).others_with(locked, same_file=True)
                self._point(session, locked, spooled.sha256, spooled.size, hidden)
                now = self._database.now(session)
                self._vault.keep(session, sealed, now)
                if not shared:
                    self._vault.destroy(session, sha256, suffix, now)
        if not shared:
            self._storage.delete_audio(sha256, suffix)
        for copy in self._cache.glob(f"*/{sha256[:2]}/{sha256}*"):
            copy.unlink(missing_ok=True)
        _log.info("recording.erased", recording=recording_id, kinds=list(kinds), stretches=len(hidden))
        return True

    def _point(
        self, session: Session, row: RecordingRow, sha256: str, size: int, hidden: tuple[Stretch, ...]
    ) -> None:
        results = Results(session)
        for head in results.heads(row.id):
            kept = results.get(row.id, head.id)
            if kept is not None:
                kept.payload = zlib.compress(encode(without(result_view(kept).result, self._options.erase)))
        StageOutputs(session).forget(row.sha256)
        AuditTrail(session).add(
            row.tenant,
            self._database.now(session),
            "worker",
            "recording.erased",
            row.id,
            sha256_before=row.sha256,
            sha256_after=sha256,
            kinds=list(self._options.erase),
            stretches=len(hidden),
        )
        row.sha256, row.suffix, row.size = sha256, SUFFIX, size
