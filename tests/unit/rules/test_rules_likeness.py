# ruff: noqa: E501 - one case of a table stays on one line
"""Where a rule on wording looks, and what it shows; how well it judges is measured elsewhere."""

from qa.core.finding import Check, MatchKind, Outcome, Severity
from qa.core.roles import Role
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text

BOLD, TAME = "本金一分不少给您拿回来", "您好请问有什么可以帮您"
ANYTHING = 0.0001
"""A likelihood that every wording reaches."""


def check(
    lines: list[str], extra: str = "", least: float = ANYTHING, sense: str = "forbid", role: str = "agent"
) -> Check:
    rule = f"rules: [{{id: r, severity: critical, role: {role}, {sense}: {{alike: {{to: forbidden, at_least: {least}}}{extra}}}}}]\n"
    call = from_example(lines, Role.AGENT)
    return next(
        c
        for c in build([from_text("zh/t", "id: zh.t\n" + rule)]).analyse(call, CallContext()).checks
        if c.rule == "zh.t.r"
    )


def shown(made: Check) -> list[tuple[int, str]]:
    return [(e.turn, e.quote) for f in made.findings for e in f.evidence]


def test_fewer_than_five_characters_are_not_judged() -> None:
    assert shown(check(["稳赚不赔的"])) == [(0, "稳赚不赔的")]
    assert shown(check(["稳赚不赔"])) == []


def test_only_the_turns_of_the_role_in_its_part_of_the_call_are_read() -> None:
    lines = [f"坐席：{BOLD}", "客户：那我就放心多了", f"坐席：{BOLD}", "客户：稳赚不赔的呀"]
    assert [turn for turn, _ in shown(check(lines))] == [0, 2]
    assert [turn for turn, _ in shown(check(lines, role="customer"))] == [1, 3]
    assert [turn for turn, _ in shown(check(lines, ", within: last 2 turns"))] == [2]
    assert [turn for turn, _ in shown(check(lines, ", within: first 1 turns"))] == [0]


def test_the_likeliest_wording_is_told_and_shown_to_the_character() -> None:
    made = check([f"坐席：{TAME}", f"坐席：{BOLD}"])
    assert (made.outcome, made.severity, made.reason.code) == (Outcome.UNKNOWN, Severity.NOTICE, "rules.alike")
    [proof] = [e for f in made.findings for e in f.evidence if e.turn == 1]
    assert (proof.char_start, proof.char_end, proof.quote, proof.match) == (0, len(BOLD), BOLD, MatchKind.ALIKE)
    [alone] = check([f"坐席：{BOLD}"]).findings
    assert alone.reason.params["share"] == f"{alone.confidence:.0%}"
    assert "本金一分" in str(alone.reason.params["example"])


def test_the_known_wording_is_told_with_its_question_only_where_it_says_nothing_by_itself() -> None:
    [whole] = check([f"坐席：{BOLD}"]).findings
    [answer] = check(["客户：能保证收益吗", "坐席：能的"]).findings
    assert " — " not in str(whole.reason.params["example"])
    question, said = str(answer.reason.params["example"]).split(" — ")
    assert len(question) > len(said)


def test_ordinary_words_are_nothing_alike_and_leave_a_duty_open() -> None:
    made = check([TAME], least=0.9)
    assert (made.outcome, made.reason.code, made.findings) == (Outcome.PASSED, "rules.nothing_alike", ())
    owed = check([TAME], least=0.9, sense="require")
    assert (owed.outcome, owed.reason.code, [f.severity for f in owed.findings]) == (
        Outcome.UNKNOWN,
        "rules.nothing_alike",
        [Severity.NOTICE],
    )


def test_a_bare_sound_of_agreement_is_judged_by_no_wording() -> None:
    assert shown(check(["客户：能听到吗", "坐席：嗯"])) == []
    assert shown(check(["客户：能送烟吗", "坐席：可以"])) == [(1, "可以")]
