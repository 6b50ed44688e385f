"""How each kind of receiver wants to be told, and how it says that it has understood."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus

from qa.core.base import encode
from qa.i18n import text
from qa.services.push.news import News


class Kind(StrEnum):
    """A kind of receiver."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def sentence(news: News, locale: str) -> str:
    """The event in one sentence."""
    return text(
        f"push.{news.event.replace('.', '_')}",
        locale,
        agent=news.agent or "-",
        team=news.team or "-",
        title=news.title or "-",
        due=news.due[:16].replace("T", " ") or "-",
        outcome=text(f"push.outcome_{news.outcome}", locale) if news.outcome else "-",
    )


def post_for(
    kind: Kind, url: str, secret: str, news: News, *, link: str, locale: str, delivery: str, at: datetime
) -> Post:
    """What to send to a webhook or robot at `at`; `link` is the absolute address of the page."""
    said = sentence(news, locale)
    match kind:
        case Kind.DINGTALK:
            # Signature as its documentation for custom robots has it: HMAC-SHA256 over "ms\nsecret", in the URL.
            stamp = str(int(at.timestamp() * 1000))
            if secret:
                sign = quote_plus(_hmac64(secret.encode(), f"{stamp}\n{secret}".encode()))
                url = f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={sign}"
            content: dict[str, Any] = {
                "msgtype": "markdown",
                "markdown": {"title": said[:60], "text": f"{_plain(said)}\n\n[{link}]({link})"},
            }
        case Kind.WECOM:
            content = {"msgtype": "markdown", "markdown": {"content": f"{_plain(said)}\n[{link}]({link})"}}
        case Kind.FEISHU:
            content = {"msg_type": "text", "content": {"text": f"{said}\n{link}"}}
            if secret:
                # Here the text "seconds\nsecret" is the key, and the message is empty.
                stamp = str(int(at.timestamp()))
                content = {"timestamp": stamp, "sign": _hmac64(f"{stamp}\n{secret}".encode(), b""), **content}
        case _:
            return _webhook(url, secret, news, said, link, delivery, at)
    return Post(url, {"Content-Type": "application/json"}, json.dumps(content, ensure_ascii=False).encode())


def _webhook(url: str, secret: str, news: News, said: str, link: str, delivery: str, at: datetime) -> Post:
    """`Tingjian-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`: the time is signed, so that what was
    overheard cannot be sent again later."""
    stamp = str(int(at.timestamp()))
    facts = {"id": delivery, "at": at.isoformat(), "text": said, "link": link, **json.loads(encode(news))}
    body = json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()
    headers = {
        "Content-Type": "application/json",
        "Tingjian-Event": news.event,
        "Tingjian-Delivery": delivery,
        "Tingjian-Signature": f"t={stamp},v1={signature(secret, stamp, body)}",
    }
    return Post(url, headers, body)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What a receiver computes to see that a webhook is ours."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def refusal(kind: Kind, status: int, body: bytes) -> str | None:
    """Why a receiver has not taken it, None where it has. Robots answer 200 and refuse in the body."""
    if not 200 <= status < 300:
        return f"HTTP {status}"
    if kind is Kind.WEBHOOK:
        return None
    try:
        answer = json.loads(body or b"{}")
    except ValueError:
        return "not JSON"
    code = answer.get("errcode", answer.get("code", 0)) if isinstance(answer, dict) else "?"
    return None if code == 0 else f"code {str(code)[:40]}"


def _hmac64(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def _plain(said: str) -> str:
    """Names come from outside: they must not turn into links or headings of the chat."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]()#<>!|" else sign for sign in said)
