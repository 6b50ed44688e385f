"""From the setting `speech.model` to a folder that the recogniser can load."""

from pathlib import Path

from qa.core.base import Record
from qa.core.errors import BadOptionError, ModelError
from qa.models import sources, store
from qa.models.manifest import Artefact, artefacts
from qa.models.sources import Progress, SourceUnavailableError
from qa.settings import Settings


class LocatedModel(Record, frozen=True):
    """A model ready to load."""

    path: str
    label: str
    """Name and revision, as results pin it."""


def locate(model: str, settings: Settings, progress: Progress = store.no_progress) -> LocatedModel:
    """Find or fetch the model that `speech.model` names.

    It may be a size of the manifest (`base`, `large-v3`, ...) or a full artefact name, a folder with a CTranslate2
    model, or a hub repository `owner/name[@revision]`. Raises `BadOptionError` for a name that is none of these,
    and `ModelError` where the model cannot be had or is not what was promised.
    """
    wanted = manifest_entry(model)
    if wanted is not None:
        return LocatedModel(str(store.ensure_artefact(wanted, settings, progress)), wanted.label)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _from_folder(folder)
    repo, _, revision = model.partition("@")
    if repo.count("/") == 1 and not model.startswith((".", "/", "~")):
        wanted = store.installed_by_hub_name(repo, settings)
        if wanted is None or (revision and not wanted.revision.startswith(revision)):
            wanted = _ask_hub(repo, revision)
        return LocatedModel(str(store.ensure_artefact(wanted, settings, progress)), wanted.label)
    raise BadOptionError("models.not_a_model", model=model, known=", ".join(sizes()))


def manifest_entry(model: str) -> Artefact | None:
    """The manifest's artefact for a size or a full name; None where there is none."""
    return artefacts().get(f"whisper-{model}") or artefacts().get(model)


def sizes() -> list[str]:
    """The sizes that can be named without a repository."""
    return [n.removeprefix("whisper-") for n in artefacts() if n.startswith("whisper-")]


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
