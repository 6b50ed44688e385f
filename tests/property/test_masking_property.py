"""Whatever is handed in, masking answers with as many characters, and a masked text is not masked further."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from qa.core.roles import Role
from qa.rules.dialogue import transcript
from qa.text.masking import mask, mask_turns, masked_spans

_PIECES = (
    "手机号是|身份证|验证码|尾号|后四位|一三八|1234|五六七八|13812345678|110101199003074514|要|双三"
    "|三个八|double |five |oh "
    "|我叫|张伟|先生|，|。| |邮箱|a|@|艾特|qq|.com|京A|12345|北京市|朝阳区|建国路|88号|元|订单|卡号|x"
    "|出生|1990年|三月|七号"
    "|my name is |John Smith|*"
)
PIECES = st.sampled_from(_PIECES.split("|"))
TEXTS = st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=80))


@given(TEXTS)
@settings(deadline=None)
def test_a_masked_text_has_the_same_length_and_differs_by_asterisks_alone(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert all(b in (a, "*") for a, b in zip(text, masked, strict=True))


@given(st.lists(st.tuples(st.sampled_from(list(Role)), TEXTS), max_size=8))
@settings(deadline=None, max_examples=60)
def test_turns_keep_their_lengths_and_spans_lie_inside_them(pairs: list[tuple[Role, str]]) -> None:
    call = transcript(pairs)
    texts = [t.text for t in call.turns]
    assert [len(t) for t in mask_turns(call.turns)] == [len(t) for t in texts]
    spans = masked_spans(call)
    assert all(0 <= s.start < s.end <= len(texts[s.turn]) and s.start_s <= s.end_s for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans) if a.turn == b.turn)
