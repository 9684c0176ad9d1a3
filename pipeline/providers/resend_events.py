"""Resend's webhooks: https://resend.com/docs/dashboard/webhooks/event-types (read 2026-11).

In charge of: proof and words of Resend's calls. Not in charge of: sending (``resend``), what becomes of an
event (``actions``), what Amazon SES calls a bounce, whose words Resend hands on (``ses_events``).

A call is one JSON object: ``type`` (``email.sent``, ``email.delivered`` …), ``created_at`` of the event, and
``data`` with ``email_id`` (what sending answered), ``tags`` (pairs of ``name`` and ``value`` on the page
"body-parameters", an object in its examples) and ``headers``. ``data.bounce`` has ``type``, ``subType``,
``message`` and ``diagnosticCode``; ``data.failed.reason`` and ``data.suppressed`` say why nothing was sent.

Proof (https://docs.svix.com/receiving/verifying-payloads/how-manual): ``svix-signature`` holds signatures
separated by spaces, each ``v1,`` and the base64 of the HMAC-SHA256 of ``{svix-id}.{svix-timestamp}.{body}``;
the key is the base64 after ``whsec_``. A call that is repeated keeps its ``svix-id``, which so tells an event
brought twice, and is signed anew with the time of the try (django-anymail, main, 2026-07).
"""

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError, Place
from pipeline.providers.hooks import Hook, HookRefusedError, HookUnreadableError, is_fresh, octets, same
from pipeline.providers.payloads import (
    delivery_key,
    digest,
    inside,
    items,
    json_object,
    known_id,
    line,
    moment,
    named,
    reasons,
    signed_seconds,
    word,
)
from pipeline.providers.secrets import section_secrets
from pipeline.providers.ses_events import bounce_kind
from pipeline.sections.mail import ResendProvider

_KINDS: Final[Mapping[str, EventKind]] = {
    "email.sent": EventKind.ACCEPTED,
    "email.delivered": EventKind.DELIVERED,
    "email.delivery_delayed": EventKind.DELAYED,
    "email.complained": EventKind.COMPLAINED,
    "email.failed": EventKind.DROPPED,
    "email.suppressed": EventKind.DROPPED,
}


class ResendListener:
    """Resend, heard."""

    name = "resend"

    def __init__(self, section: ResendProvider, *, environment: Mapping[str, str], file: str) -> None:
        """``environment`` holds the signing secret; ``file`` is config.toml. Raises ConfigError."""
        secrets = section_secrets(
            section, "webhook_secret", environment=environment, file=file, key="provider.resend"
        )
        self._keys = tuple(_key(secret, file) for secret in secrets)

    def verify(self, hook: Hook) -> None:
        """Nothing, if the call is signed with one of the secrets, and now. Raises HookRefusedError."""
        call, timestamp = hook.headers.get("svix-id", ""), hook.headers.get("svix-timestamp", "")
        said = signed_seconds(timestamp)
        if not call or said is None or not is_fresh(said, hook):
            raise HookRefusedError("The call has no id, no time, or one too long ago or too far ahead.")
        signed = octets(f"{call}.{timestamp}.") + hook.body
        wanted = [b"v1," + base64.b64encode(hmac.digest(key, signed, sha256)) for key in self._keys]
        brought = hook.headers.get("svix-signature", "").split(" ")
        # A list, not a generator: how long it takes must not tell which key was right.
        right = [same(signature, each) for signature in brought for each in wanted]
        if not any(right):
            raise HookRefusedError("The call's signature is missing or wrong.")

    def events(self, hook: Hook) -> tuple[Event, ...]:
        """The one event of the call. Raises HookUnreadableError where it has no ``type``."""
        call = json_object(hook)
        name = call.get("type")
        if not isinstance(name, str):
            raise HookUnreadableError("The call holds no type of event.")
        return (_event(name, call, hook),)


def _key(secret: str, file: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if key and secret.startswith("whsec_"):
        return key
    raise ConfigError(
        "The signing secret of Resend's webhook cannot be read.",
        where=Place(file=file, key="provider.resend.webhook_secret_env"),
        mend="copy it as Resend shows it: it begins with whsec_",
    )


def _event(name: str, call: Mapping[str, object], hook: Hook) -> Event:
    data = call.get("data")
    kind, said = _meaning(name, data)
    message = line(inside(data, "email_id"))
    call_id = hook.headers.get("svix-id")
    return Event(
        kind=kind,
        said=said,
        at=moment(hook, call.get("created_at")),
        dedupe=known_id(call_id) or digest(call_id, name, message, call.get("created_at")),
        key=_delivery_key(data),
        provider_id=message,
        detail=_detail(data),
    )


def _meaning(name: str, data: object) -> tuple[EventKind, str]:
    if name != "email.bounced":
        return _KINDS.get(name, EventKind.OTHER), word(name)
    how, why = inside(data, "bounce", "type"), inside(data, "bounce", "subType")
    # The page of this event says "permanently rejected", and calls before 2025 named no type.
    return bounce_kind(how or "Permanent", why), word(name, how, why)


def _delivery_key(data: object) -> str | None:
    tags = inside(data, "tags")
    found = (
        inside(tags, "delivery_key"),
        named(tags, "delivery_key"),
        named(inside(data, "headers"), "X-Delivery-Key"),
    )
    return next((key for each in found if (key := delivery_key(each))), None)


def _detail(data: object) -> str | None:
    bounce = inside(data, "bounce")
    return reasons(
        inside(bounce, "message"),
        *items(inside(bounce, "diagnosticCode")),
        inside(data, "failed", "reason"),
        inside(data, "suppressed", "message"),
    )
