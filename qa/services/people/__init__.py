"""People: accounts, sign-in, sessions, tokens, one-time links. `open_people` builds all of it."""

from qa.services.people.container import People, open_people
from qa.services.people.views import (
    AccountView,
    LinkView,
    MadeToken,
    Purpose,
    SessionView,
    SignedIn,
    TeamView,
    TokenView,
)

__all__ = [
    "AccountView",
    "LinkView",
    "MadeToken",
    "People",
    "Purpose",
    "SessionView",
    "SignedIn",
    "TeamView",
    "TokenView",
    "open_people",
]
