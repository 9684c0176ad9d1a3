"""The request shapes with variables: each recipient's values are put in as the API would put them in.

In charge of: reading SES, Mailgun and SendGrid requests back into messages, interpreting everything that
those APIs might interpret, so that a name taken for template code would be seen. Not in charge of: HTTP
(``standin``).

Sources: the docstrings of ``providers.ses``, ``providers.mailgun`` and ``providers.sendgrid``.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Final

from pipeline.demo.shape import Reply, Request, Shape, mailbox_parts, named_values, picture, stand_in_id
from pipeline.rendering.model import Attachment, Bodies, Message

_HANDLEBARS: Final = re.compile(r"\{\{\{?\s*([\w.-]*)\s*\}?\}\}")
_MAILGUN: Final = re.compile(r"%(recipient(?:\.[\w:-]+)?|unsubscribe_url|tag\.\w+)%")
_STANDARD: Final = frozenset(
    {"from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type"}
)


def ses_bulk(request: Request) -> list[Message]:
    """``SendBulkEmail``: one message per entry."""
    item = request.json()
    if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        raise ValueError("not signed")
    return [_ses_entry(item, entry) for entry in item["BulkEmailEntries"]]


def _ses_entry(item: Mapping[str, Any], entry: Mapping[str, Any]) -> Message:
    template = item["DefaultContent"]["Template"]
    values = json.loads(entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
    content = {
        name: _HANDLEBARS.sub(lambda found: str(values.get(found[1], "")), text)
        for name, text in template["TemplateContent"].items()
    }
    headers = {**named_values(template["Headers"]), **named_values(entry["ReplacementHeaders"])}
    key = named_values(entry["ReplacementTags"])["delivery_key"]
    name, address = mailbox_parts(item["FromEmailAddress"])
    (to,) = entry["Destination"]["ToAddresses"]
    (reply_to,) = item["ReplyToAddresses"]
    pictures = tuple(
        picture(cid=each["ContentId"], media_type=each["ContentType"], content=each["RawContent"],
                filename=each["FileName"])
        for each in template.get("Attachments", ())
    )  # fmt: skip
    return Message(
        key=key, message_id=stand_in_id(key), from_name=name, from_address=address, reply_to=reply_to,
        to=to, subject=content["Subject"], bodies=Bodies.whole(html=content["Html"], text=content["Text"]),
        headers=tuple(headers.items()), pictures=pictures,
    )  # fmt: skip


def ses_one(request: Request) -> list[Message]:
    """``SendEmail`` with ``Raw``."""
    item = request.json()
    raw = message_from_bytes(base64.b64decode(item["Content"]["Raw"]["Data"]), policy=policy.default)
    key = named_values(item["EmailTags"])["delivery_key"]
    (to,) = item["Destination"]["ToAddresses"]
    if raw["To"] != to:
        raise ValueError("envelope and header name different recipients")
    return [_from_mime(raw, key)]


def _from_mime(raw: EmailMessage, key: str) -> Message:
    (sender,) = raw["From"].addresses
    html, text = raw.get_body(("html",)), raw.get_body(("plain",))
    if html is None or text is None:
        raise ValueError("a body is missing")
    images = [part for part in raw.walk() if part.get_content_maintype() == "image"]
    headers = [(name, str(value)) for name, value in raw.items() if name.lower() not in _STANDARD]
    return Message(
        key=key, message_id=stand_in_id(key), from_name=sender.display_name, from_address=sender.addr_spec,
        reply_to=str(raw["Reply-To"]), to=str(raw["To"]), subject=str(raw["Subject"]),
        bodies=Bodies.whole(html=html.get_content(), text=text.get_content()), headers=tuple(headers),
        pictures=tuple(_image(part) for part in images),
    )  # fmt: skip


def _image(part: EmailMessage) -> Attachment:
    return Attachment(
        cid=str(part["Content-ID"]).strip("<>"), media_type=part.get_content_type(),
        data=part.get_content(), filename=part.get_filename() or "picture",
    )  # fmt: skip


def mailgun_messages(request: Request) -> list[Message]:
    """Mailgun's form: one message per recipient, all of them in one call."""
    head = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
    form = message_from_bytes(head + request.body, policy=policy.HTTP)
    fields: dict[str, list[str]] = {}
    pictures: list[Attachment] = []
    for part in form.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            raise TypeError("a part of a form has no parts")
        if name == "inline":
            cid = part.get_filename() or ""
            pictures.append(Attachment(cid=cid, media_type=part.get_content_type(), data=data, filename=cid))
        else:
            fields.setdefault(name, []).append(data.decode())
    variables = json.loads(fields.get("recipient-variables", ["{}"])[0])
    recipients = fields.pop("to")
    if len(recipients) > 1 and set(variables) != set(recipients):
        raise ValueError("without variables every recipient would see all others")
    single = {name: values[0] for name, values in fields.items()}
    return [_mailgun_message(single, to, variables.get(to, {}), tuple(pictures)) for to in recipients]


def _mailgun_message(
    fields: Mapping[str, str], to: str, values: Mapping[str, str], pictures: tuple[Attachment, ...]
) -> Message:
    def put_in(text: str) -> str:
        # Twice: a value that looks like a variable must not be taken for one even by the most eager reader.
        once = _MAILGUN.sub(lambda found: values.get(found[1].partition(".")[2], ""), text)
        return _MAILGUN.sub("", once)

    filled = {name: put_in(value) for name, value in fields.items()}
    headers = {name[2:]: value for name, value in filled.items() if name.startswith("h:")}
    name, address = mailbox_parts(filled["from"])
    key = filled["v:delivery_key"]
    return Message(
        key=key, message_id=stand_in_id(key), from_name=name, from_address=address,
        reply_to=headers.pop("Reply-To"), to=to, subject=filled["subject"],
        bodies=Bodies.whole(html=filled["html"], text=filled["text"]),
        headers=tuple(headers.items()), pictures=pictures,
    )  # fmt: skip


def sendgrid_messages(request: Request) -> list[Message]:
    """SendGrid's Mail Send: one message per personalization."""
    item = request.json()
    addresses = [each["to"][0]["email"].casefold() for each in item["personalizations"]]
    if len(set(addresses)) != len(addresses):
        raise ValueError("each address stands once in a request")
    return [_sendgrid_message(item, each) for each in item["personalizations"]]


def _sendgrid_message(item: Mapping[str, Any], personal: Mapping[str, Any]) -> Message:
    def put_in(text: str) -> str:
        # One after the other: a value that looks like a later mark would be replaced again.
        for mark, value in personal.get("substitutions", {}).items():
            text = text.replace(mark, value)
        return text

    bodies = {each["type"]: put_in(each["value"]) for each in item["content"]}
    headers = {**item.get("headers", {}), **personal["headers"]}
    (to,) = personal["to"]
    pictures = tuple(
        picture(cid=each["content_id"], media_type=each["type"], content=each["content"],
                filename=each["filename"])
        for each in item.get("attachments", ())
    )  # fmt: skip
    return Message(
        key=personal["custom_args"]["delivery_key"], message_id=headers.pop("Message-ID"),
        from_name=item["from"]["name"], from_address=item["from"]["email"],
        reply_to=item["reply_to"]["email"], to=to["email"], subject=put_in(item["subject"]),
        bodies=Bodies.whole(html=bodies["text/html"], text=bodies["text/plain"]),
        headers=tuple(headers.items()),
        pictures=pictures,
    )  # fmt: skip


def _ses_result(found: str | None) -> dict[str, str]:
    return {"Status": "SUCCESS", "MessageId": found} if found else {"Status": "INVALID_PARAMETER"}


def _one_id(name: str, **more: str) -> Callable[[Sequence[str | None]], Reply]:
    """One id answers for every message of a call."""
    return lambda ids: Reply(body={name: ids[0], **more} if ids else {})


def _never(_request: Request) -> bool:
    return False


_SES_REFUSED: Final = Reply(
    status=400, body={"message": "invalid content"}, headers={"x-amzn-ErrorType": "MessageRejected"}
)
MERGING: Final = (
    Shape(
        path=re.compile("/v2/email/outbound-emails"),
        read=ses_one,
        accepted=_one_id("MessageId"),
        refused=_SES_REFUSED,
        once=_never,
    ),
    Shape(
        path=re.compile("/v2/email/outbound-bulk-emails"),
        read=ses_bulk,
        accepted=lambda ids: Reply(body={"BulkEmailEntryResults": [_ses_result(found) for found in ids]}),
        refused=_SES_REFUSED,
        itemised=True,
        once=_never,
    ),
    Shape(
        path=re.compile("/v3/[^/]+/messages"),
        read=mailgun_messages,
        accepted=_one_id("id", message="Queued. Thank you."),
        refused=Reply(status=400, body={"message": "to parameter is not a valid address"}),
        once=_never,
    ),
    Shape(
        path=re.compile("/v3/mail/send"),
        read=sendgrid_messages,
        accepted=lambda ids: Reply(status=202, headers={"X-Message-Id": ids[0]} if ids and ids[0] else {}),
        refused=Reply(status=400, body={"errors": [{"message": "does not contain a valid address"}]}),
        once=_never,
    ),
)
