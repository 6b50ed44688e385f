"""Ed25519 keys: signing packs and checkpoints, and vouching for the key that comes after."""

import stat
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from qa.core.errors import EnvironmentProblemError
from qa.exports.chain import moment
from qa.exports.verify import canonical, key_id, statement_bytes

Statement = dict[str, object]
"""What is said of a key: its number, its public half, since when, which one it followed, and signatures."""


class SigningKey:
    """A secret that signs. Its number is the SHA-256 of its public half."""

    def __init__(self, secret: Ed25519PrivateKey) -> None:
        self._secret = secret
        self.public = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = key_id(self.public)

    @classmethod
    def new(cls) -> "SigningKey":
        """A key that nobody ever had."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, source: str) -> "SigningKey":
        """Read PKCS #8 in PEM; `source` names in an error where it came from. Raises `EnvironmentProblemError`."""
        try:
            secret = load_pem_private_key(pem.strip() + b"\n", None)
        except TypeError:
            raise EnvironmentProblemError("evidence.key_has_passphrase", source=source) from None
        except (ValueError, UnsupportedAlgorithm):
            raise EnvironmentProblemError("evidence.key_not_a_key", source=source) from None
        if not isinstance(secret, Ed25519PrivateKey):
            raise EnvironmentProblemError("evidence.key_not_a_key", source=source)
        return cls(secret)

    @classmethod
    def from_file(cls, path: Path, *, private: bool = False) -> "SigningKey":
        """Read a PEM file; with `private`, not one that others may read. Raises `EnvironmentProblemError`."""
        try:
            if private and stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise EnvironmentProblemError("evidence.key_open_to_others", file=path)
            return cls.from_pem(path.read_bytes(), str(path))
        except FileNotFoundError:
            raise EnvironmentProblemError("evidence.key_missing", file=path) from None
        except OSError as error:
            raise EnvironmentProblemError("evidence.key_unreadable", file=path, reason=error.strerror) from error

    def pem(self) -> bytes:
        """The secret, to be kept where nobody else can read it."""
        return self._secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public_pem(self) -> bytes:
        """The public half, to be given to everyone."""
        return self._secret.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        """64 bytes (RFC 8032)."""
        return self._secret.sign(message)

    def statement(self, at: datetime, previous: "SigningKey | Statement | None" = None) -> Statement:
        """What is to be said of this key from now on.

        With `previous` as a key, that key vouches for this one and ends; as the statement of a key that is lost,
        the new key alone says that it follows.
        """
        before = previous.id if isinstance(previous, SigningKey) else previous["key_id"] if previous else None
        said: Statement = {
            "format": "tingjian-key",
            "key_id": self.id,
            "public_key": self.public.hex(),
            "created": moment(at),
            "previous": before,
            "previous_ended": moment(at) if before else None,
        }
        signed = statement_bytes(said)
        endorsement = previous.sign(signed).hex() if isinstance(previous, SigningKey) else None
        return {**said, "signature": self.sign(signed).hex(), "endorsement": endorsement}


def statement_line(statement: Statement) -> bytes:
    """A statement as a line of `keys.jsonl`."""
    return canonical(statement) + b"\n"


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """What `verify.signed_by` says, quickly; key and signature in hex digits."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (ValueError, InvalidSignature):
        return False
    return True
