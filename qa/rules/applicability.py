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
    spoken = _written(transcript.language)
    if language not in ("any", spoken) and spoken.split("-")[0] != language.split("-")[0]:
        return message("rules.other_language", language=transcript.language)
    for rule in applies:
        reason = _why_not(rule, spoken, context)
        if reason is not None:
            return reason
    return None


def _written(language: str) -> str:
    return _SAME_SCRIPT.get(language, language)


def _why_not(rule: Applies, spoken: str, context: CallContext) -> Message | None:
    if rule.languages and spoken not in rule.languages:
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
