"""The store as everybody else sees it: sound goes in plain and comes out plain, and lies encrypted in between.

Each stored file has a random key of its own, which the ledger keeps wrapped with the master key. Destroying that
row's key makes the file, its copies and every backup of either unreadable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO, Final

from sqlalchemy.orm import Session

from qa.core.errors import ConflictError, StorageError
from qa.db.custody import RecordingKeys
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import RecordingKeyRow
from qa.services.custody.master import MasterKey, MasterKeys
from qa.storage.base import Storage
from qa.storage.disk import storage_errors
from qa.storage.scratch import scratch_folder
from qa.storage.sealed import CHUNK, SealBrokenError, is_sealed, new_key, seal, unsealed

_STEP: Final = 500
_NO_LIMIT: Final = 2**63


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file ready to be kept: encrypted with `key`, or plain where that is None."""

    path: Path
    sha256: str
    """Of the plain bytes."""
    suffix: str
    key: bytes | None


class Vault:
    """Encrypts on the way into the store and decrypts on the way out."""

    def __init__(
        self, database: Database, storage: Storage, masters: MasterKeys, scratch: Path, *, encrypt: bool
    ) -> None:
        """`scratch`: where decrypted files lie while they are read by what takes nothing but a path."""
        self._database = database
        self._storage = storage
        self._masters = masters
        self._scratch = scratch
        self._encrypt = encrypt

    @contextmanager
    def sealing(self, plain: Path, sha256: str, suffix: str) -> Iterator[Sealed]:
        """Encrypt a finished file under a key of its own; gone at the end of the block unless it was kept.

        Before the transaction that calls `keep`: it may take a while, and others must not wait for it.
        """
        if not self._encrypt:
            yield Sealed(plain, sha256, suffix, None)
            return
        key = new_key()
        with self._storage.spool(_NO_LIMIT) as spooled:
            with plain.open("rb") as source:
                seal(source, spooled.write, key, _label(sha256, suffix))
            spooled.flush()
            yield Sealed(spooled.path, sha256, suffix, key)

    def keep(self, session: Session, sealed: Sealed, at: datetime) -> None:
        """Move into the store and note the key, in the transaction that notes the recording.

        Nothing happens where the same bytes are there and can be read. Raises `EnvironmentProblemError` where the
        master key is not to be had.
        """
        keys = RecordingKeys(session)
        keys.lock()
        live = keys.live(sealed.sha256, sealed.suffix)
        if self._readable(sealed, live):
            return
        if live is not None:
            keys.destroy(sealed.sha256, sealed.suffix, at)
        if sealed.key is not None:
            master = self._masters.current(known=keys.any())
            row = RecordingKeyRow(
                id=new_id(),
                sha256=sealed.sha256,
                suffix=sealed.suffix,
                wrapped=master.wrap(sealed.key),
                master_id=master.id,
                created_at=at,
                destroyed_at=None,
            )
            if not keys.add(row):
                return
        self._storage.keep_audio(sealed.path, sealed.sha256, sealed.suffix)

    def open(self, sha256: str, suffix: str) -> BinaryIO:
        """The plain bytes, seekable. Raises `StorageError` where they are gone or not what they were."""
        return self._opened(self._storage.audio_path(sha256, suffix), sha256, suffix, _label(sha256, suffix))

    def expected_path(self, sha256: str, suffix: str) -> Path:
        """Where a file lies or would lie, encrypted: its name alone is of use."""
        return self._storage.expected_audio_path(sha256, suffix)

    @contextmanager
    def plain(self, sha256: str, suffix: str) -> Iterator[Path]:
        """A file with the plain bytes, readable by this account alone and gone at the end of the block."""
        stored = self._storage.audio_path(sha256, suffix)
        with stored.open("rb") as file:
            open_to_read = not is_sealed(file)
        if open_to_read:
            yield stored
            return
        with self.open(sha256, suffix) as source, scratch_folder(self._scratch) as folder:
            # Of the same name: sentences about a recording that cannot be read are told by it.
            path = folder / stored.name
            with storage_errors(path), path.open("xb") as out:
                copyfileobj(source, out, CHUNK)
            yield path

    def keep_copy(self, plain: Path, target: Path, sha256: str, suffix: str) -> None:
        """Put something made from a recording where it is kept, under the recording's key: it dies with it."""
        with self._database.read() as session:
            live = RecordingKeys(session).live(sha256, suffix)
        if live is None:
            with storage_errors(target):
                plain.replace(target)
            return
        part = plain.with_name(f".{plain.name}.sealed")
        with storage_errors(target):
            with plain.open("rb") as source, part.open("xb") as out:

                def write(data: bytes) -> None:
                    out.write(data)

                seal(source, write, self._unwrapped(live), target.name)
            part.replace(target)

    def open_copy(self, path: Path, sha256: str, suffix: str) -> BinaryIO:
        """The plain bytes of what `keep_copy` kept."""
        return self._opened(path, sha256, suffix, path.name)

    def destroy(self, session: Session, sha256: str, suffix: str, at: datetime) -> bool:
        """Destroy the key of a file; whether there was one."""
        return RecordingKeys(session).destroy(sha256, suffix, at)

    def rotate(self, old: Path | None = None) -> tuple[str, int]:
        """Wrap every key with another master key; no file is touched. Returns its number and how many keys.

        Where settings name the master key, put the new one there and hand the old one over as the file `old`.
        May be cut off and called again. Raises `ConflictError` where there is nothing to change.
        """
        before = MasterKey.from_file(old) if old else None
        with self._database.read() as session:
            known = RecordingKeys(session).masters()
        if self._masters.external:
            new = self._masters.current(known=True)
            if not set(known) - {new.id}:
                raise ConflictError("custody.master_not_replaced", key=new.id[:16])
        else:
            self._masters.current(known=bool(known))
            new = self._masters.begin_change()
        done = 0
        with self._database.write() as session:
            keys = RecordingKeys(session)
            keys.lock(all_of_them=True)
            while rows := keys.under_others(new.id, _STEP):
                for row in rows:
                    given = before is not None and before.id == row.master_id
                    master = before if given and before else self._masters.of(row.master_id)
                    row.wrapped, row.master_id = new.wrap(master.unwrap(row.wrapped or b"")), new.id
                session.flush()
                session.expunge_all()
                done += len(rows)
        if not self._masters.external:
            self._masters.end_change()
        return new.id, done

    def _readable(self, sealed: Sealed, live: RecordingKeyRow | None) -> bool:
        if not self._storage.has_audio(sealed.sha256, sealed.suffix):
            return False
        with self._storage.audio_path(sealed.sha256, sealed.suffix).open("rb") as file:
            if not is_sealed(file):
                # Kept before files were encrypted; the copy at hand is better, if it is.
                return sealed.key is None
            if live is None:
                return False
            try:
                unsealed(file, self._unwrapped(live), _label(sealed.sha256, sealed.suffix))
            except SealBrokenError:
                return False
        return True

    def _opened(self, path: Path, sha256: str, suffix: str, label: str) -> BinaryIO:
        try:
            file = path.open("rb")
        except OSError as error:
            raise StorageError("ledger.audio_gone", sha256=sha256[:12]) from error
        try:
            if not is_sealed(file):
                return file
            return unsealed(file, self._key(sha256, suffix), label)
        except BaseException:
            file.close()
            raise

    def _key(self, sha256: str, suffix: str) -> bytes:
        with self._database.read() as session:
            keys = RecordingKeys(session)
            live = keys.live(sha256, suffix)
            gone = keys.destroyed_at(sha256, suffix) if live is None else None
        if live is not None:
            return self._unwrapped(live)
        if gone is not None:
            raise StorageError("custody.key_destroyed", sha256=sha256[:12], at=f"{gone:%Y-%m-%d}")
        raise StorageError("custody.key_gone", sha256=sha256[:12])

    def _unwrapped(self, row: RecordingKeyRow) -> bytes:
        return self._masters.of(row.master_id).unwrap(row.wrapped or b"")


def _label(sha256: str, suffix: str) -> str:
    return f"{sha256}{suffix}"
