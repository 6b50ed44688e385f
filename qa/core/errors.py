"""Every error a user can cause, drawn as one tree.

    TingjianError                  status  exit   what the user can do
    +- InputError                     422     2   give another file, value or option
    |  +- BadRecordingError           422     2   the recording cannot be read or is over a limit
    |  +- BadPackError                422     2   a rule pack is broken; names file and line
    |  +- BadOptionError              422     2   an option or a setting is wrong
    +- UnauthenticatedError           401     7   sign in, or give a token
    +- ForbiddenError                 403     7   ask somebody who may; names the right
    +- TooSoonError                   429     5   wait; `Retry-After` says how long
    +- NotFoundError                  404     4   nothing of that name
    +- ConflictError                  409     5   the thing is in a state that does not allow it
    +- TooLargeError                  413     2   over a cap that a setting names
    +- EnvironmentProblemError        503     6   the machine lacks something: disk, port, network, memory
    |  +- ModelError                  503     6   a model file is missing or its hash is wrong
    |  +- StorageError                507     6   disk full or not writable
    |  +- DependencyError             503     6   broker or database out of reach

Each carries a `Message`, one clear sentence in the reader's language; a traceback never reaches a user.
`retryable` says whether trying the same thing again later can help (the ledger retries only those).
"""

from typing import ClassVar

from qa.core.messages import Message, message


class TingjianError(Exception):
    """Base of every error that is told to a user as one sentence."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, **params: object) -> None:
        self.message: Message = message(code, **params)
        super().__init__(f"{code} {self.message.params}")

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling between processes although `__init__` takes keywords."""
        return (_rebuild, (type(self), self.message))


def _rebuild(cls: type[TingjianError], msg: Message) -> TingjianError:
    return cls(msg.code, **msg.params)


class InputError(TingjianError):
    """What was given cannot be worked with."""

    status = 422
    exit_code = 2


class BadRecordingError(InputError):
    """The recording cannot be read or is outside a limit."""


class BadPackError(InputError):
    """A rule pack is broken; the message names file, line and field."""


class BadOptionError(InputError):
    """An option or a setting is wrong."""


class UnauthenticatedError(TingjianError):
    """Nobody, or nobody we know, asks."""

    status = 401
    exit_code = 7


class ForbiddenError(TingjianError):
    """Whoever asks may not do this."""

    status = 403
    exit_code = 7


class TooSoonError(TingjianError):
    """Too many attempts; the parameter `seconds` says how long to wait."""

    status = 429
    exit_code = 5


class NotFoundError(TingjianError):
    """There is nothing of that name."""

    status = 404
    exit_code = 4


class ConflictError(TingjianError):
    """The thing exists but is in a state that does not allow this."""

    status = 409
    exit_code = 5


class TooLargeError(TingjianError):
    """Over a cap; the message names the setting."""

    status = 413
    exit_code = 2


class EnvironmentProblemError(TingjianError):
    """The machine lacks something."""

    status = 503
    exit_code = 6
    retryable = True


class ModelError(EnvironmentProblemError):
    """A model file is missing or not the one that was promised."""


class StorageError(EnvironmentProblemError):
    """The disk is full or not writable."""

    status = 507


class DependencyError(EnvironmentProblemError):
    """Broker or database cannot be reached."""
