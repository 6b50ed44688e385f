"""Runs the application under uvicorn: `python -m qa.api`, or `serve` from another entry point."""

import errno
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from qa.api.app import create_app
from qa.core.errors import BadOptionError, EnvironmentProblemError
from qa.logging import configure
from qa.settings import Settings

SHUTDOWN_SECONDS: Final = 4
"""Open downloads and event streams get this long; the whole service promises to stop within ten seconds."""


def serve(settings: Settings, *, listening: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `listening` is told the address once the port is bound.

    Raises `EnvironmentProblemError` for a port in use, `BadOptionError` for a host that is not ours.
    """
    app = create_app(settings)
    configure(settings.home, "api", console=True)
    bound = bind(settings.server.host, settings.server.port)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS
    )
    if listening is not None:
        listening(address(bound))
    with bound:
        uvicorn.Server(config).run(sockets=[bound])


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host.strip("[]"), port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise EnvironmentProblemError("api.port_in_use", host=host, port=port) from error
        raise BadOptionError("api.bad_host", host=host) from error
    return bound


def address(bound: socket.socket) -> str:
    """The URL of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
