"""How a file is named in a sentence for a person."""

import unicodedata
from pathlib import Path

_LONGEST = 80


def shown_name(path: Path) -> str:
    """The last part of a path, fit for a message: no folders, no control characters, at most 80 characters.

    Names come from strangers: a newline in one must not forge a second log line, and a right-to-left mark
    must not turn an extension around.
    """
    base = path.name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in base)
    name = name.encode("utf-8", "replace").decode("utf-8")
    if len(name) > _LONGEST:
        name = name[: _LONGEST - 21] + "…" + name[-20:]
    return name or "?"
