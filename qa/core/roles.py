"""Who speaks."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """The part a speaker plays in the call."""

    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"
    """An IVR or hold announcement: recorded speech that nobody in the call is responsible for."""
    UNKNOWN = "unknown"
    """The system could not tell. Nobody is accused of what an unknown speaker said."""

    @property
    def other(self) -> "Role":
        """The opposite party; system and unknown have none and return themselves."""
        return _OTHER.get(self, self)


_OTHER: Final = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}
