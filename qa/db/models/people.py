"""People: accounts, teams, sessions, tokens, one-time links. Secrets are kept as SHA-256 or argon2id only."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qa.db.models.base import ID_LENGTH, Base, UtcDateTime


class AccountRow(Base):
    """Somebody who can sign in."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("tenant", "login"), UniqueConstraint("oidc_issuer", "oidc_subject"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    login: Mapped[str] = mapped_column(String(64))
    """Lower case, as `qa.services.people.logins.normalise` makes it; the actor of the audit log."""
    name: Mapped[str] = mapped_column(String(128))
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    """argon2id with its parameters; none until a password was set, or where a provider vouches."""
    oidc_issuer: Mapped[str | None] = mapped_column(String(255))
    oidc_subject: Mapped[str | None] = mapped_column(String(255))
    jobs: Mapped[list[str]] = mapped_column(JSON)
    agent: Mapped[str | None] = mapped_column(String(128))
    """Value of the attribute `agent` on their own recordings."""
    locale: Mapped[str | None] = mapped_column(String(16))
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInFailureRow(Base):
    """Wrong passwords in a row for a login, whether or not anybody has it: both must look the same."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_at", "at"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    login_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256: people type passwords into the wrong field."""
    failures: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInAttemptRow(Base):
    """How often somebody tried to sign in from an address within a minute, for all processes together."""

    __tablename__ = "sign_in_attempt"

    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Since the epoch. First in the key, so that what is long past is found."""
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer)


class TeamRow(Base):
    """A team; its name is the value of the attribute `team` on its recordings."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TeamMemberRow(Base):
    """Who belongs to a team; a supervisor sees the recordings of theirs."""

    __tablename__ = "team_member"
    __table_args__ = (Index("ix_team_member_account_id", "account_id"),)

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)


class WebSessionRow(Base):
    """A browser that is signed in. Deleted when it ends."""

    __tablename__ = "web_session"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_web_session_account_id", "account_id"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiTokenRow(Base):
    """A program that acts for a person, with at most that person's jobs."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_api_token_account_id", "account_id"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(128))
    prefix: Mapped[str] = mapped_column(String(16))
    """The first characters, to tell tokens apart."""
    token_hash: Mapped[str] = mapped_column(String(64))
    jobs: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OneTimeLinkRow(Base):
    """A secret that opens one door once: first administrator, invitation, new password, a sign-in under way."""

    __tablename__ = "one_time_link"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_one_time_link_account_id", "account_id"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
