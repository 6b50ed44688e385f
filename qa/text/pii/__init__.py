"""Personal data as it is spoken and as recognisers write it: 幺 as 1 or 要, digits mixed with characters, one
digit too many or too few, numbers split over turns and read back.

A checksum makes a find certain; the words around it make one out of a number that has lost a digit.
`docs/privacy.md` says what is found and what is not.
"""

import weakref
from itertools import groupby
from typing import Final

from qa.core.transcript import Transcript
from qa.text.calltext import CallText
from qa.text.pii.addresses import addresses
from qa.text.pii.checks import valid_identity, valid_luhn
from qa.text.pii.cues import cues_of
from qa.text.pii.dates import birth_dates
from qa.text.pii.entity import TYPES, Entity
from qa.text.pii.names import names
from qa.text.pii.numbers import numbers
from qa.text.pii.quantities import quantities
from qa.text.pii.written import documents, emails

__all__ = ["TYPES", "Entity", "entities_in", "personal_in", "personal_of", "valid_identity", "valid_luhn"]

_RANK: Final = {
    kind: rank
    for rank, kind in enumerate(
        (
            "email",
            "plate",
            "address",
            "birth_date",
            "passport",
            "id_card",
            "bank_card",
            "phone",
            "cvv",
            "code",
            "name",
        )
    )
}
"""What wins where two finds overlap: a number inside an address is part of it."""


_known: Final[dict[int, tuple[weakref.ref[Transcript], tuple[Entity, ...]]]] = {}
"""What was found in the transcripts in use: `id()` -> the transcript and the personal data in it. The rules, the
masked result and the search index ask for the same."""


def entities_in(call: CallText) -> list[Entity]:
    """Everything of a kind that is said in a call, in order: personal data and quantities."""
    personal = personal_in(call)
    return sorted([*personal, *quantities(call, personal)], key=_place)


def personal_in(call: CallText) -> list[Entity]:
    """The personal data of a call in order; looked for once per transcript."""
    return list(_personal_of(call.transcript, call))


def personal_of(transcript: Transcript) -> list[Entity]:
    """The personal data of a call that need not have been prepared."""
    return list(_personal_of(transcript, None))


def _personal_of(transcript: Transcript, call: CallText | None) -> tuple[Entity, ...]:
    key = id(transcript)
    known = _known.get(key)
    if known is not None and known[0]() is transcript:
        return known[1]
    found = _personal(call or CallText(transcript))
    _known[key] = weakref.ref(transcript, lambda _: _known.pop(key, None)), found
    return found


def _place(entity: Entity) -> tuple[int, int, int]:
    return entity.turn, entity.start, entity.end


def _personal(call: CallText) -> tuple[Entity, ...]:
    cues = cues_of(call)
    found = [
        # The last digits of an order or an employee number are known for what they are, and are nobody's secret.
        *(e for e in numbers(call, cues) if e.type in _RANK),
        *documents(call, cues),
        *birth_dates(call, cues),
        *addresses(call),
        *names(call),
        *emails(call),
    ]
    kept: list[Entity] = []
    for _, group in groupby(sorted(found, key=lambda e: e.turn), key=lambda e: e.turn):
        kept.extend(_disjoint(list(group)))
    return tuple(sorted(kept, key=_place))


def _disjoint(found: list[Entity]) -> list[Entity]:
    """The finds of a turn without those that overlap a better one; certain ones first, then by kind and length."""
    kept: list[Entity] = []
    taken: set[int] = set()
    for e in sorted(found, key=lambda e: (not e.valid, _RANK[e.type], e.start - e.end, e.start)):
        places = range(e.start, e.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(e)
    return kept
