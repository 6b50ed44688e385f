"""Personal data that was spoken: kept as findings worth knowing, so that it can be masked and listed."""

from qa.core.finding import Check, Finding, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.rules.places import evidence_of, place
from qa.text.calltext import CallText
from qa.text.pii import Entity, personal_in

VERSION = 2

_LABELS = {
    "phone": {"zh-Hans": "电话号码", "zh-Hant": "電話號碼", "en": "Phone number"},
    "id_card": {"zh-Hans": "身份证号", "zh-Hant": "身份證號", "en": "Identity number"},
    "bank_card": {"zh-Hans": "银行卡号", "zh-Hant": "銀行卡號", "en": "Bank card number"},
    "passport": {"zh-Hans": "护照号", "zh-Hant": "護照號碼", "en": "Passport number"},
    "plate": {"zh-Hans": "车牌号", "zh-Hant": "車牌號碼", "en": "Number plate"},
    "email": {"zh-Hans": "电子邮箱", "zh-Hant": "電子郵件", "en": "E-mail address"},
    "code": {"zh-Hans": "验证码", "zh-Hant": "驗證碼", "en": "One-time code"},
    "cvv": {"zh-Hans": "卡安全码", "zh-Hant": "卡片安全碼", "en": "Card security code"},
    "birth_date": {"zh-Hans": "出生日期", "zh-Hant": "出生日期", "en": "Date of birth"},
    "name": {"zh-Hans": "姓名", "zh-Hant": "姓名", "en": "Name"},
    "address": {"zh-Hans": "地址", "zh-Hant": "地址", "en": "Address"},
}
_ALL = {"zh-Hans": "个人信息", "zh-Hant": "個人資料", "en": "Personal data"}


def checks(call: CallText) -> list[Check]:
    """One check with a finding for every piece of personal data; it never fails anybody.

    What is hidden without being worth a finding (`Entity.told`) is left out.
    """
    findings = tuple(_finding(e, call) for e in personal_in(call) if e.told)
    reason = message("rules.personal_found", count=len(findings)) if findings else message("rules.no_personal")
    return [Check("pii", VERSION, "pii", _ALL, Outcome.PASSED, reason, Severity.INFO, findings)]


def _finding(entity: Entity, call: CallText) -> Finding:
    turn = call.turns[entity.turn]
    found = place(turn, entity.start, entity.end, MatchKind.REGEX)
    return Finding(
        rule=f"pii.{entity.type}",
        rule_version=VERSION,
        family="pii",
        label=_LABELS[entity.type],
        severity=Severity.INFO,
        role=turn.turn.role,
        evidence=(evidence_of(found, call),),
        reason=message("rules.personal_valid" if entity.valid else "rules.personal_by_context"),
        confidence=round((1.0 if entity.valid else 0.8) * found.trust, 4),
    )
