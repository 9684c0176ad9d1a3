"""Amazon SES: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html.

In charge of: what Amazon SES publishes (read 2026-11). Not in charge of: Amazon SNS that brings it, and its
proof (``sns``), sending (``ses``), what becomes of an event (``actions``).

``Message`` of a notification is JSON in a string: ``eventType`` (``notificationType`` where an identity
publishes and no configuration set), an object named after it (``bounce``, ``complaint``, ``delivery``,
``deliveryDelay``, ``reject``, ``failure``, ``subscription``), and ``mail`` with ``messageId`` (what sending
answered), ``tags`` (lists of values; not where an identity publishes) and ``headers``. When a topic is set
up, ``Message`` is a plain sentence. One message of ours has one recipient, so a notification makes one event;
the ``MessageId`` of SNS, the same when it is tried again, tells one brought twice.

An out-of-office note is published as a transient, general bounce ("OOTO messages", page "notifications"). It
carries no delivery status (RFC 3464), so its recipients have neither ``action``, ``status`` nor
``diagnosticCode``; that is how it is known here.

A subscription is never confirmed from here. A confirmation becomes an event that tells staff what to do.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pipeline.delivery.events import Event, EventKind
from pipeline.providers.hooks import Hook, HookUnreadableError
from pipeline.providers.payloads import (
    delivery_key,
    digest,
    inside,
    items,
    json_object,
    known_id,
    line,
    loads,
    moment,
    named,
    reasons,
    word,
)
from pipeline.providers.sns import Topics
from pipeline.sections.mail import SesProvider

_KINDS: Final[Mapping[str, EventKind]] = {
    "Send": EventKind.ACCEPTED,
    "Delivery": EventKind.DELIVERED,
    "DeliveryDelay": EventKind.DELAYED,
    # A virus was found: nothing was tried.
    "Reject": EventKind.DROPPED,
    "Rendering Failure": EventKind.DROPPED,
    "RenderingFailure": EventKind.DROPPED,
}
#: Subtypes of a permanent bounce that are no word of the receiving server. The account's own list does not
#: say why an address is on it.
_PERMANENT: Final[Mapping[str, EventKind]] = {
    "OnAccountSuppressionList": EventKind.DROPPED,
    "UnsubscribedRecipient": EventKind.UNSUBSCRIBED,
}
#: Where each kind of event keeps its own time.
_TIMES: Final = ("bounce", "complaint", "delivery", "deliveryDelay", "subscription")
#: Reports about a message that no patient made: a mistaken mark taken back, and a failed signature.
_NO_COMPLAINT: Final = frozenset({"not-spam", "auth-failure"})
_SUBSCRIBE_ADDRESS: Final = re.compile(
    r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/\?Action=ConfirmSubscription[A-Za-z0-9&=:._%-]{0,800}\Z"
)


def bounce_kind(how: object, why: object) -> EventKind:
    """What SES's type and subtype of a bounce mean (page "event-publishing-retrieving-sns-contents").

    ``Permanent`` with ``Suppressed`` is SES's own list of addresses that lately did not exist.
    """
    if how == "Permanent":
        found = _PERMANENT.get(why) if isinstance(why, str) else None
        return found or EventKind.BOUNCED_HARD
    if how in ("Transient", "Undetermined"):
        return EventKind.BOUNCED_SOFT
    return EventKind.OTHER


class SesListener:
    """Amazon SES, heard through Amazon SNS."""

    name = "ses"

    def __init__(self, section: SesProvider, *, file: str) -> None:
        """``section`` names certificates by path; ``file`` is config.toml. Raises ConfigError."""
        self._topics = Topics(section.webhook_topics, section.webhook_certificates, file=file)

    def verify(self, hook: Hook) -> None:
        """Nothing, if SNS signed the call for one of our topics, and lately. Raises HookRefusedError."""
        self._topics.verify(hook)

    def events(self, hook: Hook) -> tuple[Event, ...]:
        """The one event of the call. Raises HookUnreadableError where it is no message of SNS."""
        message = json_object(hook)
        match message.get("Type"):
            case "Notification":
                return (_notification(message, hook),)
            case "SubscriptionConfirmation":
                return (_about_topic(message, hook, "subscription_confirmation", _confirm(message)),)
            case "UnsubscribeConfirmation":
                return (_about_topic(message, hook, "unsubscribe_confirmation", _ended(message)),)
            case _:
                raise HookUnreadableError("The call is no message of Amazon SNS.")


def _about_topic(message: Mapping[str, object], hook: Hook, said: str, detail: str | None) -> Event:
    return Event(
        kind=EventKind.OTHER,
        said=said,
        at=moment(hook, message.get("Timestamp")),
        dedupe=_dedupe(message),
        detail=detail,
    )


def _confirm(message: Mapping[str, object]) -> str:
    """What staff have to do; the address is shown only if it is Amazon's, and is never opened from here."""
    topic, address = line(message.get("TopicArn")), message.get("SubscribeURL")
    what = f"Amazon SNS asks to confirm the subscription of {topic}"
    if isinstance(address, str) and _SUBSCRIBE_ADDRESS.match(address):
        return f"{what}: open this address once, or confirm in the SNS console: {address}"
    return f"{what}: confirm it in the SNS console."


def _ended(message: Mapping[str, object]) -> str:
    topic = line(message.get("TopicArn"))
    return f"Amazon SNS sends no more reports of {topic}: subscribe again if nobody meant that."


def _dedupe(message: Mapping[str, object]) -> str:
    known = known_id(message.get("MessageId"))
    return known or digest(message.get("MessageId"), message.get("Message"), message.get("Timestamp"))


def _notification(message: Mapping[str, object], hook: Hook) -> Event:
    text = message.get("Message")
    record = _record(text)
    if record is None:
        return _about_topic(message, hook, "notification", line(text))
    kind, said = _meaning(record)
    mail = record.get("mail")
    return Event(
        kind=kind,
        said=said,
        at=_at(record, message, hook),
        dedupe=_dedupe(message),
        key=_delivery_key(mail),
        provider_id=line(inside(mail, "messageId")),
        detail=_detail(record),
    )


def _record(text: object) -> Mapping[str, object] | None:
    try:
        found = loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _meaning(record: Mapping[str, object]) -> tuple[EventKind, str]:
    name = record.get("eventType") or record.get("notificationType")
    match name:
        case "Bounce":
            return _bounce(record.get("bounce"))
        case "Complaint":
            return _complaint(record.get("complaint"))
        case "Subscription":
            left = _has_left(record.get("subscription"))
            return EventKind.UNSUBSCRIBED if left else EventKind.OTHER, word(name)
        case str():
            return _KINDS.get(name, EventKind.OTHER), word(name)
        case _:
            return EventKind.OTHER, word()


def _bounce(bounce: object) -> tuple[EventKind, str]:
    how, why = inside(bounce, "bounceType"), inside(bounce, "bounceSubType")
    is_note = how == "Transient" and why == "General" and not _has_status(bounce)
    return EventKind.AUTO_REPLY if is_note else bounce_kind(how, why), word("Bounce", how, why)


def _has_status(bounce: object) -> bool:
    recipients = items(inside(bounce, "bouncedRecipients"))
    names = ("action", "status", "diagnosticCode")
    return not recipients or any(inside(each, name) for each in recipients for name in names)


def _complaint(complaint: object) -> tuple[EventKind, str]:
    feedback = inside(complaint, "complaintFeedbackType")
    is_none = isinstance(feedback, str) and feedback in _NO_COMPLAINT
    said = word("Complaint", feedback, inside(complaint, "complaintSubType"))
    return EventKind.OTHER if is_none else EventKind.COMPLAINED, said


def _has_left(subscription: object) -> bool:
    """Whether a patient used a link of SES's own list management: all topics, or any one of them."""
    now = inside(subscription, "newTopicPreferences")
    topics = (inside(each, "subscriptionStatus") for each in items(inside(now, "topicSubscriptionStatus")))
    return inside(now, "unsubscribeAll") is True or "OptOut" in list(topics)


def _at(record: Mapping[str, object], message: Mapping[str, object], hook: Hook) -> datetime:
    own = (inside(record, name, "timestamp") for name in _TIMES)
    return moment(hook, *own, message.get("Timestamp"), inside(record, "mail", "timestamp"))


def _delivery_key(mail: object) -> str | None:
    found = (*items(inside(mail, "tags", "delivery_key")), named(inside(mail, "headers"), "X-Delivery-Key"))
    return next((key for each in found if (key := delivery_key(each))), None)


def _detail(record: Mapping[str, object]) -> str | None:
    recipients = items(inside(record, "bounce", "bouncedRecipients")) + items(
        inside(record, "deliveryDelay", "delayedRecipients")
    )
    return reasons(
        *(inside(each, "diagnosticCode") for each in recipients),
        inside(record, "deliveryDelay", "delayType"),
        inside(record, "reject", "reason"),
        inside(record, "failure", "errorMessage"),
        inside(record, "complaint", "complaintFeedbackType"),
    )
