"""Writes an evidence pack: under another name until it is whole, signed, and on the disk.

    with PackWriter(folder, about) as pack:
        write_my_rows(pack.path("rows/findings.csv"))
        pack.add_file("rows/findings.csv", rows=120, refers=Refers("rule", "rule_version", "recording_id"))
        pack.add_recordings(...)
        pack.add_events(...)
        pack.close(key, statements)

The format is described in `docs/evidence.md`; who reads it is `qa.exports.verify`.
"""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from qa.core.base import Record
from qa.core.errors import ConflictError, StorageError
from qa.exports import verify
from qa.exports.chain import event_line, moment, withheld_line
from qa.exports.sign import SigningKey, Statement

VERIFIER = "verify.py"
_BLOCK = 2**20
_NEVER_PACKED = (".zip", ".png", ".jpg", ".pdf", ".parquet", ".xlsx", ".mp3", ".opus", ".ogg", ".m4a", ".flac")


class Rule(Record, frozen=True):
    """A version of a rule that something in the pack was judged by."""

    id: str
    version: int
    sha256: str | None = None
    """Of what the rule said, where that is at hand."""


class Refers(Record, frozen=True):
    """Under which names the rows of a file (columns of a CSV, keys of a JSONL) speak of rules and recordings."""

    rule: str = ""
    version: str = ""
    recording: str = ""


class About(Record, frozen=True):
    """What a pack is about: everything in the manifest that does not come from its files."""

    tenant: str
    by: str
    """Login of whoever asked for it."""
    created: datetime
    rules: tuple[Rule, ...] = ()
    versions: dict[str, Any] = {}
    """Whatever took part in judging: packs, lexicons, models, code. Plain JSON."""
    snapshot: dict[str, Any] = {}
    """What was asked for: filter, period, moment of the snapshot. Plain JSON."""
    counts: dict[str, int] = {}
    """Totals, the same in every format."""


class PackWriter:
    """One pack in the making, in `.NAME.partial` beside its final place `NAME`.

    A folder that is left behind by a process that died is written over by the next writer of the same name, except
    with `resume=True`: then what lies there is kept, also after an error, for whoever knows how to go on. What was
    not added by `close` is removed.
    """

    def __init__(self, target: Path, about: About, *, resume: bool = False) -> None:
        """Raises `ConflictError` where `target` exists already, and `StorageError`."""
        self.target = target
        self.work = target.with_name(f".{target.name}.partial")
        self._about = about
        self._files: dict[str, dict[str, Any]] = {}
        self._audit: dict[str, Any] | None = None
        self._keep = resume
        self._finished = False
        if target.exists():
            raise ConflictError("evidence.pack_exists", file=target)
        try:
            if not resume:
                shutil.rmtree(self.work, ignore_errors=True)
            self.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _cannot_write(self.work, error) from error

    def __enter__(self) -> "PackWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished and not self._keep:
            self.discard()

    def path(self, name: str) -> Path:
        """Where a file of the pack is to be written; its folder is made."""
        if not verify.safe_name(name):
            raise ValueError(f"{name!r} is no name for a file of a pack")
        place = self.work / name
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place

    def add_file(self, name: str, rows: int | None = None, refers: Refers | None = None) -> None:
        """Take a file into the pack that was written at `path(name)`.

        `rows` is how many rows of data it has. Of CSV and JSONL files the rows are counted and hashed one by one,
        so that the verifier can name a row that was touched; a count that differs is a `ValueError`.
        """
        kind = verify.row_kind(name)
        if kind is None:
            self._enter(name, rows)
            return
        digest, count, size = hashlib.sha256(), 0, 0
        side = name + verify.ROWS_SUFFIX
        with self.path(name).open("rb") as source, self.path(side).open("wb") as hashes:
            for row in verify.records(source, kind, digest.update):
                hashes.write(verify.row_hash(row).hex().encode() + b"\n")
                count, size = count + 1, size + len(row)
        count -= kind == "csv"
        if rows not in (None, count):
            raise ValueError(f"{name} has {count} rows, not {rows}")
        entry: dict[str, Any] = {"path": name, "size": size, "sha256": digest.hexdigest(), "rows": count}
        columns = {column: value for column in Refers.__struct_fields__ if (value := getattr(refers, column, ""))}
        self._files[name] = entry | ({"refers": columns} if columns else {})
        self._enter(side, None)

    def add_bytes(self, name: str, data: bytes, refers: Refers | None = None) -> None:
        """A small file, from memory."""
        self.path(name).write_bytes(data)
        self.add_file(name, refers=refers)

    def add_recordings(self, recordings: Iterable[Mapping[str, Any]]) -> None:
        """The originals that the pack speaks of: `id`, `sha256`, `size` of each, and what else is plain JSON."""
        with self.path(verify.RECORDINGS).open("wb") as out:
            out.writelines(verify.canonical(dict(one)) + b"\n" for one in recordings)
        self.add_file(verify.RECORDINGS)

    def add_events(
        self, events: Iterable[Mapping[str, Any]], tell: Callable[[Mapping[str, Any]], bool] = lambda _event: True
    ) -> None:
        """A stretch of the audit log without a gap, as `AuditLog.walk` gives it, up to where the log stood.

        An event that `tell` refuses stands there as its digest: the chain stays whole, what it says is withheld.
        """
        first: Mapping[str, Any] | None = None
        last: Mapping[str, Any] | None = None
        with self.path(verify.EVENTS).open("wb") as out:
            for event in events:
                first, last = first or event, event
                out.write(event_line(event) if tell(event) else withheld_line(event))
        self.add_file(verify.EVENTS)
        if first is None or last is None:
            return
        self._audit = {
            "first_seq": first["seq"],
            "previous_hash": first["previous_hash"],
            "head": {"seq": last["seq"], "hash": last["hash"], "at": moment(last["at"])},
        }

    def close(
        self,
        key: SigningKey,
        statements: Sequence[Statement],
        stamp: Callable[[bytes], bytes] | None = None,
        *,
        as_zip: bool = False,
    ) -> str:
        """Sign the pack and give it its name; returns the SHA-256 of the manifest.

        `statements`: the history of the key (`KeyService.statements`). `stamp` turns the bytes of the signature
        into a time stamp (`qa.exports.timestamp`). With `as_zip` the pack becomes one file.
        Raises `ConflictError` where meanwhile another pack took the name, and `StorageError`; either way nothing
        stands under the final name that is not whole.
        """
        shutil.copyfile(Path(verify.__file__), self.path(VERIFIER))
        self._enter(VERIFIER, None)
        for one in self.work.rglob("*"):
            if not one.is_dir() and one.relative_to(self.work).as_posix() not in self._files:
                one.unlink()
        manifest = verify.canonical(self._manifest(key, statements))
        signature = key.sign(manifest).hex().encode() + b"\n"
        try:
            (self.work / verify.MANIFEST).write_bytes(manifest)
            (self.work / verify.SIGNATURE).write_bytes(signature)
            if stamp is not None:
                (self.work / verify.STAMP).write_bytes(stamp(signature))
            if as_zip:
                self._publish(_zipped(self.work, sorted(self._files)))
                shutil.rmtree(self.work, ignore_errors=True)
            else:
                for one in [*self.work.rglob("*"), self.work]:
                    _fsync(one)
                self._publish(self.work)
        except OSError as error:
            raise _cannot_write(self.target, error) from error
        self._finished = True
        return hashlib.sha256(manifest).hexdigest()

    def discard(self) -> None:
        """Remove what was written so far."""
        shutil.rmtree(self.work, ignore_errors=True)
        self._finished = True

    def _enter(self, name: str, rows: int | None) -> None:
        digest, size = hashlib.sha256(), 0
        with self.path(name).open("rb") as source:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += len(block)
        counted = {} if rows is None else {"rows": rows}
        self._files[name] = {"path": name, "size": size, "sha256": digest.hexdigest(), **counted}

    def _manifest(self, key: SigningKey, statements: Sequence[Statement]) -> dict[str, Any]:
        about = self._about
        return {
            "format": verify.FORMAT,
            "schema": verify.SCHEMA,
            "created": moment(about.created),
            "by": about.by,
            "tenant": about.tenant,
            "snapshot": about.snapshot,
            "counts": about.counts,
            "versions": about.versions,
            "rules": [
                {"id": rule.id, "version": rule.version, "sha256": rule.sha256}
                for rule in sorted(about.rules, key=lambda one: (one.id, one.version))
            ],
            "recordings": verify.RECORDINGS if verify.RECORDINGS in self._files else None,
            "audit": self._audit,
            "files": [self._files[name] for name in sorted(self._files)],
            "key_id": key.id,
            "public_key": key.public.hex(),
            "keys": list(statements),
        }

    def _publish(self, finished: Path) -> None:
        if self.target.exists():
            raise ConflictError("evidence.pack_exists", file=self.target)
        finished.rename(self.target)
        _fsync(self.target.parent)


def _zipped(folder: Path, names: Sequence[str]) -> Path:
    """The pack as one file beside the folder, on the disk."""
    place = folder.with_name(f"{folder.name}.zip")
    # The manifest goes first, so that whoever only wants to know what this is reads little.
    heads = [name for name in (verify.MANIFEST, verify.SIGNATURE, verify.STAMP) if (folder / name).exists()]
    try:
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            for name in [*heads, *names]:
                packed = zipfile.ZIP_STORED if name.lower().endswith(_NEVER_PACKED) else zipfile.ZIP_DEFLATED
                archive.write(folder / name, name, packed)
    except OSError:
        place.unlink(missing_ok=True)
        raise
    _fsync(place)
    return place


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError("evidence.cannot_write", file=path, reason=error.strerror or type(error).__name__)
