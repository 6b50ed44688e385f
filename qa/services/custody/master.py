"""The master key: it wraps the key of every recording, so whoever has it and the database can open the store.

In `home`/keys unless settings say where it comes from:

    master.key         32 bytes in hex, for the owner of the files alone
    master.key.next    while it is being changed; from its first moment on new keys are wrapped with it
"""

import hashlib
import os
import re
import secrets
import shlex
import stat
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from qa.core.errors import EnvironmentProblemError, StorageError
from qa.settings import CustodySettings

_COMMAND_SECONDS = 30.0
_HEX = re.compile(rb"[0-9a-fA-F]{64}")


class MasterKey:
    """One master key; `id` tells it apart and tells nothing of it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.id = hashlib.sha256(b"tingjian master key\0" + secret).hexdigest()[:32]

    @classmethod
    def from_text(cls, text: bytes, source: str) -> "MasterKey":
        """From 64 hex digits; `source` names where they came from. Raises `EnvironmentProblemError`."""
        if not _HEX.fullmatch(text.strip()):
            raise EnvironmentProblemError("custody.master_not_a_key", source=source)
        return cls(bytes.fromhex(text.strip().decode()))

    @classmethod
    def from_file(cls, path: Path) -> "MasterKey":
        """From a file that nobody else may read. Raises `EnvironmentProblemError`."""
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise EnvironmentProblemError("custody.master_open_to_others", file=path)
            return cls.from_text(path.read_bytes(), str(path))
        except FileNotFoundError:
            raise EnvironmentProblemError("custody.master_missing", file=path) from None
        except OSError as error:
            raise EnvironmentProblemError("custody.master_unreadable", file=path, reason=error.strerror) from error

    def wrap(self, key: bytes) -> bytes:
        """AES key wrap (RFC 3394)."""
        return aes_key_wrap(self._secret, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """What was wrapped. Raises `EnvironmentProblemError` where this is not the key it was wrapped with."""
        try:
            return aes_key_unwrap(self._secret, wrapped)
        except (InvalidUnwrap, ValueError):
            raise EnvironmentProblemError("custody.wrong_master", key=self.id[:16]) from None


class MasterKeys:
    """Finds the master key. Read anew each time: it may have been changed by another process."""

    def __init__(self, home: Path, options: CustodySettings) -> None:
        folder = home / "keys"
        self.file, self.next_file = folder / "master.key", folder / "master.key.next"
        self._options = options

    @property
    def external(self) -> bool:
        """Whether settings name the key."""
        options = self._options
        return bool(options.master_key.get_secret_value() or options.master_key_file or options.master_key_command)

    def current(self, *, known: bool) -> MasterKey:
        """The key that new keys are wrapped with.

        Made on the first call, unless `known`: where recordings are encrypted already, a key that is not there is
        lost, and another one would only hide it. Raises `EnvironmentProblemError`.
        """
        if (given := self._given()) is not None:
            return given
        if self.next_file.exists():
            return MasterKey.from_file(self.next_file)
        if not self.file.exists() and not known:
            _create(self.file)
        return MasterKey.from_file(self.file)

    def of(self, master_id: str) -> MasterKey:
        """The key of that number. Raises `EnvironmentProblemError` where it is not to be had."""
        given = self._given()
        files = [] if given else [file for file in (self.next_file, self.file) if file.exists()]
        if not given and not files:
            raise EnvironmentProblemError("custody.master_missing", file=self.file)
        for one in [given] if given else map(MasterKey.from_file, files):
            if one.id == master_id:
                return one
        raise EnvironmentProblemError("custody.master_unknown", key=master_id[:16])

    def begin_change(self) -> MasterKey:
        """Make the next key; one that is there already comes from a change that was cut off, and counts."""
        if not self.next_file.exists():
            _create(self.next_file)
        return MasterKey.from_file(self.next_file)

    def end_change(self) -> None:
        """The next key takes the place of the present one, which is gone."""
        try:
            self.next_file.replace(self.file)
            _sync(self.file.parent)
        except OSError as error:
            raise StorageError("evidence.cannot_write", file=self.file, reason=error.strerror) from error

    def _given(self) -> MasterKey | None:
        options = self._options
        if secret := options.master_key.get_secret_value():
            return MasterKey.from_text(secret.encode(), "TINGJIAN_CUSTODY__MASTER_KEY")
        if options.master_key_file is not None:
            return MasterKey.from_file(options.master_key_file)
        if options.master_key_command:
            return MasterKey.from_text(_output_of(options.master_key_command), options.master_key_command)
        return None


def _create(path: Path) -> None:
    """Whole or not at all; where another process was quicker, its key counts."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32) + "\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return
        finally:
            part.unlink()
        _sync(path.parent)
    except OSError as error:
        raise StorageError("evidence.cannot_write", file=path, reason=error.strerror) from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _output_of(command: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - the command is the operator's own setting
            shlex.split(command), capture_output=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise EnvironmentProblemError(
            "custody.master_command_failed", command=command, reason=type(error).__name__
        ) from error
    if done.returncode:
        raise EnvironmentProblemError("custody.master_command_failed", command=command, reason=done.returncode)
    return done.stdout
