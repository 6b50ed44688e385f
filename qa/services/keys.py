"""The key that signs checkpoints and evidence packs: where it comes from, how it is changed, what if it is lost.

In `home/keys`, unless settings say where the secret comes from:

    signing.pem    the secret, for the owner of the files alone
    keys.jsonl     one signed statement per key that ever was, oldest first; public, to be handed to auditors

A key ends when a newer one follows. The old key signs the statement of the new one, so whoever trusts the old key
can trust the new one. Where the old key is lost nobody can vouch: the new key says so, and its number has to be
handed over on another way. What the lost key signed stays valid: its public half is in `keys.jsonl` and in packs.
"""

import fcntl
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qa.core.base import Record
from qa.core.errors import ConflictError, EnvironmentProblemError, StorageError
from qa.exports.chain import moment
from qa.exports.sign import SigningKey, Statement, statement_line
from qa.exports.verify import vouched
from qa.settings import EvidenceSettings

_COMMAND_SECONDS = 30.0


class KeyView(Record, frozen=True):
    """A key as it is shown; never its secret."""

    id: str
    public_key: str
    created: str
    ended: str | None
    """None for the key that signs now."""
    vouched: bool
    """Whether the key before it signed for it; true for the first."""


class KeyService:
    """Hands out the key that signs now, and keeps the history of keys."""

    def __init__(
        self, home: Path, options: EvidenceSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.folder = home / "keys"
        self._secret, self._next = self.folder / "signing.pem", self.folder / "signing.pem.next"
        self._history = self.folder / "keys.jsonl"
        self._options = options
        self._clock = clock

    def current(self) -> SigningKey:
        """The key that signs; made on the first call where settings name none.

        Raises `EnvironmentProblemError` where it is missing, unreadable, too old, or not the one that should sign.
        """
        with self._locked():
            known = self.statements()
            key = self._external() or self._own(known)
            if not known:
                self._write_history([key.statement(self._clock())])
                return key
            if known[-1]["key_id"] != key.id:
                code = "key_ended" if key.id in {one["key_id"] for one in known} else "key_unknown"
                raise EnvironmentProblemError(
                    f"evidence.{code}", key=key.id[:16], last=str(known[-1]["key_id"])[:16]
                )
            self._refuse_expired(known[-1])
            return key

    def statements(self) -> list[Statement]:
        """What is said of every key that ever signed here, oldest first. Raises `EnvironmentProblemError` where a
        line was changed."""
        try:
            lines = self._history.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise EnvironmentProblemError(
                "evidence.key_unreadable", file=self._history, reason=error.strerror
            ) from error
        found: list[Statement] = []
        for number, line in enumerate(lines, 1):
            try:
                one = json.loads(line)
                previous = found[-1] if found and one["endorsement"] is not None else None
                good = vouched(one, previous)
                good = good and one["previous"] == (found[-1]["key_id"] if found else None)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                good = False
            if not good:
                raise EnvironmentProblemError("evidence.history_changed", file=self._history, line=number)
            found.append(one)
        return found

    def list(self) -> Sequence[KeyView]:
        """Every key, oldest first."""
        known = self.statements()
        return [
            KeyView(
                str(one["key_id"]),
                str(one["public_key"]),
                str(one["created"]),
                str(known[place + 1]["created"]) if place + 1 < len(known) else None,
                one["previous"] is None or one["endorsement"] is not None,
            )
            for place, one in enumerate(known)
        ]

    def rotate(self, *, lost: bool = False, old: Path | None = None) -> tuple[str, str]:
        """Let another key sign from now on; returns the numbers of the old and the new one.

        Where settings name the secret, put the new one there first and hand the old one over as the file `old`.
        `lost` is for an old key that nobody has any more. Raises `ConflictError` where there is nothing to change.
        """
        with self._locked():
            known = self.statements()
            if not known:
                raise ConflictError("evidence.no_key_yet")
            last = known[-1]
            external = self._external()
            if external is not None and external.id in {one["key_id"] for one in known}:
                raise ConflictError("evidence.key_not_replaced", key=external.id[:16])
            key = external or SigningKey.new()
            statement = key.statement(self._clock(), last if lost else self._old(last, old, external))
            if external is None:
                # In this order a crash between the steps leaves either the old key or the new one, never none.
                _write(self._next, key.pem(), 0o600)
            self._write_history([*known, statement])
            if external is None:
                self._next.replace(self._secret)
            return str(last["key_id"]), key.id

    def _old(self, last: Statement, old: Path | None, external: SigningKey | None) -> SigningKey:
        if old is None and external is not None:
            raise ConflictError("evidence.old_key_wanted", key=str(last["key_id"])[:16])
        key = SigningKey.from_file(old) if old else SigningKey.from_file(self._secret, private=True)
        if key.id != last["key_id"]:
            raise ConflictError("evidence.not_the_old_key", key=key.id[:16], last=str(last["key_id"])[:16])
        return key

    def _external(self) -> SigningKey | None:
        options = self._options
        if secret := options.signing_key.get_secret_value():
            return SigningKey.from_pem(secret.replace("\\n", "\n").encode(), "TINGJIAN_EVIDENCE__SIGNING_KEY")
        if options.signing_key_file is not None:
            return SigningKey.from_file(options.signing_key_file)
        if options.signing_key_command:
            return SigningKey.from_pem(_output_of(options.signing_key_command), options.signing_key_command)
        return None

    def _own(self, known: Sequence[Statement]) -> SigningKey:
        if self._next.exists():
            # A change of keys that was cut off: it counts once the history tells of it.
            key = SigningKey.from_file(self._next, private=True)
            if known and known[-1]["key_id"] == key.id:
                self._next.replace(self._secret)
            else:
                self._next.unlink()
        if not self._secret.exists() and not known:
            _write(self._secret, SigningKey.new().pem(), 0o600)
        if not self._secret.exists():
            raise EnvironmentProblemError(
                "evidence.key_lost", file=self._secret, key=str(known[-1]["key_id"])[:16]
            )
        return SigningKey.from_file(self._secret, private=True)

    def _refuse_expired(self, statement: Statement) -> None:
        days = self._options.key_days
        oldest = moment(self._clock() - timedelta(days=days))
        if days and str(statement["created"]) < oldest:
            raise EnvironmentProblemError(
                "evidence.key_expired", key=str(statement["key_id"])[:16], created=statement["created"], days=days
            )

    def _write_history(self, statements: Sequence[Statement]) -> None:
        _write(self._history, b"".join(map(statement_line, statements)), 0o644)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise StorageError("evidence.cannot_write", file=self.folder, reason=error.strerror) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, and on the disk."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except OSError as error:
        raise StorageError("evidence.cannot_write", file=path, reason=error.strerror) from error


def _output_of(command: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - the command is the operator's own setting
            shlex.split(command), capture_output=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise EnvironmentProblemError(
            "evidence.key_command_failed", command=command, reason=type(error).__name__
        ) from error
    if done.returncode:
        raise EnvironmentProblemError("evidence.key_command_failed", command=command, reason=done.returncode)
    return done.stdout
