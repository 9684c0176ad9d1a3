"""Encryption at rest, keyed look-up hashes and signed tokens, from keys kept outside the database.

In charge of: cryptography and where keys come from. Not in charge of: which column is sealed
(``store``) or what a token's purpose allows (``web``, ``actions``).

Every secret of the ring is 32 random bytes; what actually encrypts, hashes or signs is derived from it
(HKDF-SHA256, RFC 5869), so that no key serves two purposes. The first key is the current one; the others
are kept to open, find and verify what was made before a rotation.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import KeyringError, Place

_SECRET_BYTES = 32
#: AES-GCM's own nonce size (NIST SP 800-38D 5.2.1.1); random, so well under 2^32 seals per key.
_NONCE_BYTES = 12
#: A token is key number (1) + nonce (6) + masked subject (6) + tag (11; NIST SP 800-107 5.3.3 asks for 8) =
#: 24 bytes: base64 has no slack bits then, so that exactly one text stands for a token.
_NONCE = 6
_SUBJECT_BYTES = 6
_SUBJECTS = 1 << (8 * _SUBJECT_BYTES)
_TAG_BYTES = 11
_HEAD = 1 + _NONCE + _SUBJECT_BYTES
_TOKEN_CHARS = 32
_KEEP_SAFE = "Keep this file apart from the database: without it no name or address can be read."


class TokenPurpose(StrEnum):
    """What a link may do. A token made for one purpose is worthless for every other."""

    VIEW = "view"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    NOT_ME = "not_me"
    CALL_ME = "call_me"

    #: Enum hashes in Python code, and a link is made for every slot of every message: str does it in C.
    __hash__ = str.__hash__


#: BLAKE2b's whole digest is 64 bytes: a sixth purpose needs shorter tags or a second hash.
_SIGNED_BYTES = _NONCE + len(TokenPurpose) * _TAG_BYTES
#: Where each purpose's tag stands behind the nonce in the keyed hash of a subject.
_TAGS = {
    p: slice(at, at + _TAG_BYTES) for p, at in zip(TokenPurpose, range(_NONCE, 64, _TAG_BYTES), strict=False)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    number: int
    secret: bytes = field(repr=False)
    sealing: AESGCM = field(repr=False)
    digesting: bytes = field(repr=False)
    #: BLAKE2b, keyed (RFC 7693 2.9), before any input: copied for each subject, never fed itself.
    signing: hashlib.blake2b = field(repr=False)
    masking: hashlib.blake2b = field(repr=False)


class Keyring:
    """All keys of one clinic. Its repr shows nothing of them."""

    __slots__ = ("_by_number", "_current")

    def __init__(self, secrets: Mapping[int, bytes], *, current: int) -> None:
        """``secrets`` maps key numbers (1..255) to 32 bytes each; ``current`` makes everything new."""
        self._by_number = {number: _derived(number, secrets[number]) for number in sorted(secrets)}
        self._current = self._by_number[current]

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._by_number)}>"

    def __len__(self) -> int:
        """How many keys the ring holds, the current one included."""
        return len(self._by_number)

    @classmethod
    def generate(cls, *, entropy: Callable[[int], bytes] = os.urandom) -> Self:
        """A new ring with one key."""
        return cls({1: entropy(_SECRET_BYTES)}, current=1)

    def rotated(self, *, entropy: Callable[[int], bytes] = os.urandom) -> "Keyring":
        """The same ring with a new current key; the old ones still open, find and verify."""
        number = max(self._by_number) + 1
        secrets = {key.number: key.secret for key in self._by_number.values()}
        return Keyring({**secrets, number: entropy(_SECRET_BYTES)}, current=number)

    @classmethod
    def from_text(cls, text: str, *, name: str) -> Self:
        """The ring written by ``to_text``; ``name`` is the file or variable, for messages.

        Raises KeyringError, which never repeats the text.
        """
        secrets, current = _parse(text, name)
        return cls(secrets, current=current)

    def to_text(self) -> str:
        """The content of a key file: JSON with every secret in clear."""
        keys = {str(key.number): base64.b64encode(key.secret).decode() for key in self._by_number.values()}
        document = {"about": _KEEP_SAFE, "current": self._current.number, "keys": keys}
        return json.dumps(document, indent=2) + "\n"

    def seal(self, plain: str, *, record: str) -> bytes:
        """Encrypt ``plain`` so that it opens only for the same ``record`` (table, field and row).

        Returns key number (1 byte), nonce (12), ciphertext with tag. AES-256-GCM, NIST SP 800-38D.
        """
        key = self._current
        nonce = os.urandom(_NONCE_BYTES)
        return bytes((key.number,)) + nonce + key.sealing.encrypt(nonce, plain.encode(), record.encode())

    def open(self, sealed: bytes, *, record: str) -> str:
        """Decrypt what ``seal`` made for the same ``record``. Raises KeyringError."""
        key = self._by_number.get(sealed[0]) if sealed else None
        if key is None:
            raise KeyringError(
                "A sealed value was made with a key that is not in the key file.",
                mend="use the key file that belongs to this database; a backup of it may be the right one",
            )
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return key.sealing.decrypt(nonce, body, record.encode()).decode()
        except (InvalidTag, ValueError):
            # The cause may hold bytes of the value; the message says all a person can use.
            raise KeyringError(
                "A sealed value does not open: the key file is another database's, or the row was changed.",
                mend="use the key file that belongs to this database, or restore the database from a backup",
            ) from None

    def digest(self, value: str, *, purpose: str) -> bytes:
        """Keyed hash (HMAC-SHA256, 32 bytes) of ``value`` with the current key, for finding it again.

        The caller normalises ``value`` (case, spaces). The same value gives another hash per ``purpose``.
        """
        return _digest(self._current, value, purpose)

    def digests(self, value: str, *, purpose: str) -> tuple[bytes, ...]:
        """The hash under the current key first, then under every older key."""
        current = self._current
        older = tuple(_digest(key, value, purpose) for key in self._by_number.values() if key is not current)
        return (_digest(current, value, purpose), *older)

    def token(self, purpose: TokenPurpose, subject: int) -> str:
        """A short URL-safe token for ``subject`` (a delivery id, below 2^48) that shows nothing of it."""
        return self.tokens(subject)[purpose]

    def tokens(self, subject: int) -> dict[TokenPurpose, str]:
        """``subject``'s token for every purpose: hardly more work than one."""
        if not 0 <= subject < _SUBJECTS:
            raise ValueError("a token's subject is a row id")
        made = _signed(key := self._current, subject)
        hidden = subject ^ _mask(key, made[:_NONCE])
        head = bytes((key.number,)) + made[:_NONCE] + hidden.to_bytes(_SUBJECT_BYTES, "big")
        tags = ((purpose, made[at]) for purpose, at in _TAGS.items())
        return {purpose: base64.urlsafe_b64encode(head + tag).decode("ascii") for purpose, tag in tags}

    def read_token(self, token: str, purpose: TokenPurpose) -> int | None:
        """The subject of ``token``, or None if it was not made by this ring for this ``purpose``."""
        raw = _token_bytes(token)
        key = self._by_number.get(raw[0]) if raw else None
        if key is None:
            return None
        nonce, hidden, tag = raw[1 : 1 + _NONCE], raw[1 + _NONCE : _HEAD], raw[_HEAD:]
        subject = int.from_bytes(hidden, "big") ^ _mask(key, nonce)
        made = _signed(key, subject)
        return subject if hmac.compare_digest(nonce + tag, made[:_NONCE] + made[_TAGS[purpose]]) else None


def load_keyring(path: Path, environment_text: str | None) -> Keyring:
    """The clinic's ring: from ``environment_text`` (the variable's content) if given, else from ``path``.

    Raises KeyringError when it is missing, unreadable or malformed.
    """
    if environment_text:
        return Keyring.from_text(environment_text, name="the environment variable with the keys")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _refused(
            "The key file does not exist.",
            path,
            "bring it back from its backup; `pipeline init` writes one for a new clinic only",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise _refused(
            f"The key file cannot be read: {reason}.",
            path,
            "let the account that runs the pipeline read it, and nobody else",
        ) from None
    return Keyring.from_text(text, name=str(path))


def create_keyring(path: Path) -> Keyring:
    """Write a new ring to ``path``, readable by its owner only, and return it.

    Raises KeyringError where a file exists (what its key sealed would be lost) or none can be written.
    """
    keyring = Keyring.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _refused(
            "There is a key file already; it is never overwritten.",
            path,
            "keep it: without it nothing sealed with it can be read",
        ) from None
    except OSError as error:
        raise _refused(
            f"The key file cannot be written: {error.strerror}.", path, "choose a folder that may be written"
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(keyring.to_text())
        file.flush()
        # A key that is lost in a power cut takes every patient sealed since with it.
        os.fsync(file.fileno())
    return keyring


def _derived(number: int, secret: bytes) -> _Key:
    return _Key(
        number=number,
        secret=secret,
        sealing=AESGCM(_subkey(secret, "seal")),
        digesting=_subkey(secret, "digest"),
        signing=hashlib.blake2b(key=_subkey(secret, "token"), digest_size=_SIGNED_BYTES),
        masking=hashlib.blake2b(key=_subkey(secret, "mask"), digest_size=_SUBJECT_BYTES),
    )


def _subkey(secret: bytes, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"pipeline {use}".encode()).derive(secret)


def _digest(key: _Key, value: str, purpose: str) -> bytes:
    return hmac.digest(key.digesting, f"{purpose}\0{value}".encode(), "sha256")


def _signed(key: _Key, subject: int) -> bytes:
    """A nonce and a tag for each purpose: disjoint pieces of one keyed hash tell nothing of each other."""
    made = key.signing.copy()
    made.update(subject.to_bytes(_SUBJECT_BYTES, "big"))
    return made.digest()


def _mask(key: _Key, nonce: bytes) -> int:
    """What hides a subject, so that links do not count the clinic's mail."""
    pad = key.masking.copy()
    pad.update(nonce)
    return int.from_bytes(pad.digest(), "big")


def _token_bytes(token: str) -> bytes:
    """The bytes of a well-formed token, or none: links arrive cut, retyped and fuzzed."""
    if len(token) != _TOKEN_CHARS or not token.isascii():
        return b""
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return b""


def _parse(text: str, name: str) -> tuple[dict[int, bytes], int]:
    try:
        data = json.loads(text)
        secrets = {int(number): base64.b64decode(key, validate=True) for number, key in data["keys"].items()}
        current = int(data["current"])
    except (ValueError, TypeError, KeyError, AttributeError):
        # No cause attached: a JSON error carries the whole document, secrets included.
        raise _malformed("It is not a key file of this pipeline, or was cut off.", name) from None
    if any(len(secret) != _SECRET_BYTES for secret in secrets.values()):
        raise _malformed(f"A key in it is not {_SECRET_BYTES} bytes long.", name)
    if current not in secrets or not all(1 <= number <= 255 for number in secrets):
        raise _malformed("Its current key is missing, or a key number is not 1 to 255.", name)
    return secrets, current


def _malformed(what: str, name: str) -> KeyringError:
    mend = "bring the key file back from its backup; do not edit it by hand"
    return _refused(f"The keys cannot be used. {what}", name, mend)


def _refused(what: str, file: Path | str, mend: str) -> KeyringError:
    return KeyringError(what, where=Place(file=str(file)), mend=mend)
