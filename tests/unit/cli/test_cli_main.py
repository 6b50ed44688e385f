"""The command as a person runs it: real processes, real exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qa.cli import main
from qa.cli.options import load_settings
from qa.cli.reference import commands, settings_table
from qa.cli.terminal import wants_json_alone
from qa.cli.up import make_home
from qa.core.errors import BadOptionError, NotFoundError, StorageError
from qa.i18n import render

ROOT = Path(__file__).parents[3]


def tingjian(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "TINGJIAN_LOCALE": "en", "TERM": "dumb", **environment}
    command = [sys.executable, "-m", "qa.cli.main", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


def test_help_comes_without_loading_anything_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from qa.cli.main import run; code = run(['--help']);"
        "heavy = {'torch', 'faster_whisper', 'ctranslate2', 'celery', 'sqlalchemy', 'fastapi', 'numpy'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); sys.exit(code)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "scan" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("scan", "absent.wav"), 2, "absent.wav"),
        (("scan",), 2, "--help"),
        (("fly",), 2, "fly"),
        (("scan", "--fail-on", "often", "x"), 2, "often"),
        (("models", "pull", "huge"), 4, "whisper-base"),
        (("evaluate", "nowhere"), 4, "nowhere"),
        (("evaluate", "empty"), 4, "empty"),
        (("up", "--watch", "nowhere"), 2, "nowhere"),
        (("up", "--port", "high"), 2, "--port"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    found = tingjian(*arguments, cwd=tmp_path)
    assert found.returncode == code, found.stderr
    assert said in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1
    assert "Traceback" not in found.stderr + found.stdout


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    found = tingjian("models", "list", cwd=tmp_path, TINGJIAN_SPEECH__BEAM_SIZE="wide")
    assert (found.returncode, "speech.beam_size" in found.stderr) == (2, True)
    (tmp_path / "tingjian.toml").write_text("[speech\n")
    found = tingjian("models", "list", cwd=tmp_path)
    assert (found.returncode, "tingjian.toml" in found.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'hom = "x"', "home"),
        (b"[speech]\nbeams = 3", "speech.beam_size"),
        (b"[speech]\nbeam_size = 0", "at least 1"),
        (b'[speech]\ndevice = "gpu"', "'cuda'"),
        (b'[speech]\nlanguage = "klingon"', "klingon"),
        (b"[server]\nport = 99999999", "server.port"),
        (b"\xff\xfe", "tingjian.toml"),
    ],
)
def test_a_settings_file_that_is_wrong_is_explained_in_one_sentence(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tingjian.toml").write_bytes(content)
    with pytest.raises(BadOptionError) as caught:
        load_settings()
    assert said in render(caught.value.message, "en")


def test_a_variable_that_is_no_setting_is_told(tmp_path: Path) -> None:
    found = tingjian("models", "list", cwd=tmp_path, TINGJIAN_MODEL="small")
    assert (found.returncode, "TINGJIAN_MODEL " in found.stderr) == (0, True)


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match="home_not_writable"):
        make_home(tmp_path / "taken" / "home")


def test_sentences_come_in_the_language_that_was_asked_for(tmp_path: Path) -> None:
    assert "不存在" in tingjian("--lang", "zh-Hans", "scan", "absent.wav", cwd=tmp_path).stderr
    assert "檔案" in tingjian("scan", "absent.wav", "--lang=zh-Hant", cwd=tmp_path).stderr


def test_what_nobody_foresaw_leaves_a_sentence_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("card 6222021234567890123")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "build", lambda _: explode)
    assert main.run(["scan"]) == main.UNEXPECTED
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "Traceback" not in said
    [kept] = (tmp_path / "var" / "logs").glob("*.log")
    assert "6222021234567890123" not in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("raised", "code"), [(KeyboardInterrupt(), 130), (NotFoundError("cli.no_such_file", file="x"), 4)]
)
def test_every_end_has_its_exit_code(
    raised: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(main, "build", lambda _: end)
    assert main.run(["scan"]) == code
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_documentation_mentions_every_command_and_every_setting() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    for name, _ in commands():
        assert f"`tingjian {name}`" in page, f"run `make docs`: {name}"
    for row in settings_table():
        assert row.split("|")[1] in page, f"run `make docs`: {row}"
    for language in ("README.md", "README.zh-CN.md"):
        readme = (ROOT / language).read_text(encoding="utf-8")
        for command in ("make demo", "make up", "tingjian scan", "tingjian evaluate", "tingjian doctor"):
            assert command in readme, (language, command)


def test_models_list_shows_what_is_there(tmp_path: Path) -> None:
    found = tingjian("models", "list", cwd=tmp_path, TINGJIAN_MODELS_DIR=str(tmp_path / "none"))
    assert found.returncode == 0
    assert "whisper-large-v3-turbo" in found.stdout
    assert "not installed" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "alone"),
    [
        (["scan", "a", "--json", "-"], True),
        (["scan", "--json=-", "a"], True),
        (["scan", "a", "--json", "b"], False),
    ],
)
def test_json_on_standard_output_has_it_for_itself(arguments: list[str], *, alone: bool) -> None:
    assert wants_json_alone(arguments) is alone
