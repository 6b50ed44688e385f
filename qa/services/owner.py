"""Names the holder of a lease so that a dead one is told from a slow one without waiting for the lease to end."""

import os
import secrets
import socket
from functools import cache
from hashlib import sha256
from pathlib import Path


def new_owner() -> str:
    """A name for one claim: machine, process, start of the process, and a nonce that makes it unique."""
    pid = os.getpid()
    return f"{_machine()}:{pid}:{_started(pid)}:{secrets.token_hex(4)}"


def is_surely_dead(owner: str) -> bool:
    """True only where the owner was a process of this machine that no longer runs."""
    try:
        machine, pid, started, _ = owner.split(":")
    except ValueError:
        return False
    return machine == _machine() and _started(int(pid)) != started


@cache
def _machine() -> str:
    """This machine since its last start, and this container of it: process ids mean nothing beyond."""
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        # Not Linux: never the same machine twice, so leases alone decide.
        parts.append(secrets.token_hex(8))
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


def _started(pid: int) -> str:
    """Start of a process in clock ticks since boot (proc(5), field 22); `0` where it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "0"
    return "0" if fields[0] in "ZX" else fields[19]
