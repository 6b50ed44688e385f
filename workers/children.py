"""Child processes of the supervisor: started so that they cannot be orphaned, restarted with growing pauses."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_HOPELESS = 3
_STEADY_S = 30.0
"""Alive this long, a child is taken to be well and its pauses start over."""

_log = structlog.get_logger(__name__)


class Child:
    """One process that is kept running."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        orphan_signal: int = signal.SIGKILL,
        speaks: bool = False,
    ) -> None:
        """`orphan_signal` is what the process gets should the supervisor die without stopping it.

        What one that `speaks` prints is for people and goes where the supervisor's own output goes.
        """
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._orphan_signal = orphan_signal
        self._speaks = speaks
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = _FIRST_PAUSE_S
        self._started = 0.0
        self._again_at = 0.0
        self._quick_deaths = 0

    @property
    def hopeless(self) -> bool:
        """Whether it has died again and again right after its start; the log says why."""
        return self._quick_deaths >= _HOPELESS

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C is for the supervisor, which stops the rest in order.

        Must be called from the thread that lives as long as the supervisor: Linux ties a child to the thread.
        """
        guard = [sys.executable, "-m", "workers.guarded", str(os.getpid()), str(int(self._orphan_signal))]
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                [*guard, *self._command],
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=None if self._speaks else out,
                stderr=out,
                start_new_session=True,
            )
        self._started = time.monotonic()

    def keep_alive(self) -> None:
        """Start it again where it has died, each time after a longer pause."""
        if self.alive:
            return
        now = time.monotonic()
        if self._process is not None:
            code = self._process.wait()
            self._end_group(signal.SIGKILL)
            self._process = None
            self._quick_deaths = 0 if now - self._started > _STEADY_S else self._quick_deaths + 1
            self._pause = (
                _FIRST_PAUSE_S if now - self._started > _STEADY_S else min(self._pause * 2, _LONGEST_PAUSE_S)
            )
            self._again_at = now + self._pause
            _log.warning("child.died", child=self.name, exit_code=code, again_in_s=self._pause)
        if now >= self._again_at:
            self.start()

    def ask_to_stop(self) -> None:
        """SIGTERM to the process itself."""
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def wait(self, until: float) -> bool:
        """Wait for its end until `until` (monotonic seconds); False where it still runs."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        if self._process is not None:
            self._end_group(signal.SIGKILL)
            self._process.wait()

    def _end_group(self, number: int) -> None:
        # The session's process group outlives its leader: prefork children are in it.
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
