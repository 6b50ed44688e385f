# ruff: noqa: E501 - one case of a table stays on one line
import json

import pytest

from qa.core.base import encode
from qa.core.errors import InputError
from qa.core.roles import Role
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example, from_text, from_turns
from qa.rules.dialogue_files import read_calls
from qa.rules.import_sca import convert
from qa.rules.loader import build
from qa.rules.loader import from_text as pack
from qa.rules.trial import backtest, try_dialogue

OLD = "id: zh.t\nterms:\n  - {id: a, patterns: [保本], severity: critical, family: forbidden}\n"
NEW = OLD.replace("[保本]", "[保本, 高收益]")


def test_a_trial_tells_why_a_near_miss_is_none() -> None:
    trial = try_dialogue(
        build([pack("zh/t", OLD)]), from_example(["坐席：不保本", "客户：保本吗"], Role.AGENT), CallContext()
    )
    assert trial.analysis.findings == ()
    assert [(m.turn, m.why.code) for m in trial.near_misses] == [
        (0, "rules.excused_negated"),
        (1, "rules.excused_asked"),
    ]


def test_a_trial_tells_no_doubt_where_nothing_was_found() -> None:
    trial = try_dialogue(build([pack("zh/t", OLD)]), from_example(["客户：你好"], Role.AGENT), CallContext())
    assert [d.evidence for c in trial.analysis.checks for d in c.doubts] == [()]
    assert trial.doubts() == []


def test_a_backtest_shows_what_appears_and_disappears() -> None:
    calls = [
        (str(i), from_example(t, Role.AGENT), CallContext()) for i, t in enumerate(["保本", "高收益", "您好"])
    ]
    result = backtest(build([pack("zh/t", OLD)]), build([pack("zh/t", NEW)]), calls)
    assert (result.calls, result.appeared, result.disappeared) == (3, {"zh.t.a": 1}, {})
    assert [d.call for d in result.differences] == ["1"]
    back = backtest(build([pack("zh/t", NEW)]), build([pack("zh/t", OLD)]), calls)
    assert back.disappeared == {"zh.t.a": 1}


def test_a_new_version_number_alone_is_no_difference() -> None:
    calls = [("0", from_example("保本", Role.AGENT), CallContext())]
    assert (
        backtest(build([pack("zh/t", OLD)]), build([pack("zh/t", OLD + "version: 2\n")]), calls).differences == ()
    )


def test_pasted_lines_become_a_dialogue() -> None:
    call = from_text("客户：你好\n坐席：您好\n没有前缀的一行\n")
    assert [(t.role, t.text) for t in call.turns] == [
        (Role.CUSTOMER, "你好"), (Role.AGENT, "您好"), (Role.CUSTOMER, "没有前缀的一行"),
    ]  # fmt: skip
    assert call.turns[1].start > call.turns[0].end


def test_a_turn_without_a_role_is_refused() -> None:
    with pytest.raises(InputError):
        from_turns([{"text": "您好"}])


@pytest.mark.parametrize(
    "content",
    [
        '{"id": "x", "industry": "finance", "turns": [{"role": "agent", "text": "您好"}]}',
        '[{"role": "agent", "text": "您好"}]',
        '{"id": "x", "turns": [{"role": "agent", "text": "您好"}]}\n{"id": "y", "turns": [{"role": "agent", "text": "您好"}]}',
        "坐席：您好",
        '{"recordings": [{"name": "a.wav", "transcript": {"turns": [{"role": "agent", "text": "您好"}]}}]}',
        '[[{"role": "agent", "text": "您好"}]]',
    ],
)
def test_calls_are_read_from_what_people_have(content: str) -> None:
    calls = list(read_calls(content, "f"))
    assert calls
    for _, transcript, *_ in calls:
        assert transcript.turns[0].text == "您好"


def test_a_call_brings_its_name_its_attributes_and_its_industry() -> None:
    turns = '"turns": [{"role": "agent", "text": "您好"}]'
    both = f'{{"name": "n", "attributes": {{"team": 3}}, "industry": "finance", {turns}}}\n{{"language": "en-US", {turns}}}'
    [(first, _, attributes, _), (second, call, nothing, _)] = read_calls(both, "f")
    assert (first, attributes) == ("n", {"team": "3", "industry": "finance"})
    assert (second, call.language, nothing) == ("2", "en", {})


@pytest.mark.parametrize(
    "content",
    [
        "坐席：这个\ud800保本的",
        r'{"turns": [{"role": "agent", "text": "这个\ud800保本的"}]}',
        r'{"id": "\udfff", "attributes": {"team": "\ud800"}, "turns": [{"role": "agent", "text": "这个\ud800保本的"}]}',
        r'{"duration": 2, "language": "zh", "turns": [{"index": 0, "role": "agent", "speaker": "ch0", "channel": 0, '
        r'"role_confidence": 1, "words": [{"text": "这个\ud800保本的", "start": 0, "end": 1, "probability": 1, '
        r'"trust": 1}]}]}',
    ],
)
def test_half_a_surrogate_pair_in_what_people_have_is_replaced_and_the_call_is_judged(content: str) -> None:
    book = build([pack("zh/t", OLD)])
    for name, call, attributes, _ in read_calls(content, "f"):
        assert call.turns[0].text == "这个\ufffd保本的"
        trial = try_dialogue(book, call, CallContext(attributes=attributes))
        [evidence] = trial.analysis.findings[0].evidence
        assert (evidence.char_start, evidence.quote) == (3, "保本")
        encode({name: trial})
        "".join(attributes.values()).encode()


@pytest.mark.parametrize("content", ["{", '{"a": 1}', "[1, 2]", '{"turns": 3}', "[" * 100_000])
def test_what_is_no_dialogue_is_told(content: str) -> None:
    with pytest.raises(InputError):
        list(read_calls(content, "f"))


SCA = {
    "conditions": [
        {
            "cid": "1",
            "check_range": {"role": "客服", "range": {"from": 1, "to": 2}},
            "operators": [
                {"oid": "1", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["您好", "你好"]}},
                {"oid": "2", "type": "REGULAR_EXPRESSION", "param": {"regex": "工号\\d+", "notRegex": "工号0"}},
            ],
            "lambda": "1||2",
        },
        {
            "cid": "2",
            "check_range": {"role": "客户", "anchor": {"cid": "1", "location": "AFTER", "hit_time": 1}, "range": {"from": 1, "to": 3}},
            "operators": [{"oid": "1", "type": "INCLUDE_KEYWORDS", "param": {"keywords": ["投诉", "退款"], "keywordMatchSize": -1}}],
            "lambda": "1",
        },
        {"cid": "3", "operators": [{"oid": "1", "type": "EMOTION", "param": {}}], "lambda": "1"},
    ],
    "rules": [
        {"rid": "9", "name": "没有问候", "triggers": ["!1"]},
        {"rid": "8", "name": "投诉且退款", "triggers": ["1&&2"]},
        {"rid": "7", "name": "情绪", "triggers": ["3"]},
    ],
}  # fmt: skip


def test_rules_of_another_house_are_carried_over_and_work() -> None:
    imported = convert(json.dumps(SCA), "zh/imported", "f.json")
    assert (imported.rules, imported.carried) == (3, 2)
    assert [m.params["rule"] for m in imported.dropped] == ["情绪"]
    book = build([pack("zh/imported", imported.yaml)])

    def failing(*lines: str) -> set[str]:
        findings = book.analyse(from_example(list(lines), Role.AGENT), CallContext()).findings
        return {f.rule.rsplit(".", 1)[-1] for f in findings}

    assert failing("坐席：喂", "客户：嗯") == {"sca-1"}
    assert failing("坐席：您好", "客户：嗯") == set()
    assert failing("坐席：您好", "客户：我要投诉，还要退款") == {"sca-2"}
    assert failing("坐席：工号6038", "客户：我要投诉") == set()


@pytest.mark.parametrize("content", ["{", "[]", '{"rules": []}', '{"rules": 3}', "null"])
def test_another_file_is_refused(content: str) -> None:
    with pytest.raises(InputError):
        convert(content, "zh/imported", "f.json")


@pytest.mark.parametrize("trigger", ["1&&", "(1", "1 2", "!", "&&1", "4", "(" * 200 + "1" + ")" * 200])
def test_an_expression_that_cannot_be_read_drops_its_rule(trigger: str) -> None:
    data = SCA | {"rules": [{"rid": "1", "name": "x", "triggers": [trigger]}]}
    imported = convert(json.dumps(data), "zh/imported", "f.json")
    assert imported.carried == 0
    assert len(imported.dropped) == 1


@pytest.mark.parametrize(
    ("said", "times", "covered"),
    [("这个产品保本保息，您放心买，我们从来没亏过。", 800, True), ("保本", 9000, False), ("保本保息", 4500, True)],
)
def test_a_long_turn_full_of_hits_is_tried_out_to_its_end(said: str, times: int, *, covered: bool) -> None:
    terms = "{id: a, patterns: [保本], exclude: [保本金], doubted_below: 0.1}, {id: b, patterns: [保本保息], doubted_below: 0.1}"
    book = build(
        [pack("zh/t", f"id: zh.t\ndefaults: {{severity: critical, family: forbidden}}\nterms: [{terms}]")]
    )
    trial = try_dialogue(book, from_example(said * times, Role.AGENT), CallContext())
    assert [(f.rule, len(f.evidence)) for f in trial.analysis.findings] == [
        ("zh.t.b" if covered else "zh.t.a", times)
    ]
