"""The places of the application, and who is shown which."""

from dataclasses import dataclass
from typing import Final

from qa.core.people import Person, Right


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation; its name is `web.place_<name>`, its drawing the symbol `name`."""

    name: str
    path: str
    rights: tuple[Right, ...] = ()
    """One of them is enough; none: everybody."""
    key: str = ""
    """Pressed after g."""


WORK: Final = (
    Place("home", "/", key="h"),
    Place("queue", "/queue", (Right.REVIEW,), key="q"),
    Place("recordings", "/recordings", (Right.SEE_RECORDINGS,), key="r"),
    Place("upload", "/upload", (Right.UPLOAD,), key="u"),
    Place("coaching", "/coaching", (Right.SEE_NOTICES,), key="c"),
    Place("disputes", "/disputes", (Right.DISPUTE, Right.RULE_DISPUTE), key="d"),
)
QUALITY: Final = (
    Place("calibration", "/calibration", (Right.CALIBRATE,), key="k"),
    Place("rules", "/rules", (Right.SEE_RULES,), key="l"),
)
HOUSE: Final = (
    Place("exports", "/exports", (Right.EXPORT,), key="e"),
    Place("audit", "/audit", (Right.SEE_AUDIT_LOG,), key="a"),
    Place("custody", "/custody", (Right.RETAIN,), key="t"),
    Place("people", "/people", (Right.MANAGE_PEOPLE,), key="p"),
    Place("settings", "/settings", (Right.SETTINGS,), key="s"),
)


def places_of(who: Person) -> list[list[Place]]:
    """The groups of places `who` may go to; groups without any are left out."""
    groups = ([p for p in group if _open_to(p, who)] for group in (WORK, QUALITY, HOUSE))
    return [group for group in groups if group]


def _open_to(place: Place, who: Person) -> bool:
    return not place.rights or any(who.may(right) for right in place.rights)


def place_at(path: str) -> str:
    """Name of the place a path belongs to; empty where it is none."""
    for group in (WORK, QUALITY, HOUSE):
        for place in group:
            if path == place.path or (place.path != "/" and path.startswith(f"{place.path}/")):
                return place.name
    return ""
