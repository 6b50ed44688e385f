"""Everything that can be set, in one place: defaults here, then `tingjian.toml`, then `TINGJIAN_*` variables.

Nested fields are written `TINGJIAN_SPEECH__MODEL=small` in the environment and `[speech] model = "small"` in
the file. Stages never read settings themselves: they get the frozen options they need.
"""

from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from qa.core.finding import Severity
from qa.core.people import Job


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IntakeSettings(_Group):
    """What is accepted, and how much of it."""

    max_bytes: int = Field(2 * 2**30, ge=1, description="Largest upload, bytes.")
    max_seconds: float = Field(5 * 3600.0, gt=0, description="Longest recording, seconds of sound.")
    max_channels: int = Field(8, ge=1, description="Most channels in one recording.")
    min_seconds: float = Field(5.0, description="Shorter recordings are skipped: a misdial says nothing.")
    allowed_attributes: int = Field(64, description="Most metadata fields taken with a recording.")
    filename_pattern: str = Field(
        "", description="Regex with named groups that reads metadata from a file name; empty for none."
    )
    settle_seconds: float = Field(2.0, description="A watched file is complete once unchanged this long.")
    upload_expiry_seconds: float = Field(86400.0, description="Unfinished resumable uploads are kept this long.")
    max_open_uploads: int = Field(200, description="Most unfinished resumable uploads at a time.")


class SpeechSettings(_Group):
    """The recogniser and the speakers."""

    model: str = Field("base", description="Whisper size in the model store, hub name, or a CTranslate2 folder.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where models run; auto takes a GPU.")
    compute_type: str = Field("auto", description="CTranslate2 type; auto is float16 on CUDA, int8 on CPU.")
    threads: int = Field(0, ge=0, description="CPU threads of one worker; 0 takes all cores.")
    language: str = Field("auto", description="ISO 639-1 code, or auto to detect per recording.")
    batch_size: int = Field(8, ge=1, description="Windows decoded together.")
    batch_recordings: int = Field(0, ge=0, description="Recordings decoded together; 0: 1 on CPU, 8 on GPU.")
    beam_size: int = Field(5, ge=1, description="Beam width.")
    diarization: str = Field("offline", description="`offline`, or a hub pipeline such as `community-1`.")
    speakers: int = Field(2, ge=1, description="Speakers expected on a mono call.")
    role_map: str = Field("left=agent,right=customer", description="Role of each channel of a stereo call.")


class RuleSettings(_Group):
    """Which packs are on."""

    packs: tuple[str, ...] = Field(
        (
            "zh/common", "zh/finance", "zh/insurance", "zh/collections", "zh/ecommerce", "zh/logistics",
            "zh/telecom", "zh/medical", "zh/education", "zh/government", "zh/alike", "en/common", "en/finance",
        ),
        description="Packs applied to every call.",
    )  # fmt: skip
    pack_dirs: tuple[Path, ...] = Field((), description="Further folders with packs, searched first.")
    scorecard: str = Field(
        "", description="Scorecard used for the calls it applies to; empty for the first of the packs that does."
    )
    model_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Endpoint of `asks_model` (OpenAI-compatible), as `http://127.0.0.1:8000/v1`; it is sent the"
        " words of calls. Empty: no rule asks a model.",
    )
    model_name: str = Field("", description="Model asked for there.")
    model_key: SecretStr = Field(SecretStr(""), description="API key of the endpoint; empty for none.")
    model_timeout_seconds: float = Field(30.0, gt=0, description="An answer that takes longer is none.")


class VerificationSettings(_Group):
    """The second hearing before anybody is accused. Where the figures come from: `qa.pipeline.verify`."""

    enabled: bool = Field(True, description="Hear again what critical findings rest on.")
    context_seconds: float = Field(2.0, ge=0, le=10, description="Sound taken along on either side of a quote.")
    similar: float = Field(0.75, gt=0, le=1, description="Agreement from which two readings are the same sound.")
    heard_if_said: float = Field(0.95, gt=0, lt=1, description="Share of what was said that is heard again.")
    heard_if_not_said: float = Field(0.4, gt=0, lt=1, description="The same of what was not said.")
    similar_odds: float = Field(0.8, gt=0, description="Factor on the odds where it only sounds alike.")


class LedgerSettings(_Group):
    """Durability: leases, attempts, sweeping."""

    lease_seconds: float = Field(
        60.0, gt=0, description="A claimed run is anybody's again after this, unless renewed."
    )
    heartbeat_seconds: float = Field(10.0, gt=0, description="How often a worker renews its lease.")
    max_attempts: int = Field(8, ge=1, description="Attempts at a run; then it has failed and waits for a person.")
    sweep_seconds: float = Field(10.0, gt=0, description="How often lost work is looked for.")
    max_run_seconds: float = Field(6 * 3600.0, description="A run that works longer than this is killed.")
    retry_seconds: float = Field(5.0, description="Wait before a second attempt; doubled for each one after.")


class ServerSettings(_Group):
    """The HTTP service."""

    host: str = Field("127.0.0.1", description="Loopback by default: nothing is served to others unasked.")
    port: int = Field(8300, ge=0, le=65535, description="Port of the API.")
    token: SecretStr = Field(
        SecretStr(""), description="An administrator's API token set by whoever runs the service; empty for none."
    )
    public_url: str = Field(
        "", description="Address people use, such as https://qa.example.org; for links that are sent or printed."
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Further names under which the API may be called (Host header)."
    )
    body_idle_seconds: float = Field(60.0, description="An upload that sends nothing for this long is dropped.")
    min_free_bytes: int = Field(512 * 2**20, description="With less disk space left, no upload is taken.")


class PeopleSettings(_Group):
    """Passwords, sessions, and how often somebody may try to sign in."""

    session_idle_seconds: float = Field(
        3600.0, gt=0, description="A session ends after this long without a request (NIST SP 800-63B-4, AAL2)."
    )
    session_seconds: float = Field(
        12 * 3600.0, gt=0, description="A session ends after this long however busy; a shift (below AAL2's 24 h)."
    )
    link_seconds: float = Field(
        86400.0, gt=0, description="One-time links for invitations and passwords last this."
    )
    attempts_before_wait: int = Field(
        5, ge=1, description="Wrong passwords in a row for a login before it must wait (OWASP ASVS 5.0, 6.3.1)."
    )
    first_wait_seconds: float = Field(
        30.0, gt=0, description="The first wait; doubled for each further wrong one."
    )
    longest_wait_seconds: float = Field(
        900.0, gt=0, description="No wait is longer, so that nobody can lock the last administrator out for good."
    )
    attempts_per_minute: int = Field(
        30, ge=1, description="Sign-ins tried from one address (or IPv6 /64) a minute."
    )
    argon2_memory_kib: int = Field(
        65536, ge=8192, description="argon2id memory (RFC 9106, second recommendation)."
    )
    argon2_passes: int = Field(3, ge=1, description="argon2id passes (RFC 9106, second recommendation).")
    argon2_lanes: int = Field(4, ge=1, description="argon2id lanes (RFC 9106, second recommendation).")
    hashing_at_once: int = Field(4, ge=1, description="Passwords hashed at a time; each takes the memory above.")


class OidcSettings(_Group):
    """Signing in through an OpenID Connect provider; off until `issuer` is set."""

    issuer: str = Field("", description="Issuer URL; its /.well-known/openid-configuration is read.")
    name: str = Field("", description="What the button on the sign-in page calls the provider.")
    client_id: str = Field("", description="Client id the provider gave to this service.")
    client_secret: SecretStr = Field(SecretStr(""), description="Client secret; empty for a public client.")
    scope: str = Field("openid profile email", description="Scopes asked for.")
    login_claim: str = Field("preferred_username", description="Claim that becomes the login of a new account.")
    jobs_claim: str = Field("", description="Claim with groups or roles; empty leaves jobs to administrators.")
    jobs_map: dict[str, Job] = Field({}, description="Value of that claim -> job, as `qa-lead` -> `supervisor`.")
    teams_claim: str = Field("", description="Claim with team names; empty leaves teams to administrators.")
    agent_claim: str = Field("", description="Claim with the agent's number in recordings; empty for none.")
    create_accounts: bool = Field(
        True, description="Whether somebody new to us gets an account at the first sign-in."
    )


class ReviewSettings(_Group):
    """What is put before a person, in which order and for how long. The weights, hours and limits are the house's
    own agreement; the defaults put what may hurt a customer first and leave nothing unheard for more than a week.
    """

    lease_seconds: float = Field(
        900.0, gt=0, description="A claimed call is anybody's again after this, unless the page stays open."
    )
    skip_hours: float = Field(12.0, gt=0, description="A skipped call is not offered to the same person for this.")
    low_confidence: float = Field(
        0.6, ge=0, le=1, description="A flag less sure than this wants a person (as `doubt` about a role does)."
    )
    doubtful_precision: float = Field(
        0.7, ge=0, le=1, description="A rule whose precision is below this for certain (95 %) is named at home."
    )
    must_judge: Severity = Field(
        Severity.WARNING, description="Flags of this severity or worse need a verdict before finalising."
    )
    weight_dispute: int = Field(100, ge=0, le=500, description="Weight of a disputed call in the queue.")
    weight_critical: int = Field(80, ge=0, le=500, description="Weight of a call with a critical flag.")
    weight_asked: int = Field(60, ge=0, le=500, description="Weight of a call somebody opened by hand.")
    weight_warning: int = Field(50, ge=0, le=500, description="Weight of a call with a warning.")
    weight_roles_uncertain: int = Field(40, ge=0, le=500, description="Weight of a call of uncertain roles.")
    weight_low_confidence: int = Field(30, ge=0, le=500, description="Weight of a call with an unsure flag.")
    weight_sampling: int = Field(20, ge=0, le=500, description="Weight of a call drawn by a sampling plan.")
    hours_urgent: float = Field(24.0, gt=0, description="Hours in which a critical or disputed call is due.")
    hours_usual: float = Field(72.0, gt=0, description="Hours in which any other flagged call is due.")
    hours_sampling: float = Field(168.0, gt=0, description="Hours in which a sampled or unsure call is due.")
    draw_seconds: float = Field(60.0, gt=0, description="How often sampling plans with quotas draw.")


class BulkSettings(_Group):
    """What may be done to many recordings at once."""

    most: int = Field(
        2000, ge=1, le=10_000, description="Recordings that one act on a list may concern; for more: narrow it."
    )


class CoachingSettings(_Group):
    """Notices and disputes: how long each step may take. All of it is the house's own agreement with its staff;
    the defaults leave a working week to answer and object, and three working days to decide."""

    answer_days: float = Field(7.0, gt=0, description="Days an agent has to answer a coaching notice.")
    remind_days: float = Field(
        2.0, ge=0, description="Days before that at which an unanswered notice is recalled."
    )
    dispute_days: float = Field(7.0, gt=0, description="Days after issue, or after a ruling, to dispute a point.")
    ruling_days: float = Field(5.0, gt=0, description="Days in which a dispute should be ruled.")
    dispute_steps: int = Field(2, ge=1, le=5, description="Rulings after which a dispute is final.")
    follow_up_days: float = Field(
        30.0, gt=0, description="Days before and after a notice that are compared to see whether it worked."
    )


class PushSettings(_Group):
    """News by mail, webhook and chat robot."""

    public_url: str = Field(
        "", description="Address under which people reach the pages; empty for the loopback one."
    )
    allowed_networks: tuple[str, ...] = Field(
        (), description="Private networks that webhooks may call, e.g. 10.2.3.0/24; none by default."
    )
    timeout_seconds: float = Field(10.0, gt=0, description="A receiver that takes longer is tried again later.")
    max_attempts: int = Field(8, ge=1, description="Attempts at a message; then it waits for a person.")
    retry_seconds: float = Field(
        30.0, gt=0, description="Wait before a second attempt; doubled for each one after."
    )
    smtp_host: str = Field("", description="Mail server; empty sends no mail.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is secured."
    )
    smtp_user: str = Field("", description="User at the mail server; empty for none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    smtp_from: str = Field("", description="Sender of all mail.")


class EvidenceSettings(_Group):
    """What makes the audit log and exports proof: the signing key, checkpoints, time stamps."""

    signing_key: SecretStr = Field(
        SecretStr(""), description="Ed25519 secret (PKCS #8, PEM) itself; empty for one made in `home`/keys."
    )
    signing_key_file: Path | None = Field(None, description="File with that secret instead.")
    signing_key_command: str = Field("", description="Command that prints that secret instead.")
    key_days: int = Field(
        1095,
        ge=0,
        description="A key signs no longer than this (NIST SP 800-57 1, 5.3.6: one to three years); 0: ever.",
    )
    checkpoint_file: Path | None = Field(
        None,
        description="Where signed checkpoints of the audit log are kept; empty for `home`/audit, best elsewhere.",
    )
    checkpoint_hours: float = Field(24.0, gt=0, description="How often the audit log gets a signed checkpoint.")
    verify_days: float = Field(
        7.0, gt=0, description="Days after which somebody should check again that the audit log is untouched."
    )
    export_days: float = Field(
        31.0, ge=0, description="Days after the end of the last whole audit export when the next is due; 0: never."
    )
    timestamp_url: str = Field("", description="RFC 3161 authority that stamps evidence packs; empty for none.")
    timestamp_seconds: float = Field(20.0, gt=0, description="How long the authority may take.")


class PrivacySettings(_Group):
    """Personal data: how it is hidden in the sound, and who may see it for how long."""

    sound: Literal["bleep", "silence"] = Field("bleep", description="What stands in the sound for personal data.")
    margin_seconds: float = Field(
        0.3, ge=0, le=5, description="Hidden on either side of the words: their times are off by up to 0.2 s."
    )
    reach_seconds: float = Field(
        0.6, ge=0, le=5, description="A pause that begins this close to the words is where hiding begins and ends."
    )
    low_trust: float = Field(
        0.35, ge=0, le=1, description="Words trusted less stand at uncertain times: their whole turn is hidden."
    )
    reveal_minutes: float = Field(
        30.0, gt=0, description="So long after stating a reason somebody may hear the original of that recording."
    )
    erase: tuple[Literal["code", "cvv"], ...] = Field(
        (), description="Kinds erased for good from the stored original and its transcript: code, cvv."
    )


class RetentionRule(_Group):
    """A class of recordings and how long it is kept; every given condition must hold."""

    name: str = Field(min_length=1, max_length=128, description="Named in the dry run and in certificates.")
    attributes: dict[str, str] = Field({}, description="Attribute -> value: product, outcome, any.")
    disputed: bool | None = Field(None, description="Whether an agent objected to a point.")
    open_review: bool | None = Field(None, description="Whether a review waits or is under way.")
    days: int | None = Field(None, ge=1, description="Kept so many days after the call; left out: for ever.")


class CustodySettings(_Group):
    """Keeping and destroying recordings: encryption at rest and retention."""

    encrypt: bool = Field(True, description="Encrypt recordings and copies of them on the disk.")
    master_key: SecretStr = Field(
        SecretStr(""),
        description="Key (64 hex digits) that wraps those of recordings; empty for one made in `home`/keys.",
    )
    master_key_file: Path | None = Field(None, description="File with that key instead.")
    master_key_command: str = Field("", description="Command that prints that key instead.")
    retention: tuple[RetentionRule, ...] = Field(
        (), description="`[[custody.retention]]` tables; the first that fits counts, where none fits: for ever."
    )
    sweep_minutes: float = Field(60.0, gt=0, description="How often what is due is looked for and deleted.")
    hold_review_days: float = Field(
        180.0, gt=0, description="A hold that has stood longer is named on the home page: is it still needed?"
    )


class Settings(BaseSettings):
    """All settings. Build one at an entry point and pass parts of it on."""

    model_config = SettingsConfigDict(
        env_prefix="TINGJIAN_",
        env_nested_delimiter="__",
        toml_file="tingjian.toml",
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(Path("var"), description="Folder for database, audio, caches and the broker's files.")
    database_url: str = Field("", description="SQLAlchemy URL; empty for SQLite in `home`.")
    broker_url: str = Field("", description="Redis or Valkey URL; empty for the embedded Valkey.")
    models_dir: Path = Field(
        Path("~/.cache/tingjian/models"), description="Where verified models are kept, once per machine."
    )
    models_sources: tuple[Path, ...] = Field(
        (), description="Folders searched for model files before any network; each holds one folder per model."
    )
    locale: str = Field("", description="Language of messages; empty follows LANG or the browser.")
    time_zone: str = Field("Asia/Shanghai", description="IANA zone in which pages and reports write times.")
    intake: IntakeSettings = IntakeSettings()
    speech: SpeechSettings = SpeechSettings()
    rules: RuleSettings = RuleSettings()
    verification: VerificationSettings = VerificationSettings()
    ledger: LedgerSettings = LedgerSettings()
    server: ServerSettings = ServerSettings()
    review: ReviewSettings = ReviewSettings()
    bulk: BulkSettings = BulkSettings()
    coaching: CoachingSettings = CoachingSettings()
    push: PushSettings = PushSettings()
    people: PeopleSettings = PeopleSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    privacy: PrivacySettings = PrivacySettings()
    custody: CustodySettings = CustodySettings()
    oidc: OidcSettings = OidcSettings()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not an IANA time zone") from None
        return name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls), file_secret_settings

    @cached_property
    def resolved_database_url(self) -> str:
        """The database URL with the embedded default filled in."""
        return self.database_url or f"sqlite:///{(self.home / 'tingjian.db').absolute()}"
