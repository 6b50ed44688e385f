"""Calls that were judged by the real rules and reviewed by people, without any sound."""

from collections.abc import Callable
from functools import cache

from ledger_fakes import FakePipeline, wav_bytes

from qa.core.people import Job, Person
from qa.core.result import Result, RoleDecision, RunStatus
from qa.core.review import VerdictOutcome
from qa.core.speech import AudioInfo
from qa.pipeline.context import RecordingInput
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import from_text
from qa.rules.loader import load_packs
from qa.services import IntakeMeta, Services
from qa.services.doorbell import Queue
from qa.services.work import Worker

BAD_CALL = """坐席：您好，这里是金诚财富，工号8023，请问有什么可以帮您？
客户：你们那个理财会不会亏啊？
坐席：您放心，这个产品保本保息，稳赚不赔。
客户：我手机号是13800138000，你发给我看看。
坐席：好的，感谢您的来电，再见。"""
GOOD_CALL = """坐席：您好，这里是金诚财富，工号8023，请问有什么可以帮您？
客户：你们那个理财会不会亏啊？
坐席：理财有风险，不保证本金，也不承诺收益。
坐席：感谢您的来电，再见。"""


def person(login: str, *jobs: Job, teams: tuple[str, ...] = (), agent: str | None = None) -> Person:
    """Somebody who acts."""
    return Person(login, login, login.title(), frozenset(jobs), teams=teams, agent=agent)


REVIEWER = person("rita", Job.REVIEWER)
SECOND = person("sven", Job.REVIEWER)
THIRD = person("tara", Job.COMPLIANCE)
LEADER = person("lena", Job.SUPERVISOR, teams=("east",))
OTHER_LEADER = person("otto", Job.SUPERVISOR, teams=("west",))
AGENT = person("anna", Job.AGENT, agent="A01")
OTHER_AGENT = person("bert", Job.AGENT, agent="A02")


@cache
def rules() -> RuleBook:
    """The packs a finance call is judged by."""
    return load_packs(("zh/common", "zh/finance"), ())


def judged(text: str) -> Callable[[RecordingInput], Result]:
    """An outcome for `FakePipeline`: the dialogue as the call's words."""
    transcript = from_text(text)

    def outcome(source: RecordingInput) -> Result:
        context = CallContext(attributes=source.attributes)
        return Result(
            sha256=source.sha256,
            name=source.name,
            status=RunStatus.DONE,
            audio=AudioInfo("wav", "pcm_s16le", 8000, 1, 1, 6.0, 6.0),
            transcript=transcript,
            roles=RoleDecision({"agent": "agent", "customer": "customer"}, 1.0, "manual"),
            analysis=rules().analyse(transcript, context),
            attributes=dict(source.attributes),
        )

    return outcome


def taken(
    services: Services,
    make_worker: Callable[..., Worker],
    text: str = BAD_CALL,
    *,
    seed: int = 1,
    agent: str = "A01",
    team: str = "east",
    outcome: Callable[[RecordingInput], Result] | None = None,
) -> str:
    """A recording that was taken in and analysed; its id. `outcome` instead of what the rules make of `text`."""
    attributes = {"agent": agent, "team": team, "industry": "finance"}
    recording = services.intake.accept_stream(
        [wav_bytes(seed)], IntakeMeta(f"{seed}.wav", attributes=attributes)
    ).recording
    make_worker(FakePipeline(outcome=outcome or judged(text))).work(Queue.SPEECH, recording.run.id)
    return recording.id


def reviewed(services: Services, recording_id: str, who: Person = REVIEWER) -> str:
    """Claimed, every flag confirmed, finalised; the id again."""
    review = services.review
    review.queue.claim(who, recording_id)
    for flag in review.closing.view(who, recording_id).flags:
        review.desk.judge(who, recording_id, flag.finding_id, VerdictOutcome.CONFIRMED)
    review.closing.finalise(who, recording_id)
    return recording_id
