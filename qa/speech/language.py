"""Which language each channel speaks, heard from the windows that are decoded anyway."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SURE: Final = 0.6
"""A mean probability above which a channel speaks for itself."""
_ENOUGH_SECONDS: Final = 8.0
"""Below this much sound a channel that is not sure follows the others: a few 嗯 tell no language."""


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """The language of a channel and how sure that is."""

    language: str
    probability: float


class LanguageVote:
    """Decides once per channel. A channel whose language was given is never asked about."""

    def __init__(self, given: Sequence[str | None]) -> None:
        self._choice: dict[int, LanguageChoice] = {
            index: LanguageChoice(language, 1.0) for index, language in enumerate(given) if language
        }

    def decided(self, channel: int) -> bool:
        """Whether the channel's language is known."""
        return channel in self._choice

    def hear(
        self, channels: Sequence[int], seconds: Sequence[float], probabilities: Sequence[dict[str, float]]
    ) -> None:
        """Settle the undecided channels by the first windows heard of each, weighted by their length."""
        votes: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        length: dict[int, float] = defaultdict(float)
        everybody: dict[str, float] = defaultdict(float)
        for channel, weight, row in zip(channels, seconds, probabilities, strict=True):
            length[channel] += weight
            for language, probability in row.items():
                votes[channel][language] += weight * probability
                everybody[language] += weight * probability
        for channel, vote in votes.items():
            if channel in self._choice:
                continue
            best = max(vote, key=vote.__getitem__)
            sure = vote[best] / length[channel]
            if sure < _SURE and length[channel] < _ENOUGH_SECONDS:
                best = self._common() or max(everybody, key=everybody.__getitem__)
                sure = vote[best] / length[channel]
            self._choice[channel] = LanguageChoice(best, sure)

    def choice(self, channel: int) -> LanguageChoice:
        """What was decided; a channel that never had a window takes the others' language with probability 0."""
        return self._choice.get(channel) or LanguageChoice(self._common() or "zh", 0.0)

    def _common(self) -> str | None:
        counts: dict[str, float] = defaultdict(float)
        for choice in self._choice.values():
            counts[choice.language] += choice.probability
        return max(counts, key=counts.__getitem__) if counts else None
