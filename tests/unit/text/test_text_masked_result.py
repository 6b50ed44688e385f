from qa.core.base import encode
from qa.core.finding import Check, Doubt, Evidence, Finding, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.result import Analysis, Result, RunStatus
from qa.core.roles import Role
from qa.core.speech import GuardReport, RemovedWords
from qa.rules.dialogue import from_example
from qa.text.masked_result import mask_attributes, mask_result

CALL = from_example(
    ["坐席：请念一下验证码", "客户：四八二九幺六", "客户：我叫赵明辉，手机号是13812345678"], Role.CUSTOMER
)


def evidence(turn: int, start: int, end: int) -> Evidence:
    spoken = CALL.turns[turn]
    return Evidence(
        turn=spoken.index,
        role=spoken.role,
        char_start=start,
        char_end=end,
        start=spoken.start,
        end=spoken.end,
        channel=spoken.channel,
        quote=spoken.text[start:end],
        match=MatchKind.REGEX,
        trust=1.0,
    )


def result() -> Result:
    finding = Finding(
        rule="a.b",
        rule_version=1,
        family="complaint",
        label={"en": "x"},
        severity=Severity.NOTICE,
        role=Role.CUSTOMER,
        evidence=(evidence(1, 0, 6), evidence(2, 10, 21)),
        reason=message("rules.x", heard="手机号13812345678"),
        confidence=1.0,
    )
    check = Check(
        "a.b", 1, "complaint", {"en": "x"}, Outcome.FAILED, message("rules.x"), Severity.NOTICE, (finding,),
        doubts=(Doubt(message("rules.y", quote="我的手机号是13812345678"), (evidence(2, 10, 21),), "a.c"),),
    )  # fmt: skip
    return Result(
        sha256="0" * 64,
        name="回拨13812345678.wav",
        status=RunStatus.DONE,
        audio=None,
        transcript=CALL,
        guards=(GuardReport(removed=(RemovedWords(0.0, 1.0, "四八二九幺六", "loop"),)),),
        analysis=Analysis((check,), (finding,), None, {}),
        attributes={"customer_phone": "62345678", "agent": "13812345678"},
    )


def test_nothing_of_a_result_shows_what_is_personal() -> None:
    masked = mask_result(result())
    told = encode(masked).decode()
    for said in ("四八二九幺六", "赵明辉", "1234567", "62345678"):
        assert said not in told.replace('"agent":"13812345678"', "")
    assert masked.name == "回拨138****5678.wav"
    assert masked.transcript is not None
    assert [t.text for t in masked.transcript.turns] == [
        "请念一下验证码",
        "******",
        "我叫赵**，手机号是138****5678",
    ]


def test_a_quote_is_masked_as_the_turn_it_was_taken_from() -> None:
    masked = mask_result(result())
    assert masked.analysis is not None
    [finding] = masked.analysis.findings
    assert [e.quote for e in finding.evidence] == ["******", "138****5678"]
    assert masked.analysis.checks[0].findings == masked.analysis.findings
    assert finding.reason.params == {"heard": "手机号138****5678"}


def test_a_doubt_quotes_nobodys_personal_data() -> None:
    masked = mask_result(result())
    assert masked.analysis is not None
    [doubt] = masked.analysis.checks[0].doubts
    assert (doubt.reason.params["quote"], [e.quote for e in doubt.evidence], doubt.term) == (
        "我的手机号是138****5678",
        ["138****5678"],
        "a.c",
    )


def test_the_name_of_a_field_tells_what_its_value_is() -> None:
    given = {
        "caller_number": "13812345678",
        "customer_name": "赵明辉",
        "agent": "13812345678",
        "order_number": "62345678",
    }
    assert mask_attributes(given) == {
        "caller_number": "138****5678",
        "customer_name": "赵**",
        "agent": "13812345678",
        "order_number": "62345678",
    }
