"""The vocabulary of the context grammar: which words deny, quote, warn, ask, suppose and take back.

Written in plain Simplified Chinese; `rx` brings every expression to the match form (您=你, 一=1).
"""

import re
from typing import Final

from qa.text.normalise import fold

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")


def rx(*alternatives: str) -> re.Pattern[str]:
    """Compile alternatives, with everything that is not ASCII folded as the texts are."""
    joined = "|".join(alternatives)
    return re.compile(_NOT_ASCII.sub(lambda m: fold(m.group()), joined))


def found(pattern: re.Pattern[str], text: str) -> str | None:
    """What `pattern` finds in `text`."""
    m = pattern.search(text)
    return m.group() if m else None


def found_at_start(pattern: re.Pattern[str], text: str) -> str | None:
    """What `pattern` finds at the start of `text`."""
    m = pattern.match(text)
    return m.group() if m else None


def blot(pattern: re.Pattern[str], text: str) -> str:
    """Replace every match by as many neutral characters."""
    return pattern.sub(lambda m: "_" * len(m.group()), text)


SENTENCE_END: Final = re.compile(r"[.?]")
SENTENCE_START: Final = re.compile(r"[.?吗]")
CLAUSE_END: Final = re.compile(r"[,.?]")

# --- negation -------------------------------------------------------------------------------------------------

_A_NOT_A = (
    "是不是|会不会|能不能|可不可以|可不可|有没有|好不好|行不行|对不对|要不要|算不算|信不信|想不想|知不知道|懂不懂|"
    "愿不愿意|方不方便|需不需要|合不合适|放不放心|靠不靠谱|系咪|系唔系|会唔会|有冇|(?P<verb>\\w)[不没唔](?P=verb)"
)

WHOLE_A_NOT_A: Final = rx(_A_NOT_A)

_HANDING = "把|将|念|报|读|告诉|提供|发|输|转|付|汇"
HANDING: Final = rx(_HANDING)
"""What one does with a code or with money: behind it 不用 denies, where it reassures before others (不用担心)."""

PSEUDO_NEGATION: Final = rx(
    _A_NOT_A,
    f"不用(?!{_HANDING})(担心|怕|操心|管|看|想|愁|说)?|不必(担心)?|不需要|不要紧|不要(担心|怕|犹豫|错过|着急)|别(担心|怕|犹豫|错过|着急|急)|不担心",
    "不怕|不瞒|不骗|没问题|没有问题|没(有)?毛病|不错|没错|不但|不仅仅|不仅|不只是?|不止|不光|不单|不管|不论|无论|不好意思",
    "不得不|没关系|没事|差不多|不过|不然|不少|不久|不断|不同|不妨|不如|要不然?|不是吗|可不是|不一样|没[的得]说|不是我?(跟你|自己)?(吹|夸|骗你|瞎说|忽悠)",
    "不着急|不急|不复杂|不难|不贵|不高|不多|不长|不麻烦|不影响|不客气|说不定|不由得?|不知不觉|没准|没有比|没比",
    "特别|区别|级别|分别|性别|类别|告别|识别|个别|非常|无非|未来|无条件|无限|无疑|无忧|无需|不亚于|不比|不输",
    # complete in themselves: what follows is not denied by them
    "没有?(任何|什么|1点|半点|1丁点)?的?(风险|损失|亏损|手续费|费用|门槛|压力|限制|后顾之忧|套路|副作用|坑)",
    "不会(有)?(任何)?(亏|赔|骗|影响|涨|变|损失|扣|收|让你亏|让你吃亏|风险|害)|不(收|扣)(费|钱|手续费)?|不吃亏|不亏|不赔",
    "冇(问题|错|事|所谓|风险|得(输|蚀)|怕)",
    "不知道|没听(说)?过|不了解|不清楚|不明白|不懂|没有?(关注|注意)",
)

PSEUDO_NEGATION_BEHIND: Final = rx(_A_NOT_A, "不用|不要紧|没问题|没有问题|不错|没错|不但|不仅|不过|可不是|没有比")

_FAR = (
    "并不是|并不能|并不|不是|并非|绝非|绝不是|而非|不能够?|不可能|不会|不可以?|不得|不允许|不准(?!确|时)|不许|不敢|不承诺|不保证|"
    "不接受|不收取|不提供|不代表|不意味着|不等于|不等同于?|不存在|不属于|不构成|不支持|不涉及|不再|不建议|不鼓励|不应该?|不该|不宜|"
    "不打包票|不担保|没有|没法|没办法|没人|没谁|没(说|讲|承诺|保证|跟你|向你|给你|答应)|从来不|从来没有?|从未|未曾|从不|绝不|决不|谁也不|谁都不|"
    "无法|无权|难以|很难|谈不上|说不上|算不上|称不上|够不上|禁止|严禁|杜绝|拒绝|避免|取消|不要(说|讲|承诺|宣传|信|相信|轻信|听信|指望|"
    "以为|觉得|期待|追求|奢望|理解成|理解为|当成|认为)|别(说|讲|信|相信|指望|以为|觉得|期待|听信|轻信|想)|"
    "(不要|别|不能|不可以?)把[^,.?]{1,6}(当成?|当作|看成|看作|理解成|理解为|以为)|不像(?=[^,.?]{1,8}(那样|那么|1样|似的))|"
    "哪里?是|哪有|哪里有|哪来的?|何来|怎么可能|怎么会|"
    "唔系|唔会|唔保证|唔可能|冇|怎么能|怎么敢|怎能|哪能|哪敢|哪会|岂能|岂有|未必|不做|不搞|不卖|不推荐|不从事|不参与|不提倡|不赞成|不代理|不销售|不发行|懒得|不想|不打算|没打算|没想|不愿意?|不准备|不至于|用不着|犯不着|没必要|没有必要|不一定|不见得|不太可能|不是说"
)
_NEAR = "不|没|无|非|未|别|甭|勿|莫"

NEGATOR: Final = rx(rf"(?:{_FAR})|(?P<near>{_NEAR})")

SPLITTERS: Final = ("不", "没", fold("唔"))
"""What stands in the middle of an A-not-A; the last in Cantonese."""

_FAR_REACH: Final = 14
"""Characters between a negator and what it denies: 不能|向您作出任何形式的|保本 承诺."""
_NEAR_REACH: Final = 2
"""不|太|保本, 不|完全|保本."""

_SCOPE_END: Final = rx(
    "但是?|可是|而是|却|就(是|算)|所以|而且|因为|其实|照样|反而|还能|还会|呢|吗|吧|(亏|赔|赚|跌|损失|骗)(过|了)"
)
_PREDICATE_END: Final = rx("就(?!跟你说|给你说|说|承诺|向你)|只有?|才|也(能|会|是|可以)?|都(能|会|是|可以)")
"""End a denial too, but not one of a whole clause: 不是|买了就一定能赚."""
_CLAUSE_DENIED: Final = rx("(不是|不是说|以为|觉得|认为|意味着|代表|等于|保证|承诺|没说|没讲|没有说)$")
_SPANNING: Final = rx("(所有|每|任何|什么|全部|谁|哪|各|因为|为了)")
"""What stands behind the negator and runs over such ends: 不是|所有产品都保本, 不能|因为要业绩就说保本."""
_MODAL: Final = rx("不能够?|不会|不可以?|不得|无法|没法|没办法|不允许|不准")
_RELATIVE: Final = rx(".{2,}的$")


def in_scope(negator: re.Match[str], text: str, hit: str) -> bool:
    """Whether `hit`, which follows `text`, is denied by `negator`."""
    between = text[negator.end() :]
    if len(between) > (_NEAR_REACH if negator.group("near") else _FAR_REACH):
        return False
    if not _SPANNING.match(between):
        if _SCOPE_END.search(between) or _CONTRAST.search(between):
            return False
        if _PREDICATE_END.search(between) and not _CLAUSE_DENIED.search(negator.group()):
            return False
    if _new_subject(negator, between + hit[:1]):
        return False
    return not (_MODAL.fullmatch(negator.group()) and _RELATIVE.search(between))


_SUBJECT: Final = rx(
    "(?<![跟给对向为替让叫把被由比和同与帮骂怪请劝允许])(?<!说|讲)(?<!保证|承诺|担保|告诉|觉得|认为|以为|意味|代表|等于|存在|指望|相信|表示|要求|建议|通知|推荐|提醒|确保|答应|许诺)"
    "(?<!着)(你|我|咱|他)(?!们?的)"
)
"""Whoever is named here does something of his own: what was denied before ends. Not behind a preposition or a verb
that has a clause for its object: 不能保证|您|一定赚."""


def _new_subject(negator: re.Match[str], between: str) -> bool:
    """不退|你|听不懂人话吗: the sentence starts anew, though nobody wrote a comma."""
    complete = negator.group("near") or _MODAL.fullmatch(negator.group())
    return _SUBJECT.search(between, 0 if complete else 1) is not None


_CONTRAST: Final = rx(".{3,}是$")
"""不是一般的稳|是 保本."""

DOUBLED: Final = rx(
    "(难道还?|还会|还能|怎么还|怎么会|怎么可能|不是|并非|不可能|不会|不能|绝不|决不)(说|是|会|能|就|有)?$",
    "(没有|没|哪有|哪里有|无)[^,.?]{0,6}(会|能|是)?$",
    "(?<!有)(谁|哪个|哪家|哪位)(会|能|敢|说)?$",
)
"""What makes the negator behind it an affirmation: 不是|不保本, 没有一款|不保本."""
METALINGUISTIC: Final = rx("(没|不|别|不是|没有)(敢|能|可以)?(说|讲)")
"""没说不…, but the denial is of the saying: still no promise."""

RELATING: Final = rx("不等于|不等同|不代表|不意味着|不构成")
"""Deny that one thing follows from another, which may be a denial itself: 过去没亏|不等于|以后不会亏."""

RESTRICTED: Final = rx("(只有|除非)(?![^,.?]*(我们|咱|这|本))[^,.?]{1,12},?才(是|能|会|有|敢)?$")
"""只有存款才|保本: so nothing else is."""

DISOWNING: Final = rx(
    "(?!你们?$|我说你)(说|讲|骂|让|叫|嫌|怪|觉得|认为|笑|当|把|给|对|跟|有|在|要|想|敢|会|能|可能|过|你?自己是?|你们?|我们?|他们?|是个?|这么|这样|的意思|任何|客户|人)*"
)
"""What may stand between an insult and the word that denies it."""
ABOUT_OTHERS: Final = rx(
    "^[^你]*(骗子|诈骗(分子|团伙|犯)|不法分子|坏人|小偷|系统|电脑|网络|机器|软件|天气)(们|真的?|也|都|就|实在|特别|太|简直|老是|这么|那么|可|是|又|个)*$"
)
"""Whom or what an insult is about where it is not the listener: 现在的骗子特别|不要脸."""
DENIED_BY_ASKING: Final = rx(
    "(什么时候|啥时候|几时|何时|哪里|哪儿|哪有|哪敢|怎么可能|怎么会|怎么敢)(?=(有|敢|会)?(说|讲|骂|嫌|笑|觉得|认为))"
)
"""Who asks when he said such a thing denies it, as long as he asks about saying it: 我什么时候说您有病了."""

NOT_IS: Final = rx("不是|不就是?|难道[^,.?]{0,4}不|不都是?|不也是?")
DENIED_FOR_SHOW: Final = rx("(不是?|没有?|并非|要不是)(个|1个|真的?|绝对)?$")
"""The denial of a rhetorical figure; alone it denies like any other."""
_VOUCHER: Final = "(我们?|咱们?|我(自己|妈|爸|家)|我们?(公司|银行|经理|领导)|公司|银行|平台)(自己|还|也|怎么|哪)?"
_VOUCHED_FOR: Final = (
    "(推荐|介绍|推给|卖|让你|叫你|劝你|给你(推|介绍|办|拿|做|配)|带你|拉你|跟你(说|讲|推)|(自己)?(买|投|入))"
)
VOUCHED: Final = rx(
    rf"的?(产品|东西|项目|基金)?,?{_VOUCHER}(能|会|敢|可能|好意思|舍得|至于){_VOUCHED_FOR}[^,.?不没]{{0,6}}(吗|嘛|么|\?)",
    rf"的?,?{_VOUCHER}(都|根本|压根|绝对|肯定|连提都)(不会|不敢|不|没|不能){_VOUCHED_FOR}",
    "的?(那)?(又)?(是|叫|算)(什么|啥)",
)
"""Behind such a denial the speaker vouches for the contrary: 不是零风险|我能推荐给您吗, 这不是稳赚不赔|是什么."""
CANNOT_BUT: Final = rx("(?<!你)(?<!你们)(能|会|敢)(还)?不$")
"""能|不保本|吗 affirms; 您能不投诉吗 is a request."""
ENDS_IN_PARTICLE: Final = rx("(吗|嘛|(?<![什怎这那多])么)[,.?]?$")

LIST_LINK: Final = rx("(或者?是?|以及|还有|和|与|及|跟|包括|也|、|更|甚至|最低|固定|任何|所谓的?)*")
LISTED: Final = rx("[,.?、]|$|等|或|和|与|及|以及|的?(承诺|保证|说法|字样)")
"""Behind a member of a list; anything else begins a statement of its own (不说高收益，保本|是肯定的)."""
DENIED_COMMITMENT: Final = rx(
    "(不|没有?|不能|不会|不可以?|不得|不允许|不准(?!确|时)|禁止|严禁|从不|从未|无法|不敢|并不|绝不)[^,.?]{0,6}(承诺|保证|许诺|担保|宣传|宣称|说|存在|等于|代表|是)"
)

_PARTICLES = "(的|了|啊|哦|呢|吧|呀|嘛|哈|啦|这回事|这种(事|说法|东西|产品)?|任何人|谁)*"
_DENIAL = (
    "没有|不存在|不可能|没可能|做不到|办不到|达不到|不现实|谈不上|不敢(说|保证|承诺|讲)?|不能(说|保证|承诺|答应|许诺|讲|写|提|宣传|信|用)?你?|不可以(说|讲)?|"
    "不允许(说|讲|承诺)?|不让(说|讲)?|没办法(保证|承诺)?|没法(保证|承诺|说)?|保证不了|承诺不了|不对|不准确|不正确|不成立|取消|没了|停了|成为?了?历史|"
    "不合规|不合适|不行|下架|停售|停发|叫停|退出了?(市场|历史舞台)?|不一样|不同|两码事|两回事|没法比|不能比|哪里有|哪里会有|哪有|哪来|怎么可能|不一定|未必|是错误|不会有|不是这样|不是这么回事|不再有|不算|不作数"
)
DENIED_BEHIND: Final = rx(
    rf"[^,.?]{{0,10}}?(,?(那|这|这个|这些|这种|世界上|世上|天底下|天下|市面上|市场上|现在|目前|其实|根本|压根儿?|完全|从来|肯定|绝对|真的|我们?|咱们|公司|都|也|更|并){{0,4}})"
    rf"(?P<cue>是({_DENIAL})的|不1样|两码事|两回事|不是1回事|({_DENIAL}){_PARTICLES}(?=[,.?]|$)|不了(?=[,.?的]|$))"
)

UNRELATED_BEFORE: Final = rx("(跟|和|与)[^,.?]{0,4}$")
UNRELATED_BEHIND: Final = rx(
    "[^,.?]{0,6}?(没有?|无|不存在)(任何|什么|半点|啥|直接|必然)?(关系|关联|关(?=[,.?]|$)|瓜葛)"
)
"""Named to be told apart: 跟|保本|没有关系."""

OF_OTHERS: Final = rx("(针对|对于|指|说)的?[^,.?不]{0,20}$")
OF_OTHERS_BEHIND: Final = rx("[^,.?]{0,6}?(那|这)?(个|种)?(都|只|才|主要)?是(针对|对于?|指|说)的?[^,.?]{2,24}")
NOT_YOU: Final = rx(
    "[^,.?]{0,12},你们?(这|那|的|现在)?(个|种)?(情况|问题|案子|事情?|账单?|单子)?(还|并|也|就|都)?"
    "(不属于|不涉及|不适用|不至于|没(有)?(到|达到|涉及)|够不上|到不了|扯不上|(不是|不算|不会)(的|了|啊|哦|呢|(这|那)(种|类|样))*(?=[,.]|$))"
)
"""Said of others, of whom the listener is none: 坐牢|那是针对恶意透支的，您这个情况不是."""

SORTED: Final = rx(
    "的?(产品|基金|理财|款式)?,?(但|而|也|还|又)?(也|还)?有(的|些|1些)?(是|就|则|并|产品)?(不|非)(?P<again>.+)"
)
"""Some are and some are not: 有的|保本|有的不保本."""
SORTING: Final = rx("(有的?|有些|有1些)(是|产品|基金|理财)?$")

# --- names ------------------------------------------------------------------------------------------------------

NAME_CHARS: Final = 2
"""Of a given name."""
SURNAME: Final = rx(
    "(^|[,.?、]|是|叫|找|给|跟|和|请|让|联系|位|姓名|为|问|的)[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁余叶蒋杜苏魏程吕丁沈任姚卢姜崔谭陆汪范石廖贾韦邹熊孟秦白江阎薛尹段雷侯史陶黎贺顾毛郝龚邵严武戴莫孔]$"
)
"""Those that are no other word before what the packs forbid (都保本, 高收益)."""
ADDRESSED: Final = rx(
    "(先生|女士|小姐|老师|同学|大哥|大姐|大爷|大妈|阿姨|叔叔|师傅|经理|老板|总(?=[,.?是吗吧]|$))"
)

NAME_GIVEN: Final = rx(
    "(名字|名称|全称|简称|店名|网名|书名|班名|品名|课程名|产品名|商品名|取名|起名|命名)(就|也)?(叫做?|是|为|成)[^,.?]{0,8}$"
)
"""Begins the name of a thing, in which the hit lies: 店名叫|全网最低价|折扣店."""
NAME_BEGUN: Final = rx("叫做?[^,.?]{0,6}$")
NUMBERED: Final = rx("[^,.?的]{0,6}([0-9]+号|系列|[0-9]+期)")
"""A name by how it ends: 叫安心|保本|增利1号."""

# --- gaps of patterns -------------------------------------------------------------------------------------------

_DENYING: Final = rx("[不没别勿未非无甭莫]|拒绝|禁止|严禁|杜绝|避免|谢绝|难以")
_DENYING_ENGLISH: Final = re.compile(r"\b(no|not|never|without|cannot|nor)\b|n['’]t\b")
_HARMLESS: Final = rx(
    _A_NOT_A,
    "特别|别的|别人|别家|个别|分别|区别|级别|类别|性别|识别|非常|无非|未来|无论|不论|不管|不但|不仅仅?|不光|不单|不止|不只是?|不过|不然|不久|不断",
    "不错|没错|没问题|没有问题|没关系|没事|不要紧|不好意思|不瞒你说|不骗你|不用(担心|怕|操心|着急|愁)|不必担心|(不要|别)(担心|怕|着急|犹豫|错过)|别急",
    "不着急|莫名|要不|无条件|无理由|无抵押|无限|无忧|无疑|不得不|不少|不同|差不多|说不定|没准",
)


def denies(squeezed: str, normal: str) -> bool:
    """Whether the words in a gap deny something: in Chinese by the match form, in English by whole words."""
    if _DENYING.search(squeezed) and _DENYING.search(blot(_HARMLESS, squeezed)):
        return True
    return _DENYING_ENGLISH.search(normal) is not None


# --- quoting --------------------------------------------------------------------------------------------------

QUOTE_REACH: Final = 30
_SAY = (
    "(?<!不好)说|讲|骂|告诉|承诺|保证|宣传|宣称|宣扬|推荐|吹|声称|许诺|打着|喊|号称|标榜|介绍|忽悠|鼓吹|主打|写着?|打出|"
    "以|用|跟你|向你|对你|给你|卖|推销|发|搞"
)
_OTHERS = (
    "(?<!没)有人|(?<![跟和给对同向])别人|谁(?!说不)|骗子|其他|其它|别的(?!(我|咱)?们?(都|也)?不(敢|能|好|会|便|多)?(说|讲|提))|别家|市面上|市场上|网上|外面|外头|社会上|有些|有的|1些|某些|某个|某|个别|那些|凡是|任何|所有|人家|"
    "(?<![跟和给对同向为替])他们?|隔壁|(?<!我)(?<!我们)(朋友|邻居|亲戚|家里人|儿子|女儿|老公|老婆)|别的?(银行|公司)|对方|不法分子|犯罪分子|不法|同行|中介|非法|诈骗|假冒|传言|之前的|以前的|上1个|前1个|客户(?!都|[哪谁]|没|经理)|(刚刚?|刚才|那|这|有|某|1)(个|位|些)(老)?(先生|女士|大爷|大妈|阿姨|大叔|叔叔|老人家?|老太太|用户|顾客|同学|家长)"
)
REPORTED: Final = rx(rf"({_OTHERS})[^.?]{{0,12}}?({_SAY})(的|了|过|是|你)*,?[^,.?]{{0,10}}$")
RETOLD: Final = rx(
    rf"((?!谁)({_OTHERS})|(那|这|刚才|刚刚)(个)?(人|电话))[^.?我咱]{{0,12}}?((跟|和|对|给)你(说|讲)|告诉你|(说|讲)(他|她|自己)|叫你|让你|要求?你)[^.?]{{0,24}}$"
)
"""Somebody else told the customer, clause after clause; counts where the customer is asked whether it was so."""
RETOLD_ASKED: Final = rx(
    "[^.?]{0,12}(,(对吧?|是吧|是不是|对不对|对吗|是吗|有没有|是这样吗?)[.?]|(吗|没有|吧|呢)?\\?)"
)
OWN_WORDS: Final = rx(
    "谁[^,.?]{0,6}(说|讲|告诉)你?的,(我们|咱们?)|我们?(就|也|可|还)?(告诉|跟你|和你|向你|敢|保证|承诺|可以)|我们?(就|也|都)?(说|回答)(是|对|没错|可以|能)"
)
"""The speaker goes on in his own name."""

THAT_LINE: Final = rx("(?<!我)(?<!我的)(那|这)1?(句|几句|几个字|行字)(广告|标语|口号|宣传语?)?(什么)?$")
"""Points at words: 宣传单上那句|稳稳的收益."""
SAID_SO: Final = rx("(说|讲|骂|回|喊|吼|怼)(了|过)?(1?句|客户|人家|你)?[^,.?]{0,4}$")
DISAPPROVED: Final = rx(
    "[^,.?]{0,3},?(这|那)(个|种|样)?的?(态度|话|说法|语气|做法)[^,.?]{0,6}(不行|不对|不好|不应该|不合适|不可以|不允许|不像话)"
)
"""Who blames the words does not use them: 我们同事说|爱办不办|，这个态度绝对不行."""
SO_CALLED: Final = rx("(所谓|号称|声称|自称|标榜|鼓吹|打着|吹嘘|宣称)(的|什么|是)?[^,.?]{0,6}$")
YOU_SAID: Final = rx(
    "(?<![跟和给对同向为替帮让请瞒骗])你们?(也)?(刚才|刚刚|刚|之前|上次|前面|昨天|今天|1直|这边|是|所|心里|自己){0,2}"
    "(说|讲|骂|提到|提|问|理解|认为|以为|听到|听说|看到|担心|想要|想买|想找|要买|要找|要的|想的|希望|期望|需要|指|追求|关心|觉得)"
    "(?!得?的?(很|都)?(没错|对|是的))(的|到|过|的是|是)*(这个|那个|那种|这种)?[^,.?]{0,6}$",
    "(?<![跟和给对同向为替帮让请瞒骗])你们?(这句话|这话|刚才|的)*(意思|想法|理解|问题|诉求)(就)?是[^,.?]{0,16}$",
    "(?<![跟和给对同向为替帮让请瞒骗])你们?(刚才|刚刚|之前|这边|今天|现在)?(是|想|要)?(反映|反馈|投诉|质疑|说的是|问的是|是说|是问|是指)(的)?(就)?(是)?[^,.?]{0,16}$",
)
"""The customer's words, held up to him: to check them, to explain, to answer."""
OFFERED: Final = rx("[^.?]{0,8}(就|那就)[^.?]{0,4}(选|买|听|找|跟|对了|是这)")
AS_WORDS: Final = rx(
    "的?(那个|这个|那位|这位|那些)(人|同事|业务员|销售|经理|平台|公司)",
    "的(人|公司|平台|销售|业务员|机构|中介)(?=都|要|你|就|,|多半|千万|肯定|1般|1定|离)",
    "(这)?(只|就)?是1?(种|个)[^,.?]{0,4}(策略|名称|说法|概念|叫法|术语|指标|口号)",
    "(的)?(这|那)?(两|几|三|四|1)?个?(字眼|字样|字|词|说法|这种话|这类话|这样的话|宣传语?|广告语?|话术|用语|表述|字句)",
    "[^,.?]{1,14}(等等?|之类|这些|这类)的?(字眼|字样|词语?|说法|话术|用语|表述|字句|宣传语?|广告语?|口号)",
    "(之类|等等?|什么)的?(这种|这类|这样)?的?(字眼|字样|说法|话|宣传|承诺|用语|表述|词)",
    "(这|那)(种|类|样)的?(话|说法|词|表述|宣传|承诺)",
)
ENDORSED: Final = rx("[^.?,]{0,4}[,.?](那?是的|没错|对的?(?=[,.啊呀])|确实(是|能|可以)|就是这样|可以的|1点没错)")

# --- warning --------------------------------------------------------------------------------------------------

WARN_REACH: Final = 30
BEWARE_BEFORE: Final = rx(
    "(警惕|小心|当心|提防|谨防|防范|防止|远离|识别|切勿|请勿|不可|不能|不要|别|勿|莫)"
    "(再|轻易|盲目|随便|去|被|让)?(相信|轻信|听信|信|迷信|被|上当|听|理会|参与|参加|追求|贪图)[^,.?]{0,14}(,什么[^,.?]{0,6})?$",
    "(警惕|小心|当心|提防|谨防|防范|远离|举报|打击|抵制)[^,.?]{0,12}$",
    "(违规|违法|非法|虚假|误导)(的)?(承诺|宣传|销售|地?承诺)[^,.?]{0,6}$",
    "误区(之?1)?(就?是)?,?[^,.?]{0,14}$",
    "(错误|反面|违规|不合规|不规范|不当|禁用)的?(示范|示例|例子|案例|说法|话术|表述|用语|教材)(就?是|比如|例如|包括|有)?,?[^,.?]{0,14}$",
)
_CONDEMN = (
    "违规|违法|违反|违背|骗人|骗局|诈骗|骗子|骗你|在骗|是骗|假的|不合规|不合法|不可信|不靠谱|靠不住|信不得|不能信|不可能是真|"
    "别信(?=[,.?了啊哦吧]|$)|不要信(?=[,.?了啊哦吧]|$)|(不要|别|不能|切勿)(轻易)?(相信|轻信|听信)(?=[,.?了啊哦吧他它这那]|$)|别上当|要(小心|警惕|当心|留意|谨慎)|得(小心|警惕|当心)|"
    "千万(小心|警惕|当心)|(留|多|长)个心眼|卷钱|卷款|(明文|法律|法规|监管)(明令)?禁止|黑产|黑中介|千万别碰|(?<!都)别碰(?=[,.?了啊哦吧它]|$)|离(他|她|它|这种)?远|忽悠|陷阱|误导|虚假|传销|非法|庞氏|可疑|举报|别理|不要理|红线|误区|割韭菜|(被|是|都是|明令)禁止|处罚|处分|开除|有问题(?=[,.?的]|$)"
)
_NOT_DENIED = "(?<!不)(?<!没)(?<!不是)(?<!不会)(?<!不算)(?<!没有)(?<!并非)(?<!不存在)"
CONDEMNED: Final = rx(rf"[^.?]{{0,22}}?{_NOT_DENIED}(?P<cue>{_CONDEMN})")
BAITED: Final = rx(
    "(谁|任何人|凡是|(要是|如果|万一)有人|哪个|陌生人|骗子)[^.?]{0,6}(让|叫|要求?|喊|催|教|劝|骗|哄|找|跟|拉|带|收|给)你?[^.?就]{0,20}$",
    "(要是|如果|万一|只要)[^,.?我]{0,6}(让|叫|要求|喊|催|骗|哄|劝)你[^.?就]{0,20}$|(凡是|任何人)$",
)
BAIT_REFUSED: Final = rx(
    "[^.?]{0,8}?,?[^,.?]{0,3}?(?P<cue>(别|不要|千万别)(?!提|说|讲|跟|告诉|承认|露|急|担心|忘|怕|怪|犹豫|错过|考虑|磨蹭)|不能(给|信|转|填|点|答应|报|做)|切勿|勿|"
    "拒绝|(直接|马上|赶紧)挂|挂(掉|断|了)|报警(?!也|都|试|吧|啊)|打(110|反诈)|举报|(告诉|通知|联系|发给|拍照给?)(我们|银行|平台|官方)|跟我们说)"
)
"""What somebody may want of the listener, and that he is not to do it: 谁让您|转到个人微信|，您都别转."""

CONDEMNED_NEXT: Final = rx(
    rf"(那|这|都|1定|肯定|凡是|千万|请|你|您){{1,2}}[^.?]{{0,10}}?{_NOT_DENIED}(?P<cue>{_CONDEMN})"
)
OTHERS_CONDEMNED: Final = rx(
    "告你|(?<!跟)(?<!让)你(?!说|看|收|接|遇|碰|那|讲|问|提|刚|被)[^,.?]{0,4}(是|属于|算|涉嫌|构成|叫)(?!被|遇|碰)",
    "(其他|其它|别家|别的|外面|他们|人家|不(是|会|算)在?(骗|忽悠|误导)|绝对?不(骗|忽悠))",
)
"""Somebody else is condemned, or the listener is: 抓你坐牢，你这是诈骗."""

# --- questions ------------------------------------------------------------------------------------------------

A_NOT_A: Final = rx(rf"({_A_NOT_A}|是否|能否|可否|会否|到底)[^,.?]{{0,14}}$")
WH_BEFORE: Final = rx(
    "(什么叫|什么是|怎么(?!可能|会|能|都|也|着|样都)|如何|怎样|为什么|为何|凭什么|哪(个|些|款|种|家)(?!都|也|不|没))[^,.?]{0,10}$"
)
_ASSENT = "(知道|明白|清楚|懂|了解|理解|记住|听到|听清|听懂|信|放心|看到|同意|可以|好|对|行|是|OK|ok)"
TAG_BEHIND: Final = rx(rf"[^,.?]{{0,4}}?(你|你们)?(都|也)?{_ASSENT}(了|的)?(吗|么|嘛|不|吧)([.?,]|我|咱|那)")
QUESTION_END: Final = rx("吗(我|咱|那)|(吗|(?<![什怎这那多])么|呢\\?|没有\\?|没\\?|不\\?|吧\\?|\\?)[,.?]*$")
CUSTOMER_QUESTION_END: Final = rx("(吗|嘛|么|吧|啊\\?|没有|没|不|呢|\\?)[,.?]*$")
ASKED_BEHIND: Final = rx("(的)?(是|指的?是)(什么|啥)|的?(意思|定义|概念)就?[是指]|是真的(吗|么|嘛)")
DENIED_AT_ONCE: Final = rx(
    "(那|这|当然|肯定|其实|答案)*(不是|并不是|并非|不对|错)(的|啊|哦|呀|呢|了|这样|这么回事)*(?=[,.?]|$)"
)
"""Who asks for show and says no himself: 这不就是稳赚不赔吗？不是的."""
CUSTOMER_ASKED_BEHIND: Final = rx("(的|了)?,?(是不是|对不对|是吧|对吧|对吗|是吗|是?真的(吗|么|嘛|假的))[,.?]")
RHETORICAL: Final = rx(
    "难道|还(能|会|怕|用)|岂|哪(能|会|里会|还会)|怎么(可能|会|还会)|你说(说|这|是不是|能不)|你想(想|,|一下)|你看(看|是不是|,|这)"
)

# --- if -------------------------------------------------------------------------------------------------------

IF: Final = rx("(假如|假设|假使|要是|如果|倘若|若是?|万1|即使|即便|就算|哪怕|除非)")
WISHED: Final = rx("(?<!不)(要|想|想要|希望|追求|接受|需要|考虑|喜欢|看重)[^,.?不没]{0,4}$")
IF_BEHIND: Final = rx("的?的话")
"""Closes an if-clause that only a wish opened: 您要|保本|的话."""
APODOSIS: Final = rx("就|那|都|我|我们|咱们|公司|给你|保证")
APODOSIS_FROM: Final = 2
"""Characters of the if-clause that stand before it."""
CONSEQUENCE_CHARS: Final = 2
CONDITION: Final = rx("只要|只有|除非|前提是|条件是|必须.{1,12}才")

# --- taking back ----------------------------------------------------------------------------------------------

CORRECTION_REACH: Final = 16
TAKEN_BACK: Final = rx(
    "[,.](啊|哦|呃|嗯)?(不对(?!吗|外|公|口|客|个人|劲)|应该说(?!是保)|收回)|说错|讲错|口误|更正1?下?|纠正"
)
