import pytest

from qa.core.roles import Role
from qa.rules.dialogue import from_example
from qa.rules.personal import checks
from qa.text.calltext import CallText
from qa.text.pii import personal_in, valid_identity, valid_luhn


def found(*lines: str) -> list[tuple[str, str, bool]]:
    return [(e.type, e.value, e.valid) for e in personal_in(CallText(from_example(list(lines), Role.CUSTOMER)))]


@pytest.mark.parametrize(
    ("said", "kind", "value", "valid"),
    [
        ("手机号是幺三八，幺二三四，五六七八", "phone", "13812345678", True),
        ("手机号是要三八一二三四五六七八", "phone", "13812345678", True),
        ("我的電話是１３８ 1234 5678", "phone", "13812345678", True),
        ("身份证号是幺幺零，幺零幺，幺九九零，零三零七，四五幺四", "id_card", "110101199003074514", True),
        ("身份证号是要要零要要九九零零三零七四五要四", "id_card", "1101199003074514", False),
        ("身份正号码110101199003074514", "id_card", "110101199003074514", True),
        ("卡号是，六二二二，零二幺二，三四五六，七八九四", "bank_card", "6222021234567894", True),
        ("卡号是六二二零二一二三四五六七八九四", "bank_card", "622021234567894", False),
        ("验证码是四八二九幺六", "code", "482916", False),
        ("驗證碼是482916", "code", "482916", False),
        ("我叫赵明辉", "name", "赵明辉", False),
    ],
)
def test_personal_data_is_found_as_it_is_spoken(said: str, kind: str, value: str, valid: bool) -> None:
    assert found(said) == [(kind, value, valid)]


def test_an_address_is_found_without_the_words_that_lead_to_it() -> None:
    [(kind, value, _)] = found("需要，改成北京市朝阳区建国路八十八号，三单元，五零二室。")
    assert kind == "address"
    assert value.startswith("北京市朝阳区")
    assert value.endswith("五零二室")


def test_the_question_of_the_agent_tells_what_the_number_is() -> None:
    assert [k for k, _, _ in found("坐席：请您念一下验证码", "客户：四八二九幺六")] == ["code"]


@pytest.mark.parametrize(
    ("heard", "kind"),
    [
        ("11010119903074514", "id_card"),  # a zero lost, so that its date of birth is none: heard in a real call
        ("1101011990030774514", "id_card"),
        ("110101990374514", "bank_card"),  # three lost: by its length it is a card
        ("11010119903074515", "bank_card"),  # a digit lost and another one wrong
    ],
)
def test_a_number_read_back_with_a_digit_astray_is_of_the_kind_it_was(heard: str, kind: str) -> None:
    said = found("客户：身份证号是110101199003074514", f"坐席：跟您核对一下{heard}对吗")
    assert said == [("id_card", "110101199003074514", True), (kind, heard, False)]


@pytest.mark.parametrize(
    "said",
    [
        "工号六零三八为您服务",
        "起购金额是一万元，有二十四小时的冷静期",
        "产品期限是一百八十天",
        "以后验证码请不要随便告诉别人",
        "我要三份，一共一百二十块",
        "订单是十一月三号下单的",
    ],
)
def test_ordinary_numbers_are_not_personal(said: str) -> None:
    assert found(said) == []


def test_the_last_four_digits_are_hidden_and_are_no_finding() -> None:
    call = CallText(from_example(["坐席：请报一下手机号后四位", "客户：后四位是三五二八"], Role.CUSTOMER))
    [entity] = personal_in(call)
    assert (entity.type, entity.value, entity.tail) == ("phone", "3528", True)
    [check] = checks(call)
    assert check.findings == ()


def test_what_an_agent_calls_a_customer_and_a_lasting_password_are_hidden_and_no_finding() -> None:
    call = CallText(from_example(["坐席：请问您是王建国先生吗", "客户：是，服务密码是五二零六"], Role.CUSTOMER))
    assert [(e.type, e.value, e.told) for e in personal_in(call)] == [
        ("name", "王建国", False),
        ("code", "5206", False),
    ]
    assert checks(call)[0].findings == ()


def test_checksums_decide_over_complete_numbers() -> None:
    assert valid_identity("110101199003074514")
    assert not valid_identity("110101199003074515")
    assert not valid_identity("110101199013074514")
    assert valid_luhn("6222021234567894")
    assert not valid_luhn("6222021234567895")


def test_the_last_digits_of_an_order_are_nobodys_secret() -> None:
    call = CallText(from_example(["坐席：麻烦您报一下订单号后四位", "客户：零七三一"], Role.CUSTOMER))
    assert personal_in(call) == []
