"""What references in a pack stand for, and what people call it."""

from collections.abc import Callable, Mapping
from functools import cache

from qa.i18n import label_in


class Names:
    """The terms and families that one pack may refer to. What was asked once is kept: every call asks it again."""

    def __init__(
        self, terms: Mapping[str, tuple[str, ...]], labels: Mapping[str, Mapping[str, str]], pack: str
    ) -> None:
        """`terms`: what references stand for in full; `labels`: names by locale, of what was given one."""
        self._terms = terms
        self._labels = labels
        self._pack = pack
        self.terms: Callable[[str], tuple[str, ...]] = cache(self._terms_of)
        """Ids of the terms that a reference stands for; empty where there is none."""
        self.told: Callable[[tuple[str, ...]], Mapping[str, str]] = cache(self._told)
        """References as parameters of a sentence: as the packs write them, and as they call them where they do."""

    def _terms_of(self, reference: str) -> tuple[str, ...]:
        return self._terms.get(f"{self._pack}.{reference}") or self._terms.get(reference) or ()

    def _told(self, references: tuple[str, ...]) -> Mapping[str, str]:
        labels = [self._labels.get(f"{self._pack}.{r}") or self._labels.get(r) or {} for r in references]
        told = {"term": ", ".join(references)}
        if any(labels):
            for locale in ("zh-Hans", "en"):  # Traditional is made of Simplified where it is shown
                shown = (label_in(x, locale) if x else r for x, r in zip(labels, references, strict=True))
                told[f"term:{locale}"] = ", ".join(shown)
        return told
