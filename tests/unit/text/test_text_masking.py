import pytest

from qa.core.roles import Role
from qa.rules.dialogue import from_example
from qa.text.masking import mask, mask_transcript, masked_spans


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("我的手机号是13812345678", "我的手机号是138****5678"),
        ("手机号是幺三八，幺二三四，五六七八", "手机号是幺三八，****，五六七八"),
        ("身份证号110101199003074514", "身份证号110***********4514"),
        ("验证码是482916", "验证码是******"),
        ("我叫赵明辉", "我叫赵**"),
        ("起购金额是一万元", "起购金额是一万元"),
        ("", ""),
    ],
)
def test_the_middle_is_hidden_as_people_expect(said: str, shown: str) -> None:
    assert mask(said) == shown


def test_an_agents_own_name_stays() -> None:
    assert mask("我叫赵明辉", Role.AGENT) == "我叫赵明辉"


def test_masked_turns_keep_their_offsets_and_times() -> None:
    call = from_example(["坐席：请您念一下验证码", "客户：四八二九幺六"], Role.CUSTOMER)
    masked = mask_transcript(call)
    assert [t.text for t in masked.turns] == ["请您念一下验证码", "******"]
    assert [t.offsets() for t in masked.turns] == [t.offsets() for t in call.turns]
    [span] = masked_spans(call)
    assert (span.turn, span.start, span.end, span.kind) == (1, 0, 6, "code")
    assert call.turns[1].start <= span.start_s < span.end_s <= call.turns[1].end
