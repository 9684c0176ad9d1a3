"""Brevo's webhooks: https://developers.brevo.com/docs/transactional-webhooks (read 2026-11).

In charge of: proof and words of Brevo's calls. Not in charge of: sending (``brevo``), what becomes of an
event (``actions``).

A call is one JSON object, or a list of up to 500 where the webhook is set up as batched (page
"batch-webhooks"): ``event``, ``message-id`` (what sending answered), ``X-Mailin-custom`` as we sent it,
``reason``. ``ts_event`` (seconds) and ``ts_epoch`` (milliseconds; the page's example has seconds) are UTC,
``date`` and ``ts`` are in the account's own time zone, so they only help to tell events apart. There is no id
of an event: the same message, event and time make the same hash.

Brevo signs nothing and says no time of the call: Basic credentials in the address or a bearer token (page
"secured-webhooks") are the proof, and there is no replay window. A repeated call is known by its events. A
call comes again after 429 or no answer, never after another 4xx or any 5xx (page "retry-mechanism").
"""

from collections.abc import Mapping
from typing import Final

from pipeline.delivery.events import Event, EventKind
from pipeline.providers.hooks import Hook, HookUnreadableError
from pipeline.providers.payloads import (
    delivery_key,
    event_hash,
    json_value,
    line,
    moment,
    reasons,
    unreadable_item,
    word,
)
from pipeline.providers.secrets import section_secrets
from pipeline.providers.shared_secret import SharedSecret
from pipeline.sections.mail import BrevoProvider

#: Names of the webhook page, and those that the pages of the event log use for the same.
_KINDS: Final[Mapping[str, EventKind]] = {
    "request": EventKind.ACCEPTED,
    "sent": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DELAYED,
    "hard_bounce": EventKind.BOUNCED_HARD,
    "invalid_email": EventKind.BOUNCED_HARD,
    "invalid": EventKind.BOUNCED_HARD,
    "soft_bounce": EventKind.BOUNCED_SOFT,
    # On a list of Brevo's or of the account's; the event does not say which.
    "blocked": EventKind.DROPPED,
    "error": EventKind.DROPPED,
    "spam": EventKind.COMPLAINED,
    "complaint": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
}


class BrevoListener:
    """Brevo, heard."""

    name = "brevo"

    def __init__(self, section: BrevoProvider, *, environment: Mapping[str, str], file: str) -> None:
        """``environment`` holds the secret; ``file`` is config.toml. Raises ConfigError."""
        secrets = section_secrets(
            section, "webhook_secret", environment=environment, file=file, key="provider.brevo"
        )
        self._proof = SharedSecret(user=section.webhook_user, secrets=secrets)

    def verify(self, hook: Hook) -> None:
        """Nothing, if the call brings the secret. Raises HookRefusedError."""
        self._proof.verify(hook)

    def events(self, hook: Hook) -> tuple[Event, ...]:
        """One for each item. Raises HookUnreadableError where the call is neither an event nor a list."""
        found = json_value(hook)
        if isinstance(found, dict) and isinstance(found.get("event"), str):
            return (_event(found, hook, 0),)
        if not isinstance(found, list):
            raise HookUnreadableError("The call's body is neither an event nor a list of events.")
        return tuple(
            _event(item, hook, index) if isinstance(item, dict) else unreadable_item(hook, index)
            for index, item in enumerate(found)
        )


def _event(item: Mapping[str, object], hook: Hook, index: int) -> Event:
    name = item.get("event")
    return Event(
        kind=_KINDS.get(name, EventKind.OTHER) if isinstance(name, str) else EventKind.OTHER,
        said=word(name),
        at=moment(hook, item.get("ts_epoch"), item.get("ts_event")),
        dedupe=_dedupe(item, hook, index),
        key=delivery_key(item.get("X-Mailin-custom")),
        provider_id=line(item.get("message-id")),
        detail=reasons(item.get("reason")),
    )


def _dedupe(item: Mapping[str, object], hook: Hook, index: int) -> str:
    """One message has one recipient, so our key stands for him where there is one: an address alone could be
    guessed from its hash.
    """
    who = delivery_key(item.get("X-Mailin-custom")) or item.get("email")
    what = tuple(item.get(name) for name in ("event", "ts_epoch", "ts_event", "ts", "date", "link"))
    return event_hash(hook, index, whose=(item.get("message-id"), who), what=what)
