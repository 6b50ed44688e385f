"""What processes are given: settings, the broker's configuration, and a life no longer than their parent's."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from qa.core.errors import DependencyError, EnvironmentProblemError, NotFoundError, StorageError
from qa.services.doorbell import Queue
from qa.settings import IntakeSettings, RuleSettings, ServerSettings, Settings, SpeechSettings
from workers.broker import broker_url, prepare_broker, socket_path
from workers.children import Child
from workers.config import make_celery
from workers.doorbell import CeleryDoorbell
from workers.environment import child_environment
from workers.lifecycle import batch_recordings
from workers.supervisor import Supervisor


def test_children_read_exactly_the_settings_of_their_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINGJIAN_SPEECH__MODEL", "must not get through")
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        home=Path("some where"),
        database_url="postgresql://u:p@h/d",
        intake=IntakeSettings(filename_pattern=r"(?P<agent>\w+)_\"x\""),
        speech=SpeechSettings(model="小型", beam_size=3),
        rules=RuleSettings(packs=("zh/common",), pack_dirs=(Path("/x y"),)),
        server=ServerSettings(token=SecretStr("s3cret")),
    )
    for name in list(os.environ):
        monkeypatch.delenv(name) if name.startswith("TINGJIAN_") else None
    for name, value in child_environment(settings).items():
        if name.startswith("TINGJIAN_"):
            monkeypatch.setenv(name, value)
    assert Settings() == settings.model_copy(update={"home": tmp_path / "some where"})


def test_a_long_home_puts_the_socket_where_its_path_fits(tmp_path: Path) -> None:
    assert socket_path(tmp_path / "h").is_relative_to(tmp_path) or len(str(tmp_path)) > 80
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    assert len(os.fsencode(socket_path(deep))) <= 100
    assert socket_path(deep) == socket_path(deep)
    assert socket_path(deep) != socket_path(deep / "other")


def test_a_set_broker_is_used_as_it_is(tmp_path: Path) -> None:
    assert broker_url(Settings(home=tmp_path, broker_url="redis://h:1/2")) == "redis://h:1/2"
    assert broker_url(Settings(home=tmp_path)).startswith("redis+socket://")


def test_a_broker_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    prepare_broker(settings)
    (tmp_path / "broker").chmod(0o777)
    with pytest.raises(StorageError):
        prepare_broker(settings)


def test_the_message_comes_again_only_after_a_task_must_have_ended(tmp_path: Path) -> None:
    conf = make_celery(Settings(home=tmp_path)).conf
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.worker_enable_remote_control, "with it off a worker can stay deaf after a broker restart"


def test_a_broker_out_of_reach_costs_no_exception(tmp_path: Path) -> None:
    bell = CeleryDoorbell(Settings(home=tmp_path))
    bell.ring(Queue.SPEECH, "0" * 32)
    assert bell.waiting(Queue.SPEECH) is None


def test_recordings_are_decoded_alone_on_a_cpu_and_together_where_set() -> None:
    assert batch_recordings(Settings(speech=SpeechSettings(device="cpu"))) == 1
    assert batch_recordings(Settings(speech=SpeechSettings(device="cpu", batch_recordings=3))) == 3


def test_a_child_dies_with_its_parent_even_of_sigkill(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from workers.children import Child\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        f"child = Child('c', sleep, os.environ, Path({str(tmp_path)!r}) / 'log')\n"
        "child.start(); print(child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    gone, _ = psutil.wait_procs([child], timeout=20)
    assert gone or child.status() == psutil.STATUS_ZOMBIE


def test_a_child_that_dies_is_started_again_and_in_the_end_called_hopeless(tmp_path: Path) -> None:
    child = Child("c", [sys.executable, "-c", "raise SystemExit(3)"], os.environ, tmp_path / "log")
    child.start()
    pids = {child.pid}
    end = time.monotonic() + 60
    while not child.hopeless and time.monotonic() < end:
        child.keep_alive()
        pids.add(child.pid)
        time.sleep(0.02)
    child.kill()
    assert child.hopeless
    assert len(pids - {None}) >= 3


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    )
    child = Child("c", [sys.executable, "-c", code], os.environ, tmp_path / "log")
    child.start()
    end = time.monotonic() + 30
    while not (tmp_path / "log").read_text() and time.monotonic() < end:
        time.sleep(0.02)
    child.ask_to_stop()
    assert not child.wait(time.monotonic() + 0.2)
    child.kill()
    assert not child.alive


def test_a_port_in_use_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = ServerSettings(port=taken.getsockname()[1])
        with pytest.raises(EnvironmentProblemError) as caught:
            Supervisor(Settings(home=tmp_path / "home", server=server)).run()
    assert caught.value.message.code == "ledger.port_in_use"
    assert not (tmp_path / "home" / "broker").exists()


def test_a_watched_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Supervisor(Settings(home=tmp_path / "home")).run(watch=tmp_path / "none")


def test_a_set_broker_out_of_reach_is_told(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", broker_url="redis://127.0.0.1:1/0")
    with pytest.raises(DependencyError) as caught:
        Supervisor(settings).run(api=False)
    assert caught.value.message.code == "ledger.broker_unreachable"


def test_a_broker_that_does_not_start_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [sys.executable, "-c", "raise SystemExit(1)"]
    monkeypatch.setattr("workers.supervisor.prepare_broker", lambda settings: broken)
    before = signal.getsignal(signal.SIGTERM)
    others = set(psutil.Process().children())  # of other tests, such as what multiprocessing keeps
    with pytest.raises(DependencyError):
        Supervisor(Settings(home=tmp_path / "home")).run(api=False)
    assert signal.getsignal(signal.SIGTERM) == before
    assert set(psutil.Process().children()) <= others
