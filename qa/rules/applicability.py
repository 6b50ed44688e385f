"""To which calls something applies."""

from collections.abc import Sequence

from qa.core.messages import Message, message
from qa.core.transcript import Transcript
from qa.lexicon.schema import Applies
from qa.rules.call import CallContext

_SAME_SCRIPT = {"yue": "zh", "wuu": "zh", "nan": "zh"}
"""Written as Chinese by the recogniser, so judged by the Chinese packs."""


def is_chinese(language: str) -> bool:
    """Whether a call in this language is one for Chinese packs."""
    return _written(language).split("-")[0] == "zh"


def why_not(
    language: str, applies: Sequence[Applies], transcript: Transcript, context: CallContext
) -> Message | None:
    """Why something does not apply to a call; None where it does."""
    if language != "any" and not _covers(language, transcript.language):
        return message("rules.other_language", language=transcript.language)
    for rule in applies:
        reason = _why_not(rule, transcript.language, context)
        if reason is not None:
            return reason
    return None


def _written(language: str) -> str:
    return _SAME_SCRIPT.get(language, language)


def _covers(language: str, spoken: str) -> bool:
    """Whether what is for a language is for a call: `zh` for Cantonese, too, `yue` for it alone. The recogniser
    tells no regions, so `zh-Hant` is for all Chinese.
    """
    return language.split("-")[0] in (spoken.split("-")[0], _written(spoken).split("-")[0])


def _why_not(rule: Applies, spoken: str, context: CallContext) -> Message | None:
    if rule.languages and not any(_covers(language, spoken) for language in rule.languages):
        return message("rules.other_language", language=spoken)
    if rule.industries and (industries := context.all_industries) and industries.isdisjoint(rule.industries):
        return message("rules.other_industry", industry=", ".join(sorted(industries)))
    if context.on is not None and (
        (rule.since and context.on < rule.since) or (rule.until and context.on > rule.until)
    ):
        return message("rules.not_valid_on", date=context.on.isoformat())
    for name, values in rule.attributes.items():
        if context.attributes.get(name) not in values:
            return message("rules.other_attribute", name=name)
    return None
