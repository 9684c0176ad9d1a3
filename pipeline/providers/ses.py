"""Amazon SES, API v2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/ (read 2026-11).

In charge of: the two calls, their statuses and error names. Not in charge of: signing (``sigv4``), the
exchange (``wire``), the message's MIME form (``rendering.mime``).

``SendBulkEmail`` (``POST /v2/email/outbound-bulk-emails``) takes 50 entries and an inline template with
"simple substitutions only" (page of Template); values are put in unescaped, so they come escaped from us
(guide "Advanced email personalization"). Inline templates: 1 MB a request. Each entry answers with its own
``Status`` (page of BulkEmailEntryResult), also with HTTP 200. What cannot be merged safely goes as
``SendEmail`` with ``Raw``: one message a call. Header values: printable ASCII, 995 characters, 15 headers
(API model 2019-09-27 in botocore 1.44.5).

There is no idempotency key (86 operations searched), so an unknown delivery is never resent. SES puts its
own Message-ID. The delivery key is a message tag, and comes back in events where a configuration set
publishes them. ``ConfigurationOverrides.Tracking`` switches open and click tracking off for each request.
Errors come with HTTP 400 and a name: those of the account or sender use up no delivery. 429 has no
Retry-After.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused
from pipeline.providers.answers import Exchange, NoAnswer, not_taken, parsed, unreadable
from pipeline.providers.calls import CallOutcome, Lot, Numbered, in_lots, one_by_one
from pipeline.providers.fields import base64_picture, json_bytes, json_list
from pipeline.providers.merging import Merge, sort_out
from pipeline.providers.port import Capabilities
from pipeline.providers.secrets import section_secret
from pipeline.providers.sigv4 import Credentials, Scope, signed
from pipeline.providers.wire import Line, Wire, is_loopback
from pipeline.rendering.headers import address_header
from pipeline.rendering.mime import to_mime
from pipeline.rendering.model import Message
from pipeline.sections.mail import SesProvider

_LARGEST_BATCH: Final = 50
#: 1 MB by the guide, for the template; entries are small, and the template is sent with each call.
_LARGEST_ENTRIES: Final = 700_000
#: Handlebars, and what would become it next to a variable of ours.
_CODE: Final = re.compile(r"\{\{|\}\}|\\\Z|\{\Z|\A\}")
_NO_TRACKING: Final = {"Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}}

#: Names of errors and statuses that concern the account, the sender or the set-up, never one recipient.
_ACCOUNT: Final[Mapping[str, str]] = {
    "AccountSuspendedException": "the account may not send any more",
    "SendingPausedException": "sending is paused for the account or configuration set",
    "MailFromDomainNotVerifiedException": "the sender's domain is not verified",
    "LimitExceededException": "a limit of the account is reached",
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": "the sender's domain is not verified",
    "CONFIGURATION_SET_NOT_FOUND": "the configuration set does not exist",
    "CONFIGURATION_SET_DOES_NOT_EXIST": "the configuration set does not exist",
    "ACCOUNT_SUSPENDED": "the account may not send any more",
    "ACCOUNT_THROTTLED": "the account sends too fast",
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": "the account's daily quota is used up",
    "INVALID_SENDING_POOL_NAME": "the configuration set names no pool that exists",
    "ACCOUNT_SENDING_PAUSED": "sending is paused for the account",
    "CONFIGURATION_SET_SENDING_PAUSED": "sending is paused for the configuration set",
}
_TRY_AGAIN: Final = "TRANSIENT_FAILURE"


def capabilities_of(section: SesProvider) -> Capabilities:
    """What SES can do as configured; needs no secret."""
    events = section.configuration_set is not None
    return Capabilities(
        max_batch=_LARGEST_BATCH,
        idempotency=None,
        metadata=events,
        list_unsubscribe=True,
        leaves_machine=not is_loopback(_base_url(section)),
        message_id=False,
        events=events,
        merges=True,
    )


class Ses:
    """Amazon SES, version 2 of its API."""

    name = "ses"

    def __init__(
        self, section: SesProvider, *, environment: Mapping[str, str], file: str,
        clock: Callable[[], datetime], line: Line | None = None,
    ) -> None:  # fmt: skip
        """``environment`` holds the keys; ``clock`` (aware) dates requests. Raises ConfigError."""
        secret = partial(section_secret, section, environment=environment, file=file, key="provider.ses")
        token = environment.get(section.session_token_env, "").strip()
        self._keys = Credentials(
            access_key=secret("access_key"), secret_key=secret("secret_key"), session_token=token
        )
        self._scope = Scope(region=section.region, service="ses")
        self._url = f"{_base_url(section)}/v2/email/"
        self._clock = clock
        self._common: dict[str, Any] = {"ConfigurationOverrides": _NO_TRACKING}
        if section.configuration_set is not None:
            self._common["ConfigurationSetName"] = section.configuration_set
        self._wire = line or Wire(timeout_seconds=section.timeout_seconds)
        self.capabilities = capabilities_of(section)

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Bulk calls of at most 50 where messages can be merged, else a call each; one outcome each."""
        return in_lots(messages, self._lots)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _lots(self, numbered: Sequence[Numbered]) -> list[Lot[bytes]]:
        found = sort_out(numbered, code=_CODE)
        lots = [self._lot(merge) for merge in found.merges]
        return [*lots, one_by_one(found.whole, self._raw, self._send_one)]

    def _lot(self, merge: Merge) -> Lot[bytes]:
        return Lot(
            places=tuple(place for place, _ in merge.members),
            items=[_entry(merge, message) for _, message in merge.members],
            call=partial(self._send_bulk, json_bytes(self._shared(merge))[:-1]),
            most=_LARGEST_BATCH,
            largest=_LARGEST_ENTRIES,
        )

    def _shared(self, merge: Merge) -> dict[str, Any]:
        first = merge.first
        content = {"Subject": first.subject, "Html": merge.html(_variable), "Text": merge.text(_variable)}
        template: dict[str, Any] = {
            "TemplateContent": content,
            "TemplateData": "{}",
            "Headers": [{"Name": name, "Value": value} for name, value in merge.headers],
        }
        if first.pictures:
            template["Attachments"] = [
                {
                    "FileName": picture.filename,
                    "ContentType": picture.media_type,
                    "ContentDisposition": "INLINE",
                    "ContentId": picture.cid,
                    "RawContent": base64_picture(picture),
                }
                for picture in first.pictures
            ]
        return {
            "FromEmailAddress": _sender(first.from_address, first.from_name),
            "ReplyToAddresses": [first.reply_to],
            "DefaultContent": {"Template": template},
            **self._common,
        }

    def _raw(self, message: Message) -> bytes:
        mime = to_mime(message, date=self._clock())
        request = {
            "FromEmailAddress": _sender(message.from_address, message.from_name),
            "Destination": {"ToAddresses": [message.to]},
            "Content": {"Raw": {"Data": base64.b64encode(mime).decode("ascii")}},
            "EmailTags": _tags(message),
            **self._common,
        }
        return json_bytes(request)

    def _send_one(self, items: Sequence[bytes]) -> CallOutcome:
        exchange = self._post("outbound-emails", items)
        refused = _whole_call(exchange)
        if refused is not None:
            return refused
        answer = parsed(exchange)
        found = answer.get("MessageId") if isinstance(answer, dict) else None
        return Accepted(provider_id=found[:200]) if isinstance(found, str) and found else unreadable("no id")

    def _send_bulk(self, shared: bytes, items: Sequence[bytes]) -> CallOutcome:
        body = [shared, b',"BulkEmailEntries":', *json_list(items), b"}"]
        exchange = self._post("outbound-bulk-emails", body)
        refused = _whole_call(exchange)
        if refused is not None:
            return refused
        answer = parsed(exchange)
        results = answer.get("BulkEmailEntryResults") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(results) != len(items):
            return unreadable("it has not one result per message")
        return tuple(_entry_outcome(result) for result in results)

    def _post(self, call: str, body: Sequence[bytes]) -> Exchange:
        digest = hashlib.sha256()
        for piece in body:
            digest.update(piece)
        url = self._url + call
        headers = signed(
            "POST", url, headers={"Content-Type": "application/json"}, body_sha256=digest.hexdigest(),
            keys=self._keys, scope=self._scope, now=self._clock(),
        )  # fmt: skip
        return self._wire.exchange("POST", url, body=body, headers=headers)


def _base_url(section: SesProvider) -> str:
    return (section.base_url or f"https://email.{section.region}.amazonaws.com").rstrip("/")


def _sender(address: str, name: str) -> str:
    """SES wants the display name as it stands on the wire: quoted, non-ASCII in encoded words."""
    line = address_header("From", address, name).decode("ascii")
    return line.removeprefix("From: ").replace("\r\n", "").rstrip()


def _variable(name: str) -> str:
    return "{{" + name + "}}"


def _tags(message: Message) -> list[dict[str, str]]:
    return [{"Name": "delivery_key", "Value": message.key}]


def _entry(merge: Merge, message: Message) -> bytes:
    values = json.dumps(merge.values(message), ensure_ascii=False, separators=(",", ":"))
    return json_bytes(
        {
            "Destination": {"ToAddresses": [message.to]},
            "ReplacementTags": _tags(message),
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": values}},
            "ReplacementHeaders": [
                {"Name": name, "Value": value} for name, value in merge.own_headers(message)
            ],
        }
    )


def _whole_call(exchange: Exchange) -> Outcome | None:
    outcome = not_taken(exchange)
    if isinstance(outcome, Refused) and not isinstance(exchange, NoAnswer):
        return _failed(_error_name(exchange.headers, parsed(exchange)), parsed(exchange))
    return outcome


def _error_name(headers: Mapping[str, str], answer: object) -> str:
    """The header may carry a namespace after a colon, the body one before a hash."""
    body = answer if isinstance(answer, dict) else {}
    name = headers.get("x-amzn-errortype") or body.get("__type") or body.get("type") or ""
    found = str(name).partition(":")[0].rpartition("#")[2]
    # Only a bare name may reach a reason: anything longer may quote an address.
    return found if re.fullmatch(r"[A-Za-z]{1,60}", found) else ""


def _failed(name: str, answer: object) -> Outcome:
    # A sender that is not verified has no name of its own, only these words (the second are moto's).
    if name == "MessageRejected" and re.search("not verified|authority to send", str(answer)):
        return Deferred(reason="SES: an address of this message is not verified", everyone=True)
    if name in _ACCOUNT:
        return Deferred(reason=f"SES: {_ACCOUNT[name]} ({name})", everyone=True)
    return Refused(reason=f"SES refused the message ({name or 'no reason given'})")


def _entry_outcome(result: object) -> Outcome:
    status = result.get("Status") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(status, str):
        return unreadable("an entry has no Status")
    if status == "SUCCESS":
        return Accepted(provider_id=str(result.get("MessageId") or "")[:200])
    if status == _TRY_AGAIN:
        return Deferred(reason=f"SES could not take the message for now ({_TRY_AGAIN})")
    if status in _ACCOUNT:
        return Deferred(reason=f"SES: {_ACCOUNT[status]} ({status})", everyone=True)
    return Refused(reason="SES refused the message")
