"""A call in which personal data is said, and those who may and may not see it."""

import re

from qa.core.people import Job, Person
from qa.core.result import Analysis, Result, RunStatus
from qa.core.roles import Role
from qa.core.speech import AudioInfo
from qa.core.transcript import Transcript, Turn, Word
from qa.pipeline.context import RecordingInput

TURNS = (
    (Role.AGENT, "请报一下您的手机号", 0.2, 1.8),
    (Role.CUSTOMER, "13812345678", 2.2, 3.4),
    (Role.AGENT, "卡背面的后三位呢", 3.8, 4.4),
    (Role.CUSTOMER, "317", 4.8, 5.4),
)
SECRETS = ("13812345678", "317")


def leaked(text: str) -> list[str]:
    """The secrets that ``text`` tells. Three digits inside an identifier or a time of day tell nothing."""
    return [secret for secret in SECRETS if re.search(rf"(?<![0-9A-Za-z.]){secret}(?![0-9A-Za-z])", text)]


REVIEWER = Person("1", "li.rui", "李睿", frozenset({Job.REVIEWER}))
AUDITOR = Person("2", "zhao.min", "赵敏", frozenset({Job.AUDITOR}))
STRANGER = Person("3", "elsewhere", "別處", frozenset({Job.SUPERVISOR}), teams=("another",))


def transcript() -> Transcript:
    turns = tuple(
        Turn(i, role, "ch0", 0, (Word(text, start, end, 0.9, 0.9),), 1.0)
        for i, (role, text, start, end) in enumerate(TURNS)
    )
    return Transcript("zh", 6.0, turns)


def telling(source: RecordingInput) -> Result:
    """What the pipeline makes of every recording here."""
    return Result(
        sha256=source.sha256,
        name=source.name,
        status=RunStatus.DONE,
        audio=AudioInfo("wav", "pcm_s16le", 8000, 1, 1, 6.0, 6.0),
        transcript=transcript(),
        analysis=Analysis((), (), None, {}),
        attributes=dict(source.attributes),
    )
