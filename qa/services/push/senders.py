"""Sends one message; raises `PushError` where it has not arrived."""

import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr

import httpx

from qa.core.errors import BadOptionError
from qa.i18n import text
from qa.services.push.addresses import Destination, Network, Resolver, checked
from qa.services.push.news import News
from qa.services.push.wire import Kind, Post, post_for, refusal, sentence
from qa.settings import PushSettings

_MAX_ANSWER = 64 * 2**10
"""Bytes of an answer that are read: robots say in a few whether they took it."""


class PushError(Exception):
    """It has not arrived; the text is short and holds nothing secret."""


def is_mail_address(address: str) -> bool:
    """One plain address, nothing that could become a second header or a second reader."""
    local, at, domain = address.rpartition("@")
    plain = parseaddr(address)[1] == address and not any(sign.isspace() or sign in ",;<>\"'" for sign in address)
    return bool(at and local and "." in domain and plain and len(address) <= 254)


def send_mail(options: PushSettings, address: str, news: News, *, link: str, locale: str, delivery: str) -> None:
    """By the configured mail server. Raises `PushError`."""
    if not options.smtp_host or not options.smtp_from:
        raise PushError("no mail server")
    if not is_mail_address(address):
        raise PushError("bad address")
    said = " ".join(sentence(news, locale).split())
    mail = EmailMessage()
    mail["From"], mail["To"] = options.smtp_from, address
    mail["Subject"] = text("push.subject", locale, said=said)[:200]
    mail["Message-ID"] = make_msgid(delivery, domain="tingjian.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text("push.mail_body", locale, said=said, link=link))
    try:
        with _server(options) as server:
            if options.smtp_user:
                server.login(options.smtp_user, options.smtp_password.get_secret_value())
            server.send_message(mail)
    except (smtplib.SMTPException, OSError) as error:
        raise PushError(f"mail: {type(error).__name__}") from error


def _server(options: PushSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if options.smtp_security == "tls":
        return smtplib.SMTP_SSL(
            options.smtp_host, options.smtp_port, timeout=options.timeout_seconds, context=context
        )
    server = smtplib.SMTP(options.smtp_host, options.smtp_port, timeout=options.timeout_seconds)
    if options.smtp_security == "starttls":
        try:
            server.starttls(context=context)
        except Exception:
            server.close()
            raise
    return server


def send_post(
    options: PushSettings,
    allowed: tuple[Network, ...],
    kind: Kind,
    address: str,
    secret: str,
    news: News,
    *,
    link: str,
    locale: str,
    delivery: str,
    at: datetime,
    resolve: Resolver | None = None,
) -> None:
    """To a webhook or a robot. Raises `PushError`."""
    post = post_for(kind, address, secret, news, link=link, locale=locale, delivery=delivery, at=at)
    try:
        destination = checked(post.url, allowed, resolve)
    except BadOptionError as refused:
        raise PushError(refused.message.code) from refused
    status, body = _post(post, destination, options.timeout_seconds)
    why = refusal(kind, status, body)
    if why is not None:
        raise PushError(why)


def _post(
    post: Post, destination: Destination, timeout: float, client: Callable[..., httpx.Client] = httpx.Client
) -> tuple[int, bytes]:
    """To the checked address, under the name it was given for. No proxy, no redirect, a bounded answer."""
    name = destination.host.rsplit(":", 1)[0].strip("[]") if ":" in destination.host else destination.host
    try:
        with (
            client(timeout=timeout, follow_redirects=False, trust_env=False) as http,
            http.stream(
                "POST",
                destination.url,
                content=post.body,
                headers={**post.headers, "Host": destination.host, "User-Agent": "Tingjian"},
                extensions={"sni_hostname": name},
            ) as answer,
        ):
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > _MAX_ANSWER:
                    break
            return answer.status_code, body[:_MAX_ANSWER]
    except httpx.HTTPError as error:
        raise PushError(type(error).__name__) from error
