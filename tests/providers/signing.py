"""Calls of all six mail services, signed with keys made here, and a configuration that believes them."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from pipeline.config import Config, parse_config
from pipeline.providers.hooks import Hook, Listener
from pipeline.providers.listening import open_listener

ROOT = Path(__file__).resolve().parents[2]
#: Ten seconds after what the bodies in hooks/ tell of.
NOW = datetime(2026, 3, 2, 15, 0, 10, tzinfo=UTC)
HAPPENED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)

POSTMARK_SECRET = "postmark-hook-not-a-real-one"
BREVO_SECRET = "brevo-hook-not-a-real-one"
MAILGUN_KEY = "mailgun-hook-not-a-real-one"
RESEND_SECRET = "whsec_" + base64.b64encode(b"resend-hook-not-a-real-one").decode()
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
SNS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOPIC = "arn:aws:sns:us-west-2:123456789012:clinic-mail"
CERTIFICATE = (
    "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)
TOKEN = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"
ENVIRONMENT: Mapping[str, str] = {
    "POSTMARK_WEBHOOK_SECRET": POSTMARK_SECRET,
    "BREVO_WEBHOOK_SECRET": BREVO_SECRET,
    "MAILGUN_WEBHOOK_SIGNING_KEY": MAILGUN_KEY,
    "RESEND_WEBHOOK_SECRET": RESEND_SECRET,
}


def bodies(service: str) -> dict[str, Any]:
    """What the service posts, by name of the case."""
    found: dict[str, Any] = json.loads(
        (Path(__file__).parent / "hooks" / f"{service}.json").read_text(encoding="utf-8")
    )
    return found


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """A key as SendGrid shows it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def certificate(key: Any, *, since: datetime = NOW - timedelta(days=30), days: int = 365) -> bytes:
    """A certificate as Amazon SNS has one, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, since, since + timedelta(days=days))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def configured(text: str, folder: Path) -> Config:
    """The product's own config.toml, with ``text`` in place of its [provider] section."""
    base = (ROOT / "config.toml").read_text(encoding="utf-8").partition("[provider]")[0]
    return parse_config(base + text, name="config.toml", folder=folder)


def believing(folder: Path) -> Config:
    """A configuration that believes all six services; ``folder`` takes the certificate."""
    (folder / "sns.pem").write_bytes(certificate(SNS_KEY))
    text = f"""
[provider.sendgrid]
webhook_public_keys = ["{public(SENDGRID_KEY)}"]
[provider.ses]
webhook_topics = ["{TOPIC}"]
webhook_certificates = {{ "{CERTIFICATE}" = "sns.pem" }}
"""
    return configured(text, folder)


def listener(service: str, folder: Path) -> Listener:
    """The service, heard with the keys of this module."""
    return open_listener(service, believing(folder), ENVIRONMENT)


def as_bytes(body: object) -> bytes:
    """``body`` as it stands, or as JSON."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def seconds(at: datetime) -> str:
    """Unix time as services write it."""
    return str(int(at.timestamp()))


def postmark(body: object, *, secret: str = POSTMARK_SECRET, user: str = "pipeline") -> Hook:
    """A call of Postmark's with Basic credentials."""
    basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return Hook(body=as_bytes(body), headers={"authorization": f"Basic {basic}"}, received_at=NOW)


def brevo(body: object, *, secret: str = BREVO_SECRET) -> Hook:
    """A call of Brevo's with a bearer token."""
    return Hook(body=as_bytes(body), headers={"authorization": f"Bearer {secret}"}, received_at=NOW)


def sendgrid(body: object, *, key: Any = SENDGRID_KEY, said: datetime = NOW, hashed: Any = SHA256) -> Hook:
    """A call of SendGrid's; a single event becomes a list."""
    raw = as_bytes([body] if isinstance(body, dict) else body)
    signature = key.sign(seconds(said).encode() + raw, ec.ECDSA(hashed()))
    headers = {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        "x-twilio-email-event-webhook-timestamp": seconds(said),
    }
    return Hook(body=raw, headers=headers, received_at=NOW)


def mailgun(
    data: object, *, key: str = MAILGUN_KEY, said: datetime = NOW, token: str = TOKEN, **more: object
) -> Hook:
    """A call of Mailgun's around ``data``."""
    signature = hmac.new(key.encode(), (seconds(said) + token).encode(), sha256).hexdigest()
    call = {
        "signature": {"timestamp": seconds(said), "token": token, "signature": signature, **more},
        "event-data": data,
    }
    return Hook(body=as_bytes(call), headers={"content-type": "application/json"}, received_at=NOW)


def resend(
    body: object, *, secret: str = RESEND_SECRET, said: datetime = NOW, call: str = "msg_p5jXN8AQM9LWM0D4loKW"
) -> Hook:
    """A call of Resend's, signed by Svix."""
    raw = as_bytes(body)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{call}.{seconds(said)}.".encode() + raw, sha256)
    headers = {
        "svix-id": call,
        "svix-timestamp": seconds(said),
        "svix-signature": "v1," + base64.b64encode(digest).decode(),
    }
    return Hook(body=raw, headers=headers, received_at=NOW)


def sns(message: str, *, said: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """A notification of Amazon SNS, not signed yet."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": message,
        "Timestamp": said.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": "1",
        "SigningCertURL": CERTIFICATE,
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=x",
        **changes,
    }


def confirmation(kind: str = "SubscriptionConfirmation", **changes: Any) -> dict[str, Any]:
    """What Amazon SNS posts when a subscription begins or ends, not signed yet."""
    base = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription"
    own = {"Type": kind, "Token": "2336412f37", "SubscribeURL": f"{base}&TopicArn={TOPIC}&Token=2336412f37"}
    found = sns("You have chosen to subscribe to the topic.", **{**own, **changes})
    return {name: value for name, value in found.items() if name != "Subject"}


def signed_by_sns(message: dict[str, Any], *, key: Any = SNS_KEY) -> Hook:
    """``message`` with the signature of its version, on its way."""
    if message["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    hashed = SHA256() if message["SignatureVersion"] == "2" else SHA1()
    signature = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashed)).decode()
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-topic-arn": TOPIC}
    return Hook(body=as_bytes({**message, "Signature": signature}), headers=headers, received_at=NOW)


def ses(record: object, **changes: Any) -> Hook:
    """What Amazon SES tells, brought by Amazon SNS."""
    return signed_by_sns(sns(json.dumps(record), **changes))


#: By service: from a body in hooks/ to a genuine call.
SIGNED: Mapping[str, Callable[..., Hook]] = {
    "postmark": postmark,
    "sendgrid": sendgrid,
    "mailgun": mailgun,
    "ses": ses,
    "resend": resend,
    "brevo": brevo,
}


def cut(hook: Hook, keep: float = 0.6) -> Hook:
    """The call as it looks when the line breaks."""
    return replace(hook, body=hook.body[: int(len(hook.body) * keep)])


def without(hook: Hook, *names: str) -> Hook:
    """The call without some of its headers."""
    return replace(hook, headers={name: value for name, value in hook.headers.items() if name not in names})


def saying(hook: Hook, **headers: str) -> Hook:
    """The call with other headers; an underscore stands for a hyphen."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(hook, headers={**hook.headers, **changed})
