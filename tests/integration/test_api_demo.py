"""The demo: with a pipeline that needs no models, and once for real."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_live import LiveApi, api_settings, live_api
from ledger_fakes import write_wav

from qa.cli import demo
from qa.core.errors import EnvironmentProblemError, NotFoundError
from qa.core.messages import message
from qa.pipeline.context import RunFailure

ROOT = Path(__file__).parents[2]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveApi]:
    with live_api(api_settings(tmp_path / "home")) as live:
        yield live


@pytest.fixture
def working(api: LiveApi) -> Iterator[LiveApi]:
    """With somebody who does the work."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.05):
            api.work()

    worker = threading.Thread(target=work)
    worker.start()
    yield api
    done.set()
    worker.join()


def files(folder: Path) -> list[Path]:
    return [write_wav(folder / f"call{n}.wav", n) for n in range(3)]


def test_flags_and_score_of_each_recording_are_printed(
    working: LiveApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.show(working.url, files(tmp_path), working.settings.home) == 0
    printed = capsys.readouterr().out
    assert printed.count("稳赚不赔") == 3
    assert printed.count("80") >= 3


def test_a_second_run_skips_what_is_done(
    working: LiveApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = files(tmp_path)
    demo.show(working.url, calls, working.settings.home)
    computed = len(working.pipeline.computed)
    assert demo.show(working.url, calls, working.settings.home) == 0
    assert len(working.pipeline.computed) == computed
    assert capsys.readouterr().out.count("稳赚不赔") == 6


def test_a_recording_that_failed_is_counted(working: LiveApi, tmp_path: Path) -> None:
    working.pipeline.outcome = lambda _: RunFailure(message("api.disk_full"), "decode", retryable=False)
    assert demo.show(working.url, files(tmp_path), working.settings.home) == 3


def test_samples_are_found_wherever_the_command_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found = demo.find_samples()
    assert len(found) == 3
    assert all(path.suffix == ".flac" for path in found)
    with pytest.raises(NotFoundError):
        demo.find_samples(tmp_path)


def test_a_service_that_does_not_start_is_one_sentence_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINGJIAN_SPEECH__MODEL", "no-such-model-at-all")
    with pytest.raises(EnvironmentProblemError) as caught, demo.running_service(tmp_path / "home"):
        pass
    assert "no-such-model" in caught.value.message.params["last"]


@pytest.mark.models
@pytest.mark.slow
def test_the_whole_demo_runs_twice_and_the_second_time_analyses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qa.cli.main", "demo", "--home", str(tmp_path / "demo")]
    environment = {**os.environ, "TINGJIAN_LOCALE": "en"}
    first = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=580)
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("accepted as") == 3
    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert second.returncode == 0, second.stderr
    assert second.stderr.count("not analysed again") == 3
    assert second.stdout == first.stdout
