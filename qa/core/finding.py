"""What a rule says about a call, and the proof."""

from enum import StrEnum

from qa.core.base import Record
from qa.core.messages import Message
from qa.core.roles import Role


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"
    INFO = "info"

    @property
    def rank(self) -> int:
        """3 for critical down to 0 for info."""
        return {"critical": 3, "warning": 2, "notice": 1, "info": 0}[self.value]


class MatchKind(StrEnum):
    """How the evidence was found."""

    EXACT = "exact"
    HOMOPHONE = "homophone"
    SIMILAR = "similar"
    REGEX = "regex"
    CONTEXT = "context"
    """By how turns answer each other, e.g. 对 to "是不是保本"."""
    MEASURE = "measure"
    """By a measured quantity: silence, rate, overlap."""
    TONE = "tone"
    """By how a voice or its words sound: for a person to judge, never a failure by itself."""
    ALIKE = "alike"
    """By the wording as a whole, as a trained model reads it: for a person to judge, never a failure by itself."""
    ABSENCE = "absence"


class Support(StrEnum):
    """What a second hearing of the sound says of an accusation."""

    CONFIRMED = "confirmed"
    """Read alone, the second hearing leads to the same finding."""
    SIMILAR = "similar"
    """The second hearing wrote something that sounds the same, and nothing around it that takes it back."""
    UNSUPPORTED = "unsupported"
    """The second hearing does not bear it out: nobody is accused before a person has listened."""
    UNVERIFIED = "unverified"
    """There is no second hearing: the sound is gone, or verification is turned off."""


class Evidence(Record, frozen=True):
    """Where in the call something is: enough to play the clip and to mark the words."""

    turn: int
    role: Role
    char_start: int
    char_end: int
    """Offsets into `Turn.text`, end exclusive."""
    start: float
    end: float
    channel: int
    quote: str
    match: MatchKind
    trust: float
    """How far the speech under it can be trusted, 0..1: the mean trust of its words."""
    term: str | None = None
    """Id of the lexicon term that matched."""
    second: str | None = None
    """What a second hearing made of the sound under `quote`; None where there was none."""
    agreement: float | None = None
    """0..1: how many of the syllables of `quote` and `second` are the same, in order."""


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "pass"
    FAILED = "fail"
    NOT_APPLICABLE = "n/a"
    UNKNOWN = "unknown"


class Finding(Record, frozen=True):
    """A failed check with evidence, or something worth knowing (a complaint); "flag" on the page."""

    rule: str
    """Qualified id, e.g. `zh.finance.guaranteed-principal`."""
    rule_version: int
    family: str
    """`forbidden`, `rude`, `complaint`, `pii`, `step`, `behaviour`, ..."""
    label: dict[str, str]
    """Name for a person, by locale (`zh-Hans`, `zh-Hant`, `en`)."""
    severity: Severity
    role: Role
    """Whose words or omission it is."""
    evidence: tuple[Evidence, ...]
    reason: Message
    confidence: float
    basis: str | None = None
    """The regulation it rests on."""
    wording: str | None = None
    """What should have been said; goes into the coaching notice."""
    shadow: bool = False
    """Counted but never shown to agents: the rule is on trial."""
    support: Support | None = None
    """What the second hearing says; None where the rule asks for none (`qa.pipeline.verify`)."""


class Doubt(Record, frozen=True):
    """Why a check says less than it could: what was found is held against nobody, or something may be unheard."""

    reason: Message
    evidence: tuple[Evidence, ...] = ()
    """What was found, for a person to judge; none where it is doubtful that all was heard."""
    term: str | None = None
    """Id of the lexicon term that was found; None for a rule, and where nothing was."""


class Check(Record, frozen=True):
    """A rule's outcome for this call, whatever it is."""

    rule: str
    rule_version: int
    family: str
    label: dict[str, str]
    outcome: Outcome
    reason: Message
    severity: Severity
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """What a pass rests on (the step as it was done); a failure's proof is in its findings."""
    shadow: bool = False
    doubts: tuple[Doubt, ...] = ()
    """Beside a failure's findings, or what leaves the check unknown; none where it passed or does not apply."""
