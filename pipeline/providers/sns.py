"""Amazon SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html (read 2026-11).

In charge of: whether a message comes from Amazon SNS and from a topic of ours. Not in charge of: what Amazon
SES says in it (``ses_events``).

A call is one JSON object of strings; ``Type`` is ``Notification``, ``SubscriptionConfirmation`` or
``UnsubscribeConfirmation``. ``Signature`` (base64, RSA with PKCS #1 v1.5) covers the fields below, each as
its name, a line break, its value and a line break: with SHA-1 in ``SignatureVersion`` 1, with SHA-256 in 2.
The certificate is named by ``SigningCertURL``; a forger can name one of his own, so an address counts only if
it is Amazon's in every part and config.toml has a file for it. Nothing is fetched, here or anywhere: neither
the certificate nor ``SubscribeURL``.

``Timestamp`` is when the message was published, and stays so when SNS tries again (after 429 or a server's
error), for 3,600 seconds at most (page "sns-message-delivery-retries"): the replay window is that long.
"""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificate

from pipeline.errors import ConfigError, Place
from pipeline.providers.hooks import (
    REPLAY_WINDOW,
    Hook,
    HookRefusedError,
    HookUncheckedError,
    HookUnreadableError,
    is_fresh,
    octets,
)
from pipeline.providers.payloads import json_object, point_in_time
from pipeline.sections.mail import CERTIFICATE_ADDRESS

_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
#: By type: the fields that are signed, in order. ``Subject`` may be missing.
_SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_LATE: Final = timedelta(seconds=3600) + REPLAY_WINDOW
_ADDRESS: Final = re.compile(CERTIFICATE_ADDRESS.replace("$", r"\Z"))


class Topics:
    """The topics that may speak to us, and the certificates that they may sign with."""

    def __init__(self, arns: tuple[str, ...], certificates: Mapping[str, str], *, file: str) -> None:
        """``certificates`` are paths of PEM files by address; ``file`` is config.toml. Raises ConfigError."""
        if not arns:
            raise ConfigError(
                "Reports of Amazon SES cannot be taken: no topic is named.",
                where=Place(file=file, key="provider.ses.webhook_topics"),
                mend="name the ARN of the Amazon SNS topic that the configuration set publishes to",
            )
        self._arns = frozenset(arns)
        place = Place(file=file, key="provider.ses.webhook_certificates")
        self._certificates = {address: _certificate(path, place) for address, path in certificates.items()}

    def verify(self, hook: Hook) -> None:
        """Nothing, if SNS signed the call for one of our topics, and lately. Raises HookRefusedError."""
        message = _message(hook)
        if message.get("TopicArn") not in self._arns:
            raise HookRefusedError("The call comes from a topic that is not one of ours.")
        said = point_in_time(message["Timestamp"])
        if said is None or not is_fresh(said, hook, late=_LATE):
            raise HookRefusedError("The call says no time, or one too long ago or too far ahead.")
        certificate = self._named(message.get("SigningCertURL", ""))
        if not certificate.not_valid_before_utc <= hook.received_at <= certificate.not_valid_after_utc:
            raise HookRefusedError("The call is signed with a certificate that does not hold at this time.")
        _check(message, certificate)

    def _named(self, address: str) -> Certificate:
        if not _ADDRESS.match(address):
            raise HookRefusedError("The call names a certificate that is not at Amazon SNS.")
        if address not in self._certificates:
            # Amazon changes certificates unasked: a call that is answered with "later" is tried again.
            raise HookUncheckedError(
                f"The call is signed with a certificate that we do not have: {address}",
                mend="bring it as docs/providers.md says, and name it in provider.ses.webhook_certificates",
            )
        return self._certificates[address]


def _certificate(path: str, place: Place) -> Certificate:
    try:
        found = load_pem_x509_certificate(Path(path).read_bytes())
        if isinstance(found.public_key(), RSAPublicKey):
            return found
    except (OSError, ValueError):
        pass
    raise ConfigError(
        f"There is no certificate of Amazon SNS in this file: {path}",
        where=place,
        mend="fetch it again from its address, and let the account that runs the pipeline read it",
    )


def _message(hook: Hook) -> dict[str, str]:
    """The fields that are text. Raises HookRefusedError where one that must be signed is missing."""
    try:
        found = json_object(hook)
    except HookUnreadableError as error:
        raise HookRefusedError("The call's body is broken, so that its signature cannot be read.") from error
    message = {name: value for name, value in found.items() if isinstance(value, str)}
    signed = _SIGNED.get(message.get("Type", ""))
    if signed is None or not set(signed) - {"Subject"} <= message.keys():
        raise HookRefusedError("The call is no message of Amazon SNS.")
    return message


def _check(message: Mapping[str, str], certificate: Certificate) -> None:
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey), "any other is refused when the file is read"
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
        key.verify(signature, _signed(message), PKCS1v15(), _algorithm(message.get("SignatureVersion")))
    except (ValueError, InvalidSignature) as error:
        raise HookRefusedError("The call's signature is missing or wrong.") from error


def _algorithm(version: str | None) -> HashAlgorithm:
    if version == "2":
        return SHA256()
    if version == "1":
        return SHA1()  # noqa: S303 - what SNS signs with unless a topic is set to version 2
    raise ValueError("no such version")


def _signed(message: Mapping[str, str]) -> bytes:
    fields = (name for name in _SIGNED[message["Type"]] if name in message)
    return octets("".join(f"{name}\n{message[name]}\n" for name in fields))
