# ruff: noqa: E501 - one list of words stays on one line
"""The vocabulary of the grammar word by word: what denies, what only seems to, who is quoted, what warns, asks, supposes
and says yes."""

import pytest
from test_lexicon_answers import meant
from test_lexicon_context import excused

from qa.core.roles import Role
from qa.i18n import catalogue
from qa.lexicon.context import PRODUCTIONS, Site, named
from qa.rules.dialogue import from_example
from qa.text.calltext import CallText


def each(words: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("word", words.split())


@each(
    "并不是 并不能 并不 不是 并非 绝非 绝不是 而非 不能 不可能 不会 不可以 不得 不允许 不准 不许 不敢 不承诺 不保证 不提供 不代表 不意味着 不等于 不存在 不属于 不构成 不支持 不涉及 不再 不建议 不鼓励 不应该 不担保 没有 没法 没办法 没人 没说 没承诺 没答应 从来不 从来没有 从未 未曾 无法 无权 难以 很难 谈不上 说不上 算不上 称不上 够不上 禁止 严禁 杜绝 拒绝 避免 取消 不要说 不要相信 不要以为 不要觉得 不要指望 别信 别以为 别想 哪有 哪里有 哪来的 何来 怎么可能 怎么会 唔系 唔会 冇得 怎么能 怎么敢 怎能 哪能 哪敢 岂能 岂有 未必 不做 不搞 不卖 不推荐 不从事 不要把它当成 别把它理解为 不像别家那样 不接受 不该 不宜 不打包票 没谁 从不 绝不 决不 谁也不 谁都不 不参与 不提倡 不赞成 不代理 不销售 不发行 懒得 不想 不打算 没打算 没想 不愿意 不准备 不至于 用不着 犯不着 没必要 没有必要 不一定 不见得 不太可能 不是说"
)
def test_a_word_that_denies_reaches_over_others(word: str) -> None:
    assert excused("negated", f"{word}甲乙丙丁保本")


@each("不 没 无 非 未 别 勿 莫 甭")
def test_a_bare_no_denies_what_stands_with_it(word: str) -> None:
    assert excused("negated", f"{word}保本")
    assert not excused("negated", f"{word}甲乙丙丁保本")


@each(
    "不用担心 不用怕 不必担心 不需要 不要紧 不要犹豫 别担心 别犹豫 不怕 不瞒您说 不骗您 没问题 没毛病 不错 没错 不但 不仅 不只 不止 不光 不单 不管 不论 无论 不得不 没关系 没事 差不多 不过 不然 不少 不久 不断 不同 不妨 不如 不一样 没的说 不着急 不急 不复杂 不难 不贵 不高 不多 不长 不麻烦 不影响 不客气 说不定 不由得 不知不觉 没准 没有比 特别 区别 级别 分别 性别 类别 告别 识别 个别 非常 无非 未来 无条件 无限 无疑 无忧 无需 不亚于 不比 不输 没有风险 没有任何损失 没有什么手续费 没有坑 不会亏 不会骗您 不会有损失 不会让您亏 不会影响 不会涨 不会害您 不收费 不扣钱 不收手续费 不吃亏 不亏 不赔 不知道 没听说过 不了解 不清楚 不明白 不懂 没关注 没有注意"
)
def test_a_word_that_only_holds_a_no_denies_nothing(word: str) -> None:
    assert not excused("negated", f"{word}保本")


@each(
    "没有的 不存在 不可能 没可能 做不到 办不到 达不到 不现实 谈不上 不敢说 不能说 不允许 不让说 没办法保证 没法保证 保证不了 承诺不了 不对 不准确 不正确 不合规 不合适 不行 下架了 停售了 停发 叫停了 退出市场了 不一样 不同 两码事 两回事 没法比 不能比 哪里有"
)
def test_a_denial_behind_is_one_too(word: str) -> None:
    assert excused("negated", f"保本{word}")


@each("或者 以及 还有 和 与 及 跟 包括 也 更 甚至 最低 固定 任何 所谓的")
def test_a_list_goes_on_with_what_was_denied(word: str) -> None:
    assert excused("negated", f"不承诺保息，{word}保本")


@each(
    "有人说 别人说 谁说 骗子说 其他公司说 别的银行说 别家说 市面上说 市场上说 网上说 外面说 外头说 社会上说 有些平台说 有的平台说 他们说 隔壁说 朋友说 邻居说 对方说"
)
def test_what_others_say_is_quoted(word: str) -> None:
    assert excused("quoted", f"{word}保本")


@each(
    "违规的 违法的 违反规定的 骗人的 骗局 诈骗 假的 不合规的 不可信的 不靠谱的 靠不住的 别信 不要信 不要相信 千万小心 忽悠人的 陷阱 误导 虚假的 传销 非法的 庞氏骗局 可疑的 别理 不要理 红线"
)
def test_what_is_condemned_is_warned_against(word: str) -> None:
    assert excused("warned", f"保本{word}")


@each("假如 假设 假使 要是 如果 倘若 若 若是 万一 即使 即便 就算 哪怕 除非")
def test_an_if_supposes(word: str) -> None:
    assert excused("hypothetical", f"{word}保本，谁都买了")


@each("只要 只有 除非 前提是 条件是 必须到期才")
def test_a_condition_is_seen(word: str) -> None:
    assert excused("conditional", f"{word}持有到期保本")


@each("，不对 ，应该说 ，收回 说错 ，讲错了 口误 ，更正一下 ，纠正")
def test_what_is_taken_back_is_corrected(word: str) -> None:
    assert excused("corrected", f"保本{word}")


@each(
    "是不是 会不会 能不能 可不可以 有没有 好不好 行不行 对不对 要不要 算不算 信不信 想不想 知不知道 懂不懂 愿不愿意 方不方便 需不需要 合不合适 放不放心 靠不靠谱 系咪 系唔系 会唔会 有冇 是否 能否 可否 会否 到底"
)
def test_a_choice_of_two_asks(word: str) -> None:
    assert excused("asked", f"{word}保本")


@each(
    "不能这么说 不能这样理解 不保 不承诺 不能保证 不能承诺 不敢保证 不排除 不一定 没办法保证 没有办法承诺 无法保证 没法承诺 有一定的风险 存在亏损 有投资风险 可能会亏 可能跌 会有波动 不是百分之百 不是说 浮动 以合同为准 以实际为准 以银行为准 谨慎 不代表 要看市场 取决于市场 不好说 未必"
)
def test_a_yes_is_taken_back_by_what_follows(word: str) -> None:
    assert meant("客户：是不是稳赚不赔", "坐席：对") != []
    assert meant("客户：是不是稳赚不赔", f"坐席：对，{word}") == []


@each(
    "对 对的 是 是的呀 没错 当然 肯定 必须的 那必须 那可不 就是这样 就是的 可不是 可以这么说 能这样理解 真的 是真的 我确定 我敢保证 能跟您承诺 百分之百 百分百 绝对 一定 没问题 放心 您尽管放一百个心 您说得对 你理解的没错 你讲的是对的 妥妥的 稳的 包的 系啊 冇错 嗯，对"
)
def test_there_are_many_words_for_yes(word: str) -> None:
    assert meant("客户：是不是稳赚不赔", f"坐席：{word}") != []


@each(
    "你们确定 你保证 您肯定 你敢说 你们能保证 你说的是 真的是 听说 广告上说 意思就是 那就是 也就是 就是说 就等于 等于 这么说 那么说 那是 所以 这个产品就是 这款是"
)
def test_what_is_only_inferred_waits_for_an_answer_too(word: str) -> None:
    assert meant(f"客户：{word}稳赚不赔", "坐席：对") != []
    assert meant("客户：我要买稳赚不赔", "坐席：对") == []


@each("难道 还能 还怕 岂 哪能 哪里会 怎么可能 怎么还会 你说说 你说是不是 你想想 你想一下 你看看 你看是不是 你看这")
def test_a_rhetorical_question_asks_nothing(word: str) -> None:
    assert excused("asked", "保本吗")
    assert not excused("asked", f"{word}保本吗")


@each("是什么 是啥 指的是什么 的意思是 定义就是 概念是 是真的吗 是真的嘛 吗 呢？ 没有？ 没？ 不？ 吧？ ？")
def test_a_question_may_be_known_by_its_end(word: str) -> None:
    assert excused("asked", f"保本{word}")


@each("什么叫 什么是 怎么 如何 怎样 为什么 为何 凭什么 哪个 哪些 哪款 哪种 哪家")
def test_a_question_may_be_known_by_its_word(word: str) -> None:
    assert excused("asked", f"{word}甲乙丙丁保本")


@each(
    "的那个人 这位业务员 的平台都 的中介一定 就是一种策略 是个说法 这两个字 的字样 这种话术 之类的话 等的承诺 这种话 那样的宣传 这类的表述"
)
def test_what_is_spoken_of_as_words_is_quoted(word: str) -> None:
    assert excused("quoted", f"保本{word}")


@each("先生 女士 小姐 老师 同学 大哥 大姐 大爷 大妈 阿姨 叔叔 师傅 经理 老板 总")
def test_what_stands_before_a_title_is_a_name(word: str) -> None:
    turn = CallText(from_example(f"我找张保本{word}", Role.AGENT)).turns[0]
    assert named(Site(turn, 3, 5)) is not None
    turn = CallText(from_example(f"我找了保本{word}", Role.AGENT)).turns[0]
    assert named(Site(turn, 3, 5)) is None


@each("不是 不就是 不就 难道不 难道这不 不都是 不都 不也是 不也")
def test_a_denial_that_is_asked_affirms(word: str) -> None:
    assert not excused("negated", f"这{word}保本吗")
    assert not excused("asked", f"这{word}保本吗")


@each("有的 有 有些 有一些 有的是 有些产品 有的基金 有些理财")
def test_some_are_and_some_are_not(word: str) -> None:
    assert excused("negated", f"{word}保本的产品，也有的不保本")
    assert not excused("negated", f"{word}保本的产品，也有的赚钱")


@each("违规承诺 违法的宣传 非法销售 虚假宣传 误导的承诺")
def test_what_is_an_unlawful_promise_is_warned_against(word: str) -> None:
    assert excused("warned", f"{word}保本")


def test_every_excuse_has_its_sentence() -> None:
    for name in (*PRODUCTIONS, "named"):
        assert f"rules.excused_{name}" in catalogue()
