"""News leaves the house: to a real mail server, a real webhook, and never into our own network."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler

from qa.core.errors import BadOptionError, ForbiddenError
from qa.core.people import Job, Person
from qa.db.engine import Database
from qa.services.push import EVENTS, News, NewTarget, Outbox, PushService
from qa.services.push.addresses import check_form, checked, networks
from qa.services.push.wire import Kind, post_for, refusal, sentence
from qa.settings import PushSettings

ADMIN = Person("1", "root", "Root", frozenset({Job.ADMINISTRATOR}))
NEWS = News(
    "notice.issued", "/coaching/7", agent="A12", team="east", title="保本承诺", due="2026-11-30T08:00:00+00:00"
)
LOOPBACK = ("127.0.0.0/8",)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'push.db'}", clock=clock)
    opened.migrate()
    yield opened
    opened.close()


class Receiver:
    """An HTTP server that keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                status, answer = outer.answers.pop(0) if outer.answers else (200, b"{}")
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.server.shutdown()
    running.server.server_close()


class Mailbox(MailHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def service(database: Database, **options: Any) -> PushService:
    settings = PushSettings(allowed_networks=LOOPBACK, retry_seconds=30, **options)
    return PushService(database, settings, "http://here:8300")


def tell(database: Database, news: News = NEWS) -> int:
    with database.write() as session:
        return Outbox(session, "default", database.now(session)).tell(news)


def webhook(receiver: Receiver, **changes: Any) -> NewTarget:
    given = {"name": "hook", "kind": "webhook", "address": f"{receiver.url}/in", "events": EVENTS}
    return NewTarget(**{**given, "secret": "s" * 32, "locale": "en", **changes})


def test_a_webhook_gets_the_event_with_a_signature_its_receiver_can_check(
    database: Database, receiver: Receiver
) -> None:
    push = service(database)
    push.add_target(ADMIN, webhook(receiver))
    assert tell(database) == 1
    assert push.deliver_due() == 1
    ((path, headers, body),) = receiver.got
    said = json.loads(body)
    assert path == "/in"
    assert said["event"] == "notice.issued"
    assert said["link"] == "http://here:8300/coaching/7"
    stamp, given = headers["Tingjian-Signature"].removeprefix("t=").split(",v1=")
    assert given == hmac.new(b"s" * 32, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert push.deliver_due() == 0


def test_a_receiver_that_fails_is_tried_again_after_growing_waits_and_then_waits_for_a_person(
    database: Database, receiver: Receiver, clock: Clock
) -> None:
    push = service(database, max_attempts=3)
    push.add_target(ADMIN, webhook(receiver))
    tell(database)
    receiver.answers = [(500, b"")] * 3
    for wait in (0, 31, 61):
        clock.now += timedelta(seconds=wait)
        assert push.deliver_due() == 0
        clock.now += timedelta(seconds=5)
        assert push.deliver_due() == 0
    assert len(receiver.got) == 3
    (failed,) = push.deliveries(ADMIN)
    assert (failed.state, failed.attempts, failed.error) == ("failed", 3, "HTTP 500")
    push.send_again(ADMIN, failed.id)
    assert push.deliver_due() == 1


def test_a_sender_that_died_lets_go_of_its_message(database: Database, receiver: Receiver, clock: Clock) -> None:
    push = service(database)
    push.add_target(ADMIN, webhook(receiver))
    tell(database)
    with database.write() as session:
        from qa.db.push import Push

        assert len(Push(session).claim_due(clock.now, clock.now + timedelta(minutes=5), 10)) == 1
    assert push.deliver_due() == 0
    clock.now += timedelta(minutes=6)
    assert push.deliver_due() == 1


def test_redirects_are_not_followed(database: Database, receiver: Receiver) -> None:
    push = service(database)
    push.add_target(ADMIN, webhook(receiver))
    tell(database)
    receiver.answers = [(302, b"")]
    assert push.deliver_due() == 0
    assert [path for path, _, _ in receiver.got] == ["/in"]


def test_only_the_team_and_the_events_somebody_asked_for_reach_him(database: Database, receiver: Receiver) -> None:
    push = service(database)
    push.add_target(ADMIN, webhook(receiver, team="west"))
    push.add_target(ADMIN, webhook(receiver, events=("dispute.raised",)))
    assert tell(database) == 0
    push.add_target(ADMIN, webhook(receiver, team="east"))
    assert tell(database) == 1


def test_mail_reaches_a_real_server_and_a_hostile_title_makes_no_second_header(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    push = service(
        database, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", smtp_from="qa@example.com"
    )
    push.add_target(ADMIN, NewTarget("lead", "email", "lead@example.com", ("notice.issued",)))
    tell(database, News("notice.issued", "/coaching/7", agent="A12", title="x\r\nBcc: thief@example.com"))
    assert push.deliver_due() == 1
    (mail,) = box.mails
    assert mail["To"] == "lead@example.com"
    assert mail["Bcc"] is None
    assert "/coaching/7" in mail.get_payload(decode=True).decode()


def test_robots_are_signed_as_their_makers_want_it_and_their_refusals_are_seen() -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    parts = {"news": NEWS, "link": "https://qa/coaching/7", "locale": "zh-Hans", "delivery": "d", "at": at}
    ding = post_for(Kind.DINGTALK, "https://oapi.dingtalk.com/robot/send?access_token=t", "SEC", **parts)
    assert f"&timestamp={int(at.timestamp() * 1000)}&sign=" in ding.url
    lark = json.loads(post_for(Kind.FEISHU, "https://open.feishu.cn/h", "SEC", **parts).body)
    assert lark["timestamp"] == str(int(at.timestamp()))
    wecom = json.loads(post_for(Kind.WECOM, "https://qyapi.weixin.qq.com/h", "", **parts).body)
    assert "保本承诺" in wecom["markdown"]["content"]
    assert refusal(Kind.DINGTALK, 200, b'{"errcode": 310000}') == "code 310000"
    assert refusal(Kind.FEISHU, 200, b'{"code": 0}') is None
    assert refusal(Kind.WECOM, 200, b"<html>") == "not JSON"


def test_a_hostile_name_cannot_become_a_link_in_a_chat() -> None:
    news = News("notice.issued", "/coaching/7", agent="[pay](https://evil)", title="# x")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    parts = {"link": "https://qa/x", "locale": "en", "delivery": "d", "at": at}
    said = json.loads(post_for(Kind.WECOM, "https://w", "", news, **parts).body)["markdown"]["content"]
    assert "[pay](" not in said


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("locale", ["zh-Hans", "zh-Hant", "en"])
def test_every_event_is_a_sentence_in_every_language(event: str, locale: str) -> None:
    said = sentence(News(event, "/", agent="A", title="T", due="2026-11-30T08:00", outcome="upheld"), locale)
    assert not said.startswith("push.")
    assert "{" not in said


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.3.4", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1",
    ],
)  # fmt: skip
def test_a_name_that_leads_into_our_own_network_is_refused(address: str) -> None:
    with pytest.raises(BadOptionError, match="inner_address"):
        checked("https://hook.example.com/x", (), lambda _host, _port: [address])


def test_one_inner_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(BadOptionError, match="inner_address"):
        checked("https://hook.example.com/x", (), lambda _host, _port: ["93.184.216.34", "127.0.0.1"])


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    found = checked("https://hook.example.com:8443/x?y=1", (), lambda _host, _port: ["93.184.216.34"])
    assert found.url == "https://93.184.216.34:8443/x?y=1"
    assert found.host == "hook.example.com:8443"


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.com/", "ftp://x/", "file:///etc/passwd", "https://user:pw@x.com/", "https:///x",
        "https://x.com/\r\nHost: y", "https://x.com:99999/", "javascript:alert(1)", "", "https://" + "a" * 3000,
    ],
)  # fmt: skip
def test_an_address_that_is_no_plain_https_url_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(BadOptionError, match="bad_url"):
        check_form(url, ())


def test_allowed_networks_open_just_themselves_and_rubbish_in_them_is_told() -> None:
    allowed = networks(["10.2.3.0/24"])
    assert checked("http://inside/", allowed, lambda _host, _port: ["10.2.3.9"]).url == "http://10.2.3.9/"
    with pytest.raises(BadOptionError, match="inner_address"):
        checked("https://inside/", allowed, lambda _host, _port: ["10.2.4.9"])
    with pytest.raises(BadOptionError, match="https_needed"):
        checked("http://outside/", allowed, lambda _host, _port: ["93.184.216.34"])
    with pytest.raises(BadOptionError, match="bad_network"):
        networks(["ten"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "name_needed"),
        ({"kind": "pigeon"}, "bad_kind"),
        ({"events": ("moon",)}, "bad_event"),
        ({"events": ()}, "bad_event"),
        ({"secret": "short"}, "secret_needed"),
        ({"locale": "fr"}, "bad_locale"),
        ({"kind": "email", "address": "a@b.c, d@e.f"}, "bad_mail_address"),
        ({"kind": "email", "address": "a@b.example"}, "no_mail_server"),
        ({"kind": "feishu", "address": "https://10.0.0.1/"}, "inner_address"),
    ],
)
def test_a_receiver_entered_wrongly_is_refused_with_the_field(
    database: Database, receiver: Receiver, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(BadOptionError, match=code):
        service(database).add_target(ADMIN, webhook(receiver, **changes))


def test_only_who_may_change_settings_sees_receivers_and_no_secret_is_shown_again(
    database: Database, receiver: Receiver
) -> None:
    push = service(database)
    with pytest.raises(ForbiddenError):
        push.targets(Person("2", "lee", "Lee", frozenset({Job.REVIEWER})))
    view = push.add_target(
        ADMIN, webhook(receiver, kind="dingtalk", address="https://oapi.dingtalk.com/send?access_token=topsecret")
    )
    assert "topsecret" not in repr(view)
    assert "s" * 32 not in repr(push.targets(ADMIN))


def test_a_removed_receiver_takes_its_waiting_messages_along(database: Database, receiver: Receiver) -> None:
    push = service(database)
    view = push.add_target(ADMIN, webhook(receiver))
    tell(database)
    push.remove_target(ADMIN, view.id)
    assert push.deliver_due() == 0
    assert push.deliveries(ADMIN) == ()
    assert receiver.got == []
