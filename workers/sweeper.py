"""Looks for lost work again and again: a thread of `tingjian up`, or `python -m workers.sweeper` elsewhere."""

import signal
import subprocess
import sys
import threading
import time

import structlog

from qa.core.errors import BadPackError
from qa.core.messages import Message
from qa.i18n import render
from qa.logging import configure
from qa.services import Services, open_services
from qa.settings import Settings
from workers.doorbell import CeleryDoorbell
from workers.environment import child_environment

_EXPORT_S = 2.0
"""Somebody who asked for an export looks at the page."""
_LOOK_S = 0.2

_log = structlog.get_logger(__name__)


def sweep_until(stop: threading.Event, services: Services) -> None:
    """Sweep at once, then every `ledger.sweep_seconds`. Any number of sweepers may run beside each other."""
    # In a thread of its own: a receiver that does not answer must not keep lost work waiting.
    for duty in (_post_until, _export_until):
        threading.Thread(target=duty, args=(stop, services), name=duty.__name__, daemon=True).start()
    broken: Message | None = None
    draw_at = retain_at = 0.0
    while not stop.is_set():
        broken = _note_rules(services, broken)
        try:
            services.analysis.sweep()
            services.uploads.expire()
            services.review.queue.sweep()
            services.notices.remind()
            services.disputes.expire()
            if time.monotonic() >= draw_at:
                services.review.plans.draw()
                draw_at = time.monotonic() + services.settings.review.draw_seconds
            services.storage.clean()
            services.audit.checkpoint_due()
            services.custody.resume()
            if time.monotonic() >= retain_at:
                retain_at = time.monotonic() + 60.0 * services.settings.custody.sweep_minutes
                services.custody.sweep()
        except Exception:
            # Whatever it was, lost work must be looked for again.
            _log.exception("sweep.failed")
        stop.wait(services.settings.ledger.sweep_seconds)


def _note_rules(services: Services, told: Message | None) -> Message | None:
    """Which versions of the rules judge from now on, in the audit log; what is wrong with them, `told` before or
    not, is handed back."""
    try:
        services.rules.in_force()
    except BadPackError as error:
        if error.message != told:
            _log.warning("rules.not_in_force", reason=render(error.message, "en"))
        return error.message
    except Exception:
        _log.exception("rules.not_noted")
    return None


def _post_until(stop: threading.Event, services: Services) -> None:
    while not stop.is_set():
        try:
            while services.push.deliver_due() and not stop.is_set():
                pass
        except Exception:
            _log.exception("post.failed")
        stop.wait(services.settings.ledger.sweep_seconds)


def _export_until(stop: threading.Event, services: Services) -> None:
    """See that somebody writes the exports that wait."""
    while not stop.is_set():
        try:
            if services.exports.waiting():
                command = [sys.executable, "-m", "workers.exporter"]
                writer = subprocess.Popen(command, env=child_environment(services.settings))  # noqa: S603 - ours
                while writer.poll() is None and not stop.wait(_LOOK_S):
                    pass
                # Told to stop in the middle, it goes on at the next start where it was.
                writer.terminate()
                writer.wait()
        except Exception:
            _log.exception("export.failed")
        stop.wait(_EXPORT_S)


def main() -> None:
    """Sweep until SIGTERM."""
    settings = Settings()
    configure(settings.home, "sweeper", console=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    services = open_services(settings, CeleryDoorbell(settings), migrate=True)
    sweep_until(stop, services)
    services.close()


if __name__ == "__main__":
    main()
