"""`python -m workers.guarded PARENT SIGNAL COMMAND...`: a command that never outlives the process that started it.

Linux sends SIGNAL to the command the moment its parent dies, even of SIGKILL (prctl(2), PR_SET_PDEATHSIG). Set
here, after the fork and in a fresh interpreter, because code between fork and exec is unsafe beside threads.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then become the command."""
    parent, signal_number, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:
            # It died before we asked to be told.
            return
    os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose; there is no shell


if __name__ == "__main__":
    main(sys.argv[1:])
