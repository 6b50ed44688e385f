"""What a compliance officer writes: rules, flows, scorecards, and the file that holds them.

See `qa.lexicon.schema` for terms. Every model forbids unknown keys; cross references (a term that does not
exist, a cycle between conditions) are checked by `qa.rules.loader`, which knows file and line.
"""

import re
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from qa.lexicon.schema import (
    Applies,
    CallExamples,
    Dotted,
    Id,
    Label,
    Language,
    Likened,
    LikenedStep,
    Model,
    RoleName,
    SeverityName,
    SpeakerName,
    Term,
    TermDefaults,
    Text,
    Texts,
)

_WITHIN = re.compile(
    r"^(?:(first|last) (\d+(?:\.\d+)?) ?(s|turns?|agent turns?|customer turns?|%)"
    r"|(\d+(?:\.\d+)?)%\.\.(\d+(?:\.\d+)?)%)$"
)


def _some_part(value: str) -> str:
    found = _WITHIN.match(value)
    if found is None:  # the pattern says so
        return value
    _, count, unit, low, high = found.groups()
    if count is None:
        some = float(low) < float(high) <= 100
    elif "turn" in unit:
        some = count.isdecimal() and int(count) > 0
    else:
        some = float(count) > 0 and (unit == "s" or float(count) <= 100)
    if not some:
        raise PydanticCustomError("no_such_part", "no such part of a call", {"found": value})
    return value


Within = Annotated[
    str,
    AfterValidator(_some_part),
    Field(
        pattern=_WITHIN.pattern,
        description="`first 30s`, `last 5 turns`, `first 2 agent turns`, `10%..40%` (of the call's time).",
    ),
]

Entity = Literal[
    "phone", "id_card", "bank_card", "passport", "plate", "name", "address", "email", "code", "cvv", "birth_date",
    "amount", "percent", "date", "number",
]  # fmt: skip


def _ids(value: object) -> object:
    return [value] if isinstance(value, str) else value


Ids = Annotated[list[Id], BeforeValidator(_ids, json_schema_input_type=Id | list[Id])]


def _terms(value: object) -> object:
    return {"any": value} if isinstance(value, str | list) else value


def _text_form(value: object) -> object:
    return {"text": value} if isinstance(value, str | list) else value


def _regex_form(value: object) -> object:
    return {"regex": value} if isinstance(value, str) else value


def _entity_form(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class Says(Model):
    """Terms that are said. A term is named by its id (in the same pack), by its qualified id, or a whole file's
    terms by the file's id.
    """

    any: Texts = Field([], description="One of these.")
    all: Texts = Field([], description="Each of these.")
    none: Texts = Field([], description="None of these.")
    patterns: Texts = Field([], description="Patterns on the spot, instead of terms.")
    at_least: int = Field(1, ge=1, description="How many different ones of `any` (with `patterns`).")
    times: int = Field(1, ge=1, description="How many hits in all.")

    @model_validator(mode="after")
    def _something(self) -> "Says":
        if not (self.any or self.all or self.none or self.patterns):
            raise PydanticCustomError("says_empty", "`says` names no term")
        return self


class Matches(Model):
    """A regular expression on the normal form (Simplified, half width, small letters)."""

    regex: Text
    exclude: Text | None = Field(None, description="Takes a match back where it covers it.")


def _worded(value: list[str]) -> list[str]:
    for text in value:
        if not any(c.isalnum() for c in text):
            raise PydanticCustomError("no_words_in", "no words", {"found": text})
    return value


class Similar(Model):
    """Close to one of some sentences: how much of a sentence's wording is covered, in its order."""

    text: Annotated[Texts, AfterValidator(_worded), Field(min_length=1)]
    at_least: float = Field(0.8, gt=0, le=1, description="Share of the text that must be said.")
    turns: int = Field(3, ge=1, le=20, description="Spread over at most so many turns of the role in a row.")


class Repeats(Model):
    """The same thing said again."""

    within_turns: int = Field(6, ge=1)
    times: int = Field(2, ge=2, description="Said so often in all.")
    similarity: float = Field(0.8, gt=0, le=1)
    min_chars: int = Field(5, ge=2)


class EntitySaid(Model):
    """Personal data or a quantity is said."""

    type: Entity
    times: int = Field(1, ge=1)
    valid_only: bool = Field(False, description="Only where the checksum holds, if the type has one.")


class Silence(Model):
    """A gap in which nobody speaks."""

    at_least: float = Field(10.0, gt=0, description="Seconds.")
    between: Literal["any", "same", "agent-customer", "customer-agent"] = "any"
    excused_after: str | None = Field(None, description="Term after which the agent may be silent.")
    excused_up_to: float = Field(60.0, gt=0, description="Seconds that the excuse is good for.")
    times: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _excused(self) -> "Silence":
        if self.excused_after is not None and self.excused_up_to < self.at_least:
            found = {"found": f"{self.excused_up_to:g} < {self.at_least:g}"}
            raise PydanticCustomError("excuses_nothing", "no silence is excused", found)
        return self


class Range(Model):
    """A number between two bounds, either open."""

    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _some(self) -> "Range":
        if self.above is None and self.below is None:
            raise PydanticCustomError("range_empty", "give `above` or `below`")
        _ordered(self.above, self.below)
        return self


def _ordered(above: float | None, below: float | None) -> None:
    if above is not None and below is not None and above >= below:
        found = {"found": f"{above:g} ≥ {below:g}"}
        raise PydanticCustomError("nothing_between", "nothing lies between", found)


class Amount(Range):
    """What cannot be less than nought."""

    below: float | None = Field(None, gt=0)


class Rate(Amount):
    """Characters (for alphabetic languages words) per minute of a turn or of the call."""

    per: Literal["turn", "call"] = "turn"
    relative: bool = Field(False, description="As a multiple of the speaker's own mean.")
    min_chars: int = Field(15, ge=1)
    times: int = Field(1, ge=1)


class Interrupts(Model):
    """Cuts into the other's speech: all three thresholds hold."""

    overlap_ms: float = Field(500, ge=0)
    words: int = Field(3, ge=0, description="Characters or words said by the one who cuts in.")
    delay_ms: float = Field(1000, ge=0, description="The other had spoken at least so long before.")
    times: int = Field(1, ge=1)


class Level(Range):
    """Loudness (dB) or pitch (semitones) against the speaker's own median in this call."""

    min_seconds: float = Field(1.0, ge=0)
    times: int = Field(1, ge=1)


class Tone(Range):
    """How somebody sounds. What rests on tone alone is for a person to judge: the check never fails."""

    of: Literal["angry", "cold", "perfunctory", "warm", "arousal", "valence"]
    per: Literal["turn", "call", "change"] = Field(
        "turn", description="A turn; the three strongest turns; or the last third of the turns less the first."
    )
    min_confidence: float = Field(0.6, ge=0, le=1)
    times: int = Field(1, ge=1)


class Alike(Model):
    """The wording as a whole, judged by a small trained model. What rests on it alone never fails a check."""

    to: Likened = Field(description="What it is compared with.")
    at_least: float = Field(0.7, gt=0, lt=1, description="Likelihood; see `models/alike-zh.md`.")


class AlikeStep(Model):
    """How steps are said as a rule, judged by the same model. It never makes a step pass."""

    to: LikenedStep = Field(description="What it is compared with.")
    at_least: float = Field(0.5, gt=0, lt=1, description="Likelihood; see `models/alike-zh.md`.")


class Responds(Amount):
    """Seconds until the role answers the other."""

    which: Literal["first", "average", "any"] = "average"


class Share(Amount):
    """Share of the speech time, 0..1."""

    above: float | None = Field(None, lt=1)
    below: float | None = Field(None, gt=0, le=1)


class EndsWith(Model):
    """How the call ends."""

    role: RoleName | None = Field(None, description="Who speaks last.")
    cut_off: bool | None = Field(None, description="The last sentence breaks off.")

    @model_validator(mode="after")
    def _some(self) -> "EndsWith":
        if self.role is None and self.cut_off is None:
            raise PydanticCustomError("ends_anyhow", "give `role` or `cut_off`")
        return self


class Attribute(Model):
    """What came with the recording."""

    name: Annotated[str, Field(min_length=1)]
    equals: Texts = []
    exists: bool | None = None
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _possible(self) -> "Attribute":
        _ordered(self.above, self.below)
        if self.exists is False and (self.equals or self.above is not None or self.below is not None):
            raise PydanticCustomError("absent_value", "what is not there has no value")
        return self


class AsksModel(Model):
    """A yes/no question to a language model, off unless an endpoint is set. It must quote the transcript."""

    question: Text
    expect: bool = True
    min_confidence: float = Field(0.7, ge=0, le=1)


class Then(Model):
    """Order: the first, then the second."""

    first: "Condition"
    second: "Condition"
    within_turns: int | None = Field(None, ge=0)
    within_seconds: float | None = Field(None, gt=0)


class Anchor(Model):
    """The k-th hit of another condition."""

    condition: "Condition"
    hit: int = Field(1, description="1 is the first, -1 the last.")
    turns: int | None = Field(None, ge=0, description="At most so many turns away.")
    seconds: float | None = Field(None, gt=0, description="At most so many seconds away.")

    @model_validator(mode="after")
    def _counted(self) -> "Anchor":
        if self.hit == 0:
            raise PydanticCustomError("hit_zero", "1 is the first hit")
        return self


OPERATORS = (
    "all", "any", "none", "use", "says", "matches", "similar", "repeats", "entity", "silence", "rate",
    "interrupts", "loudness", "pitch", "responds", "talk_share", "duration", "turns", "ends_with", "attribute",
    "asks_model", "then", "step", "tone", "alike",
)  # fmt: skip


class Condition(Model):
    """One operator and its scope. `all`, `any` and `none` hold further conditions."""

    all: Annotated[list["Condition"], Field(min_length=1)] | None = None
    any: Annotated[list["Condition"], Field(min_length=1)] | None = None
    none: Annotated[list["Condition"], Field(min_length=1)] | None = None
    use: str | None = Field(None, description="A condition of the file's `conditions`, by name.")
    says: Annotated[Says, BeforeValidator(_terms, json_schema_input_type=Texts | Says)] | None = None
    matches: Annotated[Matches, BeforeValidator(_regex_form, json_schema_input_type=Text | Matches)] | None = None
    similar: Annotated[Similar, BeforeValidator(_text_form, json_schema_input_type=Texts | Similar)] | None = None
    repeats: Repeats | None = None
    entity: (
        Annotated[EntitySaid, BeforeValidator(_entity_form, json_schema_input_type=Entity | EntitySaid)] | None
    ) = None
    silence: Silence | None = None
    rate: Rate | None = None
    interrupts: Interrupts | None = None
    loudness: Level | None = None
    pitch: Level | None = None
    responds: Responds | None = None
    tone: Tone | None = None
    alike: Alike | None = None
    talk_share: Share | None = None
    duration: Amount | None = None
    turns: Amount | None = None
    ends_with: EndsWith | None = None
    attribute: Attribute | None = None
    asks_model: AsksModel | None = None
    then: Then | None = None
    step: Id | None = Field(None, description="A step of the same flow was done; in `when` of steps only.")

    role: SpeakerName | None = Field(
        None, description="Whose turns are looked at; by default the rule's. `system`: recorded announcements."
    )
    within: Within | None = None
    after: Anchor | None = None
    before: Anchor | None = None

    @model_validator(mode="after")
    def _one_operator(self) -> "Condition":
        given = [name for name in OPERATORS if getattr(self, name) is not None]
        if len(given) != 1:
            found = ", ".join(f"`{g}`" for g in given) or "none"
            raise PydanticCustomError("one_operator", "exactly one operator", {"found": found})
        return self

    @cached_property
    def operator(self) -> str:
        """The one operator that is given."""
        return next(name for name in OPERATORS if getattr(self, name) is not None)


class Rule(Model):
    """Passes or fails a call."""

    id: Id
    version: int = Field(1, ge=1, description="Without one, that of the file.")
    label: Label | None = None
    family: Id = "behaviour"
    severity: SeverityName = "warning"
    role: RoleName = Field("agent", description="Whose words are looked at, and whose omission it is.")
    when: Condition | None = Field(None, description="Otherwise the rule is not applicable.")
    require: Condition | None = Field(None, description="The rule fails unless this holds.")
    forbid: Condition | None = Field(None, description="The rule fails where this holds.")
    applies: Applies | None = None
    shadow: bool = False
    basis: str | None = None
    wording: str | None = None
    examples: CallExamples = CallExamples()

    @model_validator(mode="after")
    def _one_side(self) -> "Rule":
        if (self.require is None) == (self.forbid is None):
            raise PydanticCustomError("rule_sides", "either `require` or `forbid`")
        return self


class Step(Model):
    """Something that has to be done in the course of a call: `says`, `verbatim` or a `condition`."""

    id: Id
    label: Label | None = None
    optional: bool = False
    severity: SeverityName = "warning"
    role: RoleName = "agent"
    says: Annotated[Says, BeforeValidator(_terms, json_schema_input_type=Texts | Says)] | None = None
    verbatim: Annotated[Similar, BeforeValidator(_text_form, json_schema_input_type=Texts | Similar)] | None = None
    condition: Condition | None = None
    alike: AlikeStep | None = Field(
        None, description="Where it is not found: what is worded like this leaves it unknown instead of missing."
    )
    within: Within | None = Field(None, description="Later (or earlier) than this it is done too late.")
    before: Ids = []
    after: Ids = []
    when: Condition | None = Field(None, description="The branch in which the step is due.")
    unless: Condition | None = Field(
        None, description="Where this holds, a step that is missing or too late is not applicable."
    )
    basis: str | None = None
    wording: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Step":
        if sum(x is not None for x in (self.says, self.verbatim, self.condition)) != 1:
            raise PydanticCustomError("step_ways", "one of `says`, `verbatim`, `condition`")
        return self

    @cached_property
    def content(self) -> Condition:
        """What has to be done, as a condition."""
        if self.condition is not None:
            return self.condition
        if self.says is not None:
            role = self.role if "role" in self.model_fields_set else None
            return Condition.model_construct(says=self.says, role=role)
        return Condition.model_construct(similar=self.verbatim, role=self.role)


class Flow(Model):
    """Steps that a call has to go through."""

    id: Id
    version: int = Field(1, ge=1, description="Without one, that of the file.")
    label: Label | None = None
    applies: Applies | None = None
    when: Condition | None = Field(None, description="Otherwise all steps are not applicable.")
    ordered: bool = Field(False, description="Steps must follow each other in the order they are written in.")
    shadow: bool = False
    steps: Annotated[list[Step], Field(min_length=1)]
    examples: CallExamples = Field(CallExamples(), description="hit: a step is missing; miss: nothing is missing.")


class Item(Model):
    """One line of a scorecard: automatic (`check`) or for a person (`manual`)."""

    id: Id
    label: Label | None = None
    check: Texts = Field(
        [], description="Checks by id: a rule, a term, a file of terms, `flow.step`, or `family:rude`."
    )
    manual: bool = False
    points: float = Field(10, gt=0, description="The most it gives.")
    per_finding: float | None = Field(None, gt=0, description="Points lost with each finding; without it, all.")
    veto: bool | Literal["critical"] = Field(
        False, description="A failure (or one with a critical finding) fails the whole card."
    )
    when: Condition | None = Field(None, description="Otherwise it leaves the denominator.")

    @model_validator(mode="after")
    def _one_kind(self) -> "Item":
        if self.manual == bool(self.check):
            raise PydanticCustomError("item_kind", "either `check` or `manual`")
        if self.manual and (self.per_finding is not None or self.veto == "critical"):
            raise PydanticCustomError("manual_without_findings", "a person's item has no findings")
        return self


class Section(Model):
    """Items that are weighed together."""

    id: Id
    label: Label | None = None
    weight: float = Field(1, gt=0)
    items: Annotated[list[Item], Field(min_length=1)]


class Scorecard(Model):
    """How checks become a score of 0..100."""

    id: Id
    version: int = Field(1, ge=1, description="Without one, that of the file.")
    label: Label | None = None
    applies: Applies | None = None
    sections: Annotated[list[Section], Field(min_length=1)]


class PackFile(Model):
    """One YAML file of a pack."""

    id: Dotted = Field(description="Begins with the pack's: `zh.finance.forbidden` in `zh/finance`.")
    version: int = Field(1, ge=1)
    schema_version: int = Field(1, ge=1, description="Of this form; one newer than the program is refused.")
    language: Language | Literal["any"] = "zh"
    label: Label | None = None
    applies: Applies | None = Field(None, description="For everything in the file that does not say otherwise.")
    defaults: TermDefaults = TermDefaults()
    terms: list[Term] = []
    conditions: dict[Id, Condition] = {}
    rules: list[Rule] = []
    flows: list[Flow] = []
    scorecards: list[Scorecard] = []
