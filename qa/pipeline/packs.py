"""The rule book in force in one process: read when first asked for, and again once its files have changed.

A file that is being edited is broken for a moment, and a mistake can stay in one for a day. What was loaded before
goes on judging until the packs can be used again; what is wrong with them stands in the log.
"""

import logging
from typing import Final

from qa.core.errors import BadPackError
from qa.i18n import render
from qa.rules.book import RuleBook
from qa.rules.loader import Stamp, load_packs, stamp
from qa.settings import RuleSettings

log = logging.getLogger(__name__)

_LOST: Final[Stamp] = ()
"""The stamp of packs that cannot be found."""


def load_book(options: RuleSettings) -> RuleBook:
    """The packs of the settings as they lie on disk. Raises `BadPackError`."""
    book = load_packs(options.packs, options.pack_dirs)
    if options.scorecard and options.scorecard not in {card.id for card in book.cards}:
        known = ", ".join(card.id for card in book.cards)
        raise BadPackError("rules.no_scorecard", name=options.scorecard, known=known)
    return book


class PacksInForce:
    """Asked by one thread. Who judges a call refreshes before it: one book from its first rule to its last."""

    def __init__(self, options: RuleSettings) -> None:
        self._options = options
        self._book: RuleBook | None = None
        self._seen: Stamp = _LOST
        """Of the files that were last read, whether or not they could be used."""

    @property
    def book(self) -> RuleBook:
        """The packs in force. Raises `BadPackError` where none were loaded yet and those on disk are broken."""
        if self._book is None:
            self._seen = stamp(self._options.packs, self._options.pack_dirs)
            self._book = load_book(self._options)
        return self._book

    def refresh(self) -> None:
        """Take up what has changed on disk since the packs were loaded, unless it cannot be used."""
        if self._book is None:
            return
        seen, self._seen = self._seen, _LOST
        try:
            self._seen = stamp(self._options.packs, self._options.pack_dirs)
            if self._seen != seen:
                self._book = load_book(self._options)
                log.info("changed rule packs are in force")
        except BadPackError as error:
            if self._seen != seen:
                log.warning("changed rule packs are not used: %s", render(error.message, "en"))
        except OSError:
            # A file went away while it was read: the next call looks again.
            self._seen = seen
