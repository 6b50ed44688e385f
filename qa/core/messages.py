"""A sentence for a person, kept as a code and its parameters until somebody's language is known."""

from qa.core.base import Record


class Message(Record, frozen=True):
    """A translatable sentence: `code` names an entry of the catalogues, `params` fill its placeholders.

    `qa.i18n.render(message, locale)` turns it into text. Codes are `area.name`, e.g. `audio.not_audio`.
    """

    code: str
    params: dict[str, str] = {}


def message(code: str, **params: object) -> Message:
    """Build a `Message`; floats are kept to at most two decimals so that sentences stay readable."""
    return Message(code, {k: _text(v) for k, v in params.items()})


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
