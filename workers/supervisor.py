"""`tingjian up`: broker, workers and API as one thing that starts, heals and stops together."""

import fcntl
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import redis
import structlog

from qa.core.errors import ConflictError, DependencyError, EnvironmentProblemError, NotFoundError
from qa.core.messages import Message, message
from qa.logging import configure
from qa.services import open_services
from qa.services.doorbell import Queue
from qa.settings import Settings
from workers.broker import prepare_broker, socket_path
from workers.children import Child
from workers.doorbell import CeleryDoorbell
from workers.environment import child_environment
from workers.sweeper import sweep_until

_WATCH_S = 0.2
_BROKER_START_S = 15.0
_API_START_S = 60.0
# Together below the ten seconds in which everything has to be down.
_GRACE_S = 4.0
_BROKER_GRACE_S = 2.0

_log = structlog.get_logger(__name__)


class Supervisor:
    """Runs everything on this machine until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        *,
        announce: Callable[[str], None] = print,
        warn: Callable[[Message], None] = lambda _message: None,
        celery_app: str = "workers.app",
    ) -> None:
        """`announce` is told the address once the API answers, `warn` what a person should look at.

        `celery_app` names the module workers run.
        """
        self._settings = settings.model_copy(update={"home": settings.home.absolute()})
        self._announce = announce
        self._warn = warn
        self._celery_app = celery_app
        self._stop = threading.Event()
        self._environment = child_environment(self._settings)
        self._logs = self._settings.home / "logs"

    @property
    def address(self) -> str:
        """Where the API is served."""
        server = self._settings.server
        host = f"[{server.host}]" if ":" in server.host else server.host
        return f"http://{host}:{server.port}"

    def run(self, *, api: bool = True, watch: Path | None = None) -> int:
        """Start, watch over and, on SIGINT or SIGTERM, stop everything within ten seconds. Returns the exit code.

        `watch` names a folder whose files are taken in. Raises `ConflictError` where another instance runs
        on the same home, `EnvironmentProblemError` where the port is in use, `NotFoundError` for no folder,
        `DependencyError` where broker or database do not answer. Call it from the main thread.
        """
        if watch is not None and not watch.is_dir():
            raise NotFoundError("ledger.watch_no_folder", path=str(watch))
        with ExitStack() as stack:
            stack.enter_context(_only_one(self._settings.home))
            configure(self._settings.home, "supervisor")
            if api:
                _check_port_free(self._settings.server.host, self._settings.server.port)
            stack.enter_context(self._signals())
            doorbell = CeleryDoorbell(self._settings)
            if self._settings.broker_url and doorbell.waiting(Queue.SPEECH) is None:
                raise DependencyError("ledger.broker_unreachable")
            services = open_services(self._settings, doorbell, migrate=True)
            stack.callback(services.close)
            children = self._children(api=api, watch=watch)
            # Being told to stop is not a failed attempt: what the workers had in hand goes back uncounted.
            stack.callback(services.analysis.release_dead, counted=False)
            stack.callback(self._stop_all, children)
            broker = children[0] if not self._settings.broker_url else None
            if broker is not None:
                broker.start()
                self._wait_for_broker(broker)
            for child in children:
                if child is not broker:
                    child.start()
            sweeper = threading.Thread(
                target=sweep_until, args=(self._stop, services), name="sweeper", daemon=True
            )
            sweeper.start()
            stack.callback(sweeper.join, 1.0)
            stack.callback(self._stop.set)
            self._watch_over(children, announce=api)
        return 0

    def stop(self) -> None:
        """Make `run` return; may be called from another thread."""
        self._stop.set()

    def _children(self, *, api: bool, watch: Path | None) -> list[Child]:
        server = self._settings.server
        children = [self._python(f"{queue}-worker", self._worker(queue)) for queue in Queue]
        if api:
            arguments = ["uvicorn", "qa.web.app:create_app", "--factory", "--no-server-header", "--no-access-log"]
            arguments += ["--host", server.host, "--port", str(server.port), "--timeout-graceful-shutdown", "2"]
            children.append(self._python("api", arguments))
        if watch is not None:
            children.append(self._python("watch", ["workers.watcher", str(watch.absolute())], speaks=True))
        if not self._settings.broker_url:
            command = prepare_broker(self._settings)
            # SIGTERM, not SIGKILL: told to end, Valkey writes its log out first.
            log = self._logs / "broker.log"
            broker = Child("broker", command, self._environment, log, orphan_signal=signal.SIGTERM)
            children.insert(0, broker)
        return children

    def _worker(self, queue: Queue) -> list[str]:
        # No --without-gossip, --without-mingle or --without-heartbeat: with them a worker that lost its broker
        # for a moment can stay deaf for good.
        name = f"{queue.value}@{self._settings.home.name or 'home'}"
        options = ["-Q", queue.value, "-c", "1", "-P", "prefork", "-n", name, "-O", "fair", "-l", "INFO"]
        return ["celery", "-A", self._celery_app, "worker", *options]

    def _python(self, name: str, arguments: list[str], *, speaks: bool = False) -> Child:
        environment = {**self._environment, "TINGJIAN_PROCESS": name}
        log = self._logs / f"{name}.out"
        return Child(name, [sys.executable, "-m", *arguments], environment, log, speaks=speaks)

    def _wait_for_broker(self, broker: Child) -> None:
        client = redis.Redis(unix_socket_path=str(socket_path(self._settings.home)))
        end = time.monotonic() + _BROKER_START_S
        while time.monotonic() < end and broker.alive and not self._stop.is_set():
            try:
                client.ping()
            except redis.RedisError:
                self._stop.wait(0.05)
            else:
                client.close()
                return
        if not self._stop.is_set():
            raise DependencyError("ledger.broker_died", log=str(broker.log))

    def _watch_over(self, children: list[Child], *, announce: bool) -> None:
        end = time.monotonic() + _API_START_S
        told: set[str] = set()
        while not self._stop.wait(_WATCH_S):
            if announce and _answers(self.address):
                announce = False
                _log.info("supervisor.ready", address=self.address)
                self._announce(self.address)
            elif announce and time.monotonic() > end:
                raise DependencyError("ledger.worker_keeps_dying", name="api", log=str(self._logs / "api.out"))
            for child in children:
                child.keep_alive()
                if child.hopeless and child.name not in told:
                    told.add(child.name)
                    self._warn(message("ledger.worker_keeps_dying", name=child.name, log=str(child.log)))

    def _stop_all(self, children: list[Child]) -> None:
        """Everything but the broker first, the broker last; who does not stop in time is killed.

        Killing a worker harms nothing: the ledger knows what it had in hand.
        """
        broker = [child for child in children if child.name == "broker"]
        others = [child for child in children if child.name != "broker"]
        for group, grace in ((others, _GRACE_S), (broker, _BROKER_GRACE_S)):
            end = time.monotonic() + grace
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.wait(end)
                child.kill()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        previous = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                previous[number] = signal.signal(number, lambda *_: self._stop.set())
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the lock of this home; the kernel gives it back however this process ends."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError("ledger.home_in_use", home=str(home)) from None
        yield


def _check_port_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server itself will: a connection of the last run that is still closing is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise EnvironmentProblemError("ledger.port_in_use", port=port, host=host) from None


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=1.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False
