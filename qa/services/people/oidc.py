"""Signing in through an OpenID Connect provider: code flow with PKCE, state and nonce (OIDC Core 1.0, RFC 7636).

Everything that must come back unchanged is kept here under the hash of `state`, and tied to the browser that
began: a link somebody else made signs nobody in.
"""

import hmac
import time
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, ConflictError, DependencyError, ForbiddenError, UnauthenticatedError
from qa.core.people import Job
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import AccountRow
from qa.db.people import Accounts, Links
from qa.services.people.links import add_link
from qa.services.people.logins import check_login, check_text
from qa.services.people.secrets import digest, new_secret
from qa.services.people.sessions import SessionService, Where
from qa.services.people.views import Purpose, SignedIn
from qa.settings import OidcSettings

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Signatures with a public key only: `none`, and secrets shared with the client, are refused (RFC 8725, 3.1)."""
_UNDER_WAY_SECONDS: Final = 600.0
_KNOWN_SECONDS: Final = 3600.0
_TIMEOUT_SECONDS: Final = 10.0
_LEEWAY_SECONDS: Final = 60
_MOST_BYTES: Final = 2**20
_log = structlog.get_logger(__name__)


class _Provider(msgspec.Struct):
    """What discovery tells, as far as it is used (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct):
    id_token: str


class OidcService:
    """Begins and finishes sign-ins at the provider in the settings."""

    def __init__(self, database: Database, sessions: SessionService, options: OidcSettings) -> None:
        self._database = database
        self._sessions = sessions
        self._options = options
        self._lock = Lock()
        self._known: tuple[float, _Provider, KeySet] | None = None

    @property
    def on(self) -> bool:
        """Whether a provider is set."""
        return bool(self._options.issuer)

    @property
    def name(self) -> str:
        """What people call the provider."""
        return self._options.name or (urlsplit(self._options.issuer).hostname or "")

    def begin(self, redirect_uri: str, browser: str, next_path: str, where: Where) -> str:
        """The provider's address to send somebody to. `browser` is a secret only that browser holds.

        Raises `BadOptionError` where no provider is set, `DependencyError` where it does not answer.
        """
        self._sessions.check_rate(where.address)
        provider, _ = self._provider()
        verifier, nonce = new_secret(), new_secret()
        with self._database.write() as session:
            Links(session).forget_late(self._database.now(session))
            link = add_link(
                session,
                self._database,
                Purpose.PROVIDER,
                None,
                _UNDER_WAY_SECONDS,
                verifier=verifier,
                nonce=nonce,
                browser=digest(browser),
                redirect_uri=redirect_uri,
                next=next_path,
            )
        wanted = {
            "response_type": "code",
            "client_id": self._options.client_id,
            "redirect_uri": redirect_uri,
            "scope": self._options.scope,
            "state": link.token,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(provider.authorization_endpoint, list(wanted.items())))

    def finish(
        self, state: str, code: str, issuer: str | None, browser: str, where: Where, *, before: str | None = None
    ) -> tuple[SignedIn, str]:
        """The session, and the path asked for at the beginning. `issuer` is the parameter of RFC 9207, if sent.

        Raises `UnauthenticatedError` where anything does not fit, `ForbiddenError` without a job here.
        """
        self._sessions.check_rate(where.address)
        provider, keys = self._provider()
        if issuer is not None and issuer != provider.issuer:
            raise _refused("issuer")
        kept = self._take(state)
        if not hmac.compare_digest(str(kept.get("browser", "")), digest(browser)):
            raise _refused("browser")
        claims = self._claims(provider, keys, code, kept)
        with self._database.write() as session:
            try:
                account = self._account(session, provider.issuer, claims)
            except IntegrityError:
                raise ConflictError("people.provider_login_taken") from None
            if account.active and account.jobs:
                return self._sessions.open(session, account, where, before=before, by="oidc"), str(kept["next"])
        # The account stays: an administrator finds it in the list and gives it a job.
        raise ForbiddenError("people.no_jobs", login=account.login)

    def _take(self, state: str) -> dict[str, Any]:
        with self._database.write() as session:
            now = self._database.now(session)
            row = Links(session).usable(digest(state), now, lock=True)
            if row is None or row.purpose != Purpose.PROVIDER:
                raise _refused("state")
            row.used_at = now
            return dict(row.payload)

    def _claims(self, provider: _Provider, keys: KeySet, code: str, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        options = self._options
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": str(kept["redirect_uri"]),
            "code_verifier": str(kept["verifier"]),
        }
        secret = options.client_secret.get_secret_value()
        auth = httpx.BasicAuth(options.client_id, secret) if secret else None
        if auth is None:
            form["client_id"] = options.client_id
        try:
            answered = httpx.post(provider.token_endpoint, data=form, auth=auth, timeout=_TIMEOUT_SECONDS)
            answered.raise_for_status()
            token = msgspec.json.decode(answered.content, type=_Tokens).id_token
        except httpx.HTTPStatusError as error:
            raise _refused("code") from error
        except httpx.HTTPError as error:
            raise DependencyError("people.provider_unreachable", issuer=provider.issuer) from error
        except msgspec.MsgspecError as error:
            raise _refused("answer") from error
        try:
            claims = self._verified(token, keys, provider)
        except InvalidKeyIdError:
            # The provider may have new keys.
            self._known = None
            try:
                claims = self._verified(token, self._provider()[1], provider)
            except InvalidKeyIdError as error:
                raise _refused("key") from error
        if not hmac.compare_digest(str(claims.get("nonce", "")), str(kept["nonce"])):
            raise _refused("nonce")
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != options.client_id:
            raise _refused("azp")
        return claims

    def _verified(self, token: str, keys: KeySet, provider: _Provider) -> Mapping[str, Any]:
        checks = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": self._options.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            checks.validate(claims)
        except InvalidKeyIdError:
            raise
        except (JoseError, ValueError) as error:
            raise _refused(type(error).__name__) from error
        return claims

    def _account(self, session: Session, issuer: str, claims: Mapping[str, Any]) -> AccountRow:
        options, accounts, subject = self._options, Accounts(session), str(claims["sub"])
        now = self._database.now(session)
        account = accounts.by_subject(issuer, subject)
        if account is None:
            if not options.create_accounts:
                raise ForbiddenError("people.not_invited")
            login = check_login(str(claims.get(options.login_claim) or ""))
            if accounts.by_login(login, "default") is not None:
                # Whoever can choose a login at the provider must not become somebody else here.
                raise ConflictError("people.provider_login_taken")
            account = AccountRow(
                id=new_id(),
                tenant="default",
                login=login,
                name=check_text("name", str(claims.get("name") or login)[:128]),
                email=str(claims["email"])[:254] if claims.get("email") else None,
                oidc_issuer=issuer,
                oidc_subject=subject,
                jobs=[],
                active=True,
                created_at=now,
            )
            accounts.add(account)
            AuditTrail(session).add("default", now, login, "people.added", None, account=account.id, by="oidc")
        if options.jobs_claim:
            given = {options.jobs_map.get(value) for value in _texts(claims.get(options.jobs_claim))}
            jobs = [job.value for job in Job if job in given]
            if jobs != account.jobs:
                account.jobs = jobs
                AuditTrail(session).add(
                    "default", now, account.login, "people.changed", None, account=account.id, by="oidc", jobs=jobs
                )
        if options.teams_claim:
            names = [check_text("team", name) for name in _texts(claims.get(options.teams_claim))]
            accounts.set_teams(account, names, now)
        if options.agent_claim:
            agent = claims.get(options.agent_claim)
            account.agent = check_text("agent", str(agent)) if agent else None
        session.flush()
        return account

    def _provider(self) -> tuple[_Provider, KeySet]:
        if not self.on:
            raise BadOptionError("people.no_provider")
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > _KNOWN_SECONDS:
                self._known = (time.monotonic(), *self._discover())
            return self._known[1], self._known[2]

    def _discover(self) -> tuple[_Provider, KeySet]:
        issuer = self._options.issuer
        try:
            told = _fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")
            provider = msgspec.json.decode(told, type=_Provider)
            for url in (provider.authorization_endpoint, provider.token_endpoint, provider.jwks_uri):
                _check_secure(url)
            keys = KeySet.import_key_set(msgspec.json.decode(_fetch(provider.jwks_uri)))
        except (httpx.HTTPError, msgspec.MsgspecError, JoseError, ValueError) as error:
            _log.warning("oidc.discovery_failed", error=type(error).__name__)
            raise DependencyError("people.provider_unreachable", issuer=issuer) from error
        if provider.issuer != issuer:
            raise BadOptionError("people.provider_issuer", issuer=issuer, said=provider.issuer[:200])
        return provider, keys


def _fetch(url: str) -> bytes:
    _check_secure(url)
    answered = httpx.get(url, timeout=_TIMEOUT_SECONDS)
    answered.raise_for_status()
    if len(answered.content) > _MOST_BYTES:
        raise ValueError(url)
    return answered.content


def _check_secure(url: str) -> None:
    """A provider is spoken to by https; by http only on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    ):
        raise BadOptionError("people.provider_not_https", url=url[:200])


def _texts(claim: object) -> list[str]:
    if isinstance(claim, str):
        return [claim]
    return [item for item in claim if isinstance(item, str)] if isinstance(claim, list) else []


def _refused(why: str) -> UnauthenticatedError:
    _log.warning("oidc.refused", why=why)
    return UnauthenticatedError("people.provider_refused")
