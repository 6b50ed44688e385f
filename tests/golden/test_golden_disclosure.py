"""What counts as disclosing the risk where the sale of a financial product owes it, and what does not."""

import pytest

from qa.core.finding import Outcome
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import from_text
from qa.rules.loader import available_packs, load_packs

SALE = """坐席：您好，这里是信达理财，我是工号0123小王，本次通话会录音，请问是张先生吗
客户：是的
坐席：我给您推荐一款理财产品，年化百分之四，您要认购吗
客户：嗯
坐席：{said}
客户：好的那我买五万
坐席：好的，给您办理认购了，感谢您的接听，再见"""


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_packs(available_packs(()), ())


def disclosed(book: RuleBook, said: str) -> Outcome:
    analysis = book.analyse(from_text(SALE.format(said=said)), CallContext(industries=("finance",)))
    return next(c.outcome for c in analysis.checks if c.rule == "zh.finance.sale-steps.risk-disclosure")


@pytest.mark.parametrize(
    "said",
    [
        "理财有风险，可能会亏本",
        "本金不保证的，有可能亏",
        "净值天天动，去年有人亏了两个点",
        "金价有涨就有跌，买高了被套也不是没有",
    ],
)
def test_a_warning_about_the_money_discloses_the_risk(book: RuleBook, said: str) -> None:
    assert disclosed(book, said) is Outcome.PASSED


@pytest.mark.parametrize(
    "said",
    [
        "绝对不会亏本",
        "永远不会缩水",
        "保证不贬值",
        "您的钱不会打水漂",
        "您不买以后利率会下调",
        "您的优惠券到期就作废了",
        "他那边未必有空",
        "您把资料先备份",
        "隔壁那家平台暴雷了我们是国企绝对安全",
    ],
)
def test_promises_and_cautions_of_other_trades_disclose_none(book: RuleBook, said: str) -> None:
    assert disclosed(book, said) is Outcome.FAILED
