"""What a compliance officer writes about words: terms, their patterns, exceptions and examples.

The models are the single source: the loader validates with them, the JSON Schema for editors is generated from
them, and `docs/rules.md` describes them. Unknown keys are refused so that a typing mistake never goes unseen.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from qa.core.languages import SPOKEN

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
"""Local id: small letters, digits and hyphens."""

Dotted = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=160)]
"""Qualified id: `zh.finance.guaranteed-principal`."""

SeverityName = Literal["critical", "warning", "notice", "info"]
RoleName = Literal["agent", "customer", "any"]
SpeakerName = Literal["agent", "customer", "any", "system"]
"""Whose turns a condition may look at: also at recorded announcements, which nobody is responsible for."""
Homophone = Literal["off", "auto", "on"]

Exception_ = Literal[
    "negated", "disowned", "quoted", "warned", "asked", "hypothetical", "conditional", "corrected"
]
"""Contexts in which a term does not mean what it says; see `qa.lexicon.context`."""

FORBIDDEN_UNLESS: tuple[Exception_, ...] = ("negated", "quoted", "warned", "asked", "hypothetical", "corrected")
"""What excuses a forbidden phrase of the agent, unless the pack says otherwise."""


Likened = Literal["forbidden", "rude", "complaint"]
"""Families whose wording the second reader knows (`qa.alike`)."""

LIKENED: Mapping[str, RoleName] = {"forbidden": "agent", "rude": "agent", "complaint": "customer"}
"""Whose words each of them is about."""

LikenedStep = Literal["greeting", "recording-notice", "identity", "risk-disclosure", "closing"]
"""Families of what an agent has to say whose wording it knows, too."""

Doubted = Annotated[float, Field(ge=0, lt=1)]


def default_unless(family: str, role: str, severity: str | None) -> tuple[Exception_, ...]:
    """The contexts that excuse a term whose author did not choose: many for a promise, few for an insult or a
    complaint (a complaint in the form of a question is one all the same), none for vocabulary.
    """
    if severity is None:
        return ()
    if role == "customer":
        return ("negated",)
    if family == "rude":
        return ("disowned", "quoted")
    return FORBIDDEN_UNLESS if family == "forbidden" else ("negated", "quoted")


def _as_text(value: object) -> object:
    """`12315` in YAML is a number, in a pattern it is text."""
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, int | float) else value


def _as_label(value: object) -> object:
    return {"zh-Hans": value} if isinstance(value, str) else value


def _known_locales(value: dict[str, str]) -> dict[str, str]:
    for locale in value:
        if locale not in ("zh-Hans", "zh-Hant", "en"):
            raise PydanticCustomError("not_one_of", "unknown locale", {"expected": "zh-Hans, zh-Hant, en"})
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[
    str, BeforeValidator(_as_text, json_schema_input_type=str | int | float), Field(min_length=1, max_length=500)
]
Label = Annotated[
    dict[str, str],
    BeforeValidator(_as_label, json_schema_input_type=str | dict[str, str]),
    AfterValidator(_known_locales),
    Field(description="Name for a person: a text (Simplified Chinese) or one per locale."),
]
Texts = Annotated[list[Text], BeforeValidator(_as_list, json_schema_input_type=Text | list[Text])]
Dialogue = Annotated[
    Text | list[Text],
    Field(description="One turn, or a list of turns; `客户：` or `坐席：` before a text says who speaks."),
]


def label_of(label: Mapping[str, str] | None, fallback: str) -> dict[str, str]:
    """A label as findings carry it; the id where nobody wrote one."""
    return dict(label) if label else {"zh-Hans": fallback}


class Model(BaseModel):
    """Base of everything in a pack: frozen, and unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


Industry = Literal[
    "finance", "insurance", "collections", "ecommerce", "logistics",
    "telecom", "medical", "education", "government", "service",
]  # fmt: skip
INDUSTRIES: Final[tuple[str, ...]] = get_args(Industry)
_LANGUAGE: Final = re.compile(rf"^({'|'.join(sorted(SPOKEN))})(-[A-Za-z0-9]{{2,8}})*$")


def _known_language(value: str) -> str:
    if not _LANGUAGE.match(value):
        raise PydanticCustomError("unknown_language", "unknown language", {"found": value})
    return value


Language = Annotated[str, AfterValidator(_known_language), Field(json_schema_extra={"pattern": _LANGUAGE.pattern})]
"""A tag of BCP 47 that begins with a language the recogniser knows: `zh`, `yue`, `zh-Hant`."""


class Applies(Model):
    """To which calls something applies; where it does not, the check is not applicable."""

    languages: list[Language] = []
    industries: list[Industry] = []
    attributes: dict[str, Annotated[Texts, Field(min_length=1)]] = Field(
        {}, description="Attribute -> values of which one must be there."
    )
    since: date | None = Field(None, description="First day.")
    until: date | None = Field(None, description="Last day.")

    @model_validator(mode="after")
    def _ordered(self) -> "Applies":
        if self.since and self.until and self.since > self.until:
            raise PydanticCustomError("dates_reversed", "`since` lies after `until`")
        return self


class Examples(Model):
    """What must and what must not hit. Both are needed before a pack lints."""

    hit: list[Dialogue] = []
    miss: list[Dialogue] = []


class CallExample(Model):
    """A dialogue with what came with its recording, for what asks for that."""

    attributes: dict[str, Text]
    turns: Dialogue


class CallExamples(Model):
    """The same of whole calls."""

    hit: list[Dialogue | CallExample] = []
    miss: list[Dialogue | CallExample] = []


class TermDefaults(Model):
    """Values for every term of the file that does not give its own."""

    family: Id | None = None
    role: RoleName | None = None
    severity: SeverityName | None = None
    homophone: Homophone | None = None
    unless: list[Exception_] | None = None
    affirmed: bool | None = None
    basis: str | None = None
    wording: str | None = None
    doubted_below: Doubted | None = None


class Term(Model):
    """Something that can be said in several ways. With a severity it is an offence (or worth knowing) in itself;
    without one it is vocabulary for rules and steps.
    """

    id: Id
    label: Label | None = None
    patterns: Annotated[Texts, Field(min_length=1)]
    exclude: Texts = Field([], description="Patterns that take a hit back where they cover it.")
    misheard: Texts = Field(
        [],
        description="What the recogniser has been seen to write for it beyond homophones (穩正不陪 for 稳赚不赔); "
        "patterns that count for less and are never critical by themselves.",
    )
    homophone: Homophone | None = Field(None, description="`auto` by default: see docs/rules.md.")
    whole_words: bool = Field(
        False, description="Patterns of up to three characters do not hit inside other words (保本 in 确保|本利)."
    )
    severity: SeverityName | None = None
    family: Id | None = None
    role: RoleName | None = Field(None, description="Whose words count; `agent` by default.")
    unless: list[Exception_] | None = Field(
        None, description="Contexts that excuse; the default depends on family and role."
    )
    affirmed: bool | None = Field(
        None,
        description="The other party asks it and this one says yes: counts as said. By default on for "
        "terms of the agent with a severity.",
    )
    basis: str | None = None
    wording: str | None = None
    doubted_below: Doubted | None = Field(
        None,
        description="Where the second reader finds a sentence with the term in it less likely than this, nothing "
        f"is found and the check stays unknown; 0 never doubts. Chinese, families {', '.join(get_args(Likened))}.",
    )
    version: int = Field(1, ge=1, description="Without one, that of the file.")
    shadow: bool = False
    applies: Applies | None = None
    examples: Examples = Examples()
